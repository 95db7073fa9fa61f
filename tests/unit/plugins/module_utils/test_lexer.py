# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import ipaddress

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import (
    REDACTED,
    TOKEN_MAX,
    Include,
    LexError,
    declared_subnets,
    includes,
    redact,
    tokenize,
    unquote,
    without_plain_hosts,
)
from hypothesis import given
from hypothesis import strategies as st

SECRET = "pRP5FapFoJ95JEL06sv4PQ"
# Weighted towards what the grammar is made of: hypothesis hardly finds `secret "` by itself.
PIECES = st.sampled_from(
    [
        "secret",
        "SECRET",
        " ",
        "\n",
        '"',
        "\\",
        ";",
        "{",
        "}",
        "#",
        "\x00",
        "é",
        "abc",
        ".",
        ":",
        "\\x4",
        "\\0",
    ]
)
CONF = st.lists(st.one_of(PIECES, st.text(max_size=4))).map("".join)


def texts(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# only a comment", []),
        ("option routers 198.51.100.1, 198.51.100.2;",
         ["option", "routers", "198.51.100.1", ",", "198.51.100.2", ";"]),
        ("subnet6 2001:db8::/32 {}", ["subnet6", "2001:db8::", "/", "32", "{", "}"]),
        (r'a "x\"y;{" b', ["a", r'"x\"y;{"', "b"]),
        ('a"#b"#c\nd', ["a", '"#b"', "d"]),
        ("if(a!=~b){}", ["if", "(", "a", "!", "=", "~", "b", ")", "{", "}"]),
    ],
)  # fmt: skip
def test_tokenize(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_token_says_where_it_is() -> None:
    text = 'a;\n  "b\nc" d'
    string, word = list(tokenize(text))[-2:]
    assert (string.kind, string.line, string.column) == ("string", 2, 3)
    assert (word.line, word.column) == (3, 4)
    assert text[string.start : string.end] == string.text == '"b\nc"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a;\n b "c', 'line 2, column 4: the string has no closing "'),
        ('"\\', 'line 1, column 1: the string has no closing "'),
        # conflex.c takes the quote after these for a part of the escape.
        (r'"a\x4"', "line 1, column 1: the string holds the malformed escape"),
        (r'"a\0"', "line 1, column 1: the string holds the malformed escape"),
        ("a é", "line 1, column 3: the character 'é' stands outside a string"),
        ("# \x00", "line 1, column 1: the character '\\x00' is not text"),
        ('"\udcff"', "line 1, column 1: the character '\\udcff' is not text"),
        ("a" * (TOKEN_MAX + 1), "a word is longer than the 1499 bytes"),
        ('"' + "é" * 750 + '"', "a string is longer than the 1499 bytes"),
    ],
)
def test_tokenize_refuses(text: str, message: str) -> None:
    with pytest.raises(LexError, match="line") as caught:
        list(tokenize(text))
    assert message in str(caught.value)


def test_longest_tokens() -> None:
    long = ["a" * TOKEN_MAX, ":".join(["ab"] * 2000), '"' + "\\101" * TOKEN_MAX + '"']
    assert texts(" ".join(long)) == long


@given(CONF)
def test_tokenize_covers_the_text_or_raises(text: str) -> None:
    try:
        tokens = list(tokenize(text, comments=True))
    except LexError:
        return
    position = 0
    for token in tokens:
        assert not text[position : token.start].strip(" \t\n\v\f\r")
        assert text[token.start : token.end] == token.text
        position = token.end


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"a\"b\\c"', 'a"b\\c'),
        (r'"\t\r\n\b\q\7"', "\t\r\n\bq7"),
        (r'"\303\251\xc3\xa9é"', "ééé"),
        (r'"\377"', "\udcff"),
    ],
)
def test_unquote(text: str, expected: str) -> None:
    assert unquote(text) == expected


KEY_BEGINS, KEY_ENDS = "-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("option routers 198.51.100.1;", "option routers 198.51.100.1;"),
        ("key k {\n  secret  aGk+/b== ;\n}\n", "key k {\n  secret  <redacted> ;\n}\n"),
        ("key k { secret aGk=", "key k { secret <redacted>"),
        ("key k { secret aGk= }", "key k { secret <redacted> }"),
        ('ldap-password "a;b}c";\nx;', "ldap-password <redacted>;\nx;"),
        ('SECRET"a";', "SECRET <redacted>;"),
        ("secret\n# old: abc\n def # new\n;", "secret\n<redacted>\n;"),
        ("secret.abc;", "secret <redacted>;"),
        ("# secret abc; x\ny;", "# secret <redacted>\ny;"),
        (f"{KEY_BEGINS}\nMHc\n{KEY_ENDS}\nx\n", f"{KEY_BEGINS}\n<redacted>\n{KEY_ENDS}\nx\n"),
        (f"x {KEY_BEGINS}\nMHc", f"x {KEY_BEGINS}\n<redacted>\n"),
        # Not a key's secret: nothing to hide, nothing changed.
        ('option host-name "secret plan";', 'option host-name "secret plan";'),
        ("host secret { a; }", "host secret { a; }"),
        ("host secret.example { a; }", "host secret.example { a; }"),
        ("secret;", "secret;"),
        ("secrets abc; my-secret abc; ldap-tls-key abc;", "secrets abc; my-secret abc; ldap-tls-key abc;"),
        # Where the quotes are in doubt, so is everything after the word.
        ('a "b;\nsecret abc;\nd;', 'a "b;\nsecret <redacted>\n'),
        ('a "b;\nsecret "abc"; d "e;', 'a "b;\nsecret <redacted>\n'),
        ('a "b;\nd;', 'a "b;\nd;'),
    ],
)
def test_redact(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


@given(CONF, st.sampled_from(["secret", "Secret", "ldap-password"]), st.binary(min_size=9), st.booleans(), CONF)
def test_redact_never_leaks(before: str, word: str, value: bytes, quoted: bool, after: str) -> None:
    # The marker cannot come about by chance in the text around it.
    marker = "MARKER" + base64.b64encode(value).decode()
    text = f'{before}\n{word} "{marker}";{after}' if quoted else f"{before}\n{word} {marker};{after}"
    redacted = redact(text)
    assert marker not in redacted
    assert REDACTED in redacted


@given(CONF)
def test_redact_keeps_text_without_the_words(text: str) -> None:
    text = text.lower().replace("secret", "").replace("ldap-password", "")
    if "secret" not in text and "ldap-password" not in text:
        assert redact(text) == text


def test_redact_is_linear() -> None:
    text = "".join(f"key k{index} {{ secret {SECRET}; }}\n" for index in range(20_000))
    assert SECRET not in redact(text)


def test_includes() -> None:
    text = 'include "/etc/dhcp/a.conf";\n# include "b";\nsubnet x { INCLUDE "/etc/\\143"; }\noption x "include";'
    assert includes(text) == [Include("/etc/dhcp/a.conf", 1), Include("/etc/c", 3)]


def test_declared_subnets() -> None:
    first = """
        subnet 198.51.100.0 netmask 255.255.255.0 { range 198.51.100.1; }
        shared-network x { SUBNET 203.0.113.0 netmask 255.255.255.128 {} }
        # subnet 192.0.2.0 netmask 255.255.255.0 {}
        subnet net.example netmask 255.255.255.0 {}
        subnet 198.51.100.7 netmask 255.255.255.0 {}"""
    second = "subnet6 2001:db8::/64 {}\nsubnet 198.51.100.0 netmask 255.255.255.0 {}"
    assert declared_subnets([first, second]) == [
        ipaddress.ip_network("198.51.100.0/24"),
        ipaddress.ip_network("203.0.113.0/25"),
        ipaddress.ip_network("2001:db8::/64"),
    ]


def test_plain_hosts_are_passed_over_with_their_lines() -> None:
    hosts = "".join(
        f"  host h{n} {{\n    hardware ethernet 02:00:00:00:00:01;\n    fixed-address 10.0.0.{n};\n  }}\n\n"
        for n in range(999)
    )
    text = f"group {{\n{hosts}}}\nsubnet 10.0.0.0 netmask 255.0.0.0 {{ }}\n"
    left = without_plain_hosts(text)
    assert len(left) < len(text) / 8 and left.count("\n") == text.count("\n")
    assert [str(network) for network in declared_subnets([text])] == ["10.0.0.0/8"]
    with pytest.raises(LexError) as caught:
        declared_subnets([text + '"'])
    assert caught.value.line == text.count("\n") + 1


def test_what_only_looks_like_a_plain_host_stays() -> None:
    for text in ('host "a" {\n}\n', "host a { # b\n}\n", "host a {\n  hardware ethernet 0:1;\n}\n"):
        assert without_plain_hosts(text) == text


def test_text_without_a_secret_is_returned_as_it_is() -> None:
    text = 'option domain-name "unclosed;\n'
    assert redact(text) is text

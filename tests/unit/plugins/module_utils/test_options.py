# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import TOKEN_MAX, tokenize, unquote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import (
    NOT_CONFIGURABLE,
    OPTIONS,
    format_option,
    quote,
    unknown_option,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem
from hypothesis import given
from hypothesis import strategies as st


class Tagged(str):
    """As ansible-core's tagged text: a subclass of str."""


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("subnet-mask", "255.255.255.0", "255.255.255.0"),
        ("routers", ["198.51.100.1", Tagged("198.51.100.2")], "198.51.100.1, 198.51.100.2"),
        ("routers", "198.51.100.1", "198.51.100.1"),
        ("static-routes", [["203.0.113.1", "198.51.100.1"], ["203.0.113.2", "198.51.100.1"]],
         "203.0.113.1 198.51.100.1, 203.0.113.2 198.51.100.1"),
        ("ip-forwarding", True, "true"),
        ("ip-forwarding", False, "false"),
        ("default-ip-ttl", 255, "255"),
        ("interface-mtu", 1500, "1500"),
        ("arp-cache-timeout", 4294967295, "4294967295"),
        ("time-offset", -3600, "-3600"),
        ("pxe-system-type", [0, 7], "0, 7"),
        ("domain-name", "example.net", '"example.net"'),
        ("domain-name", 'a"; }\n\\é\x00\x7f', r'"a\"; }\012\\\303\251\000\177"'),
        ("host-name", "01:23:ab", '"01:23:ab"'),
        ("dhcp-client-identifier", "01:23:ab", "01:23:ab"),
        ("dhcp-client-identifier", "ab", '"ab"'),
        ("dhcp-client-identifier", "01:23;", '"01:23;"'),
        ("v4-lost", "lost.example.net", "lost.example.net"),
        ("domain-search", ["example.net", "_tcp.example.net."], '"example.net", "_tcp.example.net."'),
        ("pxe-interface-id", [1, 2, 3], "1 2 3"),
        ("pxe-client-id", [0, "01:23"], "0 01:23"),
        ("rdnss-selection", [1, "198.51.100.1", "198.51.100.2", ["example.net", "example.com"]],
         '1 198.51.100.1 198.51.100.2 "example.net", "example.com"'),
        ("option-6rd", [24, 32, "2001:DB8:0::1", ["198.51.100.1"]], "24 32 2001:db8::1 198.51.100.1"),
        ("slp-directory-agent", [True, ["198.51.100.1", "198.51.100.2"]], "true 198.51.100.1, 198.51.100.2"),
        ("slp-service-scope", [False, "a,b"], 'false "a,b"'),
    ],
)  # fmt: skip
def test_format(name: str, value: object, expected: str) -> None:
    assert format_option(name, value) == expected
    assert type(format_option(name, value)) is str


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("subnet-mask", "255.255.255.256", "give one such as 198.51.100.1"),
        ("subnet-mask", ["255.255.255.0"], "is not an IPv4 address"),
        ("routers", "router.example.net", "no host name"),
        ("routers", "198.51.100.01", "is not an IPv4 address"),
        ("routers", "198.51.100.1\n", "is not an IPv4 address"),
        ("routers", "١.1.1.1", "is not an IPv4 address"),
        ("routers", 3325256705, "is not an IPv4 address"),
        ("routers", [], "the list is empty"),
        ("routers", None, "None is not an IPv4 address"),
        ("static-routes", ["203.0.113.1", "198.51.100.1"], "give a list of [ip-address, ip-address]"),
        ("static-routes", [["203.0.113.1"]], "give [ip-address, ip-address]"),
        ("ip-forwarding", "yes", "give true or false"),
        ("ip-forwarding", 1, "give true or false"),
        ("default-ip-ttl", 256, "give 0 to 255"),
        ("default-ip-ttl", -1, "give 0 to 255"),
        ("interface-mtu", True, "give 0 to 65535"),
        ("interface-mtu", "1500", "without quotes"),
        ("interface-mtu", 1500.0, "give 0 to 65535"),
        ("time-offset", 1 << 31, "give -2147483648 to 2147483647"),
        pytest.param("time-offset", 1 << 99999, "a number of more than 64 bits", id="huge"),
        ("domain-name", 42, "is not text"),
        ("domain-name", "", "at least one character"),
        ("domain-name", None, "is not text"),
        ("domain-name", "\udcff", "is not valid Unicode"),
        ("domain-name", "é" * 750, "give at most 1499"),
        ("domain-search", ["a..b"], "is not a domain name"),
        ("domain-search", ['a";'], "is not a domain name"),
        ("domain-search", ["a" * 64], "is not a domain name"),
        ("v4-lost", "_a.example", "is not a domain name"),
        ("v4-lost", "a; b", "is not a domain name"),
        ("option-6rd", [24, 32, "fe80::1%eth0", ["198.51.100.1"]], "is not an IPv6 address"),
        ("option-6rd", [24, 32], "does not have its 4 parts"),
    ],
)
def test_format_refuses(name: str, value: object, allowed: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        format_option(name, value)
    assert allowed in str(caught.value)
    assert "\n" not in str(caught.value)


YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(OPTIONS)), YAML)
def test_no_value_gets_out_of_its_statement(name: str, value: object) -> None:
    try:
        text = format_option(name, value)
    except ValueProblem:
        return
    assert all(token.text not in ";{}" for token in tokenize(text))


@given(st.text(min_size=1, max_size=TOKEN_MAX // 4))
def test_quote_is_one_printable_string_that_reads_back(text: str) -> None:
    try:
        quoted = quote(text)
    except ValueProblem:
        assert re.search("[\ud800-\udfff]", text)
        return
    assert [token.kind for token in tokenize(quoted)] == ["string"]
    assert quoted.isascii()
    assert quoted.isprintable()
    assert unquote(quoted) == text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("router", "did you mean routers?"),
        ("domain_name", "did you mean domain-name?"),
        ("dhcp-lease-time", "use default_lease_time"),
        ("zzz", "go into raw"),
    ],
)
def test_unknown_option(name: str, expected: str) -> None:
    assert expected in unknown_option(name)


def test_tables_are_disjoint() -> None:
    assert not OPTIONS.keys() & NOT_CONFIGURABLE.keys()

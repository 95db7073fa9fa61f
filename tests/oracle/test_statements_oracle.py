# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a real dhcpd whether the tables of statements, permissions, types and keywords are right."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import problems, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._expressions import _KEYWORDS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_tables import READ_ONLY_SPACES, SPACED_OPTIONS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import (
    LDAP,
    PERMISSIONS,
    STATEMENTS,
    format_kind,
    takes_expression,
)

Oracle = Callable[..., Tuple[bool, str]]

A6 = "2001:db8::1"
#: Values of each type, the least and the greatest among them, and what dhcpd must refuse or the type is wrong.
VALUES: dict[str, tuple[list[Any], list[str]]] = {
    "time": ([0, 3600, 4294967295, "infinite"], ['"x"', "true", "1, 2"]),
    "uint8": ([0, 255], ["256", '"x"', "true"]),
    "uint16": ([1, 65535], ["65536", '"x"', "true"]),
    "uint32": ([0, 4294967295], ['"x"', "true", "infinite"]),
    "flag": ([True, False], ["1", '"x"', "maybe"]),
    "text": (["x", '"; } \\ \n \u20ac'], ["1", "192.0.2.1"]),
    "ip-address": (["192.0.2.1"], ['"x"', A6]),
    "ip6-address": ([A6], ['"x"', "192.0.2.1"]),
    "string": (["x", "01:02"], ["true"]),
    "space": (["x"], ["1"]),
    "key": (["x"], ["{"]),
}
BOTH = {"option_spaces": [{"space": "x"}], "keys": [{"name": "x", "algorithm": "hmac-sha256", "secret": "AAAA"}]}


def values_of(kind: str) -> tuple[list[Any], list[str]]:
    if kind.startswith("one of "):
        return list(kind[len("one of ") :].split(", ")), ["nonsense", "1"]
    return VALUES[kind]


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_statement(name: str, dhcpd: Oracle) -> None:
    values, refused = values_of(STATEMENTS[name])
    if name == "prefix-length-mode":
        values = values[:-1] + ["maximum"]
    families = (6,) if name.endswith("6") else (4,)
    for family in families:
        for value in values:
            # A port without a key is what dhcpd takes and this collection does not.
            key = {"omapi-key": "x"} if name == "omapi-port" else {}
            model = {**BOTH, "statements": {name: value, **key}}
            assert problems(model, family) == []
            taken, said = dhcpd(render(model, family), family)
            assert taken, said
        for text in refused:
            taken, said = dhcpd(f"{name} {text};\n", family)
            assert not taken, said
    if takes_expression(name):
        taken, said = dhcpd(f'{name} = pick(option host-name, "x");\n')
        assert taken, said


@pytest.mark.parametrize("name", PERMISSIONS)
@pytest.mark.parametrize("word", ["allow", "deny", "ignore"])
def test_permission(name: str, word: str, dhcpd: Oracle) -> None:
    model = {word: [name], "reservations": [{"host": "a", "client_id": "x", word: [name]}]}
    assert problems(model) == []
    taken, said = dhcpd(render(model))
    assert taken, said


def test_this_dhcpd_has_no_ldap(dhcpd: Oracle) -> None:
    for name in LDAP:
        assert not dhcpd(f"ldap-{name.replace('_', '-')} 1;\n")[0]


@pytest.mark.parametrize("name", sorted(LDAP))
def test_ldap_statement(name: str, dhcpd_with_ldap: Oracle) -> None:
    values, refused = values_of(LDAP[name])
    for value in values:
        taken, said = dhcpd_with_ldap(f"ldap-{name.replace('_', '-')} {format_kind(LDAP[name], value)};\n")
        # A server without a base is read, and found wanting. Debian's build has no GSSAPI.
        sound = taken or (name == "server" and "Not searching LDAP" in said)
        assert sound is not name.startswith("gssapi"), said
    for text in refused:
        taken, said = dhcpd_with_ldap(f"ldap-{name.replace('_', '-')} {text};\n")
        assert not taken, said


OPTION_VALUES: dict[str, Any] = {
    "ip6-address": A6, "array of ip6-address": [A6, A6], "uint8": 255, "uint16": 65535, "uint32": 4294967295,
    "time": "infinite", "array of uint16": [1, 65535], "text": '"; }', "string": "01:02", "domain-name": "example.net",
    "domain-list": ["example.net", "a.example"], "zerolen": True, "{uint8, uint8, uint8}": [1, 2, 3],
    "{ip6-address, string}": [A6, "01:02"], "{ip6-address, uint8, domain-list}": [A6, 1, ["example.net"]],
    "flag": True, "ip-address": "192.0.2.1", "array of ip-address": ["192.0.2.1", "192.0.2.2"],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name in SPACED_OPTIONS if not name.startswith(READ_ONLY_SPACES)))
def test_spaced_option(name: str, dhcpd: Oracle) -> None:
    family = 6 if name.startswith("dhcp6.") else 4
    model = {"options": {name: OPTION_VALUES[SPACED_OPTIONS[name]]}}
    assert problems(model, family) == []
    taken, said = dhcpd(render(model, family), family)
    assert taken, said
    for text in ("{", "1 2 3 4 5", '"x" "y"'):
        assert not dhcpd(f"option {name} {text};\n", family)[0]


@pytest.mark.parametrize("name", sorted(name for name in SPACED_OPTIONS if name.startswith("agent.")))
def test_what_relays_send_can_be_asked_for(name: str, dhcpd: Oracle) -> None:
    model = {"conditionals": [{"if": f"exists {name}", "options": {"domain-name": "x"}}]}
    assert problems(model) == []
    taken, said = dhcpd(render(model))
    assert taken, said


DEFINED = {
    "flag": True, "uint8": 1, "uint16": 1, "uint32": 1, "int8": -1, "int16": -1, "int32": -1,
    "ip-address": "192.0.2.1", "ip6-address": A6, "text": "x", "string": "01:02", "domain-name": "example.net",
    "domain-list": ["example.net"], "domain-list compressed": ["example.net", "a.example.net"], "zerolen": True,
    "array of uint8": [1, 2], "array of ip-address": ["192.0.2.1"], "array of flag": [True, False],
    "array of int32": [-1, 1], "array of ip6-address": [A6, A6], "{uint8, text}": [1, "x"],
    "{ip-address, ip-address}": ["192.0.2.1", "192.0.2.2"], "array of {uint8, ip-address}": [[1, "192.0.2.1"]] * 3,
    "{int8, array of uint16}": [-1, [2, 3]], "{flag, domain-list}": [True, ["example.net"]],
    "{uint8, domain-name}": [1, "example.net"], "{uint8, string}": [1, "01:02"], "encapsulate x": "01:02",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(DEFINED))
def test_type_of_a_definition(kind: str, dhcpd: Oracle) -> None:
    for name in ("mine", "x.mine", "dhcp6.mine"):
        if kind == "encapsulate x" and name == "x.mine":
            continue
        model = {
            "option_spaces": [{"space": "x", "code_width": 2, "length_width": 2, "hash_size": 17}],
            "option_definitions": [{"option": name, "code": 201, "type": kind}],
            "options": {name: DEFINED[kind]},
        }
        family = 6 if name.startswith("dhcp6") else 4
        assert problems(model, family) == []
        taken, said = dhcpd(render(model, family), family)
        assert taken, said


def test_no_keyword_is_a_variable(dhcpd: Oracle) -> None:
    for word in sorted(_KEYWORDS):
        assert not dhcpd(f'set {word} = "x";\n')[0], word


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("known and not static", True),
        ("not (known and static)", True),
        ("(known) or (static)", True),
        ("exists host-name or exists agent.circuit-id", True),
        ("option host-name = 61:62", True),
        ('substring(hardware, 1, 3) = 00:00:5e or option host-name ~= "^x"', True),
        ('option vendor-class-identifier ~~ "MSFT.*"', True),
        ('suffix(lcase(ucase(option host-name)), 2) != "ab"', True),
        ("extract-int(option pxe-system-type, 16) = 7", True),
        ("(extract-int(option pxe-system-type, 16) & 1) = 1", True),
        ("encode-int(1, 16) = 00:01", True),
        ('binary-to-ascii(16, 8, ":", reverse(1, leased-address)) = "1"', True),
        ('pick-first-value(option host-name, host-decl-name, "x") = concat("a", "b", null)', True),
        ("packet(24, 4) = 00:00:00:00 and client-state = request", True),
        ("lease-time + 1 - 1", False),
        ('defined(mine) and mine = "x"', True),
        ("config-option server.filename = filename", True),
        ("option fqdn.no-client-update = 1", True),
        ("v6relay(1, option dhcp6.interface-id) = 1", True),
        ('gethostname() = "x" and server-name = "y"', True),
        ("not known = static", False),
        ("known = static", False),
        ("host-name", False),
        ("option", False),
        ("option host-name", False),
        ("substring(hardware, 1)", False),
        ("1 + 1 = 2", False),
        ("exists no-such-option", False),
        ("known; } option x", False),
        ("(known", False),
        ("known)", False),
        ("known and", False),
        ("= 1", False),
    ],
)
def test_condition(text: str, wanted: bool, dhcpd: Oracle) -> None:
    model = {"conditionals": [{"if": text, "options": {"domain-name": "x"}}]}
    assert (problems(model) == []) == wanted, problems(model)
    if wanted:
        taken, said = dhcpd(render(model))
        assert taken, said
        assert said.count("domain-name") == 1

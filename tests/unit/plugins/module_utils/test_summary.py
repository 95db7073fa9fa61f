# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads of many hosts, and the ports that a configuration opens."""

from __future__ import annotations

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _summary
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError
from hypothesis import given
from hypothesis import strategies as st

GOOD = {"check": "ports", "status": "ok", "found": "UDP 67 is free", "expected": "UDP 67 free", "hint": ""}
BAD = {"check": "ports", "status": "failure", "found": "UDP 67 is held", "expected": "UDP 67 free", "hint": "stop it"}
ODD = {"check": "platform", "status": "not_checkable", "found": "x unknown", "expected": "x", "hint": ""}
WARN = {"check": "interfaces", "status": "warning", "found": "no carrier", "expected": "carrier", "hint": "look"}


def test_one_line_a_host_and_what_is_wrong_below() -> None:
    results = {
        "a": {"findings": [GOOD, GOOD]},
        "bravo": {"findings": [WARN, ODD, GOOD, BAD], "msg": "no"},
        "c": {"msg": "ssh: no route\nmore", "unreachable": True},
        "d": None,
    }
    assert _summary.lines(results) == [
        "a      ready      2 ok",
        "bravo  NOT READY  1 ok, 1 failure, 1 warning, 1 unknown",
        "    failure  ports: UDP 67 is held; stop it",
        "    warning  interfaces: no carrier; look",
        "    unknown  platform: x unknown",
        "c      NOT CHECKED  ssh: no route",
        "d      NOT CHECKED  it was not reached",
    ]
    assert _summary.lines({}) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("omapi-port 7911;", [7911]),
        ("# omapi-port 7911;\n", []),
        ('option x "omapi-port 7911";', []),
        ('failover peer "a" { primary; port 647; peer address 198.51.100.2; peer port 847; }', [647]),
        ('failover peer "a" { port 647; }\nomapi-port 7911; key k { port 9; }', [647, 7911]),
        ("omapi-port 99999; omapi-port x;", []),
        ("subnet 198.51.100.0 netmask 255.255.255.0 { pool { failover peer \"a\"; range 198.51.100.9; } }", []),
    ],
)  # fmt: skip
def test_tcp_ports(text: str, wanted: list[int]) -> None:
    assert _summary.tcp_ports([text]) == wanted


@given(st.text(max_size=60))
def test_any_text_has_ports_or_does_not_lex(text: str) -> None:
    try:
        found = _summary.tcp_ports([text, text])
    except LexError:
        return
    assert all(0 <= port < 65536 for port in found) and len(found) == len(set(found))

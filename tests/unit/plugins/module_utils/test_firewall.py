# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule sets of nftables, iptables, firewalld and ufw, and whether dhcpd's ports pass them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _firewall as firewall
from ansible_collections.quadlet.dhcpd.plugins.module_utils._firewall import Closed, Port
from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from hypothesis import given
from hypothesis import strategies as st

DHCP6, OMAPI = Port("udp", 547, 6), Port("tcp", 7911, None)
WHERE = "nftables chain inet filter input"


def chain(
    policy: str = "drop", family: str = "inet", name: str = "input", hook: str | None = "input"
) -> dict[str, Any]:
    base = {"type": "filter", "hook": hook, "prio": 0, "policy": policy} if hook else {}
    return {"chain": {"family": family, "table": "filter", "name": name, "handle": 1, **base}}


def rule(*expr: Any, chain: str = "input", family: str = "inet") -> dict[str, Any]:
    return {"rule": {"family": family, "table": "filter", "chain": chain, "handle": 2, "expr": list(expr)}}


def dport(right: Any, protocol: str = "udp") -> dict[str, Any]:
    left = {"payload": {"protocol": protocol, "field": "dport"}}
    return {"match": {"op": "==", "left": left, "right": right}}


ACCEPT, DROP, COUNTER = {"accept": None}, {"drop": None}, {"counter": {"packets": 0, "bytes": 0}}
ESTABLISHED = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}
LOOPBACK = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}


@pytest.mark.parametrize(
    ("items", "closed"),
    [
        ([], []),
        ([{"metainfo": {"version": "1.1.3"}}], []),
        ([chain("accept")], []),
        ([chain("drop", hook=None)], []),
        ([chain()], [DHCP6, OMAPI]),
        ([chain("drop", name="output", hook="output")], []),
        ([chain(), rule(ESTABLISHED, ACCEPT), rule(LOOPBACK, ACCEPT)], [DHCP6, OMAPI]),
        ([chain(), rule(dport(547), ACCEPT)], [OMAPI]),
        ([chain(), rule(dport(547), COUNTER, ACCEPT)], [OMAPI]),
        ([chain(), rule(dport(547), DROP)], [DHCP6, OMAPI]),
        ([chain(), rule(dport({"set": [546, 547]}), ACCEPT)], [OMAPI]),
        ([chain(), rule(dport({"range": [500, 600]}), ACCEPT)], [OMAPI]),
        ([chain(), rule(dport({"set": [22, {"range": [7000, 8000]}]}, "tcp"), ACCEPT)], [DHCP6]),
        ([chain(), rule(dport(7911, "th"), ACCEPT)], [DHCP6]),
        ([chain(), rule(ACCEPT)], []),
        ([chain("accept"), rule(COUNTER, DROP)], [DHCP6, OMAPI]),
        ([chain("accept"), rule({"reject": {"type": "icmpx"}})], [DHCP6, OMAPI]),
        ([chain("accept"), rule(dport(22, "tcp"), DROP)], []),
        # A chain that is jumped to, also through a map of verdicts.
        ([chain(), rule({"jump": {"target": "lan"}}), rule(dport(547), ACCEPT, chain="lan")], [OMAPI]),
        (
            [
                chain(),
                rule({"vmap": {"key": {"meta": {}}, "data": {"set": [["eth1", {"goto": {"target": "lan"}}]]}}}),
                rule(dport(547), ACCEPT, chain="lan"),
            ],
            [OMAPI],
        ),
        ([chain(), rule(dport(547), ACCEPT, chain="elsewhere")], [DHCP6, OMAPI]),
        # An IPv4 table says nothing of DHCPv6.
        ([chain(family="ip")], [OMAPI]),
    ],
)  # fmt: skip
def test_nftables(items: list[Any], closed: list[Port]) -> None:
    assert [c.port for c in firewall.judge_nft({"nftables": items}, [DHCP6, OMAPI], "")] == closed


def test_the_command_that_opens_is_for_the_chain_or_the_manager() -> None:
    rules = {"nftables": [chain()]}
    assert firewall.judge_nft(rules, [DHCP6], "") == [
        Closed(DHCP6, WHERE, "nft insert rule inet filter input udp dport 547 accept")
    ]
    commands = [firewall.judge_nft(rules, [OMAPI], manager)[0].command for manager in ("firewalld", "ufw")]
    assert commands == [
        "firewall-cmd --permanent --add-port=7911/tcp && firewall-cmd --reload",
        "ufw allow 7911/tcp",
    ]


SAVED = "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT {} [0:0]\n{}COMMIT\n"


@pytest.mark.parametrize(
    ("policy", "rules", "closed"),
    [
        ("ACCEPT", "", []),
        ("DROP", "", [DHCP6, OMAPI]),
        ("DROP", "-A INPUT -p udp -m udp --dport 547 -j ACCEPT\n", [OMAPI]),
        ("DROP", "-A INPUT -p udp -m udp --dport 547 -j DROP\n", [DHCP6, OMAPI]),
        ("DROP", "-A INPUT -p tcp -m multiport --dports 22,7000:8000 -j ACCEPT\n", [DHCP6]),
        ("ACCEPT", "-A INPUT -j REJECT --reject-with icmp6-port-unreachable\n", [DHCP6, OMAPI]),
        ("ACCEPT", "-A INPUT -p tcp -m tcp --dport 22 -j DROP\n", []),
    ],
)
def test_iptables(policy: str, rules: str, closed: list[Port]) -> None:
    found = firewall.judge_iptables(SAVED.format(policy, rules), 6, [DHCP6, OMAPI], "")
    assert [c.port for c in found] == closed
    if DHCP6 in closed:
        assert found[0].command == "ip6tables -I INPUT -p udp --dport 547 -j ACCEPT"
    assert firewall.judge_iptables("", 6, [DHCP6], "") == []
    assert DHCP6 not in [c.port for c in firewall.judge_iptables(SAVED.format(policy, rules), 4, [DHCP6, OMAPI], "")]


@pytest.mark.parametrize(
    ("files", "units", "wanted"),
    [
        ({}, {}, ""),
        ({}, {"firewalld.service": {"ActiveState": "active"}}, "firewalld"),
        ({}, {"firewalld.service": {"LoadState": "loaded", "UnitFileState": "enabled"}}, "firewalld"),
        ({"etc/ufw/ufw.conf": "# x\nENABLED=yes\n"}, {}, "ufw"),
        ({"etc/ufw/ufw.conf": "ENABLED=no\n"}, {}, ""),
    ],
)
def test_what_manages_the_filter(tmp_path: Path, files: dict[str, str], units: Any, wanted: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    assert firewall.manager_of(Files(str(tmp_path)), units) == wanted


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["input", "drop", "accept", "udp"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["chain", "rule", "expr", "hook", "match", "left", "payload", "right", "set", "range"]),
            inner,
        ),
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_judged_or_refused(document: Any) -> None:
    for one in (document, {"nftables": [document, {"rule": document}, chain(), {"rule": {"expr": [document]}}]}):
        try:
            firewall.judge_nft(json.loads(json.dumps(one)), [DHCP6], "")
        except ValueError as error:
            assert "nft" in str(error)


@given(st.text("-AIPUTpudct 0123456789:,*jACEDRO\n", max_size=90))
def test_any_text_of_iptables_is_judged(text: str) -> None:
    firewall.judge_iptables(f"*filter\n:INPUT DROP\n{text}\nCOMMIT\n", 6, [DHCP6], "")

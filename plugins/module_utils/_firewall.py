# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a packet filter would drop what dhcpd does not read raw: DHCPv6, OMAPI, failover.

IPv4's DHCP is read from packet sockets, before any filter sees it. Sources: libnftables-json(5), nft(8),
iptables-save(8), firewall-cmd(1), ufw(8). What a rule set does to a packet is not computed here: a port counts as
open where nothing on the way of an incoming packet drops, or a rule accepts that very port.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterable, Mapping, NamedTuple, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._managers import runs, starts

UNITS = ("firewalld.service", "ufw.service", "nftables.service")


class Port(NamedTuple):
    """A port that must be reachable: udp or tcp, its number, the family (None = both)."""

    protocol: str
    number: int
    family: Optional[int]

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.protocol.upper()} {self.number}"


class Closed(NamedTuple):
    """A port that would be dropped, by what, and the command that opens it."""

    port: Port
    by: str
    command: str


class Firewall(NamedTuple):
    """The ports that are closed, and why the rest could not be told ("" where it could)."""

    closed: list[Closed]
    unknown: str = ""


def judge_nft(document: Any, ports: Iterable[Port], manager: str) -> list[Closed]:
    """The ports that a rule set (nft -j list ruleset) closes; manager is firewalld, ufw or "". Raises ValueError."""
    items = document.get("nftables") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise ValueError("not what nft --json prints")
    chains = [item["chain"] for item in items if isinstance(item, dict) and isinstance(item.get("chain"), dict)]
    rules = [item["rule"] for item in items if isinstance(item, dict) and isinstance(item.get("rule"), dict)]
    closed = []
    for port in ports:
        for base in (chain for chain in chains if chain.get("hook") == "input"):
            if port.family and {"ip": 4, "ip6": 6}.get(str(base.get("family")), port.family) != port.family:
                continue
            mine = _reachable(base, rules)
            final = base.get("policy") == "drop" or any(
                r.get("chain") == base.get("name") and _drops_all(r) for r in mine
            )
            if final and not any(_accepts(rule, port) for rule in mine):
                where = f"{base.get('family')} {base.get('table')} {base.get('name')}"
                command = (
                    opening(port, manager) or f"nft insert rule {where} {port.protocol} dport {port.number} accept"
                )
                closed.append(Closed(port, f"nftables chain {where}", command))
                break
    return closed


def judge_iptables(text: str, family: int, ports: Iterable[Port], manager: str) -> list[Closed]:
    """The ports that iptables-save's or ip6tables-save's text closes."""
    table = re.search(r"^\*filter\n(.*?)^COMMIT", text, re.MULTILINE | re.DOTALL)
    if table is None:
        return []
    lines = table.group(1).splitlines()
    drops = any(re.match(r":INPUT (DROP|REJECT)", line) for line in lines)
    drops = drops or any(re.fullmatch(r"-A \S+ -j (DROP|REJECT)( .*)?", line) for line in lines)
    closed = []
    for port in ports:
        if not drops or port.family not in (None, family):
            continue
        accepting = (line for line in lines if line.endswith("-j ACCEPT") and f"-p {port.protocol}" in line)
        if not any(_in_ports(re.findall(r"--dports? (\S+)", line), port.number) for line in accepting):
            tool = "ip6tables" if family == 6 else "iptables"
            command = opening(port, manager) or f"{tool} -I INPUT -p {port.protocol} --dport {port.number} -j ACCEPT"
            closed.append(Closed(port, f"{tool} chain INPUT", command))
    return closed


def opening(port: Port, manager: str) -> str:
    """The command that opens a port in a manager of firewalls."""
    if manager == "firewalld":
        return f"firewall-cmd --permanent --add-port={port.number}/{port.protocol} && firewall-cmd --reload"
    return f"ufw allow {port.number}/{port.protocol}" if manager == "ufw" else ""


def manager_of(files: Files, units: Mapping[str, Mapping[str, str]]) -> str:
    """What manages the filter: firewalld, ufw, or "" for none of the two."""
    firewalld = units.get("firewalld.service")
    if runs(firewalld) or starts(firewalld):
        return "firewalld"
    return "ufw" if re.search(r"^ENABLED=[\"']?yes", files.text("/etc/ufw/ufw.conf"), re.M | re.I) else ""


def _reachable(base: Mapping[str, Any], rules: list[Any]) -> list[Any]:
    """The rules of a base chain and of all chains that it jumps to."""
    table = (base.get("family"), base.get("table"))
    mine = [rule for rule in rules if (rule.get("family"), rule.get("table")) == table]
    names = {base.get("name")}
    while True:
        targets = {
            target
            for rule in mine
            if rule.get("chain") in names
            for statement in _statements(rule)
            for target in _targets(statement)
        }
        if targets <= names:
            return [rule for rule in mine if rule.get("chain") in names]
        names |= targets


def _statements(rule: Mapping[str, Any]) -> list[Any]:
    found = rule.get("expr")
    return [statement for statement in found if isinstance(statement, dict)] if isinstance(found, list) else []


def _targets(statement: Mapping[str, Any]) -> list[str]:
    # A verdict map jumps as well; it is found wherever it stands in the statement.
    return re.findall(r'"(?:jump|goto)": \{"target": "([^"]+)"\}', json.dumps(statement))


def _drops_all(rule: Mapping[str, Any]) -> bool:
    """Whether a rule drops or rejects without a condition."""
    statements = [s for s in _statements(rule) if not {"counter", "log", "comment"} & set(s)]
    return bool(statements) and all({"drop", "reject"} & set(statement) for statement in statements)


def _accepts(rule: Mapping[str, Any], port: Port) -> bool:
    """Whether a rule accepts a port, or everything without naming ports, protocols or connection states."""
    statements = _statements(rule)
    if not any("accept" in s or '"accept": null' in json.dumps(s) for s in statements):
        return False
    matches = [s["match"] for s in statements if isinstance(s.get("match"), dict)]
    if not matches:
        return len([s for s in statements if not {"counter", "comment", "log"} & set(s)]) == 1
    for match in matches:
        payload = match.get("left", {}).get("payload", {}) if isinstance(match.get("left"), dict) else {}
        if isinstance(payload, dict) and payload.get("field") == "dport":
            protocol = payload.get("protocol")
            if protocol in (port.protocol, "th") and _right(match.get("right"), port.number):
                return True
    return False


def _right(value: Any, number: int) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return value == number
    if isinstance(value, list):
        return any(_right(one, number) for one in value)
    if isinstance(value, dict):
        ends = value.get("range")
        if isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, int) for end in ends):
            return bool(ends[0] <= number <= ends[1])
        return _right(value.get("set"), number)
    return False


def _in_ports(lists: Iterable[str], number: int) -> bool:
    for text in lists:
        for one in text.split(","):
            first, _colon, end = one.partition(":")
            if first.isdigit() and int(first) <= number <= int(end if end.isdigit() else first):
                return True
    return False

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to a lease file: which leases, and how many in which subnet and state."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Iterable, Optional, Union

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_contents import TIMES, Contents
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_grammar import Fields
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_lexer import NEVER
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_records import key_of

#: What is told of a host.
HOST = ("name", "hardware_type", "hardware", "uid", "fixed_addresses")

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class QueryError(ValueError):
    """A question that cannot be asked; the message says which part of it."""


@dataclass(frozen=True)
class Query:
    """What is asked for; None asks for nothing in particular. All parts have to be true of a lease."""

    states: Optional[frozenset[str]] = None
    addresses: Optional[frozenset[bytes]] = None
    network: Optional[Network] = None
    hardware: Optional[str] = None
    client_hostname: Optional[str] = None
    active_at: Optional[int] = None

    def keep(self, key: bytes, state: str) -> bool:
        """Whether a lease may be one that is asked for, as far as its address and state tell."""
        return (
            (self.states is None or state in self.states)
            and (self.active_at is None or state == "active")
            and (self.addresses is None or key in self.addresses)
            and (self.network is None or _inside(key, self.network))
        )

    def matches(self, lease: Fields) -> bool:
        """Whether a lease that was kept is one that is asked for."""
        name, wanted = lease["client_hostname"], self.client_hostname
        return (
            (self.hardware is None or (lease["hardware_type"], lease["hardware"]) == ("ethernet", self.hardware))
            and (wanted is None or (name is not None and name.lower() == wanted.lower()))
            and (self.active_at is None or _covers(lease, self.active_at))
        )


def query(options: dict[str, Any], now: float) -> Query:
    """Make a Query from a module's options, raising QueryError with the option's name."""
    addresses, network = options.get("addresses"), options.get("subnet")
    try:
        keys = None if addresses is None else frozenset(map(key_of, addresses))
    except (OSError, ValueError):
        raise QueryError(f"addresses: {addresses!r} has an item that is no address") from None
    try:
        inside = None if network is None else ipaddress.ip_network(network)
    except ValueError as error:
        raise QueryError(f"subnet: {error}") from None
    return Query(
        states=None if options.get("states") is None else frozenset(options["states"]),
        addresses=keys,
        network=inside,
        hardware=None if options.get("hardware_ethernet") is None else hardware(options["hardware_ethernet"]),
        client_hostname=options.get("client_hostname"),
        active_at=None if options.get("active_at") is None else moment(options["active_at"], now),
    )


def hardware(text: str) -> str:
    """Return an Ethernet address as dhcpd writes it."""
    octets = re.split("[:-]", text)
    if len(octets) != 6 or not all(re.fullmatch("[0-9A-Fa-f]{1,2}", octet) for octet in octets):
        raise QueryError(f"hardware_ethernet: {text!r} is no Ethernet address")
    return ":".join(octet.lower().zfill(2) for octet in octets)


def moment(text: str, now: float) -> int:
    """Return the seconds since 1970 of "now", of seconds, or of a time such as 2026-11-24T22:10:00Z (UTC if unsaid)."""
    if text == "now":
        return int(now)
    if re.fullmatch(r"\d{1,10}", text):
        return int(text)
    try:
        parsed = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))
        return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp())
    except (ValueError, OverflowError):
        raise QueryError(f"active_at: {text!r} is neither 'now' nor seconds nor a time in ISO 8601") from None


def select(contents: Contents, asked: Query) -> list[Fields]:
    """Return the leases that are asked for, by address, times as text."""
    found = sorted(
        (lease for lease in contents.leases() if asked.matches(lease)), key=lambda one: key_of(one["address"])
    )
    return [{name: as_text(value) if name in TIMES else value for name, value in lease.items()} for lease in found]


def hosts(contents: Contents) -> list[Fields]:
    """Return the reservations that were added at run time, which dhcpd writes as dynamic."""
    added = (host for host in contents.hosts.values() if host.get("dynamic"))
    return [{key: host.get(key) for key in HOST} for host in added]


def as_text(seconds: Optional[int]) -> Optional[str]:
    """Return a time of a lease in ISO 8601, UTC, or "never"."""
    if seconds is None or seconds == NEVER:
        return None if seconds is None else "never"
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def counts(contents: Contents, networks: Iterable[Network]) -> tuple[list[dict[str, int]], dict[str, int]]:
    """Count states: one dict a network, in their order, and one for the addresses that are in none of them.

    A network that lies in another one counts for both.
    """
    networks = list(networks)
    found: dict[Network, Counter[str]] = {network: Counter() for network in networks}
    outside: Counter[str] = Counter()
    # By family and prefix length, so that the time does not depend on how many networks there are.
    tables: dict[int, dict[int, dict[int, Counter[str]]]] = {4: {}, 16: {}}
    for network, counter in found.items():
        shift = network.max_prefixlen - network.prefixlen
        table = tables[network.max_prefixlen // 8].setdefault(shift, {})
        table[int(network.network_address) >> shift] = counter
    for key, state in contents.states.items():
        size = 4 if len(key) == 4 else 16
        number, hits = int.from_bytes(key[:size], "big"), 0
        for shift, table in tables[size].items():
            hit = table.get(number >> shift)
            if hit is not None:
                hit[state] += 1
                hits += 1
        if not hits:
            outside[state] += 1
    return [dict(found[network]) for network in networks], dict(outside)


def _inside(key: bytes, network: Network) -> bool:
    size = network.max_prefixlen // 8
    shift = network.max_prefixlen - network.prefixlen
    # A prefix has its length behind the address.
    return len(key) in (size, size + 1) and (
        int.from_bytes(key[:size], "big") >> shift == int(network.network_address) >> shift
    )


def _covers(lease: Fields, when: int) -> bool:
    starts, ends = lease["starts"], lease["ends"]
    return (starts is None or starts <= when) and (ends is None or ends == NEVER or ends > when)

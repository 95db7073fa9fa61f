# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks: shared networks, subnets, pools, and the groups that may stand around them."""

from __future__ import annotations

import re
from typing import Any, Callable, Iterable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import CONF, at
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_hosts import Hosts
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_places import Network, Span
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_scope import SCOPE
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import quote_name
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    ValueProblem,
    parse_network6,
    parse_prefixes6,
    parse_range,
    parse_range6,
    parse_subnet,
    show,
)

#: What a pool may allow and deny, beside `members of "CLASS"`. `after TIME` isn't among them: an inventory means
#: the same for years.
PERMITS = (
    "known-clients",
    "unknown-clients",
    "authenticated clients",
    "unauthenticated clients",
    "dynamic bootp clients",
    "all clients",
)

_INNER = ("groups", "reservations", "authoritative", "allow", "deny", *SCOPE)
_SUBNET = ("subnet", "interface", "ranges", "pools", *_INNER)
_SUBNET6 = ("subnet6", "interface", "ranges6", "prefixes6", "pools", *_INNER)
_SHARED = ("name", "interface", "subnets", "pools", *_INNER)
_SHARED6 = ("name", "interface", "subnets6", *_INNER)
_GROUP = ("name", "shared_networks", "subnets", *_INNER)
_GROUP6 = ("name", "shared_networks", "subnets6", *_INNER)
_POOL = ("ranges", "allow", "deny", "failover_peer", *SCOPE)
_POOL6 = ("ranges6", "prefixes6", "allow", "deny", *SCOPE)

_MEMBERS = re.compile(r'members of "([^"\\]+)"')
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,14}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
# A lease takes some 300 bytes in dhcpd; new_address_range() overflows at 14 million of them.
_RANGE_MAX = 2**23


class Networks(Hosts):
    """Everything that holds subnets, or is held by one."""

    def scoped(
        self, path: str, mapping: dict[str, Any], times: dict[str, int], networks: Iterable[Network] = ()
    ) -> dict[str, int]:
        """Put what a level of networks begins with."""
        self.raw(path, mapping, "raw_head")
        if "interface" in mapping:
            if not isinstance(mapping["interface"], str) or not _INTERFACE.fullmatch(mapping["interface"]):
                text = f"{show(mapping['interface'])} is not the name of an interface"
                self.problem(at(path, "interface"), text, f"{CONF}, interface")
            self.put(f"interface {mapping['interface']};")
        self.switch(path, mapping, "authoritative", "authoritative")
        return self.body(path, mapping, times, networks)

    def inner(self, path: str, mapping: dict[str, Any], times: dict[str, int]) -> None:
        """Put what a level of networks ends with."""
        self.groups(path, mapping, times)
        self.reservations(path, mapping, times)
        self.raw(path, mapping)

    def groups(self, path: str, mapping: dict[str, Any], times: dict[str, int]) -> None:
        for here, value in self.items(path, mapping, "groups"):
            self.gap()
            group = self.mapping(here, value, _GROUP if self.family == 4 else _GROUP6)
            self.head_comment(here, group)
            head = "group"
            if "name" in group:
                if not isinstance(group["name"], str) or not _NAME.fullmatch(group["name"]):
                    text = f"{show(group['name'])} is no name; give a letter, then letters, digits, - and _"
                    self.problem(at(here, "name"), text, f"{CONF}, group")
                head = f"group {group['name']}"
            with self.block(head):
                inside = self.scoped(here, group, times)
                self.shared_networks(here, group, inside)
                self.subnets(here, group, inside)
                self.inner(here, group, inside)

    def shared_networks(self, path: str, mapping: dict[str, Any], times: dict[str, int]) -> None:
        for here, value in self.items(path, mapping, "shared_networks"):
            self.gap()
            shared = self.mapping(here, value, _SHARED if self.family == 4 else _SHARED6, required=("name",))
            self.head_comment(here, shared)
            name = self.parsed(here, shared, "name", quote_name, f"{CONF}, shared-network")
            if name is not None:
                self.places.once("shared", shared["name"], here, -1, "name", f"{CONF}, shared-network")
            key = "subnets" if self.family == 4 else "subnets6"
            if shared and not self.sequence(here, shared, key):
                self.problem(at(here, key), "a shared network needs a subnet; give one", f"{CONF}, shared-network")
            with self.block(f"shared-network {name}"):
                networks = self.networks_of(shared, key)
                inside = self.scoped(here, shared, times, networks)
                self.subnets(here, shared, inside, networks)
                for pool_path, pool in self.items(here, shared, "pools"):
                    self.pool(pool_path, pool, networks, inside)
                self.inner(here, shared, inside)

    @staticmethod
    def networks_of(shared: dict[str, Any], key: str) -> list[Network]:
        """Return the subnets that can be read; the others are noted elsewhere."""
        found: list[Network] = []
        values = shared.get(key, [])
        for value in values if isinstance(values, (list, tuple)) else ():
            try:
                text = value.get(key[:-1] if key == "subnets" else "subnet6") if isinstance(value, dict) else None
                found.append(parse_subnet(text) if key == "subnets" else parse_network6(text))
            except ValueProblem:
                continue
        return found

    def subnets(
        self, path: str, mapping: dict[str, Any], times: dict[str, int], shared: list[Network] | None = None
    ) -> None:
        key = "subnets" if self.family == 4 else "subnets6"
        if not isinstance(mapping.get(key, []), (list, tuple)):
            self.places.all_subnets_known = False
        for here, value in self.items(path, mapping, key):
            self.gap()
            if self.family == 4:
                self.subnet4(here, value, times, shared)
            else:
                self.subnet6(here, value, times)

    def subnet4(self, path: str, value: object, times: dict[str, int], shared: list[Network] | None) -> None:
        subnet = self.mapping(path, value, _SUBNET, required=("subnet",))
        network = self.parsed(path, subnet, "subnet", parse_subnet)
        self.head_comment(path, subnet)
        known: list[Network] = []
        if network is None:
            self.places.all_subnets_known = False
        else:
            self.places.add_subnet(network, at(path, "subnet"))
            known = shared or [network]
        mask = f"{network.network_address} netmask {network.netmask}" if network else ""
        with self.block(f"subnet {mask}"):
            inside = self.scoped(path, subnet, times, known)
            here: list[Network] = [] if network is None else [network]
            self.ranges(path, subnet, here, "ranges", self.range4)
            for pool_path, pool in self.items(path, subnet, "pools"):
                self.pool(pool_path, pool, here, inside, known)
            self.inner(path, subnet, inside)

    def subnet6(self, path: str, value: object, times: dict[str, int]) -> None:
        subnet = self.mapping(path, value, _SUBNET6, required=("subnet6",))
        network = self.parsed(path, subnet, "subnet6", parse_network6)
        self.head_comment(path, subnet)
        if network is None:
            self.places.all_subnets_known = False
        else:
            self.places.add_subnet(network, at(path, "subnet6"))
        here: list[Network] = [] if network is None else [network]
        with self.block(f"subnet6 {network}"):
            inside = self.scoped(path, subnet, times)
            self.ranges(path, subnet, here, "ranges6", self.range6)
            self.ranges(path, subnet, here, "prefixes6", self.prefixes6)
            for pool_path, pool in self.items(path, subnet, "pools"):
                self.pool(pool_path, pool, here, inside)
            self.inner(path, subnet, inside)

    def pool(
        self,
        path: str,
        value: object,
        networks: list[Network],
        times: dict[str, int],
        routers: list[Network] | None = None,
    ) -> None:
        keys = _POOL if self.family == 4 else _POOL6
        pool = self.mapping(path, value, keys, required=("ranges",) if self.family == 4 else ())
        self.head_comment(path, pool)
        with self.block("pool" if self.family == 4 else "pool6"):
            self.raw(path, pool, "raw_head")
            self.failover(path, pool)
            for key in ("allow", "deny"):
                self.permits(path, pool, key)
            self.in_pool = True
            self.body(path, pool, times, routers or networks, permissions=False)
            self.in_pool = False
            if self.family == 4:
                if "ranges" in pool and pool["ranges"] in ([], ()):
                    self.problem(at(path, "ranges"), "the list is empty; give at least one range", f"{CONF}, pool")
                self.ranges(path, pool, networks, "ranges", self.range4)
            else:
                if isinstance(value, dict) and not pool.get("ranges6") and not pool.get("prefixes6"):
                    self.problem(path, "the pool holds nothing; give ranges6 or prefixes6", f"{CONF}, pool6")
                self.ranges(path, pool, networks, "ranges6", self.range6)
                self.ranges(path, pool, networks, "prefixes6", self.prefixes6)
            self.raw(path, pool)

    def failover(self, path: str, pool: dict[str, Any]) -> None:
        peer = pool.get("failover_peer")
        if "failover_peer" not in pool:
            return
        if peer is False:
            # parse_pool_statement() takes no semicolon here.
            self.put("no failover peer")
            return
        text = self.parsed(path, pool, "failover_peer", quote_name, f"{CONF}, failover")
        if text is not None:
            self.used.append(("peer", pool["failover_peer"], at(path, "failover_peer")))
            self.put(f"failover peer {text};")

    def permits(self, path: str, pool: dict[str, Any], key: str) -> None:
        for index, value in enumerate(self.sequence(path, pool, key)):
            members = _MEMBERS.fullmatch(value) if isinstance(value, str) else None
            if members:
                try:
                    self.put(f"{key} members of {quote_name(members.group(1))};")
                    self.used.append(("class", members.group(1), f"{at(path, key)}[{index}]"))
                except ValueProblem as problem:
                    self.problem(f"{at(path, key)}[{index}]", str(problem), f"{CONF}, pool permit lists")
            elif not isinstance(value, str) or value not in PERMITS:
                text = f'{show(value)} is not a permit; give one of {", ".join(PERMITS)}, members of "CLASS"'
                self.problem(f"{at(path, key)}[{index}]", text, f"{CONF}, pool permit lists")
            else:
                self.put(f"{key} {value};")

    def ranges(
        self,
        path: str,
        mapping: dict[str, Any],
        networks: list[Network],
        key: str,
        one: Callable[[str, object, list[Network]], None],
    ) -> None:
        here = at(path, key)
        for index, value in enumerate(self.sequence(path, mapping, key)):
            try:
                one(f"{here}[{index}]", value, networks)
            except ValueProblem as problem:
                self.problem(f"{here}[{index}]", str(problem), f"{CONF}, {_KEYWORDS[key]}")

    def range4(self, path: str, value: object, networks: list[Network]) -> None:
        words, dynamic = value, ""
        if isinstance(value, str) and value.startswith("dynamic-bootp "):
            words, dynamic = value[len("dynamic-bootp ") :], "dynamic-bootp "
        first, last = parse_range(words)
        if int(last) - int(first) >= _RANGE_MAX:
            raise ValueProblem(f"{show(value)} has more than {_RANGE_MAX} addresses; divide it")
        text = str(first) if first == last else f"{first}-{last}"
        self.within(path, (first, last), networks, text, self.places.ranges, "range")
        self.put(f"range {dynamic}{first};" if first == last else f"range {dynamic}{first} {last};")

    def range6(self, path: str, value: object, networks: list[Network]) -> None:
        found = parse_range6(value)
        self.within(path, (found.first, found.last), networks, found.text, self.places.ranges, "range6")
        self.put(f"range6 {found.text};")

    def prefixes6(self, path: str, value: object, networks: list[Network]) -> None:
        first, last = parse_prefixes6(value)
        text = f"{first.network_address} {last.network_address}/{last.prefixlen}"
        self.places.prefixes.append(Span(int(first[0]), int(last[-1]), path, text))
        self.put(f"prefix6 {first.network_address} {last.network_address} /{last.prefixlen};")

    def within(self, path: str, ends: Any, networks: list[Network], text: str, spans: list[Span], kind: str) -> None:
        """Note the ends of a range that are in no network, or in two."""
        inside = [network for network in networks if ends[0] in network and ends[1] in network]
        if networks and not inside:
            homes = " and ".join(map(str, networks))
            outside = [end for end in dict.fromkeys(ends) if not any(end in network for network in networks)]
            for end in outside:
                self.problem(path, f"{end} is outside {homes}; give addresses inside the subnet", f"{CONF}, {kind}")
            if not outside:
                self.problem(path, f"{text} reaches from one subnet into another; divide it", f"{CONF}, {kind}")
            return
        if networks:
            spans.append(Span(int(ends[0]), int(ends[1]), path, text))

    def gap(self) -> None:
        """Put an empty line between blocks of the outermost level."""
        if not self.indent:
            self.put("")


_KEYWORDS = {"ranges": "range", "ranges6": "range6", "prefixes6": "prefix6"}

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reservations: the `host` declarations of a dhcpd.conf. There may be a hundred thousand of them."""

from __future__ import annotations

import re
import socket
from typing import Any, Callable, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import CONF, at
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_globals import Globals
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_scope import SCOPE
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import format_value, string
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    ValueProblem,
    parse_ethernet,
    parse_hexadecimal,
    parse_host,
    parse_ipv4,
    parse_ipv6,
    parse_network6,
    show,
)

_IDENTITIES = ("hardware_ethernet", "hardware", "client_id", "duid", "host_identifier")
_RESERVATION = (
    "host", *_IDENTITIES, "fixed_address", "fixed_addresses", "fixed_prefixes6", "allow", "deny", *SCOPE,
)  # fmt: skip
_HARDWARE = re.compile(r"(token-ring|fddi|infiniband|ethernet|unknown-[0-9]{1,3}) ([0-9A-Fa-f:]+)")
_IDENTIFYING = ("dhcp-client-identifier",)
_PLAIN_KEYS = {"host", "hardware_ethernet", "fixed_address"}
_PLAIN_ETHERNET = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}").fullmatch
_PLAIN_HOST = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}(?:\.[a-z0-9][a-z0-9_-]{0,62}){0,2}").fullmatch
_PLAIN_IPV4 = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}").fullmatch


class Hosts(Globals):
    """Reservations, at any level."""

    def reservations(self, path: str, mapping: dict[str, Any], times: dict[str, int]) -> None:
        """Put the reservations of a level."""
        self.all_reservations(at(path, "reservations"), self.sequence(path, mapping, "reservations"), times)

    def all_reservations(self, path: str, values: Sequence[object], times: dict[str, int]) -> None:
        position = 0
        while position < len(values):
            position = self.plain_reservations(path, values, position)
            if position < len(values):
                self.one_reservation(path, position, values[position], times)
                position += 1

    def plain_reservations(self, path: str, values: Sequence[object], position: int) -> int:
        """Put reservations of the plainest kind, very fast, and return the position of the first other one.

        It is this loop that a hundred thousand of them go through; what it passes over, one_reservation() looks at,
        and says what is wrong with it.
        """
        hosts, macs = self.places.uses("host"), self.places.uses("hardware")
        addresses = self.places.uses("fixed_address")
        reserved, lines, indent = self.places.reserved, self.lines, self.indent
        gap = [] if indent else [""]
        for index in range(position, len(values)):
            value = values[index]
            if not isinstance(value, dict) or self.family != 4:
                return index
            options = ""
            if value.keys() != _PLAIN_KEYS:
                found = self.plain_options(value) if value.keys() == _PLAIN_KEYS | {"options"} else None
                if found is None:
                    return index
                options = found
            host, mac, address = value["host"], value["hardware_ethernet"], value["fixed_address"]
            if not (isinstance(host, str) and isinstance(mac, str) and isinstance(address, str)):
                return index
            if not (_PLAIN_HOST(host) and _PLAIN_ETHERNET(mac) and _PLAIN_IPV4(address)):
                return index
            if host in hosts or mac in macs or address in addresses:
                return index
            try:
                number = int.from_bytes(socket.inet_aton(address), "big")
            except OSError:
                return index
            hosts[host] = path, index, "host"
            macs[mac] = path, index, "hardware_ethernet"
            addresses[address] = path, index, "fixed_address"
            reserved.append((number, path, index, "fixed_address"))
            lines += gap
            lines.append(
                f"{indent}host {host} {{\n{indent}  hardware ethernet {mac};\n"
                f"{indent}  fixed-address {address};\n{options}{indent}}}"
            )
        return len(values)

    def plain_options(self, value: dict[str, Any]) -> str | None:
        """Return the options of a reservation as lines, None where there is something to look at."""
        options = value["options"]
        if not isinstance(options, dict):
            return None
        lines = []
        try:
            for name in sorted(options) if len(options) > 1 else options:
                kind = self.options.kind(name) if isinstance(name, str) else None
                if kind is None or isinstance(options[name], dict) or kind == "zerolen" or name in _IDENTIFYING:
                    return None
                lines.append(f"{self.indent}  option {name} {format_value(kind, options[name])};\n")
        except (ValueProblem, TypeError):
            return None
        return "".join(lines)

    def one_reservation(self, path: str, index: int, value: object, times: dict[str, int]) -> None:
        here = f"{path}[{index}]"
        if not self.indent:
            self.put("")
        if isinstance(value, dict) and "raw" in value and not set(value) - {"raw", "comment"}:
            self.comment(here, value)
            self.raw(here, value)
            return
        item = self.mapping(here, value, _RESERVATION, required=("host",))
        self.head_comment(here, item)
        name = self.parsed(here, item, "host", parse_host, f"{CONF}, host")
        if name is not None:
            self.places.once("host", name, path, index, "host", f"{CONF}, host")
        if item and not any(key in item for key in _IDENTITIES):
            self.problem(here, f"says no client; give one of {', '.join(_IDENTITIES)}", f"{CONF}, host")
        with self.block(f"host {name}"):
            self.raw(here, item, "raw_head")
            self.identity(path, index, item)
            self.fixed_addresses(path, index, item)
            self.in_host = True
            self.body(here, item, times)
            self.in_host = False
            self.raw(here, item)

    def identity(self, path: str, index: int, item: dict[str, Any]) -> None:
        here = f"{path}[{index}]"

        def once(key: str, kind: str, parser: Callable[[object], str], section: str) -> str | None:
            value = self.parsed(here, item, key, parser, section)
            if value is not None:
                self.places.once(kind, value, path, index, key, section)
            return value

        mac = once("hardware_ethernet", "hardware", parse_ethernet, f"{CONF}, hardware")
        if mac:
            self.put(f"hardware ethernet {mac};")
        hardware = self.parsed(here, item, "hardware", _parse_hardware)
        if hardware:
            plain = hardware.replace("ethernet ", "")
            self.places.once("hardware", plain, path, index, "hardware", f"{CONF}, hardware")
            self.put(f"hardware {hardware};")
        if mac and hardware:
            self.problem(f"{here}.hardware", "hardware_ethernet is there already; give one of the two", CONF)
        client_id = once("client_id", "client_id", string, "dhcp-options(5), dhcp-client-identifier")
        if client_id:
            self.put(f"option dhcp-client-identifier {client_id};")
        options = item.get("options")
        if client_id and isinstance(options, dict) and "dhcp-client-identifier" in options:
            text = "client_id is there already; give one of the two"
            self.problem(f"{here}.options.dhcp-client-identifier", text, f"{CONF}, host")
        duid = once("duid", "duid", parse_hexadecimal, f"{CONF}, host-identifier")
        if duid:
            self.put(f"host-identifier option dhcp6.client-id {duid};")
        if duid and "host_identifier" in item:
            self.problem(f"{here}.host_identifier", "duid is there already; give one of the two", CONF)
        if "host_identifier" in item:
            self.host_identifier(f"{here}.host_identifier", item["host_identifier"])

    def host_identifier(self, path: str, value: object) -> None:
        section = f"{CONF}, host-identifier"
        identifier = self.mapping(path, value, ("option", "value", "relay"), required=("option", "value"))
        option = identifier.get("option")
        kind = "string" if option in _RELAYED else self.options.kind(option) if isinstance(option, str) else None
        if "option" in identifier and kind is None:
            self.problem(at(path, "option"), f"{show(option)} is no option that dhcpd knows", section)
        if kind is None or "value" not in identifier:
            return
        try:
            text = format_value(kind, identifier["value"])
        except ValueProblem as problem:
            self.problem(at(path, "value"), str(problem), section)
            return
        relay = identifier.get("relay")
        if relay is not None and (isinstance(relay, bool) or not isinstance(relay, int) or not 0 <= relay <= 32):
            self.problem(at(path, "relay"), f"{show(relay)} is no number of a relay; give 0 to 32", section)
        self.put(f"host-identifier {'option' if relay is None else f'v6relopt {relay}'} {option} {text};")

    def fixed_addresses(self, path: str, index: int, item: dict[str, Any]) -> None:
        here = f"{path}[{index}]"
        parser: Callable[[object], Any] = parse_ipv4 if self.family == 4 else parse_ipv6
        section = f"{CONF}, fixed-address" + ("" if self.family == 4 else "6")
        found = []
        address = self.parsed(here, item, "fixed_address", parser, section)
        if address is not None:
            found.append((address, index, "fixed_address"))
        if "fixed_addresses" in item:
            for number, value in enumerate(self.sequence(here, item, "fixed_addresses")):
                try:
                    found.append((parser(value), -1, f"[{number}]"))
                except ValueProblem as problem:
                    self.problem(f"{here}.fixed_addresses[{number}]", str(problem), section)
            if "fixed_address" in item:
                self.problem(f"{here}.fixed_addresses", "fixed_address is there already; give one of the two", section)
        for one, position, key in found:
            where = (path, position, key) if position >= 0 else (here, -1, f"fixed_addresses{key}")
            self.places.once("fixed_address", str(one), *where, section)
            self.places.reserved.append((int(one), *where))
        if found:
            words = "fixed-address" if self.family == 4 else "fixed-address6"
            self.put(f"{words} {', '.join(str(one) for one, _position, _key in found)};")
        prefixes = [] if "fixed_prefixes6" not in item else list(self.sequence(here, item, "fixed_prefixes6"))
        if prefixes and self.family == 4:
            self.problem(f"{here}.fixed_prefixes6", "is for DHCPv6 only; remove it", f"{CONF}, fixed-prefix6")
            return
        for number, value in enumerate(prefixes):
            try:
                network = parse_network6(value)
            except ValueProblem as problem:
                self.problem(f"{here}.fixed_prefixes6[{number}]", str(problem), f"{CONF}, fixed-prefix6")
                continue
            self.places.once("prefix", str(network), here, -1, f"fixed_prefixes6[{number}]", f"{CONF}, fixed-prefix6")
            self.put(f"fixed-prefix6 {network};")


#: What relays add: not to be set, but to tell clients apart by.
_RELAYED = ("agent.circuit-id", "agent.remote-id")


def _parse_hardware(value: object) -> str:
    """Return hardware type and address, such as `infiniband 00:01:02`. Raises ValueProblem."""
    match = _HARDWARE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueProblem(f"{show(value)} is no hardware; give type and address: 'token-ring 00:00:5e:00:53:01'")
    address = parse_hexadecimal(match.group(2))
    # struct hardware has 20 bytes for the address.
    if address.count(":") >= 20:
        raise ValueProblem(f"{show(value)} has more than 20 bytes")
    return f"{match.group(1)} {address}"

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reservations at run time: OMAPI's host objects (dhcpd(8), The host object), and what has to change about one.

dhcpd tells of a host its name, hardware address, client identifier and addresses, and takes a new address; name and
hardware address it never changes. A host that dhcpd.conf declares looks as any other here, and dhcpd would change and
delete it too, for as long as the lease file remembers.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Callable, Mapping, NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi import NOT_FOUND, Omapi, Refused
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import (
    DELETE,
    OPEN,
    UPDATE,
    Key,
    Message,
    OmapiError,
    number,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    ValueProblem,
    parse_ethernet,
    parse_hexadecimal,
    parse_host,
    parse_ipv4,
)

ETHERNET = 1
# server/omapi.c and common/tables.c of ISC DHCP
_TYPES = {1: "ethernet", 6: "token-ring", 8: "fddi", 32: "infiniband"}
_HOST = {"type": b"host"}
_NEW = {**_HOST, "create": number(1), "exclusive": number(1)}


class Host(NamedTuple):
    """A host; empty is what it hasn't, or what is not asked for. All but the name and hardware_type is raw bytes."""

    name: str
    hardware: bytes = b""
    client_id: bytes = b""
    addresses: bytes = b""  # four bytes each
    hardware_type: int = ETHERNET
    handle: int = 0

    def values(self) -> dict[str, bytes]:
        """The object's values as OMAPI has them."""
        found = {"name": self.name.encode()}
        if self.hardware:
            found.update({"hardware-address": self.hardware, "hardware-type": number(self.hardware_type)})
        if self.client_id:
            found["dhcp-client-identifier"] = self.client_id
        if self.addresses:
            found["ip-address"] = self.addresses
        return found

    def describe(self) -> dict[str, object]:
        """The return value: texts as dhcpd.conf(5) has them, None for what there isn't."""
        addresses = [self.addresses[at : at + 4] for at in range(0, len(self.addresses), 4)]
        return {
            "name": self.name,
            "hardware_type": _TYPES.get(self.hardware_type, str(self.hardware_type)) if self.hardware else None,
            "hardware": self.hardware.hex(":") if self.hardware else None,
            "uid": self.client_id.hex(":") if self.client_id else None,
            "fixed_addresses": [str(ipaddress.IPv4Address(one)) for one in addresses],
        }


def wanted(options: Mapping[str, Any]) -> Host:
    """Make a host of the module's options. Raises OmapiError with all that is wrong with them, one a line."""
    problems = []

    def parsed(key: str, parser: Callable[[object], str]) -> str:
        if options.get(key) is None:
            return ""
        try:
            return parser(options[key])
        except ValueProblem as problem:
            problems.append(f"{key}: {problem}")
            return ""

    host = Host(
        parsed("name", parse_host),
        bytes.fromhex(parsed("hardware_ethernet", parse_ethernet).replace(":", "")),
        identifier(options.get("client_id") or ""),
        bytes.fromhex(parsed("fixed_address", lambda value: parse_ipv4(value).packed.hex())),
    )
    if len(host.client_id) > 255:
        problems.append("client_id: it has more than 255 bytes (RFC 2132, 9.14)")
    if options.get("state") == "present" and not (options.get("hardware_ethernet") or host.client_id):
        problems.append("state: present says no client; give hardware_ethernet or client_id")
    for key, limit in (("port", 65535), ("timeout", 600)):
        if not 1 <= options[key] <= limit:
            problems.append(f"{key}: {options[key]} is not a number in range; give 1 to {limit}")
    try:
        Key(options["key_name"], options["key_algorithm"], options["key_secret"])
    except OmapiError as error:
        problems.append(str(error))
    if problems:
        raise OmapiError("\n".join(problems))
    return host


def identifier(text: str) -> bytes:
    """A client identifier of hexadecimal digits divided by colons, or of text, as a reservation's client_id."""
    try:
        return bytes.fromhex(parse_hexadecimal(text).replace(":", ""))
    except ValueProblem:
        return text.encode("utf-8", "surrogateescape")


def _host(answer: Message) -> Host:
    values = answer.object
    kind = int.from_bytes(values.get("hardware-type", number(ETHERNET)), "big")
    host = Host(
        values.get("name", b"").decode("ascii", "replace"),
        values.get("hardware-address", b""),
        values.get("dhcp-client-identifier", b""),
        values.get("ip-address", b""),
        kind,
        answer.handle,
    )
    if answer.operation != UPDATE or not host.handle or not host.name or len(host.addresses) % 4:
        raise OmapiError("the answer is malformed: a host was asked for, and it is none")
    return host


def find(omapi: Omapi, **by: bytes) -> Host | None:
    """Return the host of a name, hardware_address or dhcp_client_identifier. Raises OmapiError."""
    values = {key.replace("_", "-"): value for key, value in by.items()}
    if "hardware-address" in values:
        values["hardware-type"] = number(ETHERNET)
    try:
        return _host(omapi.ask(OPEN, about=_HOST, values=values))
    except Refused as refused:
        if refused.result == NOT_FOUND:
            return None
        raise


class Change(NamedTuple):
    """What there is, what there is to be (None: no such host), and whether it is the same object with other values."""

    before: Host | None
    after: Host | None
    in_place: bool = False


def present(omapi: Omapi, asked: Host) -> Change:
    """What makes the host be as asked; what that leaves empty stays. Raises OmapiError where another is in the way."""
    before = find(omapi, name=asked.name.encode())
    others = []
    if asked.hardware:
        others.append(("the hardware address", find(omapi, hardware_address=asked.hardware)))
    if asked.client_id:
        others.append(("the client identifier", find(omapi, dhcp_client_identifier=asked.client_id)))
    after = asked if before is None else _merged(before, asked)
    if after == before:
        return Change(before, after)
    for what, other in others:
        if other and other.name != asked.name:
            raise OmapiError(
                f"{what} belongs to the host {other.name!r} already; remove that one first, or give its name"
            )
    same = before is not None and before._replace(addresses=b"") == after._replace(addresses=b"")
    return Change(before, after, in_place=same)


def absent(omapi: Omapi, asked: Host) -> Change:
    """What removes the host. Raises OmapiError where the host of that name is another client's."""
    before = find(omapi, name=asked.name.encode())
    for what in ("hardware", "client_id") if before else ():
        given, there = getattr(asked, what), getattr(before, what)
        if given and given != there:
            raise OmapiError(
                f"the host {asked.name!r} is not the one described: its {what.replace('_', ' ')} is"
                f" {there.hex(':') or 'none'}; leave it out to remove the host by its name"
            )
    return Change(before, None)


def _merged(before: Host, asked: Host) -> Host:
    """The host as it will be; a hardware address that is given is an Ethernet address."""
    return before._replace(
        hardware=asked.hardware or before.hardware,
        hardware_type=asked.hardware_type if asked.hardware else before.hardware_type,
        client_id=asked.client_id or before.client_id,
        addresses=asked.addresses or before.addresses,
    )


def carry_out(omapi: Omapi, change: Change) -> Host | None:
    """Change the host, and return it as dhcpd tells it then. Raises OmapiError.

    Where dhcpd refuses a host that was to replace one, the old one is put back.
    """
    before, after = change.before, change.after
    if before == after:
        return before
    if after and before and change.in_place:
        omapi.ask(UPDATE, before.handle, values={"ip-address": after.addresses})
    else:
        if before:
            omapi.ask(DELETE, before.handle)
        if after:
            try:
                omapi.ask(OPEN, about=_NEW, values=after.values())
            except Refused:
                if before:
                    omapi.ask(OPEN, about=_NEW, values=before.values())
                raise
    name = (after or before or Host("")).name
    found = find(omapi, name=name.encode())
    if (found is None) != (after is None) or (found and after and found._replace(handle=0) != after._replace(handle=0)):
        raise OmapiError(f"dhcpd acknowledged the change of the host {name!r}, and did not make it")
    return found

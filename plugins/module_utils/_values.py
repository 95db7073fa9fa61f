# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of the inventory: what they may be, and what they mean.

Every parser takes whatever YAML made of a value, and raises ValueProblem with a clause that names the value
and says what is allowed.
"""

from __future__ import annotations

import ipaddress
import re
import reprlib
from typing import NamedTuple

_DECIMAL = r"(?:0|[1-9][0-9]{0,2})"
_IPV4 = re.compile(rf"{_DECIMAL}(?:\.{_DECIMAL}){{3}}")
_PREFIX = re.compile(r"(?:0|[1-9][0-9]?)")
_ETHERNET = re.compile(r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2})+")
_RANGE_DIVIDER = re.compile(r"[ \t]*-[ \t]*|[ \t]+")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9][A-Za-z0-9_-]*)*")
_HOST_MAX = 255

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 60


class ValueProblem(ValueError):
    """A value is not what it must be; the message is a clause that names it and says what is allowed."""


class Range(NamedTuple):
    """The first and the last address of a dynamic range, both included (dhcpd.conf(5), range)."""

    first: ipaddress.IPv4Address
    last: ipaddress.IPv4Address


class Range6(NamedTuple):
    """Addresses of a subnet6 (dhcpd.conf(5), range6): from first to last, or a prefix, perhaps temporary."""

    first: ipaddress.IPv6Address
    last: ipaddress.IPv6Address
    text: str


class Prefixes6(NamedTuple):
    """The prefixes that a subnet6 delegates (dhcpd.conf(5), prefix6): first, last and their length."""

    first: ipaddress.IPv6Network
    last: ipaddress.IPv6Network


def show(value: object) -> str:
    """Return a value as a message shows it: in Python's notation, on one line, shortened in its middle."""
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of more than 64 bits"
    return _brief.repr(str(value) if isinstance(value, str) else value)


def parse_ipv4(value: object) -> ipaddress.IPv4Address:
    """Return the address that a dotted text names.

    Leading zeros are refused: dhcpd reads such numbers as decimal, the C library as octal (RFC 6943, 3.1.1).
    """
    if isinstance(value, str) and _IPV4.fullmatch(value):
        try:
            return ipaddress.IPv4Address(str(value))
        except ValueError:
            pass
    raise ValueProblem(f"{show(value)} is not an IPv4 address; give one such as 198.51.100.1, no host name")


def parse_subnet(value: object) -> ipaddress.IPv4Network:
    """Return the network that a text in CIDR notation names; it must have no host bits (RFC 4632, 3.1)."""
    address, _slash, prefix = value.partition("/") if isinstance(value, str) else ("", "", "")
    try:
        if _IPV4.fullmatch(address) and _PREFIX.fullmatch(prefix):
            network = ipaddress.IPv4Network(f"{address}/{prefix}", strict=False)
            if str(network.network_address) == address:
                return network
            raise ValueProblem(f"{show(value)} has host bits; give the subnet's own number, {network}")
    except (ipaddress.AddressValueError, ipaddress.NetmaskValueError):
        pass
    raise ValueProblem(f"{show(value)} is not a subnet; give one such as 198.51.100.0/24")


def parse_range(value: object) -> Range:
    """Return the range that `FIRST-LAST`, `FIRST LAST` or a single address names, not backwards."""
    if not isinstance(value, str):
        raise ValueProblem(f"{show(value)} is not a range; give one such as 198.51.100.50-198.51.100.99")
    parts = _RANGE_DIVIDER.split(value.strip())
    if len(parts) > 2:
        raise ValueProblem(f"{show(value)} is not a range; give one such as 198.51.100.50-198.51.100.99")
    first, last = parse_ipv4(parts[0]), parse_ipv4(parts[-1])
    if last < first:
        raise ValueProblem(f"{show(value)} is backwards; give the lower address first")
    return Range(first, last)


def parse_ethernet(value: object) -> str:
    """Return a hardware address in its usual form: six pairs of lower-case digits, divided by colons."""
    if isinstance(value, str) and _ETHERNET.fullmatch(value):
        return ":".join(f"{octet:0>2}" for octet in value.lower().split(":"))
    # YAML 1.1 reads 00:00:05:00:53:01 as a number of base 60.
    hint = " (YAML made a number of it: put it in quotes)" if isinstance(value, int) else ""
    raise ValueProblem(f"{show(value)} is not a hardware address{hint}; give one such as '00:00:5e:00:53:01'")


def parse_host(value: object) -> str:
    """Return the name of a host declaration, which dhcpd takes without quotes (parse.c, parse_host_name)."""
    if isinstance(value, str) and len(value) <= _HOST_MAX and _HOST.fullmatch(value):
        return str(value)
    hint = "" if isinstance(value, str) else " (text: put it in quotes)"
    raise ValueProblem(
        f"{show(value)} is not a name{hint}; give letters, digits, '-', '_' and '.', "
        f"each part beginning with a letter or digit, at most {_HOST_MAX} characters"
    )


def parse_lease_time(value: object) -> int:
    """Return a lease time in seconds; 4294967295 is infinite (RFC 2131, 3.3)."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 0xFFFFFFFF:
        raise ValueProblem(f"{show(value)} is not a time in seconds; give 1 to 4294967295, without quotes")
    return int(value)


def parse_ipv6(value: object) -> ipaddress.IPv6Address:
    """Return the address that a text names; a zone (%eth0) means nothing to a client."""
    if isinstance(value, str) and _IPV6.fullmatch(value):
        try:
            return ipaddress.IPv6Address(str(value))
        except ValueError:
            pass
    raise ValueProblem(f"{show(value)} is not an IPv6 address; give one such as 2001:db8::1")


def parse_network6(value: object) -> ipaddress.IPv6Network:
    """Return the network that a text in prefix notation names; it must have no host bits."""
    if isinstance(value, str):
        address, _slash, length = value.partition("/")
        if _IPV6.fullmatch(address) and length.isdecimal() and len(length) <= 3:
            try:
                network = ipaddress.IPv6Network(f"{address}/{int(length)}", strict=False)
            except ValueError:
                pass
            else:
                if network.network_address == ipaddress.IPv6Address(address):
                    return network
                raise ValueProblem(f"{show(value)} has host bits; give the prefix itself, {network}")
    raise ValueProblem(f"{show(value)} is not an IPv6 prefix; give one such as 2001:db8:0:1::/64")


def parse_range6(value: object) -> Range6:
    """Return what `FIRST-LAST`, `FIRST LAST`, `PREFIX/LENGTH` and `PREFIX/LENGTH temporary` name."""
    if not isinstance(value, str):
        raise ValueProblem(f"{show(value)} is not a range; give one such as 2001:db8::10-2001:db8::99")
    text, _space, temporary = value.strip().partition(" temporary")
    if "/" in text and not temporary.strip():
        network = parse_network6(text)
        if value.strip().endswith(" temporary"):
            # confpars.c, parse_address_range6: shorter ones and single addresses are refused.
            if not 64 <= network.prefixlen <= 127:
                raise ValueProblem(f"{show(value)}: a temporary prefix has a length from 64 to 127")
            return Range6(network[0], network[-1], f"{network} temporary")
        return Range6(network[0], network[-1], str(network))
    parts = _RANGE_DIVIDER.split(value.strip())
    if len(parts) != 2:
        raise ValueProblem(f"{show(value)} is not a range; give FIRST-LAST, PREFIX/LENGTH or PREFIX/LENGTH temporary")
    first, last = map(parse_ipv6, parts)
    if last < first:
        raise ValueProblem(f"{show(value)} is backwards; give the lower address first")
    return Range6(first, last, f"{first} {last}")


def parse_prefixes6(value: object) -> Prefixes6:
    """Return the prefixes that `FIRST-LAST/LENGTH` or `FIRST LAST /LENGTH` names."""
    parts = _RANGE_DIVIDER.split(value.strip()) if isinstance(value, str) else []
    if len(parts) == 3 and parts[2].startswith("/"):
        parts = [parts[0], parts[1] + parts[2]]
    if len(parts) != 2 or "/" not in parts[1]:
        raise ValueProblem(
            f"{show(value)} names no prefixes; give FIRST-LAST/LENGTH such as 2001:db8:100::-2001:db8:1ff::/48"
        )
    last = parse_network6(parts[1])
    first = parse_network6(f"{parts[0]}/{last.prefixlen}")
    if last < first:
        raise ValueProblem(f"{show(value)} is backwards; give the lower prefix first")
    if not 1 <= last.prefixlen <= 127:
        raise ValueProblem(f"{show(value)}: a delegated prefix has a length from 1 to 127")
    return Prefixes6(first, last)


def parse_hexadecimal(value: object) -> str:
    """Return pairs of hexadecimal digits, divided by colons, in lower case: a DUID, a hash bucket array."""
    if isinstance(value, str) and _HEXADECIMAL.fullmatch(value):
        return ":".join(f"{octet:0>2}" for octet in value.lower().split(":"))
    hint = " (YAML made a number of it: put it in quotes)" if isinstance(value, int) else ""
    raise ValueProblem(f"{show(value)} is not hexadecimal{hint}; give pairs of digits such as '00:01:00:01'")


def parse_integer(low: int, high: int, value: object) -> int:
    """Return a whole number from low to high, both included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueProblem(f"{show(value)} is not a number in range; give {low} to {high}, without quotes")
    return int(value)


def parse_boolean(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ValueProblem(f"{show(value)} is not a boolean; give true or false, without quotes")
    return value

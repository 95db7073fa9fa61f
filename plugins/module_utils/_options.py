# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standard DHCPv4 options of dhcp-options(5), their types, and their values as dhcpd reads them.

The types are in the words of dhcp-options(5); `array of` and `{...}` (a record) as in its section on
defining new options. Where the manual page and dhcpd 4.4.3-P1 differ (it calls host-name a string, dhcpd
takes no hexadecimal for it), the table says what dhcpd takes: tests/oracle/test_options_oracle.py asks it.
"""

from __future__ import annotations

import difflib
import functools
import ipaddress
import re
from typing import Callable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import TOKEN_MAX
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, parse_ipv4, show

_NAMES_BY_TYPE = {
    "ip-address": "broadcast-address router-solicitation-address subnet-mask subnet-selection swap-server",
    "array of ip-address": """
        bcms-controller-address capwap-ac-v4 cookie-servers domain-name-servers finger-server font-servers
        ien116-name-servers impress-servers ipv4-address-andsf irc-server log-servers lpr-servers
        mobile-ip-home-agent nds-servers netbios-dd-server netbios-name-servers netinfo-server-address
        nis-servers nisplus-servers nntp-server ntp-servers pana-agent pop-server resource-location-servers
        routers smtp-server streettalk-directory-assistance-server streettalk-server tftp-server-address
        time-servers www-server x-display-manager""",
    "array of {ip-address, ip-address}": "policy-filter static-routes",
    "flag": """
        all-subnets-local ieee802-3-encapsulation ip-forwarding mask-supplier non-local-source-routing
        perform-mask-discovery router-discovery tcp-keepalive-garbage trailer-encapsulation""",
    "uint8": "auto-config default-ip-ttl default-tcp-ttl netbios-node-type",
    "uint16": "boot-size dhcp-max-message-size interface-mtu max-dgram-reassembly",
    "uint32": """
        arp-cache-timeout dhcp-rebinding-time dhcp-renewal-time loader-reboottime path-mtu-aging-timeout
        tcp-keepalive-interval v6-only-preferred""",
    "int32": "time-offset",
    "array of uint8": "dhcp-parameter-request-list",
    "array of uint16": "name-service-search path-mtu-plateau-table pxe-system-type",
    "text": """
        bootfile-name default-url domain-name extensions-path host-name loader-configfile loader-pathprefix
        merit-dump nds-context nds-tree-name netbios-scope netinfo-server-tag nis-domain nisplus-domain
        nwip-domain pcode root-path tcode tftp-server-name uap-servers user-class v4-captive-portal""",
    "string": """
        dhcp-client-identifier geoconf-civic nwip-suboptions vendor-class-identifier
        vendor-encapsulated-options vivco vivso""",
    "domain-name": "v4-access-domain v4-lost",
    "domain-list": "bcms-controller-names domain-search sip-ua-cs-domains",
    "{uint8, uint8, uint8}": "pxe-interface-id",
    "{uint8, uint8, uint16}": "v4-portparams",
    "{uint8, string}": "pxe-client-id",
    "{uint8, ip-address, ip-address, domain-list}": "rdnss-selection",
    "{uint8, uint8, ip6-address, array of ip-address}": "option-6rd",
    "{flag, array of ip-address}": "slp-directory-agent",
    "{flag, text}": "slp-service-scope",
}

#: Every option that the `options` of an inventory may hold, with its type.
OPTIONS: dict[str, str] = {name: kind for kind, names in _NAMES_BY_TYPE.items() for name in names.split()}

#: Options that dhcp-options(5) calls not (directly) user configurable, and what to do instead.
NOT_CONFIGURABLE = {
    "associated-ip": "dhcpd fills it in",
    "client-last-transaction-time": "dhcpd fills it in",
    "dhcp-lease-time": "use default_lease_time and max_lease_time",
    "dhcp-message": "dhcpd fills it in",
    "dhcp-message-type": "dhcpd fills it in",
    "dhcp-option-overload": "dhcpd fills it in",
    "dhcp-requested-address": "only a client sends it",
    "dhcp-server-identifier": "write a server-identifier statement into raw",
    "relay-agent-information": "only a relay sends it",
}

_UINT_MAX = {"uint8": 0xFF, "uint16": 0xFFFF, "uint32": 0xFFFFFFFF}
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2})+")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
# A service label (RFC 8552) is fine where dhcpd reads the name from a quoted string.
_QUOTED_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")


def quote(value: object) -> str:
    """Return a text as dhcpd's quoted string, which nothing in the text can end. Raises ValueProblem.

    What is not printable ASCII is written byte by byte in UTF-8, as octal escapes (conflex.c, read_string).
    """
    if not isinstance(value, str) or not value:
        raise ValueProblem(f"{show(value)} is not text; give a text of at least one character, in quotes")
    try:
        octets = value.encode()
    except UnicodeEncodeError:
        raise ValueProblem(f"{show(value)} is not valid Unicode; give text, or hexadecimal in raw") from None
    if len(octets) > TOKEN_MAX:
        raise ValueProblem(f"{show(value)} has {len(octets)} bytes; give at most {TOKEN_MAX}")
    return '"{}"'.format("".join(map(_quote_octet, octets)))


def _quote_octet(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{octet:c}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03o}"


def _integer(low: int, high: int, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueProblem(f"{show(value)} is not a number in range; give {low} to {high}, without quotes")
    return str(int(value))


def _flag(value: object) -> str:
    if not isinstance(value, bool):
        raise ValueProblem(f"{show(value)} is not a flag; give true or false, without quotes")
    return "true" if value else "false"


def _ip_address(value: object) -> str:
    return str(parse_ipv4(value))


def _ip6_address(value: object) -> str:
    try:
        # A zone (%eth0) means nothing to a client.
        if isinstance(value, str) and "%" not in value:
            return str(ipaddress.IPv6Address(str(value)))
    except ValueError:
        pass
    raise ValueProblem(f"{show(value)} is not an IPv6 address; give one such as 2001:db8::1")


def _string(value: object) -> str:
    if isinstance(value, str) and _HEXADECIMAL.fullmatch(value):
        return str(value)
    return quote(value)


def _domain(label: re.Pattern[str], value: object) -> str:
    name = value[:-1] if isinstance(value, str) and value.endswith(".") else value
    if not isinstance(name, str) or len(name) > 253 or not all(map(label.fullmatch, name.split("."))):
        raise ValueProblem(f"{show(value)} is not a domain name; give one such as example.net (RFC 1035)")
    return str(value)


def _domain_list(value: object) -> str:
    return _array(lambda name: f'"{_domain(_QUOTED_LABEL, name)}"', value)


def _array(element: Callable[[object], str], value: object) -> str:
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise ValueProblem("the list is empty; give at least one value or remove the option")
    return ", ".join(map(element, values))


_SCALARS: dict[str, Callable[[object], str]] = {
    "ip-address": _ip_address,
    "ip6-address": _ip6_address,
    "flag": _flag,
    "int32": functools.partial(_integer, -0x80000000, 0x7FFFFFFF),
    "text": quote,
    "string": _string,
    "domain-name": functools.partial(_domain, _LABEL),
    "domain-list": _domain_list,
}
for _name, _max in _UINT_MAX.items():
    _SCALARS[_name] = functools.partial(_integer, 0, _max)


def _format(kind: str, value: object) -> str:
    if kind.startswith("array of "):
        inner = kind[len("array of ") :]
        if inner.startswith("{") and not (
            isinstance(value, (list, tuple)) and all(isinstance(record, (list, tuple)) for record in value)
        ):
            raise ValueProblem(f"{show(value)} is not a list of lists; give a list of [{inner[1:-1]}]")
        return _array(functools.partial(_format, inner), value)
    if kind.startswith("{"):
        fields = kind[1:-1].split(", ")
        if not isinstance(value, (list, tuple)) or len(value) != len(fields):
            raise ValueProblem(f"{show(value)} does not have its {len(fields)} parts; give [{kind[1:-1]}]")
        return " ".join(map(_format, fields, value))
    return _SCALARS[kind](value)


def format_option(name: str, value: object) -> str:
    """Return a value as dhcpd's configuration writes it, without `option`, name and semicolon.

    `name` is a key of OPTIONS. An array takes a list or a single value; a record takes a list. Raises
    ValueProblem, and KeyError for other names. Source: dhcp-options(5).
    """
    return _format(OPTIONS[name], value)


@functools.lru_cache(maxsize=1024)
def unknown_option(name: str) -> str:
    """Return why `name`, which is not in OPTIONS, is refused there and what to do: a clause for a message."""
    if name in NOT_CONFIGURABLE:
        return f"this option is not configurable, {NOT_CONFIGURABLE[name]}"
    near = difflib.get_close_matches(name.lower().replace("_", "-"), OPTIONS, n=1)
    raw = "options that are not standard in dhcp-options(5) go into raw"
    return f"did you mean {near[0]}? If not: {raw}" if near else raw

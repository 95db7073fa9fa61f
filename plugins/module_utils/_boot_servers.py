# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DHCP servers that don't run now and would at the next boot, with what their configuration says they serve.

Sources: dnsmasq(8) (dhcp-range, interface; whichdevice() in src/dhcp-common.c binds to a device where there is one
alone), Kea's manual (interfaces-config), udhcpd.conf's sample file, the units and init scripts of Debian and EL.
"""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._managers import runs, starts

_ISC = {4: ("isc-dhcp-server.service", "isc-dhcp-server4.service"), 6: ("isc-dhcp-server6.service", "dhcpd6.service")}
_KEA = {4: ("kea-dhcp4-server.service", "kea-dhcp4.service"), 6: ("kea-dhcp6-server.service", "kea-dhcp6.service")}
DNSMASQ = "dnsmasq.service"
UDHCPD = "udhcpd.service"
UNITS = (*_ISC[4], *_ISC[6], *_KEA[4], *_KEA[6], DNSMASQ, UDHCPD)


class Server(NamedTuple):
    """A server that waits for the next boot: its unit, its family, the interfaces it keeps to (None = all)."""

    unit: str
    family: int
    interfaces: Optional[tuple[str, ...]]
    source: str


def waiting(files: Files, units: Mapping[str, Mapping[str, str]]) -> list[Server]:
    """The servers whose unit is started at boot and does not run now: what runs is seen by its sockets."""
    found = []
    for unit in UNITS:
        if not starts(units.get(unit)) or runs(units.get(unit)):
            continue
        if unit == DNSMASQ:
            found += dnsmasq(files)
        elif unit == UDHCPD:
            source = "/etc/udhcpd.conf"
            match = re.search(r"^\s*interface\s+(\S+)", files.text(source), re.MULTILINE)
            found.append(Server(unit, 4, (match.group(1) if match else "eth0",), source))
        elif unit in _KEA[4] or unit in _KEA[6]:
            found += kea(files, unit, 4 if unit in _KEA[4] else 6)
        else:
            # dhcpd takes the port for all interfaces, whichever it serves.
            found.append(Server(unit, 4 if unit in _ISC[4] else 6, None, "its unit"))
    return found


def dnsmasq(files: Files) -> list[Server]:
    """What dnsmasq would serve: nothing without a dhcp-range."""
    main = "/etc/dnsmasq.conf"
    paths = [p for p in files.names("/etc/dnsmasq.d") if not p.endswith((".dpkg-dist", ".dpkg-old", ".dpkg-new"))]
    options = []
    for path in [main, *paths]:
        for line in files.text(path).splitlines():
            key, _sign, value = line.partition("#")[0].strip().partition("=")
            options.append((key.strip(), value.strip(), path))
    ranges = {
        6 if value.count(":") > 2 else 4: path for key, value, path in options if key in ("dhcp-range", "dhcp-host")
    }
    named = [word.strip() for key, value, _path in options if key == "interface" for word in value.split(",")]
    named = [name for name in named if name != "lo"]
    alone = len(named) == 1 and not named[0].endswith("*")
    return [Server(DNSMASQ, family, tuple(named) if alone else None, path) for family, path in ranges.items()]


def kea(files: Files, unit: str, family: int) -> list[Server]:
    """What Kea would serve: the interfaces of its configuration, none by default."""
    path = f"/etc/kea/kea-dhcp{family}.conf"
    # A comment begins at // or # or lies between /* and */; a string may hold all of these.
    text = re.sub(
        r'("(?:[^"\\]|\\.)*")|/\*.*?\*/|//[^\n]*|#[^\n]*', lambda m: m.group(1) or "", files.text(path), flags=re.DOTALL
    )
    match = re.search(r'"interfaces"\s*:\s*\[([^\]]*)\]', text)
    names = re.findall(r'"([^"/]+)[^"]*"', match.group(1)) if match else []
    if not names:
        return []
    return [Server(unit, family, None if "*" in names else tuple(dict.fromkeys(names)), path)]

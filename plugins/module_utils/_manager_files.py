# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the older network managers' files say: ifupdown, EL's and SUSE's ifcfg files, dhcpcd, the kernel's ip=.

Sources: interfaces(5), sysconfig.txt of initscripts, ifcfg(5) of wicked, dhcpcd.conf(5),
Documentation/admin-guide/nfs/nfsroot.rst of Linux and dracut.cmdline(7) (ip=).
"""

from __future__ import annotations

import fnmatch
import re
from typing import Iterable, Iterator, NamedTuple, Optional, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _networkmanager
from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._networkd import AUTO, DHCP, STATIC, Claim

INTERFACES = "/etc/network/interfaces"
_DEPTH = 8
_IFUPDOWN = {"dhcp": DHCP, "bootp": DHCP, "static": STATIC, "auto": AUTO}
_EL = "/etc/sysconfig/network-scripts/ifcfg-*"
_SUSE = "/etc/sysconfig/network/ifcfg-*"


class Stanza(NamedTuple):
    """An iface stanza of interfaces(5)."""

    name: str
    family: int
    method: str
    source: str


def ifupdown(files: Files, links: Sequence[Link]) -> list[Claim]:
    """What the interfaces that ifupdown brings up at boot, or when they appear, are configured to be."""
    stanzas, started = interfaces(files)
    names = [link.name for link in links]
    found = []
    for stanza in stanzas:
        method = _IFUPDOWN.get(stanza.method)
        if method is None:
            continue
        for name in names:
            if any(logical == stanza.name for logical in _logical(name, started)):
                found.append(Claim("ifupdown", name, stanza.family, method, stanza.source))
        # An alias (eth0:1) is an address of its device.
        device = stanza.name.partition(":")[0]
        if device != stanza.name and device in names and _logical(stanza.name, started):
            found.append(Claim("ifupdown", device, stanza.family, method, stanza.source))
    return found


def ifupdown_names(files: Files) -> frozenset[str]:
    """The interfaces that have a stanza."""
    return frozenset(stanza.name for stanza in interfaces(files)[0])


def interfaces(files: Files) -> tuple[list[Stanza], list[str]]:
    """Every iface stanza, and the words after auto and allow-*, of the file and of all that it reads in."""
    stanzas = []
    started = []
    for path, words in _lines(files, INTERFACES, 0):
        if words[0] == "iface" and len(words) >= 4 and words[2] in ("inet", "inet6"):
            stanzas.append(Stanza(words[1], 6 if words[2] == "inet6" else 4, words[3], path))
        elif words[0] == "auto" or words[0].startswith("allow-"):
            started += words[1:]
    return stanzas, started


def ifcfg(files: Files, suse: bool) -> list[Claim]:
    """What EL's network.service, or SUSE's wicked, makes of the interfaces that have an ifcfg file."""
    found = []
    for path in files.glob(_SUSE if suse else _EL):
        text = files.text(path)
        name = path.rpartition("/ifcfg-")[2]
        mode = re.search(r"^STARTMODE=[\"']?(\w+)", text, re.MULTILINE)
        if (
            name == "lo"
            or "." in name
            and name.endswith(("bak", "orig"))
            or (mode and mode.group(1) in ("off", "manual"))
        ):
            continue
        if suse:
            text = re.sub(r"^BOOTPROTO=[\"']?dhcp[46+]\w*.*$", "BOOTPROTO=dhcp", text, flags=re.MULTILINE)
        profile = _networkmanager.ifcfg(path, text)
        if profile is not None and profile.autoconnect:
            device = profile.names[0] if profile.names else name
            manager = "wicked" if suse else "network.service"
            found += [Claim(manager, device, family, method, path) for family, method in profile.methods.items()]
    return found


def dhcpcd(files: Files, links: Iterable[Link]) -> list[Claim]:
    """What dhcpcd's own service makes of the interfaces: DHCP, but where dhcpcd.conf says otherwise."""
    path = "/etc/dhcpcd.conf"
    allowed: list[str] = []
    denied: list[str] = []
    blocks: dict[Optional[str], list[list[str]]] = {None: []}
    block: Optional[str] = None
    for line in files.text(path).splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0] in ("interface", "ssid", "profile"):
            block = words[1] if words[0] == "interface" and len(words) > 1 else ""
            blocks.setdefault(block, [])
        elif words[0] in ("allowinterfaces", "denyinterfaces"):
            (allowed if words[0] == "allowinterfaces" else denied).extend(words[1:])
        else:
            blocks[block].append(words)
    found = []
    for link in links:
        name = link.name
        if link.type == "loopback" or _any(name, denied) or (allowed and not _any(name, allowed)):
            continue
        options = blocks[None] + blocks.get(name, [])
        said = {option[0] for option in options}
        fixed = [option[1] for option in options if option[0] == "static" and len(option) > 1]
        if any(text.startswith("ip_address=") for text in fixed):
            found.append(Claim("dhcpcd", name, 4, STATIC, path))
        elif not said & {"nodhcp", "noipv4", "inform", "ipv6only"}:
            found.append(Claim("dhcpcd", name, 4, DHCP, path if files.exists(path) else "dhcpcd's default"))
        if not said & {"noipv6", "noipv6rs", "ipv4only"}:
            found.append(Claim("dhcpcd", name, 6, AUTO, path, False))
    return found


def kernel_command_line(files: Files) -> list[Claim]:
    """What ip= on the kernel's command line asks the kernel or the initial RAM disk to do, at every boot."""
    source = "/proc/cmdline"
    manager = "the kernel command line"
    found = []
    for word in files.text(source).split():
        if word == "--":  # what follows is for init
            break
        key, sign, value = word.partition("=")
        if key != "ip" or not sign:
            continue
        # An IPv6 address stands in brackets, so that its colons are none of the fields'.
        fields = re.sub(r"\[[^]]*\]", "", value).split(":")
        if len(fields) == 1:
            device, protocol = "", fields[0]
        elif len(fields) == 2 or (len(fields) > 2 and not re.fullmatch(r"[\d.]*", fields[0])):
            device, protocol = fields[0], fields[1]
        else:
            device, protocol = (fields + [""] * 7)[5:7]
            protocol = protocol or ("none" if fields[0] else "any")
        for one in protocol.split(","):
            if one in ("dhcp", "on", "any", "both", "bootp", "rarp", "single-dhcp"):
                found.append(Claim(manager, device or None, 4, DHCP, f"{word} in {source}"))
            elif one in ("dhcp6", "auto6", "either6"):
                method = DHCP if one == "dhcp6" else AUTO
                found.append(Claim(manager, device or None, 6, method, f"{word} in {source}"))
    return found


def _lines(files: Files, path: str, depth: int) -> Iterator[tuple[str, list[str]]]:
    """The lines of interfaces(5) with the file that each stands in; the ones that are read in at their place."""
    for line in re.sub(r"\\\n", " ", files.text(path)).splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] not in ("source", "source-directory"):
            yield path, words
            continue
        if depth == _DEPTH:  # a file that reads itself in
            continue
        for pattern in words[1:]:
            if not pattern.startswith("/"):
                pattern = f"{path.rpartition('/')[0]}/{pattern}"
            if words[0] == "source":
                # ifupdown 0.8 and newer takes a directory here too.
                found = [p for q in files.glob(pattern) for p in (files.glob(f"{q}/*") or [q])]
            else:
                names = [p for d in files.glob(pattern) for p in files.names(d)]
                found = [p for p in names if re.fullmatch(r"[a-zA-Z0-9_-]+", p.rpartition("/")[2])]
            for one in found:
                yield from _lines(files, one, depth + 1)


def _logical(name: str, started: list[str]) -> list[str]:
    """The logical interfaces as which ifupdown brings a device up (NAME, /PATTERN/, DEVICE=LOGICAL)."""
    found = []
    for word in started:
        device, _sign, logical = word.partition("=")
        pattern = device[1:].split("/")[0] if device.startswith("/") else device
        if fnmatch.fnmatchcase(name, pattern):
            found.append(logical or name)
    return found


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

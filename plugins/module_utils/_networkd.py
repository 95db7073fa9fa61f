# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd-networkd would make of each interface, from its .network files.

Sources: systemd.network(5) (file order, [Match], DHCP=, DHCPServer=, IPv6AcceptRA=), systemd.net-naming-scheme(7),
src/shared/net-condition.c (how the conditions of [Match] add up) and src/basic/netif-util.c (Type=).
"""

from __future__ import annotations

import fnmatch
import shlex
from typing import Callable, NamedTuple, Optional, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Entry, Files, entries, last, truth
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link

DHCP = "dhcp"
AUTO = "auto"
STATIC = "static"
SERVER = "server"

MANAGER = "systemd-networkd"
DIRECTORIES = (
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)
# Kinds for which the kernel sets DEVTYPE, which Type= then compares with; all others go by their hardware type.
_DEVTYPES = frozenset(("bond", "bridge", "geneve", "macvlan", "ppp", "vlan", "vrf", "vxlan", "wireguard", "hsr"))
_BOTH = (4, 6)


class Claim(NamedTuple):
    """What a manager's file says of an interface (None = whichever comes first).

    method is dhcp, auto (stateless IPv6), static, or server (it runs a DHCP server there). sure is False where
    the file doesn't tell whether it applies, or leaves the matter to what the segment offers.
    """

    manager: str
    interface: Optional[str]
    family: int
    method: str
    source: str
    sure: bool = True


def claims(files: Files, links: Sequence[Link]) -> list[Claim]:
    """The claims of the first .network file that matches each interface, and of those that perhaps match before."""
    networks = _networks(files)
    command_line = files.text("/proc/cmdline").split()
    found = []
    for link in links:
        if link.type == "loopback":
            continue
        for path, assignments in networks:
            verdict = matches(assignments, link, command_line)
            if verdict is not False:
                found += _claims(path, assignments, link.name, verdict is True)
            if verdict:
                break
    return found


def matches(assignments: Sequence[Entry], link: Link, command_line: Sequence[str]) -> Optional[bool]:
    """Whether [Match] selects this interface; None where it asks what can't be told from here."""
    conditions: dict[str, list[str]] = {}
    for entry in assignments:
        if entry.section != "Match":
            continue
        if not entry.value:
            conditions.pop(entry.key, None)
        else:
            conditions.setdefault(entry.key, []).append(entry.value)
    if not conditions:  # networkd ignores a file that does not say what it matches
        return False
    known: dict[str, Callable[[str], bool]] = {
        "Name": lambda text: _listed(text, lambda one: fnmatch.fnmatchcase(link.name, one)),
        "OriginalName": lambda text: _listed(text, lambda one: fnmatch.fnmatchcase(link.name, one)),
        "MACAddress": lambda text: link.mac in [_mac(word) for word in text.split()],
        "PermanentMACAddress": lambda text: (link.permanent_mac or link.mac) in [_mac(word) for word in text.split()],
        "Type": lambda text: _listed(text, lambda one: fnmatch.fnmatchcase(_type(link), one)),
        "Kind": lambda text: _listed(text, lambda one: fnmatch.fnmatchcase(link.kind or "", one)),
        "KernelCommandLine": lambda text: _listed(text, lambda one: _on_command_line(one, command_line)),
    }
    verdict: Optional[bool] = True
    for key, values in conditions.items():
        if key not in known:
            verdict = None
        elif not known[key](" ".join(values)):
            return False
    return verdict


def _networks(files: Files) -> list[tuple[str, list[Entry]]]:
    """Every .network file with its drop-ins, in the order in which networkd asks them; an empty one masks."""
    found = []
    for path in files.merged(DIRECTORIES, ".network"):
        text = files.text(path)
        name = path.rpartition("/")[2]
        for drop_in in files.merged(tuple(f"{directory}/{name}.d" for directory in DIRECTORIES), ".conf"):
            text += f"\n{files.text(drop_in)}"
        if text.strip():
            found.append((path, entries(text)))
    return found


def _claims(path: str, assignments: list[Entry], interface: str, sure: bool) -> list[Claim]:
    if truth(last(assignments, "Link", "Unmanaged", "no")):
        return []
    wanted = last(assignments, "Network", "DHCP", "no").lower()
    families = {"ipv4": (4,), "v4": (4,), "ipv6": (6,), "v6": (6,), "both": _BOTH}.get(
        wanted, _BOTH if truth(wanted) else ()
    )
    found = [Claim(MANAGER, interface, family, DHCP, path, sure) for family in families]
    addresses = [e.value for e in assignments if e.section in ("Network", "Address") and e.key == "Address" and e.value]
    for family in _BOTH:
        if any((":" in address) == (family == 6) for address in addresses):
            found.append(Claim(MANAGER, interface, family, STATIC, path, sure))
    if truth(last(assignments, "Network", "DHCPServer", "no")):
        found.append(Claim(MANAGER, interface, 4, SERVER, path, sure))
    link_local = last(assignments, "Network", "LinkLocalAddressing", "ipv6").lower()
    accept = truth(last(assignments, "Network", "IPv6AcceptRA"))
    # Without a word of it, networkd takes an address from a router that offers one.
    if accept or (accept is None and (link_local == "ipv6" or truth(link_local))):
        found.append(Claim(MANAGER, interface, 6, AUTO, path, sure and accept is True))
    return found


def _listed(text: str, holds: Callable[[str], bool]) -> bool:
    """A list of patterns, all of which an exclamation mark before it turns round."""
    inverted = text.startswith("!")
    try:
        words = shlex.split(text[1:] if inverted else text)
    except ValueError:
        words = text.lstrip("!").split()
    return any(holds(word) for word in words) != inverted


def _on_command_line(wanted: str, command_line: Sequence[str]) -> bool:
    return any(word == wanted or ("=" not in wanted and word.partition("=")[0] == wanted) for word in command_line)


def _type(link: Link) -> str:
    return link.kind if link.kind in _DEVTYPES and link.kind is not None else link.type


def _mac(text: str) -> str:
    digits = "".join(character for character in text.lower() if character in "0123456789abcdef")
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What NetworkManager would make of each interface, from its profiles and its own configuration.

Sources: NetworkManager.conf(5) (no-auto-default, unmanaged-devices, [ifupdown], device list format),
nm-settings-keyfile(5), nm-settings(5) (connection.autoconnect, ipv4.method), nm-settings-ifcfg-rh(5).
"""

from __future__ import annotations

import fnmatch
import re
import shlex
from typing import NamedTuple, Optional, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Entry, Files, entries, last, truth
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._networkd import AUTO, DHCP, SERVER, STATIC, Claim

MANAGER = "NetworkManager"
_PROFILES = (
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
_CONF = ("/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d")
_IFCFG = "/etc/sysconfig/network-scripts"
_WIRED = ("ethernet", "802-3-ethernet")
_TYPES = {"802-3-ethernet": "ethernet", "802-11-wireless": "wifi"}
_METHODS = {"auto": DHCP, "manual": STATIC, "shared": SERVER}
_METHODS6 = {"auto": AUTO, "dhcp": DHCP, "manual": STATIC}


class Profile(NamedTuple):
    """A connection profile: what it applies to (None = not asked for), and its method for each family."""

    source: str
    type: str
    names: Optional[list[str]]
    mac: Optional[str]
    autoconnect: bool
    priority: int
    methods: dict[int, str]


def claims(files: Files, links: Sequence[Link], ifupdown: frozenset[str] = frozenset()) -> list[Claim]:
    """The claims of the profiles that NetworkManager would start by itself; ifupdown names what that one has."""
    settings = _settings(files)
    profiles = [p for p in (*_keyfiles(files), *_ifcfg_profiles(files)) if p is not None]
    found = []
    for link in links:
        if link.type == "loopback" or not _managed(files, settings, link, ifupdown):
            continue
        mine = [profile for profile in profiles if _applies(profile, link)]
        starting = [profile for profile in mine if profile.autoconnect]
        best = max((profile.priority for profile in starting), default=0)
        for profile in starting:
            if profile.priority == best:
                found += [
                    Claim(MANAGER, link.name, family, method, profile.source)
                    for family, method in profile.methods.items()
                ]
        # Where no profile fits a wired device, NetworkManager makes one up: automatic for both families.
        wired = link.kind is None and link.type == "ether" and not files.exists(f"/sys/class/net/{link.name}/wireless")
        if wired and not mine and not _no_default(settings, link):
            source = "NetworkManager's default, as no profile is for it"
            found += [Claim(MANAGER, link.name, 4, DHCP, source), Claim(MANAGER, link.name, 6, AUTO, source, False)]
    return found


def ifcfg(path: str, text: str) -> Optional[Profile]:
    """Read an ifcfg file of EL; None for one that is no device's."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, sign, value = line.strip().partition("=")
        if sign and re.fullmatch(r"\w+", key):
            try:
                values[key] = " ".join(shlex.split(value, comments=True))
            except ValueError:
                values[key] = value.strip("\"'")
    name = values.get("DEVICE")
    if truth(values.get("NM_CONTROLLED", "yes")) is False and not name:
        return None
    protocol = values.get("BOOTPROTO", "").lower()
    methods = {}
    if protocol in ("dhcp", "bootp"):
        methods[4] = DHCP
    elif protocol == "shared":
        methods[4] = SERVER
    elif any(re.fullmatch(r"IPADDR\d*", key) for key in values):
        methods[4] = STATIC
    if truth(values.get("IPV6INIT", "yes")):
        if truth(values.get("DHCPV6C", "no")):
            methods[6] = DHCP
        elif truth(values.get("IPV6_AUTOCONF", "yes")):
            methods[6] = AUTO
        elif "IPV6ADDR" in values:
            methods[6] = STATIC
    if any(values.get(key) for key in ("MASTER", "BRIDGE", "TEAM_MASTER")):
        methods = {}
    return Profile(
        path,
        values.get("TYPE", "Ethernet").lower(),
        [name] if name else None,
        values.get("HWADDR", "").lower() or None,
        truth(values.get("ONBOOT", "yes")) is not False,
        int(values.get("AUTOCONNECT_PRIORITY") or 0) if values.get("AUTOCONNECT_PRIORITY", "0").isdigit() else 0,
        methods,
    )


def keyfile(path: str, text: str) -> Optional[Profile]:
    """Read a keyfile; None for one that is no profile."""
    assignments = entries(text)
    kind = last(assignments, "connection", "type")
    if not kind:
        return None
    kind = _TYPES.get(kind, kind)
    name = last(assignments, "connection", "interface-name")
    patterns = [word for word in re.split(r"[;,\s]+", last(assignments, "match", "interface-name")) if word]
    mac = last(assignments, "ethernet", "mac-address") or last(assignments, "802-3-ethernet", "mac-address")
    methods = {
        family: known[method]
        for family, section, known in ((4, "ipv4", _METHODS), (6, "ipv6", _METHODS6))
        for method in [last(assignments, section, "method", "auto" if family == 6 else "")]
        if method in known
    }
    if any(last(assignments, "connection", key) for key in ("slave-type", "port-type", "master", "controller")):
        methods = {}
    priority = last(assignments, "connection", "autoconnect-priority", "0")
    return Profile(
        path,
        kind,
        [name] if name else patterns or None,
        mac.lower() or None,
        truth(last(assignments, "connection", "autoconnect", "true")) is not False,
        int(priority) if re.fullmatch(r"-?[0-9]{1,4}", priority) else 0,
        methods,
    )


def listed(text: str, link: Link) -> bool:
    """Whether a device list of NetworkManager.conf(5) names the interface; what it can't know doesn't match."""
    found = False
    for word in re.split(r"[;,]", text):
        word = word.strip()
        excluded = word.startswith("except:")
        if excluded:
            word = word[len("except:") :]
        kind, sign, value = word.partition(":")
        if not sign or re.fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+", word):
            kind, value = ("mac", word) if ":" in word else ("interface-name", word)
        hit = {
            "interface-name": fnmatch.fnmatchcase(link.name, value.lstrip("=~")),
            "mac": value.lower() in (link.mac, link.permanent_mac) and bool(value),
            "type": value == (link.kind or {"ether": "ethernet"}.get(link.type, link.type)),
        }.get(kind, False)
        if hit and excluded:
            return False
        found = found or hit
    return found


def _settings(files: Files) -> list[Entry]:
    """All of NetworkManager.conf: the snippets come first by name, the file itself last."""
    snippets = files.merged(_CONF, ".conf")
    paths = [p for p in snippets if p.startswith("/usr/")] + ["/etc/NetworkManager/NetworkManager.conf"]
    paths += [p for p in snippets if not p.startswith("/usr/")]
    return [entry for path in paths for entry in entries(files.text(path))]


def _managed(files: Files, settings: list[Entry], link: Link, ifupdown: frozenset[str]) -> bool:
    state = entries(files.text(f"/run/NetworkManager/devices/{link.ifindex}"))
    if truth(last(state, "device", "managed", "true")) is False:
        return False
    if listed(last(settings, "keyfile", "unmanaged-devices"), link):
        return False
    for section in {e.section for e in settings if e.section.startswith("device")}:
        match = last(settings, section, "match-device", "*")
        if truth(last(settings, section, "managed", "true")) is False and listed(match, link):
            return False
    # Debian's plugin leaves alone what /etc/network/interfaces has, unless told otherwise.
    plugin = "ifupdown" in last(settings, "main", "plugins")
    return not (plugin and link.name in ifupdown and truth(last(settings, "ifupdown", "managed", "no")) is not True)


def _no_default(settings: list[Entry], link: Link) -> bool:
    return listed(last(settings, "main", "no-auto-default"), link)


def _keyfiles(files: Files) -> list[Optional[Profile]]:
    paths = [p for p in files.merged(_PROFILES, "") if p.endswith(".nmconnection") or p.startswith("/etc/")]
    return [keyfile(path, files.text(path)) for path in paths if not path.rpartition("/")[2].startswith(".")]


def _ifcfg_profiles(files: Files) -> list[Optional[Profile]]:
    # Only with the plugin that reads them, which EL 10 no longer has.
    if not files.glob("/usr/lib*/NetworkManager/*/libnm-settings-plugin-ifcfg-rh.so"):
        return []
    paths = [
        p for p in files.glob(f"{_IFCFG}/ifcfg-*") if not p.endswith((".bak", ".orig", "~", ".rpmnew", ".rpmsave"))
    ]
    return [ifcfg(path, files.text(path)) for path in paths]


def _applies(profile: Profile, link: Link) -> bool:
    if profile.names is not None:
        return any(fnmatch.fnmatchcase(link.name, pattern) for pattern in profile.names)
    if profile.mac is not None:
        return profile.mac in (link.mac, link.permanent_mac)
    # Without either, a profile is for every device of its type.
    wired = link.type == "ether" and link.kind in (None, "veth")
    return wired if profile.type in _WIRED else profile.type == (link.kind or "")

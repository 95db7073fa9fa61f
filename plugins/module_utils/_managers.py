# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which network managers count on this host, what their files say, and which DHCP clients run.

A manager counts where its unit runs or is started at boot; the files of the others say nothing of this host.
Sources: systemctl(1), org.freedesktop.systemd1(5) (ActiveState, UnitFileState, WantedBy), systemd-sysv-generator(8).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _cloud, _networkd, _networkmanager, _sockets
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _manager_files as manager_files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._networkd import Claim

# Units that configure the network; the ones whose files are read here come first.
NETWORKD = "systemd-networkd.service"
NETWORK_MANAGER = "NetworkManager.service"
IFUPDOWN = "networking.service"
INITSCRIPTS = "network.service"
WICKED = "wickedd.service"
DHCPCD = "dhcpcd.service"
CLOUD_INIT = ("cloud-init.service", "cloud-init-local.service", "cloud-init-network.service")
UNREAD = ("connman.service", "connman-vpn.service", "iwd.service")
UNITS = (NETWORKD, NETWORK_MANAGER, IFUPDOWN, INITSCRIPTS, WICKED, DHCPCD, *CLOUD_INIT, *UNREAD)
PROPERTIES = ("LoadState", "ActiveState", "UnitFileState", "WantedBy", "RequiredBy")

CLIENTS = frozenset(("dhclient", "udhcpc", "udhcpc6", "dhcpcd", "pump", "dhcp6c"))


class Client(NamedTuple):
    """A running DHCP client and the interfaces that its command line names (none = all, or not to be seen)."""

    process: _sockets.Process
    interfaces: tuple[str, ...]


class Reading(NamedTuple):
    """What the managers' files say; odd names what can't be read, managers the units that count."""

    claims: list[Claim]
    odd: list[str]
    managers: list[str]


def runs(unit: Optional[Mapping[str, str]]) -> bool:
    """Whether a unit, given by its properties, runs."""
    return (unit or {}).get("ActiveState") in ("active", "activating", "reloading")


def starts(unit: Optional[Mapping[str, str]]) -> bool:
    """Whether a unit is started at boot: enabled, or wanted by what a generator made of an init script."""
    unit = unit or {}
    if unit.get("LoadState") != "loaded":
        return False
    state = unit.get("UnitFileState", "")
    if state in ("enabled", "enabled-runtime"):
        return True
    # A static or generated unit starts because another one wants it.
    wanted = unit.get("WantedBy", "") or unit.get("RequiredBy", "")
    return state in ("generated", "static", "linked", "transient") and bool(wanted)


def read(files: Files, units: Mapping[str, Mapping[str, str]], links: Sequence[Link]) -> Reading:
    """What every manager that counts would make of these interfaces."""
    on = [name for name in UNITS if runs(units.get(name)) or starts(units.get(name))]
    claims = manager_files.kernel_command_line(files)
    odd: list[str] = []
    if NETWORKD in on:
        claims += _networkd.claims(files, links)
    if NETWORK_MANAGER in on:
        ifupdown = manager_files.ifupdown_names(files)
        claims += _networkmanager.claims(files, links, ifupdown)
    if IFUPDOWN in on:
        claims += manager_files.ifupdown(files, links)
    if INITSCRIPTS in on:
        claims += manager_files.ifcfg(files, suse=False)
    if WICKED in on:
        claims += manager_files.ifcfg(files, suse=True)
    if DHCPCD in on:
        claims += manager_files.dhcpcd(files, links)
    # netplan has no unit: its generator runs before all units, wherever it is installed.
    if any(
        files.exists(path) for path in ("/usr/sbin/netplan", "/usr/libexec/netplan/generate", "/lib/netplan/generate")
    ):
        found, odd = _cloud.netplan(files, links)
        claims += found
    if any(name in on for name in CLOUD_INIT):
        claims += _cloud.cloud_init(files, links)
    odd += [f"{name} runs, whose files are not read" for name in UNREAD[:1] if name in on]
    return Reading(list(dict.fromkeys(claims)), odd + list(dict.fromkeys(files.unreadable)), on)


def clients(links: Iterable[Link], root: str = "/") -> list[Client]:
    """The DHCP clients that run in this network namespace; a container's own clients are none of this host's."""
    names = {link.name for link in links}
    found = []
    for pid in _sockets.pids(root):
        # One small file a process; all else only of those few that are clients.
        if _sockets.command(pid, root) not in CLIENTS or not _same_network(pid, root):
            continue
        process = _sockets.read_process(pid, root)
        words = _arguments(pid, root)
        # dhcpcd's helpers change their title to what they do ("dhcpcd: eth0 [ip4]").
        words += [part for word in words for part in word.split()]
        found.append(Client(process, tuple(dict.fromkeys(word for word in words if word in names))))
    return found


def _arguments(pid: int, root: str) -> list[str]:
    try:
        text = Path(root, f"proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode("utf-8", "backslashreplace") for word in text.split(b"\0") if word]


def _same_network(pid: int, root: str) -> bool:
    """Whether a process is in our network namespace; one that can't be asked counts as being in it."""
    try:
        return os.readlink(Path(root, f"proc/{pid}/ns/net")) == os.readlink(Path(root, "proc/self/ns/net"))
    except OSError:
        return True

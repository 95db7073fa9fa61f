# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds a socket: from its inode to process, systemd unit and container; and the packet sockets.

Sources: proc_pid_fd(5), proc_pid_cgroup(5), cgroups(7), packet(7), net/packet/af_packet.c (the columns of
/proc/net/packet), net/ipv4/udp.c (those of /proc/net/udp). root is the directory that holds proc/, so that a
recorded tree can be read. What can't be read (another user's process, one that just ended) is left out.
"""

from __future__ import annotations

import ipaddress
import os
import re
import struct
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import UdpSocket

# The EtherTypes by which a packet socket sees IPv4 (linux/if_ether.h).
ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
IP_PROTOCOLS = (ETH_P_ALL, ETH_P_IP)

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_UNIT = re.compile(r".+\.(?:service|scope|socket|mount|swap)")
_CONTAINER = re.compile(r"(?:^|[-/])([0-9a-f]{64})(?=[./]|$)")
_LXC = re.compile(r"/lxc(?:\.payload\.|/)([^/]+)")


class Process(NamedTuple):
    """A process; command is the kernel's 15-character name, cgroup its path (cgroup v2's, else systemd's).

    unit is the *system* unit that the process belongs to; container an OCI container's id or an LXC name.
    """

    pid: int
    command: str
    cgroup: str
    unit: Optional[str]
    container: Optional[str]


class PacketSocket(NamedTuple):
    """A packet socket (packet(7)); protocol is an EtherType (3 = all), ifindex 0 = bound to no interface."""

    protocol: int
    ifindex: int
    uid: int
    inode: int


def packet_sockets(root: str = "/") -> list[PacketSocket]:
    """Every packet socket of this network namespace; raises OSError, and ValueError on odd columns."""
    lines = Path(root, "proc/net/packet").read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split() for line in lines]
    if any(len(row) < 9 for row in rows):
        raise ValueError("/proc/net/packet has too few columns")
    return [PacketSocket(int(row[3], 16), int(row[4]), int(row[7]), int(row[8])) for row in rows]


def proc_udp_sockets(root: str = "/") -> list[UdpSocket]:
    """Every UDP socket, without the interface it is bound to: for kernels without udp_diag.

    Raises OSError, and ValueError on odd columns. A missing udp6 means no IPv6.
    """
    found = []
    for family, path in ((4, "proc/net/udp"), (6, "proc/net/udp6")):
        file = Path(root, path)
        if family == 6 and not file.exists():
            continue
        for line in file.read_text(encoding="ascii").splitlines()[1:]:
            row = line.split()
            if len(row) < 10:
                raise ValueError(f"/{path} has too few columns")
            address, port = row[1].split(":")
            # Each 32 bits of the address are printed as a number in the machine's own byte order.
            words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
            found.append(
                UdpSocket(
                    family=family,
                    address=str(ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))),
                    port=int(port, 16),
                    ifindex=0,
                    interface=None,
                    inode=int(row[9]),
                    uid=int(row[7]),
                    device_known=False,
                )
            )
    return found


def holders(inodes: set[int], root: str = "/") -> dict[int, list[Process]]:
    """The processes that hold each of these socket inodes; an inode whose owner can't be seen is not a key.

    Reads every process's descriptors, so ask for all inodes at once, and for none at no cost.
    """
    found: dict[int, list[Process]] = {}
    if not inodes:
        return found
    for pid in pids(root):
        held = inodes.intersection(_socket_inodes(pid, root))
        if held:
            process = read_process(pid, root)
            for inode in held:
                found.setdefault(inode, []).append(process)
    return found


def read_process(pid: int, root: str = "/") -> Process:
    """Describe one process; what can't be read is empty or None."""
    cgroup = parse_cgroup(_read(Path(root, f"proc/{pid}/cgroup")))
    return Process(pid, command(pid, root), cgroup, unit_of(cgroup), container_of(cgroup))


def pids(root: str = "/") -> list[int]:
    """Every process that can be seen, by number."""
    try:
        with os.scandir(Path(root, "proc")) as entries:
            return sorted(int(entry.name) for entry in entries if entry.name.isdigit())
    except OSError:
        return []


def command(pid: int, root: str = "/") -> str:
    """The kernel's 15-character name of a process, "" where it can't be read."""
    return _read(Path(root, f"proc/{pid}/comm")).rstrip("\n")


def parse_cgroup(text: str) -> str:
    """The path that says what a process belongs to, from the text of /proc/PID/cgroup (cgroups(7)).

    systemd's own hierarchy in cgroup v1 and hybrid mode, else the unified one; "" where there is neither.
    """
    paths = {}
    for line in text.splitlines():
        _number, _colon, rest = line.partition(":")
        controllers, _colon, path = rest.partition(":")
        paths[controllers] = path
    named = paths.get("name=systemd", "")
    return named if named not in ("", "/") else paths.get("", named)


def unit_of(cgroup: str) -> Optional[str]:
    """The system unit of a cgroup path: its first component that is no slice, where that is a unit.

    So systemd itself reads it (cg_path_decode_unit in src/basic/cgroup-util.c): a unit that a container
    manager's own systemd made, further down, is not one of this host.
    """
    for part in cgroup.strip("/").split("/"):
        if not part.endswith(".slice"):
            return part if _UNIT.fullmatch(part) else None
    return None


def container_of(cgroup: str) -> Optional[str]:
    """The innermost container's id (podman, docker, containerd, CRI-O) or name (LXC) of a cgroup path."""
    found = _CONTAINER.findall(cgroup) or _LXC.findall(cgroup)
    return found[-1] if found else None


def _socket_inodes(pid: int, root: str) -> Iterator[int]:
    try:
        with os.scandir(Path(root, f"proc/{pid}/fd")) as entries:
            paths = [entry.path for entry in entries]
    except OSError:
        return
    for path in paths:
        try:
            match = _SOCKET.fullmatch(os.readlink(path))
        except OSError:
            continue
        if match:
            yield int(match.group(1))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="backslashreplace")
    except OSError:
        return ""

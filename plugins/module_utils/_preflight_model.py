# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What preflight speaks of: a Finding, the Policy that a host is judged by, and the Host as it was read."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Callable, List, NamedTuple, Optional, Tuple, Union

from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, Link, UdpSocket
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import PacketSocket, Process

OK = "ok"
WARNING = "warning"
FAILURE = "failure"
NOT_CHECKABLE = "not_checkable"

UNIT = "dhcpd.service"
LEASE_FILE = "/var/lib/dhcpd/dhcpd.leases"

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class Finding(NamedTuple):
    """What one check saw; status is one of ok, warning, failure, not_checkable; hint says what to do."""

    check: str
    status: str
    found: str
    expected: str
    hint: str = ""


@dataclass(frozen=True)
class Policy:
    """What is asked of a host; the names are the module's options.

    initial_leases is None, "empty" or the path of a lease file to start from.
    """

    interfaces: tuple[str, ...] = ()
    subnets: tuple[Network, ...] = ()
    allow_dynamic_interfaces: tuple[str, ...] = ()
    lease_file: str = LEASE_FILE
    initial_leases: Optional[str] = None

    @property
    def subnets4(self) -> tuple[ipaddress.IPv4Network, ...]:
        """The declared IPv4 subnets."""
        return tuple(subnet for subnet in self.subnets if isinstance(subnet, ipaddress.IPv4Network))


# The states of a path in Host.files. LEASES is a regular file with at least one lease in it.
ABSENT = "absent"
REGULAR = "regular"
LEASES = "leases"
OTHER = "other"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Podman:
    """installed: podman answers or its package is there; version and candidate as printed, None = unknown."""

    installed: bool = False
    version: Optional[str] = None
    candidate: Optional[str] = None
    quadlet: bool = False


@dataclass(frozen=True)
class Host:
    """A host as it was read, once, before any check looks at it.

    None means "could not be read", and problems then says why, under the field's name. holders maps a socket
    inode to its processes, an unseen owner being no key. unit holds systemd's properties of dhcpd.service.
    packages are those of the distribution that are missing. files maps a path to its state (ABSENT ...).
    """

    links: Optional[list[Link]] = None
    addresses: Optional[list[Address]] = None
    udp: Optional[list[UdpSocket]] = None
    packets: Optional[list[PacketSocket]] = None
    holders: dict[int, list[Process]] = field(default_factory=dict)
    systemd: bool = True
    cgroup_v2: bool = True
    os_release: dict[str, str] = field(default_factory=dict)
    unit: Optional[dict[str, str]] = None
    podman: Podman = Podman()
    packages: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def ipv4(self, interface: str) -> list[Address]:
        """The IPv4 addresses of an interface, none where addresses could not be read."""
        return [a for a in self.addresses or () if a.family == 4 and a.interface == interface]

    def loopbacks(self) -> set[str]:
        """The names of the loopback interfaces."""
        return {link.name for link in self.links or () if link.type == "loopback"} | {"lo"}


Check = Callable[[Host, Policy], List[Finding]]
# Runs a command, given as a list, in the C locale: exit status (127 = no such command), stdout, stderr.
Runner = Callable[[List[str]], Tuple[int, str, str]]


def serving(host: Host, policy: Policy) -> Optional[list[str]]:
    """The interfaces that dhcpd is to serve: those named, else those with an address in a declared subnet.

    None where nothing tells: no interface and no IPv4 subnet given, or the host's addresses unknown.
    """
    if policy.interfaces:
        return list(policy.interfaces)
    if not policy.subnets4 or host.addresses is None:
        return None
    skipped = host.loopbacks()
    names = (a.interface for a in host.addresses if a.family == 4 and in_subnets(a, policy.subnets4))
    return [name for name in dict.fromkeys(names) if name not in skipped]


def in_subnets(address: Address, subnets: tuple[ipaddress.IPv4Network, ...]) -> bool:
    """Whether an IPv4 address lies inside one of the subnets."""
    return any(ipaddress.IPv4Address(address.address) in subnet for subnet in subnets)


def not_checkable(check: str, host: Host, name: str, expected: str, hint: str = "") -> Finding:
    """The finding for a field of Host that could not be read."""
    return Finding(check, NOT_CHECKABLE, host.problems.get(name, f"{name} unknown"), expected, hint)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What preflight speaks of: a Finding, the Policy that a host is judged by, and the Host as it was read."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Callable, Iterable, List, NamedTuple, Optional, Tuple, Union

from ansible_collections.quadlet.dhcpd.plugins.module_utils._boot_servers import Server
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4, IPV6, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._firewall import Firewall
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_contents import LeaseFile
from ansible_collections.quadlet.dhcpd.plugins.module_utils._managers import Client, Reading
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, Link, TcpListener, UdpSocket
from ansible_collections.quadlet.dhcpd.plugins.module_utils._rogue import Survey
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import PacketSocket, Process

OK = "ok"
WARNING = "warning"
FAILURE = "failure"
NOT_CHECKABLE = "not_checkable"

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

    initial_leases is None, "empty" or the path of a lease file to start from. families holds 4, 6 or both, which is
    what dhcpd serves; service, leases and unit are those of IPv6 where it is 6 alone. others are families that the
    release serves too, each judged by a policy of its own. tcp_ports are those that the configuration opens (OMAPI,
    failover). known_servers are the addresses of servers that may answer beside this one. take_over is the unit of a
    packaged dhcpd that is to go.
    """

    interfaces: tuple[str, ...] = ()
    subnets: tuple[Network, ...] = ()
    allow_dynamic_interfaces: tuple[str, ...] = ()
    lease_file: str = LEASE_FILE
    initial_leases: Optional[str] = None
    families: tuple[int, ...] = (4,)
    others: tuple[int, ...] = ()
    tcp_ports: tuple[int, ...] = ()
    user: str = "dhcpd"
    rogues: bool = False
    known_servers: tuple[str, ...] = ()
    take_over: Optional[str] = None

    @property
    def family(self) -> Family:
        """Whose service, lease file and unit are looked at."""
        return IPV4 if 4 in self.families else IPV6

    def declared(self, *families: int) -> tuple[Network, ...]:
        """The declared subnets of the families that are served, or of those given."""
        return tuple(subnet for subnet in self.subnets if subnet.version in (families or self.families))


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


class Space(NamedTuple):
    """The file system on which a path lies, or would lie: bytes and inodes free (None = it does not count them)."""

    path: str
    device: int
    free: int
    inodes: Optional[int]
    read_only: bool


@dataclass(frozen=True)
class Platform:
    """What the service needs of the host beside podman; None means that it could not be told.

    accounts holds name, uid and shell of passwd(5). quadlets maps what stands where quadlet looks for ours to the
    target of the link, "" for what is no link. shut are directories on the way to the leases that only their owners
    may pass. l3mdev is the sysctl net.ipv4.udp_l3mdev_accept.
    """

    spaces: tuple[Space, ...] = ()
    synchronised: Optional[bool] = None
    selinux: str = ""
    apparmor: tuple[str, ...] = ()
    accounts: Optional[tuple[tuple[str, int, str], ...]] = None
    quadlets: dict[str, str] = field(default_factory=dict)
    shut: tuple[str, ...] = ()
    l3mdev: bool = False

    def has_account(self, name: str) -> bool:
        """Whether /etc/passwd has that account."""
        return any(account == name for account, _number, _shell in self.accounts or ())


@dataclass(frozen=True)
class Host:
    """A host as it was read, once, before any check looks at it.

    None means "could not be read", and problems then says why, under the field's name. holders maps a socket
    inode to its processes, an unseen owner being no key. unit holds systemd's properties of dhcpd.service or
    dhcpd6.service.
    packages are those of the distribution that are missing. files maps a path to its state (ABSENT ...).
    managers is what the network managers' files say, clients the DHCP clients that run, waiting the servers
    that would start at the next boot. start_problem is the release's own objection to starting without leases.
    """

    links: Optional[list[Link]] = None
    addresses: Optional[list[Address]] = None
    udp: Optional[list[UdpSocket]] = None
    tcp: Optional[list[TcpListener]] = None
    packets: Optional[list[PacketSocket]] = None
    holders: dict[int, list[Process]] = field(default_factory=dict)
    systemd: bool = True
    cgroup_v2: bool = True
    os_release: dict[str, str] = field(default_factory=dict)
    unit: Optional[dict[str, str]] = None
    managers: Optional[Reading] = None
    clients: tuple[Client, ...] = ()
    waiting: tuple[Server, ...] = ()
    podman: Podman = Podman()
    packages: tuple[str, ...] = ()
    platform: Optional[Platform] = None
    firewall: Optional[Firewall] = None
    files: dict[str, str] = field(default_factory=dict)
    leases: Optional[LeaseFile] = None
    start_problem: Optional[str] = None
    survey: Optional[Survey] = None
    problems: dict[str, str] = field(default_factory=dict)

    def addresses_of(self, interface: str, family: int) -> list[Address]:
        """The addresses of an interface, none where addresses could not be read; IPv6's link-local ones don't count."""
        return [a for a in self.mine(family) if a.interface == interface]

    def mine(self, family: int) -> list[Address]:
        """The addresses of a family on all interfaces but loopback ones; IPv6's link-local ones don't count."""
        skipped = self.loopbacks()
        return [
            a for a in self.addresses or () if a.family == family and a.interface not in skipped and not a.is_link_local
        ]

    def loopbacks(self) -> set[str]:
        """The names of the loopback interfaces."""
        return {link.name for link in self.links or () if link.type == "loopback"} | {"lo"}


Check = Callable[[Host, Policy], List[Finding]]
# Runs a command, given as a list, in the C locale: exit status (127 = no such command), stdout, stderr.
Runner = Callable[[List[str]], Tuple[int, str, str]]

_MOST = 12


def serving(host: Host, policy: Policy) -> Optional[list[str]]:
    """The interfaces that dhcpd is to serve: those named, else those with an address in a declared subnet.

    None where nothing tells: no interface and no subnet given, or the host's addresses unknown.
    """
    if policy.interfaces:
        return list(policy.interfaces)
    declared = policy.declared()
    if not declared or host.addresses is None:
        return None
    names = (a.interface for family in policy.families for a in host.mine(family) if in_subnets(a, declared))
    return list(dict.fromkeys(names))


def in_subnets(address: Address, subnets: Iterable[Network]) -> bool:
    """Whether an address lies inside one of the subnets."""
    one = ipaddress.ip_address(address.address)
    return any(one.version == subnet.version and one in subnet for subnet in subnets)


def not_checkable(check: str, host: Host, name: str, expected: str, hint: str = "") -> Finding:
    """The finding for a field of Host that could not be read."""
    return Finding(check, NOT_CHECKABLE, host.problems.get(name, f"{name} unknown"), expected, hint)


def join(items: Iterable[object]) -> str:
    """Join for a message; a host can have thousands of interfaces, which nobody would read."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return ", ".join(texts[:_MOST]) + more


def owners_text(owners: Iterable[Process]) -> str:
    """Name processes: command, pid, unit, container."""
    return ", ".join(
        f"{o.command or 'a process'} (pid {o.pid}"
        # A container's scope says its id once more.
        + (f", unit {o.unit}" if o.unit and not (o.container and o.container in o.unit) else "")
        + (f", container {o.container[:12]}" if o.container else "")
        + ")"
        for o in owners
    )

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight's questions to the network: static addresses, free ports, interfaces to serve.

Sources: RFC 2131 section 4.1 (ports 67 and 68); packet(7) and linux/if_ether.h; the DHCP clients' own sources
for the sockets that they open.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_system as system
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link, UdpSocket
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    FAILURE,
    NOT_CHECKABLE,
    OK,
    UNIT,
    WARNING,
    Finding,
    Host,
    Policy,
    in_subnets,
    not_checkable,
    serving,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import ETH_P_IP, IP_PROTOCOLS, Process

SERVER_PORT = 67
CLIENT_PORT = 68
_MOST = 12

# DHCP clients by the kernel's 15-character command name, with the protocols their DHCP sockets use: the two
# managers also open packet sockets for other ends (ARP, LLDP), which say nothing of DHCP.
_CLIENTS = {
    "dhclient": IP_PROTOCOLS,
    "dhcpcd": IP_PROTOCOLS,
    "udhcpc": IP_PROTOCOLS,
    "busybox": IP_PROTOCOLS,
    "pump": IP_PROTOCOLS,
    "wickedd-dhcp4": IP_PROTOCOLS,
    "connmand": (ETH_P_IP,),
    "NetworkManager": (ETH_P_IP,),
    "systemd-network": (ETH_P_IP,),
}
# Units that run DHCP servers of their own beside much else: to advise stopping them could cut a host off.
_MANAGERS = frozenset(
    f"{name}.service"
    for name in (
        "NetworkManager",
        "connman",
        "incus",
        "libvirtd",
        "lxd",
        "networking",
        "systemd-networkd",
        "virtnetworkd",
    )
)


def static_addresses(host: Host, policy: Policy) -> list[Finding]:
    """Every IPv4 address is static, but on the interfaces allowed to be dynamic.

    A DHCP server whose own address is leased can lose it, and the service with it. Static means to the
    kernel: permanent and valid for ever (a DHCP client gives its lease's time with the address).
    """
    check, expected = "static_addresses", "static IPv4 addresses"
    if host.addresses is None:
        return [not_checkable(check, host, "addresses", expected)]
    findings = []
    skipped = host.loopbacks()
    mine = [a for a in host.addresses if a.family == 4 and a.interface not in skipped]
    dynamic = [a for a in mine if not a.permanent or a.valid_lifetime is not None]
    for address in dynamic:
        left = "" if address.valid_lifetime is None else f", valid for {address.valid_lifetime} s"
        found = f"{address.address}/{address.prefix_length} on {address.interface} is dynamic{left}"
        if address.interface in policy.allow_dynamic_interfaces:
            findings.append(Finding(check, OK, f"{found}, which is allowed", expected))
            continue
        hint = (
            f"give {address.interface} a static address in this host's network configuration, "
            f"or name it in allow_dynamic_interfaces"
        )
        findings.append(Finding(check, FAILURE, found, expected, hint))
    if not dynamic:
        found = _list(f"{a.address}/{a.prefix_length} on {a.interface}" for a in mine)
        findings.append(Finding(check, OK, found or "no IPv4 address", expected))
    return findings


def ports(host: Host, policy: Policy) -> list[Finding]:
    """UDP 67 is free or this very service's; 67 and 68 have no holder on an interface that matters.

    A bind test would prove nothing, as dhcpd and dhclient set SO_REUSEADDR: the holders are looked up.
    """
    check, expected = "ports", "UDP 67 and 68 free"
    if host.udp is None:
        return [not_checkable(check, host, "udp", expected)]
    findings = []
    for port, judge in ((SERVER_PORT, _server_socket), (CLIENT_PORT, _client_socket)):
        sockets = [s for s in host.udp if s.port == port and (s.family == 4 or _takes_ipv4(s))]
        findings += [judge(host, policy, socket) for socket in sockets]
        if not sockets:
            findings.append(Finding(check, OK, f"UDP {port} is free", f"UDP {port} free"))
    return list(dict.fromkeys(findings + _packet_clients(host, policy)))


def interfaces(host: Host, policy: Policy) -> list[Finding]:
    """Each interface to serve exists, is up, has carrier, and has an address inside a declared subnet."""
    check, expected = "interfaces", "an interface that is up, with an IPv4 address in a declared subnet"
    for name, value in (("links", host.links), ("addresses", host.addresses)):
        if value is None:
            return [not_checkable(check, host, name, expected)]
    names = serving(host, policy)
    if names is None:
        hint = "give interfaces or subnets"
        return [Finding(check, NOT_CHECKABLE, "no interfaces and no IPv4 subnets given", expected, hint)]
    findings = []
    if not names:
        found = "no interface has an address in " + _list(policy.subnets4)
        hint = f"give an interface an address in a declared subnet; there are {_addresses(host)}"
        findings.append(Finding(check, FAILURE, found, expected, hint))
    links = {link.name: link for link in host.links or ()}
    for name in names:
        findings += _interface(host, policy, name, links)
    served = [a for name in names for a in host.ipv4(name)]
    for subnet in policy.subnets4 if names else ():
        if not any(in_subnets(address, (subnet,)) for address in served):
            found = f"no serving interface has an address in {subnet}"
            hint = "this is right only where a relay forwards the subnet's requests to this host"
            findings.append(Finding(check, WARNING, found, f"an interface in {subnet}, or a relay", hint))
    return findings


def _interface(host: Host, policy: Policy, name: str, links: dict[str, Link]) -> list[Finding]:
    check = "interfaces"
    link = links.get(name)
    if link is None:
        hint = f"correct the name; there are {_list(links)}"
        return [Finding(check, FAILURE, f"there is no interface {name}", f"an interface {name}", hint)]
    findings = []
    if not link.up:
        findings.append(
            Finding(check, FAILURE, f"{name} is down", f"{name} up", f"set {name} up, also for the next boot")
        )
    elif not link.carrier:
        hint = "look at the cable, the switch port or the other end; until then no answer can be proved"
        findings.append(Finding(check, WARNING, f"{name} has no carrier", f"{name} with carrier", hint))
    mine = host.ipv4(name)
    if not mine:
        hint = f"give {name} a static IPv4 address; without one dhcpd does not listen on it"
        findings.append(Finding(check, FAILURE, f"{name} has no IPv4 address", f"an IPv4 address on {name}", hint))
    elif policy.subnets4 and not any(in_subnets(address, policy.subnets4) for address in mine):
        found = f"{name} has {_list(f'{a.address}/{a.prefix_length}' for a in mine)}"
        wanted = f"an address in {_list(policy.subnets4)}"
        hint = f"declare the subnet of {name}, even an empty one, or correct its address"
        findings.append(Finding(check, FAILURE, found, wanted, hint))
    if not findings:
        found = f"{name} is up with {_list(f'{a.address}/{a.prefix_length}' for a in mine)}"
        findings.append(Finding(check, OK, found, f"{name} ready to serve"))
    return findings


def _server_socket(host: Host, policy: Policy, socket: UdpSocket) -> Finding:
    """Judge a holder of UDP 67: ours, another interface's, or a conflict."""
    check, expected = "ports", f"UDP {SERVER_PORT} free"
    owners = host.holders.get(socket.inode, [])
    device = _device(host, socket)
    found = f"UDP {SERVER_PORT}{_at(socket, device)} is held by {_owners(owners, socket)}"
    if owners and all(owner.unit == UNIT for owner in owners) and system.is_ours(host.unit):
        return Finding(check, OK, found, f"UDP {SERVER_PORT} held by {UNIT} or free")
    mine = serving(host, policy)
    if device is not None and (mine is None or device not in mine):
        if mine is not None:
            return Finding(check, OK, f"{found}, which is not served here", expected)
        hint = f"no conflict as long as dhcpd does not serve {device}"
        return Finding(check, WARNING, found, expected, hint)
    if not socket.device_known and socket.address in ("0.0.0.0", "::"):
        hint = f"whether it is bound to one interface can't be seen: modprobe udp_diag; else {_stop(owners)}"
        return Finding(check, FAILURE, found, expected, hint)
    return Finding(check, FAILURE, found, expected, _stop(owners))


def _client_socket(host: Host, policy: Policy, socket: UdpSocket) -> Finding:
    """Judge a holder of UDP 68: a DHCP client, whose interfaces its packet sockets tell where need be."""
    check, expected = "ports", f"UDP {CLIENT_PORT} free"
    owners = host.holders.get(socket.inode, [])
    device = _device(host, socket)
    devices = {device} if device is not None else _packet_devices(host, owners)
    at = _at(socket, device) or (f" ({_list(sorted(devices))})" if devices else "")
    found = f"UDP {CLIENT_PORT}{at} is held by {_owners(owners, socket)}"
    allowed = set(policy.allow_dynamic_interfaces)
    if devices and devices <= allowed:
        return Finding(check, OK, f"{found}, which is allowed", expected)
    if not owners and not devices and policy.allow_dynamic_interfaces:
        return Finding(check, NOT_CHECKABLE, found, expected, "run as root, in the host's own PID namespace")
    return Finding(check, FAILURE, found, expected, _no_client(sorted(devices - allowed)))


def _packet_clients(host: Host, policy: Policy) -> list[Finding]:
    """DHCP clients seen by their packet sockets alone: they need no UDP socket until they have a lease."""
    check, expected = "ports", "no DHCP client on an interface with a static address"
    if host.packets is None:
        return [not_checkable(check, host, "packets", expected)]
    names = {link.ifindex: link.name for link in host.links or ()}
    # What holds UDP 68 without a device is named there already, with all its interfaces.
    named = {
        owner.pid
        for socket in host.udp or ()
        if socket.port == CLIENT_PORT and _device(host, socket) is None
        for owner in host.holders.get(socket.inode, [])
    }
    findings = []
    for socket in host.packets:
        device = names.get(socket.ifindex, f"#{socket.ifindex}")
        if not socket.ifindex or device in policy.allow_dynamic_interfaces:
            continue
        owners = host.holders.get(socket.inode, [])
        if any(owner.pid in named for owner in owners):
            continue
        clients = [o for o in owners if socket.protocol in _CLIENTS.get(o.command, ())]
        if clients:
            found = f"a DHCP client runs on {device}: {_owners(clients)}"
            findings.append(Finding(check, FAILURE, found, expected, _no_client([device])))
        elif not owners and socket.protocol in IP_PROTOCOLS:
            found = f"a packet socket on {device} whose owner can't be seen"
            hint = "run as root, in the host's own PID namespace"
            findings.append(Finding(check, NOT_CHECKABLE, found, expected, hint))
    return findings


def _takes_ipv4(socket: UdpSocket) -> bool:
    """Whether an IPv6 socket takes IPv4 packets too: the usual kind of server written in Go or Java."""
    mapped = ipaddress.IPv6Address(socket.address).ipv4_mapped is not None
    return mapped or (socket.address == "::" and not socket.v6only)


def _device(host: Host, socket: UdpSocket) -> Optional[str]:
    """The one interface a socket is confined to, by SO_BINDTODEVICE or by its local address."""
    if socket.interface is not None:
        return socket.interface
    for address in host.addresses or ():
        if address.address == socket.address:
            return address.interface
    return None


def _packet_devices(host: Host, owners: list[Process]) -> set[str]:
    """The interfaces on which these processes have packet sockets of a DHCP client."""
    names = {link.ifindex: link.name for link in host.links or ()}
    pids = {owner.pid for owner in owners}
    return {
        names.get(socket.ifindex, f"#{socket.ifindex}")
        for socket in host.packets or ()
        if socket.ifindex
        and socket.protocol in IP_PROTOCOLS
        and any(holder.pid in pids for holder in host.holders.get(socket.inode, []))
    }


def _at(socket: UdpSocket, device: Optional[str]) -> str:
    if device is None:
        return ""
    return f" on {device}" if socket.interface else f" at {socket.address} on {device}"


def _owners(owners: list[Process], socket: Optional[UdpSocket] = None) -> str:
    """Name the processes: pid, command, unit, container."""
    if not owners:
        return f"an owner that can't be seen (uid {socket.uid})" if socket else "an owner that can't be seen"
    return ", ".join(
        f"{o.command or 'a process'} (pid {o.pid}"
        # A container's scope says its id once more.
        + (f", unit {o.unit}" if o.unit and not (o.container and o.container in o.unit) else "")
        + (f", container {o.container[:12]}" if o.container else "")
        + ")"
        for o in owners
    )


def _stop(owners: list[Process]) -> str:
    """What to do about a server, by what started it."""
    units = list(dict.fromkeys(o.unit for o in owners if o.unit and o.unit.endswith(".service")))
    if any(unit in _MANAGERS for unit in units):
        return f"turn off the DHCP server in the configuration of {_list(units)}"
    if UNIT in units:
        # A generated unit can't be disabled; what stands in the place of ours, service_unit says.
        return f"systemctl stop {UNIT}"
    if units:
        return f"systemctl disable --now {' '.join(units)}, where it is not needed"
    containers = [o.container[:12] for o in owners if o.container]
    if containers:
        return f"stop container {' '.join(dict.fromkeys(containers))}"
    return "stop it: " + (_list(f"pid {o.pid}" for o in owners) or "ss -uanp as root names it")


def _no_client(devices: list[str]) -> str:
    # Never "stop the process": what runs the client is often what keeps this host reachable.
    which = _list(devices) or "the interface"
    return f"configure {which} statically, without DHCP, or name it in allow_dynamic_interfaces"


def _addresses(host: Host) -> str:
    return _list(f"{a.address}/{a.prefix_length} on {a.interface}" for a in host.addresses or () if a.family == 4)


def _list(items: Iterable[object]) -> str:
    """Join for a message; a host can have thousands of interfaces, which nobody would read."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return ", ".join(texts[:_MOST]) + more

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight's questions to the network: free ports, now and at the next boot, and other servers on the segment.

Sources: RFC 2131 section 4.1 (ports 67 and 68), RFC 8415 section 7.2 (546 and 547); packet(7) and linux/if_ether.h;
the DHCP clients' own sources for the sockets that they open.
"""

from __future__ import annotations

import ipaddress
from typing import Optional, Union

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_system as system
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import TcpListener, UdpSocket
from ansible_collections.quadlet.dhcpd.plugins.module_utils._networkd import SERVER
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    FAILURE,
    NOT_CHECKABLE,
    OK,
    WARNING,
    Finding,
    Host,
    Policy,
    join,
    not_checkable,
    owners_text,
    serving,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import ETH_P_IP, IP_PROTOCOLS, Process

SERVER_PORT = 67
CLIENT_PORT = 68
PORTS = {4: (SERVER_PORT, CLIENT_PORT), 6: (547, 546)}

_OURS = frozenset(family.service for family in FAMILIES)

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


def ports(host: Host, policy: Policy) -> list[Finding]:
    """The server's ports are free or this very service's; no client holds its port on an interface that matters.

    A bind test would prove nothing, as dhcpd and dhclient set SO_REUSEADDR: the holders are looked up.
    """
    check, expected = "ports", "UDP 67 and 68 free"
    if host.udp is None:
        return [not_checkable(check, host, "udp", expected)]
    findings = []
    for family in policy.families:
        for port, judge in zip(PORTS[family], (_server_socket, _client_socket)):
            sockets = [s for s in host.udp if s.port == port and _takes(s, family)]
            findings += [judge(host, policy, socket) for socket in sockets]
            if not sockets:
                findings.append(Finding(check, OK, f"UDP {port} is free", f"UDP {port} free"))
    if 4 in policy.families:
        findings += _packet_clients(host, policy)
    findings += _taken_along(host, policy)
    return list(dict.fromkeys(findings + _tcp(host, policy) + _waiting(host, policy)))


def rogues(host: Host, policy: Policy) -> list[Finding]:
    """No other server answers on the segments served; asked only on request."""
    check, expected = "rogue_servers", "no other DHCP server on the segments served"
    if not policy.rogues:
        return []
    if host.survey is None:
        return [not_checkable(check, host, "survey", expected, "give interfaces or subnets, and run as root")]
    findings = []
    for offer in host.survey.offers:
        found = f"a server at {offer.server} ({offer.mac}) answers on {offer.interface}, offering {offer.address}"
        if offer.server in policy.known_servers:
            findings.append(Finding(check, OK, f"{found}, which is known", expected))
        else:
            hint = f"find {offer.mac} on the switch and turn it off, or name {offer.server} in known_servers"
            findings.append(Finding(check, FAILURE, found, expected, hint))
    for name, reason in host.survey.failed.items():
        found = f"{name} can't be asked: {reason}"
        findings.append(Finding(check, NOT_CHECKABLE, found, expected, "run as root, with the interface up"))
    if not findings:
        findings.append(Finding(check, OK, "nobody else answers a DHCPDISCOVER", expected))
    return findings


def _taken_along(host: Host, policy: Policy) -> list[Finding]:
    """What a unit that is taken over serves beside, and would serve no longer: Debian's has a dhcpd for each family."""
    findings = []
    for family in sorted({4, 6} - {*policy.families, *policy.others}):
        port = PORTS[family][0]
        holders = [host.holders.get(s.inode, []) for s in host.udp or () if s.port == port and s.family == family]
        if policy.take_over and any(owner.unit == policy.take_over for owners in holders for owner in owners):
            found = f"{policy.take_over} serves IPv{family} too (UDP {port}), and would be stopped with it"
            hint = f"let the release serve IPv{family} as well, or turn it off in that unit's own configuration"
            findings.append(Finding("ports", FAILURE, found, "a take-over of all that the unit serves", hint))
    return findings


def _server_socket(host: Host, policy: Policy, socket: UdpSocket) -> Finding:
    """Judge a holder of the server's port: ours, another interface's, or a conflict."""
    check, expected = "ports", f"UDP {socket.port} free"
    owners = host.holders.get(socket.inode, [])
    device = _device(host, socket)
    found = f"UDP {socket.port}{_at(socket, device)} is held by {_owners(owners, socket)}"
    if owners and all(owner.unit == policy.family.service for owner in owners) and system.is_ours(host.unit):
        return Finding(check, OK, found, f"UDP {socket.port} held by {policy.family.service} or free")
    if policy.take_over and owners and all(owner.unit == policy.take_over for owner in owners):
        return Finding(check, OK, f"{found}, which will be taken over", expected)
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
    """Judge a holder of the client's port, whose interfaces its packet sockets tell where need be."""
    check, expected = "ports", f"UDP {socket.port} free"
    owners = host.holders.get(socket.inode, [])
    device = _device(host, socket)
    devices = {device} if device is not None else _packet_devices(host, owners)
    at = _at(socket, device) or (f" ({join(sorted(devices))})" if devices else "")
    found = f"UDP {socket.port}{at} is held by {_owners(owners, socket)}"
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


def _tcp(host: Host, policy: Policy) -> list[Finding]:
    """OMAPI's and failover's ports, where the configuration opens them."""
    check = "ports"
    if not policy.tcp_ports:
        return []
    if host.tcp is None:
        return [not_checkable(check, host, "tcp", f"TCP {join(policy.tcp_ports)} free")]
    findings = []
    for port in policy.tcp_ports:
        listeners = [listener for listener in host.tcp if listener.port == port]
        for listener in listeners:
            owners = host.holders.get(listener.inode, [])
            found = f"TCP {port} is held by {_owners(owners, listener)}"
            units = {owner.unit for owner in owners}
            mine = units <= _OURS and (policy.family.service not in units or system.is_ours(host.unit))
            if owners and mine:
                findings.append(Finding(check, OK, found, f"TCP {port} held by {policy.family.service} or free"))
            else:
                findings.append(Finding(check, FAILURE, found, f"TCP {port} free", _stop(owners)))
        if not listeners:
            findings.append(Finding(check, OK, f"TCP {port} is free", f"TCP {port} free"))
    return findings


def _waiting(host: Host, policy: Policy) -> list[Finding]:
    """Servers that don't run, or don't serve yet, and would take the port at the next boot."""
    check = "ports"
    mine = serving(host, policy)
    findings = []
    if "waiting" in host.problems:
        findings.append(not_checkable(check, host, "waiting", "configuration of DHCP servers to read", "run as root"))
    for server in host.waiting:
        if server.family not in policy.families or server.unit in (policy.take_over, policy.family.service):
            continue
        port = PORTS[server.family][0]
        where = "" if server.interfaces is None else f" on {join(server.interfaces)}"
        found = f"{server.unit} is enabled and would take UDP {port}{where} at the next boot ({server.source})"
        expected = f"nobody else for UDP {port} at the next boot"
        hint = f"systemctl disable {server.unit}, where it is not needed"
        if server.interfaces is not None and mine is not None and not set(server.interfaces) & set(mine):
            findings.append(Finding(check, OK, f"{found}, which is not served here", expected))
        elif server.interfaces is not None and mine is None:
            findings.append(Finding(check, WARNING, found, expected, hint))
        else:
            findings.append(Finding(check, FAILURE, found, expected, hint))
    held = {s.interface for s in host.udp or () if s.port == SERVER_PORT}
    for claim in host.managers.claims if host.managers and 4 in policy.families else ():
        if claim.method != SERVER or claim.interface in held:
            continue
        found = f"{claim.manager} would run a DHCP server on {claim.interface} ({claim.source})"
        expected = f"nobody else for UDP {SERVER_PORT} at the next boot"
        hint = f"turn it off in {claim.source}"
        if mine is not None and claim.interface in mine:
            findings.append(Finding(check, FAILURE, found, expected, hint))
        elif mine is None:
            findings.append(Finding(check, WARNING, found, expected, hint))
    return findings


def _takes(socket: UdpSocket, family: int) -> bool:
    """Whether a socket takes packets of a family: an IPv6 one may take IPv4's too, as Go's and Java's do."""
    if family == socket.family:
        return True
    mapped = ":" in socket.address and ipaddress.IPv6Address(socket.address).ipv4_mapped is not None
    return family == 4 and (mapped or (socket.address == "::" and not socket.v6only))


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


def _owners(owners: list[Process], socket: Union[UdpSocket, TcpListener, None] = None) -> str:
    if owners:
        return owners_text(owners)
    return f"an owner that can't be seen (uid {socket.uid})" if socket else "an owner that can't be seen"


def _stop(owners: list[Process]) -> str:
    """What to do about a server, by what started it."""
    units = list(dict.fromkeys(o.unit for o in owners if o.unit and o.unit.endswith(".service")))
    if any(unit in _MANAGERS for unit in units):
        return f"turn off the DHCP server in the configuration of {join(units)}"
    ours = [unit for unit in units if unit in _OURS]
    if ours:
        # A generated unit can't be disabled; what stands in the place of ours, service_unit says.
        return f"systemctl stop {join(ours)}"
    if units:
        return f"systemctl disable --now {' '.join(units)}, where it is not needed"
    containers = [o.container[:12] for o in owners if o.container]
    if containers:
        return f"stop container {' '.join(dict.fromkeys(containers))}"
    return "stop it: " + (join(f"pid {o.pid}" for o in owners) or "ss -uanp as root names it")


def _no_client(devices: list[str]) -> str:
    # Never "stop the process": what runs the client is often what keeps this host reachable.
    which = join(devices) or "the interface"
    return f"configure {which} statically, without DHCP, or name it in allow_dynamic_interfaces"

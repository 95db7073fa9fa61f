# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links, addresses and UDP sockets as the kernel tells them, without the commands ip and ss.

Sources: netlink(7), rtnetlink(7), sock_diag(7) and the kernel's headers linux/netlink.h, linux/if_link.h,
linux/if_addr.h, linux/if.h, linux/inet_diag.h. Everything here concerns the calling process's own network
namespace and needs no privilege.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from typing import Callable, Iterator, NamedTuple, Optional

NETLINK_ROUTE = 0
NETLINK_SOCK_DIAG = 4

RTM_GETLINK = 18
RTM_GETADDR = 22
SOCK_DIAG_BY_FAMILY = 20

_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_NLMSG_OVERRUN = 4
_NLMSG_MIN_TYPE = 16
_MAX_ERRNO = 4095
_NLM_F_REQUEST = 0x1
_NLM_F_DUMP_INTR = 0x10
_NLM_F_DUMP = 0x300
# The two upper bits of an attribute's type are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
_NLA_TYPE_MASK = 0x3FFF

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_IFINFOMSG = struct.Struct("=BxHiII")
_IFADDRMSG = struct.Struct("=BBBBI")
# inet_diag_msg: family, state, timer, retrans, ports, addresses (left to _SOURCE), interface, cookie,
# expires, rqueue, wqueue, uid, inode.
_INET_DIAG_MSG = struct.Struct("=BBBBHH32xI8xIIIII")
_SOURCE = slice(8, 24)
_INET_DIAG_REQ_V2 = struct.Struct("=BBBxI48x")

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MASTER, _IFLA_OPERSTATE, _IFLA_LINKINFO = 1, 3, 10, 16, 18
_IFLA_EXT_MASK, _IFLA_CARRIER, _IFLA_PERM_ADDRESS = 29, 33, 54
_IFLA_INFO_KIND = 1
_RTEXT_FILTER_SKIP_STATS = 8
_IFF_UP, _IFF_LOWER_UP = 0x1, 0x10000
_OPERSTATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
_ARPHRD = {1: "ether", 32: "infiniband", 772: "loopback", 65534: "none"}

_IFA_ADDRESS, _IFA_LOCAL, _IFA_CACHEINFO, _IFA_FLAGS, _IFA_PROTO = 1, 2, 6, 8, 11
_IFA_F_PERMANENT = 0x80
_FOREVER = 0xFFFFFFFF

_INET_DIAG_SKV6ONLY = 11
_ALL_STATES = 0xFFFFFFFF
_TCP_LISTEN = 1 << 10

_FAMILIES = {int(socket.AF_INET): 4, int(socket.AF_INET6): 6}

# The kernel fills at most 32 KiB a datagram of a dump; more only for a single message that needs it.
_RECEIVE_BYTES = 1 << 18
_TIMEOUT_SECONDS = 2.0
_ATTEMPTS = 20


class NetlinkError(Exception):
    """A dump that could not be had or read; errno is the kernel's, or 0 where the bytes made no sense."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.errno = number


class Link(NamedTuple):
    """A network interface.

    kind is the driver's link type (veth, bridge, vlan ...) or None for a plain device; type is the hardware
    type by name (ether, loopback, infiniband, none) or number; master is the index of the bridge, bond or VRF
    it belongs to; operstate is RFC 2863's as linux/if.h names it; permanent_mac is what the hardware was made
    with, "" where it has none or the kernel (before 5.6) doesn't tell.
    """

    ifindex: int
    name: str
    kind: Optional[str]
    up: bool
    carrier: bool
    operstate: str
    mac: str
    master: Optional[int]
    type: str
    permanent_mac: str = ""


class Address(NamedTuple):
    """An address of this host; family is 4 or 6, valid_lifetime is in seconds, None = forever.

    proto is IFA_PROTO (who set it: 1 loopback, 2 router advertisement, 3 link-local), None before Linux 5.18.
    """

    ifindex: int
    interface: str
    family: int
    address: str
    prefix_length: int
    permanent: bool
    valid_lifetime: Optional[int]
    proto: Optional[int]

    @property
    def is_link_local(self) -> bool:
        """Whether it is one of fe80::/10 (RFC 4291, section 2.5.6)."""
        return self.family == 6 and self.address[:4].lower() in ("fe80", "fe90", "fea0", "feb0")


class UdpSocket(NamedTuple):
    """A UDP socket; family is 4 or 6, interface is what SO_BINDTODEVICE bound it to, None = none.

    v6only False on a family 6 wildcard socket says that it takes IPv4 too. device_known is False where the
    source (/proc/net/udp) does not tell the bound interface.
    """

    family: int
    address: str
    port: int
    ifindex: int
    interface: Optional[str]
    inode: int
    uid: int
    v6only: bool = False
    device_known: bool = True


class TcpListener(NamedTuple):
    """A TCP socket that waits for connections."""

    family: int
    address: str
    port: int
    interface: Optional[str]
    inode: int
    uid: int


class Message(NamedTuple):
    """One netlink message without its header."""

    type: int
    flags: int
    sequence: int
    payload: bytes


# What a transport does: send one request to a netlink protocol, yield datagrams until the reader stops.
Transport = Callable[[int, bytes], Iterator[bytes]]


def messages(data: bytes) -> list[Message]:
    """Split one datagram into its messages (netlink(7)); raises NetlinkError on a length that can't be."""
    found = []
    offset = 0
    while offset < len(data):
        if len(data) - offset < _HEADER.size:
            raise NetlinkError("a netlink message is cut short")
        length, kind, flags, sequence, _port = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size or length > len(data) - offset:
            raise NetlinkError(f"a netlink message claims {length} bytes")
        found.append(Message(kind, flags, sequence, data[offset + _HEADER.size : offset + length]))
        offset += (length + 3) & ~3
    return found


def attributes(data: bytes) -> dict[int, bytes]:
    """Read type-length-value attributes (rtnetlink(7)) by type; raises NetlinkError on a bad length."""
    found = {}
    offset = 0
    while len(data) - offset >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or length > len(data) - offset:
            raise NetlinkError(f"a netlink attribute claims {length} bytes")
        found[kind & _NLA_TYPE_MASK] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return found


def parse_link(payload: bytes) -> Link:
    """Read one RTM_NEWLINK payload (ifinfomsg and attributes); raises NetlinkError."""
    _family, hardware, index, flags, _change = _head(_IFINFOMSG, payload)
    found = attributes(payload[_IFINFOMSG.size :])
    kind = attributes(found.get(_IFLA_LINKINFO, b"")).get(_IFLA_INFO_KIND)
    carrier = found.get(_IFLA_CARRIER)
    operstate = found.get(_IFLA_OPERSTATE, b"\0")
    return Link(
        ifindex=index,
        name=_text(found.get(_IFLA_IFNAME, b"")) or _unnamed(index),
        kind=None if kind is None else _text(kind),
        up=bool(flags & _IFF_UP),
        carrier=carrier != b"\0" if carrier is not None else bool(flags & _IFF_LOWER_UP),
        operstate=_OPERSTATES[operstate[0]] if operstate and operstate[0] < len(_OPERSTATES) else "unknown",
        mac=_mac(found.get(_IFLA_ADDRESS, b"")),
        master=_u32(found[_IFLA_MASTER]) if _IFLA_MASTER in found else None,
        type=_ARPHRD.get(hardware, str(hardware)),
        permanent_mac=_mac(found.get(_IFLA_PERM_ADDRESS, b"")),
    )


def parse_address(payload: bytes, names: dict[int, str]) -> Optional[Address]:
    """Read one RTM_NEWADDR payload; names maps interface index to name.

    Returns None for a family other than IPv4 and IPv6; raises NetlinkError.
    """
    family, prefix_length, flags, _scope, index = _head(_IFADDRMSG, payload)
    if family not in _FAMILIES:
        return None
    found = attributes(payload[_IFADDRMSG.size :])
    # On a point-to-point link IFA_ADDRESS is the peer's; IFA_LOCAL is ours wherever both are given.
    packed = found.get(_IFA_LOCAL, found.get(_IFA_ADDRESS, b""))
    # ifa_flags has 8 bits and IFA_FLAGS 32: the attribute counts where the kernel (3.14 and later) gives it.
    if _IFA_FLAGS in found:
        flags = _u32(found[_IFA_FLAGS])
    valid = _u32(found[_IFA_CACHEINFO][4:8]) if _IFA_CACHEINFO in found else _FOREVER
    proto = found.get(_IFA_PROTO)
    return Address(
        ifindex=index,
        interface=names.get(index, _unnamed(index)),
        family=_FAMILIES[family],
        address=_address(family, packed),
        prefix_length=prefix_length,
        permanent=bool(flags & _IFA_F_PERMANENT),
        valid_lifetime=None if valid == _FOREVER else valid,
        proto=proto[0] if proto else None,
    )


def parse_udp_socket(payload: bytes, names: dict[int, str]) -> UdpSocket:
    """Read one SOCK_DIAG_BY_FAMILY payload (inet_diag_msg); raises NetlinkError."""
    head = _head(_INET_DIAG_MSG, payload)
    family, port, index, uid, inode = head[0], head[4], head[6], head[10], head[11]
    source = payload[_SOURCE]
    if family not in _FAMILIES:
        raise NetlinkError(f"a UDP socket of address family {family}")
    found = attributes(payload[_INET_DIAG_MSG.size :])
    return UdpSocket(
        family=_FAMILIES[family],
        address=_address(family, source[:4] if family == socket.AF_INET else source),
        port=socket.ntohs(port),
        ifindex=index,
        interface=names.get(index, _unnamed(index)) if index else None,
        inode=inode,
        uid=uid,
        v6only=found.get(_INET_DIAG_SKV6ONLY, b"\0") != b"\0",
    )


def transport(protocol: int, request: bytes) -> Iterator[bytes]:
    """Send request to a netlink protocol and yield the datagrams that come back; raises NetlinkError."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as channel:
            channel.settimeout(_TIMEOUT_SECONDS)
            channel.sendto(request, (0, 0))
            while True:
                data, _ancillary, flags, _sender = channel.recvmsg(_RECEIVE_BYTES)
                if flags & socket.MSG_TRUNC:
                    raise NetlinkError("a netlink message does not fit the buffer")
                yield data
    except (OSError, AttributeError) as error:
        raise NetlinkError(f"netlink: {error}", getattr(error, "errno", 0) or 0) from error


def dump(protocol: int, kind: int, body: bytes, send: Transport = transport) -> list[bytes]:
    """Ask for everything of one kind and return the payloads.

    A dump that the kernel marks as interrupted (NLM_F_DUMP_INTR: the table changed meanwhile, so an entry may
    be missing), or whose answers overran the receive buffer, is asked again. Raises NetlinkError with the
    kernel's errno, or EAGAIN where the table never stood still.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        flags = _NLM_F_REQUEST | _NLM_F_DUMP
        request = _HEADER.pack(_HEADER.size + len(body), kind, flags, attempt, 0) + body
        try:
            payloads = _complete(send(protocol, request), attempt)
        except NetlinkError as error:
            if error.errno != errno.ENOBUFS:
                raise
            payloads = None
        if payloads is not None:
            return payloads
    raise NetlinkError(f"the kernel's table changed during each of {_ATTEMPTS} readings", errno.EAGAIN)


def links(send: Transport = transport) -> list[Link]:
    """Every interface of this network namespace, in the kernel's order; raises NetlinkError."""
    # Without statistics an answer is a third as long, which counts on hosts with thousands of interfaces.
    body = _IFINFOMSG.pack(0, 0, 0, 0, 0) + _ATTRIBUTE.pack(8, _IFLA_EXT_MASK)
    body += struct.pack("=I", _RTEXT_FILTER_SKIP_STATS)
    return [parse_link(payload) for payload in dump(NETLINK_ROUTE, RTM_GETLINK, body, send)]


def addresses(names: dict[int, str], send: Transport = transport) -> list[Address]:
    """Every IPv4 and IPv6 address; names maps interface index to name (from links()); raises NetlinkError."""
    body = _IFADDRMSG.pack(0, 0, 0, 0, 0)
    parsed = [parse_address(payload, names) for payload in dump(NETLINK_ROUTE, RTM_GETADDR, body, send)]
    return [address for address in parsed if address is not None]


def udp_sockets(names: dict[int, str], send: Transport = transport) -> list[UdpSocket]:
    """Every UDP socket of both families; names as for addresses().

    Raises NetlinkError, with ENOENT where the kernel has no udp_diag.
    """
    return _inet_sockets(socket.IPPROTO_UDP, _ALL_STATES, names, send)


def tcp_listeners(names: dict[int, str], send: Transport = transport) -> list[TcpListener]:
    """Every TCP socket that listens; as udp_sockets() otherwise."""
    found = _inet_sockets(socket.IPPROTO_TCP, _TCP_LISTEN, names, send)
    return [TcpListener(s.family, s.address, s.port, s.interface, s.inode, s.uid) for s in found]


def _inet_sockets(protocol: int, states: int, names: dict[int, str], send: Transport) -> list[UdpSocket]:
    found = []
    for family in _FAMILIES:
        body = _INET_DIAG_REQ_V2.pack(family, protocol, 0, states)
        try:
            payloads = dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, body, send)
        except NetlinkError as error:
            if family == socket.AF_INET6 and error.errno in (errno.ENOENT, errno.EAFNOSUPPORT):
                continue
            raise
        found += [parse_udp_socket(payload, names) for payload in payloads]
    return found


def _complete(datagrams: Iterator[bytes], sequence: int) -> Optional[list[bytes]]:
    """The payloads of one whole dump, or None where the kernel says that it was interrupted."""
    payloads: list[bytes] = []
    interrupted = False
    for datagram in datagrams:
        for message in messages(datagram):
            if message.sequence != sequence:
                continue
            interrupted = interrupted or bool(message.flags & _NLM_F_DUMP_INTR)
            if message.type == _NLMSG_OVERRUN:
                raise NetlinkError("netlink: answers were lost", errno.ENOBUFS)
            if message.type in (_NLMSG_ERROR, _NLMSG_DONE):
                number = -struct.unpack_from("=i", message.payload)[0] if len(message.payload) >= 4 else 0
                if not 0 <= number <= _MAX_ERRNO:
                    raise NetlinkError(f"a netlink error number of {number}")
                if number or message.type == _NLMSG_ERROR:
                    raise NetlinkError(f"netlink: {os.strerror(number)}", number)
                return None if interrupted else payloads
            if message.type >= _NLMSG_MIN_TYPE:
                payloads.append(message.payload)
    raise NetlinkError("a netlink dump ended without its last message")


def _head(layout: struct.Struct, payload: bytes) -> tuple[int, ...]:
    if len(payload) < layout.size:
        raise NetlinkError(f"a netlink answer has {len(payload)} bytes where {layout.size} are the least")
    return layout.unpack_from(payload)


def _mac(data: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in data)


def _u32(data: bytes) -> int:
    if len(data) < 4:
        raise NetlinkError("a netlink attribute is too short")
    value: int = struct.unpack_from("=I", data)[0]
    return value


def _text(data: bytes) -> str:
    # An interface name is any bytes but NUL, '/' and space (dev_valid_name in net/core/dev.c).
    return data.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def _address(family: int, packed: bytes) -> str:
    if len(packed) != (4 if family == socket.AF_INET else 16):
        raise NetlinkError(f"an address of {len(packed)} bytes")
    return str(ipaddress.ip_address(packed))


def _unnamed(index: int) -> str:
    return f"#{index}"

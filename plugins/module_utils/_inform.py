# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask a DHCP server on this very host whether it answers, without taking a lease.

A DHCPINFORM (RFC 2131, section 4.4.3) from the host's own address needs no pool, no ping-check and writes no
lease, so a sound server answers it also where it would rightly not answer a DHCPDISCOVER. It is sent on a packet
socket (packet(7)) of the serving interface, where dhcpd hears it as if it came from the segment. The answer goes
to the host's own address, so it never leaves the host: only what passes the loopback interface, or leaves the
serving interface from here, counts. What another server on the segment answers does neither.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import struct
import time
from typing import Iterable, Iterator, NamedTuple

ETH_P_ALL = 3
ETH_P_IP = 0x0800
PACKET_OUTGOING = 4
LOOPBACK = "lo"
MAGIC_COOKIE = b"\x63\x82\x53\x63"
MESSAGE_TYPE, END, PAD = 53, 255, 0
DHCPACK, DHCPINFORM = 5, 8
SERVER_PORT, CLIENT_PORT = 67, 68
REPEAT_EVERY = 0.25  # s; an answer takes milliseconds, so what counts is how soon after the start one is asked


class Asker(NamedTuple):
    """An interface from which to ask: its name, its MAC address (6 bytes), its own IPv4 address."""

    interface: str
    mac: bytes
    address: str


def request(asker: Asker, xid: int) -> bytes:
    """The Ethernet frame of a DHCPINFORM with transaction id *xid*, to the limited broadcast address."""
    address = ipaddress.IPv4Address(asker.address).packed
    message = struct.pack(
        "!BBBBIHH4s4s4s4s16s64s128s", 1, 1, 6, 0, xid, 0, 0, address, b"", b"", b"", asker.mac, b"", b""
    )
    message += MAGIC_COOKIE + bytes([MESSAGE_TYPE, 1, DHCPINFORM, END])
    return broadcast(asker.mac, address, message)


def broadcast(mac: bytes, source: bytes, message: bytes) -> bytes:
    """The Ethernet frame of a client's *message* from the address *source* to everyone (RFC 768, RFC 791)."""
    message = message.ljust(300, b"\0")  # BOOTP's minimum, RFC 1542 section 2.1
    datagram = struct.pack("!HHHH", CLIENT_PORT, SERVER_PORT, 8 + len(message), 0) + message
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, socket.IPPROTO_UDP, 0, source, b"\xff" * 4
    )
    header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
    return b"\xff" * 6 + mac + struct.pack("!H", ETH_P_IP) + header + datagram


def answered_address(frame: bytes, xid: int) -> str | None:
    """The address (ciaddr) that a DHCPACK to transaction *xid* answers; None for any other frame, however malformed."""
    message = reply(frame, xid)
    if message is None or _message_type(message[240:]) != DHCPACK:
        return None
    return str(ipaddress.IPv4Address(message[12:16]))


def reply(frame: bytes, xid: int) -> bytes | None:
    """The message in *frame* if it is a server's for transaction *xid*; None for any other, however malformed."""
    if len(frame) < 34 or frame[12:14] != struct.pack("!H", ETH_P_IP) or frame[23] != socket.IPPROTO_UDP:
        return None
    datagram = frame[14 + (frame[14] & 0x0F) * 4 :]
    message = datagram[8:]
    if datagram[:2] != struct.pack("!H", SERVER_PORT) or message[4:8] != struct.pack("!I", xid):
        return None
    return message if message[:1] == b"\x02" and message[236:240] == MAGIC_COOKIE else None


def ask(askers: Iterable[Asker], timeout: float) -> set[str]:
    """Send a DHCPINFORM on every interface until each is answered or *timeout* seconds are over.

    Returns the names of the interfaces on which a server of this host answered.
    Raises OSError where a packet socket can't be had (no CAP_NET_RAW, interface gone).
    """
    waiting = {asker.address: asker for asker in askers}
    answered: set[str] = set()
    xid = int.from_bytes(os.urandom(4), "big")
    with contextlib.ExitStack() as stack:
        sockets = {
            name: stack.enter_context(tap(name)) for name in (LOOPBACK, *(a.interface for a in waiting.values()))
        }
        end = time.monotonic() + timeout
        ask_at = 0.0
        while waiting and time.monotonic() < end:
            if time.monotonic() >= ask_at:
                for asker in waiting.values():
                    # An interface that is down meanwhile is told as one without an answer, by its name.
                    with contextlib.suppress(OSError):
                        sockets[asker.interface].send(request(asker, xid))
                ask_at = time.monotonic() + REPEAT_EVERY
            pause = max(0.0, min(ask_at, end) - time.monotonic())
            for frame in heard(sockets, pause):
                address = answered_address(frame, xid)
                if address in waiting:
                    answered.add(waiting.pop(address).interface)
    return answered


def tap(interface: str) -> socket.socket:
    """A packet socket that sees every frame of an interface."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.bind((interface, ETH_P_ALL))
    return made


def heard(taps: dict[str, socket.socket], seconds: float) -> Iterator[bytes]:
    """Wait for frames, and yield those that this host sent, to itself or out of an interface."""
    for ready in select.select(list(taps.values()), [], [], seconds)[0]:
        try:
            frame, origin = ready.recvfrom(2048)
        except OSError:  # its interface went down
            continue
        if ready is taps[LOOPBACK] or origin[2] == PACKET_OUTGOING:
            yield frame


def _message_type(options: bytes) -> int | None:
    position = 0
    while position + 1 < len(options) and options[position] != END:
        if options[position] == PAD:
            position += 1
            continue
        length = options[position + 1]
        if options[position] == MESSAGE_TYPE and length == 1 and position + 2 < len(options):
            return options[position + 2]
        position += 2 + length
    return None


def _checksum(header: bytes) -> int:
    """The Internet checksum of RFC 1071 over an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask a DHCPv6 server on this very host whether it answers, without taking a lease.

An Information-request (RFC 8415, section 18.2.6) asks for options alone: dhcpd -6 answers it in milliseconds, needs no
pool for it and writes no lease. It listens on a UDP socket that joined ff02::1:2 on each interface it serves, so the
request is an ordinary datagram from the interface's link-local address: Linux gives a copy to the members on this host
(a frame sent on a packet socket would pass them by). dhcpd replies to that address, port 546, and since the address
is this host's own, the reply passes the loopback interface. Only what is seen there counts, or leaves the serving
interface from here: what another server on the segment answers does neither.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
import time
from typing import Iterable, NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import (
    LOOPBACK,
    REPEAT_EVERY,
    Asker,
    heard,
    tap,
)

ETH_P_IPV6 = 0x86DD
INFORMATION_REQUEST, REPLY = 11, 7
CLIENT_ID, OPTION_REQUEST, ELAPSED_TIME, REFRESH_TIME = 1, 6, 8, 32
DUID_LL, ETHERNET = 3, 1
SERVERS = "ff02::1:2"
SERVER_PORT, CLIENT_PORT = 547, 546


class Reply(NamedTuple):
    """A server's answer: to which transaction (3 bytes), and to which address."""

    xid: bytes
    address: str


def request(asker: Asker, xid: bytes) -> bytes:
    """An Information-request with the transaction id *xid* (3 bytes)."""
    duid = struct.pack("!HH", DUID_LL, ETHERNET) + asker.mac
    options = struct.pack("!HH", CLIENT_ID, len(duid)) + duid
    options += struct.pack("!HHH", ELAPSED_TIME, 2, 0) + struct.pack("!HHH", OPTION_REQUEST, 2, REFRESH_TIME)
    return bytes([INFORMATION_REQUEST]) + xid + options


def reply(frame: bytes) -> Reply | None:
    """The answer in *frame* if it is a DHCPv6 server's Reply to a client; None for any other, however malformed."""
    if frame[12:14] != struct.pack("!H", ETH_P_IPV6) or frame[20:21] != bytes([socket.IPPROTO_UDP]):
        return None
    datagram = frame[54:]
    if datagram[:4] != struct.pack("!HH", SERVER_PORT, CLIENT_PORT) or datagram[8:9] != bytes([REPLY]):
        return None
    return Reply(datagram[9:12], str(ipaddress.IPv6Address(frame[38:54]))) if len(datagram) >= 12 else None


def ask(askers: Iterable[Asker], timeout: float) -> set[str]:
    """Send an Information-request on every interface until each is answered or *timeout* seconds are over.

    Returns the names of the interfaces on which a server of this host answered. An address that duplicate address
    detection has not passed yet can't be sent from: such an interface is asked again.
    Raises OSError where a packet socket can't be had (no CAP_NET_RAW, interface gone).
    """
    waiting = {Reply(os.urandom(3), asker.address): asker for asker in askers}
    answered: set[str] = set()
    with contextlib.ExitStack() as stack:
        taps = {name: stack.enter_context(tap(name)) for name in (LOOPBACK, *(a.interface for a in waiting.values()))}
        end = time.monotonic() + timeout
        ask_at = 0.0
        while waiting and time.monotonic() < end:
            if time.monotonic() >= ask_at:
                for wanted, asker in waiting.items():
                    _send(asker, request(asker, wanted.xid))
                ask_at = time.monotonic() + REPEAT_EVERY
            pause = max(0.0, min(ask_at, end) - time.monotonic())
            for frame in heard(taps, pause):
                found = reply(frame)
                if found in waiting:
                    answered.add(waiting.pop(found).interface)
    return answered


def _send(asker: Asker, message: bytes) -> None:
    index = socket.if_nametoindex(asker.interface)
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
        sender.bind((asker.address, 0, 0, index))
        sender.sendto(message, (SERVERS, SERVER_PORT, 0, index))

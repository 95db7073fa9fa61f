# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else answers a DHCPDISCOVER on a segment (RFC 2131, section 4.3.1), without taking a lease.

The DISCOVER goes out on a packet socket from the interface's own MAC address, so that switches with DHCP snooping
let it pass, and asks for broadcast answers. No DHCPREQUEST follows: an offer ends by itself and no server writes
one down. What leaves this host (packet(7), PACKET_OUTGOING) or carries one of its own addresses as server
identifier is its own server's answer.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import struct
import time
from typing import Iterable, NamedTuple, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import (
    END,
    ETH_P_IP,
    MAGIC_COOKIE,
    MESSAGE_TYPE,
    PACKET_OUTGOING,
    PAD,
    broadcast,
    reply,
)

DHCPDISCOVER, DHCPOFFER = 1, 2
SERVER_IDENTIFIER = 54
_BROADCAST_FLAG = 0x8000
# dhcpd's ping-check holds its first offer back for a second, and a first frame may be lost.
_ASK_AT = (0.0, 1.0)
SECONDS = 2.9


class Offer(NamedTuple):
    """An answer from another machine: where it was heard, who sent it, what it offered."""

    interface: str
    server: str
    mac: str
    address: str


class Survey(NamedTuple):
    """The offers of other servers, each once, and the interfaces that could not be asked, with the reason."""

    offers: list[Offer]
    failed: dict[str, str]


def discover(mac: bytes, xid: int) -> bytes:
    """The Ethernet frame of a DHCPDISCOVER with transaction id *xid*."""
    message = struct.pack(
        "!BBBBIHH4s4s4s4s16s64s128s", 1, 1, 6, 0, xid, 0, _BROADCAST_FLAG, b"", b"", b"", b"", mac, b"", b""
    )
    # Parameter request list: subnet mask and router. Some servers keep silent without one.
    message += MAGIC_COOKIE + bytes([MESSAGE_TYPE, 1, DHCPDISCOVER, 55, 2, 1, 3, END])
    return broadcast(mac, b"", message)


def offer(interface: str, frame: bytes, xid: int) -> Optional[Offer]:
    """Read a frame that offers an address for transaction *xid*; None for any other, however malformed."""
    message = reply(frame, xid)
    if message is None:
        return None
    options = _options(message[240:])
    if options.get(MESSAGE_TYPE) != bytes([DHCPOFFER]):
        return None
    server = options.get(SERVER_IDENTIFIER, b"")
    return Offer(
        interface,
        str(ipaddress.IPv4Address(server if len(server) == 4 else frame[26:30])),
        ":".join(f"{byte:02x}" for byte in frame[6:12]),
        str(ipaddress.IPv4Address(message[16:20])),
    )


def survey(macs: dict[str, str], own: Iterable[str], seconds: float = SECONDS) -> Survey:
    """Ask on every interface (name -> its MAC address) at once, and listen for *seconds* in all.

    own are this host's addresses. Never raises OSError: what can't be asked is in failed.
    """
    mine = set(own)
    found: dict[tuple[str, str, str], Offer] = {}
    failed: dict[str, str] = {}
    xid = int.from_bytes(os.urandom(4), "big")
    with contextlib.ExitStack() as stack:
        taps: dict[str, socket.socket] = {}
        for name, mac in macs.items():
            try:
                if len(mac) != len("00:00:5e:00:53:01"):
                    raise OSError(f"it has no Ethernet address ({mac or 'none'})")
                tap = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
                tap.bind((name, ETH_P_IP))
                taps[name] = tap
            except OSError as error:
                failed[name] = error.strerror or str(error)
        start = time.monotonic()
        asks = list(_ASK_AT)
        while taps and time.monotonic() - start < seconds:
            if asks and time.monotonic() - start >= asks[0]:
                asks.pop(0)
                for name, tap in list(taps.items()):
                    try:
                        tap.send(discover(bytes.fromhex(macs[name].replace(":", "")), xid))
                    except OSError as error:
                        failed[name] = error.strerror or str(error)
                        del taps[name]
            until = min([seconds, *asks]) - (time.monotonic() - start)
            for tap in select.select(list(taps.values()), [], [], max(0.0, until))[0]:
                try:
                    frame, origin = tap.recvfrom(2048)
                except OSError:  # the interface went down meanwhile
                    continue
                answer = offer(str(origin[0]), frame, xid) if origin[2] != PACKET_OUTGOING else None
                if answer is not None and answer.server not in mine and answer.mac != macs.get(answer.interface):
                    found.setdefault((answer.interface, answer.server, answer.mac), answer)
    return Survey(list(found.values()), failed)


def _options(data: bytes) -> dict[int, bytes]:
    found = {}
    position = 0
    while position + 1 < len(data) and data[position] != END:
        if data[position] == PAD:
            position += 1
            continue
        length = data[position + 1]
        found[data[position]] = data[position + 2 : position + 2 + length]
        position += 2 + length
    return found

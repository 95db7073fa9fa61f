"""Clients that never stop asking: a fixed set of hardware addresses on one interface, each renewing in its turn.

Each answer becomes one line of JSON on stdout: when, who, which address, until when. A server that has forgotten a
lease says NAK, since the clients ask as after a reboot, by address.

Or visitors: each asks until it has a lease and never again, so that no later renewal hides what became of it.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
MAGIC = b"\x63\x82\x53\x63"


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(source: bytes, mac: bytes, xid: int, kind: int, options: bytes) -> bytes:
    dhcp = struct.pack("!4BIHH16x6s10x192x", 1, 1, 6, 0, xid, 0, 0x8000, mac)
    dhcp += MAGIC + bytes([53, 1, kind]) + options + b"\xff"
    udp = struct.pack("!4H", 68, 67, 8 + len(dhcp), 0) + dhcp
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\0" * 4, b"\xff" * 4)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return b"\xff" * 6 + source + b"\x08\x00" + head + udp


def parse(packet: bytes) -> tuple[int, bytes, str, dict[int, bytes]] | None:
    """The xid, client, address and options of a server's answer."""
    dhcp = packet[14 + 20 + 8 :]
    if packet[12:14] != b"\x08\x00" or packet[23] != 17 or packet[34:38] != struct.pack("!2H", 67, 68):
        return None
    options, at = {}, 240
    while at < len(dhcp) and dhcp[at] != 255:
        if dhcp[at] == 0:
            at += 1
            continue
        options[dhcp[at]] = dhcp[at + 2 : at + 2 + dhcp[at + 1]]
        at += 2 + dhcp[at + 1]
    return struct.unpack("!I", dhcp[4:8])[0], dhcp[28:34], socket.inet_ntoa(dhcp[16:20]), options


def answers(link: socket.socket, seconds: float) -> Iterator[tuple[int, bytes, str, dict[int, bytes]]]:
    """Yield what servers answer within that time."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        link.settimeout(left)
        try:
            answer = parse(link.recv(2048))
        except TimeoutError:
            return
        if answer:
            yield answer


def main(interface: str, clients: int, pause: float, first: int = 0x20, visitors: bool = False) -> None:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    link.bind((interface, 0))
    source = link.getsockname()[4]
    macs = [bytes.fromhex("00005e0053") + bytes([first + number]) for number in range(clients)]
    leases: dict[bytes, str] = {}
    # By transaction: what is promised counts from the question, however late the answer is read.
    sent: dict[int, float] = {}
    turn = 0
    while asking := [mac for mac in macs if not (visitors and mac in leases)]:
        mac = asking[turn % len(asking)]
        turn += 1
        address = leases.get(mac)
        kind, options = (REQUEST, b"\x32\x04" + socket.inet_aton(address)) if address else (DISCOVER, b"")
        question = int.from_bytes(os.urandom(4), "big")
        sent[question] = time.time()
        link.send(frame(source, mac, question, kind, options))
        for xid, client, address, found in answers(link, pause):
            if xid not in sent:
                continue
            said = found[53][0]
            if said == OFFER:
                options = b"\x32\x04" + socket.inet_aton(address) + b"\x36\x04" + found[54]
                sent[xid] = time.time()
                link.send(frame(source, client, xid, REQUEST, options))
                continue
            now = time.time()
            if said == ACK:
                leases[client] = address
                until = sent[xid] + struct.unpack("!I", found[51])[0]
                line = {"at": now, "mac": client.hex(":"), "ip": address, "until": until}
            else:
                line = {"at": now, "mac": client.hex(":"), "nak": leases.pop(client, "?")}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    first = [int(first) for first in sys.argv[4:5]]
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *(first or [0x20]), visitors=len(sys.argv) == 5)

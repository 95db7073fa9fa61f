"""A crowd of clients without a pause: each has one request under way, and asks again as soon as it is answered.

Each renews its lease a few times, then another comes in its place: new leases and renewals wait for one commit. That
they were answered is the wire's to say; a client's identifier is its hardware address in hexadecimal.
"""

from __future__ import annotations

import itertools
import os
import socket
import sys
import time

from traffic import ACK, DISCOVER, OFFER, REQUEST, answers, frame

RENEWALS, PATIENCE = 15, 1.0
IDENTITIES = 10_000  # then the first comes back: fewer than there are addresses


class Crowd:
    def __init__(self, interface: str, size: int) -> None:
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.link.bind((interface, 0))
        self.source = self.link.getsockname()[4]
        self.numbers = itertools.cycle(range(IDENTITIES))
        self.waiting: dict[int, tuple[float, bytes, str, int]] = {}  # by xid: since when, who, for what, renewals left
        for _client in range(size):
            self.newcomer()

    def ask(self, mac: bytes, kind: int, xid: int, address: str, left: int, server: bytes = b"") -> None:
        options = bytes([61, 13, 0]) + mac.hex().encode()
        if address:
            options += b"\x32\x04" + socket.inet_aton(address)
        self.waiting[xid] = time.monotonic(), mac, address, left
        self.link.send(frame(self.source, mac, xid, kind, options + server))

    def newcomer(self) -> None:
        mac = b"\2\0" + next(self.numbers).to_bytes(4, "big")
        self.ask(mac, DISCOVER, xid(), "", RENEWALS)

    def live(self) -> None:
        while True:
            for known, _mac, address, found in answers(self.link, PATIENCE / 4):
                if known not in self.waiting:
                    continue
                _since, mac, _asked, left = self.waiting.pop(known)
                if found[53][0] == OFFER:
                    self.ask(mac, REQUEST, known, address, left, b"\x36\x04" + found[54])
                elif found[53][0] == ACK and left:
                    self.ask(mac, REQUEST, xid(), address, left - 1)
                else:
                    self.newcomer()
            late = time.monotonic() - PATIENCE
            for known in [known for known, (since, *_rest) in self.waiting.items() if since < late]:
                _since, mac, address, left = self.waiting.pop(known)
                self.ask(mac, REQUEST if address else DISCOVER, xid(), address, left)


def xid() -> int:
    return int.from_bytes(os.urandom(4), "big")


if __name__ == "__main__":
    Crowd(sys.argv[1], int(sys.argv[2])).live()

"""A crowd of clients that all ask at once, and again as soon as all are answered: the most that can wait for a commit.

Each has a few answers, then another comes in its place: new leases and renewals wait side by side. That they
were answered is the wire's to say; a client's identifier is its hardware address in hexadecimal.
"""

from __future__ import annotations

import itertools
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from traffic import ACK, DISCOVER, OFFER, REQUEST, answers, frame

ANSWERS, PATIENCE = 15, 0.5
IDENTITIES = 10_000  # then the first comes back: fewer than there are addresses


@dataclass
class Client:
    mac: bytes
    address: str = ""
    server: bytes = b""  # whose offer it takes next
    answers: int = ANSWERS  # to come

    def message(self, source: bytes, xid: int) -> bytes:
        options = bytes([61, 13, 0]) + self.mac.hex().encode()
        if self.address:
            options += b"\x32\x04" + socket.inet_aton(self.address)
        if self.server:
            options += b"\x36\x04" + self.server
        return frame(source, self.mac, xid, REQUEST if self.address else DISCOVER, options)


def newcomers() -> Iterator[Client]:
    for number in itertools.cycle(range(IDENTITIES)):
        yield Client(b"\2\0" + number.to_bytes(4, "big"))


def main(interface: str, size: int) -> None:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    link.bind((interface, 0))
    source = link.getsockname()[4]
    new = newcomers()
    crowd = list(itertools.islice(new, size))
    while True:
        waiting = {int.from_bytes(os.urandom(4), "big"): number for number in range(size)}
        for message in [crowd[number].message(source, xid) for xid, number in waiting.items()]:
            link.send(message)
        for xid, _mac, address, found in answers(link, PATIENCE):
            number = waiting.pop(xid, None)
            if number is not None:
                client = crowd[number]
                client.address, client.server = address, b""
                client.answers -= 1
                if found[53][0] == OFFER:
                    client.server = found[54]
                elif found[53][0] != ACK or not client.answers:
                    crowd[number] = next(new)
            if not waiting:
                break


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

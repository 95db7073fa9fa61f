# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no client of DHCPv6 should send, as malformed.py has it for IPv4: from one seed always the same.

python tests/acceptance/malformed6.py 3        show the first three
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address

from client6 import NUMBERS, SERVERS, option
from scapy.utils import checksum

LENGTHS = (0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 15, 16, 24, 25, 127, 255, 256, 1000, 0x7FFF, 0x8000, 0xFFFF)
MOST = 60000  # octets of a message: more than the frames that it comes in, less than what UDP carries
PART = 1400  # octets of a datagram in one frame, a multiple of eight
SENDER = "fe80::ff:fe00:ff00"
ETHERNET = bytes.fromhex("33330001000202000000ff0086dd")
POOL, PREFIXES = IPv6Address("2001:db8:0:1:a::").packed, IPv6Address("2001:db8:1000::").packed


def in_frames(message: bytes, number: int) -> list[bytes]:
    """The frames of a message: fragments, where it is longer than one of them. scapy would take most of the time."""
    addresses = IPv6Address(SENDER).packed + IPv6Address(SERVERS).packed
    udp = struct.pack("!HHH", 546, 547, 8 + len(message))
    summed = checksum(addresses + struct.pack("!II", 8 + len(message), 17) + udp + b"\0\0" + message)
    datagram = udp + struct.pack("!H", summed or 0xFFFF) + message
    if len(datagram) <= PART:
        return [_frame(17, addresses, datagram)]
    frames = []
    for at in range(0, len(datagram), PART):
        head = struct.pack("!BBHI", 17, 0, at | (at + PART < len(datagram)), number)
        frames.append(_frame(44, addresses, head + datagram[at : at + PART]))
    return frames


def _frame(kind: int, addresses: bytes, body: bytes) -> bytes:
    return ETHERNET + struct.pack("!IHBB", 6 << 28, len(body), kind, 64) + addresses + body


class Maker6:
    """Makes one message after the other, for the server with this identifier."""

    def __init__(self, seed: int, server: bytes) -> None:
        self.random = random.Random(seed)
        self.server = server
        self.damages: list[Callable[[bytes], bytes]] = [
            self.cut, self.length, self.inner, self.association, self.identifier, self.name, self.list_of_all,
            self.relay, self.relays, self.deep, self.wide, self.kind, self.query, self.vendor, self.twice, self.short,
            self.garbage, self.noise, self.flips, self.many,
        ]  # fmt: skip

    def frames(self, count: int) -> Iterator[tuple[str, list[bytes]]]:
        """The frames of each damaged message, with the damage's name; every kind comes as often as another."""
        for number in range(count):
            damage = self.damages[number % len(self.damages)]
            yield damage.__name__, in_frames(damage(self.sound())[:MOST], number)

    # --- sound messages -------------------------------------------------------------------------------------------

    def octets(self, most: int) -> bytes:
        return self.random.randbytes(self.random.randint(0, most))

    def some(self, *values: bytes) -> bytes:
        return self.random.choice(values)

    def head(self, kind: str = "", identified: bool = True) -> bytes:
        """Message type, transaction-id and identifiers of one of sixteen clients."""
        kind = kind or self.random.choice(
            ["solicit", "request", "confirm", "renew", "rebind", "release", "decline", "information-request"]
        )
        said = bytes([NUMBERS[kind]]) + self.random.randbytes(3)
        if identified:
            said += option(1, b"\0\3\0\1\2\0\0\0\xff" + bytes([self.random.randrange(16)]))
        return said + (option(2, self.server) if kind in ("request", "renew", "release", "decline") else b"")

    def lease(self) -> bytes:
        """An IAADDR in one of the large pools, or an IAPREFIX."""
        times = struct.pack("!II", self.random.choice((0, 300, 0xFFFFFFFF)), self.random.choice((0, 600, 0xFFFFFFFF)))
        address = POOL[:11] + self.random.randbytes(5)
        prefix = PREFIXES[:5] + self.random.randbytes(2) + bytes(9)
        return self.some(option(5, address + times), option(26, times + b"\x38" + prefix))

    def ia(self) -> bytes:
        """An IA_NA, IA_TA or IA_PD, with a lease or without."""
        code, lease = self.random.choice((3, 4, 25)), self.some(self.lease(), b"")
        return option(code, self.random.randbytes(4) + (b"" if code == 4 else bytes(8)) + lease)

    def sound(self) -> bytes:
        return self.head() + option(8, b"\0\0") + self.ia() + option(6, b"\0\x17\0\x18")

    def forward(self, message: bytes, hops: int = 0) -> bytes:
        link = self.some(b"\0" * 16, IPv6Address("2001:db8:0:2::1").packed, self.random.randbytes(16))
        return bytes([12, hops]) + link + IPv6Address(SENDER).packed + option(9, message)

    # --- damages --------------------------------------------------------------------------------------------------

    def cut(self, message: bytes) -> bytes:
        """Ends in the middle."""
        return message[: self.random.randint(4, len(message) - 1)]

    def length(self, message: bytes) -> bytes:
        """An option says more or less than it holds, or is not as long as its type."""
        code, said = self.random.randint(1, 150), self.random.choice(LENGTHS)
        typed = option(self.random.choice((1, 2, 3, 5, 6, 7, 8, 9, 13, 14, 18, 20, 25, 26, 32, 82)), self.octets(40))
        return self.head() + self.some(struct.pack("!HH", code, said) + self.octets(30), typed) + message[4:]

    def inner(self, message: bytes) -> bytes:
        """An IA whose options say another length, or hold what doesn't belong there."""
        wrong = struct.pack("!HH", self.random.choice((5, 13, 26, 1, 3)), self.random.choice(LENGTHS)) + self.octets(30)
        short = option(self.random.choice((5, 26)), self.octets(30))
        nested = self.ia()
        for _level in range(self.random.choice((1, 5, 60))):
            nested = option(3, bytes(12) + nested)
        value = self.random.randbytes(12) + self.some(wrong, short, short + self.lease(), nested)
        return self.head() + option(self.random.choice((3, 4, 25)), value)

    def association(self, message: bytes) -> bytes:
        """An IA that is too short for its own fields, or has any times, or leases that nobody can have."""
        address, prefix = self.random.randbytes(16), self.random.randbytes(16)
        bits = self.random.choice((0, 1, 47, 64, 127, 128, 129, 255))
        leases = option(5, address + self.random.randbytes(8)), option(26, bytes(8) + bytes([bits]) + prefix)
        value = self.some(
            self.octets(12), self.random.randbytes(12) + self.some(*leases) * self.random.choice((1, 1, 30))
        )
        return self.head() + option(self.random.choice((3, 4, 25)), value)

    def identifier(self, message: bytes) -> bytes:
        """A DUID of any length, none, several."""
        kind, wrong = message[:4], option(1, self.octets(self.random.choice((0, 3, 130, 1200))))
        return kind + self.some(wrong, wrong * 2, b"", option(2, b"") + wrong, option(2, self.server) * 2) + self.ia()

    def name(self, message: bytes) -> bytes:
        """A client's name that is giant, that points to itself, or that is no name."""
        size = self.random.choice((0, 1, 63, 64, 255, 256, 700))
        pointers = self.some(b"\xc0\x00", b"\x3fa" * 60, b"\xff" * 80, b"\5loop\xc0\0", b"\x3f" + b"a" * 63 + b"\0")
        name = self.some(b"a" * size, b"\0" * size, b"%n%s" * (size // 4), b'";}\n' * (size // 4), pointers)
        code = self.random.choice((39, 24, 21, 29, 33, 51, 57, 58, 64))
        flags = bytes([self.random.randrange(256)]) if code == 39 else b""
        return self.head() + option(code, flags + name) + self.ia() + option(6, struct.pack("!H", code))

    def list_of_all(self, message: bytes) -> bytes:
        """An Option Request Option with everything in it, with half of a code, or one thing again and again."""
        everything = b"".join(struct.pack("!H", code) for code in range(256))
        asked = self.some(everything, everything * 20, b"\0\x17" * 500, b"\0", b"\0\x17\0", b"", b"\xff\xff" * 50)
        return self.head() + self.ia() + option(6, asked)

    def relay(self, message: bytes) -> bytes:
        """A Relay-forward that is cut, that holds no message or several, or one that is none."""
        forward = self.forward(self.some(message, b"", b"\1", b"\1\0\0", b"\x0c" + bytes(20), self.octets(60)))
        more = self.some(b"", option(9, message), option(18, self.octets(600)), option(18, b"") * 3, option(37, b"\0"))
        whole = self.random.choice((12, 12, 12, 13)).to_bytes(1, "big") + forward[1:] + more
        return whole[: self.random.choice((len(whole), len(whole), self.random.randint(1, len(whole))))]

    def relays(self, message: bytes) -> bytes:
        """Relays around relays, whose hops go in circles, with a Relay-reply among them."""
        for _level in range(self.random.choice((2, 8, 9, 32, 33))):
            message = self.forward(message, self.random.choice((0, 1, 8, 32, 255)))
            if self.random.random() < 0.02:
                message = b"\x0d" + message[1:]
        return message

    def deep(self, message: bytes) -> bytes:
        """As many relays around each other as a datagram holds."""
        levels = self.random.choice((100, 400, 1500))
        inner = self.some(message, self.head("solicit") + self.ia())
        sizes = [len(inner) + 38 * level for level in range(levels)]
        return b"".join(bytes([12, 0]) + bytes(32) + struct.pack("!HH", 9, size) for size in reversed(sizes)) + inner

    def wide(self, message: bytes) -> bytes:
        """Dozens of IAs, or hundreds, or of leases in one of them: the answer may be longer than a datagram."""
        times = self.random.choice((1, 1, 1, 1, 4, 4, 4, 4, 12, 60))
        leases = b"".join(self.lease() for _number in range(25)) * times
        alike = self.some(option(3, bytes(12) + leases), option(25, bytes(12) + leases), leases)
        several = b"".join(self.ia() for _number in range(25)) * times
        return self.head(self.random.choice(["solicit", "confirm", "release"])) + self.some(alike, several)

    def kind(self, message: bytes) -> bytes:
        """A message type that is none, or not for a server."""
        return bytes([self.random.randrange(256)]) + message[1:]

    def query(self, message: bytes) -> bytes:
        """A Leasequery (RFC 5007), which dhcpd reads too, and DHCPv4 in DHCPv6 (RFC 7341)."""
        query = bytes([self.random.randrange(6)]) + self.octets(20) + self.some(b"", self.lease(), option(1, b"\0\3"))
        kind = self.random.choice((14, 14, 14, 15, 20, 21))
        return (
            bytes([kind])
            + self.head()[1:]
            + self.some(option(44, query), option(44, b""), option(87, self.octets(300)))
        )

    def vendor(self, message: bytes) -> bytes:
        """Options that hold options, which say another length."""
        wrong = struct.pack("!HH", self.random.randrange(65536), self.random.choice(LENGTHS)) + self.octets(20)
        return message + option(self.random.choice((11, 15, 16, 17, 94, 95, 96)), self.octets(6) + wrong)

    def twice(self, message: bytes) -> bytes:
        """Every option more than once."""
        return message + message[4:] * self.random.choice((1, 2, 10))

    def short(self, message: bytes) -> bytes:
        """Shorter than a message's own fields, down to nothing."""
        return message[: self.random.randint(0, 4)]

    def garbage(self, message: bytes) -> bytes:
        """Behind the options: octets without a meaning."""
        return message + self.random.randbytes(self.random.choice((1, 2, 3, 64, 1200)))

    def noise(self, message: bytes) -> bytes:
        """Nothing but noise, from the first octet or from the options on."""
        return message[: self.random.choice((0, 1, 4))] + self.random.randbytes(self.random.randint(1, 1200))

    def flips(self, message: bytes) -> bytes:
        """A few octets of a sound message are others."""
        flipped = bytearray(message)
        for _number in range(self.random.randint(1, 8)):
            flipped[self.random.randrange(len(flipped))] = self.random.randrange(256)
        return bytes(flipped)

    def many(self, message: bytes) -> bytes:
        """As many options as a frame holds, of any code and length."""
        options = [
            option(self.random.randint(0, 150), self.octets(self.random.choice((0, 4, 60)))) for _number in range(20)
        ]
        return self.head() + b"".join(options)


if __name__ == "__main__":
    for damage, frames in Maker6(8415, b"\0\3\0\1server").frames(int(sys.argv[1])):
        print(damage, *(octets.hex() for octets in frames))

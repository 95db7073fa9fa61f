# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no client should send: sound messages, damaged in one way or another, from one seed always the same.

python tests/acceptance/malformed.py 3        show the first three
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable, Iterator

from scapy.all import BOOTP, DHCP, IP, UDP, Ether, raw

OPTIONS = 14 + 20 + 8 + 240  # where the options begin in a frame, behind Ethernet, IP, UDP and BOOTP
SNAME, FILE = OPTIONS - 240 + 44, OPTIONS - 240 + 108
MOST = 1500 - 20 - 8  # octets of a message that Ethernet carries
NUMBERS = (0, 1, 2, 3, 5, 7, 127, 128, 254, 255)


class Maker:
    """Makes one frame after the other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.damages: list[Callable[[bytearray], bytearray]] = [
            self.cut, self.length, self.overload, self.name, self.hardware, self.garbage, self.cookie, self.short,
            self.headers, self.relay, self.nested, self.list_of_all, self.kind, self.size, self.noise, self.flips,
            self.many,
        ]  # fmt: skip

    def frames(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Damaged frames, each with the damage's name; every kind of damage comes as often as another."""
        for number in range(count):
            damage = self.damages[number % len(self.damages)]
            yield damage.__name__, bytes(damage(self.sound()))

    # --- sound messages -------------------------------------------------------------------------------------------

    def octets(self, most: int) -> bytes:
        return self.random.randbytes(self.random.randint(0, most))

    def some(self, *values: bytes) -> bytes:
        return self.random.choice(values)

    def sound(self) -> bytearray:
        """A message that could be a client's, one of sixteen."""
        mac = bytes.fromhex("02000000ff") + bytes([self.random.randrange(16)])
        kind = self.random.choice(["discover", "request", "inform", "release", "decline"])
        address = f"198.51.100.{self.random.randint(200, 254)}"  # of no pool: what is declined here is nobody's
        said = [("message-type", kind), ("client_id", b"\1" + mac), ("hostname", b"client")]
        if kind != "discover":
            said += [("requested_addr", address)]
        said += [("param_req_list", [1, 3, 6, 15]), "end"]
        ciaddr = address if kind in ("inform", "release") else "0.0.0.0"
        bootp = BOOTP(chaddr=mac, xid=self.random.getrandbits(32), ciaddr=ciaddr) / DHCP(options=said)
        ip = IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
        return bytearray(raw(Ether(src=mac.hex(":"), dst="ff:ff:ff:ff:ff:ff") / ip / bootp))

    def repaired(self, frame: bytes | bytearray) -> bytearray:
        """The frame with the lengths and checksums that IP and UDP want, so that dhcpd itself reads the damage."""
        head, body = bytes(frame[:14]), bytes(frame[14 + 20 + 8 :][:MOST])
        ip = IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
        return bytearray(head + raw(ip / body))

    def with_options(self, frame: bytearray, *options: bytes, end: bytes = b"\xff") -> bytearray:
        """Options in place of the frame's own."""
        return self.repaired(frame[:OPTIONS] + b"".join(options) + end)

    def option(self, code: int, value: bytes) -> bytes:
        """An option, in as many parts as it needs."""
        parts = [value[at : at + 255] for at in range(0, len(value), 255)] or [b""]
        return b"".join(bytes([code, len(part)]) + part for part in parts)

    @property
    def discover(self) -> bytes:
        return bytes([53, 1, self.random.choice((1, 3, 4, 7, 8))])

    # --- damages --------------------------------------------------------------------------------------------------

    def cut(self, frame: bytearray) -> bytearray:
        """Ends in the middle of the options."""
        return self.repaired(frame[: self.random.randint(OPTIONS, len(frame) - 1)])

    def length(self, frame: bytearray) -> bytearray:
        """An option says more or less than it holds, or not what its type is."""
        code, said = self.random.randint(1, 254), self.random.choice(NUMBERS)
        wrong = bytes([code, said]) + self.octets(20)
        typed = [self.option(code, self.octets(9)) for code in (50, 51, 54, 57, 82, 118)]
        return self.with_options(frame, self.discover, self.some(wrong, *typed), end=self.some(b"\xff", b""))

    def overload(self, frame: bytearray) -> bytearray:
        """Option 52 in file and sname, pointing to themselves, or to what is no options."""
        loop = bytes([52, 1, self.random.choice((1, 2, 3, 3, 0, 4, 255))])
        frame[FILE : FILE + 128] = (loop * 43)[:128] if self.random.random() < 0.5 else self.random.randbytes(128)
        frame[SNAME : SNAME + 64] = (loop * 22)[:64] if self.random.random() < 0.5 else self.random.randbytes(64)
        return self.with_options(frame, self.discover, loop * self.random.randint(1, 3))

    def name(self, frame: bytearray) -> bytearray:
        """A name that is giant, that points to itself, or that is no name."""
        size = self.random.choice((0, 1, 63, 64, 255, 256, 510, 700))
        pointers = self.some(b"\xc0\x00", b"\xc0\x02\xc0\x00", b"\x3fa" * 60, b"\xff" * 80, b"\x05loop\xc0\x00")
        value = self.some(b"a" * size, b"\0" * size, b"%n%s" * (size // 4), b'";}\n' * (size // 4), pointers)
        fqdn = bytes([self.random.randrange(256), 0, 0]) + value
        code = self.random.choice((12, 15, 17, 60, 61, 66, 67, 77, 81, 81, 119))
        return self.with_options(frame, self.discover, self.option(code, fqdn if code == 81 else value))

    def hardware(self, frame: bytearray) -> bytearray:
        """Type and length of the hardware address, op and hops."""
        for at in self.random.sample(range(4), self.random.randint(1, 3)):
            frame[OPTIONS - 240 + at] = self.random.choice((*NUMBERS, 6, 16, 17, 32))
        return self.repaired(frame)

    def garbage(self, frame: bytearray) -> bytearray:
        """Behind the end: octets without a meaning, up to the most that a frame holds."""
        return self.repaired(frame + self.random.randbytes(self.random.choice((1, 64, 300, 1490 - len(frame)))))

    def cookie(self, frame: bytearray) -> bytearray:
        """Another magic cookie, or none."""
        frame[OPTIONS - 4 : OPTIONS] = self.some(b"\0\0\0\0", b"\x63\x82\x53\x64", self.random.randbytes(4))
        return self.repaired(frame)

    def short(self, frame: bytearray) -> bytearray:
        """Shorter than BOOTP's own fields, down to nothing."""
        return self.repaired(frame[: self.random.randint(14 + 20 + 8, OPTIONS)])

    def headers(self, frame: bytearray) -> bytearray:
        """IP and UDP say another length than there is, or another version, or a fragment."""
        at, form, values = self.random.choice((
            (14, "!B", (0x00, 0x40, 0x44, 0x4F, 0x65)),
            (16, "!H", (0, 19, 20, 27, 28, 100, 1500, 65535)),
            (20, "!H", (0x2000, 0x2010, 0x1FFF)),
            (38, "!H", (0, 7, 8, 100, 1500, 65535)),
        ))  # fmt: skip
        struct.pack_into(form, frame, at, self.random.choice(values))
        return frame[: self.random.choice((len(frame), self.random.randint(34, len(frame))))]

    def relay(self, frame: bytearray) -> bytearray:
        """Option 82 with suboptions that say another length, several of them, and any giaddr."""
        suboption = bytes([self.random.choice((1, 2, 5, 9, 11, 200)), self.random.choice(NUMBERS)]) + self.octets(12)
        information = self.option(82, suboption * self.random.choice((1, 1, 2, 20)))
        giaddr = self.some(b"\0\0\0\0", b"\x7f\0\0\1", b"\xff\xff\xff\xff", bytes([203, 0, 113, 1]), b"\xe0\0\0\1")
        frame[OPTIONS - 240 + 24 : OPTIONS - 240 + 28] = giaddr
        return self.with_options(frame, self.discover, information * self.random.choice((1, 2, 6)))

    def nested(self, frame: bytearray) -> bytearray:
        """Options that hold options, which say another length."""
        inner = bytes([self.random.randrange(256), self.random.choice(NUMBERS)]) + self.octets(20)
        vendor = self.random.randbytes(4) + bytes([self.random.choice(NUMBERS)]) + inner
        codes = (43, 77, 78, 94, 97, 120, 124, 125)
        return self.with_options(frame, self.discover, self.option(self.random.choice(codes), self.some(inner, vendor)))

    def list_of_all(self, frame: bytearray) -> bytearray:
        """A parameter request list with everything in it, nothing, or one thing again and again."""
        asked = self.some(bytes(range(256)), bytes(range(1, 255)) * 3, b"\x06" * 255, b"", b"\0" * 50, b"\xff" * 50)
        return self.with_options(frame, self.discover, self.option(55, asked))

    def kind(self, frame: bytearray) -> bytearray:
        """A message type that is none, is empty, is too long, comes twice or not at all."""
        any_kind = self.random.randrange(256)
        types = (bytes([53, 1, any_kind]), b"\x35\0", b"\x35\4\1\1\1\1", bytes([53, 1, 1, 53, 1, any_kind]), b"")
        return self.with_options(frame, self.some(*types), self.option(50, bytes([198, 51, 100, 230])))

    def size(self, frame: bytearray) -> bytearray:
        """A maximum message size of nothing, of all, of one octet."""
        most = self.random.choice((0, 1, 235, 236, 240, 243, 300, 547, 576, 1500, 9000, 65535))
        value = self.some(most.to_bytes(2, "big"), b"\0", most.to_bytes(4, "big"))
        return self.with_options(frame, self.discover, self.option(57, value), self.option(55, bytes(range(1, 255))))

    def noise(self, frame: bytearray) -> bytearray:
        """Nothing but noise, from the first octet or from the options on."""
        sound = frame[: self.random.choice((14 + 20 + 8, OPTIONS))]
        return self.repaired(sound + self.random.randbytes(self.random.randint(1, 1000)))

    def flips(self, frame: bytearray) -> bytearray:
        """A few octets of a sound message are others."""
        for _number in range(self.random.randint(1, 8)):
            frame[self.random.randrange(14 + 20 + 8, len(frame))] = self.random.randrange(256)
        return self.repaired(frame)

    def many(self, frame: bytearray) -> bytearray:
        """As many options as a frame holds, of any code and length."""
        options, room = [self.discover], 1150
        while room > 0:
            options.append(self.option(self.random.randint(0, 255), self.octets(self.random.choice((0, 4, 60)))))
            room -= len(options[-1])
        return self.with_options(frame, *options)


if __name__ == "__main__":
    for damage, octets in Maker(2131).frames(int(sys.argv[1])):
        print(damage, octets.hex())

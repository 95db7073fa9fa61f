# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients of DHCPv6 and relay agents, made of scapy as those of client.py are, and on the same segment."""

from __future__ import annotations

import itertools
import os
import struct
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any

from client import PATIENCE, Segment
from scapy.all import UDP, Ether, IPv6, Packet, raw
from scapy.layers.dhcp6 import (
    DHCP6,
    DHCP6_RelayForward,
    DHCP6OptElapsedTime,
    DHCP6OptIA_NA,
    DHCP6OptIA_PD,
    DHCP6OptIA_TA,
    DHCP6OptIAAddress,
    DHCP6OptIAPrefix,
    DHCP6OptOptReq,
)
from scapy.utils6 import in6_mactoifaceid

SERVERS = "ff02::1:2"
MULTICAST = {SERVERS: "33:33:00:01:00:02", "ff05::1:3": "33:33:00:01:00:03"}
_KINDS = (
    "solicit advertise request confirm renew rebind reply release decline reconfigure information-request "
    "relay-forward relay-reply"
)
KINDS = dict(enumerate(_KINDS.split(), 1))
NUMBERS = {name: number for number, name in KINDS.items()}
NA, TA, PD = 3, 4, 25
NAMES_SERVER = ("request", "renew", "release", "decline")  # RFC 8415 section 16: with a server identifier
SUCCESS, NO_ADDRS, NO_BINDING, NOT_ON_LINK, USE_MULTICAST, NO_PREFIX = 0, 2, 3, 4, 5, 6

Option = Packet | bytes


def option(code: int, value: bytes = b"") -> bytes:
    return struct.pack("!HH", code, len(value)) + value


def na(*addresses: str, iaid: int = 1, preferred: int = 0, valid: int = 0) -> Packet:
    wanted = [DHCP6OptIAAddress(addr=one, preflft=preferred, validlft=valid) for one in addresses]
    return DHCP6OptIA_NA(iaid=iaid, T1=0, T2=0, ianaopts=wanted)


def ta(*addresses: str, iaid: int = 1) -> Packet:
    return DHCP6OptIA_TA(iaid=iaid, iataopts=[DHCP6OptIAAddress(addr=one) for one in addresses])


def pd(*prefixes: str, iaid: int = 1) -> Packet:
    split = [one.split("/") for one in prefixes]
    return DHCP6OptIA_PD(
        iaid=iaid, T1=0, T2=0, iapdopt=[DHCP6OptIAPrefix(prefix=one, plen=int(bits)) for one, bits in split]
    )


def asks(*codes: int) -> Packet:
    return DHCP6OptOptReq(reqopts=list(codes))


def fields(area: bytes) -> list[tuple[int, bytes]]:
    """The options of RFC 8415 section 21.1 in *area*, as they stand there: code and value."""
    found, at = [], 0
    while at < len(area):
        code, length = struct.unpack_from("!HH", area, at)
        found.append((code, area[at + 4 : at + 4 + length]))
        assert len(found[-1][1]) == length, "an option is longer than what is there"
        at += 4 + length
    return found


def status(options: list[tuple[int, bytes]]) -> int | None:
    """The code of option 13."""
    said = dict(options).get(13)
    return None if said is None else int.from_bytes(said[:2], "big")


@dataclass
class IA:
    """One of the three kinds of identity associations: sections 21.4, 21.5 and 21.21."""

    kind: int
    value: bytes
    iaid: int = 0
    t1: int = 0
    t2: int = 0
    status: int | None = None
    leases: list[tuple[str, int, int]] = field(default_factory=list)  # address or prefix, preferred, valid

    def __post_init__(self) -> None:
        (self.iaid,) = struct.unpack_from("!I", self.value)
        if self.kind != TA:
            self.t1, self.t2 = struct.unpack_from("!II", self.value, 4)
        options = fields(self.value[4 if self.kind == TA else 12 :])
        self.status = status(options)
        for code, value in options:
            if code == 5:
                self.leases.append((str(IPv6Address(value[:16])), *struct.unpack_from("!II", value, 16)))
            elif code == 26:
                prefix = f"{IPv6Address(value[9:25])}/{value[8]}"
                self.leases.append((prefix, *struct.unpack_from("!II", value)))

    @property
    def lease(self) -> str:
        """The one address or prefix in it."""
        ((lease, _preferred, _valid),) = self.leases
        return lease


class Answer6:
    """What a server sent, without the Relay-replies around it, which are in *relays*, the outermost first."""

    def __init__(self, frame: Packet) -> None:
        self.frame = frame
        message, self.relays = raw(frame[UDP].payload), []
        while message[0] == NUMBERS["relay-reply"]:
            options = dict(fields(message[34:]))
            link, peer = (str(IPv6Address(message[at : at + 16])) for at in (2, 18))
            more = b"".join(option(code, value) for code, value in options.items() if code not in (9, 18))
            self.relays.append(Relay6(link, options.get(18, b""), message[1], peer, more))
            message = options[9]
        self.kind = KINDS[message[0]]
        self.trid = int.from_bytes(message[1:4], "big")
        self.fields = fields(message[4:])
        self.status = status(self.fields)

    @property
    def codes(self) -> list[int]:
        return [code for code, _value in self.fields]

    def value(self, code: int) -> bytes | None:
        return dict(self.fields).get(code)

    def ias(self, kind: int) -> list[IA]:
        return [IA(code, value) for code, value in self.fields if code == kind]

    def ia(self, kind: int = NA) -> IA:
        """The one of its kind."""
        (one,) = self.ias(kind)
        return one


@dataclass
class Relay6:
    """A relay agent: the link-address, Interface-Id, hop-count and peer-address of its messages, and more options."""

    link: str
    interface: bytes = b""
    hops: int = 0
    peer: str = ""
    more: bytes = b""

    def forward(self, message: bytes, peer: str) -> bytes:
        head = raw(DHCP6_RelayForward(hopcount=self.hops, linkaddr=self.link, peeraddr=self.peer or peer))
        return head + option(9, message) + (option(18, self.interface) if self.interface else b"") + self.more


class Client6:
    """A client, on the segment or behind relay agents, of which the first is the one that is next to it."""

    mac_of_relays = "00:00:5e:00:53:fe"
    trids = itertools.count(int.from_bytes(os.urandom(2), "big") << 8)

    def __init__(self, segment: Segment, server: Any, duid: bytes = b"", relays: tuple[Relay6, ...] = ()) -> None:
        self.segment = segment
        self.server = server
        self.mac = "02:" + os.urandom(5).hex(":")
        self.duid = duid or b"\0\3\0\1" + bytes.fromhex(self.mac.replace(":", ""))
        self.relays = relays
        self.address = self._on_link(self.mac)
        self.relay = self._on_link(self.mac_of_relays)
        self.trid = 0
        self.held: list[bytes] = []  # the identity associations, while it holds leases

    def _on_link(self, mac: str) -> str:
        address = str(IPv6Address("fe80::" + in6_mactoifaceid(mac).lower()))
        self.segment.hosts[address] = mac
        return address

    def message(
        self,
        kind: str,
        *options: Option,
        duid: bytes | None = None,
        server: bytes | None = None,
        elapsed: int | None = 0,
    ) -> bytes:
        """A message with what section 16 wants of its kind; *duid* and *server* are identifiers in place of those."""
        said = [option(1, self.duid if duid is None else duid)] if duid != b"" else []
        if server is None and kind in NAMES_SERVER:
            server = self.server.duid(self)
        said += [option(2, server)] if server else []
        said += [] if elapsed is None else [DHCP6OptElapsedTime(elapsedtime=elapsed)]
        return b"".join(map(raw, [DHCP6(msgtype=NUMBERS[kind], trid=self.trid), *said, *options]))

    def send(self, kind: str, *options: Option, to: str = SERVERS, port: int = 546, **more: Any) -> None:
        """Send a message under a new transaction."""
        self.trid = next(self.trids) & 0xFFFFFF
        self.send_raw(self.message(kind, *options, **more), to, port)

    def send_raw(self, message: bytes, to: str = SERVERS, port: int = 546) -> None:
        peer = self.address
        for number, relay in enumerate(self.relays):
            message, peer = relay.forward(message, peer), f"2001:db8::{number:x}"
        source, mac, port = (self.relay, self.mac_of_relays, 547) if self.relays else (self.address, self.mac, port)
        ether = Ether(src=mac, dst=MULTICAST.get(to, self.server.mac))
        self.segment.send(ether / IPv6(src=source, dst=to) / UDP(sport=port, dport=547) / message)

    def _is_ours(self, frame: Packet) -> bool:
        """Whether it answers the last message."""
        to_us = IPv6 in frame and frame[IPv6].dst in (self.address, self.relay)
        return to_us and Answer6(frame).trid == self.trid

    def expect(self, kind: str) -> Answer6:
        """The server's answer to the last message, which must be a *kind*."""
        found = self.segment.hear(self._is_ours)
        assert found, f"no answer within {PATIENCE} s, but a {kind} was due"
        answer = Answer6(found)
        assert answer.kind == kind, f"{answer.kind} in place of {kind}: {answer.fields}"
        return answer

    def ask(self, kind: str, *options: Option, **more: Any) -> Answer6:
        """Send a message that a Reply is due to."""
        self.send(kind, *options, **more)
        return self.expect("reply")

    def expect_silence(self) -> None:
        """No answer to the last message: the server has answered others since."""
        for _twice in range(2):
            Client6(self.segment, self.server).ask("information-request")
        said = [Answer6(frame) for frame in self.segment.heard if self._is_ours(frame)]
        assert not said, f"{said[0].kind} in place of silence: {said[0].fields}"

    # --- what most tests begin with -------------------------------------------------------------------------------

    def solicit(self, *options: Option) -> Answer6:
        """Solicit, with an IA_NA where nothing else is asked for."""
        self.send("solicit", *(options or [na()]))
        return self.expect("advertise")

    def select(self, advertise: Answer6, *options: Option) -> Answer6:
        """Request what was advertised, as in section 18.2.2."""
        wanted = [option(code, value) for code, value in advertise.fields if code in (NA, TA, PD)]
        return self.hold(self.ask("request", *wanted, *options, server=advertise.value(2)))

    def hold(self, reply: Answer6) -> Answer6:
        """Remember what a Reply gave."""
        self.held = [option(code, value) for code, value in reply.fields if code in (NA, TA, PD)]
        return reply

    def bind(self, *options: Option) -> Answer6:
        return self.select(self.solicit(*options))

    def release(self) -> Answer6:
        held, self.held = self.held, []
        return self.ask("release", *held)

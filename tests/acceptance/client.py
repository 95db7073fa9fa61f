# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A segment of the lab, and on it hosts made of scapy: they send what a test tells them, and nothing of their own."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from scapy.all import (
    ARP,
    BOOTP,
    DHCP,
    ICMP,
    IP,
    UDP,
    Ether,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    IPv6,
    Packet,
    conf,
)

EVERYONE = "ff:ff:ff:ff:ff:ff"
KINDS = {1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform"}
PATIENCE = 30.0  # seconds for an answer that comes in milliseconds, or in one second after a ping-check


def fields(area: bytes) -> list[tuple[int, bytes]]:
    """The options of RFC 2132 section 2 in *area*, as they stand there: code and value."""
    found, at = [], 0
    while at < len(area) and area[at] != 255:
        if area[at] == 0:
            at += 1
            continue
        found.append((area[at], area[at + 2 : at + 2 + area[at + 1]]))
        at += 2 + area[at + 1]
    return found


def between(address: str, first: str, last: str) -> bool:
    return ip_address(first) <= ip_address(address) <= ip_address(last)


class Answer:
    """What a server sent: BOOTP's fields as scapy names them, and the options."""

    def __init__(self, frame: Packet) -> None:
        self.frame = frame
        self.bootp = frame[BOOTP]
        area = bytes(self.bootp.payload)
        self.fields = fields(area)
        self.size = len(self.bootp)
        pairs = [option for option in frame[DHCP].options if isinstance(option, tuple)] if DHCP in frame else []
        self.options: dict[Any, Any] = {name: rest[0] if len(rest) == 1 else rest for name, *rest in pairs}
        self.kind = KINDS.get(self.options.get("message-type", 0), "bootp")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bootp, name)

    @property
    def codes(self) -> list[int]:
        """The options' codes in their order."""
        return [code for code, _value in self.fields]

    @property
    def to(self) -> str:
        """The address that it was sent to."""
        return str(self.frame[IP].dst)

    def value(self, code: int) -> bytes | None:
        """An option's octets."""
        return dict(self.fields).get(code)


class Segment:
    """One broadcast domain, seen by one socket, and who answers there for which address."""

    def __init__(self, interface: str) -> None:
        self.socket = conf.L2socket(iface=interface, promisc=True)
        self.heard: list[Packet] = []
        self.asked: list[str] = []  # addresses that were pinged
        self.hosts: dict[str, str] = {}  # address -> hardware address: who answers ARP and its like
        self.alive: set[str] = set()  # addresses that answer a ping

    def send(self, frame: Packet | bytes) -> None:
        self.socket.send(frame)

    def hear(self, wanted: Callable[[Packet], bool], patience: float = PATIENCE) -> Packet | None:
        """The first answer of a server that is *wanted*, heard already or within *patience* seconds."""
        end = time.monotonic() + patience
        while True:
            for frame in self.heard:
                if wanted(frame):
                    self.heard.remove(frame)
                    return frame
            left = end - time.monotonic()
            if left <= 0:
                return None
            if self.socket.select([self.socket], left):
                self._take(self.socket.recv())

    def _take(self, frame: Packet | None) -> None:
        if frame is None:
            return
        if ARP in frame and frame[ARP].op == 1:
            owner, asked = self.hosts.get(frame.pdst), frame[ARP]
            if owner and asked.psrc != asked.pdst:
                reply = ARP(op=2, hwsrc=owner, psrc=asked.pdst, hwdst=asked.hwsrc, pdst=asked.psrc)
                self.send(Ether(src=owner, dst=asked.hwsrc) / reply)
        elif ICMP in frame and frame[ICMP].type == 8:
            self.asked.append(frame[IP].dst)
            if frame[IP].dst in self.alive:
                echo = ICMP(type=0, id=frame[ICMP].id, seq=frame[ICMP].seq) / frame[ICMP].payload
                self.send(Ether(src=frame.dst, dst=frame.src) / IP(src=frame[IP].dst, dst=frame[IP].src) / echo)
        elif ICMPv6ND_NS in frame:
            owner, asked = self.hosts.get(frame[ICMPv6ND_NS].tgt), frame[ICMPv6ND_NS].tgt
            if owner and frame[IPv6].src != "::":
                reply = ICMPv6ND_NA(tgt=asked, R=0) / ICMPv6NDOptDstLLAddr(lladdr=owner)
                self.send(Ether(src=owner, dst=frame.src) / IPv6(src=asked, dst=frame[IPv6].src) / reply)
        elif (BOOTP in frame and frame[BOOTP].op == 2) or (IPv6 in frame and UDP in frame and frame.sport == 547):
            self.heard.append(frame)


class Relay:
    """A relay agent on the segment, with what it says in option 82."""

    def __init__(self, segment: Segment, address: str, information: bytes = b"") -> None:
        self.address = address
        self.information = information
        self.mac = "00:00:5e:00:53:ff"
        segment.hosts[address] = self.mac


class Client:
    """A client, on the segment or behind a relay agent."""

    xids = itertools.count(int.from_bytes(os.urandom(3), "big") << 8)

    def __init__(self, segment: Segment, server: Any, mac: str | None = None, relay: Relay | None = None) -> None:
        self.segment = segment
        self.server = server
        self.mac = mac or "02:" + os.urandom(5).hex(":")
        self.relay = relay
        self.xid = 0
        self.address = ""  # while it holds a lease

    def frame(self, kind: str | None, *options: tuple[Any, ...], to: str = "", **bootp: Any) -> Packet:
        """A message: broadcast, or for one server; *bootp* are fields of RFC 2131 table 1."""
        source, port, sender = bootp.get("ciaddr", "0.0.0.0") if to else "0.0.0.0", 68, self.mac
        said = [("message-type", kind), *options] if kind else [*options]
        if self.relay:
            to, source, port, sender = self.server.address, self.relay.address, 67, self.relay.mac
            bootp = {"giaddr": source, "hops": 1, **bootp}
            said += [("relay_agent_information", self.relay.information)] if self.relay.information else []
        bootp = {"chaddr": bytes.fromhex(self.mac.replace(":", "")), "xid": self.xid, **bootp}
        ether = Ether(src=sender, dst=self.server.mac if to else EVERYONE)
        ip = IP(src=source, dst=to or "255.255.255.255") / UDP(sport=port, dport=67)
        return ether / ip / BOOTP(**bootp) / DHCP(options=[*said, "end"])

    def send(self, kind: str | None, *options: tuple[Any, ...], again: bool = False, **more: Any) -> None:
        """Send a message, under a new transaction unless it is sent *again* or belongs to the last one."""
        if not again:
            self.xid = next(self.xids) & 0xFFFFFFFF
        self.segment.send(self.frame(kind, *options, **more))

    def expect(self, kind: str) -> Answer:
        """The server's answer to the last message, which must be a *kind*."""
        found = self.segment.hear(lambda frame: BOOTP in frame and frame[BOOTP].xid == self.xid)
        assert found, f"no answer within {PATIENCE} s, but a {kind} was due"
        answer = Answer(found)
        assert answer.kind == kind, f"{answer.kind} in place of {kind}: {found.summary()} {answer.options}"
        return answer

    def expect_silence(self) -> None:
        """No answer to the last message: the server has answered others since."""
        for _twice in range(2):
            other = Client(self.segment, self.server)
            other.bind()
            other.release()
        said = [Answer(frame) for frame in self.segment.heard if BOOTP in frame and frame[BOOTP].xid == self.xid]
        assert not said, f"{said[0].kind} in place of silence: {said[0].options}"

    # --- what most tests begin with -------------------------------------------------------------------------------

    def offer(self, *options: tuple[Any, ...], **more: Any) -> Answer:
        self.send("discover", *options, **more)
        return self.expect("offer")

    def select(self, offer: Answer, *options: tuple[Any, ...], **more: Any) -> Answer:
        """Take an offer, as in RFC 2131 section 4.3.2."""
        chosen = [("requested_addr", offer.yiaddr), ("server_id", offer.options["server_id"])]
        self.send("request", *chosen, *options, again=True, **more)
        ack = self.expect("ack")
        self.address = str(ack.yiaddr)
        self.segment.hosts[self.address] = self.mac
        return ack

    def bind(self, *options: tuple[Any, ...], **more: Any) -> Answer:
        return self.select(self.offer(*options, **more), *options, **more)

    def release(self, *options: tuple[Any, ...]) -> str:
        """Give the lease back; the address that it was for."""
        address, self.address = self.address, ""
        self.send("release", ("server_id", self.server.address), *options, ciaddr=address, to=self.server.address)
        return address

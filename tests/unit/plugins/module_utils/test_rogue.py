# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frames that ask for and name other servers, and the asking itself on sockets that are none."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _rogue as rogue
from ansible_collections.quadlet.dhcpd.plugins.module_utils._rogue import Offer
from hypothesis import given
from hypothesis import strategies as st

MAC = "00:00:5e:00:53:01"
OTHER = bytes.fromhex("00005e005309")
XID = 0x12345678


def answer(kind: int = 2, xid: int = XID, server: bytes | None = b"\xc6\x33\x64\xfe", port: int = 67) -> bytes:
    message = struct.pack("!BBBBIHH", 2, 1, 6, 0, xid, 0, 0x8000) + bytes(4) + bytes((198, 51, 100, 130)) + bytes(216)
    message += b"\x63\x82\x53\x63" + bytes([53, 1, kind]) + (bytes([54, 4]) + server if server else b"") + b"\xff"
    datagram = struct.pack("!HHHH", port, 68, 8 + len(message), 0) + message
    header = (
        struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0) + bytes((198, 51, 100, 9)) + b"\xff" * 4
    )
    return b"\xff" * 6 + OTHER + b"\x08\x00" + header + datagram


def test_a_discover_is_one() -> None:
    frame = rogue.discover(bytes.fromhex(MAC.replace(":", "")), XID)
    assert frame[:14] == b"\xff" * 6 + bytes.fromhex(MAC.replace(":", "")) + b"\x08\x00"
    header, message = frame[14:34], frame[42:]
    words = sum(struct.unpack("!10H", header))
    assert (words & 0xFFFF) + (words >> 16) == 0xFFFF  # RFC 1071: the sum with its checksum is all ones
    assert struct.unpack("!H", header[2:4])[0] == len(frame) - 14
    assert frame[34:38] == struct.pack("!HH", 68, 67) and len(message) == 300
    assert message[:4] == b"\x01\x01\x06\x00" and message[4:8] == struct.pack("!I", XID)
    # Broadcast answers, no address of ours, our hardware address, and a DISCOVER: nothing that takes a lease.
    assert message[10:12] == b"\x80\x00" and message[12:28] == bytes(16)
    assert message[28:34] == frame[6:12] and message[236:243] == b"\x63\x82\x53\x63\x35\x01\x01"


@pytest.mark.parametrize(
    ("frame", "wanted"),
    [
        (answer(), Offer("eth1", "198.51.100.254", "00:00:5e:00:53:09", "198.51.100.130")),
        (answer(server=None), Offer("eth1", "198.51.100.9", "00:00:5e:00:53:09", "198.51.100.130")),
        (answer(kind=5), None),
        (answer(kind=6), None),
        (answer(xid=1), None),
        (answer(port=68), None),
        (rogue.discover(OTHER, XID), None),
        (answer()[:200], None),
        (b"", None),
    ],
)
def test_offers(frame: bytes, wanted: Offer | None) -> None:
    assert rogue.offer("eth1", frame, XID) == wanted


@given(st.one_of(st.binary(max_size=400), st.integers(0, 330).map(lambda end: answer()[:end])))
def test_any_frame_is_read(frame: bytes) -> None:
    found = rogue.offer("eth1", frame, XID)
    assert found is None or found.interface == "eth1"


class Wire:
    """Sockets without a network: what is sent is counted, what is to be heard is given."""

    def __init__(self, heard: list[tuple[bytes, int]]) -> None:
        self.heard, self.sent, self.xid = heard, [], 0

    def socket(self, *_arguments: Any) -> Any:
        return Tap(self)


class Tap:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_error: Any) -> None:
        pass

    def bind(self, where: tuple[str, int]) -> None:
        if where[0] == "down0":
            raise OSError(100, "Network is down")
        self.name = where[0]

    def send(self, frame: bytes) -> None:
        if self.name == "gone0":
            raise OSError(6, "No such device or address")
        self.wire.sent.append(self.name)
        self.wire.xid = struct.unpack("!I", frame[46:50])[0]

    def recvfrom(self, _size: int) -> tuple[bytes, tuple[str, int, int]]:
        frame, kind = self.wire.heard.pop(0)
        return frame.replace(struct.pack("!I", XID), struct.pack("!I", self.wire.xid)), (self.name, 0x800, kind)


def survey(monkeypatch: Any, heard: list[tuple[bytes, int]], macs: dict[str, str], own: list[str]) -> Any:
    wire = Wire(heard)
    now = iter(range(1000))
    monkeypatch.setattr(rogue.socket, "socket", wire.socket)
    monkeypatch.setattr(rogue.select, "select", lambda taps, *_rest: (taps[:1] if wire.heard else [], [], []))
    monkeypatch.setattr(rogue.time, "monotonic", lambda: next(now) * 0.01)
    return rogue.survey(macs, own), wire


@pytest.mark.parametrize(
    ("heard", "own", "count"),
    [
        ([(answer(), 1)], [], 1),
        ([(answer(), 1), (answer(), 1)], [], 1),
        # Our own server's: it leaves this host, or has an address of ours as its identifier.
        ([(answer(), 4)], [], 0),
        ([(answer(), 1)], ["198.51.100.254"], 0),
        ([(answer(kind=5), 1), (b"", 0)], [], 0),
    ],
)
def test_a_survey_tells_our_own_server_apart(monkeypatch: Any, heard: Any, own: list[str], count: int) -> None:
    found, wire = survey(monkeypatch, heard, {"eth1": MAC}, own)
    assert (len(found.offers), found.failed) == (count, {})
    assert wire.sent == ["eth1", "eth1"]


def test_what_cannot_be_asked_is_named_and_the_others_are_asked(monkeypatch: Any) -> None:
    macs = {"down0": MAC, "gone0": MAC, "eth1": MAC, "tun0": ""}
    found, _wire = survey(monkeypatch, [(answer(), 1)], macs, [])
    assert found.failed == {
        "down0": "Network is down",
        "gone0": "No such device or address",
        "tun0": "it has no Ethernet address (none)",
    }
    assert [offer.interface for offer in found.offers] == ["eth1"]


def test_nothing_to_ask_takes_no_time() -> None:
    assert rogue.survey({}, []) == rogue.Survey([], {})


def test_all_interfaces_together_take_less_than_three_seconds() -> None:
    assert rogue.SECONDS < 3

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The question to a DHCP server and its answer, byte by byte; `ask` itself is tried in the lab."""

from __future__ import annotations

import contextlib
import errno
import struct

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _inform
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker, answered_address, request
from hypothesis import given
from hypothesis import strategies as st

MAC = bytes.fromhex("00005e005301")
XID = 0x01020304
FRAME = request(Asker("eth1", MAC, "198.51.100.1"), XID)
ACK_OPTIONS = b"\x35\x01\x05\x36\x04\xc6\x33\x64\x01\xff"


def answer(options: bytes = ACK_OPTIONS, **changed: bytes) -> bytes:
    """A DHCPACK from port 67 as dhcpd would send it; *changed* replaces one of its parts."""
    part = {
        "ethertype": b"\x08\x00",
        "ip": b"\x45",
        "ip_options": b"",
        "protocol": b"\x11",
        "source": b"\x00\x43",
        "op": b"\x02",
        "xid": struct.pack("!I", XID),
        "cookie": b"\x63\x82\x53\x63",
        **changed,
    }
    message = part["op"] + b"\x01\x06\x00" + part["xid"] + bytes(4) + bytes([198, 51, 100, 1]) + bytes(220)
    header = part["ip"] + bytes(8) + part["protocol"] + bytes(10) + part["ip_options"]
    frame = bytes(12) + part["ethertype"] + header + part["source"] + b"\x00\x44" + bytes(4)
    return frame + message + part["cookie"] + options


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (0, b"\xff" * 6 + MAC + b"\x08\x00"),  # Ethernet: to all, from the interface, IPv4
        (14, b"\x45"),
        (16, struct.pack("!H", len(FRAME) - 14)),
        (23, b"\x11"),
        (26, bytes([198, 51, 100, 1]) + b"\xff" * 4),
        (34, struct.pack("!HHHH", 68, 67, len(FRAME) - 34, 0)),
        (42, b"\x01\x01\x06\x00" + struct.pack("!I", XID)),  # BOOTREQUEST, Ethernet, 6 bytes, no hop
        (50, bytes(4)),  # secs and flags: the answer is unicast
        (54, bytes([198, 51, 100, 1]) + bytes(12)),  # ciaddr only: yiaddr, siaddr and giaddr are zero
        (70, MAC + bytes(10)),
        (86, bytes(192)),
        (278, b"\x63\x82\x53\x63\x35\x01\x08\xff"),  # DHCPINFORM
    ],
)
def test_a_request_has_each_field_where_the_standards_say(offset: int, expected: bytes) -> None:
    assert FRAME[offset : offset + len(expected)] == expected


def test_a_request_has_the_least_length_of_bootp() -> None:
    assert len(FRAME) == 14 + 20 + 8 + 300


@given(st.ip_addresses(v=4), st.integers(0, 2**32 - 1))
def test_the_header_checksum_is_valid_for_every_address(address: object, xid: int) -> None:
    header = request(Asker("eth1", MAC, str(address)), xid)[14:34]
    total = sum(struct.unpack("!10H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF


@pytest.mark.parametrize(
    "frame",
    [
        answer(),
        answer(b"\x00\x00" + ACK_OPTIONS),
        answer(b"\x36\x04\xc6\x33\x64\x01\x35\x01\x05\xff"),
        answer(ip=b"\x46", ip_options=bytes(4)),
        answer() + bytes(30),
    ],
    ids=["plain", "padding first", "message type later", "IP options", "trailer"],
)
def test_an_acknowledgement_names_the_address_it_answers(frame: bytes) -> None:
    assert answered_address(frame, XID) == "198.51.100.1"


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        answer(b"\x35\x01\x06\xff"),
        answer(b"\xff\x35\x01\x05"),
        answer(b"\x35\x02\x05\x05\xff"),
        answer(b"\x36\x03\x35\x01\x05\xff"),
        answer(b""),
        answer(xid=b"\x01\x02\x03\x05"),
        answer(cookie=b"\x63\x82\x53\x64"),
        answer(op=b"\x01"),
        answer(source=b"\x00\x44"),
        answer(protocol=b"\x06"),
        answer(ethertype=b"\x86\xdd"),
        b"",
    ],
    ids=[
        "our own request", "NAK", "type after the end", "type of two bytes", "type inside another option",
        "no options", "other transaction", "no DHCP cookie", "request", "port 68", "TCP", "IPv6", "empty",
    ],
)  # fmt: skip
def test_anything_else_is_no_answer(frame: bytes) -> None:
    assert answered_address(frame, XID) is None


def test_an_interface_that_goes_down_is_one_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Down(contextlib.AbstractContextManager):
        def send(self, _frame: bytes) -> None:
            raise OSError(errno.ENETDOWN, "Network is down")

        def recvfrom(self, _size: int) -> None:
            raise OSError(errno.ENETDOWN, "Network is down")

        def __exit__(self, *_error: object) -> None:
            pass

    monkeypatch.setattr(_inform, "tap", lambda _interface: Down())
    monkeypatch.setattr(_inform.select, "select", lambda taps, *_rest: (taps, [], []))
    assert _inform.ask([Asker("eth1", bytes(6), "198.51.100.1")], 0.01) == set()


def test_an_acknowledgement_cut_off_before_its_message_type_is_no_answer() -> None:
    whole = answer()
    enough = whole.index(ACK_OPTIONS) + 3
    assert {answered_address(whole[:length], XID) for length in range(enough)} == {None}
    assert {answered_address(whole[:length], XID) for length in range(enough, len(whole))} == {"198.51.100.1"}


@given(st.binary(max_size=400), st.integers(0, len(answer())))
def test_no_bytes_from_the_wire_raise(noise: bytes, kept: int) -> None:
    answered_address(noise, XID)
    answered_address(answer()[:kept] + noise, XID)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The question to a DHCPv6 server and its answer, byte by byte; `ask` itself is tried in the lab."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform6 import Asker, Reply, reply, request
from hypothesis import given
from hypothesis import strategies as st

MAC = bytes.fromhex("00005e005301")
XID = b"\x01\x02\x03"
ADDRESS = "fe80::200:5eff:fe00:5301"


def answer(**changed: bytes) -> bytes:
    """A Reply as dhcpd sends it; *changed* replaces one of its parts."""
    part = {
        "ethertype": b"\x86\xdd",
        "next_header": b"\x11",
        "ports": b"\x02\x23\x02\x22",
        "type": b"\x07",
        "xid": XID,
        **changed,
    }
    header = b"\x60" + bytes(5) + part["next_header"] + b"\x40" + bytes(16) + ipaddress.IPv6Address(ADDRESS).packed
    return bytes(12) + part["ethertype"] + header + part["ports"] + bytes(4) + part["type"] + part["xid"] + bytes(8)


def test_a_request_is_what_rfc_8415_asks_for() -> None:
    assert request(Asker("eth1", MAC, ADDRESS), XID) == (
        b"\x0b" + XID  # Information-request (7.3)
        + b"\x00\x01\x00\x0a\x00\x03\x00\x01" + MAC  # client identifier: DUID-LL (11.4)
        + b"\x00\x08\x00\x02\x00\x00"  # elapsed time (21.9)
        + b"\x00\x06\x00\x02\x00\x20"  # option request: information refresh time (21.23)
    )  # fmt: skip


def test_a_reply_names_the_transaction_and_the_address_it_answers() -> None:
    assert reply(answer()) == Reply(XID, ADDRESS)


@pytest.mark.parametrize(
    "frame",
    [
        answer(ethertype=b"\x08\x00"),
        answer(next_header=b"\x06"),
        answer(ports=b"\x02\x22\x02\x23"),
        answer(ports=b"\x02\x23\x02\x23"),
        answer(type=b"\x0b"),
        answer(type=b"\x02"),
        b"",
    ],
    ids=["IPv4", "TCP", "a client's", "a relay's", "our own request", "Advertise", "empty"],
)
def test_anything_else_is_no_answer(frame: bytes) -> None:
    assert reply(frame) is None


def test_a_reply_cut_off_in_its_transaction_is_none() -> None:
    whole = answer()
    enough = whole.index(XID) + len(XID)
    assert {reply(whole[:length]) for length in range(enough)} == {None}
    assert reply(whole[:enough]) == Reply(XID, ADDRESS)


@given(st.binary(max_size=200), st.integers(0, len(answer())))
def test_no_bytes_from_the_wire_raise(noise: bytes, kept: int) -> None:
    reply(noise)
    reply(answer()[:kept] + noise)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The netlink parsers on datagrams recorded from Linux 6.18, and on any bytes."""

from __future__ import annotations

import base64
import contextlib
import errno
import socket
import struct
import zlib

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _netlink as netlink
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import (
    Address,
    Link,
    NetlinkError,
    UdpSocket,
)
from hypothesis import given
from hypothesis import strategies as st

# A namespace with lo, a veth pair (v1 in the bridge br0, which is down) and four UDP sockets: 67 bound to v0,
# 68 at v0's address, [::]:69 for IPv6 only, [::]:70 for both. One datagram each, then the end of the dump.
DONE = "eNoTYWBgYGZgYmAE0uYgAggAA7sAUw=="
LINKS = [
    (
        "eNrtlrtuE1EQhv+zF3ttHLIJhggCuSjhEiLAgASSuQUSIiEhFCooI2QLkCIiEE69JQUvgGgoqREPQEnBI1BQUCCKiIKCbplzzh"
        "9nd2MckDeFUUZK/rO7c2ZnZ+Z8yW0PCOFAAbiof8Fztdwyd4AiXKysAgEG8M0FfPHW5mOIOm88A0ggWQU4Z+4HOE8dpY5Rr1DH"
        "ue8E4ljrDPfXqdeoc9RL+BUXRS/T/wbjTJg4PiYZb4r3z1BrRgtYoN5k3seNlvmddu20158wgv/FGtLFnbYKZqWmDtcFPFl92m"
        "q2mvigDuGl3H+RqDNMR9M/SGjWVJdnnSyU1upZ7RSnpsoyEyZaVJWM9Sydqst10+75yW+Y445snrHYm0Hrq9dRvYToroJ+3X0H"
        "PB3pPcvf/5yrjpHNW2VyRpf6ROsXuj435m28y74v61ftMB++VEnbNPZuW28PVyMP16OPfpYlylRzPtxkydrZNEsKGZaALPnsw7"
        "BkgSyxZ36TJYosUWSJkxNLbJyyKVmSKQ6ZosgUtQ1TFmut9+/uWKbEse2yZkqlfV6svXXT2k9MqfA7dO47kX+SKStqGCWp61rz"
        "+SN9vUc69ODZ48ZDObdLyhc/xV440kXdI9fs9Dn82sNqgVqkHm7Pu/07UqKOUseoZfpVmNsAIna5ImdkY13AIFSk8wiZzxCvhx"
        "lnH+NUqUfoN87rCeoUdZo6mZoxX2bd6izz2Z+o24HEeiRxpg9yfo9CFyfAMc79DPUk1Tc8y5vj/2p/w/EwwfHTwvEfS1s5rlnS"
        "jeOGoz1yXHXIu1853vC2ctzNcryWD8ez/xPmyfFe+L2+7L7+cm+X33nxO0Sa3wGf9CNjvr7aZUyvjPkN5hrKvQ=="
    ),
    (
        "eNrdVD1PFGEQft7l9m4PDlngIgrqgSB+QHAFA8kBioqWJFhZGjxibMCQ0G9JQeEPoPA3GH6AoaKwsLD0BxAKKwq7c2beZ4/N5a"
        "AxNk5y+zyz8/HOzjtzJyEQI4ADsKAPYQV5BjFMInRhYycR7MVJFxCat2K/2UO8sNhIon6GirNYNX0OzabiCPPcIi4Ta4y7R7/7"
        "dnaEOvEpcYW4iN/NkuAS/Z8zz6jlCTFGfZx5H1JPTC9aVYovWfddw26xvkp2D7+sKQ8ktwrwDUP4X6SB0j8/o4Ip6Wlg/MANoE"
        "f6urHzofF+E9h3gdjjnG9/jg/k+GCLRxLv5ynAMefwe8nPWbKrGPI+i0Cq91miXmauHnntb7YiN5vxolh8/l7OwRViH+ehCpce"
        "MceMYY1z5OMe0f8q526IeI3vrxMf0H/Yvtz2IFa8YV2KcJN7NEWctjwV2ZNGqx81fNrM+CgO3mV8DD+SjN+2vfR8HI/950m+Ce"
        "Id4qRhWTq0tb39UflXN4x9OX3PTj4X1/ZDDv9WYlm7rN72MxPXbfeuUpWKdQ9n6g4rr33MGedL/xF0Ntrr1M393HeeP62Xka47"
        "qPomQGsC8zFvTy+u1XWo211g79Sf9Nf8pXaTggf9Vq2/3a/aYXdD6ZLKBGf3MingSVrAs/QP2wNTxg=="
    ),
    DONE,
]
ADDRESSES = [
    (
        "eNrzYWBgEGFgYmAE0uZAgomj4R+IzQEUqWdgYOQAyoFodgZmhpx8kDgHQwNYDxvDfyjQtWJkAGEfdLMkGoC6IGYdM04BmwWiQW"
        "aVGWA3Sw9ojh5WsxiRzfKFmuWLbBYj1CxdIAOEcZql0MDAAjXrNEMhE8gsIA10HzNDUpEBXncFoJnF1QAJLxGwCApgxBZGMLNZ"
        "GbjBOjDMc2j4ywQ1718DxCAXg9L//7Zs8sPmHmTzmHGYx4xm3psE5v//Zj8IJ8Y8AMsYYTM="
    ),
    DONE,
]
UDP4 = [
    ("eNqrYWBgEGFgYmAE0uZAgokdyHBmIAiYgZgRh5x3DwMDKwMHmM3BwA+meRhE4erZGMQYAoB0DTa7XRgYjhmnMBKynwmHuA+RdgMAIcQGpw=="),
    DONE,
]
UDP6 = [
    ("eNprYWBgEGFgYmAE0uZAgosdyHBlIAow4xD37WFgYGXgALNZGbjBZnMw8IP5PAyiYD4IsDGIMQgA6RZsbnAjzg0sOMT90NzAQMANANVXBRM="),
    DONE,
]
NAMES = {1: "lo", 2: "v1", 3: "v0", 4: "br0"}
ANSWERS = {
    (0, 18, 0): LINKS,
    (0, 22, 0): ADDRESSES,
    (4, 20, socket.AF_INET): UDP4,
    (4, 20, socket.AF_INET6): UDP6,
}


def unpack(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def recorded(protocol: int, request: bytes):
    kind = struct.unpack_from("=H", request, 4)[0]
    yield from map(unpack, ANSWERS[protocol, kind, request[16]])


def message(kind: int, payload: bytes = b"", flags: int = 2, sequence: int = 1) -> bytes:
    return struct.pack("=IHHII", 16 + len(payload), kind, flags, sequence, 0) + payload


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def test_links_of_a_namespace() -> None:
    assert netlink.links(recorded) == [
        Link(1, "lo", None, True, True, "unknown", "00:00:00:00:00:00", None, "loopback"),
        Link(2, "v1", "veth", True, True, "up", "46:30:75:b4:b2:4e", 4, "ether"),
        Link(3, "v0", "veth", True, True, "up", "ee:60:03:9b:e0:57", None, "ether"),
        Link(4, "br0", "bridge", False, False, "down", "46:30:75:b4:b2:4e", None, "ether"),
    ]


def test_addresses_of_a_namespace() -> None:
    found = netlink.addresses(NAMES, recorded)
    assert found[:4] == [
        Address(1, "lo", 4, "127.0.0.1", 8, True, None, None),
        Address(3, "v0", 4, "198.51.100.1", 24, True, None, None),
        Address(3, "v0", 4, "198.51.100.77", 24, False, 301, None),
        Address(4, "br0", 4, "203.0.113.1", 32, True, None, None),
    ]
    assert [(a.interface, a.family, a.prefix_length, a.proto) for a in found[4:]] == [
        ("lo", 6, 128, 1),
        ("v1", 6, 64, 3),
        ("v0", 6, 64, 3),
    ]


def test_udp_sockets_of_a_namespace() -> None:
    assert netlink.udp_sockets(NAMES, recorded) == [
        UdpSocket(4, "0.0.0.0", 67, 3, "v0", 35915, 0),
        UdpSocket(4, "198.51.100.1", 68, 0, None, 35916, 0),
        UdpSocket(6, "::", 69, 0, None, 35917, 0, v6only=True),
        UdpSocket(6, "::", 70, 0, None, 35918, 0, v6only=False),
    ]


@pytest.mark.parametrize(
    ("header_flags", "attributes", "permanent", "valid"),
    [
        (0x80, b"", True, None),
        (0x00, b"", False, None),
        # The 32-bit attribute counts, not the 8 bits of the header.
        (0x00, attribute(8, struct.pack("=I", 0x280)), True, None),
        (0x80, attribute(8, struct.pack("=I", 0x200)), False, None),
        (0x80, attribute(6, struct.pack("=4I", 60, 90, 0, 0)), True, 90),
        (0x80, attribute(6, struct.pack("=4I", 60, 0xFFFFFFFF, 0, 0)), True, None),
        (0x80, attribute(6, struct.pack("=4I", 0, 0, 0, 0)), True, 0),
    ],
)
def test_permanence(header_flags: int, attributes: bytes, permanent: bool, valid: int | None) -> None:
    head = struct.pack("=BBBBI", 2, 24, header_flags, 0, 9)
    address = netlink.parse_address(head + attribute(2, bytes([203, 0, 113, 5])) + attributes, {})
    assert address == Address(9, "#9", 4, "203.0.113.5", 24, permanent, valid, None)


def test_odd_interface_names_and_types() -> None:
    head = struct.pack("=BxHiII", 0, 519, 7, 0x1, 0)
    link = netlink.parse_link(head + attribute(3, b"a\xff\n\xc3\xa4\0") + attribute(16, b"\x63"))
    assert (link.name, link.type, link.operstate, link.carrier) == ("a\\xff\n\u00e4", "519", "unknown", False)


def test_an_interrupted_dump_is_asked_again() -> None:
    asked = []

    def send(protocol: int, request: bytes):
        sequence = struct.unpack_from("=I", request, 8)[0]
        asked.append(sequence)
        # An answer to an earlier request, still in the queue, is none to this one.
        yield message(16, b"stale", sequence=sequence - 1)
        yield message(16, b"link", 0x12 if sequence == 1 else 0x2, sequence)
        yield message(3, bytes(4), 0x12 if sequence == 2 else 0x2, sequence)

    assert netlink.dump(0, 18, b"", send) == [b"link"]
    assert asked == [1, 2, 3]


def test_a_table_that_never_stands_still_is_an_error() -> None:
    def send(protocol: int, request: bytes):
        yield message(3, bytes(4), 0x12, struct.unpack_from("=I", request, 8)[0])

    with pytest.raises(NetlinkError, match="changed") as caught:
        netlink.dump(0, 18, b"", send)
    assert caught.value.errno == errno.EAGAIN


def test_thousands_of_entries_in_many_datagrams() -> None:
    def send(protocol: int, request: bytes):
        for index in range(5000):
            yield message(16, struct.pack("=BxHiII", 0, 1, index, 1, 0) + attribute(3, b"e%d" % index))
        yield message(3, bytes(4))

    assert [link.name for link in netlink.links(send)][4999] == "e4999"


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EAFNOSUPPORT])
def test_without_ipv6_there_are_the_ipv4_sockets(number: int) -> None:
    def send(protocol: int, request: bytes):
        if request[16] == socket.AF_INET6:
            yield message(2, struct.pack("=i", -number))
        yield from recorded(protocol, request)

    assert [s.port for s in netlink.udp_sockets(NAMES, send)] == [67, 68]


@pytest.mark.parametrize(
    ("datagrams", "number"),
    [
        ([message(2, struct.pack("=i", -errno.ENOENT))], errno.ENOENT),
        ([message(3, struct.pack("=i", -errno.EMSGSIZE))], errno.EMSGSIZE),
        ([message(2, struct.pack("=i", -(2**31)))], 0),
        ([message(4)], errno.EAGAIN),
        ([], 0),
        ([message(3)[:12]], 0),
        ([message(16, bytes(4)), message(3, bytes(4))], 0),
    ],
)
def test_what_can_not_be_had_is_a_netlink_error(datagrams: list[bytes], number: int) -> None:
    # Each attempt has a sequence number of its own; only the lost answers (type 4) are asked for again.
    def send(protocol: int, request: bytes):
        yield from (datagram[:8] + request[8:12] + datagram[12:] for datagram in datagrams)

    with pytest.raises(NetlinkError) as caught:
        netlink.links(send)
    assert caught.value.errno == number


@pytest.mark.parametrize("length", [0, 3, 20, 0xFFFF])
def test_a_length_that_can_not_be_ends_the_reading(length: int) -> None:
    """A length of 0 would be read for ever."""
    with pytest.raises(NetlinkError, match="attribute claims"):
        netlink.attributes(struct.pack("=HHI", length, 3, 0))
    with pytest.raises(NetlinkError, match="message claims"):
        netlink.messages(struct.pack("=IHHII", length, 16, 0, 1, 0))


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_any_datagrams_raise_nothing_but_netlink_errors(datagrams: list[bytes]) -> None:
    for read in (
        netlink.links,
        lambda send: netlink.addresses({}, send),
        lambda s: netlink.udp_sockets({}, s),
    ):
        with contextlib.suppress(NetlinkError):
            read(lambda protocol, request: iter(datagrams))


@given(st.sampled_from([LINKS[0], ADDRESSES[0], UDP4[0], UDP6[0]]), st.data())
def test_damaged_recordings_raise_nothing_but_netlink_errors(text: str, data: st.DataObject) -> None:
    damaged = bytearray(unpack(text))
    for _round in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    for parse in (
        netlink.parse_link,
        lambda payload: netlink.parse_address(payload, {}),
        lambda payload: netlink.parse_udp_socket(payload, {}),
    ):
        with contextlib.suppress(NetlinkError):
            for one in netlink.messages(bytes(damaged)):
                parse(one.payload)


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=40), max_size=8))
def test_attributes_are_read_back(wanted: dict[int, bytes]) -> None:
    assert netlink.attributes(b"".join(attribute(kind, value) for kind, value in wanted.items())) == wanted


def test_this_machine_has_a_loopback() -> None:
    assert "loopback" in [link.type for link in netlink.links()]


def test_listening_tcp_sockets_are_asked_for_by_state() -> None:
    asked = []

    def send(protocol: int, request: bytes):
        asked.append((protocol, request[17], struct.unpack_from("=I", request, 20)[0]))
        yield from recorded(protocol, request)

    found = netlink.tcp_listeners(NAMES, send)
    assert asked == [(4, socket.IPPROTO_TCP, 1 << 10)] * 2
    assert found[0] == netlink.TcpListener(4, "0.0.0.0", 67, "v0", 35915, 0)


def test_the_permanent_hardware_address() -> None:
    head = struct.pack("=BxHiII", 0, 1, 7, 0x1, 0) + attribute(3, b"eth0\0")
    assert netlink.parse_link(head + attribute(54, bytes.fromhex("00005e005301"))).permanent_mac == "00:00:5e:00:53:01"
    assert netlink.parse_link(head).permanent_mac == ""

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BOOTP: RFC 951, and RFC 1534 for a server that speaks both."""

from client import between


def test_a_known_client(diskless):
    """RFC 951 section 7.3: its address, the boot server and the boot file."""
    diskless.send(None)
    reply = diskless.expect("bootp")
    assert (reply.op, reply.yiaddr, reply.siaddr) == (2, "198.51.100.11", "198.51.100.4")
    assert reply.sname.rstrip(b"\0") == b"boot.example.net"
    assert reply.file.rstrip(b"\0") == b"diskless.img"


def test_no_option_of_dhcp(diskless):
    """RFC 1534 section 2: the options of RFC 1497 may be sent; a message type would make DHCP of it."""
    diskless.send(None)
    codes = diskless.expect("bootp").codes
    assert 1 in codes
    assert not {51, 53, 54, 58, 59} & set(codes)


def test_the_length(diskless):
    """RFC 951 section 3 and RFC 1542 2.1: 300 octets, no less."""
    diskless.send(None)
    assert diskless.expect("bootp").size >= 300


def test_without_options(diskless):
    """RFC 951: the vendor area may hold anything, or nothing."""
    frame = diskless.frame(None)
    frame["BOOTP"].remove_payload()
    frame["BOOTP"].options = b""
    frame["BOOTP"].add_payload(b"\0" * 64)
    diskless.segment.send(frame)
    assert diskless.expect("bootp").yiaddr == "198.51.100.11"


def test_an_unknown_client(behind):
    """RFC 1534 section 2: the server may serve BOOTP clients; where a range is not for them, they hear nothing."""
    client = behind("203.0.113.161")
    client.send(None)
    client.expect_silence()


def test_an_unknown_client_and_a_pool(new):
    """RFC 1534 section 2: the same choice, and another default: a pool { } is for BOOTP too, for ever.

    It is not where it denies dynamic bootp clients.
    """
    client = new("00:00:5e:00:53:05")
    client.send(None)
    assert between(client.expect("bootp").yiaddr, "198.51.100.50", "198.51.100.199")


def test_a_dynamic_address(behind):
    """RFC 1534 section 2: an address of a pool that the administrator has set aside for BOOTP clients, for ever."""
    client = behind("203.0.113.97")
    client.mac = "00:00:5e:00:53:04"  # what is given for ever is given to the same client in each run
    client.send(None)
    reply = client.expect("bootp")
    assert between(reply.yiaddr, "203.0.113.100", "203.0.113.110")
    client.send(None)
    assert client.expect("bootp").yiaddr == reply.yiaddr


def test_the_same_client_by_dhcp(diskless):
    """RFC 1534: the same host speaks DHCP once it has booted, and has the same address."""
    assert diskless.bind().yiaddr == "198.51.100.11"

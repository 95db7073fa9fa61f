# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 2132, and what RFC 2131 says of options: their octets, their order, their room."""

import socket

import pytest
from client import fields

MEANT = [
    (1, "3.3 subnet mask", socket.inet_aton("255.255.255.0")),
    (2, "3.4 time offset: signed, in seconds", (-3600).to_bytes(4, "big", signed=True)),
    (3, "3.5 routers, in order of preference", socket.inet_aton("198.51.100.1") + socket.inet_aton("198.51.100.2")),
    (6, "3.8 name servers", socket.inet_aton("198.51.100.53") + socket.inet_aton("198.51.100.54")),
    (15, "3.17 domain name: without a NUL at its end", b"example.net"),
    (19, "4.1 IP forwarding: 0 or 1", b"\0"),
    (23, "4.5 default time to live: one octet", b"\x40"),
    (25, "4.7 path MTU plateaus: 16 bits each", bytes.fromhex("004405000 5dc".replace(" ", ""))),
    (26, "5.1 interface's MTU: 16 bits", (1400).to_bytes(2, "big")),
    (33, "5.8 static routes: pairs", socket.inet_aton("203.0.113.1") + socket.inet_aton("198.51.100.2")),
    (42, "8.3 NTP servers", socket.inet_aton("198.51.100.123")),
    (43, "8.4 vendor specific information: as it is", b"\x01\x02\xaa\xbb"),
    (46, "8.7 NetBIOS node type: one octet", b"\x08"),
    (51, "9.2 lease time: 32 bits, in seconds", (600).to_bytes(4, "big")),
    (54, "9.7 server identifier", socket.inet_aton("198.51.100.1")),
    (66, "9.4 TFTP server's name", b"boot.example.net"),
]


@pytest.mark.parametrize(("code", "where", "octets"), MEANT, ids=[str(code) for code, *_rest in MEANT])
def test_octets(printer, code, where, octets):
    """Sections 3 to 9: each type of option, as it is on the wire."""
    assert printer.offer(("param_req_list", [code])).value(code) == octets, where


# --- what is asked for --------------------------------------------------------------------------------------------

ALWAYS = {53, 54, 51, 1}  # message type, server identifier, lease time and, asked for or not, the subnet mask


def test_what_is_asked_for_is_sent_and_nothing_else(printer):
    """RFC 2131 4.3.1 and 9.8: the options of the parameter request list, beside those that each offer has."""
    assert set(printer.offer(("param_req_list", [6, 26])).codes) == ALWAYS | {6, 26}


def test_what_nobody_configured_is_left_out(printer):
    """RFC 2131 4.3.1: no parameter for which the server has no value, and no error either."""
    assert set(printer.offer(("param_req_list", [70, 199, 254])).codes) == ALWAYS


def test_the_order_is_the_clients(printer):
    """9.8: the server must try to send the options in the order in which the client asked."""
    for order in ([26, 6, 42, 15], [15, 42, 6, 26]):
        codes = printer.offer(("param_req_list", order)).codes
        assert [code for code in codes if code in order] == order


def test_the_subnet_mask_comes_before_the_routers(printer):
    """3.3: it must be first of the two, also where a client asks for them the other way round."""
    for order in ([1, 3], [3, 1], [3]):
        codes = printer.offer(("param_req_list", order)).codes
        assert codes.index(1) < codes.index(3)


def test_without_a_list(printer):
    """RFC 2131 4.3.1: what is configured for the client, of which dhcpd sends what it holds for needed."""
    codes = printer.offer().codes
    assert {1, 3, 6, 15} <= set(codes)
    assert codes.index(1) < codes.index(3)


def test_the_message_type_comes_first(printer):
    """No RFC says so; but clients read it first, and some look nowhere else."""
    assert printer.offer(("param_req_list", [6, 53, 54])).codes[0] == 53


def test_the_ack_says_what_the_offer_said(printer):
    """RFC 2131 4.3.2: no parameter of the ACK should conflict with the OFFER's."""
    asked = ("param_req_list", [1, 3, 6, 15, 26])
    offer = printer.offer(asked)
    assert printer.select(offer, asked).fields[1:] == offer.fields[1:]


# --- room ---------------------------------------------------------------------------------------------------------

LONG = ("param_req_list", [14, 17, 18])  # 240, 110 and 55 octets


def test_overload(verbose):
    """9.3: what has no room in the options goes into file and sname, and option 52 says so."""
    offer = verbose.offer(LONG, ("max_dhcp_size", 576))
    assert offer.options["dhcp-option-overload"] == 3
    found = dict([*offer.fields, *fields(offer.file), *fields(offer.sname)])
    assert [len(found[code]) for code in LONG[1]] == [240, 110, 55]


def test_overload_is_what_a_client_gets_that_says_nothing(verbose):
    """RFC 2131 section 2: each client takes a message of 576 octets, IP and UDP headers with it."""
    offer = verbose.offer(LONG)
    assert offer.options["dhcp-option-overload"] == 3
    assert offer.size + 28 <= 576


def test_a_larger_message_needs_no_overload(verbose):
    """9.10: as much as the client says that it takes."""
    offer = verbose.offer(LONG, ("max_dhcp_size", 1400))
    assert 52 not in offer.codes
    assert offer.size > 548
    assert [len(offer.value(code)) for code in LONG[1]] == [240, 110, 55]


def test_a_size_below_the_least_is_not_heard(verbose):
    """9.10: the least legal value is 576."""
    assert verbose.offer(LONG, ("max_dhcp_size", 300)).size == verbose.offer(LONG, ("max_dhcp_size", 576)).size


def test_each_area_ends_with_end(verbose):
    """RFC 2131 4.1: option 255 is the last in the options, and in file and sname where they are overloaded."""
    offer = verbose.offer(LONG, ("max_dhcp_size", 576))
    for area in (bytes(offer.bootp.payload), offer.file, offer.sname):
        used = sum(2 + len(value) for _code, value in fields(area))
        assert area.rstrip(b"\0")[used:] == b"\xff"


# --- what a client may send ---------------------------------------------------------------------------------------


def test_a_client_may_overload_too(printer):
    """9.3: options of the client's in file and sname, here its parameter request list."""
    file, sname = b"\x37\x01\x1a\xff", b"\x0c\x04name\xff"
    printer.send("discover", ("dhcp-option-overload", 3), file=file, sname=sname)
    assert set(printer.expect("offer").codes) == ALWAYS | {26}


def test_without_overload_file_and_sname_are_no_options(printer):
    """9.3: only option 52 makes them so."""
    printer.send("discover", file=b"\x37\x01\x1a\xff")
    assert {1, 3, 6} <= set(printer.expect("offer").codes)


def test_pads_between_options(printer):
    """3.1: option 0 fills up, wherever it stands."""
    printer.send("discover", "pad", "pad", ("param_req_list", [26]), "pad")
    assert set(printer.expect("offer").codes) == ALWAYS | {26}


def test_nothing_counts_after_the_end(printer):
    """3.2: option 255 marks the end."""
    printer.send("discover", "end", ("param_req_list", [26]))
    assert {1, 3, 6} <= set(printer.expect("offer").codes)


def test_an_option_in_two_parts(printer):
    """RFC 2131 4.1 and RFC 3396: the values of an option that comes twice are put together."""
    assert set(printer.offer(("param_req_list", [26]), ("param_req_list", [6])).codes) == ALWAYS | {26, 6}


def test_a_vendor_class_that_nobody_knows(printer):
    """9.13: a server that is not equipped for it must ignore it."""
    assert printer.offer(("vendor_class_id", b"vendor of the tests")).value(43) == printer.offer().value(43)

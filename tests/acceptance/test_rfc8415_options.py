# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 8415 sections 18.3.6 and 21, and RFC 3646: which options an answer has, and their octets."""

import pytest
from client6 import PD, asks, na, option, pd

ALWAYS = {1, 2, 7}  # the identifiers and the server's preference


def addresses(*hosts: int) -> bytes:
    return b"".join(bytes.fromhex("20010db8000000010000000000000000")[:-2] + host.to_bytes(2, "big") for host in hosts)


MEANT = [
    (23, "RFC 3646 section 3: name servers, in order of preference", addresses(0x53, 0x54)),
    (24, "RFC 3646 section 4: domains as DNS has them, uncompressed", b"\7example\3net\0\3lab\7example\3net\0"),
    (31, "RFC 4075 section 4: SNTP servers", addresses(0x123)),
    (32, "21.23: information refresh time, in seconds", (3600).to_bytes(4, "big")),
    (82, "21.24: SOL_MAX_RT, in seconds", (7200).to_bytes(4, "big")),
]


@pytest.mark.parametrize(("code", "where", "octets"), MEANT, ids=[str(code) for code, *_rest in MEANT])
def test_octets(client6, code, where, octets):
    """Each of them in an Advertise and in the Reply to an Information-request."""
    assert client6.solicit(na(), asks(code)).value(code) == octets, where
    assert client6.ask("information-request", asks(code)).value(code) == octets, where


# --- the Option Request Option ------------------------------------------------------------------------------------


def test_what_is_asked_for_is_sent_and_nothing_else(client6):
    """18.3.9 and 21.7: the options of the Option Request Option, beside those that each answer has."""
    assert set(client6.solicit(na(), asks(24, 31)).codes) == ALWAYS | {3, 24, 31}
    assert set(client6.solicit(na()).codes) == ALWAYS | {3}


def test_what_nobody_configured_is_left_out(client6):
    """21.7: no option that the server has no value for, and no error either."""
    assert set(client6.solicit(na(), asks(83, 999)).codes) == ALWAYS | {3}


def test_what_is_no_option_of_its_own(client6):
    """21.7: a client must not ask for identifiers, IAs or the status; it changes nothing."""
    assert set(client6.solicit(na(), asks(1, 2, 3, 4, 7, 13, 14)).codes) == ALWAYS | {3}


def test_an_option_that_is_asked_for_twice(client6):
    """21.1: an option may appear once. dhcpd departs: it comes as often as it was asked for."""
    codes = client6.solicit(na(), asks(23, 23)).codes
    assert (codes.count(23), set(codes)) == (2, ALWAYS | {3, 23})


def test_an_option_request_in_two_parts(client6):
    """21.7: one Option Request Option is what a client may send. dhcpd departs: it heeds the first of two."""
    assert set(client6.solicit(na(), asks(23), asks(24)).codes) == ALWAYS | {3, 23}


def test_the_reply_says_what_the_advertise_said(client6):
    """18.2.10: a client may rely on what was advertised."""
    advertise = client6.solicit(na(), asks(23, 24))
    assert client6.select(advertise, asks(23, 24)).fields == advertise.fields


def test_options_of_a_reservation(printer6):
    """18.3.2: by client, in place of the link's."""
    assert printer6.solicit(na(), asks(23)).value(23) == addresses(0x99)
    assert printer6.solicit(pd(), asks(23)).value(23) == addresses(0x99)


def test_options_of_another_link(behind6):
    """18.3.9: of the link on which the client is."""
    assert behind6("2001:db8:0:6::1").solicit(na(), asks(12)).value(12) == bytes.fromhex(
        "20010db8000000010000000000000001"
    )


# --- Information-request ------------------------------------------------------------------------------------------


def test_information_request(client6):
    """18.3.6: options, and no lease."""
    reply = client6.ask("information-request", asks(23, 24))
    assert set(reply.codes) == ALWAYS | {23, 24}
    assert reply.value(1) == client6.duid


def test_information_request_without_an_identifier(client6):
    """18.3.6: a client needn't say who it is; then the answer doesn't either."""
    reply = client6.ask("information-request", asks(23), duid=b"")
    assert set(reply.codes) == (ALWAYS - {1}) | {23}


def test_information_request_for_this_server(client6, server):
    """16.12: with this server's identifier it is for this server; with another one's it is discarded."""
    assert client6.ask("information-request", server=server.duid(client6)).value(2) == server.duid(client6)
    client6.send("information-request", server=b"\0\3\0\1another")
    client6.expect_silence()


def test_information_request_with_an_ia(client6):
    """16.12: discarded."""
    for wanted in (na(), pd()):
        client6.send("information-request", wanted)
        client6.expect_silence()


def test_information_request_through_a_relay(behind6):
    """18.3.6: also where there are no addresses; of a link that nobody knows there is nothing to say."""
    assert behind6("2001:db8:0:4::1").ask("information-request", asks(23)).value(23) == addresses(0x53, 0x54)
    lost = behind6("2001:db8:0:77::1")
    lost.send("information-request")
    lost.expect_silence()


# --- what a client may send ---------------------------------------------------------------------------------------


def test_elapsed_time(client6):
    """21.9: each message of a client has it, 0xffff at most; a server sends none, and answers also without it."""
    for elapsed in (0, 1, 0xFFFF, None):
        client6.send("solicit", na(), elapsed=elapsed)
        assert set(client6.expect("advertise").codes) == ALWAYS | {3}


def test_reconfigure_accept(client6):
    """20.4 and 21.20: only a server that will send Reconfigure says so. dhcpd departs: it says so to who asks."""
    assert client6.solicit(na(), option(20)).value(20) == b""
    assert 20 not in client6.solicit(na()).codes


def test_options_that_nobody_knows(client6):
    """16 and 21.1: a server ignores what it doesn't know, classes and vendor options with it."""
    unknown = [
        option(16, b"\0\0\x7e\xd9\0\3abc"),
        option(15, b"\0\3abc"),
        option(17, b"\0\0\x7e\xd9"),
        option(9999, b"?"),
    ]
    assert set(client6.solicit(na(), *unknown).codes) == ALWAYS | {3}


def test_options_between_identity_associations(client6):
    """21.1: options may be in any order."""
    answer = client6.solicit(asks(23), na(iaid=1), pd(), option(9999), na(iaid=2))
    assert ([ia.iaid for ia in answer.ias(3)], len(answer.ias(PD)), 23 in answer.codes) == ([1, 2], 1, True)

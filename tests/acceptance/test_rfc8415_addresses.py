# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 8415 sections 18.3.1, 18.3.2 and 18.3.9: how a client of DHCPv6 comes to an address."""

import time

from client import PATIENCE, between
from client6 import NA, NO_ADDRS, NOT_ON_LINK, NUMBERS, PD, SUCCESS, na, option, pd

RAPID_COMMIT = option(14)
PREFERENCE = 7
POOL = ("2001:db8:0:1:a::", "2001:db8:0:1:a:ffff:ffff:ffff")
BEHIND = ("2001:db8:0:2::1:0", "2001:db8:0:2::1:ffff")
SMALL, NONE, BRIEF = "2001:db8:0:3::1", "2001:db8:0:4::1", "2001:db8:0:5::1"  # link-addresses of relay agents


def rapid():
    """The DUID of a client for which the server has the option Rapid Commit: an enterprise's, section 11.3."""
    return b"\0\2\0\0\x7e\xd9" + time.monotonic_ns().to_bytes(8, "big") + b"rapid"


# --- Solicit and Advertise ----------------------------------------------------------------------------------------


def test_solicit_is_answered_by_an_advertise(client6):
    """18.3.9: the client's identifier, the server's, and an address of the pool in the IA that was asked for."""
    advertise = client6.solicit(na(iaid=0x01020304))
    assert advertise.value(1) == client6.duid
    assert len(advertise.value(2)) > 2
    assert advertise.ia().iaid == 0x01020304
    assert between(advertise.ia().lease, *POOL)


def test_the_answer_goes_to_the_client(client6, server):
    """7.2 and 18.3.10: unicast to where the message came from, port 546, from the server's link-local address."""
    frame = client6.solicit().frame
    assert (frame["IPv6"].dst, frame.dst, frame["UDP"].dport) == (client6.address, client6.mac, 546)
    assert frame["IPv6"].src == server.link_local


def test_the_servers_preference(client6):
    """18.3.9 and 21.8: one octet, as it is configured."""
    assert client6.solicit().value(PREFERENCE) == b"\7"


def test_lifetimes(client6):
    """21.6: the preferred lifetime is not longer than the valid one; dhcpd makes it five eighths."""
    ((_address, preferred, valid),) = client6.solicit().ia().leases
    assert (preferred, valid) == (375, 600)


def test_the_times_to_renew_are_the_clients(client6):
    """21.4: T1 and T2 of 0 leave them to the client: dhcpd's way, unless it is told otherwise."""
    assert (client6.solicit().ia().t1, client6.solicit().ia().t2) == (0, 0)


def test_the_times_to_renew_are_computed(behind6):
    """21.4: recommended are half and four fifths of the preferred lifetime; here with dhcpv6-set-tee-times."""
    ia = behind6("2001:db8:0:2::1").solicit().ia()
    assert (ia.t1, ia.t2) == (375 // 2, 375 * 4 // 5)


def test_the_address_that_a_client_wants(client6):
    """18.2.1: a client may say which; the server may heed it."""
    assert client6.solicit(na("2001:db8:0:1:a::1234")).ia().lease == "2001:db8:0:1:a::1234"


def test_an_address_that_it_cannot_have(client6):
    """18.3.9: of no pool, or of another link: the server gives one of its own."""
    for wanted in ("2001:db8:0:1::1234", "2001:db8:0:77::1"):
        assert between(client6.solicit(na(wanted)).ia().lease, *POOL)


def test_the_lifetimes_that_a_client_wants(client6):
    """21.6: hints. dhcpd heeds a shorter preferred lifetime, and no valid one."""
    ((_address, preferred, valid),) = client6.solicit(na("::", preferred=100, valid=200)).ia().leases
    assert (preferred, valid) == (100, 600)
    ((_address, preferred, valid),) = client6.solicit(na("::", preferred=9000, valid=9000)).ia().leases
    assert (preferred, valid) == (375, 600)


def test_solicit_again_gets_the_same(client6):
    """18.3.9: nothing says so; but a client that asks again has no use for another address."""
    assert client6.solicit().ia().lease == client6.solicit().ia().lease


def test_nothing_is_held_for_an_advertise(new6):
    """18.3.9 leaves it open. dhcpd may offer one address to two clients; the first Request has it."""
    first, second = new6(), new6()
    advertise, other = first.solicit(na("2001:db8:0:1:a::77")), second.solicit(na("2001:db8:0:1:a::77"))
    assert advertise.ia().lease == other.ia().lease
    assert first.select(advertise).ia().lease == "2001:db8:0:1:a::77"
    assert between(second.select(other).ia().lease, "2001:db8:0:1:a::78", POOL[1])


# --- Request and Reply --------------------------------------------------------------------------------------------


def test_four_messages_make_a_lease(client6):
    """18.3.2: Solicit, Advertise, Request, Reply, and the Reply confirms what was advertised."""
    advertise = client6.solicit()
    reply = client6.select(advertise)
    assert reply.ia() == advertise.ia()
    assert (reply.value(1), reply.value(2)) == (client6.duid, advertise.value(2))
    assert reply.status in (None, SUCCESS)


def test_each_message_has_its_transaction(client6):
    """16.1: the Reply has the transaction-id of the message that it answers."""
    advertise = client6.solicit()
    reply = client6.select(advertise)
    assert (advertise.trid, reply.trid) == (client6.trid - 1, client6.trid)
    assert advertise.kind == "advertise"


def test_a_request_for_another_link(client6):
    """18.3.2: the IA with the status NotOnLink, and no address."""
    ia = client6.ask("request", na("2001:db8:0:77::1")).ia()
    assert (ia.status, ia.leases) == (NOT_ON_LINK, [])


def test_a_request_for_the_address_of_another(client6, new6):
    """18.3.2: an address is bound to one client; dhcpd gives the second one another address."""
    taken = new6().bind().ia().lease
    reply = client6.hold(client6.ask("request", na(taken)))
    assert between(reply.ia().lease, *POOL)
    assert reply.ia().lease != taken


def test_a_request_again(client6):
    """18.3.2: the same Request, since its Reply was lost, gets the same address."""
    assert client6.bind().ia() == client6.ask("request", na()).ia()


def test_two_addresses_of_one_ia(client6):
    """18.3.2: the server assigns what its policy is: in dhcpd, one address (limit-addrs-per-ia)."""
    reply = client6.hold(client6.ask("request", na("2001:db8:0:1:a::5", "2001:db8:0:1:a::6")))
    assert reply.ia().lease == "2001:db8:0:1:a::5"


# --- Rapid Commit -------------------------------------------------------------------------------------------------


def test_rapid_commit(new6):
    """18.3.1 and 21.14: a server that is configured so answers by a Reply with the option in it: a lease."""
    client = new6(rapid())
    client.send("solicit", na(), RAPID_COMMIT)
    reply = client.hold(client.expect("reply"))
    assert reply.value(14) == b""
    assert client.ask("renew", na(reply.ia().lease)).ia().lease == reply.ia().lease


def test_rapid_commit_is_the_clients_choice(new6):
    """18.3.1: no option, no rapid commit; and none in any other answer."""
    client = new6(rapid())
    advertise = client.solicit(na())
    assert 14 not in advertise.codes
    assert 14 not in client.select(advertise).codes


def test_rapid_commit_without_permission(client6):
    """18.3.1: a server that isn't configured so sends an Advertise, without the option."""
    assert 14 not in client6.solicit(na(), RAPID_COMMIT).codes


def test_rapid_commit_of_a_subnet(behind6):
    """18.3.1: dhcpd departs: the option in a subnet permits nothing, and stands in each answer there.

    It is heard outside of subnets alone.
    """
    client = behind6("2001:db8:0:2::1")
    assert client.solicit(na(), RAPID_COMMIT).value(14) == b""
    assert client.solicit(na()).value(14) == b""
    assert client.ask("information-request").value(14) == b""


def test_rapid_commit_and_an_address_of_another_link(new6):
    """18.3.1: where the server can't give what is wanted, it may advertise."""
    client = new6(rapid())
    assert 14 not in client.solicit(na("2001:db8:0:77::1"), RAPID_COMMIT).codes


# --- nothing left -------------------------------------------------------------------------------------------------


def test_no_address_is_left(behind6):
    """18.3.9 and 18.3.2: NoAddrsAvail in the IA, of an Advertise as well as of a Reply."""
    assert len({behind6(SMALL).bind().ia().lease for _number in range(2)}) == 2
    late = behind6(SMALL)
    for answer in (late.solicit(), late.ask("request", na())):
        assert (answer.ia().status, answer.ia().leases) == (NO_ADDRS, [])


def test_no_address_but_a_prefix(behind6):
    """18.3.9: each IA has what there is for it."""
    for _number in range(2):
        behind6(SMALL).bind()
    reply = behind6(SMALL).bind(na(), pd())
    assert (reply.ia(NA).status, reply.ia(NA).leases) == (NO_ADDRS, [])
    assert reply.ia(PD).lease == "2001:db8:3000::/48"


def test_a_subnet_without_addresses(behind6):
    """18.3.9: the same."""
    assert behind6(NONE).solicit().ia().status == NO_ADDRS


def test_an_address_is_free_again_after_its_time(behind6):
    """6.2: at the end of the valid lifetime it is no longer the client's; another one may have it."""
    first = behind6(BRIEF)
    ((address, _preferred, valid),) = first.bind().ia().leases
    first.held = []
    second = behind6(BRIEF)
    assert (valid, second.solicit().ia().status) == (6, NO_ADDRS)
    end = time.monotonic() + PATIENCE
    while second.solicit().ia().status == NO_ADDRS:
        assert time.monotonic() < end, f"{address} is still taken"
        time.sleep(0.2)
    assert second.bind().ia().lease == address


def test_messages_that_servers_send(client6):
    """16.3, 16.10, 16.11, 16.14: a server discards Advertise, Reply, Reconfigure and Relay-reply."""
    for kind in ("advertise", "reply", "reconfigure"):
        client6.send(kind, na())
        client6.expect_silence()
    client6.send_raw(bytes([NUMBERS["relay-reply"]]) + bytes(33) + option(9, client6.message("solicit", na())))
    client6.expect_silence()

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 2131 sections 3.1 and 4.3.1: how a client comes to an address."""

import time

import pytest
from client import PATIENCE, Answer, between

POOL = ("198.51.100.50", "198.51.100.199")


def test_discover_is_answered_by_an_offer(client, server):
    """4.3.1 and table 3: an address of the pool, for that client, with the server's identifier and a lease's time."""
    offer = client.offer()
    assert between(offer.yiaddr, *POOL)
    assert (offer.op, offer.htype, offer.hlen, offer.hops, offer.secs) == (2, 1, 6, 0, 0)
    assert (offer.ciaddr, offer.giaddr) == ("0.0.0.0", "0.0.0.0")
    assert offer.chaddr[:6].hex(":") == client.mac
    assert offer.options["server_id"] == server.address
    assert offer.options["lease_time"] == 600


def test_four_messages_make_a_lease(client, server):
    """3.1: DISCOVER, OFFER, REQUEST, ACK, and the ACK confirms what was offered."""
    offer = client.offer()
    ack = client.select(offer)
    assert ack.yiaddr == offer.yiaddr
    assert ack.options["lease_time"] == offer.options["lease_time"]
    assert ack.options["server_id"] == server.address


def test_discover_has_no_effect_on_others(client, new):
    """3.1 step 2: two clients are never offered the same address."""
    assert client.offer().yiaddr != new().offer().yiaddr


def test_discover_again_gets_the_same_offer(client):
    """4.3.1: what was offered, and is not taken by someone else, is offered again."""
    first = client.offer()
    client.send("discover", again=True)
    assert client.expect("offer").yiaddr == first.yiaddr


def test_a_bound_client_is_offered_its_address(client):
    """4.3.1: the client's current address as recorded in the client's current binding."""
    assert client.bind().yiaddr == client.offer().yiaddr


def test_a_former_client_is_offered_its_former_address(client):
    """4.3.1: its previous address, as recorded in its now released binding, if that is not allocated."""
    client.bind()
    former = client.release()
    assert client.offer().yiaddr == former


def test_the_address_of_requested_ip_is_offered(client, new):
    """4.3.1: the address of option 50, if it is valid and not allocated."""
    other = new()
    other.bind()
    free = other.release()
    assert client.offer(("requested_addr", free)).yiaddr == free


def test_an_address_that_is_taken_is_not_offered(client, new):
    """4.3.1: not an address that is allocated already."""
    taken = new().bind().yiaddr
    offer = client.offer(("requested_addr", taken))
    assert offer.yiaddr != taken
    assert between(offer.yiaddr, *POOL)


def test_an_address_of_elsewhere_is_not_offered(client):
    """4.3.1: option 50 is heard only where it is valid; else a new address from the pool."""
    assert between(client.offer(("requested_addr", "203.0.113.5")).yiaddr, *POOL)


def test_a_reserved_address_is_offered_to_its_client_alone(printer, client):
    """4.3.1: manual allocation, by the hardware address; nobody else gets it by asking."""
    assert printer.offer().yiaddr == "198.51.100.10"
    assert client.offer(("requested_addr", "198.51.100.10")).yiaddr != "198.51.100.10"


def test_the_time_that_a_client_asks_for(client):
    """4.3.1: the server may give the time that was requested."""
    assert client.offer(("lease_time", 1200)).options["lease_time"] == 1200


def test_a_time_beyond_the_limits_is_brought_within(client):
    """4.3.1: by the server's policy: no more than max-lease-time, no less than min-lease-time, nothing for ever."""
    for asked, given in ((100_000, 7200), (0xFFFFFFFF, 7200), (1, 120), (0, 120)):
        assert client.offer(("lease_time", asked)).options["lease_time"] == given


def test_the_renewal_times_are_left_to_the_client(client):
    """4.4.5: T1 and T2 may be sent, else the client takes 1/2 and 7/8. dhcpd does where dhcp-renewal-time is set."""
    assert not {58, 59} & set(client.offer(("param_req_list", [58, 59])).codes)


def test_where_to_boot_from(diskless):
    """Table 3: siaddr, sname and file are the next server's in the client's bootstrap."""
    offer = diskless.offer()
    assert offer.siaddr == "198.51.100.4"
    assert (offer.sname.rstrip(b"\0"), offer.file.rstrip(b"\0")) == (b"boot.example.net", b"diskless.img")


def test_the_broadcast_flag_is_honoured(client):
    """4.1: with the flag the answer is broadcast, in IP and on the link."""
    offer = client.offer(flags="B")
    assert (offer.to, offer.frame.dst) == ("255.255.255.255", "ff:ff:ff:ff:ff:ff")
    assert offer.flags.B


def test_without_the_broadcast_flag_the_answer_is_unicast(client):
    """4.1: to yiaddr and the client's hardware address, before the client has the address."""
    offer = client.offer()
    assert (offer.to, offer.frame.dst) == (offer.yiaddr, client.mac)
    assert not offer.flags.B
    ack = client.select(offer)
    assert (ack.to, ack.frame.dst) == (ack.yiaddr, client.mac)


def test_the_ports(client):
    """4.1: from the server's port 67 to the client's port 68."""
    offer = client.offer()
    assert (offer.frame.sport, offer.frame.dport) == (67, 68)


def test_an_exhausted_pool_is_silent(behind):
    """4.3.1: with no address left the server may tell its administrator; the client hears nothing."""
    first, second, third = (behind("203.0.113.65") for _number in range(3))
    assert {first.bind().yiaddr, second.bind().yiaddr} == {"203.0.113.70", "203.0.113.71"}
    third.send("discover")
    third.expect_silence()
    given_back = second.release()
    assert third.bind().yiaddr == given_back


def test_an_address_is_free_when_its_time_is_up(behind, segment):
    """2.2 and 4.3.1: an address whose lease has expired is given to others, and not a moment earlier."""
    first, second = behind("203.0.113.225"), behind("203.0.113.225")
    asked = int(time.time())  # dhcpd counts in whole seconds
    lease = first.bind()
    first.address = ""
    while not (found := segment.hear(lambda frame: frame["BOOTP"].xid == second.xid, patience=1)):
        assert time.time() < asked + lease.options["lease_time"] + PATIENCE
        second.send("discover")
    assert int(time.time()) >= asked + lease.options["lease_time"]
    assert second.select(Answer(found)).yiaddr == lease.yiaddr


@pytest.fixture
def probed(behind, segment):
    """A client in the subnet with ping-check, where someone answers ARP for each address, so that pings are seen."""
    segment.hosts.update({f"203.0.113.{number}": f"02:00:00:00:00:{number}" for number in range(35, 61)})
    return behind("203.0.113.33")


def test_an_address_is_probed_before_it_is_offered(probed, segment):
    """2.2 and 4.3.1: the server should probe the address, by ICMP echo, before it gives it to a new client."""
    offer = probed.offer()
    assert segment.asked == [offer.yiaddr]


def test_an_address_that_answers_the_probe_is_not_offered(probed, segment):
    """2.2 and 4.3.1: someone is there. dhcpd abandons the address, and offers another one to the next message."""
    segment.alive = set(segment.hosts)
    probed.send("discover")
    probed.expect_silence()
    segment.alive = set()
    offer = probed.offer()
    squatted, free = segment.asked
    assert offer.yiaddr == free != squatted
    assert not segment.heard

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 8415 section 19: relay agents, their Relay-forward and the server's Relay-reply."""

from client import between
from client6 import NUMBERS, Relay6, na, option, pd

POOL = ("2001:db8:0:2::1:0", "2001:db8:0:2::1:ffff")
HERE, ELSEWHERE, NOWHERE = "2001:db8:0:2::1", "2001:db8:0:3::1", "2001:db8:0:77::1"


def test_the_link_address_says_which_subnet(behind6):
    """13.1: the link is link-address's."""
    assert between(behind6(HERE).solicit().ia().lease, *POOL)


def test_the_answer_goes_to_the_relay(behind6):
    """19.3: a Relay-reply to where the Relay-forward came from, port 547."""
    client = behind6(HERE)
    frame = client.solicit().frame
    assert (frame["IPv6"].dst, frame["UDP"].dport) == (client.relay, 547)


def test_what_the_relay_said_comes_back(behind6):
    """19.3: hop-count, link-address and peer-address as they were, and the Interface-Id."""
    client = behind6(HERE, b"port-7")
    assert client.solicit().relays == [Relay6(HERE, b"port-7", 0, client.address)]


def test_no_interface_is_made_up(behind6):
    """21.18: where there was none, there is none."""
    assert behind6(HERE).solicit().relays[0].interface == b""


def test_a_lease_through_a_relay(behind6):
    """19.3: the four messages, all of them through the agent; and those that follow."""
    client = behind6(HERE, b"port-7")
    lease = client.bind(na(), pd()).ia().lease
    for kind in ("renew", "rebind"):
        assert client.ask(kind, *client.held).ia().lease == lease
    assert client.release().relays[0].interface == b"port-7"


def test_two_relays(new6):
    """19.3: a Relay-reply for each, in their order; the subnet is that of the one next to the client."""
    client = new6(relays=(Relay6(HERE, b"inner"), Relay6(ELSEWHERE, b"outer", 1)))
    answer = client.solicit()
    outer, inner = answer.relays
    assert (outer.interface, outer.hops, outer.link) == (b"outer", 1, ELSEWHERE)
    assert (inner.interface, inner.hops, inner.peer) == (b"inner", 0, client.address)
    assert between(answer.ia().lease, *POOL)


def test_a_relay_that_does_not_know_its_link(new6):
    """19.1.1: a relay of layer 2 says ::, or one with link-local addresses alone; the next one's link counts."""
    for unknown in ("::", "fe80::1"):
        client = new6(relays=(Relay6(unknown, b"inner"), Relay6(HERE, b"outer", 1)))
        assert between(client.solicit().ia().lease, *POOL)


def test_no_relay_knows_the_link(behind6):
    """13.1: then it is the link where the Relay-forward came in."""
    assert between(behind6("::").solicit().ia().lease, "2001:db8:0:1:a::", "2001:db8:0:1:a:ffff:ffff:ffff")


def test_as_many_relays_as_there_may_be(new6):
    """7.6 and 19.1.2: at most 8, which was 32 in RFC 3315; a server answers all of them."""
    for most in (8, 32):
        client = new6(relays=tuple(Relay6(HERE, hops=number) for number in range(most)))
        assert [relay.hops for relay in client.solicit().relays] == list(range(most))[::-1]


def test_hops_are_the_relays_to_count(behind6):
    """19.1.2: a relay discards what had too many; dhcpd looks at no hop-count, and sends it back."""
    client = behind6(HERE)
    for hops in (8, 32, 255):
        client.relays = (Relay6(HERE, hops=hops),)
        assert client.solicit().relays[0].hops == hops


def test_a_relay_that_speaks_to_this_server(behind6, server):
    """19.1: a relay agent may be told a server's address; unicast is for it, not for clients."""
    client = behind6(HERE)
    client.send("solicit", na(), to=server.address6)
    assert between(client.expect("advertise").ia().lease, *POOL)


def test_a_link_of_no_known_subnet(behind6):
    """18.3.9: there is nothing for it; it hears nothing."""
    client = behind6(NOWHERE)
    client.send("solicit", na())
    client.expect_silence()


def test_a_relay_forward_without_a_message(behind6, client6):
    """19.3: there is nothing to answer."""
    client = behind6(HERE)
    client.relays = ()
    client.send_raw(bytes([NUMBERS["relay-forward"], 0]) + bytes(32) + option(18, b"port-7"))
    client6.solicit()
    assert not client.segment.heard


def test_a_message_that_is_discarded(behind6):
    """19.3: what is not answered without a relay agent isn't through it either."""
    client = behind6(HERE)
    client.send("solicit", na(), duid=b"")
    client.expect_silence()


def test_other_options_of_a_relay(new6):
    """RFC 4649 and 4580: Remote-Id and Subscriber-Id, which a server needn't send back; dhcpd does not."""
    said = option(37, b"\0\0\x7e\xd9remote") + option(38, b"subscriber")
    client = new6(relays=(Relay6(HERE, b"port-7", more=said),))
    assert client.solicit().relays == [Relay6(HERE, b"port-7", 0, client.address)]

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Relay agents: RFC 2131 section 4.1, RFC 1542 and RFC 3046."""

import pytest
from client import Relay, between

POOL = ("203.0.113.5", "203.0.113.30")
PORT = b"\x01\x06port-7" + b"\x02\x06switch"  # circuit and remote id


def test_the_relays_address_says_which_subnet(behind):
    """RFC 2131 4.3.1: an address of the subnet in which the message was received, or of giaddr's, and its options."""
    offer = behind("203.0.113.1").offer()
    assert between(offer.yiaddr, *POOL)
    assert (offer.options["subnet_mask"], offer.options["router"]) == ("255.255.255.224", "203.0.113.1")


def test_the_answer_goes_to_the_relay(behind, server):
    """RFC 2131 4.1: to giaddr, port 67, whatever else there is; giaddr is sent back."""
    for flags in (0, "B"):
        offer = behind("203.0.113.1").offer(flags=flags)
        assert (offer.to, offer.frame.dport, offer.giaddr) == ("203.0.113.1", 67, "203.0.113.1")
        assert bool(offer.flags.B) == bool(flags)


def test_a_lease_through_a_relay(behind):
    """RFC 2131 3.1: the four messages, all of them through the agent."""
    client = behind("203.0.113.1")
    offer = client.offer()
    ack = client.select(offer)
    assert (ack.yiaddr, ack.to) == (offer.yiaddr, "203.0.113.1")


def test_renewal_passes_the_relay_by(behind, server):
    """RFC 2131 4.3.2: unicast to the server, and back to ciaddr."""
    client = behind("203.0.113.1")
    address = client.bind().yiaddr
    client.relay = None
    client.send("request", ciaddr=address, to=server.address)
    ack = client.expect("ack")
    assert (ack.to, ack.yiaddr, ack.giaddr) == (address, address, "0.0.0.0")


def test_a_relay_of_no_known_subnet(behind):
    """RFC 2131 4.3.1: there is no address for it; it hears nothing."""
    client = behind("203.0.113.200")
    client.send("discover")
    client.relay = None
    client.expect_silence()


def test_a_subnet_without_addresses(behind):
    """RFC 2131 4.3.1: the same."""
    client = behind("203.0.113.129")
    client.send("discover")
    client.expect_silence()


def test_a_client_that_moved(behind, new):
    """RFC 2131 4.3.1: an address of where the client is now, also where it holds one elsewhere."""
    here = new()
    here.bind()
    there = behind("203.0.113.1")
    there.mac = here.mac
    assert between(there.offer().yiaddr, *POOL)


def test_inform_through_a_relay(behind, segment):
    """RFC 2131 4.3.5: the ACK goes to ciaddr, past the relay agent."""
    client = behind("203.0.113.1")
    segment.hosts["203.0.113.20"] = client.mac
    client.send("inform", ciaddr="203.0.113.20")
    assert client.expect("ack").to == "203.0.113.20"


# --- option 82 ----------------------------------------------------------------------------------------------------


def test_option_82_is_sent_back(behind):
    """RFC 3046 2.2: as it came, in each answer, and as the last option."""
    client = behind("203.0.113.1", PORT)
    for answer in (offer := client.offer(), client.select(offer)):
        assert answer.value(82) == PORT
        assert answer.codes[-1] == 82


def test_option_82_is_sent_back_in_a_nak(behind):
    """RFC 3046 2.2: in all answers."""
    client = behind("203.0.113.1", PORT)
    client.send("request", ("requested_addr", "198.51.100.60"))
    assert client.expect("nak").value(82) == PORT


def test_option_82_is_not_made_up(behind):
    """RFC 3046 2.2: a server adds none."""
    assert behind("203.0.113.1").offer(("param_req_list", [82])).value(82) is None


def test_option_82_with_suboptions_that_nobody_knows(behind):
    """RFC 3046 2.2: sent back whole, also what the server cannot read."""
    unknown = b"\xc8\x03abc" + PORT
    assert behind("203.0.113.1", unknown).offer().value(82) == unknown


def test_option_82_has_room(behind):
    """RFC 3046 2.2: the answer has room for it, whatever else it holds."""
    long = b"\x01\xc8" + b"p" * 200
    offer = behind("203.0.113.1", long).offer(("param_req_list", [1, 3, 6, 15, 33, 42, 66]))
    assert offer.value(82) == long


def test_option_82_is_not_overloaded(verbose, segment):
    """RFC 3046 2.2: it must not be in file or sname, where other options are."""
    verbose.relay = Relay(segment, "203.0.113.1", PORT)
    offer = verbose.offer(("param_req_list", [14, 17, 18]))
    assert offer.options["dhcp-option-overload"] == 3
    assert offer.value(82) == PORT


@pytest.mark.parametrize("subnet", ["203.0.113.0", "203.0.113.1"])
def test_link_selection(behind, subnet):
    """RFC 3527 section 3: suboption 5 names the subnet, in place of giaddr; the answer still goes to giaddr."""
    link = b"\x05\x04" + bytes(map(int, subnet.split(".")))
    offer = behind("203.0.113.129", link).offer()
    assert between(offer.yiaddr, *POOL)
    assert offer.to == "203.0.113.129"

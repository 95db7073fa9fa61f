# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 2131 sections 4.3.2 to 4.3.6: what a client says about an address that it has been given."""

import time

from client import PATIENCE

ELSEWHERE = "203.0.113.5"


# --- SELECTING ----------------------------------------------------------------------------------------------------


def test_select_another_server(client):
    """3.1 step 4 and 4.3.2: a REQUEST with another server's identifier is not for this one, which says nothing."""
    client.offer()
    client.send("request", ("requested_addr", "198.51.100.30"), ("server_id", "198.51.100.253"), again=True)
    client.expect_silence()


def test_select_another_server_with_an_address_of_ours(client):
    """4.3.2: the same. dhcpd departs: it gives the address. server-id-check is for failover pairs alone."""
    offer = client.offer()
    client.send("request", ("requested_addr", offer.yiaddr), ("server_id", "198.51.100.253"), again=True)
    assert client.expect("ack").yiaddr == offer.yiaddr


def test_select_an_address_that_is_taken(client, new, server):
    """3.1 step 4: a REQUEST that cannot be satisfied gets a NAK."""
    taken = new().bind().yiaddr
    client.send("request", ("requested_addr", taken), ("server_id", server.address))
    client.expect("nak")


def test_select_again(client):
    """3.1 step 5: the ACK was lost, and the REQUEST comes again: so does the ACK."""
    ack = client.bind()
    client.send("request", ("requested_addr", ack.yiaddr), ("server_id", ack.options["server_id"]), again=True)
    assert client.expect("ack").yiaddr == ack.yiaddr


# --- INIT-REBOOT --------------------------------------------------------------------------------------------------


def test_init_reboot(client):
    """4.3.2: option 50 without a server identifier, ciaddr zero: the server confirms what it remembers."""
    ack = client.bind()
    client.send("request", ("requested_addr", ack.yiaddr))
    again = client.expect("ack")
    assert (again.yiaddr, again.options["lease_time"]) == (ack.yiaddr, 600)


def test_init_reboot_on_the_wrong_network(client):
    """4.3.2: a NAK, if the client is on the wrong net."""
    client.send("request", ("requested_addr", ELSEWHERE))
    client.expect("nak")


def test_init_reboot_with_the_address_of_another(client, new):
    """4.3.2: a NAK, if the client's notion of its address is wrong."""
    client.send("request", ("requested_addr", new().bind().yiaddr))
    client.expect("nak")


def test_init_reboot_of_a_client_that_nobody_knows(client, new):
    """4.3.2: with no record of the client the server must remain silent. dhcpd departs: it gives a free address."""
    other = new()
    other.bind()
    client.address = other.release()
    client.send("request", ("requested_addr", client.address))
    assert client.expect("ack").yiaddr == client.address


# --- RENEWING and REBINDING ---------------------------------------------------------------------------------------


def test_renew(client, server):
    """4.3.2: unicast with ciaddr, without options 50 and 54; the ACK goes to ciaddr, and the time begins anew."""
    address = client.bind().yiaddr
    client.send("request", ciaddr=address, to=server.address)
    ack = client.expect("ack")
    assert (ack.to, ack.ciaddr, ack.yiaddr, ack.options["lease_time"]) == (address, address, address, 600)


def test_renew_at_once(behind):
    """4.4.5: before T1 the server may choose not to extend the lease, but should send an ACK regardless.

    So does dhcpd in the lease's first quarter (dhcp-cache-threshold): it writes nothing, and tells what is left.
    """
    client = behind("203.0.113.1")
    address, left, end = client.bind().yiaddr, 600, time.monotonic() + PATIENCE
    while left == 600 and time.monotonic() < end:
        client.send("request", ciaddr=address)
        left = client.expect("ack").options["lease_time"]
    assert left < 600


def test_rebind(client):
    """4.3.2: the same, broadcast."""
    address = client.bind().yiaddr
    client.send("request", ciaddr=address)
    ack = client.expect("ack")
    assert (ack.to, ack.ciaddr, ack.yiaddr) == (address, address, address)


def test_rebind_the_address_of_another(client, new):
    """4.3.2: a NAK: to everyone, since the client's address is not its own."""
    client.send("request", ciaddr=new().bind().yiaddr)
    nak = client.expect("nak")
    assert nak.to == "255.255.255.255"


def test_renew_after_release(client, server):
    """4.3.2: the server trusts the client's ciaddr, and the address is still free."""
    client.bind()
    address = client.release()
    client.send("request", ciaddr=address, to=server.address)
    client.expect("ack")


# --- NAK ----------------------------------------------------------------------------------------------------------


def test_what_a_nak_says(client, server):
    """Table 3: no address and no option but message type, server identifier, message and client identifier."""
    client.send("request", ("requested_addr", ELSEWHERE), ("param_req_list", [1, 3, 6]))
    nak = client.expect("nak")
    assert {nak.ciaddr, nak.yiaddr, nak.siaddr, nak.giaddr} == {"0.0.0.0"}
    assert nak.options["server_id"] == server.address
    assert set(nak.codes) <= {53, 54, 56, 61}
    assert nak.value(56) == b"requested address not available"


def test_a_nak_is_broadcast(client):
    """4.3.2: to 0xffffffff, since the client may have no address, and with the broadcast bit left as it was."""
    client.send("request", ("requested_addr", ELSEWHERE))
    nak = client.expect("nak")
    assert (nak.to, nak.frame.dst) == ("255.255.255.255", "ff:ff:ff:ff:ff:ff")


def test_a_nak_through_a_relay(behind):
    """4.3.2: to the relay agent, with the broadcast bit set, so that the agent broadcasts it."""
    client = behind("203.0.113.1")
    client.send("request", ("requested_addr", "198.51.100.60"))
    nak = client.expect("nak")
    assert nak.to == "203.0.113.1"
    assert nak.flags.B


# --- DECLINE, RELEASE, INFORM -------------------------------------------------------------------------------------


def test_a_declined_address_is_quarantined(client, new, server):
    """4.3.3: the server must mark it as not available: neither this client gets it again nor another one."""
    address, client.address = client.bind().yiaddr, ""
    client.send("decline", ("requested_addr", address), ("server_id", server.address))
    client.expect_silence()
    assert client.offer(("requested_addr", address)).yiaddr != address
    assert new().offer(("requested_addr", address)).yiaddr != address


def test_anybody_declines_any_address(client, new, server):
    """4.3.3: a DECLINE comes from the client that was given the address. dhcpd takes it from anyone.

    So that anyone can take away any address, unless declines are denied.
    """
    address, client.address = client.bind().yiaddr, ""
    new().send("decline", ("requested_addr", address), ("server_id", server.address))
    client.send("request", ("requested_addr", address))
    client.expect_silence()


def test_a_released_address_is_free(client, new):
    """4.3.4: another client may have it; there is no answer."""
    client.bind()
    address = client.release()
    client.expect_silence()
    assert new().offer(("requested_addr", address)).yiaddr == address


def test_only_its_client_releases_an_address(client, new):
    """4.3.4: a RELEASE from someone else changes nothing."""
    address, other = client.bind().yiaddr, new()
    other.address = address
    other.release()
    assert new().offer(("requested_addr", address)).yiaddr != address


def test_inform(client):
    """4.3.5: an ACK to ciaddr with the options, without an address and without a lease's time."""
    client.segment.hosts["198.51.100.240"] = client.mac
    client.send("inform", ciaddr="198.51.100.240")
    ack = client.expect("ack")
    assert (ack.to, ack.ciaddr, ack.yiaddr) == ("198.51.100.240", "198.51.100.240", "0.0.0.0")
    assert ack.options["domain"] == b"example.net"
    assert not {51, 58, 59} & set(ack.codes)


def test_inform_takes_no_address(client, new):
    """4.3.5: the server checks for no binding and makes none."""
    address = new().offer().yiaddr
    client.segment.hosts[address] = client.mac
    client.send("inform", ciaddr=address)
    client.expect("ack")
    assert new().bind(("requested_addr", address)).yiaddr != ""


# --- who is who ---------------------------------------------------------------------------------------------------


def test_a_client_is_known_by_its_identifier(new):
    """4.2: the same client identifier is the same client, also with another network card."""
    who = ("client_id", b"\x00laptop of the tests")
    assert new().bind(who).yiaddr == new().offer(who).yiaddr


def test_the_identifier_comes_before_the_hardware_address(new):
    """4.2: two identifiers are two clients, also on one network card."""
    first, second = new(), new("02:00:00:00:01:01")
    first.mac = second.mac
    assert first.bind(("client_id", b"\x00one")).yiaddr != second.bind(("client_id", b"\x00two")).yiaddr


def test_a_reservation_by_identifier(client):
    """4.2: the server may be told whose identifier gets which address."""
    assert client.offer(("client_id", b"identified")).yiaddr == "198.51.100.12"


def test_the_identifier_is_not_sent_back(client):
    """Table 3: a server must not return it. RFC 6842 says that it must: dhcpd departs from that one."""
    assert client.offer(("client_id", b"\x00who")).value(61) is None


# --- what is not for a server -------------------------------------------------------------------------------------


def test_what_servers_say_is_not_answered(client):
    """4.3: OFFER, ACK and NAK are none of the messages that a server receives."""
    for kind in ("offer", "ack", "nak"):
        client.send(kind)
        client.expect_silence()


def test_a_reply_is_answered(client):
    """Table 1: op 2 is a BOOTREPLY, and not for a server. dhcpd departs: it looks at the message type alone."""
    client.send("discover", op=2)
    client.expect("offer")

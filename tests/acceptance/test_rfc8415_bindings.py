# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 8415 sections 18.3.3 to 18.3.8: Confirm, Renew, Rebind, Release and Decline."""

import time

from client import PATIENCE, between
from client6 import NA, NO_ADDRS, NO_BINDING, NOT_ON_LINK, PD, SUCCESS, TA, na, pd, ta

FREE = "2001:db8:0:1:a::4711"
ELSEWHERE = "2001:db8:0:77::1"
POOL = ("2001:db8:0:1:a::", "2001:db8:0:1:a:ffff:ffff:ffff")
SMALL, THRESHOLD = "2001:db8:0:3::1", "2001:db8:0:2::1"  # link-addresses of relay agents


# --- Renew --------------------------------------------------------------------------------------------------------


def test_renew(client6):
    """18.3.4: the same address for another whole lifetime."""
    lease = client6.bind().ia().leases
    assert client6.ask("renew", *client6.held).ia().leases == lease


def test_renew_early(behind6):
    """18.3.4: dhcpd's own threshold: in the first quarter it answers with what is left, and writes nothing."""
    client = behind6(THRESHOLD)
    valid = left = client.bind().ia().leases[0][2]
    end = time.monotonic() + PATIENCE
    while left == valid and time.monotonic() < end:
        ((_address, _preferred, left),) = client.ask("renew", *client.held).ia().leases
    assert left < valid


def test_renew_what_is_not_bound(client6):
    """18.3.4: the IA with the status NoBinding, of an address as well as of a prefix."""
    for kind, wanted in ((NA, na(FREE)), (PD, pd("2001:db8:1000::/56"))):
        ia = client6.ask("renew", wanted).ia(kind)
        assert (ia.status, ia.leases) == (NO_BINDING, [])


def test_renew_nothing(client6):
    """18.3.4: a server that finds no binding may make one; dhcpd does where the IA names no address."""
    reply = client6.hold(client6.ask("renew", na()))
    assert between(reply.ia().lease, *POOL)


def test_renew_the_address_of_another(client6, new6):
    """18.3.4: NoBinding."""
    assert client6.ask("renew", na(new6().bind().ia().lease)).ia().status == NO_BINDING


def test_renew_on_another_link(client6, behind6):
    """18.3.4: what is not for that link comes back with lifetimes of 0; and dhcpd gives one that is."""
    away = behind6("2001:db8:0:2::1", duid=client6.duid)
    address = client6.bind().ia().lease
    client6.held = []  # of one IA: what the client gets there takes the place of what it had here
    (old, _preferred, _valid), (new, *_lifetimes) = away.hold(away.ask("renew", na(address))).ia().leases
    assert (old, _preferred, _valid) == (address, 0, 0)
    assert between(new, "2001:db8:0:2::1:0", "2001:db8:0:2::1:ffff")


def test_renew_where_nothing_is_left(behind6):
    """18.3.4: NoBinding or NoAddrsAvail. dhcpd departs: the IA comes back empty, without a status."""
    for _number in range(2):
        behind6(SMALL).bind()
    ia = behind6(SMALL).ask("renew", na()).ia()
    assert (ia.status, ia.leases) == (None, [])


# --- Rebind -------------------------------------------------------------------------------------------------------


def test_rebind(client6):
    """18.3.5: the same as by Renew, without a server's identifier."""
    lease = client6.bind().ia().leases
    assert client6.ask("rebind", *client6.held).ia().leases == lease


def test_rebind_what_is_not_bound(client6):
    """18.3.5: a server that finds no binding may make one; dhcpd gives any free address that is named."""
    reply = client6.hold(client6.ask("rebind", na(FREE)))
    assert reply.ia().lease == FREE


def test_rebind_what_is_for_another_link(client6):
    """18.3.5: lifetimes of 0; and dhcpd gives an address that is for this one."""
    old, (new, *_lifetimes) = client6.hold(client6.ask("rebind", na(ELSEWHERE))).ia().leases
    assert old == (ELSEWHERE, 0, 0)
    assert between(new, *POOL)
    client6.held = [na(new)]


def test_rebind_the_address_of_another(client6, new6):
    """18.3.5: it is not given to two; dhcpd says so by lifetimes of 0."""
    taken = new6().bind().ia().lease
    old, (new, *_lifetimes) = client6.ask("rebind", na(taken)).ia().leases
    assert old == (taken, 0, 0)
    client6.held = [na(new)]


# --- Confirm ------------------------------------------------------------------------------------------------------


def test_confirm_on_the_link(client6):
    """18.3.3: Success where all addresses are of the link, whether they are bound or not."""
    assert client6.ask("confirm", na(client6.bind().ia().lease)).status == SUCCESS
    assert client6.ask("confirm", na("2001:db8:0:1::1234")).status == SUCCESS
    assert client6.ask("confirm", ta("2001:db8:0:1:b::1234")).status == SUCCESS


def test_confirm_on_another_link(client6):
    """18.3.3: NotOnLink where one of them is not."""
    assert client6.ask("confirm", na(ELSEWHERE)).status == NOT_ON_LINK
    assert client6.ask("confirm", na("2001:db8:0:1::1234"), na(ELSEWHERE, iaid=2)).status == NOT_ON_LINK


def test_confirm_through_a_relay(behind6):
    """18.3.3: the link is the client's, not the server's."""
    assert behind6("2001:db8:0:4::1").ask("confirm", na("2001:db8:0:4::1234")).status == SUCCESS
    assert behind6("2001:db8:0:4::1").ask("confirm", na("2001:db8:0:1::1234")).status == NOT_ON_LINK


def test_confirm_nothing(client6, behind6):
    """18.3.3: no answer to a Confirm without an address, or of a link of which the server knows nothing."""
    lost = behind6("2001:db8:0:77::1")
    for client, options in (
        (client6, [na()]),
        (client6, []),
        (client6, [pd("2001:db8:1000::/56")]),
        (lost, [na(FREE)]),
    ):
        client.send("confirm", *options)
        client.expect_silence()


# --- Release ------------------------------------------------------------------------------------------------------


def test_release(client6, new6):
    """18.3.7: Success; another client may have the address, and the binding is gone."""
    address = client6.bind().ia().lease
    assert new6().solicit(na(address)).ia().lease != address
    reply = client6.release()
    assert (reply.status, reply.codes.count(NA)) == (SUCCESS, 0)
    other = new6()
    assert other.select(other.solicit(na(address))).ia().lease == address
    assert client6.ask("renew", na(address)).ia().status == NO_BINDING


def test_release_out_of_an_exhausted_pool(behind6):
    """18.3.7: what was released is the next client's, here address and prefix."""
    first, second, late = (behind6(SMALL) for _number in range(3))
    given, _other = first.bind(na(), pd()), second.bind()
    assert not late.solicit(na(), pd()).ia().leases
    first.release()
    reply = late.bind(na(), pd())
    assert (reply.ia().lease, reply.ia(PD).lease) == (given.ia().lease, given.ia(PD).lease)


def test_release_what_is_not_bound(client6):
    """18.3.7: Success for the whole, and the IA with NoBinding."""
    reply = client6.ask("release", na(FREE), pd("2001:db8:1000::/56"))
    assert reply.status == SUCCESS
    assert (reply.ia(NA).status, reply.ia(PD).status) == (NO_BINDING, NO_BINDING)


def test_only_its_client_releases_an_address(client6, new6):
    """18.3.7: NoBinding for someone else, and nothing changes."""
    lease = client6.bind().ia().leases
    assert new6().ask("release", *client6.held).ia().status == NO_BINDING
    assert client6.ask("renew", *client6.held).ia().leases == lease


def test_renew_after_release(client6):
    """18.3.4: dhcpd remembers a former client, and gives it the address back as long as nobody else has it."""
    address = client6.bind().ia().lease
    client6.release()
    assert client6.hold(client6.ask("renew", na(address))).ia().lease == address


def test_a_temporary_address_is_not_released(client6, new6):
    """18.3.7: any lease may be released. dhcpd departs: it says Success to an IA_TA, and keeps the binding."""
    address = client6.bind(ta()).ia(TA).lease
    assert client6.release().status == SUCCESS
    assert new6().solicit(ta(address)).ia(TA).lease != address


# --- Decline ------------------------------------------------------------------------------------------------------


def test_a_declined_address_is_quarantined(client6, new6):
    """18.3.8: Success, and the address is nobody's, neither who asks for any nor who asks for that one."""
    address = client6.bind().ia().lease
    reply = client6.ask("decline", *client6.held)
    client6.held = []
    assert (reply.status, reply.codes.count(NA)) == (SUCCESS, 0)
    assert client6.solicit().ia().lease != address
    for kind in ("request", "rebind"):
        assert address not in [lease for lease, _preferred, valid in new6().ask(kind, na(address)).ia().leases if valid]


def test_a_declined_address_is_out_of_its_pool(behind6):
    """18.3.8: where there is no other, the next client gets none."""
    first, second, late = (behind6(SMALL) for _number in range(3))
    address, _other = first.bind().ia().lease, second.bind()
    first.ask("decline", *first.held)
    second.release()
    assert late.bind().ia().leases
    assert behind6(SMALL).solicit().ia().status == NO_ADDRS
    first.hold(first.ask("request", na(address)))  # else it would be gone for ever


def test_a_declined_address_is_given_again(client6):
    """18.3.8: the server must not assign it again. dhcpd departs: who declined it may have it, by naming it."""
    address = client6.bind().ia().lease
    client6.ask("decline", *client6.held)
    assert client6.hold(client6.ask("request", na(address))).ia().lease == address


def test_decline_what_is_not_bound(client6):
    """18.3.8: Success for the whole, and the IA with NoBinding."""
    reply = client6.ask("decline", na(FREE))
    assert (reply.status, reply.ia().status) == (SUCCESS, NO_BINDING)


def test_only_its_client_declines_an_address(client6, new6):
    """18.3.8: NoBinding for someone else, and nothing changes: unlike dhcpd's DHCPv4."""
    lease = client6.bind().ia().leases
    assert new6().ask("decline", *client6.held).ia().status == NO_BINDING
    assert client6.ask("renew", *client6.held).ia().leases == lease


def test_a_temporary_address_is_not_declined(client6):
    """18.3.8: any address may be declined. dhcpd departs: it says Success to an IA_TA, and renews it as before."""
    address = client6.bind(ta()).ia(TA).lease
    assert client6.ask("decline", *client6.held).status == SUCCESS
    assert client6.ask("renew", *client6.held).ia(TA).lease == address

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 8415 sections 6, 12 and 21: delegated prefixes, temporary addresses, and several of them for one client."""

from ipaddress import ip_network

from client import between
from client6 import NA, NO_ADDRS, NO_BINDING, NO_PREFIX, NOT_ON_LINK, PD, SUCCESS, TA, na, pd, ta

PREFIXES = ip_network("2001:db8:1000::/36")
TEMPORARY = ("2001:db8:0:1:b::", "2001:db8:0:1:b:ffff:ffff:ffff")
SMALL, NONE = "2001:db8:0:3::1", "2001:db8:0:4::1"  # link-addresses of relay agents


# --- prefixes -----------------------------------------------------------------------------------------------------


def test_a_delegated_prefix(client6):
    """6.3 and 18.3.2: a prefix of the pool, of its length, with lifetimes."""
    advertise = client6.solicit(pd(iaid=9))
    reply = client6.select(advertise)
    prefix = ip_network(reply.ia(PD).lease)
    assert (prefix.subnet_of(PREFIXES), prefix.prefixlen) == (True, 56)
    assert reply.ia(PD) == advertise.ia(PD)
    assert (reply.ia(PD).iaid, reply.ia(PD).leases[0][1:]) == (9, (375, 600))


def test_the_prefix_that_a_client_wants(client6):
    """18.2.1: it may say which; the server may heed it."""
    assert client6.bind(pd("2001:db8:1234:5600::/56")).ia(PD).lease == "2001:db8:1234:5600::/56"


def test_the_length_that_a_client_wants(client6):
    """18.2.1: a hint; the server has prefixes of one length here."""
    assert client6.solicit(pd("::/56")).ia(PD).lease.endswith("/56")
    assert client6.solicit(pd("::/60")).ia(PD).lease.endswith("/56")


def test_two_clients_have_two_prefixes(new6):
    """18.3.2: a prefix is bound to one client."""
    assert new6().bind(pd()).ia(PD).lease != new6().bind(pd()).ia(PD).lease


def test_renew_and_rebind_a_prefix(client6):
    """18.3.4 and 18.3.5: as addresses."""
    leases = client6.bind(pd()).ia(PD).leases
    assert client6.ask("renew", *client6.held).ia(PD).leases == leases
    assert client6.ask("rebind", *client6.held).ia(PD).leases == leases


def test_rebind_a_prefix_of_nobody(client6):
    """18.3.5: lifetimes of 0; and dhcpd delegates one of its own."""
    wrong, (new, *_lifetimes) = client6.ask("rebind", pd("2001:db8:7777::/56")).ia(PD).leases
    assert wrong == ("2001:db8:7777::/56", 0, 0)
    assert ip_network(new).subnet_of(PREFIXES)
    client6.held = [pd(new)]


def test_release_a_prefix(client6, new6):
    """18.3.7: another client may have it."""
    prefix = client6.bind(pd()).ia(PD).lease
    assert new6().bind(pd(prefix)).ia(PD).lease != prefix
    assert client6.release().status == SUCCESS
    assert new6().bind(pd(prefix)).ia(PD).lease == prefix


def test_no_prefix_is_left(behind6):
    """18.3.9 and 18.3.2: NoPrefixAvail in the IA, of an Advertise as well as of a Reply."""
    behind6(SMALL).bind(pd())
    late = behind6(SMALL)
    for answer in (late.solicit(pd()), late.ask("request", pd())):
        assert (answer.ia(PD).status, answer.ia(PD).leases) == (NO_PREFIX, [])


def test_a_subnet_without_prefixes(behind6):
    """18.3.9: the same."""
    assert behind6(NONE).solicit(pd()).ia(PD).status == NO_PREFIX


# --- temporary addresses ------------------------------------------------------------------------------------------


def test_a_temporary_address(client6):
    """13.2 and 21.5: of the range that is for them, with lifetimes, without T1 and T2."""
    reply = client6.bind(ta(iaid=5))
    assert between(reply.ia(TA).lease, *TEMPORARY)
    assert (reply.ia(TA).iaid, reply.ia(TA).leases[0][1:]) == (5, (375, 600))


def test_a_temporary_address_that_a_client_wants(client6):
    """18.2.1: it may say which; the server may heed it."""
    address = client6.solicit(ta()).ia(TA).lease
    assert client6.bind(ta(address)).ia(TA).lease == address


def test_the_next_temporary_address_is_another(client6):
    """13.2: a client gets a new one by an IA_TA that it has not had yet."""
    first = client6.bind(ta(iaid=1)).ia(TA).lease
    assert client6.bind(ta(iaid=2)).ia(TA).lease != first


def test_renew_a_temporary_address(client6):
    """13.2: it may be renewed, if the client needs it that long."""
    address = client6.bind(ta()).ia(TA).lease
    assert client6.ask("renew", *client6.held).ia(TA).lease == address
    assert client6.ask("rebind", *client6.held).ia(TA).lease == address


def test_a_subnet_without_temporary_addresses(behind6):
    """18.3.9: NoAddrsAvail."""
    assert behind6(NONE).solicit(ta()).ia(TA).status == NO_ADDRS


# --- several of them ----------------------------------------------------------------------------------------------


def test_an_address_and_a_prefix(client6):
    """6.4: both in one message, each in its IA."""
    reply = client6.bind(na(iaid=1), pd(iaid=1))
    assert between(reply.ia(NA).lease, "2001:db8:0:1:a::", "2001:db8:0:1:a:ffff:ffff:ffff")
    assert ip_network(reply.ia(PD).lease).subnet_of(PREFIXES)
    renewed = client6.ask("renew", *client6.held)
    assert (renewed.ia(NA), renewed.ia(PD)) == (reply.ia(NA), reply.ia(PD))


def test_an_address_and_a_prefix_are_two_bindings(client6):
    """18.3.7: to release one of them leaves the other."""
    reply = client6.bind(na(), pd())
    assert client6.ask("release", client6.held[1]).status == SUCCESS
    assert client6.ask("renew", client6.held[0]).ia(NA) == reply.ia(NA)


def test_two_identity_associations(client6):
    """12.1: each IAID of a client is a binding of its own, with an address of its own."""
    one, two = client6.bind(na(iaid=1), na(iaid=2)).ias(NA)
    assert (one.iaid, two.iaid) == (1, 2)
    assert one.lease != two.lease
    assert client6.ask("renew", na(one.lease, iaid=2)).ia().status == NO_BINDING


def test_all_of_them(client6):
    """18.3.2: every IA of a Request comes back in the Reply."""
    wanted = [na(iaid=1), na(iaid=2), ta(iaid=3), ta(iaid=4), pd(iaid=5), pd(iaid=6)]
    reply = client6.bind(*wanted)
    found = [ia for kind in (NA, TA, PD) for ia in reply.ias(kind)]
    assert sorted(ia.iaid for ia in found) == [1, 2, 3, 4, 5, 6]
    assert len({ia.lease for ia in found}) == 6


def test_one_for_another_link_and_one_that_is_sound(client6):
    """18.3.2: each IA has its own status."""
    reply = client6.hold(client6.ask("request", na("2001:db8:0:77::1", iaid=1), na(iaid=2)))
    wrong, sound = reply.ias(NA)
    assert (wrong.status, sound.status) == (NOT_ON_LINK, None)
    assert sound.lease


# --- reservations -------------------------------------------------------------------------------------------------


def test_a_reservation(printer6):
    """4.2 and 11: the server knows a client by its DUID, wherever its messages come from."""
    reply = printer6.bind(na(), pd())
    assert (reply.ia(NA).lease, reply.ia(PD).lease) == ("2001:db8:0:1::10", "2001:db8:ff00::/48")
    assert printer6.ask("renew", *printer6.held).ia(NA).lease == "2001:db8:0:1::10"


def test_a_reservation_is_for_its_client_alone(client6):
    """18.3.2: neither its address nor its prefix is another one's."""
    reply = client6.bind(na("2001:db8:0:1::10"), pd("2001:db8:ff00::/48"))
    assert reply.ia(NA).lease != "2001:db8:0:1::10"
    assert reply.ia(PD).lease != "2001:db8:ff00::/48"


def test_a_reservation_on_another_link(printer6, behind6):
    """18.3.9: an address of where the client is."""
    away = behind6("2001:db8:0:2::1", duid=printer6.duid)
    assert between(away.bind().ia().lease, "2001:db8:0:2::1:0", "2001:db8:0:2::1:ffff")


def test_a_reservation_and_two_identity_associations(printer6):
    """12.1: each IA has addresses of its own. dhcpd departs: both have the reserved one."""
    one, two = printer6.solicit(na(iaid=1), na(iaid=2)).ias(NA)
    assert one.lease == two.lease == "2001:db8:0:1::10"

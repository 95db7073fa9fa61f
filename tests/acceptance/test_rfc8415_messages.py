# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RFC 8415 sections 7, 11, 16 and 18.4: which messages a server reads, and which it discards."""

import pytest
from client6 import NA, NO_BINDING, NOT_ON_LINK, SUCCESS, USE_MULTICAST, na, option

ADDRESS = "2001:db8:0:1:a::4711"
UNICAST = "2001:db8:0:6::1"  # link-address of a relay agent where the server allows unicast
FOR_ANY = ("solicit", "confirm", "rebind")
FOR_ONE = ("request", "renew", "release", "decline")


# --- identifiers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FOR_ANY)
def test_for_any_server(client6, server, kind):
    """16.2, 16.5, 16.7: discarded with a server's identifier, also where it is this one's."""
    client6.send(kind, na(ADDRESS), server=server.duid(client6))
    client6.expect_silence()


@pytest.mark.parametrize("kind", FOR_ONE)
def test_for_another_server(client6, kind):
    """16.4, 16.6, 16.8, 16.9: discarded with another server's identifier."""
    client6.send(kind, na(ADDRESS), server=b"\0\3\0\1another")
    client6.expect_silence()


@pytest.mark.parametrize("kind", FOR_ONE)
def test_for_no_server(client6, kind):
    """16.4, 16.6, 16.8, 16.9: discarded without one."""
    client6.send(kind, na(ADDRESS), server=b"")
    client6.expect_silence()


@pytest.mark.parametrize("kind", FOR_ANY + FOR_ONE)
def test_of_no_client(client6, kind):
    """16.2 and 16.4 to 16.9: discarded without a client's identifier."""
    client6.send(kind, na(ADDRESS), duid=b"")
    client6.expect_silence()


@pytest.mark.parametrize("kind", ["solicit", "request", "renew", "rebind"])
def test_without_an_identity_association(client6, kind):
    """18.3: there is nothing to assign; dhcpd says nothing."""
    client6.send(kind)
    client6.expect_silence()


@pytest.mark.parametrize("kind", ["release", "decline"])
def test_to_give_nothing_back(client6, kind):
    """18.3.7 and 18.3.8: Success, for the nothing that there was."""
    reply = client6.ask(kind)
    assert (reply.status, reply.codes.count(NA)) == (SUCCESS, 0)


@pytest.mark.parametrize("length", [3, 10, 128 + 2])
def test_the_identifier_is_opaque(new6, length):
    """11: a server doesn't look into a DUID of any type; it comes back as it was."""
    duid = (b"\x7f\x01" + bytes(range(length)))[:length]
    assert new6(duid).solicit().value(1) == duid


@pytest.mark.parametrize("length", [0, 1, 2, 131, 1000])
def test_the_identifier_has_any_length(client6, length):
    """11.1: two octets of type, one at least and 128 at most behind it. dhcpd departs: it looks at no length."""
    client6.send("solicit", na(), option(1, b"x" * length), duid=b"")
    assert client6.expect("advertise").value(1) == b"x" * length


# --- addresses and ports ------------------------------------------------------------------------------------------


def test_all_servers_of_the_site(client6):
    """7.1: a server hears All_DHCP_Servers too, which only relay agents use."""
    client6.send("information-request", to="ff05::1:3")
    client6.expect("reply")


def test_the_port_of_a_client(client6):
    """7.2: the answer goes to port 546, wherever the message came from."""
    client6.send("information-request", port=1000)
    assert client6.expect("reply").frame["UDP"].dport == 546


@pytest.mark.parametrize("kind", ["solicit", "confirm", "rebind", "information-request"])
def test_unicast_is_discarded(client6, server, kind):
    """18.4: these are for all servers."""
    client6.send(kind, *([] if kind == "information-request" else [na(ADDRESS)]), to=server.address6)
    client6.expect_silence()


@pytest.mark.parametrize("kind", FOR_ONE)
def test_unicast_needs_permission(client6, server, kind):
    """18.4: UseMulticast, the identifiers, and nothing else."""
    reply = client6.ask(kind, na(ADDRESS), to=server.address6)
    assert (reply.status, set(reply.codes)) == (USE_MULTICAST, {1, 2, 13})
    assert reply.value(1) == client6.duid


def test_unicast_with_permission(behind6, server):
    """18.4: allowed by the option Server Unicast. dhcpd departs: it takes the client for one of its own segment.

    So that a client behind a relay agent, which the option is for, is told that its address is for another link.
    """
    client = behind6(UNICAST)
    address = client.bind().ia().lease
    client.relays = ()
    assert client.ask("request", na(address), to=server.address6).ia().status == NOT_ON_LINK
    old, (new, *_lifetimes) = client.ask("renew", na(address), to=server.address6).ia().leases
    assert old == (address, 0, 0)
    assert client.ask("release", na(address), to=server.address6).ia().status == NO_BINDING
    client.held = [na(new)]

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The RFCs as tests: clients of scapy on a segment of molecule/acceptance, a real dhcpd on a real host.

    H=mine-container LAB_PREFIX=mine molecule/lab run nsenter --net=/run/netns/$H \
        env ACCEPTANCE_HOST=$H python -m pytest tests/acceptance -k name        on hosts that are up

molecule runs them twice: where the container serves, and where Debian's package does with the same configuration.
Where dhcpd departs from an RFC, a test says so ("departs") and holds it to what it does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest
from client import Client, Relay, Segment
from client6 import Client6, Relay6

PRINTER, DISKLESS, VERBOSE = (f"00:00:5e:00:53:{number:02x}" for number in (1, 2, 3))
PRINTER6 = bytes.fromhex("0003000100005e005301")


class Server:
    """dhcpd as molecule/acceptance/inventory.yml configures it."""

    address, address6 = "198.51.100.1", "2001:db8:0:1::1"

    def __init__(self, host: str) -> None:
        self.host = host
        self.mac = self.sh("cat /sys/class/net/seg0/address")
        self.link_local = self.sh("ip -6 -o address show dev seg0 scope link | grep -o 'fe80::[^/]*'")
        self._duid = b""

    def sh(self, script: str) -> str:
        command = ["podman", "exec", self.host, "bash", "-ec", script]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def duid(self, client: Client6) -> bytes:
        """Its server identifier, which a client asks for once."""
        self._duid = self._duid or Client6(client.segment, self).ask("information-request").value(2) or b""
        return self._duid

    def process(self) -> str:
        """Which dhcpds they are, of IPv4 and IPv6: their ids, when they began, and when their containers did."""
        return self.sh(
            "for pid in $(pidof dhcpd); do echo $pid $(cut -d ' ' -f 22 /proc/$pid/stat); done\n"
            "podman ps --filter name=dhcpd --format '{{.ID}} {{.StartedAt}}'"
        )


@pytest.fixture(scope="session")
def server() -> Server:
    return Server(os.environ["ACCEPTANCE_HOST"])


@pytest.fixture(scope="session")
def segment() -> Segment:
    return Segment("br0")


@pytest.fixture
def new(segment: Segment, server: Server) -> Iterator[Callable[..., Client]]:
    """Makes clients; what they hold at the end they give back."""
    made: list[Client] = []

    def client(mac: str | None = None, relay: Relay | None = None) -> Client:
        made.append(Client(segment, server, mac, relay))
        return made[-1]

    yield client
    for one in made:
        if one.address:
            one.release()
    segment.heard.clear()
    segment.asked.clear()
    segment.alive.clear()


@pytest.fixture
def client(new: Callable[..., Client]) -> Client:
    """A client on the server's own segment that the server has never seen."""
    return new()


@pytest.fixture
def printer(new: Callable[..., Client]) -> Client:
    """The client with a reservation, 198.51.100.10."""
    return new(PRINTER)


@pytest.fixture
def diskless(new: Callable[..., Client]) -> Client:
    """The client that boots from the network, 198.51.100.11."""
    return new(DISKLESS)


@pytest.fixture
def verbose(new: Callable[..., Client]) -> Client:
    """The client with options longer than 312 octets."""
    return new(VERBOSE)


@pytest.fixture
def behind(segment: Segment, new: Callable[..., Client]) -> Callable[..., Client]:
    """Makes clients behind a relay agent, whose address says which subnet they are in."""

    def client(giaddr: str, information: bytes = b"") -> Client:
        return new(relay=Relay(segment, giaddr, information))

    return client


@pytest.fixture
def new6(segment: Segment, server: Server) -> Iterator[Callable[..., Client6]]:
    """Makes clients of DHCPv6; what they hold at the end they give back."""
    made: list[Client6] = []

    def client(duid: bytes = b"", relays: tuple[Relay6, ...] = ()) -> Client6:
        made.append(Client6(segment, server, duid, relays))
        return made[-1]

    yield client
    for one in made:
        if one.held:
            one.release()
    segment.heard.clear()


@pytest.fixture
def client6(new6: Callable[..., Client6]) -> Client6:
    """A client on the server's own segment that the server has never seen."""
    return new6()


@pytest.fixture
def printer6(new6: Callable[..., Client6]) -> Client6:
    """The client with a reservation, 2001:db8:0:1::10 and 2001:db8:ff00::/48."""
    return new6(PRINTER6)


@pytest.fixture
def behind6(new6: Callable[..., Client6]) -> Callable[..., Client6]:
    """Makes clients behind a relay agent, whose link-address says which subnet they are in."""

    def client(link: str, interface: bytes = b"", **more: bytes) -> Client6:
        return new6(relays=(Relay6(link, interface),), **more)

    return client

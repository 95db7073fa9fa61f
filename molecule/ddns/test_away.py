"""BIND away delays no lease, and what it missed is made up for with the next renewal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conftest import Dhcp, Laptop, Names, until

New = Callable[..., Laptop]
WAYS = {
    "stopped": ("systemctl stop named", "systemctl start named"),
    "off the network": ("ip link set seg0 down", "ip link set seg0 up"),
}


def serves(names: Names) -> None:
    question = "dig @198.51.100.53 +short +tries=1 www.example.net"
    until(lambda: names.sh(question, check=False) == "198.51.100.80\n", "BIND")


@pytest.fixture(params=WAYS)
def away(request: pytest.FixtureRequest, names: Names) -> Iterator[Callable[[], None]]:
    """BIND is away; call it back."""
    leave, return_ = WAYS[request.param]
    names.sh(leave)

    def back() -> None:
        names.sh(return_)
        serves(names)

    yield back
    back()


def test_no_lease_waits_for_bind(dhcp: Dhcp, names: Names, laptop: New, away: Callable[[], None]) -> None:
    since = dhcp.now()
    client = laptop("patient", 0x17)
    address = client.join()
    # The client has its lease, and the update has not ended either way.
    assert "forward map" not in dhcp.said(since).lower()

    dhcp.until_said(since, f"patient.example.net to {address}: timed out")
    away()
    assert names.lacks("patient", address)
    client.ask_again()
    until(lambda: names.has("patient", address), "the records, with the next renewal")
    client.release()
    until(lambda: names.lacks("patient", address), "the end of the records")


def test_a_zone_that_bind_did_not_serve(dhcp: Dhcp, names: Names, laptop: New) -> None:
    """dhcpd gives such a zone up until it is started again."""
    since = dhcp.now()
    names.sh("""sed -i.kept 's/zone "example.net"/zone "example.org"/' /etc/bind/named.conf && rndc reconfig""")
    try:
        client = laptop("refused", 0x1B)
        address = client.join()
        dhcp.until_said(since, "repudiating zone example.net.")
    finally:
        names.sh("mv /etc/bind/named.conf.kept /etc/bind/named.conf && rndc reconfig")
    serves(names)
    dhcp.sh("systemctl restart dhcpd")
    client.ask_again()
    until(lambda: names.has("refused", address), "the records, with the next renewal")

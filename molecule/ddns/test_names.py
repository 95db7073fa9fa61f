"""What becomes of names: they come with a lease, change with it, go with it, and are nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Dhcp, Laptop, Names, until

New = Callable[..., Laptop]


@pytest.mark.parametrize("family", [4, 6])
def test_a_lease_appears_changes_and_disappears(names: Names, laptop: New, family: int) -> None:
    client = laptop("appears", 0x10 + family, family=family)
    address = client.join()
    until(lambda: names.has("appears", address), "the lease's records")

    assert client.ask_again("changes") == address
    until(lambda: names.has("changes", address), "the records of the new name")
    assert names.ask("appears.example.net", "ANY") == []

    client.release()
    until(lambda: names.lacks("changes", address), "the end of the records of a released lease")


def test_a_lease_that_ends_by_itself(names: Names, laptop: New) -> None:
    client = laptop("expires", 0x12, lease_time=15)
    address = client.join()
    until(lambda: names.has("expires", address), "the lease's records")
    client.remove()
    until(lambda: names.lacks("expires", address), "the end of the records of a lease that ended")


def test_a_reservation_has_records_that_stay(dhcp: Dhcp, names: Names, laptop: New) -> None:
    client = laptop("printer", 0x01)
    assert client.join() == "198.51.100.10"
    until(lambda: names.has("printer", "198.51.100.10"), "the reservation's records")
    since = dhcp.now()
    client.release()
    dhcp.until_said(since, "DHCPRELEASE of 198.51.100.10")
    assert names.has("printer", "198.51.100.10")


def test_what_is_missing_comes_back(names: Names, laptop: New) -> None:
    client = laptop("restored", 0x13)
    address = client.join()
    until(lambda: names.has("restored", address), "the lease's records")
    pointer = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
    for name in ("restored.example.net", pointer):
        assert names.update(f"update delete {name}") == ""
    assert names.lacks("restored", address)
    client.ask_again()
    until(lambda: names.has("restored", address), "the records, with the next renewal")


def test_a_name_belongs_to_its_client(dhcp: Dhcp, names: Names, laptop: New) -> None:
    owner = laptop("mine", 0x18)
    address = owner.join()
    until(lambda: names.has("mine", address), "the owner's records")

    for number, taken in ((0x19, "mine"), (0x1A, "www")):
        before, since = names.zone(), dhcp.now()
        other = laptop(taken, number).join()
        dhcp.until_said(since, f"Forward map from {taken}.example.net to {other} FAILED")
        assert names.zone() == before

"""Who may change the zones, and what dhcpd needs to do it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import NEW, OLD, SECRETS, Dhcp, Laptop, Names, until

New = Callable[..., Laptop]
ANY_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.mark.parametrize(
    ("record", "signed", "answer"),
    [
        ("thief.example.net 60 A 198.51.100.99", "", "REFUSED"),
        ("thief.example.net 60 A 198.51.100.99", f"-y hmac-sha256:{OLD}:{ANY_KEY}", "NOTAUTH(BADSIG)"),
        ("thief.example.net 60 A 198.51.100.99", f"-y hmac-sha256:nobody:{ANY_KEY}", "NOTAUTH(BADKEY)"),
        ("example.net 60 MX 0 thief.example.net.", f"-y hmac-sha256:{OLD}:{SECRETS[OLD]}", "REFUSED"),
    ],
    ids=["unsigned", "wrong secret", "unknown key", "another type"],
)
def test_nobody_else_changes_the_zone(names: Names, record: str, signed: str, answer: str) -> None:
    assert f"update failed: {answer}" in names.update(f"update add {record}", signed=signed)
    assert not [found for found in names.zone() if "thief" in str(found)]


def test_a_key_that_bind_does_not_know(dhcp: Dhcp, names: Names, laptop: New) -> None:
    names.accept(NEW)
    try:
        since = dhcp.now()
        client = laptop("stranger", 0x16)
        address = client.join()
        dhcp.until_said(since, f"stranger.example.net to {address}: tsig indicates error")
        assert names.lacks("stranger", address)
    finally:
        names.accept(OLD)
    client.ask_again()
    until(lambda: names.has("stranger", address), "the records, with the next renewal")


def test_dhcpd_has_no_more_rights_than_before(dhcp: Dhcp) -> None:
    """Updates leave from a port of the kernel's choice: two capabilities and a read-only root are enough."""
    for container, rights in (("dhcpd", "2400"), ("dhcpd6", "0400")):
        look = f"cat /proc/$(podman inspect --format '{{{{.State.Pid}}}}' {container})/status"
        assert f"CapEff:\t000000000000{rights}\n" in dhcp.sh(look)
        assert dhcp.sh(f"podman inspect --format '{{{{.HostConfig.ReadonlyRootfs}}}}' {container}") == "true\n"

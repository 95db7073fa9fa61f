"""Who may change the zones, and how the key rotates."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import yaml
from conftest import HERE, Dhcp, Laptop, Movers, Names, converge, until

New = Callable[..., Laptop]
OLD, NEW = "dhcp-2026", "dhcp-2027"
SECRETS = yaml.safe_load((HERE / "inventory.yml").read_text())["dhcp_servers"]["vars"]["lab_keys"]
UPDATE = "printf 'server 198.51.100.53\nzone example.net\nupdate add {}\nsend\n' | nsupdate {} 2>&1"
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
    before = names.sh("dig @127.0.0.1 +short example.net SOA")
    assert f"update failed: {answer}" in names.sh(UPDATE.format(record, signed), check=False)
    assert names.sh("dig @127.0.0.1 +short example.net SOA") == before


def test_a_key_that_bind_does_not_know(dhcp: Dhcp, names: Names, laptop: New) -> None:
    names.accept(NEW)
    since = dhcp.now()
    client = laptop("stranger", 0x16)
    address = client.join()
    until(lambda: f"stranger.example.net to {address}: tsig indicates error" in dhcp.said(since), "dhcpd's complaint")
    assert names.lacks("stranger", address)

    names.accept(OLD)
    client.ask_again()
    until(lambda: names.has("stranger", address), "the records, with the next renewal")


def test_the_key_rotates_without_a_lost_update(dhcp: Dhcp, names: Names) -> None:
    movers = Movers()
    try:
        began = time.time()
        until(lambda: movers.all_answered(began), "the clients' first answers")
        names.accept(OLD, NEW)
        said = converge("-vvv", "--diff", lab_key_name=NEW)
        switched = time.time()
        until(lambda: movers.all_answered(switched), "answers of the new release")
        names.accept(NEW)
        leases = movers.settle()
    finally:
        movers.end()
    assert len(leases) == Movers.COUNT
    for name, address in leases.items():
        until(lambda: names.has(name, address), f"{name}, {address}")  # noqa: B023
    found = {record for record in names.zone() if "mover" in record[0] + record[2]}
    wanted = 3 * Movers.COUNT
    assert len(found) == wanted, f"records of names that clients no longer have: {sorted(found)}"

    assert f"-key {OLD} {{" in said and f"+key {NEW} {{" in said
    nobody_sees(dhcp, said)


def nobody_sees(dhcp: Dhcp, said: str) -> None:
    """The secrets are in no place where others look."""
    places = {
        "the play": said,
        "processes": dhcp.sh("ps axwwe"),
        "the journal": dhcp.sh("journalctl -o json --all"),
        "the container": dhcp.sh("podman inspect dhcpd"),
        "history": dhcp.sh("cat /etc/dhcp/history"),
    }
    for secret in SECRETS.values():
        assert [place for place, text in places.items() if secret in text] == []
    # Where they are, only root and the service may look.
    secret = SECRETS[NEW]
    holding = dhcp.sh(f"grep -rlF '{secret}' /etc /var /run /root /tmp 2>/dev/null || true").split()
    assert any("/etc/dhcp/releases/" in path for path in holding), holding
    for path in holding:
        looked = dhcp.sh(f"setpriv --reuid=65534 --regid=65534 --clear-groups cat '{path}'", check=False)
        assert looked.endswith("Permission denied\n"), path


def test_dhcpd_has_no_more_rights_than_before(dhcp: Dhcp) -> None:
    """Updates leave from a port of the kernel's choice: two capabilities and a read-only root are enough."""
    for container, rights in (("dhcpd", "2400"), ("dhcpd6", "0400")):
        look = f"cat /proc/$(podman inspect --format '{{{{.State.Pid}}}}' {container})/status"
        assert f"CapEff:\t000000000000{rights}\n" in dhcp.sh(look)
        assert dhcp.sh(f"podman inspect --format '{{{{.HostConfig.ReadonlyRootfs}}}}' {container}") == "true\n"

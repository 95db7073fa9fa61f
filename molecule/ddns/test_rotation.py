"""A key rotates by inventory, the last of all tests: what is signed afterwards is signed with the new one."""

from __future__ import annotations

import time

from conftest import NEW, OLD, SECRETS, Dhcp, Movers, Names, converge, until


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

"""A key rotates by inventory, the last of all tests: what is signed afterwards is signed with the new one."""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
from collections.abc import Iterator

from conftest import NEW, OLD, SECRETS, Dhcp, Movers, Names, converge, until


def test_the_key_rotates_without_a_lost_update(dhcp: Dhcp, names: Names) -> None:
    before = moving(names)
    movers = Movers()
    try:
        began, since = time.time(), dhcp.now()
        until(lambda: movers.all_answered(began), "the clients' first answers")
        names.accept(OLD, NEW)
        with processes(dhcp) as seen:
            said = converge("-vvv", "--diff", lab_key_name=NEW)
        switched = time.time()
        until(lambda: movers.all_answered(switched), "answers of the new release")
        names.accept(NEW)
        leases = movers.settle()
    finally:
        movers.end()
    # None was refused, and what the restart cut off was made up for.
    assert "tsig indicates error" not in dhcp.said(since)
    assert len(leases) == Movers.COUNT
    for name, address in leases.items():
        until(functools.partial(names.has, name, address), f"{name}, {address}")
    # A name that a client gives up for another is only left behind where its update was under way at the restart, so
    # that the lease file didn't have it yet, or at the client's next request: dhcpd never heard that it was done.
    restart = int(dhcp.sh("podman inspect --format '{{.State.StartedAt.UnixNano}}' dhcpd")) / 1e9
    added = set(re.findall(r"Added new forward map from (\S+)\.example\.net ", dhcp.said(since)))
    assert set(leases) <= added
    assert not (moving(names) - before - set(leases) - movers.had(restart)) & added

    assert f"-key {OLD} {{" in said and f"+key {NEW} {{" in said
    nobody_sees(dhcp, said, "".join(seen))


def moving(names: Names) -> set[str]:
    """Names of the clients that change them, as the zone has them."""
    return {name.removesuffix(".example.net.") for name, _kind, _value in names.zone() if name.startswith("mover")}


@contextlib.contextmanager
def processes(dhcp: Dhcp) -> Iterator[list[str]]:
    """What all processes of the host have as arguments and environment meanwhile, again and again."""
    seen: list[str] = []
    dhcp.sh("rm -f /run/enough")
    look = "timeout 900 sh -c 'while [ ! -e /run/enough ]; do ps axwwe; sleep 0.1; done'"
    thread = threading.Thread(target=lambda: seen.append(dhcp.sh(look)))
    thread.start()
    try:
        yield seen
    finally:
        dhcp.sh("touch /run/enough")
        thread.join()


def nobody_sees(dhcp: Dhcp, said: str, seen: str) -> None:
    """The secrets are in no place where others look."""
    places = {
        "the play": said,
        "processes": seen,
        "the journal": dhcp.sh("journalctl -o json --all"),
        "the container": dhcp.sh("podman inspect dhcpd"),
        "history": dhcp.sh("cat /etc/dhcp/history"),
    }
    assert "AnsiballZ_dhcpd_release" in seen and "dhcpd -4" in seen
    for secret in SECRETS.values():
        assert [place for place, text in places.items() if secret in text] == []
    # Where they are, only root and the service may look.
    secret = SECRETS[NEW]
    holding = dhcp.sh(f"grep -rlF '{secret}' /etc /var /run /root /tmp 2>/dev/null || true").split()
    assert any("/etc/dhcp/releases/" in path for path in holding), holding
    for path in holding:
        looked = dhcp.sh(f"setpriv --reuid=65534 --regid=65534 --clear-groups cat '{path}'", check=False)
        assert looked.endswith("Permission denied\n"), path

"""What is asked for and what the host is: nothing to do, two at once, ways back, servers that are rightly silent."""

from __future__ import annotations

import time
from typing import Any

import pytest
from conftest import IMAGES, Host, end_of

MAC = "00:00:5e:00:53:20"  # the first of the clients


def names(host: Host) -> list[str]:
    return [name for name in host.look()["releases"] if not name.startswith(".")]


def switched(host: Host, **changes: object) -> str:
    """Switch to a new release, which serves; return its name."""
    result = host.present(**changes)
    assert result.status == 0, result.said
    assert result.values["changed"] and result.values["proved_on"] == ["seg0"]
    host.whole(result.values["release"])
    return str(result.values["release"])


def test_nothing_to_do(host: Host) -> None:
    conf = host.new()
    switched(host, conf=conf)
    with host.unharmed(untouched=True):
        result = host.present(conf=conf)
        assert result.status == 0 and result.values["changed"] is False, result.said
    print(f"\n{result.seconds:.1f} s")


def test_two_controllers(host: Host) -> None:
    before = switched(host) and host.look()
    began = time.monotonic()
    pair = [host.start(host.wanted(conf=host.new())) for _controller in range(2)]
    results = [end_of(process, began) for process in pair]
    after = host.look()
    won = [result for result in results if result.status == 0]
    assert len(won) == 1, [result.said for result in results]
    (lost,) = [result for result in results if result.status]
    assert "another run is switching releases on this host" in lost.error
    assert after["current"] == won[0].values["release"]
    events = [line[2:4] for line in after["history"][len(before["history"]) :]]
    assert events == [["tried", after["current"]], ["proved", after["current"]]]
    host.whole(after["current"])


def test_two_controllers_want_the_same(host: Host) -> None:
    before = host.look()
    options = host.wanted(conf=host.new())
    began = time.monotonic()
    first = host.start(options)
    time.sleep(2)
    results = [end_of(process, began) for process in (first, host.start(options))]
    after = host.look()
    for result in results:
        assert result.status == 0 or "another run is switching" in result.error
    assert [line[2] for line in after["history"][len(before["history"]) :]] == ["tried", "proved"]
    host.whole(after["current"])


def test_deaf_is_left_soon(host: Host) -> None:
    good = host.present()
    assert good.status == 0
    with host.unharmed():
        deaf = host.present(unit=host.unit.replace("--no-pid", "--no-pid -p 6767"), proof_timeout=5)
        assert "answered no DHCPINFORM" in deaf.error
    print(f"\na good switch {good.seconds:.1f} s, a deaf server left after {deaf.seconds:.1f} s")


RESERVED = f"host one {{ hardware ethernet {MAC}; fixed-address 198.51.100.20; }}\n"
SUBNET = "subnet 198.51.100.0 netmask 255.255.255.0"
RIGHTLY_SILENT = {
    "unknown clients denied": f"{SUBNET} {{ pool {{ range 198.51.100.50 198.51.100.99; deny unknown-clients; }} }}",
    "reservations only": f"{SUBNET} {{ }}\n{RESERVED}",
    "relay-only subnet beside": f"{SUBNET} {{ }}\n{SUBNET.replace('198.51.100', '203.0.113')} {{ range 203.0.113.9; }}",
    "class-only pool": 'class "none" { match if false; }\n'
    f'{SUBNET} {{ pool {{ range 198.51.100.50 198.51.100.99; allow members of "none"; }} }}',
    "full pool": f"{SUBNET} {{ range 198.51.100.200; }}",
    "not authoritative": f"{SUBNET} {{ range 198.51.100.50 198.51.100.99; }}",
}


@pytest.mark.parametrize("case", RIGHTLY_SILENT)
def test_rightly_silent(host: Host, case: str) -> None:
    # dhcpd itself forgets leases that are in no pool any more: that is what the inventory asked for.
    back = host.look()["current"]
    authoritative = "" if case == "not authoritative" else "authoritative;\n"
    with host.clients_at_rest():
        result = host.present(conf=f"{authoritative}{RIGHTLY_SILENT[case]}\n")
        assert result.status == 0, result.said
        assert result.values["proved_on"] == ["seg0"]
        assert host.look()["runs"] == [result.values["release"]]
        assert host.release({"state": "rolled_back"}).status == 0
    host.whole(back)


DISK = "find /etc/dhcp /etc/containers /var/lib/dhcpd_container /run/dhcpd_release -printf '%p %i %T@ %s\n' | sort"
CHECKED: dict[str, dict[str, Any]] = {
    "good": {},
    "configuration refused": {"conf": "no-such-statement 42;"},
    "image missing": {"image": "localhost/none:1", "archive": None},
    "wrong id": {"image_id": "0" * 64, "archive": None},
    "nothing to do": {"conf": None},
}


@pytest.mark.parametrize("case", CHECKED)
def test_check_touches_nothing(host: Host, case: str) -> None:
    changes = dict(CHECKED[case])
    if changes.get("conf", "") is None:
        changes["conf"] = host.sh("cat /etc/dhcp/current/dhcpd.conf")
    with host.unharmed(untouched=True):
        disk = host.sh(DISK)
        result = host.present("--check", "--diff", **changes)
        assert host.sh(DISK) == disk
    shown = {name: result.values.get(name) for name in ("msg", "changed", "release", "not_checked")}
    print(f"\n{case}: {shown}")
    if case == "configuration refused":
        assert "no-such-statement" in result.error
    else:
        assert result.status == 0, result.said
        assert result.values["changed"] is (case != "nothing to do")


def test_check_of_the_ways_back(host: Host) -> None:
    switched(host)
    with host.unharmed(untouched=True):
        for options in ({"state": "rolled_back"}, {"state": "absent"}, host.wanted(state="staged", conf=host.new())):
            result = host.release(options, "--check", "--diff")
            assert result.status == 0 and result.values["changed"] is True, result.said


def test_rolled_back_and_refused(host: Host) -> None:
    old = host.look()["current"]
    conf = host.new()
    new = switched(host, conf=conf)

    result = host.release({"state": "rolled_back", "proof_timeout": 10})
    assert result.status == 0 and result.values["release"] == old, result.said
    assert host.whole(old)["history"][-1][2:4] == ["left", new]

    with host.unharmed(untouched=True):
        refused = host.present(conf=conf).error
        assert (
            f"release {new} was left on" in refused and "rolled back" in refused and "dhcpd_container_retry" in refused
        )

    # It changed, so it is another one; and a person may ask for the same again.
    switched(host)
    assert switched(host, conf=conf, retry=True) == new
    # By name, forth and back; a name that is not there stops nothing.
    assert host.release({"state": "rolled_back", "to": old, "proof_timeout": 10}).status == 0
    host.whole(old)
    with host.unharmed(untouched=True):
        assert "give one of" in host.release({"state": "rolled_back", "to": "4.4.3-P1-1.nothing"}).error
        assert "more than one release has that tag" in host.release({"state": "rolled_back", "to": "4.4.3-P1-1"}).error


def test_rolled_back_by_tag_without_its_image(host: Host) -> None:
    # Another tag: the look-alike of the seed's image. Then podman forgets the first one, as a prune would make it.
    old = host.look()["current"]
    archive = str(IMAGES / "seed-scratch-4.4.3-1.tar")
    seed = switched(host, image="localhost/seed-scratch:4.4.3-1", archive=archive)
    assert seed.startswith("4.4.3-1.")
    host.sh("podman image prune --all --force")
    assert "localhost/dhcpd:4.4.3-P1-1" not in host.sh("podman images --format '{{.Repository}}:{{.Tag}}'")
    result = host.release({"state": "rolled_back", "to": old, "proof_timeout": 10})
    assert result.status == 0, result.said
    host.whole(old)
    host.sh("podman image prune --all --force")
    result = host.release({"state": "rolled_back", "to": "4.4.3-1", "proof_timeout": 10})
    assert result.status == 0 and result.values["release"] == seed, result.said
    host.whole(seed)
    # The inventory's pin, from what the host has kept: the archive is not sent again.
    switched(host)


def test_staged_then_present(host: Host) -> None:
    conf = host.new()
    with host.unharmed() as before:
        staged = host.present(state="staged", conf=conf)
        assert staged.status == 0 and staged.values["changed"], staged.said
        assert host.look()["container"] == before["container"]
        again = host.present(state="staged", conf=conf)
        assert again.status == 0 and not again.values["changed"], again.said
    assert switched(host, conf=conf) == staged.values["release"]


def test_staged_for_a_moment(host: Host) -> None:
    conf = host.new()
    with host.unharmed(untouched=True):
        over = host.present(state="staged", switch_at="2020-01-01 03:00", conf=conf)
        assert "switch_at: '2020-01-01 03:00' is no moment to come" in over.error
    before = host.look()
    staged = host.present(state="staged", switch_at="*:*:0/15", conf=conf)  # the next quarter of a minute
    assert staged.status == 0 and staged.values["changed"], staged.said
    new = staged.values["release"]
    assert new != before["current"]
    host.until(lambda now: now["current"] == new, 120, "switched by its timer")
    host.until(lambda now: now["leftovers"] == [], 60, "tidied up")
    assert host.whole(new)["history"][-1][2:4] == ["proved", new]
    assert host.sh("ls /etc/systemd/system | grep dhcpd-release", check=False) == ""
    # A plan that another switch has overtaken is none any more.
    planned = host.present(state="staged", switch_at="2099-01-01 03:00")
    assert planned.status == 0 and "2099" in host.sh("systemctl cat dhcpd-release-staged.timer")
    switched(host)
    assert host.sh("ls /etc/systemd/system | grep dhcpd-release", check=False) == ""


def test_pruned(host: Host) -> None:
    for _release in range(3):
        switched(host)
    kept = host.look()["current"]
    # Something has the oldest one mounted: a container of someone's, left running.
    oldest = host.sh("ls -tr /etc/dhcp/releases").split()[0]
    host.sh(f"systemd-run --quiet --unit=holder --property=BindPaths=/etc/dhcp/releases/{oldest}:/mnt sleep 300")
    try:
        new = switched(host, keep=2)
        assert sorted(names(host)) == sorted({oldest, kept, new})
    finally:
        host.sh("systemctl stop holder.service")
    newest = switched(host, keep=2)
    assert sorted(names(host)) == sorted({new, newest})
    assert len(host.look()["kept"]) == 1


def test_stopped_is_started(host: Host) -> None:
    conf = host.sh("cat /etc/dhcp/current/dhcpd.conf")
    with host.unharmed():
        host.sh("systemctl stop dhcpd.service")
        result = host.present(conf=conf)
        assert result.status == 0 and result.values["changed"] and result.values["proved_on"] == ["seg0"], result.said


def test_absent_and_again(host: Host) -> None:
    conf = host.sh("cat /etc/dhcp/current/dhcpd.conf")
    result = host.release({"state": "absent"})
    assert result.status == 0 and result.values["changed"], result.said
    now = host.look()
    assert now["current"] is None and now["runs"] == [] and now["releases"] == [] and now["leftovers"] == []
    assert "lease 198.51.100." in now["leases"]
    assert host.release({"state": "absent"}).values["changed"] is False
    switched(host, conf=conf)

"""kill -9 of whatever runs the switch, at each step and between them: the host ends whole by itself."""

from __future__ import annotations

import collections
import os
import random
import time
from collections.abc import Callable

import pytest
from conftest import TIMER, Beside, Host, Killer, end_of

# Long enough for each step and each gap at the first count; `make kill-switch` sets 200.
KILLS = int(os.environ.get("LAB_KILLS", "15"))
STEPS = ["tried", "linked", "reloaded", "restarted", "proved", "committed", "finished", "leaving", "left"]


# After which step, and how many seconds after it: every gap, and the narrow ones before a step that takes long.
WINDOWS = [
    ("start", 0.0, 1.5), ("tried", 0.0, 0.05), ("linked", 0.0, 0.3), ("reloaded", 0.0, 0.8),
    ("restarted", 0.0, 2.9), ("restarted", 2.9, 3.3), ("committed", 0.0, 0.2),
]  # fmt: skip


def moments() -> list[tuple[str, float]]:
    """Where to kill: at the start, at each step, then anywhere between two of them."""
    found = [(step, 0.0) for step in ["start", *STEPS[:6]]]
    choice = random.Random(KILLS)
    while len(found) < KILLS:
        step, begin, end = choice.choice(WINDOWS)
        found.append((step, choice.uniform(begin, end)))
    return found[:KILLS]


def test_kill_the_switch(host: Host) -> None:
    hits: collections.Counter[str] = collections.Counter()
    ends: collections.Counter[str] = collections.Counter()
    slowest = 0.0
    for step, delay in moments():
        before = host.look()
        conf = host.new()
        killer = Killer(host, step, str(delay))
        began = time.monotonic()
        result = end_of(host.start(host.wanted(conf=conf)), began)
        what, pid = killer.end()
        hit = last_step(host, pid)
        hits[hit if what == "killed" else "too late"] += 1
        after = host.look()
        new = after["current"] != before["current"]
        # Its own word, the disk and what runs say the same; the history may lack an end where nothing was tried yet.
        assert new == (result.status == 0), (step, delay, hit, result.said, after["history"][-3:])
        host.whole(after["current"])
        ends["new" if new else "old"] += 1
        last = after["history"][-1]
        if new:
            assert hit in ("proved", "committed", "finished"), hit
            assert (last[2], last[3]) == ("proved", after["current"])
        else:
            assert hit not in ("committed", "finished"), hit
            assert result.error
            assert last[2] in ("left", "tried") or last == before["history"][-1]
            # What is noted and not yet said is put back as well.
            assert after["container"] == before["container"] or hit != "start" and last[2] == "left"
        slowest = max(slowest, result.seconds)
    print(f"\n{KILLS} kills hit after: {dict(hits)}; ended as: {dict(ends)}; the slowest run took {slowest:.1f} s")


def last_step(host: Host, pid: str) -> str:
    """The last step that the process said."""
    host.sh("journalctl --sync")
    return (
        host.sh(f"journalctl --output=cat --no-pager _PID={pid} | grep -xE '{'|'.join(STEPS)}' | tail -n 1").strip()
        or "start"
    )


def test_kill_the_switch_on_its_way_back(host: Host) -> None:
    # Of a deaf release: it is killed while it puts the old one back.
    hits: collections.Counter[str] = collections.Counter()
    deaf = host.unit.replace("--no-pid", "--no-pid -p 6767")
    for delay in (0.0, 0.05, 0.15, 0.3, 0.5, 0.8):
        with host.unharmed() as before:
            killer = Killer(host, "leaving", str(delay))
            result = host.present(unit=deaf, proof_timeout=1)
            what, pid = killer.end()
            assert "answered no DHCPINFORM" in result.error or "ended in the middle of the trial" in result.error
            hits[last_step(host, pid) if what == "killed" else "too late"] += 1
        assert host.look()["history"][-1][2] == "left"
        assert host.look()["history"][: len(before["history"])] == before["history"]
    print(f"\nkilled on the way back after: {dict(hits)}")


def test_kill_the_switch_and_its_undo(host: Host) -> None:
    with host.unharmed():
        killer = Killer(host, "restarted", "0.5", "undo")
        result = host.present()
        assert killer.end()[0] == "killed"
        print(f"\n{result.seconds:.1f} s: {result.error}")
        # Not by the dead-man timer, whose time has not come.
        assert result.seconds < 60


def test_kill_the_switch_and_the_module(host: Host) -> None:
    # Nobody waits any more: ExecStopPost= puts it back, long before the dead-man timer comes.
    with host.unharmed(armed=True):
        killer = Killer(host, "restarted", "0.5", "module")
        assert host.present().status != 0
        assert killer.end()[0] == "killed"
    assert host.look()["history"][-1][2] == "left"


def test_kill_the_module(host: Host) -> None:
    # What waits is dead, what switches goes on: a good release is committed, and nothing is half done.
    before = host.look()
    with host.at_step("restarted", "pkill -KILL -f [A]nsiballZ_dhcpd_release"):
        result = host.present()
    assert result.status != 0, result.said
    after = host.until(lambda now: now["current"] != before["current"], 60, "committed")
    after = host.until(lambda now: set(now["leftovers"]) <= set(TIMER), 60, "tidied up")
    host.whole(after["current"], armed=True)
    assert after["history"][-1][2] == "proved"
    # The next run finds nothing to switch.
    again = host.release(host.wanted(conf=host.sh("cat /etc/dhcp/current/dhcpd.conf")))
    assert again.status == 0, again.said
    assert host.whole(after["current"], armed=True)["container"] == after["container"]


def test_kill_the_module_of_a_deaf_release(host: Host) -> None:
    before = host.look()
    with host.unharmed(armed=True):
        deaf = host.unit.replace("--no-pid", "--no-pid -p 6767")
        with host.at_step("linked", "pkill -KILL -f [A]nsiballZ_dhcpd_release"):
            assert host.present(unit=deaf, proof_timeout=2).status != 0
        host.until(lambda now: now["history"][-1][2] == "left", 60, "left")
    assert host.look()["current"] == before["current"]


def test_leftover_of_an_earlier_crash(host: Host) -> None:
    # All three are dead, the release on trial runs. The next run, of the release that is committed, ends that.
    before = host.look()
    killer = Killer(host, "restarted", "0.5", "module", "undo")
    assert host.present().status != 0
    assert killer.end()[0] == "killed"
    crashed = host.look()
    assert crashed["runs"] != [before["current"]] and "/run/dhcpd_release/trial.json" in crashed["leftovers"]
    result = host.present(conf=host.sh("cat /etc/dhcp/current/dhcpd.conf"))
    assert result.status == 0 and result.values["changed"], result.said
    assert host.whole(before["current"], armed=True)["history"][-1][2] == "left"
    # So does the next switch, which takes the timer with it.
    killer = Killer(host, "restarted", "0.5", "module", "undo")
    assert host.present().status != 0
    assert killer.end()[0] == "killed"
    result = host.present()
    assert result.status == 0, result.said
    assert [line[2] for line in host.whole(result.values["release"])["history"][-4:]] == [
        "tried",
        "left",
        "tried",
        "proved",
    ]


# --- on the other host, beside the other tests -------------------------------------------------------------------

# podman hangs for the words of the pattern $1.
HANGS = """
set -e
[ -e /root/podman ] || cp /usr/bin/podman /root/podman
cat >/root/hangs <<'SH'
#!/bin/bash
old=releases/$(basename "$(readlink /etc/dhcp/current)")
case "$*" in *"$old:"*) ;; PATTERN) exec sleep 1000 ;; esac
exec /root/podman "$@"
SH
chmod 755 /root/hangs
mount --bind /root/hangs /usr/bin/podman
"""


def podman_hangs_at_staging(host: Host) -> str:
    with host.unharmed(untouched=True):
        host.sh(HANGS.replace("PATTERN", "*"))
        try:
            result = host.release(host.wanted(conf=host.new()), timeout=120)
            host.serves()
        finally:
            host.sh("umount /usr/bin/podman")
        assert "podman --version did not end within 60 s" in result.error
    return f"{result.seconds:.0f} s: {result.error}"


def podman_hangs_at_the_start(host: Host) -> str:
    with host.unharmed():
        try:
            with host.at_step("linked", HANGS.replace("PATTERN", '*"run "*')):
                result = host.release(host.wanted(conf=host.new()), timeout=180)
        finally:
            host.sh("umount /usr/bin/podman")
        assert "systemctl did not end within 60 s" in result.error
    return f"{result.seconds:.0f} s: {result.error}"


def the_dead_man_comes(host: Host) -> str:
    with host.unharmed() as before:
        killer = Killer(host, "restarted", "0.5", "module", "undo")
        assert host.present(proof_timeout=1).status != 0
        assert killer.end()[0] == "killed"
        began = time.monotonic()
        assert host.look()["runs"] != [before["current"]]
        now = host.until(lambda now: now["runs"] == [before["current"]] and not now["leftovers"], 400, "the timer")
        assert now["history"][-1][2] == "left"
    return f"after {time.monotonic() - began:.0f} s"


@pytest.mark.parametrize("story", [podman_hangs_at_staging, podman_hangs_at_the_start, the_dead_man_comes])
def test_beside(beside: Beside, story: Callable[[Host], str]) -> None:
    print(f"\n{story.__name__}: {beside.end(story)}")

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No release is committed unproved, and what ran before runs again: whatever fails, and wherever the switch is killed.

The files are real; systemd, podman and dhcpd are those of release_host.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any, Callable, Iterable

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files, _inform, _switch, _trial
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._switch import main, run_command
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import locked
from release_host import LEASE, NEW, OLD, OTHER, PACKAGE, ROOT, Host, Killed

pytestmark = ROOT
SERVICE = "dhcpd.service"
BOTH = ["eth1", "eth2"]
FULL = OSError(28, "No space left on device")
# What ran before: a release, a release that was stopped, nothing, a packaged dhcpd.
BEFORE: dict[str, Callable[[Host], Host]] = {
    "a release": lambda host: host.with_releases(),
    "a stopped release": lambda host: host.with_releases(running=False),
    "nothing": lambda host: host.with_releases(None),
    "a package": lambda host: host.with_package().with_releases(None),
}
FAULTS = {
    "restart fails": "systemctl restart dhcpd.service: Job failed.",
    "exits": f"dhcpd did not stay up. dhcpd said: {NEW} says why",
    "loops": f"dhcpd did not stay up. dhcpd said: {NEW} says why",
    "other": f"dhcpd runs, but as release 0.other and not {NEW}",
    "deaf": "answered no DHCPINFORM within 0 s on eth1 (198.51.100.1), eth2 (203.0.113.1).",
    "half deaf": f"answered no DHCPINFORM within 0 s on eth2 (203.0.113.1). dhcpd said: {NEW} says why",
    "settling": f"dhcpd did not stay up. dhcpd said: {NEW} says why",
    "reload fails": "systemctl daemon-reload: refused",
    "ask fails": "No such device",
}


def switch(host: Host, before: str = "a release", step: Callable[[str], None] | None = None) -> dict[str, Any]:
    trial = host.trial()
    trial.step = step or trial.step
    return trial.run(NEW, 0, PACKAGE if before == "a package" else None)


def is_as_before(host: Host, before: str) -> bool:
    """Whether the host is as it was, in what runs, what is loaded, what a boot would start, and its leases."""
    old = OLD if before in ("a release", "a stopped release") else None
    runs = {"a release": [OLD], "a package": [PACKAGE]}.get(before, [])
    return (
        (host.serves, host.store.current(), host.loaded) == (runs, old, old)
        and not host.layout.on_trial
        and host.enabled
        and (host.packaged_leases.read_text() == LEASE % 60 and not host.leases.exists() if host.packaged else True)
    )


def is_committed(host: Host) -> bool:
    return (
        (host.serves, host.store.current(), host.loaded) == ([NEW], NEW, NEW)
        and host.store.is_linked()
        and not host.layout.on_trial
        and (host.packaged is None or not host.enabled)
    )


# A release that is proved


@pytest.mark.parametrize("before", BEFORE)
def test_a_proved_release_is_committed_and_its_trial_is_over(new_host: Any, before: str) -> None:
    host = BEFORE[before](new_host())
    known = len(host.history.events())
    outcome = switch(host, before)
    assert outcome.pop("unanswered_for") is None or before in ("a release", "a package")
    assert outcome == {"proved": True, "proved_on": BOTH}
    assert is_committed(host) and host.events(known) == [("tried", NEW), ("proved", NEW)]
    package = [f"stop {PACKAGE}"] if before == "a package" else []
    disabled = [f"disable {PACKAGE}"] if before == "a package" else []
    assert host.did == ["daemon-reload", *package, f"restart {SERVICE}", *disabled, "daemon-reload"], "one restart only"


def test_it_is_not_committed_before_every_interface_answered_and_it_settled(new_host: Any, monkeypatch: Any) -> None:
    host = new_host().with_releases()
    seen = []

    def look(what: str) -> None:
        if host.running == NEW:
            seen.append((what, host.store.current(), host.layout.trial(IPV4).exists(), host.events()[-1]))

    trial = host.trial()
    monkeypatch.setattr(_inform, "ask", lambda askers, timeout: [look("ask"), host.ask(askers, timeout)][1])
    monkeypatch.setitem(_trial.Prover.keywords, "sleep", lambda _seconds: look("settle"))
    trial.run(NEW, 0, None)
    assert seen == [("ask", OLD, True, ("tried", NEW)), ("settle", OLD, True, ("tried", NEW))]


@pytest.mark.parametrize(("how", "measured"), [({}, True), ({OLD: "deaf"}, False)])
def test_how_long_nobody_answered_is_told_where_the_old_one_did(
    new_host: Any, monkeypatch: Any, how: Any, measured: bool
) -> None:
    host = new_host(how).with_releases()
    trial = host.trial()
    ask = host.ask

    def late(askers: Any, timeout: float) -> set[str]:
        time.sleep(0.02 if host.running == NEW else 0)
        return ask(askers, timeout)

    monkeypatch.setattr(_inform, "ask", late)
    unanswered_for = trial.run(NEW, 0, None)["unanswered_for"]
    assert host.asked[0] == (OLD, BOTH) and (0.02 <= unanswered_for < 1 if measured else unanswered_for is None)


def test_leases_are_copied_before_anything_stops(new_host: Any) -> None:
    host = new_host({NEW: "deaf"}).with_releases()
    switch(host, step=lambda name: host.leases.write_text("spoiled") and None if name == "restarted" else None)
    (kept,) = host.layout.lease_copies.iterdir()
    assert kept.read_text() == LEASE % 50


# A release that is not


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize("before", BEFORE)
def test_a_release_that_is_not_proved_is_left_and_what_was_is_put_back(new_host: Any, before: str, how: str) -> None:
    host = BEFORE[before](new_host({NEW: how}))
    known = len(host.history.events())
    outcome = switch(host, before)
    assert outcome["proved"] is False and FAULTS[how] in outcome["why"]
    assert is_as_before(host, before)
    assert host.events(known) == [("tried", NEW), ("left", NEW)]
    assert FAULTS[how] in host.history.left(NEW).why
    if before == "a release":
        assert host.asked[-1] == (OLD, BOTH), "the old one is proved as well"
        assert outcome["back"] == f"The service runs again as release {OLD}."
    elif before == "a package":
        assert outcome["back"] == f"{PACKAGE} serves again."
    else:
        assert outcome["back"] == "The service is stopped, as it was before."


@pytest.mark.parametrize("how", ["restart fails", "exits", "deaf", "half deaf", "ask fails", "reload fails"])
def test_going_back_that_is_not_proved_either_is_said_with_both_reasons(new_host: Any, how: str) -> None:
    host = new_host({NEW: "exits", OLD: how}).with_releases()
    outcome = switch(host)
    assert outcome["why"] == f"{FAULTS['exits']}."
    assert outcome["back"].startswith(f"The service runs again as release {OLD}, but not as it should: ")
    assert FAULTS[how].replace(NEW, OLD) in outcome["back"] and f"{NEW} says why" not in outcome["back"]
    assert host.did[-1] == f"restart {SERVICE}" and host.store.current() == OLD and not host.layout.trial(IPV4).exists()


@pytest.mark.parametrize("when", ["before", "after"], ids=["before its rename", "after its rename"])
@pytest.mark.parametrize("before", BEFORE)
def test_a_disk_that_fails_at_the_commit_puts_back(new_host: Any, monkeypatch: Any, before: str, when: str) -> None:
    host = BEFORE[before](new_host())
    trial = host.trial()
    commit = trial.store.commit

    def failing(name: str) -> None:
        if when == "after":
            commit(name)
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(trial.store, "commit", failing)
    outcome = trial.run(NEW, 0, PACKAGE if before == "a package" else None)
    assert not outcome["proved"] and "Read-only file system" in outcome["why"] and is_as_before(host, before)


@pytest.mark.parametrize("full", ["left", "left and tried"])
def test_a_full_disk_does_not_keep_the_old_release_from_running(new_host: Any, monkeypatch: Any, full: str) -> None:
    host = new_host({NEW: "deaf"}).with_releases()
    add = History.add

    def failing(self: History, what: str, *words: str) -> None:
        if what in full.split():
            raise FULL
        add(self, what, *words)

    monkeypatch.setattr(History, "add", failing)
    if full == "left":
        outcome = switch(host)
        assert outcome["why"].startswith("dhcpd runs but answered no DHCPINFORM") and is_as_before(host, "a release")
        assert "had no end" in host.history.left(NEW).why, "it is not tried again either"
    else:
        with pytest.raises(OSError, match="No space left"):
            switch(host)
        assert host.did == [] and is_as_before(host, "a release")


def failing_write(monkeypatch: Any, failing: Path) -> None:
    write = _files.write

    def full(path: Path, *arguments: Any, **options: Any) -> None:
        if path == failing:
            raise FULL
        write(path, *arguments, **options)

    monkeypatch.setattr(_files, "write", full)


@pytest.mark.parametrize("place", ["note", "trial"])
def test_a_trial_that_cannot_be_written_down_is_none(new_host: Any, monkeypatch: Any, place: str) -> None:
    host = new_host().with_releases()
    failing_write(monkeypatch, host.layout.note if place == "note" else host.layout.trial(IPV4))
    assert "No space left" in switch(host)["why"]
    assert is_as_before(host, "a release") and NEW not in [who for who, _where in host.asked]


def test_a_lease_copy_that_fails_restarts_nothing(new_host: Any, monkeypatch: Any) -> None:
    host = new_host().with_releases()

    def full(*_arguments: Any) -> None:
        raise FULL

    monkeypatch.setattr(_trial, "keep_copy", full)
    with contextlib.suppress(OSError):
        switch(host)
    assert f"restart {SERVICE}" not in host.did


@pytest.mark.parametrize("damage", ["says nothing", "damaged", "unreadable subnets", "no netlink"])
def test_a_damaged_old_release_comes_back_all_the_same(new_host: Any, monkeypatch: Any, damage: str) -> None:
    host = new_host({NEW: "deaf"}).with_releases()
    place = host.layout.directory(OLD)
    if damage == "no netlink":
        askers_of = iter([_trial.askers_of])

        def once(*what: Any) -> Any:
            return next(askers_of)(*what)

        monkeypatch.setattr(_trial, "askers_of", once)
    elif damage == "unreadable subnets":
        (place / "dhcpd.conf").write_text('option x "\\xzz";\n')
    else:
        (place / "release.json").write_text("{" if damage == "damaged" else "{}")
    outcome: object = None
    try:
        outcome = switch(host)
    except (ReleaseError, KeyError, StopIteration) as error:  # the process dies; its ExecStopPost= would do no better
        outcome = error
    assert host.serves == [OLD] and host.loaded == OLD and not host.layout.trial(IPV4).exists(), outcome


# The switch is killed


def killed_at(name: str) -> Callable[[str], None]:
    def step(reached: str) -> None:
        if reached == name:
            raise Killed

    return step


STEPS = ["tried", "linked", "reloaded", "taken over", "restarted", "proved", "committed", "finished"]


@pytest.mark.parametrize(
    ("before", "step"),
    [(before, step) for before in BEFORE for step in STEPS if step != "taken over" or before == "a package"],
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_switch_killed_at_a_step_is_brought_to_its_end(new_host: Any, before: str, step: str, times: int) -> None:
    host = BEFORE[before](new_host())
    with pytest.raises(Killed):
        switch(host, before, killed_at(step))
    outcomes = [host.trial().undo() for _time in range(times)]
    if step in ("committed", "finished"):
        assert is_committed(host) and host.events()[-1] == ("proved", NEW)
        assert outcomes[0] == ({"proved": True, "proved_on": [], "unanswered_for": None} if step[0] == "c" else None)
    else:
        assert is_as_before(host, before)
        if step == "tried":
            assert outcomes[0] is None and "had no end" in host.history.left(NEW).why
        else:
            assert outcomes[0]["proved"] is False and "in the middle of the trial" in outcomes[0]["why"]
            assert host.events()[-1] == ("left", NEW)
    assert outcomes[1:] in ([], [None]), "the second time there is nothing to do"


def killed_everywhere(new_host: Any, before: str, how: dict[str, str], then: Callable[[Host], Any]) -> list[str]:
    """Kill the switch before each change that it makes, one after the other; return what was wrong *then*."""
    wrong = []
    for fuse in range(200):
        host = BEFORE[before](new_host(how))
        host.fuse = fuse
        try:
            switch(host, before)
            assert fuse > 5
            return wrong
        except Killed:
            host.fuse = None
        done = host.did
        then(host)
        right = is_committed(host) if host.store.current() == NEW else is_as_before(host, before)
        if not right or (host.store.current() == NEW and (how or NEW not in host.proved)):
            wrong.append(f"{fuse}: {host.serves}, {host.store.current()}, {host.loaded}; killed after {done}")
    raise AssertionError("the switch has no end")


@pytest.mark.parametrize("before", BEFORE)
def test_a_switch_killed_anywhere_is_brought_to_its_end(new_host: Any, before: str) -> None:
    assert killed_everywhere(new_host, before, {}, lambda host: host.trial().undo()) == []


@pytest.mark.parametrize("before", BEFORE)
def test_a_switch_killed_anywhere_on_its_way_back_is_brought_back(new_host: Any, before: str) -> None:
    assert killed_everywhere(new_host, before, {NEW: "deaf"}, lambda host: host.trial().undo()) == []


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("step", ["linked", "restarted", "committed"])
def test_an_undo_that_is_killed_anywhere_itself_is_ended_by_the_next(new_host: Any, before: str, step: str) -> None:
    for fuse in range(100):
        host = BEFORE[before](new_host())
        with pytest.raises(Killed):
            switch(host, before, killed_at(step))
        host.fuse = fuse
        try:
            host.trial().undo()
        except Killed:
            host.fuse = None
            host.trial().undo()
        assert is_committed(host) if step == "committed" else is_as_before(host, before), fuse
        if host.fuse is not None:
            assert fuse > 3
            return
    raise AssertionError("the undo has no end")


@pytest.mark.parametrize("before", ["a release", "nothing"])
@pytest.mark.parametrize("how", [{}, {NEW: "deaf"}], ids=["proved", "deaf"])
def test_a_host_that_boots_at_any_point_starts_what_is_committed(new_host: Any, before: str, how: Any) -> None:
    assert killed_everywhere(new_host, before, how, Host.boot) == []


@pytest.mark.parametrize("how", [{}, {NEW: "deaf"}], ids=["proved", "deaf"])
def test_a_host_that_boots_at_any_point_of_a_take_over_starts_one_server(new_host: Any, how: Any) -> None:
    for fuse in range(200):
        host = BEFORE["a package"](new_host(how))
        host.fuse = fuse
        try:
            switch(host, "a package")
            assert fuse > 20
            return
        except Killed:
            host.fuse = None
        host.boot()
        assert (host.running, bool(host.packaged)) in ((None, True), (NEW, False)), fuse
        assert host.running == host.store.current(), fuse
    raise AssertionError("the switch has no end")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupted_switch_stays_interrupted_and_undo_puts_back(
    new_host: Any, monkeypatch: Any, error: type[BaseException]
) -> None:
    host = new_host().with_releases()

    def ask(_askers: Iterable[Asker], _timeout: float) -> set[str]:
        if host.running == NEW:
            raise error
        return set(BOTH)

    trial = host.trial()
    monkeypatch.setattr(_inform, "ask", ask)
    with pytest.raises(error):
        trial.run(NEW, 0, None)
    host.trial().undo()
    assert is_as_before(host, "a release")


def test_with_nothing_on_trial_undo_asks_nobody_and_changes_nothing(new_host: Any) -> None:
    host = new_host().with_releases()
    known = host.events()
    assert host.trial().undo() is None and host.commands == [] and host.events() == known


@pytest.mark.parametrize("note", [None, "", "{", "{}"], ids=["missing", "empty", "cut off", "says nothing"])
def test_without_its_note_a_trial_is_put_back_to_what_is_committed(new_host: Any, note: str | None) -> None:
    host = new_host().with_releases()
    with pytest.raises(Killed):
        switch(host, step=killed_at("restarted"))
    host.layout.note.unlink()
    if note is not None:
        host.layout.note.write_text(note)
    host.trial().undo()
    assert is_as_before(host, "a release")


# A packaged dhcpd


def test_leases_go_over_when_the_package_has_stopped_and_come_back_with_those_added(new_host: Any) -> None:
    host = BEFORE["a package"](new_host({NEW: "deaf"}))

    def step(name: str) -> None:
        if name == "reloaded":  # its last lease
            host.packaged_leases.write_text(LEASE % 60 + LEASE % 61)
        if name == "restarted":
            assert host.leases.read_text() == LEASE % 60 + LEASE % 61 and not host.packaged
            host.leases.write_text(host.leases.read_text() + LEASE % 62)

    switch(host, "a package", step)
    assert host.packaged_leases.read_text() == LEASE % 60 + LEASE % 61 + LEASE % 62 and host.serves == [PACKAGE]
    assert not host.leases.exists(), "no later release starts from leases that have aged"


@pytest.mark.parametrize("how", [{}, {NEW: "deaf"}], ids=["proved", "deaf"])
def test_a_package_s_leases_never_replace_those_of_a_committed_release(new_host: Any, how: Any) -> None:
    host = new_host(how).with_package(runs=False).with_releases()
    host.leases.write_text(LEASE % 50)
    host.trial().run(NEW, 0, PACKAGE)
    assert host.leases.read_text() == LEASE % 50 and host.packaged_leases.read_text() == LEASE % 60
    assert not any(PACKAGE in words for words in host.did)


@pytest.mark.parametrize("step", ["linked", "reloaded"])
def test_leases_of_another_time_never_replace_a_package_s(new_host: Any, step: str) -> None:
    host = BEFORE["a package"](new_host())
    host.leases.write_text(LEASE % 50)
    with pytest.raises(Killed):
        switch(host, "a package", killed_at(step))
    host.trial().undo()
    assert host.packaged_leases.read_text() == LEASE % 60


def test_a_package_whose_leases_are_nowhere_is_not_stopped(new_host: Any) -> None:
    host = BEFORE["a package"](new_host())
    host.packaged_leases.unlink()
    with contextlib.suppress(ReleaseError):
        switch(host, "a package")
    assert f"stop {PACKAGE}" not in host.did and host.serves == [PACKAGE]


def test_a_package_that_was_stopped_stays_so(new_host: Any) -> None:
    host = new_host({NEW: "deaf"}).with_package(runs=False).with_releases(None)
    switch(host, "a package")
    assert host.packaged is False and host.enabled and host.packaged_leases.read_text() == LEASE % 60


# resume


def test_a_stopped_release_is_started_and_proved(new_host: Any) -> None:
    host = new_host().with_releases(running=False)
    known = host.events()
    assert host.trial().resume(OLD, 0) == {"proved_on": BOTH}
    assert host.serves == [OLD] and host.did == ["daemon-reload", f"restart {SERVICE}"] and host.events() == known


@pytest.mark.parametrize("how", ["restart fails", "exits", "deaf", "settling"])
def test_a_release_that_does_not_start_again_is_an_error(new_host: Any, how: str) -> None:
    host = new_host({OLD: how}).with_releases(running=False)
    with pytest.raises(ReleaseError) as error:
        host.trial().resume(OLD, 0)
    assert FAULTS[how].replace(NEW, OLD) in str(error.value) and host.store.current() == OLD
    assert f"stop {SERVICE}" not in host.did, "systemd goes on trying"


# The command


def outcome(host: Host) -> Any:
    return json.loads(host.layout.outcome.read_text())


@pytest.mark.parametrize(("how", "status"), [({}, 0), ({NEW: "deaf"}, 1)])
def test_the_command_switches_and_writes_the_outcome_down(new_host: Any, how: Any, status: int, capsys: Any) -> None:
    host = new_host(how).with_releases()
    assert main(["run", f"--release={NEW}", "--timeout=0"]) == status
    assert outcome(host)["proved"] is (status == 0) and host.serves == [OLD if how else NEW]
    assert host.layout.outcome.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr().out.split()[-1] == ("left" if how else "finished"), "for journalctl"
    host.layout.outcome.unlink()
    assert main(["undo"]) == 0 and not host.layout.outcome.exists(), "ExecStopPost= of a switch that ended"


def test_the_command_takes_over_the_unit_that_it_is_given(new_host: Any) -> None:
    host = BEFORE["a package"](new_host())
    assert main(["run", f"--release={NEW}", "--timeout=0", f"--take-over={PACKAGE}"]) == 0 and is_committed(host)


@pytest.mark.parametrize(("step", "status"), [("restarted", 1), ("committed", 0)])
def test_the_command_undo_ends_a_switch_and_writes_the_outcome_down(new_host: Any, step: str, status: int) -> None:
    host = new_host().with_releases()
    with pytest.raises(Killed):
        switch(host, step=killed_at(step))
    assert main(["undo"]) == status and outcome(host)["proved"] is (status == 0)


def test_what_an_earlier_switch_left_behind_is_ended_first(new_host: Any) -> None:
    host = new_host().with_releases(there="123")
    with pytest.raises(Killed):
        switch(host, step=killed_at("restarted"))
    known = len(host.events())
    assert main(["run", f"--release={OTHER}", "--timeout=0"]) == 0
    assert host.events(known) == [("left", NEW), ("tried", OTHER), ("proved", OTHER)] and host.serves == [OTHER]


def test_a_second_switch_touches_nothing_and_an_undo_waits(new_host: Any, monkeypatch: Any) -> None:
    host = new_host().with_releases()
    waits = []
    real = _switch.locked
    monkeypatch.setattr(_switch, "locked", lambda path, wait: [waits.append(wait), real(path, wait=False)][1])
    with real(host.layout.lock):
        assert main(["run", f"--release={NEW}", "--timeout=0"]) == 1
        assert "another run is switching" in outcome(host)["why"] and host.commands == []
        main(["undo"])
    assert waits == [False, True]


def test_a_release_that_is_not_there_is_an_outcome_and_touches_nothing(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    assert main(["run", f"--release={NEW}", "--timeout=0"]) == 1
    assert outcome(host)["back"] == "Nothing was switched." and host.did == [] and is_as_before(host, "a release")


@pytest.mark.parametrize("what", ["history", "disable"])
def test_an_error_after_the_commit_is_not_told_as_if_nothing_was_switched(
    new_host: Any, monkeypatch: Any, what: str
) -> None:
    host = BEFORE["a package"](new_host({PACKAGE: "disable fails"} if what == "disable" else {}))
    add = History.add

    def failing(self: History, event: str, *words: str) -> None:
        if what == "history" and event == "proved":
            raise FULL
        add(self, event, *words)

    monkeypatch.setattr(History, "add", failing)
    main(["run", f"--release={NEW}", "--timeout=0", f"--take-over={PACKAGE}"])
    assert host.serves == [NEW] and host.store.current() == NEW
    assert "Nothing was switched" not in str(outcome(host))


# The lock, and commands


def test_only_one_run_at_a_time_switches(tmp_path: Path) -> None:
    path = tmp_path / "run/dhcpd_release/lock"
    with locked(path), pytest.raises(ReleaseError, match="another run is switching"), locked(path):
        pass
    with locked(path):
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_command_that_hangs_or_is_missing_fails_in_words(monkeypatch: Any) -> None:
    monkeypatch.setattr(_switch, "COMMAND_TIMEOUT", 0.1)
    assert run_command(["sleep", "9"]) == (124, "", "sleep did not end within 0.1 s")
    status, _out, err = run_command(["/no/such/command"])
    assert status == 127 and "No such file" in err
    assert run_command(["printf", "%s\\377", "$HOME; exit 3"]) == (0, "$HOME; exit 3\ufffd", "")

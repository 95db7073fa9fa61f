# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No release is committed unproved, and what ran before runs again: a real store, a host that is told how to fail."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterable

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _switch
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import State
from ansible_collections.quadlet.dhcpd.plugins.module_utils._switch import Prover, resume, switch

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the store's files belong to root")

OLD, NEW, UNIT = "1.aaaaaaaaaaaa", "2.bbbbbbbbbbbb", "[Service]\n# the new one\n"
ETH1, ETH2 = Asker("eth1", b"\0" * 6, "198.51.100.1"), Asker("eth2", b"\1" * 6, "203.0.113.1")


class Host:
    """A host whose dhcpd runs as what the unit files select; *how* says what is wrong with a release.

    "restart fails", "exits", "loops" (restarts for ever), "other" (runs as another release), "deaf", "half deaf",
    "settling" (dies after its answer), "reload fails", "ask fails".
    """

    def __init__(self, tmp_path: Path, how: dict[str, str], committed: str | None = OLD, running: bool = True) -> None:
        self.store = Store(Layout(str(tmp_path)))
        self.store.layout.etc.mkdir(parents=True)
        if committed:
            self.store.commit(committed)
        self.how = how
        self.journal: list[str] = []
        self.loaded = self.selected()
        self.running = committed if running else None
        self.pid = 100
        self.calls: list[str] = []
        self.asked: list[tuple[str, list[str], float]] = []

    def selected(self) -> str | None:
        return NEW if self.store.layout.trial.exists() else self.store.current()

    @property
    def problem(self) -> str:
        return self.how.get(self.running or "", "")

    # Service

    def state(self) -> State:
        if self.running is None or (self.problem == "exits" and self.calls):
            return State("failed", "failed", 0, None)
        if self.problem == "loops":
            return State("activating", "auto-restart", 1, None)
        return State("active", "running", 0, self.pid)

    def reload(self) -> None:
        self.calls.append("reload")
        self.loaded = self.selected()
        if self.how.get(self.loaded or "") == "reload fails":
            raise ReleaseError("systemctl daemon-reload: refused")

    def restart(self) -> None:
        self.calls.append(f"restart {self.loaded}")
        self.running = self.loaded
        self.pid += 1
        self.journal.append(f"{self.loaded} says why")
        if self.problem == "restart fails":
            self.running = None
            raise ReleaseError("systemctl restart dhcpd.service: Job failed.")

    def stop(self) -> None:
        self.calls.append("stop")
        self.running = None

    def cursor(self) -> str:
        return str(len(self.journal))

    def words(self, cursor: str) -> str:
        return "\n".join(self.journal[int(cursor) :])

    # the rest of the world

    def ask(self, askers: Iterable[Asker], timeout: float) -> set[str]:
        self.asked.append((str(self.running), [asker.interface for asker in askers], timeout))
        if self.problem == "ask fails":
            raise OSError(19, "No such device")
        heard = {"deaf": set(), "half deaf": {"eth1"}}.get(self.problem, {"eth1", "eth2"})
        return heard & {asker.interface for asker in askers}

    def sleep(self, seconds: float) -> None:
        if seconds >= 1 and self.problem == "settling":
            self.pid += 1

    def release_of(self, pid: int | None) -> str | None:
        return "0.other" if self.problem == "other" else self.running

    def history(self) -> list[list[str]]:
        return [line.split("\t")[2:] for line in self.store.layout.history.read_text().splitlines()]

    def prover(self, askers: Iterable[Asker] = (ETH1, ETH2), timeout: float = 0) -> Prover:
        return Prover(self, list(askers), timeout, self.ask, self.sleep)  # type: ignore[arg-type]

    def switch(self) -> str:
        """Switch to NEW and return the error's text."""
        try:
            switch(self.store, self.prover(), NEW, UNIT)
        except ReleaseError as error:
            return str(error)
        return ""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: Any) -> Any:
    def make(*arguments: Any, **options: Any) -> Host:
        made = Host(tmp_path, *arguments, **options)
        monkeypatch.setattr(_switch, "release_of", made.release_of)
        return made

    return make


@pytest.mark.parametrize("committed", [OLD, None])
def test_a_proved_release_is_committed_and_its_trial_is_over(host: Any, committed: str | None) -> None:
    world = host({}, committed)
    assert world.switch() == ""
    assert world.store.current() == NEW and world.running == NEW and world.loaded == NEW
    assert not world.store.layout.trial.exists()
    assert world.calls == ["reload", f"restart {NEW}", "reload"], "nothing restarts at the commit"
    assert world.history() == [["tried", NEW, ""], ["proved", NEW, ""]]


def test_a_release_is_not_committed_before_every_interface_answered_and_it_settled(host: Any) -> None:
    world = host({})
    seen = []

    def look(what: str) -> None:
        seen.append((what, world.store.current(), world.store.layout.trial.read_text()))

    prover = world.prover()._replace(
        ask=lambda askers, timeout: [look("ask"), world.ask(askers, timeout)][1], sleep=lambda _s: look("settle")
    )
    switch(world.store, prover, NEW, UNIT)
    assert seen == [("ask", OLD, UNIT), ("settle", OLD, UNIT)]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("restart fails", "systemctl restart dhcpd.service: Job failed."),
        ("exits", f"dhcpd did not stay up. dhcpd said: {NEW} says why"),
        ("loops", f"dhcpd did not stay up. dhcpd said: {NEW} says why"),
        ("other", f"dhcpd runs, but as release 0.other and not {NEW}"),
        ("deaf", "answered no DHCPINFORM within 0 s on eth1 (198.51.100.1), eth2 (203.0.113.1)."),
        ("half deaf", f"answered no DHCPINFORM within 0 s on eth2 (203.0.113.1). dhcpd said: {NEW} says why"),
        ("settling", f"dhcpd did not stay up. dhcpd said: {NEW} says why"),
        ("reload fails", "systemctl daemon-reload: refused"),
        ("ask fails", "No such device"),
    ],
)
@pytest.mark.parametrize("committed", [OLD, None])
def test_a_release_that_is_not_proved_is_left_and_the_old_one_runs_again(
    host: Any, how: str, reason: str, committed: str | None
) -> None:
    world = host({NEW: how}, committed)
    message = world.switch()
    assert f"release {NEW} was left: " in message and reason in message
    assert world.store.current() == committed and world.running == committed and world.loaded == committed
    assert not world.store.layout.trial.exists()
    (tried, left) = world.history()
    assert tried == ["tried", NEW, ""] and left[:2] == ["left", NEW] and reason in left[2]
    if committed:
        assert message.endswith(f"The service runs again as release {OLD}.")
        assert world.asked[-1] == (OLD, ["eth1", "eth2"], 0), "the old one is proved as well"
    else:
        assert message.endswith("The service is stopped, as it was before.") and world.calls[-1] == "stop"


def test_a_service_that_was_stopped_is_stopped_again(host: Any) -> None:
    world = host({NEW: "deaf"}, running=False)
    assert world.switch().endswith("The service is stopped, as it was before.")
    assert world.running is None and world.store.current() == OLD


@pytest.mark.parametrize("how", ["restart fails", "exits", "deaf", "settling"])
def test_going_back_that_is_not_proved_either_is_said_with_both_reasons(host: Any, how: str) -> None:
    world = host({NEW: "exits", OLD: how})
    message = world.switch()
    assert f"release {NEW} was left: dhcpd did not stay up. dhcpd said: {NEW} says why" in message
    assert f"Going back to {OLD} was not proved either: " in message
    assert f"{NEW} says why" not in message.partition("Going back")[2]
    assert world.store.current() == OLD and not world.store.layout.trial.exists()


@pytest.mark.parametrize("how", ["ask fails", "reload fails"])
def test_going_back_that_fails_otherwise_does_not_hide_the_first_reason(host: Any, how: str) -> None:
    world = host({NEW: "deaf", OLD: how})
    message = ""
    try:
        message = world.switch()
    except OSError as error:
        message = str(error)
    assert f"release {NEW} was left: " in message and f"Going back to {OLD} was not proved either: " in message
    assert f"restart {OLD}" in world.calls


def test_a_disk_that_fails_at_the_commit_puts_back(host: Any, monkeypatch: Any) -> None:
    world = host({})

    def commit(_name: str) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(world.store, "commit", commit)
    assert "Read-only file system" in world.switch()
    assert world.running == OLD and world.store.current() == OLD and not world.store.layout.trial.exists()


def test_a_full_disk_does_not_keep_the_old_release_from_running_again(host: Any, monkeypatch: Any) -> None:
    world = host({NEW: "deaf"})
    record = world.store.record

    def full(event: str, name: str, why: str = "") -> None:
        if event == "left":
            raise OSError(28, "No space left on device")
        record(event, name, why)

    monkeypatch.setattr(world.store, "record", full)
    with pytest.raises((ReleaseError, OSError)):
        switch(world.store, world.prover(), NEW, UNIT)
    assert world.running == OLD and not world.store.layout.trial.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupted_switch_puts_back_and_stays_interrupted(host: Any, error: type[BaseException]) -> None:
    world = host({})

    def ask(_askers: Iterable[Asker], _timeout: float) -> set[str]:
        if world.running == NEW:
            raise error
        return {"eth1", "eth2"}

    with pytest.raises(error):
        switch(world.store, world.prover()._replace(ask=ask), NEW, UNIT)
    assert world.running == OLD and world.store.current() == OLD and not world.store.layout.trial.exists()


def test_a_history_that_cannot_be_written_stops_before_anything_is_touched(host: Any, monkeypatch: Any) -> None:
    world = host({})

    def record(*_arguments: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.store, "record", record)
    with pytest.raises(OSError, match="No space left"):
        switch(world.store, world.prover(), NEW, UNIT)
    assert world.calls == [] and not world.store.layout.trial.exists()


# proof


@pytest.mark.parametrize(
    ("said", "proved"),
    [
        ("DHCPINFORM from 198.51.100.1 via eth1: not authoritative for subnet 198.51.100.0", True),
        ("DHCPINFORM from 198.51.100.10 via eth1: not authoritative for subnet 198.51.100.0", False),
        ("DHCPINFORM from 198.51.100.1 via eth10: not authoritative for subnet 198.51.100.0", False),
        ("DHCPINFORM from 198.51.100.1 via eth1: unknown subnet", False),
    ],
)
def test_dhcpd_s_own_line_about_that_very_packet_counts_as_its_answer(host: Any, said: str, proved: bool) -> None:
    world = host({OLD: "deaf"})
    world.journal = [said]
    prover = world.prover([ETH1])
    if proved:
        prover.prove(OLD, "0")
    else:
        with pytest.raises(ReleaseError, match="answered no DHCPINFORM"):
            prover.prove(OLD, "0")


def test_who_answered_is_not_asked_again_and_one_round_takes_a_second_at_most(host: Any) -> None:
    world = host({})
    answers = [set(), {"eth2"}, {"eth1"}]
    rounds = []

    def ask(askers: Iterable[Asker], timeout: float) -> set[str]:
        rounds.append(([asker.interface for asker in askers], timeout))
        return answers[len(rounds) - 1]

    world.prover(timeout=30)._replace(ask=ask).prove(OLD, "0")
    assert rounds == [(["eth1", "eth2"], 1.0), (["eth1", "eth2"], 1.0), (["eth1"], 1.0)]


@pytest.mark.parametrize("answered", [{"eth1", "eth2"}, set()])
def test_a_dhcpd_that_restarts_is_noticed_in_the_round_it_does_so(host: Any, answered: set[str]) -> None:
    world = host({})
    rounds = []

    def ask(_askers: Iterable[Asker], _timeout: float) -> set[str]:
        assert not rounds, "asked on although dhcpd is another"
        rounds.append(world.pid)
        world.pid += 1
        return answered

    with pytest.raises(ReleaseError, match="did not stay up"):
        world.prover(timeout=30)._replace(ask=ask).prove(OLD, world.cursor())


def test_a_container_that_is_still_starting_is_waited_for(host: Any) -> None:
    world = host({})
    states = [State("activating", "start", 0, None), State("active", "running", 0, None)]
    real = world.state
    world.state = lambda: states.pop(0) if states else real()
    world.prover(timeout=30).prove(OLD, "0")
    assert not states and world.asked


def test_only_the_end_of_what_dhcpd_said_is_told(host: Any) -> None:
    world = host({OLD: "deaf"})
    world.journal = [f"line {number}" for number in range(20)]
    with pytest.raises(ReleaseError, match="dhcpd said: line 8 / .* / line 19$"):
        world.prover().prove(OLD, "0")
    with pytest.raises(ReleaseError, match=r"dhcpd said nothing\.$"):
        world.prover().prove(OLD, "20")


# resume


def test_a_stopped_release_is_started_and_proved_and_a_stale_trial_forgotten(host: Any) -> None:
    world = host({}, running=False)
    world.store.layout.trial.parent.mkdir(parents=True)
    world.store.layout.trial.write_text(UNIT)
    resume(world.store, world.prover(), OLD)
    assert world.running == OLD and world.calls == ["reload", f"restart {OLD}"]
    assert world.asked and not world.store.layout.trial.exists()


@pytest.mark.parametrize("how", ["restart fails", "exits", "deaf"])
def test_a_release_that_does_not_start_again_is_an_error(host: Any, how: str) -> None:
    world = host({OLD: how}, running=False)
    with pytest.raises(ReleaseError):
        resume(world.store, world.prover(), OLD)
    assert world.store.current() == OLD

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switch to a release: try, prove, commit; or put back what was there.

It runs in a transient systemd unit of its own (see _transient.py), so that nothing which happens to the connection,
the controller or the module changes its end. What it does next is always to be read off the disk:

- No note in /run/dhcpd_release: nothing is going on. It is written first, and goes last.
- A note, and `current` names the release on trial: it was committed; what is left is to tidy up.
- A note, and `current` names another one: the trial had no end; what ran before is put back.

So `undo`, which the dead-man timer and the unit's own ExecStopPost= call, may come at any time and any number of
times. A boot forgets /run and with it the trial.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files, _inform
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import LEFT, PROVED, TRIED, History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import keep_copy
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packaged import Packaged
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from ansible_collections.quadlet.dhcpd.plugins.module_utils._prove import Prover, askers_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store, sentence
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service

BEFORE = 0.3  # s; how long the old release is given to answer before it is stopped


class Trial:
    """One switch: its means, and the paths through it."""

    def __init__(self, layout: Layout, service: Service, podman: Podman) -> None:
        self.layout = layout
        self.store = Store(layout)
        self.history = History(layout.history)
        self.service = service
        self.podman = podman
        self.ask = _inform.ask
        self.step: Callable[[str], None] = lambda _name: None

    def run(self, new: str, timeout: float, take_over: str | None, by_hand: bool = False) -> dict[str, Any]:
        """Switch to the staged release *new*, proved within *timeout* seconds; return the outcome.

        *take_over* is the systemd unit of a packaged dhcpd that serves now, if any. A person who goes back *by_hand*
        leaves the old release: it is not tried again.
        """
        old = self.store.current()
        # Once a release is committed, the leases are ours: a package's old file must never replace them.
        take_over = take_over if old is None else None
        packaged = Packaged(take_over, self.service) if take_over else None
        note = {
            "new": new,
            "old": old,
            "ran": packaged.runs() if packaged else self.service.state().runs,
            "timeout": timeout,
            "take_over": take_over,
            "by_hand": by_hand,
        }
        askers, _unproved = self.askers(new)
        prover = Prover(self.service, askers, timeout, self.ask)
        service = self.podman.service_of(self.layout.directory(new))
        keep_copy(self.layout.lease_directory, self.layout.lease_copies)
        if packaged:
            packaged.make_way(self.layout.lease_directory)
        self.history.add(TRIED, new)
        self.step("tried")
        try:
            _files.write(self.layout.note, json.dumps(note), 0o600)
            _files.make_directory(self.layout.trial.parent, 0o755)
            _files.write(self.layout.trial, service, 0o644)
            self.step("linked")
            self.service.reload()
            self.step("reloaded")
            answered = self.ask(askers, BEFORE)
            cursor = self.service.cursor()
            silent_since = time.monotonic()
            if packaged:
                packaged.hand_leases_to(self.layout.lease_directory, self.store.account(new))
                self.step("taken over")
            self._start(cursor)
            self.step("restarted")
            answered_at = prover.prove(new, cursor)
            self.step("proved")
            write_down = self.history.staged(PROVED, new)
            if packaged:
                packaged.yield_at_boot()
            self.store.commit(new)
            self.step("committed")
        except (ReleaseError, OSError) as error:
            return self._leave(note, sentence(str(error)))
        outcome = {
            "proved": True,
            "proved_on": [asker.interface for asker in askers],
            "unanswered_for": round(answered_at - silent_since, 3) if answered else None,
        }
        return self._finish(write_down, packaged, outcome, note)

    def resume(self, name: str, timeout: float) -> dict[str, Any]:
        """Start the committed release *name* where it does not run, prove it, and return the outcome.

        Nothing is on trial: where it can't be proved, systemd goes on trying. Raises ReleaseError then.
        """
        askers, _unproved = self.askers(name)
        cursor = self.service.cursor()
        self.service.reload()
        self.service.restart()
        Prover(self.service, askers, timeout, self.ask).prove(name, cursor)
        return {"proved_on": [asker.interface for asker in askers]}

    def undo(self) -> dict[str, Any] | None:
        """Bring a switch that ended anywhere to its end; return the outcome, or None where there is nothing to do."""
        if not self.layout.on_trial:
            return None
        note = self.note()
        new, take_over = note["new"], note["take_over"]
        if new and self.store.current() == new:
            packaged = Packaged(take_over, self.service) if take_over else None
            outcome = {"proved": True, "proved_on": [], "unanswered_for": None}
            return self._finish(lambda: self._write_down(new), packaged, outcome, note)
        return self._leave(note, note["why"])

    def _start(self, cursor: str) -> None:
        try:
            self.service.restart()
        except ReleaseError as error:
            # systemctl names two commands to ask; what they would say is podman's own reason.
            words = self.service.podman_words(cursor)
            raise ReleaseError(f"{sentence(str(error))} podman said: {words}" if words else str(error)) from error

    def _finish(
        self, write_down: Callable[[], None], packaged: Packaged | None, outcome: dict[str, Any], note: dict[str, Any]
    ) -> dict[str, Any]:
        """Tidy up after the commit. Nothing that fails here makes it undone."""
        why = f"rolled back to {note['new']} by hand"
        leave = [lambda: self.history.add(LEFT, note["old"], why)] if note["by_hand"] else []
        failed = all_of(
            [write_down, *leave, *([packaged.disable] if packaged else []), self._unlink, self.service.reload]
        )
        if failed:
            outcome["warnings"] = [f"the release serves and is committed, but not all could be tidied up: {failed}"]
        self.end(outcome)
        self.step("finished")
        return outcome

    def _leave(self, note: dict[str, Any], why: str) -> dict[str, Any]:
        """Put back what was there; the first failure on the way is told, and none keeps the rest from being done."""
        self.step("leaving")
        # Whoever has to do this again, since it was killed or hung, knows the reason of the first time.
        all_of([lambda: _files.write(self.layout.note, json.dumps({**note, "why": why}), 0o600)])
        new, old, ran = note["new"], note["old"], note["ran"]
        packaged = Packaged(note["take_over"], self.service) if note["take_over"] else None
        cursor = self.service.cursor()
        unlink: list[Callable[[], object]] = [lambda: self.store.restore(old), self._unlink, self.service.reload]
        # Where no unit file will be left, the service is stopped before: then systemd still knows how to.
        if packaged:
            steps: list[Callable[[], object]] = [self.service.stop]
            steps += [lambda: packaged.take_leases_back(self.layout.lease_directory), packaged.yield_no_more, *unlink]
            steps += [packaged.start] if ran else []
            back = f"{packaged.unit} serves again"
        elif old and ran:
            steps = [*unlink, self.service.restart]
            steps += [lambda: self.prover(old, note["timeout"]).prove(old, cursor, settle=0.0)]
            back = f"The service runs again as release {old}"
        else:
            steps = [self.service.stop, *unlink]
            back = "The service is stopped, as it was before"
        failed = all_of(steps)
        if new:
            all_of([lambda: self.history.add(LEFT, new, why)])
        back = f"{back}, but not as it should: {failed}" if failed else f"{back}."
        outcome = {"proved": False, "why": why, "back": back}
        self.end(outcome)
        self.step("left")
        return outcome

    def end(self, outcome: dict[str, Any]) -> None:
        """Say how it ended before the note goes: whoever kills what comes between finds one or the other."""
        all_of([lambda: _files.write(self.layout.outcome, json.dumps(outcome), 0o600)])
        with contextlib.suppress(FileNotFoundError):
            self.layout.note.unlink()

    def note(self) -> dict[str, Any]:
        """What is on trial; without a note that can be read, what a boot would start is what ran before."""
        note = {"new": None, "old": self.store.current(), "ran": True, "timeout": 5.0, "take_over": None, "by_hand": 0}
        note.update(hand_back=None, why="the switch was ended in the middle of the trial.")
        with contextlib.suppress(OSError, ValueError):
            note.update(json.loads(self.layout.note.read_text(encoding="utf-8")))
        return note

    def _write_down(self, new: str) -> None:
        """Add what a switch that was killed after its commit may have had no time to add."""
        if [(event.what, event.release) for event in self.history.events()[-1:]] != [(PROVED, new)]:
            self.history.add(PROVED, new)

    def _unlink(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.layout.trial.unlink()

    def prover(self, name: str, timeout: float) -> Prover:
        """What proves the release *name*, within *timeout* seconds."""
        return Prover(self.service, self.askers(name)[0], timeout, self.ask)

    def askers(self, name: str) -> Any:
        """Who can ask the release *name*, and what can't be proved (see askers_of)."""
        record = self.store.record(name)
        return askers_of(record["interfaces"], [self.store.read(name, path) for path in record["files"]])


def all_of(steps: Sequence[Callable[[], object]]) -> Exception | None:
    """Do each of *steps*, whatever becomes of the others; return the first failure."""
    failed: Exception | None = None
    for step in steps:
        try:
            step()
        except (ReleaseError, OSError, LookupError) as error:
            failed = failed or error
    return failed


@contextlib.contextmanager
def locked(path: Path, wait: bool = False) -> Iterator[None]:
    """Hold the host's one lock for switches (flock(2), so it dies with its holder). Raises ReleaseError when taken."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise ReleaseError("another run is switching releases on this host; try again when it is done") from None
        yield

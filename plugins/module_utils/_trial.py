# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switch to a release: try, prove, commit; or put back what was there.

It runs in a transient systemd unit of its own (see _transient.py), so that nothing which happens to the connection,
the controller or the module changes its end. What it does next is always to be read off the disk:

- No note in /run/dhcpd_release: nothing is going on. It is written first, and goes last.
- A note, and `current` names the release on trial: it was committed; what is left is to tidy up.
- A note, and `current` names another one: the trial had no end; what ran before is put back.

Only the families whose service is another one in the new release are on trial (see Store.part). The others go on
running, from the directory that they were started from, and one rename commits both.

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

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, IPV4, Family, files_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import LEFT, PROVED, TRIED, History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import keep_copy
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packaged import Packaged
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from ansible_collections.quadlet.dhcpd.plugins.module_utils._prove import Prover, ask_of, askers_of, prove
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store, sentence
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, release_of

BEFORE = 0.3  # s; how long the old release is given to answer before it is stopped


class Trial:
    """One switch: its means, and the paths through it."""

    def __init__(self, layout: Layout, service: Service, podman: Podman) -> None:
        self.layout = layout
        self.store = Store(layout)
        self.history = History(layout.history)
        self.service = service
        self.services = {family: Service(service.run, family) for family in FAMILIES}
        self.podman = podman
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
        families = [family for family in self.store.families(new) if not self.runs(new, family)]
        note = {
            "new": new,
            "old": old,
            "ran": {family.name: self.services[family].state().runs for family in families},
            "package_ran": packaged is not None and packaged.runs(),
            "timeout": timeout,
            "take_over": take_over,
            "by_hand": by_hand,
        }
        provers = self.provers(new, timeout, families)
        units = {family: self.podman.service_of(self.layout.directory(new), family) for family in families}
        for family in families:
            keep_copy(self.layout.lease_directory / family.leases, self.layout.lease_copies)
        if packaged:
            packaged.make_way(self.layout.lease_directory)
        self.history.add(TRIED, new)
        self.step("tried")
        try:
            _files.write(self.layout.note, json.dumps(note), 0o600)
            _files.make_directory(self.layout.trials, 0o755)
            for family, unit in units.items():
                _files.write(self.layout.trial(family), unit, 0o644)
            self.step("linked")
            self.service.reload()
            self.step("reloaded")
            answered = [prover.ask(prover.askers, BEFORE) for prover in provers]
            cursor = self.service.cursor()
            silent_since = time.monotonic()
            if packaged:
                packaged.hand_leases_to(self.layout.lease_directory, families, self.store.account(new))
                self.step("taken over")
            for family in families:
                self._start(self.services[family], cursor)
            self.step("restarted")
            answered_at = prove(provers, new, cursor)
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
            **proved_on(provers),
            "unanswered_for": round(answered_at - silent_since, 3) if any(answered) else None,
        }
        return self._finish(write_down, packaged, outcome, note)

    def resume(self, name: str, timeout: float) -> dict[str, Any]:
        """Start the committed release *name* where it does not run, prove it, and return the outcome.

        Nothing is on trial: where it can't be proved, systemd goes on trying. Raises ReleaseError then.
        """
        families = [family for family in self.store.families(name) if not self.runs(name, family)]
        cursor = self.service.cursor()
        self.service.reload()
        for family in families:
            self.services[family].restart()
        provers = self.provers(name, timeout, families)
        prove(provers, name, cursor)
        return proved_on(provers)

    def runs(self, name: str, family: Family) -> bool:
        """Whether a family's service runs as it is in the release *name*, whichever release it was started from."""
        state = self.services[family].state()
        return state.runs and self.store.same(release_of(state.pid), name, family)

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

    @staticmethod
    def _start(service: Service, cursor: str) -> None:
        try:
            service.restart()
        except ReleaseError as error:
            # systemctl names two commands to ask; what they would say is podman's own reason.
            words = service.podman_words(cursor)
            raise ReleaseError(f"{sentence(str(error))} podman said: {words}" if words else str(error)) from error

    def _finish(
        self, write_down: Callable[[], None], packaged: Packaged | None, outcome: dict[str, Any], note: dict[str, Any]
    ) -> dict[str, Any]:
        """Tidy up after the commit. Nothing that fails here makes it undone."""
        why = f"rolled back to {note['new']} by hand"
        leave = [lambda: self.history.add(LEFT, note["old"], why)] if note["by_hand"] else []
        serves = self.store.families(note["new"])
        gone = [family for family in self.store.families(note["old"]) if family not in serves]
        steps = [write_down, *leave, *([packaged.disable] if packaged else []), lambda: self.store.link(note["new"])]
        # While systemd still knows how to.
        steps += [self.services[family].stop for family in gone]
        failed = all_of([*steps, self._unlink, self.service.reload, lambda: self.store.write_copy(note["new"])])
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
        new, old = note["new"], note["old"]
        packaged = Packaged(note["take_over"], self.service) if note["take_over"] else None
        cursor = self.service.cursor()
        tried = [family for family in FAMILIES if family.name in note["ran"]]
        again = [family for family in self.store.families(old) if family in tried and note["ran"][family.name]]
        # Where no unit file will be left, a service is stopped before: then systemd still knows how to.
        steps: list[Callable[[], object]] = [self.services[family].stop for family in tried if family not in again]
        if packaged:
            steps += [lambda: packaged.take_leases_back(self.layout.lease_directory), packaged.yield_no_more]
        steps += [lambda: self.store.restore(old), self._unlink, self.service.reload]
        steps += [self.services[family].restart for family in again]
        back = "The service is stopped, as it was before"
        if packaged:
            steps += [packaged.start] if note["package_ran"] else []
            back = f"{packaged.unit} serves again"
        elif again or set(self.store.families(old)) - set(tried):
            steps += [lambda: prove(self.provers(old, note["timeout"], again), old, cursor, settle=0.0)]
            back = f"The service runs again as release {old}"
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
        old = self.store.current()
        tried = [family for family in FAMILIES if self.layout.trial(family).exists()]
        note: dict[str, Any] = {"new": None, "old": old, "timeout": 5.0, "take_over": None, "by_hand": False}
        note["ran"] = {family.name: True for family in [*self.store.families(old), *tried]}
        note.update(package_ran=False, hand_back=None, why="the switch was ended in the middle of the trial.")
        with contextlib.suppress(OSError, ValueError):
            note.update(json.loads(self.layout.note.read_text(encoding="utf-8")))
        if isinstance(note["ran"], bool):  # of this collection before it knew of IPv6
            note.update(ran={IPV4.name: note["ran"]}, package_ran=note["ran"])
        return note

    def _write_down(self, new: str) -> None:
        """Add what a switch that was killed after its commit may have had no time to add."""
        if [(event.what, event.release) for event in self.history.events()[-1:]] != [(PROVED, new)]:
            self.history.add(PROVED, new)

    def _unlink(self) -> None:
        for family in FAMILIES:
            with contextlib.suppress(FileNotFoundError):
                self.layout.trial(family).unlink()

    def provers(self, name: str, timeout: float, families: Sequence[Family]) -> list[Prover]:
        """What proves these families of the release *name*, within *timeout* seconds."""
        record = self.store.record(name)
        texts = {path: self.store.read(name, path) for path in record["files"]}
        return [
            Prover(
                self.services[family],
                askers_of(family, record[f"interfaces{family.suffix}"], files_of(texts, family).values())[0],
                timeout,
                ask_of(family),
            )
            for family in families
        ]


def proved_on(provers: Sequence[Prover]) -> dict[str, list[str]]:
    """The interfaces on which each family's service answered, as return values of the module."""
    found: dict[str, list[str]] = {"proved_on": []}
    for prover in provers:
        found[f"proved_on{prover.service.family.suffix}"] = [asker.interface for asker in prover.askers]
    return found


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

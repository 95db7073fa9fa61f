# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back to a packaged dhcpd: the same switch as to a release, in the same unit and with the same note.

Until the commit, which takes the link `current` away, a boot starts the release, and an undo brings it back.
"""

from __future__ import annotations

import json
from typing import Any, Callable

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packaged import Packaged
from ansible_collections.quadlet.dhcpd.plugins.module_utils._prove import prove
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError, sentence
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import Trial, all_of


class HandBack:
    """From the committed release to the packaged dhcpd *unit*, with the means of a trial."""

    def __init__(self, trial: Trial, unit: str) -> None:
        self.trial = trial
        self.layout, self.store, self.service = trial.layout, trial.store, trial.service
        self.families = self.store.families(self.store.current())
        self.packaged = Packaged(unit, trial.service)

    def run(self, timeout: float) -> dict[str, Any]:
        """Let the package serve with the leases of now, proved within *timeout* seconds; return the outcome."""
        step = self.trial.step
        old = self.store.current()
        if old is None:  # an earlier hand-back, killed after its commit, has been brought to its end just now
            return self._finish()
        note = {
            "hand_back": self.packaged.unit,
            "old": old,
            "timeout": timeout,
            "given": False,
            "why": f"the hand-back to {self.packaged.unit} was ended in the middle.",
        }
        self._write(note)
        step("tried")
        try:
            for family in self.families:
                self.trial.services[family].stop()
            self.packaged.give_leases_back(self.layout.lease_directory)
            # From here on the package may have leased: it is its file then that the release goes on from.
            note["given"] = True
            self._write(note)
            self.store.give_back_copy()
            self.packaged.yield_no_more()
            self.service.reload()
            self.packaged.start()
            step("restarted")
            self._prove(old, timeout)
            step("proved")
            self.packaged.yield_at_boot()
            self.packaged.enable()
            self.layout.current.unlink()
            _files.sync(self.layout.etc)
            step("committed")
        except (ReleaseError, OSError) as error:
            return self._leave({**note, "why": sentence(str(error))})
        return self._finish()

    def undo(self) -> dict[str, Any]:
        """Bring a hand-back that ended anywhere to its end; return the outcome."""
        return self._leave(self.trial.note()) if self.store.current() else self._finish()

    def _prove(self, release: str, timeout: float) -> None:
        # A family of which the package has no leases was never its own.
        mine = [family for family in self.families if family in self.packaged.leases()]
        deaf = []
        for prover in self.trial.provers(release, timeout, mine):
            answered = prover.ask(prover.askers, timeout)
            deaf += [asker.interface for asker in prover.askers if asker.interface not in answered]
        if deaf or not self.packaged.runs():
            raise ReleaseError(f"{self.packaged.unit} did not answer on {', '.join(deaf) or 'any interface'}")

    def _finish(self) -> dict[str, Any]:
        failed = all_of(
            [
                lambda: self.store.drop_links(None),  # first: they lead nowhere now, which quadlet takes amiss
                self.packaged.yield_no_more,
                lambda: self.packaged.set_leases_aside(self.layout.lease_directory),
                self.store.give_back_copy,
                self.service.reload,
            ]
        )
        outcome: dict[str, Any] = {"proved": True}
        if failed:
            outcome["warnings"] = [f"{self.packaged.unit} serves, but not all could be tidied up: {failed}"]
        self.trial.end(outcome)
        self.trial.step("finished")
        return outcome

    def _leave(self, note: dict[str, Any]) -> dict[str, Any]:
        self.trial.step("leaving")
        all_of([lambda: self._write(note)])
        old, cursor = note["old"], self.service.cursor()
        families = self.store.families(old)
        steps: list[Callable[[], object]] = [self.packaged.stop]
        if note["given"]:
            directory = self.layout.lease_directory
            steps += [lambda: self.packaged.hand_leases_to(directory, families, self.store.account(old))]
        steps += [self.packaged.disable, lambda: self.store.write_copy(old), self.service.reload]
        steps += [self.trial.services[family].restart for family in families]
        steps += [lambda: prove(self.trial.provers(old, note["timeout"], families), old, cursor, settle=0.0)]
        failed = all_of(steps)
        back = f"The service runs again as release {old}"
        back = f"{back}, but not as it should: {failed}" if failed else f"{back}."
        outcome = {"proved": False, "why": note["why"], "back": back}
        self.trial.end(outcome)
        self.trial.step("left")
        return outcome

    def _write(self, note: dict[str, Any]) -> None:
        _files.write(self.layout.note, json.dumps(note), 0o600)

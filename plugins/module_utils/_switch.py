# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Try a release, prove it, then commit it; or put back what was there.

While a release is on trial its service lies in /run/systemd/system, which outranks what quadlet generates and
does not survive a boot: until the commit, every boot selects the old release.
"""

from __future__ import annotations

import contextlib
import time
from typing import Callable, Iterable, NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files, _inform
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, release_of

SETTLE = 2.0  # s; a dhcpd that dies of its configuration or leases does so within this time of its first answer
ROUND = 1.0  # s; how long one round of questions waits before the service itself is looked at again

Ask = Callable[[Iterable[Asker], float], "set[str]"]


class Prover(NamedTuple):
    """How a running service is proved: who asks, within how many seconds, and the means to do so."""

    service: Service
    askers: list[Asker]
    timeout: float
    ask: Ask = _inform.ask
    sleep: Callable[[float], None] = time.sleep

    def prove(self, release: str, cursor: str) -> None:
        """Return when dhcpd runs as *release* and answers on every interface; raise ReleaseError when it doesn't."""
        end = time.monotonic() + self.timeout
        waiting = list(self.askers)
        pid = self._must_run(release, end, cursor)
        while waiting:
            answered = self.ask(waiting, min(ROUND, max(0.0, end - time.monotonic())))
            waiting = [asker for asker in waiting if asker.interface not in answered]
            self._must_be(pid, cursor)
            if waiting and time.monotonic() >= end:
                waiting = self._without_evidence(waiting, cursor)
                if waiting:
                    raise ReleaseError(self._deaf(waiting, cursor))
        self.sleep(SETTLE)
        self._must_be(pid, cursor)

    def _must_run(self, release: str, end: float, cursor: str) -> int:
        while True:
            state = self.service.state()
            if state.runs and state.pid is not None:
                if release_of(state.pid) != release:
                    raise ReleaseError(f"dhcpd runs, but as release {release_of(state.pid)} and not {release}")
                return state.pid
            if state.restarts or state.active in ("failed", "inactive") or time.monotonic() >= end:
                raise ReleaseError(self._gone(cursor))
            self.sleep(0.1)

    def _must_be(self, pid: int, cursor: str) -> None:
        if self.service.state().pid != pid:
            raise ReleaseError(self._gone(cursor))

    def _without_evidence(self, askers: list[Asker], cursor: str) -> list[Asker]:
        # Without `authoritative` dhcpd answers no DHCPINFORM but logs that very packet: it heard, and it decided.
        words = self.service.words(cursor)
        return [
            asker
            for asker in askers
            if f"DHCPINFORM from {asker.address} via {asker.interface}: not authoritative" not in words
        ]

    def _gone(self, cursor: str) -> str:
        return f"dhcpd did not stay up. {_said(self.service.words(cursor))}"

    def _deaf(self, askers: list[Asker], cursor: str) -> str:
        where = ", ".join(f"{asker.interface} ({asker.address})" for asker in askers)
        return (
            f"dhcpd runs but answered no DHCPINFORM within {self.timeout:g} s on {where}."
            f" {_said(self.service.words(cursor))}"
        )


def switch(store: Store, prover: Prover, new: str, unit: str) -> None:
    """Go from the committed release, if any, to *new*, whose service is *unit*.

    Raises ReleaseError when *new* is not proved; what was there before then runs again, and the error says so.
    """
    service = prover.service
    old = store.current()
    ran = service.state().runs
    cursor = service.cursor()
    store.record("tried", new)
    try:
        _files.make_directory(store.layout.trial.parent, 0o755)
        _files.write(store.layout.trial, unit, 0o644)
        service.reload()
        service.restart()
        prover.prove(new, cursor)
        store.commit(new)
    except BaseException as error:
        # First what serves, then what is told of it: a full disk must not keep the old release from running.
        outcome = _put_back(store, prover, old if ran else None)
        with contextlib.suppress(OSError):
            store.record("left", new, str(error))
        if isinstance(error, (ReleaseError, OSError)):
            raise ReleaseError(f"release {new} was left: {error} {outcome}") from error
        raise
    _forget_trial(store)
    service.reload()
    store.record("proved", new)


def resume(store: Store, prover: Prover, name: str) -> None:
    """Start the committed release *name* where it does not run, and prove it. Raises ReleaseError."""
    service = prover.service
    cursor = service.cursor()
    _forget_trial(store)
    service.reload()
    service.restart()
    prover.prove(name, cursor)


def _put_back(store: Store, prover: Prover, old: str | None) -> str:
    service = prover.service
    cursor = service.cursor()
    failed: Exception | None = None
    # Each step is worth taking though the one before it failed; the first failure is the one to tell.
    steps: list[Callable[[], None]] = [lambda: _forget_trial(store), service.reload]
    steps += [service.stop] if old is None else [service.restart, lambda: prover.prove(old, cursor)]
    for step in steps:
        try:
            step()
        except (ReleaseError, OSError) as error:
            failed = failed or error
    if failed:
        return f"Going back to {old or 'a stopped service'} was not proved either: {failed}"
    return f"The service runs again as release {old}." if old else "The service is stopped, as it was before."


def _forget_trial(store: Store) -> None:
    with contextlib.suppress(FileNotFoundError):
        store.layout.trial.unlink()


def _said(words: str) -> str:
    return "dhcpd said: " + " / ".join(words.splitlines()[-12:]) if words else "dhcpd said nothing."

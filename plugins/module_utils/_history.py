# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of each release on a host: one line an event, in order, for people and for the next run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files

TRIED, PROVED, LEFT, RETRIED = "tried", "proved", "left", "retried"
UNFINISHED = "its trial had no end: the host or the switch went down in the middle of it"


class Event(NamedTuple):
    """A line: its number (clocks are set back, it is not), time (UTC), what happened to which release, and why."""

    number: int
    time: str
    what: str
    release: str
    why: str


class History:
    """The file /etc/dhcp/history."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def events(self) -> list[Event]:
        """All events, oldest first. A line that a person spoiled is passed over."""
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        fields = [line.split("\t") for line in lines]
        return [Event(int(f[0]), *f[1:]) for f in fields if len(f) == len(Event._fields) and f[0].isdecimal()]

    def add(self, what: str, release: str, why: str = "") -> None:
        """Add an event, durably. Raises OSError."""
        self.staged(what, release, why)()

    def staged(self, what: str, release: str, why: str = "") -> Callable[[], None]:
        """Have an event ready, and return what adds it: after a commit nothing may want for room on the disk."""
        events = self.events()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        event = Event(events[-1].number + 1 if events else 1, stamp, what, release, " ".join(why.split()))
        text = "".join("\t".join(map(str, line)) + "\n" for line in [*events, event])
        return _files.staged(self.path, text, 0o640)

    def left(self, release: str) -> Event | None:
        """The event by which *release* was left, unless it was proved, or a person asked for it, since then."""
        last = next((event for event in reversed(self.events()) if event.release == release), None)
        if last is None or last.what in (PROVED, RETRIED):
            return None
        return last if last.what == LEFT else last._replace(what=LEFT, why=UNFINISHED)

    def previous(self, current: str) -> str | None:
        """The release that was proved last before *current*, and not left since."""
        proved = [event.release for event in self.events() if event.what == PROVED]
        return next((name for name in reversed(proved) if name != current and not self.left(name)), None)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A switch at a moment of its own: a staged release, and a systemd timer on the host that switches to it, once.

The timer outlives boots and connections. A moment at which the host was down is over: a maintenance window is not
made up for by the boot after it.
"""

from __future__ import annotations

import json
import sys
from typing import NamedTuple, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files, _transient
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Runner
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._switch import run_command
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import locked

UNIT = "dhcpd-release-staged"
TIMER = """\
# Made by quadlet.dhcpd; it goes when it has come to it, or when the host is switched before.
[Unit]
Description=The moment for the DHCP server's staged release {release}

[Timer]
OnCalendar={at}
AccuracySec=1s

[Install]
WantedBy=timers.target
"""
SERVICE = """\
[Unit]
Description=Switch to the DHCP server's staged release

[Service]
Type=oneshot
Environment=PYTHONPATH={code}
ExecStart={python} -m {package}._schedule
"""


class Plan(NamedTuple):
    """Which release is switched to, when (systemd.time(7)), from which one, and its proof's time in seconds."""

    release: str
    at: str
    previous: Optional[str]
    timeout: float


class Schedule:
    """The one switch that a host has planned, if any."""

    def __init__(self, layout: Layout, run: Runner) -> None:
        self.layout = layout
        self.run = run
        self.file = layout.kept / "staged.json"
        self.timer = layout.units / f"{UNIT}.timer"
        self.service = layout.units / f"{UNIT}.service"

    def planned(self) -> Plan | None:
        """What is planned."""
        try:
            return Plan(**json.loads(self.file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def must_come(self, at: str) -> None:
        """Raise ReleaseError where *at* is no moment to come."""
        status, out, err = self.run(["systemd-analyze", "calendar", "--iterations=1", "--", at])
        why = ""
        if ":" not in at:  # what is left of '2026-12-24 03:00' where -e NAME=VALUE was split at the space
            why = "it has no time of day"
        elif status or "Next elapse: never" in out:
            why = " ".join(err.split()) or "it is over"
        if why:
            raise ReleaseError(
                f"switch_at: {at!r} is no moment to come by this host's clock: {why}; give one of systemd.time(7),"
                " such as '2026-12-24 03:00' or 'Sat 03:00 Europe/Berlin'"
            )

    def plan(self, plan: Plan) -> None:
        """Have the timer wait for that moment, in place of any other. Raises ReleaseError and OSError."""
        self.cancel()
        _files.make_directory(self.layout.kept, 0o700)
        _files.make_directory(self.layout.units, 0o755)
        code = _transient.lay_out_code(self.layout.kept / "code")
        service = SERVICE.format(code=code, python=sys.executable, package=_transient.PACKAGE)
        _files.write(self.service, service, 0o644)
        _files.write(self.timer, TIMER.format(release=plan.release, at=plan.at), 0o644)
        _files.write(self.file, json.dumps(plan._asdict()), 0o600)
        for words in (["daemon-reload"], ["enable", "--now", self.timer.name]):
            status, _out, err = self.run(["systemctl", *words])
            if status:
                self.cancel()
                raise ReleaseError(f"the switch could not be planned: {' '.join(err.split())}")

    def cancel(self) -> None:
        """Let nothing be planned any more."""
        there = [path for path in (self.file, self.timer, self.service) if path.exists()]
        if self.timer.exists():
            self.run(["systemctl", "disable", "--now", self.timer.name])
        for path in there:
            path.unlink()
        if there:
            self.run(["systemctl", "daemon-reload"])


def switch_now(layout: Layout, run: Runner) -> str:
    """Do what is planned; return what became of it. Raises ReleaseError where the host ends on the old release."""
    schedule = Schedule(layout, run)
    with locked(layout.run):
        plan = schedule.planned()
        schedule.cancel()  # once, whatever comes of it
        if plan is None:
            raise ReleaseError("nothing is planned")
        current = Store(layout).current()
        if current != plan.previous:
            raise ReleaseError(
                f"{plan.release} was staged where {plan.previous} served; now {current} does, so nothing was switched"
            )
        outcome = _transient.switch(run, layout, ["run", f"--release={plan.release}"], plan.timeout)
    if not outcome["proved"]:
        raise ReleaseError(f"release {plan.release} was left: {outcome['why']} {outcome['back']}")
    return f"release {plan.release} serves"


def main() -> int:
    """The command of the timer's service: its words go to the journal, and a failure shows as a failed unit."""
    try:
        sys.stdout.write(f"{switch_now(Layout(), run_command)}\n")
    except (ReleaseError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

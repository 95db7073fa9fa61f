# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the transient unit of a switch runs (see _transient.py): a trial, a hand-back, or the undoing of either."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._hand_back import HandBack
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, sentence
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import Trial, locked

COMMAND_TIMEOUT = 60  # s; a podman or systemctl that hangs must not keep the old release from coming back


def undo(trial: Trial) -> dict[str, Any] | None:
    """Bring a switch that ended anywhere to its end; return the outcome, or None where there is nothing to do."""
    if not trial.layout.on_trial:
        return None
    unit = trial.note()["hand_back"]
    return HandBack(trial, unit).undo() if unit else trial.undo()


def run_command(command: Sequence[str]) -> tuple[int, str, str]:
    """Run a command for at most COMMAND_TIMEOUT seconds; exit status 124 where that was not enough.

    A switch (systemd-run --wait) has a deadline of its own.
    """
    limit = None if command[0] == "systemd-run" else COMMAND_TIMEOUT
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return 124, "", f"{command[0]} did not end within {limit} s"
    except OSError as error:
        return 127, "", str(error)
    return done.returncode, done.stdout, done.stderr


def _to_journal(step: str) -> None:
    # Only the unit says its steps: a module's own output is its result alone.
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command of the transient unit, of its ExecStopPost= and of the dead-man timer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["run", "hand_back", "undo"])
    parser.add_argument("--release")
    parser.add_argument("--timeout", type=float)
    parser.add_argument("--take-over")
    parser.add_argument("--unit")
    parser.add_argument("--by-hand", action="store_true")
    options = parser.parse_args(arguments)
    layout = Layout()
    trial = Trial(layout, Service(run_command), Podman(run_command))
    trial.step = _to_journal
    outcome: dict[str, Any] | None
    try:
        with locked(layout.lock, wait=options.action == "undo"):
            outcome = undo(trial)  # what an earlier switch left behind, if anything
            if options.action == "run":
                outcome = trial.run(options.release, options.timeout, options.take_over, options.by_hand)
            elif options.action == "hand_back":
                outcome = HandBack(trial, options.unit).run(options.timeout)
    except (ReleaseError, OSError) as error:
        outcome = {"proved": False, "why": sentence(str(error)), "back": "Nothing was switched."}
        _files.write(layout.outcome, json.dumps(outcome), 0o600)
    return 0 if outcome is None or outcome["proved"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the switch as a systemd unit of its own, with a dead-man timer beside it: the network's *commit confirmed*.

Three things end a trial that its own process can't end: ExecStopPost= when the process dies, RuntimeMaxSec= when it
hangs, and the timer when systemd's job itself is lost.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Runner
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError

UNIT = "dhcpd-release"
UNDO = "dhcpd-release-undo"
PACKAGE = "ansible_collections.quadlet.dhcpd.plugins.module_utils"
MARGIN = 150  # s; beside the proof of new and old: reloads, two restarts, and a command that hangs


def switch(run: Runner, layout: Layout, arguments: Sequence[str], timeout: float) -> dict[str, Any]:
    """Start the switch that *arguments* of _switch.py describe, wait for its end and return its outcome.

    A proof may take *timeout* seconds.

    Raises ReleaseError where it could not be started, or ended without a word.
    """
    environment = f"--setenv=PYTHONPATH={lay_out_code(layout.code)}"
    python = [sys.executable, "-m", f"{PACKAGE}._switch"]
    deadline = int(2 * timeout + MARGIN)
    with contextlib.suppress(FileNotFoundError):
        layout.outcome.unlink()
    run(["systemctl", "stop", f"{UNDO}.timer"])  # of a switch that ended without disarming it
    status, _out, err = run(
        [
            "systemd-run", "--quiet", "--collect", f"--unit={UNDO}", f"--on-active={deadline + 10}",
            "--timer-property=AccuracySec=100ms", environment, "--", *python, "undo",
        ]
    )  # fmt: skip
    if status:
        raise ReleaseError(f"the dead-man timer could not be armed, so nothing was tried: {' '.join(err.split())}")
    status, _out, err = run(
        [
            "systemd-run", "--quiet", "--collect", "--wait", f"--unit={UNIT}", f"--property=RuntimeMaxSec={deadline}",
            "--property=TimeoutStopSec=180", f"--property=ExecStopPost={' '.join([*python, 'undo'])}", environment,
            "--", *python, *arguments, f"--timeout={timeout}",
        ]
    )  # fmt: skip
    if layout.on_trial:  # its ExecStopPost= was killed as well: what the timer is for, at once
        run(["env", f"PYTHONPATH={layout.code}", *python, "undo"])
    if not layout.on_trial:
        run(["systemctl", "stop", f"{UNDO}.timer"])
    try:
        outcome: dict[str, Any] = json.loads(layout.outcome.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ReleaseError(
            f"the switch ended without an outcome (exit status {status}): {' '.join(err.split())};"
            f" see journalctl --unit={UNIT}.service"
        ) from None
    return outcome


def lay_out_code(directory: Path) -> Path:
    """Write the code of the switch to *directory*: the module's own, in Ansible's temporary folder, goes with it."""
    place = directory.joinpath(*PACKAGE.split("."))
    _files.make_directory(directory, 0o700)
    place.mkdir(parents=True, exist_ok=True)
    # Without these a whole package ansible_collections in the host's own site-packages would win (PEP 420).
    for depth in range(len(PACKAGE.split("."))):
        [place, *place.parents][depth].joinpath("__init__.py").touch()
    for name, module in sorted(sys.modules.items()):
        package, _dot, stem = name.rpartition(".")
        if package == PACKAGE:
            # A zip file's loader in Ansible's temporary folder, or a directory's; no abstract class covers both in 3.8.
            loader: Any = module.__spec__.loader if module.__spec__ else None
            source = loader.get_source(name) if hasattr(loader, "get_source") else None
            if source is None:
                raise ReleaseError(f"the source of {name} is not at hand, so the switch can't run by itself")
            _files.write(place / f"{stem}.py", source, 0o600)
    return directory

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A family's service as systemd knows it, and what dhcpd itself said in the journal."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Runner, dhcpd_words
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError

CGROUPS = Path("/sys/fs/cgroup")


class State(NamedTuple):
    """What systemctl show says: ActiveState=, SubState=, NRestarts=, and dhcpd's own process in the unit's cgroup."""

    active: str
    sub: str
    restarts: int
    pid: int | None

    @property
    def runs(self) -> bool:
        """Whether the container is up and dhcpd is in it."""
        return self.active == "active" and self.pid is not None


class Service:
    """dhcpd.service or dhcpd6.service, through a runner that tests replace."""

    def __init__(self, run: Runner, family: Family = IPV4) -> None:
        self.run = run
        self.family = family
        self.unit = family.service

    def state(self) -> State:
        """How the service is now."""
        wanted = "ActiveState,SubState,NRestarts,ControlGroup"
        _status, out, _err = self.run(["systemctl", "show", "--property", wanted, self.unit])
        shown = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        return State(
            shown.get("ActiveState", "unknown"),
            shown.get("SubState", "unknown"),
            int(shown.get("NRestarts") or 0),
            dhcpd_process(shown.get("ControlGroup", "")),
        )

    def reload(self) -> None:
        """Let systemd and quadlet read the units again; nothing restarts."""
        self.systemctl("daemon-reload")

    def restart(self) -> None:
        """Start the service, after a stop where it runs; a count of earlier failures is forgotten."""
        self.run(["systemctl", "reset-failed", self.unit])
        self.systemctl("restart", self.unit)

    def stop(self) -> None:
        """Stop the service where it runs; a unit that systemd doesn't know (status 5) is stopped."""
        self.systemctl("stop", self.unit, good=(0, 5))
        self.run(["systemctl", "reset-failed", self.unit])

    def cursor(self) -> str:
        """Where the journal ends now."""
        _status, out, _err = self.run(["journalctl", "--lines=0", "--show-cursor", "--no-pager", "--quiet"])
        return out.partition("-- cursor: ")[2].strip()

    def words(self, cursor: str) -> str:
        """What dhcpd wrote to the journal since *cursor*: itself (LogDriver=passthrough) or through conmon."""
        ours = f"_SYSTEMD_UNIT={self.unit}"
        matches = [ours, f"CONTAINER_NAME={self.family.container}", "+", ours, "_COMM=dhcpd"]
        return dhcpd_words(self._journal(cursor, *matches))

    def drop_ins(self) -> list[str]:
        """The files that change the unit (DropInPaths=), but for what a distribution ships for all services."""
        _status, out, _err = self.run(["systemctl", "show", "--property", "DropInPaths", "--value", self.unit])
        return [path for path in out.split() if not path.startswith("/usr/lib/")]

    def podman_words(self, cursor: str) -> str:
        """What podman wrote to the journal since *cursor*, when it was to start or stop the container."""
        said = self._journal(cursor, f"_SYSTEMD_UNIT={self.unit}", "_COMM=podman")
        return " / ".join(line.strip() for line in said.splitlines() if "rror" in line)

    def _journal(self, cursor: str, *matches: str) -> str:
        self.run(["journalctl", "--sync"])  # what was written just now may not be in it yet
        since = [f"--after-cursor={cursor}"] if cursor else ["--boot"]
        _status, out, _err = self.run(["journalctl", "--output=cat", "--no-pager", "--quiet", *since, *matches])
        return out

    def is_active(self, unit: str) -> bool:
        """Whether a unit is active."""
        return self.run(["systemctl", "--quiet", "is-active", unit])[0] == 0

    def systemctl(self, *words: str, good: Sequence[int] = (0,)) -> None:
        """Run systemctl(1). Raises ReleaseError with its words."""
        status, _out, err = self.run(["systemctl", *words])
        if status not in good:
            raise ReleaseError(f"systemctl {' '.join(words)}: {' '.join(err.split())}")


def dhcpd_process(control_group: str, root: Path = CGROUPS, proc: Path = Path("/proc")) -> int | None:
    """The process id of dhcpd in a unit's cgroup (ControlGroup=), or None."""
    if not control_group:
        return None
    for group, _groups, _files in os.walk(root / control_group.lstrip("/")):  # passes over what went away
        for pid in _text(Path(group) / "cgroup.procs").split():
            if _text(proc / pid / "comm").strip() == "dhcpd":
                return int(pid)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # the process or its cgroup went away while we read
        return ""


def release_of(pid: int | None, proc: Path = Path("/proc")) -> str | None:
    """The release that dhcpd's process *pid* really has at /etc/dhcp (proc_pid_mountinfo(5)), or None."""
    try:
        mounts = (proc / str(pid) / "mountinfo").read_text()
    except OSError:
        return None
    found = re.search(r"^\d+ \d+ \S+ \S*/releases/(\S+) /etc/dhcp ", mounts, re.MULTILINE)
    return found.group(1) if found else None

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which releases stay on a host: enough to go back to, and none that anything still needs is taken away."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._images import Images
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError, Store


def prune(store: Store, history: History, images: Images, keep: int) -> list[str]:
    """Remove the oldest releases beyond *keep*, and the archives of images that only they ran.

    The current release, the one to go back to, and any directory that a process has mounted stay. Returns the names
    of what was removed. Raises OSError.
    """
    current = store.current()
    spared = mounted() | {current, current and history.previous(current)}
    names = store.names()
    expendable = [name for name in names if name not in spared]
    removed = expendable[: max(0, len(names) - keep)]
    for name in removed:
        store.remove(name)
    with contextlib.suppress(ReleaseError, KeyError):  # a damaged record: who knows which image it needs
        images.remove_all_but({str(store.record(name)["image_id"]) for name in store.names()})
    return removed


def mounted(proc: Path = Path("/proc")) -> set[str | None]:
    """The releases that any process on this host has mounted (proc_pid_mountinfo(5))."""
    found: set[str | None] = set()
    for mounts in proc.glob("[0-9]*/mountinfo"):
        try:
            lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # the process ended
            continue
        for line in lines:
            head, slash, name = line.split(" ")[3].rpartition("/releases/")
            if slash and "/" not in name:
                found.add(name)
    return found

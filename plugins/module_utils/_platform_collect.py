# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what the platform's checks look at: file systems, clock, security modules, accounts, quadlets.

Sources: statvfs(3), adjtimex(2), selinux(8), apparmor(7), passwd(5), podman-systemd.unit(5).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import Platform, Policy, Space
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_platform import SPACE

_QUADLETS = ("/run/containers/systemd", "/etc/containers/systemd", "/usr/share/containers/systemd")
_TIME_ERROR = 5
_MODES_TO_STATUS = 5  # struct timex (linux/timex.h): modes, offset, freq, maxerror, esterror, then status
_TIMEX_BYTES = 256
_STA_UNSYNC = 0x40


def read(files: Files, policy: Policy) -> Platform:
    """Read it all; what can't be told is None or empty."""
    accounts = _accounts(files)
    return Platform(
        spaces=tuple(space for path in SPACE for space in [_space(files, path)] if space is not None),
        synchronised=_synchronised() if files.root == "" else None,
        selinux=_selinux(files),
        apparmor=_apparmor(files),
        accounts=accounts,
        quadlets=_quadlets(files, policy.family.unit),
        shut=_shut(files, policy),
        l3mdev=files.text("/proc/sys/net/ipv4/udp_l3mdev_accept").strip() == "1",
    )


def _space(files: Files, path: str) -> Optional[Space]:
    """The file system of the nearest directory that there is."""
    place = Path(files.root + path)
    for candidate in (place, *place.parents):
        try:
            status = os.statvfs(candidate)
            device = candidate.stat().st_dev
        except OSError:
            continue
        # btrfs and others make inodes as they need them and say 0.
        inodes = status.f_favail if status.f_files else None
        read_only = bool(status.f_flag & os.ST_RDONLY)
        return Space(path, device, status.f_bavail * status.f_frsize, inodes, read_only)
    return None


def _synchronised() -> Optional[bool]:
    """Whether the kernel's clock is kept by someone: adjtimex(2), which needs no privilege to read."""
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
        state = libc.adjtimex(buffer)
        if state < 0:
            return None
        at = ctypes.sizeof(ctypes.c_long) * _MODES_TO_STATUS
        flags = ctypes.c_int.from_buffer(buffer, at).value
    except (ImportError, OSError, AttributeError, ValueError):
        return None
    return state != _TIME_ERROR and not flags & _STA_UNSYNC


def _selinux(files: Files) -> str:
    mode = files.text("/sys/fs/selinux/enforce").strip()
    return {"1": "enforcing", "0": "permissive"}.get(mode, "")


def _apparmor(files: Files) -> tuple[str, ...]:
    """The profiles of a packaged dhcpd that are enforced."""
    lines = files.text("/sys/kernel/security/apparmor/profiles").splitlines()
    mine = (line.rpartition(" ")[0] for line in lines if line.endswith("(enforce)"))
    return tuple(name for name in mine if name in ("/usr/sbin/dhcpd", "dhcpd", "usr.sbin.dhcpd"))


def _accounts(files: Files) -> Optional[tuple[tuple[str, int, str], ...]]:
    rows = [line.split(":") for line in files.text("/etc/passwd").splitlines()]
    found = tuple((row[0], int(row[2]), row[6]) for row in rows if len(row) == 7 and row[2].isdigit())
    return found or None


def _quadlets(files: Files, unit: str) -> dict[str, str]:
    """What quadlet would take for *unit*, or read with it, and where each link leads."""
    found = []
    for directory in _QUADLETS:
        found += files.glob(f"{directory}/**/{unit}")
        found += files.glob(f"{directory}/{unit}.d/*.conf")
        if files.exists(f"{directory}/{unit}"):  # a link that leads nowhere is no match of a pattern
            found.append(f"{directory}/{unit}")
    return {path: _target(files, path) for path in dict.fromkeys(found)}


def _target(files: Files, path: str) -> str:
    try:
        return os.readlink(files.root + path)
    except OSError:
        return ""


def _shut(files: Files, policy: Policy) -> tuple[str, ...]:
    """The directories above the lease directory that others than their owner can't pass."""
    found = []
    for parent in list(Path(policy.lease_file).parent.parents)[::-1]:
        try:
            mode = Path(files.root + str(parent)).stat().st_mode
        except OSError:
            continue
        if not mode & stat.S_IXOTH:
            found.append(str(parent))
    return tuple(found)

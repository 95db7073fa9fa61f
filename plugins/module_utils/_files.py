# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write files so that a reader, and a power cut, finds the old one or the new one and nothing between."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Callable


def write(path: Path, text: str, mode: int, uid: int = 0, gid: int = 0) -> None:
    """Replace the file *path* by *text* (UTF-8) with the given mode and owner, durably. Raises OSError."""
    staged(path, text, mode, uid, gid)()


def staged(path: Path, text: str, mode: int, uid: int = 0, gid: int = 0) -> Callable[[], None]:
    """Write all of it beside *path* now, and return what replaces the file: that needs no more room on the disk."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchown(descriptor, uid, gid)
        os.fchmod(descriptor, mode)
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)

    def replace() -> None:
        new.replace(path)
        sync(path.parent)

    return replace


def link(path: Path, target: str) -> None:
    """Make *path* a symbolic link to *target* by one rename(2), durably. Raises OSError."""
    staged_link(path, target)()


def staged_link(path: Path, target: str) -> Callable[[], None]:
    """Have such a link ready beside *path*, and return what puts it there: that needs no more room on the disk."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    new.symlink_to(target)

    def replace() -> None:
        new.replace(path)
        sync(path.parent)

    return replace


def sync_file(path: Path) -> None:
    """fsync(2) a file that something else wrote. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync(directory: Path) -> None:
    """fsync(2) a directory, so that the names in it survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(path: Path, mode: int, uid: int = 0, gid: int = 0) -> None:
    """Make the directory *path* where it is missing; one that is there keeps its mode and owner."""
    if not path.is_dir():
        path.mkdir(parents=True)
        os.chown(path, uid, gid)
        path.chmod(mode)


def unused(path: Path) -> Path:
    """*path*, or where it is taken, the first of path.2, path.3 ... that is not."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free

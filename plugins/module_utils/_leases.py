# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lease file: made only where there has never been one, because an empty one hands addresses out twice."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Account, ReleaseError

# Where packages keep a dhcpd's leases: Debian, EL and SUSE.
_PLACES = ("/var/lib/dhcp/%s", "/var/lib/dhcp/%s~", "/var/lib/dhcpd/%s~", "/var/lib/dhcp/db/%s")
PACKAGED = {family: tuple(place % family.leases for place in _PLACES) for family in FAMILIES}
EMPTY = "empty"
COPIES = 5  # of the lease file are kept


class Start(NamedTuple):
    """What the service starts from: the lease file that is there, a copy of *source*, or an empty one (both None)."""

    present: Path | None
    source: Path | None


def starting_point(directory: Path, family: Family, initial: str | None, root: Path = Path("/")) -> Start:
    """Decide what a family's lease file in *directory* starts from.

    *initial* is None, "empty" or the path of a lease file on this host (dhcpd_container_initial_leases[6]).
    Raises ReleaseError where there are signs of earlier leases and no decision about them.
    """
    leases, variable = directory / family.leases, f"dhcpd_container_initial_leases{family.suffix}"
    if leases.exists():
        return Start(leases, None)
    if initial == EMPTY:
        return Start(None, None)
    if initial:
        source = root / initial.lstrip("/")
        if not source.is_file():
            raise ReleaseError(
                f"{variable}: {initial} is no file on this host; give 'empty' or the path of a lease file"
            )
        return Start(None, source.resolve())
    found = [path for path in PACKAGED[family] if holds_leases(root / path.lstrip("/"))]
    choice = f"Set {variable} to that path to start from them, or to 'empty' to forget them"
    if found:
        raise ReleaseError(
            f"{leases} is missing, but {' and '.join(found)} holds leases that clients still use. {choice}"
        )
    # Whatever it holds: it is older than the file that is gone.
    backup = directory / f"{family.leases}~"
    if backup.exists():
        raise ReleaseError(f"{leases} is missing, but there is {backup}, so there have been leases. {choice}")
    return Start(None, None)


def holds_leases(path: Path) -> bool:
    """Whether a lease file (dhcpd.leases(5)) has at least one lease; one that can't be read counts as if it had."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return any(re.match(r"\s*(lease\s+[\d.]+|ia-(na|ta|pd)\s)", line) for line in lines)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def prepare(directory: Path, family: Family, start: Start | None, account: Account) -> None:
    """Make the lease directory and a family's lease file, owned by the service, from *start*. Raises OSError.

    Without *start* no file is made: a packaged dhcpd's will be taken over when that has stopped.
    A lone backup (~) is kept under another name, since dhcpd overwrites it at its first start.
    """
    _files.make_directory(directory, 0o750, account.uid, account.gid)
    os.chown(directory, account.uid, account.gid)
    if start and start.present is None:
        source, backup = start.source, directory / f"{family.leases}~"
        if backup.exists():
            starts_from_it = source is not None and source.samefile(backup)
            kept = backup.rename(_files.unused(directory / f"{family.leases}.before-quadlet"))
            source = kept if starts_from_it else source
        replace(directory / family.leases, source, account.uid, account.gid)
    for path in (directory / family.leases, directory / f"{family.leases}~"):
        if path.exists():
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def replace(leases: Path, source: Path | None, uid: int, gid: int) -> None:
    """Make the lease file *leases* a durable copy of *source*, or empty without one. Raises OSError."""
    new = leases.with_name(f".{leases.name}.new")
    # The directory is the service's own: nothing in it is read, written or given away through a link.
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as stream:
        if source is not None:
            with os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW), "rb") as there:
                shutil.copyfileobj(there, stream)
        os.fchown(stream.fileno(), uid, gid)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(leases)
    _files.sync(leases.parent)


def keep_copy(leases: Path, copies: Path) -> None:
    """Copy a lease file before a switch, for the case that a person needs it; the oldest copy makes room."""
    if not leases.exists():
        return
    _files.make_directory(copies.parent, 0o700)
    _files.make_directory(copies, 0o700)
    numbers = sorted(int(path.suffix[1:]) for path in copies.glob(f"{leases.name}.*") if path.suffix[1:].isdigit())
    kept = copies / f"{leases.name}.{numbers[-1] + 1 if numbers else 1}"
    shutil.copyfile(leases, kept)
    kept.chmod(0o600)
    for number in numbers[: -(COPIES - 1)]:
        (copies / f"{leases.name}.{number}").unlink()

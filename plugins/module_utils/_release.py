# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release: image, unit and configuration of the DHCP service, together in one directory that never changes.

Its name is the image's tag and a hash of the content, so the same inventory gives the same name, and going back
is the same step as going forward. Nothing here talks to podman, systemd or the network.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files

UNIT = "dhcpd.container"
CONFIG = "dhcpd.conf"
RECORD = "release.json"
COPY_HEADER = (
    "# A copy to read of {source}, which is what dhcpd runs with.\n"
    "# Change the inventory, not this file: an edit here has no effect.\n"
)


class ReleaseError(Exception):
    """What stops a release, in words for the person who asked for it."""


class Account(NamedTuple):
    """The service's numeric user and group on this host."""

    uid: int
    gid: int


class Image(NamedTuple):
    """An image that this host has: the reference it was asked for by, and podman's id of it (64 hex digits)."""

    reference: str
    id: str

    @property
    def tag(self) -> str:
        """The reference's tag, without a digest that may follow it."""
        return self.reference.partition("@")[0].rpartition(":")[2]


class Release(NamedTuple):
    """A release that is not written yet: its name, and its files (path relative to its directory -> text)."""

    name: str
    files: dict[str, str]


class Layout:
    """Where things are on a host. *root* is "/" but in tests."""

    def __init__(self, root: str = "/") -> None:
        base = Path(root)
        self.etc = base / "etc/dhcp"
        self.releases = self.etc / "releases"
        self.current = self.etc / "current"
        self.history = self.etc / "history"
        self.copy = self.etc / CONFIG
        self.quadlet = base / "etc/containers/systemd" / UNIT
        self.trial = base / "run/systemd/system/dhcpd.service"
        self.units = base / "etc/systemd/system"
        self.lease_directory = base / "var/lib/dhcpd"
        # What one switch needs, gone with a boot; the lock, the note of what is on trial, its outcome, its code.
        self.switch = base / "run/dhcpd_release"
        self.lock = self.switch / "lock"
        self.run = self.switch / "run"  # the lock of a whole run of the module, of which a switch is but a part
        self.note = self.switch / "trial.json"
        self.outcome = self.switch / "outcome.json"
        self.code = self.switch / "code"
        # For root only: what no prune of podman's and no switch takes away.
        self.kept = base / "var/lib/dhcpd_container"
        self.image_archives = self.kept / "images"
        self.lease_copies = self.kept / "leases"

    @property
    def on_trial(self) -> bool:
        """Whether a switch is going on, or has ended in the middle."""
        return self.note.exists() or self.trial.exists()

    def directory(self, name: str) -> Path:
        """The directory of the release *name*."""
        return self.releases / name


def compose(
    image: Image, account: Account, unit: str, files: Mapping[str, str], interfaces: Sequence[str] = ()
) -> Release:
    """Put a release together from what the inventory says and what this host is.

    *unit* is the text of dhcpd.container, in which ``@IMAGE@``, ``@UID@``, ``@GID@`` and ``@RELEASE@`` (the
    release's directory) stand for what only the host knows. *files* holds dhcpd.conf and what it includes, and
    *interfaces* are those on which it must answer.
    """
    for placeholder, value in (
        ("@IMAGE@", image.id),
        ("@UID@", str(account.uid)),
        ("@GID@", str(account.gid)),
    ):
        unit = unit.replace(placeholder, value)
    content = json.dumps([unit, sorted(files.items()), list(interfaces)], ensure_ascii=False)
    name = f"{image.tag}.{_sha256(content)[:12]}"
    unit = unit.replace("@RELEASE@", str(Layout().directory(name)))
    record = {
        "release": name,
        "image": image.reference,
        "image_id": image.id,
        "uid": account.uid,
        "gid": account.gid,
        "interfaces": list(interfaces),
        "unit": _sha256(unit),
        "files": {path: _sha256(text) for path, text in sorted(files.items())},
    }
    return Release(name, {**files, UNIT: unit, RECORD: json.dumps(record, indent=2) + "\n"})


def path_problems(files: Mapping[str, str]) -> list[str]:
    """What is wrong with the paths of a release's files: each stays inside the release, dhcpd.conf is there."""
    problems = []
    if CONFIG not in files:
        problems.append(f"files: there is no {CONFIG}; one of them must have that path")
    for path in files:
        if path in (UNIT, RECORD) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", path) or ".." in path.split("/"):
            problems.append(
                f"files: path {path!r} is not allowed; give a relative path of letters, digits, '.', '_' and '-' that"
                f" stays inside the release and is neither {UNIT} nor {RECORD}"
            )
    return problems


class Store:
    """The releases of a host, on its disk."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def current(self) -> str | None:
        """The name of the committed release, or None where there has never been one."""
        try:
            return Path(os.readlink(self.layout.current)).name
        except FileNotFoundError:
            return None

    def read(self, name: str | None, path: str) -> str:
        """A file of a release; the empty text where there is none."""
        try:
            return _text(self.layout.directory(name) / path) if name else ""
        except FileNotFoundError:
            return ""

    def versions(self, path: str) -> Iterator[bytes]:
        """Yield what the releases on disk have at that path, the committed one's first."""
        current = self.current()
        names = (
            sorted(place.name for place in self.layout.releases.glob("[!.]*")) if self.layout.releases.exists() else []
        )
        for name in sorted(names, key=lambda name: name != current):
            with contextlib.suppress(OSError):
                yield (self.layout.directory(name) / path).read_bytes()

    def is_whole(self, release: Release) -> bool:
        """Whether the release is on disk as composed, and its record fits it.

        The record also has the name by which the image was asked for, which changes nothing of what runs.
        """
        content = {path: text for path, text in release.files.items() if path != RECORD}
        try:
            return all(self.read(release.name, path) == text for path, text in content.items()) and not self.edited(
                release.name
            )
        except (ReleaseError, KeyError):
            return False

    def write(self, release: Release, gid: int) -> Path:
        """Have the release on disk, durably, and return its directory. One that was edited by hand makes room."""
        place = self.layout.directory(release.name)
        if self.is_whole(release):
            return place
        _files.make_directory(self.layout.etc, 0o755)
        _files.make_directory(self.layout.releases, 0o750, gid=gid)
        staged = Path(tempfile.mkdtemp(prefix=".staged-", dir=self.layout.releases))
        try:
            write_files(staged, release.files, gid)
            if place.exists():
                place.rename(Path(tempfile.mkdtemp(prefix=".edited-", dir=self.layout.releases)) / release.name)
            staged.rename(place)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        _files.sync(self.layout.releases)
        return place

    def commit(self, name: str) -> None:
        """Make *name* what every boot starts: one rename(2), after which nothing can fail."""
        if not self.is_linked():
            _files.make_directory(self.layout.quadlet.parent, 0o755)
            _files.link(self.layout.quadlet, str(Layout().current / UNIT))
        _files.link(self.layout.current, f"releases/{name}")

    def is_linked(self) -> bool:
        """Whether quadlet finds the committed release's unit."""
        try:
            return os.readlink(self.layout.quadlet) == str(Layout().current / UNIT)
        except OSError:
            return False

    def restore(self, old: str | None) -> None:
        """Make *old* the committed release again, where a commit that could not end has changed that."""
        if self.current() == old:
            return
        if old:
            _files.link(self.layout.current, f"releases/{old}")
        else:
            self.layout.current.unlink()
            _files.sync(self.layout.etc)

    def names(self) -> list[str]:
        """The releases on disk, the one that was written last at the end; what a killed write left is none."""
        try:
            there = [place for place in self.layout.releases.iterdir() if not place.name.startswith(".")]
            places = [place for place in there if (place / RECORD).is_file()]
        except FileNotFoundError:
            return []
        return [place.name for place in sorted(places, key=lambda place: (place.stat().st_mtime, place.name))]

    def record(self, name: str) -> dict[str, Any]:
        """What release.json says of the release *name*. Raises ReleaseError where it can't be read."""
        try:
            record: dict[str, Any] = json.loads(self.read(name, RECORD))
        except ValueError:
            raise ReleaseError(f"{self.layout.directory(name) / RECORD} is missing or damaged") from None
        return record

    def account(self, name: str) -> Account:
        """The service's account as of the release *name*."""
        record = self.record(name)
        return Account(record["uid"], record["gid"])

    def remove(self, name: str) -> None:
        """Remove a release from disk. Raises OSError."""
        shutil.rmtree(self.layout.directory(name))
        _files.sync(self.layout.releases)

    def copy_is_right(self, name: str) -> bool:
        """Whether /etc/dhcp/dhcpd.conf is a copy of the release's."""
        try:
            return _text(self.layout.copy) == self.copy_of(name)
        except FileNotFoundError:
            return False

    def read_copy(self) -> str:
        """What stands at the standard path; the empty text where there is nothing."""
        try:
            return _text(self.layout.copy)
        except FileNotFoundError:
            return ""

    def write_copy(self, name: str) -> None:
        """Put a copy to read at the standard path; a file that someone else put there is kept beside it."""
        if self.layout.copy.exists() and not self._is_ours(self.layout.copy):
            self.layout.copy.rename(_files.unused(self.layout.copy.with_name(f"{CONFIG}.before-quadlet")))
        _files.write(self.layout.copy, self.copy_of(name), 0o640, gid=self.account(name).gid)

    def give_back_copy(self) -> None:
        """Remove the copy to read, and give a file that was there before us its name back."""
        if self.layout.copy.exists() and self._is_ours(self.layout.copy):
            self.layout.copy.unlink()
        kept = self.layout.copy.with_name(f"{CONFIG}.before-quadlet")
        if kept.exists() and not self.layout.copy.exists():
            kept.rename(self.layout.copy)

    def edited(self, name: str) -> list[str]:
        """The files of a release on disk that are not what its release.json says."""
        record = self.record(name)
        digests = {**record["files"], UNIT: record["unit"]}
        return sorted(path for path, digest in digests.items() if _sha256(self.read(name, path)) != digest)

    @staticmethod
    def _is_ours(copy: Path) -> bool:
        return copy.read_bytes().startswith(COPY_HEADER.partition("{")[0].encode())

    def copy_of(self, name: str) -> str:
        """The copy to read of the release *name*'s dhcpd.conf, as it should be."""
        return COPY_HEADER.format(source=Layout().directory(name) / CONFIG) + "\n" + self.read(name, CONFIG)


def write_files(directory: Path, files: Mapping[str, str], gid: int) -> None:
    """Write a release's files, readable for root and the service's group only."""
    os.chown(directory, 0, gid)
    directory.chmod(0o750)
    for path, text in files.items():
        for parent in reversed((directory / path).relative_to(directory).parents):
            _files.make_directory(directory / parent, 0o750, gid=gid)
        _files.write(directory / path, text, 0o640, gid=gid)


def sentence(text: str) -> str:
    """The text with an end to it."""
    return text if text.endswith((".", "!")) else f"{text}."


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _text(path: Path) -> str:
    """The file byte for byte: line ends as they are, and what is no UTF-8 differs from every text."""
    return path.read_bytes().decode("utf-8", "surrogateescape")

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
import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, Family, files_of

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
        self.quadlets = base / "etc/containers/systemd"
        self.trials = base / "run/systemd/system"
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
        return self.note.exists() or any(self.trial(family).exists() for family in FAMILIES)

    def quadlet(self, family: Family) -> Path:
        """The link by which quadlet finds a family's unit of the committed release."""
        return self.quadlets / family.unit

    def trial(self, family: Family) -> Path:
        """A family's service while a release is on trial."""
        return self.trials / family.service

    def copy(self, family: Family) -> Path:
        """A copy to read of a family's configuration, at the standard path."""
        return self.etc / family.config

    def directory(self, name: str) -> Path:
        """The directory of the release *name*."""
        return self.releases / name


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

    def families(self, name: str | None) -> list[Family]:
        """The families that a release serves."""
        return [family for family in FAMILIES if name and (self.layout.directory(name) / family.unit).exists()]

    def part(self, name: str, family: Family) -> str | None:
        """What one family's service is in a release, as a digest; None where it has none, or it can't be read.

        Two releases that agree in it differ in nothing that this service could see: it needs no restart between
        them. It is taken from the disk, so releases of any age have one, and what a person edited has another.
        """
        try:
            record = self.record(name)
            files = {path: self.read(name, path) for path in record["files"]}
            interfaces = record[f"interfaces{family.suffix}"]
            unit = self.read(name, family.unit).replace(str(Layout().directory(name)), "@RELEASE@")
        except (ReleaseError, KeyError, OSError):
            return None
        content = [unit, sorted(files_of(files, family).items()), interfaces]
        return sha256(json.dumps(content, ensure_ascii=False)) if unit else None

    def same(self, one: str | None, other: str | None, family: Family) -> bool:
        """Whether a family's service is the same in two releases."""
        if one is None or other is None or one == other:
            return one == other
        part = self.part(one, family)
        return part is not None and part == self.part(other, family)

    def commit(self, name: str) -> None:
        """Make *name* what every boot starts: one rename(2), after which nothing can fail.

        A link that leads nowhere keeps quadlet from all units in its directory. So a family's link goes before the
        rename that takes its unit away, and comes after the one that brings it; it is ready before. Only at the very
        first commit the links come first: from then on the rename alone decides.
        """
        commit = _files.staged_link(self.layout.current, f"releases/{name}")
        first, link = self.current() is None, self._staged_links(name)
        if first:
            link()
        self.drop_links(name)
        commit()
        if not first:
            link()

    def link(self, name: str) -> None:
        """Have the links of the committed release *name*, and none that leads nowhere."""
        self.drop_links(name)
        self._staged_links(name)()

    def _staged_links(self, name: str) -> Callable[[], None]:
        missing = [family for family in self.families(name) if not self.links(family)]
        if missing:
            _files.make_directory(self.layout.quadlets, 0o755)
        links = [_files.staged_link(self.layout.quadlet(f), str(Layout().current / f.unit)) for f in missing]

        def link() -> None:
            for replace in links:
                replace()

        return link

    def drop_links(self, name: str | None) -> None:
        """Remove our links to units that the release *name* doesn't have; all of them without a name."""
        serves = self.families(name)
        for family in FAMILIES:
            if family not in serves and self.links(family):
                self.layout.quadlet(family).unlink()
                _files.sync(self.layout.quadlets)

    def is_linked(self) -> bool:
        """Whether quadlet finds the committed release's units, and no link leads to one that it doesn't have."""
        serves = self.families(self.current())
        return all(self.links(family) == (family in serves) for family in FAMILIES)

    def links(self, family: Family) -> bool:
        """Whether quadlet is led to the committed release's unit of a family."""
        try:
            return os.readlink(self.layout.quadlet(family)) == str(Layout().current / family.unit)
        except OSError:
            return False

    def restore(self, old: str | None) -> None:
        """Make *old* the committed release again, where a commit that could not end has changed that."""
        if old is None:
            self.drop_links(None)
            if self.layout.current.is_symlink():
                self.layout.current.unlink()
                _files.sync(self.layout.etc)
        elif self.current() != old or any(not os.path.lexists(self.layout.quadlet(f)) for f in self.families(old)):
            self.commit(old)

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
        """Whether the copies to read at the standard paths are of the release, for each family that it serves."""
        serves = self.families(name)
        return all(
            self.read_copy(family) == self.copy_of(name, family) if family in serves else not self._has_copy(family)
            for family in FAMILIES
        )

    def read_copy(self, family: Family) -> str:
        """What stands at the standard path; the empty text where there is nothing."""
        try:
            return _text(self.layout.copy(family))
        except FileNotFoundError:
            return ""

    def write_copy(self, name: str) -> None:
        """Put copies to read at the standard paths; a file that someone else put there is kept beside it."""
        serves = self.families(name)
        for family in serves:
            copy = self.layout.copy(family)
            if copy.exists() and not self._has_copy(family):
                copy.rename(_files.unused(copy.with_name(f"{copy.name}.before-quadlet")))
            _files.write(copy, self.copy_of(name, family), 0o640, gid=self.account(name).gid)
        self.give_back_copy([family for family in FAMILIES if family not in serves])

    def give_back_copy(self, families: Sequence[Family] = FAMILIES) -> None:
        """Remove the copies to read, and give files that were there before us their names back."""
        for family in families:
            copy = self.layout.copy(family)
            if self._has_copy(family):
                copy.unlink()
            kept = copy.with_name(f"{copy.name}.before-quadlet")
            if kept.exists() and not copy.exists():
                kept.rename(copy)

    def edited(self, name: str) -> list[str]:
        """The files of a release on disk that are not what its release.json says."""
        record = self.record(name)
        units = {family.unit: record[f"unit{family.suffix}"] for family in FAMILIES if f"unit{family.suffix}" in record}
        digests = {**record["files"], **units}
        return sorted(path for path, digest in digests.items() if sha256(self.read(name, path)) != digest)

    def _has_copy(self, family: Family) -> bool:
        try:
            return self.layout.copy(family).read_bytes().startswith(COPY_HEADER.partition("{")[0].encode())
        except FileNotFoundError:
            return False

    def copy_of(self, name: str, family: Family) -> str:
        """The copy to read of a family's configuration, as it should be."""
        header = COPY_HEADER.format(source=Layout().directory(name) / family.config)
        return header + "\n" + self.read(name, family.config)


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


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _text(path: Path) -> str:
    """The file byte for byte: line ends as they are, and what is no UTF-8 differs from every text."""
    return path.read_bytes().decode("utf-8", "surrogateescape")

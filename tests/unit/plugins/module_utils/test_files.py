# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files are replaced whole: content, mode and owner at once, through no link, and on the disk itself."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")
SELF = {"uid": os.geteuid(), "gid": os.getegid()}


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("before", ["nothing", "a file", "a symbolic link", "a leftover", "a leftover link"])
def test_write_replaces_whatever_is_there(tmp_path: Path, before: str) -> None:
    path, other, leftover = tmp_path / "f", tmp_path / "other", tmp_path / ".f.new"
    other.write_text("untouched")
    if before == "a file":
        path.write_text("old, and longer than the new one")
        path.chmod(0o666)
    elif before == "a symbolic link":
        path.symlink_to(other)
    elif before == "a leftover":
        leftover.write_text("half")
    elif before == "a leftover link":
        leftover.symlink_to(other)
    _files.write(path, "new ä\n", 0o640, **SELF)
    assert path.read_bytes() == "new ä\n".encode() and not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert other.read_text() == "untouched" and names(tmp_path) == ["f", "other"]


@ROOT
def test_write_gives_the_file_to_the_owner_asked_for(tmp_path: Path) -> None:
    _files.write(tmp_path / "f", "", 0o640, uid=1234, gid=4321)
    assert ((tmp_path / "f").stat().st_uid, (tmp_path / "f").stat().st_gid) == (1234, 4321)


def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        _files.write(tmp_path / "f", "", 0o644, **SELF)
        _files.make_directory(tmp_path / "d", 0o755, **SELF)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "fd"] == [0o644, 0o755]


def test_a_secret_is_never_readable_by_others_on_the_way(tmp_path: Path, monkeypatch: Any) -> None:
    modes = []
    monkeypatch.setattr(os, "fchown", lambda descriptor, *_owner: modes.append(os.fstat(descriptor).st_mode))
    _files.write(tmp_path / "f", "secret", 0o644)
    assert [stat.S_IMODE(mode) for mode in modes] == [0o600]


def test_the_text_is_on_disk_before_its_name_and_the_name_before_the_return(tmp_path: Path, monkeypatch: Any) -> None:
    path, steps = tmp_path / "f", []
    path.write_text("old")
    real = os.fsync

    def fsync(descriptor: int) -> None:
        kind = "directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append((kind, os.fstat(descriptor).st_size if kind == "file" else None, path.read_text()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    _files.write(path, "newer", 0o600, **SELF)
    assert steps == [("file", 5, "old"), ("directory", None, "newer")]
    steps.clear()
    (tmp_path / "target").write_text("linked")
    _files.link(path, "target")
    assert steps == [("directory", None, "linked")]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        _files.write(tmp_path / "f", "\udcff", 0o600, **SELF)
    assert (tmp_path / "f").read_text() == "old"


def test_link_replaces_a_link_a_file_and_a_leftover(tmp_path: Path) -> None:
    path = tmp_path / "current"
    (tmp_path / ".current.new").write_text("leftover")
    for target in ("releases/a", "releases/b"):
        _files.link(path, target)
        assert os.readlink(path) == target and names(tmp_path) == ["current"]
    path.unlink()
    path.write_text("a file")
    _files.link(path, "releases/c")
    assert os.readlink(path) == "releases/c"


def test_a_directory_is_made_once_and_then_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    _files.make_directory(place, 0o750, **SELF)
    assert stat.S_IMODE(place.stat().st_mode) == 0o750
    place.chmod(0o700)
    _files.make_directory(place, 0o750, **SELF)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700

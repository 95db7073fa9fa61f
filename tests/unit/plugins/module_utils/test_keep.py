# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Old releases go, but none that runs, that a boot starts, or that one could want to go back to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterable

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _keep
from ansible_collections.quadlet.dhcpd.plugins.module_utils._images import Images
from ansible_collections.quadlet.dhcpd.plugins.module_utils._keep import mounted, prune
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from release_host import IDS, ROOT, SELF, Host, release

REAL_MOUNTED = mounted


class Kept:
    """A host with the releases a, b, c ... (written in that order; b has another image than the rest)."""

    def __init__(self, host: Host, names: str) -> None:
        self.host = host
        host.layout.releases.mkdir(parents=True)
        host.layout.image_archives.mkdir(parents=True)
        for number, letter in enumerate(names):
            made = release("2" if letter == "b" else "1", conf=f"# {letter}\n")
            place = host.store.write(made._replace(name=letter), SELF.gid)
            os.utime(place, (number, number))
        for tag in "12":
            (host.layout.image_archives / f"{IDS[tag]}.tar").touch()

    def prune(self, keep: int) -> list[str]:
        images = Images(Podman(self.host), self.host.layout.image_archives)
        return prune(self.host.store, self.host.history, images, keep)

    @property
    def archives(self) -> set[str]:
        return {path.stem for path in self.host.layout.image_archives.iterdir()}


@ROOT
@pytest.mark.parametrize(
    ("names", "current", "proved", "mounts", "keep", "removed"),
    [
        ("abcd", "d", "abcd", "", 5, ""),
        ("abcd", "d", "abcd", "", 4, ""),
        ("abcd", "d", "abcd", "", 2, "ab"),
        ("abcd", "a", "bcda", "", 2, "bc"),
        ("abcd", "d", "bad", "", 2, "bc"),
        ("abcd", "d", "abcd", "a", 2, "b"),
        ("abcd", "d", "abcd", "ab", 2, ""),
        ("abcd", "d", "d", "", 2, "ab"),
        ("abcd", None, "", "", 2, "ab"),
        ("", None, "", "", 2, ""),
    ],
    ids=["few", "just as many", "oldest", "an old one is current", "the one before is old", "mounted", "all mounted",
         "no one before", "none committed", "no releases"],
)  # fmt: skip
def test_the_oldest_go_but_not_what_anything_needs(
    new_host: Any, monkeypatch: Any, names: str, current: str | None, proved: str, mounts: str, keep: int, removed: str
) -> None:
    host = new_host()
    kept = Kept(host, names)
    for name in proved:
        host.history.add("proved", name)
    if current:
        host.store.commit(current)
    monkeypatch.setattr(_keep, "mounted", lambda: set(mounts))
    assert kept.prune(keep) == list(removed)
    assert host.store.names() == [name for name in names if name not in removed]


@ROOT
@pytest.mark.parametrize(("keep", "tags"), [(3, "12"), (2, "1")])
def test_an_archive_goes_with_the_last_release_that_runs_its_image(new_host: Any, keep: int, tags: str) -> None:
    kept = Kept(new_host(), "abcd")
    kept.prune(keep)
    assert kept.archives == {IDS[tag] for tag in tags}


@ROOT
@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_damaged_release_keeps_every_archive_and_is_no_error(new_host: Any, text: str) -> None:
    kept = Kept(new_host(), "abcd")
    (kept.host.layout.directory("d") / "release.json").write_text(text)
    kept.prune(2)
    assert kept.archives == {IDS["1"], IDS["2"]}


@ROOT
def test_a_half_written_release_is_none(new_host: Any) -> None:
    kept = Kept(new_host(), "ab")
    kept.host.layout.directory("b").rename(kept.host.layout.releases / ".staged-x1y2")
    assert kept.host.store.names() == ["a"]


def processes(proc: Path, roots: Iterable[str]) -> Path:
    for pid, root in enumerate(roots, 100):
        (proc / str(pid)).mkdir(parents=True)
        (proc / str(pid) / "mountinfo").write_text(
            f"22 1 0:41 / / ro - overlay overlay rw\n731 722 254:1 {root} /etc/dhcp ro,relatime - ext4 /dev/vda1 rw\n"
        )
    return proc


def test_what_any_process_has_mounted_is_found(tmp_path: Path) -> None:
    roots = ["/etc/dhcp/releases/1.a", "/@/etc/dhcp/releases/1.b", "/releases/1.c", "/etc/dhcp", "/x/releases/1.d/keys"]
    processes(tmp_path, roots)
    (tmp_path / "self/net").mkdir(parents=True)
    (tmp_path / "200").mkdir()
    assert REAL_MOUNTED(tmp_path) == {"1.a", "1.b", "1.c"}


def test_a_process_that_ends_meanwhile_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "99").mkdir()
    (tmp_path / "99/mountinfo").mkdir()  # EISDIR stands for ESRCH: reading fails
    assert REAL_MOUNTED(processes(tmp_path, ["/etc/dhcp/releases/1.a"])) == {"1.a"}

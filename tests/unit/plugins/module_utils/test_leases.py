# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No lease is lost, and an empty lease file is made only where there has never been one."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import (
    COPIES,
    PACKAGED,
    Start,
    holds_leases,
    keep_copy,
    prepare,
    replace,
    starting_point,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Account, ReleaseError

LEASE = "lease 198.51.100.50 {\n  starts 4 2026/01/01 00:00:00;\n}\n"
ACCOUNT = Account(os.geteuid() or 1234, os.getegid() or 4321)
OWNER = (ACCOUNT.uid, ACCOUNT.gid)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "var/lib/dhcpd"


def put(root: Path, path: str, text: str = LEASE) -> Path:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place


def owner(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


# starting_point


@pytest.mark.parametrize("initial", [None, "", "empty", "/var/lib/dhcp/dhcpd.leases", "/gone"])
@pytest.mark.parametrize("text", [LEASE, ""])
def test_a_lease_file_that_is_there_is_what_it_starts_from(
    tmp_path: Path, directory: Path, initial: str | None, text: str
) -> None:
    leases = put(tmp_path, "/var/lib/dhcpd/dhcpd.leases", text)
    put(tmp_path, "/var/lib/dhcp/dhcpd.leases")
    assert starting_point(directory, IPV4, initial, tmp_path) == Start(leases, None)


def test_a_virgin_host_starts_empty(tmp_path: Path, directory: Path) -> None:
    assert starting_point(directory, IPV4, None, tmp_path) == Start(None, None)


@pytest.mark.parametrize("path", PACKAGED[IPV4])
def test_leases_of_a_packaged_dhcpd_need_a_decision(tmp_path: Path, directory: Path, path: str) -> None:
    put(tmp_path, path)
    with pytest.raises(ReleaseError, match=f"{path} holds leases.*dhcpd_container_initial_leases.*'empty'"):
        starting_point(directory, IPV4, None, tmp_path)
    assert starting_point(directory, IPV4, "empty", tmp_path) == Start(None, None)
    assert starting_point(directory, IPV4, path, tmp_path) == Start(None, tmp_path / path.lstrip("/"))


def test_a_packaged_file_without_a_lease_needs_none(tmp_path: Path, directory: Path) -> None:
    put(tmp_path, "/var/lib/dhcp/dhcpd.leases", "# written by isc-dhcp-4.4.3-P1\nauthoring-byte-order little-endian;\n")
    assert starting_point(directory, IPV4, None, tmp_path) == Start(None, None)


def test_a_lone_backup_needs_a_decision_whatever_it_holds(tmp_path: Path, directory: Path) -> None:
    put(tmp_path, "/var/lib/dhcpd/dhcpd.leases~", "")
    with pytest.raises(ReleaseError, match="dhcpd.leases~, so there have been leases.*'empty'"):
        starting_point(directory, IPV4, None, tmp_path)
    assert starting_point(directory, IPV4, "empty", tmp_path) == Start(None, None)


@pytest.mark.parametrize("initial", ["/gone", "/var/lib", "Empty"])
def test_a_source_that_is_no_file_is_named(tmp_path: Path, directory: Path, initial: str) -> None:
    (tmp_path / "var/lib").mkdir(parents=True)
    with pytest.raises(ReleaseError, match=f"dhcpd_container_initial_leases: {initial} is no file"):
        starting_point(directory, IPV4, initial, tmp_path)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (LEASE, True),
        ("# comment\n\n  lease 198.51.100.50 {\n", True),
        ('ia-na "\\001" {\n', True),
        ('ia-pd "\\001" {\n', True),
        ("", False),
        ("# lease 198.51.100.50 {\n", False),
        ('failover peer "f" state {\n  my state normal;\n}\n', False),
        ('server-duid "\\000";\n', False),
    ],
)
def test_what_counts_as_a_lease(tmp_path: Path, text: str, holds: bool) -> None:
    assert holds_leases(put(tmp_path, "/l", text)) is holds


def test_what_cannot_be_read_counts_as_leases_and_what_is_not_utf_8_is_read(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "l").write_bytes(b"\xff\n" + LEASE.encode())
    assert holds_leases(tmp_path / "d") and holds_leases(tmp_path / "l") and not holds_leases(tmp_path / "gone")


# prepare


def test_an_empty_lease_file_belongs_to_the_service(directory: Path) -> None:
    prepare(directory, IPV4, Start(None, None), ACCOUNT)
    leases = directory / "dhcpd.leases"
    assert leases.read_bytes() == b"" and list(directory.iterdir()) == [leases]
    assert owner(leases) == owner(directory) == OWNER
    assert [stat.S_IMODE(path.stat().st_mode) for path in (directory, leases)] == [0o750, 0o640]


def test_leases_start_as_a_copy_of_the_source(tmp_path: Path, directory: Path) -> None:
    source = put(tmp_path, "/var/lib/dhcp/dhcpd.leases")
    before = owner(source)
    prepare(directory, IPV4, Start(None, source), ACCOUNT)
    assert (directory / "dhcpd.leases").read_text() == source.read_text() == LEASE
    assert owner(directory / "dhcpd.leases") == OWNER and owner(source) == before


@pytest.mark.parametrize("from_it", [True, False])
def test_a_lone_backup_is_kept_where_dhcpd_does_not_overwrite_it(
    tmp_path: Path, directory: Path, from_it: bool
) -> None:
    backup = put(tmp_path, "/var/lib/dhcpd/dhcpd.leases~")
    prepare(directory, IPV4, Start(None, backup if from_it else None), ACCOUNT)
    assert (directory / "dhcpd.leases.before-quadlet").read_text() == LEASE and not backup.exists()
    assert (directory / "dhcpd.leases").read_text() == (LEASE if from_it else "")


def test_leases_that_are_there_keep_their_content_and_get_their_owner(tmp_path: Path, directory: Path) -> None:
    leases = put(tmp_path, "/var/lib/dhcpd/dhcpd.leases")
    backup = put(tmp_path, "/var/lib/dhcpd/dhcpd.leases~", "older\n")
    inode = leases.stat().st_ino
    for _again in range(2):
        prepare(directory, IPV4, Start(leases, None), ACCOUNT)
    assert (leases.read_text(), backup.read_text(), leases.stat().st_ino) == (LEASE, "older\n", inode)
    assert owner(leases) == owner(backup) == owner(directory) == OWNER


@pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")
@pytest.mark.parametrize("name", ["dhcpd.leases", "dhcpd.leases~"])
def test_a_link_in_the_service_s_directory_gives_it_no_file_of_root(tmp_path: Path, directory: Path, name: str) -> None:
    other = put(tmp_path, "/etc/shadow", "root")
    leases = put(tmp_path, "/var/lib/dhcpd/dhcpd.leases")
    (directory / name).unlink(missing_ok=True)
    (directory / name).symlink_to(other)
    prepare(directory, IPV4, Start(leases, None), ACCOUNT)
    assert owner(other) == (0, 0)


def test_a_link_in_place_of_a_lease_file_is_not_read_through(tmp_path: Path, directory: Path) -> None:
    ours = put(tmp_path, "/var/lib/dhcpd/dhcpd.leases")
    ours.unlink()
    ours.symlink_to(put(tmp_path, "/secret"))
    with pytest.raises(OSError, match="symbolic links"):
        replace(directory / "dhcpd.leases", ours, *OWNER)


def test_a_link_in_place_of_the_new_lease_file_is_not_written_through(tmp_path: Path, directory: Path) -> None:
    other = put(tmp_path, "/etc/shadow", "root")
    directory.mkdir(parents=True)
    (directory / ".dhcpd.leases.new").symlink_to(other)
    prepare(directory, IPV4, Start(None, None), ACCOUNT)
    assert other.read_text() == "root" and not (directory / "dhcpd.leases").is_symlink()


# replace


@pytest.mark.parametrize("before", [None, "older\n"])
def test_leases_are_replaced_whole_and_are_on_disk_before_their_name(
    tmp_path: Path, directory: Path, before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, leases, seen = put(tmp_path, "/l"), directory / "dhcpd.leases", []
    directory.mkdir(parents=True)
    if before:
        leases.write_text(before)
    real = os.fsync

    def fsync(descriptor: int) -> None:
        name_is_new = leases.exists() and leases.read_text() == LEASE
        seen.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), name_is_new))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    replace(directory / "dhcpd.leases", source, *OWNER)
    assert seen == [(False, False), (True, True)] and leases.read_text() == LEASE and owner(leases) == OWNER
    assert list(directory.iterdir()) == [leases]


def test_leases_that_cannot_be_replaced_are_the_old_ones(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leases = put(directory, "dhcpd.leases")

    def full(_source: object, target: Any) -> None:
        target.write(b"lea")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        replace(directory / "dhcpd.leases", leases, *OWNER)
    assert leases.read_text() == LEASE


# keep_copy


def test_the_last_copies_are_kept_for_root_only(tmp_path: Path, directory: Path) -> None:
    copies = tmp_path / "kept/leases"
    keep_copy(directory / "dhcpd.leases", copies)
    assert not copies.parent.exists(), "where there are no leases there is nothing to keep"
    for number in range(1, COPIES + 8):
        put(directory, "dhcpd.leases", f"{number}\n")
        keep_copy(directory / "dhcpd.leases", copies)
        if number == 3:
            (copies / "dhcpd.leases.mine").write_text("")
    kept = {path.name: path.read_text() for path in copies.iterdir()}
    assert kept == {
        "dhcpd.leases.mine": "",
        **{f"dhcpd.leases.{number}": f"{number}\n" for number in range(8, COPIES + 8)},
    }
    assert [stat.S_IMODE(place.stat().st_mode) for place in (copies.parent, copies)] == [0o700, 0o700]
    assert {stat.S_IMODE(path.stat().st_mode) for path in copies.glob("*.[0-9]*")} == {0o600}

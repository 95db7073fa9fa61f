# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A packaged dhcpd's leases go over when it has stopped, and come back with all that were added."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4, IPV6
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packaged import Packaged
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Account, ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service
from release_host import LEASE, PACKAGE, ROOT, Host

pytestmark = ROOT
ACCOUNT = Account(1234, 4321)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path).with_package()
    host.layout.lease_directory.mkdir(parents=True)
    return host


@pytest.fixture
def packaged(host: Host) -> Packaged:
    return Packaged(PACKAGE, Service(host), host.root)


@pytest.mark.parametrize(
    "places", [["dhcp/dhcpd.leases"], ["dhcp/db/dhcpd.leases"], ["dhcp/db/dhcpd.leases", "dhcp/dhcpd.leases"]]
)
def test_leases_are_where_a_package_keeps_them(host: Host, packaged: Packaged, places: list[str]) -> None:
    host.packaged_leases.unlink()
    for place in places:
        path = host.root / "var/lib" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert packaged.leases() == {IPV4: path}


@pytest.mark.parametrize("other", [None, "var/lib/dhcp/dhcpd.leases~"])
def test_no_lease_file_is_an_error_and_a_backup_is_none(host: Host, packaged: Packaged, other: str | None) -> None:
    host.packaged_leases.unlink()
    if other:
        (host.root / other).write_text(LEASE % 60)
    with pytest.raises(ReleaseError, match=f"^{PACKAGE}: no lease file in any of /var/lib/dhcp/dhcpd.leases, "):
        packaged.leases()


def test_leases_are_taken_over_after_the_stop_and_the_package_s_file_stays(host: Host, packaged: Packaged) -> None:
    def run(command: Any) -> tuple[int, str, str]:
        answer = host(command)
        if list(command) == ["systemctl", "stop", PACKAGE]:
            assert not host.leases.exists()
            host.packaged_leases.write_text(LEASE % 60 + LEASE % 61)  # its last words
        return answer

    Packaged(PACKAGE, Service(run), host.root).hand_leases_to(host.layout.lease_directory, [IPV4], ACCOUNT)
    assert host.leases.read_text() == host.packaged_leases.read_text() == LEASE % 60 + LEASE % 61
    assert (host.leases.stat().st_uid, host.leases.stat().st_gid) == ACCOUNT and host.packaged is False


def test_leases_of_a_package_that_does_not_stop_are_not_taken_over(host: Host, packaged: Packaged) -> None:
    host.how = {PACKAGE: "stop fails"}
    with pytest.raises(ReleaseError, match=f"systemctl stop {PACKAGE}: Job failed."):
        packaged.hand_leases_to(host.layout.lease_directory, [IPV4], ACCOUNT)
    assert not host.leases.exists()


def test_a_lease_directory_that_is_missing_is_made_for_the_service(host: Host, packaged: Packaged) -> None:
    host.layout.lease_directory.rmdir()
    packaged.hand_leases_to(host.layout.lease_directory, [IPV4], ACCOUNT)
    directory = host.layout.lease_directory.stat()
    assert (directory.st_uid, directory.st_gid, directory.st_mode & 0o777) == (*ACCOUNT, 0o750)


@pytest.mark.parametrize("times", [1, 2])
def test_leases_come_back_with_those_added_to_the_package_s_own_account(
    host: Host, packaged: Packaged, times: int
) -> None:
    os.chown(host.packaged_leases, 111, 112)
    packaged.hand_leases_to(host.layout.lease_directory, [IPV4], ACCOUNT)
    host.leases.write_text(host.leases.read_text() + LEASE % 62)
    for _time in range(times):
        packaged.take_leases_back(host.layout.lease_directory)
    assert host.packaged_leases.read_text() == LEASE % 60 + LEASE % 62
    assert (host.packaged_leases.stat().st_uid, host.packaged_leases.stat().st_gid) == (111, 112)
    (kept,) = host.layout.lease_directory.iterdir()
    assert kept.name == "dhcpd.leases.handed-back", "no later release starts from leases that have aged"


def test_without_leases_of_ours_the_package_s_stay(host: Host, packaged: Packaged) -> None:
    packaged.take_leases_back(host.layout.lease_directory)
    assert host.packaged_leases.read_text() == LEASE % 60


def test_leases_that_cannot_be_written_back_stay_where_they_are(
    host: Host, packaged: Packaged, monkeypatch: Any
) -> None:
    packaged.hand_leases_to(host.layout.lease_directory, [IPV4], ACCOUNT)
    host.leases.write_text(LEASE % 62)

    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        packaged.take_leases_back(host.layout.lease_directory)
    assert host.leases.read_text() == LEASE % 62 and host.packaged_leases.read_text() == LEASE % 60


def test_each_family_s_leases_go_over_and_a_family_without_any_keeps_ours(host: Host, packaged: Packaged) -> None:
    ours = host.layout.lease_directory / "dhcpd6.leases"
    packaged.hand_leases_to(host.layout.lease_directory, [IPV4, IPV6], ACCOUNT)
    assert ours.read_text() == "" and (ours.stat().st_uid, ours.stat().st_gid) == ACCOUNT
    ours.write_text("ours\n")
    packaged.hand_leases_to(host.layout.lease_directory, [IPV4, IPV6], ACCOUNT)
    packaged.give_leases_back(host.layout.lease_directory)
    assert ours.read_text() == "ours\n" and not host.packaged_leases.with_name("dhcpd6.leases").exists()
    host.packaged_leases.with_name("dhcpd6.leases").write_text("theirs\n")
    packaged.hand_leases_to(host.layout.lease_directory, [IPV4, IPV6], ACCOUNT)
    assert ours.read_text() == "theirs\n"


@pytest.mark.parametrize("action", ["start", "disable", "enable"])
def test_a_unit_that_refuses_is_an_error_in_systemd_s_words(host: Host, packaged: Packaged, action: str) -> None:
    getattr(packaged, action)()
    assert host.did == [f"{action} {PACKAGE}"]
    host.how = {PACKAGE: f"{action} fails"}
    with pytest.raises(ReleaseError, match=f"systemctl {action} {PACKAGE}: Job failed."):
        getattr(packaged, action)()


@pytest.mark.parametrize("runs", [True, False])
def test_whether_it_runs(host: Host, packaged: Packaged, runs: bool) -> None:
    host.packaged = runs
    assert packaged.runs() is runs

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd, the cgroup tree, /proc and the journal say about dhcpd.service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Sequence

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _service
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, State, dhcpd_process, release_of

GROUP = "/system.slice/dhcpd.service"
MOUNTINFO = """\
722 721 0:41 / / ro,relatime - overlay overlay rw,lowerdir=/l
731 722 254:1 {root} /etc/dhcp ro,relatime master:1 - ext4 /dev/vda1 rw
732 722 254:1 /var/lib/dhcpd /var/lib/dhcpd rw,relatime master:1 - ext4 /dev/vda1 rw
"""


class Host:
    """A runner that answers by the first words of a command, and remembers all."""

    def __init__(self, answers: dict[str, tuple[int, str, str]] | None = None) -> None:
        self.answers = answers or {}
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str, str]:
        self.commands.append(" ".join(command))
        found = [answer for start, answer in self.answers.items() if self.commands[-1].startswith(start)]
        return found[0] if found else (0, "", "")


def processes(tmp_path: Path, groups: dict[str, list[int]], names: dict[int, str]) -> tuple[Path, Path]:
    for group, pids in groups.items():
        place = tmp_path / "cgroup" / group.lstrip("/")
        place.mkdir(parents=True)
        (place / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))
    for pid, name in names.items():
        (tmp_path / "proc" / str(pid)).mkdir(parents=True)
        (tmp_path / "proc" / str(pid) / "comm").write_text(f"{name}\n")
    return tmp_path / "cgroup", tmp_path / "proc"


@pytest.mark.parametrize(
    ("shown", "state", "runs"),
    [
        ("ActiveState=active\nSubState=running\nNRestarts=2", State("active", "running", 2, 77), True),
        ("ActiveState=activating\nSubState=start\nNRestarts=0", State("activating", "start", 0, 77), False),
        ("ActiveState=failed\nSubState=failed\nNRestarts=", State("failed", "failed", 0, 77), False),
        ("", State("unknown", "unknown", 0, 77), False),
    ],
)
def test_state_is_read_from_systemctl_show(monkeypatch: Any, shown: str, state: State, runs: bool) -> None:
    groups = []
    monkeypatch.setattr(_service, "dhcpd_process", lambda group: groups.append(group) or 77)
    host = Host({"systemctl show": (0, f"ControlGroup={GROUP}\n{shown}\n", "")})
    found = Service(host).state()
    assert found == state and found.runs is runs and groups == [GROUP]
    assert host.commands == ["systemctl show --property ActiveState,SubState,NRestarts,ControlGroup dhcpd.service"]


def test_an_active_unit_without_dhcpd_does_not_run() -> None:
    assert not State("active", "running", 0, None).runs


def test_dhcpd_is_found_below_the_unit_s_cgroup_and_conmon_is_not_it(tmp_path: Path) -> None:
    groups = {GROUP: [], f"{GROUP}/libpod-payload-ab": [12], f"{GROUP}/runtime": [11], "/other": [13]}
    where = processes(tmp_path, groups, {11: "conmon", 12: "dhcpd", 13: "dhcpd"})
    assert dhcpd_process(GROUP, *where) == 12


@pytest.mark.parametrize(
    ("group", "groups"),
    [
        ("", {"/": [13]}),
        (GROUP, {"/other": [13]}),
        (GROUP, {GROUP: [11], "/other": [13]}),
        (GROUP, {GROUP: [99]}),
        (GROUP, {GROUP: []}),
    ],
    ids=["no cgroup", "cgroup gone", "only conmon", "process gone", "empty"],
)
def test_another_unit_s_dhcpd_is_not_ours(tmp_path: Path, group: str, groups: dict[str, list[int]]) -> None:
    assert dhcpd_process(group, *processes(tmp_path, groups, {11: "conmon", 13: "dhcpd"})) is None


def test_a_process_that_just_ended_does_not_hide_dhcpd(tmp_path: Path) -> None:
    assert dhcpd_process(GROUP, *processes(tmp_path, {GROUP: [99, 12]}, {12: "dhcpd"})) == 12


@pytest.mark.parametrize("root", ["/etc/dhcp/releases/1.aa", "/@/etc/dhcp/releases/1.aa", "/releases/1.aa"])
def test_the_release_is_what_is_really_mounted(tmp_path: Path, root: str) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "mountinfo").write_text(MOUNTINFO.format(root=root))
    assert release_of(77, tmp_path) == "1.aa"


@pytest.mark.parametrize("root", ["/etc/dhcp", "/srv/dhcp", "/etc/dhcp/releases/1.aa /mnt"])
def test_a_mount_that_is_no_release_is_none(tmp_path: Path, root: str) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "mountinfo").write_text(MOUNTINFO.format(root=root))
    assert release_of(77, tmp_path) is None


@pytest.mark.parametrize("pid", [None, 78, os.getpid()])
def test_no_process_or_one_that_is_no_dhcpd_has_no_release(pid: int | None) -> None:
    assert release_of(pid if pid != 78 else 2**22 + 1) is None


@pytest.mark.parametrize(
    ("act", "commands"),
    [
        (Service.reload, ["systemctl daemon-reload"]),
        (Service.restart, ["systemctl reset-failed dhcpd.service", "systemctl restart dhcpd.service"]),
        (Service.stop, ["systemctl stop dhcpd.service", "systemctl reset-failed dhcpd.service"]),
    ],
)
def test_what_systemd_is_asked_and_what_it_answers(act: Any, commands: list[str]) -> None:
    host = Host({"systemctl reset-failed": (1, "", "Unit dhcpd.service not loaded.")})
    act(Service(host))
    assert host.commands == commands
    asked = next(command for command in commands if "reset-failed" not in command)
    with pytest.raises(ReleaseError, match=f"^{asked}: Job failed. See it.$"):
        act(Service(Host({asked: (1, "", "Job failed.\nSee it.\n")})))


def test_a_unit_that_systemd_does_not_know_is_stopped_but_cannot_be_started() -> None:
    unknown = (5, "", "Failed to stop dhcpd.service: Unit dhcpd.service not loaded.")
    Service(Host({"systemctl stop": unknown})).stop()
    with pytest.raises(ReleaseError, match="not loaded"):
        Service(Host({"systemctl restart": unknown})).restart()


@pytest.mark.parametrize(("status", "active"), [(0, True), (3, False), (4, False)])
def test_another_unit_is_active_where_systemd_says_so(status: int, active: bool) -> None:
    host = Host({"systemctl --quiet is-active": (status, "", "")})
    assert Service(host).is_active("isc-dhcp-server.service") is active
    assert host.commands == ["systemctl --quiet is-active isc-dhcp-server.service"]


def test_what_changes_the_unit_is_told_but_for_the_distribution_s_own() -> None:
    paths = "/usr/lib/systemd/system/service.d/10-timeout-abort.conf /etc/systemd/system/dhcpd.service.d/mine.conf\n"
    host = Host({"systemctl show": (0, paths, "")})
    assert Service(host).drop_ins() == ["/etc/systemd/system/dhcpd.service.d/mine.conf"]
    assert Service(Host()).drop_ins() == []


def test_the_cursor_is_where_the_journal_ends() -> None:
    host = Host({"journalctl --lines=0 --show-cursor": (0, "-- No entries --\n-- cursor: s=1;i=2\n", "")})
    assert Service(host).cursor() == "s=1;i=2"
    assert Service(Host()).cursor() == ""


@pytest.mark.parametrize(("cursor", "since"), [("s=1;i=2", "--after-cursor=s=1;i=2"), ("", "--boot")])
def test_words_are_dhcpd_s_own_since_the_cursor(cursor: str, since: str) -> None:
    said = "All rights reserved.\nNo subnet declaration for eth1.\nexiting.\n"
    host = Host({"journalctl --output": (0, said, "")})
    assert Service(host).words(cursor) == "No subnet declaration for eth1."
    assert host.commands == [
        "journalctl --sync",
        f"journalctl --output=cat --no-pager --quiet {since} _SYSTEMD_UNIT=dhcpd.service CONTAINER_NAME=dhcpd"
        " + _SYSTEMD_UNIT=dhcpd.service _COMM=dhcpd",
    ]

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A planned switch comes once, at its moment, and any other switch before it cancels it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._back import hand_back, remove, roll_back
from ansible_collections.quadlet.dhcpd.plugins.module_utils._info import info
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._schedule import Plan, Schedule, switch_now
from release_host import NEW, OLD, OTHER, PACKAGE, ROOT, Host

pytestmark = ROOT
AT = "2026-12-24 03:00"
PLAN = Plan(NEW, AT, OLD, 0)


def planned(host: Host) -> Schedule:
    schedule = Schedule(host.layout, host)
    schedule.plan(PLAN)
    host.commands.clear()
    return schedule


def test_a_plan_is_a_timer_that_outlives_a_boot(new_host: Any) -> None:
    host = new_host().with_releases()
    schedule = Schedule(host.layout, host)
    schedule.plan(PLAN)
    assert host.commands[-1] == ["systemctl", "enable", "--now", "dhcpd-release-staged.timer"]
    host.boot()
    assert schedule.planned() == PLAN and f"OnCalendar={AT}\n" in schedule.timer.read_text()
    assert info(host, host.layout)["planned"] == {"release": NEW, "at": AT}
    code = host.layout.kept / "code"
    assert f"PYTHONPATH={code}\n" in schedule.service.read_text() and list(code.rglob("_schedule.py"))
    assert host.serves == [OLD]


def test_at_its_moment_it_is_a_proved_switch_and_comes_once(new_host: Any) -> None:
    host = new_host().with_releases()
    schedule = planned(host)
    assert switch_now(host.layout, host) == f"release {NEW} serves"
    assert host.serves == [NEW] == [host.store.current()] and host.store.copy_is_right(NEW)
    assert schedule.planned() is None and not schedule.timer.exists() and not schedule.service.exists()
    with pytest.raises(ReleaseError, match="nothing is planned"):
        switch_now(host.layout, host)


def test_what_is_not_proved_is_left_and_not_tried_again(new_host: Any) -> None:
    host = new_host({NEW: "deaf"}).with_releases()
    schedule = planned(host)
    with pytest.raises(ReleaseError, match=f"release {NEW} was left: .* The service runs again as release {OLD}"):
        switch_now(host.layout, host)
    assert host.serves == [OLD] and schedule.planned() is None


def test_where_another_release_serves_by_then_nothing_is_switched(new_host: Any) -> None:
    host = new_host().with_releases(there="123")
    planned(host)
    host.trial().run(OTHER, 0, None)
    with pytest.raises(ReleaseError, match=f"now {OTHER} does, so nothing was switched"):
        switch_now(host.layout, host)
    assert host.serves == [OTHER]


@pytest.mark.parametrize("way", [roll_back, remove, hand_back])
def test_every_way_back_cancels_it(new_host: Any, way: Any) -> None:
    host = (new_host().with_package() if way is hand_back else new_host()).with_releases(None)
    host.trial().run(OLD, 0, PACKAGE if way is hand_back else None)
    host.trial().run(NEW, 0, None)
    schedule = Schedule(host.layout, host)
    schedule.plan(Plan(OTHER, AT, NEW, 0))
    arguments = {roll_back: (None, 0), remove: (False,), hand_back: (PACKAGE, 0)}[way]
    way(*arguments, host, True)
    assert schedule.planned()
    way(*arguments, host, False)
    assert schedule.planned() is None and not schedule.timer.exists()


@pytest.mark.parametrize(
    "at, status, out, why",
    [
        ("25:00", 1, "", "it is over"),
        ("2020-01-01 03:00", 0, "Next elapse: never\n", "it is over"),
        ("2026-12-24", 0, "Next elapse: Thu 2026-12-24 00:00:00 UTC\n", "it has no time of day"),
    ],
)
def test_a_moment_that_does_not_come_is_refused(new_host: Any, at: str, status: int, out: str, why: str) -> None:
    host = new_host()
    with pytest.raises(ReleaseError, match=f"switch_at: '{at}' is no moment to come by this host's clock: {why}; give"):
        Schedule(host.layout, lambda _command: (status, out, "")).must_come(at)


def test_a_timer_that_systemd_refuses_leaves_nothing(new_host: Any) -> None:
    host = new_host().with_releases()
    schedule = Schedule(host.layout, lambda command: (int("enable" in command), "", "no\nway"))
    with pytest.raises(ReleaseError, match="could not be planned: no way"):
        schedule.plan(PLAN)
    assert schedule.planned() is None and not schedule.timer.exists() and not schedule.service.exists()

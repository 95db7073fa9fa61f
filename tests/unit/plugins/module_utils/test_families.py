# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IPv4 and IPv6 in one release: one commit for both, and only the service that changed is on trial.

The files are real; systemd, podman and dhcpd are those of release_host.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _info
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, IPV4, IPV6, Family, files_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._info import info
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Release
from release_host import CONF, CONF6, PACKAGE, ROOT, Host, Killed, release

MORE = "# more\n"
BOTH = release("1", conf6=CONF6)
FOUR, SIX = release("1"), release("1", conf="", conf6=CONF6)
# Old and new release, and the families that go on running between them.
CHANGES: dict[str, tuple[Release, Release, list[Family]]] = {
    "the tag": (BOTH, release("2", conf6=CONF6, image="1"), [IPV4, IPV6]),
    "IPv6": (BOTH, release("2", conf6=CONF6 + MORE, image="1"), [IPV4]),
    "IPv4": (BOTH, release("2", conf=CONF + MORE, conf6=CONF6, image="1"), [IPV6]),
    "both": (BOTH, release("2", conf6=CONF6), []),
    "IPv6 comes": (FOUR, release("2", conf6=CONF6, image="1"), [IPV4]),
    "IPv6 goes": (BOTH, release("2", image="1"), [IPV4]),
    "IPv4 goes": (BOTH, release("2", conf="", conf6=CONF6, image="1"), [IPV6]),
    "IPv4 for IPv6": (SIX, release("2"), []),
}


@pytest.fixture
def new_host(tmp_path: Path, monkeypatch: Any) -> Callable[..., Host]:
    made: list[Host] = []

    def make(change: str, how: dict[str, str] | None = None) -> Host:
        old, new, _same = CHANGES[change]
        made.append(Host(tmp_path / str(len(made)), how).with_releases(old.name, there=[old, new]).install(monkeypatch))
        return made[-1]

    return make


def wrong(host: Host, name: str, links: bool = True) -> list[str]:
    """What is not as it should be on a host that serves the release *name*, whichever one it was started from."""
    found = [f"{host.store.current()} is committed"] * (host.store.current() != name)
    found += ["there is a trial left"] * host.layout.on_trial
    serves = host.store.families(name)
    for family in FAMILIES:
        runs = host.runs[family]
        right = host.store.same(runs, name, family) if family in serves else runs is None
        found += [f"{family.name} runs as {runs}"] * (not right)
        found += [f"{family.name} is loaded as {host.units[family]}"] * (
            host.units[family] != (name if family in serves else None)
        )
        found += [f"{family.name}'s link"] * (links and host.store.links(family) != (family in serves))
        found += [f"{family.name} is not as it says"] * (family in serves and bool(host.problem(family)))
    return found


@ROOT
@pytest.mark.parametrize("change", CHANGES)
def test_one_commit_for_both_and_only_what_changed_is_restarted(new_host: Any, monkeypatch: Any, change: str) -> None:
    host, (old, new, same) = new_host(change), CHANGES[change]
    pids = dict(host.pids)
    outcome = host.trial().run(new.name, 0, None)
    assert outcome["proved"] and wrong(host, new.name) == []
    for family in FAMILIES:
        if family in same:
            assert (host.runs[family], host.pids[family]) == (old.name, pids[family]), "it goes on running"
    fresh = [family for family in host.store.families(new.name) if family not in same]
    assert outcome["proved_on"] == ["eth1", "eth2"] * (IPV4 in fresh)
    assert ("proved_on6" in outcome) == (IPV6 in fresh)
    restarts = [word for word in host.did if word.startswith("restart")]
    assert restarts == [f"restart {family.service}" for family in fresh]
    monkeypatch.setattr(_info, "release_of", host.release_of)
    found = info(host, host.layout)
    assert [found[f"running{family.suffix}"] == new.name for family in FAMILIES] == [
        family in host.store.families(new.name) for family in FAMILIES
    ]
    assert [line for line in found["drift"] if "runs as" in line or "link" in line] == []
    # Whatever started it: from now on a boot, and a restart, start the new release.
    host.boot()
    assert wrong(host, new.name) == []


def killed_everywhere(new_host: Any, change: str) -> Iterator[tuple[int, Any]]:
    """Hosts whose switch was killed before each change that it makes, one after the other."""
    for fuse in range(200):
        host = new_host(change)
        host.fuse = fuse
        try:
            host.trial().run(CHANGES[change][1].name, 0, None)
        except Killed:
            host.fuse = None
            yield fuse, host
            continue
        assert fuse > 4
        return
    raise AssertionError("the switch has no end")


@ROOT
@pytest.mark.parametrize("change", CHANGES)
def test_a_switch_killed_anywhere_is_brought_to_its_end(new_host: Any, change: str) -> None:
    old, new, _same = CHANGES[change]
    for fuse, host in killed_everywhere(new_host, change):
        host.trial().undo()
        assert wrong(host, new.name if host.store.current() == new.name else old.name) == [], (fuse, host.did)


@ROOT
@pytest.mark.parametrize("change", CHANGES)
def test_a_boot_at_any_point_loses_no_family_that_both_releases_serve(new_host: Any, change: str) -> None:
    old, new, _same = CHANGES[change]
    for fuse, host in killed_everywhere(new_host, change):
        host.boot()
        for family in set(host.store.families(old.name)) & set(host.store.families(new.name)):
            assert host.runs[family] == host.store.current(), (fuse, host.runs)


@ROOT
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("how", ["deaf", "half deaf", "exits", "settling", "restart fails", "other", "ask fails"])
@pytest.mark.parametrize("change", ["IPv6", "both", "IPv6 comes"])
def test_a_bad_ipv6_leaves_both_families_as_they_were(new_host: Any, change: str, how: str, times: int) -> None:
    old, new, same = CHANGES[change]
    host = new_host(change, {f"{new.name} IPv6": how})
    pids = dict(host.pids)
    if times == 2:  # killed where it puts the old one back, and again
        trial = host.trial()

        def step(name: str) -> None:
            if name == "leaving":
                raise Killed

        trial.step = step
        with pytest.raises(Killed):
            trial.run(new.name, 0, None)
        outcome = host.trial().undo()
    else:
        outcome = host.trial().run(new.name, 0, None)
    assert not outcome["proved"] and outcome["back"] == f"The service runs again as release {old.name}."
    assert wrong(host, old.name) == []
    if IPV4 in same:
        assert host.pids[IPV4] == pids[IPV4], "IPv4 was not touched"


@ROOT
def test_a_family_that_was_stopped_is_started_where_the_other_changes(new_host: Any) -> None:
    host, (_old, new, _same) = new_host("IPv6"), CHANGES["IPv6"]
    host.running = None
    assert host.trial().run(new.name, 0, None)["proved"] and wrong(host, new.name) == []


@ROOT
def test_an_edited_release_is_not_the_one_that_was_proved(new_host: Any) -> None:
    host, (old, new, _same) = new_host("IPv6"), CHANGES["IPv6"]
    (host.layout.directory(old.name) / "dhcpd.conf").write_text("# somebody was here\n")
    assert not host.store.same(old.name, new.name, IPV4)


@ROOT
def test_a_package_s_two_daemons_are_taken_over_together(tmp_path: Path, monkeypatch: Any) -> None:
    host = Host(tmp_path).with_package().with_releases(None, there=[BOTH]).install(monkeypatch)
    ours, theirs = host.leases.with_name("dhcpd6.leases"), host.packaged_leases.with_name("dhcpd6.leases")
    theirs.write_text('server-duid "x";\n')
    assert host.trial().run(BOTH.name, 0, PACKAGE)["proved"] and wrong(host, BOTH.name) == []
    assert ours.read_text() == 'server-duid "x";\n' and host.leases.read_text() == host.packaged_leases.read_text()


@ROOT
def test_leases_of_both_families_are_copied_before_a_switch_and_of_none_that_goes_on(new_host: Any) -> None:
    host = new_host("IPv6")
    assert host.trial().run(CHANGES["IPv6"][1].name, 0, None)["proved"]
    assert [path.name for path in host.layout.lease_copies.iterdir()] == ["dhcpd6.leases.1"]


@ROOT
def test_a_note_of_this_collection_before_ipv6_is_understood(new_host: Any) -> None:
    host, (old, new, _same) = new_host("both"), CHANGES["both"]
    host.layout.note.write_text(f'{{"new": "{new.name}", "old": "{old.name}", "ran": true, "timeout": 0}}')
    assert host.trial().note()["ran"] == {"IPv4": True}
    assert not host.trial().undo()["proved"] and wrong(host, old.name) == []


@pytest.mark.parametrize(
    ("files", "four", "six"),
    [
        ({"dhcpd.conf": "", "keys": ""}, ["dhcpd.conf", "keys"], ["keys"]),
        ({"dhcpd.conf": "", "dhcpd6.conf": "", "a": ""}, ["dhcpd.conf", "a"], ["dhcpd6.conf", "a"]),
        (
            {"dhcpd.conf": 'include "/etc/dhcp/a";', "dhcpd6.conf": 'include "/etc/dhcp/b";', "a": "", "b": ""},
            ["dhcpd.conf", "a"], ["dhcpd6.conf", "b"],
        ),
        (
            {"dhcpd.conf": 'include "/etc/dhcp/a";', "dhcpd6.conf": "", "a": 'include "/etc/dhcp/b";', "b": ""},
            ["dhcpd.conf", "a", "b"], ["dhcpd6.conf"],
        ),
        (
            {"dhcpd.conf": 'include "/etc/dhcp/a";', "dhcpd6.conf": 'include "/etc/dhcp/a";', "a": ""},
            ["dhcpd.conf", "a"], ["dhcpd6.conf", "a"],
        ),
        ({"dhcpd.conf": '"', "dhcpd6.conf": "", "a": ""}, ["dhcpd.conf", "a"], ["dhcpd6.conf"]),
    ],
    ids=["one family", "included by neither", "one each", "nested", "shared", "can't be read"],
)  # fmt: skip
def test_what_only_one_family_includes_is_no_part_of_the_other(files: Any, four: list[str], six: list[str]) -> None:
    assert sorted(files_of(files, IPV4)) == sorted(four)
    assert sorted(files_of(files, IPV6)) == sorted(six)

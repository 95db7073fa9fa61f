# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going back needs the host alone, tries nothing twice, and loses no lease, not even where it fails."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _inform, _leases
from ansible_collections.quadlet.dhcpd.plugins.module_utils._back import hand_back, remove, roll_back
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4
from ansible_collections.quadlet.dhcpd.plugins.module_utils._hand_back import HandBack
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._switch import undo
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import locked
from release_host import CONF, IDS, LEASE, NEW, OLD, OTHER, PACKAGE, ROOT, SELF, Host, Killed, release

pytestmark = ROOT
SERVICE = "dhcpd.service"


def two(new_host: Any, how: dict[str, str] | None = None) -> Host:
    """A host that serves by NEW, and by OLD before."""
    host = new_host(how).with_releases(OLD)
    host.trial().run(NEW, 0, None)
    host.store.write_copy(NEW)
    host.commands.clear()
    return host


# roll_back


@pytest.mark.parametrize("to", [None, OLD, "1"], ids=["the one before", "by name", "by tag"])
def test_rolling_back_is_a_proved_switch_that_leaves_the_release(new_host: Any, to: str | None) -> None:
    host = two(new_host)
    known = len(host.events())
    outcome = roll_back(to, 0, host, check_mode=False)
    assert outcome.pop("unanswered_for") >= 0
    assert outcome == {"release": OLD, "previous": NEW, "changed": True, "proved_on": ["eth1", "eth2"]}
    assert host.serves == [OLD] and host.store.current() == OLD and host.store.copy_is_right(OLD)
    assert host.events(known) == [("tried", OLD), ("proved", OLD), ("left", NEW)]
    assert host.history.left(NEW).why == f"rolled back to {OLD} by hand" and not host.armed
    assert not any(command[:2] == ["podman", "pull"] for command in host.commands), "it needs no registry"


def test_rolling_back_twice_goes_on_to_the_one_before_and_never_back_to_what_was_left(new_host: Any) -> None:
    host = two(new_host)
    roll_back(None, 0, host, check_mode=False)
    with pytest.raises(ReleaseError, match=f"there is no proved release before {OLD} on this host; there are: "):
        roll_back(None, 0, host, check_mode=False)
    assert host.serves == [OLD]


def test_an_image_that_podman_pruned_comes_back_from_its_archive(new_host: Any) -> None:
    host = two(new_host)
    host.layout.image_archives.mkdir(parents=True)
    host.images.clear()
    with pytest.raises(ReleaseError, match=f"the image of release {OLD} is gone from this host"):
        roll_back(None, 0, host, check_mode=False)
    assert host.did == [] and host.serves == [NEW]
    (host.layout.image_archives / f"{IDS['1']}.tar").write_text(IDS["1"])
    roll_back(None, 0, host, check_mode=False)
    assert host.serves == [OLD] and host.images["localhost/dhcpd:1"] == IDS["1"]


@pytest.mark.parametrize("file", ["dhcpd.conf", "dhcpd.container"])
def test_what_was_edited_by_hand_was_never_proved(new_host: Any, file: str) -> None:
    host = two(new_host)
    place = host.layout.directory(OLD) / file
    place.write_text(place.read_text() + "# mine\n")
    for check_mode in (True, False):
        with pytest.raises(ReleaseError, match=f"{OLD} was edited by hand"):
            roll_back(None, 0, host, check_mode)
    assert host.did == [] and host.serves == [NEW]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("9", "to: '9': there is no such release on this host; give one of: "),
        (OLD[:-1], f"to: {OLD[:-1]!r}: there is no such release"),
        (OTHER, f"to: {OTHER!r}: there is no such release"),
    ],
)
def test_a_release_that_is_not_here_is_an_error_that_names_those_that_are(new_host: Any, to: str, words: str) -> None:
    host = two(new_host)
    with pytest.raises(ReleaseError) as error:
        roll_back(to, 0, host, check_mode=False)
    assert str(error.value).startswith(words) and OLD in str(error.value) and host.did == []


def test_a_tag_of_two_releases_names_neither(new_host: Any) -> None:
    host = two(new_host)
    host.layout.directory(OLD).rename(host.layout.releases / "2.cccccccccccc")
    with pytest.raises(ReleaseError, match="to: '2': more than one release has that tag on this host"):
        roll_back("2", 0, host, check_mode=False)


def test_a_host_without_a_release_has_nothing_to_go_back_from(new_host: Any) -> None:
    host = new_host().with_releases(None)
    with pytest.raises(ReleaseError, match="there is no release on this host"):
        roll_back(None, 0, host, check_mode=False)


def test_check_mode_says_what_would_be_and_touches_nothing(new_host: Any) -> None:
    host = two(new_host)
    known = host.events()
    with locked(host.layout.lock):
        assert roll_back(None, 0, host, check_mode=True) == {"release": OLD, "previous": NEW, "changed": True}
        assert roll_back("2", 0, host, check_mode=True) == {"release": NEW, "previous": NEW, "changed": False}
    assert host.did == [] and host.events() == known and host.serves == [NEW]


def test_going_back_to_what_runs_changes_nothing(new_host: Any) -> None:
    host = two(new_host)
    assert roll_back(NEW, 0, host, check_mode=False) == {"release": NEW, "previous": NEW, "changed": False}
    assert host.did == []


@pytest.mark.parametrize("how", ["deaf", "exits"])
def test_going_back_that_is_not_proved_is_left_and_the_release_serves_on(new_host: Any, how: str) -> None:
    host = two(new_host)
    host.how = {OLD: how}
    with pytest.raises(ReleaseError, match=f"release {OLD} was left: .* runs again as release {NEW}"):
        roll_back(None, 0, host, check_mode=False)
    assert host.serves == [NEW] and host.store.current() == NEW and host.store.copy_is_right(NEW)
    assert host.history.left(OLD) and not host.history.left(NEW), "it was not rolled back from"


def test_another_run_that_switches_keeps_its_way(new_host: Any) -> None:
    host = two(new_host)
    with locked(host.layout.lock), pytest.raises(ReleaseError, match="another run is switching"):
        roll_back(None, 0, host, check_mode=False)
    assert host.did == []


def test_a_release_is_left_also_where_the_module_dies_while_it_waits(new_host: Any) -> None:
    host = two(new_host)
    real = host._systemd_run

    def lost(words: list[str]) -> Any:
        answer = real(words)
        if "--wait" in words:
            raise Killed
        return answer

    host._systemd_run = lost
    with pytest.raises(Killed):
        roll_back(None, 0, host, check_mode=False)
    assert host.serves == [OLD] and host.store.current() == OLD
    assert host.history.left(NEW), "or the next play walks into the same outage"


def test_the_current_release_that_is_stopped_is_never_called_proved_unproved(new_host: Any, monkeypatch: Any) -> None:
    host = two(new_host)
    host.running = None
    known = len(host.events())

    def ask(*_arguments: Any) -> set[str]:
        raise Killed

    monkeypatch.setattr(_inform, "ask", ask)
    with contextlib.suppress(ReleaseError, Killed):
        roll_back(NEW, 0, host, check_mode=False)
    assert ("proved", NEW) not in host.events(known)


# remove


def everything(host: Host) -> list[Path]:
    layout = host.layout
    return [layout.quadlet(IPV4), layout.current, layout.releases, layout.history, layout.kept, layout.copy(IPV4)]


@pytest.mark.parametrize("remove_leases", [False, True])
def test_all_goes_but_the_leases_unless_they_are_meant_too(new_host: Any, remove_leases: bool) -> None:
    host = two(new_host)
    host.layout.copy(IPV4).with_name("dhcpd.conf.before-quadlet").write_text("# theirs\n")
    leases = host.leases.read_text()
    checked = remove(remove_leases, host, check_mode=True)
    assert host.did == [] and host.serves == [NEW]
    assert remove(remove_leases, host, check_mode=False) == checked
    assert checked == {"changed": True, "release": None, "previous": NEW}
    assert host.did == [f"stop {SERVICE}", "daemon-reload"] and (host.running, host.loaded) == (None, None)
    assert [place for place in everything(host) if place.exists() or place.is_symlink()] == [host.layout.copy(IPV4)]
    assert host.layout.copy(IPV4).read_text() == "# theirs\n"
    assert host.leases.exists() is not remove_leases and (remove_leases or host.leases.read_text() == leases)
    assert remove(remove_leases, host, check_mode=False)["changed"] is False


@pytest.mark.parametrize("state", ["staged only", "on trial"])
def test_what_is_only_staged_or_on_trial_goes_too(new_host: Any, monkeypatch: Any, state: str) -> None:
    host = new_host().with_releases(None)
    if state == "on trial":
        trial = host.trial()
        monkeypatch.setattr(_inform, "ask", lambda *_arguments: (none for none in ()).throw(Killed))
        with pytest.raises(Killed):
            trial.run(NEW, 0, None)
        assert host.layout.trial(IPV4).exists()
    assert remove(False, host, check_mode=False)["changed"] is True
    assert (host.running, host.loaded) == (None, None) and not host.layout.trial(IPV4).exists()
    assert not host.layout.releases.exists()


def test_a_removal_that_was_killed_anywhere_is_ended_by_the_next(new_host: Any) -> None:
    for fuse in range(100):
        host = two(new_host)
        host.fuse = fuse
        try:
            remove(False, host, check_mode=False)
            assert fuse > 3
            return
        except Killed:
            host.fuse = None
        remove(False, host, check_mode=False)
        assert not any(place.exists() or place.is_symlink() for place in everything(host)), fuse
        assert host.running is None and host.leases.exists()
    raise AssertionError("the removal has no end")


@pytest.mark.parametrize("refused", [True, False])
def test_a_release_with_its_configuration_in_ldap_is_tested_again_before_anything_stops(
    new_host: Any, refused: bool
) -> None:
    host = two(new_host)
    staged = release("3", conf=f'{CONF}ldap-server "198.51.100.9";\n')
    host.store.write(staged, SELF.gid)
    host.images["localhost/dhcpd:3"] = IDS["3"]
    host.refusal = "Can't contact LDAP server" if refused else ""
    if refused:
        with pytest.raises(ReleaseError, match="the service was not touched. dhcpd said: Can't contact LDAP server"):
            roll_back(staged.name, 0, host, check_mode=False)
        assert host.did == [] and host.serves == [NEW]
    else:
        assert roll_back(staged.name, 0, host, check_mode=False)["changed"] and host.serves == [staged.name]


# hand_back


def taken_over(new_host: Any, how: dict[str, str] | None = None) -> Host:
    """A host that serves by NEW, which took over from the package and has leased since."""
    host = new_host().with_package().with_releases(None)
    host.trial().run(NEW, 0, PACKAGE)
    host.store.write_copy(NEW)
    host.leases.write_text(LEASE % 60 + LEASE % 62)
    host.commands.clear()
    host.how = how or {}
    return host


def test_the_package_serves_again_with_the_leases_of_now(new_host: Any) -> None:
    host = taken_over(new_host)
    checked = hand_back(PACKAGE, 0, host, check_mode=True)
    assert host.did == [] and host.serves == [NEW]
    assert hand_back(PACKAGE, 0, host, check_mode=False) == checked
    assert checked == {"changed": True, "release": None, "previous": NEW}
    assert host.serves == [PACKAGE] and host.enabled and host.store.current() is None and host.loaded is None
    assert host.packaged_leases.read_text() == LEASE % 60 + LEASE % 62 and not host.leases.exists()
    reload = "daemon-reload"
    assert host.did[1:-1] == [f"stop {SERVICE}", reload, f"start {PACKAGE}", f"enable {PACKAGE}", reload]
    assert not host.layout.on_trial and not (host.root / f"etc/systemd/system/{PACKAGE}.d").exists()
    assert host.asked[-1] == (PACKAGE, ["eth1", "eth2"])
    assert hand_back(PACKAGE, 0, host, check_mode=False) == {"changed": False, "release": None, "previous": None}


def test_a_host_without_a_release_and_a_package_that_runs_has_nothing_to_hand_back(new_host: Any) -> None:
    host = new_host().with_package(runs=False).with_releases(None)
    with pytest.raises(ReleaseError, match="there is nothing to hand back"):
        hand_back(PACKAGE, 0, host, check_mode=False)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_package_without_a_place_for_leases_is_an_error_before_anything_stops(
    new_host: Any, check_mode: bool
) -> None:
    host = taken_over(new_host)
    host.packaged_leases.unlink()
    with pytest.raises(ReleaseError, match="no lease file in any of"):
        hand_back(PACKAGE, 0, host, check_mode)
    assert host.did == [] and host.serves == [NEW]


@pytest.mark.parametrize("how", ["deaf", "half deaf", "start fails", "enable fails", "ask fails"])
def test_a_package_that_does_not_answer_is_stopped_and_the_release_serves_again(new_host: Any, how: str) -> None:
    host = taken_over(new_host, {PACKAGE: how})
    with pytest.raises(ReleaseError, match=f"The service runs again as release {NEW}"):
        hand_back(PACKAGE, 0, host, check_mode=False)
    assert host.serves == [NEW] and host.store.current() == NEW and host.store.copy_is_right(NEW)
    assert host.leases.read_text() == LEASE % 60 + LEASE % 62


def full(*_arguments: Any, **_options: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_hand_back_that_fails_early_loses_no_lease(new_host: Any, monkeypatch: Any) -> None:
    host = taken_over(new_host)
    copy = iter([full])
    real = _leases.shutil.copyfileobj

    def fills_up_once(source: Any, target: Any) -> Any:
        return next(copy, real)(source, target)

    monkeypatch.setattr(_leases.shutil, "copyfileobj", fills_up_once)
    with pytest.raises(ReleaseError, match="No space left"):
        hand_back(PACKAGE, 0, host, check_mode=False)
    assert host.serves == [NEW] and host.leases.read_text() == LEASE % 60 + LEASE % 62


@pytest.mark.parametrize("then", ["full disk", "the package does not stop"])
def test_whatever_fails_on_the_way_back_the_release_serves_again(new_host: Any, monkeypatch: Any, then: str) -> None:
    host = taken_over(new_host, {PACKAGE: "stop fails" if then == "the package does not stop" else "deaf"})
    real = host._systemctl

    def systemctl(words: list[str]) -> Any:
        answer = real(words)
        if words == ["start", PACKAGE]:
            if then == "full disk":
                monkeypatch.setattr(_leases.shutil, "copyfileobj", full)
            else:
                host.packaged = False
        return answer

    host._systemctl = systemctl
    with contextlib.suppress(ReleaseError, OSError):
        hand_back(PACKAGE, 0, host, check_mode=False)
    assert host.serves == [NEW] and (LEASE % 62) in host.leases.read_text()


def killed_everywhere(new_host: Any, then: Callable[[Host], Any], leases_meanwhile: bool = True) -> list[str]:
    wrong = []
    for fuse in range(100):
        host = taken_over(new_host)
        host.fuse = fuse
        try:
            HandBack(host.trial(), PACKAGE).run(0)
            assert fuse > 15
            return wrong
        except Killed:
            host.fuse = None
        done = host.did
        if leases_meanwhile and host.packaged and (LEASE % 62) in host.packaged_leases.read_text():
            host.packaged_leases.write_text(LEASE % 62 + LEASE % 63)
        leased = host.packaged_leases.read_text()[-len(LEASE % 62) :]
        then(host)
        leases = [path.read_text() for path in (host.packaged_leases, host.leases) if path.exists()]
        held = leases[0 if host.packaged else -1]
        one = bool(host.running) != bool(host.packaged)
        if (
            not one
            or len(host.serves) != 1
            or (LEASE % 62) not in held
            or (leased == LEASE % 63 and leased not in held)
        ):
            wrong.append(f"{fuse}: {host.serves}; killed after {done}")
    raise AssertionError("the hand-back has no end")


def test_a_hand_back_that_was_killed_anywhere_is_undone_or_ended(new_host: Any) -> None:
    def undone(host: Host) -> None:
        undo(host.trial())
        assert not host.layout.on_trial and host.enabled is bool(host.packaged)

    assert killed_everywhere(new_host, undone) == []


def test_a_hand_back_that_was_killed_anywhere_is_ended_by_the_next(new_host: Any) -> None:
    def again(host: Host) -> None:
        hand_back(PACKAGE, 0, host, check_mode=False)
        assert host.serves == [PACKAGE] and host.enabled

    assert killed_everywhere(new_host, again) == []


def test_a_host_that_boots_in_the_middle_of_a_hand_back_serves(new_host: Any) -> None:
    # What the package leased in the seconds of its proof is lost then: the release goes on from its own file.
    assert killed_everywhere(new_host, Host.boot, leases_meanwhile=False) == []

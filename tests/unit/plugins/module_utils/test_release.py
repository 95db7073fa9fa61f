# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release's name stands for its content, and the store keeps what others wrote."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _release
from ansible_collections.quadlet.dhcpd.plugins.module_utils._compose import compose, path_problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, IPV4, IPV6
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import (
    Account,
    Image,
    Layout,
    Release,
    ReleaseError,
    Store,
)

IMAGE = Image("registry.example.net:5000/dhcpd:4.4.3-P1-1", "a" * 64)
ACCOUNT = Account(990, 991)
TEXT = "[Container]\nImage=@IMAGE@\nUser=@UID@\nGroup=@GID@\nVolume=@RELEASE@:/etc/dhcp:ro,z\nExec=-4\n"
UNIT = {IPV4: TEXT}
FILES = {"dhcpd.conf": "authoritative;\n", "keys/omapi.conf": "key k { secret abcd; }\n"}
OLD, NEW, BOTH, SIX = "1.aaaaaaaaaaaa", "2.bbbbbbbbbbbb", "3.cccccccccccc", "4.dddddddddddd"
GID = os.getegid() if os.geteuid() else 4321
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(Layout(str(tmp_path)))
    store.layout.etc.mkdir(parents=True)
    return store


@pytest.fixture
def stocked(store: Store) -> Store:
    """A store with releases that have nothing but units."""
    for name, units in ((OLD, [IPV4]), (NEW, [IPV4]), (BOTH, FAMILIES), (SIX, [IPV6])):
        store.layout.directory(name).mkdir(parents=True)
        for family in units:
            (store.layout.directory(name) / family.unit).touch()
    return store


def release(text: str = "authoritative;\n") -> Release:
    return compose(IMAGE, ACCOUNT, UNIT, {**FILES, "dhcpd.conf": text}, {})


# compose


def test_the_same_inventory_gives_the_same_release_whatever_the_order_of_files() -> None:
    assert compose(IMAGE, ACCOUNT, UNIT, FILES, {}) == compose(IMAGE, ACCOUNT, UNIT, dict(reversed(FILES.items())), {})
    assert re.fullmatch(r"4\.4\.3-P1-1\.[0-9a-f]{12}", release().name)


@pytest.mark.parametrize(
    "changed",
    [
        {"image": Image(IMAGE.reference, "b" * 64)},
        {"account": Account(992, 991)},
        {"account": Account(990, 992)},
        {"units": {IPV4: TEXT + "\n"}},
        {"files": {**FILES, "dhcpd.conf": "authoritative; \n"}},
        {"files": {"dhcpd.conf": FILES["dhcpd.conf"]}},
        {"files": {**FILES, "more.conf": ""}},
        {"files": {"dhcpd.conf": FILES["dhcpd.conf"], "keys/other.conf": FILES["keys/omapi.conf"]}},
        {"image": Image("localhost/dhcpd:4.4.3-P1-2", IMAGE.id)},
        {"interfaces": {IPV4: ["eth1"]}},
    ],
    ids=["image id", "uid", "gid", "unit", "text", "file less", "file more", "path", "tag", "interfaces"],
)
def test_any_change_gives_another_name(changed: dict[str, Any]) -> None:
    same = {"image": IMAGE, "account": ACCOUNT, "units": UNIT, "files": FILES, "interfaces": {}}
    assert compose(**{**same, **changed}).name != compose(**same).name


def test_a_release_of_ipv4_has_the_name_that_it_had_before_there_was_ipv6() -> None:
    """Or each host would restart its service once, for nothing."""
    assert compose(IMAGE, ACCOUNT, UNIT, FILES, {IPV4: ["eth1"]}).name == "4.4.3-P1-1.ae602678ed4f"
    assert compose(IMAGE, ACCOUNT, UNIT, FILES, {IPV4: ["eth1"], IPV6: ["eth2"]}).name == "4.4.3-P1-1.ae602678ed4f"


@pytest.mark.parametrize("changed", [{"units": {IPV4: TEXT, IPV6: TEXT + "#\n"}}, {"interfaces": {IPV6: ["eth1"]}}])
def test_any_change_of_ipv6_gives_another_name(changed: dict[str, Any]) -> None:
    both = {"image": IMAGE, "account": ACCOUNT, "units": {IPV4: TEXT, IPV6: TEXT}, "files": FILES, "interfaces": {}}
    assert len({compose(**{**both, **change}).name for change in ({}, changed, {"units": UNIT})}) == 3


def test_placeholders_stand_for_what_the_host_knows() -> None:
    made = release()
    assert made.files["dhcpd.container"].splitlines()[1:5] == [
        f"Image={'a' * 64}",
        "User=990",
        "Group=991",
        f"Volume=/etc/dhcp/releases/{made.name}:/etc/dhcp:ro,z",
    ]


def test_release_json_says_what_the_release_is_made_of() -> None:
    made = compose(IMAGE, ACCOUNT, UNIT, FILES, {IPV4: ["eth1"]})
    assert json.loads(made.files["release.json"]) == {
        "release": made.name,
        "image": IMAGE.reference,
        "image_id": IMAGE.id,
        "uid": 990,
        "gid": 991,
        "interfaces": ["eth1"],
        "unit": hashlib.sha256(made.files["dhcpd.container"].encode()).hexdigest(),
        "files": {path: hashlib.sha256(text.encode()).hexdigest() for path, text in FILES.items()},
    }
    assert "abcd" not in made.files["release.json"]


@pytest.mark.parametrize(
    ("reference", "tag"),
    [
        ("localhost/dhcpd:1", "1"),
        ("registry.example.net:5000/a/dhcpd:4.4.3-P1-1", "4.4.3-P1-1"),
        (f"localhost/dhcpd:1@sha256:{'a' * 64}", "1"),
    ],
)
def test_the_tag_is_found_beside_a_port_and_a_digest(reference: str, tag: str) -> None:
    assert Image(reference, "").tag == tag


# path_problems


@pytest.mark.parametrize("path", ["keys.conf", "keys/omapi.conf", ".hidden", "a..b", "ä.conf"])
def test_paths_inside_the_release_are_allowed(path: str) -> None:
    assert path_problems({"dhcpd.conf": "", path: ""}, [IPV4]) == []


@pytest.mark.parametrize(
    "path",
    [
        "../dhcpd.conf", "a/../../b", "..", "/etc/passwd", "", "a//b", "a/", "a b", "a\n", "a;b", "x\0",
        "dhcpd.container", "release.json",
    ],
)  # fmt: skip
def test_paths_that_leave_the_release_or_replace_its_own_files_are_not(path: str) -> None:
    (problem,) = path_problems({"dhcpd.conf": "", path: ""}, [IPV4])
    assert repr(path) in problem


@pytest.mark.parametrize(
    ("files", "families", "found"),
    [
        (["dhcpd.conf"], FAMILIES, "there is no dhcpd6.conf"),
        (["dhcpd6.conf"], [IPV4, IPV6], "there is no dhcpd.conf"),
        (["dhcpd.conf", "dhcpd6.conf"], [IPV4], "dhcpd6.conf is there, but no unit runs it; give unit6"),
    ],
)
def test_each_family_has_a_unit_and_a_configuration(files: list[str], families: Any, found: str) -> None:
    (problem,) = path_problems(dict.fromkeys(files, ""), families)
    assert found in problem


def test_all_problems_of_paths_come_together() -> None:
    problems = path_problems({"../a": "", "/b": ""}, [IPV4])
    assert len(problems) == 3 and "there is no dhcpd.conf" in problems[0]


# Store: releases


def test_a_release_is_written_whole_and_only_once(store: Store) -> None:
    made = release()
    assert not store.is_whole(made)
    place = store.write(made, GID)
    assert place == store.layout.releases / made.name and store.is_whole(made)
    found = {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}
    assert found == made.files
    inode = place.stat().st_ino
    assert store.write(made, GID).stat().st_ino == inode
    assert [path.name for path in store.layout.releases.iterdir()] == [made.name]


def test_only_root_and_the_service_s_group_can_read_a_release(store: Store) -> None:
    place = store.write(release(), GID)
    for path in [store.layout.releases, place, *place.rglob("*")]:
        status = path.stat()
        assert stat.S_IMODE(status.st_mode) == (0o750 if path.is_dir() else 0o640), path
        assert (status.st_uid, status.st_gid) == (os.geteuid(), GID), path


@pytest.mark.parametrize("damage", ["edited", "missing"])
def test_a_damaged_release_makes_room_and_is_kept(store: Store, damage: str) -> None:
    made = release()
    place = store.write(made, GID)
    if damage == "edited":
        (place / "dhcpd.conf").write_text("not authoritative;\n")
    else:
        (place / "keys/omapi.conf").unlink()
    assert not store.is_whole(made)
    store.write(made, GID)
    assert store.is_whole(made)
    (kept,) = store.layout.releases.glob(f".edited-*/{made.name}")
    assert ((kept / "dhcpd.conf").read_text() == made.files["dhcpd.conf"]) is (damage == "missing")
    assert (kept / "keys/omapi.conf").exists() is (damage == "edited")


def test_an_edit_that_is_not_utf_8_makes_room_too(store: Store) -> None:
    made = release()
    (store.write(made, GID) / "dhcpd.conf").write_bytes("# für\n".encode("latin-1"))
    store.write(made, GID)
    assert store.is_whole(made)


def test_a_release_with_dos_line_ends_is_whole_once_written(store: Store) -> None:
    made = release("authoritative;\r\n")
    store.write(made, GID)
    store.write_copy(made.name)
    assert store.is_whole(made) and store.copy_is_right(made.name)


def test_a_write_that_fails_leaves_no_half_release(store: Store, monkeypatch: Any) -> None:
    real, written = _release._files.write, []

    def write(path: Path, *arguments: Any, **options: Any) -> None:
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        real(path, *arguments, **options)

    monkeypatch.setattr(_release._files, "write", write)
    with pytest.raises(OSError, match="No space left"):
        store.write(release(), GID)
    assert list(store.layout.releases.iterdir()) == []


# Store: what is committed


def test_nothing_is_committed_on_a_virgin_host(store: Store) -> None:
    assert store.current() is None and not store.links(IPV4)
    assert store.read(None, "dhcpd.conf") == store.read("1.gone", "dhcpd.conf") == ""


@ROOT
def test_commit_makes_boots_start_the_release(stocked: Store) -> None:
    for name in ("1.aaaaaaaaaaaa", "2.bbbbbbbbbbbb"):
        stocked.commit(name)
        assert stocked.current() == name and stocked.is_linked()
        assert os.readlink(stocked.layout.current) == f"releases/{name}"
        assert os.readlink(stocked.layout.quadlet(IPV4)) == "/etc/dhcp/current/dhcpd.container"


@ROOT
@pytest.mark.parametrize("old", [OLD, BOTH, SIX])
@pytest.mark.parametrize("new", [OLD, BOTH, SIX])
def test_no_link_ever_leads_nowhere_and_a_commit_leaves_those_of_its_release(
    stocked: Store, monkeypatch: Any, old: str, new: str
) -> None:
    """One that does keeps quadlet from every unit in its directory, other people's too."""
    stocked.commit(old)
    sync, nowhere = _release._files.sync, []

    def look(directory: Path) -> None:
        serves = stocked.families(stocked.current())
        nowhere.extend(family for family in FAMILIES if stocked.links(family) and family not in serves)
        sync(directory)

    monkeypatch.setattr(_release._files, "sync", look)
    stocked.commit(new)
    assert nowhere == [] and stocked.is_linked()
    assert [family for family in FAMILIES if stocked.links(family)] == stocked.families(new)
    stocked.restore(None)
    assert [family for family in FAMILIES if stocked.links(family)] == [] and stocked.current() is None


@ROOT
@pytest.mark.parametrize("kind", ["file", "other link"])
def test_a_unit_that_is_not_ours_is_no_link_of_ours_until_a_commit(stocked: Store, kind: str) -> None:
    stocked.layout.quadlet(IPV4).parent.mkdir(parents=True)
    if kind == "file":
        stocked.layout.quadlet(IPV4).write_text("[Container]\n")
    else:
        stocked.layout.quadlet(IPV4).symlink_to("/srv/dhcpd.container")
    assert not stocked.links(IPV4)
    stocked.commit("1.aaaaaaaaaaaa")
    assert stocked.is_linked()


@ROOT
@pytest.mark.parametrize(("old", "now"), [(OLD, NEW), (OLD, OLD), (None, NEW), (None, None)])
def test_what_was_committed_before_is_so_again(stocked: Store, old: str | None, now: str | None) -> None:
    if now:
        stocked.commit(now)
    for _again in range(2):
        stocked.restore(old)
        assert stocked.current() == old


# Store: what is there


def test_releases_are_those_with_a_record_the_last_written_at_the_end(store: Store) -> None:
    assert store.names() == []
    for number, letter in enumerate("cab"):
        os.utime(store.write(release()._replace(name=letter), GID), (number, number))
    store.layout.directory("half").mkdir()
    (store.layout.releases / "note").write_text("")
    assert store.names() == ["c", "a", "b"]
    (store.layout.directory("a") / "dhcpd.conf").write_text("# edited\n")
    store.write(release()._replace(name="a"), GID)
    assert set(store.names()) == {"a", "b", "c"}, "the one that made room is none"
    store.remove("a")
    assert store.names() == ["c", "b"] and not store.layout.directory("a").exists()


def test_a_record_is_what_was_composed_or_an_error_that_names_it(store: Store) -> None:
    made = release()
    place = store.write(made, GID)
    assert store.record(made.name) == json.loads(made.files["release.json"]) and store.account(made.name) == ACCOUNT
    (place / "release.json").write_text("{")
    for name in (made.name, "1.gone"):
        with pytest.raises(ReleaseError, match=f"{name}/release.json is missing or damaged"):
            store.record(name)


@pytest.mark.parametrize("path", [None, "dhcpd.conf", "keys/omapi.conf", "dhcpd.container"])
@pytest.mark.parametrize("how", ["edited", "gone"])
def test_an_edit_by_hand_is_found_in_every_file(store: Store, path: str | None, how: str) -> None:
    made = release()
    place = store.write(made, GID)
    if path and how == "edited":
        (place / path).write_bytes((place / path).read_bytes() + b"\xff")
    elif path:
        (place / path).unlink()
    assert store.edited(made.name) == ([path] if path else [])


# Store: the copy to read


def on_disk(store: Store, text: str = "authoritative;\n") -> str:
    """The name of a release that is on disk, of the account of these tests."""
    made = compose(IMAGE, Account(os.geteuid(), GID), UNIT, {**FILES, "dhcpd.conf": text}, {})
    store.write(made, GID)
    return made.name


@ROOT
def test_the_copy_says_what_it_is_a_copy_of(store: Store) -> None:
    name, other = on_disk(store), on_disk(store, "ping-check true;\n")
    assert not store.copy_is_right(name)
    store.write_copy(name)
    assert store.copy_is_right(name) and not store.copy_is_right(other)
    text = store.layout.copy(IPV4).read_text()
    assert f"/etc/dhcp/releases/{name}/dhcpd.conf" in text.splitlines()[0]
    assert text.endswith("\n\nauthoritative;\n")
    status = store.layout.copy(IPV4).stat()
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o640, GID)


@ROOT
@pytest.mark.parametrize("foreign", [b"# mine\n", "# für\n".encode("latin-1"), b""])
def test_a_foreign_file_is_kept_beside_the_copy_and_our_own_is_not(store: Store, foreign: bytes) -> None:
    kept = store.layout.copy(IPV4).with_name("dhcpd.conf.before-quadlet")
    store.layout.copy(IPV4).write_bytes(foreign)
    name, other = on_disk(store), on_disk(store, "ping-check true;\n")
    assert not store.copy_is_right(name)
    store.write_copy(name)
    store.layout.copy(IPV4).write_text(store.layout.copy(IPV4).read_text() + "# an edit of our copy\n")
    store.write_copy(other)
    assert kept.read_bytes() == foreign
    assert store.copy_is_right(other)


@ROOT
def test_a_second_foreign_file_does_not_replace_the_first_one_kept(store: Store) -> None:
    for text in ("# first\n", "# second\n"):
        store.layout.copy(IPV4).write_text(text)
        store.write_copy(on_disk(store))
    kept = [path.read_text() for path in store.layout.etc.glob("dhcpd.conf.before-quadlet*")]
    assert sorted(kept) == ["# first\n", "# second\n"]


@ROOT
@pytest.mark.parametrize(
    ("before", "now", "after"),
    [(None, "ours", None), ("# theirs\n", "ours", "# theirs\n"), ("# theirs\n", "# new\n", "# new\n"),
     ("# theirs\n", None, "# theirs\n"), (None, None, None)],
    ids=["only ours", "theirs before", "replaced since", "ours gone", "none"],
)  # fmt: skip
def test_a_file_that_was_there_before_gets_its_name_back(
    store: Store, before: str | None, now: str | None, after: str | None
) -> None:
    copy = store.layout.copy(IPV4)
    if before:
        copy.write_text(before)
    store.write_copy(on_disk(store))
    if now is None:
        copy.unlink()
    elif now != "ours":
        copy.write_text(now)
    for _again in range(2):
        store.give_back_copy()
        assert (copy.read_text() if copy.exists() else None) == after

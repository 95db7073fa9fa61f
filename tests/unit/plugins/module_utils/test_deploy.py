# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What deploy decides: the request itself, which image, whether anything changes, what is tried and what is not.

The switch itself is run for real, by release_host's systemd.
"""

from __future__ import annotations

import pwd
import subprocess
from pathlib import Path
from typing import Any, Sequence

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._back import remove
from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import (
    ArchiveNeeded,
    LeftError,
    _Deployment,
    deploy,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Image, ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._schedule import Schedule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._signature import NAMESPACE
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import locked
from ansible_collections.quadlet.dhcpd.plugins.module_utils._wanted import Wanted
from release_host import CONF, IDS, LEASE, NEW, OLD, OTHER, PACKAGE, ROOT, SELF, UNIT, Host, Killed

ID, BAD = IDS["2"], "f" * 64
NAME, LATEST = "localhost/dhcpd:2", "localhost/dhcpd:latest"
DIGEST = "sha256:" + "0a" * 32
BY_DIGEST = f"localhost/dhcpd@{DIGEST}"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMiYcK1sUfZQm9m1zWJq3E0vzWJ0mYj1o7vX0n3k2F5a images 2026"
SECRET = "pRP5FapFoJ95JEL06sv4PQ"
SERVICE = "dhcpd.service"
# What makes the release NEW of release_host.
WANTED = Wanted(
    image=NAME,
    digest=None,
    archive=None,
    image_id=None,
    allow_latest=False,
    unit=UNIT,
    files={"dhcpd.conf": CONF},
    interfaces=["eth1", "eth2"],
    user=pwd.getpwuid(SELF.uid).pw_name,
    initial_leases=None,
    proof_timeout=0,
)
LOOKS = (
    ["podman", "--version"], ["podman", "image", "inspect"], ["podman", "image", "exists"],
    ["systemctl", "show"], ["systemctl", "--quiet", "is-active"], ["env"], ["podman", "run"],
)  # fmt: skip


def deployment(host: Host, check_mode: bool = False, **wanted: Any) -> _Deployment:
    return _Deployment(WANTED._replace(**wanted), host.layout, host, check_mode)


def deployed(host: Host, check_mode: bool = False, **wanted: Any) -> dict[str, Any]:
    return deploy(WANTED._replace(**wanted), host, check_mode)


def only_looked(host: Host) -> bool:
    """Whether no command was more than a look (dhcpd -t in a container of its own is one)."""
    return all(any(command[: len(look)] == look for look in LOOKS) for command in host.commands)


def ran(host: Host, *words: str) -> bool:
    return any(command[: len(words)] == list(words) for command in host.commands)


def everything(host: Host) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in host.root.rglob("*") if path.is_file()}


# The request itself


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"image": "registry.example.net:5000/net/dhcpd:4.4.3-P1-1"},
        {"digest": DIGEST},
        {"image": LATEST, "allow_latest": True},
        {"image_id": ID, "image_keys": [KEY]},
        {"keep": 2},
        {"take_over": "isc-dhcp-server.service"},
    ],
)
def test_a_sound_request_has_no_problems(changed: dict[str, Any]) -> None:
    assert WANTED._replace(**changed).problems() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"files": {}}, "files: there is no dhcpd.conf"),
        ({"take_over": "dhcpd.service"}, "take_over: dhcpd.service is this service's own name"),
        ({"files": {"dhcpd.conf": "", "../x": ""}}, "files: path '../x'"),
        ({"image": "localhost/dhcpd"}, "image: 'localhost/dhcpd' is not allowed"),
        ({"image": "-v:1"}, "image: '-v:1' is not allowed"),
        ({"image": f"{NAME}@{DIGEST}"}, f"image: '{NAME}@{DIGEST}' is not allowed"),
        ({"image": LATEST}, f"image: {LATEST} names nothing"),
        ({"digest": "0a" * 32}, "digest: "),
        ({"keep": 1}, "keep: 1 is not allowed"),
        ({"image_keys": [KEY]}, "image_keys: they are for an archive"),
        ({"image_keys": ["-----BEGIN"], "image_id": ID}, "image_keys[0]: is no public key of ssh-keygen; give"),
    ],
)
def test_each_problem_of_a_request_stops_it_before_the_host_is_touched(
    new_host: Any, changed: dict[str, Any], expected: str
) -> None:
    (problem,) = WANTED._replace(**changed).problems()
    assert problem.startswith(expected)
    host = new_host()
    with pytest.raises(ReleaseError) as error:
        deployed(host, **changed)
    assert str(error.value) == problem and host.commands == []


def test_all_problems_of_a_request_come_together() -> None:
    assert len(WANTED._replace(files={"/a": ""}, image="x", digest="y", keep=0).problems()) == 5


# Obtaining the image; how it is done is Images'


@pytest.mark.parametrize(
    ("images", "wanted", "expected"),
    [
        ({NAME: ID}, {}, Image(NAME, ID)),
        ({BY_DIGEST: ID}, {"digest": DIGEST}, Image(NAME, ID)),
        ({NAME: ID}, {"digest": DIGEST}, None),
        ({}, {}, None),
        ({LATEST: ID}, {"image": LATEST}, Image(LATEST, ID)),
        ({NAME: BAD}, {"image_id": ID}, Image(NAME, ID)),
        ({"x": ID}, {"image_id": ID}, Image(NAME, ID)),
    ],
    ids=["there", "digest there", "tag without its digest", "missing", "latest", "archive, image missing", "archive"],
)
def test_check_mode_looks_for_the_image_and_fetches_nothing(
    new_host: Any, images: dict[str, str], wanted: dict[str, Any], expected: Image | None
) -> None:
    host = new_host()
    host.images, host.registry = dict(images), {NAME: BAD, BY_DIGEST: BAD, LATEST: BAD, "archive": ID}
    checked = deployment(host, check_mode=True, **wanted)
    assert checked._image() == expected
    assert host.images == images and only_looked(host) and everything(host) == {}
    missing = expected is None or expected.id not in images.values()
    assert [text.partition(" is not on this host yet: it would be ")[1] != "" for text in checked.not_checked] == (
        [True] if missing else []
    )


@ROOT
@pytest.mark.parametrize(
    ("wanted", "images", "image"),
    [
        ({}, {NAME: ID}, Image(NAME, ID)),
        ({"digest": DIGEST}, {NAME: ID}, Image(NAME, BAD)),
        ({"image": LATEST, "allow_latest": True}, {LATEST: ID}, Image(LATEST, BAD)),
        ({"image_id": ID}, {"x": ID}, Image(NAME, ID)),
    ],
    ids=["tag", "digest", "latest", "archive"],
)
def test_the_image_is_what_the_inventory_pins(new_host: Any, wanted: Any, images: Any, image: Image) -> None:
    host = new_host()
    host.images, host.registry = images, {BY_DIGEST: BAD, LATEST: BAD}
    assert deployment(host, **wanted)._image() == image
    assert (host.layout.image_archives / f"{image.id}.tar").exists(), "kept where no prune takes it"


@ROOT
def test_an_archive_is_asked_for_where_the_image_is_missing_then_loaded(new_host: Any, tmp_path: Path) -> None:
    host = new_host()
    host.images, host.registry = {NAME: BAD}, {"archive": ID}
    with pytest.raises(ArchiveNeeded):
        deployed(host, image_id=ID)
    assert only_looked(host)
    (tmp_path / "image.tar").touch()
    assert deployment(host, image_id=ID, archive=str(tmp_path / "image.tar"))._image() == Image(NAME, ID)


@ROOT
def test_an_archive_is_loaded_only_if_it_is_signed_where_there_are_keys(new_host: Any, tmp_path: Path) -> None:
    host = new_host()
    host.images, host.registry = {NAME: BAD}, {"archive": ID}
    archive, key = tmp_path / "image.tar", tmp_path / "key"
    archive.touch()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", key, archive], check=True)
    wanted = {
        "image_id": ID, "archive": str(archive), "signature": f"{archive}.sig",
        "image_keys": [key.with_suffix(".pub").read_text()],
    }  # fmt: skip
    archive.write_text("altered")
    with pytest.raises(ReleaseError, match="is not what was signed"):
        deployed(host, **wanted)
    assert only_looked(host)
    archive.write_text("")
    assert deployment(host, **wanted)._image() == Image(NAME, ID)


@ROOT
@pytest.mark.parametrize("check_mode", [True, False])
def test_an_image_that_is_not_what_its_tag_says_is_not_tried(new_host: Any, check_mode: bool) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    host.labels = {"org.quadlet.dhcpd.package": "p", "org.opencontainers.image.version": "9"}
    with pytest.raises(ReleaseError, match="the tag asked for is 2, but the image"):
        deployed(host, check_mode)
    assert host.did == [] and host.store.names() == [OLD]


# From the request to what is done


@ROOT
@pytest.mark.parametrize(
    ("statement", "made", "warned"),
    [
        ("delayed-ack 2048;", "from source", False),
        ("delayed-ack 2048;", "as packaged", True),
        ("Delayed-Ack 28;", None, True),
        ("delayed-ack 0;", None, False),
        ("", None, False),
    ],
)
def test_a_dhcpd_that_takes_a_torn_record_for_a_lease_is_told(
    new_host: Any, statement: str, made: str | None, warned: bool
) -> None:
    host = new_host().with_releases()
    host.labels = {"org.quadlet.dhcpd.made": made} if made else {}
    warnings = deployed(host, files={"dhcpd.conf": CONF + statement})["warnings"]
    assert [text.partition(":")[0] for text in warnings] == ["dhcpd_container_delayed_ack"] * warned


def test_a_first_release_is_switched_to_and_a_second_run_changes_nothing(new_host: Any) -> None:
    host = new_host()
    host.images[NAME] = ID
    first = deployed(host)
    assert (first["changed"], first["release"], first["previous"], first["image_id"]) == (True, NEW, None, ID)
    assert first["proved_on"] == ["eth1", "eth2"] and "unanswered_for" not in first and "not_checked" not in first
    assert host.serves == [NEW] and host.leases.read_text() == "" and host.store.copy_is_right(NEW)
    host.commands.clear()
    before = everything(host)
    for check_mode in (True, False):
        again = deployed(host, check_mode)
        assert again.pop("not_checked", []) == []
        assert again == {
            "changed": False, "release": NEW, "previous": NEW, "image_id": ID, "diff": [], "warnings": [],
        }  # fmt: skip
    assert only_looked(host) and not ran(host, "podman", "run") and everything(host) == before


@ROOT
def test_another_release_is_switched_to_and_leases_stay(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    outcome = deployed(host)
    assert (outcome["release"], outcome["previous"]) == (NEW, OLD) and outcome["unanswered_for"] >= 0
    assert host.serves == [NEW] and host.leases.read_text() == LEASE % 50 and host.store.names() == [OLD, NEW]


@ROOT
def test_a_release_is_on_the_disk_itself_before_it_is_tried(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    deployed(host)
    sync = ["sync", "--file-system", str(host.layout.etc), str(host.layout.kept)]
    (place,) = [number for number, command in enumerate(host.commands) if command[:4] == sync]
    assert place < host.commands.index(["systemctl", "daemon-reload"])


@ROOT
def test_a_release_that_cannot_be_made_durable_is_not_tried(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        return (1, "", "sync: error syncing: I/O error") if command[0] == "sync" else host(command)

    with pytest.raises(ReleaseError, match="could not be made durable: sync: error syncing: I/O error"):
        deploy(WANTED, run, check_mode=False)
    assert host.did == [] and host.serves == [OLD]


@ROOT
@pytest.mark.parametrize(
    ("damage", "did"),
    [
        ("stopped", ["daemon-reload", f"restart {SERVICE}"]),
        ("runs another", ["daemon-reload", f"restart {SERVICE}"]),
        ("trial not tidied up", ["daemon-reload"]),
        ("trial of another", ["daemon-reload", f"restart {SERVICE}"]),
        ("copy edited", []),
        ("copy gone", []),
        ("release edited", []),
        ("unit unlinked", []),
    ],
)
def test_whatever_drifted_is_put_right_by_the_least_step(new_host: Any, damage: str, did: list[str]) -> None:
    host = new_host()
    host.images[NAME] = ID
    deployed(host)
    killed = host.trial()
    killed.step = lambda name: (none for none in ()).throw(Killed) if name == killed.at else None

    def trial(at: str, name: str) -> None:
        killed.at = at
        with pytest.raises(Killed):
            killed.run(name, 0, None)

    def another() -> None:
        made = deployed(host, files={"dhcpd.conf": CONF + "# other\n"}, stage_only=True)["release"]
        trial("restarted", made)

    {
        "stopped": lambda: setattr(host, "running", None),
        "runs another": lambda: setattr(host, "running", "0.other"),
        "trial not tidied up": lambda: trial("committed", NEW),
        "trial of another": another,
        "copy edited": lambda: host.layout.copy(IPV4).write_text(host.layout.copy(IPV4).read_text() + "# edited\n"),
        "copy gone": host.layout.copy(IPV4).unlink,
        "release edited": lambda: (host.layout.directory(NEW) / "dhcpd.conf").write_text("# edited\n"),
        "unit unlinked": host.layout.quadlet(IPV4).unlink,
    }[damage]()
    host.commands.clear()
    before = everything(host)
    assert deployed(host, check_mode=True)["changed"] and only_looked(host) and everything(host) == before
    host.commands.clear()
    assert deployed(host)["changed"] and host.did == did
    assert host.serves == [NEW] and host.loaded == NEW and not host.layout.trial(IPV4).exists()
    assert (host.store.current(), host.store.is_linked(), host.store.copy_is_right(NEW)) == (NEW, True, True)
    assert host.store.read(NEW, "dhcpd.conf") == CONF and not deployed(host)["changed"]


@ROOT
def test_a_stopped_release_that_is_not_proved_again_is_an_error_and_left_to_systemd(new_host: Any) -> None:
    host = new_host({NEW: "exits"}).with_releases(NEW, running=False)
    with pytest.raises(ReleaseError, match="dhcpd did not stay up"):
        deployed(host)
    assert host.store.current() == NEW and not host.history.left(NEW) and f"stop {SERVICE}" not in host.did


@ROOT
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_dhcpd_refuses_is_never_tried_nor_written(new_host: Any, check_mode: bool) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    host.refusal = "/etc/dhcp/dhcpd.conf line 1: semicolon expected."
    with pytest.raises(ReleaseError, match="the service was not touched. dhcpd said: .*semicolon expected"):
        deployed(host, check_mode)
    assert host.did == [] and host.store.names() == [OLD] and not host.history.left(NEW)


@ROOT
def test_the_test_sees_the_files_of_the_release_and_leaves_nothing_behind(new_host: Any) -> None:
    host = new_host()
    host.images[NAME] = ID
    seen: dict[str, str] = {}

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        if command[:2] == ["podman", "run"]:
            (volume,) = [word for word in command if word.startswith("--volume=")]
            place = Path(volume.partition("=")[2].partition(":")[0])
            seen.update({str(path): path.read_text() for path in place.glob("*.conf")})
        return host(command)

    deploy(WANTED, run, check_mode=True)
    assert list(seen.values()) == [CONF] and not any(Path(path).parent.exists() for path in seen)
    assert everything(host) == {}


@ROOT
@pytest.mark.parametrize(("conf", "network"), [(CONF, "none"), ('ldap-server "a";\n' + CONF, "host")])
def test_only_a_configuration_in_ldap_is_tested_with_a_network(new_host: Any, conf: str, network: str) -> None:
    host = new_host()
    host.images[NAME] = ID
    networks: list[str] = []

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        networks.extend(word for word in command if word.startswith("--network="))
        return host(command)

    deploy(WANTED._replace(files={"dhcpd.conf": conf}), run, check_mode=True)
    assert networks == [f"--network={network}"]


@ROOT
def test_a_refusal_by_ldap_says_what_to_look_at(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    host.refusal = "Error: Cannot login into ldap server a:389: Invalid credentials"
    with pytest.raises(ReleaseError, match=r"dhcpd said: Error: .* Invalid credentials\. That is, .*password"):
        deployed(host)


# What was left


@ROOT
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_release_that_was_left_is_not_tried_again(new_host: Any, check_mode: bool) -> None:
    host = new_host({NEW: "deaf"}).with_releases(there="1")
    host.images[NAME] = ID
    with pytest.raises(LeftError, match=f"^release {NEW} was left: .* runs again as release {OLD}.$") as error:
        deployed(host)
    values = error.value.values
    assert (values["release"], values["previous"], values["went_back"]) == (NEW, OLD, True)
    assert "answered no DHCPINFORM" in values["why"] and host.serves == [OLD] and host.store.copy_is_right(OLD)
    host.how.clear()
    host.commands.clear()
    before = everything(host)
    with pytest.raises(ReleaseError, match=rf"^release {NEW} was left on \d{{4}}-.*Z: .*answered no.* not tried again"):
        deployed(host, check_mode)
    assert only_looked(host) and everything(host) == before


@ROOT
@pytest.mark.parametrize("again", [{"retry": True}, {"files": {"dhcpd.conf": CONF + "# mended\n"}}])
def test_it_is_tried_again_when_it_changes_or_someone_says_so(new_host: Any, again: dict[str, Any]) -> None:
    host = new_host({NEW: "deaf"}).with_releases(there="1")
    host.images[NAME] = ID
    with pytest.raises(LeftError):
        deployed(host)
    host.how.clear()
    assert deployed(host, check_mode=True, **again)["changed"]
    if "retry" in again:
        assert host.events()[-1] == ("left", NEW), "check mode writes nothing down"
    name = deployed(host, **again)["release"]
    assert host.serves == [name] and host.history.left(name) is None
    assert ("retried", NEW) in host.events() or name != NEW


@ROOT
def test_a_release_whose_trial_had_no_end_is_not_tried_again_either(new_host: Any) -> None:
    host = new_host().with_releases()
    host.history.add("tried", NEW)
    with pytest.raises(ReleaseError, match=f"release {NEW} was left on .*: its trial had no end"):
        deployed(host)
    assert host.did == []


@ROOT
def test_the_committed_release_is_put_right_whatever_its_history_says(new_host: Any) -> None:
    host = new_host().with_releases(NEW, running=False)
    host.history.add("left", NEW, "by hand")
    deployed(host)
    assert host.serves == [NEW]


@ROOT
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_a_power_cut_after_the_commit_kept_from_the_history_is_added(new_host: Any, check_mode: bool) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    host.history.add("tried", OLD)
    deployed(host, check_mode=check_mode)
    assert (host.history.left(OLD) is None) is not check_mode
    assert host.history.previous(NEW) == (None if check_mode else OLD)


# The switch, from here


@ROOT
def test_a_switch_that_is_killed_anywhere_ends_as_it_is_told(new_host: Any) -> None:
    for fuse in range(100):
        host = new_host().with_releases(there="1")
        host.images[NAME] = ID
        host.on_wait = lambda host=host, fuse=fuse: setattr(host, "fuse", fuse)
        try:
            told: dict[str, Any] | None = deployed(host)
        except LeftError as error:
            told = error.values
        except ReleaseError as error:
            assert "ended without an outcome" in str(error)
            told = None
        assert len(host.serves) == 1, fuse
        assert told is None or host.serves == [NEW if "proved_on" in told else OLD], fuse
        assert host.loaded == host.store.current() == host.running and not host.layout.trial(IPV4).exists(), fuse
        if not host.was_killed:
            assert fuse > 10
            return
    raise AssertionError("the switch has no end")


@ROOT
def test_what_cannot_be_proved_is_a_warning(new_host: Any, monkeypatch: Any) -> None:
    host = new_host()
    host.images[NAME] = ID
    warnings = deployed(host, interfaces=["eth1", "eth9"])["warnings"]
    assert len(warnings) == 1 and warnings[0].startswith("eth9: not proved")


@ROOT
def test_old_releases_go_once_the_new_one_is_committed(new_host: Any) -> None:
    host = new_host().with_releases(OLD, there="31")
    host.images[NAME] = ID
    host.how = {NEW: "deaf"}
    with pytest.raises(LeftError):
        deployed(host, keep=2)
    assert host.store.names() == [OTHER, OLD, NEW]
    host.how.clear()
    deployed(host, keep=2, retry=True)
    assert host.store.names() == [OLD, NEW]


# Staged


@ROOT
def test_a_staged_release_is_ready_and_nothing_is_switched_until_it_is_asked_for(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    assert deployed(host, check_mode=True, stage_only=True)["changed"]
    staged = deployed(host, stage_only=True)
    assert (staged["changed"], staged["release"], staged["previous"]) == (True, NEW, OLD)
    assert host.did == [] and host.serves == [OLD] and not host.store.edited(NEW) and ran(host, "podman", "run")
    host.commands.clear()
    assert deployed(host, stage_only=True)["changed"] is False and only_looked(host)
    assert deployed(host)["changed"] and host.serves == [NEW]


@ROOT
def test_what_dhcpd_refuses_is_not_staged(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    host.refusal = "semicolon expected."
    with pytest.raises(ReleaseError, match="semicolon expected"):
        deployed(host, stage_only=True)
    assert host.store.names() == [OLD]


@ROOT
def test_staging_never_starts_anything(new_host: Any) -> None:
    host = new_host().with_releases(NEW, running=False)
    (host.layout.directory(NEW) / "dhcpd.conf").write_text("# edited\n")
    deployed(host, stage_only=True)
    assert host.did == []


# Take over


@ROOT
@pytest.mark.parametrize("how", ["", "deaf"])
def test_a_package_is_taken_over_or_serves_on(new_host: Any, how: str) -> None:
    host = new_host({NEW: how}).with_package()
    host.layout.lease_directory.mkdir()
    host.images[NAME] = ID
    if how:
        with pytest.raises(LeftError, match=f"{PACKAGE} serves again."):
            deployed(host, take_over=PACKAGE)
        assert host.serves == [PACKAGE] and host.enabled and host.packaged_leases.read_text() == LEASE % 60
    else:
        deployed(host, take_over=PACKAGE)
        assert host.serves == [NEW] and not host.enabled and host.leases.read_text() == LEASE % 60


@ROOT
def test_take_over_has_no_effect_once_there_is_a_release(new_host: Any) -> None:
    host = new_host().with_package(runs=False).with_releases(there="1")
    host.leases.write_text(LEASE % 50)
    host.images[NAME] = ID
    deployed(host, take_over=PACKAGE)
    assert host.serves == [NEW] and host.leases.read_text() == LEASE % 50
    assert not any(PACKAGE in words for words in host.did)


@ROOT
def test_leases_that_a_removal_left_are_not_replaced_by_those_of_a_stopped_package(new_host: Any) -> None:
    host = new_host().with_package()
    host.layout.lease_directory.mkdir()
    host.images[NAME] = ID
    deployed(host, take_over=PACKAGE)
    host.leases.write_text(LEASE % 60 + LEASE % 62)
    remove(False, host, check_mode=False)
    deployed(host, take_over=PACKAGE)
    assert host.leases.read_text() == LEASE % 60 + LEASE % 62


# What the host lacks


def test_check_mode_on_a_virgin_host_says_what_cannot_be_checked_and_touches_nothing(new_host: Any) -> None:
    host = new_host()
    outcome = deployed(host, check_mode=True, user="no-such-account")
    assert outcome["changed"] is True and outcome["release"] is None and outcome["previous"] is None
    assert [text.partition(" would be ")[2] for text in outcome["not_checked"]] == ["pulled", "made"]
    assert list(host.root.iterdir()) == [] and only_looked(host)


def test_check_mode_without_podman_says_so_and_a_run_fails(new_host: Any) -> None:
    host = new_host()
    host.podman_installed = False
    checked = deployed(host, check_mode=True, image_id=ID)
    assert checked["changed"] is True and checked["not_checked"][0].startswith("podman is not on this host yet")
    with pytest.raises(ReleaseError, match="podman is not installed"):
        deployed(host, image_id=ID)


@ROOT
def test_a_missing_account_is_an_error(new_host: Any) -> None:
    host = new_host()
    host.images[NAME] = ID
    with pytest.raises(ReleaseError, match="there is no account 'no-such-account'"):
        deployed(host, user="no-such-account")


@ROOT
@pytest.mark.parametrize("check_mode", [True, False])
def test_leases_that_need_a_decision_stop_the_deploy(new_host: Any, check_mode: bool) -> None:
    host = new_host().with_package()
    host.images[NAME] = ID
    with pytest.raises(ReleaseError, match="dhcpd_container_initial_leases"):
        deployed(host, check_mode)
    assert host.did == [] and host.serves == [PACKAGE]
    assert deployed(host, check_mode=True, initial_leases="empty")["changed"]


@ROOT
@pytest.mark.parametrize("check_mode", [True, False])
def test_the_diff_names_every_changed_file_and_no_secret(new_host: Any, check_mode: bool) -> None:
    host = new_host()
    host.images[NAME] = ID
    old = deployed(host)
    assert [change["before_header"] for change in old["diff"]] == ["nothing: dhcpd.conf", "nothing: dhcpd.container"]
    changed = {"dhcpd.conf": CONF.replace(SECRET, SECRET[::-1]) + "ping-check true;\n"}
    new = deployed(host, check_mode, files=changed)
    first = new["diff"][0]
    assert first["before_header"] == f"{old['release']}: dhcpd.conf"
    assert first["after_header"] == f"{new['release']}: dhcpd.conf" and first["after"].endswith("ping-check true;\n")
    assert SECRET not in str([old, new]) and SECRET[::-1] not in str(new)


# The lock


@ROOT
def test_a_run_waits_for_no_lock_in_check_mode_and_takes_it_otherwise(new_host: Any) -> None:
    host = new_host()
    with locked(host.layout.lock):
        assert deployed(host, check_mode=True)["changed"] is True
        host.commands.clear()
        with pytest.raises(ReleaseError, match="another run is switching"):
            deployed(host)
        assert host.commands == []


@pytest.mark.parametrize(("place", "check_mode"), [("run", False), ("etc", True)])
def test_an_error_of_the_system_names_the_file(new_host: Any, place: str, check_mode: bool) -> None:
    host = new_host()
    (host.root / place).write_text("in the way")
    with pytest.raises(ReleaseError, match=f"{host.root}/{place}/dhc.*: Not a directory"):
        deployed(host, check_mode)


def test_a_take_over_that_was_cut_off_after_its_commit_is_ended_by_the_next_run(new_host: Any) -> None:
    host = new_host().with_package().with_releases(None)
    deployed(host, take_over=PACKAGE)
    host.enabled = True
    (host.root / f"etc/systemd/system/{PACKAGE}.d").mkdir()
    yields = host.root / f"etc/systemd/system/{PACKAGE}.d/50-quadlet-dhcpd.conf"
    yields.write_text("[Unit]\n")
    host.boot()
    assert len(host.serves) == 1 and PACKAGE not in host.serves
    assert deployed(host, check_mode=True, take_over=PACKAGE)["changed"] and yields.exists()
    assert deployed(host, take_over=PACKAGE)["changed"] and not host.enabled and not yields.exists()
    assert not deployed(host, take_over=PACKAGE)["changed"]


@ROOT
def test_a_staged_release_is_planned_once_and_any_other_wish_cancels_that(new_host: Any) -> None:
    host = new_host().with_releases(there="1")
    host.images[NAME] = ID
    when = {"stage_only": True, "switch_at": "2026-12-24 03:00"}
    assert deployed(host, check_mode=True, **when)["changed"] and not host.layout.kept.joinpath("staged.json").exists()
    assert deployed(host, **when)["changed"] and deployed(host, **when)["changed"] is False
    assert deployed(host, stage_only=True, switch_at="Sat 03:00")["changed"]
    planned = Schedule(host.layout, host).planned()
    assert planned and (planned.release, planned.at, planned.previous) == (NEW, "Sat 03:00", OLD)
    assert deployed(host, stage_only=True)["changed"] and Schedule(host.layout, host).planned() is None
    deployed(host, **when)
    assert host.serves == [OLD] and deployed(host)["changed"]
    assert host.serves == [NEW] and Schedule(host.layout, host).planned() is None
    # What serves already needs no moment, also where that is over.
    assert deployed(host, **when)["changed"] is False

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What deploy decides: the request itself, which image, whether anything changes, and who may switch."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any, Sequence

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _deploy
from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import Wanted, _Deployment, deploy, locked
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Image, Layout, ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, State

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="the store's files belong to root")
ID, OTHER = "a" * 64, "b" * 64
NAME, LATEST = "localhost/dhcpd:1", "localhost/dhcpd:latest"
DIGEST = "sha256:" + "0a" * 32
BY_DIGEST = f"localhost/dhcpd@{DIGEST}"
SECRET = "pRP5FapFoJ95JEL06sv4PQ"
CONF = f"subnet 198.51.100.0 netmask 255.255.255.0 {{}}\nkey k {{ secret {SECRET}; }}\n"
WANTED = Wanted(
    image=NAME,
    digest=None,
    archive=None,
    image_id=None,
    allow_latest=False,
    unit="[Container]\nImage=@IMAGE@\nVolume=@RELEASE@:/etc/dhcp:ro,z\nExec=-4\n",
    files={"dhcpd.conf": CONF},
    interfaces=[],
    user=pwd.getpwuid(os.geteuid()).pw_name,
    initial_leases=None,
    proof_timeout=0,
)


class Host:
    """podman's images (reference or id -> id), quadlet and systemd as a runner; *refusal* is what dhcpd -t says."""

    def __init__(self, images: dict[str, str] | None = None, registry: dict[str, str] | None = None) -> None:
        self.images = images or {}
        self.registry = registry or {}
        self.refusal = ""
        self.podman = True
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str, str]:
        self.commands.append(list(command))
        last = command[-1]
        if command[0] == "podman" and not self.podman:
            return 127, "", "[Errno 2] No such file or directory: 'podman'"
        if command[:3] == ["podman", "image", "inspect"]:
            found = self.images.get(last, last if last in self.images.values() else None)
            return (0, f"{found}\n", "") if found else (125, "", "no such image")
        if command[:3] == ["podman", "image", "exists"]:
            return int(last not in {**self.images, **dict.fromkeys(self.images.values())}), "", ""
        if command[:2] == ["podman", "pull"]:
            if last not in self.registry:
                return 125, "", "manifest unknown"
            self.images[last] = self.registry[last]
        if command[:2] == ["podman", "load"]:
            self.images["untagged"] = self.registry["archive"]
        if command[:2] == ["podman", "tag"]:
            if command[2] not in self.images.values():
                return 125, "", "image not known"
            self.images[last] = command[2]
        if command[:2] == ["podman", "run"] and self.refusal:
            return 1, "", self.refusal
        if command[0] == "env":
            return 0, f"---dhcpd.service---\nExecStart=podman run {ID} -4\n", ""
        return 0, "", ""

    def did(self, *words: str) -> bool:
        return any(command[: len(words)] == list(words) for command in self.commands)

    @property
    def changed_something(self) -> bool:
        """Whether any command was more than a look (dhcpd -t in a container of its own is one)."""
        looks = (
            ["podman", "--version"], ["podman", "image", "inspect"], ["podman", "image", "exists"],
            ["systemctl", "show"], ["env"], ["podman", "run"],
        )  # fmt: skip
        return any(not any(command[: len(look)] == look for look in looks) for command in self.commands)


def deployment(tmp_path: Path, host: Host, check_mode: bool = False, **wanted: Any) -> _Deployment:
    store = Store(Layout(str(tmp_path)))
    return _Deployment(WANTED._replace(**wanted), store, Podman(host), Service(host), check_mode)


# The request itself


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"image": "registry.example.net:5000/net/dhcpd:4.4.3-P1-1"},
        {"digest": DIGEST},
        {"image": LATEST, "allow_latest": True},
    ],
)
def test_a_sound_request_has_no_problems(changed: dict[str, Any]) -> None:
    assert WANTED._replace(**changed).problems() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"files": {}}, "files: there is no dhcpd.conf"),
        ({"files": {"dhcpd.conf": "", "../x": ""}}, "files: path '../x'"),
        ({"image": "localhost/dhcpd"}, "image: 'localhost/dhcpd' is not allowed"),
        ({"image": "-v:1"}, "image: '-v:1' is not allowed"),
        ({"image": f"{NAME}@{DIGEST}"}, f"image: '{NAME}@{DIGEST}' is not allowed"),
        ({"image": LATEST}, f"image: {LATEST} names nothing"),
        ({"digest": "0a" * 32}, "digest: "),
    ],
)
def test_each_problem_of_a_request_stops_it_before_the_host_is_touched(changed: dict[str, Any], expected: str) -> None:
    (problem,) = WANTED._replace(**changed).problems()
    assert problem.startswith(expected)
    host = Host()
    with pytest.raises(ReleaseError) as error:
        deploy(WANTED._replace(**changed), host, check_mode=False)
    assert str(error.value) == problem and host.commands == []


def test_all_problems_of_a_request_come_together() -> None:
    assert len(WANTED._replace(files={"/a": ""}, image="x", digest="y").problems()) == 4


# Obtaining the image


@pytest.mark.parametrize(
    ("images", "wanted", "expected"),
    [
        ({NAME: ID}, {}, Image(NAME, ID)),
        ({BY_DIGEST: ID}, {"digest": DIGEST}, Image(NAME, ID)),
        ({NAME: ID}, {"digest": DIGEST}, None),
        ({}, {}, None),
        ({LATEST: ID}, {"image": LATEST}, Image(LATEST, ID)),
        ({NAME: OTHER}, {"image_id": ID}, Image(NAME, ID)),
        ({"x": ID}, {"image_id": ID}, Image(NAME, ID)),
    ],
    ids=["there", "digest there", "tag without its digest", "missing", "latest", "archive, image missing", "archive"],
)
def test_check_mode_looks_for_the_image_and_fetches_nothing(
    tmp_path: Path, images: dict[str, str], wanted: dict[str, Any], expected: Image | None
) -> None:
    host = Host(dict(images), {NAME: OTHER, BY_DIGEST: OTHER, LATEST: OTHER, "archive": ID})
    checked = deployment(tmp_path, host, check_mode=True, **wanted)
    assert checked._image() == expected
    assert host.images == images and not host.changed_something
    missing = expected is None or expected.id not in images.values()
    assert [text.partition(" is not on this host yet: it would be ")[1] != "" for text in checked.not_checked] == (
        [True] if missing else []
    )


@pytest.mark.parametrize(
    ("images", "wanted", "pulled", "found"),
    [
        ({NAME: ID}, {}, None, ID),
        ({}, {}, NAME, OTHER),
        ({NAME: ID}, {"digest": DIGEST}, BY_DIGEST, OTHER),
        ({BY_DIGEST: ID}, {"digest": DIGEST}, None, ID),
        ({LATEST: ID}, {"image": LATEST}, LATEST, OTHER),
    ],
    ids=["a tag that is there", "a tag", "a digest", "a digest that is there", "latest, always"],
)
def test_an_image_is_pulled_only_where_it_can_have_changed(
    tmp_path: Path, images: dict[str, str], wanted: dict[str, Any], pulled: str | None, found: str
) -> None:
    host = Host(dict(images), {NAME: OTHER, BY_DIGEST: OTHER, LATEST: OTHER})
    made = deployment(tmp_path, host, **wanted)
    assert made._image() == Image(made.wanted.image, found)
    assert [command[-1] for command in host.commands if command[1] == "pull"] == ([pulled] if pulled else [])


def test_an_image_that_cannot_be_pulled_is_an_error_in_podman_s_words(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=f"podman could not pull {NAME}: manifest unknown"):
        deployment(tmp_path, Host())._image()


def test_an_archive_is_asked_for_where_the_image_is_missing_then_loaded_and_named(tmp_path: Path) -> None:
    host = Host({NAME: OTHER}, {"archive": ID})
    assert deployment(tmp_path, host, image_id=ID).run() == {
        "changed": False, "archive_needed": True, "diff": [], "warnings": [],
    }  # fmt: skip
    assert not host.changed_something
    assert deployment(tmp_path, host, image_id=ID, archive="/t/image.tar")._image() == Image(NAME, ID)
    assert host.did("podman", "load", "--quiet", "--input", "/t/image.tar") and host.images[NAME] == ID


def test_an_archive_that_holds_another_image_is_an_error(tmp_path: Path) -> None:
    host = Host({}, {"archive": OTHER})
    with pytest.raises(ReleaseError, match=f"{NAME}: the image {ID} is not there"):
        deployment(tmp_path, host, image_id=ID, archive="/t/image.tar")._image()


@pytest.mark.parametrize(("images", "tags"), [({NAME: ID}, 0), ({NAME: OTHER, "x": ID}, 1), ({"x": ID}, 1)])
def test_an_image_that_is_there_is_named_only_where_its_name_is_not(
    tmp_path: Path, images: dict[str, str], tags: int
) -> None:
    host = Host(images)
    assert deployment(tmp_path, host, image_id=ID)._image() == Image(NAME, ID)
    assert sum(command[1] == "tag" for command in host.commands) == tags and host.images[NAME] == ID


# From the request to what is done


@pytest.fixture
def run_as(monkeypatch: Any) -> Any:
    """Let dhcpd run as a release (None: not at all), which a switch or a resume changes."""
    world: dict[str, Any] = {"release": None, "did": []}

    def acts(what: str) -> Any:
        def act(store: Store, _prover: Any, name: str, *_unit: str) -> None:
            world["did"].append(what)
            world["release"] = name
            if what == "switch":
                store.commit(name)

        return act

    monkeypatch.setattr(_deploy, "switch", acts("switch"))
    monkeypatch.setattr(_deploy, "resume", acts("resume"))
    monkeypatch.setattr(_deploy, "release_of", lambda _pid: world["release"])
    monkeypatch.setattr(_deploy._netlink, "links", list)
    monkeypatch.setattr(_deploy._netlink, "addresses", lambda _names: [])
    monkeypatch.setattr(Service, "state", lambda _self: State("active", "running", 0, 7 if world["release"] else None))
    return world


@ROOT
def test_a_first_release_is_switched_to_and_a_second_run_changes_nothing(tmp_path: Path, run_as: Any) -> None:
    host = Host({NAME: ID})
    first = deployment(tmp_path, host).run()
    assert first["changed"] and first["previous"] is None and first["image_id"] == ID
    assert run_as["did"] == ["switch"] and (tmp_path / "var/lib/dhcpd/dhcpd.leases").exists()
    host.commands.clear()
    again = deployment(tmp_path, host).run()
    assert again == {
        "changed": False, "release": first["release"], "previous": first["release"], "image_id": ID,
        "diff": [], "warnings": [],
    }  # fmt: skip
    assert run_as["did"] == ["switch"] and not host.changed_something and not host.did("podman", "run")


@ROOT
@pytest.mark.parametrize(
    ("damage", "did"),
    [
        ("stopped", ["resume"]),
        ("runs another", ["resume"]),
        ("trial left", ["resume"]),
        ("copy edited", []),
        ("release edited", ["switch"]),
        ("unit unlinked", ["switch"]),
    ],
)
def test_whatever_drifted_is_put_right_by_the_least_step(tmp_path: Path, run_as: Any, damage: str, did: Any) -> None:
    host = Host({NAME: ID})
    name = deployment(tmp_path, host).run()["release"]
    layout = Layout(str(tmp_path))
    layout.trial.parent.mkdir(parents=True, exist_ok=True)
    {
        "stopped": lambda: run_as.update(release=None),
        "runs another": lambda: run_as.update(release="0.other"),
        "trial left": lambda: layout.trial.write_text(""),
        "copy edited": lambda: layout.copy.write_text("# edited\n"),
        "release edited": lambda: (layout.directory(name) / "dhcpd.conf").write_text("# edited\n"),
        "unit unlinked": layout.quadlet.unlink,
    }[damage]()
    run_as["did"].clear()
    host.commands.clear()
    checked = deployment(tmp_path, host, check_mode=True).run()
    assert checked["changed"] and run_as["did"] == [] and not host.changed_something
    assert deployment(tmp_path, host).run()["changed"] and run_as["did"] == did
    store = Store(layout)
    made = deployment(tmp_path, host)
    assert (store.current(), store.is_linked()) == (name, True) and layout.copy.read_text().endswith(CONF)
    assert store.read(name, "dhcpd.conf") == CONF and made.store.current() == name


@ROOT
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_dhcpd_refuses_is_never_tried_nor_written(tmp_path: Path, run_as: Any, check_mode: bool) -> None:
    host = Host({NAME: ID})
    host.refusal = "/etc/dhcp/dhcpd.conf line 1: semicolon expected."
    with pytest.raises(ReleaseError, match="the service was not touched. dhcpd said: .*semicolon expected"):
        deployment(tmp_path, host, check_mode).run()
    assert run_as["did"] == [] and list(tmp_path.iterdir()) == []


@ROOT
def test_the_test_sees_the_files_of_the_release_and_leaves_nothing_behind(tmp_path: Path, run_as: Any) -> None:
    host = Host({NAME: ID})
    seen: dict[str, str] = {}

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        if command[:2] == ["podman", "run"]:
            (volume,) = [word for word in command if word.startswith("--volume=")]
            place = Path(volume.partition("=")[2].partition(":")[0])
            seen.update({str(path): path.read_text() for path in place.glob("*.conf")})
        return host(command)

    checked = deployment(tmp_path, host, check_mode=True)
    checked.podman = Podman(run)
    checked.run()
    assert list(seen.values()) == [CONF] and not any(Path(path).parent.exists() for path in seen)


def test_check_mode_on_a_virgin_host_says_what_cannot_be_checked_and_touches_nothing(
    tmp_path: Path, run_as: Any
) -> None:
    host = Host()
    outcome = deployment(tmp_path, host, check_mode=True, user="no-such-account").run()
    assert outcome["changed"] is True and outcome["release"] is None and outcome["previous"] is None
    assert [text.partition(" would be ")[2] for text in outcome["not_checked"]] == ["pulled", "made"]
    assert list(tmp_path.iterdir()) == [] and not host.changed_something


def test_check_mode_without_podman_says_so_and_a_run_fails(tmp_path: Path) -> None:
    host = Host()
    host.podman = False
    checked = deployment(tmp_path, host, check_mode=True, image_id=ID).run()
    assert checked["changed"] is True and checked["not_checked"][0].startswith("podman is not on this host yet")
    with pytest.raises(ReleaseError, match="podman is not installed"):
        deployment(tmp_path, host, image_id=ID).run()


def test_a_missing_account_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="there is no account 'no-such-account'"):
        deployment(tmp_path, Host({NAME: ID}), user="no-such-account").run()


def test_leases_that_need_a_decision_stop_the_deploy(tmp_path: Path, run_as: Any) -> None:
    (tmp_path / "var/lib/dhcpd").mkdir(parents=True)
    with pytest.raises(ReleaseError, match="dhcpd_container_initial_leases"):
        deployment(tmp_path, Host({NAME: ID}), initial_leases="/no/such/file").run()
    assert run_as["did"] == []


@ROOT
@pytest.mark.parametrize("check_mode", [True, False])
def test_the_diff_names_every_changed_file_and_no_secret(tmp_path: Path, run_as: Any, check_mode: bool) -> None:
    host = Host({NAME: ID})
    old = deployment(tmp_path, host).run()
    assert [change["before_header"] for change in old["diff"]] == ["nothing: dhcpd.conf", "nothing: dhcpd.container"]
    changed = {"dhcpd.conf": CONF.replace(SECRET, SECRET[::-1]) + "ping-check true;\n"}
    new = deployment(tmp_path, host, check_mode, files=changed).run()
    first = new["diff"][0]
    assert first["before_header"] == f"{old['release']}: dhcpd.conf"
    assert first["after_header"] == f"{new['release']}: dhcpd.conf" and first["after"].endswith("ping-check true;\n")
    assert SECRET not in str([old, new]) and SECRET[::-1] not in str(new)


# Who is asked


def link(name: str, mac: str | None = "00:00:5e:00:53:01", carrier: bool = True) -> Link:
    return Link(len(name), name, None, True, carrier, "up", mac, None, "ether")


def asked(tmp_path: Path, monkeypatch: Any, links: Any, addresses: Any, **wanted: Any) -> tuple[list[str], list[str]]:
    monkeypatch.setattr(_deploy._netlink, "links", lambda: links)
    monkeypatch.setattr(
        _deploy._netlink,
        "addresses",
        lambda _names: [Address(1, name, 6 if ":" in ip else 4, ip, 24, True, None, None) for name, ip in addresses],
    )
    made = deployment(tmp_path, Host(), **wanted)
    askers = made._askers()
    assert {asker.mac for asker in askers} <= {b"\x00\x00\x5e\x00\x53\x01"}
    return [f"{asker.interface} {asker.address}" for asker in askers], [
        text.partition(":")[0] for text in made.warnings
    ]


@pytest.mark.parametrize(
    ("links", "addresses", "wanted", "askers", "warned"),
    [
        ([link("eth1")], [("eth1", "198.51.100.1")], [], ["eth1 198.51.100.1"], []),
        ([link("eth1")], [("eth1", "203.0.113.1"), ("eth1", "198.51.100.1")], [], ["eth1 198.51.100.1"], []),
        ([link("eth1")], [("eth1", "198.51.100.1"), ("eth1", "198.51.100.2")], [], ["eth1 198.51.100.1"], []),
        ([link("eth1"), link("eth22")], [("eth1", "198.51.100.1"), ("eth22", "203.0.113.1")], [], ["eth1 198.51.100.1"],
         []),
        ([link("eth1", carrier=False)], [("eth1", "198.51.100.1")], [], [], ["eth1"]),
        ([link("eth1", mac=None)], [("eth1", "198.51.100.1")], [], [], ["eth1"]),
        ([link("eth1")], [("eth1", "203.0.113.1")], ["eth1"], [], ["eth1"]),
        ([], [], ["eth9"], [], ["eth9"]),
        ([link("eth1")], [("eth1", "2001:db8::1")], [], [], []),
    ],
    ids=["address in a subnet", "second address", "two in it", "another segment", "no carrier", "no MAC address",
         "address elsewhere", "no such interface", "IPv6 only"],
)  # fmt: skip
def test_an_interface_is_asked_from_or_the_lack_of_proof_is_a_warning(
    tmp_path: Path, monkeypatch: Any, links: Any, addresses: Any, wanted: list[str], askers: Any, warned: Any
) -> None:
    assert asked(tmp_path, monkeypatch, links, addresses, interfaces=wanted) == (askers, warned)


def test_a_file_that_does_not_lex_is_an_error_in_words(tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(ReleaseError):
        asked(tmp_path, monkeypatch, [], [], files={"dhcpd.conf": 'option x "\\xzz";\n'})


# The lock


def test_only_one_run_at_a_time_switches(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path), pytest.raises(ReleaseError, match="another run is switching"), locked(path):
        pass
    with locked(path):
        pass


def test_a_run_waits_for_no_lock_in_check_mode_and_takes_it_otherwise(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(_deploy, "Layout", lambda: Layout(str(tmp_path)))
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run/dhcpd_release.lock"):
        assert deploy(WANTED, Host(), check_mode=True)["changed"] is True
        host = Host({NAME: ID})
        with pytest.raises(ReleaseError, match="another run is switching"):
            deploy(WANTED, host, check_mode=False)
        assert host.commands == []


def test_a_lock_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(_deploy, "Layout", lambda: Layout(str(tmp_path)))
    with pytest.raises(ReleaseError, match="run/dhcpd_release.lock: No such file or directory"):
        deploy(WANTED, Host(), check_mode=False)


def test_an_error_of_the_system_names_the_file(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(_deploy, "Layout", lambda: Layout(str(tmp_path)))
    (tmp_path / "etc").write_text("in the way")
    with pytest.raises(ReleaseError, match=f"{tmp_path}/etc/dhcp/.*: Not a directory"):
        deploy(WANTED, Host(), check_mode=True)

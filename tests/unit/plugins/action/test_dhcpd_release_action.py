# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part: texts packed, and an archive sent only to a host that asks for it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.quadlet.dhcpd.plugins.action.dhcpd_release import MODULE, ActionModule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packed import is_mark, mark, pack, unpack

ID = "a" * 64
CONF = "key k { secret pRP5FapFoJ95JEL06sv4PQ; }\n"
FILES = [{"path": "dhcpd.conf", "content": CONF}]


class Action(ActionModule):
    """The plugin over a host whose directories and answers are kept here."""

    def __init__(self, arguments: dict[str, Any], answers: list[Any], role: Path) -> None:
        self._task = SimpleNamespace(args=arguments, async_val=0, check_mode=False)
        self._supports_check_mode = True
        self._connection = SimpleNamespace(
            _shell=SimpleNamespace(tmpdir=None, join_path=lambda *parts: "/".join(parts)), always_pipeline_modules=True
        )
        self.answers = answers
        self.role = role
        self.calls: list[dict[str, Any]] = []
        self.sent: list[tuple[str, str]] = []
        self.directories: set[str] = set()
        self.made = 0

    def _find_needle(self, dirname: str, needle: str) -> str:
        return str(self.role / dirname / needle)

    def _execute_module(self, module_name: str, module_args: Any, task_vars: Any = None, **_ignored: Any) -> Any:
        assert module_name == MODULE == "quadlet.dhcpd.dhcpd_release" and task_vars == {"a": 1}
        self.calls.append(json.loads(json.dumps(module_args)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def _make_tmp_path(self, remote_user: Any = None) -> str:
        self.made += 1
        self._connection._shell.tmpdir = f"/tmp/ansible-tmp-{self.made}"
        self.directories.add(self._connection._shell.tmpdir)
        return self._connection._shell.tmpdir

    def _remove_tmp_path(self, tmp_path: Any, force: bool = False) -> None:
        self.directories.discard(tmp_path or self._connection._shell.tmpdir)
        self._connection._shell.tmpdir = None

    def _transfer_file(self, local_path: str, remote_path: str) -> str:
        assert remote_path.rpartition("/")[0] in self.directories
        self.sent.append((local_path, remote_path))
        return remote_path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return make(tmp_path, ["localhost/dhcpd:1"])


def make(role: Path, tags: list[str]) -> Path:
    (role / "files").mkdir(exist_ok=True)
    data = json.dumps([{"Config": f"{ID}.json", "RepoTags": tags}]).encode()
    with tarfile.open(role / "files/image.tar", "w") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return role


def run(action: Action) -> Any:
    """Run it as Ansible does a task: what the shell still knows as its directory is removed at the end."""
    try:
        return action.run(task_vars={"a": 1})
    finally:
        if action._connection._shell.tmpdir is not None:
            action._remove_tmp_path(action._connection._shell.tmpdir)


def test_each_content_travels_packed_and_the_task_is_left_as_it_is(tmp_path: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "files": [*FILES, {"path": "k", "content": ""}]}
    action = Action(arguments, [{"changed": True}], tmp_path)
    assert run(action) == {"changed": True}
    (call,) = action.calls
    assert [unpack(file["content"]) for file in call["files"]] == [CONF, ""] and CONF not in str(call)
    assert [file["path"] for file in call["files"]] == ["dhcpd.conf", "k"]
    assert arguments["files"][0]["content"] == CONF and not action.sent


@pytest.mark.parametrize(
    "files", [None, "text", [], ["text"], [{"path": "a"}], [{"path": "a", "content": None}], {"a": 1}]
)
def test_what_is_malformed_is_left_for_the_module_to_refuse(tmp_path: Path, files: Any) -> None:
    action = Action({"files": files}, [{"failed": True}], tmp_path)
    assert run(action) == {"failed": True} and action.calls[0]["files"] == files


def test_an_archive_is_not_sent_to_a_host_that_has_the_image(archive: Path) -> None:
    action = Action({"image": "localhost/dhcpd:1", "archive": "image.tar"}, [{"changed": False}], archive)
    assert run(action) == {"changed": False} and action.sent == []
    assert action.calls[0]["image_id"] == ID and "archive" not in action.calls[0]


def test_an_archive_is_sent_where_it_is_asked_for_and_the_module_runs_again(archive: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "archive": "image.tar", "files": FILES, "interfaces": ["eth1"]}
    action = Action(arguments, [{"changed": False, "archive_needed": True}, {"changed": True}], archive)
    assert run(action) == {"changed": True}
    ((source, place),) = action.sent
    first, second = action.calls
    assert source == str(archive / "files/image.tar") and second == {**first, "archive": place}
    assert unpack(second["files"][0]["content"]) == CONF and place.rpartition("/")[0] not in action.directories


def test_a_signature_that_is_asked_for_travels_with_its_archive(archive: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "archive": "image.tar", "image_keys": ["ssh-ed25519 AAAA"]}
    (archive / "files/image.tar.sig").write_text("signature")
    action = Action(arguments, [{"archive_needed": True}, {"changed": True}], archive)
    assert run(action) == {"changed": True}
    assert [Path(source).name for source, _place in action.sent] == ["image.tar", "image.tar.sig"]
    assert [action.calls[1]["archive"], action.calls[1]["signature"]] == [place for _source, place in action.sent]


def test_a_signature_that_is_missing_stops_before_the_host(archive: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "archive": "image.tar", "image_keys": ["ssh-ed25519 AAAA"]}
    action = Action(arguments, [], archive)
    with pytest.raises(
        AnsibleActionFail, match=r"archive: image_keys asks for a signature, and there is no .*\.tar\.sig"
    ):
        run(action)
    assert action.calls == [] and not action.sent


def test_an_image_id_without_its_archive_is_an_error_where_the_host_lacks_the_image(tmp_path: Path) -> None:
    action = Action({"image": "localhost/dhcpd:1", "image_id": ID}, [{"archive_needed": True}], tmp_path)
    with pytest.raises(AnsibleActionFail, match=f"image_id: the host has no image {ID}; name its archive"):
        run(action)
    assert len(action.calls) == 1 and action.sent == []


@pytest.mark.parametrize("state", ["rolled_back", "handed_back", "absent"])
def test_a_way_back_sends_nothing(tmp_path: Path, state: str) -> None:
    action = Action({"state": state}, [{"changed": True}], tmp_path)
    assert run(action) == {"changed": True} and action.calls == [{"state": state}] and not action.sent


def test_the_archive_is_removed_also_where_the_second_run_breaks(archive: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "archive": "image.tar"}
    action = Action(arguments, [{"archive_needed": True}, AnsibleActionFail("connection lost")], archive)
    with pytest.raises(AnsibleActionFail, match="connection lost"):
        run(action)
    assert action.sent[0][1].rpartition("/")[0] not in action.directories


def test_no_temporary_directory_stays_on_the_host(archive: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "archive": "image.tar"}
    action = Action(arguments, [{"archive_needed": True}, {"changed": True}], archive)
    run(action)
    assert action.directories == set()


@pytest.mark.parametrize(
    ("tags", "image", "error"),
    [
        (
            ["localhost/dhcpd:1"],
            "localhost/dhcpd:2",
            "but the image asked for is localhost/dhcpd:2",
        ),
        (
            ["localhost/dhcpd:1", "localhost/dhcpd:11"],
            "localhost/dhcpd:111",
            "holds localhost/dhcpd:1, localhost/dhcpd:11",
        ),
        (["localhost/dhcpd:1", "localhost/dhcpd:2"], "localhost/dhcpd:2", None),
        (
            ["localhost/dhcpd:1"],
            "localhost/other:1",
            "but the image asked for is localhost/other",
        ),
        ([], "localhost/dhcpd:2", None),
    ],
)
def test_the_image_asked_for_is_in_the_archive_or_nothing_runs(
    tmp_path: Path, tags: list[str], image: str, error: str | None
) -> None:
    action = Action({"image": image, "archive": "image.tar"}, [{"changed": False}], make(tmp_path, tags))
    if error is None:
        assert run(action) == {"changed": False}
    else:
        with pytest.raises(AnsibleActionFail, match=f"archive: .*{error}"):
            run(action)
        assert action.calls == []


def test_a_file_that_is_no_archive_stops_before_the_host(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/image.tar").write_text(pack("no archive"))
    action = Action({"image": "localhost/dhcpd:1", "archive": "image.tar"}, [], tmp_path)
    with pytest.raises(AnsibleActionFail, match="archive: .* is no image archive"):
        run(action)
    assert action.calls == []


LONG_TEXT = "".join(
    f"host h{number} {{ hardware ethernet 02:00:00:00:00:{number % 256:02x}; }}\n" for number in range(50_000)
)


def test_a_long_text_stays_here_while_the_host_has_it(tmp_path: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "files": [*FILES, {"path": "many.conf", "content": LONG_TEXT}]}
    action = Action(arguments, [{"changed": False}], tmp_path)
    assert action.run(task_vars={"a": 1}) == {"changed": False}
    (call,) = action.calls
    assert unpack(call["files"][0]["content"]) == CONF
    assert call["files"][1] == {"path": "many.conf", "content": mark(LONG_TEXT)}
    assert len(json.dumps(call)) < 1000


def test_a_long_text_is_sent_to_a_host_that_asks_for_it(archive: Path) -> None:
    arguments = {"image": "localhost/dhcpd:1", "archive": "image.tar", "files": [{"path": "a", "content": LONG_TEXT}]}
    answers = [{"files_needed": True}, {"archive_needed": True}, {"changed": True}]
    action = Action(arguments, answers, archive)
    assert action.run(task_vars={"a": 1}) == {"changed": True}
    assert [is_mark(call["files"][0]["content"]) for call in action.calls] == [True, False, False]
    assert unpack(action.calls[2]["files"][0]["content"]) == LONG_TEXT
    assert len(action.sent) == 1

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module: options in, one outcome or one failure out, and no secret in either."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import ArchiveNeeded, LeftError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packed import pack
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import locked
from ansible_collections.quadlet.dhcpd.plugins.module_utils._wanted import Wanted
from ansible_collections.quadlet.dhcpd.plugins.modules import dhcpd_release

SECRET = "pRP5FapFoJ95JEL06sv4PQ"
CONF = f"key k {{ secret {SECRET}; }}\n"
DIFF = [{"before": "", "after": "authoritative;\n", "before_header": "nothing", "after_header": "1.a: dhcpd.conf"}]
LEFT_OUT = object()
OUTCOME = {"changed": True, "release": "1.a", "previous": None, "image_id": "a", "proved_on": ["eth1"]}
OPTIONS = {
    "image": "localhost/dhcpd:1",
    "unit": "[Container]\n",
    "files": [{"path": "dhcpd.conf", "content": pack(CONF)}],
}


@pytest.fixture(autouse=True)
def layout(tmp_path: Path, monkeypatch: Any) -> Layout:
    """The module's own lock is not this machine's."""
    made = Layout(str(tmp_path))
    monkeypatch.setattr(dhcpd_release, "Layout", lambda: made)
    return made


def run(monkeypatch: Any, capsys: Any, deploy: Any = None, **options: Any) -> dict[str, Any]:
    """What the module returns; an option of LEFT_OUT is not given."""
    monkeypatch.setattr(dhcpd_release, "deploy", deploy or (lambda *_a, **_k: {**OUTCOME, "diff": [], "warnings": []}))
    with patch_module_args({k: v for k, v in {**OPTIONS, **options}.items() if v is not LEFT_OUT}), pytest.raises(
        SystemExit
    ) as ended:
        dhcpd_release.main()
    out = capsys.readouterr().out
    result: dict[str, Any] = json.loads(out)
    assert bool(ended.value.code) == bool(result.get("failed"))
    assert SECRET not in out and pack(CONF) not in out
    return result


@pytest.mark.parametrize("state", ["present", "staged"])
def test_the_options_become_what_is_wanted_with_texts_unpacked(monkeypatch: Any, capsys: Any, state: str) -> None:
    seen = []

    def deploy(wanted: Wanted, run: Any, check_mode: bool) -> dict[str, Any]:
        seen.append((wanted, check_mode))
        return {**OUTCOME, "diff": DIFF, "warnings": []}

    result = run(
        monkeypatch, capsys, deploy, interfaces=["eth1"], proof_timeout=7, take_over="isc-dhcp-server.service",
        retry=True, keep=3, state=state, _ansible_check_mode=True,
    )  # fmt: skip
    assert seen == [
        (
            Wanted(
                image="localhost/dhcpd:1", digest=None, archive=None, image_id=None, allow_latest=False,
                unit="[Container]\n", files={"dhcpd.conf": CONF}, interfaces=["eth1"], user="dhcpd",
                initial_leases=None, interfaces6=[], image_keys=[], proof_timeout=7,
                take_over="isc-dhcp-server.service", retry=True, keep=3, stage_only=state == "staged",
            ),
            True,
        )
    ]  # fmt: skip
    assert {key: result[key] for key in OUTCOME} == OUTCOME and "diff" not in result


def test_packed_contents_never_appear_in_the_invocation(monkeypatch: Any, capsys: Any) -> None:
    (file,) = run(monkeypatch, capsys)["invocation"]["module_args"]["files"]
    assert file == {"path": "dhcpd.conf", "content": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}


@pytest.mark.parametrize("asked", [True, False])
def test_a_diff_is_shown_where_it_is_asked_for(monkeypatch: Any, capsys: Any, asked: bool) -> None:
    result = run(monkeypatch, capsys, lambda *_a, **_k: {**OUTCOME, "diff": DIFF, "warnings": []}, _ansible_diff=asked)
    assert result.get("diff") == (DIFF if asked else None)


def test_an_error_of_the_release_is_the_message(monkeypatch: Any, capsys: Any) -> None:
    def deploy(*_arguments: Any, **_options: Any) -> Any:
        raise ReleaseError("release 1.a was left: dhcpd did not stay up.")

    result = run(monkeypatch, capsys, deploy)
    assert result["failed"] and result["msg"] == "release 1.a was left: dhcpd did not stay up."


def test_a_release_that_was_left_is_a_failure_with_its_reason_apart(monkeypatch: Any, capsys: Any) -> None:
    def deploy(*_arguments: Any, **_options: Any) -> Any:
        raise LeftError("1.b", "1.a", "dhcpd did not stay up.", "The service runs again as release 1.a.")

    result = run(monkeypatch, capsys, deploy)
    assert result["failed"] and result["msg"].startswith("release 1.b was left: dhcpd did not stay up. The service")
    assert {key: result[key] for key in ("release", "previous", "went_back", "why")} == {
        "release": "1.b", "previous": "1.a", "went_back": True, "why": "dhcpd did not stay up.",
    }  # fmt: skip


def test_an_archive_that_is_needed_is_asked_of_the_controller(monkeypatch: Any, capsys: Any) -> None:
    def deploy(*_arguments: Any, **_options: Any) -> Any:
        raise ArchiveNeeded

    result = run(monkeypatch, capsys, deploy)
    assert result["archive_needed"] is True and result["changed"] is False and not result.get("failed")


@pytest.mark.parametrize(
    ("options", "function", "arguments"),
    [
        ({"state": "rolled_back"}, "roll_back", (None, 5)),
        ({"state": "rolled_back", "to": "1", "proof_timeout": 9}, "roll_back", ("1", 9)),
        ({"state": "handed_back", "hand_back_to": "x.service"}, "hand_back", ("x.service", 5)),
        ({"state": "absent"}, "remove", (False,)),
        ({"state": "absent", "remove_leases": True}, "remove", (True,)),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_each_way_back_is_gone_and_needs_nothing_of_a_release(
    monkeypatch: Any, capsys: Any, options: Any, function: str, arguments: Any, check_mode: bool
) -> None:
    seen = []

    def way(*given: Any) -> Any:
        seen.append((given[:-2], given[-1]))
        return {"changed": True, "release": None, "previous": "1.a"}

    monkeypatch.setattr(dhcpd_release, function, way)
    nothing = dict.fromkeys(OPTIONS, LEFT_OUT)
    result = run(monkeypatch, capsys, **{**nothing, **options}, _ansible_check_mode=check_mode)
    assert seen == [(arguments, check_mode)] and result["previous"] == "1.a"


def test_a_second_run_is_told_to_come_again_and_check_mode_is_not(
    monkeypatch: Any, capsys: Any, layout: Layout
) -> None:
    with locked(layout.run):
        assert "another run" in run(monkeypatch, capsys, lambda *_a, **_k: pytest.fail("it ran"))["msg"]
        assert run(monkeypatch, capsys, _ansible_check_mode=True)["release"] == "1.a"


@pytest.mark.parametrize(
    ("command", "limit"),
    [
        (["systemctl", "restart", "dhcpd.service"], 60), (["podman", "run", "x"], 60), (["podman", "pull", "x"], 1800),
        (["podman", "load", "x"], 1800), (["podman", "save", "x"], 1800), (["sync", "-f"], 1800),
        (["systemd-run", "--wait"], None),
    ],
)  # fmt: skip
def test_only_the_switch_has_no_limit_here(command: list[str], limit: int | None) -> None:
    assert dhcpd_release.limit_of(command) == limit


def test_a_command_that_hangs_fails_in_words(monkeypatch: Any, capsys: Any) -> None:
    seen = []

    def deploy(_wanted: Wanted, run: Any, check_mode: bool) -> dict[str, Any]:
        seen.append(run(["sleep", "9"]))
        return {**OUTCOME, "diff": [], "warnings": []}

    monkeypatch.setattr(dhcpd_release, "limit_of", lambda _command: 0.1)
    run(monkeypatch, capsys, deploy)
    assert seen == [(124, "", "sleep 9 did not end within 0.1 s")]


def test_warnings_are_shown(monkeypatch: Any, capsys: Any) -> None:
    result = run(monkeypatch, capsys, lambda *_a, **_k: {**OUTCOME, "diff": [], "warnings": ["eth2: not proved"]})
    assert "eth2: not proved" in str(result["warnings"]) and not result.get("failed")


def test_a_command_runs_without_a_shell_and_one_that_is_missing_is_status_127(monkeypatch: Any, capsys: Any) -> None:
    seen = []

    def deploy(_wanted: Wanted, run: Any, check_mode: bool) -> dict[str, Any]:
        seen.extend([run(["echo", "a; exit 3"]), run(["/no/such/command"])])
        return {**OUTCOME, "diff": [], "warnings": []}

    run(monkeypatch, capsys, deploy)
    assert seen[0] == (0, "a; exit 3\n", "") and seen[1][0] == 127 and os.strerror(2) in seen[1][2]


def test_a_command_s_words_arrive_as_they_are(monkeypatch: Any, capsys: Any) -> None:
    seen = []

    def deploy(_wanted: Wanted, run: Any, check_mode: bool) -> dict[str, Any]:
        seen.append(run(["echo", "$HOME", "~"]))
        return {**OUTCOME, "diff": [], "warnings": []}

    run(monkeypatch, capsys, deploy)
    assert seen == [(0, "$HOME ~\n", "")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"archive": "/a", "digest": "sha256:x"}, "mutually exclusive"),
        pytest.param({"image_id": "a", "digest": "sha256:x"}, "mutually exclusive"),
        ({"image": LEFT_OUT}, "image"),
        ({"state": "staged", "unit": LEFT_OUT}, "unit"),
        ({"state": "handed_back"}, "hand_back_to"),
        ({"state": "gone"}, "state"),
        ({"keep": "all"}, "keep"),
        ({"files": None}, "files"),
        ({"files": [{"path": "dhcpd.conf"}]}, "content"),
        ({"files": "text"}, "dictionary requested"),
        ({"proof_timeout": "soon"}, "proof_timeout"),
    ],
)
def test_wrong_options_name_themselves(monkeypatch: Any, capsys: Any, options: dict[str, Any], words: str) -> None:
    result = run(monkeypatch, capsys, **options)
    assert result["failed"] and words in result["msg"]


@pytest.mark.parametrize("content", ["authoritative;\n", "", "AAAA"])
def test_a_content_that_is_not_packed_is_a_failure_with_its_path(monkeypatch: Any, capsys: Any, content: str) -> None:
    result = run(monkeypatch, capsys, files=[{"path": "dhcpd.conf", "content": content}])
    assert result["failed"] and "dhcpd.conf" in result["msg"]


def test_two_files_of_one_path_are_a_failure(monkeypatch: Any, capsys: Any) -> None:
    assert run(monkeypatch, capsys, files=OPTIONS["files"] * 2).get("failed")


def test_every_option_and_result_is_documented() -> None:
    options = yaml.safe_load(dhcpd_release.DOCUMENTATION)["options"]
    assert set(options) == set(dhcpd_release.ARGUMENT_SPEC)
    for name, spec in dhcpd_release.ARGUMENT_SPEC.items():
        keys = ("type", "default", "required", "choices")
        documented = {key: options[name][key] for key in keys if key in options[name]}
        assert documented == {"type": "str", **{key: spec[key] for key in keys if key in spec}}, name
    returned = {*OUTCOME, "proved_on6", "not_checked", "staged", "unanswered_for", *LeftError("", "", "", "").values}
    assert returned - {"changed"} == set(yaml.safe_load(dhcpd_release.RETURN))

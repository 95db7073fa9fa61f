# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module: options in, one outcome or one failure out, and no secret in either."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import Wanted
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packed import pack
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
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


def run(monkeypatch: Any, capsys: Any, deploy: Any = None, **options: Any) -> dict[str, Any]:
    """What the module returns; an option of LEFT_OUT is not given."""
    # Imported beside controller code, the module would hand its warnings to the controller's display.
    monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)
    monkeypatch.setattr("ansible.module_utils.common.warnings._global_warnings", {})
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


def test_the_options_become_what_is_wanted_with_texts_unpacked(monkeypatch: Any, capsys: Any) -> None:
    seen = []

    def deploy(wanted: Wanted, run: Any, check_mode: bool) -> dict[str, Any]:
        seen.append((wanted, check_mode))
        return {**OUTCOME, "diff": DIFF, "warnings": []}

    result = run(monkeypatch, capsys, deploy, interfaces=["eth1"], proof_timeout=5, _ansible_check_mode=True)
    assert seen == [
        (
            Wanted(
                image="localhost/dhcpd:1", digest=None, archive=None, image_id=None, allow_latest=False,
                unit="[Container]\n", files={"dhcpd.conf": CONF}, interfaces=["eth1"], user="dhcpd",
                initial_leases=None, proof_timeout=5,
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


def test_every_option_and_result_is_documented(monkeypatch: Any, capsys: Any) -> None:
    options = yaml.safe_load(dhcpd_release.DOCUMENTATION)["options"]
    assert set(options) == set(dhcpd_release.ARGUMENT_SPEC)
    for name, spec in dhcpd_release.ARGUMENT_SPEC.items():
        documented = {key: options[name][key] for key in ("type", "default", "required") if key in options[name]}
        assert documented == {key: spec[key] for key in ("type", "default", "required") if key in spec}, name
    result = run(monkeypatch, capsys, lambda *_a, **_k: {**OUTCOME, "not_checked": [], "diff": [], "warnings": []})
    assert set(result) - {"changed", "invocation"} == set(yaml.safe_load(dhcpd_release.RETURN))

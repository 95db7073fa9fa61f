# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switch runs by itself: armed first, with its own code, and it always ends with an outcome or an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Sequence

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _switch
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._transient import PACKAGE, lay_out_code, switch
from release_host import ROOT

pytestmark = ROOT
WORDS = ["run", "--release=1.a", "--by-hand"]
PROVED = {"proved": True, "proved_on": ["eth1"], "unanswered_for": 0.1}
SOURCES = Path(_switch.__file__).parent


class Systemd:
    """A runner: the dead-man timer can be armed or not, and the switch leaves its outcome or none."""

    def __init__(self, root: Path, outcome: Any = ..., arms: bool = True, status: int = 0) -> None:
        self.layout = Layout(str(root))
        self.outcome, self.arms, self.status = PROVED if outcome is ... else outcome, arms, status
        self.armed = False
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str, str]:
        self.commands.append(list(command))
        if command == ["systemctl", "stop", "dhcpd-release-undo.timer"]:
            self.armed = False
        elif "--unit=dhcpd-release-undo" in command:
            self.armed = self.arms
            return (0, "", "") if self.arms else (1, "", "Failed to start\ntransient timer unit: no\n")
        else:
            assert self.armed and not self.layout.outcome.exists(), "armed first, and no outcome of an earlier one"
            if self.outcome is not None:
                text = self.outcome if isinstance(self.outcome, str) else json.dumps(self.outcome)
                self.layout.outcome.write_text(text)
            return self.status, "", "Job failed.\nSee it."
        return 0, "", ""

    def switch(self) -> dict[str, Any]:
        self.layout.switch.mkdir(parents=True, exist_ok=True)
        return switch(self, self.layout, WORDS, 5)


def test_the_switch_is_armed_started_waited_for_and_disarmed(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    assert systemd.switch() == PROVED and not systemd.armed
    stop, timer, unit, disarm = systemd.commands
    code = f"--setenv=PYTHONPATH={systemd.layout.code}"
    command = [sys.executable, "-m", f"{PACKAGE}._switch"]
    assert timer[0] == "systemd-run" and timer[-5:] == [code, "--", *command, "undo"][-5:] and code in timer
    assert {"--collect", "--unit=dhcpd-release-undo", "--timer-property=AccuracySec=100ms"} < set(timer)
    assert unit[0] == "systemd-run" and unit[unit.index("--") :] == [
        "--", *command, *WORDS, "--timeout=5",
    ]  # fmt: skip
    assert {"--collect", "--wait", "--unit=dhcpd-release", code} < set(unit)
    assert f"--property=ExecStopPost={' '.join(command)} undo" in unit
    assert stop == disarm == ["systemctl", "stop", "dhcpd-release-undo.timer"]


@pytest.mark.parametrize("timeout", [1, 5, 600])
def test_each_dead_man_waits_for_the_one_before(tmp_path: Path, timeout: int) -> None:
    systemd = Systemd(tmp_path)
    systemd.layout.switch.mkdir(parents=True)
    switch(systemd, systemd.layout, WORDS, timeout)
    words = " ".join(systemd.commands[1] + systemd.commands[2]).split()
    number = {word.rpartition("=")[0]: word.rpartition("=")[2] for word in words if word[:2] == "--"}
    hangs = int(number["--property=RuntimeMaxSec"])
    # The proofs of new and old, and one command of each that hangs.
    assert 2 * timeout + _switch.COMMAND_TIMEOUT < hangs < int(number["--on-active"])
    assert int(number["--property=TimeoutStopSec"]) > 2 * _switch.COMMAND_TIMEOUT


def test_nothing_is_tried_where_the_dead_man_cannot_be_armed(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path, arms=False)
    with pytest.raises(ReleaseError, match="so nothing was tried: Failed to start transient timer unit: no$"):
        systemd.switch()
    assert len(systemd.commands) == 2


def test_nothing_is_armed_where_the_code_cannot_be_laid_out(tmp_path: Path, monkeypatch: Any) -> None:
    systemd = Systemd(tmp_path)
    systemd.layout.code.parent.mkdir(parents=True)
    systemd.layout.code.write_text("in the way")
    with pytest.raises(OSError, match="File exists|Not a directory"):
        systemd.switch()
    assert systemd.commands == []


@pytest.mark.parametrize("outcome", [None, "", '{"proved": tr'], ids=["missing", "empty", "cut off"])
@pytest.mark.parametrize("status", [0, 1])
def test_a_switch_that_ends_without_an_outcome_is_an_error(tmp_path: Path, outcome: Any, status: int) -> None:
    systemd = Systemd(tmp_path, outcome, status=status)
    systemd.layout.switch.mkdir(parents=True)
    systemd.layout.outcome.write_text(json.dumps(PROVED))  # of an earlier switch
    with pytest.raises(ReleaseError, match=rf"status {status}\): Job failed. See it.; see journalctl --unit=dhcpd-"):
        systemd.switch()


@pytest.mark.parametrize("ends", [True, False])
def test_a_trial_that_is_still_on_is_undone_at_once_and_the_dead_man_stays_for_the_rest(
    tmp_path: Path, ends: bool
) -> None:
    systemd = Systemd(tmp_path, outcome=None, status=1)

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        if command[0] == "systemd-run":
            systemd.layout.note.write_text("{}")
        if command[0] == "env":
            assert command[1:] == [
                f"PYTHONPATH={systemd.layout.code}", sys.executable, "-m", f"{PACKAGE}._switch", "undo",
            ]  # fmt: skip
            assert systemd.armed
            if ends:
                systemd.layout.note.unlink()
                systemd.layout.outcome.write_text(json.dumps({"proved": False}))
            return 1, "", ""
        return systemd(command)

    systemd.layout.switch.mkdir(parents=True)
    if ends:
        assert switch(run, systemd.layout, WORDS, 5) == {"proved": False} and not systemd.armed
    else:
        with pytest.raises(ReleaseError, match="ended without an outcome"):
            switch(run, systemd.layout, WORDS, 5)
        assert systemd.armed


def test_an_outcome_counts_whatever_the_exit_status(tmp_path: Path) -> None:
    left = {"proved": False, "why": "deaf", "back": "."}
    assert Systemd(tmp_path, left, status=1).switch() == left


# The code


def child(code: Path, *paths: Path, words: Sequence[str] = ("--help",)) -> subprocess.CompletedProcess[str]:
    """A fresh python as the unit's, with *paths* behind the code."""
    environment = {"PYTHONPATH": ":".join(map(str, (code, *paths))), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", f"{PACKAGE}._switch", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)


def laid_out_from_a_zip(tmp_path: Path) -> Path:
    """Lay the code out in a process that has it from a zip file alone, as an Ansible module has."""
    archive = tmp_path / "ansible_quadlet.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        parts = PACKAGE.split(".")
        for depth in range(len(parts)):
            packed.writestr("/".join([*parts[: depth + 1], "__init__.py"]), "")
        for source in SOURCES.glob("*.py"):
            packed.write(source, "/".join([*parts, source.name]))
    program = (
        f"from pathlib import Path; from {PACKAGE} import _back, _transient;"
        "assert '.zip' in _transient.__file__; _transient.lay_out_code(Path('code'))"
    )
    environment = {"PYTHONPATH": str(archive)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    archive.unlink()
    return tmp_path / "code"


def laid_out_from_a_directory(tmp_path: Path) -> Path:
    return lay_out_code(tmp_path / "code")


@pytest.mark.parametrize("lay_out", [laid_out_from_a_zip, laid_out_from_a_directory])
def test_a_fresh_python_runs_the_code_that_was_laid_out(tmp_path: Path, lay_out: Callable[[Path], Path]) -> None:
    code = lay_out(tmp_path)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (code, *code.rglob("_*[a-z].py")))
    done = child(code)
    assert done.returncode == 0 and "--take-over" in done.stdout, done.stderr
    assert child(code, words=["dance"]).returncode == 2


def test_a_package_of_that_name_in_the_host_s_own_python_does_not_win(tmp_path: Path) -> None:
    other = tmp_path / "site-packages"
    (other / "ansible_collections/quadlet").mkdir(parents=True)
    (other / "ansible_collections/__init__.py").touch()
    done = child(lay_out_code(tmp_path / "code"), other)
    assert done.returncode == 0, done.stderr


def test_an_older_version_s_code_is_replaced(tmp_path: Path) -> None:
    place = tmp_path.joinpath("code", *PACKAGE.split("."))
    place.mkdir(parents=True)
    (place / "_switch.py").write_text("raise SystemExit('old')")
    lay_out_code(tmp_path / "code")
    assert (place / "_switch.py").read_text() == Path(_switch.__file__).read_text()


@pytest.mark.parametrize(
    "loader",
    [None, SimpleNamespace(), SimpleNamespace(get_source=lambda _name: None)],
    ids=["none", "other", "no source"],
)
def test_code_whose_source_is_not_at_hand_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: Any, loader: Any
) -> None:
    module = ModuleType(f"{PACKAGE}._odd")
    module.__spec__ = loader and SimpleNamespace(loader=loader)  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, f"{PACKAGE}._odd", module)
    with pytest.raises(ReleaseError, match=rf"the source of {PACKAGE}\._odd is not at hand"):
        lay_out_code(tmp_path / "code")

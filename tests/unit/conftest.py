# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all unit tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from release_host import Host

# A test says what is right, and never how long it may take: the machine may have other work.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _modules_run_as_on_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of plugins load ansible-core's controller, which would then take a module's warnings for its own."""
    monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)
    monkeypatch.setattr("ansible.module_utils.common.warnings._global_warnings", {})


@pytest.fixture
def new_host(tmp_path: Path) -> Any:
    """Makes one host after another, each in the place of the one before."""
    patches: list[pytest.MonkeyPatch] = []

    def make(how: dict[str, str] | None = None) -> Host:
        for patch in patches:
            patch.undo()
        patches[:] = [pytest.MonkeyPatch()]
        make.number += 1
        root = tmp_path / str(make.number)
        root.mkdir()
        return Host(root, how).install(patches[0])

    make.number = 0
    yield make
    for patch in patches:
        patch.undo()

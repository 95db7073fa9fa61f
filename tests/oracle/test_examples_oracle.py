# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of the documentation is a configuration that dhcpd takes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Callable

import pytest

_spec = importlib.util.spec_from_file_location("configuration", Path(__file__).parents[1] / "configuration.py")
assert _spec and _spec.loader
configuration = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(configuration)


@pytest.mark.parametrize("path", configuration.EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path, dhcpd: Callable[..., Any]) -> None:
    one = configuration.example(path)
    text = one.text
    for item in one.model.get("includes", []):
        text = text.replace(f'include "/etc/dhcp/{item["path"]}";', item["content"])
    taken, said = dhcpd(text, one.family)
    assert taken, said

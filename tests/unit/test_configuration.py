# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/configuration.md is what the examples become."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import MODEL

_spec = importlib.util.spec_from_file_location("configuration", Path(__file__).parents[1] / "configuration.py")
assert _spec and _spec.loader
configuration = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(configuration)


def test_the_page_is_current() -> None:
    text = configuration.PAGE.read_text(encoding="utf-8")
    assert text == configuration.page(), "run `python tests/configuration.py`"


@pytest.mark.parametrize("path", configuration.EXAMPLES, ids=lambda path: path.stem)
def test_examples_use_addresses_that_are_for_examples(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    addresses = re.findall(r"(?<![\d.])\d+\.\d+\.\d+(?=\.\d)", text)
    assert set(addresses) - {"255.255.255"} <= {"192.0.2", "198.51.100", "203.0.113"}
    for mac in re.findall(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", text):
        assert "00:00:5e" in mac or text.count(mac) and "duid" in text


def test_every_key_of_the_outermost_level_is_shown() -> None:
    shown = {key for path in configuration.EXAMPLES for key in configuration.example(path).model}
    # These need no example: they are said in words, or want what no test here has.
    assert set(MODEL[4]) - shown <= {"allow", "comment", "raw_head", "raw", "ldap", "server_duid", "authoritative"}

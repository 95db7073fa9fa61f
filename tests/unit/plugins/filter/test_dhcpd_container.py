# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's filters: words for a unit file's command line, and the problems of an invocation."""

from __future__ import annotations

import os
import shlex
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.filter.dhcpd_container import FilterModule, systemd_words
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _invocation
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import arguments_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Image
from hypothesis import given
from hypothesis import strategies as st

# Weighted towards what systemd, quadlet and shells give a meaning.
WORDS = st.lists(
    st.text(st.one_of(st.sampled_from(" %$\"'\\;#@{}~`&|<>*?!-=:é"), st.characters(exclude_categories=["C", "Z"])))
)


@given(WORDS)
def test_hostile_words_come_out_as_they_went_in(words: list[str]) -> None:
    image = Image("", "a" * 64)
    line = systemd_words(words)
    assert "\n" not in line
    assert arguments_of(f"ExecStart=podman run {image.id} {line}\n", image) == words


@given(WORDS)
def test_nothing_is_left_for_systemd_to_expand(words: list[str]) -> None:
    line = systemd_words(words)
    assert "%" not in line.replace("%%", "") and "$" not in line.replace("$$", "")
    assert len(shlex.split(line)) == len(words)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], ""),
        (["-q", "eth0.100", "vlan@5"], "-q eth0.100 vlan@5"),
        (["%i", "$HOME", "${X}"], '%%i "$$HOME" "$${X}"'),
        (["", "a b", 'say "x"', "back\\", "é", ";"], r'"" "a b" "say \"x\"" "back\\" "é" ";"'),
        ([67, True], "67 True"),
    ],
)
def test_words_are_quoted_only_where_they_must_be(words: list[Any], line: str) -> None:
    assert systemd_words(words) == line


def test_each_filter_is_there_by_its_name() -> None:
    filters = FilterModule().filters()
    assert filters["systemd_words"] is systemd_words
    lists = ("image_keys", "interfaces", "interfaces6", "allow_dynamic_interfaces", "arguments", "arguments6")
    sound = dict.fromkeys(lists, [])
    empty = dict.fromkeys(("image", "image_digest", "image_archive", "config_src", "config_src6"), "")
    variables = {**sound, **empty, "image_tag": "1", "user": "dhcpd", "proof_timeout": 5, "keep": 5}
    assert filters["dhcpd_families"]({**variables, "subnets6": [{}], "raw": ""}) == [6]
    assert filters["dhcpd_invocation_problems"](variables) == _invocation.problems(variables, os.path.isfile) != []

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._excerpt import CONTEXT, LONG, excerpt

LINES = [f"line {number}\n" for number in range(5000)]


def test_short_texts_are_shown_whole() -> None:
    assert excerpt("a\n", "b\n") == ("a\n", "b\n", 0)
    assert excerpt("", "".join(LINES)).line == 0
    assert LONG > 100


def test_one_line_more() -> None:
    after = [*LINES[:2500], "new\n", *LINES[2500:]]
    found = excerpt("".join(LINES), "".join(after))
    assert found.before == "".join(LINES[2500 - CONTEXT : 2500 + CONTEXT])
    assert found.after == "".join(after[2500 - CONTEXT : 2501 + CONTEXT])
    assert found.line == 2500 - CONTEXT + 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LINES, LINES[1:]),
        (LINES, LINES[:-1]),
        (LINES, [*LINES, LINES[-1]]),
        ([*LINES, *LINES], LINES),
        (LINES, LINES[:100] + LINES[200:]),
        (LINES, ["x\n", *LINES[1:-1], "y\n"]),
    ],
)
def test_what_is_left_out_is_alike_on_both_sides(before: list[str], after: list[str]) -> None:
    found = excerpt("".join(before), "".join(after))
    start = found.line - 1
    olds, news = found.before.splitlines(keepends=True), found.after.splitlines(keepends=True)
    assert before[:start] == after[:start]
    assert before[start : start + len(olds)] == olds
    assert after[start : start + len(news)] == news
    assert before[start + len(olds) :] == after[start + len(news) :]

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where two long texts differ: a diff of a few lines should not carry megabytes from the host."""

from __future__ import annotations

from typing import NamedTuple

#: Texts with fewer lines than this are shown whole.
LONG = 1000
#: Lines around the difference.
CONTEXT = 5


class Excerpt(NamedTuple):
    """Two texts from their first difference to their last, and the line that this begins at (0: all of them)."""

    before: str
    after: str
    line: int


def excerpt(before: str, after: str) -> Excerpt:
    """Return the stretch of two texts in which they differ, with some lines around it."""
    olds, news = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(olds) < LONG or len(news) < LONG:
        return Excerpt(before, after, 0)
    shorter = min(len(olds), len(news))
    head = next((index for index in range(shorter) if olds[index] != news[index]), shorter)
    tail = next((index for index in range(shorter - head) if olds[-1 - index] != news[-1 - index]), shorter - head)
    first = max(0, head - CONTEXT)
    keep = max(0, tail - CONTEXT)
    return Excerpt("".join(olds[first : len(olds) - keep]), "".join(news[first : len(news) - keep]), first + 1)

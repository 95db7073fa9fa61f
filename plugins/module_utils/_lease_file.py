# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a lease file is whole, fast also for one of a hundred thousand leases.

Source: dhcpd.leases(5): declarations in braces and statements that end with a semicolon, comments from # to the end
of the line, strings in double quotes. dhcpd -T exits 0 on a file that is cut off, so it is read here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, Optional

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|#[^\n]*|[{}]|"', re.DOTALL)
_LEASE = re.compile(rb"^[ \t]*(?:lease[ \t]+[0-9]|ia-(?:na|ta|pd)[ \t])", re.MULTILINE)


class LeaseFile(NamedTuple):
    """A lease file as it was read: how many declarations it has, who owns it, and what is wrong with it."""

    declarations: int
    uid: int
    mode: int
    problem: Optional[str]


def read(path: Path) -> LeaseFile:
    """Read a lease file. Raises OSError."""
    with path.open("rb") as stream:
        data = stream.read()
    status = path.stat()
    return LeaseFile(len(_LEASE.findall(data)), status.st_uid, status.st_mode & 0o7777, problem(data))


def problem(data: bytes) -> Optional[str]:
    """What keeps a lease file from being whole, or None."""
    at = data.find(b"\0")
    if at >= 0:
        # What a file system shows after a power cut, for blocks that were never written.
        return f"NUL bytes from line {data.count(10, 0, at) + 1} on"
    # Nearly every file is settled by this; braces in strings and comments need the longer way.
    if data.count(b"{") == data.count(b"}") and data.rstrip()[-1:] in (b"", b"}", b";"):
        return None
    opened: list[int] = []
    end = 0
    for match in _TOKEN.finditer(data):
        token = match.group()
        if token == b"{":
            opened.append(match.start())
        elif token == b"}":
            if not opened:
                return f"a closing brace too many in line {_line(data, match.start())}"
            opened.pop()
        elif token == b'"':
            return f"a string without its end in line {_line(data, match.start())}"
        end = match.end()
    if opened:
        return f"the declaration in line {_line(data, opened[0])} has no end"
    rest = re.sub(rb"#[^\n]*", b"", data[end:]).rstrip()
    if rest and not rest.endswith(b";"):
        return f"cut off in line {_line(data, len(data.rstrip()))}"
    return None


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lease files that are whole and that are not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _lease_file as lease_file
from hypothesis import given
from hypothesis import strategies as st

HEAD = b"# All times in this file are in UTC (GMT), not your local timezone.\nauthoring-byte-order little-endian;\n\n"
LEASE = b"""lease 198.51.100.7 {
  starts 4 2026/11/24 20:00:00;
  binding state active;
  hardware ethernet 00:00:5e:00:53:01;
  uid "\\001{\\000^\\000S\\001";
  client-hostname "a \\"quoted\\" } name";
}
"""


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", None),
        (HEAD, None),
        (HEAD + LEASE, None),
        (HEAD + LEASE * 3 + b'server-duid "\\000\\001";\n', None),
        (b"# only a comment with a {\n", None),
        (HEAD + LEASE[:60], "the declaration in line 4 has no end"),
        (HEAD + LEASE + b"lease 198.51.100.8 {\n  starts", "the declaration in line 11 has no end"),
        (HEAD + LEASE + b"lease 198.51", "cut off in line 11"),
        (HEAD + b"}\n", "a closing brace too many in line 4"),
        (HEAD + b"lease 1.2.3.4 {\n  uid \"abc\n", "a string without its end in line 5"),
        (HEAD + LEASE + b"\0" * 512, "NUL bytes from line 11 on"),
        (HEAD + LEASE.replace(b"active;", b"active\0"), "NUL bytes from line 6 on"),
    ],
)  # fmt: skip
def test_problems(data: bytes, problem: str | None) -> None:
    assert lease_file.problem(data) == problem


@given(st.integers(1, len(LEASE) - 2))
def test_a_file_that_is_cut_anywhere_in_a_lease_is_not_whole(end: int) -> None:
    assert lease_file.problem(HEAD + LEASE + LEASE[:end]) is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(data: bytes) -> None:
    assert lease_file.problem(data) is None or isinstance(lease_file.problem(data), str)


def test_a_file_is_read_with_its_owner_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "dhcpd.leases"
    path.write_bytes(HEAD + LEASE * 2)
    path.chmod(0o640)
    found = lease_file.read(path)
    assert (found.declarations, found.mode, found.problem) == (2, 0o640, None)


def test_a_hundred_thousand_leases_are_read_in_less_than_a_second(tmp_path: Path) -> None:
    path = tmp_path / "dhcpd.leases"
    path.write_bytes(HEAD + LEASE * 100_000)
    before = time.monotonic()
    assert lease_file.read(path).declarations == 100_000
    assert time.monotonic() - before < 2  # 0.3 s on two shared cores

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history counts, survives clocks and people, and says what is not to be tried again and what to go back to."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _history
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import UNFINISHED, Event, History
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the history belongs to root")


def made(directory: Path, events: str) -> History:
    """A history of words such as "tried:a"."""
    history = History(directory / "history")
    for word in events.split():
        history.add(*word.split(":"))
    return history


def test_it_counts_and_keeps_a_line_an_event(tmp_path: Path) -> None:
    history = made(tmp_path, "tried:1.a")
    history.add("left", "1.a", "dhcpd said:\n\tno\tsubnet ")
    history.add("tried", "1.b")
    lines = [line.split("\t") for line in history.path.read_text().splitlines()]
    assert [[number, *rest] for number, _stamp, *rest in lines] == [
        ["1", "tried", "1.a", ""],
        ["2", "left", "1.a", "dhcpd said: no subnet"],
        ["3", "tried", "1.b", ""],
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line[1]) for line in lines)
    assert history.path.stat().st_mode & 0o777 == 0o640


def test_a_host_without_a_history_has_no_events(tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    assert (history.events(), history.left("a"), history.previous("a")) == ([], None, None)


def test_the_order_is_the_counter_s_also_where_the_clock_is_set_back(tmp_path: Path, monkeypatch: Any) -> None:
    history = History(tmp_path / "history")
    for year, what in ((2026, "left"), (1970, "proved"), (2000, "tried"), (1971, "left")):
        monkeypatch.setattr(_history.time, "gmtime", lambda year=year: (year, 1, 1, 0, 0, 0, 0, 1, 0))
        history.add(what, "1.a", str(year))
    assert [(event.number, event.time[:4], event.what) for event in history.events()] == [
        (1, "2026", "left"), (2, "1970", "proved"), (3, "2000", "tried"), (4, "1971", "left"),
    ]  # fmt: skip
    assert history.left("1.a").why == "1971"


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ("", None),
        ("tried:a proved:a", None),
        ("tried:a left:a:deaf", "deaf"),
        ("tried:a", UNFINISHED),
        ("tried:a left:a:deaf tried:b proved:b", "deaf"),
        ("tried:a left:a:deaf retried:a", None),
        ("tried:a left:a:deaf retried:a tried:a", UNFINISHED),
        ("tried:a left:a:deaf retried:a tried:a left:a:dead", "dead"),
        ("tried:a left:a:deaf retried:a tried:a proved:a", None),
        ("tried:a proved:a left:a:by-hand", "by-hand"),
        ("tried:ab left:ab:deaf", None),
        ("tried:b tried:a proved:a", None),
    ],
)
def test_a_release_is_left_by_its_own_last_event(tmp_path: Path, events: str, left: str | None) -> None:
    found = made(tmp_path, events).left("a")
    assert (found and (found.what, found.why)) == (left and ("left", left))


@pytest.mark.parametrize(
    ("events", "current", "previous"),
    [
        ("", "a", None),
        ("proved:a", "a", None),
        ("proved:a proved:b", "b", "a"),
        ("proved:a proved:b proved:c", "c", "b"),
        ("proved:a proved:b proved:a", "a", "b"),
        ("proved:a tried:b left:b:deaf proved:c", "c", "a"),
        ("proved:a proved:b proved:c proved:b left:c:by-hand", "b", "a"),
        ("proved:a proved:b proved:a left:b:by-hand", "a", None),
        ("proved:a proved:b tried:a", "b", None),
        ("proved:a proved:b tried:a left:a:deaf retried:a", "b", "a"),
        ("tried:a tried:b proved:b", "b", None),
    ],
)
def test_the_one_to_go_back_to_was_proved_last_and_not_left_since(
    tmp_path: Path, events: str, current: str, previous: str | None
) -> None:
    assert made(tmp_path, events).previous(current) == previous


SPOILED = [
    "", "a person's note", "x\t2026-01-01T00:00:00Z\tleft\ta\t", "9\tleft\ta", "9\tt\tleft\ta\twhy\tmore",
    "-1\tt\tleft\ta\t", "²\tt\tleft\ta\t", "\ufffd\x00",
]  # fmt: skip


@pytest.mark.parametrize("line", SPOILED)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_that_a_person_spoiled_is_passed_over(tmp_path: Path, line: str, place: int) -> None:
    history = made(tmp_path, "proved:a left:b:deaf")
    lines = history.path.read_text().splitlines()
    history.path.write_text("\n".join([*lines[:place], line, *lines[place:]]) + "\n")
    assert [(event.number, event.what) for event in history.events()] == [(1, "proved"), (2, "left")]
    history.add("retried", "b")
    assert [(event.number, event.what) for event in history.events()][-1] == (3, "retried")
    assert history.left("a") is None


def test_bytes_that_are_no_text_spoil_only_their_line(tmp_path: Path) -> None:
    history = made(tmp_path, "proved:a")
    history.path.write_bytes(b"\xff\xfe\n" + history.path.read_bytes())
    assert [event.release for event in history.events()] == ["a"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=4))
def test_whatever_dhcpd_said_stays_on_one_line(whys: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        history = History(Path(directory) / "history")
        for why in whys:
            history.add("left", "1.a", why)
        assert [event[2:] for event in history.events()] == [("left", "1.a", " ".join(why.split())) for why in whys]
        assert all(isinstance(event, Event) and event.number == n + 1 for n, event in enumerate(history.events()))

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts pack and unpack to themselves; anything else is refused with a ValueError."""

from __future__ import annotations

import base64
import zlib

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packed import find, is_mark, mark, pack, unpack
from hypothesis import given
from hypothesis import strategies as st

SECRET = "pRP5FapFoJ95JEL06sv4PQ"
# Any text that Ansible can hold, lone surrogates of undecodable bytes included.
TEXTS = st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))


@given(TEXTS)
def test_every_text_survives_the_way(text: str) -> None:
    assert unpack(pack(text)) == text


@given(TEXTS)
def test_what_travels_is_ascii_and_one_word(text: str) -> None:
    assert pack(text).isascii() and len(pack(text).split()) == 1


def test_no_secret_is_readable_on_the_way_and_repetition_costs_little() -> None:
    packed = pack(f"key k {{ secret {SECRET}; }}\n" * 1000)
    assert SECRET not in packed and len(packed) < 1000


@pytest.mark.parametrize(
    "packed",
    [
        "authoritative;",
        "",
        "é",
        "=",
        base64.b64encode(b"text").decode(),
        base64.b64encode(zlib.compress(b"cut off")[:-1]).decode(),
        pack("text") + "!",
        "\n".join(pack("text")),
    ],
)
def test_what_was_not_packed_is_a_value_error(packed: str) -> None:
    with pytest.raises(ValueError):
        unpack(packed)


@given(st.text())
def test_no_text_raises_anything_but_a_value_error(text: str) -> None:
    try:
        unpack(text)
    except ValueError:
        return


@given(TEXTS, TEXTS)
def test_a_mark_stands_for_its_text_and_for_no_other(text: str, other: str) -> None:
    data, another = (one.encode("utf-8", "surrogateescape") for one in (text, other))
    assert is_mark(mark(text)) and not is_mark(pack(text))
    assert find(mark(text), [another, data]) == text
    assert find(mark(text), [] if text == other else [another]) is None
    assert find(mark(text) + "0", [data]) is None

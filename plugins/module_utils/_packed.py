# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts on their way from the controller to a host: small, and hidden as a whole.

Ansible masks a `no_log` value wherever it stands in a module's output, which would also mask the diff of a
configuration. What it masks is the packed text; what a diff shows is the text itself, its secrets redacted.

A long text that the host has already needs not travel at all: its mark says which text it is.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Iterable

#: Packed texts shorter than this always travel; of longer ones only a mark does, until the host asks for more.
LONG = 65536
_MARK = "sha256:"


def pack(text: str) -> str:
    """Return *text* compressed, in ASCII."""
    return base64.b64encode(zlib.compress(text.encode("utf-8", "surrogateescape"))).decode("ascii")


def unpack(packed: str) -> str:
    """Return the text that `pack` packed. Raises ValueError for anything else."""
    try:
        return zlib.decompress(base64.b64decode(packed, validate=True)).decode("utf-8", "surrogateescape")
    except zlib.error as error:
        raise ValueError(str(error)) from error


def mark(text: str) -> str:
    """Return what stands for a text: its hash, and how many bytes it has."""
    data = text.encode("utf-8", "surrogateescape")
    return f"{_MARK}{hashlib.sha256(data).hexdigest()}:{len(data)}"


def is_mark(packed: str) -> bool:
    """Whether this stands for a text, and isn't one."""
    return packed.startswith(_MARK)


def find(marked: str, texts: Iterable[bytes]) -> str | None:
    """Return the text that a mark stands for, if it is among those, which are compared one after the other."""
    digest, _colon, size = marked[len(_MARK) :].partition(":")
    for data in texts:
        if str(len(data)) == size and hashlib.sha256(data).hexdigest() == digest:
            return data.decode("utf-8", "surrogateescape")
    return None

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts on their way from the controller to a host: small, and hidden as a whole.

Ansible masks a `no_log` value wherever it stands in a module's output, which would also mask the diff of a
configuration. What it masks is the packed text; what a diff shows is the text itself, its secrets redacted.
"""

from __future__ import annotations

import base64
import zlib


def pack(text: str) -> str:
    """Return *text* compressed, in ASCII."""
    return base64.b64encode(zlib.compress(text.encode("utf-8", "surrogateescape"))).decode("ascii")


def unpack(packed: str) -> str:
    """Return the text that `pack` packed. Raises ValueError for anything else."""
    try:
        return zlib.decompress(base64.b64decode(packed, validate=True)).decode("utf-8", "surrogateescape")
    except zlib.error as error:
        raise ValueError(str(error)) from error

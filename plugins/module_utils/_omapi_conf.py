# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a configuration says of OMAPI: whether it is open to everybody, and which hosts are the configuration's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import first_words
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import ALGORITHMS

_DOMAIN = ".sig-alg.reg.int"  # what dhcpd appends to the name of an algorithm (parse.c, parse_key)
_STRINGS_AND_COMMENTS = r'"(?:[^"\\]|\\.)*"|\#[^\n]*'


def omapi_problems(texts: Iterable[str]) -> list[str]:
    """Return why OMAPI must not be opened as these texts of one configuration do; nothing where they don't open it.

    A key that none of the texts declares is dhcpd's to refuse, and so is text that doesn't lex.
    """
    texts = list(texts)
    if not any("omapi-port" in text.lower() for text in texts):
        return []
    opened, used, key = False, "", ""
    algorithms: dict[str, str] = {}
    for text in texts:
        for first, second, third in first_words(text):
            if first == "omapi-port":
                opened = True
            elif first == "omapi-key":
                used = second
            elif first == "key" and third == "{":
                key = second
            elif first == "algorithm":
                algorithms[key] = second
    if not opened:
        return []
    if not used:
        return [
            "omapi-port without omapi-key lets whoever reaches the port change reservations and leases; give both,"
            " or neither (dhcpd.conf(5), omapi-key)"
        ]
    algorithm = algorithms.get(used, "").lower().rstrip(".")
    algorithm = algorithm[: -len(_DOMAIN)] if algorithm.endswith(_DOMAIN) else algorithm
    if algorithm and algorithm not in ALGORITHMS:
        allowed = ", ".join(ALGORITHMS)
        return [f"OMAPI's key has the algorithm {algorithm!r}; give it one of {allowed} (dhcpd.conf(5), omapi-key)"]
    return []


def declaring_file(release: Path, name: str) -> Path | None:
    """The file of a release's directory that declares the host; None where none does. Raises OSError."""
    for path in sorted(release.resolve().rglob("*")):
        is_configuration = path.is_file() and path.suffix not in (".container", ".json")
        if is_configuration and declares_host(path.read_text(encoding="utf-8", errors="replace"), name):
            return path
    return None


def declares_host(text: str, name: str) -> bool:
    """Whether a dhcpd.conf declares the host, fast enough for a hundred thousand of them."""
    found = re.compile(
        rf"{_STRINGS_AND_COMMENTS}|(?<![\w.-])host\s+({re.escape(name)})\s*\{{", re.IGNORECASE | re.DOTALL
    )
    return any(match.group(1) == name for match in found.finditer(text))

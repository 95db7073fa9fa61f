# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of options that a configuration defines itself (dhcp-options(5), defining new options)."""

from __future__ import annotations

import re

from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_tables import BUILT_IN_SPACES, SPACED_OPTIONS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, show

#: The collection's words for a type, and ISC's.
_SYNTAX = {
    "flag": "boolean",
    "uint8": "unsigned integer 8",
    "uint16": "unsigned integer 16",
    "uint32": "unsigned integer 32",
    "int8": "integer 8",
    "int16": "integer 16",
    "int32": "integer 32",
    "ip-address": "ip-address",
    "ip6-address": "ip6-address",
    "text": "text",
    "string": "string",
    "domain-name": "domain-name",
    "domain-list": "domain-list",
    "domain-list compressed": "domain-list compressed",
    "zerolen": "zerolen",
}
_WORDS = {**{isc: ours for ours, isc in _SYNTAX.items()}, **{ours: ours for ours in _SYNTAX}}
_WORDS.update({f"signed integer {bits}": f"int{bits}" for bits in (8, 16, 32)})

# parse.c, parse_option_code_definition: what has no length of its own ends a record and makes no array.
_OPEN_ENDED = ("text", "string", "domain-name", "domain-list", "domain-list compressed", "zerolen")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_WIDEST = 64
_ALLOWED = (
    "give flag, uint8, uint16, uint32, int8, int16, int32, ip-address, ip6-address, text, string, domain-name, "
    "domain-list, zerolen, `array of TYPE`, `{TYPE, TYPE}`, `array of {TYPE, TYPE}` or `encapsulate SPACE`"
)


def parse_type(value: object) -> str:
    """Return a type in the collection's own words; ISC's are understood too. Raises ValueProblem."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    text = text.replace("{ ", "{").replace(" }", "}").replace(" ,", ",")
    kind = _encapsulation(text) or _WORDS.get(text) or _record(text) or _array(text)
    if kind is None or kind.count(",") >= _WIDEST:
        raise ValueProblem(f"{show(value)} is not a type; {_ALLOWED}")
    return kind


def _encapsulation(text: str) -> str | None:
    word, _space, name = text.partition(" ")
    return text if word == "encapsulate" and _NAME.fullmatch(name) else None


def _array(text: str) -> str | None:
    if not text.startswith("array of "):
        return None
    inner = text[len("array of ") :]
    kind = _WORDS.get(inner) or _record(inner, in_array=True)
    return None if kind is None or kind in _OPEN_ENDED else f"array of {kind}"


def _record(text: str, in_array: bool = False) -> str | None:
    if not (text.startswith("{") and text.endswith("}")):
        return None
    fields = [" ".join(field.split()) for field in text[1:-1].split(",")]
    kinds = [_WORDS.get(field) or _array(field) or "" for field in fields]
    if not all(kinds) or any(kind.startswith("array of {") or kind == "zerolen" for kind in kinds):
        return None
    last_only = [kind in _OPEN_ENDED or kind.startswith("array of ") for kind in kinds]
    if any(last_only[:-1]) or (in_array and last_only[-1]):
        return None
    return "{" + ", ".join(kinds) + "}"


def syntax(kind: str) -> str:
    """Return a type, from parse_type(), as dhcpd.conf(5) writes it."""
    if kind.startswith("array of "):
        return f"array of {syntax(kind[len('array of ') :])}"
    if kind.startswith("{"):
        return "{ " + ", ".join(map(syntax, kind[1:-1].split(", "))) + " }"
    return _SYNTAX.get(kind, kind)


def parse_space(value: object) -> str:
    """Return the name of a new option space. Raises ValueProblem."""
    if not isinstance(value, str) or not _NAME.fullmatch(value) or value.lower() == "space":
        raise ValueProblem(f"{show(value)} is no name for an option space; give letters, digits, - and _")
    if value.lower() in BUILT_IN_SPACES:
        raise ValueProblem(f"{show(value)} is a space that dhcpd has already; give another name, or none")
    return str(value)


def parse_option_name(value: object) -> tuple[str, str]:
    """Return the space (`dhcp` where the name has none) and the name of a new option. Raises ValueProblem."""
    space, _dot, name = value.rpartition(".") if isinstance(value, str) else ("", "", "")
    if not _NAME.fullmatch(name) or name.lower() == "space" or name.lower().startswith("unknown-"):
        raise ValueProblem(f"{show(value)} is not the name of an option; give NAME or SPACE.NAME")
    if space.lower() in ("agent", "server") or f"{space}.{name}".lower() in SPACED_OPTIONS:
        raise ValueProblem(f"{show(value)} is an option that dhcpd has already; set it in options")
    return space or "dhcp", name

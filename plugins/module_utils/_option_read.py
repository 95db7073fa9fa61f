# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back from dhcpd's text of a value to the value (see _options.py for the way there)."""

from __future__ import annotations

import re
from typing import Any, Callable, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import Token, unquote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import format_value
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import format_kind
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem

_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,9}")
_FLAGS = {"true": True, "on": True, "false": False, "off": False}


def read_value(kind: str, tokens: Sequence[Token]) -> Any:
    """Return the value that format_value() or format_kind() writes as these tokens. Raises ValueProblem.

    Refused is what dhcpd may read in another way than it is written (numbers with leading zeros), and what asks a
    name server (host names in place of addresses).
    """
    try:
        value = _read(kind, list(tokens))
        # The proof: what this value is written as is what a value of the type can be.
        canonical(kind, value)
    except (IndexError, KeyError):
        raise ValueProblem("cannot be read as a value") from None
    return value


def canonical(kind: str, value: object) -> str:
    """Return the one way in which a value of a type is written. Raises ValueProblem."""
    if kind.startswith("one of ") or kind in ("space", "key"):
        return format_kind(kind, value)
    return format_value(kind, value)


def _read(kind: str, tokens: list[Token]) -> Any:
    if kind == "zerolen":
        if tokens:
            raise ValueProblem("has a value")
        return True
    groups = _groups(tokens)
    if kind.startswith("array of {"):
        fields = kind[len("array of {") : -1].split(", ")
        return [_record(fields, [group]) for group in groups]
    if kind.startswith(("array of ", "domain-list")):
        inner = kind[len("array of ") :] if kind.startswith("array of ") else "domain"
        return [_scalar(inner, group) for group in groups]
    if kind.startswith("{"):
        return _record(kind[1:-1].split(", "), groups)
    if len(groups) != 1:
        raise ValueProblem("is a list")
    return _scalar(kind, groups[0])


def _groups(tokens: list[Token]) -> list[list[Token]]:
    groups: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == ",":
            groups.append([])
        else:
            groups[-1].append(token)
    return groups


def _record(fields: list[str], groups: list[list[Token]]) -> list[Any]:
    first, rest = groups[0], groups[1:]
    if len(first) != len(fields):
        raise ValueProblem("does not have its parts")
    values = [_scalar(field, [token]) for field, token in zip(fields[:-1], first)]
    if fields[-1].startswith(("array of ", "domain-list")):
        inner = fields[-1][len("array of ") :] if fields[-1].startswith("array of ") else "domain"
        return [*values, [_scalar(inner, group) for group in [[first[-1]], *rest]]]
    if rest:
        raise ValueProblem("is a list")
    return [*values, _scalar(fields[-1], [first[-1]])]


def _scalar(kind: str, tokens: list[Token]) -> Any:
    if len(tokens) != 1:
        raise ValueProblem("is not one value")
    token = tokens[0]
    return _READERS.get(kind, _word)(token)


def _word(token: Token) -> str:
    if token.kind != "word":
        raise ValueProblem("is no word")
    return token.text


def _flag(token: Token) -> bool:
    return _FLAGS[_word(token).lower()]


def _number(token: Token) -> int:
    if not _DECIMAL.fullmatch(_word(token)):
        raise ValueProblem("is no decimal number")
    return int(token.text)


def _time(token: Token) -> int | str:
    return "infinite" if token.text.lower() == "infinite" else _number(token)


def _text(token: Token) -> str:
    return unquote(token.text) if token.kind == "string" else _identifier(token)


def _identifier(token: Token) -> str:
    # A number is no identifier, and what looks like an address isn't one either.
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", _word(token)):
        raise ValueProblem("is no identifier")
    return token.text


def _bytes(token: Token) -> str:
    if token.kind != "string":
        return _word(token)
    text = unquote(token.text)
    if re.fullmatch(r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2})+", text):
        raise ValueProblem("is text that looks like hexadecimal")
    return text


def _string(token: Token) -> str:
    if token.kind != "string":
        raise ValueProblem("is no string")
    return unquote(token.text)


def _bytes_word(token: Token) -> str:
    value = _bytes(token)
    if token.kind == "word" and ":" not in value:
        raise ValueProblem("is a single byte")
    return value


_READERS: dict[str, Callable[[Token], Any]] = {
    "flag": _flag,
    "time": _time,
    "text": _text,
    "string": _bytes_word,
    "domain": _string,
    **{f"{sign}int{bits}": _number for sign in ("u", "") for bits in (8, 16, 32)},
}

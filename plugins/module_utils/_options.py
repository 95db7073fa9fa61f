# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of options, as an inventory gives them and as dhcpd reads them (dhcp-options(5))."""

from __future__ import annotations

import difflib
import functools
import re
from typing import Callable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import TOKEN_MAX
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_tables import (
    NOT_CONFIGURABLE,
    OPTIONS,
    READ_ONLY_SPACES,
    SPACED_OPTIONS,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    ValueProblem,
    parse_integer,
    parse_ipv4,
    parse_ipv6,
    show,
)

__all__ = ["NOT_CONFIGURABLE", "OPTIONS", "OptionTypes", "format_option", "format_value", "quote", "unknown_option"]

_INTEGERS = {
    "uint8": (0, 0xFF),
    "uint16": (0, 0xFFFF),
    "uint32": (0, 0xFFFFFFFF),
    "int8": (-0x80, 0x7F),
    "int16": (-0x8000, 0x7FFF),
    "int32": (-0x80000000, 0x7FFFFFFF),
}
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2})+")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
# A service label (RFC 8552) is fine where dhcpd reads the name from a quoted string.
_QUOTED_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
# What can stand between quotes as it is: printable ASCII but quotes and backslashes.
_PLAIN = re.compile(r"[ !#-\[\]-~]{1,1000}")
_UNKNOWN = re.compile(r"unknown-([1-9][0-9]{0,2})")


class OptionTypes:
    """The types of all options that a configuration may set: dhcpd's own, and those that it defines."""

    def __init__(self, defined: dict[str, str] | None = None, others_may_exist: bool = False) -> None:
        self.defined = defined or {}
        #: Whether text that cannot be looked into may define more (raw text, included files).
        self.others_may_exist = others_may_exist

    def kind(self, name: str) -> str | None:
        """Return the type of an option that may be set, None for all others."""
        lower = name.lower()
        kind = self.defined.get(lower) or OPTIONS.get(lower)
        if kind is None and not lower.startswith(READ_ONLY_SPACES):
            kind = SPACED_OPTIONS.get(lower)
        return kind or self._unknown_number(lower)

    def is_known(self, name: str) -> bool:
        """Whether an expression may ask for the option."""
        lower = name.lower()
        return bool(
            self.others_may_exist
            or self.kind(lower)
            or lower in SPACED_OPTIONS
            or lower in NOT_CONFIGURABLE
            or lower == "fqdn"
            or lower.startswith("server.")
        )

    def refusal(self, name: object) -> str:
        """Return why an option without a type is refused, and what to do."""
        return f"{show(name)} cannot be set here; {unknown_option(str(name))}"

    @staticmethod
    def _unknown_number(name: str) -> str | None:
        match = _UNKNOWN.fullmatch(name)
        return "string" if match and int(match.group(1)) < 0xFF else None


def quote(value: object) -> str:
    """Return a text as dhcpd's quoted string, which nothing in the text can end. Raises ValueProblem.

    What is not printable ASCII is written byte by byte in UTF-8, as octal escapes (conflex.c, read_string).
    """
    if not isinstance(value, str) or not value:
        raise ValueProblem(f"{show(value)} is not text; give a text of at least one character, in quotes")
    if _PLAIN.fullmatch(value):
        return f'"{value}"'
    try:
        octets = value.encode()
    except UnicodeEncodeError:
        raise ValueProblem(f"{show(value)} is not valid Unicode; give text, or hexadecimal in raw") from None
    if len(octets) > TOKEN_MAX:
        raise ValueProblem(f"{show(value)} has {len(octets)} bytes; give at most {TOKEN_MAX}")
    return '"{}"'.format("".join(map(_quote_octet, octets)))


def quote_name(value: object) -> str:
    """Return a name as dhcpd's quoted string. Raises ValueProblem where dhcpd, written in C, would see less of it."""
    if isinstance(value, str) and "\x00" in value:
        raise ValueProblem(f"{show(value)} has a NUL, at which dhcpd would end the name; give text without")
    return quote(value)


def _quote_octet(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{octet:c}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03o}"


def _integer(low: int, high: int, value: object) -> str:
    return str(parse_integer(low, high, value))


def _time(value: object) -> str:
    return "infinite" if value == "infinite" else _integer(0, 0xFFFFFFFF, value)


def _flag(value: object) -> str:
    if not isinstance(value, bool):
        raise ValueProblem(f"{show(value)} is not a flag; give true or false, without quotes")
    return "true" if value else "false"


def _zerolen(value: object) -> str:
    if value is not True:
        raise ValueProblem(f"{show(value)} is no value for an option without content; give true or remove the option")
    return ""


def _ip_address(value: object) -> str:
    return str(parse_ipv4(value))


def _ip6_address(value: object) -> str:
    return str(parse_ipv6(value))


def string(value: object) -> str:
    """Return bytes, given as a text or as hexadecimal digits divided by colons. Raises ValueProblem."""
    if isinstance(value, str) and _HEXADECIMAL.fullmatch(value):
        return str(value)
    return quote(value)


def _domain(label: re.Pattern[str], value: object) -> str:
    name = value[:-1] if isinstance(value, str) and value.endswith(".") else value
    if not isinstance(name, str) or len(name) > 253 or not all(map(label.fullmatch, name.split("."))):
        raise ValueProblem(f"{show(value)} is not a domain name; give one such as example.net (RFC 1035)")
    return str(value)


def domain_name(value: object) -> str:
    """Return a domain name that dhcpd reads without quotes. Raises ValueProblem."""
    return _domain(_LABEL, value)


def _domain_list(value: object) -> str:
    return _array(lambda name: f'"{_domain(_QUOTED_LABEL, name)}"', value)


def _array(element: Callable[[object], str], value: object) -> str:
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise ValueProblem("the list is empty; give at least one value or remove the option")
    return ", ".join(map(element, values))


_SCALARS: dict[str, Callable[[object], str]] = {
    "ip-address": _ip_address,
    "ip6-address": _ip6_address,
    "flag": _flag,
    "text": quote,
    "string": string,
    "domain-name": domain_name,
    "domain-list": _domain_list,
    "domain-list compressed": _domain_list,
    "time": _time,
    "zerolen": _zerolen,
}
for _name, (_low, _high) in _INTEGERS.items():
    _SCALARS[_name] = functools.partial(_integer, _low, _high)


def format_value(kind: str, value: object) -> str:
    """Return a value of the given type as dhcpd's configuration writes it. Raises ValueProblem."""
    if kind.startswith("array of "):
        inner = kind[len("array of ") :]
        if inner.startswith("{") and not (
            isinstance(value, (list, tuple)) and all(isinstance(record, (list, tuple)) for record in value)
        ):
            raise ValueProblem(f"{show(value)} is not a list of lists; give a list of [{inner[1:-1]}]")
        return _array(functools.partial(format_value, inner), value)
    if kind.startswith("{"):
        fields = kind[1:-1].split(", ")
        if not isinstance(value, (list, tuple)) or len(value) != len(fields):
            raise ValueProblem(f"{show(value)} does not have its {len(fields)} parts; give [{kind[1:-1]}]")
        return " ".join(map(format_value, fields, value))
    if kind.startswith("encapsulate "):
        return string(value)
    return _SCALARS[kind](value)


def format_option(name: str, value: object) -> str:
    """Return a value as dhcpd's configuration writes it, without `option`, name and semicolon.

    `name` is a key of OPTIONS. An array takes a list or a single value; a record takes a list. Raises
    ValueProblem, and KeyError for other names. Source: dhcp-options(5).
    """
    return format_value(OPTIONS[name], value)


@functools.lru_cache(maxsize=1024)
def unknown_option(name: str) -> str:
    """Return why `name`, which is not in OPTIONS, is refused there and what to do: a clause for a message."""
    if name in NOT_CONFIGURABLE:
        return f"this option is not configurable, {NOT_CONFIGURABLE[name]}"
    if name.lower().startswith(READ_ONLY_SPACES):
        return "only a relay sends the options of agent, and those of server are statements"
    near = difflib.get_close_matches(name.lower().replace("_", "-"), [*OPTIONS, *SPACED_OPTIONS], n=1)
    rest = "options that are not standard in dhcp-options(5) are defined in option_definitions, or go into raw"
    return f"did you mean {near[0]}? If not: {rest}" if near else rest

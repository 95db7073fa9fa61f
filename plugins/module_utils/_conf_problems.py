# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is wrong with the model of a configuration, found in one go.

The model is described in _conf.py. Nothing here raises on any data that YAML can make, and nothing here
changes the model.
"""

from __future__ import annotations

import bisect
import difflib
import ipaddress
from typing import Any, Callable, Iterable, NamedTuple, TypeVar

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, Token, tokenize
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import (
    OPTIONS,
    format_option,
    unknown_option,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    ValueProblem,
    parse_ethernet,
    parse_host,
    parse_ipv4,
    parse_lease_time,
    parse_range,
    parse_subnet,
    show,
)

T = TypeVar("T")

PREFIX = "dhcpd_container_"
LEASE_TIMES = ("min_lease_time", "default_lease_time", "max_lease_time")

#: What a pool may allow and deny. `members of "class"` is not among them: a class must be declared before
#: the pool, and raw text comes after it. `after TIME` isn't either: a text that is the same for years.
PERMITS = (
    "known-clients",
    "unknown-clients",
    "authenticated clients",
    "unauthenticated clients",
    "dynamic bootp clients",
    "all clients",
)

_KEYS = "ansible-doc -t role quadlet.dhcpd.dhcpd_container"
_MODEL = ("authoritative", *LEASE_TIMES, "options", "subnets", "reservations", "raw")
_SUBNET = ("subnet", *LEASE_TIMES, "options", "pools", "raw")
_POOL = ("ranges", "allow", "deny", *LEASE_TIMES, "options", "raw")
_RESERVATION = ("host", "hardware_ethernet", "fixed_address", "options", "raw")


class _Span(NamedTuple):
    """A stretch of addresses (both ends included, as numbers), and the variable that it comes from."""

    first: int
    last: int
    path: str
    text: str


def problems(model: object) -> list[str]:
    """Return every problem of a model, each as `variable path: what is wrong; what to give (where to look)`.

    An empty list means that dhcpd takes what render() makes of the model, as far as raw text allows that
    to be said: of raw text only the lexical grammar, the braces and the end are looked at.
    """
    check = _Check()
    check.model(model)
    return check.found


class _Check:
    def __init__(self) -> None:
        self.found: list[str] = []
        self.subnets: list[_Span] = []
        self.ranges: list[_Span] = []
        self.reserved: list[_Span] = []
        # While one is unknown, nothing can be said to lie outside all of them.
        self.all_subnets_known = True

    def problem(self, path: str, text: str, section: str) -> None:
        self.found.append(f"{path}: {text} ({section})")

    def model(self, value: object) -> None:
        model = self.mapping("", value, _MODEL)
        if "authoritative" in model and not isinstance(model["authoritative"], bool):
            text = f"{show(model['authoritative'])} is not a boolean; give true or false, without quotes"
            self.problem(_at("", "authoritative"), text, "dhcpd.conf(5), authoritative")
        times = self.statements("", model, {})
        self.all_subnets_known = isinstance(model.get("subnets", []), (list, tuple))
        for path, subnet in self.items("", model, "subnets"):
            self.subnet(path, subnet, times)
        self.overlaps(self.subnets, "subnet")
        self.overlaps(self.ranges, "range")
        first_uses: dict[str, dict[str, str]] = {"host": {}, "hardware_ethernet": {}, "fixed_address": {}}
        for path, reservation in self.items("", model, "reservations"):
            self.reservation(path, reservation, first_uses)
        self.places()

    def subnet(self, path: str, value: object, times: dict[str, int]) -> None:
        subnet = self.mapping(path, value, _SUBNET, required=("subnet",))
        network = self.parsed(path, subnet, "subnet", parse_subnet, "dhcpd.conf(5), subnet")
        if network is None:
            self.all_subnets_known = False
        else:
            span = _Span(int(network[0]), int(network[-1]), _at(path, "subnet"), str(network))
            self.subnets.append(span)
        times = self.statements(path, subnet, times)
        self.routers(path, subnet, network)
        for pool_path, pool in self.items(path, subnet, "pools"):
            self.pool(pool_path, pool, network, times)

    def pool(self, path: str, value: object, network: ipaddress.IPv4Network | None, times: dict[str, int]) -> None:
        pool = self.mapping(path, value, _POOL, required=("ranges",))
        ranges = self.items(path, pool, "ranges")
        if pool.get("ranges") == []:
            text = "the list is empty; give at least one range or remove the pool"
            self.problem(_at(path, "ranges"), text, "dhcpd.conf(5), pool")
        for range_path, value_of_range in ranges:
            self.range(range_path, value_of_range, network)
        for key in ("allow", "deny"):
            for permit_path, permit in self.items(path, pool, key):
                if not isinstance(permit, str) or permit not in PERMITS:
                    text = f"{show(permit)} is not a permit; give one of {', '.join(PERMITS)}"
                    self.problem(permit_path, text, "dhcpd.conf(5), allow and deny within pool declarations")
        self.statements(path, pool, times)
        self.routers(path, pool, network)

    def range(self, path: str, value: object, network: ipaddress.IPv4Network | None) -> None:
        section = "dhcpd.conf(5), range"
        try:
            first, last = parse_range(value)
        except ValueProblem as problem:
            self.problem(path, str(problem), section)
            return
        outside = [address for address in dict.fromkeys((first, last)) if network and address not in network]
        for address in outside:
            self.problem(path, f"{address} is outside {network}; give addresses inside the subnet", section)
        if not outside:
            text = str(first) if first == last else f"{first}-{last}"
            self.ranges.append(_Span(int(first), int(last), path, text))

    def reservation(self, path: str, value: object, first_uses: dict[str, dict[str, str]]) -> None:
        parsers: dict[str, tuple[Callable[[object], Any], str]] = {
            "host": (parse_host, "dhcpd.conf(5), host"),
            "hardware_ethernet": (parse_ethernet, "dhcpd.conf(5), hardware"),
            "fixed_address": (parse_ipv4, "dhcpd.conf(5), fixed-address"),
        }
        reservation = self.mapping(path, value, _RESERVATION, required=tuple(parsers))
        for key, (parser, section) in parsers.items():
            parsed = self.parsed(path, reservation, key, parser, section)
            if parsed is None:
                continue
            text = str(parsed)
            # dhcpd tells Printer from printer, the DNS doesn't.
            first = first_uses[key].setdefault(text.lower(), _at(path, key))
            if first != _at(path, key):
                self.problem(_at(path, key), f"{text} is also at {first}; give each its own", section)
            if isinstance(parsed, ipaddress.IPv4Address):
                self.reserved.append(_Span(int(parsed), int(parsed), _at(path, key), text))
        self.statements(path, reservation, {})

    def places(self) -> None:
        """Check that every reservation is inside a subnet and outside all ranges."""
        in_subnet, in_range = _finder(self.subnets), _finder(self.ranges)
        section = "dhcpd.conf(5), fixed-address"
        for reserved in self.reserved:
            if self.all_subnets_known and in_subnet(reserved.first) is None:
                text = f"{reserved.text} is outside every subnet of {PREFIX}subnets; give an address inside one"
                self.problem(reserved.path, text, section)
            range_ = in_range(reserved.first)
            if range_ is not None:
                text = (
                    f"{reserved.text} is inside the range {range_.text} of {range_.path}; "
                    "give an address that no pool hands out"
                )
                self.problem(reserved.path, text, section)

    def overlaps(self, spans: list[_Span], kind: str) -> None:
        widest: _Span | None = None
        for span in sorted(spans, key=lambda span: (span.first, -span.last)):
            if widest and span.first <= widest.last:
                text = f"{span.text} overlaps {widest.text} of {widest.path}; give each address to one {kind}"
                self.problem(span.path, text, f"dhcpd.conf(5), {kind}")
            if widest is None or span.last > widest.last:
                widest = span

    def statements(self, path: str, mapping: dict[str, object], inherited: dict[str, int]) -> dict[str, int]:
        """Check what every level may hold: lease times, options, raw. Return the lease times valid there."""
        own = {}
        for key in LEASE_TIMES:
            seconds = self.parsed(path, mapping, key, parse_lease_time, f"dhcpd.conf(5), {_isc(key)}")
            if seconds is not None:
                own[key] = seconds
        times = {**inherited, **own}
        ordered = [key for key in LEASE_TIMES if key in times]
        for low, high in zip(ordered, ordered[1:]):
            if times[low] > times[high] and (low in own or high in own):
                key, text = (low, f"is more than {high}, {times[high]}")
                if low not in own:
                    key, text = (high, f"is less than {low}, {times[low]}")
                text = f"{times[key]} {text}; give min_lease_time <= default_lease_time <= max_lease_time"
                self.problem(_at(path, key), text, f"dhcpd.conf(5), {_isc(key)}")
        self.options(_at(path, "options"), mapping)
        self.raw(_at(path, "raw"), mapping)
        return times

    def options(self, path: str, mapping: dict[str, object]) -> None:
        options = mapping.get("options", {})
        if not isinstance(options, dict):
            text = f"{show(options)} is not a mapping; give option names of dhcp-options(5) with their values"
            self.problem(path, text, "dhcpd.conf(5), option")
            return
        for name, value in options.items():
            if not isinstance(name, str) or name not in OPTIONS:
                reason = unknown_option(str(name))
                self.problem(path, f"{show(name)} cannot be set here; {reason}", "dhcp-options(5)")
                continue
            try:
                format_option(name, value)
            except ValueProblem as problem:
                self.problem(f"{path}.{name}", str(problem), f"dhcp-options(5), {name}: {OPTIONS[name]}")

    def routers(self, path: str, mapping: dict[str, object], network: ipaddress.IPv4Network | None) -> None:
        options = mapping.get("options")
        routers = options.get("routers", []) if isinstance(options, dict) else []
        for value in routers if isinstance(routers, (list, tuple)) else [routers]:
            try:
                address = parse_ipv4(value)
            except ValueProblem:
                continue
            if network and address not in network:
                text = f"{address} is outside {network}; give routers inside the subnet"
                self.problem(f"{_at(path, 'options')}.routers", text, "dhcp-options(5), routers")

    def raw(self, path: str, mapping: dict[str, object]) -> None:
        """Check that raw text leaves the text around it alone."""
        raw, section = mapping.get("raw", ""), "dhcpd.conf(5)"
        if not isinstance(raw, str):
            self.problem(path, f"{show(raw)} is not text; give dhcpd's own statements", section)
            return
        opened: list[Token] = []
        last: Token | None = None
        try:
            for token in tokenize(raw):
                last = token
                if token.kind == "symbol" and token.text == "{":
                    opened.append(token)
                elif token.kind == "symbol" and token.text == "}":
                    if not opened:
                        text = f"{_place(token)}: }} closes a block that was not opened here; balance the braces"
                        self.problem(path, text, section)
                        return
                    opened.pop()
        except LexError as error:
            self.problem(path, f"{error}; give text that dhcpd can read", section)
            return
        if opened:
            self.problem(path, f"{_place(opened[-1])}: {{ is never closed; balance the braces", section)
        elif last and (last.kind != "symbol" or last.text not in ";}"):
            text = f"{_place(last)}: {show(last.text)} ends the text within a statement; add a semicolon"
            self.problem(path, text, section)

    def mapping(
        self, path: str, value: object, keys: tuple[str, ...], required: tuple[str, ...] = ()
    ) -> dict[str, object]:
        here = path or PREFIX.rstrip("_")
        if not isinstance(value, dict):
            self.problem(here, f"{show(value)} is not a mapping; give the keys {', '.join(keys)}", _KEYS)
            return {}
        for key in value:
            if not isinstance(key, str) or key not in keys:
                near = difflib.get_close_matches(str(key), keys, n=1)
                hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(keys)}"
                self.problem(here, f"unknown key {show(key)}; {hint}", _KEYS)
        for key in required:
            if key not in value:
                self.problem(here, f"the key {key} is missing; give it", _KEYS)
        return value

    def items(self, path: str, mapping: dict[str, object], key: str) -> Iterable[tuple[str, object]]:
        values, here = mapping.get(key, []), _at(path, key)
        if not isinstance(values, (list, tuple)):
            self.problem(here, f"{show(values)} is not a list; give a list, or remove the key", _KEYS)
            return []
        return [(f"{here}[{index}]", value) for index, value in enumerate(values)]

    def parsed(
        self, path: str, mapping: dict[str, object], key: str, parser: Callable[[object], T], section: str
    ) -> T | None:
        if key not in mapping:
            return None
        try:
            return parser(mapping[key])
        except ValueProblem as problem:
            self.problem(_at(path, key), str(problem), section)
            return None


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else f"{PREFIX}{key}"


def _isc(key: str) -> str:
    return key.replace("_", "-")


def _place(token: Token) -> str:
    return f"line {token.line}, column {token.column}"


def _finder(spans: list[_Span]) -> Callable[[int], _Span | None]:
    """Return a function that finds a span with a given address in it, in logarithmic time."""
    ordered = sorted(spans, key=lambda span: span.first)
    firsts = [span.first for span in ordered]
    # Spans that overlap are a problem already found; for them the one reaching farthest speaks.
    farthest: dict[int, _Span] = {}
    for index, span in enumerate(ordered):
        before = farthest.get(index - 1)
        farthest[index] = before if before and before.last > span.last else span

    def find(address: int) -> _Span | None:
        span = farthest.get(bisect.bisect_right(firsts, address) - 1)
        return span if span and address <= span.last else None

    return find

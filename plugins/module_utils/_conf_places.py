# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and where they belong: what overlaps, what lies outside, what is there twice."""

from __future__ import annotations

import bisect
import ipaddress
from typing import Callable, NamedTuple, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Problem = Callable[[str, str, str], None]


class Span(NamedTuple):
    """A stretch of addresses (both ends included, as numbers), and the variable that it comes from."""

    first: int
    last: int
    path: str
    text: str


class Places:
    """All subnets, ranges and reserved addresses of a configuration."""

    def __init__(self, problem: Problem, variable: str) -> None:
        self.problem = problem
        self.variable = variable
        self.subnets: list[Span] = []
        self.raw_subnets: list[Span] = []
        self.ranges: list[Span] = []
        self.prefixes: list[Span] = []
        #: Reserved addresses: number, list's path, index, key, all of which make a path only where one is needed.
        self.reserved: list[tuple[int, str, int, str]] = []
        #: While one is unknown, nothing can be said to lie outside all of them.
        self.all_subnets_known = True
        self._first_uses: dict[str, dict[object, tuple[str, int, str]]] = {}

    def add_subnet(self, network: Network, path: str) -> None:
        self.subnets.append(Span(int(network[0]), int(network[-1]), path, str(network)))

    def add_raw_subnet(self, network: Network) -> None:
        self.raw_subnets.append(Span(int(network[0]), int(network[-1]), "", str(network)))

    def uses(self, kind: str) -> dict[object, tuple[str, int, str]]:
        """The first uses of values of a kind."""
        return self._first_uses.setdefault(kind, {})

    def once(self, kind: str, value: str, path: str, index: int, key: str, section: str) -> None:
        """Note a value that was there before. dhcpd tells Printer from printer, the DNS doesn't."""
        here = (path, index, key)
        first = self.uses(kind).setdefault(value.lower(), here)
        if first is not here:
            self.problem(path_of(*here), f"{value} is also at {path_of(*first)}; give each its own", section)

    def check(self, address: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]) -> None:
        """Note all that overlaps, and every reservation outside of all subnets or inside a range."""
        self._overlaps(self.subnets, "subnet")
        self._overlaps(self.ranges, "range")
        self._overlaps(self.prefixes, "prefix6")
        in_subnet, in_range = _finder([*self.subnets, *self.raw_subnets]), _finder(self.ranges)
        section = "dhcpd.conf(5), fixed-address"
        for number, path, index, key in self.reserved:
            if self.all_subnets_known and in_subnet(number) is None:
                text = f"{address(number)} is outside every subnet of {self.variable}; give an address inside one"
                self.problem(path_of(path, index, key), text, section)
            range_ = in_range(number)
            if range_ is not None:
                text = (
                    f"{address(number)} is inside the range {range_.text} of {range_.path}; "
                    "give an address that no pool hands out"
                )
                self.problem(path_of(path, index, key), text, section)

    def _overlaps(self, spans: list[Span], kind: str) -> None:
        widest: Span | None = None
        for span in sorted(spans, key=lambda span: (span.first, -span.last)):
            if widest and span.first <= widest.last:
                text = f"{span.text} overlaps {widest.text} of {widest.path}; give each address to one {kind}"
                self.problem(span.path, text, f"dhcpd.conf(5), {kind}")
            if widest is None or span.last > widest.last:
                widest = span


def path_of(path: str, index: int, key: str) -> str:
    """The path of a reservation's key; a negative index means that the path has one already."""
    return f"{path}.{key}" if index < 0 else f"{path}[{index}].{key}"


def _finder(spans: list[Span]) -> Callable[[int], Span | None]:
    """Return a function that finds a span with a given address in it, in logarithmic time."""
    ordered = sorted(spans, key=lambda span: span.first)
    firsts = [span.first for span in ordered]
    # Spans that overlap are a problem already found; for them the one reaching farthest speaks.
    farthest: list[Span] = []
    for span in ordered:
        farthest.append(farthest[-1] if farthest and farthest[-1].last > span.last else span)

    def find(address: int) -> Span | None:
        index = bisect.bisect_right(firsts, address) - 1
        return farthest[index] if index >= 0 and address <= farthest[index].last else None

    return find

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reservations from elsewhere: any data, and an expression that makes reservations of it."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import show

VARIABLE = "dhcpd_container_reservation_sources"
KEYS = ("name", "data", "file", "url", "query", "headers", "username", "password", "timeout", "ca_path")
_ORIGINS = ("data", "file", "url")


class SourceError(Exception):
    """A source gives no reservations; the message names it."""


def check(index: int, source: Any) -> str:
    """Return how errors call a source. Raises SourceError where it is none."""
    where = f"{VARIABLE}[{index}]"
    if not isinstance(source, dict):
        raise SourceError(f"{where}: {show(source)} is not a mapping; give name, one of data, file and url, and query")
    name = source.get("name")
    if not isinstance(name, str) or not name:
        raise SourceError(f"{where}: the key name is missing; errors call the source by it")
    where = f"{VARIABLE}[{name}]"
    unknown = [str(key) for key in source if key not in KEYS]
    if unknown:
        raise SourceError(f"{where}: unknown key {unknown[0]!r}; the keys are {', '.join(KEYS)}")
    if sum(key in source for key in _ORIGINS) != 1:
        raise SourceError(f"{where}: give exactly one of data, file and url")
    return where


def reservations(where: str, data: Any, query: Any, search: Callable[[str, Any], Any] | None) -> list[Any]:
    """Return what the query makes of the data, as reservations.

    *search* is jmespath.search, or None where jmespath is not installed. What JMESPath says with null is left out,
    and an address may carry its prefix length, as IPAMs write it. Raises SourceError.
    """
    found = data
    if query:
        if search is None:
            raise SourceError(
                f"{where}: query needs the Python library jmespath on the controller; `pip install jmespath`"
            )
        try:
            found = search(query, data)
        except Exception as error:  # jmespath has no common class for what it raises.
            raise SourceError(f"{where}: query: {error}") from error
    if not isinstance(found, (list, tuple)):
        hint = "" if query else "; a query makes one of it"
        raise SourceError(f"{where}: {show(found)} is not a list of reservations{hint}")
    return [_tidied(item) if isinstance(item, Mapping) else item for item in found]


def _tidied(item: Mapping[Any, Any]) -> dict[Any, Any]:
    found = {key: value for key, value in item.items() if value is not None}
    address = found.get("fixed_address")
    if isinstance(address, str) and "/" in address:
        bare, _slash, length = address.partition("/")
        if length.isdecimal():
            found["fixed_address"] = bare
    if isinstance(found.get("hardware_ethernet"), str):
        found["hardware_ethernet"] = found["hardware_ethernet"].replace("-", ":")
    return found

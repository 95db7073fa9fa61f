# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dhcpd.conf made of plain data.

The model is a dict with the role's variables as its keys, without their prefix `dhcpd_container_`. All keys
are optional unless marked; an optional key is left out, not null. Times are in seconds.

    authoritative: bool
    default_lease_time, max_lease_time, min_lease_time: int
    options: {name of dhcp-options(5): value}       the values' types are in _options.py
    subnets:
      - subnet: "198.51.100.0/24"                   required
        options, lease times
        pools:
          - ranges: ["FIRST-LAST", "FIRST LAST", "ADDRESS"]     required
            allow, deny: [permit]                   see PERMITS in _conf_problems.py
            options, lease times, raw
        raw: text at the end of the block, in dhcpd's own language
    reservations:
      - host, hardware_ethernet, fixed_address      required
        options, raw
    raw: text at the end of the file
"""

from __future__ import annotations

from typing import Any, Iterator

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_problems import LEASE_TIMES, problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import tokenize
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import format_option
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    parse_ethernet,
    parse_range,
    parse_subnet,
)

__all__ = ["ConfError", "problems", "render"]

HEADER = "# Made by quadlet.dhcpd from the inventory. Change it there: an edit here does not last."
_INDENT = "  "


class ConfError(ValueError):
    """The model has problems; `problems` lists them all, the message has one a line."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("\n".join(found))
        self.problems = found


def render(model: dict[str, Any]) -> str:
    """Return the dhcpd.conf of a model: equal models give equal text, ending with a newline.

    Options are in alphabetical order, all else in the model's own. Raises ConfError where problems() finds
    any: text from an unchecked model could mean anything.
    """
    found = problems(model)
    if found:
        raise ConfError(found)
    return "\n".join([HEADER, *_model(model)]) + "\n"


def _model(model: dict[str, Any]) -> Iterator[str]:
    head = list(_statements(model))
    if "authoritative" in model:
        head.insert(0, "authoritative;" if model["authoritative"] else "not authoritative;")
    blocks = [head]
    blocks += [list(_subnet(subnet)) for subnet in model.get("subnets", [])]
    blocks += [list(_reservation(reservation)) for reservation in model.get("reservations", [])]
    blocks.append(_raw(model))
    for block in blocks:
        if block:
            yield ""
            yield from block


def _subnet(subnet: dict[str, Any]) -> Iterator[str]:
    network = parse_subnet(subnet["subnet"])
    lines = list(_statements(subnet))
    for pool in subnet.get("pools", []):
        lines += _block("pool", list(_pool(pool)))
    lines += _raw(subnet)
    yield from _block(f"subnet {network.network_address} netmask {network.netmask}", lines)


def _pool(pool: dict[str, Any]) -> Iterator[str]:
    for key in ("allow", "deny"):
        for permit in pool.get(key, []):
            yield f"{key} {permit};"
    yield from _statements(pool)
    for value in pool["ranges"]:
        first, last = parse_range(value)
        yield f"range {first};" if first == last else f"range {first} {last};"
    yield from _raw(pool)


def _reservation(reservation: dict[str, Any]) -> Iterator[str]:
    lines = [
        f"hardware ethernet {parse_ethernet(reservation['hardware_ethernet'])};",
        f"fixed-address {reservation['fixed_address']};",
        *_statements(reservation),
        *_raw(reservation),
    ]
    yield from _block(f"host {reservation['host']}", lines)


def _statements(mapping: dict[str, Any]) -> Iterator[str]:
    for key in LEASE_TIMES:
        if key in mapping:
            yield f"{key.replace('_', '-')} {mapping[key]};"
    for name, value in sorted(mapping.get("options", {}).items()):
        yield f"option {name} {format_option(name, value)};"


def _block(head: str, lines: list[str]) -> Iterator[str]:
    yield f"{head} {{"
    for line in lines:
        # What stands at the margin there is raw text with a string over several lines: see _raw().
        yield f"{_INDENT}{line}" if line and "\n" not in line else line
    yield "}"


def _raw(mapping: dict[str, Any]) -> list[str]:
    text = str(mapping.get("raw", "")).strip("\n")
    if any("\n" in token.text for token in tokenize(text)):
        # Indenting it would change the string.
        return [text]
    return text.split("\n") if text else []

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools that would give addresses to BOOTP clients although a failover pair shares them."""

from __future__ import annotations

from typing import Any, Iterator

_DYNAMIC = "dynamic bootp clients"
_INNER = ("shared_networks", "subnets", "groups", "pools")


def bootp_warnings(model: dict[str, Any], family: int) -> list[str]:
    """Return the pools of a pair that don't say it, each as `variable path: what; what to give (where)`.

    An address given to a BOOTP client is gone for ever (RFC 1534, 2), and a pair can't agree on such leases.
    """
    if family == 6 or "bootp" in {*model.get("deny", ()), *model.get("ignore", ())}:
        return []
    return [
        f"{path}: a pair can't share what BOOTP clients get, for ever; give deny: [{_DYNAMIC}] (docs/configuration.md)"
        for path, pool in _pools("dhcpd_container_", model)
        if pool.get("failover_peer") and not _says(pool)
    ]


def _says(pool: dict[str, Any]) -> bool:
    """Whether a pool refuses BOOTP clients, or has dhcpd's own words about them; `allow` lets in those it names."""
    raw = f"{pool.get('raw_head', '')} {pool.get('raw', '')}"
    return bool({_DYNAMIC, "all clients"} & set(pool.get("deny", ()))) or "bootp" in raw


def _pools(path: str, level: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in _INNER:
        for index, item in enumerate(level.get(key, ())):
            here = f"{path}{key}[{index}]"
            if key == "pools":
                yield here, item
            yield from _pools(f"{here}.", item)

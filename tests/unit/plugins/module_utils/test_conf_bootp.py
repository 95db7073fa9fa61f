# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_bootp import bootp_warnings

PEER = {"name": "p", "role": "primary", "peer_address": "198.51.100.3", "mclt": 60, "split": 128}
POOL = {"ranges": ["198.51.100.50-198.51.100.99"], "failover_peer": "p"}


def model(pool: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = {"failover_peers": [PEER], "subnets": [{"subnet": "198.51.100.0/24", "pools": [pool]}], **more}
    assert problems(found) == []
    return found


def test_a_pool_of_a_pair_says_it() -> None:
    (warning,) = bootp_warnings(model({**POOL, "allow": ["unknown-clients"]}), 4)
    assert warning.startswith("dhcpd_container_subnets[0].pools[0]: a pair can't share what BOOTP clients get")
    shared = {"name": "n", "subnets": [{"subnet": "203.0.113.0/24"}], "pools": [{**POOL, "ranges": ["203.0.113.9"]}]}
    _first, second = bootp_warnings(model(POOL, groups=[{"shared_networks": [shared]}]), 4)
    assert second.startswith("dhcpd_container_groups[0].shared_networks[0].pools[0]: ")


@pytest.mark.parametrize(
    ("pool", "more"),
    [
        ({"deny": ["dynamic bootp clients"]}, {}),
        ({"deny": ["all clients"]}, {}),
        ({"raw": "deny dynamic bootp clients;"}, {}),
        ({}, {"deny": ["bootp"]}),
        ({}, {"ignore": ["bootp"]}),
    ],
)
def test_what_says_it(pool: dict[str, Any], more: dict[str, Any]) -> None:
    assert bootp_warnings(model({**POOL, **pool}, **more), 4) == []


def test_a_pool_of_one_server_means_what_it_means_to_dhcpd() -> None:
    assert bootp_warnings({"subnets": [{"subnet": "198.51.100.0/24", "pools": [{"ranges": POOL["ranges"]}]}]}, 4) == []

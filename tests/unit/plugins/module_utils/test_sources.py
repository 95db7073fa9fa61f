# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sources import SourceError, check, reservations

WHERE = "dhcpd_container_reservation_sources[ipam]"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "dhcpd_container_reservation_sources[3]: None is not a mapping"),
        ({"data": []}, "dhcpd_container_reservation_sources[3]: the key name is missing"),
        ({"name": "ipam", "data": [], "quer": ""}, f"{WHERE}: unknown key 'quer'; the keys are name, data, "),
        ({"name": "ipam"}, f"{WHERE}: give exactly one of data, file and url"),
        ({"name": "ipam", "data": [], "url": "x"}, f"{WHERE}: give exactly one of data, file and url"),
    ],
)
def test_source_that_is_none(source: Any, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        check(3, source)
    assert str(caught.value).startswith(message)


def test_query() -> None:
    data = {"r": [{"n": "a", "m": "00-00-5E-00-53-01", "a": "192.0.2.1/24"}, {"n": "b", "m": None, "a": None}]}
    query = "r[].{host: n, hardware_ethernet: m, fixed_address: a}"
    assert reservations(WHERE, data, query, jmespath.search) == [
        {"host": "a", "hardware_ethernet": "00:00:5E:00:53:01", "fixed_address": "192.0.2.1"},
        {"host": "b"},
    ]


@pytest.mark.parametrize(
    ("data", "query", "search", "message"),
    [
        ({}, "a", None, f"{WHERE}: query needs the Python library jmespath on the controller"),
        ({}, "a[", jmespath.search, f"{WHERE}: query: "),
        ({}, "a", jmespath.search, f"{WHERE}: None is not a list of reservations"),
        ({}, None, None, f"{WHERE}: {{}} is not a list of reservations; a query makes one of it"),
    ],
)
def test_query_that_fails(data: Any, query: Any, search: Any, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        reservations(WHERE, data, query, search)
    assert str(caught.value).startswith(message)


def test_what_is_no_mapping_is_left_for_the_checks() -> None:
    assert reservations(WHERE, ["x"], None, None) == ["x"]

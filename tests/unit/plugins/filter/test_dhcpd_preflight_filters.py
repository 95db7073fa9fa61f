# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters around preflight, as templates use them."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.quadlet.dhcpd.plugins.filter.dhcpd_preflight import FilterModule

FILTERS = FilterModule().filters()


def test_one_text_or_a_list_of_texts() -> None:
    assert FILTERS["dhcpd_tcp_ports"]("omapi-port 7911;") == [7911]
    assert FILTERS["dhcpd_tcp_ports"](["omapi-port 7911;", "omapi-port 7912;"]) == [7911, 7912]


def test_a_text_that_does_not_lex_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError, match="dhcpd_tcp_ports: "):
        FILTERS["dhcpd_tcp_ports"]('option x "')


def test_the_summary_of_no_host_is_empty() -> None:
    assert FILTERS["dhcpd_preflight_summary"]({}) == []

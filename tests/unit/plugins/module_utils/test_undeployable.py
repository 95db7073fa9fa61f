# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases stay where the service keeps them, however the configuration is given."""

from __future__ import annotations

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._undeployable import undeployable


@pytest.mark.parametrize(
    "text",
    [
        "",
        '# lease-file-name "/x";\nlog(info, "; lease-file-name x");',
        'lease-file-name "/var/lib/dhcpd/dhcpd.leases";',
        'dhcpv6-lease-file-name "/var/lib/dhcpd/dhcpd6.leases";',
        'pid-file-name "/run/x";',  # the unit's --no-pid
        'lease-file-name "',
    ],
)
def test_taken(text: str) -> None:
    assert undeployable([text]) == []


@pytest.mark.parametrize(
    "texts",
    [
        ['lease-file-name "/var/lib/dhcp/dhcpd.leases";'],
        ["", 'ping-check off; Lease-File-Name "/x";'],
        ['dhcpv6-lease-file-name "/var/lib/dhcpd/dhcpd.leases";'],
    ],
)
def test_refused(texts: list[str]) -> None:
    (found,) = undeployable(texts)
    assert "lease-file-name would put the leases where the service doesn't keep them; leave it out" in found


@pytest.mark.parametrize(
    "model",
    [
        {"raw": 'lease-file-name "/x";'},
        {"raw_head": 'lease-file-name "/x";'},
        {"includes": [{"path": "a", "content": 'lease-file-name "/x";'}]},
    ],
)
def test_refused_in_the_variables(model: dict[str, object]) -> None:
    (found,) = problems(model)
    assert found.startswith("dhcpd_container_raw: lease-file-name would put")

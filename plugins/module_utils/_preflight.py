# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight: may this host become a DHCP server? Read once, ask every question, answer them all together.

A further check is one plain function (Host, Policy) -> list of Finding, in the file it fits, and a line here.
"""

from __future__ import annotations

from typing import Iterable, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_interfaces as interfaces
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_network as network
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_platform as platform
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_static as static
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_system as system
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    FAILURE,
    WARNING,
    Check,
    Finding,
    Host,
    Policy,
)

CHECKS: Sequence[Check] = (
    system.platform,
    platform.resources,
    system.service_unit,
    static.static_addresses,
    network.ports,
    interfaces.interfaces,
    platform.firewall,
    system.leases,
    network.rogues,
)


def run(host: Host, policy: Policy, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Every finding of every check, in the order of the checks."""
    return [finding for check in checks for finding in check(host, policy)]


def failure_message(findings: Iterable[Finding]) -> str:
    """All failures as one text, one line each; "" where there is none."""
    lines = [_line(finding) for finding in findings if finding.status == FAILURE]
    return "\n".join(["This host is not ready for dhcpd; nothing on it was changed.", *lines]) if lines else ""


def warnings(findings: Iterable[Finding]) -> list[str]:
    """One line for each finding that a person should know of."""
    return [_line(finding) for finding in findings if finding.status == WARNING]


def _line(finding: Finding) -> str:
    text = f"{finding.check}: {finding.found}; expected {finding.expected}"
    return f"{text}; {finding.hint}" if finding.hint else text

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters around preflight; each is documented in the YAML file of its name."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _summary
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError


def dhcpd_preflight_summary(results: dict[str, Any]) -> list[str]:
    """Return what a person reads of every host's preflight, as lines."""
    return _summary.lines(results)


def dhcpd_tcp_ports(config: Any) -> list[int]:
    """Return the TCP ports that a configuration opens."""
    try:
        return _summary.tcp_ports([config] if isinstance(config, str) else config)
    except LexError as error:
        raise AnsibleFilterError(f"dhcpd_tcp_ports: {error}") from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"dhcpd_preflight_summary": dhcpd_preflight_summary, "dhcpd_tcp_ports": dhcpd_tcp_ports}

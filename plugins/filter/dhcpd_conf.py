# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that make, check and read a dhcpd.conf; each is documented in the YAML file of its name."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import ConfError, problems, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, declared_subnets


def dhcpd_conf(model: Any) -> str:
    """Return the dhcpd.conf of a model; all its problems, if there are any, become one error."""
    try:
        return render(model)
    except ConfError as error:
        raise AnsibleFilterError(str(error)) from error


def dhcpd_conf_problems(model: Any) -> list[str]:
    """Return every problem of a model: an empty list if dhcpd_conf takes it."""
    return problems(model)


def dhcpd_subnets(texts: Any) -> list[str]:
    """Return the subnets, in CIDR notation, that one text or a list of texts declares."""
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise AnsibleFilterError("dhcpd_subnets takes the text of a dhcpd.conf, or a list of such texts")
    try:
        return [str(network) for network in declared_subnets(texts)]
    except LexError as error:
        raise AnsibleFilterError(f"dhcpd_subnets cannot read the text: {error}") from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[[Any], Any]]:
        """Return the filters by name."""
        return {
            "dhcpd_conf": dhcpd_conf,
            "dhcpd_conf_problems": dhcpd_conf_problems,
            "dhcpd_subnets": dhcpd_subnets,
        }

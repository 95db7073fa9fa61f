# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the role dhcpd_container; each is documented in the YAML file of its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable, Mapping

from ansible_collections.quadlet.dhcpd.plugins.module_utils._invocation import families, problems


def dhcpd_invocation_problems(variables: Mapping[str, Any]) -> list[str]:
    """Return every problem of image, interfaces and arguments: an empty list if the role takes them."""
    return problems(variables, lambda path: Path(path).expanduser().is_file())


def dhcpd_families(variables: Mapping[str, Any]) -> list[int]:
    """Return the address families that the variables let a host serve."""
    return families(variables)


def systemd_words(words: list[Any]) -> str:
    """Return the words as a unit file's command line: quoted, with specifiers and variables taken literally."""
    return " ".join(_word(str(word)) for word in words)


def _word(word: str) -> str:
    literal = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return literal if re.fullmatch(r"[\w@%+=:,./-]+", literal, re.ASCII) else f'"{literal}"'


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "dhcpd_families": dhcpd_families,
            "dhcpd_invocation_problems": dhcpd_invocation_problems,
            "systemd_words": systemd_words,
        }

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A level of the model in the making, and which of its lists a declaration belongs to."""

from __future__ import annotations

from typing import Any

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _import_parts as parts
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import isc
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_scope import LEASE_TIMES
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import STATEMENTS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement


class Level:
    """A level in the making."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.comments: list[str] = []
        #: Words of what has been executed, and names of what has been set, so far.
        self.touched: frozenset[str] = frozenset()
        self.names: frozenset[str] = frozenset()
        self._data: dict[str, Any] = {}
        self._settings: dict[str, dict[str, Any]] = {}

    def path_of(self, key: str) -> str:
        """Return the path of the next element of a list."""
        return f"{self.path}{key}[{len(self.items(key))}]"

    def items(self, key: str) -> list[Any]:
        return list(self._data.get(key, ()))

    def add(self, key: str, value: Any) -> None:
        self._data.setdefault(key, []).append(value)

    def replace(self, target: str, item: dict[str, Any]) -> None:
        """Forget what set the same thing before: what comes later wins."""
        for key, value in self._settings.get(target, {}).items():
            if isinstance(value, dict):
                for name in value:
                    self.mapping(key).pop(name, None)
            elif isinstance(value, list):
                self._data[key].remove(value[0])
            else:
                self._data.pop(key, None)
        self._settings[target] = item

    def mapping(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._data.setdefault(key, {})
        return found

    def text(self, key: str, text: str) -> None:
        self._data[key] = self._data.get(key, "") + text

    def has(self, key: str) -> bool:
        return key in self._data

    def set(self, key: str, value: Any) -> None:
        self._data[key] = value

    def speak(self, value: bool) -> bool:
        """Be authoritative or not from here on: what was declared before isn't affected (confpars.c, clone_group)."""
        before = self._data.get("authoritative")
        for key in ("shared_networks", "subnets", "subnets6", "groups"):
            for item in self.items(key):
                if set(item) <= {"raw", "comment"}:
                    return False
                if before is not value:
                    item.setdefault("authoritative", bool(before))
        self._data["authoritative"] = value
        return True

    def data(self) -> dict[str, Any]:
        comments = "\n".join(self.comments).strip("\n")
        data = {key: value for key, value in self._data.items() if value not in ([], {})}
        return {"comment": comments + "\n", **data} if comments else data


def list_of(statement: Statement, kind: str, family: int) -> str | None:
    """Return the list of the level that a declaration belongs to."""
    keyword = statement.keyword
    if keyword == "option" and kind == "global":
        if statement.word(1) == "space":
            return "option_spaces"
        return "option_definitions" if statement.word(2) == "code" else None
    if kind == "global" and keyword in parts.LISTED:
        return parts.LISTED[keyword][0]
    if kind == "global" and keyword in ("class", "subclass", "vendor-class", "user-class"):
        return "classes"
    if keyword == "host" and kind in ("global", "shared", "subnet", "group"):
        return "reservations"
    if keyword == "group" and kind in ("global", "shared", "subnet", "group"):
        return "groups"
    if keyword == "shared-network" and kind in ("global", "group"):
        return "shared_networks"
    if keyword == ("subnet" if family == 4 else "subnet6") and kind in ("global", "shared", "group"):
        return "subnets" if family == 4 else "subnets6"
    if keyword == ("pool" if family == 4 else "pool6") and kind in (
        ("subnet", "shared") if family == 4 else ("subnet",)
    ):
        return "pools"
    return None


def is_executed(statement: Statement) -> bool:
    """Whether dhcpd executes the statement for a client; all others declare something."""
    executed = ["option", "if", "on", "set", "unset", "eval", "log", "execute", "switch", "break", "return", "define"]
    executed += ["append", "prepend", "default", "send", "supersede", "add", "parse-vendor-option", "allow", "deny"]
    known = [*executed, "ignore", *STATEMENTS, *map(isc, LEASE_TIMES)]
    return statement.keyword in known or (statement.block is None and "(" in [word.text for word in statement.words])

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every level of a dhcpd.conf may hold: lease times, statements, permissions, options, conditionals, events."""

from __future__ import annotations

from typing import Any, Iterable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_boot import BOOT, BootProblem, boot_lines
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import CONF, INDENT, Core, at, isc
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_places import Network
from ansible_collections.quadlet.dhcpd.plugins.module_utils._expressions import (
    BOOLEAN,
    DATA,
    check_expression,
    condition,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import format_value
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import (
    GLOBAL_ONLY,
    PERMISSIONS,
    STATEMENTS,
    format_statement,
    takes_expression,
    unknown_statement,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    ValueProblem,
    parse_boolean,
    parse_ipv4,
    parse_lease_time,
    show,
)

LEASE_TIMES = ("min_lease_time", "default_lease_time", "max_lease_time")
EVENTS = ("commit", "expiry", "release", "transmission")

#: The keys that every level may have; `allow` and `deny` mean something else in a pool.
BODY = (*LEASE_TIMES, "statements", "options", "boot", "conditionals", "events", "raw")
SCOPE = ("comment", "raw_head", *BODY, "ignore")

_BODY = (*LEASE_TIMES, "statements", "allow", "deny", "ignore", "options", "boot", "conditionals", "raw", "comment")
_CONDITIONAL = ("if", "elif", "else", *_BODY)

#: What dhcpd doesn't take inside of conditions and events.
_DECLARATIONS = frozenset(
    [
        "subnet", "subnet6", "shared-network", "pool", "pool6", "host", "group", "class", "subclass", "include",
        "range", "range6", "prefix6", "hardware", "fixed-address", "fixed-address6", "fixed-prefix6", "failover",
        "authoritative", "not", "server-identifier", "server-duid", "lease-id-format", "vendor-class", "user-class",
        "host-identifier", "uid", "match", "spawn", "lease", "interface", "%", "}", "case", "key", "zone",
    ]
)  # fmt: skip


class Scope(Core):
    """The statements of one level."""

    #: Whether dhcpd would take `allow` and `deny` for permits of a pool here.
    in_pool = False
    #: Whether this is inside of a condition, where dhcpd knows no declarations.
    in_branch = False
    #: Whether this is inside of a reservation.
    in_host = False

    def head(self, path: str, mapping: dict[str, Any]) -> None:
        """Put what stands first at a level."""
        if "comment" in mapping:
            self.comment(path, mapping)
        if "raw_head" in mapping:
            self.raw(path, mapping, "raw_head")

    def body(
        self,
        path: str,
        mapping: dict[str, Any],
        inherited: dict[str, int],
        networks: Iterable[Network] = (),
        permissions: bool = True,
    ) -> dict[str, int]:
        """Put what dhcpd evaluates for a client, but for raw text. Return the lease times that are valid here."""
        times = self.lease_times(path, mapping, inherited)
        if "statements" in mapping:
            self.statements(path, mapping)
        for key in ("allow", "deny", "ignore") if permissions else ("ignore",):
            if key in mapping:
                self.permissions(path, mapping, key)
        if "options" in mapping:
            self.put_options(at(path, "options"), mapping["options"])
            self.routers(path, mapping, networks)
        if "boot" in mapping:
            self.boot(at(path, "boot"), mapping["boot"])
        if "conditionals" in mapping:
            self.conditionals(path, mapping, times, networks)
        if "events" in mapping:
            self.events(path, mapping)
        return times

    def lease_times(self, path: str, mapping: dict[str, Any], inherited: dict[str, int]) -> dict[str, int]:
        own = {}
        for key in LEASE_TIMES:
            if key == "min_lease_time" and not path and mapping.get(key) == 0:
                # The role's default: there is none.
                continue
            seconds = self.parsed(path, mapping, key, parse_lease_time)
            if seconds is not None:
                own[key] = seconds
                self.put(f"{isc(key)} {seconds};")
        if not own:
            return inherited
        times = {**inherited, **own}
        ordered = [key for key in LEASE_TIMES if key in times]
        for low, high in zip(ordered, ordered[1:]):
            if times[low] > times[high] and (low in own or high in own):
                key, text = (low, f"is more than {high}, {times[high]}")
                if low not in own:
                    key, text = (high, f"is less than {low}, {times[low]}")
                text = f"{times[key]} {text}; give min_lease_time <= default_lease_time <= max_lease_time"
                self.problem(at(path, key), text, f"{CONF}, {isc(key)}")
        return times

    def statements(self, path: str, mapping: dict[str, Any]) -> None:
        here = at(path, "statements")
        statements = mapping["statements"]
        if not isinstance(statements, dict):
            text = f"{show(statements)} is not a mapping; give names of statements with their values"
            self.problem(here, text, CONF)
            return
        for name in sorted(statements, key=str):
            if not isinstance(name, str) or name not in STATEMENTS:
                self.problem(here, f"{show(name)} is no statement; {unknown_statement(str(name))}", CONF)
                continue
            value, section = statements[name], f"{CONF}, {name}"
            if name in GLOBAL_ONLY and path:
                self.problem(f"{here}.{name}", "is for all clients; give it at the outermost level", section)
                continue
            if name in ("omapi-key", "vendor-option-space") and isinstance(value, str):
                self.used.append(("key" if name == "omapi-key" else "space", str(value), f"{here}.{name}"))
            # The statement is a declaration to dhcpd, and another word for the option (confpars.c).
            word = "option dhcp-server-identifier" if name == "server-identifier" and self.in_branch else name
            try:
                if isinstance(value, dict) and takes_expression(name):
                    self.put(f"{word} = {self.expression(value)};")
                else:
                    self.put(f"{word} {format_statement(name, value)};")
            except ValueProblem as problem:
                self.problem(f"{here}.{name}", str(problem), f"{section}: {STATEMENTS[name]}")

    def permissions(self, path: str, mapping: dict[str, Any], key: str) -> None:
        for index, value in enumerate(self.sequence(path, mapping, key)):
            if not isinstance(value, str) or value not in PERMISSIONS:
                text = f"{show(value)} cannot be said here; give one of {', '.join(PERMISSIONS)}"
                self.problem(f"{at(path, key)}[{index}]", text, f"{CONF}, allow and deny")
            else:
                self.put(f"{key} {value};")

    def put_options(self, path: str, options: object) -> None:
        if not isinstance(options, dict):
            text = f"{show(options)} is not a mapping; give option names of dhcp-options(5) with their values"
            self.problem(path, text, f"{CONF}, option")
            return
        kind_of = self.options.kind
        for name in sorted(options, key=str) if len(options) > 1 else options:
            kind = kind_of(name) if isinstance(name, str) else None
            value = options[name]
            if kind is None:
                self.problem(path, self.options.refusal(name), "dhcp-options(5)")
                continue
            if self.in_host and self.in_branch and name.lower() == "dhcp-client-identifier":
                text = "says who the client is, and cannot be conditional; give it to the reservation"
                self.problem(f"{path}.{name}", text, f"{CONF}, host")
            try:
                if isinstance(value, dict):
                    self.put(f"option {name} = {self.expression(value)};")
                else:
                    text = format_value(kind, value)
                    self.put(f"option {name} {text};" if text else f"option {name};")
            except ValueProblem as problem:
                self.problem(f"{path}.{name}", str(problem), f"dhcp-options(5), {name}: {kind}")

    def expression(self, value: dict[str, Any]) -> str:
        """Return the data expression of `{expression: TEXT}`. Raises ValueProblem."""
        if set(value) != {"expression"}:
            raise ValueProblem(f"{show(value)} is not a value; give one, or {{expression: one of dhcp-eval(5)}}")
        return check_expression(value["expression"], DATA, self.options.is_known)

    def routers(self, path: str, mapping: dict[str, Any], networks: Iterable[Network]) -> None:
        """Note routers that clients of these networks could not reach."""
        options = mapping["options"]
        routers = options.get("routers", []) if isinstance(options, dict) else []
        known = list(networks)
        for value in routers if isinstance(routers, (list, tuple)) else [routers]:
            try:
                address = parse_ipv4(value)
            except ValueProblem:
                continue
            if known and not any(address in network for network in known):
                text = f"{address} is outside {' and '.join(map(str, known))}; give routers inside the subnet"
                self.problem(f"{at(path, 'options')}.routers", text, "dhcp-options(5), routers")

    def boot(self, path: str, value: object) -> None:
        mapping = self.mapping(path, value, BOOT)
        try:
            for line in boot_lines(mapping, self.family):
                self.put(line)
        except BootProblem as problem:
            self.problem(path + problem.key, str(problem), f"{CONF}, filename; RFC 4578, 2.1")

    def conditionals(
        self, path: str, mapping: dict[str, Any], times: dict[str, int], networks: Iterable[Network]
    ) -> None:
        for here, value in self.items(path, mapping, "conditionals"):
            item = self.mapping(here, value, _CONDITIONAL)
            if "if" not in item:
                for key in ("elif", "else"):
                    if key in item:
                        self.problem(at(here, key), "follows no if; give the key if", f"{CONF}, if")
                for key in ("allow", "deny") if self.in_pool else ():
                    if key in item:
                        self.problem(at(here, key), "would be a permit of the pool; give it to the pool", CONF)
                self.branch(here, item, times, networks)
                continue
            self.comment(here, item)
            self.put(f"if {self.condition(here, item)} {{")
            self.inside(here, {key: item[key] for key in item if key != "comment"}, times, networks)
            for branch_path, branch in self.items(here, item, "elif"):
                branch = self.mapping(branch_path, branch, ("if", *_BODY), required=("if",))
                self.put(f"}} elsif {self.condition(branch_path, branch)} {{")
                self.inside(branch_path, branch, times, networks)
            if "else" in item:
                self.put("} else {")
                branch = self.mapping(at(here, "else"), item["else"], _BODY)
                self.inside(at(here, "else"), branch, times, networks)
            self.put("}")

    def inside(self, path: str, item: dict[str, Any], times: dict[str, int], networks: Iterable[Network]) -> None:
        outer, self.indent = self.indent, self.indent + INDENT
        around = self.in_pool, self.in_branch
        self.in_pool, self.in_branch = False, True
        self.branch(path, item, times, networks)
        self.indent, (self.in_pool, self.in_branch) = outer, around

    def branch(self, path: str, item: dict[str, Any], times: dict[str, int], networks: Iterable[Network]) -> None:
        """Put the statements of one branch: what dhcpd can execute, so no declarations."""
        self.comment(path, item)
        self.body(path, item, times, networks)
        self.executable(path, item)

    def condition(self, path: str, item: dict[str, Any]) -> str:
        text = self.parsed(
            path, item, "if", lambda value: check_expression(value, BOOLEAN, self.options.is_known), "dhcp-eval(5)"
        )
        return condition(text or "")

    def executable(self, path: str, mapping: dict[str, Any]) -> None:
        """Put raw text of which dhcpd takes executable statements only."""
        if "raw" not in mapping:
            return
        for statement in self.statements_of(at(path, "raw"), mapping["raw"]) or ():
            if statement.keyword in _DECLARATIONS:
                text = f"{show(statement.words[0].text)} declares something; only statements can be conditional"
                self.problem(at(path, "raw"), text, f"{CONF}, {statement.keyword}")
                return
        self.raw(path, mapping)

    def events(self, path: str, mapping: dict[str, Any]) -> None:
        for here, value in self.items(path, mapping, "events"):
            item = self.mapping(here, value, ("event", "raw", "comment"), required=("event", "raw"))
            self.comment(here, item)
            events = item.get("event", "commit")
            names = list(events) if isinstance(events, (list, tuple)) else [events]
            if not names or any(not isinstance(name, str) or name not in EVENTS for name in names):
                text = f"{show(events)} is no event; give one or a list of {', '.join(EVENTS)}"
                self.problem(at(here, "event"), text, "dhcp-eval(5), on")
                continue
            self.put(f"on {' or '.join(names)} {{")
            outer, self.indent = self.indent, self.indent + INDENT
            self.executable(here, item)
            self.indent = outer
            self.put("}")

    def switch(self, path: str, mapping: dict[str, Any], key: str, text: str) -> None:
        """Put `text;` where the key is true, and `not text;` where it is false."""
        if key in mapping:
            value = self.parsed(path, mapping, key, parse_boolean)
            self.put(f"{text};" if value else f"not {text};")

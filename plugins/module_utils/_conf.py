# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dhcpd.conf, or a dhcpd6.conf, made of plain data.

The model is a dict with the role's variables as its keys, without their prefix `dhcpd_container_`, and for DHCPv6
without the 6 at their end. All keys are
optional unless marked; an optional key is left out, not null. Times are in seconds. Every level has:

    comment, raw_head (text where the level begins), raw (text where it ends)
    min_lease_time, default_lease_time, max_lease_time
    statements: {name of dhcpd.conf(5): value}      the values' types are in _statements.py
    allow, deny, ignore: [what]                     PERMISSIONS there; in a pool PERMITS of _conf_networks.py
    options: {name of dhcp-options(5): value}       the values' types are in _option_tables.py
    boot: {next_server, server_name, filename, ipxe, by_architecture: {name or number: file}}
    conditionals: [{if: condition, what a level has, elif: [{if, ...}], else: {...}}, or without a condition]
    events: [{event: name or list, raw: statements}]

A value of an option or of a statement may be {expression: text of dhcp-eval(5)}. An element of a list may be
{raw: text} instead of what it would be: raw text in its place. The outermost level also has:

    authoritative: bool
    option_spaces: [{space, code_width, length_width, hash_size}]
    option_definitions: [{option, code, type}]      types as in _option_definitions.py
    keys: [{name, algorithm, secret}]
    zones: [{zone, primary, secondary, primary6, secondary6, key}]
    failover_peers: [{name, role, address, port, peer_address, peer_port, mclt, split or hba, ...}]
    delayed_ack: answers that may wait for one commit, 0 to 255; max_ack_delay: microseconds (IPv4)
    omapi: {port, key}; ldap: {server, port, base_dn, ...}; server_duid: text
    includes: [{path, content, place: start or end}]
    classes: [{class, match_if, match, spawn_with, lease_limit, subclasses: [value, or {value, ...}]}]
    shared_networks: [{name, interface, subnets, pools}]
    subnets: [{subnet, interface, ranges, pools: [{ranges, allow, deny, failover_peer}]}]
    groups: [{name, shared_networks, subnets}]      all of these may hold groups and reservations
    reservations: [{host, hardware_ethernet or hardware or client_id or duid or host_identifier,
                    fixed_address or fixed_addresses}]
    reservation_sources: [{name, reservations}]

For DHCPv6 there are subnets6 (subnet6, ranges6, prefixes6, pools) in place of subnets, and fixed_prefixes6.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import PREFIX, at
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_networks import Networks
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_scope import LEASE_TIMES, SCOPE
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_conf import omapi_problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement, parse
from ansible_collections.quadlet.dhcpd.plugins.module_utils._undeployable import lease_file_problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import show

__all__ = ["ConfError", "MODEL", "PREFIX", "Built", "build", "problems", "render"]

HEADER = "# Made by quadlet.dhcpd from the inventory. Change it there: an edit here does not last."

_GLOBAL = (
    "authoritative", "option_spaces", "option_definitions", "includes", "keys", "zones", "failover_peers", "omapi",
    "ldap", "server_duid", "classes", "shared_networks", "groups", "reservations", "reservation_sources",
)  # fmt: skip

#: The keys of a model, by address family.
MODEL = {
    4: ("authoritative", "delayed_ack", "max_ack_delay", *SCOPE, "allow", "deny", *_GLOBAL[1:], "subnets"),
    6: ("authoritative", *SCOPE, "allow", "deny", *_GLOBAL[1:], "subnets6"),
}


#: What both families share is one variable; of all else IPv6 has its own.
SHARED = ("authoritative", *LEASE_TIMES, "keys", "zones", "server_duid")


def variable(key: str, family: int) -> str:
    """Return the role's variable for a key of the model."""
    return PREFIX + key + ("" if family == 4 or key in SHARED or key.endswith("6") else "6")


class ConfError(ValueError):
    """The model has problems; `problems` lists them all, the message has one a line."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("\n".join(found))
        self.problems = found


class Built(NamedTuple):
    """A configuration, which means nothing if there are problems."""

    text: str
    problems: list[str]


def render(model: dict[str, Any], family: int = 4) -> str:
    """Return the configuration of a model: equal models give equal text, ending with a newline.

    Options and statements are in alphabetical order, all else in the model's own. Raises ConfError where
    problems() finds any: text from an unchecked model could mean anything.
    """
    built = build(model, family)
    if built.problems:
        raise ConfError([named(problem, family) for problem in built.problems])
    return built.text


def problems(model: object, family: int = 4) -> list[str]:
    """Return every problem of a model, each as `variable path: what is wrong; what to give (where to look)`.

    An empty list means that dhcpd takes what render() makes of the model, as far as raw text allows that
    to be said: of raw text only the grammar of statements and blocks is looked at.
    """
    return [named(problem, family) for problem in build(model, family).problems]


def build(model: object, family: int = 4) -> Built:
    """Return text and problems of a model; the problems name keys as IPv4's variables.

    Nothing here raises on any data that YAML can make.
    """
    conf = _Conf(family)
    conf.model(model)
    return Built("\n".join([HEADER, *conf.lines]) + "\n", conf.found)


def named(text: str, family: int) -> str:
    """Return a text that names keys of a model as variables with the names that these have for the family."""
    return re.sub(rf"\b{PREFIX}(\w+)", lambda found: variable(found[1], family), text)


class _Conf(Networks):
    def model(self, value: object) -> None:
        model = self.mapping("", value, MODEL[self.family])
        self.section(self.before, model)
        times: dict[str, int] = {}

        def level(model: dict[str, Any]) -> None:
            self.switch("", model, "authoritative", "authoritative")
            self.commits(model)
            times.update(self.body("", model, {}))

        self.section(level, model)
        self.classes(model, times)
        self.shared_networks("", model, times)
        self.subnets("", model, times)
        self.groups("", model, times)
        self.reservations("", model, times)
        self.sources(model, times)
        self.section(lambda model: self.includes(model, "end"), model)
        self.section(lambda model: self.raw("", model), model)
        self.places.check(ipaddress.IPv4Address if self.family == 4 else ipaddress.IPv6Address)
        self.names()
        self.undeployable(model)

    def undeployable(self, model: dict[str, Any]) -> None:
        """Note what is not to be deployed, wherever it stands."""
        includes = model.get("includes")
        contents = (
            [item.get("content") for item in includes if isinstance(item, dict)]
            if isinstance(includes, (list, tuple))
            else []
        )
        texts = ["\n".join(self.lines), *(text for text in contents if isinstance(text, str))]
        statements = model.get("statements")
        place = "omapi"
        if not model.get("omapi"):
            place = "statements" if isinstance(statements, dict) and "omapi-port" in statements else "raw"
        self.found += [f"{at('', place)}: {problem}" for problem in omapi_problems(texts)]
        self.found += [f"{at('', 'raw')}: {problem}" for problem in lease_file_problems(texts)]

    def section(self, part: Any, model: dict[str, Any]) -> None:
        """Put a part of the outermost level, with an empty line before it if there is anything in it."""
        before = len(self.lines)
        part(model)
        if len(self.lines) > before:
            self.lines.insert(before, "")

    def before(self, model: dict[str, Any]) -> None:
        """Put what all the rest may refer to."""
        self.head("", model)
        self.includes(model, "start")
        self.definitions(model, tuple(self.read_before(model)))
        self.keys(model)
        self.zones(model)
        self.failover_peers(model)
        self.server(model)

    def read_before(self, model: dict[str, Any]) -> list[Statement]:
        """Return the statements of raw text that stands before the definitions."""
        texts = [model.get("raw_head")]
        includes = model.get("includes", [])
        for item in includes if isinstance(includes, (list, tuple)) else []:
            if isinstance(item, dict) and item.get("place", "start") == "start":
                texts.append(item.get("content"))
        found: list[Statement] = []
        for text in texts:
            try:
                found += parse(text).statements if isinstance(text, str) else ()
            except LexError:
                continue
        return found

    def includes(self, model: dict[str, Any], place: str) -> None:
        for path, value in self.items("", model, "includes") if "includes" in model else ():
            if isinstance(value, dict) and value.get("place", "start") != place:
                if value.get("place") not in ("start", "end") and place == "start":
                    text = f"{show(value.get('place'))} is no place; give start or end"
                    self.problem(at(path, "place"), text, "dhcpd.conf(5), include")
                continue
            item = self.mapping(path, value, ("path", "content", "place", "comment"), required=("path", "content"))
            name = item.get("path")
            if "path" in item and (not isinstance(name, str) or not _is_inside(name)):
                text = f"{show(name)} is no path of a file beside dhcpd.conf; give one such as keys.conf"
                self.problem(at(path, "path"), text, "dhcpd.conf(5), include")
            self.comment(path, item)
            statements = self.statements_of(at(path, "content"), item.get("content", ""))
            self.learn(statements or ())
            self.put(f'include "/etc/dhcp/{name}";')

    def sources(self, model: dict[str, Any], times: dict[str, int]) -> None:
        """Put reservations from elsewhere, under the names of their sources."""
        for path, value in self.items("", model, "reservation_sources"):
            source = self.mapping(path, value, ("name", "reservations"), required=("name", "reservations"))
            name = source.get("name")
            if "name" in source and (not isinstance(name, str) or not name):
                self.problem(at(path, "name"), f"{show(name)} is no name; give text, in quotes", "reservation_sources")
                name = None
            here = f"{PREFIX}reservation_sources[{name}]" if name else at(path, "reservations")
            self.all_reservations(here, self.sequence(path, source, "reservations"), times)


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    plain = all(character.isalnum() or character in "._-/" for character in name) and name.isascii()
    return (
        plain
        and len(name) <= 200
        and not {"", ".", ".."} & set(parts)
        and name not in ("dhcpd.conf", "dhcpd6.conf", "release.json")
    )

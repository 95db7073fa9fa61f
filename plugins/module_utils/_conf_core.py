# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every part of the making of a dhcpd.conf shares: where lines and problems go, and how values are read."""

from __future__ import annotations

import contextlib
import difflib
from typing import Any, Callable, Iterator, Sequence, TypeVar

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_places import Places
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, declared_subnets, tokenize, unquote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import OptionTypes
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement, parse
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, show

T = TypeVar("T")

PREFIX = "dhcpd_container_"
INDENT = "  "
KEYS = "ansible-doc -t role quadlet.dhcpd.dhcpd_container"
CONF = "dhcpd.conf(5)"

_UNREADABLE = "\x00"


def at(path: str, key: str) -> str:
    """Return the path of a key; outermost keys are variables of their own."""
    return f"{path}.{key}" if path else f"{PREFIX}{key}"


def isc(key: str) -> str:
    """Return ISC's word for a key."""
    return key.replace("_", "-")


class Core:
    """Lines and problems of one configuration, in the making.

    Every method that reads a part of the model writes its lines and notes its problems; none raises, whatever data
    it is given. With problems, the lines mean nothing.
    """

    def __init__(self, family: int) -> None:
        self.family = family
        self.lines: list[str] = []
        self.found: list[str] = []
        self.indent = ""
        self.options = OptionTypes()
        self.places = Places(self.problem, PREFIX + ("subnets" if family == 4 else "subnets6"))
        #: Names that are declared, and those that are used with the path of their use, by kind.
        self.declared: dict[str, dict[str, str]] = {"class": {}, "key": {}, "peer": {}, "space": {}}
        self.used: list[tuple[str, str, str]] = []
        #: Whether a file may declare what the model doesn't.
        self.has_unseen = False

    def problem(self, path: str, text: str, section: str) -> None:
        """Note a problem; the path may be made of a callable where that is cheaper."""
        self.found.append(f"{path}: {text} ({section})")

    def put(self, line: str) -> None:
        self.lines.append(self.indent + line)

    @contextlib.contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Put a block around what is put inside."""
        self.put(head + " {")
        outer, self.indent = self.indent, self.indent + INDENT
        yield
        self.indent = outer
        self.put("}")

    def mapping(
        self, path: str, value: object, keys: Sequence[str], required: Sequence[str] = (), lines: bool = True
    ) -> dict[str, Any]:
        """Return the value as a mapping with no keys but the given ones; anything else is noted and passed over."""
        here = path or PREFIX.rstrip("_")
        if not isinstance(value, dict):
            self.problem(here, f"{show(value)} is not a mapping; give the keys {', '.join(keys)}", KEYS)
            return {}
        for key in value:
            if not isinstance(key, str) or key not in keys:
                near = difflib.get_close_matches(str(key), keys, n=1)
                hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(keys)}"
                self.problem(here, f"unknown key {show(key)}; {hint}", KEYS)
        for key in required:
            if key not in value:
                self.problem(here, f"the key {key} is missing; give it", KEYS)
        return value

    def sequence(self, path: str, mapping: dict[str, Any], key: str) -> Sequence[object]:
        values = mapping.get(key, [])
        if not isinstance(values, (list, tuple)):
            text = f"{show(values)} is not a list; give a list, or remove the key"
            self.problem(at(path, key), text, KEYS)
            return []
        return values

    def items(self, path: str, mapping: dict[str, Any], key: str) -> Iterator[tuple[str, object]]:
        """Yield path and value of each element; one that is only `raw` is put as it is."""
        here = at(path, key)
        for index, value in enumerate(self.sequence(path, mapping, key)):
            if isinstance(value, dict) and "raw" in value and not set(value) - {"raw", "comment"}:
                self.comment(f"{here}[{index}]", value)
                self.raw(f"{here}[{index}]", value)
            else:
                yield f"{here}[{index}]", value

    def parsed(
        self, path: str, mapping: dict[str, Any], key: str, parser: Callable[[object], T], section: str = ""
    ) -> T | None:
        """Return what the parser makes of a key's value; None where there is none, or a problem."""
        if key not in mapping:
            return None
        try:
            return parser(mapping[key])
        except ValueProblem as problem:
            self.problem(at(path, key), str(problem), section or f"{CONF}, {isc(key)}")
            return None

    def comment(self, path: str, mapping: dict[str, Any]) -> None:
        """Put a comment, a line for each line."""
        text = mapping.get("comment", "")
        if not isinstance(text, str) or _UNREADABLE in text or not _is_unicode(text):
            self.problem(at(path, "comment"), f"{show(text)} is not text; give text, in quotes", KEYS)
            return
        for line in text.rstrip("\n").split("\n") if text else ():
            self.put(f"# {line}".rstrip())

    def raw(self, path: str, mapping: dict[str, Any], key: str = "raw") -> None:
        """Put dhcpd's own statements, once it is sure that they leave the text around them alone."""
        text, here = mapping.get(key, ""), at(path, key)
        statements = self.statements_of(here, text)
        if statements is None:
            return
        self.learn(statements)
        text = str(text).strip("\n")
        if any("\n" in token.text for token in tokenize(text)):
            # Indenting it would change the string.
            self.lines.append(text)
            return
        for line in text.split("\n") if text else ():
            self.lines.append(f"{self.indent}{line}" if line else line)

    def statements_of(self, path: str, text: object) -> tuple[Statement, ...] | None:
        """Return the statements of a raw text, None where it is none."""
        if not isinstance(text, str):
            self.problem(path, f"{show(text)} is not text; give dhcpd's own statements", CONF)
            return None
        try:
            return parse(text).statements if text else ()
        except LexError as error:
            hint = "" if "; " in str(error) else "; give text that dhcpd can read"
            self.problem(path, f"{error}{hint}", CONF)
            return None

    def learn(self, statements: tuple[Statement, ...]) -> None:
        """Note what raw text declares, so that it is not missed."""
        for statement in statements:
            name = statement.words[-1]
            word = unquote(name.text) if name.kind == "string" else name.text
            if statement.keyword == "include":
                self.has_unseen = True
            elif statement.keyword in ("class", "key"):
                self.declared[statement.keyword].setdefault(word, "")
            elif statement.keyword == "failover":
                self.declared["peer"].setdefault(word, "")
                self.used.append(("peer", word, ""))
            elif statement.keyword in ("subnet", "subnet6"):
                for network in declared_subnets([" ".join(token.text for token in statement.words)]):
                    self.places.add_raw_subnet(network)
            self.learn(statement.block or ())

    def names(self) -> None:
        """Note every use of a name that nothing declares, and every failover peer that no pool uses."""
        words = {"class": "classes", "key": "keys", "peer": "failover_peers", "space": "option_spaces"}
        for kind, name, path in self.used:
            if path and name not in self.declared[kind] and not self.has_unseen:
                near = difflib.get_close_matches(name, list(self.declared[kind]), n=1)
                hint = f"did you mean {near[0]}?" if near else f"declare it in {PREFIX}{words[kind]}"
                self.problem(path, f"{show(name)} is not declared; {hint}", CONF)
        peers = {name for kind, name, _path in self.used if kind == "peer"}
        for name, path in self.declared["peer"].items():
            if path and name not in peers and not self.has_unseen:
                self.problem(path, f"{show(name)} is used by no pool; give one failover_peer: {name}", CONF)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

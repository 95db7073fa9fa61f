# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way in: an existing dhcpd.conf as the data that make it.

What has a typed form gets it. What has none, or what the checks refuse although dhcpd takes it, stays as raw text in
its place. What comes out means what went in: that is proved for every file, and where the proof fails, the whole file
stays one raw text.
"""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _import_parts as parts
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import PREFIX, build
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_scope import EVENTS, LEASE_TIMES
from ansible_collections.quadlet.dhcpd.plugins.module_utils._import_level import Level, is_executed, list_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._meaning import (
    Setting,
    all_words,
    defined_types,
    meaning,
    names_of,
    plain,
    setting,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_read import read_value
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import STATEMENTS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement, Text, expand, line, parse, write
from ansible_collections.quadlet.dhcpd.plugins.module_utils._undeployable import LEASE_FILES, undeployable
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem

_DIRECTORY = "/etc/dhcp/"
_ROUNDS = 50
_PATH = re.compile(rf"{PREFIX}[^:]*")

#: What dhcpd takes for the role's variables that are always set, where the file says nothing (dhcpd.conf(5)).
DEFAULTS = {"authoritative": False, "default_lease_time": 43200, "max_lease_time": 86400}

#: Declarations that must stand before what uses them.
_FIRST = ("class", "subclass", "vendor-class", "user-class", "key", "zone", "option", "failover")


class Imported(NamedTuple):
    """The model of a file, and what stayed raw and why, a line each."""

    model: dict[str, Any]
    notes: list[str]


def import_conf(text: str, family: int = 4, files: Mapping[str, str] | None = None) -> Imported:
    """Return the model that means what a configuration means.

    *files* are the texts of included files by their path, with or without /etc/dhcp/ before it; what is not among
    them stays an `include` statement. Raises LexError, with line and column, where the text is no configuration.
    """
    known = files or {}

    def read(path: str) -> str | None:
        inside = path[len(_DIRECTORY) :] if path.startswith(_DIRECTORY) else path
        return known.get(path, known.get(inside))

    whole, left_out = _without_lease_files(expand(parse(text), read))
    wanted = meaning(whole.statements)
    # Raw text would be refused for it, too: it is said in the notes, and left to a person.
    never = undeployable(["\n".join(write(whole.statements))])
    kept: dict[int, str] = {}
    for _round in range(_ROUNDS):
        importer = _Importer(whole, family, kept)
        model = importer.model()
        problems = build({**DEFAULTS, **model}, family).problems
        refused = [one for one in problems if one.partition(": ")[2] in never]
        found = [one for one in problems if one not in refused]
        if not found:
            built = parse(build(model, family).text)
            if meaning(built.statements) == wanted:
                return Imported(model, [*left_out, *importer.notes(), *refused])
            break
        if not importer.keep(found):
            break
    raw = {"raw": "\n".join(write(whole.statements, closing=whole.closing)) + "\n"}
    why = "the whole file: its parts depend on their order in a way that the variables cannot say"
    return Imported(raw, [*left_out, why, *build(raw, family).problems])


def _without_lease_files(whole: Text) -> tuple[Text, list[str]]:
    """Return a text without what says where the leases are, and a note on each."""
    kept = [one for one in whole.statements if one.keyword not in LEASE_FILES]
    notes = [
        f"line {one.words[0].line}: {line(one.words)} is left out: the service has a place of its own for leases, and"
        f" {PREFIX}initial_leases names a file to start from"
        for one in whole.statements
        if one.keyword in LEASE_FILES
    ]
    return whole._replace(statements=tuple(kept)), notes


class _Importer:
    def __init__(self, whole: Text, family: int, kept: dict[int, str]) -> None:
        self.whole = whole
        self.family = family
        #: Statements that stay raw, by their identity, with the reason.
        self.kept = kept
        self.types = defined_types(whole.statements)
        self.raws: list[tuple[Statement, str]] = []
        #: Where the parts of the model come from.
        self.origins: dict[str, Statement] = {}

    def model(self) -> dict[str, Any]:
        return self.level(self.whole.statements, self.whole.closing, "", "global")

    def notes(self) -> list[str]:
        return [f"line {one.words[0].line}: {line(one.words[:3])} stays raw: {why}" for one, why in self.raws]

    def keep(self, problems: Sequence[str]) -> bool:
        """Keep raw what the problems are about; false if nothing of them can be found."""
        before = len(self.kept)
        for problem in problems:
            match = _PATH.match(problem)
            path = match.group() if match else ""
            if path not in self.origins and path.endswith("_lease_time"):
                # One of DEFAULTS: it contradicts one that the file has.
                own = [PREFIX + key for key in LEASE_TIMES if PREFIX + key in self.origins]
                path = own[0] if own else path
            while path and path not in self.origins:
                path = re.sub(r"(?:\.[^.\[\]]+|\[[0-9]+\]|[^.\[\]]+)$", "", path)
            if path:
                statement = self.origins[path]
                # A host whose hardware was kept "says no client": what was wrong with the hardware says more.
                inside = [self.kept[id(inner)] for inner in statement.block or () if id(inner) in self.kept]
                self.kept.setdefault(id(statement), inside[0] if inside else problem)
        return len(self.kept) > before

    # --- levels -----------------------------------------------------------------------------------------------------

    def level(self, statements: Sequence[Statement], closing: Sequence[str], path: str, kind: str) -> dict[str, Any]:
        """Return one level of the model."""
        level = Level(path or PREFIX)
        for statement in statements:
            if id(statement) in self.kept:
                self.raw(level, statement, kind, self.kept[id(statement)])
            elif not (
                self.executed(level, statement, kind)
                or self.declared(level, statement, kind)
                or self.own(level, statement, kind)
            ):
                self.raw(level, statement, kind, "there is no typed form for it")
        level.comments += closing
        return level.data()

    def raw(self, level: Level, statement: Statement, kind: str, why: str) -> None:
        """Keep a statement as it is, in its place."""
        self.raws.append((statement, why))
        text = "\n".join(write([statement])) + "\n"
        name = list_of(statement, kind, self.family)
        if name:
            level.add(name, {"raw": text})
        elif is_executed(statement):
            level.touched |= all_words(statement)
            level.add("conditionals", {"raw": text})
        else:
            level.text("raw_head" if statement.keyword in _FIRST else "raw", text)

    # --- what dhcpd executes ----------------------------------------------------------------------------------------

    def executed(self, level: Level, statement: Statement, kind: str) -> bool:
        if kind == "pool" and statement.keyword in ("allow", "deny"):
            return False
        if kind == "host" and parts.host_statement(statement, self.types):
            return False
        one = setting(statement, self.types)
        if one is not None:
            return self.set(level, statement, one)
        if statement.keyword == "if":
            item = self.conditional(level.path_of("conditionals"), statement)
            if item is None:
                return False
            self.origins[level.path_of("conditionals")] = statement
            level.touched |= all_words(statement)
            level.add("conditionals", item)
            return True
        if statement.keyword == "on" and statement.block is not None and kind != "branch":
            events = [word for word in plain(statement.words[1:]) if word != "or"]
            if not events or not set(events) <= set(EVENTS):
                return False
            raw = "\n".join(write(statement.block, closing=statement.closing)) + "\n"
            item = {"event": events[0] if len(events) == 1 else events, "raw": raw}
            self.origins[level.path_of("events")] = statement
            level.add("events", _commented(statement, item))
            return True
        return False

    def set(self, level: Level, statement: Statement, one: Setting) -> bool:
        """Put a setting where nothing that was executed before can tell the difference."""
        item = self.settled(statement, one)
        if item is None:
            return False
        if (names_of(one) | one.mentions) & level.touched or one.mentions & level.names:
            level.touched |= names_of(one)
            path = level.path_of("conditionals")
            level.add("conditionals", _commented(statement, item))
            self.origins[path] = statement
            return True
        level.names |= names_of(one)
        level.replace(one.target, item)
        for key, value in item.items():
            if isinstance(value, dict):
                level.mapping(key).update(value)
                (name,) = value
                self.origins[f"{level.path}{key}.{name}"] = statement
                if key == "options":
                    # A name that is refused has no path of its own.
                    self.origins.setdefault(f"{level.path}{key}", statement)
            elif isinstance(value, list):
                self.origins[level.path_of(key)] = statement
                level.add(key, value[0])
            else:
                level.set(key, value)
                self.origins[f"{level.path}{key}"] = statement
        level.comments += statement.comments
        return True

    def settled(self, statement: Statement, one: Setting) -> dict[str, Any] | None:
        """Return a setting as the part of the model that makes it."""
        words = statement.words
        if statement.keyword in ("allow", "deny", "ignore"):
            return {statement.keyword: [statement.word(1)]}
        is_option = statement.keyword == "option"
        if is_option and one.target == "server-identifier":
            is_option, statement = False, statement._replace(words=words[1:])
            words = (words[1]._replace(text="server-identifier"), *words[2:])
            statement = statement._replace(words=words)
        name, tokens = (words[1].text, words[2:]) if is_option else (statement.keyword, words[1:])
        kind = self.types.kind(name) if is_option else STATEMENTS.get(name, "time")
        key = "options" if is_option else "statements"
        if kind is None:
            return None
        if tokens and tokens[0].text == "=":
            return {key: {name: {"expression": line(tokens[1:])}}}
        try:
            value = read_value(kind, tokens)
        except ValueProblem:
            return None
        if not is_option and name not in STATEMENTS:
            return {name.replace("-", "_"): value} if isinstance(value, int) else None
        return {key: {name: value}}

    def conditional(self, path: str, statement: Statement) -> dict[str, Any] | None:
        if any(word.kind == "string" and "\n" in word.text for word in statement.words):
            return None
        item: dict[str, Any] = {"if": line(statement.words[1:])}
        item.update(self.level(statement.block or (), statement.closing, f"{path}.", "branch"))
        for part in statement.chain:
            texts = plain(part.words)
            if texts == ["else"]:
                item["else"] = self.level(part.block or (), part.closing, f"{path}.else.", "branch")
                continue
            branch = {"if": line(part.words[2 if texts[0] == "else" else 1 :])}
            number = len(item.setdefault("elif", []))
            branch.update(self.level(part.block or (), part.closing, f"{path}.elif[{number}].", "branch"))
            item["elif"].append(branch)
        return _commented(statement, item)

    # --- declarations -----------------------------------------------------------------------------------------------

    def declared(self, level: Level, statement: Statement, kind: str) -> bool:
        name = list_of(statement, kind, self.family)
        if name is None:
            return False
        path = level.path_of(name)
        item = self.element(statement, path, kind, level)
        if item is None:
            return False
        if item:
            self.origins[path] = statement
            level.add(name, _commented(statement, item))
        return True

    def element(self, statement: Statement, path: str, kind: str, level: Level) -> dict[str, Any] | None:
        """Return the element that a declaration becomes; an empty one where another element takes it in."""
        keyword, words, block = statement.keyword, statement.words, statement.block
        if keyword in parts.LISTED:
            return parts.LISTED[keyword][1](statement)
        if keyword == "option":
            space = statement.word(1) == "space"
            return parts.option_space(statement) if space else parts.option_definition(statement)
        if keyword == "subclass":
            return self.subclass(statement, level)
        if block is None or keyword in ("vendor-class", "user-class"):
            return None
        head: dict[str, Any] | None = {}
        if keyword in ("subnet", "subnet6"):
            head, kind = parts.subnet(statement), "subnet"
        elif keyword in ("pool", "pool6"):
            kind = "pool"
        elif keyword == "shared-network" and len(words) == 2:
            head, kind = {"name": parts.text_of(words[1])}, "shared"
        elif keyword == "group" and len(words) < 3:
            head, kind = ({"name": parts.text_of(words[1])} if len(words) == 2 else {}), "group"
        elif keyword == "host" and len(words) == 2:
            head, kind = {"host": words[1].text}, "host"
        elif keyword == "class" and len(words) == 2:
            head, kind = {"class": parts.text_of(words[1])}, "class"
        else:
            return None
        if head is None:
            return None
        item = {**head, **self.level(block, statement.closing, f"{path}.", kind)}
        # An element that is nothing but raw text would be taken for one.
        return item if head or set(item) - {"raw", "comment"} else None

    def subclass(self, statement: Statement, level: Level) -> dict[str, Any] | None:
        words = statement.words
        if len(words) != 3:
            return None
        classes = [item for item in level.items("classes") if item.get("class") == parts.text_of(words[1])]
        if not classes or ("match" not in classes[0] and "match_if" not in classes[0]):
            return None
        index = level.items("classes").index(classes[0])
        values = classes[0].setdefault("subclasses", [])
        path = f"{level.path}classes[{index}].subclasses[{len(values)}]"
        try:
            value = read_value("string", words[2:])
        except ValueProblem:
            return None
        inner = self.level(statement.block or (), statement.closing, f"{path}.", "class")
        self.origins[path] = statement
        item = _commented(statement, {"value": value, **inner})
        values.append(value if set(item) == {"value"} else item)
        return {}

    def own(self, level: Level, statement: Statement, kind: str) -> bool:
        """Take in what only one kind of level has."""
        keyword, words = statement.keyword, statement.words
        if keyword == "authoritative" or plain(words) == ["not", "authoritative"]:
            return kind in ("global", "shared", "subnet", "group") and level.speak(keyword == "authoritative")
        item: dict[str, Any] | None = None
        if kind == "host":
            item = parts.host_statement(statement, self.types)
        elif kind == "class":
            item = parts.class_statement(statement)
        elif keyword == "server-duid" and kind == "global":
            item = {"server_duid": line(words[1:])}
        elif keyword == "interface" and len(words) == 2 and kind in ("shared", "subnet"):
            item = {"interface": words[1].text}
        elif keyword in ("range", "range6", "prefix6") and kind in ("subnet", "pool"):
            return self.listed(level, statement, _RANGES[keyword], parts.address_range(statement))
        elif kind == "pool" and keyword in ("allow", "deny"):
            return self.listed(level, statement, keyword, parts.permit(statement))
        elif kind == "pool" and keyword == "failover" and len(words) == 3:
            item = {"failover_peer": parts.text_of(words[2])}
        elif kind == "pool" and plain(words) == ["no", "failover", "peer"]:
            item = {"failover_peer": False}
        if not item or any(level.has(key) and key != "fixed_prefixes6" for key in item):
            return False
        for key, value in item.items():
            self.origins[f"{level.path}{key}"] = statement
            if key == "fixed_prefixes6":
                self.listed(level, statement, key, value[0])
            else:
                level.set(key, value)
        level.comments += statement.comments
        return True

    def listed(self, level: Level, statement: Statement, key: str, value: Any) -> bool:
        if value is None:
            return False
        self.origins[level.path_of(key)] = statement
        level.add(key, value)
        level.comments += statement.comments
        return True


_RANGES = {"range": "ranges", "range6": "ranges6", "prefix6": "prefixes6"}


def _commented(statement: Statement, item: dict[str, Any]) -> dict[str, Any]:
    """Return an element with the comments that stand before it."""
    comments = "\n".join([*statement.comments, *item.get("comment", "").splitlines()]).strip("\n")
    return {"comment": comments + "\n", **{key: item[key] for key in item if key != "comment"}} if comments else item

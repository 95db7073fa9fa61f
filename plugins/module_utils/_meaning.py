# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a configuration means to dhcpd, in a form that two texts of the same meaning share.

The order of declarations mostly means nothing to dhcpd, nor does the order of options, but that of pools (addresses
are taken from them in turn), of classes, and of everything that a condition or a variable stands between does. Two
texts whose forms are equal mean the same; some texts that mean the same have forms that differ.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Iterable, NamedTuple, Optional, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import Token, unquote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_definitions import parse_type
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_read import canonical, read_value
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import OptionTypes, quote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import PERMISSIONS, STATEMENTS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem

_TIMES = ("default-lease-time", "max-lease-time", "min-lease-time")
_FLAG_OF = {"bootp": "allow-bootp", "booting": "allow-booting", "unknown-clients": "boot-unknown-clients"}
_CLASSES = ("class", "subclass", "vendor-class", "user-class")
_DECLARATIONS = frozenset(
    ["subnet", "subnet6", "shared-network", "host", "group", "key", "zone", "failover", "interface", "hardware",
     "fixed-address", "fixed-address6", "fixed-prefix6", "host-identifier", "uid", "match", "spawn", "lease",
     "server-duid", "include", "dynamic", "deleted", "static", *_CLASSES]
)  # fmt: skip


class Setting(NamedTuple):
    """A statement that sets one thing: an option, a parameter, a permission."""

    target: str
    value: str
    #: The words in its value that could be names of variables or of other options.
    mentions: frozenset[str]


def setting(statement: Statement, types: OptionTypes) -> Optional[Setting]:
    """Return what a statement sets, None where it does something else."""
    keyword, words = statement.keyword, statement.words
    if statement.block is not None:
        return None
    if keyword == "option" and len(words) > 1 and statement.word(1) != "space" and statement.word(2) != "code":
        if statement.word(1) == "dhcp-server-identifier":
            return _setting("server-identifier", "ip-address", words[2:])
        kind = types.kind(words[1].text)
        return _setting(f"option {statement.word(1)}", kind, words[2:])
    if keyword in _TIMES:
        return _setting(keyword, "time", words[1:])
    if keyword in STATEMENTS:
        return _setting(keyword, STATEMENTS[keyword], words[1:])
    if keyword in ("allow", "deny", "ignore") and len(words) == 2 and statement.word(1) in PERMISSIONS:
        flag = {"allow": "true", "deny": "false", "ignore": "ignore"}[keyword]
        return Setting(_FLAG_OF.get(statement.word(1), statement.word(1)), flag, frozenset())
    return None


def _setting(target: str, kind: Optional[str], tokens: Sequence[Token]) -> Setting:
    if kind is not None and not (tokens and tokens[0].text == "="):
        try:
            return Setting(target, canonical(kind, read_value(kind, tokens)), frozenset())
        except ValueProblem:
            pass
    return Setting(target, " ".join(plain(tokens)), mentions(tokens))


def plain(tokens: Iterable[Token]) -> list[str]:
    """Return tokens as texts, strings written in one way, words in lower case."""
    return [_string(token.text) if token.kind == "string" else token.text.lower() for token in tokens]


def _string(text: str) -> str:
    value = unquote(text)
    try:
        return quote(value)
    except ValueProblem:
        return repr(value)


def mentions(tokens: Iterable[Token]) -> frozenset[str]:
    """Return the words that could be names."""
    return frozenset(token.text.lower() for token in tokens if token.kind == "word")


def all_words(statement: Statement) -> frozenset[str]:
    """Return the words of a statement with all that is inside of it."""
    found = set(mentions(statement.words))
    for inner in (*(statement.block or ()), *statement.chain):
        found |= all_words(inner)
    return frozenset(found)


def names_of(one: Setting) -> frozenset[str]:
    """Return the words by which other statements could speak of what is set."""
    name = one.target.rpartition(" ")[2]
    permission = [word for word, flag in _FLAG_OF.items() if flag == name]
    return frozenset([name, *permission])


def defined_types(statements: Iterable[Statement]) -> OptionTypes:
    """Return the types of options with those that the statements define."""
    defined: dict[str, str] = {}
    for statement in statements:
        if statement.keyword == "option" and statement.word(2) == "code" and len(statement.words) > 5:
            try:
                defined[statement.word(1)] = parse_type(" ".join(word.text for word in statement.words[5:]))
            except ValueProblem:
                defined.pop(statement.word(1), None)
    return OptionTypes(defined, others_may_exist=True)


def meaning(statements: Sequence[Statement]) -> Any:
    """Return the form of a whole configuration, with its includes in place."""
    return _Meaning(defined_types(statements)).level(statements, "global", False, None)


class _Meaning:
    def __init__(self, types: OptionTypes) -> None:
        self.types = types

    def level(self, statements: Sequence[Statement], kind: str, speaks: bool, pools: Optional[list[Any]]) -> Any:
        """Return the form of a level. *speaks* is whether the level around it is authoritative."""
        own: list[Any] = [] if pools is None else pools
        rest: list[Any] = []
        classes: list[Any] = []
        done: list[Any] = []
        for statement in statements:
            keyword = statement.keyword
            if [keyword, statement.word(1)] == ["not", "authoritative"] or keyword == "authoritative":
                speaks = keyword == "authoritative"
            elif keyword in ("pool", "pool6"):
                own.append((keyword, self.level(statement.block or (), "pool", speaks, None)))
            elif keyword in ("range", "range6", "prefix6"):
                if kind == "pool":
                    rest.append(_range(statement))
                else:
                    own.append(_range(statement))
            elif kind == "pool" and keyword in ("allow", "deny") and statement.word(1) not in PERMISSIONS[:3]:
                rest.append(_permit(statement))
            elif kind == "pool" and (keyword == "failover" or plain(statement.words) == ["no", "failover", "peer"]):
                rest.append(("peer", tuple(plain(statement.words))))
            elif keyword in _CLASSES:
                form = self.level(statement.block or (), "class", speaks, None)
                (rest if keyword == "subclass" else classes).append((_head(statement), form))
            elif keyword == "option" and statement.word(1) == "space":
                rest.append(_head(statement))
            elif keyword == "option" and statement.word(2) == "code":
                rest.append(("option", statement.word(1), statement.word(3), self.types.kind(statement.word(1))))
            elif keyword in _DECLARATIONS:
                rest.append(self.declaration(statement, kind, speaks, own))
            else:
                done.append(statement)
        form = (self.executed(done), tuple(classes), tuple(sorted(map(repr, rest))))
        # Inside of a shared network pools are in one line, whatever subnet they are in.
        return form if pools is not None else (*form, tuple(map(repr, own)))

    def declaration(self, statement: Statement, kind: str, speaks: bool, pools: list[Any]) -> Any:
        keyword, block = statement.keyword, statement.block
        if keyword in ("subnet", "subnet6"):
            at_first = len(pools)
            head = _head(statement)
            inner = self.level(block or (), "subnet", speaks, pools if kind == "shared-network" else None)
            for index in range(at_first, len(pools)):
                pools[index] = (head, pools[index])
            return (head, _speaks(block, speaks), inner)
        if keyword == "shared-network":
            return (_head(statement), _speaks(block, speaks), self.level(block or (), keyword, speaks, None))
        if keyword == "hardware" or block is None:
            return _head(statement)
        if keyword in ("group", "host"):
            return (_head(statement), self.level(block, keyword, speaks, None))
        return (_head(statement), tuple(sorted(map(_line, block))))

    def executed(self, statements: Sequence[Statement]) -> Any:
        """Return what is executed: settings in runs without an order, and between them what keeps them apart."""
        runs: list[dict[str, Setting]] = [{}]
        barriers: list[tuple[frozenset[str], Any]] = []
        events: list[Any] = []
        for statement in statements:
            if statement.keyword == "on":
                # What happens at an event is executed then, whatever else is executed now.
                events.append(self.barrier(statement))
                continue
            one = setting(statement, self.types)
            if one is None:
                barriers.append((all_words(statement), self.barrier(statement)))
                runs.append({})
                continue
            place = len(barriers)
            names = names_of(one) | one.mentions
            while place and not names & barriers[place - 1][0] and one.target not in runs[place]:
                before = runs[place - 1]
                if any(names_of(other) & one.mentions or other.mentions & names_of(one) for other in before.values()):
                    break
                place -= 1
            # What comes later wins, and is all that is left.
            for later in runs[place:]:
                later.pop(one.target, None)
            runs[place][one.target] = one
        form: list[Any] = []
        for index, run in enumerate(runs):
            form.append(tuple(sorted((one.target, one.value) for one in run.values())))
            if index < len(barriers):
                form.append(barriers[index][1])
        return (*(part for part in form if part), *events)

    def barrier(self, statement: Statement) -> Any:
        if statement.keyword == "switch" or statement.block is None:
            return tuple(plain(statement.words))
        parts = [(statement.words, statement.block)]
        parts += [(part.words, part.block or ()) for part in statement.chain]
        return tuple((_condition(words), self.executed(block)) for words, block in parts)


def _speaks(block: Optional[Sequence[Statement]], speaks: bool) -> bool:
    for statement in block or ():
        if statement.keyword == "authoritative":
            speaks = True
        elif [statement.keyword, statement.word(1)] == ["not", "authoritative"]:
            speaks = False
    return speaks


def _condition(words: Sequence[Token]) -> tuple[str, ...]:
    texts = plain(words)
    if texts[:2] == ["else", "if"]:
        texts[:2] = ["elsif"]
    head, rest = texts[:1], texts[1:]
    while len(rest) > 2 and rest[0] == "(" and _closes_last(rest):
        rest = rest[1:-1]
    return (*head, *rest)


def _closes_last(texts: Sequence[str]) -> bool:
    depth = 0
    for index, text in enumerate(texts):
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth == 0:
            return index == len(texts) - 1
    return False


def _head(statement: Statement) -> tuple[str, ...]:
    keyword, words = statement.keyword, plain(statement.words)
    if keyword in (
        "key",
        "failover",
        "shared-network",
        "class",
        "host",
        "zone",
        "subclass",
        "hardware",
        "host-identifier",
    ):
        # Names are the same with quotes and without; addresses whatever their zeros.
        words = [keyword, *(_name(token) for token in statement.words[1:])]
    if keyword == "zone":
        words = [word.rstrip(".") for word in words]
    if keyword in ("subnet6", "fixed-address6", "fixed-prefix6"):
        words = [_address6(word) for word in words]
    return tuple(words)


def _line(statement: Statement) -> tuple[str, ...]:
    """Return a statement of a key, a zone or a peer: names are the same with quotes and without."""
    words = [_name(token) for token in statement.words[1:]]
    if statement.keyword == "secret":
        words = ["".join(words)]
    elif statement.keyword == "algorithm":
        words = [word.lower() for word in words]
    return (statement.keyword, *("seconds" if word == "secs" else word for word in words))


def _name(token: Token) -> str:
    if token.kind == "string":
        return unquote(token.text)
    pairs = token.text.split(":")
    if len(pairs) > 1 and all(0 < len(pair) < 3 for pair in pairs):
        return ":".join(f"{pair:0>2}" for pair in pairs).lower()
    return token.text


def _address6(word: str) -> str:
    try:
        return str(ipaddress.IPv6Address(word))
    except ValueError:
        return word


def _range(statement: Statement) -> tuple[str, ...]:
    words = [_address6(word) for word in plain(statement.words)]
    if len(words) > 2 and words[-1] == words[-2] and words[0] == "range":
        words.pop()
    if words[0] == "range6" and words[-1] == "temporary" and "/" not in words:
        words[2:2] = ["/", "64"]
    return tuple(words)


def _permit(statement: Statement) -> tuple[str, ...]:
    text = " ".join(plain(statement.words))
    return ("permit", text.replace(" known clients", " known-clients").replace(" unknown clients", " unknown-clients"))

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile strings in every field: none changes what stands around it, shown by reading the text back.

Ten thousand random strings; each goes into every field of a model that takes text. What the checks refuse is named by
its path; what they accept is read back, and the statements around it are those of a harmless value.
"""

from __future__ import annotations

import random
from typing import Any, Callable, Iterator, Tuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import build
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement, parse

Oracle = Callable[..., Tuple[bool, str]]

STRINGS = 10_000
ALPHABET = "\"\\;{}#\n\r\t\v\f\x00\x01\x7f\x85é\u2028\U0001f600 abcx0379-_.:/=()!~'%,"
WHOLE = [
    '"; } option x 1; #', "};", "\\", '\\"', '"', "\n}\n", "\x00", "{" * 70, '";' * 300, "a" * 1500, "\udc80", "#",
    "x\\x4", "/*", "known-clients; } range", "a\r\n;", "0:0;", " ", "if", "}" * 3, "'", "\u2028;", "\\377",
]  # fmt: skip

MODEL: dict[str, Any] = {
    "comment": "X",
    "raw_head": "X",
    "raw": "X",
    "server_duid": "LLT",
    "statements": {"filename": "X", "site-option-space": "X", "ddns-domainname": "X"},
    "options": {"domain-name": "X", "dhcp-client-identifier": "X", "domain-search": "X", "v4-lost": "X", "s.a": "X"},
    "boot": {"server_name": "X", "filename": "X", "ipxe": "X", "by_architecture": {"x64_uefi": "X"}},
    "conditionals": [{"if": "X", "options": {"host-name": {"expression": "X"}}}, {"raw": "X"}],
    "events": [{"event": "commit", "raw": "X"}],
    "option_spaces": [{"space": "s"}, {"space": "X"}],
    "option_definitions": [{"option": "s.a", "code": 1, "type": "text"}, {"option": "X", "code": 2, "type": "X"}],
    "keys": [{"name": "X", "algorithm": "hmac-sha256", "secret": "X"}],
    "zones": [{"zone": "X", "primary": "X"}],
    "classes": [
        {"class": "X", "match": "X", "subclasses": ["X"]},
        {"class": "k", "match": "hardware", "match_if": "X", "subclasses": [{"value": "X"}], "comment": "X"},
    ],
    "shared_networks": [{"name": "X", "interface": "X", "subnets": [{"subnet": "203.0.113.0/24"}]}],
    "subnets": [
        {"subnet": "198.51.100.0/24", "raw": "X", "raw_head": "X",
         "pools": [{"ranges": ["198.51.100.50-198.51.100.99"], "allow": ["X"], "comment": "X", "raw": "X"}]},
        {"subnet": "X", "ranges": ["X"]},
    ],
    "groups": [{"name": "X", "comment": "X"}],
    "reservations": [
        {"host": "a", "hardware_ethernet": "00:00:5e:00:53:01", "fixed_address": "198.51.100.10",
         "options": {"host-name": "X"}, "comment": "X", "raw": "X"},
        {"host": "X", "hardware_ethernet": "X", "fixed_address": "X"},
        {"host": "c", "hardware": "X"},
        {"host": "d", "client_id": "X", "host_identifier": {"option": "host-name", "value": "X"}},
        {"host": "e", "duid": "X"},
    ],
    "includes": [{"path": "X", "content": "X"}],
}  # fmt: skip

MARK = object()

#: What else a field's model needs.
NEEDS = {
    "options": ("option_spaces", "option_definitions"),
    "option_definitions": ("option_spaces",),
    "reservations": ("subnets",),
}

#: Fields whose own text is statements: what they say is theirs, and must end where they end.
RAW = ("raw", "raw_head", "content")


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every place of the model that holds X."""
    if value == "X":
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from fields(inner, (*path, key))


def filled(value: Any, path: tuple[Any, ...], mine: tuple[Any, ...]) -> Any:
    """Return a part of the model with harmless values, and MARK in the one field."""
    if value == "X":
        return MARK if path == mine else harmless(path)
    if isinstance(value, dict):
        return {key: filled(inner, (*path, key), mine) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, (*path, index), mine) for index, inner in enumerate(value)]
    return value


def setter(path: tuple[Any, ...]) -> Callable[[str], Any]:
    """Return a function that returns a small model with one field set: always the same object."""
    kept = {path[0]: MODEL[path[0]], **{key: MODEL[key] for key in NEEDS.get(path[0], ())}}
    model = {key: filled(value, (key,), path) for key, value in kept.items()}
    if len(path) > 1 and isinstance(path[1], int) and path[0] != "option_definitions":
        model[path[0]] = [model[path[0]][path[1]]]
    (where,) = marks(model)
    inner: Any = model
    for key in where[:-1]:
        inner = inner[key]

    def put(text: str) -> Any:
        inner[where[-1]] = text
        return model

    return put


def marks(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if value is MARK:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from marks(inner, (*path, key))


def shape(statements: tuple[Statement, ...]) -> list[Any]:
    """Return keywords and blocks, whatever the strings in them say."""
    return [
        (
            statement.keyword,
            len([word for word in statement.words if word.kind == "symbol"]),
            shape(statement.block or ()),
        )
        for statement in statements
    ]


HARMLESS = {
    "raw": 'log("x");', "raw_head": 'log("x");', "content": "", "if": "known", "expression": "hardware",
    "match": "hardware", "match_if": "known", "secret": "AAAA", "algorithm": "hmac-md5", "type": "text",
    "primary": "192.0.2.1",
    "subnet": "192.0.2.0/24", "fixed_address": "198.51.100.11", "hardware_ethernet": "00:00:5e:00:53:02",
    "hardware": "token-ring 00:00:5e:00:53:03", "duid": "00:01", "interface": "eth0",
}  # fmt: skip


def harmless(path: tuple[Any, ...]) -> str:
    if path[-2:-1] == ("allow",):
        return "known-clients"
    if path[-2:-1] == ("ranges",):
        return "192.0.2.5"
    return HARMLESS.get(str(path[-1]), "x")


def strings() -> Iterator[str]:
    rng = random.Random(6)
    yield from WHOLE
    for _number in range(STRINGS - len(WHOLE)):
        text = "".join(rng.choices(ALPHABET, k=rng.randint(1, 24)))
        yield rng.choice([text, harmless(("x",)) + text, rng.choice(list(HARMLESS.values())) + text])


def test_hostile_strings() -> None:
    paths = list(fields(MODEL))
    tame, put = {}, {}
    for path in paths:
        put[path] = setter(path)
        built = build(put[path](harmless(path)))
        assert built.problems == [], path
        tame[path] = shape(parse(built.text).statements)
    assert len(paths) > 50
    accepted = refused = 0
    for text in strings():
        for path in paths:
            built = build(put[path](text))
            if built.problems:
                refused += 1
                assert all(problem.startswith("dhcpd_container") for problem in built.problems)
                continue
            accepted += 1
            found = shape(parse(built.text).statements)
            if path[-1] in RAW:
                assert within(found, tame[path]), (path, text, built.text)
            else:
                assert found == tame[path] or path[-1] in ("type", "if", "match", "match_if", "expression", "secret"), (
                    path, text, built.text,
                )  # fmt: skip
                assert blocks(found) == blocks(tame[path]), (path, text, built.text)
    print(f"{STRINGS} strings in {len(paths)} fields: {accepted} accepted with all around as before, {refused} refused")


def blocks(found: list[Any]) -> list[Any]:
    return [(keyword, blocks(inner)) for keyword, _symbols, inner in found]


def within(found: list[Any], tame: list[Any]) -> bool:
    """Whether all of the tame statements, but for one `log`, stand there in order at their level."""
    waiting = list(found)
    for keyword, symbols, inner in tame:
        if keyword == "log" and not inner:
            continue
        while waiting and not (waiting[0][0] == keyword and waiting[0][1] == symbols and within(waiting[0][2], inner)):
            waiting.pop(0)
        if not waiting:
            return False
        waiting.pop(0)
    return True


def test_what_is_accepted_dhcpd_reads_in_the_same_way(dhcpd: Oracle) -> None:
    """A statement that dhcpd must refuse stands behind each accepted string: it is not hidden."""
    rng = random.Random(66)
    paths = list(fields(MODEL))
    asked = 0
    for text in rng.sample(list(strings()), 1500) + WHOLE:
        path = rng.choice(paths)
        built = build(setter(path)(text))
        if built.problems or path[0] == "includes":
            continue
        asked += 1
        taken, said = dhcpd(built.text + "option no-such-option 1;\n")
        assert not taken, said
        assert "unknown option dhcp.no-such-option" in said, said
    print(f"{asked} asked")
    assert asked > 50

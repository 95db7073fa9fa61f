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
    "boot": {"next_server": "X", "server_name": "X", "filename": "X", "ipxe": "X",
             "by_architecture": {"x64_uefi": "X"}},
    "conditionals": [{"if": "X", "options": {"host-name": {"expression": "X"}}}, {"raw": "X"}],
    "events": [{"event": "X", "raw": "X"}, {"event": ["X"], "raw": ""}],
    "option_spaces": [{"space": "s"}, {"space": "X"}],
    "option_definitions": [{"option": "s.a", "code": 1, "type": "text"}, {"option": "X", "code": 2, "type": "X"}],
    "allow": ["X"],
    "deny": ["X"],
    "ignore": ["X"],
    "keys": [{"name": "X", "algorithm": "X", "secret": "X"}],
    "zones": [{"zone": "X", "primary": "X", "secondary": ["X"], "primary6": "X", "secondary6": "X", "key": "X"}],
    "omapi": {"port": 7911, "key": "X"},
    "ldap": {
        "server": "X", "base_dn": "X", "username": "X", "password": "X", "dhcp_server_cn": "X", "debug_file": "X",
        "method": "X", "ssl": "X", "referrals": True, "tls_reqcert": "X", "tls_ca_dir": "X", "tls_ca_file": "X",
        "tls_ciphers": "X", "tls_cert": "X", "tls_crlcheck": "X", "tls_key": "X", "tls_randfile": "X",
        "gssapi_keytab": "X", "gssapi_principal": "X",
    },
    "failover_peers": [{"name": "X", "role": "X", "address": "X", "peer_address": "X", "mclt": 60, "hba": "X"}],
    "classes": [
        {"class": "X", "match": "X", "subclasses": ["X"]},
        {"class": "k", "match": "hardware", "match_if": "X", "subclasses": [{"value": "X"}], "comment": "X"},
    ],
    "shared_networks": [{"name": "X", "interface": "X", "subnets": [{"subnet": "203.0.113.0/24"}],
                         "pools": [{"ranges": ["203.0.113.9"], "failover_peer": "X"}]}],
    "subnets": [
        {"subnet": "198.51.100.0/24", "raw": "X", "raw_head": "X",
         "interface": "X",
         "pools": [{"ranges": ["198.51.100.50-198.51.100.99"], "allow": ["X"], "deny": ["X"],
                    "comment": "X", "raw": "X"}]},
        {"subnet": "X", "ranges": ["X"]},
    ],
    "groups": [{"name": "X", "comment": "X"}],
    "reservations": [
        {"host": "a", "hardware_ethernet": "00:00:5e:00:53:01", "fixed_address": "198.51.100.10",
         "options": {"host-name": "X"}, "comment": "X", "raw": "X"},
        {"host": "X", "hardware_ethernet": "X", "fixed_address": "X"},
        {"host": "c", "hardware": "X"},
        {"host": "d", "client_id": "X", "host_identifier": {"option": "X", "value": "X"}},
        {"host": "e", "duid": "X"},
    ],
    "reservation_sources": [
        {"name": "X", "reservations": [{"host": "X", "client_id": "X", "fixed_addresses": ["X"], "allow": ["X"]}]}
    ],
    "includes": [{"path": "X", "content": "X", "place": "X", "comment": "X"}],
}  # fmt: skip

MODEL6: dict[str, Any] = {
    "options": {"dhcp6.domain-search": ["X"], "dhcp6.bootfile-url": "X", "dhcp6.name-servers": ["X"]},
    "boot": {"filename": "X", "by_architecture": {"x64_uefi": "X"}},
    "subnets6": [
        {"subnet6": "2001:db8::/64", "interface": "X",
         "pools": [{"ranges6": ["X"], "prefixes6": ["X"], "deny": ["X"]}]},
        {"subnet6": "X", "ranges6": ["X"], "prefixes6": ["X"], "raw": "X"},
    ],
    "reservations": [{"host": "X", "duid": "X", "fixed_address": "X", "fixed_prefixes6": ["X"]}],
}  # fmt: skip
MODELS = {4: MODEL, 6: MODEL6}

MARK = object()

#: What else a field's model needs.
NEEDS = {
    "options": ("option_spaces", "option_definitions"),
    "option_definitions": ("option_spaces",),
    "reservations": ("subnets", "subnets6"),
    "reservation_sources": ("subnets",),
    "failover_peers": ("shared_networks",),
    "shared_networks": ("failover_peers",),
    "omapi": ("keys",),
    "zones": ("keys",),
}

#: Fields whose own text may have symbols.
EXPRESSIVE = ("type", "if", "match", "match_if", "expression", "secret", "ranges6")

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


def setter(family: int, path: tuple[Any, ...]) -> Callable[[str], Any]:
    """Return a function that returns a small model with one field set: always the same object."""
    whole = MODELS[family]
    kept = {path[0]: whole[path[0]], **{key: whole[key] for key in NEEDS.get(path[0], ()) if key in whole}}
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
    "match": "hardware", "match_if": "known", "secret": "AAAA", "algorithm": "hmac-sha256", "type": "text",
    "role": "primary", "address": "192.0.2.2", "peer_address": "192.0.2.3", "next_server": "192.0.2.4",
    "hba": ":".join(["ff"] * 32), "option": "host-name", "place": "start", "event": "commit", "method": "static",
    "ssl": "ldaps", "tls_reqcert": "demand", "tls_crlcheck": "none", "primary6": "2001:db8::2",
    "secondary6": "2001:db8::3",
    "subnet6": "2001:db8:1::/64",
    "primary": "192.0.2.1",
    "subnet": "192.0.2.0/24", "fixed_address": "198.51.100.11", "hardware_ethernet": "00:00:5e:00:53:02",
    "hardware": "token-ring 00:00:5e:00:53:03", "duid": "00:01", "interface": "eth0",
}  # fmt: skip


#: Of the elements of lists, by the list's key.
ELEMENTS = {
    "ranges": "192.0.2.5", "ranges6": "2001:db8::5-2001:db8::6", "prefixes6": "2001:db8:100::-2001:db8:1ff::/48",
    "fixed_addresses": "198.51.100.12", "fixed_prefixes6": "2001:db8:5::/48", "event": "expiry",
    "secondary": "192.0.2.6",
    "dhcp6.name-servers": "2001:db8::53", "dhcp6.domain-search": "example.net",
}  # fmt: skip


def harmless(path: tuple[Any, ...]) -> str:
    if path[-2:-1] in (("allow",), ("deny",), ("ignore",)):
        return "known-clients" if "pools" in path else "bootp"
    if path == ("reservations", 0, "fixed_address"):  # of MODEL6
        return "2001:db8::9"
    if path[-1:] == ("option",) and path[0] == "option_definitions":
        return "x"
    if path[-2:-1] and path[-2] in ELEMENTS:
        if path[:2] == ("subnets6", 1):
            return {"ranges6": "2001:db8:1::5-2001:db8:1::6", "prefixes6": "2001:db8:300::-2001:db8:3ff::/48"}[path[-2]]
        return ELEMENTS[path[-2]]
    return HARMLESS.get(str(path[-1]), "x")


def strings() -> Iterator[str]:
    rng = random.Random(6)
    yield from WHOLE
    for _number in range(STRINGS - len(WHOLE)):
        text = "".join(rng.choices(ALPHABET, k=rng.randint(1, 24)))
        yield rng.choice([text, harmless(("x",)) + text, rng.choice(list(HARMLESS.values())) + text])


def test_hostile_strings() -> None:
    places = [(family, path) for family, model in MODELS.items() for path in fields(model)]
    tame, put = {}, {}
    for family, path in places:
        put[family, path] = setter(family, path)
        built = build(put[family, path](harmless(path)), family)
        assert built.problems == [], path
        tame[family, path] = shape(parse(built.text).statements)
    assert len(places) > 100
    accepted = refused = 0
    for text in strings():
        for family, path in places:
            built = build(put[family, path](text), family)
            if built.problems:
                refused += 1
                assert all(problem.startswith("dhcpd_container") for problem in built.problems)
                continue
            accepted += 1
            found = shape(parse(built.text).statements)
            if path[-1] in RAW:
                assert within(found, tame[family, path]), (path, text, built.text)
            else:
                same = found == tame[family, path]
                assert same or set(EXPRESSIVE) & set(path[-2:]), (path, text, built.text)
                assert blocks(found) == blocks(tame[family, path]), (path, text, built.text)
    print(
        f"{STRINGS} strings in {len(places)} fields: {accepted} accepted with all around as before, {refused} refused"
    )


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
    places = [(family, path) for family, model in MODELS.items() for path in fields(model)]
    asked = 0
    for text in rng.sample(list(strings()), 1500) + WHOLE:
        family, path = rng.choice(places)
        built = build(setter(family, path)(text), family)
        # This dhcpd has no LDAP.
        if built.problems or path[0] in ("includes", "ldap"):
            continue
        asked += 1
        taken, said = dhcpd(built.text + "option no-such-option 1;\n", family)
        assert not taken, said
        assert "unknown option dhcp.no-such-option" in said, said
    print(f"{asked} asked")
    assert asked > 50

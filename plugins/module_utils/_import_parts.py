# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single declarations of a dhcpd.conf as the data that make them (see _conf.py for the data's form).

Every function returns None for what it cannot say in that form; raw text then says it.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Optional, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_globals import ALGORITHMS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_networks import PERMITS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import Token, unquote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._meaning import plain
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_definitions import parse_type
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_read import read_value
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import OptionTypes
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement, line
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, parse_subnet

Item = Optional["dict[str, Any]"]

_PEER = {
    "address": "address",
    "peer address": "peer_address",
    "port": "port",
    "peer port": "peer_port",
    "max-response-delay": "max_response_delay",
    "max-unacked-updates": "max_unacked_updates",
    "mclt": "mclt",
    "split": "split",
    "hba": "hba",
    "load balance max seconds": "load_balance_max_seconds",
    "load balance max secs": "load_balance_max_seconds",
    "auto-partner-down": "auto_partner_down",
    "max-lease-misbalance": "max_lease_misbalance",
    "max-lease-ownership": "max_lease_ownership",
    "min-balance": "min_balance",
    "max-balance": "max_balance",
}
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,9}")


def text_of(token: Token) -> str:
    """Return a word, or what a string holds."""
    return unquote(token.text) if token.kind == "string" else token.text


def number(token: Token) -> int | None:
    """Return a decimal number."""
    return int(token.text) if token.kind == "word" and _DECIMAL.fullmatch(token.text) else None


def address_list(tokens: Sequence[Token]) -> list[str] | None:
    """Return words divided by commas."""
    texts = [token.text for token in tokens]
    if len(texts) % 2 == 0 or any(text != "," for text in texts[1::2]):
        return None
    return texts[::2]


def option_space(statement: Statement) -> Item:
    words = statement.words
    item: dict[str, Any] = {"space": words[2].text} if len(words) > 2 else {}
    rest = list(words[3:])
    while len(rest) >= 3:
        key = {"code width": "code_width", "length width": "length_width", "hash size": "hash_size"}
        name = key.get(f"{rest[0].text} {rest[1].text}".lower())
        value = number(rest[2])
        if name is None or value is None:
            return None
        item[name] = value
        rest = rest[3:]
    return None if rest or not item else item


def option_definition(statement: Statement) -> Item:
    words = statement.words
    code = number(words[3]) if len(words) > 5 and words[4].text == "=" else None
    if code is None:
        return None
    try:
        kind = parse_type(" ".join(word.text for word in words[5:]))
    except ValueProblem:
        return None
    return {"option": words[1].text, "code": code, "type": kind}


def key(statement: Statement) -> Item:
    item: dict[str, Any] = {"name": text_of(statement.words[1])} if len(statement.words) == 2 else {}
    for inner in statement.block or ():
        value = "".join(text_of(token) for token in inner.words[1:])
        if inner.keyword == "algorithm" and value.lower() in ALGORITHMS:
            item["algorithm"] = value.lower()
        elif inner.keyword == "secret":
            item["secret"] = value
        else:
            return None
    return item if len(item) == 3 else None


def zone(statement: Statement) -> Item:
    item: dict[str, Any] = {"zone": statement.words[1].text} if len(statement.words) == 2 else {}
    for inner in statement.block or ():
        if inner.keyword in ("primary", "secondary", "primary6", "secondary6"):
            addresses = address_list(inner.words[1:])
            if addresses is None:
                return None
            item[inner.keyword] = addresses
        elif inner.keyword == "key" and len(inner.words) == 2:
            item["key"] = text_of(inner.words[1])
        else:
            return None
    return item if "zone" in item else None


def failover_peer(statement: Statement) -> Item:
    if len(statement.words) != 3 or statement.block is None:
        return None
    item: dict[str, Any] = {"name": text_of(statement.words[2])}
    for inner in statement.block:
        words = plain(inner.words)
        if words in (["primary"], ["secondary"]):
            item["role"] = words[0]
            continue
        name = _PEER.get(" ".join(words[:-1]))
        if name is None or name in item:
            return None
        value = inner.words[-1]
        item[name] = value.text if "address" in name or name == "hba" else number(value)
    return item if None not in item.values() else None


def permit(statement: Statement) -> str | None:
    """Return what a pool allows or denies."""
    words = [*plain(statement.words[1:2]), *(token.text for token in statement.words[2:])]
    text = " ".join(words)
    if words[:2] == ["members", "of"] and len(words) == 3 and statement.words[3].kind == "string":
        return text
    text = text.lower().replace("unknown clients", "unknown-clients")
    text = "known-clients" if text == "known clients" else text
    return text if text in PERMITS else None


def address_range(statement: Statement) -> str | None:
    """Return a range, range6 or prefix6 as one text."""
    texts = [token.text for token in statement.words[1:]]
    dynamic = ""
    if texts[:1] == ["dynamic-bootp"]:
        dynamic, texts = "dynamic-bootp ", texts[1:]
    if statement.keyword == "range" and len(texts) in (1, 2):
        return dynamic + "-".join(texts)
    if statement.keyword == "range6":
        temporary = " temporary" if texts[-1:] == ["temporary"] else ""
        texts = texts[:-1] if temporary else texts
        if len(texts) == 1 and temporary:
            return f"{texts[0]}/64{temporary}"
        if len(texts) == 3 and texts[1] == "/":
            return f"{texts[0]}/{texts[2]}{temporary}"
        return "-".join(texts) if len(texts) == 2 and not temporary else None
    if statement.keyword == "prefix6" and len(texts) == 4 and texts[2] == "/":
        return f"{texts[0]}-{texts[1]}/{texts[3]}"
    return None


def subnet(statement: Statement) -> Item:
    words = [token.text for token in statement.words]
    if statement.keyword == "subnet6" and len(words) == 4 and words[2] == "/":
        return {"subnet6": f"{words[1]}/{words[3]}"}
    if statement.keyword != "subnet" or len(words) != 4 or words[2].lower() != "netmask":
        return None
    try:
        bits = f"{int.from_bytes(bytes(map(int, words[3].split('.'))), 'big'):032b}"
        length = bits.rstrip("0").count("1")
        if "0" in bits.rstrip("0"):
            return None
        return {"subnet": str(parse_subnet(f"{words[1]}/{length}"))}
    except (ValueError, ValueProblem):
        return None


def host_statement(statement: Statement, types: OptionTypes) -> Item:
    """Return what one statement of a host says about who it is, or where."""
    keyword, words = statement.keyword, statement.words
    if statement.block is not None:
        return None
    if keyword == "hardware" and len(words) == 3:
        if statement.word(1) == "ethernet":
            return {"hardware_ethernet": words[2].text}
        return {"hardware": f"{statement.word(1)} {words[2].text}"}
    if keyword in ("fixed-address", "fixed-address6"):
        addresses = address_list(words[1:])
        if addresses is None:
            return None
        return {"fixed_address": addresses[0]} if len(addresses) == 1 else {"fixed_addresses": addresses}
    if keyword == "fixed-prefix6" and len(words) == 4 and words[2].text == "/":
        return {"fixed_prefixes6": [f"{words[1].text}/{words[3].text}"]}
    if keyword == "option" and statement.word(1) == "dhcp-client-identifier":
        value = _value("string", words[2:])
        return None if value is None else {"client_id": value}
    if keyword == "host-identifier" and len(words) > 3:
        relay = None if statement.word(1) == "option" else number(words[2])
        option, rest = (words[2], words[3:]) if statement.word(1) == "option" else (words[3], words[4:])
        if statement.word(1) != "option" and relay is None:
            return None
        name = option.text.lower()
        kind = "string" if name.startswith("agent.") else types.kind(name)
        value = None if kind is None else _value(kind, rest)
        if value is None:
            return None
        if name == "dhcp6.client-id" and relay is None and rest[0].kind == "word":
            return {"duid": value}
        item = {"option": option.text, "value": value}
        return {"host_identifier": item if relay is None else {**item, "relay": relay}}
    return None


def class_statement(statement: Statement) -> Item:
    """Return what one statement of a class says about who is in it."""
    words = plain(statement.words)
    if words[:2] == ["match", "if"]:
        return {"match_if": line(statement.words[2:])}
    if words[:1] == ["match"]:
        return {"match": line(statement.words[1:])}
    if words[:2] == ["spawn", "with"]:
        return {"spawn_with": line(statement.words[2:])}
    if words[:2] == ["lease", "limit"] and len(words) == 3:
        limit = number(statement.words[2])
        return None if limit is None else {"lease_limit": limit}
    return None


def _value(kind: str, tokens: Sequence[Token]) -> Any:
    try:
        return read_value(kind, tokens)
    except ValueProblem:
        return None


#: The lists of the outermost level, and what makes an element of a declaration.
LISTED: dict[str, tuple[str, Callable[[Statement], Item]]] = {
    "key": ("keys", key),
    "zone": ("zones", zone),
    "failover": ("failover_peers", failover_peer),
}

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of dhcpd.leases(5), one declaration at a time: what it says, or why dhcpd would not take it.

The rules are those of ISC DHCP 4.4.3-P1 (server/confpars.c), kept true by tests/oracle/test_leases_oracle.py. What
stands in the braces of a host, a class or an `on` statement is looked at only as far as its tokens, its braces and the
first word of each statement go.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_lexer import (
    Broken,
    Parser,
    hexadecimal,
    text,
    unquote,
)

STATES = ("free", "active", "expired", "released", "abandoned", "reset", "backup", "reserved", "bootp")
_STATES6 = STATES[:5]
_PEER_STATES = (
    "unknown-state",
    "partner-down",
    "normal",
    "communications-interrupted",
    "conflict-done",
    "resolution-interrupted",
    "potential-conflict",
    "recover",
    "recover-wait",
    "recover-done",
    "shutdown",
    "paused",
    "startup",
)
_TIMES = ("starts", "ends", "timestamp", "tstp", "tsfp", "atsfp", "cltt")
_EVENTS = ("expiry", "release", "commit", "transmission")

# dhcpd takes none of its own words for the name of a variable. These are those that a damaged file may have there.
KEYWORDS = frozenset(
    (*_TIMES, *STATES, *_EVENTS, "binding", "next", "rewind", "state", "hardware", "uid", "set", "option", "supersede")
    + ("on", "or", "class", "billing", "subclass", "epoch", "never", "ethernet", "client-hostname", "dynamic-bootp")
    + ("lease", "host", "iaaddr", "iaprefix", "preferred-life", "max-life", "agent", "true", "false", "log", "if")
)

Fields = Dict[str, Any]
Item = Tuple[str, Fields]


def declaration(parser: Parser) -> Optional[list[Item]]:
    """Take one declaration and return the (kind, fields) it holds, or None at the end of the file. Raises Broken."""
    keyword = parser.take()
    if keyword == "":
        return None
    read = _DECLARATIONS.get(keyword)
    if read is None:
        raise parser.fail("a declaration")
    return read(parser, keyword)


def _once(parser: Parser, seen: dict[str, bool], key: str) -> None:
    if seen.setdefault(key, False):
        raise Broken(f"{key} is said twice", parser.start)
    seen[key] = True


def _state(parser: Parser, states: tuple[str, ...]) -> str:
    parser.expect("state")
    state = parser.take()
    if state not in states:
        raise parser.fail("a binding state")
    parser.expect(";")
    return state


def _variable(parser: Parser, fields: Fields) -> None:
    name = parser.word("a variable")
    if parser.last in KEYWORDS:
        raise parser.fail("a variable")
    parser.expect("=")
    fields["variables"][name] = parser.constant()
    parser.expect(";")


def _on(parser: Parser) -> list[str]:
    events = [parser.expect(*_EVENTS)]
    while parser.peek() == "or":
        parser.take()
        events.append(parser.expect(*_EVENTS))
    if parser.expect("{", ";") == "{":
        parser.block()
    return events


def _lease(parser: Parser, _keyword: str) -> list[Item]:
    fields: Fields = {"address": parser.address4(), "variables": {}, "options": {}}
    seen: dict[str, bool] = {}
    parser.expect("{")
    while True:
        key = parser.take()
        if key == "}":
            return [("lease", fields)]
        if key in _TIMES:
            _once(parser, seen, key)
            fields[key] = parser.date()
        elif key in ("binding", "next", "rewind"):
            name = "state" if key == "binding" else f"{key}_state"
            _once(parser, seen, name)
            if key != "binding":
                parser.expect("binding")
            state = _state(parser, STATES)
            if state in ("reserved", "bootp"):
                # As older versions said it; both are leases that are in use.
                fields[state], state = True, "active"
            fields[name] = state
        elif key == "abandoned":
            _once(parser, seen, "state")
            fields["state"] = key
            parser.expect(";")
        elif key in ("reserved", "dynamic-bootp"):
            fields["reserved" if key == "reserved" else "bootp"] = True
            parser.expect(";")
        elif key == "hardware":
            _once(parser, seen, key)
            fields["hardware_type"], fields["hardware"] = parser.hardware()
        elif key == "uid":
            _once(parser, seen, key)
            fields["uid"] = hexadecimal(parser.identifier())
            parser.expect(";")
        elif key == "client-hostname":
            _once(parser, seen, key)
            fields["client_hostname"] = (
                text(unquote(parser.string())) if parser.peek()[:1] == '"' else parser.name()
            )  # fmt: skip
            parser.expect(";")
        elif key == "set":
            _variable(parser, fields)
        elif key in ("ddns-fwd-name", "ddns-rev-name"):
            _once(parser, seen, key)
            fields["variables"][key] = parser.constant()
            parser.expect(";")
        elif key in ("option", "supersede"):
            name, value = _agent_option(parser)
            fields["options"][name] = value
        elif key == "on":
            fields["on"] = True
            for event in _on(parser):
                _once(parser, seen, f"on {event}")
        elif key == "class":
            _once(parser, seen, key)
            parser.word("a class")
            parser.expect(";")
        elif key == "billing":
            _once(parser, seen, key)
            fields["billing_class"] = _billing(parser)
        else:
            raise parser.fail("a statement of a lease")


def _billing(parser: Parser) -> str:
    kind = parser.expect("class", "subclass")
    name = text(unquote(parser.string()))
    if kind == "subclass":
        parser.identifier()
        if parser.peek() == "{":
            parser.take()
            parser.block()
            return name
    parser.expect(";")
    return name


def _agent_option(parser: Parser) -> tuple[str, Any]:
    if parser.take() != "agent":
        raise parser.fail("an option of the relay agent")
    parser.expect(".")
    name = f"agent.{parser.word('an option')}"
    if parser.peek()[:1] == '"':
        value: Any = text(unquote(parser.string()))
    elif name in ("agent.circuit-id", "agent.remote-id"):
        value = hexadecimal(parser.octets())
    else:
        # Octets, a number or addresses; a configuration may define options of its own.
        parts: list[str] = []
        while parser.peek()[:1].isalnum() or (parts and parser.peek() in (".", ":", ",")):
            parts.append(parser.take())
        if not parts or not parts[-1][:1].isalnum():
            parser.take()
            raise parser.fail("the value of an option")
        value = "".join(parts)
    parser.expect(";")
    return name, value


def _association(parser: Parser, keyword: str) -> list[Item]:
    identifier = parser.identifier()
    # The identifier of the association takes four octets, and dhcpd wants two of a DUID at least.
    if not 5 < len(identifier) <= 132:
        raise parser.fail("an identifier of 6 to 132 octets")
    shared: Fields = {"identifier": identifier}
    found: list[Item] = []
    parser.expect("{")
    inner = "iaprefix" if keyword == "ia-pd" else "iaaddr"
    while parser.expect("cltt", inner, "}") != "}":
        if parser.last == "cltt":
            shared["cltt"] = parser.date()
        else:
            found.append((keyword, _address(parser, inner == "iaprefix")))
    return [(kind, {**shared, **fields}) for kind, fields in found]


def _address(parser: Parser, prefix: bool) -> Fields:
    fields: Fields = {"address": parser.prefix6() if prefix else parser.address6(), "variables": {}}
    events = 0
    parser.expect("{")
    while True:
        key = parser.take()
        if key == "}":
            break
        if key == "binding":
            fields["state"] = _state(parser, _STATES6)
        elif key in ("preferred-life", "max-life"):
            fields[key.replace("-", "_")] = parser.number()
        elif key == "ends":
            fields["ends"] = parser.date()
        elif key == "set":
            _variable(parser, fields)
        elif key == "on" and events < 2:
            events += 1
            _on(parser)
        else:
            raise parser.fail("a statement of an address")
    for key in ("state", "ends"):
        if key not in fields:
            raise parser.fail(f"the {key} of the address")
    return fields


def _host(parser: Parser, _keyword: str) -> list[Item]:
    fields: Fields = {"name": parser.name(), "fixed_addresses": []}

    def statement(key: str) -> bool:
        if key in ("dynamic", "deleted"):
            parser.take()
            fields[key] = True
            parser.expect(";")
        elif key == "hardware":
            parser.take()
            fields["hardware_type"], fields["hardware"] = parser.hardware()
        elif key == "uid":
            parser.take()
            fields["uid"] = hexadecimal(parser.identifier())
            parser.expect(";")
        elif key == "fixed-address":
            parser.take()
            while True:
                fields["fixed_addresses"].append(_host_address(parser))
                if parser.expect(",", ";") == ";":
                    break
        else:
            return False
        return True

    parser.expect("{")
    parser.block(statement)
    return [("host", fields)]


def _host_address(parser: Parser) -> str:
    return parser.address4() if parser.peek().isdigit() else parser.name()


def _peer(parser: Parser, _keyword: str) -> list[Item]:
    parser.expect("peer")
    fields: Fields = {
        "name": text(unquote(parser.string())) if parser.peek()[:1] == '"' else parser.word("the name of a peer")
    }
    parser.expect("state")
    parser.expect("{")
    while parser.expect("my", "partner", "mclt", "}") != "}":
        key = parser.last
        if key == "mclt":
            fields[key] = parser.number()
            continue
        parser.expect("state")
        fields[f"{key}_state"] = parser.expect(*_PEER_STATES)
        if parser.expect("at", ";") == "at":
            fields[f"{key}_since"] = parser.date()
    return [("failover", fields)]


def _server_duid(parser: Parser, _keyword: str) -> list[Item]:
    duid = parser.identifier()
    if not 2 < len(duid) <= 128:
        raise parser.fail("a DUID of 3 to 128 octets")
    parser.expect(";")
    return [("server-duid", {"duid": hexadecimal(duid)})]


def _byte_order(parser: Parser, _keyword: str) -> list[Item]:
    order = parser.expect("little-endian", "big-endian")
    parser.expect(";")
    return [("authoring-byte-order", {"order": order})]


def _opaque(parser: Parser, keyword: str) -> list[Item]:
    """Take a class, a subclass or a group, which dhcpd writes where OMAPI or a billing class made them."""
    while parser.peek() not in ("{", ";", "}", ""):
        parser.take()
    if parser.expect("{", ";") == "{":
        parser.block(hosts=keyword == "group")
    return [(keyword, {})]


_DECLARATIONS: dict[str, Callable[[Parser, str], list[Item]]] = {
    "lease": _lease,
    "ia-na": _association,
    "ia-ta": _association,
    "ia-pd": _association,
    "host": _host,
    "failover": _peer,
    "server-duid": _server_duid,
    "authoring-byte-order": _byte_order,
    "class": _opaque,
    "subclass": _opaque,
    "group": _opaque,
}

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the outermost level of a dhcpd.conf holds: definitions, keys, zones, peers, classes."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from typing import Any, Callable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import CONF, KEYS, PREFIX, at, isc
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_ldap import put_ldap
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_scope import SCOPE, Scope
from ansible_collections.quadlet.dhcpd.plugins.module_utils._expressions import BOOLEAN, DATA, check_expression
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_definitions import (
    parse_option_name,
    parse_space,
    parse_type,
    syntax,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import OptionTypes, domain_name, quote_name, string
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Statement
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import (
    ValueProblem,
    parse_hexadecimal,
    parse_integer,
    parse_ipv4,
    parse_ipv6,
    show,
)

ALGORITHMS = ("hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")

_DEFINITION = ("option", "code", "type", "comment")
_SPACE = ("space", "code_width", "length_width", "hash_size", "comment")
_KEY = ("name", "algorithm", "secret", "comment")
_ZONE = ("zone", "primary", "secondary", "primary6", "secondary6", "key", "comment")
_CLASS = ("class", "match", "match_if", "spawn_with", "lease_limit", "subclasses", "allow", "deny", *SCOPE)
_SUBCLASS = ("value", "lease_limit", "allow", "deny", *SCOPE)
_OMAPI = ("port", "key")
#: Codes of DHCPv4 that the protocol itself needs.
_PROTOCOL = frozenset([50, 51, 52, 53, 54, 56, 82])
_DUID = re.compile(r"(?:llt|ll)(?: (?:ethernet )?.*)?|en [0-9]{1,10} .+", re.IGNORECASE)

_NUMBER = functools.partial(parse_integer, 0, 0x7FFFFFFF)
_PEER_NUMBERS: dict[str, tuple[str, Callable[[object], int]]] = {
    "port": ("port", functools.partial(parse_integer, 1, 65535)),
    "peer_port": ("peer port", functools.partial(parse_integer, 1, 65535)),
    "max_response_delay": ("max-response-delay", _NUMBER),
    "max_unacked_updates": ("max-unacked-updates", _NUMBER),
    "mclt": ("mclt", functools.partial(parse_integer, 1, 0x7FFFFFFF)),
    "split": ("split", functools.partial(parse_integer, 0, 256)),
    "load_balance_max_seconds": ("load balance max seconds", _NUMBER),
    "auto_partner_down": ("auto-partner-down", _NUMBER),
    "max_lease_misbalance": ("max-lease-misbalance", functools.partial(parse_integer, 0, 100)),
    "max_lease_ownership": ("max-lease-ownership", functools.partial(parse_integer, 0, 100)),
    "min_balance": ("min-balance", _NUMBER),
    "max_balance": ("max-balance", _NUMBER),
}
_PEER = ("name", "role", "address", "peer_address", "hba", *_PEER_NUMBERS, "comment")


class Globals(Scope):
    """Definitions of the outermost level."""

    def definitions(self, model: dict[str, Any], raw: tuple[Statement, ...]) -> None:
        """Put option spaces and options; from here on their names have types. *raw* is text that stands before."""
        defined: dict[str, str] = {}
        for statement in raw:
            if statement.keyword == "option" and statement.word(1) == "space":
                self.declared["space"].setdefault(statement.words[-1].text, "")
            elif statement.keyword == "option" and statement.word(2) == "code":
                try:
                    text = " ".join(token.text for token in statement.words[5:])
                    defined[statement.word(1)] = parse_type(
                        text.replace("{ ", "{").replace(" }", "}").replace(" ,", ",")
                    )
                except ValueProblem:
                    self.has_unseen = True
        self.options = OptionTypes(defined, self.has_unseen)
        for path, value in self.items("", model, "option_spaces"):
            self.space(path, self.mapping(path, value, _SPACE, required=("space",)))
        codes: dict[tuple[str, int], str] = {}
        for path, value in self.items("", model, "option_definitions"):
            self.definition(path, self.mapping(path, value, _DEFINITION, required=("option", "code", "type")), codes)

    def space(self, path: str, space: dict[str, Any]) -> None:
        section = "dhcp-options(5), vendor encapsulated options"
        name = self.parsed(path, space, "space", parse_space, section)
        self.comment(path, space)
        if name is None:
            return
        self.declare("space", name, at(path, "space"), section)
        text = f"option space {name}"
        for key, widths in (("code_width", (1, 2, 4)), ("length_width", (0, 1, 2))):
            if key in space:
                if space[key] not in widths or isinstance(space[key], bool):
                    allowed = ", ".join(map(str, widths if key == "code_width" else widths[1:]))
                    self.problem(at(path, key), f"{show(space[key])} is no width; give one of {allowed}", section)
                text += f" {key.replace('_', ' ')} {space[key]}"
        size = self.parsed(path, space, "hash_size", functools.partial(parse_integer, 1, 65536), section)
        self.put(text + (f" hash size {size};" if size else ";"))

    def definition(self, path: str, item: dict[str, Any], codes: dict[tuple[str, int], str]) -> None:
        section = "dhcp-options(5), defining new options"
        self.comment(path, item)
        names = self.parsed(path, item, "option", parse_option_name, section)
        kind = self.parsed(path, item, "type", parse_type, section)
        code = self.parsed(path, item, "code", functools.partial(parse_integer, 1, 0xFFFFFFFF), section)
        if names is None or kind is None or code is None:
            return
        space, name = names
        if space == "dhcp" and code > 254:
            self.problem(at(path, "code"), f"{code} is not a code of DHCPv4; give 1 to 254", section)
        if space == "dhcp" and code in _PROTOCOL:
            # dhcpd itself reads and writes them, as the types that they had.
            self.problem(at(path, "code"), f"{code} is the protocol's own (RFC 2132, 9); give another", section)
        full = name if space == "dhcp" else f"{space}.{name}"
        if space not in ("dhcp", "dhcp6", "fqdn", "nwip", "isc", "vendor", "vendor-class", "vsio"):
            self.used.append(("space", space, at(path, "option")))
            if space not in self.declared["space"] and not self.has_unseen:
                self.options.defined[full.lower()] = kind
                return
        if kind.startswith("encapsulate "):
            self.used.append(("space", kind[len("encapsulate ") :], at(path, "type")))
        if full.lower() in self.options.defined:
            self.problem(at(path, "option"), f"{show(full)} is defined twice; give each its own name", section)
        first = codes.setdefault((space, code), at(path, "code"))
        if first != at(path, "code"):
            self.problem(at(path, "code"), f"{code} is also at {first}; give each option its own code", section)
        self.options.defined[full.lower()] = kind
        self.put(f"option {full} code {code} = {syntax(kind)};")

    def declare(self, kind: str, name: str, path: str, section: str) -> None:
        first = self.declared[kind].setdefault(name, path)
        if first != path:
            self.problem(path, f"{show(name)} is also at {first or 'a raw text'}; give each its own name", section)

    def keys(self, model: dict[str, Any]) -> None:
        for path, value in self.items("", model, "keys"):
            key = self.mapping(path, value, _KEY, required=("name", "algorithm", "secret"))
            self.comment(path, key)
            name = self.parsed(path, key, "name", domain_name, f"{CONF}, key")
            if name is not None:
                self.declare("key", name, at(path, "name"), f"{CONF}, key")
            algorithm = key.get("algorithm")
            if "algorithm" in key and algorithm not in ALGORITHMS:
                text = f"{show(algorithm)} is not allowed; give one of {', '.join(ALGORITHMS)}"
                self.problem(at(path, "algorithm"), text, f"{CONF}, key")
            if "secret" in key and not _is_base64(key["secret"]):
                # Never the value: it is a secret, however wrong.
                self.problem(at(path, "secret"), "is not base64; give what tsig-keygen prints", f"{CONF}, key")
            with self.block(f"key {name}"):
                self.put(f"algorithm {algorithm};")
                self.put(f"secret {key.get('secret')};")

    def zones(self, model: dict[str, Any]) -> None:
        seen: dict[str, str] = {}
        for path, value in self.items("", model, "zones"):
            zone = self.mapping(path, value, _ZONE, required=("zone",))
            self.comment(path, zone)
            name = self.parsed(path, zone, "zone", domain_name, f"{CONF}, zone")
            if name is not None:
                first = seen.setdefault(name.rstrip(".").lower(), at(path, "zone"))
                if first != at(path, "zone"):
                    self.problem(at(path, "zone"), f"{name} is also at {first}; give each once", f"{CONF}, zone")
            with self.block(f"zone {name}"):
                for key in ("primary", "secondary", "primary6", "secondary6"):
                    parser = parse_ipv6 if key.endswith("6") else parse_ipv4
                    addresses = self.addresses(path, zone, key, parser)
                    if addresses:
                        self.put(f"{key} {', '.join(addresses)};")
                if "key" in zone:
                    key_name = self.parsed(path, zone, "key", domain_name, f"{CONF}, zone")
                    self.used.append(("key", key_name or "", at(path, "key") if key_name else ""))
                    self.put(f"key {key_name};")

    def addresses(
        self, path: str, mapping: dict[str, Any], key: str, parser: Callable[[object], Any], section: str = ""
    ) -> list[str]:
        """Return one address or a list of them as texts."""
        if key not in mapping:
            return []
        values = mapping[key] if isinstance(mapping[key], (list, tuple)) else [mapping[key]]
        found = []
        for index, value in enumerate(values):
            here = f"{at(path, key)}[{index}]" if isinstance(mapping[key], (list, tuple)) else at(path, key)
            try:
                found.append(str(parser(value)))
            except ValueProblem as problem:
                self.problem(here, str(problem), section or f"{CONF}, {isc(key)}")
        if not values:
            self.problem(at(path, key), "the list is empty; give an address, or remove the key", KEYS)
        return found

    def failover_peers(self, model: dict[str, Any]) -> None:
        section = f"{CONF}, failover"
        for path, value in self.items("", model, "failover_peers"):
            peer = self.mapping(path, value, _PEER, required=("name", "role", "peer_address"))
            self.comment(path, peer)
            name = self.parsed(path, peer, "name", quote_name, section)
            if name is not None:
                self.declare("peer", peer["name"], at(path, "name"), section)
            role = peer.get("role")
            if "role" in peer and role not in ("primary", "secondary"):
                self.problem(at(path, "role"), f"{show(role)} is not allowed; give primary or secondary", section)
            shares = [key for key in ("split", "hba") if key in peer]
            if role == "primary" and (len(shares) != 1 or "mclt" not in peer):
                self.problem(path, "a primary needs mclt, and either split or hba; give them", section)
            for share in shares if role == "secondary" else []:
                self.problem(at(path, share), "only the primary says who serves whom; remove it here", section)
            with self.block(f"failover peer {name}"):
                self.put(f"{role};")
                for key in ("address", "peer_address"):
                    address = self.parsed(path, peer, key, parse_ipv4, section)
                    if address:
                        self.put(f"{key.replace('_', ' ')} {address};")
                for key, (words, parser) in _PEER_NUMBERS.items():
                    number = self.parsed(path, peer, key, parser, section)
                    if number is not None:
                        self.put(f"{words} {number};")
                hba = self.parsed(path, peer, "hba", parse_hexadecimal, section)
                if hba is not None and hba.count(":") != 31:
                    self.problem(at(path, "hba"), "is not 32 bytes; give 32 pairs of digits", section)
                if hba is not None:
                    self.put(f"hba {hba};")

    def server(self, model: dict[str, Any]) -> None:
        """Put what concerns the server as a whole: OMAPI, LDAP, its DUID."""
        if "omapi" in model:
            path = at("", "omapi")
            omapi = self.mapping(path, model["omapi"], _OMAPI, required=_OMAPI if model["omapi"] else ())
            port = self.parsed(path, omapi, "port", functools.partial(parse_integer, 1, 65535), f"{CONF}, omapi-port")
            key = self.parsed(path, omapi, "key", domain_name, f"{CONF}, omapi-key")
            if key is not None:
                self.used.append(("key", key, at(path, "key")))
                self.put(f"omapi-port {port};")
                self.put(f"omapi-key {key};")
        if "ldap" in model:
            put_ldap(self, model)
        if model.get("server_duid"):
            duid = model["server_duid"]
            if not isinstance(duid, str) or not _DUID.fullmatch(duid) or set(duid) & set(';{}"#\\\n'):
                text = f"{show(duid)} is no DUID; give LLT, LL or EN NUMBER IDENTIFIER"
                self.problem(f"{PREFIX}server_duid", text, f"{CONF}, server-duid")
            self.put(f"server-duid {duid};")

    def commits(self, model: dict[str, Any]) -> None:
        """Put how many answers may wait for one commit of the lease file, where the statements don't say it."""
        count = self.parsed("", model, "delayed_ack", functools.partial(parse_integer, 0, 255), f"{CONF}, delayed-ack")
        delay = self.parsed("", model, "max_ack_delay", _NUMBER, f"{CONF}, max-ack-delay")
        said = model.get("statements")
        said = said if isinstance(said, dict) else {}
        if not count or "delayed-ack" in said:
            return
        # dhcpd 4.4.3-P1 reads the number with its two octets swapped (dhcp.c, htons()).
        self.put(f"delayed-ack {count << 8};")
        if delay is not None and "max-ack-delay" not in said:
            self.put(f"max-ack-delay {delay};")

    def classes(self, model: dict[str, Any], times: dict[str, int]) -> None:
        for path, value in self.items("", model, "classes"):
            self.put("")
            item = self.mapping(path, value, _CLASS, required=("class",))
            section = f"{CONF}, class"
            self.head_comment(path, item)
            name = self.parsed(path, item, "class", quote_name, section)
            if name is not None:
                self.declare("class", item["class"], at(path, "class"), section)
            if "match" in item and "spawn_with" in item:
                self.problem(at(path, "spawn_with"), "match is there already; give one of the two", section)
            with self.block(f"class {name}"):
                for key, words, kind in (
                    ("match_if", "match if", BOOLEAN),
                    ("match", "match", DATA),
                    ("spawn_with", "spawn with", DATA),
                ):
                    check = functools.partial(_expression, kind, self.options.is_known)
                    text = self.parsed(path, item, key, check, "dhcp-eval(5)")
                    if text is not None:
                        self.put(f"{words} {text};")
                self.limited(path, item, times)
            self.subclasses(path, item, name, times)

    def subclasses(self, path: str, item: dict[str, Any], name: str | None, times: dict[str, int]) -> None:
        section = f"{CONF}, subclass"
        if item.get("subclasses") and "match" not in item and "match_if" not in item:
            self.problem(at(path, "subclasses"), "the class has no match to choose them by; give match", section)
        seen: dict[str, str] = {}
        for here, value in self.items(path, item, "subclasses"):
            subclass = value if isinstance(value, dict) else {"value": value}
            subclass = self.mapping(here, subclass, _SUBCLASS, required=("value",))
            self.head_comment(here, subclass)
            text = self.parsed(here, subclass, "value", string, section)
            if text is not None:
                first = seen.setdefault(text, at(here, "value"))
                if first != at(here, "value"):
                    self.problem(at(here, "value"), f"{show(text)} is also at {first}; give each once", section)
            if set(subclass) - {"value", "comment"}:
                with self.block(f"subclass {name} {text}"):
                    self.limited(here, subclass, times)
            else:
                self.put(f"subclass {name} {text};")

    def limited(self, path: str, item: dict[str, Any], times: dict[str, int]) -> None:
        limit = self.parsed(path, item, "lease_limit", functools.partial(parse_integer, 1, 1_000_000))
        if limit is not None:
            self.put(f"lease limit {limit};")
        self.raw(path, item, "raw_head")
        self.body(path, item, times)
        self.raw(path, item)

    def head_comment(self, path: str, item: dict[str, Any]) -> None:
        if "comment" in item:
            self.comment(path, item)


def _expression(kind: str, is_option: Callable[[str], bool], value: object) -> str:
    return check_expression(value, kind, is_option)


def _is_base64(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) < 1000 and bool(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Models made by hypothesis: mostly sound, now and then with something wrong, in every part that a model has."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_boot import ARCHITECTURES
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_networks import PERMITS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_scope import EVENTS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._option_tables import OPTIONS, SPACED_OPTIONS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import GLOBAL_ONLY, PERMISSIONS, STATEMENTS
from hypothesis import strategies as st

Model = Dict[str, Any]

NAMES = st.sampled_from(["a", "b", "c", "d-e", "f_1", "Printer", "if", "x.y"])
TEXTS = st.text(st.sampled_from('"\\;{}#\n\r\t aé1:\u2028') | st.characters(exclude_categories=["Cs"]), max_size=12)
V4 = st.integers(0, 255).map("198.51.100.{}".format) | st.integers(1, 254).map("203.0.113.{}".format)
V6 = st.integers(0, 0xFFFF).map("2001:db8:0:1::{:x}".format)
HEX = st.lists(st.integers(0, 255), min_size=2, max_size=12).map(lambda octets: ":".join(f"{o:02x}" for o in octets))
MACS = st.integers(0, 40).map("00:00:5e:00:53:{:02x}".format)
TIMES = st.sampled_from([1, 60, 600, 3600, 7200, 86400, 4294967295])
CONDITIONS = st.sampled_from(
    ["known", "not static", "(known) or (static)", "exists host-name and known", 'option host-name ~= "^x"',
     'substring(option vendor-class-identifier, 0, 9) = "PXEClient"', "hardware = 01:00:00:5e:00:53:01",
     "extract-int(option pxe-system-type, 16) = 7", "exists no-such-option", "known; }", "option a = 1"]
)  # fmt: skip
EXPRESSIONS = st.sampled_from(
    ["option host-name", 'concat("x", host-decl-name)', 'pick(option host-name, "x")', "hardware", "1 = 1", '"a"; x']
)
RAWS = st.sampled_from(
    ["", "# a comment", 'log(info, "a } b");', "if known { option host-name \"x\"; }\n", 'filename "x\\"y";\r\n',
     "}", "x", 'set v = "1";', "{ }"]
)  # fmt: skip

_SCALARS = {
    "ip-address": V4, "ip6-address": V6, "flag": st.booleans(), "text": TEXTS, "string": TEXTS | HEX,
    "uint8": st.integers(0, 255), "uint16": st.integers(0, 65535), "uint32": st.integers(0, 2**32 - 1),
    "int8": st.integers(-128, 127), "int16": st.integers(-32768, 32767), "int32": st.integers(-(2**31), 2**31 - 1),
    "time": TIMES | st.just("infinite"), "zerolen": st.just(True),
    "domain-name": st.sampled_from(["example.net", "a-b.example.", "x"]),
    "domain-list": st.lists(st.sampled_from(["example.net", "_tcp.example.net"]), min_size=1, max_size=3),
    "space": st.sampled_from(["s1", "s2", "none"]), "key": st.sampled_from(["k1", "k2", "none"]),
}  # fmt: skip


def values(kind: str) -> st.SearchStrategy[Any]:
    """Values of a type."""
    if kind.startswith("one of "):
        return st.sampled_from(kind[len("one of ") :].split(", "))
    if kind.startswith("array of "):
        return st.lists(values(kind[len("array of ") :]), min_size=1, max_size=3)
    if kind.startswith("{"):
        return st.tuples(*(values(part) for part in kind[1:-1].split(", "))).map(list)
    if kind.startswith("encapsulate "):
        return HEX
    return _SCALARS[kind.replace(" compressed", "")]


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Model]:
    """A mapping with some of the keys."""
    return st.fixed_dictionaries({}, optional=optional)


def few(element: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(element, max_size=most)


def entry(names: list[str], kinds: dict[str, str]) -> st.SearchStrategy[Model]:
    one = st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), values(kinds[name]) | st.builds(lambda e: {"expression": e}, EXPRESSIONS))
    )
    return st.lists(one, max_size=4).map(dict)


ALL_OPTIONS = {**OPTIONS, **{name: kind for name, kind in SPACED_OPTIONS.items() if name.startswith(("fqdn", "nwip"))}}
V6_OPTIONS = {name: kind for name, kind in SPACED_OPTIONS.items() if name.startswith("dhcp6.")}
LOCAL = sorted(set(STATEMENTS) - GLOBAL_ONLY)
# These want a key, a peer, a file or an interface that exists.
GLOBAL = sorted(set(STATEMENTS) - {"omapi-key", "omapi-port", "local-address", "ddns-local-address4", "local-address6"})

FILES = st.sampled_from(["boot.efi", "http://192.0.2.1/boot.efi", 'a"b', "x" * 127, "x" * 128])
BOOT = some(
    next_server=V4, server_name=TEXTS, filename=FILES, ipxe=FILES,
    by_architecture=st.dictionaries(st.sampled_from(sorted(ARCHITECTURES)) | st.integers(0, 40), FILES, max_size=3),
)  # fmt: skip
BOOT6 = some(filename=FILES, by_architecture=st.dictionaries(st.sampled_from(sorted(ARCHITECTURES)), FILES, max_size=3))


def body(family: int, depth: int = 1, where: list[str] = LOCAL) -> dict[str, st.SearchStrategy[Any]]:
    options = sorted(ALL_OPTIONS) if family == 4 else sorted(V6_OPTIONS)
    found: dict[str, st.SearchStrategy[Any]] = {
        "comment": TEXTS,
        "min_lease_time": TIMES,
        "max_lease_time": TIMES,
        "statements": entry(where, STATEMENTS),
        "options": entry([name for name in options if name != "routers"], {**ALL_OPTIONS, **V6_OPTIONS}),
        "ignore": few(st.sampled_from(PERMISSIONS), 1),
        "boot": BOOT if family == 4 else BOOT6,
        "raw": RAWS,
    }
    if depth:
        branch = {**body(family, depth - 1), "allow": few(st.sampled_from(PERMISSIONS), 1)}
        chain = {"elif": few(st.fixed_dictionaries({"if": CONDITIONS}, optional=branch), 2), "else": some(**branch)}
        item = st.fixed_dictionaries({"if": CONDITIONS}, optional={**branch, **chain}) | some(**branch)
        found["conditionals"] = few(item, 2)
    return found


def scope(family: int) -> dict[str, st.SearchStrategy[Any]]:
    event = st.fixed_dictionaries(
        {"event": st.sampled_from(EVENTS) | st.lists(st.sampled_from(EVENTS), min_size=1, max_size=2, unique=True),
         "raw": RAWS}
    )  # fmt: skip
    return {**body(family), "raw_head": RAWS, "events": few(event, 1), "deny": few(st.sampled_from(PERMISSIONS), 1)}


def pool_scope(family: int) -> dict[str, st.SearchStrategy[Any]]:
    permits = few(st.sampled_from([*PERMITS, 'members of "c1"', 'members of "none"']), 2)
    return {**{key: value for key, value in scope(family).items() if key != "deny"}, "allow": permits, "deny": permits}


def reservation(family: int) -> st.SearchStrategy[Model]:
    address = V4 if family == 4 else V6
    return st.fixed_dictionaries(
        {"host": NAMES},
        optional={
            "hardware_ethernet": MACS, "hardware": st.just("token-ring 00:00:5e:00:53:01"), "client_id": TEXTS | HEX,
            "duid": HEX, "fixed_address": address, "fixed_addresses": few(address, 2),
            "host_identifier": st.sampled_from([{"option": "agent.circuit-id", "value": "x"},
                                                {"option": "host-name", "value": "x"},
                                                {"option": "dhcp6.interface-id", "value": "01:02", "relay": 1}]),
            **({} if family == 4 else {"fixed_prefixes6": few(st.just("2001:db8:5::/48"), 1)}), **scope(family),
        },
    )  # fmt: skip


def ranges(third: int) -> st.SearchStrategy[Any]:
    """Ranges in one half of a subnet, mostly apart from each other."""
    one = st.integers(0, 5).flatmap(
        lambda part: st.tuples(st.integers(0, 19), st.integers(0, 19)).map(
            lambda ends: f"198.51.{third}.{part * 20 + min(ends)}-198.51.{third}.{part * 20 + max(ends)}"
        )
    )
    return st.lists(one, min_size=1, max_size=2, unique_by=lambda text: text.split("-")[0].split(".")[3])


def subnet4(third: int) -> st.SearchStrategy[Model]:
    pool = st.fixed_dictionaries(
        {"ranges": ranges(third)},
        optional={**pool_scope(4), "failover_peer": st.sampled_from(["p1", "none", False])},
    )
    return st.fixed_dictionaries(
        {"subnet": st.just(f"198.51.{third}.0/24")},
        optional={
            "pools": few(pool, 2), "ranges": ranges(third), "interface": st.just("eth9"),
            "authoritative": st.booleans(), "reservations": few(reservation(4), 1), **scope(4),
        },
    )  # fmt: skip


def subnet6(part: int) -> st.SearchStrategy[Model]:
    range6 = st.sampled_from([f"2001:db8:0:{part}::10-2001:db8:0:{part}::1f", f"2001:db8:0:{part}:8000::/80 temporary",
                              f"2001:db8:0:{part}:4000::/80", f"2001:db8:0:{part}::5 2001:db8::"])  # fmt: skip
    prefix6 = st.just(f"2001:db8:{part}00::-2001:db8:{part}ff::/48")
    pool = some(ranges6=few(range6, 1), prefixes6=few(prefix6, 1), **pool_scope(6))
    return st.fixed_dictionaries(
        {"subnet6": st.just(f"2001:db8:0:{part}::/64")},
        optional={"pools": few(pool, 1), "ranges6": few(range6, 1), "prefixes6": few(prefix6, 1), **scope(6)},
    )


CLASSES = st.fixed_dictionaries(
    {"class": st.sampled_from(["c1", "c2", 'c"3'])},
    optional={
        "match_if": CONDITIONS, "match": EXPRESSIONS, "spawn_with": EXPRESSIONS, "lease_limit": st.integers(1, 9),
        "subclasses": few(HEX | TEXTS | st.fixed_dictionaries({"value": HEX}, optional=scope(4)), 2), **scope(4),
    },
)  # fmt: skip
DEFINITIONS = st.fixed_dictionaries(
    {"option": st.sampled_from(["mine", "s1.one", "s2.two", "none.x", "log-servers"]), "code": st.integers(1, 256),
     "type": st.sampled_from(["text", "uint8", "array of ip-address", "{uint8, ip-address}", "encapsulate s1",
                              "array of {flag, uint16}", "array of text", "signed integer 8", "domain-list"])}
)  # fmt: skip
PEERS = st.fixed_dictionaries(
    {"name": st.sampled_from(["p1", "p2"]), "role": st.sampled_from(["primary", "secondary"]), "peer_address": V4},
    optional={"address": V4, "port": st.integers(1, 65535), "mclt": st.integers(1, 3600), "split": st.integers(0, 256),
              "max_response_delay": st.just(30), "load_balance_max_seconds": st.just(3),
              "hba": st.just(":".join(["f0"] * 32))},
)  # fmt: skip


def _group(family: int, key: str, subnet: st.SearchStrategy[Model]) -> st.SearchStrategy[Model]:
    inner = {"reservations": few(reservation(family), 2), **scope(family)}
    shared = st.fixed_dictionaries({"name": TEXTS, key: st.lists(subnet, min_size=1, max_size=1)}, optional=inner)
    group = some(name=st.sampled_from(["g", "h"]), authoritative=st.booleans(), **inner)
    return some(groups=few(group, 1), shared_networks=few(shared, 1), **inner)


def models(family: int) -> st.SearchStrategy[Model]:
    """Models of a configuration."""
    common: dict[str, st.SearchStrategy[Any]] = {
        **scope(family),
        "statements": entry(GLOBAL, STATEMENTS),
        "authoritative": st.booleans(),
        "option_spaces": few(st.sampled_from([{"space": "s1"}, {"space": "s2", "code_width": 2}]), 2),
        "option_definitions": few(DEFINITIONS, 2),
        "keys": few(st.fixed_dictionaries({"name": st.sampled_from(["k1", "k2"]), "algorithm": st.just("hmac-sha256"),
                                           "secret": st.sampled_from(["AAAA", "c2VjcmV0", "x"])}), 2),
        "zones": few(st.fixed_dictionaries({"zone": st.sampled_from(["example.net.", "2.0.192.in-addr.arpa"])},
                                           optional={"primary": V4, "primary6": few(V6, 2),
                                                     "key": st.sampled_from(["k1", "none"])}), 2),
        "classes": few(CLASSES, 2),
        "omapi": st.builds(lambda port, key: {"port": port, "key": key}, st.integers(1, 65535),
                           st.sampled_from(["k1", "none"])),
        "reservations": few(reservation(family), 3),
        "reservation_sources": few(st.builds(lambda r: {"name": "ipam", "reservations": r},
                                             few(reservation(family), 2)), 1),
    }  # fmt: skip
    if family == 4:
        subnets = st.tuples(subnet4(100), subnet4(101)).map(list)
        outer = _group(4, "subnets", subnet4(102))
        return st.fixed_dictionaries(
            {"subnets": subnets}, optional={**common, "failover_peers": few(PEERS, 2), "groups": few(outer, 1)}
        )
    subnets = st.tuples(subnet6(1), subnet6(2)).map(list)
    common.pop("boot")
    outer = _group(6, "subnets6", subnet6(3))
    return st.fixed_dictionaries({"subnets6": subnets}, optional={**common, "groups": few(outer, 1)})

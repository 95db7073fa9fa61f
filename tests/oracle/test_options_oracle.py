# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a real dhcpd whether it takes options as the collection writes them."""

from __future__ import annotations

import random
from typing import Any, Callable, Tuple

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import problems, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_networks import PERMITS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import TOKEN_MAX
from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import NOT_CONFIGURABLE, OPTIONS

Oracle = Callable[[str], Tuple[bool, str]]

A, B = "198.51.100.1", "198.51.100.2"
EVERY_BYTE = "".join(map(chr, range(256))) + "\u20ac\U0001f600"
DOMAINS = ["example.net", "a_b.example.net.", "1.example", "xn--bcher-kva.example", "_tcp.example.net"]

#: Values of each type that format_option() takes.
VALUES: dict[str, list[Any]] = {
    "ip-address": [A, "0.0.0.0", "255.255.255.255"],
    "array of ip-address": [A, [A], [A, B, A]],
    "array of {ip-address, ip-address}": [[[A, B]], [[A, B], [B, A]]],
    "flag": [True, False],
    "uint8": [0, 255],
    "uint16": [0, 65535],
    "uint32": [0, 4294967295],
    "int32": [-2147483648, 2147483647, 0],
    "array of uint8": [[1, 2, 255], 0],
    "array of uint16": [[1, 2, 65535], 0],
    "text": ["x", "a b", EVERY_BYTE, "\\" * 400, '";}', "01:23", "x" * TOKEN_MAX],
    "string": ["x", "01:23:ab", "f:0", EVERY_BYTE, ":".join(["ab"] * 300), "01:23:zz"],
    "domain-name": DOMAINS[:4],
    "domain-list": [DOMAINS[0], DOMAINS, ".".join(["a" * 62] * 4)[:253]],
    "{uint8, uint8, uint8}": [[1, 2, 3]],
    "{uint8, uint8, uint16}": [[1, 2, 65535]],
    "{uint8, string}": [[0, "01:02"], [255, "x y"]],
    "{uint8, ip-address, ip-address, domain-list}": [[1, A, B, DOMAINS]],
    "{uint8, uint8, ip6-address, array of ip-address}": [[24, 32, "2001:db8::", [A, B]], [0, 0, "::", A]],
    "{flag, array of ip-address}": [[True, A], [False, [A, B]]],
    "{flag, text}": [[True, EVERY_BYTE]],
}

#: What dhcpd must refuse for an option of the type, or the table has the wrong one.
REFUSED = {
    "ip-address": [f"{A}, {B}", '"x"', "true x"],
    "array of ip-address": ['"x"', f"{A} {B}"],
    "array of {ip-address, ip-address}": [A, f"{A}, {B}", '"x"'],
    "flag": ["1", '"x"', "true, true"],
    "uint8": ["256", '"x"', "1, 2", "1 2"],
    "uint16": ["65536", '"x"', "1, 2", "1 2"],
    "uint32": ["4294967296x", '"x"', "1, 2", "true"],
    "int32": ['"x"', "1, 2", "true"],
    "array of uint8": ["256", '"x"', "1 2"],
    "array of uint16": ["65536", '"x"', "1 2"],
    "text": ["01:02", '"a", "b"', A],
    "string": ['"a", "b"', "xyz", "01:zz"],
    "domain-name": ['"x"', "a, b", "_a"],
    "domain-list": ["a.example", '"a..b"', "1"],
    "{uint8, uint8, uint8}": ["1 2", "1, 2, 3", "1 2 256"],
    "{uint8, uint8, uint16}": ["1 2", "1 256 3", "1 2 65536"],
    "{uint8, string}": ["1", '"x"', "256 01"],
    "{uint8, ip-address, ip-address, domain-list}": ["1", f'1 {A} "x"'],
    "{uint8, uint8, ip6-address, array of ip-address}": ["1 2 ::", f"1 2 {A} {B}"],
    "{flag, array of ip-address}": [A, "true", f"true {A} {B}"],
    "{flag, text}": ['"x"', "true 01:02"],
}


def test_the_oracle_says_no(dhcpd: Oracle) -> None:
    assert not dhcpd("option no-such-option 1;")[0]


def test_every_type_has_values() -> None:
    assert set(OPTIONS.values()) == VALUES.keys() == REFUSED.keys()


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_option(name: str, dhcpd: Oracle) -> None:
    for value in VALUES[OPTIONS[name]]:
        model = {"options": {name: value}}
        assert problems(model) == []
        taken, said = dhcpd(render(model))
        assert taken, said
    for text in REFUSED[OPTIONS[name]]:
        taken, said = dhcpd(f"option {name} {text};\n")
        assert not taken, said


@pytest.mark.parametrize("name", sorted(NOT_CONFIGURABLE))
def test_dhcpd_knows_what_is_not_configurable(name: str, dhcpd: Oracle) -> None:
    assert "unknown option" not in dhcpd(f"option {name} 1;\n")[1]


def test_every_option_at_once(dhcpd: Oracle) -> None:
    options = {name: VALUES[kind][-1] for name, kind in OPTIONS.items()}
    # Only here must a router be inside a subnet.
    options["routers"] = [A]
    model = {
        "authoritative": True,
        "options": options,
        "subnets": [
            {"subnet": "198.51.100.0/24", "options": options,
             "pools": [{"ranges": ["198.51.100.50"], "options": options, "allow": list(PERMITS), "deny": [PERMITS[0]]}]}
        ],
        "reservations": [
            {"host": "a", "hardware_ethernet": "0:0:5e:0:53:1", "fixed_address": "198.51.100.10", "options": options}
        ],
    }  # fmt: skip
    assert problems(model) == []
    taken, said = dhcpd(render(model))
    assert taken, said


def some(rng: random.Random, text: str, most: int) -> str:
    return "".join(rng.choices(text, k=rng.randint(1, most)))


def random_text(rng: random.Random) -> str:
    return some(rng, '"\\;{}#\n\r\t\x00\x01\x7f\x85é\u2028\U0001f600 abcx0379-_.:', 30)


def random_statements(rng: random.Random) -> dict[str, Any]:
    """Return options (texts are hostile), lease times, and raw text that is mostly sound."""
    names = [name for name in rng.sample(sorted(OPTIONS), rng.randint(0, 6)) if name != "routers"]
    options = {
        name: random_text(rng) if OPTIONS[name] in ("text", "string") else rng.choice(VALUES[OPTIONS[name]])
        for name in names
    }
    statements: dict[str, Any] = {"options": options}
    if rng.random() < 0.3:
        statements["max_lease_time"] = rng.choice([1, 3600, 4294967295])
    if rng.random() < 0.3:
        statements["raw"] = rng.choice(
            ["# end", "\n\n", 'if known { log(info, "a\n b}"); }', 'filename "x\\"y";\r\n', 'filename "\\0"; ', "x"]
        )
    return statements


def random_model(rng: random.Random) -> dict[str, Any]:
    """Return a model that problems() often accepts."""
    subnets, reservations = [], []
    for index in range(rng.randint(0, 5)):
        prefix = rng.randint(24, 29)
        subnet = {"subnet": f"198.51.{index}.0/{prefix}", "pools": [], **random_statements(rng)}
        size, position = 2 ** (32 - prefix), 0
        for _pool in range(rng.randint(0, 3)):
            first = position + rng.randint(0, 2)
            last = first + rng.choice([0, 0, 1, 3])
            position = last + 2
            if last < size:
                text = rng.choice(["198.51.{0}.{1}-198.51.{0}.{2}", "198.51.{0}.{1} 198.51.{0}.{2}"])
                pool = {"ranges": [text.format(index, first, last)], **random_statements(rng)}
                if rng.random() < 0.5:
                    pool[rng.choice(["allow", "deny"])] = rng.sample(PERMITS, rng.randint(0, 3))
                subnet["pools"].append(pool)
        if position < size:
            host = some(rng, "aZ09-_", 8) + rng.choice(["", ".x", f".{index}"])
            mac = f"0:0:5e:0:53:{index:x}"
            reservation = {"host": host, "hardware_ethernet": mac, "fixed_address": f"198.51.{index}.{position}"}
            reservations.append({**reservation, "options": random_statements(rng)["options"]})
        subnets.append(subnet)
    return {
        "authoritative": rng.random() < 0.5, "subnets": subnets, "reservations": reservations,
        **random_statements(rng),
    }  # fmt: skip


def test_random_models(dhcpd: Oracle) -> None:
    accepted = 0
    for seed in range(1500):
        model = random_model(random.Random(seed))
        if problems(model):
            continue
        accepted += 1
        taken, said = dhcpd(render(model))
        assert taken, f"seed {seed}\n{said}"
    assert accepted > 300
    print(f"{accepted} random models taken")


def test_hostile_raw(dhcpd: Oracle) -> None:
    """Whatever raw text is accepted cannot hide the error that stands after it."""
    accepted = 0
    for seed in range(1500):
        model = {"subnets": [{"subnet": "198.51.100.0/24", "raw": random_text(random.Random(seed))}]}
        if problems(model):
            continue
        accepted += 1
        taken, said = dhcpd(render(model) + "option no-such-option 1;\n")
        assert not taken, f"seed {seed}\n{said}"
        assert "unknown option dhcp.no-such-option" in said, f"seed {seed}\n{said}"
    print(f"{accepted} raw texts left the rest alone")

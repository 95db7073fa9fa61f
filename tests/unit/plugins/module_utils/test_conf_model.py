# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import build, problems, render

SUBNETS: list[dict[str, Any]] = [{"subnet": "198.51.100.0/24"}]
HOST = {"host": "a", "hardware_ethernet": "00:00:5e:00:53:01", "fixed_address": "198.51.100.10"}
POOL = {"ranges": ["198.51.100.50-198.51.100.99"]}
PEER = {"name": "p", "role": "primary", "peer_address": "198.51.100.3", "mclt": 60, "split": 128}
KEY = {"name": "k", "algorithm": "hmac-sha256", "secret": "AAAA"}


def only(**model: Any) -> str:
    """Return the one problem of a model."""
    before = copy.deepcopy(model)
    (problem,) = problems(model)
    assert model == before
    assert "\n" not in problem
    assert problem.endswith(")")
    return problem


@pytest.mark.parametrize(
    ("statements", "lines"),
    [
        ({}, ["delayed-ack 2048;", "max-ack-delay 1000;"]),
        ({"max-ack-delay": 5}, ["delayed-ack 2048;", "max-ack-delay 5;"]),
        ({"delayed-ack": 28}, ["delayed-ack 28;"]),
    ],
)
def test_answers_share_a_commit_where_no_statement_says_how(statements: dict[str, Any], lines: list[str]) -> None:
    model = {"delayed_ack": 8, "max_ack_delay": 1000, "statements": statements}
    assert [line for line in render(model).splitlines() if "ack" in line] == lines
    assert "ack" not in render({**model, "delayed_ack": 0, "statements": {}})


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"statements": {"ping-chek": True}}, "statements: 'ping-chek' is no statement; did you mean ping-check?"),
        ({"statements": {"ping-check": "no"}}, "dhcpd_container_statements.ping-check: 'no' is not a flag"),
        ({"statements": {"max-lease-time": 1}}, "it has a key of its own, max_lease_time"),
        ({"statements": {"lease-file-name": "x"}}, "the service's unit says where that file is"),
        ({"statements": {"ddns-update-style": "ad-hoc"}}, "give one of none, interim, standard"),
        ({"statements": []}, "dhcpd_container_statements: [] is not a mapping"),
        ({"delayed_ack": 256}, "dhcpd_container_delayed_ack: 256 is not"),
        ({"max_ack_delay": -1}, "dhcpd_container_max_ack_delay: -1 is not"),
        ({"subnets": [{**SUBNETS[0], "statements": {"omapi-port": 7911}}]},
         "subnets[0].statements.omapi-port: is for all clients; give it at the outermost level"),
        ({"allow": ["everything"]}, "dhcpd_container_allow[0]: 'everything' cannot be said here; give one of bootp"),
        ({"options": {"host-name": {"expression": "option no-such"}}}, "'no-such' is not an option that dhcpd knows"),
        ({"options": {"host-name": {"expression": "known"}}}, "'known' is a boolean expression; give a data one"),
        ({"options": {"host-name": {"text": "x"}}}, "is not a value; give one, or {expression:"),
        ({"options": {"agent.circuit-id": "x"}}, "only a relay sends the options of agent"),
        ({"option_spaces": [{"space": "dhcp"}]}, "option_spaces[0].space: 'dhcp' is a space that dhcpd has already"),
        ({"option_spaces": [{"space": "s", "code_width": 3}]}, "option_spaces[0].code_width: 3 is no width; give one"),
        ({"option_definitions": [{"option": "x", "code": 255, "type": "text"}]}, "255 is not a code of DHCPv4"),
        ({"option_definitions": [{"option": "x", "code": 54, "type": "array of {flag, uint16}"}]},
         "option_definitions[0].code: 54 is the protocol's own (RFC 2132, 9); give another"),
        ({"shared_networks": [{"name": "\0", "subnets": SUBNETS}]},
         "shared_networks[0].name: '\\x00' has a NUL, at which"),
        ({"classes": [{"class": "a\0b", "match": "hardware"}]}, "classes[0].class: 'a\\x00b' has a NUL, at which"),
        ({"subnets": [{**SUBNETS[0], "pools": [{**POOL, "allow": ['members of "\udc80"']}]}]},
         "pools[0].allow[0]: '\\udc80' is not valid Unicode"),
        ({"options": {"dhcp6.status-code": 1}}, "this option is not configurable, dhcpd says it itself"),
        ({"option_definitions": [{"option": "x", "code": 200, "type": "array of text"}]},
         "option_definitions[0].type: 'array of text' is not a type; give flag, uint8"),
        ({"option_definitions": [{"option": "s.x", "code": 1, "type": "text"}]},
         "option_definitions[0].option: 's' is not declared; declare it in dhcpd_container_option_spaces"),
        ({"option_definitions": [{"option": "x", "code": 200, "type": "encapsulate s"}]},
         "option_definitions[0].type: 's' is not declared"),
        ({"option_definitions": [{"option": name, "code": 200, "type": "text"} for name in "xy"]},
         "option_definitions[1].code: 200 is also at dhcpd_container_option_definitions[0].code"),
        ({"option_definitions": [{"option": "X", "code": code, "type": "text"} for code in (200, 201)]},
         "option_definitions[1].option: 'X' is defined twice"),
        ({"keys": [{**KEY, "algorithm": "md5"}]}, "keys[0].algorithm: 'md5' is not allowed; give one of hmac-md5"),
        ({"keys": [{**KEY, "secret": "not base64!"}]}, "keys[0].secret: is not base64; give what tsig-keygen prints"),
        ({"keys": [KEY, KEY]}, "keys[1].name: 'k' is also at dhcpd_container_keys[0].name"),
        ({"zones": [{"zone": "example.net", "key": "k"}]},
         "dhcpd_container_zones[0].key: 'k' is not declared; declare it in dhcpd_container_keys"),
        ({"zones": [{"zone": "example.net"}, {"zone": "Example.net."}]}, "zones[1].zone: Example.net. is also at"),
        ({"zones": [{"zone": "example.net", "primary": ["198.51.100.1", "x"]}]}, "primary[1]: 'x' is not an IP"),
        ({"omapi": {"port": 7911}}, "dhcpd_container_omapi: the key key is missing; give it"),
        ({"omapi": {"port": 7911, "key": "none"}}, "dhcpd_container_omapi.key: 'none' is not declared"),
        ({"failover_peers": [PEER]}, "failover_peers[0].name: 'p' is used by no pool; give one failover_peer: p"),
        ({"subnets": [{**SUBNETS[0], "pools": [{**POOL, "failover_peer": "q"}]}]},
         "subnets[0].pools[0].failover_peer: 'q' is not declared"),
        ({"failover_peers": [{**PEER, "role": "secondary"}],
          "subnets": [{**SUBNETS[0], "pools": [{**POOL, "failover_peer": "p"}]}]},
         "failover_peers[0].split: only the primary says who serves whom"),
        ({"failover_peers": [{key: value for key, value in PEER.items() if key != "mclt"}],
          "subnets": [{**SUBNETS[0], "pools": [{**POOL, "failover_peer": "p"}]}]},
         "failover_peers[0]: a primary needs mclt, and either split or hba"),
        ({"classes": [{"class": "c", "match_if": "known"}, {"class": "c"}]}, "classes[1].class: 'c' is also at"),
        ({"classes": [{"class": "c", "match_if": "knwn ("}]}, "match_if: line 1, column 1: 'knwn' is neither"),
        ({"classes": [{"class": "c", "subclasses": ["x"]}]}, "classes[0].subclasses: the class has no match"),
        ({"classes": [{"class": "c", "match": "hardware", "subclasses": ["x", {"value": "x"}]}]},
         "classes[0].subclasses[1].value: '\"x\"' is also at dhcpd_container_classes[0].subclasses[0].value"),
        ({"subnets": [{**SUBNETS[0], "pools": [{**POOL, "allow": ['members of "phons"']}]}],
          "classes": [{"class": "phones", "match_if": "known"}]},
         "pools[0].allow[0]: 'phons' is not declared; did you mean phones?"),
        ({"conditionals": [{"if": "option host-name", "options": {}}]}, "[0].if: 'option host-name' is a data"),
        ({"conditionals": [{"else": {}}]}, "conditionals[0].else: follows no if"),
        ({"conditionals": [{"if": "known", "raw": "subnet 1.2.3.0 netmask 255.255.255.0 { }"}]},
         "conditionals[0].raw: 'subnet' declares something; only statements can be conditional"),
        ({"events": [{"event": "comit", "raw": ""}]}, "events[0].event: 'comit' is no event; give one or a list of"),
        ({"boot": {"by_architecture": {"x64": "x"}}}, "dhcpd_container_boot.by_architecture: 'x64' is no architecture"),
        ({"boot": {"filename": "x" * 128}}, "dhcpd_container_boot.filename: "),
        ({"shared_networks": [{"name": "n", "subnets": []}]}, "shared_networks[0].subnets: a shared network needs a"),
        ({"shared_networks": [{"name": "n", "subnets": [{"subnet": "198.51.100.0/25"}, {"subnet": "198.51.100.128/25"}],
                               "pools": [{"ranges": ["198.51.100.100-198.51.100.200"]}]}]},
         "pools[0].ranges[0]: 198.51.100.100-198.51.100.200 reaches from one subnet into another"),
        ({"shared_networks": [{"name": "n", "subnets": SUBNETS, "options": {"routers": "203.0.113.1"}}]},
         "shared_networks[0].options.routers: 203.0.113.1 is outside 198.51.100.0/24"),
        ({"groups": [{"subnets": [{"subnet": "198.51.100.0/24"}]}], "subnets": SUBNETS},
         "subnets[0].subnet: 198.51.100.0/24 overlaps"),
        ({"reservations": [{"host": "a"}]}, "dhcpd_container_reservations[0]: says no client; give one of hardware"),
        ({"reservations": [{"host": "a", "client_id": "x"}, {"host": "b", "client_id": "x"}]},
         "reservations[1].client_id: \"x\" is also at dhcpd_container_reservations[0].client_id"),
        ({"reservations": [{"host": "a", "duid": "00:01"}, {"host": "b", "duid": "0:1"}]},
         "reservations[1].duid: 00:01 is also at dhcpd_container_reservations[0].duid"),
        ({"reservations": [HOST], "subnets": SUBNETS,
          "groups": [{"reservations": [{**HOST, "host": "b", "fixed_address": "198.51.100.11"}]}]},
         "dhcpd_container_reservations[0].hardware_ethernet: 00:00:5e:00:53:01 is also at "
         "dhcpd_container_groups[0].reservations[0].hardware_ethernet"),
        ({"reservations": [{"host": "a", "client_id": "x", "fixed_addresses": ["198.51.100.1", "192.0.2.1"]}],
          "subnets": SUBNETS},
         "reservations[0].fixed_addresses[1]: 192.0.2.1 is outside every subnet"),
        ({"reservations": [{"host": "a", "client_id": "x", "conditionals": [
            {"if": "known", "options": {"dhcp-client-identifier": "y"}}]}]}, "cannot be conditional"),
        ({"reservation_sources": [{"name": "ipam", "reservations": [{**HOST, "hardware_ethernet": "x"}]}],
          "subnets": SUBNETS},
         "dhcpd_container_reservation_sources[ipam][0].hardware_ethernet: 'x' is not a hardware address"),
        ({"reservation_sources": [{"name": "ipam", "reservations": [HOST]}], "reservations": [{**HOST, "host": "b",
          "hardware_ethernet": "00:00:5e:00:53:09"}], "subnets": SUBNETS},
         "dhcpd_container_reservation_sources[ipam][0].fixed_address: 198.51.100.10 is also at "
         "dhcpd_container_reservations[0].fixed_address"),
        ({"includes": [{"path": "../x", "content": ""}]}, "includes[0].path: '../x' is no path of a file beside dhcpd"),
        ({"includes": [{"path": "x", "content": "}"}]}, "includes[0].content: line 1, column 1: } closes a block"),
        ({"server_duid": "LLT; }"}, "dhcpd_container_server_duid: 'LLT; }' is no DUID"),
        ({"comment": 1}, "dhcpd_container_comment: 1 is not text"),
    ],
)  # fmt: skip
def test_problem(model: dict[str, Any], expected: str) -> None:
    assert expected in only(**model)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"subnets6": [{"subnet6": "2001:db8::1/64"}]}, "subnets6[0].subnet6: '2001:db8::1/64' has host bits"),
        ({"subnets6": [{"subnet6": "2001:db8::/64", "ranges6": ["2001:db8:1::-2001:db8::2"]}]}, "ranges6[0]"),
        ({"subnets6": [{"subnet6": "2001:db8::/64", "ranges6": ["2001:db8::/60 temporary"]}]}, "from 64 to 127"),
        ({"subnets6": [{"subnet6": "2001:db8::/64", "pools": [{}]}]}, "pools[0]: the pool holds nothing; give ranges6"),
        ({"subnets6": [{"subnet6": "2001:db8::/64",
                        "prefixes6": ["2001:db8:100::-2001:db8:1ff::/48", "2001:db8:180::-2001:db8:180::/48"]}]},
         "prefixes6[1]: 2001:db8:180:: 2001:db8:180::/48 overlaps 2001:db8:100:: 2001:db8:1ff::/48"),
        ({"reservations": [{"host": "a", "duid": "00:01", "fixed_address": "2001:db8::1"}]}, "is outside every"),
        ({"subnets": []}, "unknown key 'subnets'; did you mean subnets6?"),
        ({"boot": {"next_server": "192.0.2.1"}}, "has no meaning for DHCPv6"),
        ({"options": {"dhcp6.name-servers": "192.0.2.1"}}, "is not an IPv6 address"),
    ],
)  # fmt: skip
def test_problem_of_ipv6(model: dict[str, Any], expected: str) -> None:
    found = problems(model, 6)
    assert len(found) == 1 and expected in found[0], found


def test_raw_in_place_of_an_element_declares_what_it_declares() -> None:
    model = {
        "classes": [{"raw": 'class "c" { match if known; }'}],
        "failover_peers": [{"raw": 'failover peer "p" { secondary; peer address 192.0.2.1; }'}],
        "subnets": [
            {"raw": "subnet 203.0.113.0 netmask 255.255.255.0 { }"},
            {**SUBNETS[0], "pools": [{**POOL, "allow": ['members of "c"'], "failover_peer": "p"}]},
        ],
        "reservations": [{**HOST, "fixed_address": "203.0.113.9"}],
    }
    assert problems(model) == []
    text = render(model)
    assert text.index('class "c"') < text.index("subnet 203") < text.index("subnet 198")


def test_secrets_are_never_shown() -> None:
    (problem,) = problems({"keys": [{**KEY, "secret": "c2VjcmV0 "}]})
    assert "c2VjcmV0" not in problem


def test_an_include_that_cannot_be_seen_may_declare_anything() -> None:
    pool = {**POOL, "allow": ['members of "c"']}
    model = {"raw_head": 'include "/elsewhere";', "subnets": [{**SUBNETS[0], "pools": [pool]}]}
    assert problems(model) == []


def test_files_come_where_they_are_wanted() -> None:
    files = [
        {"path": "a.conf", "content": 'class "c" { match if known; }'},
        {"path": "b/c.conf", "content": "", "place": "end"},
    ]
    text = render({"includes": files, "subnets": [{**SUBNETS[0], "pools": [{**POOL, "allow": ['members of "c"']}]}]})
    assert (
        text.index('include "/etc/dhcp/a.conf";') < text.index("subnet") < text.index('include "/etc/dhcp/b/c.conf";')
    )


def test_boot() -> None:
    boot = {
        "next_server": "192.0.2.4",
        "ipxe": "s",
        "by_architecture": {"x64_uefi": "a", "x64_uefi_http": "b", 27: "c"},
    }
    assert render({"boot": boot}).splitlines()[2:] == [
        "next-server 192.0.2.4;",
        'if exists user-class and option user-class = "iPXE" {',
        '  filename "s";',
        "} elsif substring(option pxe-system-type, 0, 2) = 00:07 or substring(option pxe-system-type, 0, 2) = 00:09 {",
        '  filename "a";',
        "} elsif substring(option pxe-system-type, 0, 2) = 00:10 {",
        '  option vendor-class-identifier "HTTPClient";',
        '  filename "b";',
        "} elsif substring(option pxe-system-type, 0, 2) = 00:1b {",
        '  filename "c";',
        "}",
    ]


@pytest.mark.parametrize("extra", [{}, {"options": {"host-name": "x"}}])
def test_a_hundred_thousand_reservations_take_ten_times_what_ten_thousand_take(extra: dict[str, Any]) -> None:
    def seconds(count: int) -> float:
        model = {
            "subnets": [{"subnet": "10.0.0.0/8"}],
            "reservations": [
                {"host": f"h{n}", "hardware_ethernet": f"00:00:5e:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}",
                 "fixed_address": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", **extra}
                for n in range(count)
            ],
        }  # fmt: skip
        start = time.process_time()
        built = build(model)
        took = time.process_time() - start
        assert built.problems == []
        assert built.text.count("host h") == count
        return took

    small = min(seconds(10_000) for _time in range(3))
    assert seconds(100_000) < 30 * small

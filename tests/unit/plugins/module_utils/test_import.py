# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import build, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._import import import_conf
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._meaning import meaning
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import parse, write

SUBNET = "subnet 192.0.2.0 netmask 255.255.255.0 { %s }"


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("authoritative; default-lease-time 600;", {"authoritative": True, "default_lease_time": 600}),
        ("not authoritative;", {"authoritative": False}),
        ('option domain-name "a b"; OPTION Routers 192.0.2.1,192.0.2.2;',
         {"options": {"domain-name": "a b", "Routers": ["192.0.2.1", "192.0.2.2"]}}),
        ("ping-check off; min-secs 3; allow bootp;",
         {"statements": {"ping-check": False, "min-secs": 3}, "allow": ["bootp"]}),
        ("# about\n" + SUBNET % "range 192.0.2.9; # two\n range dynamic-bootp 192.0.2.10 192.0.2.12;",
         {"subnets": [{"comment": "about\ntwo\n", "subnet": "192.0.2.0/24",
                       "ranges": ["192.0.2.9", "dynamic-bootp 192.0.2.10-192.0.2.12"]}]}),
        ('class "c" { match hardware; } subclass "c" 1:2; subclass "c" "x" { option domain-name "y"; }',
         {"classes": [{"class": "c", "match": "hardware",
                       "subclasses": ["1:2", {"value": "x", "options": {"domain-name": "y"}}]}]}),
        ('if known { filename "a"; } else if static { filename "b"; } else { filename "c"; }',
         {"conditionals": [{"if": "known", "statements": {"filename": "a"},
                            "elif": [{"if": "static", "statements": {"filename": "b"}}],
                            "else": {"statements": {"filename": "c"}}}]}),
        ("host h { hardware ethernet 0:0:5e:0:53:1; }",
         {"reservations": [{"host": "h", "hardware_ethernet": "0:0:5e:0:53:1"}]}),
        ("host h { option dhcp-client-identifier 1:2; fixed-address 192.0.2.1, 192.0.2.2; } " + SUBNET % "",
         {"reservations": [{"host": "h", "client_id": "1:2", "fixed_addresses": ["192.0.2.1", "192.0.2.2"]}],
          "subnets": [{"subnet": "192.0.2.0/24"}]}),
        ("on commit or expiry { log(\"x\"); }", {"events": [{"event": ["commit", "expiry"], "raw": 'log ("x");\n'}]}),
        ("option space s; option s.a code 3 = array of { unsigned integer 8, ip-address }; option s.a 1 192.0.2.1;",
         {"option_spaces": [{"space": "s"}],
          "option_definitions": [{"option": "s.a", "code": 3, "type": "array of {uint8, ip-address}"}],
          "options": {"s.a": [[1, "192.0.2.1"]]}}),
        ("shared-network \"a b\" { interface eth1; " + SUBNET % "" + " pool { range 192.0.2.5; no failover peer } }",
         {"shared_networks": [{"name": "a b", "interface": "eth1", "subnets": [{"subnet": "192.0.2.0/24"}],
                               "pools": [{"ranges": ["192.0.2.5"], "failover_peer": False}]}]}),
    ],
)  # fmt: skip
def test_typed(text: str, model: dict[str, Any]) -> None:
    found = import_conf(text)
    assert found.model == model
    assert found.notes == []


@pytest.mark.parametrize(
    ("text", "model", "note"),
    [
        ("next-server tftp.example.net;", {"conditionals": [{"raw": "next-server tftp.example.net;\n"}]}, "line 1"),
        (SUBNET % "host h { uid 1:2; }",
         {"subnets": [{"subnet": "192.0.2.0/24", "reservations": [{"raw": "host h {\n  uid 1:2;\n}\n"}]}]}, "client"),
        (SUBNET % "" + "\n" + SUBNET % "",
         {"subnets": [{"subnet": "192.0.2.0/24"}, {"raw": "subnet 192.0.2.0 netmask 255.255.255.0 {\n}\n"}]}, "over"),
        ('set a = "x"; option host-name = a; option host-name "y";',
         {"conditionals": [{"raw": 'set a = "x";\n'}, {"options": {"host-name": {"expression": "a"}}},
                           {"options": {"host-name": "y"}}]}, "set a"),
    ],
)  # fmt: skip
def test_raw_in_its_place(text: str, model: dict[str, Any], note: str) -> None:
    found = import_conf(text)
    assert found.model == model
    assert note in found.notes[0]


@pytest.mark.parametrize(
    ("text", "model", "note"),
    [
        ("omapi-port 7911; ping-check off;", {"statements": {"omapi-port": 7911, "ping-check": False}},
         "without omapi-key"),
        ("omapi-key k; omapi-port 7911; key k { algorithm hmac-md5; secret AAAA; }",
         {"statements": {"omapi-port": 7911, "omapi-key": "k"},
          "keys": [{"name": "k", "algorithm": "hmac-md5", "secret": "AAAA"}]}, "hmac-md5"),
    ],
)  # fmt: skip
def test_what_is_never_deployed_has_its_typed_form_and_is_said(text: str, model: dict[str, Any], note: str) -> None:
    found = import_conf(text)
    assert found.model == model
    assert found.notes == build(model).problems
    assert note in found.notes[0]


def test_the_lease_file_is_left_out() -> None:
    found = import_conf('ping-check off;\nlease-file-name "/x";')
    assert found.model == {"statements": {"ping-check": False}}
    assert found.notes == [
        'line 2: lease-file-name "/x" is left out: the service has a place of its own for leases, and'
        " dhcpd_container_initial_leases names a file to start from"
    ]


def test_authority_that_comes_later_leaves_the_earlier_alone() -> None:
    found = import_conf(SUBNET % "" + " authoritative; subnet 198.51.100.0 netmask 255.255.255.0 { }")
    assert found.model["subnets"] == [{"subnet": "192.0.2.0/24", "authoritative": False}, {"subnet": "198.51.100.0/24"}]


@pytest.mark.parametrize("words", ["", '"c"', '"c" 1 2'])
def test_a_subclass_without_its_words_stays_raw(words: str) -> None:
    text = f'class "c" {{ match hardware; }} subclass {words} {{ }}'
    assert "subclass" in str(import_conf(text).model)


def test_what_cannot_be_said_in_order_stays_as_it_is() -> None:
    """A pool of the whole network before the pool of a subnet: the variables would turn them round."""
    text = (
        "shared-network n { subnet 192.0.2.0 netmask 255.255.255.0 { } pool { range 192.0.2.9; } "
        "subnet 198.51.100.0 netmask 255.255.255.0 { pool { range 198.51.100.9; } } }"
    )
    found = import_conf(text)
    assert meaning(parse(render(found.model)).statements) == meaning(parse(text).statements)


def test_includes_are_followed() -> None:
    files = {"a.conf": 'include "/etc/dhcp/b/c.conf";', "b/c.conf": "default-lease-time 60;"}
    found = import_conf('include "/etc/dhcp/a.conf"; include "/elsewhere";', files=files)
    assert found.model == {"default_lease_time": 60, "raw": 'include "/elsewhere";\n'}
    with pytest.raises(LexError, match="includes itself"):
        import_conf('include "x";', files={"x": 'include "x";'})
    with pytest.raises(LexError, match=r"line 1, column 1: x: line 2, column 3"):
        import_conf('include "x";', files={"x": "a;\n  }"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subnet {", "line 1, column 8: { is never closed"),
        ("\n  }", "line 2, column 3: } closes a block"),
        ("option domain-name", "line 1, column 8: 'domain-name' ends the text within a statement"),
        ("group { option x }", "line 1, column 18: 'x' ends the block within a statement"),
        (";", "line 1, column 1: a statement is expected, not ';'"),
        ("if known { } else x { }", "a block in braces is expected after else"),
        ("if known { } else;", "a block in braces is expected after else"),
        ("{" * 3, "line 1, column 1: a statement is expected"),
        ("a {" * 100, "line 1, column 183: blocks are nested deeper than 60"),
        ("switch (x) { case 1: ", "line 1, column 12: { is never closed"),
        ('option a "x', 'line 1, column 10: the string has no closing "'),
    ],
)  # fmt: skip
def test_error_with_line_and_column(text: str, message: str) -> None:
    with pytest.raises(LexError) as caught:
        import_conf(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("option domain-name \"a\"; default-lease-time 5;",
         "default-lease-time 5; OPTION domain-name  \"\\141\";", True),
        ("option domain-name \"a\"; option domain-name \"b\";", "option domain-name \"b\";", True),
        ("option domain-name \"a\"; option domain-name \"b\";", "option domain-name \"a\";", False),
        ("if known { option domain-name \"a\"; } option domain-name \"b\";",
         "option domain-name \"b\"; if known { option domain-name \"a\"; }", False),
        ("if known { option domain-name \"a\"; } option host-name \"b\";",
         "option host-name \"b\"; if known { option domain-name \"a\"; }", True),
        (SUBNET % "range 192.0.2.1; range 192.0.2.2;", SUBNET % "range 192.0.2.2; range 192.0.2.1;", False),
        (SUBNET % "" + "authoritative;", "authoritative;" + SUBNET % "", False),
        ("host a { } host b { }", "host b { } host a { }", True),
        ("key k { algorithm hmac-md5; secret AAaa; }", "key \"k\" { secret \"AAaa\"; algorithm hmac-md5; };", True),
        ("key k { algorithm hmac-md5; secret AAaa; }", "key k { algorithm hmac-md5; secret aaaa; }", False),
        ("if (known) { }", "if known { }", True),
        ("if (known) { } else { filename \"x\"; }", "if known { }", False),
        ("class \"a\" { } class \"b\" { }", "class \"b\" { } class \"a\" { }", False),
        ("allow bootp;", "allow-bootp true;", True),
        ("deny bootp;", "allow-bootp true;", False),
    ],
)  # fmt: skip
def test_meaning(one: str, other: str, same: bool) -> None:
    assert (meaning(parse(one).statements) == meaning(parse(other).statements)) is same


def test_a_text_is_written_as_it_was_read() -> None:
    text = (
        '# one\nif known {\n  # two\n  log ("a\n}");\n} elsif static {\n} else {\n  set x = "y";\n  # three\n}\n'
        "switch (x) { case 1: break; default: }\n# four"
    )
    found = parse(text)
    assert "\n".join(write(found.statements, closing=found.closing)) == text

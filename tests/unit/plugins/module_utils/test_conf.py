# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import ConfError, problems, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import tokenize, unquote
from hypothesis import given
from hypothesis import strategies as st

MODEL: dict[str, Any] = {
    "authoritative": True,
    "min_lease_time": 60,
    "default_lease_time": 3600,
    "max_lease_time": 7200,
    "options": {"domain-name-servers": ["198.51.100.1"], "domain-name": "example.net"},
    "subnets": [
        {
            "subnet": "198.51.100.0/24",
            "options": {"routers": ["198.51.100.1"]},
            "pools": [
                {
                    "ranges": [
                        "198.51.100.50-198.51.100.99",
                        "198.51.100.120 198.51.100.129",
                        "198.51.100.140",
                    ],
                    "allow": ["known-clients"],
                    "deny": ["dynamic bootp clients"],
                    "max_lease_time": 5400,
                    "raw": "# guests\nmin-secs 3;\n",
                }
            ],
            "raw": 'if known {\n  log("known\n  client");\n}\n',
        },
        {"subnet": "203.0.113.0/25"},
    ],
    "reservations": [
        {
            "host": "printer",
            "hardware_ethernet": "00:00:5E:0:53:01",
            "fixed_address": "198.51.100.10",
            "options": {"host-name": "printer"},
        }
    ],
    "raw": 'include "/etc/dhcp/more.conf";',
}

TEXT = """\
# Made by quadlet.dhcpd from the inventory. Change it there: an edit here does not last.

authoritative;
min-lease-time 60;
default-lease-time 3600;
max-lease-time 7200;
option domain-name "example.net";
option domain-name-servers 198.51.100.1;

subnet 198.51.100.0 netmask 255.255.255.0 {
  option routers 198.51.100.1;
  pool {
    allow known-clients;
    deny dynamic bootp clients;
    max-lease-time 5400;
    range 198.51.100.50 198.51.100.99;
    range 198.51.100.120 198.51.100.129;
    range 198.51.100.140;
    # guests
    min-secs 3;
  }
if known {
  log("known
  client");
}
}

subnet 203.0.113.0 netmask 255.255.255.128 {
}

host printer {
  hardware ethernet 00:00:5e:00:53:01;
  fixed-address 198.51.100.10;
  option host-name "printer";
}

include "/etc/dhcp/more.conf";
"""


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the model with the value at a path such as `subnets.0.subnet` replaced."""
    model = copy.deepcopy(MODEL)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner: Any = model
    for part in parents:
        inner = inner[part]
    if isinstance(inner, list) and last == len(inner):
        inner.append(value)
    else:
        inner[last] = value
    return model


def test_render() -> None:
    before = copy.deepcopy(MODEL)
    assert problems(MODEL) == []
    assert render(MODEL) == TEXT
    assert before == MODEL


def test_render_is_the_same_for_equal_models() -> None:
    turned = json.loads(json.dumps(MODEL), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert render(turned) == TEXT


def test_render_of_nothing() -> None:
    assert render({}).count("\n") == 1
    assert "\nnot authoritative;\n" in render({"authoritative": False})


def test_render_refuses_a_model_with_problems() -> None:
    with pytest.raises(ConfError) as caught:
        render({"subnet": [], "raw": "}"})
    assert len(caught.value.problems) == 2
    assert str(caught.value) == "\n".join(caught.value.problems)


RESERVATION = {"host": "b", "hardware_ethernet": "00:00:5e:00:53:02", "fixed_address": "198.51.100.11"}
POOL = "dhcpd_container_subnets[0].pools[0]"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("subnets.0.subnt", 1, "dhcpd_container_subnets[0]: unknown key 'subnt'; did you mean subnet?"),
        ("subnets.0.pools.0", {}, f"{POOL}: the key ranges is missing"),
        ("subnets.1", {}, "dhcpd_container_subnets[1]: the key subnet is missing"),
        ("authoritative", "yes", "dhcpd_container_authoritative: 'yes' is not a boolean; give true or false"),
        ("max_lease_time", "7200", "dhcpd_container_max_lease_time: '7200' is not a time in seconds; give 1"),
        ("max_lease_time", 0, "dhcpd_container_max_lease_time: 0 is not a time in seconds"),
        ("max_lease_time", 1800, "default_lease_time: 3600 is more than max_lease_time, 1800"),
        ("subnets.1.max_lease_time", 59,
         "dhcpd_container_subnets[1].max_lease_time: 59 is less than default_lease_time, 3600"),
        ("options", None, "dhcpd_container_options: None is not a mapping"),
        ("options.1", 1, "dhcpd_container_options: 1 cannot be set here; options"),
        ("options.router", "x", "'router' cannot be set here; did you mean routers?"),
        ("options.routers", "x",
         "dhcpd_container_options.routers: 'x' is not an IPv4 address; give one such as 198.51.100.1, "
         "no host name (dhcp-options(5), routers: array of ip-address)"),
        ("subnets", None, "dhcpd_container_subnets: None is not a list"),
        ("subnets.0", None, "dhcpd_container_subnets[0]: None is not a mapping"),
        ("subnets.1.subnet", "203.0.113.1/25", "has host bits; give the subnet's own number, 203.0.113.0/25"),
        ("subnets.1.subnet", "203.0.113.0/33", "'203.0.113.0/33' is not a subnet"),
        ("subnets.1.subnet", "203.0.113.0", "'203.0.113.0' is not a subnet"),
        ("subnets.1.subnet", "198.51.100.64/26",
         "dhcpd_container_subnets[1].subnet: 198.51.100.64/26 overlaps 198.51.100.0/24 of "
         "dhcpd_container_subnets[0].subnet"),
        ("subnets.0.options.routers", ["203.0.113.1"],
         "dhcpd_container_subnets[0].options.routers: 203.0.113.1 is outside 198.51.100.0/24"),
        ("subnets.0.pools.0.options", {"routers": "203.0.113.1"},
         f"{POOL}.options.routers: 203.0.113.1 is outside"),
        ("subnets.0.pools.0.ranges", [], f"{POOL}.ranges: the list is empty"),
        ("subnets.0.pools.0.ranges", "198.51.100.50", f"{POOL}.ranges: '198.51.100.50' is not a list"),
        ("subnets.0.pools.0.ranges.1", "198.51.101.5",
         f"{POOL}.ranges[1]: 198.51.101.5 is outside 198.51.100.0/24; give addresses inside the subnet "
         "(dhcpd.conf(5), range)"),
        ("subnets.0.pools.0.ranges.1", "198.51.100.9-198.51.100.8", f"{POOL}.ranges[1]: "),
        ("subnets.0.pools.0.ranges.1", "198.51.100.99-198.51.100.100",
         f"{POOL}.ranges[1]: 198.51.100.99-198.51.100.100 overlaps 198.51.100.50-198.51.100.99 of "
         f"{POOL}.ranges[0]"),
        ("subnets.0.pools.0.allow", ["members"], f"{POOL}.allow[0]: 'members' is not a permit; give one"),
        ("reservations.0.hardware_ethernet", 301, "301 is not a hardware address (YAML made a number of it"),
        ("reservations.0.hardware_ethernet", "00-00-5e-00-53-01", "is not a hardware address"),
        ("reservations.0.hardware_ethernet", "00:00:5e:00:53:01; }", "is not a hardware address"),
        ("options.zzz", 1, "'zzz' cannot be set here; options that are not standard in dhcp-options(5) are defined in"),
        ("zzz", 1, "unknown key 'zzz'; the keys are authoritative, "),
        ("reservations.0.host", 42, "42 is not a name (text: put it in quotes)"),
        ("reservations.0.host", True, "True is not a name"),
        ("reservations.0.host", "a b", "'a b' is not a name"),
        ("reservations.0.host", "a.", "'a.' is not a name"),
        ("reservations.0.fixed_address", "198.51.100.60",
         "dhcpd_container_reservations[0].fixed_address: 198.51.100.60 is inside the range "
         f"198.51.100.50-198.51.100.99 of {POOL}.ranges[0]"),
        ("reservations.0.fixed_address", "192.0.2.1", "192.0.2.1 is outside every subnet"),
        ("reservations.1", {**RESERVATION, "host": "Printer"},
         "dhcpd_container_reservations[1].host: Printer is also at dhcpd_container_reservations[0].host"),
        ("reservations.1", {**RESERVATION, "hardware_ethernet": "00:00:5e:00:53:1"},
         "00:00:5e:00:53:01 is also at dhcpd_container_reservations[0].hardware_ethernet"),
        ("reservations.1", {**RESERVATION, "fixed_address": "198.51.100.10"},
         "198.51.100.10 is also at dhcpd_container_reservations[0].fixed_address"),
        ("raw", None, "dhcpd_container_raw: None is not text"),
        ("raw", 'a;\n b "c;', 'dhcpd_container_raw: line 2, column 4: the string has no closing "'),
        ("subnets.0.raw", "}\nsubnet x {", "subnets[0].raw: line 1, column 1: } closes a block"),
        ("subnets.0.raw", "if x {\n", "dhcpd_container_subnets[0].raw: line 1, column 6: { is never closed"),
        ("subnets.0.raw", "a;\nfilename", "line 2, column 1: 'filename' ends the text within a statement"),
    ],
)  # fmt: skip
def test_problem(path: str, value: object, expected: str) -> None:
    (problem,) = problems(changed(path, value))
    assert expected in problem
    assert "\n" not in problem
    assert problem.endswith(")")


def test_all_problems_at_once() -> None:
    model = changed("subnets.0.pools.0.ranges.0", "198.51.101.5")
    model["reservations"][0]["host"] = None
    model["subnets"][1]["subnet"] = "x"
    model["option"] = {}
    assert len(problems(model)) == 4


def test_broken_subnet_does_not_push_its_reservations_outside() -> None:
    assert len(problems(changed("subnets.0.subnet", "198.51.100.0/224"))) == 1


@pytest.mark.parametrize("model", [None, [], "text", 1, {1: 2}, {None: None}, {True: 1}])
def test_no_model(model: object) -> None:
    (problem,) = problems(model)
    assert problem.startswith("dhcpd_container: ")


def test_raw_is_closed_off_by_a_line_break() -> None:
    assert "  # end\n}\n" in render(changed("subnets.1.raw", "# end"))


KEYS = st.sampled_from(
    ["options", "subnets", "subnet", "pools", "ranges", "allow", "reservations", "host", "hardware_ethernet",
     "fixed_address", "raw", "routers", "authoritative", "max_lease_time", "zzz"]
)  # fmt: skip
YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.dates()
    | st.sampled_from(["198.51.100.0/24", "198.51.100.1", "a;"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(KEYS | st.integers() | st.none(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
HOSTILE = st.text(st.sampled_from('"\\;{}\n\r\x00#a1 x037é\u2028') | st.characters(), min_size=1, max_size=40)


@given(YAML)
def test_no_data_raises(model: object) -> None:
    before = copy.deepcopy(model)
    assert isinstance(problems(model), list)
    assert repr(before) == repr(model)


def structure(text: str) -> list[str]:
    return [token.text if token.kind != "string" else "string" for token in tokenize(text)]


TAME = structure(render(changed("reservations.0.options.host-name", "x")))


@given(HOSTILE)
def test_text_stays_inside_its_quotes(hostile: str) -> None:
    model = changed("reservations.0.options.host-name", hostile)
    if problems(model):
        return
    text = render(model)
    assert structure(text) == TAME
    assert hostile in [unquote(token.text) for token in tokenize(text) if token.kind == "string"]


PATHS = [
    "subnets.0.raw", "subnets.0.pools.0.raw", "raw", "reservations.0.host",
    "reservations.0.hardware_ethernet", "reservations.0.fixed_address", "subnets.0.subnet",
    "subnets.0.pools.0.ranges.0", "subnets.0.pools.0.allow.0",
    "options.domain-search", "options.v4-lost", "options.routers", "options.vendor-class-identifier",
]  # fmt: skip


@given(st.sampled_from(PATHS), HOSTILE)
def test_nothing_changes_the_blocks_around_it(path: str, hostile: str) -> None:
    # What is accepted leaves all that stands around it where it was, block by block.
    model = changed(path, hostile)
    if problems(model):
        return
    after = [token.text for token in tokenize(render(model))]
    depth, heads = 0, []
    for before, text in zip(after, after[1:]):
        if depth == 0 and text in ("subnet", "host") and before in ("}", ";"):
            heads.append(text)
        depth += {"{": 1, "}": -1}.get(text, 0)
        assert depth >= 0
    assert depth == 0
    assert heads == ["subnet", "subnet", "host"]


def test_ten_thousand_reservations() -> None:
    reservations = [
        {"host": f"h{n}", "hardware_ethernet": f"00:00:5e:00:{n >> 8:02x}:{n & 255:02x}",
         "fixed_address": f"10.1.{n >> 8}.{n & 255}",
         "options": {"host-name": f"h{n}", "zzz" if n % 2 else "yyy": 1}}
        for n in range(10_000)
    ]  # fmt: skip
    ranges = [f"10.2.{n >> 6}.{(n & 63) * 4}" for n in range(10_000)]
    model = {
        "subnets": [{"subnet": "10.0.0.0/8", "pools": [{"ranges": ranges}]}],
        "reservations": reservations,
    }
    start = time.process_time()
    assert len(problems(model)) == 10_000
    # About 0.5 s on a slow core; ten times that is still far from what a quadratic check takes.
    assert time.process_time() - start < 5

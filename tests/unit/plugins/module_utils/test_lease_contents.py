# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lease files read, judged and asked. What dhcpd itself says to such files is in tests/oracle/test_leases_oracle.py."""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _lease_contents as contents
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _lease_query as asking
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _lease_records as records
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_grammar import STATES
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_lexer import NEVER
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = b"# All times in this file are in UTC.\nauthoring-byte-order little-endian;\n\n"
LEASE = b"""lease 198.51.100.7 {
  starts 2 2026/11/24 22:10:00;
  ends 2 2026/11/24 22:20:00;
  tstp never;
  cltt epoch 1795560600; # Tue Nov 24 22:50:00 2026
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:00:5e:00:53:01;
  uid "\\001\\000\\000^\\000S\\001";
  set vendor-class-identifier = "MSFT }";
  option agent.circuit-id "abc";
  client-hostname "one";
}
"""
SIX = rb"""server-duid "\000\001\000\001";
ia-na "\001\000\000\000\000\001\000\001" {
  cltt 2 2026/11/24 22:10:00;
  iaaddr 2001:db8::1 {
    binding state active;
    preferred-life 375;
    max-life 600;
    ends 2 2026/11/24 22:20:00;
  }
  iaaddr 2001:db8::2 {
    binding state expired;
    preferred-life 375;
    max-life 600;
    ends 2 2026/11/24 22:20:00;
  }
}

ia-pd "\001\000\000\000\000\001\000\001" {
  iaprefix 2001:db8:100::/56 {
    binding state released;
    preferred-life 375;
    max-life 600;
    ends never;
  }
}

"""
NOW = 1795560000  # 2026-11-24T22:40:00Z


def lines(*statements: str) -> bytes:
    return f"lease 198.51.100.7 {{ {' '.join(statements)} }}\n".encode()


def one(data: bytes) -> dict[str, Any]:
    found = contents.load(data, lambda _key, _state: True, NOW)
    assert found.problems == []
    (lease,) = found.leases()
    return lease


def states(data: bytes) -> dict[str, str]:
    found = contents.load(data, now=NOW)
    assert found.problems == []
    return {str(ipaddress.ip_address(key)): state for key, state in found.states.items()}


# Written as dhcpd does it, a record is read by a regular expression; on one line, by the grammar.
@pytest.mark.parametrize("data", [LEASE, LEASE.replace(b" # Tue Nov 24 22:50:00 2026\n", b"").replace(b"\n", b" ")])
def test_a_lease_has_all_that_its_record_says(data: bytes) -> None:
    assert one(HEAD + data) == {
        "kind": "lease", "address": "198.51.100.7", "state": "active", "next_state": "free", "rewind_state": "free",
        "starts": NOW - 1800, "ends": NOW - 1200, "tstp": NEVER, "tsfp": None, "atsfp": None,
        "cltt": 1795560600, "hardware_type": "ethernet", "hardware": "00:00:5e:00:53:01",
        "uid": "01:00:00:5e:00:53:01", "client_hostname": "one", "reserved": False, "bootp": False,
        "billing_class": None, "variables": {"vendor-class-identifier": "MSFT }"},
        "options": {"agent.circuit-id": "abc"}, "iaid": None, "duid": None, "preferred_life": None, "max_life": None,
    }  # fmt: skip


def test_ipv6_and_what_else_a_file_declares() -> None:
    found = contents.load(HEAD + SIX, lambda _key, state: state != "expired")
    assert (found.problems, found.server_duid, found.kinds) == ([], "00:01:00:01", {"ia-na", "ia-pd"})
    first, second = found.leases()
    assert (first["address"], first["iaid"], first["duid"], first["max_life"]) == ("2001:db8::1", 1, "00:01:00:01", 600)
    assert (second["kind"], second["address"], second["ends"]) == ("ia-pd", "2001:db8:100::/56", NEVER)
    assert len(found.states) == 3
    big = contents.load(HEAD.replace(b"little", b"big") + SIX, lambda *_: True)
    assert next(big.leases())["iaid"] == 1 << 24


def test_hosts_and_failover_of_now() -> None:
    found = contents.load(
        b'failover peer "p" state { my state recover; partner state normal at 2 2026/11/24 22:10:00; mclt 5; }\n'
        b'failover peer "p" state { my state normal at epoch 5; partner state normal; }\n'
        b"host a { dynamic; hardware ethernet 0:0:5e:0:53:1; fixed-address 198.51.100.1, x.example; }\n"
        b'host b { dynamic; uid 01:02; }\nhost b { dynamic; deleted; }\nsubclass "c" 1:2 { lease limit 4; }\n'
    )
    assert found.problems == []
    assert found.failover["p"] == {"name": "p", "my_state": "normal", "my_since": 5, "partner_state": "normal"}
    assert {name: (host["hardware"], host["fixed_addresses"]) for name, host in found.hosts.items()} == {
        "a": ("00:00:5e:00:53:01", ["198.51.100.1", "x.example"])
    }


@pytest.mark.parametrize("state", STATES)
def test_every_state_and_the_last_record_wins(state: str) -> None:
    seen = {"reserved": "active", "bootp": "active"}.get(state, state)
    assert states(LEASE + lines(f"binding state {state};")) == {"198.51.100.7": seen}
    assert states(lines(f"binding state {state};") + LEASE.replace(b"active", b"free")) == {"198.51.100.7": "free"}
    assert one(lines("binding state free;", f"next binding state {state};"))["next_state"] == seen


@pytest.mark.parametrize(("statements", "state"), [
    (["ends epoch 1795560001;"], "active"),
    (["ends epoch 1795560000;"], "free"),
    ([], "free"),
    (['on expiry { set x = "y"; }'], "active"),
    (["abandoned;"], "abandoned"),
])  # fmt: skip
def test_a_record_without_binding_is_what_dhcpd_takes_it_for(statements: list[str], state: str) -> None:
    assert states(lines(*statements)) == {"198.51.100.7": state}


@pytest.mark.parametrize(("date", "seconds"), [
    ("2 2026/11/24 22:40:00", NOW), ("2 2026/11/24 22:40:00 3600", NOW + 3600), ("epoch 1", 1),
    ("never", NEVER), ("4 2038/01/01 00:00:00", NEVER), ("4 1970/01/01 00:00:00", 0),
])  # fmt: skip
def test_dates(date: str, seconds: int) -> None:
    assert one(lines("binding state active;", f"ends {date};"))["ends"] == seconds


WHOLE = HEAD + LEASE * 2


@pytest.mark.parametrize(("data", "line", "about"), [
    (WHOLE[:-2], 31, "end of the file"),
    (WHOLE[:-6], 30, "string without its end"),
    (WHOLE.replace(b"}\n", b"", 1), 17, "lease where a statement"),
    (WHOLE + b"}\n", 32, "declaration"),
    (WHOLE + b"garbage\n", 32, "garbage where a declaration"),
    (WHOLE + b"\0" * 9, 32, "NUL"),
    (WHOLE.replace(b"MSFT", b"MS\0T", 1), 14, "NUL"),
    (WHOLE.replace(b"# All", b"# \xff"), 1, "0xff"),
    (WHOLE.replace(b"starts", b"sparts", 1), 5, "sparts where"),
    (WHOLE.replace(b"100.7 ", b"100.256 ", 1), 4, "256 where an octet"),
    (WHOLE.replace(b"  starts", b"  starts never;\n  starts", 1), 6, "twice"),
    (WHOLE.replace(b"2026/11", b"2026/13", 1), 5, "date"),
    (WHOLE.replace(b"2026/11", b"026/11", 1), 5, "date"),
    (WHOLE.replace(b"epoch 1", b"epoch 9", 1), 8, "time"),
    (WHOLE.replace(b"\\001\\000", b"\\001\\389", 1), 13, "escape"),
    (WHOLE.replace(b'"one"', b'"' + b"x" * 1500 + b'"', 1), 16, "longer than dhcpd"),
    (WHOLE.replace(b"  cltt", b" " * 1500 + b"cltt", 1), 8, "white space"),
    (WHOLE.replace(b"set vendor-class-identifier", b"set uid", 1), 14, "variable"),
    (WHOLE + HEAD, 33, "byte-order again"),
    (SIX.replace(b"    binding state active;\n", b"", 1), 8, "state of the address"),
    (SIX.replace(b"100::/56", b"101::/46"), 19, "bits"),
    (b"host a {\n  dynamic;\nlease 198.51.100.7 {\n}\n", 3, "limit"),
])  # fmt: skip
def test_damage_is_found_on_its_line_and_the_rest_read(data: bytes, line: int, about: str, tmp_path: Path) -> None:
    path = tmp_path / "dhcpd.leases"
    path.write_bytes(data)
    found = contents.damage(path)
    assert (found[0].line, about in str(found[0])) == (line, True), found
    assert contents.read(path).problem == str(found[0])
    if data.startswith(HEAD):
        assert records.key_of("198.51.100.7") in contents.load(data).states


def test_a_record_that_is_being_written_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, looks = tmp_path / "dhcpd.leases", []
    path.write_bytes(WHOLE[:-20])

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            path.write_bytes(WHOLE)

    monkeypatch.setattr(contents.time, "sleep", sleep)
    assert contents.damage(path) == []
    path.write_bytes(WHOLE.replace(b"active", b"acted", 1))
    assert contents.damage(path) != []
    assert len(looks) == 3


@pytest.mark.parametrize(("data", "between"), [(LEASE, 0), (SIX, 5)], ids=["IPv4", "IPv6"])
def test_what_is_cut_off_is_known_as_that(data: bytes, between: int) -> None:
    found = [contents.load(HEAD + data[:end]).problems for end in range(1, len(data.rstrip(b"}\n")))]
    assert [problem for problems in found for problem in problems if not problem.cut_off] == []
    assert found.count([]) == between, "places between two declarations"


def test_the_files_around_it(tmp_path: Path) -> None:
    path, backup = tmp_path / "dhcpd.leases", tmp_path / "dhcpd.leases~"
    assert contents.damage(path) == []
    path.write_bytes(b"# nothing yet\n")
    assert contents.damage(path) == []
    backup.write_bytes(WHOLE)
    assert "empty beside" in contents.describe(contents.damage(path))
    path.write_bytes(HEAD)
    assert contents.damage(path) == []
    path.unlink()
    assert "missing beside" in contents.describe(contents.damage(path))
    path.write_bytes(WHOLE)
    assert (contents.damage(path, 4), contents.read(path).declarations) == ([], 2)
    assert "not for IPv6" in contents.describe(contents.damage(path, 6))
    path.write_bytes(SIX)
    assert "not for IPv4" in contents.describe(contents.damage(path, 4))


def test_what_dhcpd_says_is_understood() -> None:
    output = (
        "lease 203.0.113.9: no subnet.\n/x.leases line 7: semicolon expected.\n"
        "Corrupt lease file - possible data loss!\n"
        "Wrote 0 new dynamic host decls to leases file.\nWrote 3 leases to leases file.\n"
    )
    found = contents.loaded(output)
    assert (found.leases, found.outside, len(found.complaints)) == (3, ("203.0.113.9",), 2)
    assert contents.loaded("Wrote 1 NA, 2 TA, 3 PD leases to lease file.\n").leases == 6
    assert contents.loaded("Exiting\n") == (None, (), ())
    file = contents.load(b"".join(LEASE.replace(b"100.7", b"100.%d" % last) for last in range(6)))
    assert contents.lost(file, found) == 2


# A shared machine has its pauses.
@settings(deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from([
    *(HEAD + LEASE + SIX).split(b" "), b"\n", b"}\n", b'"', b"\\", b"host a {", b"on expiry {", b"#",
]), max_size=60).map(b" ".join)))  # fmt: skip
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    for lease in contents.load(data, lambda *_: True).leases():
        assert lease["state"]


names = st.text(max_size=30).filter(lambda name: "\0" not in name)
leases = st.fixed_dictionaries({
    "address": st.ip_addresses(v=4).map(str),
    "state": st.sampled_from(STATES[:7]),
    "ends": st.integers(0, NEVER),
    "client_hostname": names,
    "uid": st.binary(min_size=1, max_size=20),
    "odd": st.booleans(),
})  # fmt: skip


def quoted(data: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in data)


def written(lease: dict[str, Any]) -> str:
    date = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime(lease["ends"]))
    text = (
        f"lease {lease['address']} {{\n  ends {date};\n  binding state {lease['state']};\n"
        f'  uid "{quoted(lease["uid"])}";\n  client-hostname "{quoted(lease["client_hostname"].encode())}";\n}}\n'
    )
    return text.replace("\n", "\n\n") if lease["odd"] else text


# A shared machine has its pauses.
@settings(deadline=None)
@given(st.lists(leases, max_size=30), st.integers(20, 5000))
def test_leases_read_back(expected: list[dict[str, Any]], block: int) -> None:
    records._BLOCK, before = block, records._BLOCK
    try:
        found = contents.load("".join(map(written, expected)).encode(), lambda *_: True)
    finally:
        records._BLOCK = before
    last = {lease["address"]: lease for lease in expected}
    assert (found.problems, found.records) == ([], len(expected))
    assert {lease["address"]: (lease["state"], lease["uid"]) for lease in found.leases()} == {
        address: (lease["state"], lease["uid"].hex(":")) for address, lease in last.items()
    }
    for lease in found.leases():
        wanted = last[lease["address"]]
        assert lease["ends"] == (wanted["ends"] if wanted["ends"] < 2145916800 else NEVER)
        if wanted["client_hostname"].isprintable():
            assert lease["client_hostname"] == wanted["client_hostname"]


# A shared machine has its pauses.
@settings(deadline=None)
@given(st.integers(1, len(LEASE) - 2), st.integers(20, 700))
def test_a_file_that_is_cut_in_a_record_is_damaged_wherever_the_blocks_end(end: int, block: int) -> None:
    records._BLOCK, before = block, records._BLOCK
    try:
        assert len(contents.load(WHOLE + LEASE[:end]).problems) == 1
        assert contents.load(WHOLE + LEASE).problems == []
    finally:
        records._BLOCK = before


OPTIONS = [
    ({}, True),
    ({"states": ["active"]}, True),
    ({"states": ["free"]}, False),
    ({"addresses": ["198.51.100.7", "2001:db8::/64"]}, True),
    ({"addresses": []}, False),
    ({"subnet": "198.51.100.0/29"}, True),
    ({"subnet": "198.51.100.8/29"}, False),
    ({"subnet": "2001:db8::/32"}, False),
    ({"hardware_ethernet": "0-0-5E-0-53-1"}, True),
    ({"hardware_ethernet": "00:00:5e:00:53:02"}, False),
    ({"client_hostname": "ONE"}, True),
    ({"client_hostname": "on"}, False),
    ({"active_at": "2026-11-24T22:15:00Z"}, True),
    ({"active_at": "2026-11-24T22:20:00"}, False),
    ({"active_at": "2026-11-24T23:15:00+01:00"}, True),
    ({"active_at": "1795558199"}, False),
    ({"active_at": "now"}, False),
]


@pytest.mark.parametrize(("options", "matches"), OPTIONS)
def test_questions(options: dict[str, Any], matches: bool) -> None:
    asked = asking.query(options, NOW)
    found = asking.select(contents.load(LEASE, asked.keep), asked)
    assert [lease["ends"] for lease in found] == ["2026-11-24T22:20:00Z"] * matches


@pytest.mark.parametrize(("name", "value"), [
    ("addresses", ["x"]), ("subnet", "198.51.100.1/24"), ("hardware_ethernet", "00:00"), ("active_at", "soon"),
    ("addresses", ["2001:db8::/x"]),
])  # fmt: skip
def test_questions_that_cannot_be_asked(name: str, value: Any) -> None:
    with pytest.raises(asking.QueryError, match=f"^{name}: "):
        asking.query({name: value}, NOW)


def test_counts_by_subnet() -> None:
    data = b"".join(LEASE.replace(b"100.7", b"100.%d" % last) for last in (1, 2, 9, 200)) + SIX
    texts = ["198.51.100.0/29", "198.51.100.0/25", "2001:db8::/64", "203.0.113.0/24", "198.51.100.0/29"]
    found, outside = asking.counts(contents.load(data), [ipaddress.ip_network(text) for text in texts])
    assert found == [{"active": 2}, {"active": 3}, {"active": 1, "expired": 1}, {}, {"active": 2}]
    assert outside == {"active": 1, "released": 1}

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release is proved by its own answers, on every interface that can ask, from a dhcpd that stays up."""

from __future__ import annotations

from typing import Any, Iterable

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _prove
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4, IPV6
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._prove import Prover, askers_of, prove, said
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import State

A, B = "1.aaaaaaaaaaaa", "2.bbbbbbbbbbbb"
ETH1, ETH2 = Asker("eth1", b"\0" * 6, "198.51.100.1"), Asker("eth2", b"\1" * 6, "203.0.113.1")
UP = State("active", "running", 0, 7)


class Dhcpd:
    """A service whose states and answers come one after the other, the last for ever; time passes as it is slept."""

    def __init__(self, states: Iterable[State] = (UP,), answers: Iterable[set[str]] = ({"eth1", "eth2"},)) -> None:
        self.states, self.answers = list(states), list(answers)
        self.journal: list[str] = []
        self.rounds: list[tuple[list[str], float]] = []
        self.now = 0.0
        self.family = IPV4
        self.slept: list[float] = []

    def state(self) -> State:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def words(self, cursor: str) -> str:
        return "\n".join(self.journal[int(cursor) :])

    def ask(self, askers: Iterable[Asker], timeout: float) -> set[str]:
        names = [asker.interface for asker in askers]
        self.rounds.append((names, timeout))
        heard = (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]) & set(names)
        self.now += 0.001 if heard == set(names) else timeout
        return heard

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    def prover(self, askers: Iterable[Asker] = (ETH1, ETH2), timeout: float = 5) -> Prover:
        return Prover(self, list(askers), timeout, self.ask, self.sleep, lambda: self.now)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def runs_as(monkeypatch: Any) -> dict[int, str]:
    """The release of each process."""
    found = {7: A, 8: A, 9: B}
    monkeypatch.setattr(_prove, "release_of", found.get)
    return found


# prove


def test_who_answered_is_not_asked_again_and_a_round_is_short(monkeypatch: Any) -> None:
    dhcpd = Dhcpd(answers=[set(), {"eth2"}, {"eth1"}])
    answered_at = prove([dhcpd.prover(timeout=30)], A, "0")
    assert dhcpd.rounds == [(["eth1", "eth2"], 0.5), (["eth1", "eth2"], 0.5), (["eth1"], 0.5)]
    assert answered_at == pytest.approx(1.001) and dhcpd.slept == [_prove.SETTLE] and _prove.SETTLE >= 1


def test_it_settles_as_long_as_it_is_told() -> None:
    dhcpd = Dhcpd()
    prove([dhcpd.prover()], A, "0", settle=0.25)
    assert dhcpd.slept == [0.25]


def test_the_last_round_ends_with_the_time(monkeypatch: Any) -> None:
    dhcpd = Dhcpd(answers=[{"eth1"}, set()])
    with pytest.raises(ReleaseError, match=r"answered no DHCPINFORM within 1.2 s on eth2 \(203.0.113.1\)\."):
        prove([dhcpd.prover(timeout=1.2)], A, "0")
    assert [timeout for _names, timeout in dhcpd.rounds] == pytest.approx([0.5, 0.5, 0.2])


def test_a_container_that_is_still_starting_is_waited_for() -> None:
    starting = [State("activating", "start", 0, None), State("active", "running", 0, None), State("active", "x", 0, 99)]
    dhcpd = Dhcpd([*starting, UP])
    prove([dhcpd.prover()], A, "0")
    assert dhcpd.slept[:-1] == [0.05] * 3 and len(dhcpd.rounds) == 1


@pytest.mark.parametrize(
    ("states", "words", "waits"),
    [
        ([State("failed", "failed", 0, None)], "did not stay up", False),
        ([State("inactive", "dead", 0, None)], "did not stay up", False),
        ([State("activating", "auto-restart", 1, None)], "did not stay up", False),
        ([State("active", "running", 0, 9)], f"runs, but as release {B} and not {A}", False),
        ([State("activating", "start", 0, None)], "did not stay up", True),
        ([State("active", "running", 0, None)], "did not stay up", True),
        ([State("active", "running", 0, 99)], "did not stay up", True),
        ([State("activating", "start", 0, 7)], "did not stay up", True),
    ],
    ids=["failed", "inactive", "restarts", "other release", "starts for ever", "no dhcpd", "no release", "not active"],
)
def test_what_does_not_run_as_the_release_is_not_asked(states: list[State], words: str, waits: bool) -> None:
    dhcpd = Dhcpd(states)
    with pytest.raises(ReleaseError, match=words):
        prove([dhcpd.prover()], A, "0")
    assert dhcpd.rounds == [] and (dhcpd.now >= 5) is waits


@pytest.mark.parametrize("answered", [{"eth1", "eth2"}, {"eth1"}, set()])
@pytest.mark.parametrize("then", [State("active", "running", 0, 8), State("failed", "failed", 0, None)])
def test_a_dhcpd_that_is_another_is_noticed_in_the_round_it_becomes_so(answered: set[str], then: State) -> None:
    dhcpd = Dhcpd([UP, then], [answered])
    dhcpd.journal = ["earlier", "why"]
    with pytest.raises(ReleaseError, match=r"^dhcpd did not stay up. dhcpd said: why\.$"):
        prove([dhcpd.prover(timeout=30)], A, "1")
    assert len(dhcpd.rounds) == 1


def test_a_dhcpd_that_dies_after_its_answer_is_not_proved() -> None:
    dhcpd = Dhcpd([UP, UP, State("active", "running", 1, 8)])
    with pytest.raises(ReleaseError, match="did not stay up"):
        prove([dhcpd.prover()], A, "0")
    assert dhcpd.slept == [_prove.SETTLE]


def test_without_anyone_to_ask_it_still_has_to_run_and_settle() -> None:
    dhcpd = Dhcpd()
    prove([dhcpd.prover([])], A, "0")
    assert dhcpd.rounds == [] and dhcpd.slept == [_prove.SETTLE]
    with pytest.raises(ReleaseError, match="did not stay up"):
        prove([Dhcpd([UP, State("failed", "failed", 0, None)]).prover([])], A, "0")


@pytest.mark.parametrize(
    ("line", "proved"),
    [
        ("DHCPINFORM from 198.51.100.1 via eth1: not authoritative for subnet 198.51.100.0", True),
        ("DHCPINFORM from 198.51.100.10 via eth1: not authoritative for subnet 198.51.100.0", False),
        ("DHCPINFORM from 198.51.100.1 via eth10: not authoritative for subnet 198.51.100.0", False),
        ("DHCPINFORM from 198.51.100.1 via eth1: unknown subnet", False),
    ],
)
@pytest.mark.parametrize("since", ["0", "1"], ids=["since the start", "before the start"])
def test_dhcpd_s_own_line_about_that_very_packet_counts_as_its_answer(line: str, proved: bool, since: str) -> None:
    dhcpd = Dhcpd(answers=[set()])
    dhcpd.journal = [line]
    if proved and since == "0":
        prove([dhcpd.prover([ETH1])], A, since)
    else:
        with pytest.raises(ReleaseError, match="answered no DHCPINFORM"):
            prove([dhcpd.prover([ETH1])], A, since)


def test_only_the_end_of_what_dhcpd_said_is_told() -> None:
    assert said("\n".join(f"line {number}" for number in range(20))).startswith("dhcpd said: line 8 / line 9 / ")
    assert said("Error: Cannot login into ldap server a:389: Invalid credentials").endswith("is not the server's.")
    assert said("one\ntwo") == "dhcpd said: one / two." and said("") == "dhcpd said nothing."


# askers_of


def link(name: str, mac: str = "00:00:5e:00:53:01", carrier: bool = True) -> Link:
    return Link(len(name), name, None, True, carrier, "up", mac, None, "ether")


CONF = "subnet 198.51.100.0 netmask 255.255.255.0 {}\n"
INSIDE = ("eth1", "198.51.100.1")
INSIDE_4 = ("eth2", "198.51.100.2")


@pytest.mark.parametrize(
    ("links", "addresses", "wanted", "askers", "unproved"),
    [
        ([link("eth1")], [INSIDE], [], ["eth1 198.51.100.1"], []),
        ([link("eth1")], [("eth1", "203.0.113.1"), INSIDE], [], ["eth1 198.51.100.1"], []),
        ([link("eth1")], [INSIDE, ("eth1", "198.51.100.2")], [], ["eth1 198.51.100.1"], []),
        ([link("eth1"), link("eth22")], [INSIDE, ("eth22", "203.0.113.1")], [], ["eth1 198.51.100.1"], []),
        ([link("eth1"), link("eth22")], [INSIDE, ("eth22", "198.51.100.2")], ["eth22"], ["eth22 198.51.100.2"], []),
        ([link("eth1", carrier=False)], [INSIDE], [], [], ["eth1"]),
        ([link("eth1", mac="")], [INSIDE], [], [], ["eth1"]),
        ([link("ib0", mac=":".join(["00"] * 20))], [("ib0", "198.51.100.1")], [], [], ["ib0"]),
        ([link("eth1")], [("eth1", "203.0.113.1")], ["eth1"], [], ["eth1"]),
        ([], [], ["eth9"], [], ["eth9"]),
        ([link("eth1")], [("eth1", "2001:db8::1")], [], [], []),
    ],
    ids=["address in a subnet", "second address", "two in it", "another segment", "named", "no carrier",
         "no MAC address", "long MAC address", "address elsewhere", "no such interface", "IPv6 only"],
)  # fmt: skip
def test_an_interface_asks_or_the_lack_of_proof_is_told(
    monkeypatch: Any, links: Any, addresses: Any, wanted: list[str], askers: Any, unproved: Any
) -> None:
    found = [Address(1, name, 6 if ":" in ip else 4, ip, 24, True, None, None) for name, ip in addresses]
    monkeypatch.setattr(_prove._netlink, "links", lambda: links)
    monkeypatch.setattr(_prove._netlink, "addresses", lambda _names: found)
    asking, not_proved = askers_of(IPV4, wanted, [CONF, "subnet6 2001:db8::/64 {}\n"])
    assert [f"{asker.interface} {asker.address}" for asker in asking] == askers
    assert {asker.mac for asker in asking} <= {b"\x00\x00\x5e\x00\x53\x01"}
    assert [text.partition(":")[0] for text in not_proved] == unproved


def test_with_subnets_in_ldap_each_interface_that_is_named_asks(monkeypatch: Any) -> None:
    found = [Address(1, name, 4, ip, 24, True, None, None) for name, ip in (INSIDE, ("eth22", "203.0.113.1"))]
    monkeypatch.setattr(_prove._netlink, "links", lambda: [link("eth1"), link("eth22")])
    monkeypatch.setattr(_prove._netlink, "addresses", lambda _names: found)
    in_ldap = iter(['ldap-server "ldap.example.net";\n'])
    asking, not_proved = askers_of(IPV4, ["eth1", "eth9"], in_ldap)
    assert [f"{asker.interface} {asker.address}" for asker in asking] == ["eth1 198.51.100.1"]
    assert [text.partition(":")[0] for text in not_proved] == ["eth9"]


@pytest.mark.parametrize(
    ("addresses", "asks"),
    [
        ([("eth1", "2001:db8::1"), ("eth1", "fe80::1")], ["eth1 fe80::1"]),
        ([("eth1", "2001:db8:1::1"), ("eth1", "fe80::1")], []),
        ([("eth1", "2001:db8::1")], []),
        ([("eth1", "fe80::1")], []),
    ],
    ids=["both addresses", "no address in a subnet", "no link-local address", "link-local address alone"],
)
def test_ipv6_asks_from_the_link_local_address(monkeypatch: Any, addresses: Any, asks: list[str]) -> None:
    found = [Address(1, name, 6 if ":" in ip else 4, ip, 64, True, None, None) for name, ip in [*addresses, INSIDE_4]]
    monkeypatch.setattr(_prove._netlink, "links", lambda: [link("eth1")])
    monkeypatch.setattr(_prove._netlink, "addresses", lambda _names: found)
    asking, not_proved = askers_of(IPV6, ["eth1"], [CONF, "subnet6 2001:db8::/64 {}\n"])
    assert [f"{asker.interface} {asker.address}" for asker in asking] == asks
    assert bool(not_proved) == (not asks)


def test_two_services_are_proved_in_one_time_and_settle_together() -> None:
    four, six = Dhcpd(), Dhcpd(answers=[set(), {"eth1", "eth2"}])
    prove([four.prover(), six.prover()], A, "0")
    assert (four.slept, six.slept) == ([_prove.SETTLE], [])
    six.states = [UP, UP, State("active", "running", 0, 9)]
    with pytest.raises(ReleaseError, match="did not stay up"):
        prove([Dhcpd().prover(), six.prover()], A, "0")


def test_a_file_that_does_not_lex_is_an_error_in_words() -> None:
    with pytest.raises(ReleaseError, match="files: the declared subnets cannot be read"):
        askers_of(IPV4, [], ['option x "\\xzz";\n'])

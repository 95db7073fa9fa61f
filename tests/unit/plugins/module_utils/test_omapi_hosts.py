# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to change about a reservation, and how dhcpd is told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _omapi_message as wire
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_hosts import (
    Change,
    Host,
    absent,
    carry_out,
    find,
    present,
    wanted,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import Message, OmapiError
from omapi_server import SECRET, Dhcpd

MAC, MAC2 = bytes.fromhex("00005e005301"), bytes.fromhex("00005e005302")
IP, IP2 = bytes([198, 51, 100, 10]), bytes([198, 51, 100, 11])
PRINTER = Host("printer", MAC, addresses=IP)
DONE = [wire.OPEN, wire.UPDATE, wire.DELETE]


def with_hosts(*hosts: Host) -> Dhcpd:
    server = Dhcpd()
    server.hosts = {number: host.values() for number, host in enumerate(hosts, 1)}
    return server


def told(server: Dhcpd) -> list[int]:
    """The operations that changed something."""
    return [q.operation for q in server.questions if q.operation != wire.OPEN or "create" in q.about]


@pytest.mark.parametrize(
    ("there", "asked", "operations", "after"),
    [
        ([], PRINTER, [wire.OPEN], [PRINTER]),
        ([PRINTER], PRINTER, [], [PRINTER]),
        ([PRINTER], Host("printer", MAC), [], [PRINTER]),
        ([PRINTER], PRINTER._replace(addresses=IP2), [wire.UPDATE], [PRINTER._replace(addresses=IP2)]),
        ([Host("printer", MAC)], PRINTER, [wire.UPDATE], [PRINTER]),
        ([PRINTER], Host("printer", MAC2), [wire.DELETE, wire.OPEN], [PRINTER._replace(hardware=MAC2)]),
        (
            [PRINTER],
            Host("printer", client_id=b"x"),
            [wire.DELETE, wire.OPEN],
            [PRINTER._replace(client_id=b"x")],
        ),
        ([Host("printer", MAC, hardware_type=6)], PRINTER, [wire.DELETE, wire.OPEN], [PRINTER]),
        ([Host("other", MAC2)], PRINTER, [wire.OPEN], [Host("other", MAC2), PRINTER]),
    ],
)
def test_what_is_not_so_becomes_so_and_nothing_else(
    there: list[Host], asked: Host, operations: list[int], after: list[Host]
) -> None:
    server = with_hosts(*there)
    change = present(server, asked)
    assert told(server) == []
    found = carry_out(server, change)
    assert told(server) == operations
    assert sorted(map(str, server.hosts.values())) == sorted(str(host.values()) for host in after)
    assert (
        found
        and found.values() == after[-1].values()
        and change.after == found._replace(handle=change.after.handle if change.after else 0)
    )
    # And again: there is nothing left to do.
    assert carry_out(server, present(server, asked)) and told(server) == operations


@pytest.mark.parametrize(
    ("there", "asked", "problem"),
    [
        ([Host("scanner", MAC)], PRINTER, "the hardware address belongs to the host 'scanner' already"),
        ([Host("scanner", MAC2, b"x")], PRINTER._replace(client_id=b"x"), "the client identifier belongs to the host"),
        ([PRINTER, Host("scanner", MAC2)], Host("printer", MAC2), "the hardware address belongs to the host 'scanner'"),
    ],
)
def test_what_is_anothers_is_an_error_and_nothing_changes(there: list[Host], asked: Host, problem: str) -> None:
    server = with_hosts(*there)
    with pytest.raises(OmapiError, match=problem):
        present(server, asked)
    assert told(server) == []


def test_a_host_is_removed_once() -> None:
    server = with_hosts(PRINTER)
    assert carry_out(server, absent(server, Host("printer", MAC))) is None
    assert told(server) == [wire.DELETE] and not server.hosts
    assert absent(server, Host("printer")) == Change(None, None)
    assert carry_out(server, Change(None, None)) is None and told(server) == [wire.DELETE]


@pytest.mark.parametrize("asked", [Host("printer", MAC2), Host("printer", MAC, b"x")])
def test_a_host_that_is_another_clients_is_not_removed(asked: Host) -> None:
    server = with_hosts(PRINTER)
    with pytest.raises(OmapiError, match="is not the one described: its (hardware|client id) is"):
        absent(server, asked)
    assert told(server) == []


def test_a_host_that_cannot_be_replaced_is_put_back() -> None:
    server = with_hosts(PRINTER)
    change = present(server, Host("printer", MAC2))
    server.refuse_new = 1
    with pytest.raises(OmapiError, match="result 18"):
        carry_out(server, change)
    assert list(server.hosts.values()) == [PRINTER.values()]


def test_what_is_acknowledged_and_not_done_is_an_error() -> None:
    class Forgetful(Dhcpd):
        def answer(self, question: Message) -> Message:
            answer = super().answer(question)
            self.hosts.clear()
            return answer

    server = Forgetful()
    with pytest.raises(OmapiError, match="dhcpd acknowledged the change of the host 'printer', and did not make it"):
        carry_out(server, present(server, PRINTER))


@pytest.mark.parametrize(
    "answer",
    [
        Message(wire.STATUS, about={"result": bytes(4)}),
        Message(wire.UPDATE, 0, object=PRINTER.values()),
        Message(wire.UPDATE, 1),
        Message(wire.UPDATE, 1, object={**PRINTER.values(), "ip-address": b"abc"}),
    ],
)
def test_an_answer_that_is_no_host_is_an_error(answer: Message) -> None:
    class Odd(Dhcpd):
        def answer(self, question: Message) -> Message:
            return answer

    with pytest.raises(OmapiError, match="malformed"):
        find(Odd(), name=b"printer")


OPTIONS: dict[str, Any] = {
    "state": "present", "name": "printer", "hardware_ethernet": "0:0:5E:0:53:1", "client_id": None,
    "fixed_address": "198.51.100.10", "port": 7911, "timeout": 10, "key_name": "k", "key_algorithm": "hmac-sha256",
    "key_secret": SECRET,
}  # fmt: skip


def test_options_make_a_host() -> None:
    assert wanted(OPTIONS) == PRINTER
    assert wanted({**OPTIONS, "client_id": "01:00:5e"}).client_id == b"\1\0\x5e"
    assert wanted({**OPTIONS, "client_id": "pc-ä"}).client_id == "pc-ä".encode()
    assert wanted({**OPTIONS, "state": "absent", "hardware_ethernet": None}) == PRINTER._replace(hardware=b"")


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = {
        "name": "x { dynamic; }\n", "hardware_ethernet": "z", "fixed_address": "printer.example.net", "port": 0,
        "timeout": 601, "key_secret": "wrong secret", "client_id": "x" * 256,
    }  # fmt: skip
    with pytest.raises(OmapiError) as raised:
        wanted({**OPTIONS, **wrong})
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [
        "name", "hardware_ethernet", "fixed_address", "client_id", "port", "timeout", "key_secret",
    ]  # fmt: skip
    assert "wrong secret" not in str(raised.value)
    with pytest.raises(OmapiError, match="state: present says no client; give hardware_ethernet or client_id"):
        wanted({**OPTIONS, "hardware_ethernet": None})


def test_a_host_is_told_in_the_words_of_dhcpd_conf() -> None:
    assert PRINTER._replace(addresses=IP + IP2, client_id=b"\1x").describe() == {
        "name": "printer",
        "hardware_type": "ethernet",
        "hardware": "00:00:5e:00:53:01",
        "uid": "01:78",
        "fixed_addresses": ["198.51.100.10", "198.51.100.11"],
    }
    nothing = {"hardware_type": None, "hardware": None, "uid": None, "fixed_addresses": []}
    assert Host("x").describe() == {"name": "x", **nothing}

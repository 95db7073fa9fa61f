# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A conversation over TCP: with a peer that holds the key, and with those who would like to be taken for it."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _omapi_message as wire
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi import Closed, Omapi, Refused
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import Key, Message, OmapiError
from hypothesis import given
from hypothesis import strategies as st
from omapi_server import KEY, NOT_FOUND, SECRET, Dhcpd, Send, honest, listening, status

OTHER = Key("omapi", "hmac-sha256", "b3RoZXI=")
HOST = {"name": b"printer", "hardware-address": bytes(6)}
LOOK = {"about": {"type": b"host"}, "values": {"name": b"printer"}}


def talk(port: int, key: Key = KEY, timeout: float = 20) -> Message:
    with Omapi("127.0.0.1", port, key, timeout) as omapi:
        return omapi.ask(wire.OPEN, **LOOK)


def dhcpd(send: Send = honest) -> Dhcpd:
    server = Dhcpd(send)
    server.hosts[1] = HOST
    return server


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha384", "hmac-sha512"])
def test_a_signed_question_has_a_signed_answer(algorithm: str) -> None:
    key = Key("k", algorithm, SECRET)
    server = Dhcpd(key=key)
    server.hosts[1] = HOST
    with listening(server.serve) as port:
        assert talk(port, key).object == HOST
        server.hosts.clear()
        with pytest.raises(Refused) as refused:
            talk(port, key)
        assert refused.value.result == NOT_FOUND


def test_it_knows_whether_dhcpd_is_on_this_machine() -> None:
    with listening(dhcpd().serve) as port, Omapi("localhost", port, KEY, 20) as omapi:
        assert omapi.is_here()


NOT_SIGNED = "the answer is not signed with the key; it is not believed"
FORGED: dict[str, tuple[Send, str]] = {
    "unsigned": (lambda _q, answer, _key: wire.encode(answer), NOT_SIGNED),
    "another key": (lambda _q, answer, _key: wire.encode(answer, OTHER), NOT_SIGNED),
    "zeros": (lambda _q, answer, key: wire.encode(answer, key)[: -key.size] + bytes(key.size), NOT_SIGNED),
    "changed": (lambda _q, answer, key: wire.encode(answer, key).replace(b"printer", b"scanner"), NOT_SIGNED),
    "there is none": (lambda q, _a, _key: wire.encode(status(NOT_FOUND)._replace(rid=q.id)), NOT_SIGNED),
    "done": (lambda q, _a, _key: wire.encode(status(0)._replace(rid=q.id)), NOT_SIGNED),
    "an old one": (
        lambda q, answer, key: wire.encode(answer._replace(rid=q.id ^ 1), key),
        "it answers another question",
    ),
    "no result": (
        lambda q, _a, key: wire.encode(Message(wire.STATUS, rid=q.id, authenticator=1), key),
        "malformed: it is a status without a result",
    ),
    "endless": (lambda _q, _a, _key: wire.HEADER.pack(1, 32, 3, 1, 1, 1) + b"\1" * wire.LIMIT * 2, "malformed"),
    "cut": (lambda _q, answer, key: wire.encode(answer, key)[:-1], "no answer within 2 s"),
}


@pytest.mark.parametrize(("send", "problem"), FORGED.values(), ids=FORGED)
def test_an_answer_that_is_not_signed_and_of_now_is_an_error(send: Send, problem: str) -> None:
    with listening(dhcpd(send).serve) as port, pytest.raises(OmapiError, match=re.escape(problem)) as raised:
        talk(port, timeout=2 if send is FORGED["cut"][0] else 20)
    assert not isinstance(raised.value, Refused)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (OTHER, "refuses the signature (wrong key); the secret given is not that of its key"),
        (Key("other", "hmac-sha256", SECRET), "refuses the key (not found); give name and algorithm of the one"),
        (Key("omapi", "hmac-sha512", SECRET), "refuses the key (not found); give name and algorithm of the one"),
    ],
)
def test_a_wrong_key_is_said_to_be_wrong(key: Key, problem: str) -> None:
    server = dhcpd()
    with listening(server.serve) as port, pytest.raises(OmapiError, match=re.escape(problem)):
        talk(port, key)
    assert server.questions == []


def silent(connection: socket.socket) -> None:
    connection.recv(1)
    time.sleep(60)


def dripping(connection: socket.socket) -> None:
    connection.sendall(wire.INTRO)
    while True:
        connection.sendall(b"\0")
        time.sleep(0.05)


PEERS: dict[str, tuple[Any, str]] = {
    "silent": (silent, "no answer within 1 s"),
    "dripping": (dripping, "no answer within 1 s"),
    "closing": (lambda connection: connection.recv(8), "the connection was closed without an answer"),
    "of another kind": (lambda connection: connection.sendall(b"SSH-2.0-x\r\n"), "speaks no OMAPI of version 100"),
    "newer": (lambda connection: connection.sendall(b"\0\0\0\x65\0\0\0\x18"), "speaks no OMAPI of version 100"),
}


@pytest.mark.parametrize(("serve", "problem"), PEERS.values(), ids=PEERS)
def test_a_peer_that_does_not_answer_is_an_error_in_time(serve: Any, problem: str) -> None:
    # Closing with what was sent unread is a broken connection.
    allowed = f"{re.escape(problem)}|the connection broke" if serve is PEERS["closing"][0] else re.escape(problem)
    with listening(serve) as port, pytest.raises(OmapiError, match=f"^127.0.0.1, TCP port {port}: .*({allowed})"):
        talk(port, timeout=1 if problem.endswith("1 s") else 20)


def test_nobody_listens() -> None:
    with listening(silent) as port:
        pass
    with pytest.raises(Closed, match="nobody listens; dhcpd does where its configuration has omapi-port"):
        talk(port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70 + ".invalid", "198.51.100.999"])
def test_a_name_that_is_none_is_no_connection(host: str) -> None:
    with pytest.raises(OmapiError, match="no connection within 5 s"):
        Omapi(host, 7911, KEY, 5)


@pytest.fixture(name="any_answer", scope="module")
def fixture_any_answer() -> Iterator[tuple[int, list[Any]]]:
    """A port, and what makes the answer to the first signed question there."""
    made: list[Any] = [None]
    server = dhcpd(lambda question, _answer, _key: made[0](question))
    server.closes = True
    with listening(server.serve) as port:
        yield port, made


@given(data=st.binary(max_size=300), operation=st.integers(0, 7), has_head=st.booleans())
def test_whatever_is_answered_ends_in_one_clear_error(
    any_answer: tuple[int, list[Any]], data: bytes, operation: int, has_head: bool
) -> None:
    port, made = any_answer
    made[0] = lambda question: (wire.HEADER.pack(1, 32, operation, 1, 1, question.id) if has_head else b"") + data
    with pytest.raises(OmapiError):
        talk(port)

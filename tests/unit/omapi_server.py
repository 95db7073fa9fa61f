# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A peer on a real TCP port that speaks OMAPI as dhcpd does, or as somebody who would like to be taken for it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any, Callable

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _omapi_message as wire
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import Key, Message, number

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
KEY = Key("omapi", "hmac-sha256", SECRET)
NOT_FOUND, EXISTS, WRONG_KEY = 23, 18, (6 << 16) + 11

#: What makes the bytes of an answer: the question, the answer without a signature, and the key.
Send = Callable[[Message, Message, Key], bytes]


def honest(_question: Message, answer: Message, key: Key) -> bytes:
    return wire.encode(answer, key)


class Dhcpd:
    """Hosts as dhcpd keeps them: by a handle, name and hardware address never change (server/omapi.c)."""

    def __init__(self, send: Send = honest, key: Key = KEY) -> None:
        self.hosts: dict[int, dict[str, bytes]] = {}
        self.send, self.key = send, key
        self.questions: list[Message] = []
        self.refuse_new = 0
        self.next = 10
        self.closes = False  # after an answer

    def ask(self, operation: int, handle: int = 0, about: Any = None, values: Any = None) -> Message:
        """Answer as the client would, without a wire."""
        from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi import Refused

        answer = self.answer(Message(operation, handle, about=about or {}, object=values or {}))
        result = int.from_bytes(answer.about.get("result", number(0)), "big")
        if result:
            raise Refused(f"result {result}", result)
        return answer

    def answer(self, question: Message) -> Message:
        self.questions.append(question)
        if question.operation == wire.OPEN:
            return self._open(question)
        if question.handle not in self.hosts:
            return status(NOT_FOUND)
        if question.operation == wire.DELETE:
            del self.hosts[question.handle]
            return status(0)
        if set(question.object) != {"ip-address"}:
            return status(EXISTS)
        self.hosts[question.handle].update(question.object)
        return status(0)

    def _open(self, question: Message) -> Message:
        values = dict(question.object)
        handles = [
            handle
            for key in ("dhcp-client-identifier", "hardware-address", "name")
            for handle, host in self.hosts.items()
            if key in values and host.get(key) == values[key]
        ]
        if "create" in question.about:
            if handles or self.refuse_new:
                self.refuse_new -= 1
                return status(EXISTS)
            self.next += 1
            self.hosts[self.next] = values
            handles = [self.next]
        if not handles:
            return status(NOT_FOUND)
        return Message(wire.UPDATE, handles[0], object=self.hosts[handles[0]])

    def serve(self, connection: socket.socket) -> None:
        def read(length: int) -> bytes:
            data = b""
            while len(data) < length:
                part = connection.recv(length - len(data))
                if not part:
                    raise EOFError
                data += part
            return data

        connection.sendall(wire.INTRO)
        read(len(wire.INTRO))
        while True:
            question = wire.decode(read)
            base = {"id": 7, "rid": question.id}
            if question.about.get("type") == b"authenticator":
                name, algorithm = question.object["name"].decode(), question.object["algorithm"].decode()
                right = (name, algorithm) == (self.key.name, f"{self.key.algorithm}.SIG-ALG.REG.INT.")
                answer = Message(wire.UPDATE, 1, object=question.object) if right else status(NOT_FOUND)
                connection.sendall(wire.encode(answer._replace(**base)))
            elif not self.key.is_right(question.signed, question.signature):
                connection.sendall(wire.encode(status(WRONG_KEY)._replace(**base)))
            else:
                answer = self.answer(question)._replace(authenticator=1, **base)
                connection.sendall(self.send(question, answer, self.key))
                if self.closes:
                    return


def status(result: int) -> Message:
    return Message(wire.STATUS, about={"result": number(result)})


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve connections one after the other, and yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = listener.accept()
                with connection, contextlib.suppress(OSError, EOFError):
                    serve(connection)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()

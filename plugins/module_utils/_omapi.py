# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A conversation with dhcpd by OMAPI (omapi(3)): each question is signed, and no answer is believed that is not.

dhcpd itself, but in this collection's image, takes a message without a signature from whoever names the key
(omapip/protocol.c, 4.4.3): who may reach the port is for a packet filter to say.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import Mapping

from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import (
    INTRO,
    OPEN,
    STATUS,
    UPDATE,
    Key,
    Message,
    OmapiError,
    decode,
    encode,
)

#: Results, of isc/result.h and omapip/result.h.
NOT_FOUND, EXISTS = 23, 18
_DHCP = 6 << 16
_NO_KEY, _KEY_UNKNOWN, _KEY_INVALID = _DHCP + 9, _DHCP + 10, _DHCP + 11
_TEXTS = {
    6: "not permitted", EXISTS: "it exists already", NOT_FOUND: "not found", 26: "dhcpd cannot write its lease file",
    27: "not implemented", _DHCP + 3: "invalid argument", _DHCP + 6: "more than one object matches",
    _DHCP + 7: "key conflict", _DHCP + 8: "dhcpd cannot parse it", _NO_KEY: "no key was given",
    _KEY_UNKNOWN: "unknown key", _KEY_INVALID: "wrong key", _DHCP + 32: "unknown attribute",
}  # fmt: skip


class Closed(OmapiError):
    """Nobody listens."""


class Refused(OmapiError):
    """dhcpd's own refusal; *result* is its number."""

    def __init__(self, message: str, result: int) -> None:
        super().__init__(message)
        self.result = result


class Omapi:
    """A connection. All of it together may take *timeout* seconds. Everything here raises OmapiError."""

    def __init__(self, host: str, port: int, key: Key, timeout: float) -> None:
        self._peer = f"{host}, TCP port {port}"
        self._key = key
        self._timeout = timeout
        self._end = time.monotonic() + timeout
        self._authenticator = 0
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except ConnectionRefusedError:
            raise Closed(f"{self._peer}: nobody listens; dhcpd does where its configuration has omapi-port") from None
        except (OSError, UnicodeError) as error:
            said = getattr(error, "strerror", None) or error
            raise OmapiError(f"{self._peer}: no connection within {timeout:g} s ({said})") from None
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Omapi:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def is_here(self) -> bool:
        """Whether dhcpd runs on this very machine."""
        return bool(self._socket.getsockname()[0] == self._socket.getpeername()[0])

    def close(self) -> None:
        self._socket.close()

    def _greet(self) -> None:
        """Exchange versions, and open the key."""
        self._send(INTRO)
        if self._read(len(INTRO)) != INTRO:
            raise OmapiError(f"{self._peer}: what answers there speaks no OMAPI of version 100")
        wanted = {"name": self._key.name.encode("utf-8", "replace"), "algorithm": _algorithm(self._key)}
        answer = self._exchange(Message(OPEN, about={"type": b"authenticator"}, object=wanted))
        if answer.operation == STATUS:
            text = _TEXTS.get(_result(answer), f"result {_result(answer)}")
            raise Refused(
                f"{self._peer}: dhcpd refuses the key ({text}); give name and algorithm of the one in its omapi-key",
                _result(answer),
            )
        if answer.operation != UPDATE or not answer.handle:
            raise OmapiError(f"{self._peer}: the answer is malformed: a key was asked for, and it is none")
        self._authenticator = answer.handle

    def ask(
        self,
        operation: int,
        handle: int = 0,
        about: Mapping[str, bytes] | None = None,
        values: Mapping[str, bytes] | None = None,
    ) -> Message:
        """Send a signed message and return its answer, whose signature is right. Raises Refused where dhcpd does."""
        answer = self._exchange(Message(operation, handle, about=about or {}, object=values or {}), self._key)
        result = _result(answer)
        if not (answer.signature and self._key.is_right(answer.signed, answer.signature)):
            if result in (_NO_KEY, _KEY_UNKNOWN, _KEY_INVALID):
                text = f"dhcpd refuses the signature ({_TEXTS[result]}); the secret given is not that of its key"
                raise OmapiError(f"{self._peer}: {text}")
            raise OmapiError(f"{self._peer}: the answer is not signed with the key; it is not believed")
        if result:
            said = answer.about.get("message", b"").decode("ascii", "replace")
            text = _TEXTS.get(result, f"result {result}")
            raise Refused(f"{self._peer}: dhcpd refuses: {text}" + (f" ({said})" if said else ""), result)
        return answer

    def _exchange(self, message: Message, key: Key | None = None) -> Message:
        # An old answer, played again, has the id of an old question.
        own = int.from_bytes(os.urandom(4), "big") or 1
        self._send(encode(message._replace(id=own, authenticator=self._authenticator if key else 0), key))
        try:
            answer = decode(self._read)
        except struct.error as error:
            raise OmapiError(f"{self._peer}: the answer is malformed ({error})") from None
        if answer.rid != own:
            raise OmapiError(f"{self._peer}: the answer is malformed: it answers another question")
        return answer

    def _send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except OSError as error:
            raise self._silent(error) from None

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            try:
                self._socket.settimeout(self._left())
                part = self._socket.recv(length - len(data))
            except OSError as error:
                raise self._silent(error) from None
            if not part:
                raise OmapiError(f"{self._peer}: the connection was closed without an answer")
            data += part
        return data

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise socket.timeout
        return left

    def _silent(self, error: OSError) -> OmapiError:
        if isinstance(error, socket.timeout):
            return OmapiError(f"{self._peer}: no answer within {self._timeout:g} s")
        return OmapiError(f"{self._peer}: the connection broke ({error.strerror or error})")


def _algorithm(key: Key) -> bytes:
    return f"{key.algorithm}.SIG-ALG.REG.INT.".encode()  # parse.c, parse_key


def _result(answer: Message) -> int:
    """The result of a status, 0 for success and where it is none."""
    if answer.operation != STATUS:
        return 0
    value = answer.about.get("result", b"")
    if len(value) != 4:
        raise OmapiError("the answer is malformed: it is a status without a result")
    return int.from_bytes(value, "big")

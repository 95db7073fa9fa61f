# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OMAPI's messages on the wire, and what signs them: as omapi(3) and omapip/protocol.c of ISC DHCP 4.4.3 have them.

All numbers are in network order. A message is a header of six 32-bit numbers (authenticator, length of the signature,
operation, handle, id, id that it answers), two lists of names and values (about the message, and of the object; a
16-bit length before each name, a 32-bit one before each value, a name without length at the end) and the signature.
That covers everything but the authenticator's number and itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from typing import Callable, Mapping, NamedTuple

OPEN, REFRESH, UPDATE, NOTIFY, STATUS, DELETE = range(1, 7)
VERSION = 100
HEADER = struct.Struct("!6L")
INTRO = struct.pack("!2L", VERSION, HEADER.size)
LIMIT = 1 << 16  # bytes of a message; a host has a few hundred
#: Algorithms of a key (RFC 8945, 6); OMAPI's own hmac-md5 is not among them.
ALGORITHMS = {"hmac-sha256": hashlib.sha256, "hmac-sha384": hashlib.sha384, "hmac-sha512": hashlib.sha512}


class OmapiError(Exception):
    """Why there is no answer, or none to be believed, in words for a person."""


class Key:
    """A key of dhcpd.conf(5): its secret signs, and is in no representation of it."""

    def __init__(self, name: str, algorithm: str, secret: str) -> None:
        """*secret* is base64, as tsig-keygen prints it. Raises OmapiError, which never quotes it."""
        if algorithm not in ALGORITHMS:
            raise OmapiError(f"key_algorithm: {algorithm!r} is not allowed; give one of {', '.join(ALGORITHMS)}")
        try:
            self._secret = base64.b64decode(secret.encode("ascii"), validate=True)
        except (binascii.Error, ValueError):
            self._secret = b""
        if not self._secret:
            raise OmapiError("key_secret: is not base64; give what tsig-keygen prints")
        self.name = name
        self.algorithm = algorithm
        self.size: int = ALGORITHMS[algorithm]().digest_size

    def sign(self, data: bytes) -> bytes:
        return hmac.new(self._secret, data, ALGORITHMS[self.algorithm]).digest()

    def is_right(self, data: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(data), signature)


class Message(NamedTuple):
    """A message. signature is empty where there is none; signed is what it covers, where the message was read."""

    operation: int
    handle: int = 0
    id: int = 0
    rid: int = 0
    about: Mapping[str, bytes] = {}
    object: Mapping[str, bytes] = {}
    authenticator: int = 0
    signature: bytes = b""
    signed: bytes = b""


def number(value: int) -> bytes:
    """A 32-bit number as a value."""
    return struct.pack("!L", value)


def encode(message: Message, key: Key | None = None) -> bytes:
    """Return the message's bytes, signed where there is a key."""
    header = HEADER.pack(
        message.authenticator, key.size if key else 0, message.operation, message.handle, message.id, message.rid
    )
    data = header + _pairs(message.about) + _pairs(message.object)
    return data + key.sign(data[4:]) if key else data


def _pairs(values: Mapping[str, bytes]) -> bytes:
    parts = [
        struct.pack("!H", len(name)) + name.encode("ascii") + number(len(value)) + value
        for name, value in values.items()
    ]
    return b"".join(parts) + b"\0\0"


def decode(read: Callable[[int], bytes]) -> Message:
    """Read one message; read(n) returns the next n bytes, no fewer. Raises OmapiError, and what *read* does."""
    data = bytearray()

    def take(length: int) -> bytes:
        if len(data) + length > LIMIT:
            raise OmapiError(f"the answer is malformed: it would have more than {LIMIT} bytes")
        part = read(length)
        data.extend(part)
        return part

    def values() -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        while True:
            (length,) = struct.unpack("!H", take(2))
            if not length:
                return found
            name = take(length)
            if not name.isascii():
                raise OmapiError("the answer is malformed: a name in it is not ASCII")
            (length,) = struct.unpack("!L", take(4))
            found[name.decode("ascii")] = take(length)

    authenticator, size, operation, handle, own, rid = HEADER.unpack(take(HEADER.size))
    about, of_object = values(), values()
    signed = bytes(data[4:])
    return Message(operation, handle, own, rid, about, of_object, authenticator, take(size) if size else b"", signed)

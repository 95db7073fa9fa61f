# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens of dhcpd.leases(5) and what is made of a few of them, as ISC's scanner and parser read them.

The rules are those of ISC DHCP 4.4.3-P1 (common/conflex.c, common/parse.c). Bytes, not text, and one step at a time:
a lease file may be large and may hold anything. _lexer.py reads configurations, whole and more strictly.
"""

from __future__ import annotations

import calendar
import ipaddress
import re
import socket
from typing import Any, Callable, Optional

#: The largest time that dhcpd knows (MAX_TIME): "never", and all of 2038 and later.
NEVER = 2**31 - 1

_HARDWARE = ("ethernet", "token-ring", "fddi", "infiniband")
# First words of statements in the blocks of hosts, classes, groups and `on`: those that dhcpd writes, and parameters,
# nearly all of which have a hyphen. A declaration in there means that the block has no end.
_HEAD = re.compile(
    "dynamic|deleted|hardware|uid|group|if|elsif|else|switch|case|default|break|add|set|unset|let|define|option|supersede"
    "|prepend|append|send|on|eval|execute|log|return|match|spawn|lease|filename|allow|deny|ignore|not|authoritative|host"
    "|class|subclass|(?!ia-(?:na|ta|pd)|server-duid|authoring-byte-order|client-hostname)[a-z][a-z0-9]*-.*"
)

# conflex.c reads tokens and white space into a buffer of 1500 bytes.
TOKEN_MAX = 1499
SKIP = re.compile(rb"(?:[ \t\n\v\f\r]+|#[^\n]*(?:\n|\Z))*")
_WIDE = re.compile(rb"[ \t\n\v\f\r]{1500}")
_WORD = re.compile(rb"[A-Za-z0-9-][A-Za-z0-9_-]*")
_ESCAPE = rb"\\(?:x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|[^x0-3])"
_STRING = re.compile(rb'"[^"\\]*(?:' + _ESCAPE + rb'[^"\\]*)*"', re.DOTALL)
_UNESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|(.))", re.DOTALL)
_CONTROL = {b"t": b"\t", b"r": b"\r", b"n": b"\n", b"b": b"\b"}
_NUMBER = re.compile(r"-?[0-9]+")
_OCTET = re.compile(r"0*[0-9A-Fa-f]{1,2}")


class Broken(ValueError):
    """dhcpd would complain about the text at `offset`, or lose what stands there."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def unquote(text: bytes) -> bytes:
    """Return the bytes that a quoted string stands for."""

    def plain(match: re.Match[bytes]) -> bytes:
        hexadecimal, octal, other = match.groups()
        if hexadecimal:
            return bytes([int(hexadecimal, 16)])
        return bytes([int(octal, 8)]) if octal else _CONTROL.get(other, other)

    return _UNESCAPE.sub(plain, text[1:-1])


class Parser:
    """Reads tokens from bytes.

    `first` is where the first token begins, `last` the last one taken, `start` where the last one seen begins, `raw`
    its own bytes; `touched` says that the end of the bytes decided something, so that more of them could change it.
    """

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position
        skip = SKIP.match(data, position)
        self.first = self.start = skip.end() if skip else position
        self.touched = False
        self.raw = b""
        self.last = ""
        self._ahead: Optional[str] = None

    # Tokens are text: a string with its quotes, a word in lower case as dhcpd compares them, one character, or "" for
    # the end.

    def peek(self) -> str:
        """Return the next token and leave it there."""
        if self._ahead is None:
            self._ahead = self._scan()
        return self._ahead

    def take(self) -> str:
        """Return the next token and go past it."""
        self.last = self.peek()
        self._ahead = None
        return self.last

    def _scan(self) -> str:
        data = self.data
        skip = SKIP.match(data, self.position)
        begin = self.start = skip.end() if skip else self.position
        if begin - self.position > TOKEN_MAX and _WIDE.search(data, self.position, begin):
            raise Broken("more white space in one place than dhcpd can read", begin)
        if begin >= len(data):
            self.touched, self.position, self.raw = True, begin, b""
            return ""
        word = _WORD.match(data, begin)
        if word:
            self.raw = word.group()
            self.position = word.end()
            self.touched |= self.position == len(data)
            if len(self.raw) > TOKEN_MAX:
                raise Broken(f"a word of {len(self.raw)} bytes", begin)
            return self.raw.decode("ascii").lower()
        character = data[begin : begin + 1]
        if character == b'"':
            # Four characters stand for a byte at the most: no string that dhcpd can read is longer than this.
            most = begin + 4 * TOKEN_MAX + 2
            string = _STRING.match(data, begin, most)
            if string is None:
                self.touched |= len(data) <= most
                raise Broken("a string without its end, or with a malformed escape", begin)
            self.raw, self.position = string.group(), string.end()
            if len(self.raw) > TOKEN_MAX + 2 and len(unquote(self.raw)) > TOKEN_MAX:
                raise Broken("a string that is longer than dhcpd can read", begin)
            return self.raw.decode("latin-1")
        if character >= b"\x7f" or character < b" ":
            raise Broken(f"the byte {character[0]:#04x} outside of a string", begin)
        self.raw, self.position = character, begin + 1
        return character.decode("ascii")

    def fail(self, expected: str) -> Broken:
        """Return the error about the last token."""
        found = self.raw[:40].decode("latin-1") if self.raw else "the end of the file"
        return Broken(f"{found} where {expected} should be", self.start)

    def expect(self, *tokens: str) -> str:
        """Take one of the tokens."""
        token = self.take()
        if token not in tokens:
            raise self.fail(" or ".join(tokens))
        return token

    def word(self, what: str) -> str:
        """Take an identifier, in its own spelling."""
        if not self.take()[:1].isalpha():
            raise self.fail(what)
        return self.raw.decode("ascii")

    def number(self) -> int:
        """Take a number and its semicolon."""
        if not _NUMBER.fullmatch(self.take()):
            raise self.fail("a number")
        value = int(self.raw)
        self.expect(";")
        return value

    def date(self) -> int:
        """Take a date and its semicolon; all three forms give seconds since 1970."""

        def number() -> int:
            if not _NUMBER.fullmatch(self.take()):
                raise self.fail("a number of a date")
            return int(self.raw)

        if self.peek() in ("never", "epoch"):
            value = NEVER if self.take() == "never" else number()
        else:
            number()
            fields = [number()]
            for separator in ("/", "/", "", ":", ":"):
                if separator:
                    self.expect(separator)
                fields.append(number())
            year, month, day, hour, minute, second = fields
            clock = (hour, minute, second)
            if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 39 and min(clock) >= 0 and max(clock) < 80):
                raise Broken("a date that does not exist", self.start)
            zone = number() if self.peek() != ";" else 0
            # dhcpd looks at the year first, so that none overflows, and adds up the rest as it comes.
            value = NEVER if year >= 2038 else calendar.timegm((year, month, 1, 0, 0, 0))
            value = min(NEVER, value + ((day - 1) * 24 + hour) * 3600 + minute * 60 + second + zone)
        if not 0 <= value <= NEVER:
            raise Broken("a time that dhcpd cannot hold", self.start)
        self.expect(";")
        return value

    def octets(self) -> bytes:
        """Take hexadecimal octets with colons between them."""
        found = bytearray()
        while True:
            if not _OCTET.fullmatch(self.take()):
                raise self.fail("an octet")
            found.append(int(self.raw, 16))
            if self.peek() != ":":
                return bytes(found)
            self.take()

    def identifier(self) -> bytes:
        """Take a string or hexadecimal octets."""
        return unquote(self.string()) if self.peek()[:1] == '"' else self.octets()

    def string(self) -> bytes:
        """Take a string, with its quotes."""
        if self.take()[:1] != '"':
            raise self.fail("a string")
        return self.raw

    def name(self) -> str:
        """Take a host name: words with dots between them."""
        found = []
        while self.peek()[:1].isalnum():
            self.take()
            found.append(self.raw.decode("ascii"))
            if self.peek() != ".":
                break
            self.take()
        if not found:
            self.take()
            raise self.fail("a name")
        return ".".join(found)

    def address4(self) -> str:
        """Take an IPv4 address."""
        found: list[int] = []
        for index in range(4):
            if index:
                self.expect(".")
            token = self.take()
            if not token.isdigit() or int(token) > 255:
                raise self.fail("an octet of an IPv4 address")
            found.append(int(token))
        return ".".join(map(str, found))

    def prefix6(self) -> str:
        """Take an IPv6 prefix."""
        address = self.address6()
        self.expect("/")
        try:
            return str(ipaddress.IPv6Network(f"{address}/{self.take()}"))
        except ValueError:
            raise self.fail("a length that leaves no bits of the prefix over") from None

    def address6(self) -> str:
        """Take an IPv6 address."""
        self.peek()
        begin = self.start
        match = re.compile(rb"[0-9A-Fa-f:.]*").match(self.data, begin)
        text = match.group().decode("ascii") if match else ""
        self._ahead, self.position = None, begin + len(text)
        self.touched |= self.position == len(self.data)
        try:
            return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
        except OSError:
            self.raw = text.encode()
            raise self.fail("an IPv6 address") from None

    def hardware(self) -> tuple[str, str]:
        """Take a hardware type and address and the semicolon."""
        kind = self.take()
        if kind not in _HARDWARE and not kind.startswith("unknown-"):
            raise self.fail("a hardware type")
        found = self.octets() if self.peek() != ";" else b""
        if len(found) > 20:
            raise Broken("a hardware address that is too long", self.start)
        self.expect(";")
        return kind, ":".join(f"{octet:02x}" for octet in found)

    def constant(self) -> Any:
        """Take the value of a variable."""
        token = self.peek()
        if token[:1] == '"':
            return text(unquote(self.string()))
        if token == "%":
            self.take()
            if not _NUMBER.fullmatch(self.take()):
                raise self.fail("a number")
            return int(self.raw)
        if token in ("true", "false"):
            return self.take() == "true"
        if not token[:1].isalpha() and token.isdigit():
            self.take()
            raise self.fail("a constant")
        return hexadecimal(self.octets())

    def block(self, each: Optional[Callable[[str], bool]] = None, hosts: bool = False) -> None:
        """Take statements up to the closing brace. `each` may read a statement, of whose first word it is told."""
        depth, fresh, round_ = 1, True, 0
        while depth:
            token = self.peek()
            if fresh and depth == 1 and token not in ("}", "") and each and each(token):
                continue
            self.take()
            if token == "":
                raise self.fail("a closing brace")
            round_ += (token == "(") - (token == ")")
            if token in (";", "{") and round_:
                raise self.fail("a parenthesis")
            if token == "{":
                depth += 1
            elif token == "}":
                if not fresh:
                    raise self.fail("a semicolon")
                depth -= 1
            elif fresh and (not _HEAD.fullmatch(token) or (token == "host" and not hosts)):
                raise self.fail("a statement")
            elif fresh and token == "lease":
                # As a class says it.
                self.expect("limit")
            elif len(token) == 1 and token in "?@$'`\\<>_#":
                raise self.fail("a statement")
            fresh = token in ("{", "}", ";")


def text(value: bytes) -> str:
    """Bytes as text that any log and JSON can hold."""
    try:
        decoded = value.decode("utf-8")
    except UnicodeDecodeError:
        return hexadecimal(value)
    return decoded if decoded.isprintable() else hexadecimal(value)


def hexadecimal(value: bytes) -> str:
    """Bytes as dhcpd writes them in hexadecimal."""
    return ":".join(f"{octet:02x}" for octet in value)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lease file holds (dhcpd.leases(5), IPv4 and IPv6), and whether dhcpd will take all of it.

Records as dhcpd writes them are recognised by one regular expression, all else goes to the grammar in
_lease_grammar.py, which decides. The file is read in blocks: memory holds a state for each address, and only those
records that are asked for.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import BinaryIO, Iterator, NamedTuple, Optional, Tuple, Union

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_grammar import KEYWORDS, STATES, Fields, declaration
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_lexer import TOKEN_MAX, Broken, Parser

#: So many problems are described; a file that has more is no better.
PROBLEMS_MAX = 20
LEASE_KINDS = ("lease", "ia-na", "ia-ta", "ia-pd")
_BLOCK = 1 << 18

# With like digits made the same the expressions need few ranges, and take half the time. What they cannot see is looked
# at otherwise: octets by inet_pton, lengths by the length of the record. Years before 2000 go to the grammar, as do
# times that may not fit in dhcpd's 32 bits: it then fails to write the file anew.
_FOLD = bytes.maketrans(b"45679", b"33338")
_DATE = (
    rb"(?:[01238] 20[01238]{2}/(?:0[1238]|1[012])/[0123][01238] [012][01238]:[0123][01238]:[0123][01238];"
    rb"|epoch (?:1[01238]{9}|[01238]{1,9});|never;)(?: #[^\n]*)?\n"
)
_STATE = rb"(?:free|active|expired|released|abandoned|reset|backup)"
_STRING = rb'"[^"\\\n]*(?:\\(?:[0123]{3}|[^0123x\n])[^"\\\n]*)*"'
_OCTETS = rb"[01238a-f]{1,2}(?::[01238a-f]{1,2})*"
_SET = rb"set (?!(?:" + "|".join(sorted(KEYWORDS)).encode() + rb") )[A-Za-z][A-Za-z0-9-]* = " + _STRING + rb";\n"
_LEASE = re.compile(
    rb"lease ([01238.]+) \{\n"
    + b"".join(rb"(?:  " + name + b" " + _DATE + rb")?" for name in b"starts ends tstp tsfp atsfp cltt".split())
    + rb"  binding state (" + _STATE + rb");\n"
    + rb"(?:  next binding state " + _STATE + rb";\n)?(?:  rewind binding state " + _STATE + rb";\n)?"
    + rb"(?:  reserved;\n)?(?:  dynamic-bootp;\n)?"
    + rb"(?:  hardware ethernet [01238a-f]{2}(?::[01238a-f]{2}){5};\n)?"
    + rb"(?:  uid (?:" + _STRING + b"|" + _OCTETS + rb");\n)?"
    + rb"(?:  " + _SET + rb")*"
    + rb"(?:  option agent\.(?:circuit|remote)-id (?:" + _STRING + b"|" + _OCTETS + rb");\n)*"
    + rb"(?:  client-hostname " + _STRING + rb";\n)?\}\n*"
)  # fmt: skip
_ADDRESS = re.compile(
    rb"  ia(?:addr|prefix) ([01238a-f:]+)(?:/([01238]{1,3}))? \{\n    binding state ("
    + _STATE[3:].replace(b"|reset|backup", b"").replace(rb")", b"")
    + rb");\n    preferred-life [01238]{1,10};\n    max-life [01238]{1,10};\n    ends "
    + _DATE
    + rb"(?:    " + _SET + rb")*  \}\n"
)  # fmt: skip
_UNNAMED = re.compile(rb"\((?!\?)").sub(rb"(?:", _ADDRESS.pattern)
_ASSOCIATION = re.compile(
    rb'(ia-(?:na|ta|pd)) "(?:[^"\\\n]|\\(?:[0123]{3}|[^0123x\n])){6,132}" \{\n(?:  cltt ' + _DATE + rb")?"
    + rb"((?:" + _UNNAMED + rb")*)\}\n*"
)  # fmt: skip
_RESUME = re.compile(
    rb"^[^\n -~]*((?:lease|ia-(?:na|ta|pd)|host|failover|server-duid|(?:sub)?class|group|authoring-byte-order)[ \t])",
    re.MULTILINE,
)
_DAMAGED_BYTES = (
    (b"\0", "NUL bytes, as a power cut leaves them for blocks that were never written"),
    # conflex.c takes the byte for the end of the file.
    (b"\xff", "a byte 0xff, at which dhcpd stops to read, without a word"),
)


_STATES = {state.encode(): state for state in STATES}


class Problem(NamedTuple):
    """Why dhcpd would complain about a lease file or lose a part of it; `line` is 0 where it is the file as a whole.

    cut_off: a declaration has no end, as one that is being written, or was when dhcpd died.
    """

    line: int
    message: str
    cut_off: bool = False

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


# What a file declares: its kind; and of a lease the key (the address in bytes, a prefix with its length), the state
# (None where the record has none: dhcpd then makes one up) and the declaration as it stands; of all else the fields.
# A plain tuple: making something nicer of a hundred thousand costs as much as reading them.
Declared = Tuple[str, bytes, Optional[str], Union[bytes, Fields]]


def key_of(address: str) -> bytes:
    """Return the key of an address, or of a prefix such as 2001:db8::/56. Raises OSError where it is neither."""
    place, _slash, length = address.partition("/")
    packed = socket.inet_pton(socket.AF_INET6 if ":" in place else socket.AF_INET, place)
    return packed + bytes([int(length)]) if length else packed


def scan(stream: BinaryIO, problems: list[Problem]) -> Iterator[Declared]:
    """Yield what a lease file declares, in its order; what dhcpd would not take is told in `problems` instead.

    After a problem it goes on at the next line that begins like a declaration. dhcpd may lose more. Raises OSError.
    """
    reader = _Reader(problems)
    while True:
        block = stream.read(_BLOCK)
        reader.add(block)
        yield from reader.declarations()
        if not block:
            return


class _Reader:
    """Reads declarations from what has been added so far; `data` begins with the first one that isn't read yet."""

    def __init__(self, problems: list[Problem]) -> None:
        self.data = b""
        self.line = 1
        self.final = False
        self.lost = False
        self.problems = problems
        self.ordered = False
        self.reported: set[str] = set()

    def add(self, block: bytes) -> None:
        """Add a block of the file, an empty one at its end."""
        for byte, message in _DAMAGED_BYTES:
            if byte in block:
                self._once(message, self.line + self.data.count(b"\n") + block.count(b"\n", 0, block.index(byte)))
        self.data += block
        self.final = not block

    def _at(self, offset: int) -> int:
        return self.line + self.data.count(b"\n", 0, offset)

    def _once(self, message: str, line: int) -> None:
        if message not in self.reported:
            self.reported.add(message)
            self.problems.append(Problem(line, message))

    def declarations(self) -> Iterator[Declared]:
        """Yield all declarations that are there as a whole."""
        data = self.data
        end = len(data) if self.final else data.rfind(b"\n}\n") + 3
        folded, position = data[:end].translate(_FOLD), 0
        lease, association, states = _LEASE.match, _ASSOCIATION.match, _STATES
        text, unpack, family = data.decode("latin-1"), socket.inet_pton, socket.AF_INET
        while position < end:
            if self.lost:
                way = _RESUME.search(data, position)
                # The line that is cut by the end of the block may begin like a declaration.
                position = way.start(1) if way else len(data) if self.final else data.rfind(b"\n") + 1
                if way is None:
                    break
                self.lost = False
            while True:
                match = lease(folded, position)
                if match is None or match.end() > position + TOKEN_MAX:
                    break
                first, last = match.span(1)
                try:
                    key = unpack(family, text[first:last])
                except OSError:
                    break
                after = match.end()
                yield "lease", key, states[match[2]], data[position:after]
                position = after
            match = None if match else association(folded, position)
            if match and match.end() <= position + TOKEN_MAX:
                leases = self._addresses(match)
                if leases:
                    self.ordered = True
                    yield from leases
                    position = match.end()
                    continue
            parser = Parser(data, position)
            try:
                items = declaration(parser)
            except Broken as error:
                if parser.touched and not self.final:
                    break
                self.problems.append(Problem(self._at(error.offset), str(error), parser.touched))
                self.lost = True
                # Not to what has just been refused, but to all that follows it, on the same line too behind odd bytes.
                position = max(parser.first + parser.data[parser.first : parser.first + 1].isalpha(), error.offset)
                continue
            if parser.touched and not self.final:
                break
            if items is None:
                position = len(data)
                break
            yield from self._read(items, data[parser.first : parser.position], parser.first)
            position = parser.position
            # The regular expressions begin where a declaration does.
            while data[position : position + 1] == b"\n":
                position += 1
        self.line += data.count(b"\n", 0, position)
        self.data = data[position:]

    def _read(self, items: list[tuple[str, Fields]], raw: bytes, position: int) -> Iterator[Declared]:
        for kind, fields in items:
            if kind in LEASE_KINDS:
                yield kind, key_of(fields["address"]), fields.get("state"), raw
            else:
                if kind == "authoring-byte-order" and self.ordered:
                    self._once(f"{kind} again, or after the first record that needs it", self._at(position))
                yield kind, b"", None, fields
            self.ordered |= kind not in ("lease", "host")

    def _addresses(self, match: re.Match[bytes]) -> list[Declared]:
        """Return the addresses of an association, none where the grammar has to look at it."""
        raw = self.data[match.start() : match.end()]
        kind = raw[:5].decode()
        found: list[Declared] = []
        for address in _ADDRESS.finditer(match.string, match.start(2), match.end(2)):
            place, length = (self.data[slice(*address.span(group))].decode() for group in (1, 2))
            if bool(length) != (kind == "ia-pd"):
                return []
            try:
                key = key_of(str(ipaddress.IPv6Network(f"{place}/{length}")) if length else place)
            except (OSError, ValueError):
                return []
            found.append((kind, key, _STATES[address[3]], raw))
        return found

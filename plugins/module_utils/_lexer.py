# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lexical grammar of dhcpd.conf(5), and what can be read with it alone.

The rules are those of ISC's scanner (common/conflex.c of ISC DHCP 4.4.3-P1), with two differences that
only make things stricter or simpler: an escape that conflex.c would warn about is an error here, and words
joined by `.` or `:` (addresses, host names, hexadecimal strings) are one token.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Iterable, Iterator, NamedTuple, Optional, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

REDACTED = "<redacted>"

# conflex.c reads every token into a buffer of 1500 bytes, the closing NUL included, and goes on in the
# middle of a longer one.
TOKEN_MAX = 1499

_ESCAPE = r"\\(?:x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|[^x0-3])"
_STRING_HEAD = rf'"[^"\\]*(?:{_ESCAPE}[^"\\]*)*'
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\n\v\f\r]+)
       | (?P<comment>\#[^\n]*)
       | (?P<string>{_STRING_HEAD}")
       | (?P<word>[A-Za-z0-9_.:-]+)
       | (?P<symbol>[!$%&'()*+,/;<=>?@\[\\\]^`{{|}}~])""",
    re.VERBOSE | re.DOTALL,
)
_UNTERMINATED = re.compile(_STRING_HEAD, re.DOTALL)
_UNESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|(.))", re.DOTALL)
_CONTROL = {"t": "\t", "r": "\r", "n": "\n", "b": "\b"}
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
# A reservation of the plainest kind, as whole lines without a quote or a comment. It says nothing about subnets, and
# there may be a hundred thousand of them.
_PLAIN_HOST = re.compile(
    r"^[ ]*host [A-Za-z0-9_.-]+ \{\n[ ]*hardware ethernet [0-9A-Fa-f:]+;\n[ ]*fixed-address [0-9.]+;\n[ ]*\}\n",
    re.MULTILINE,
)
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_SECRET = re.compile(r"(?<![A-Za-z0-9_-])(?:secret|ldap-password)(?![A-Za-z0-9_-])", re.IGNORECASE)


class LexError(ValueError):
    """The text does not follow the lexical grammar; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


class Token(NamedTuple):
    """A token: `kind` is word, string (with its quotes), symbol or comment; offsets count characters."""

    kind: str
    text: str
    line: int
    column: int
    start: int
    end: int


class Include(NamedTuple):
    """An `include "path";` statement and the line it stands on."""

    path: str
    line: int


def unquote(text: str) -> str:
    """Return what dhcpd reads from a quoted string: escapes are bytes, the whole is UTF-8.

    Bytes that are not UTF-8 become lone surrogates (PEP 383), as in Python's file names.
    """

    def plain(match: re.Match[str]) -> bytes:
        hexadecimal, octal, other = match.groups()
        if hexadecimal:
            return bytes([int(hexadecimal, 16)])
        if octal:
            return bytes([int(octal, 8)])
        return _CONTROL.get(other, other).encode()

    body, parts, position = text[1:-1], [], 0
    for match in _UNESCAPE.finditer(body):
        parts += [body[position : match.start()].encode(), plain(match)]
        position = match.end()
    parts.append(body[position:].encode())
    return b"".join(parts).decode("utf-8", "surrogateescape")


def tokenize(text: str, comments: bool = False) -> Iterator[Token]:
    """Yield the tokens of a configuration, comments only on request.

    Raises LexError where dhcpd would stop, or would read something else than the text seems to say:
    a string without its end, a malformed escape, a token longer than dhcpd's buffer, NUL, characters that
    are not text, and anything but ASCII outside of strings and comments.
    """
    position, line, line_start = 0, 1, 0
    unreadable = _UNREADABLE.search(text)
    while position < len(text):
        match = _TOKEN.match(text, position)
        column = position - line_start + 1
        if match is None:
            raise _error(text, position, line, column)
        kind, token = str(match.lastgroup), match.group()
        if unreadable and unreadable.start() < match.end():
            raise LexError(f"the character {unreadable.group()!r} is not text", line, column)
        if _too_long(kind, token):
            raise LexError(f"a {kind} is longer than the {TOKEN_MAX} bytes that dhcpd reads", line, column)
        if kind != "space" and (comments or kind != "comment"):
            yield Token(kind, token, line, column, position, match.end())
        newlines = token.count("\n")
        if newlines:
            line += newlines
            line_start = position + token.rindex("\n") + 1
        position = match.end()


def _error(text: str, position: int, line: int, column: int) -> LexError:
    head = _UNTERMINATED.match(text, position)
    if head is None:
        return LexError(f"the character {text[position]!r} stands outside a string", line, column)
    if text[head.end() : head.end() + 1] == "\\" and head.end() + 1 < len(text):
        escape = text[head.end() : head.end() + 4]
        return LexError(
            f"the string holds the malformed escape {escape!r}; write \\ooo (octal, up to \\377) or \\xhh",
            line,
            column,
        )
    return LexError('the string has no closing "', line, column)


def _too_long(kind: str, token: str) -> bool:
    # A byte takes up to four characters here, and a character up to four bytes there.
    if kind == "comment" or len(token) * 4 <= TOKEN_MAX:
        return False
    if kind == "string":
        return len(unquote(token).encode("utf-8", "surrogateescape")) > TOKEN_MAX
    return max(map(len, re.split("[.:]", token))) > TOKEN_MAX


def redact(text: str) -> str:
    """Return the text with every value after `secret` and `ldap-password`, and private keys, as `<redacted>`.

    All else stays as it is, byte for byte. A value ends at its `;`, at a closing brace or with the text; in
    a comment it ends with the comment. Never raises: in text that doesn't lex nobody can say where a value
    ends, so all that follows the first such word is taken out. Source: dhcpd.conf(5) (key), the LDAP patch
    of Debian and Fedora (ldap-password), RFC 7468 (private keys).
    """
    text = _PRIVATE_KEY.sub(rf"\1\n{REDACTED}\n", text)
    if not _SECRET.search(text):
        return text
    try:
        tokens = list(tokenize(text, comments=True))
    except LexError:
        return _redact_rest(text)
    # A forgotten quote turns the text between two strings into a string, and strings inside out.
    if any(token.kind == "string" and "\n" in token.text and _SECRET.search(token.text) for token in tokens):
        return _redact_rest(text)
    parts, position = [], 0
    for index, token in enumerate(tokens):
        if token.start < position or token.kind not in ("word", "comment"):
            continue
        word = _SECRET.search(token.text)
        if word is None:
            continue
        start = token.start + word.end()
        stop = token.end if token.kind == "comment" else _value_end(tokens, index, len(text))
        value = text[start:stop]
        if value.strip():
            lead = value[: len(value) - len(value.lstrip())]
            tail = value[len(value.rstrip()) :]
            parts += [text[position:start], lead or " ", REDACTED, tail]
            position = stop
    return "".join([*parts, text[position:]])


def _value_end(tokens: list[Token], index: int, end: int) -> int:
    """Return where the value of the word at `index` ends: before the word itself if a block follows it."""
    for following in range(index + 1, len(tokens)):
        token = tokens[following]
        if token.kind == "symbol" and token.text in (";", "}"):
            return token.start
        if token.text == "{" and following == index + 1:
            return tokens[index].start
    return end


def _redact_rest(text: str) -> str:
    word = _SECRET.search(text)
    return text if word is None else f"{text[: word.end()]} {REDACTED}\n"


def includes(text: str) -> list[Include]:
    """Return the files that the text includes, in order (dhcpd.conf(5), include). Raises LexError."""
    found, previous = [], None
    for token in tokenize(text):
        if token.kind == "string" and _is_word(previous, "include"):
            found.append(Include(unquote(token.text), token.line))
        previous = token
    return found


def without_plain_hosts(text: str) -> str:
    """Return the text without its plainest reservations, for those who look for something else in it.

    Only whole lines become comments, with neither a quote nor a brace more or less in what is left: that means what it
    meant, and has its line numbers. (In a string of several lines it is the string that gets shorter.)
    """
    return _PLAIN_HOST.sub("#\n\n\n\n", text)


def first_words(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the first three words of each statement, the first in lower case; none of a text that doesn't lex.

    Strings are without their quotes, and words that there are not are empty.
    """
    try:
        tokens = list(tokenize(without_plain_hosts(text)))
    except LexError:
        return
    words = [unquote(token.text) if token.kind == "string" else token.text for token in tokens] + ["", ""]
    before = ";"
    for index, token in enumerate(tokens):
        if before in (";", "{", "}"):
            yield words[index].lower(), words[index + 1], words[index + 2]
        before = token.text if token.kind == "symbol" else ""


def declared_subnets(texts: Iterable[str]) -> list[Network]:
    """Return the networks of all `subnet` and `subnet6` declarations, in order, each once.

    Left out is what dhcpd itself refuses (a mask with holes, host bits) and what only a name server can
    answer (a host name in place of the subnet number). Source: dhcpd.conf(5), subnet. Raises LexError.
    """
    found: list[Network] = []
    for text in texts:
        window: list[Optional[Token]] = [None, None, None]
        for token in tokenize(without_plain_hosts(text)):
            keyword, number, divider = window
            network = None
            if keyword and number and _is_word(keyword, "subnet") and _is_word(divider, "netmask"):
                network = _network(ipaddress.IPv4Network, f"{number.text}/{token.text}")
            elif keyword and number and _is_word(keyword, "subnet6") and divider and divider.text == "/":
                network = _network(ipaddress.IPv6Network, f"{number.text}/{token.text}")
            if network is not None:
                found.append(network)
            window = [number, divider, token]
    return list(dict.fromkeys(found))


def _is_word(token: Optional[Token], word: str) -> bool:
    return token is not None and token.kind == "word" and token.text.lower() == word


def _network(kind: type[Network], text: str) -> Optional[Network]:
    try:
        return kind(text)
    except ValueError:
        return None

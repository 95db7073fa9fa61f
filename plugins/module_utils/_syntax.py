# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of a dhcpd.conf as a tree, whatever they mean.

A statement is words up to a semicolon, or words and a block in braces. That is nearly all there is to the grammar
of dhcpd.conf(5); the exceptions are here: the braces of a record in an option definition, the chain that follows an
`if`, the semicolon that may follow a key, `switch`, whose labels end with a colon, and `no failover peer`.
"""

from __future__ import annotations

from typing import Callable, Iterable, Iterator, NamedTuple, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import (
    LexError,
    Token,
    tokenize,
    unquote,
)

#: dhcpd recurses without a limit; nobody nests that deep.
DEPTH_MAX = 60

#: The one statement that dhcpd 4.4.3 takes no semicolon after (confpars.c, parse_pool_statement).
NO_PEER = ["no", "failover", "peer"]

_NO_SPACE_BEFORE = {",", ";", ")"}


class Statement(NamedTuple):
    """A statement: its words, the block after them (None for a semicolon), what is chained to it (`else` and so on).

    `comments` are the comments that stand before it; a block's last comments are those of `closing`.
    """

    words: tuple[Token, ...]
    block: Optional[tuple[Statement, ...]] = None
    chain: tuple[Statement, ...] = ()
    comments: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()

    @property
    def keyword(self) -> str:
        """The first word in lower case: dhcpd's keywords have no case."""
        return self.words[0].text.lower() if self.words else ""

    def word(self, index: int) -> str:
        """The word at that place in lower case, or nothing."""
        return self.words[index].text.lower() if index < len(self.words) else ""


class Text(NamedTuple):
    """The statements of a text, and the comments after the last one."""

    statements: tuple[Statement, ...]
    closing: tuple[str, ...]


def parse(text: str) -> Text:
    """Return the statements of a configuration. Raises LexError, with line and column, where there are none."""
    return _Parser(text).text()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(tokenize(text, comments=True))
        self.position = 0

    def text(self) -> Text:
        statements, closing = self.statements(0, None)
        return Text(statements, closing)

    def statements(self, depth: int, opened: Optional[Token]) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
        found: list[Statement] = []
        while True:
            comments = self.comments()
            token = self.peek()
            if token is None:
                if opened is not None:
                    raise LexError("{ is never closed; balance the braces", opened.line, opened.column)
                return tuple(found), comments
            if token.text == "}":
                if opened is None:
                    raise LexError(
                        "} closes a block that was not opened here; balance the braces", token.line, token.column
                    )
                self.position += 1
                return tuple(found), comments
            found.append(self.statement(token, depth, comments))

    def statement(self, first: Token, depth: int, comments: tuple[str, ...]) -> Statement:
        if first.text in (";", "{"):
            raise LexError(f"a statement is expected, not {first.text!r}", first.line, first.column)
        words, end = self.words(first)
        if end.text != "{":
            return Statement(words, comments=comments)
        if depth >= DEPTH_MAX:
            raise LexError(f"blocks are nested deeper than {DEPTH_MAX}", end.line, end.column)
        if first.text.lower() == "switch":
            return Statement((*words, *self.opaque(end)), (), comments=comments)
        block, closing = self.statements(depth + 1, end)
        chain: list[Statement] = []
        if first.text.lower() == "if":
            while self.follows("else", "elsif"):
                chain.append(self.otherwise(depth))
                if chain[-1].words[-1].text.lower() == "else":
                    break
        elif first.text.lower() == "key" and self.follows(";"):
            self.comments()
            self.position += 1
        return Statement(words, block, tuple(chain), comments, closing)

    def otherwise(self, depth: int) -> Statement:
        """Read `else {`, `elsif CONDITION {` or `else if CONDITION {`, with its block."""
        comments = self.comments()
        words, end = self.words(self.tokens[self.position])
        if end.text == ";" or (len(words) > 1 and words[0].text.lower() == "else" and words[1].text.lower() != "if"):
            raise LexError("a block in braces is expected after else", words[-1].line, words[-1].column)
        block, closing = self.statements(depth + 1, end)
        return Statement(words, block, (), comments, closing)

    def words(self, first: Token) -> tuple[tuple[Token, ...], Token]:
        """Read on to the semicolon or the brace that ends the words; that is the second value."""
        found: list[Token] = []
        record = 0
        while True:
            token = self.peek()
            if token is None:
                last = found[-1] if found else first
                message = f"{last.text!r} ends the text within a statement; add a semicolon"
                raise LexError(message, last.line, last.column)
            if len(found) == 3 and [word.text.lower() for word in found] == NO_PEER:
                return tuple(found), found[-1]
            self.position += 1
            if token.kind == "comment":
                continue
            if token.text == "{" and self._opens_record(found):
                record += 1
            elif token.text == "}" and record:
                record -= 1
            elif token.text == "}":
                raise LexError(
                    f"{found[-1].text!r} ends the block within a statement; add a semicolon", token.line, token.column
                )
            elif token.text in (";", "{"):
                return tuple(found), token
            found.append(token)

    @staticmethod
    def _opens_record(found: list[Token]) -> bool:
        """Whether a brace after these words belongs to `option NAME code NUMBER = array of {`."""
        return len(found) > 3 and found[0].text.lower() == "option" and any(token.text == "=" for token in found)

    def opaque(self, opened: Token) -> Iterator[Token]:
        """Read the tokens of a block as they come, braces and all."""
        yield opened
        depth = 1
        while depth:
            token = self.peek()
            if token is None:
                raise LexError("{ is never closed; balance the braces", opened.line, opened.column)
            self.position += 1
            if token.kind != "comment":
                depth += {"{": 1, "}": -1}.get(token.text, 0)
                yield token

    def follows(self, *texts: str) -> bool:
        """Whether the next token, comments aside, is one of these."""
        for token in self.tokens[self.position :]:
            if token.kind != "comment":
                return token.text.lower() in texts
        return False

    def comments(self) -> tuple[str, ...]:
        start = self.position
        while self.position < len(self.tokens) and self.tokens[self.position].kind == "comment":
            self.position += 1
        return tuple(token.text[1:].strip() for token in self.tokens[start : self.position])

    def peek(self) -> Optional[Token]:
        return self.tokens[self.position] if self.position < len(self.tokens) else None


def line(tokens: Iterable[Token]) -> str:
    """Return tokens as text, with a space where one helps the eye."""
    parts: list[str] = []
    for token in tokens:
        if parts and token.text not in _NO_SPACE_BEFORE and parts[-1] != "(":
            parts.append(" ")
        parts.append(token.text)
    return "".join(parts)


def write(statements: Iterable[Statement], indent: str = "", closing: Iterable[str] = ()) -> Iterator[str]:
    """Yield the lines of statements, comments included."""
    for statement in statements:
        for comment in statement.comments:
            yield f"{indent}# {comment}".rstrip()
        head = indent + line(statement.words)
        if statement.block is None:
            yield head if [word.text.lower() for word in statement.words] == NO_PEER else head + ";"
            continue
        if statement.keyword == "switch":
            yield head
            continue
        yield head + " {"
        yield from write(statement.block, indent + "  ", statement.closing)
        for part in statement.chain:
            # A comment before `else` has no line of its own.
            yield f"{indent}}} {line(part.words)} {{"
            for comment in part.comments:
                yield f"{indent}  # {comment}".rstrip()
            yield from write(part.block or (), indent + "  ", part.closing)
        yield indent + "}"
    for comment in closing:
        yield f"{indent}# {comment}".rstrip()


def expand(text: Text, read: Callable[[str], Optional[str]], depth: int = 0) -> Text:
    """Return the text with every included file in its place.

    *read* returns the text of a file by the path of the `include`; None leaves the statement as it is. Raises
    LexError, with the file's name.
    """

    def inside(statements: tuple[Statement, ...]) -> Iterator[Statement]:
        for statement in statements:
            path = included(statement)
            content = None if path is None else read(path)
            if path is None or content is None:
                if statement.block and statement.keyword != "switch":
                    statement = statement._replace(block=tuple(inside(statement.block)))
                yield statement
                continue
            if depth >= DEPTH_MAX:
                token = statement.words[0]
                raise LexError(f"{path} includes itself", token.line, token.column)
            try:
                found = expand(parse(content), read, depth + 1)
            except LexError as error:
                raise LexError(f"{path}: {error}", statement.words[0].line, statement.words[0].column) from error
            comments = statement.comments
            for one in found.statements:
                yield one._replace(comments=(*comments, *one.comments))
                comments = ()

    return Text(tuple(inside(text.statements)), text.closing)


def included(statement: Statement) -> Optional[str]:
    """Return the path of an `include "path";`, None for all other statements."""
    if statement.keyword == "include" and len(statement.words) == 2 and statement.words[1].kind == "string":
        return unquote(statement.words[1].text)
    return None

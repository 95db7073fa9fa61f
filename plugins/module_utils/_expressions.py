# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expressions of dhcp-eval(5), checked as far as that can be done without a client.

What is taken here, dhcpd takes (common/parse.c, parse_expression). Refused is a little more than dhcpd refuses: the
operands of a comparison or a sum are single values (put the rest in parentheses), and the name of a variable has a
letter that is no hexadecimal digit.
"""

from __future__ import annotations

import re
from typing import Callable, NoReturn

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, Token, tokenize
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, show

BOOLEAN, DATA, NUMBER, ANY = "boolean", "data", "numeric", "any"

#: The functions by the types of their arguments; `...` repeats the last one.
_FUNCTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "substring": (DATA, (DATA, NUMBER, NUMBER)),
    "suffix": (DATA, (DATA, NUMBER)),
    "lcase": (DATA, (DATA,)),
    "ucase": (DATA, (DATA,)),
    "concat": (DATA, (DATA, DATA, "...")),
    "binary-to-ascii": (DATA, (NUMBER, NUMBER, DATA, DATA)),
    "reverse": (DATA, (NUMBER, DATA)),
    "pick": (DATA, (DATA, "...")),
    "pick-first-value": (DATA, (DATA, "...")),
    "packet": (DATA, (NUMBER, NUMBER)),
    "v6relay": (DATA, (NUMBER, DATA)),
    "gethostname": (DATA, ()),
}
_CONSTANTS = {
    "static": BOOLEAN,
    "known": BOOLEAN,
    "hardware": DATA,
    "leased-address": DATA,
    "filename": DATA,
    "server-name": DATA,
    "host-decl-name": DATA,
    "null": DATA,
    "client-state": NUMBER,
    "lease-time": NUMBER,
}
_STATES = ("booting", "reboot", "select", "request", "bound", "renew", "rebind")
_COMPARISONS = ("=", "!=", "~=", "~~")
_SUMS = ("+", "-", "*", "/", "%", "&", "|", "^")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2})*")
_DECIMAL = re.compile(r"-?[0-9]{1,9}")
_VARIABLE = re.compile(r"(?=[A-Za-z0-9_-]*[G-Zg-z_])[A-Za-z][A-Za-z0-9_]*")
# The words of conflex.c, intern(), that could be the name of a variable if they weren't keywords.
_KEYWORDS = frozenset(
    name
    for names in """
    abandoned active address after algorithm alias all allow also and append array at atsfp authenticated
    authentication authoritative backup balance billing binding boolean booting bootp bound break case check
    ciaddr class clients close cltt code commit compressed concat connect create debug declines default
    define defined delete deleted deny disconnect domain duplicates dynamic else elsif en encapsulate ends
    epoch error ethernet eval execute exists expire expired expiry failover fatal fddi filename formerr free
    function gethostbyname gethostname giaddr group hardware hash hba help hex host hostname iaaddr iaprefix
    identifier if ignore include infiniband infinite info integer interface is key known lcase lease lease6
    leasequery length let limit ll llt load local log match max mclt media medium members my nameserver
    netmask never new next no noerror normal not notauth notimp notzone null nxdomain nxrrset octal of omapi
    on open option or owner packet partner paused peer pick pool pool6 port prefix6 prepend primary primary6
    pseudo range range6 rebind reboot recover refresh refused reject release released remove renew request
    require reserved reset retry return reverse rewind script search secondary secondary6 seconds secret
    select send server servfail set shutdown siaddr signed size space spawn split starts startup state
    static string subclass subnet subnet6 substring suffix supersede switch temporary text timeout timestamp
    transmission tsfp tstp ucase uid unauthenticated unknown unset unsigned update v6relay v6relopt vendor
    width with yiaddr yxdomain yxrrset zerolen zone""".splitlines()
    for name in names.split()
)
_DEPTH_MAX = 40


def check_expression(value: object, wanted: str, is_option: Callable[[str], bool]) -> str:
    """Return an expression of the wanted type (BOOLEAN, DATA) as one line. Raises ValueProblem.

    *is_option* says whether an option by that name exists.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueProblem(f"{show(value)} is not an expression; give one of dhcp-eval(5), in quotes")
    try:
        tokens = list(tokenize(value))
    except LexError as error:
        raise ValueProblem(f"{show(value)} is not an expression: {error}") from None
    if any(token.kind == "string" and "\n" in token.text for token in tokens):
        raise ValueProblem(f"{show(value)} has a line break in a string; write \\n there")
    parser = _Parser(tokens, is_option)
    kind = parser.expression(wanted)
    if parser.position < len(tokens):
        parser.fail("is not expected here")
    if kind not in (wanted, ANY):
        raise ValueProblem(f"{show(value)} is a {kind} expression; give a {wanted} one, see dhcp-eval(5)")
    return _line(tokens)


def condition(expression: str) -> str:
    """Return a checked expression as the condition of an `if`, which may take a leading parenthesis for its own."""
    return f"({expression})" if expression.startswith("(") else expression


def _line(tokens: list[Token]) -> str:
    parts: list[str] = []
    previous = None
    for token in tokens:
        joined = previous is None or token.text in (",", ")") or previous.text == "("
        # != and ~= are two tokens to dhcpd.
        operator = token.text in ("=", "~") and previous is not None and previous.text in ("!", "~")
        call = token.text == "(" and previous is not None and previous.kind == "word" and previous.end == token.start
        if not (joined or operator or call):
            parts.append(" ")
        parts.append(token.text)
        previous = token
    return "".join(parts)


class _Parser:
    def __init__(self, tokens: list[Token], is_option: Callable[[str], bool]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.is_option = is_option

    def expression(self, context: str) -> str:
        """Read comparisons joined by `and` and `or`, or one value. Return its type."""
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            self.fail("is nested too deep")
        kind = self.comparison(context)
        while self.text() in ("and", "or"):
            if kind not in (BOOLEAN, ANY):
                self.fail(f"stands between boolean expressions, not after a {kind} one")
            self.position += 1
            kind = self.comparison(BOOLEAN)
            if kind not in (BOOLEAN, ANY):
                self.fail(f"follows a {kind} expression where a boolean one is expected")
            kind = BOOLEAN
        self.depth -= 1
        return kind

    def comparison(self, context: str) -> str:
        left = self.value(context)
        operator = self.operator()
        if operator in _COMPARISONS:
            right = self.value(NUMBER if left == NUMBER else DATA)
            if BOOLEAN in (left, right) or (ANY not in (left, right) and left != right):
                self.fail(f"compares a {left} with a {right} expression")
            if operator in ("~=", "~~") and NUMBER in (left, right):
                self.fail("matches text only")
            return BOOLEAN
        while operator in _SUMS:
            right = self.value(NUMBER)
            if left not in (NUMBER, ANY) or right not in (NUMBER, ANY):
                self.fail("calculates with numbers only")
            left = NUMBER
            operator = self.operator()
            if operator in _COMPARISONS:
                self.fail("compares a sum: put the sum in parentheses")
        return left

    def operator(self) -> str:
        """Read an operator, if there is one."""
        text = self.text()
        if text in ("!", "~"):
            self.position += 1
            text += self.text()
            if text not in _COMPARISONS:
                self.fail("is not expected here")
        if text in _COMPARISONS or text in _SUMS:
            self.position += 1
            return text
        return ""

    def value(self, context: str) -> str:
        token = self.take()
        text = token.text.lower()
        if token.kind == "string":
            return DATA
        if text == "(":
            kind = self.expression(context)
            self.expect(")")
            return kind
        if text == "not":
            kind = self.value(BOOLEAN)
            if kind != BOOLEAN:
                self.fail("follows `not`, which takes a boolean expression: put a comparison in parentheses")
            return BOOLEAN
        if token.kind != "word":
            self.position -= 1
            self.fail("is not expected here")
        if text in ("exists", "option", "config-option"):
            name = self.take()
            if name.kind != "word" or not self.is_option(name.text):
                self.position -= 1
                self.fail("is not an option that dhcpd knows here")
            return BOOLEAN if text == "exists" else DATA
        if text in _FUNCTIONS:
            return self.function(text)
        if text in ("extract-int", "encode-int"):
            return self.integer(text)
        if text == "defined":
            self.expect("(")
            self.variable(self.take())
            self.expect(")")
            return BOOLEAN
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if text in _STATES:
            return NUMBER
        if context == NUMBER and _DECIMAL.fullmatch(text):
            return NUMBER
        if _HEXADECIMAL.fullmatch(text):
            return DATA
        self.variable(token)
        return ANY

    def function(self, name: str) -> str:
        kind, arguments = _FUNCTIONS[name]
        self.expect("(")
        wanted = [argument for argument in arguments if argument != "..."]
        for index, argument in enumerate(wanted):
            if index:
                self.expect(",")
            self.argument(argument)
        while arguments[-1:] == ("...",) and self.text() == ",":
            self.position += 1
            self.argument(wanted[-1])
        self.expect(")")
        return kind

    def argument(self, wanted: str) -> None:
        kind = self.expression(wanted)
        if kind not in (wanted, ANY):
            self.fail(f"follows a {kind} expression where a {wanted} one is expected")

    def integer(self, name: str) -> str:
        self.expect("(")
        self.argument(DATA if name == "extract-int" else NUMBER)
        self.expect(",")
        if self.take().text not in ("8", "16", "32"):
            self.position -= 1
            self.fail("is no width; give 8, 16 or 32")
        self.expect(")")
        return NUMBER if name == "extract-int" else DATA

    def variable(self, token: Token) -> None:
        if not _VARIABLE.fullmatch(token.text) or token.text.lower() in _KEYWORDS or self.text() == "(":
            self.position -= 1
            self.fail("is neither a value nor the name of a variable")

    def expect(self, text: str) -> None:
        if self.text() != text:
            self.fail(f"stands where {text!r} is expected")
        self.position += 1

    def text(self) -> str:
        return self.tokens[self.position].text.lower() if self.position < len(self.tokens) else ""

    def take(self) -> Token:
        if self.position >= len(self.tokens):
            self.fail("is not expected here")
        self.position += 1
        return self.tokens[self.position - 1]

    def fail(self, text: str) -> NoReturn:
        if self.position < len(self.tokens):
            token = self.tokens[self.position]
            raise ValueProblem(f"line {token.line}, column {token.column}: {show(token.text)} {text}")
        raise ValueProblem(
            f"the end of the expression {text}" if "expected" in text else "the expression ends too early"
        )

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Damage configurations at random and read them: no crash, no hang, and what is read is read alike a second time.

    make fuzz                              ten minutes
    FUZZ_SECONDS=60 FUZZ_SEED=7 make fuzz

A text is either read, or refused with line and column (LexError). Anything else, and anything that takes longer than
ten seconds, is printed with the text and ends the run with status 1.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import build
from ansible_collections.quadlet.dhcpd.plugins.module_utils._import import import_conf
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, redact, tokenize

CORPUS = Path(__file__).parents[1] / "corpus"
HANG = 10
SNIPPETS = [
    "{", "}", ";", '"', "\\", "#", "\n", "(", ")", "=", ",", "/", "{ {", "};", '"\n', "\\x4", "\x00", "é", "\ud800",
    "!", "option", "subnet", "pool { range 192.0.2.1; }", "if known {", "} else {", "elsif", "switch (a) {", "case 1:",
    "class", "host", "key", 'include "/etc/dhcp/includes/more.conf";', "authoritative;", "not authoritative;",
    "no failover peer",
    "subclass", "option space x;", "option x.y code 1 = {", "array of", "encapsulate x", "range6", "on commit {",
    "zone", "%", "-", ":", ".", "0", "4294967296", "a" * 1600, "{" * 70, "(" * 70, "set x = ", "define f(a) {",
]  # fmt: skip


def damage(rng: random.Random, texts: list[str]) -> str:
    """Return one of the texts with some of it taken out, doubled, moved, or replaced."""
    text = rng.choice(texts)
    for _time in range(rng.choice([1, 1, 2, 3, 8])):
        start = rng.randint(0, len(text))
        stop = min(len(text), start + rng.choice([0, 1, 2, 8, 40, 400]))
        part = text[start:stop]
        other = rng.choice(texts)
        place = rng.randint(0, len(other))
        new = rng.choice(
            [
                "",
                part * 2,
                part[::-1],
                rng.choice(SNIPPETS),
                f" {rng.choice(SNIPPETS)} ",
                other[place : place + rng.choice([3, 30, 300])],
                "".join(rng.choices(SNIPPETS, k=4)),
                chr(rng.choice([rng.randrange(128), rng.randrange(0x110000)])),
            ]
        )
        text = text[:start] + new + text[stop:]
    return text


def look(text: str, family: int, files: dict[str, str]) -> bool:
    """Read a text; false if it is refused as it must be."""
    redact(text)
    try:
        list(tokenize(text, comments=True))
        found = import_conf(text, family, files)
    except LexError as error:
        assert error.line > 0 and error.column > 0
        return False
    built = build(found.model, family)
    # What is never deployed, an OMAPI that is open, is said where it is read.
    assert set(built.problems) <= set(found.notes), built.problems
    again = import_conf(built.text, family)
    assert build(again.model, family).problems == built.problems
    return True


def main() -> int:
    seconds = float(os.environ.get("FUZZ_SECONDS", "600"))
    seed = int(os.environ.get("FUZZ_SEED", "1"))
    files = {str(path.relative_to(CORPUS)): path.read_text(encoding="utf-8") for path in CORPUS.rglob("*.conf")}
    texts = list(files.values())

    def hang(_signal: int, _frame: Any) -> None:
        raise TimeoutError(f"longer than {HANG} s")

    signal.signal(signal.SIGALRM, hang)
    start, count, read = time.monotonic(), 0, 0
    while time.monotonic() - start < seconds:
        rng = random.Random(f"{seed} {count}")
        text, family = damage(rng, texts), rng.choice([4, 4, 4, 6])
        signal.alarm(HANG)
        try:
            read += look(text, family, files)
        except Exception:
            signal.alarm(0)
            traceback.print_exc()
            print(f"FUZZ_SEED={seed}, text number {count}, family {family}:\n{text!r}", file=sys.stderr)
            return 1
        signal.alarm(0)
        count += 1
    took = time.monotonic() - start
    print(f"{count} damaged texts in {took:.0f} s: {read} read, {count - read} refused, no crash, no hang")
    return 0


if __name__ == "__main__":
    sys.exit(main())

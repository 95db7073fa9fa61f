# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads of many hosts' preflight, and which TCP ports a configuration opens."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import tokenize
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    FAILURE,
    NOT_CHECKABLE,
    OK,
    WARNING,
    Finding,
)

_WORDS = {FAILURE: "failure", WARNING: "warning", NOT_CHECKABLE: "unknown"}


def lines(results: Mapping[str, Any]) -> list[str]:
    """One line a host, in the order given, and below it one a failure, a warning, or what could not be checked.

    results maps a host's name to what dhcpd_preflight returned; a host that gave no findings says why.
    """
    width = max((len(host) for host in results), default=0)
    found = []
    for host, result in results.items():
        given = result if isinstance(result, Mapping) else {}
        findings = [Finding(**one) for one in given.get("findings") or ()]
        if not findings:
            reason = str(given.get("msg") or "it was not reached").strip().partition("\n")[0]
            found.append(f"{host:{width}}  NOT CHECKED  {reason}")
            continue
        count = {status: sum(finding.status == status for finding in findings) for status in (OK, *_WORDS)}
        told = [f"{count[OK]} ok"] + [f"{count[status]} {word}" for status, word in _WORDS.items() if count[status]]
        found.append(f"{host:{width}}  {'NOT READY' if count[FAILURE] else 'ready':9}  {', '.join(told)}")
        for status, word in _WORDS.items():
            found += [f"    {word}  {_line(one)}" for one in findings if one.status == status]
    return found


def _line(finding: Finding) -> str:
    return f"{finding.check}: {finding.found}" + (f"; {finding.hint}" if finding.hint else "")


def tcp_ports(texts: Iterable[str]) -> list[int]:
    """The TCP ports that dhcpd.conf texts open: omapi-port, and port of a failover peer (dhcpd.conf(5)).

    Raises LexError.
    """
    found = []
    for text in texts:
        words = ["", ""]
        inside = False
        for token in tokenize(text):
            word = token.text.lower()
            if words[0] == "failover" and words[1] == "peer":
                inside = True
            if word == "}":
                inside = False
            opens = words[1] == "omapi-port" or (inside and words[1] == "port" and words[0] != "peer")
            if opens and word.isdigit() and int(word) < 1 << 16:
                found.append(int(word))
            words = [words[1], word]
    return list(dict.fromkeys(found))

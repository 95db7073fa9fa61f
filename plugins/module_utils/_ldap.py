# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration that lives in LDAP: where a dhcpd.conf says so, and what dhcpd's words about it mean.

Source: server/ldap.c and contrib/ldap/README.ldap of ISC DHCP 4.4.3-P1; the words were seen with OpenLDAP 2.6.
"""

from __future__ import annotations

import re
import urllib.parse
from typing import Iterable, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import first_words

_VARIABLE = "dhcpd_container_ldap"
_STATEMENTS = ("server", "port", "base-dn", "ssl", "method")
#: What dhcpd says, and what to look at then; the first that fits.
_HINTS = (
    (
        r"(?s)session successfully.*did not end within",
        "it asks the directory again and again: a search is cut off there by a limit of the user's (sizelimit or"
        f" timelimit) or here by {_VARIABLE}.timeout",
    ),
    (
        r"Cannot start TLS session .*: Connect error",
        f"the server's certificate is not signed by {_VARIABLE}.ca, or is not for the name or address in"
        f" {_VARIABLE}.server",
    ),
    (r"Invalid credentials", f"{_VARIABLE}.username or {_VARIABLE}.password is not the server's"),
    (r"Confidentiality required|Strong\(er\) auth", f"the server demands TLS, see {_VARIABLE}.ssl"),
    (r"Cannot find host LDAP entry", f"there is no {_VARIABLE}.base_dn, or the user may not read below it"),
    (
        r"Cannot find LDAP entry matching",
        "there is no dhcpServer with that name that the user may read,"
        f" see {_VARIABLE}.base_dn and {_VARIABLE}.dhcp_server_cn",
    ),
    (
        r"(?:ldap server|TLS session) .*(?:Can't contact LDAP server|Timed out)",
        f"the server does not answer there, has no address in DNS (/etc/hosts is not asked), or with ldaps has a"
        f" certificate that {_VARIABLE}.ca did not sign",
    ),
)


def directory_of(texts: Iterable[str]) -> Optional[str]:
    """The URL (RFC 4516) of the directory that holds a part of the configuration *texts*, or None.

    It never has the password. A text that doesn't lex says nothing: dhcpd refuses it.
    """
    said = _said(texts)
    if "server" not in said:
        return None
    port = said.get("port", "389")
    tls = said.get("ssl", "off").lower()
    scheme = "ldaps" if tls == "ldaps" or (tls, port) == ("on", "636") else "ldap"
    base = urllib.parse.quote(said.get("base-dn", ""), safe="=,")
    return f"{scheme}://{said['server']}:{port}/{base}"


def timeout_of(texts: Iterable[str], asked: Optional[int] = None) -> Optional[int]:
    """How long dhcpd may wait for the directory of these texts, in seconds; None where there is no directory.

    What is *asked* for; else little where each request of a client may have to wait (the method dynamic).
    """
    said = _said(texts)
    if "server" not in said:
        return None
    return asked or (1 if said.get("method", "").lower() == "dynamic" else 10)


def _said(texts: Iterable[str]) -> dict[str, str]:
    """The values of the ldap- statements that are looked at here, by what follows ldap-."""
    return {
        first[len("ldap-") :]: value
        for text in texts
        if "ldap-server" in text.lower()
        for first, value, _third in first_words(text)
        if first.startswith("ldap-") and first[len("ldap-") :] in _STATEMENTS
    }


def hint(words: str) -> str:
    """What to look at when dhcpd said *words* about LDAP, as a sentence after a blank; nothing for other words."""
    for pattern, meaning in _HINTS:
        if re.search(pattern, words):
            return f" That is, {meaning}."
    return ""

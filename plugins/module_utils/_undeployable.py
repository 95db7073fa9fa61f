# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dhcpd takes and this collection never deploys, wherever in a configuration it stands."""

from __future__ import annotations

from typing import Iterable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, tokenize, without_plain_hosts
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_conf import first_words, omapi_problems

#: These outrank dhcpd's -lf (dhcpd.conf(5)), so that leases would go where no release, copy or proof looks for them.
LEASE_FILES = {
    "lease-file-name": "/var/lib/dhcpd/dhcpd.leases",
    "dhcpv6-lease-file-name": "/var/lib/dhcpd/dhcpd6.leases",
}


def undeployable(texts: Iterable[str]) -> list[str]:
    """Return why texts of one configuration must not be deployed, as clauses of a message; text that doesn't lex is
    dhcpd's to refuse."""
    texts = list(texts)
    return [*omapi_problems(texts), *_lease_file_problems(texts)]


def _lease_file_problems(texts: list[str]) -> list[str]:
    found = []
    for text in texts:
        if "lease-file-name" not in text.lower():
            continue
        try:
            tokens = list(tokenize(without_plain_hosts(text)))
        except LexError:
            continue
        for keyword, path, _third in first_words(tokens):
            if keyword in LEASE_FILES and path != LEASE_FILES[keyword]:
                found.append(
                    f"{keyword} would put the leases where the service doesn't keep them; leave it out: they are in"
                    f" {LEASE_FILES[keyword]} (dhcpd.conf(5), {keyword})"
                )
    return found

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dhcpd takes and this collection never deploys, wherever in a configuration it stands."""

from __future__ import annotations

from typing import Iterable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import first_words
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_conf import omapi_problems

#: These outrank dhcpd's -lf (dhcpd.conf(5)), so that leases would go where no release, copy or proof looks for them.
LEASE_FILES = {
    "lease-file-name": "/var/lib/dhcpd/dhcpd.leases",
    "dhcpv6-lease-file-name": "/var/lib/dhcpd/dhcpd6.leases",
}


def undeployable(texts: Iterable[str]) -> list[str]:
    """Return why texts of one configuration must not be deployed, as clauses of a message; text that doesn't lex is
    dhcpd's to refuse."""
    texts = list(texts)
    return [*omapi_problems(texts), *lease_file_problems(texts)]


def lease_file_problems(texts: Iterable[str]) -> list[str]:
    """Return why leases would not be where the service keeps them, likewise."""
    return [
        f"{first} would put the leases where the service doesn't keep them; leave it out: they are in"
        f" {LEASE_FILES[first]} (dhcpd.conf(5), {first})"
        for text in texts
        if "lease-file-name" in text.lower()
        for first, path, _third in first_words(text)
        if first in LEASE_FILES and path != LEASE_FILES[first]
    ]

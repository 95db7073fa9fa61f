# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IPv4 and IPv6: each has a dhcpd of its own, and ISC tells what belongs to them apart by a 6 at the name's end."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, includes

DIRECTORY = "/etc/dhcp/"  # a release's, in the container


class Family(NamedTuple):
    """An address family: its number, and the end of the names of all that belongs to it."""

    number: int
    suffix: str

    @property
    def name(self) -> str:
        """What people call it."""
        return f"IPv{self.number}"

    @property
    def container(self) -> str:
        """The container's name."""
        return f"dhcpd{self.suffix}"

    @property
    def unit(self) -> str:
        """The file that quadlet reads."""
        return f"dhcpd{self.suffix}.container"

    @property
    def service(self) -> str:
        """The systemd unit that quadlet makes of it."""
        return f"dhcpd{self.suffix}.service"

    @property
    def config(self) -> str:
        """dhcpd's configuration, in the release and as a copy to read."""
        return f"dhcpd{self.suffix}.conf"

    @property
    def leases(self) -> str:
        """The lease file."""
        return f"dhcpd{self.suffix}.leases"


IPV4, IPV6 = Family(4, ""), Family(6, "6")
FAMILIES = (IPV4, IPV6)


def files_of(files: Mapping[str, str], family: Family) -> dict[str, str]:
    """Those of a release's files that a family's dhcpd may read: all but what only the other family's includes."""
    configs = {other.config for other in FAMILIES}
    shared = set(files) - configs
    theirs = [_included(files, other.config) for other in FAMILIES if other != family and other.config in files]
    if shared and theirs:
        shared -= set().union(*theirs) - _included(files, family.config)
    return {path: text for path, text in files.items() if path == family.config or path in shared}


def _included(files: Mapping[str, str], config: str) -> set[str]:
    """The files that a configuration includes (dhcpd.conf(5)), at any depth; of one that can't be read, all."""
    found: set[str] = set()
    waiting = [config]
    while waiting:
        try:
            paths = {include.path[len(DIRECTORY) :] for include in includes(files.get(waiting.pop(), ""))}
        except LexError:
            return set(files)
        waiting += sorted((paths & set(files)) - found)
        found |= paths
    return found

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proof that a release serves: dhcpd runs as that release, answers on every serving interface, and stays up."""

from __future__ import annotations

import ipaddress
import time
from typing import Callable, Iterable, NamedTuple, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _inform, _inform6, _netlink
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of, hint
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, declared_subnets
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError, sentence
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, release_of

SETTLE = 3.0  # s; a dhcpd that dies of its configuration or leases does so within this time of its first answer
ROUND = 0.5  # s; how long one round of questions waits before the service itself is looked at again

Ask = Callable[[Iterable[Asker], float], "set[str]"]


def ask_of(family: Family) -> Ask:
    """How a family's server is asked."""
    return _inform.ask if family == IPV4 else _inform6.ask


def askers_of(family: Family, interfaces: Iterable[str], texts: Iterable[str]) -> tuple[list[Asker], list[str]]:
    """Who can ask a family's server with the configuration *texts* on this host, and what can't be proved and why.

    Without *interfaces* it is dhcpd's own choice: those with an address in a declared subnet. IPv4 asks from that
    address, IPv6 from the interface's link-local one. Where LDAP has subnets, each of *interfaces* is asked.
    Raises ReleaseError where the texts don't lex.
    """
    try:
        texts = list(texts)
        subnets = [net for net in declared_subnets(texts) if net.version == family.number]
    except LexError as error:
        raise ReleaseError(f"files: the declared subnets cannot be read: {error}") from error
    named = set(interfaces) if directory_of(texts) else set()
    links = {link.name: link for link in _netlink.links()}
    addresses = _netlink.addresses({link.ifindex: link.name for link in links.values()})
    inside = {
        address.interface: address.address
        for address in reversed(addresses)
        if address.family == family.number
        and not address.is_link_local
        and (address.interface in named or any(ipaddress.ip_address(address.address) in net for net in subnets))
    }
    local = {address.interface: address.address for address in reversed(addresses) if address.is_link_local}
    needed = "" if family == IPV4 else ", or no link-local one"
    askers, unproved = [], []
    for name in interfaces or inside:
        link = links.get(name)
        mac = bytes.fromhex(link.mac.replace(":", "")) if link else b""
        source = inside.get(name) if family == IPV4 else local.get(name)
        if link and link.carrier and name in inside and source and len(mac) == 6:
            askers.append(Asker(name, mac, source))
        else:
            unproved.append(f"{name}: not proved, since it has no carrier or no address in a declared subnet{needed}")
    return askers, unproved


class Prover(NamedTuple):
    """How a running service is proved: who asks, within how many seconds, and the means to do so."""

    service: Service
    askers: list[Asker]
    timeout: float
    ask: Ask = _inform.ask
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def answers(self, release: str, cursor: str, end: float) -> int:
        """Return dhcpd's process id once it runs as *release* and answered on every interface.

        *cursor* is where the journal stood before the start, *end* (of *clock*) is when the time is over.
        Raises ReleaseError with dhcpd's own words.
        """
        pid = self._must_run(release, end, cursor)
        waiting = list(self.askers)
        while waiting:
            answered = self.ask(waiting, min(ROUND, max(0.0, end - self.clock())))
            waiting = [asker for asker in waiting if asker.interface not in answered]
            waiting = self._without_evidence(waiting, cursor)
            self.must_be(pid, cursor)
            if waiting and self.clock() >= end:
                raise ReleaseError(self._deaf(waiting, cursor))
        return pid

    def _must_run(self, release: str, end: float, cursor: str) -> int:
        while True:
            state = self.service.state()
            runs_as = release_of(state.pid) if state.runs else None  # None also where it ends while we look
            if state.pid is not None and runs_as == release:
                return state.pid
            if runs_as is not None:
                raise ReleaseError(f"dhcpd runs, but as release {runs_as} and not {release}.")
            if state.restarts or state.active in ("failed", "inactive") or self.clock() >= end:
                raise ReleaseError(self._gone(cursor))
            self.sleep(0.05)

    def must_be(self, pid: int, cursor: str) -> None:
        """Raise ReleaseError unless dhcpd is still the process *pid*."""
        if self.service.state().pid != pid:
            raise ReleaseError(self._gone(cursor))

    def _without_evidence(self, askers: list[Asker], cursor: str) -> list[Asker]:
        # Without `authoritative` dhcpd answers no DHCPINFORM but logs that very packet: it heard, and it decided.
        words = self.service.words(cursor) if askers else ""
        return [
            asker
            for asker in askers
            if f"DHCPINFORM from {asker.address} via {asker.interface}: not authoritative" not in words
        ]

    def _gone(self, cursor: str) -> str:
        return f"dhcpd did not stay up. {said(self.service.words(cursor))}"

    def _deaf(self, askers: list[Asker], cursor: str) -> str:
        what = "DHCPINFORM" if self.service.family == IPV4 else "Information-request"
        where = ", ".join(f"{asker.interface} ({asker.address})" for asker in askers)
        return (
            f"dhcpd runs but answered no {what} within {self.timeout:g} s on {where}."
            f" {said(self.service.words(cursor))}"
        )


def prove(provers: Sequence[Prover], release: str, cursor: str, settle: float = SETTLE) -> float:
    """Return when each service runs as *release*, answered on every interface and stayed up for *settle* seconds.

    Returns the time (of the provers' clock) of the last first answer. Raises ReleaseError.
    """
    if not provers:
        return time.monotonic()
    clock, sleep = provers[0].clock, provers[0].sleep
    end = clock() + max(prover.timeout for prover in provers)
    running = [(prover, prover.answers(release, cursor, end)) for prover in provers]
    answered_at = clock()
    sleep(settle)
    for prover, pid in running:
        prover.must_be(pid, cursor)
    return answered_at


def said(words: str) -> str:
    """The end of what dhcpd said, as a sentence."""
    if not words:
        return "dhcpd said nothing."
    return sentence(f"dhcpd said: {' / '.join(words.splitlines()[-12:])}") + hint(words)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease file as a whole: its leases as they stand now, whether it is damaged, and what dhcpd made of it.

dhcpd -T exits 0 on a damaged file and a start drops the bad lease: damage() is asked before each switch, and loaded()
says from dhcpd's own words how many leases it took, to be compared with Contents.loadable().
"""

from __future__ import annotations

import io
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Callable, Iterator, NamedTuple, Optional, Union

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_grammar import Fields, declaration
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_lexer import Parser, hexadecimal
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_records import (
    LEASE_KINDS,
    PROBLEMS_MAX,
    Problem,
    key_of,
    scan,
)

TIMES = ("starts", "ends", "tstp", "tsfp", "atsfp", "cltt")
#: What every lease has, and what it is where a record does not say.
_LEASE: dict[str, Any] = {
    **dict.fromkeys(("kind", "address", "state", "next_state", "rewind_state", *TIMES)),
    **dict.fromkeys(("hardware_type", "hardware", "uid", "client_hostname", "billing_class")),
    **dict.fromkeys(("iaid", "duid", "preferred_life", "max_life")),
    "reserved": False,
    "bootp": False,
}
_PATIENCE = 0.5  # seconds
_WROTE = re.compile(r"^Wrote (\d+) leases to leases file|^Wrote (\d+) NA, (\d+) TA, (\d+) PD leases", re.MULTILINE)
_OUTSIDE = re.compile(r"^lease (\S+): no subnet|^No pool found for (?:\S+ )?(?:address|prefix) (\S+)", re.MULTILINE)
_COMPLAINT = re.compile(r"^(?:\S.* line \d+: .*|.*[Cc]orrupt lease.*)$", re.MULTILINE)


@dataclass
class Contents:
    """What a lease file holds: of each address, host and failover peer the last record.

    states: of every address, by its key (_lease_records.key_of). kept: kind and declaration of those that were asked
    for. removed: the hosts of dhcpd.conf that OMAPI removed. declarations: how many of any kind, repeated ones too;
    records: how many of these are of addresses.
    """

    states: dict[bytes, str] = field(default_factory=dict)
    kept: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)
    hosts: dict[str, Fields] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    failover: dict[str, Fields] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    server_duid: Optional[str] = None
    byte_order: str = "little-endian"
    declarations: int = 0
    records: int = 0
    problems: list[Problem] = field(default_factory=list)

    def leases(self) -> Iterator[Fields]:
        """Yield the leases that were kept; times are in seconds (NEVER for ever), None stands for what is unsaid."""
        for key, (_kind, raw) in self.kept.items():
            # An association may hold other addresses too.
            same = [item for item in declaration(Parser(raw)) or [] if key_of(item[1]["address"]) == key]
            yield self._lease(*same[-1], self.states[key])

    def _lease(self, kind: str, fields: Fields, state: str) -> Fields:
        lease = {**_LEASE, "options": {}, **fields, "kind": kind, "state": state}
        identifier = lease.pop("identifier", None)
        lease.pop("on", None)
        lease.pop("timestamp", None)
        if identifier is not None:
            lease["iaid"] = int.from_bytes(identifier[:4], "big" if self.byte_order == "big-endian" else "little")
            lease["duid"] = hexadecimal(identifier[4:])
        return lease


def load(
    source: Union[Path, bytes], keep: Optional[Callable[[bytes, str], bool]] = None, now: Optional[float] = None
) -> Contents:
    """Read a lease file, or its bytes. `keep` says of a key and a state whether the lease itself is wanted.

    `now` is what decides the state of a record without one, as dhcpd does it at its start. A file whose last record is
    cut off is read again, for half a second: a dhcpd that serves may be writing it. Raises OSError.
    """
    contents = _load(source, keep, now)
    end = time.monotonic() + _PATIENCE
    while isinstance(source, Path) and any(problem.cut_off for problem in contents.problems) and time.monotonic() < end:
        time.sleep(0.05)
        contents = _load(source, keep, now)
    return contents


def _load(source: Union[Path, bytes], keep: Optional[Callable[[bytes, str], bool]], now: Optional[float]) -> Contents:
    contents = Contents()
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        _fill(contents, stream, keep, time.time() if now is None else now)
    return contents


def _fill(contents: Contents, stream: BinaryIO, keep: Optional[Callable[[bytes, str], bool]], now: float) -> None:
    states, kept, kinds = contents.states, contents.kept, contents.kinds
    records = 0
    last = ""
    for kind, key, state, what in scan(stream, contents.problems):
        if isinstance(what, bytes):
            records += 1
            if state is None:
                state = _implied(what, now)
            states[key] = state
            if kind is not last:
                kinds.add(kind)
                last = kind
            if keep is not None:
                if keep(key, state):
                    kept[key] = kind, what
                elif kept:
                    kept.pop(key, None)
            continue
        contents.declarations += 1
        if kind == "host":
            contents.hosts[what["name"]] = what
        elif kind == "failover":
            contents.failover[what["name"]] = what
        elif kind == "server-duid":
            contents.server_duid = what["duid"]
        elif kind == "authoring-byte-order":
            contents.byte_order = what["order"]
    contents.records = records
    contents.declarations += records
    contents.removed = {
        name for name, host in contents.hosts.items() if host.get("deleted") and not host.get("dynamic")
    }
    contents.hosts = {name: host for name, host in contents.hosts.items() if not host.get("deleted")}


def _implied(raw: bytes, now: float) -> str:
    """What dhcpd takes a lease for that has no binding state (confpars.c, parse_lease_declaration)."""
    ((_kind, fields),) = declaration(Parser(raw)) or []
    return "active" if fields.get("ends", 0) > now or fields.get("on") else "free"


def damage(path: Path, family: Optional[int] = None, contents: Optional[Contents] = None) -> list[Problem]:
    """Return why dhcpd would not take all of a lease file; nothing where it is whole or there has never been one.

    `family` is 4 or 6, for what kind of dhcpd it is; `contents` is what load() gave, if it has been read already.
    A cut between two records is no damage that the file itself could show. Raises OSError.
    """
    backup = Path(f"{path}~")
    try:
        contents = contents or load(path)
    except FileNotFoundError:
        if os.path.lexists(backup):
            return [Problem(0, f"{path} is missing beside {backup}: dhcpd does not start, and if an empty one is made"
                    " it forgets all leases")]  # fmt: skip
        return []
    found = contents.problems[:]
    if not contents.declarations and not found and _size(backup):
        # dhcpd itself writes the byte order at least.
        found.append(Problem(0, f"{path} is empty beside {backup}, which is not"))
    wrong = contents.kinds - set({4: LEASE_KINDS[:1], 6: LEASE_KINDS[1:]}.get(family or 0, LEASE_KINDS))
    if wrong:
        found.append(Problem(0, f"{path} holds {' and '.join(sorted(wrong))}, which is not for IPv{family}"))
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def describe(problems: list[Problem]) -> str:
    """Return the problems in a few lines, the first ones first."""
    lines = [str(problem) for problem in problems[:PROBLEMS_MAX]]
    if len(problems) > PROBLEMS_MAX:
        lines.append(f"and {len(problems) - PROBLEMS_MAX} more")
    return "; ".join(lines)


class LeaseFile(NamedTuple):
    """A lease file in short: how many declarations it has of leases, who owns it, and what is wrong with it first."""

    declarations: int
    uid: int
    mode: int
    problem: Optional[str]


def read(path: Path) -> LeaseFile:
    """Read a lease file. Raises OSError."""
    status = path.stat()
    contents = load(path)
    found = damage(path, contents=contents)
    return LeaseFile(contents.records, status.st_uid, status.st_mode & 0o7777, str(found[0]) if found else None)


class Loaded(NamedTuple):
    """What dhcpd said when it read a lease file.

    leases: how many it wrote back (for IPv6 how many associations), None where it did not get so far; outside: the
    addresses that the configuration has no place for; complaints: its own words about what it could not read.
    """

    leases: Optional[int]
    outside: tuple[str, ...]
    complaints: tuple[str, ...]


def loaded(output: str) -> Loaded:
    """Read what dhcpd -T, or a start, wrote to standard error or to the journal without prefixes."""
    wrote = _WROTE.search(output)
    leases = sum(int(number) for number in wrote.groups() if number) if wrote else None
    outside = tuple(first or second for first, second in _OUTSIDE.findall(output))
    return Loaded(leases, outside, tuple(_COMPLAINT.findall(output)))


def lost(contents: Contents, found: Loaded) -> int:
    """Return how many leases of an IPv4 file dhcpd lost, at the least, by the numbers alone.

    Free ones don't count, because dhcpd writes no lease that nobody ever had.
    """
    used = sum(len(key) == 4 and state != "free" for key, state in contents.states.items())
    return max(0, used - (found.leases or 0) - len(found.outside))

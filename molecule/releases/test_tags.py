"""Up, down and up again by tag: every ACK on the wire is in the lease file at the end, and nobody has to move."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conftest import IMAGES, Host, leases, lines, on_the_wire

# The look-alike of the seed's image: other tag, other layers.
OTHER = {"image": "localhost/seed-scratch:4.4.3-1", "archive": str(IMAGES / "seed-scratch-4.4.3-1.tar")}
VISITORS = 8  # of each switch


@contextlib.contextmanager
def visitors(host: Host, log: Path, first: int) -> Iterator[None]:
    """Clients that come one after the other and never renew; at the end each has its lease."""
    with log.open("ab") as stdout:
        process = host.beside("traffic.py", "br0", str(VISITORS), "0.4", str(first), stdout=stdout)
    try:
        yield
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.wait()


def switch(host: Host, **pin: Any) -> str:
    result = host.release(host.wanted(**pin))
    assert result.status == 0 and result.values["changed"], result.said
    return str(result.values["release"])


def everybody_asks(host: Host, macs: set[str]) -> None:
    began, end = time.time(), time.monotonic() + 60
    while not macs <= {line["mac"] for line in host.answers() if line["at"] > began and "ip" in line}:
        assert time.monotonic() < end, "not every client had an answer within 60 s"
        time.sleep(0.1)


def test_up_down_up_by_tag(host: Host, tmp_path: Path) -> None:
    conf = host.new()
    base = switch(host, conf=conf)
    held = {line["mac"]: line["ip"] for line in host.answers() if "ip" in line}
    moments = [time.time()]
    names = []
    with on_the_wire(host, tmp_path / "wire"):
        for number, pin in enumerate((OTHER, {}, OTHER)):
            with visitors(host, tmp_path / "visitors", 0x80 + number * VISITORS):
                names.append(switch(host, conf=conf, **pin))
                moments.append(time.time())
        everybody_asks(host, set(held))
    seen = [line for line in lines(tmp_path / "wire") if "mac" in line]
    after = host.whole(names[-1])

    # The same pin is the same release, whatever ran between.
    assert names[1] == base and names[2] == names[0] and names[0].startswith("4.4.3-1.")
    assert [line["mac"] for line in seen if "nak" in line] == []
    # The clients and the wire tell one story, and it goes on during each switch.
    for log in (host.log, tmp_path / "visitors"):
        told = {(line["mac"], line["ip"]) for line in lines(log) if line["at"] > moments[0]}
        assert told <= {(line["mac"], line["ip"]) for line in seen}
    assert len({line["mac"] for line in seen}) == len(held) + 3 * VISITORS
    for begin, end in zip(moments, moments[1:], strict=False):
        assert any(begin < line["at"] < end for line in lines(tmp_path / "visitors"))

    for line in seen:
        assert held.setdefault(line["mac"], line["ip"]) == line["ip"], "it had to move"
    known = leases(after["leases"])
    lost = [line for line in seen if known[line["ip"]][0] != line["mac"] or known[line["ip"]][1] < line["until"] - 2]
    assert lost == []
    # dhcpd writes the file anew at its start; since then each ACK has a record of its own.
    records = after["leases"].split("\nlease ")
    late = [line for line in seen if line["at"] > moments[-1]]
    for line in late:
        own = [leases(f"lease {record}") for record in records if record.startswith(f"{line['ip']} ")]
        ends = [found[line["ip"]][1] for found in own if found]
        assert any(line["until"] - 2 <= end <= line["at"] + line["lease"] + 2 for end in ends), line
    assert late
    print(
        f"\n{len(seen)} ACKs to {len(held)} clients, {len(late)} of them since the last start; longest silence: "
        f"{max(b['at'] - a['at'] for a, b in zip(seen, seen[1:], strict=False)):.2f} s"
    )

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure DHCP servers with perfdhcp on a core of its own, the server on the other; started by benchmarks/exchanges.

Each server begins each round with an empty lease file. The rate grows by a tenth from step to step, and by a quarter in
the first round, since a server that is asked for too much at once collapses, until more than 2.5 % of the exchanges are
not done; the peak is the best step before. How long an acknowledgement takes is seen at rates that every server keeps
up with. Both have the processors before anything else that the machine does.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, NamedTuple

import report

HOST = os.environ["LAB_PREFIX"] + "-exchanges"
DROPS = 0.025  # of the exchanges
STEP = 2  # s
LONE, COMMON = 20, 400  # exchanges a second
CLIENT = "100.64.0.2/14"
UNIT = "exchanges.service"
PACKAGED, KEA = "/usr/sbin/dhcpd", "/usr/sbin/kea-dhcp4"
OURS = "/srv/dhcpd"
# The files of what does not run in the container: its configuration, and its leases.
SETUP = """set -e
id=$(podman create localhost/dhcpd:4.4.3-P1-1)
podman cp $id:/usr/sbin/dhcpd /srv/dhcpd
podman rm $id >/dev/null
mkdir -p /run/kea /var/lib/kea
podman --version; /usr/sbin/dhcpd --version 2>&1; echo Kea $(kea-dhcp4 -v)
"""


def sh(script: str) -> str:
    done = subprocess.run(["podman", "exec", HOST, "bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def dhcpd_conf(*statements: str, addresses: str = "100.64.1.0 100.64.255.255") -> str:
    return f"""authoritative;
default-lease-time 3600;
max-lease-time 7200;
ping-check false;
dhcp-cache-threshold 0;
{"".join(f"{statement};" for statement in statements)}
subnet 100.64.0.0 netmask 255.252.0.0 {{ pool {{ range {addresses}; }} }}
"""


KEA_CONF = json.dumps({
    "Dhcp4": {
        "interfaces-config": {"interfaces": ["seg0"]},
        "lease-database": {"type": "memfile", "persist": True, "name": "/var/lib/kea/exchanges.csv", "lfc-interval": 0},
        "multi-threading": {"enable-multi-threading": False},
        "valid-lifetime": 3600,
        "subnet4": [
            {"id": 1, "subnet": "100.64.0.0/14", "pools": [{"pool": "100.64.1.0 - 100.64.255.255"}]}
        ],
    }
})  # fmt: skip


def native(binary: str, conf: str) -> Callable[[], int]:
    """Start a server as a plain process of systemd's, with no leases; the function returns its pid."""
    process = Path(binary).name
    arguments = "-c" if binary == KEA else "-4 -f -d --no-pid -lf /srv/leases -cf"

    def start() -> int:
        sh(f"rm -f /srv/leases* /var/lib/kea/exchanges.csv*; : >/srv/leases; cat >/srv/conf <<'END'\n{conf}\nEND\n"
           f"systemd-run --quiet --collect --service-type=exec --unit={UNIT} {binary} {arguments} /srv/conf"
           f" {'' if binary == KEA else 'seg0'}")  # fmt: skip
        return pinned(process)

    return start


def container() -> int:
    """Start the role's unit, with no leases; returns dhcpd's pid."""
    sh("rm -f /var/lib/dhcpd/dhcpd.leases~; : >/var/lib/dhcpd/dhcpd.leases; systemctl start dhcpd.service")
    return pinned("dhcpd")


def pinned(process: str) -> int:
    """Keep the process on the first core, before what else the machine does; returns its pid."""
    pid = sh(f"pgrep -n -x {process}")
    sh(f"taskset -acp 0 {pid} && renice -n -15 -p {pid}")
    return int(pid)


def stop() -> None:
    sh(f"systemctl stop dhcpd.service {UNIT} 2>/dev/null; systemctl reset-failed 2>/dev/null; true")


class Seen(NamedTuple):
    """What perfdhcp saw: exchanges begun and done, and how long each acknowledgement took, in seconds."""

    begun: int
    done: int
    delays: list[float]

    @property
    def sound(self) -> bool:
        return self.begun > 0 and self.done >= (1 - DROPS) * self.begun


def ask(rate: int, seconds: float = STEP) -> Seen:
    command = ["ip", "netns", "exec", HOST, "nice", "-n", "-15", "taskset", "-c", "1", "perfdhcp", "-4", "-l", "br0"]
    command += ["-r", str(rate), "-R", "60000", "-p", str(seconds), "-g", "single", "-W", "300000", "-x", "t"]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    sent = re.findall(r"^sent packets: (\d+)", text, re.MULTILINE)
    received = re.findall(r"^received packets: (\d+)", text, re.MULTILINE)
    assert len(received) == 2, text
    _offers, acks = text.split("***Timestamps for packets: REQUEST-ACK***") if int(received[1]) else ("", "")
    stamps = re.findall(r"^sent / received: ([\d.]+) / ([\d.]+)", acks, re.MULTILINE)
    return Seen(int(sent[0]), int(received[1]), [float(back) - float(there) for there, back in stamps])


def serving(start: Callable[[], int]) -> int:
    stop()
    pid = start()
    end = time.monotonic() + 60
    while not ask(10, 1).done:
        assert time.monotonic() < end, sh("journalctl -n 20 -o cat --no-pager")
    return pid


def peak(start: Callable[[], int], known: list[float]) -> float:
    """The most exchanges a second, with no more than DROPS of them lost, where *known* rounds are behind it."""
    rate, growth = (0.6 * statistics.median(known), 1.1) if known else (300, 1.25)
    serving(start)
    best = 0.0
    while True:
        seen = ask(round(rate))
        if seen.sound:
            best = max(best, seen.done / STEP)
            rate *= growth
        elif best:
            return best
        else:
            rate *= 0.7
            serving(start)


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def ours(*statements: str) -> Callable[[], int]:
    return native(OURS, dhcpd_conf(*statements))


def delayed(microseconds: int = 1000, count: int = 2048) -> Callable[[], int]:
    """dhcpd reads the count with its octets swapped: 2048 is 8, 28 is 7168."""
    return ours(f"delayed-ack {count}", f"max-ack-delay {microseconds}")


EACH = "our binary, a commit for each answer"
PEAKS: dict[str, Callable[[], int]] = {
    "our container, a commit for 8": container,
    "our binary natively, a commit for 8": delayed(),
    "our binary, a commit for all that wait": delayed(count=28),
    EACH: ours(),
    "our binary, no fsync": ours("dont-use-fsync true"),
    "Debian's package": native(PACKAGED, dhcpd_conf()),
    "Kea, memfile, one thread, no fsync": native(KEA, KEA_CONF),
}
DELAYS = {EACH: ours(), **{f"max-ack-delay {delay}": delayed(delay, 28) for delay in (500, 1000, 2000, 5000)}}


def measure_peaks(rounds: int, versions: str, what: str, arms: dict[str, Callable[[], int]]) -> None:
    peaks: dict[str, list[float]] = {name: [] for name in arms}
    lone: dict[str, list[float]] = {name: [] for name in arms}
    common: dict[str, list[float]] = {name: [] for name in arms}
    loads = []
    for number in range(rounds):
        loads.append(os.getloadavg()[0])
        names = list(arms)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            start = arms[name]
            peaks[name].append(peak(start, peaks[name]))
            serving(start)
            lone[name].append(percentile(ask(LONE, 4).delays, 0.5))
            common[name].append(percentile(ask(COMMON, 4).delays, 0.95))
            print(f"{number + 1}/{rounds} {name}: {peaks[name][-1]:.0f} a second, alone {1000 * lone[name][-1]:.2f} ms,"
                  f" at {COMMON} a second 95 % within {1000 * common[name][-1]:.1f} ms", flush=True)  # fmt: skip
    base = "Debian's package" if "Debian's package" in arms else EACH
    middle = statistics.median
    rows = [
        [name, f"{middle(found):,.0f}", f"{min(found):,.0f} to {max(found):,.0f}",
         f"{middle(found) / middle(peaks[base]):.2f}", f"{1000 * middle(lone[name]):.2f} ms",
         f"{1000 * middle(common[name]):.1f} ms"]
        for name, found in peaks.items()
    ]  # fmt: skip
    report.write(
        what,
        "Exchanges a second",
        [
            f"`benchmarks/exchanges {what} {rounds}`: {versions}, {report.machine()};"
            f" load before each round {min(loads):.1f} to {max(loads):.1f}.",
            "",
            f"The most exchanges (DISCOVER to ACK) a second with at most {100 * DROPS:g} % not done, out of a pool of"
            f" 65,280 free addresses: median of {rounds} rounds, the servers in turn; perfdhcp on a core of its own,"
            " the server on the other. Beside it how long a REQUEST waits for its ACK.",
        ],
        [
            "",
            "a second",
            "from, to",
            f"of {base}",
            f"alone ({LONE} a second), median",
            f"{COMMON} a second, 95 %",
        ],
        rows,
        [(name, min(found), statistics.median(found), max(found)) for name, found in peaks.items()],
        "a second",
    )


def measure_cpu(rounds: int, versions: str) -> None:
    ranges = {"2,048": "100.64.8.0 100.64.15.255", "65,536": "100.65.0.0 100.65.255.255",
              "262,140": "100.64.0.3 100.67.255.254"}  # fmt: skip
    servers = {"ours": OURS, "Debian's package": PACKAGED}
    found: dict[tuple[str, str], list[float]] = {(server, size): [] for server in servers for size in ranges}
    for number in range(rounds):
        for server, size in found:
            pid = serving(native(servers[server], dhcpd_conf(addresses=ranges[size])))
            before = int(sh(f"cut -d ' ' -f 1 /proc/{pid}/schedstat"))
            seen = ask(15, 8)
            spent = (int(sh(f"cut -d ' ' -f 1 /proc/{pid}/schedstat")) - before) / 1e6
            found[server, size].append(spent / seen.done)
            print(f"{number + 1}/{rounds} {server}, {size} free: {found[server, size][-1]:.2f} ms a lease", flush=True)
    middle = {key: statistics.median(values) for key, values in found.items()}
    report.write(
        "cpu",
        "CPU time of a lease",
        [
            f"`benchmarks/exchanges cpu {rounds}`: {versions}, {report.machine()}; load {os.getloadavg()[0]:.1f}.",
            "",
            "CPU time of dhcpd for an exchange (DISCOVER to ACK), by how many addresses of the pool are free: 15"
            f" exchanges a second, a commit for each, median of {rounds} rounds.",
        ],
        ["", *(f"{size} free" for size in ranges), "last to first"],
        [
            [server, *(f"{middle[server, size]:.2f} ms" for size in ranges),
             f"{middle[server, list(ranges)[-1]] / middle[server, list(ranges)[0]]:.1f}"]
            for server in servers
        ],
        [(f"{server}, {size} free", min(values), middle[server, size], max(values))
         for (server, size), values in found.items()],
        "ms",
    )  # fmt: skip


if __name__ == "__main__":
    subprocess.run(["ip", "-n", HOST, "address", "replace", CLIENT, "dev", "br0"], check=True)
    what = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    versions = ", ".join(sh(SETUP).splitlines())
    if what == "cpu":
        measure_cpu(rounds, versions)
    else:
        measure_peaks(rounds, versions, what, {"peak": PEAKS, "delays": DELAYS}[what])

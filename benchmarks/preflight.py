# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time preflight on the host where this runs, among many addresses and sockets; started by benchmarks/preflight."""

from __future__ import annotations

import collections
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight as preflight
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_collect import collect
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import Policy

ADDRESSES, SOCKETS, ROUNDS = 1000, 5000, 11
DEVICE = "seg0"
commands: dict[str, list[float]] = collections.defaultdict(list)


def runner(command: list[str]) -> tuple[int, str, str]:
    if shutil.which(command[0]) is None:
        return 127, "", ""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    commands[command[0]].append(time.perf_counter() - start)
    return done.returncode, done.stdout, done.stderr


def main() -> None:
    lines = [f"address add 198.18.{n // 250}.{n % 250 + 1}/15 dev {DEVICE}" for n in range(ADDRESSES)]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    # As many processes hold them as ten hosts' services would; each process's descriptors are read.
    holders = []
    for part in range(10):
        code = (
            f"import socket,time; s=[socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range({SOCKETS // 10})]"
        )
        code += f"; [x.bind(('127.0.0.1', 10000 + {part} * {SOCKETS // 10} + i)) for i, x in enumerate(s)]"
        holders.append(
            subprocess.Popen([sys.executable, "-c", f"{code}; print(flush=True); time.sleep(600)"], stdout=-1)
        )
    for holder in holders:
        assert holder.stdout is not None
        holder.stdout.readline()
    # Without a holder of a port that matters, no process's descriptors would have to be read at all.
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("0.0.0.0", 67))
    policy = Policy(interfaces=(DEVICE,), tcp_ports=(7911, 647))
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        findings = preflight.run(collect(policy, runner), policy)
        times.append(time.perf_counter() - start)
    for holder in holders:
        holder.kill()
    assert any(finding.check == "ports" and finding.status == "failure" for finding in findings), findings
    processes = sum(entry.name.isdigit() for entry in Path("/proc").iterdir())
    print(f"{ADDRESSES} addresses, {SOCKETS} sockets, {processes} processes, {len(findings)} findings, {ROUNDS} rounds")
    print(f"whole       median {statistics.median(times):.3f} s, least {min(times):.3f} s, most {max(times):.3f} s")
    outside = 0.0
    for name, spent in commands.items():
        outside += statistics.median(spent)
        print(f"{name:11}median {statistics.median(spent):.3f} s")
    print(f"python      median {statistics.median(times) - outside:.3f} s, the rest")


if __name__ == "__main__":
    main()

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure, with a client that asks every 20 ms, how long nobody answers; started by benchmarks/outage.

The ways are measured in turn, each in every round, on one host with one configuration. What stands in the table is
the longest time between two answers: about 0.02 s where nothing happens.
"""

from __future__ import annotations

import bisect
import json
import os
import re
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "molecule/releases"))
from traffic import ACK, REQUEST, frame, parse

HERE = Path(__file__).resolve().parent
EVERY = 0.02  # s
HOST = os.environ.get("LAB_PREFIX", "dhcpd-lab") + "-outage"
MAC, ADDRESS = bytes.fromhex("00005e005301"), "198.51.100.10"
OTHER = {
    "dhcpd_container_image": "localhost/seed-scratch",
    "dhcpd_container_image_tag": "4.4.3-1",
    "dhcpd_container_image_archive": "{{ lab_images }}/seed-scratch-4.4.3-1.tar",
}
# As the seed has it: privileged, and no stop signal, so that dhcpd, as PID 1 deaf to SIGTERM, is killed after 10 s.
# Until then it answers. The image here is a look-alike, whose dhcpd has to be told the paths; the leases are its own.
SEED = """[Container]
Image=localhost/seed-scratch:4.4.3-1
Exec=/usr/sbin/dhcpd -d --no-pid -cf /etc/dhcp/dhcpd.conf -lf /var/lib/dhcp/dhcpd.leases
PodmanArgs=--privileged
Network=host
Volume=/etc/dhcp/dhcpd.conf:/etc/dhcp/dhcpd.conf:ro,Z
Volume=/var/lib/seed:/var/lib/dhcp:rw,Z
"""
PACKAGED = "isc-dhcp-server.service"
SERVICES = ["dhcpd.service", "seed.service", PACKAGED]
SETUP = f"""set -e
mkdir -p /var/lib/seed && touch /var/lib/seed/dhcpd.leases
printf '{SEED}' >/etc/containers/systemd/seed.container
sed -i 's/^INTERFACESv4=.*/INTERFACESv4=seg0/' /etc/default/isc-dhcp-server
systemctl daemon-reload
podman --version; systemctl --version | head -n 1; dhcpd --version 2>&1
"""


def ask(interface: str) -> None:
    """Be the client: ask for a reserved address as after a reboot, and print when each answer came."""
    os.nice(-10)  # what else the machine does delays servers enough
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    link.bind((interface, 0))
    source = link.getsockname()[4]
    due = time.monotonic()
    while True:
        question = frame(
            source, MAC, int.from_bytes(os.urandom(4), "big"), REQUEST, b"\x32\x04" + socket.inet_aton(ADDRESS)
        )
        link.send(question)
        due = max(due + EVERY, time.monotonic())
        while (left := due - time.monotonic()) > 0:
            if select.select([link], [], [], left)[0]:
                answer = parse(link.recv(2048))
                if answer and answer[1:3] == (MAC, ADDRESS) and answer[3][53] == bytes([ACK]):
                    print(time.monotonic(), flush=True)


def sh(script: str) -> str:
    done = subprocess.run(["podman", "exec", HOST, "bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def ansible(*words: str) -> str:
    command = [words[0], "-i", str(HERE / "outage.yml"), *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def deployed(changes: dict[str, str]) -> str:
    """Run the play; return the release's name."""
    ansible("ansible-playbook", str(HERE.parent / "playbooks/site.yml"), "-e", json.dumps(changes))
    return sh("basename $(readlink /etc/dhcp/current)")


class Client:
    """The asking process, and when it had answers (CLOCK_MONOTONIC)."""

    def __init__(self, log: Path) -> None:
        command = ["ip", "netns", "exec", HOST, sys.executable, __file__, "ask", "br0"]
        with log.open("wb") as stdout:
            self.process = subprocess.Popen(command, stdout=stdout)
        self.log = log.open()
        self.found: list[float] = []
        self.rest = ""

    def answers(self, since: float) -> list[float]:
        *lines, self.rest = (self.rest + self.log.read()).split("\n")
        self.found += map(float, lines)
        return self.found[bisect.bisect_left(self.found, since) :]

    def steady(self, since: float) -> None:
        """Wait until the server has answered 25 times in a row."""
        end = time.monotonic() + 60
        while True:
            last = self.answers(since)[-25:]
            if len(last) == 25 and last[-1] - last[0] < 25 * 3 * EVERY:
                return
            assert time.monotonic() < end, "nobody answers"
            time.sleep(0.1)

    def gap(self, action: Callable[[], object]) -> tuple[float, float]:
        """Return the longest time between two answers, from before *action* to when all is well again; and its own.

        Both in seconds.
        """
        before = time.monotonic()
        self.steady(before)
        begin = time.monotonic()
        action()
        end = time.monotonic()
        self.steady(end)
        answers = self.answers(before)
        return max(later - earlier for earlier, later in zip(answers, answers[1:])), end - begin


def main(rounds: int) -> None:
    releases = [deployed({}), deployed(OTHER)]
    print(f"{os.cpu_count()} cores, " + ", ".join(sh(SETUP).splitlines()))
    said: list[float] = []

    def switch() -> None:
        to = releases[sh("basename $(readlink /etc/dhcp/current)") == releases[0]]
        options = json.dumps({"state": "rolled_back", "to": to})
        told = ansible("ansible", "outage", "-m", "quadlet.dhcpd.dhcpd_release", "-a", options)
        found = re.search(r'"unanswered_for": ([\d.]+)', told)
        assert found, told
        said.append(float(found.group(1)))

    ways: list[tuple[str, str, Callable[[], object]]] = [
        ("our switch to another release and image", "dhcpd.service", switch),
        ("our unit, `systemctl restart` (the floor)", "dhcpd.service", lambda: sh("systemctl restart dhcpd.service")),
        ("Debian's packaged server, `systemctl restart`", PACKAGED, lambda: sh(f"systemctl restart {PACKAGED}")),
        ("the seed's unit, `systemctl restart`", "seed.service", lambda: sh("systemctl restart seed.service")),
    ]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name, _service, _action in ways}
    loads = []
    with tempfile.TemporaryDirectory() as directory:
        client = Client(Path(directory, "answers"))
        try:
            for number in range(rounds):
                loads.append(os.getloadavg()[0])
                for name, service, action in ways[number % len(ways) :] + ways[: number % len(ways)]:
                    sh(f"systemctl stop {' '.join(other for other in SERVICES if other != service)}")
                    sh(f"systemctl start {service}")
                    found[name].append(client.gap(action))
        finally:
            client.process.kill()
            client.process.wait()
    seed = statistics.median(gap for gap, _took in found[ways[-1][0]])
    print(
        f"{rounds} rounds, load {min(loads):.1f} to {max(loads):.1f}; the module itself says of its switches:"
        f" median {statistics.median(said):.2f} s\n"
    )
    print("| | nobody answers for | least | most | of the seed's | it takes |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, times in found.items():
        gaps = [gap for gap, _took in times]
        median = statistics.median(gaps)
        print(
            f"| {name} | {median:.2f} s | {min(gaps):.2f} s | {max(gaps):.2f} s | {100 * median / seed:.0f} %"
            f" | {statistics.median(took for _gap, took in times):.1f} s |"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        ask(sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)

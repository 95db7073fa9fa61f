"""What dhcpd has acknowledged is in the lease file, whatever becomes of dhcpd or of the disk.

Clients ask as fast as they are answered, and each ACK is read off the wire. They rest as soon as dhcpd is dead: what
was promised until then must be in the file with which it serves again, where no later renewal hides a loss. A kill
loses nothing that was written, synced or not: what a power cut loses is make power-cut's to see.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Host, leases, lines, on_the_wire

DEATHS = int(os.environ.get("LAB_DEATHS", "12"))
ACKS = 100  # at least, before each death
CLIENTS, FIRST, PROBE = 20, 0x80, 0xF0
KILL = {
    "dhcpd": "pkill -KILL -x dhcpd",
    "container": "podman kill --signal KILL dhcpd >/dev/null",
    "conmon": "kill -KILL $(podman inspect --format '{{.State.ConmonPid}}' dhcpd)",
}
# dhcpd had not written what it acknowledged in the last five seconds.
FORGET = f"cp -a $file /run/old; sleep 5; {KILL['dhcpd']}; cp -a /run/old $file"
DEATH = """set -e
file=/var/lib/dhcpd/dhcpd.leases
old=$(pgrep -x dhcpd)
{kill}
echo dead
for try in $(seq 600); do
  new=$(pgrep -x dhcpd) && [ "$new" != "$old" ] && exit
  sleep 0.1
done
exit 1
"""
# A file system of its own for the leases.
OWN_DISK = """set -e
systemctl stop dhcpd
cp -a /var/lib/dhcpd /root/dhcpd
mount -t tmpfs -o size=4m,nr_inodes=16,mode=0755 leases /var/lib/dhcpd
chown --reference=/root/dhcpd /var/lib/dhcpd
cp -a /root/dhcpd/. /var/lib/dhcpd
systemctl start dhcpd
"""
DISK_BACK = """set -e
systemctl stop dhcpd
cp -a /var/lib/dhcpd/dhcpd.leases /root/dhcpd
umount /var/lib/dhcpd
cp -a /root/dhcpd/. /var/lib/dhcpd
rm -r /root/dhcpd
systemctl start dhcpd
"""


class Load:
    """Clients that ask as fast as they are answered, and what was acknowledged to anybody."""

    def __init__(self, host: Host, wire: Path, asking: list[subprocess.Popen[bytes]]) -> None:
        self.host = host
        self.wire = wire
        self.asking = asking

    def seen(self) -> list[dict[str, Any]]:
        return [line for line in lines(self.wire) if "ip" in line]

    def until(self, count: int) -> None:
        """Let them ask until so many ACKs have been seen."""
        end = time.monotonic() + 120
        while len(self.seen()) < count:
            assert time.monotonic() < end, f"{len(self.seen())} ACKs of {count}"
            time.sleep(0.05)

    def everybody(self) -> None:
        """Let them ask until each has an answer of now."""
        self.go_on()
        since, end = time.time(), time.monotonic() + 60
        macs = {line["mac"] for line in self.seen()} - {f"00:00:5e:00:53:{PROBE:02x}"}
        while missing := macs - {line["mac"] for line in self.seen() if line["at"] > since}:
            assert time.monotonic() < end, f"no answer within a minute: {sorted(missing)}"
            time.sleep(0.05)

    def rest(self) -> None:
        for process in self.asking:
            process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        for process in self.asking:
            process.send_signal(signal.SIGCONT)

    def death(self, kill: str) -> None:
        """Let dhcpd die, and wait for the next one; the clients rest from the moment it is dead."""
        command = ["podman", "exec", self.host.container, "bash", "-c", DEATH.format(kill=kill)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout and process.stdout.readline() == "dead\n"
            self.rest()
            assert process.wait() == 0, "dhcpd did not come back within a minute"

    def lost(self) -> list[dict[str, Any]]:
        """Wait for an answer to one more client; then what others were promised and the file doesn't have."""
        probe = self.host.beside("traffic.py", "br0", "1", "0.2", str(PROBE), stdout=subprocess.DEVNULL)
        assert probe.wait(120) == 0
        last = {line["ip"]: line for line in self.seen()}
        known = leases(self.host.sh("cat /var/lib/dhcpd/dhcpd.leases"))
        nothing = ("nobody", 0.0)
        return [
            line for ip, line in last.items()
            if known.get(ip, nothing)[0] != line["mac"] or known[ip][1] < line["until"] - 2
        ]  # fmt: skip


@contextlib.contextmanager
def load(host: Host, log: Path) -> Iterator[Load]:
    assert host.clients
    with on_the_wire(host, log):
        words = [str(CLIENTS), "0.002", str(FIRST), "renewing"]
        fast = host.beside("traffic.py", "br0", *words, stdout=subprocess.DEVNULL)
        found = Load(host, log, [fast, host.clients])
        try:
            yield found
        finally:
            found.go_on()
            fast.kill()
            fast.wait()


@pytest.mark.parametrize("together", [True, False], ids=["a commit for several", "a commit for each"])
def test_acks_survive_kills(host: Host, tmp_path: Path, together: bool) -> None:
    conf = f"delayed-ack 28;\nmax-ack-delay 1000;\n{host.new()}" if together else host.new()
    assert host.present(conf=conf).status == 0
    killed = 0
    with load(host, tmp_path / "wire") as clients:
        for number in range(DEATHS // 2):
            clients.until((number + 1) * ACKS)
            clients.death(list(KILL.values())[number % len(KILL)])
            assert clients.lost() == []
            clients.go_on()
            killed += 1
        acks = len(clients.seen())
        clients.until(acks + ACKS)
        clients.death(FORGET)
        forgotten = {line["mac"] for line in clients.lost()}
        clients.everybody()
    assert len(forgotten) >= CLIENTS, "a dhcpd that forgets was not seen"
    host.whole(host.look()["current"])
    print(f"\n{killed} kills of {', '.join(KILL)} in turn, {acks} ACKs, none lost")


def read_by_dhcpd(host: Host, text: str) -> dict[str, tuple[str, float]]:
    """The leases that dhcpd has, and writes anew, after a start with the file *text*."""
    script = "systemctl stop dhcpd; cat >/var/lib/dhcpd/dhcpd.leases; systemctl start dhcpd"
    subprocess.run(["podman", "exec", "-i", host.container, "bash", "-c", script], input=text, text=True, check=True)
    return leases(host.until(lambda now: now["leases"] != text, 60, "read and written anew")["leases"])


def test_a_record_that_was_cut_off(host: Host) -> None:
    # As a kill leaves it in the middle of a batch, or a disk that is full.
    host.serves(60)
    with host.clients_at_rest():
        text = host.sh("cat /var/lib/dhcpd/dhcpd.leases")
        last = re.findall(r"^lease .*?^\}\n", text, re.DOTALL | re.MULTILINE)[-1]
        known = read_by_dhcpd(host, text)
        ends = [found.end() for found in re.finditer("\n", last)][:-2]
        for cut in [end + more for end in ends for more in (0, 5)]:
            assert read_by_dhcpd(host, text + last[:cut]) == known, last[:cut]


@pytest.mark.parametrize(
    ("fill", "room"),
    [
        ("head -c 5M /dev/zero >/var/lib/dhcpd/fill || true", "rm /var/lib/dhcpd/fill"),
        (f"touch /var/lib/dhcpd/fill{{1..20}} || true; {KILL['dhcpd']}", "rm /var/lib/dhcpd/fill*"),
    ],
    ids=["no space", "no inodes"],
)
def test_a_disk_that_is_full(host: Host, tmp_path: Path, fill: str, room: str) -> None:
    assert host.present().status == 0
    host.sh(OWN_DISK)
    try:
        with load(host, tmp_path / "wire") as clients:
            clients.until(ACKS)
            since = host.sh("date +%s").strip()
            host.sh(fill, check=False)
            end = time.monotonic() + 60
            while "No space left on device" not in host.sh(f"journalctl --unit=dhcpd --since=@{since} --output=cat"):
                assert time.monotonic() < end, "dhcpd did not say why"
                time.sleep(0.3)
            time.sleep(3)  # time to promise what it can't keep
            clients.rest()
            host.sh(room)
            assert clients.lost() == []
            acks = len(clients.seen())
            clients.go_on()
            clients.until(acks + ACKS)
            clients.rest()
            assert clients.lost() == []
    finally:
        host.sh(DISK_BACK)
    host.whole(host.look()["current"])

"""What dhcpd has acknowledged is in the lease file, whatever becomes of dhcpd or of the disk.

A crowd asks as fast as it is answered, new clients and old, and each ACK is read off the wire. It rests after the
kill: what was promised until then must be in the file with which dhcpd serves again, where no later renewal hides a
loss. A kill loses nothing that was written, synced or not: what a power cut loses is make power-cut's to see.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import IMAGES, Host, leases, on_the_wire, records

DEATHS = int(os.environ.get("LAB_DEATHS", "16"))
ACKS = 1000  # at least, before each death
CROWD = 100
CONF = """authoritative;
ping-check false;
dhcp-cache-threshold 0;
default-lease-time 3600;
shared-network segment {
  subnet 198.51.100.0 netmask 255.255.255.0 { range 198.51.100.50 198.51.100.99; }
  subnet 198.18.0.0 netmask 255.255.192.0 { range 198.18.0.1 198.18.63.254; }
}
"""
# As the role has it; for all that wait, in pieces, because dhcpd reads the number with its octets swapped; for each.
SOME, ALL, EACH = "delayed-ack 2048;\nmax-ack-delay 1000;\n", "delayed-ack 28;\nmax-ack-delay 100000;\n", ""
# The distribution's dhcpd takes a record that was cut off for a lease: docs/images.md has it commit each.
PACKAGED = {"image": "localhost/dhcpd-packaged:4.4.3-P1-1", "archive": str(IMAGES / "dhcpd-packaged-4.4.3-P1-1.tar")}
KILL = {
    "dhcpd": "pkill -KILL -x dhcpd",
    "its container": "podman kill --signal KILL dhcpd >/dev/null",
    "conmon": "kill -KILL $(podman inspect --format '{{.State.ConmonPid}}' dhcpd)",
    "all of the service": "systemctl kill --signal=KILL dhcpd",
}
DEATH = """set -e
old=$(pgrep -x dhcpd)
{kill}
echo dead
for try in $(seq 600); do
  new=$(pgrep -x dhcpd) && [ "$new" != "$old" ] && exit
  sleep 0.1
done
exit 1
"""
# The very program, but for fflush(): what it writes stays in its own memory until there are 4 KB of it.
HASTY = r"""set -e
mkdir -p /run/hasty /etc/containers/systemd/dhcpd.container.d
python3 - /proc/$(pgrep -x dhcpd)/exe /run/hasty/dhcpd <<'PYTHON'
import sys
program = open(sys.argv[1], "rb").read()
assert program.count(b"\0fflush\0") == 1
open(sys.argv[2], "wb").write(program.replace(b"\0fflush\0", b"\0fileno\0"))
PYTHON
chmod 0755 /run/hasty/dhcpd
printf '[Container]\nVolume=/run/hasty/dhcpd:/usr/sbin/dhcpd:ro\n' >/etc/containers/systemd/dhcpd.container.d/hasty.conf
systemctl daemon-reload
systemctl restart dhcpd
"""
PATIENT = "rm -r /run/hasty /etc/containers/systemd/dhcpd.container.d; systemctl daemon-reload"
# A file system of its own for the leases.
OWN_DISK = """set -e
systemctl stop dhcpd
cp -a /var/lib/dhcpd /root/dhcpd
{mount} /var/lib/dhcpd
chown --reference=/root/dhcpd /var/lib/dhcpd
cp -a /root/dhcpd/. /var/lib/dhcpd
systemctl start dhcpd
"""
DISK_BACK = """set -e
systemctl stop dhcpd
cp -a /var/lib/dhcpd/dhcpd.leases /root/dhcpd
umount /var/lib/dhcpd
cp -a /root/dhcpd/. /var/lib/dhcpd
rm -rf /root/dhcpd /root/disk
systemctl start dhcpd
"""


class Load:
    """The crowd, and what was acknowledged to it."""

    def __init__(self, host: Host, wire: Path, crowd: subprocess.Popen[bytes]) -> None:
        self.host = host
        self.wire = wire
        self.crowd = crowd
        self.acks = 0
        self.last: dict[str, dict[str, Any]] = {}  # by address
        self._read = 0

    def seen(self) -> int:
        """How many ACKs there have been."""
        with self.wire.open("rb") as log:
            log.seek(self._read)
            whole = log.read().rpartition(b"\n")[0]
        self._read += len(whole) + bool(whole)
        for line in map(json.loads, whole.splitlines()):
            if "ip" in line:
                self.acks += 1
                self.last[line["ip"]] = line
        return self.acks

    def until(self, more: int) -> None:
        """Let them ask until there have been so many more ACKs."""
        wanted, end = self.seen() + more, time.monotonic() + 120
        while self.seen() < wanted:
            assert time.monotonic() < end, f"{self.seen()} ACKs of {wanted}"
            time.sleep(0.01)

    def rest(self) -> None:
        self.crowd.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.crowd.send_signal(signal.SIGCONT)

    def death(self, kill: str) -> None:
        """Let dhcpd die, and wait for the next one; the crowd rests once the kill is done."""
        command = ["podman", "exec", self.host.container, "bash", "-c", DEATH.format(kill=kill)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout and process.stdout.readline() == "dead\n"
            self.rest()
            assert process.wait() == 0, "dhcpd did not come back within a minute"

    def lost(self) -> list[dict[str, Any]]:
        """Wait for an answer to one more client; then what others were promised and the file doesn't have."""
        self.host.visit()
        self.seen()
        text = self.host.sh("cat /var/lib/dhcpd/dhcpd.leases")
        found, known = records(text), leases(text)
        return [
            {**line, "file": found.get(ip)} for ip, line in self.last.items()
            if ip not in found or not kept(line, found[ip], *known[ip])
        ]  # fmt: skip


def kept(promise: dict[str, Any], record: str, hardware: str, until: float) -> bool:
    """Whether a record of the lease file holds what was promised."""
    mac = promise["mac"]
    identified = mac.startswith("00:00:5e") or f'uid "\\000{mac.replace(":", "")}";' in record
    active = "\n  binding state active;\n" in record
    return bool(hardware == mac and identified and active and until >= promise["until"] - 2)


@contextlib.contextmanager
def load(host: Host, log: Path) -> Iterator[Load]:
    """The crowd in place of the host's other clients, whose leases are afterwards what they were."""
    with host.clients_at_rest(), on_the_wire(host, log):
        crowd = host.beside("crowd.py", "br0", str(CROWD), stdout=subprocess.DEVNULL)
        try:
            yield Load(host, log, crowd)
        finally:
            crowd.kill()
            crowd.wait()


@pytest.mark.parametrize(
    ("commit", "pin"),
    [(SOME, {}), (ALL, {}), (EACH, {}), (EACH, PACKAGED)],
    ids=["a commit for some", "for all that wait", "for each", "for each, as packaged"],
)
def test_acks_survive_kills(host: Host, tmp_path: Path, commit: str, pin: dict[str, str]) -> None:
    assert SOME in host.conf
    assert host.present(conf=f"{commit}{CONF}# {tmp_path}\n", **pin).status == 0
    with load(host, tmp_path / "wire") as clients:
        for number in range(DEATHS // 4):
            clients.until(ACKS)
            clients.death(list(KILL.values())[number % len(KILL)])
            assert clients.lost() == []
            clients.go_on()
    host.whole(host.look()["current"])
    print(f"\n{DEATHS // 4} kills of {', '.join(KILL)} in turn, {clients.acks} ACKs, none lost")


def test_an_ack_before_its_lease_is_written_is_seen(host: Host, tmp_path: Path) -> None:
    assert host.present(conf=f"{CONF}# {tmp_path}\n").status == 0
    with load(host, tmp_path / "wire") as clients:
        host.sh(HASTY)
        try:
            clients.until(ACKS)
            clients.death(KILL["dhcpd"])
            assert clients.lost()
        finally:
            host.sh(PATIENT)
    host.whole(host.look()["current"])


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


TMPFS = "mount -t tmpfs -o size=32m,nr_inodes=16,mode=0755 leases"
MOUNTED_ANEW = """systemctl stop dhcpd
umount /var/lib/dhcpd
mount -o loop /root/disk /var/lib/dhcpd
systemctl start dhcpd
"""
EXT4 = "mount -o loop,errors=remount-ro /root/disk"


@pytest.mark.parametrize(
    ("disk", "fault", "says", "mend"),
    [
        (TMPFS, "head -c 40M /dev/zero >/var/lib/dhcpd/fill", "No space left on device", "rm /var/lib/dhcpd/fill"),
        (
            TMPFS,
            f"touch /var/lib/dhcpd/fill{{1..20}}; {KILL['dhcpd']}",
            "No space left on device",
            "rm /var/lib/dhcpd/fill*",
        ),
        (
            EXT4,
            "mount -o remount,abort /var/lib/dhcpd",
            "unable to commit",
            MOUNTED_ANEW,
        ),
    ],
    ids=["no space", "no inodes", "read-only after a fault of the disk"],
)
def test_a_disk_that_takes_nothing(host: Host, tmp_path: Path, disk: str, fault: str, says: str, mend: str) -> None:
    assert host.present(conf=f"{SOME}{CONF}# {tmp_path}\n").status == 0
    if disk == EXT4:
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-m", "0", tmp_path / "disk", "32M"], check=True)
        subprocess.run(["podman", "cp", tmp_path / "disk", f"{host.container}:/root/disk"], check=True)
    host.sh(OWN_DISK.format(mount=disk))
    try:
        with load(host, tmp_path / "wire") as clients:
            clients.until(ACKS)
            since = host.sh("date +%s").strip()
            host.sh(fault, check=False)
            end = time.monotonic() + 60
            while says not in host.sh(f"journalctl --unit=dhcpd --since=@{since} --output=cat"):
                assert time.monotonic() < end, "dhcpd did not say why"
                time.sleep(0.3)
            time.sleep(3)  # time to promise what it can't keep
            clients.rest()
            host.sh(mend)
            assert clients.lost() == []
            clients.go_on()
            clients.until(ACKS)
            clients.rest()
            assert clients.lost() == []
    finally:
        host.sh(DISK_BACK)
    host.whole(host.look()["current"])

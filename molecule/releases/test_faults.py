"""A fault at each step of a switch: the old release serves, no lease is lost, there is one clear error."""

from __future__ import annotations

import contextlib
import re
import subprocess
from typing import Any, NamedTuple

import pytest
from conftest import IMAGE, Host

NONE = "0" * 64


class Fault(NamedTuple):
    """What is broken (options of the module, or a command in the host at a step), and what the error must say.

    *wrong* in the unit's text is (what, by what). *untouched*: nothing may have been stopped. *mend* is a command, too.
    """

    name: str
    says: str
    options: dict[str, Any] = {}
    wrong: tuple[str, str] | None = None
    conf: str = ""
    before: str = ""
    step: str = ""
    act: str = ""
    delay: float = 0.0
    mend: str = ""
    untouched: bool = False


# /etc/dhcp on a small file system of its own, to be filled; what is on it goes with it.
SMALL = """
set -e
mkdir -p /run/small && mount -t tmpfs -o size=400k,nr_inodes=200 small /run/small
cp -a /etc/dhcp/. /run/small && mount --move /run/small /etc/dhcp
"""
FULL = "cat /dev/zero >/etc/dhcp/fill 2>/dev/null || true"
NO_INODES = "for i in $(seq 300); do : >/etc/dhcp/fill.$i || break; done 2>/dev/null || true"
LARGE = "umount --lazy /etc/dhcp"
# What must hit a moment of the restart is under way before it, and says whether it did. The moment is made longer:
# between the old dhcpd and the new one, or also between the new one and its proof.
SLOWLY = ("[Service]\n", "[Service]\nExecStartPre=/usr/bin/sleep 2\n")
SLOWLY_PROVED = ("[Service]\n", f"{SLOWLY[1]}ExecStartPost=/usr/bin/sleep 1\n")
SOON = {"proof_timeout": 2}
THIEF = """python3 - <<'PYTHON'
import socket, time
thief = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + 10
while time.monotonic() < end:
    try:
        thief.bind(("", 67))
        break
    except OSError:
        time.sleep(0.001)
else:
    raise SystemExit("the port was never free")
time.sleep(5)
PYTHON"""
CANCEL = """
for i in $(seq 300); do
  job=$(systemctl list-jobs --plain --no-legend | awk '$2 == "dhcpd.service" {print $1}')
  [ -z "$job" ] || exec systemctl cancel "$job"
  sleep 0.01
done
exit 1
"""
STUN = """
old=$(pgrep -x dhcpd)
while new=$(pgrep -x dhcpd); [ -z "$new" ] || [ "$new" = "$old" ]; do :; done
kill -STOP $new
"""
# As soon as it has answered what its proof asks.
KILL_THE_PROVED = """
new=$(podman inspect --format '{{.Id}}' dhcpd)
for try in $(seq 300); do
  if journalctl CONTAINER_ID_FULL=$new --output=cat | grep -q "^DHCPACK to 198.51.100.1 "; then
    exec pkill -KILL -x dhcpd
  fi
  sleep 0.01
done
exit 1
"""
UP = "ip link set seg0 up; networkctl reload; ip address replace 198.51.100.1/24 dev seg0"
JOURNALD = "systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service"
EXEC = "Exec=-4 -f -d --no-pid"

FAULTS = [
    # --- before anything is tried: the service is not touched
    Fault(
        "image missing",
        "could not pull localhost/none:1",
        {"image": "localhost/none:1", "archive": None},
        untouched=True,
    ),
    Fault("wrong digest", "could not pull", {"digest": f"sha256:{NONE}", "archive": None}, untouched=True),
    Fault("wrong id", "image_id", {"image_id": NONE, "archive": None}, untouched=True),
    Fault(
        "tag of another archive",
        "but the image asked for is localhost/dhcpd:9.9.9-1",
        {"image": "localhost/dhcpd:9.9.9-1"},
        untouched=True,
    ),
    Fault(
        "wrong label",
        "says of itself that it is 4.4.3-P1-1",
        {"image": "localhost/dhcpd:9.9.9-1", "archive": None},
        before=f"podman tag {IMAGE} localhost/dhcpd:9.9.9-1",
        mend="podman untag localhost/dhcpd:9.9.9-1 localhost/dhcpd:9.9.9-1",
        untouched=True,
    ),
    Fault("configuration refused", "no-such-statement", conf="no-such-statement 42;", untouched=True),
    Fault("unknown quadlet key", "NoSuchKey", wrong=("Pull=never", "Pull=never\nNoSuchKey=1"), untouched=True),
    Fault("no space at staging", "No space left on device", before=SMALL + FULL, mend=LARGE, untouched=True),
    Fault("no inodes at staging", "No space left on device", before=SMALL + NO_INODES, mend=LARGE, untouched=True),
    Fault(
        "/etc read-only",
        "Read-only file system",
        before="mount --rbind /etc /etc && mount -o remount,ro,bind /etc",
        mend="umount --recursive /etc",
        untouched=True,
    ),
    Fault(
        "no space for the switch's own notes",
        "No space left on device",
        before="mkdir -p /run/dhcpd_release && mount -t tmpfs -o size=40k tiny /run/dhcpd_release",
        mend="umount /run/dhcpd_release",
    ),
    # --- tried, and left
    Fault("exits at once", "did not stay up.*No subnet declaration for lo", wrong=(" seg0\n", " lo\n")),
    Fault("starts and never answers", "answered no DHCPINFORM within 2 s on seg0", SOON, (EXEC, f"{EXEC} -p 6767")),
    Fault(
        "starts and never runs dhcpd",
        "restart dhcpd.service.*podman said.*/nothing",
        wrong=("--entrypoint=/usr/sbin/dhcpd", "--entrypoint=/nothing"),
    ),
    Fault("answers and dies after 2 s", "did not stay up", wrong=("[Service]\n", "[Service]\nRuntimeMaxSec=2\n")),
    Fault("killed while it settles", "did not stay up", step="restarted", act=KILL_THE_PROVED),
    Fault("stops answering while it is tried", "answered no DHCPINFORM", SOON, SLOWLY_PROVED, step="tried", act=STUN),
    Fault(
        "no space at the commit, but inodes",
        "No space left on device",
        before=SMALL,
        step="restarted",
        act=FULL,
        mend=LARGE,
    ),
    Fault(
        "no space at the commit",
        "No space left on device",
        before=SMALL,
        step="restarted",
        act=f"{FULL}; {NO_INODES}",
        mend=LARGE,
    ),
    Fault(
        "/etc read-only at the commit",
        "Read-only file system",
        step="restarted",
        act="mount --rbind /etc /etc && mount -o remount,ro,bind /etc",
        mend="umount --recursive --lazy /etc",
    ),
    Fault("systemd's job cancelled", "cancel", wrong=SLOWLY, step="tried", act=CANCEL),
    Fault("port taken in between", "Address already in use", wrong=SLOWLY, step="tried", act=THIEF),
    Fault(
        "interface gone",
        "seg0",
        wrong=SLOWLY,
        step="reloaded",
        act="ip link set seg0 down; ip link set seg0 name gone0",
        mend=f"ip link set gone0 name seg0; {UP}",
    ),
    Fault("interface down", "seg0", wrong=SLOWLY, step="reloaded", act="ip link set seg0 down", mend=UP),
    Fault(
        "journald stopped",
        "answered no DHCPINFORM|did not stay up",
        SOON,
        wrong=(EXEC, f"{EXEC} -p 6767"),
        before=f"systemctl stop {JOURNALD}",
        mend=f"systemctl start {JOURNALD}",
    ),
    Fault(
        "the switch stopped by hand",
        "ended in the middle",
        step="restarted",
        act="systemctl stop dhcpd-release.service",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault(host: Host, fault: Fault) -> None:
    changes: dict[str, Any] = {"conf": host.new() + fault.conf, **fault.options}
    if fault.wrong:
        assert fault.wrong[0] in host.unit
        changes["unit"] = host.unit.replace(*fault.wrong)
    with host.unharmed(untouched=fault.untouched) as before:
        try:
            host.sh(fault.before)
            with host.at_step(fault.step, fault.act, fault.delay) if fault.step else contextlib.nullcontext():
                result = host.present(**changes)
        finally:
            host.sh(fault.mend)
        print(f"\n{fault.name} ({result.seconds:.1f} s): {result.values.get('msg', result.said)}")
        assert re.search(fault.says, result.error, re.DOTALL), result.error
    if not fault.untouched:
        assert host.look()["history"][: len(before["history"])] == before["history"]


def carrier(host: Host, state: str) -> None:
    subprocess.run(["ip", "-n", host.container, "link", "set", "port0", state], check=True)


def test_carrier_lost_in_between(host: Host) -> None:
    with host.unharmed():
        try:
            with host.at_step("tried", outside=lambda: carrier(host, "down")):
                result = host.present(unit=host.unit.replace(*SLOWLY), **SOON)
        finally:
            carrier(host, "up")
        print(f"\n{result.error}")
        assert "answered no DHCPINFORM" in result.error


def test_no_carrier_from_the_start(host: Host) -> None:
    # Nobody can be asked, and the old release could not be either: not proved, a warning, and it runs.
    try:
        carrier(host, "down")
        result = host.present()
    finally:
        carrier(host, "up")
    assert result.status == 0 and result.values["proved_on"] == [], result.said
    assert "seg0: not proved, since it has no carrier" in result.said
    host.whole(result.values["release"])


DAMAGE = {
    "cut off": "truncate -s -30 $f",
    "a brace gone": "sed -i '0,/^}/{/^}/d}' $f",
    "NULs": "dd if=/dev/zero of=$f bs=1 seek=700 count=64 conv=notrunc status=none",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_lease_file(host: Host, damage: str) -> None:
    with host.clients_at_rest():
        before = host.look()
        host.sh(f"f=/var/lib/dhcpd/dhcpd.leases; {DAMAGE[damage]}")
        try:
            result = host.present()
            assert "lease" in result.error
            assert host.look()["container"] == before["container"]
        finally:
            if host.look()["current"] != before["current"]:
                assert host.release({"state": "rolled_back"}).status == 0
    host.whole(before["current"])

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts: a host in a virtual machine of its own loses its power in the middle of a switch, and boots again.

    CUTS=30 python tests/power_cut/power_cut.py        (make power-cut)

QEMU is killed with SIGKILL. What the guest had not written to its disk is gone; what it had written is there, as with
a disk without a volatile cache of its own. Emulation is slow, and a switch that takes a real host five seconds would be
on disk by the mere passing of time: in the guest ext4 and the kernel write back by themselves after ten minutes, in
place of 5 and 30 s, so that nothing is on disk but what somebody asked to have there. After each cut the same disk
boots again, which replays the journal of ext4 and nothing else, and must serve as the old or the new release, whole:
see `harm`. The switch is module_utils' deploy(), which the module dhcpd_release calls with its options.

The guest's clock counts instructions, so however busy the machine is, what may take a minute takes less in the guest.

One arm is the product. The other is the product with its fsyncs taken out, and must come to harm, or the test could
not have seen any. Emulation alone: no KVM, no network, one guest at a time.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import json
import os
import queue
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
WORK = HERE.parents[1] / ".cache/power-cut"
CUTS = int(os.environ.get("CUTS", "30"))
PATIENCE = 3600  # s; for whatever the guest is asked: a busy machine emulates slowly
SERVES_AFTER = 120  # s of the guest's own; from when it can be asked, until it must serve
STEPS = ("tried", "linked", "reloaded", "restarted", "proved", "committed", "finished", "leaving", "left")
SAID = re.compile(rf"python3\[\d+\]: ({'|'.join(STEPS)})\s*$")


class GuestError(Exception):
    """The guest did not do what it was asked."""


class Guest:
    """The host, from power on to power off."""

    def __init__(self, disk: Path, log: Path) -> None:
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [
                "nice", "-n", "4", "qemu-system-x86_64", "-machine", "pc,accel=tcg", "-cpu", "max", "-smp", "1",
                "-icount", "shift=1", "-m", "1024", "-nodefaults", "-display", "none", "-nic", "none", "-no-reboot",
                "-kernel", WORK / "vmlinuz", "-initrd", WORK / "initrd",
                "-append", "root=/dev/vda ro console=ttyS0 quiet systemd.show_status=0 systemd.log_level=notice",
                "-drive", f"file={disk},format=raw,if=virtio,cache=writeback",
                "-serial", "stdio", "-chardev", f"socket,id=agent,fd={theirs.fileno()}", "-serial", "chardev:agent",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[theirs.fileno()],
        )  # fmt: skip
        atexit.register(self.process.kill)
        theirs.close()
        self.port = ours
        self.lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self.readers = [
            threading.Thread(target=self._console, args=(log,), daemon=True),
            threading.Thread(target=self._answers, daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _console(self, log: Path) -> None:
        assert self.process.stdout
        with log.open("ab") as kept:
            for line in self.process.stdout:
                kept.write(line)
                kept.flush()
                said = SAID.search(line.decode(errors="replace"))
                if said:
                    self.lines.put({"step": said[1]})

    def _answers(self) -> None:
        with contextlib.suppress(ConnectionResetError):  # a question was on its way when the power went
            for line in self.port.makefile("r", errors="replace"):
                with contextlib.suppress(ValueError):  # cut in the middle
                    self.lines.put(json.loads(line))

    def ask(self, do: str, **more: Any) -> None:
        self.port.sendall(json.dumps({"do": do, **more}).encode() + b"\n")

    def wait(self, key: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next line with *key*; others are passed over."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise GuestError(f"the guest did not say {key!r} within {timeout} s") from None
            if key in line:
                return line

    def cut(self) -> list[dict[str, Any]]:
        """The power goes; what the guest had said until then and nobody has read."""
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        self.port.close()
        rest = []
        while not self.lines.empty():
            rest.append(self.lines.get())
        return rest


class Moment(NamedTuple):
    """When to cut: so many seconds after a step, or after the so-manieth word of a switch."""

    after: str | int
    delay: float

    def has_come(self, words: list[str]) -> bool:
        return bool(words) and (self.after in (words[-1], len(words)) or words[-1] in ("ended", "failed"))

    def __str__(self) -> str:
        return f"{self.delay:.2f} s after {self.after}"


class Switch(NamedTuple):
    """What the guest had said of a switch when its power went, and what its clients had been promised."""

    said: list[str]
    error: str | None
    promised: list[dict[str, Any]]
    times: list[float]  # s; of what was said


def word_of(line: dict[str, Any]) -> str | None:
    if "ended" in line:
        return "ended" if line["ended"] else "failed"
    return "begins" if "begins" in line else line.get("step") or line.get("runs")


def switch(guest: Guest, number: int, retry: bool, moment: Moment | None = None, deaf: bool = False) -> Switch:
    """Let the guest switch, and cut its power at *moment*, or at none."""
    lines: list[dict[str, Any]] = []
    words: list[str] = []
    times: list[float] = []
    cut_at = None
    guest.ask("switch", number=number, retry=retry, deaf=deaf)
    end = time.monotonic() + PATIENCE
    while cut_at is None or time.monotonic() < cut_at:
        try:
            line = guest.lines.get(timeout=max(0.0, (cut_at or end) - time.monotonic()))
        except queue.Empty:
            if cut_at is None:
                raise GuestError(f"no end of the switch within {PATIENCE} s, after {lines[-3:]}") from None
            break
        lines.append(line)
        if word := word_of(line):
            words.append(word)
            times.append(time.monotonic())
        if cut_at is None and moment and moment.has_come(words):
            cut_at = time.monotonic() + moment.delay
        if not moment and word in ("ended", "failed"):
            break
    if moment:
        lines += guest.cut()
    said = [word for line in lines if (word := word_of(line))]
    error = next((line["error"] for line in lines if line.get("ended") is False), None)
    return Switch(said, error, [line for line in lines if "until" in line or "nak" in line], times)


def harm(old: str, number: int, done: Switch, found: dict[str, Any], promised: dict[str, Any]) -> list[str]:
    """What must not be after a power cut, and is."""
    wrong = list(found["torn"]) + ([f"the switch to {number} failed: {done.error}"] if done.error else [])
    current = found["current"]
    new = current != old
    if found["runs"] != [current] or not found["answers"]:
        wrong.append(f"current is {current}; runs: {found['runs']}, answers: {found['answers']}: {found['journal']}")
    if not new and {"committed", "finished", "ended"} & set(done.said):
        wrong.append(f"release {number} had been committed, and the old one is back")
    if new and "restarted" not in done.said:
        wrong.append(f"release {number} had not been proved, and is committed")
    if "tried" in done.said and ["proved", old] not in [event[:2] for event in found["history"]]:
        wrong.append(f"{old} was committed, and the history does not say that it was proved")
    for mac, line in promised.items():
        known, until = found["leases"].get(line["ip"], ("no lease", 0.0))
        if known != mac or until < line["until"] - 2:
            wrong.append(f"{mac} was promised {line['ip']} until {line['until']:.0f}, not {known} until {until:.0f}")
    # The first copy is of the file that the first release began with, and that is empty.
    wrong += [f"{path} is empty" for path in found["empty_copies"] if not path.endswith(".1")]
    wrong += [f"{line['mac']} was refused {line['nak']}" for line in done.promised if "nak" in line]
    return wrong


class Arm:
    """One disk, and what happens to it."""

    def __init__(self, name: str, disk: Path) -> None:
        self.name = name
        self.disk = WORK / f"disk-{name}"
        self.log = WORK / f"console-{name}.log"
        self.log.unlink(missing_ok=True)
        subprocess.run(["cp", "--sparse=always", disk, self.disk], check=True)
        self.current = ""
        self.number = 0
        self.again = False
        self.promised: dict[str, Any] = {}
        self.harms: list[str] = []
        self.notes: collections.Counter[str] = collections.Counter()
        self.hits: collections.Counter[tuple[str, str]] = collections.Counter()
        self.guest = Guest(self.disk, self.log)
        self.guest.wait("up")

    def look(self) -> dict[str, Any]:
        self.guest.ask("look", patience=SERVES_AFTER)
        return self.guest.wait("looked")

    def off(self) -> None:
        if self.guest.process.poll() is None:
            self.guest.cut()

    def whole_switch(self) -> Switch:
        """A switch with no cut: it must work."""
        self.number += not self.again
        done = switch(self.guest, self.number, self.again)
        if done.error:
            raise GuestError(f"the switch to {self.number} failed: {done.error}")
        self.again = False
        self.keep(done)
        self.current = self.look()["current"]
        return done

    def keep(self, done: Switch) -> None:
        self.promised.update({line["mac"]: line for line in done.promised if "ip" in line})

    def cut(self, moment: Moment) -> None:
        """Cut the power at *moment* of the next switch, boot, and look."""
        # A release whose trial the cut ended is tried again, as a person would: until it is committed.
        self.number += not self.again
        began = time.monotonic()
        line = self.guest.wait("until")
        self.promised[line["mac"]] = line
        done = switch(self.guest, self.number, self.again, moment)
        self.keep(done)
        old = self.current
        self.guest = Guest(self.disk, self.log)
        self.guest.wait("up")
        found = self.look()
        wrong = harm(old, self.number, done, found, self.promised)
        self.harms += wrong
        self.current = found["current"]
        self.again = self.current == old
        hit = (done.said or ["before"])[-1]
        self.hits[(hit, "old" if self.again else "new")] += 1
        self.notes["leftovers"] = max(self.notes["leftovers"], len(found["leftovers"]))
        if not self.again and found["history"][-1][:2] != ["proved", self.current]:
            self.notes["committed, but the history does not say proved"] += 1
        print(
            f"{self.name} {sum(self.hits.values()):2}: cut {moment}, after {hit!r}: release {self.number},"
            f" {'old' if self.again else 'new'}{', HARM' if wrong else ''} ({time.monotonic() - began:.0f} s)",
            *wrong, sep="\n    ", flush=True,
        )  # fmt: skip
        if found["answers"]:
            self.guest.ask("clients")

    def report(self) -> None:
        print(f"\n{self.name}: {sum(self.hits.values())} cuts; {len(self.harms)} harms; {dict(self.notes)}")
        print(*[f"  harm: {harm}" for harm in self.harms], sep="\n")
        for (hit, end), count in sorted(self.hits.items(), key=lambda item: -item[1]):
            print(f"  {count:3} after {hit:32} ended {end}")


def moments(count: int, times: list[float]) -> list[Moment]:
    """Anywhere in a switch that takes *times*, and in turn with that at or shortly after a step around the commit.

    Each of the second kind is also a whole switch that worked after the cut before.
    """
    choice = random.Random(count)
    around = ["proved", "committed", "finished", "ended"]
    found = []
    for number in range(count):
        if number == 0:
            found.append(Moment("podman tag", 0.0))  # podman says that it has the image, and nobody has synced it yet
        elif number % 2:
            at_once = number // 2 % 8 < 4
            found.append(Moment(around[number // 2 % len(around)], 0.0 if at_once else choice.uniform(0, 0.5)))
        else:
            at = choice.uniform(times[0], times[-1])
            said = sum(each <= at for each in times)
            found.append(Moment(said, at - times[said - 1]))
    return found


def begin() -> tuple[Arm, list[float]]:
    """A host with two releases, and the times of what it said of the switch to the second: where both arms start."""
    arm = Arm("base", WORK / "disk")
    arm.whole_switch()
    arm.guest.ask("clients")
    done = arm.whole_switch()
    arm.guest.wait("until")
    arm.off()
    return arm, done.times


def cut(name: str, base: Arm, planned: list[Moment], until_harm: bool) -> bool:
    """Cut the power at each of the *planned* moments; whether the arm ended as it should."""
    arm = Arm(name, base.disk)
    arm.number = base.number
    try:
        if until_harm:
            arm.guest.ask("without_fsync")
            changed = arm.guest.wait("taken_out")["taken_out"]
            assert changed >= 3, f"fsync was taken out of {changed} files only"
        arm.current = arm.look()["current"]
        arm.guest.ask("clients")
        for moment in planned:
            arm.cut(moment)
            if until_harm and arm.harms:  # a torn disk is not cut again
                break
        else:
            arm.whole_switch()
    except GuestError as error:
        if until_harm:  # that is no harm of a cut
            raise
        arm.harms.append(str(error))
    finally:
        arm.off()
        arm.report()
    return bool(arm.harms) == until_harm


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))
    began = time.monotonic()
    base, times = begin()
    print(f"a switch says {len(times)} words in {times[-1] - times[0]:.0f} s", flush=True)
    planned = moments(CUTS, times)
    right = {
        "without fsync, to come to harm": cut("no-fsync", base, planned, until_harm=True),
        "the product, to come to none": cut("product", base, planned, until_harm=False),
    }
    for arm, held in right.items():
        print(f"{arm}: {'as expected' if held else 'NOT SO'}")
    print(f"{CUTS} cuts, {(time.monotonic() - began) / 60:.0f} minutes")
    if all(right.values()):
        for disk in WORK.glob("disk-*"):
            disk.unlink()
    return 0 if all(right.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of a host is set back by an hour in the middle of a switch, which only a kernel of its own allows.

    python tests/power_cut/clock.py        (make power-cut, after the cuts)

At each of a switch's steps in turn, to a release that answers and to one that doesn't: the first is committed, the
second is left as soon as without it, and the clients' leases are there.
"""

from __future__ import annotations

import signal
import sys

from power_cut import WORK, Arm, GuestError, harm, switch


def set_back(arm: Arm, after: str, deaf: bool) -> list[str]:
    """Switch, with the clock set back once the switch has said *after*; what must not be and is."""
    arm.number += 1
    old, before = arm.current, arm.look()["clock"]
    arm.guest.ask("set_back", after=after)
    done = switch(arm.guest, arm.number, retry=False, deaf=deaf)
    arm.keep(done)
    found = arm.look()
    arm.current = found["current"]
    # A renewal after the hour ends before the one before it: whose an address is counts here, not until when.
    promised = {mac: {**line, "until": 0.0} for mac, line in arm.promised.items()}
    wrong = harm(old, arm.number, done if not deaf else done._replace(error=None), found, promised)
    if found["clock"] > before:
        wrong.append("the clock was not set back: the test showed nothing")
    if (arm.current == old) != deaf:
        wrong.append(f"{'a deaf' if deaf else 'a good'} release {arm.number}, and {arm.current} serves")
    if deaf and "no DHCPINFORM" not in str(done.error):
        wrong.append(f"the error does not say that nobody answered: {done.error}")
    took = done.times[-1] - done.times[0]
    print(f"back after {after!r}, {'deaf' if deaf else 'good'}: {took:.0f} s{', HARM' if wrong else ''}",
          *wrong, sep="\n    ", flush=True)  # fmt: skip
    return wrong


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))
    arm = Arm("clock", WORK / "disk")
    wrong = []
    try:
        arm.whole_switch()
        arm.guest.ask("clients")
        for after in ("tried", "restarted", "proved", "committed"):
            wrong += set_back(arm, after, deaf=False)
        for after in ("tried", "restarted", "leaving"):
            wrong += set_back(arm, after, deaf=True)
        arm.whole_switch()
    except GuestError as error:
        wrong.append(str(error))
        print(error)
    finally:
        arm.off()
    print(f"the clock set back seven times by an hour: {len(wrong)} harms")
    if not wrong:
        arm.disk.unlink()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever comes, dhcpd stays up, and serves the next good client. ACCEPTANCE_PACKETS and ACCEPTANCE_SEED for more."""

import os
from itertools import islice

from malformed import Maker

PACKETS = int(os.environ.get("ACCEPTANCE_PACKETS", 3000))
SEED = int(os.environ.get("ACCEPTANCE_SEED", 2131))
AT_ONCE = 17  # one of each kind of damage


def test_dhcpd_survives(printer, server, segment):
    """After each handful of damaged packets a sound client gets its lease, and in the end it is the same process."""
    before = server.process()
    frames = Maker(SEED).frames(PACKETS)
    sent = 0
    while batch := list(islice(frames, AT_ONCE)):
        for _damage, octets in batch:
            segment.send(octets)
        sent += len(batch)
        segment.heard.clear()
        try:
            assert printer.bind().yiaddr == "198.51.100.10"
        except AssertionError as error:
            said = "\n".join(f"{damage} {octets.hex()}" for damage, octets in batch)
            raise AssertionError(f"no lease after {sent} packets; seed {SEED}, the last of them:\n{said}") from error
    assert sent == PACKETS
    assert server.process() == before

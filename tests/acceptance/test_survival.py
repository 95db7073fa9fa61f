# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever comes, dhcpd stays up, and serves the next good client. ACCEPTANCE_PACKETS and ACCEPTANCE_SEED for more."""

import os
from itertools import islice

from malformed import Maker
from malformed6 import Maker6

PACKETS = int(os.environ.get("ACCEPTANCE_PACKETS", 3000))
PACKETS6 = PACKETS // 5  # dhcpd has more to do with one of them, which may hold hundreds of wishes
SEED = int(os.environ.get("ACCEPTANCE_SEED", 2131))


def survives(segment, server, packets, count, at_once, is_served):
    """After each handful of damaged packets a sound client gets its lease; in the end the processes are the same."""
    before = server.process()
    sent = 0
    while batch := list(islice(packets, at_once)):
        for _damage, frames in batch:
            for octets in frames:
                segment.send(octets)
        sent += len(batch)
        segment.heard.clear()
        try:
            is_served()
        except AssertionError as error:
            said = "\n".join(" ".join([damage, *(octets.hex() for octets in frames)]) for damage, frames in batch)
            raise AssertionError(f"no lease after {sent} packets; seed {SEED}, the last of them:\n{said}") from error
    assert sent == count
    assert server.process() == before


def test_dhcpd_survives(printer, server, segment):
    """DHCPv4: a handful is one of each kind of damage."""
    maker = Maker(SEED)

    def is_served():
        assert printer.bind().yiaddr == "198.51.100.10"

    packets = ((damage, [octets]) for damage, octets in maker.frames(PACKETS))
    survives(segment, server, packets, PACKETS, len(maker.damages), is_served)


def test_dhcpd_survives_on_ipv6(printer6, server, segment):
    """DHCPv6: the same."""
    maker = Maker6(SEED, server.duid(printer6))

    def is_served():
        assert printer6.bind().ia().lease == "2001:db8:0:1::10"

    survives(segment, server, maker.frames(PACKETS6), PACKETS6, len(maker.damages), is_served)

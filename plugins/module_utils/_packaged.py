# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A distribution's own dhcpd as the "old release": its unit, its leases, and the ways over and back."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterable

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import PACKAGED, replace
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Account, Layout, ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service

# Which of the two a boot starts is decided by the one rename(2) that commits a release, and by nothing after it.
YIELDS = f"""\
# Made by quadlet.dhcpd while it takes over, or hands back: a committed release goes before this unit.
[Unit]
ConditionPathExists=!{Layout().current}
"""


class Packaged:
    """The packaged dhcpd whose systemd unit is *unit*, such as isc-dhcp-server.service."""

    def __init__(self, unit: str, service: Service, root: Path = Path("/")) -> None:
        self.unit = unit
        self._service = service
        self._root = root
        self.yields = root / "etc/systemd/system" / f"{unit}.d" / "50-quadlet-dhcpd.conf"

    def runs(self) -> bool:
        """Whether the unit is active."""
        return self._service.is_active(self.unit)

    def leases(self) -> dict[Family, Path]:
        """Where it keeps its leases: the first of the packages' places that exists, of each family that it served.

        Debian's unit serves both families. Raises ReleaseError where there are no leases at all.
        """
        found = {}
        for family in FAMILIES:
            places = [self._root / path.lstrip("/") for path in PACKAGED[family]]
            there = [place for place in places if place.name == family.leases and place.exists()]
            found.update({family: there[0]} if there else {})
        if not found:
            raise ReleaseError(f"{self.unit}: no lease file in any of {', '.join(sum(PACKAGED.values(), ()))}")
        return found

    def hand_leases_to(self, directory: Path, families: Iterable[Family], account: Account) -> None:
        """Stop the unit, and let the containers start from its last leases; a family that had none, afresh."""
        there = self.leases()
        self.stop()
        _files.make_directory(directory, 0o750, account.uid, account.gid)
        for family in families:
            ours = directory / family.leases
            if family in there or not ours.exists():
                replace(ours, there.get(family), account.uid, account.gid)

    def make_way(self, directory: Path) -> None:
        """Before a take over: leases of another time go aside, so that what is taken back was taken over.

        Raises ReleaseError where the package has no leases to take over.
        """
        self.leases()
        for family in FAMILIES:
            ours = directory / family.leases
            if ours.exists():
                ours.rename(_files.unused(directory / f"{family.leases}.before-take-over"))

    def take_leases_back(self, directory: Path) -> None:
        """Take back the leases, and set the container's file aside."""
        self.give_leases_back(directory)
        self.set_leases_aside(directory)

    def give_leases_back(self, directory: Path) -> None:
        """Take back the leases, with those that the container added: its file was made from the package's."""
        for family, place in self.leases().items():
            ours = directory / family.leases
            if ours.exists():
                there = place.stat()
                replace(place, ours, there.st_uid, there.st_gid)

    def set_leases_aside(self, directory: Path) -> None:
        """The containers' files go, so that no later release starts from leases that have aged meanwhile."""
        for family in FAMILIES:
            ours = directory / family.leases
            if ours.exists():
                ours.rename(directory / f"{family.leases}.handed-back")

    def stop(self) -> None:
        """Stop the unit."""
        self._service.systemctl("stop", self.unit)

    def start(self) -> None:
        """Start the unit."""
        self._service.systemctl("start", self.unit)

    def yield_at_boot(self) -> None:
        """Let the unit start at a boot only where no release is committed."""
        _files.make_directory(self.yields.parent, 0o755)
        _files.write(self.yields, YIELDS, 0o644)

    def yield_no_more(self) -> None:
        """Let the unit start as its package and its administrator say; systemd reads that at the next daemon-reload."""
        if self.yields.exists():
            self.yields.unlink()
            with contextlib.suppress(OSError):  # somebody else's drop-ins
                self.yields.parent.rmdir()

    def disable(self) -> None:
        """Keep the unit from coming back at a boot, beside the container."""
        self._service.systemctl("disable", self.unit)
        self.yield_no_more()

    def enable(self) -> None:
        """Let the unit come back at a boot."""
        self._service.systemctl("enable", self.unit)

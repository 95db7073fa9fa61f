# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inventory asks of a host, and what is wrong with that by itself."""

from __future__ import annotations

import re
from typing import NamedTuple, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._compose import path_problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, IPV4, IPV6, Family, files_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._signature import key_problems


class Wanted(NamedTuple):
    """What the inventory asks for: the options of the module dhcpd_release, files as path -> text."""

    image: str
    digest: str | None
    archive: str | None
    image_id: str | None
    allow_latest: bool
    unit: str | None
    files: dict[str, str]
    interfaces: list[str]
    user: str
    initial_leases: str | None
    proof_timeout: int
    unit6: str | None = None
    interfaces6: Sequence[str] = ()
    initial_leases6: str | None = None
    take_over: str | None = None
    retry: bool = False
    keep: int = 5
    stage_only: bool = False
    switch_at: str | None = None
    image_keys: Sequence[str] = ()
    signature: str | None = None

    @property
    def units(self) -> dict[Family, str]:
        """The units by family."""
        return {family: unit for family, unit in ((IPV4, self.unit), (IPV6, self.unit6)) if unit}

    @property
    def serving(self) -> dict[Family, Sequence[str]]:
        """The interfaces by family."""
        return {IPV4: self.interfaces, IPV6: self.interfaces6}

    def problems(self) -> list[str]:
        """Everything that is wrong with the request itself."""
        found = path_problems(self.files, list(self.units)) + key_problems("image_keys", self.image_keys)
        if not self.units:
            found.append("unit, unit6: there is nothing to serve; give one of them, or both")
        if self.image_keys and not self.image_id:
            found.append(
                "image_keys: they are for an archive; what a registry must show is in podman's own policy.json,"
                " see containers-policy.json(5)"
            )
        if not re.fullmatch(r"[a-z0-9][\w.:/-]*:[\w][\w.-]{0,127}", self.image, re.ASCII):
            found.append(f"image: {self.image!r} is not allowed; give a name and a tag, NAME:TAG")
        if self.image.endswith(":latest") and not self.allow_latest:
            found.append(f"image: {self.image} names nothing that one could go back to; give a tag such as 4.4.3-P1-1")
        if self.digest and not re.fullmatch(r"sha256:[0-9a-f]{64}", self.digest):
            found.append(f"digest: {self.digest!r} is not allowed; give sha256: and 64 hex digits")
        if self.take_over in [family.service for family in FAMILIES]:
            found.append(
                f"take_over: {self.take_over} is this service's own name, as it is of EL's package, which can't be"
                " taken over: stop and disable that, and set dhcpd_container_initial_leases"
            )
        for family, interfaces in self.serving.items():
            if family in self.units and not interfaces and directory_of(files_of(self.files, family).values()):
                found.append(
                    f"interfaces{family.suffix}: the subnets are in LDAP; name those to serve, on each of which dhcpd"
                    " must answer"
                )
        if self.switch_at and not self.stage_only:
            found.append(f"switch_at: {self.switch_at!r} goes with state=staged alone: state=present switches at once")
        if self.keep < 2:
            found.append(f"keep: {self.keep} is not allowed; give 2 or more, or there is nothing to go back to")
        return found

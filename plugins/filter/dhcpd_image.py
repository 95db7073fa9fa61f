# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter of the role dhcpd_image; documented in the YAML file of its name."""

from __future__ import annotations

import json
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._spdx import document, entries


def dhcpd_image_sbom(
    image: Mapping[str, str],
    pins: Mapping[str, Any],
    installed: Sequence[str],
    contents: Sequence[str],
    from_source: bool,
) -> str:
    """Return the image's SPDX 2.3 document as JSON; see images/contents for the lines of *contents*."""
    files = entries(contents)
    versions = dict(line.split(" ", 1) for line in installed)
    strays = {str(entry.package) for entry in files if entry.package} - set(versions)
    if strays:
        raise ValueError(f"{', '.join(sorted(strays))}: the image holds files of it, and it was not installed")
    held = {entry.package for entry in files} if files else set(versions)
    used = {name: version for name, version in versions.items() if name in held}
    return json.dumps(document(image, pins, used, files, from_source), indent=2) + "\n"


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"dhcpd_image_sbom": dhcpd_image_sbom}

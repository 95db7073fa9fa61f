# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release put together: its files, its name, which is a hash of them, and its release.json."""

from __future__ import annotations

import json
import re
from typing import Any, Mapping, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, IPV4, IPV6, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import (
    RECORD,
    Account,
    Image,
    Layout,
    Release,
    sha256,
)


def compose(
    image: Image,
    account: Account,
    units: Mapping[Family, str],
    files: Mapping[str, str],
    interfaces: Mapping[Family, Sequence[str]],
) -> Release:
    """Put a release together from what the inventory says and what this host is.

    *units* has the text of dhcpd.container, of dhcpd6.container, or of both, in which ``@IMAGE@``, ``@UID@``,
    ``@GID@`` and ``@RELEASE@`` (the release's directory) stand for what only the host knows. *files* holds dhcpd.conf
    and dhcpd6.conf with what they include, and *interfaces* are those on which it must answer.
    """
    known = {"@IMAGE@": image.id, "@UID@": str(account.uid), "@GID@": str(account.gid)}
    units = {family: _replaced(units[family], known) for family in FAMILIES if family in units}
    serving = {family: list(interfaces.get(family, ())) for family in units}
    # A release of IPv4 alone has the name that it had before there was anything else.
    content: list[Any] = [units.get(IPV4), sorted(files.items()), serving.get(IPV4, [])]
    content += [[units[IPV6], serving[IPV6]]] if IPV6 in units else []
    name = f"{image.tag}.{sha256(json.dumps(content, ensure_ascii=False))[:12]}"
    texts = {family.unit: text.replace("@RELEASE@", str(Layout().directory(name))) for family, text in units.items()}
    record: dict[str, Any] = {
        "release": name,
        "image": image.reference,
        "image_id": image.id,
        "uid": account.uid,
        "gid": account.gid,
    }
    for family in units:
        record[f"interfaces{family.suffix}"] = serving[family]
        record[f"unit{family.suffix}"] = sha256(texts[family.unit])
    record["files"] = {path: sha256(text) for path, text in sorted(files.items())}
    return Release(name, {**files, **texts, RECORD: json.dumps(record, indent=2) + "\n"})


def path_problems(files: Mapping[str, str], families: Sequence[Family]) -> list[str]:
    """What is wrong with the paths of a release's files: each stays inside the release, each family's is there."""
    problems = [
        f"files: there is no {family.config}; one of them must have that path"
        for family in families
        if family.config not in files
    ]
    problems += [
        f"files: {family.config} is there, but no unit runs it; give unit{family.suffix}, or leave the file out"
        for family in FAMILIES
        if family.config in files and family not in families
    ]
    own = [*(family.unit for family in FAMILIES), RECORD]
    for path in files:
        if path in own or not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", path) or ".." in path.split("/"):
            problems.append(
                f"files: path {path!r} is not allowed; give a relative path of letters, digits, '.', '_' and '-' that"
                f" stays inside the release and is none of {', '.join(own)}"
            )
    return problems


def _replaced(text: str, known: Mapping[str, str]) -> str:
    for placeholder, value in known.items():
        text = text.replace(placeholder, value)
    return text

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What netplan's and cloud-init's files would make of each interface at the next boot.

Managed hosts have no YAML library for certain, so the block style in which such files are written is read here,
and everything else is reported as not readable. Sources: netplan-yaml(5), netplan-generate(8), cloud-init's
documentation (network configuration sources and formats, disabling).
"""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any, Iterator, NamedTuple, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files, truth
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._networkd import AUTO, DHCP, STATIC, Claim

_NETPLAN = ("/run/netplan", "/etc/netplan", "/lib/netplan")
_KINDS = ("ethernets", "wifis", "bridges", "bonds", "vlans", "vrfs", "dummy-devices", "virtual-ethernets", "modems")
_KEY = re.compile(r"([\w./*-]+|\"[^\"\\]*\"|'[^']*')\s*:(?:\s+(.*))?$")
_DEEPEST = 32


class _Line(NamedTuple):
    indent: int
    text: str


def yaml(text: str) -> Any:
    """Read the block style of YAML, with scalars as text; raises ValueError on anything beyond it."""
    lines = []
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw) if "'" not in raw and '"' not in raw else raw
        if not line.strip() or line.strip() == "---" or line.lstrip().startswith("#"):
            continue
        body = line.lstrip(" ")
        if body.startswith("\t"):
            raise ValueError("a tab")
        lines.append(_Line(len(line) - len(body), body.rstrip()))
    if not lines:
        return None
    value, rest = _block(lines, lines[0].indent, 0)
    if rest:
        raise ValueError(f"{rest[0].text!r} stands at an indentation of its own")
    return value


def netplan(files: Files, links: Sequence[Link]) -> tuple[list[Claim], list[str]]:
    """The claims of netplan's own files, and the ones that could not be read that say DHCP somewhere.

    What netplan generated at the last boot is in networkd's and NetworkManager's files already: this is what it
    would generate at the next.
    """
    merged: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    odd = []
    for path in files.merged(_NETPLAN, ".yaml"):
        text = files.text(path)
        try:
            found = list(_devices(yaml(text)))
        except ValueError as error:
            if re.search(r"dhcp|accept-ra", text):
                odd.append(f"{path} ({error})")
            continue
        for name, definition in found:
            merged.setdefault(name, {}).update(definition)
            sources[name] = path
    claims = []
    for name, definition in merged.items():
        for link in links:
            if _is_device(name, definition, link):
                claims += _claims("netplan", link.name, definition, sources[name])
    return claims, odd


def cloud_init(files: Files, links: Sequence[Link]) -> list[Claim]:
    """What cloud-init would write for a new instance id, or each boot where it was told so; unsure for that."""
    if files.exists("/etc/cloud/cloud-init.disabled") or "cloud-init=disabled" in files.text("/proc/cmdline").split():
        return []
    snippets = ["/etc/cloud/cloud.cfg", *files.glob("/etc/cloud/cloud.cfg.d/*.cfg")]
    for path in snippets:
        if re.search(r"^network:\s*(\{\s*config:\s*disabled\s*\}|\n\s+config:\s*disabled)", files.text(path), re.M):
            return []
    sources = [
        *snippets,
        *files.glob("/var/lib/cloud/seed/*/network-config"),
        "/var/lib/cloud/instance/network-config.json",
        "/run/cloud-init/network-config.json",
    ]
    claims: list[Claim] = []
    for path in sources:
        text = files.text(path)
        if "dhcp" not in text:
            continue
        try:
            document = json.loads(text) if path.endswith(".json") else yaml(text)
        except (ValueError, RecursionError):
            # There is DHCP in it, for whichever interface.
            claims.append(Claim("cloud-init", None, 4, DHCP, path, False))
            continue
        for name, definition in _devices(document):
            for link in links:
                if _is_device(name, definition, link):
                    claims += [c._replace(sure=False) for c in _claims("cloud-init", link.name, definition, path)]
    return claims


def _devices(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The devices of a configuration in netplan's form, or in version 1 of cloud-init's."""
    network = document.get("network", document) if isinstance(document, dict) else None
    if not isinstance(network, dict):
        return
    for kind in _KINDS:
        group = network.get(kind)
        for name, definition in group.items() if isinstance(group, dict) else ():
            yield str(name), definition if isinstance(definition, dict) else {}
    config = network.get("config")
    for one in config if isinstance(config, list) else ():
        subnets = one.get("subnets") if isinstance(one, dict) else None
        types = [str(s.get("type")) for s in subnets if isinstance(s, dict)] if isinstance(subnets, list) else []
        if types:
            definition = {"dhcp4": str(bool({"dhcp", "dhcp4"} & set(types))), "dhcp6": str("dhcp6" in types)}
            match = {"match": {"macaddress": one["mac_address"]}} if one.get("mac_address") else {}
            yield str(one.get("name")), {**definition, **match}


def _is_device(name: str, definition: dict[str, Any], link: Link) -> bool:
    match = definition.get("match")
    if not isinstance(match, dict):
        return link.name == name
    conditions = []
    if "name" in match:
        conditions.append(fnmatch.fnmatchcase(link.name, str(match["name"])))
    if "macaddress" in match:
        conditions.append(str(match["macaddress"]).lower() in (link.mac, link.permanent_mac))
    if definition.get("set-name") == link.name or link.name == name:
        # A device is renamed at boot, so that its first name no longer matches; a driver can't be asked for here.
        return True
    return bool(conditions) and all(conditions)


def _claims(manager: str, interface: str, definition: dict[str, Any], source: str) -> list[Claim]:
    found = []
    for family, key in ((4, "dhcp4"), (6, "dhcp6")):
        if truth(str(definition.get(key, "no"))):
            found.append(Claim(manager, interface, family, DHCP, source))
    addresses = definition.get("addresses")
    # An address with options (a label, say) is the key of a mapping.
    listed = addresses if isinstance(addresses, list) else []
    texts = [str(next(iter(one), "")) if isinstance(one, dict) else str(one) for one in listed]
    for family in (4, 6):
        if any((text.count(":") > 1) == (family == 6) for text in texts):
            found.append(Claim(manager, interface, family, STATIC, source))
    accept = truth(str(definition.get("accept-ra", "")))
    if accept is not False:
        found.append(Claim(manager, interface, 6, AUTO, source, accept is True))
    return found


def _block(lines: list[_Line], indent: int, depth: int) -> tuple[Any, list[_Line]]:
    """Read the block that begins at the first line; return it with the lines after it."""
    if depth > _DEEPEST:
        raise ValueError("too deep")
    items: list[Any] = []
    mapping: dict[str, Any] = {}
    is_list = lines[0].text.startswith(("- ", "-")) and lines[0].text[1:2] in ("", " ")
    while lines and lines[0].indent == indent:
        line = lines[0]
        in_list = line.text == "-" or line.text.startswith("- ")
        if in_list != is_list:
            break
        if is_list:
            body = line.text[1:].lstrip(" ")
            inner = indent + len(line.text) - len(body)
            if body and not _KEY.match(body) and body != "-" and not body.startswith("- "):
                items.append(_scalar(body))
                lines = lines[1:]
                continue
            lines = ([_Line(inner, body)] if body else []) + lines[1:]
            if not lines or lines[0].indent <= indent:
                items.append(None)
                continue
            value, lines = _block(lines, lines[0].indent, depth + 1)
            items.append(value)
            continue
        match = _KEY.match(line.text)
        if match is None:
            raise ValueError(f"{line.text!r} is beyond the simple form")
        key = match.group(1).strip("\"'")
        lines = lines[1:]
        if match.group(2):
            mapping[key] = _scalar(match.group(2).strip())
        elif lines and (lines[0].indent > indent or (lines[0].indent == indent and lines[0].text.startswith("- "))):
            mapping[key], lines = _block(lines, lines[0].indent, depth + 1)
        else:
            mapping[key] = None
    return (items if is_list else mapping), lines


def _scalar(text: str) -> Any:
    """A scalar as text, or a flow collection of scalars."""
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    if text.startswith("{") and text.endswith("}"):
        pairs = [_KEY.match(part.strip()) for part in text[1:-1].split(",") if part.strip()]
        if any(pair is None for pair in pairs):
            raise ValueError(f"{text!r} is beyond the simple form")
        return {pair.group(1).strip("\"'"): _scalar((pair.group(2) or "").strip()) for pair in pairs if pair}
    if text[:1] in tuple("&*!|>[{%@`?"):
        raise ValueError(f"{text!r} is beyond the simple form")
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        if end < 0 or "\\" in text or not re.fullmatch(r"\s*(#.*)?", text[end + 1 :]):
            raise ValueError(f"{text!r} is beyond the simple form")
        return text[1:end]
    return re.sub(r"\s#.*$", "", text).strip()

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic DNS that dhcpd takes and of which nothing comes: it doesn't log an update for which it has no zone."""

from __future__ import annotations

import ipaddress
from typing import Any, Iterator

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import CONF, PREFIX, at

_SERVERS = ("primary", "secondary", "primary6", "secondary6")
_INNER = ("shared_networks", "subnets", "subnets6", "groups", "classes", "pools")
_REVERSE = {4: "in-addr.arpa", 6: "ip6.arpa"}
_LABEL = {4: 8, 6: 4}  # bits of an address in one label of its reverse name
_WHERE = "docs/ddns.md"


def ddns_warnings(model: dict[str, Any], family: int) -> list[str]:
    """Return what is hardly meant in a model without problems, each as `variable path: what; what to give (where)`."""
    found = [
        f"{PREFIX}keys[{index}].algorithm: hmac-md5 must not be used any more; give hmac-sha256, and rotate the key"
        f" as {_WHERE} says (RFC 8945, 6)"
        for index, key in enumerate(model.get("keys", []))
        if str(key.get("algorithm")).lower() == "hmac-md5"
    ]
    found += [
        f"{PREFIX}zones[{index}]: no server is named, so dhcpd asks the resolver of the host for it at each update;"
        f" give primary ({CONF}, zone)"
        for index, zone in enumerate(model.get("zones", []))
        if "zone" in zone and not any(key in zone for key in _SERVERS)
    ]
    if not _says_more_in_raw_text(model):
        found += _without_effect(model, family)
    return found


def _without_effect(model: dict[str, Any], family: int) -> Iterator[str]:
    zones = [str(zone["zone"]).rstrip(".").lower() for zone in model.get("zones", []) if "zone" in zone]
    statements = model.get("statements", {})
    style = statements.get("ddns-update-style")
    # Families share the zones: the reverse ones say which of them is meant.
    if style is None and any(_inside(zone, _REVERSE[family]) for zone in zones):
        text = f"nothing is updated without ddns-update-style; give {PREFIX}statements standard"
        yield f"{PREFIX}zones: {text} ({_WHERE})"
    if style not in ("standard", "interim") or statements.get("ddns-updates") is False:
        return
    if not zones:
        yield f"{PREFIX}statements.ddns-update-style: nothing is updated without zones; give {PREFIX}zones ({_WHERE})"
        return

    names = dict(_domains(model))
    if not names:
        yield (
            f"{PREFIX}zones: a client's name has no domain here, so nothing is updated; give the option domain-name,"
            f" or the statement ddns-domainname ({CONF}, ddns-domainname)"
        )
    for path, name in names.items():
        if not any(_inside(name, zone) for zone in zones):
            yield (
                f"{path}: {name} is in none of {PREFIX}zones, so no name in it is ever updated; give its zone"
                f" ({CONF}, zone)"
            )
    if statements.get("do-reverse-updates") is False or "ddns-rev-domainname" in statements:
        return
    for path, level in _levels("", model):
        for key in ("subnet", "subnet6"):
            name = _reverse_name(level[key]) if key in level else ""
            if name and not any(_inside(name, zone) or _inside(name=zone, zone=name) for zone in zones):
                yield (
                    f"{at(path, key)}: no PTR of it is ever updated; give {PREFIX}zones {name}, or the statement"
                    f" do-reverse-updates false ({CONF}, zone)"
                )


def _says_more_in_raw_text(model: dict[str, Any]) -> bool:
    texts = [model.get("raw", ""), model.get("raw_head", ""), *(zone.get("raw", "") for zone in model.get("zones", []))]
    texts += [item.get("content", "") for item in model.get("includes", [])]
    return any("zone" in text or "ddns-" in text for text in texts)


def _domains(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the domains of clients' names with their paths; one that is an expression is nobody's to judge."""
    own = "ddns-domainname" in model.get("statements", {})
    for path, level in _levels("", model):
        statements, options = level.get("statements", {}), level.get("options", {})
        if statements.get("ddns-updates") is False:
            continue
        if "ddns-domainname" in statements:
            yield f"{at(path, 'statements')}.ddns-domainname", _domain(statements["ddns-domainname"])
        elif "domain-name" in options and not own:
            yield f"{at(path, 'options')}.domain-name", _domain(options["domain-name"])


def _domain(value: object) -> str:
    return value.rstrip(".").lower() if isinstance(value, str) else ""


def _levels(path: str, level: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, level
    for key in _INNER:
        for index, inner in enumerate(level.get(key, [])):
            yield from _levels(f"{at(path, key)}[{index}]", inner)


def _inside(name: str, zone: str) -> bool:
    """Whether a name is in a zone; the name of an expression is in each."""
    return not name or name == zone or name.endswith(f".{zone}")


def _reverse_name(subnet: str) -> str:
    """Return the name below which all addresses of a subnet have their PTR."""
    network = ipaddress.ip_network(subnet)
    labels = network.prefixlen // _LABEL[network.version]
    return ".".join(network.network_address.reverse_pointer.split(".")[-labels - 2 :])

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the role's variables beside the configuration itself: image, interfaces, arguments."""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import PREFIX, SHARED
from ansible_collections.quadlet.dhcpd.plugins.module_utils._signature import key_problems

LISTS = ("image_keys", "interfaces", "interfaces6", "allow_dynamic_interfaces", "arguments", "arguments6")
HOW_TO_IMAGE = (
    "build one with `ansible-playbook quadlet.dhcpd.build_image`, which prints what to set,"
    " or name one of a registry of yours"
)
# What the unit says itself, and what would take dhcpd out of the unit's hands (dhcpd(8)).
OWN_ARGUMENTS = {
    "-4", "-6", "-f", "-d", "-t", "-T", "-cf", "-lf", "-pf", "--no-pid", "-play", "-tf", "--version", "--help",
    "-user", "-group", "-chroot", "-4o6",
}  # fmt: skip

#: The variables that say what a file of the user's own says.
_CONFIGURATION = (
    "options", "shared_networks", "subnets", "groups", "reservations", "reservation_sources", "classes", "keys",
    "zones",
    "failover_peers", "ldap", "option_definitions", "conditionals", "includes", "raw_head", "raw",
)  # fmt: skip

#: Each of these gives a family something to serve.
_SERVES = ("config_src", "ldap", "subnets", "shared_networks", "groups", "includes", "raw")


def families(variables: Mapping[str, Any]) -> list[int]:
    """The address families that the role's variables (without their prefix) let this host serve."""
    return [4 if suffix == "" else 6 for suffix in ("", "6") if any(variables.get(key + suffix) for key in _SERVES)]


def problems(variables: Mapping[str, Any], is_file: Callable[[str], bool]) -> list[str]:
    """Every problem of the invocation.

    *variables* has the role's variables without their prefix, *is_file* looks for a path on the controller.
    """
    return [
        *_list_problems(variables),
        *_image_problems(variables),
        *_interface_problems(variables["interfaces"], "interfaces"),
        *_interface_problems(variables["interfaces6"], "interfaces6"),
        *_ldap_problems(variables, ""),
        *_ldap_problems(variables, "6"),
        *_interface_problems(variables["allow_dynamic_interfaces"], "allow_dynamic_interfaces"),
        *_argument_problems(variables["arguments"], "arguments"),
        *_argument_problems(variables["arguments6"], "arguments6"),
        *_user_problems(str(variables["user"])),
        *_source_problems(variables, ""),
        *_source_problems(variables, "6"),
        *_serving_problems(variables),
        *_file_problems(variables, is_file),
        *_number_problems(variables),
    ]


def _list_problems(variables: Mapping[str, Any]) -> list[str]:
    return [
        f"{PREFIX}{name}: {variables[name]!r} is no list; write [{variables[name]}]"
        for name in LISTS
        if not isinstance(variables[name], list)
    ]


def _file_problems(variables: Mapping[str, Any], is_file: Callable[[str], bool]) -> list[str]:
    found = []
    for name in ("image_archive", "config_src", "config_src6"):  # what config_src includes is the lookup's to read
        path = str(variables[name] or "")
        if not path:
            continue
        if not path.startswith(("/", "~/")):
            found.append(
                f"{PREFIX}{name}: {path!r} is no absolute path; begin it with"
                " {{ inventory_dir }}/, say, to name a file beside the inventory"
            )
        elif name == "image_archive" and not is_file(path):
            found.append(f"{PREFIX}{name}: there is no file {path} on the controller")
    return found


def _number_problems(variables: Mapping[str, Any]) -> list[str]:
    return [
        f"{PREFIX}{name}: {variables[name]} is not allowed; give {least} to {most}"
        for name, least, most in (("proof_timeout", 1, 600), ("keep", 2, 1000))
        if not least <= int(variables[name]) <= most
    ]


def _image_problems(variables: Mapping[str, Any]) -> list[str]:
    found = []
    image, tag, digest = (str(variables[key] or "") for key in ("image", "image_tag", "image_digest"))
    if not image:
        found.append(f"{PREFIX}image: there is no default; {HOW_TO_IMAGE}")
    elif not re.fullmatch(r"[a-z0-9]+([._:/-]+[a-z0-9]+)*", image) or ":" in image.rpartition("/")[2]:
        found.append(
            f"{PREFIX}image: {image!r} is no name of an image; give it without tag or digest, such as"
            f" registry.example.net/dhcpd, and the tag in {PREFIX}image_tag"
        )
    if not tag:
        found.append(f"{PREFIX}image_tag: there is no default; name the tag to run, such as 4.4.3-P1-1")
    elif not re.fullmatch(r"\w[\w.-]{0,127}", tag, re.ASCII):
        found.append(f"{PREFIX}image_tag: {tag!r} is no tag; give up to 128 letters, digits, '_', '.' and '-'")
    elif tag == "latest" and not variables["allow_latest"]:
        found.append(
            f"{PREFIX}image_tag: 'latest' changes by itself and names nothing to go back to; name a tag such as"
            f" 4.4.3-P1-1, or set {PREFIX}allow_latest: true"
        )
    if digest and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        found.append(
            f"{PREFIX}image_digest: {digest!r} is no digest; give sha256: and 64 hex digits, as the registry shows it"
        )
    if digest and variables["image_archive"]:
        found.append(
            f"{PREFIX}image_digest: a manifest's digest does not survive an archive; leave it out beside"
            f" {PREFIX}image_archive, whose image id is the pin"
        )
    keys = variables["image_keys"] if isinstance(variables["image_keys"], list) else []
    found += key_problems(f"{PREFIX}image_keys", keys)
    if keys and not variables["image_archive"]:
        found.append(
            f"{PREFIX}image_keys: they are for {PREFIX}image_archive, which is empty; what a registry must show is in"
            " podman's own policy.json (docs/images.md)"
        )
    return found


def _interface_problems(interfaces: Any, variable: str) -> list[str]:
    if not isinstance(interfaces, list):
        return []
    return [
        f"{PREFIX}{variable}[{number}]: {name!r} is no interface name; give 1 to 15 characters without '/', ':'"
        " or spaces, as in `ip link`"
        for number, name in enumerate(interfaces)
        if not re.fullmatch(r"[^\s/:\-][^\s/:]{0,14}", str(name))
        or str(name) in (".", "..")
        or not str(name).isprintable()
    ]


def _ldap_problems(variables: Mapping[str, Any], suffix: str) -> list[str]:
    if not variables.get(f"ldap{suffix}") or variables[f"interfaces{suffix}"]:
        return []
    return [
        f"{PREFIX}interfaces{suffix}: is empty, and the subnets are in LDAP; name the interfaces to serve, on each of"
        " which dhcpd must answer"
    ]


def _argument_problems(arguments: Any, variable: str) -> list[str]:
    found: list[str] = []
    if not isinstance(arguments, list):
        return found
    for number, argument in enumerate(arguments):
        where = f"{PREFIX}{variable}[{number}]"
        if not str(argument) or not str(argument).isprintable():
            found.append(
                f"{where}: {argument!r} is not allowed; give one printable word of dhcpd's command line, see dhcpd(8)"
            )
        elif argument in OWN_ARGUMENTS:
            found.append(
                f"{where}: {argument} is set by the unit itself; leave it out (a template of your own can change it)"
            )
    return found


def _user_problems(user: str) -> list[str]:
    if re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user) and user != "root":
        return []
    return [
        f"{PREFIX}user: {user!r} is not allowed; give the name of a system account of the service's own, such as dhcpd"
    ]


def _serving_problems(variables: Mapping[str, Any]) -> list[str]:
    if families(variables):
        return []
    return [
        f"{PREFIX}subnets: there is nothing to serve; give {PREFIX}subnets for IPv4, {PREFIX}subnets6 for IPv6, or both"
        f" (or one of {', '.join(key for key in _SERVES if key != 'subnets')}, each with a 6 at its end for IPv6)"
    ]


def _source_problems(variables: Mapping[str, Any], suffix: str) -> list[str]:
    if not variables[f"config_src{suffix}"]:
        return []
    # What both families share may be there for the other one.
    other = "" if suffix else "6"
    alone = variables[f"config_src{other}"] or (6 if other else 4) not in families(variables)
    keys = [key if key in SHARED else key + suffix for key in _CONFIGURATION if alone or key not in SHARED]
    set_too = [key for key in keys if variables.get(key)]
    if not set_too:
        return []
    return [
        f"{PREFIX}config_src{suffix}: the file is the whole configuration; leave out "
        + " and ".join(f"{PREFIX}{key}" for key in set_too)
    ]

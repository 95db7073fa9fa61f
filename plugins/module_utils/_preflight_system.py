# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight's questions to the system: the unit's name, the platform, the leases that there are.

Sources: systemd.unit(5) (unit load path, drop-ins), org.freedesktop.systemd1(5) (LoadState, FragmentPath,
SourcePath, DropInPaths, UnitFileState), podman-systemd.unit(5), cgroups(7), os-release(5), dhcpd.leases(5).
Where leases are looked for, and what counts as a decision about them, is _leases.starting_point's to say.
"""

from __future__ import annotations

import re
from typing import Mapping, Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import EMPTY, PACKAGED
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    ABSENT,
    FAILURE,
    LEASES,
    NOT_CHECKABLE,
    OK,
    OTHER,
    REGULAR,
    UNREADABLE,
    WARNING,
    Finding,
    Host,
    Policy,
    not_checkable,
)

PODMAN_MINIMUM = (4, 6)

_GENERATED = ("/run/systemd/generator/", "/run/systemd/generator.early/", "/run/systemd/generator.late/")
_TRIAL = "/run/systemd/system/"
_OUR_SOURCES = (
    "/etc/containers/systemd/",
    "/run/containers/systemd/",
    "/run/systemd/system/",
    "/etc/dhcp/releases/",
    "/etc/dhcp/current/",
)


def is_ours(unit: Optional[Mapping[str, str]]) -> bool:
    """Whether systemd's properties of dhcpd.service are those of a quadlet of this collection.

    The file that counts is asked first: a copy in /etc/systemd/system shadows the generated unit and still
    carries its SourcePath.
    """
    fragment = (unit or {}).get("FragmentPath", "")
    source = (unit or {}).get("SourcePath", "")
    if fragment.startswith(_GENERATED):
        return source.startswith(_OUR_SOURCES)
    return fragment.startswith(_TRIAL) and (not source or source.startswith(_OUR_SOURCES))


def service_unit(host: Host, policy: Policy) -> list[Finding]:
    """The name of the service is free or ours: no foreign unit file, mask or drop-in stands before it."""
    check, service = "service_unit", policy.family.service
    expected_unit = f"no {service}, or this collection's"
    if host.unit is None:
        return [not_checkable(check, host, "unit", expected_unit)]
    unit = host.unit
    state, fragment, source = (
        unit.get("LoadState", ""),
        unit.get("FragmentPath", ""),
        unit.get("SourcePath", ""),
    )
    findings = []
    if "masked" in (state, unit.get("UnitFileState", "")) or unit.get("UnitFileState") == "masked-runtime":
        hint = f"systemctl unmask {service} (with --runtime where the link is under /run)"
        findings.append(Finding(check, FAILURE, f"{service} is masked", f"{service} not masked", hint))
    elif fragment and not is_ours(unit):
        found = f"{service} is {fragment}" + (f", made from {source}" if source else "")
        findings.append(Finding(check, FAILURE, found, expected_unit, _foreign_hint(service, fragment, source)))
    elif state not in ("loaded", "not-found"):
        hint = f"systemctl status {service} says why"
        findings.append(Finding(check, WARNING, f"{service} has LoadState {state or 'unknown'}", expected_unit, hint))
    for path in unit.get("DropInPaths", "").split():
        findings += _drop_in(service, path)
    if not findings:
        found = f"{service} is made from {source or fragment}" if fragment else f"there is no {service}"
        findings.append(Finding(check, OK, found, expected_unit))
    return findings


def platform(host: Host, policy: Policy) -> list[Finding]:
    """systemd runs, cgroups are v2, and podman with quadlet is there or can be installed."""
    check = "platform"
    findings = []
    if not host.systemd:
        hint = "the service is a systemd unit: use a host that is booted with systemd"
        findings.append(Finding(check, FAILURE, "systemd does not run here", "systemd as init", hint))
    if not host.cgroup_v2:
        hint = "boot with systemd.unified_cgroup_hierarchy=1"
        found = "cgroups are v1 or hybrid"
        findings.append(Finding(check, FAILURE, found, "the unified cgroup v2 hierarchy", hint))
    findings.append(_installed(host) if host.podman.installed else _candidate(host))
    if host.systemd and host.cgroup_v2:
        findings.insert(0, Finding(check, OK, "systemd and cgroup v2", "systemd and cgroup v2"))
    return findings


def leases(host: Host, policy: Policy) -> list[Finding]:
    """The lease file is whole, or nothing says that there ever were leases, or the choice has been made."""
    check, path, choice = "leases", policy.lease_file, policy.initial_leases
    expected = f"{path}, or no leases anywhere, or a choice"
    state = host.files.get(path, UNREADABLE)
    if state in (REGULAR, LEASES):
        return _lease_file(host, policy)
    if state == OTHER:
        hint = "move it away: dhcpd's lease file is a regular file"
        return [Finding(check, FAILURE, f"{path} is no regular file", expected, hint)]
    if state == UNREADABLE:
        return [not_checkable(check, host, path, expected, "run as root")]
    if policy.take_over:
        return [Finding(check, OK, f"{path} will start from the leases of {policy.take_over}", expected)]
    if choice not in (None, EMPTY):
        return [_initial(host, str(choice))]
    unread = [other for other in PACKAGED[policy.family] if host.files.get(other) == UNREADABLE]
    if unread and choice is None:
        return [not_checkable(check, host, unread[0], expected, "run as root")]
    if host.start_problem is not None:
        variable = f"dhcpd_container_initial_leases{policy.family.suffix}"
        hint = f"set {variable}: empty | PATH (empty forgets every lease, PATH is copied)"
        return [Finding(check, FAILURE, host.start_problem, expected, hint)]
    found = "as chosen" if choice == EMPTY else "as there are no leases anywhere"
    return [Finding(check, OK, f"{path} will be made empty, {found}", expected)]


def _lease_file(host: Host, policy: Policy) -> list[Finding]:
    """Judge the lease file that is there."""
    check, path = "leases", policy.lease_file
    expected = f"{path} whole, and readable by {policy.user}"
    if host.leases is None:
        return [not_checkable(check, host, "leases", expected, "run as root")]
    if host.leases.problem is not None:
        hint = f"dhcpd would drop what it can't read: mend it, or restore it; {path}~ is an earlier copy"
        return [Finding(check, FAILURE, f"{path}: {host.leases.problem}", expected, hint)]
    findings = []
    if host.platform is not None and host.platform.shut:
        hint = f"chmod o+x {' '.join(host.platform.shut)}"
        found = f"only root can pass {' and '.join(host.platform.shut)}"
        findings.append(Finding(check, FAILURE, found, expected, hint))
    # A release gives the file to the account; what it leaves as it is, is the mode.
    if not host.leases.mode & 0o400:
        found = f"{path} has mode {host.leases.mode:04o}"
        findings.append(Finding(check, FAILURE, found, expected, f"chmod u+rw {path}"))
    return findings or [Finding(check, OK, f"{path} is whole, with {host.leases.declarations} leases", expected)]


def version_of(text: str) -> Optional[tuple[int, int]]:
    """Major and minor version in a package's or podman's version text; an epoch is no part of it.

    >>> version_of("podman version 5.4.2"), version_of("2:4.9.4~ds1-1"), version_of("none")
    ((5, 4), (4, 9), None)
    """
    match = re.search(r"(?:^|\s)(?:\d+:)?v?(\d+)\.(\d+)", text)
    return (int(match.group(1)), int(match.group(2))) if match else None


def is_debian(os_release: Mapping[str, str]) -> bool:
    """Whether os-release(5) tells of Debian or a descendant."""
    return "debian" in f"{os_release.get('ID', '')} {os_release.get('ID_LIKE', '')}".split()


def wanted_packages(os_release: Mapping[str, str]) -> tuple[str, ...]:
    """The packages that a host needs, by its distribution's names."""
    return ("podman", "golang-github-containers-common" if is_debian(os_release) else "containers-common")


def _foreign_hint(service: str, fragment: str, source: str) -> str:
    if fragment.startswith(("/usr/lib/systemd/", "/lib/systemd/")):
        return "it belongs to a package: stop it and remove the packaged DHCP server"
    if fragment.startswith("/run/systemd/transient/"):
        return f"systemctl stop {service}"
    file = source if source and fragment.startswith(_GENERATED) else fragment
    return f"it takes the service's name: systemctl stop {service}, remove {file}, systemctl daemon-reload"


def _drop_in(service: str, path: str) -> list[Finding]:
    """Judge a drop-in: the distribution's for every service is none of ours to judge."""
    check, expected = "service_unit", f"no drop-ins for {service}"
    hint = f"remove {path} or move what it says into the inventory, then systemctl daemon-reload"
    if "/service.d/" in path:
        if path.startswith(("/usr/lib/", "/lib/")):
            return []
        return [Finding(check, WARNING, f"{path} changes every service, this one too", expected, hint)]
    # systemctl set-property writes there, and can set nothing but resource limits.
    if "/system.control/" in path:
        return [Finding(check, WARNING, f"{path} limits {service}", expected, hint)]
    return [Finding(check, FAILURE, f"{path} changes {service}", expected, hint)]


def _installed(host: Host) -> Finding:
    check, expected = "platform", f"podman >= {_minimum()} with quadlet"
    text = host.podman.version
    version = version_of(text or "")
    if version is None:
        return not_checkable(check, host, "podman", expected, "podman --version as root says why")
    if version < PODMAN_MINIMUM:
        hint = "upgrade podman, or the distribution: Debian 13, Ubuntu 24.04, EL 9 and later have it"
        return Finding(check, FAILURE, f"podman {text} is installed", expected, hint)
    if not host.podman.quadlet:
        hint = "reinstall the distribution's podman package, which holds quadlet"
        return Finding(check, FAILURE, f"podman {text} is installed without quadlet", expected, hint)
    return Finding(check, OK, f"podman {text} with quadlet", expected)


def _candidate(host: Host) -> Finding:
    check, expected = "platform", f"podman >= {_minimum()} to install"
    text = host.podman.candidate
    version = version_of(text or "")
    if version is None:
        hint = "no package lists yet, or no podman in them: apt-get update or dnf makecache, then again"
        found = "podman is not installed and its candidate version is unknown"
        return Finding(check, NOT_CHECKABLE, host.problems.get("podman", found), expected, hint)
    if version < PODMAN_MINIMUM:
        hint = "use a newer distribution: Debian 13, Ubuntu 24.04, EL 9 and later have it"
        return Finding(check, FAILURE, f"podman {text} is what would be installed", expected, hint)
    return Finding(check, OK, f"podman {text} will be installed", expected)


def _initial(host: Host, path: str) -> Finding:
    check, expected = "leases", f"initial_leases {path} to be a readable lease file"
    hint = "name an existing lease file of this host, by its absolute path, or empty"
    if not path.startswith("/"):
        return Finding(check, FAILURE, f"{path} is no absolute path", expected, hint)
    state = host.files.get(path, UNREADABLE)
    if state == UNREADABLE:
        return not_checkable(check, host, path, expected, "run as root")
    if state == LEASES:
        return Finding(check, OK, f"the leases of {path} will be copied", expected)
    if state == REGULAR:
        return Finding(check, WARNING, f"{path} holds no lease", expected, hint)
    return Finding(check, FAILURE, f"{path} is {'missing' if state == ABSENT else 'no file'}", expected, hint)


def _minimum() -> str:
    return ".".join(str(part) for part in PODMAN_MINIMUM)

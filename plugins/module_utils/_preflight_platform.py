# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight's questions to the platform beside podman: space, clock, security modules, account, quadlets, firewall.

Sources: statvfs(3), adjtimex(2), selinux(8), apparmor(7), passwd(5), podman-systemd.unit(5) (search paths, drop-ins).
"""

from __future__ import annotations

from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    FAILURE,
    NOT_CHECKABLE,
    OK,
    WARNING,
    Finding,
    Host,
    Platform,
    Policy,
    Space,
    join,
)

_MIB = 1 << 20
# What one release needs to be staged beside the last ones, with room to go on: a lease file of 100,000 leases
# (30 MB) is there three times while dhcpd rewrites it; images are 6 to 90 MB, their archives 6 to 30.
SPACE = {
    "/var/lib/dhcpd": (100 * _MIB, 100),
    "/etc/dhcp": (10 * _MIB, 500),
    "/var/lib/containers": (300 * _MIB, 2000),
    "/var/lib/dhcpd_container": (100 * _MIB, 100),
}
_TRIAL = "/etc/dhcp/releases/"
_CHECK = "platform"


def resources(host: Host, policy: Policy) -> list[Finding]:
    """Space, clock, security modules, account and quadlets, in one go."""
    platform = host.platform
    if platform is None:
        return [Finding(_CHECK, NOT_CHECKABLE, "space, clock and account unknown", "a platform that can be read")]
    return [
        *_space(platform.spaces),
        *_clock(platform),
        *_security(platform),
        *_account(platform, policy),
        *_quadlets(platform, policy.family.unit),
    ]


def firewall(host: Host, policy: Policy) -> list[Finding]:
    """No packet filter drops what dhcpd doesn't read raw; IPv4 alone without OMAPI and failover needs none asked."""
    expected = "a firewall that lets DHCPv6, OMAPI and failover in"
    if 6 not in policy.families and not policy.tcp_ports:
        return []
    if host.firewall is None:
        return [Finding("firewall", NOT_CHECKABLE, host.problems.get("firewall", "firewall unknown"), expected)]
    findings = [
        Finding("firewall", FAILURE, f"{c.by} drops {c.port.name}", f"{c.port.name} accepted", c.command)
        for c in host.firewall.closed
    ]
    if host.firewall.unknown:
        hint = "run as root"
        findings.append(Finding("firewall", NOT_CHECKABLE, host.firewall.unknown, expected, hint))
    return findings or [Finding("firewall", OK, "nothing drops what dhcpd needs", expected)]


def _space(spaces: tuple[Space, ...]) -> list[Finding]:
    """Paths on one file system share what is free there."""
    findings = []
    for device in dict.fromkeys(space.device for space in spaces):
        here = [space for space in spaces if space.device == device]
        paths = join(space.path for space in here)
        if here[0].read_only:
            found = f"the file system of {paths} is read-only"
            findings.append(Finding(_CHECK, FAILURE, found, "one that can be written", "remount it, or look why"))
            continue
        size = sum(SPACE[space.path][0] for space in here)
        count = sum(SPACE[space.path][1] for space in here)
        if here[0].free < size:
            found = f"{here[0].free // _MIB} MiB free for {paths}"
            findings.append(Finding(_CHECK, FAILURE, found, f"{size // _MIB} MiB free", "make room there"))
        inodes = here[0].inodes
        if inodes is not None and inodes < count:
            found = f"{inodes} inodes free for {paths}"
            findings.append(Finding(_CHECK, FAILURE, found, f"{count} inodes free", "remove files there"))
    if spaces and not findings:
        free = min(space.free for space in spaces) // _MIB
        findings.append(Finding(_CHECK, OK, f"at least {free} MiB free everywhere", "space for leases and releases"))
    return findings


def _clock(platform: Platform) -> list[Finding]:
    expected = "a synchronised clock"
    if platform.synchronised is None:
        return [Finding(_CHECK, NOT_CHECKABLE, "whether the clock is synchronised can't be told", expected)]
    if platform.synchronised:
        return [Finding(_CHECK, OK, "the clock is synchronised", expected)]
    hint = "leases end by this clock, and failover needs it within a minute of the peer's: set up chrony or timesyncd"
    return [Finding(_CHECK, WARNING, "the clock is not synchronised", expected, hint)]


def _security(platform: Platform) -> list[Finding]:
    findings = []
    if platform.selinux:
        findings.append(Finding(_CHECK, OK, f"SELinux is {platform.selinux}", "any mode"))
    for profile in platform.apparmor:
        hint = "aa-disable /usr/sbin/dhcpd, or purge isc-dhcp-server; its paths are not those of this service"
        found = f"AppArmor's profile {profile} is enforced for any dhcpd that runs unconfined"
        findings.append(Finding(_CHECK, WARNING, found, "no profile of a packaged dhcpd", hint))
    return findings


def _account(platform: Platform, policy: Policy) -> list[Finding]:
    expected = f"an account {policy.user} of its own, or none yet"
    if platform.accounts is None:
        return [Finding(_CHECK, NOT_CHECKABLE, "/etc/passwd can't be read", expected)]
    uid = next((number for name, number, _shell in platform.accounts if name == policy.user), None)
    hint = "set dhcpd_container_user to another name"
    if uid is None:
        return [Finding(_CHECK, OK, f"no account {policy.user}; it will be made", expected)]
    if uid == 0:
        return [Finding(_CHECK, FAILURE, f"{policy.user} is root", expected, hint)]
    sharing = [name for name, number, _shell in platform.accounts if number == uid and name != policy.user]
    if sharing:
        found = f"{policy.user} has the number {uid}, which is also {join(sharing)}'s"
        return [Finding(_CHECK, FAILURE, found, expected, hint)]
    shell = next(shell for name, _number, shell in platform.accounts if name == policy.user)
    if not shell.endswith(("nologin", "false")):
        found = f"{policy.user} is an account to log in with ({shell})"
        return [Finding(_CHECK, FAILURE, found, expected, hint)]
    return [Finding(_CHECK, OK, f"account {policy.user} with number {uid}", expected)]


def _quadlets(platform: Platform, unit: str) -> list[Finding]:
    ours = f"/etc/dhcp/current/{unit}"
    check, expected = "service_unit", f"no {unit} but the link to {ours}, and no drop-ins for it"
    findings = []
    for path, target in platform.quadlets.items():
        if target == ours or (path.startswith("/run/") and target.startswith(_TRIAL)):
            continue
        what = f"a link to {target}" if target else "no link of this collection's"
        if ".d/" in path:
            what = f"a drop-in that changes {unit}"
        hint = f"move {path} away, then systemctl daemon-reload"
        findings.append(Finding(check, FAILURE, f"{path} is {what}", expected, hint))
    return findings

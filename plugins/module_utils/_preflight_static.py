# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight's first question: are the addresses static, now and after the next boot?

A DHCP server whose own address is leased can lose it, and the service with it. Static means to the kernel:
permanent and valid for ever (a DHCP client gives its lease's time with the address, ip-address(8)). What the next
boot makes of an interface stands in its network manager's files.
"""

from __future__ import annotations

import shlex
from typing import Iterable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._managers import Client
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address
from ansible_collections.quadlet.dhcpd.plugins.module_utils._networkd import AUTO, DHCP, STATIC, Claim
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    FAILURE,
    NOT_CHECKABLE,
    OK,
    WARNING,
    Finding,
    Host,
    Policy,
    join,
    not_checkable,
    owners_text,
    serving,
)

_CHECK = "static_addresses"
_WAYS = {DHCP: "by DHCP", AUTO: "by IPv6 autoconfiguration"}
# IFA_PROTO of an address that a router advertisement brought (linux/if_addr.h).
_KERNEL_RA = 2


def static_addresses(host: Host, policy: Policy) -> list[Finding]:
    """Every address of the families served is static, but on the interfaces allowed to be dynamic."""
    findings = []
    for family in policy.families:
        expected = f"static IPv{family} addresses"
        if host.addresses is None:
            findings.append(not_checkable(_CHECK, host, "addresses", expected))
            continue
        now = _now(host, policy, family)
        findings += now + _next_boot(host, policy, family) + _clients(host, policy, family)
    if host.managers is None:
        expected = "network configuration that gives static addresses at the next boot"
        findings.append(not_checkable(_CHECK, host, "managers", expected))
    elif host.managers.odd:
        found = f"not read: {join(host.managers.odd)}"
        hint = "see yourself that this gives no address by DHCP; as root, files can be read"
        findings.append(Finding(_CHECK, NOT_CHECKABLE, found, "network configuration that can be read", hint))
    return findings


def dynamic(addresses: Iterable[Address]) -> list[Address]:
    """The addresses that end, or that the kernel doesn't call permanent."""
    return [a for a in addresses if not a.permanent or a.valid_lifetime is not None]


def _now(host: Host, policy: Policy, family: int) -> list[Finding]:
    """Judge the addresses that there are."""
    expected = f"static IPv{family} addresses"
    findings = []
    mine = host.mine(family)
    for address in dynamic(mine):
        left = "" if address.valid_lifetime is None else f", valid for {address.valid_lifetime} s"
        found = f"{address.address}/{address.prefix_length} on {address.interface} is dynamic{left}"
        if address.interface in policy.allow_dynamic_interfaces:
            findings.append(Finding(_CHECK, OK, f"{found}, which is allowed", expected))
            continue
        found, hint = _cause(host, address, found)
        findings.append(Finding(_CHECK, FAILURE, found, expected, hint))
    if not findings:
        found = join(f"{a.address}/{a.prefix_length} on {a.interface}" for a in mine)
        findings.append(Finding(_CHECK, OK, found or f"no IPv{family} address", expected))
    return findings


def _cause(host: Host, address: Address, found: str) -> tuple[str, str]:
    """Say who gave an address, as far as that can be told, and what to do about it."""
    claims = _claims(host, address.interface, address.family)
    ways = [claim for claim in claims if claim.method in _WAYS]
    # dhcpcd runs as several processes: the first speaks for them.
    running = [c.process for c in host.clients if address.interface in c.interfaces][:1]
    if running:
        found += f", from {owners_text(running)}"
    if ways:
        found += f", as {ways[0].manager} has it in {ways[0].source}"
        hint = f"give {address.interface} a static address in {ways[0].source}, or name it in allow_dynamic_interfaces"
    elif address.proto == _KERNEL_RA:
        key = f"net.ipv6.conf.{address.interface}.accept_ra=0"
        hint = f"sysctl {shlex.quote(key)}, for every boot, and a static address"
    elif any(claim.method == STATIC for claim in claims):
        source = next(claim for claim in claims if claim.method == STATIC)
        found += f", although {source.manager} has it static in {source.source}"
        hint = f"apply {source.source}: restart {source.manager}'s service, or the host, and look again"
    else:
        hint = (
            f"give {address.interface} a static address in this host's network configuration, "
            f"or name it in allow_dynamic_interfaces"
        )
    return found, hint


def _next_boot(host: Host, policy: Policy, family: int) -> list[Finding]:
    """Name the interfaces that are static now, or without an address, and would not be after a boot."""
    if host.managers is None:
        return []
    expected = f"static IPv{family} addresses after the next boot too"
    already = {a.interface for a in dynamic(host.mine(family))}
    links = {link.name: link for link in host.links or ()}
    findings = []
    for claim in host.managers.claims:
        name = claim.interface
        if claim.family != family or claim.method not in _WAYS or name in already:
            continue
        if name in policy.allow_dynamic_interfaces or (name is None and policy.allow_dynamic_interfaces):
            continue
        if name is not None and name not in links:
            continue
        way = f"{_WAYS[claim.method]}: {claim.manager}, {claim.source}"
        hint = f"make {name or 'it'} static there, or name it in allow_dynamic_interfaces"
        if name is None:
            status = FAILURE if claim.sure else WARNING
            findings.append(Finding(_CHECK, status, f"an interface would get an address {way}", expected, hint))
            continue
        there = host.addresses_of(name, family)
        state = "is static now and would be dynamic after a boot" if there else "has no address and would get one"
        # A port that nothing is plugged into gets nothing, until someone plugs something in.
        status = FAILURE if claim.sure and (there or links[name].carrier) else WARNING
        findings.append(Finding(_CHECK, status, f"{name} {state}, {way}", expected, hint))
    return findings + _by_hand(host, policy, family)


def _by_hand(host: Host, policy: Policy, family: int) -> list[Finding]:
    """Name the serving interfaces whose address no manager's file has: it would be gone after a boot."""
    if host.managers is None or host.managers.odd or not host.managers.managers:
        return []
    fixed = dynamic(host.mine(family))
    findings = []
    for name in serving(host, policy) or ():
        mine = [a for a in host.addresses_of(name, family) if a not in fixed]
        if mine and not _claims(host, name, family):
            found = f"{mine[0].address}/{mine[0].prefix_length} on {name} is in no network manager's files"
            hint = f"write it into the files of {join(host.managers.managers)}, or a boot loses it"
            findings.append(Finding(_CHECK, WARNING, found, "an address that every boot brings back", hint))
    return findings


def _clients(host: Host, policy: Policy, family: int) -> list[Finding]:
    """Name the DHCP clients that run: what they take away again is not seen by the addresses."""
    if family != 4:
        return []
    already = {a.interface for a in dynamic(host.mine(family))}
    findings = []
    for client in host.clients:
        names = [n for n in client.interfaces if n not in policy.allow_dynamic_interfaces and n not in already]
        if names or not (client.interfaces or already or policy.allow_dynamic_interfaces):
            which = join(names) or "all interfaces"
            found = f"{owners_text([client.process])} is a DHCP client for {which}"
            hint = f"configure {which} statically, without DHCP, or name it in allow_dynamic_interfaces"
            findings.append(Finding(_CHECK, FAILURE, found, "no DHCP client but where that is allowed", hint))
    return _each_once(findings, host.clients)


def _each_once(findings: list[Finding], clients: tuple[Client, ...]) -> list[Finding]:
    # As above, the first of several processes speaks for them.
    seen: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        command = next((c.process.command for c in clients if f"(pid {c.process.pid}" in finding.found), "")
        seen.setdefault((command, finding.hint), finding)
    return list(seen.values())


def _claims(host: Host, interface: str, family: int) -> list[Claim]:
    claims = host.managers.claims if host.managers else []
    return [c for c in claims if c.family == family and c.interface in (interface, None)]

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight's questions to the interfaces: are those to serve ready, and is none served that nobody meant?

Sources: dhcpd(8) (without interfaces named it takes every one that is not a loopback and can broadcast),
dhcpd.conf(5) (subnet declarations), Documentation/networking/vrf.rst of Linux.
"""

from __future__ import annotations

import re
from typing import Optional

from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    FAILURE,
    NOT_CHECKABLE,
    OK,
    WARNING,
    Finding,
    Host,
    Policy,
    in_subnets,
    join,
    not_checkable,
    serving,
)

_CHECK = "interfaces"
# Bridges and taps that hypervisors and container engines make for themselves, with a DHCP of their own or none.
_MADE = re.compile(
    r"(virbr|docker|br-[0-9a-f]{12}$|podman|cni|lxcbr|lxdbr|incusbr|veth|vnet|tap|tun|ve-|vz-|cali|flannel)"
)


def interfaces(host: Host, policy: Policy) -> list[Finding]:
    """Each interface to serve exists, is up, has carrier, and has an address inside a declared subnet."""
    wanted = "/".join(f"IPv{family}" for family in policy.families)
    expected = f"an interface that is up, with an {wanted} address in a declared subnet"
    for name, value in (("links", host.links), ("addresses", host.addresses)):
        if value is None:
            return [not_checkable(_CHECK, host, name, expected)]
    names = serving(host, policy)
    if names is None:
        hint = "give interfaces or subnets"
        return [Finding(_CHECK, NOT_CHECKABLE, f"no interfaces and no {wanted} subnets given", expected, hint)]
    findings = []
    declared = policy.declared()
    if not names:
        found = "no interface has an address in " + join(declared)
        hint = f"give an interface an address in a declared subnet; there are {_addresses(host, policy)}"
        findings.append(Finding(_CHECK, FAILURE, found, expected, hint))
    links = {link.name: link for link in host.links or ()}
    for name in names:
        findings += _interface(host, policy, name, links)
    served = [a for name in names for family in policy.families for a in host.addresses_of(name, family)]
    for subnet in declared if names else ():
        if not any(in_subnets(address, (subnet,)) for address in served):
            found = f"no serving interface has an address in {subnet}"
            hint = "this is right only where a relay forwards the subnet's requests to this host"
            findings.append(Finding(_CHECK, WARNING, found, f"an interface in {subnet}, or a relay", hint))
    return findings + _undeclared(host, policy, names, links)


def _interface(host: Host, policy: Policy, name: str, links: dict[str, Link]) -> list[Finding]:
    link = links.get(name)
    if link is None:
        hint = f"correct the name; there are {join(links)}"
        return [Finding(_CHECK, FAILURE, f"there is no interface {name}", f"an interface {name}", hint)]
    findings = []
    if not link.up:
        hint = f"set {name} up, also for the next boot"
        findings.append(Finding(_CHECK, FAILURE, f"{name} is down", f"{name} up", hint))
    elif not link.carrier:
        hint = "look at the cable, the switch port or the other end; until then no answer can be proved"
        findings.append(Finding(_CHECK, WARNING, f"{name} has no carrier", f"{name} with carrier", hint))
    findings += _master(host, link)
    ready = []
    for family in policy.families:
        mine = host.addresses_of(name, family)
        declared = policy.declared(family)
        texts = join(f"{a.address}/{a.prefix_length}" for a in mine)
        if not mine:
            found, expected = f"{name} has no IPv{family} address", f"an IPv{family} address on {name}"
            hint = f"give {name} a static IPv{family} address; without one dhcpd does not listen on it"
            findings.append(Finding(_CHECK, FAILURE, found, expected, hint))
        elif declared and not any(in_subnets(address, declared) for address in mine):
            hint = f"declare the subnet of {name}, even an empty one, or correct its address"
            expected = f"an address in {join(declared)}"
            findings.append(Finding(_CHECK, FAILURE, f"{name} has {texts}", expected, hint))
        if family == 6 and mine and not any(a.interface == name for a in host.addresses or () if a.is_link_local):
            found, expected = f"{name} has no link-local address", f"an address in fe80::/10 on {name}"
            hint = f"let {name} have one (systemd-networkd: LinkLocalAddressing=ipv6): DHCPv6 is spoken from it"
            findings.append(Finding(_CHECK, FAILURE, found, expected, hint))
        ready.append(texts)
    if not findings:
        findings.append(Finding(_CHECK, OK, f"{name} is up with {join(ready)}", f"{name} ready to serve"))
    return findings


def _master(host: Host, link: Link) -> list[Finding]:
    """What belongs to a bridge, a bond or a VRF does not see every packet that it seems to."""
    master = _by_index(host, link.master)
    if master is None:
        return []
    if master.kind == "vrf":
        if host.platform is not None and host.platform.l3mdev:
            return []
        hint = "sysctl net.ipv4.udp_l3mdev_accept=1, for every boot"
        found = f"{link.name} is in the VRF {master.name}, whose unicast requests (renewals) don't reach dhcpd"
        return [Finding(_CHECK, WARNING, found, "net.ipv4.udp_l3mdev_accept=1 where VRFs are served", hint)]
    found = f"{link.name} is a port of {master.name} ({master.kind or 'a master device'})"
    return [Finding(_CHECK, FAILURE, found, "an interface of its own", f"serve {master.name}, with the address there")]


def _undeclared(host: Host, policy: Policy, names: list[str], links: dict[str, Link]) -> list[Finding]:
    """Where no interfaces are named, dhcpd picks: name the ones that it would pick and nobody may have meant."""
    if policy.interfaces:
        return []
    findings = []
    expected = "only interfaces served that someone declared"
    hint = f"name the ones to serve in interfaces; dhcpd by itself would take {join(names)}"
    for name in names:
        if name in policy.allow_dynamic_interfaces:
            found = f"dhcpd would serve {name} too, which may be dynamic"
        elif _MADE.match(name) and len(names) > 1:
            found = f"dhcpd would serve {name} too, which looks made by a hypervisor or container engine"
        else:
            continue
        findings.append(Finding(_CHECK, WARNING, found, expected, hint))
    for subnet in policy.declared():
        inside = [n for n in names if any(in_subnets(a, (subnet,)) for a in host.addresses_of(n, subnet.version))]
        if len(inside) > 1:
            found = f"{join(inside)} all have an address in {subnet}, and dhcpd would serve each"
            findings.append(Finding(_CHECK, WARNING, found, expected, hint))
    return findings


def _by_index(host: Host, index: Optional[int]) -> Optional[Link]:
    return next((link for link in host.links or () if index is not None and link.ifindex == index), None)


def _addresses(host: Host, policy: Policy) -> str:
    mine = [a for family in policy.families for a in host.mine(family)]
    return join(f"{a.address}/{a.prefix_length} on {a.interface}" for a in mine) or "none"

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight asks of each family what that family's own service needs, and of the other one nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_network as network
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_platform as platform
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_static as static
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_system as system
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, TcpListener, UdpSocket
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import Finding, Host, Platform, Policy
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import Process

FOUR, SIX = Policy(interfaces=("eth1",)), Policy(interfaces=("eth1",), families=(6,))
QUADLET6 = {
    "LoadState": "loaded",
    "FragmentPath": "/run/systemd/generator/dhcpd6.service",
    "SourcePath": "/etc/containers/systemd/dhcpd6.container",
}
PACKAGE = "isc-dhcp-server.service"


def bad(findings: list[Finding]) -> list[str]:
    return [f"{finding.status}: {finding.found}" for finding in findings if finding.status != "ok"]


def held(port: int, unit: str, family: int = 6, unit_properties: Any = None) -> Host:
    """A host on which a unit's dhcpd holds a port of every address."""
    socket = UdpSocket(family, "::" if family == 6 else "0.0.0.0", port, 0, None, 7, 0, v6only=True)
    owner = Process(812, "dhcpd", f"/system.slice/{unit}", unit, None)
    return Host(udp=[socket], packets=[], holders={7: [owner]}, unit=unit_properties)


@pytest.mark.parametrize(
    ("unit", "properties", "ours"),
    [
        ("dhcpd6.service", QUADLET6, True),
        ("dhcpd6.service", {**QUADLET6, "FragmentPath": "/usr/lib/systemd/system/dhcpd6.service"}, False),
        ("dhcpd.service", QUADLET6, False),
        ("dhcpd6.service", None, False),
    ],
    ids=["ours", "a package's", "IPv4's", "unknown"],
)
def test_port_547_may_be_held_by_our_own_service_of_ipv6(unit: str, properties: Any, ours: bool) -> None:
    wanted = [] if ours else [f"failure: UDP 547 is held by dhcpd (pid 812, unit {unit})"]
    assert bad(network.ports(held(547, unit, unit_properties=properties), SIX)) == wanted
    assert bad(network.ports(held(547, unit, unit_properties=properties), FOUR)) == [], "IPv4 doesn't need it"


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (dataclasses.replace(FOUR, take_over=PACKAGE), True),
        (dataclasses.replace(FOUR, take_over=PACKAGE, others=(6,)), False),
        (dataclasses.replace(SIX, take_over=PACKAGE), False),
        (FOUR, False),
    ],
    ids=["IPv4 alone", "both", "IPv6", "no take-over"],
)
def test_a_take_over_of_one_family_does_not_stop_the_other_in_passing(policy: Policy, told: bool) -> None:
    found = bad(network.ports(held(547, PACKAGE), policy))
    assert found == [f"failure: {PACKAGE} serves IPv6 too (UDP 547), and would be stopped with it"] * told


@pytest.mark.parametrize("policy", [FOUR, SIX])
@pytest.mark.parametrize("unit", ["dhcpd.service", "dhcpd6.service"])
def test_omapi_s_port_may_be_held_by_either_service(policy: Policy, unit: str) -> None:
    host = held(1, unit, unit_properties={**QUADLET6, "FragmentPath": f"/run/systemd/generator/{unit}"})
    host = dataclasses.replace(host, tcp=[TcpListener(4, "0.0.0.0", 7911, None, 7, 0)])
    assert bad(network.ports(host, dataclasses.replace(policy, tcp_ports=(7911,)))) == []


def test_an_address_by_autoconfiguration_matters_where_ipv6_is_served() -> None:
    host = Host(addresses=[Address(2, "eth1", 6, "2001:db8::5", 64, False, 2591999, 2)])
    assert not [line for line in bad(static.static_addresses(host, FOUR)) if "failure" in line]
    (failure,) = [line for line in bad(static.static_addresses(host, SIX)) if "failure" in line]
    assert failure.startswith("failure: 2001:db8::5/64 on eth1 is dynamic")


def test_the_service_s_name_is_the_family_s() -> None:
    foreign = Host(unit={"LoadState": "loaded", "FragmentPath": "/usr/lib/systemd/system/dhcpd6.service"})
    (failure,) = bad(system.service_unit(foreign, SIX))
    assert failure == "failure: dhcpd6.service is /usr/lib/systemd/system/dhcpd6.service"
    assert bad(system.service_unit(Host(unit=QUADLET6), SIX)) == []
    assert "dhcpd6.service" in str(system.service_unit(Host(unit={"LoadState": "masked"}), SIX))


@pytest.mark.parametrize(("target", "told"), [("/etc/dhcp/current/dhcpd6.container", False), ("", True)])
def test_the_quadlet_is_the_family_s(target: str, told: bool) -> None:
    path = "/etc/containers/systemd/dhcpd6.container"
    found = bad(platform.resources(Host(platform=Platform(quadlets={path: target})), SIX))
    assert (f"failure: {path} is no link of this collection's" in found) is told


def test_leases_that_nobody_decided_about_name_the_family_s_variable() -> None:
    policy = dataclasses.replace(SIX, lease_file="/var/lib/dhcpd/dhcpd6.leases")
    host = Host(files={"/var/lib/dhcpd/dhcpd6.leases": "absent"}, start_problem="leases elsewhere")
    (finding,) = system.leases(host, policy)
    assert finding.hint.startswith("set dhcpd_container_initial_leases6: empty")

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every preflight check on hand-made hosts, and the collector on recorded trees."""

from __future__ import annotations

import ipaddress
import tempfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight as preflight
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_interfaces as interfaces
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_network as network
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_static as static
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_system as system
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_contents import LeaseFile
from ansible_collections.quadlet.dhcpd.plugins.module_utils._managers import Reading
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import (
    Address,
    Link,
    NetlinkError,
    UdpSocket,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_collect import (
    Kernel,
    collect,
    path_state,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    Finding,
    Host,
    Platform,
    Podman,
    Policy,
)  # noqa: E501
from ansible_collections.quadlet.dhcpd.plugins.module_utils._rogue import Survey
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import PacketSocket, Process
from hypothesis import given
from hypothesis import strategies as st

CONTAINER = "3f" * 32
QUADLET = {
    "LoadState": "loaded",
    "FragmentPath": "/run/systemd/generator/dhcpd.service",
    "SourcePath": "/etc/containers/systemd/dhcpd.container",
    "DropInPaths": "",
    "UnitFileState": "generated",
}
NO_UNIT = {"LoadState": "not-found", "FragmentPath": "", "SourcePath": "", "DropInPaths": "", "UnitFileState": ""}
LEASES = "/var/lib/dhcpd/dhcpd.leases"


def link(index: int, name: str, up: bool = True, carrier: bool = True, kind: str = "ether") -> Link:
    return Link(index, name, None, up, carrier, "up", "00:00:5e:00:53:01", None, kind)


def address(name: str, text: str, permanent: bool = True, valid: int | None = None) -> Address:
    one = ipaddress.ip_interface(text)
    return Address(1, name, one.version, str(one.ip), one.network.prefixlen, permanent, valid, None)


def udp(port: int, interface: str | None = None, text: str = "0.0.0.0", inode: int = 7, **more: Any) -> UdpSocket:
    family = 6 if ":" in text else 4
    return UdpSocket(family, text, port, 2 if interface else 0, interface, inode, 0, **more)


def process(command: str, unit: str | None = None, container: str | None = None, pid: int = 812) -> Process:
    return Process(pid, command, "", unit, container)


def policy(*interfaces: str, subnets: tuple[str, ...] = (), allow: tuple[str, ...] = (), **more: Any) -> Policy:
    networks = tuple(ipaddress.ip_network(subnet) for subnet in subnets)
    return Policy(interfaces, networks, allow, **more)


LINKS = [
    link(1, "lo", kind="loopback"),
    link(2, "eth0"),
    link(3, "eth1"),
    link(4, "virbr0"),
    link(5, "eth2", up=False, carrier=False),
    link(6, "eth3", carrier=False),
]
ADDRESSES = [
    address("lo", "127.0.0.1/8"),
    address("eth0", "192.0.2.5/24"),
    address("eth1", "198.51.100.1/24"),
    address("eth1", "2001:db8::1/64", permanent=False, valid=600),
    address("virbr0", "203.0.113.1/24"),
    address("eth3", "203.0.113.129/25"),
]


def network_host(sockets: list[UdpSocket] | None = None, **more: Any) -> Host:
    given: dict[str, Any] = {"links": LINKS, "addresses": ADDRESSES, "udp": sockets or [], "packets": []}
    given["managers"] = Reading([], [], [])
    return Host(**{**given, **more})


def statuses(findings: list[Finding]) -> list[str]:
    return [finding.status for finding in findings]


def bad(findings: list[Finding]) -> list[str]:
    """The status and what was found, but for what is all right."""
    return [f"{finding.status}: {finding.found}" for finding in findings if finding.status != "ok"]


@pytest.mark.parametrize(
    ("extra", "allow", "wanted"),
    [
        ([], (), []),
        (
            [address("eth0", "192.0.2.9/24", False, 299)],
            (),
            ["failure: 192.0.2.9/24 on eth0 is dynamic, valid for 299 s"],
        ),
        (
            [address("eth0", "192.0.2.9/24", True, 299)],
            (),
            ["failure: 192.0.2.9/24 on eth0 is dynamic, valid for 299 s"],
        ),
        ([address("eth0", "192.0.2.9/24", True, 0)], (), ["failure: 192.0.2.9/24 on eth0 is dynamic, valid for 0 s"]),
        ([address("eth0", "192.0.2.9/24", False)], (), ["failure: 192.0.2.9/24 on eth0 is dynamic"]),
        ([address("eth0", "192.0.2.9/24", False, 299)], ("eth0",), []),
        (
            [address("eth0", "192.0.2.9/24", False, 299)],
            ("eth1",),
            ["failure: 192.0.2.9/24 on eth0 is dynamic, valid for 299 s"],
        ),
        ([address("lo", "127.0.0.2/8", False, 9)], (), []),
        ([address("e\\xff\n", "192.0.2.9/24", False)], (), ["failure: 192.0.2.9/24 on e\\xff\n is dynamic"]),
    ],
)
def test_static_addresses(extra: list[Address], allow: tuple[str, ...], wanted: list[str]) -> None:
    findings = static.static_addresses(network_host(addresses=ADDRESSES + extra), policy(allow=allow))
    assert bad(findings) == wanted
    assert all(finding.hint for finding in findings if finding.status == "failure")


DNSMASQ = process("dnsmasq", "dnsmasq.service")
OURS = process("dhcpd", "dhcpd.service", CONTAINER)
LIBVIRT = process("dnsmasq", "libvirtd.service")
GO_SERVER = process("coredhcp", f"libpod-{CONTAINER}.scope", CONTAINER)
BY = "dnsmasq (pid 812, unit dnsmasq.service)"
SERVING = policy("eth1")


@pytest.mark.parametrize(
    ("socket", "owners", "unit", "asked", "wanted"),
    [
        (udp(67), [DNSMASQ], NO_UNIT, SERVING, [f"failure: UDP 67 is held by {BY}"]),
        (udp(67), [DNSMASQ], QUADLET, SERVING, [f"failure: UDP 67 is held by {BY}"]),
        (udp(67, "eth1"), [DNSMASQ], NO_UNIT, SERVING, [f"failure: UDP 67 on eth1 is held by {BY}"]),
        (udp(67, "virbr0"), [LIBVIRT], NO_UNIT, SERVING, []),
        (udp(67, "virbr0"), [LIBVIRT], NO_UNIT, policy(subnets=("198.51.100.0/24",)), []),
        (
            udp(67, "virbr0"),
            [LIBVIRT],
            NO_UNIT,
            policy(),
            ["warning: UDP 67 on virbr0 is held by dnsmasq (pid 812, unit libvirtd.service)"],
        ),
        (udp(67, text="203.0.113.1"), [DNSMASQ], NO_UNIT, SERVING, []),
        (
            udp(67, text="198.51.100.1"),
            [DNSMASQ],
            NO_UNIT,
            SERVING,
            [f"failure: UDP 67 at 198.51.100.1 on eth1 is held by {BY}"],
        ),
        (
            udp(67, text="::"),
            [GO_SERVER],
            NO_UNIT,
            SERVING,
            ["failure: UDP 67 is held by coredhcp (pid 812, container 3f3f3f3f3f3f)"],
        ),
        (udp(67, text="::", v6only=True), [GO_SERVER], NO_UNIT, SERVING, []),
        (udp(67, text="2001:db8::1"), [GO_SERVER], NO_UNIT, SERVING, []),
        (
            udp(67, text="::ffff:198.51.100.1"),
            [DNSMASQ],
            NO_UNIT,
            SERVING,
            [f"failure: UDP 67 is held by {BY}"],
        ),
        (udp(67), [], NO_UNIT, SERVING, ["failure: UDP 67 is held by an owner that can't be seen (uid 0)"]),
        (udp(67, device_known=False), [DNSMASQ], NO_UNIT, SERVING, [f"failure: UDP 67 is held by {BY}"]),
        (udp(67), [OURS], QUADLET, SERVING, []),
        (
            udp(67),
            [OURS],
            {**QUADLET, "FragmentPath": "/etc/systemd/system/dhcpd.service"},
            SERVING,
            ["failure: UDP 67 is held by dhcpd (pid 812, unit dhcpd.service, container 3f3f3f3f3f3f)"],
        ),
        (
            udp(67),
            [OURS],
            None,
            SERVING,
            ["failure: UDP 67 is held by dhcpd (pid 812, unit dhcpd.service, container 3f3f3f3f3f3f)"],
        ),
        (
            udp(67),
            [process("dhcpd", "dhcpd.service"), process("nc", None, None, 9)],
            QUADLET,
            SERVING,
            ["failure: UDP 67 is held by dhcpd (pid 812, unit dhcpd.service), nc (pid 9)"],
        ),
        (udp(69), [DNSMASQ], NO_UNIT, SERVING, []),
    ],
)
def test_port_67(
    socket: UdpSocket, owners: list[Process], unit: dict[str, str] | None, asked: Policy, wanted: list[str]
) -> None:
    host = network_host([socket], holders={7: owners} if owners else {}, unit=unit)
    findings = network.ports(host, asked)
    assert bad(findings) == wanted
    assert all(finding.hint for finding in findings if finding.status != "ok")


@pytest.mark.parametrize(
    ("owner", "hint"),
    [
        (DNSMASQ, "systemctl disable --now dnsmasq.service, where it is not needed"),
        (GO_SERVER, "stop container 3f3f3f3f3f3f"),
        (OURS, "systemctl stop dhcpd.service"),
        (process("nc"), "stop it: pid 812"),
        # Stopping what manages the network could cut the host off.
        (
            process("NetworkManager", "NetworkManager.service"),
            "turn off the DHCP server in the configuration of NetworkManager.service",
        ),
    ],
)
def test_the_hint_for_a_server_is_one_to_follow(owner: Process, hint: str) -> None:
    found = network.ports(network_host([udp(67)], holders={7: [owner]}), SERVING)
    assert [finding.hint for finding in found if finding.status == "failure"] == [hint]


DHCLIENT = process("dhclient", "ifup@eth0.service")
CLIENT = "dhclient (pid 812, unit ifup@eth0.service)"
NETWORKD = process("systemd-network", "systemd-networkd.service")
LPF = PacketSocket(3, 2, 0, 8)
ON_IP = PacketSocket(0x800, 2, 0, 8)


@pytest.mark.parametrize(
    ("sockets", "packets", "owners", "allow", "wanted"),
    [
        ([udp(68)], [LPF], [DHCLIENT], (), [f"failure: UDP 68 (eth0) is held by {CLIENT}"]),
        ([udp(68)], [LPF], [DHCLIENT], ("eth0",), []),
        ([udp(68)], [LPF], [DHCLIENT], ("eth1",), [f"failure: UDP 68 (eth0) is held by {CLIENT}"]),
        (
            [udp(68)],
            [LPF, PacketSocket(3, 3, 0, 8)],
            [DHCLIENT],
            ("eth0",),
            [f"failure: UDP 68 (eth0, eth1) is held by {CLIENT}"],
        ),
        ([udp(68)], [], [DHCLIENT], ("eth0",), [f"failure: UDP 68 is held by {CLIENT}"]),
        ([udp(68)], [], [], ("eth0",), ["not_checkable: UDP 68 is held by an owner that can't be seen (uid 0)"]),
        ([udp(68)], [], [], (), ["failure: UDP 68 is held by an owner that can't be seen (uid 0)"]),
        ([udp(68, "eth0")], [], [DHCLIENT], (), [f"failure: UDP 68 on eth0 is held by {CLIENT}"]),
        ([udp(68, "eth0")], [], [DHCLIENT], ("eth0",), []),
        ([udp(68, text="192.0.2.5")], [], [DHCLIENT], ("eth0",), []),
        ([], [LPF], [DHCLIENT], (), [f"failure: a DHCP client runs on eth0: {CLIENT}"]),
        ([], [LPF, LPF], [DHCLIENT], (), [f"failure: a DHCP client runs on eth0: {CLIENT}"]),
        ([], [LPF], [DHCLIENT], ("eth0",), []),
        (
            [],
            [ON_IP],
            [NETWORKD],
            (),
            ["failure: a DHCP client runs on eth0: systemd-network (pid 812, unit systemd-networkd.service)"],
        ),
        # networkd also listens for LLDP (0x88cc) and ARP, lldpd and tcpdump for everything: no DHCP clients.
        ([], [PacketSocket(0x88CC, 2, 0, 8)], [NETWORKD], (), []),
        ([], [PacketSocket(3, 2, 0, 8)], [process("tcpdump")], (), []),
        ([], [PacketSocket(3, 0, 0, 8)], [DHCLIENT], (), []),
        ([], [LPF], [], (), ["not_checkable: a packet socket on eth0 whose owner can't be seen"]),
        ([], [PacketSocket(0x806, 2, 0, 8)], [], (), []),
    ],
)
def test_dhcp_clients(
    sockets: list[UdpSocket],
    packets: list[PacketSocket],
    owners: list[Process],
    allow: tuple[str, ...],
    wanted: list[str],
) -> None:
    holders = {7: owners, 8: owners} if owners else {}
    findings = network.ports(network_host(sockets, packets=packets, holders=holders), policy(allow=allow))
    assert bad(findings) == wanted
    assert "disable" not in " ".join(finding.hint for finding in findings)


ETH1 = ("198.51.100.0/24",)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (policy("eth1"), []),
        (policy("eth1", subnets=ETH1), []),
        (policy(subnets=ETH1), []),
        (policy("eth9"), ["failure: there is no interface eth9"]),
        (policy("eth2"), ["failure: eth2 is down", "failure: eth2 has no IPv4 address"]),
        (policy("eth3"), ["warning: eth3 has no carrier"]),
        (
            policy("eth0", "eth1", subnets=ETH1),
            ["failure: eth0 has 192.0.2.5/24"],
        ),
        (
            policy("eth1", subnets=(*ETH1, "203.0.113.0/25")),
            ["warning: no serving interface has an address in 203.0.113.0/25"],
        ),
        (policy(subnets=("10.9.0.0/16",)), ["failure: no interface has an address in 10.9.0.0/16"]),
        (policy(subnets=("127.0.0.0/8",)), ["failure: no interface has an address in 127.0.0.0/8"]),
        (policy("eth1", subnets=("2001:db8::/64",)), []),
        (policy(subnets=("2001:db8::/64",)), ["not_checkable: no interfaces and no IPv4 subnets given"]),
        (policy(), ["not_checkable: no interfaces and no IPv4 subnets given"]),
    ],
)
def test_interfaces(asked: Policy, wanted: list[str]) -> None:
    assert bad(interfaces.interfaces(network_host(), asked)) == wanted


def test_a_down_interface_does_not_serve() -> None:
    host = network_host(addresses=[address("eth2", "198.51.100.1/24")])
    assert bad(interfaces.interfaces(host, policy(subnets=ETH1))) == ["failure: eth2 is down"]


def test_thousands_of_interfaces_make_no_endless_message() -> None:
    host = network_host(links=[link(n, f"vlan{n}") for n in range(4000)])
    (finding,) = interfaces.interfaces(host, policy("eth9"))
    assert finding.hint.endswith("vlan11 and 3988 more")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (NO_UNIT, []),
        ({}, []),
        ({"SourcePath": "/run/containers/systemd/dhcpd.container"}, []),
        ({"SourcePath": "/etc/dhcp/releases/4.4.3-P1-2.9f3c1a2b4d5e/dhcpd.container"}, []),
        (
            {
                "FragmentPath": "/run/systemd/system/dhcpd.service",
                "SourcePath": "/etc/dhcp/releases/4.4.3-P1-2.9f3c1a2b4d5e/dhcpd.container",
            },
            [],
        ),
        (
            {"FragmentPath": "/etc/systemd/system/dhcpd.service"},
            [
                "failure: dhcpd.service is /etc/systemd/system/dhcpd.service, "
                "made from /etc/containers/systemd/dhcpd.container"
            ],
        ),
        (
            {"FragmentPath": "/usr/lib/systemd/system/dhcpd.service", "SourcePath": ""},
            ["failure: dhcpd.service is /usr/lib/systemd/system/dhcpd.service"],
        ),
        (
            {"FragmentPath": "/run/systemd/generator.late/dhcpd.service", "SourcePath": "/etc/init.d/dhcpd"},
            ["failure: dhcpd.service is /run/systemd/generator.late/dhcpd.service, made from /etc/init.d/dhcpd"],
        ),
        (
            {"FragmentPath": "/run/systemd/transient/dhcpd.service", "SourcePath": ""},
            ["failure: dhcpd.service is /run/systemd/transient/dhcpd.service"],
        ),
        (
            {"SourcePath": "/etc/containers/systemd-old/dhcpd.container"},
            [
                "failure: dhcpd.service is /run/systemd/generator/dhcpd.service, "
                "made from /etc/containers/systemd-old/dhcpd.container"
            ],
        ),
        (
            {"LoadState": "masked", "FragmentPath": "/etc/systemd/system/dhcpd.service", "SourcePath": ""},
            ["failure: dhcpd.service is masked"],
        ),
        ({"UnitFileState": "masked-runtime"}, ["failure: dhcpd.service is masked"]),
        # Masked since the last daemon-reload: what is loaded is still the old unit.
        ({"UnitFileState": "masked"}, ["failure: dhcpd.service is masked"]),
        ({"LoadState": "bad-setting"}, ["warning: dhcpd.service has LoadState bad-setting"]),
        (
            {
                "DropInPaths": "/etc/systemd/system/dhcpd.service.d/override.conf "
                "/run/systemd/system/dhcpd.service.d/x.conf"
            },
            [
                "failure: /etc/systemd/system/dhcpd.service.d/override.conf changes dhcpd.service",
                "failure: /run/systemd/system/dhcpd.service.d/x.conf changes dhcpd.service",
            ],
        ),
        # Fedora's own, for all services.
        ({"DropInPaths": "/usr/lib/systemd/system/service.d/10-timeout-abort.conf"}, []),
        (
            {"DropInPaths": "/etc/systemd/system/service.d/proxy.conf"},
            ["warning: /etc/systemd/system/service.d/proxy.conf changes every service, this one too"],
        ),
        (
            {"DropInPaths": "/etc/systemd/system.control/dhcpd.service.d/50-CPUQuota.conf"},
            ["warning: /etc/systemd/system.control/dhcpd.service.d/50-CPUQuota.conf limits dhcpd.service"],
        ),
    ],
)
def test_service_unit(change: dict[str, str], wanted: list[str]) -> None:
    findings = system.service_unit(Host(unit={**QUADLET, **change}), Policy())
    assert bad(findings) == wanted
    assert bool(wanted) != (statuses(findings) == ["ok"])


@pytest.mark.parametrize(
    ("podman", "wanted"),
    [
        (Podman(True, "5.4.2", None, True), []),
        (Podman(True, "4.6.0", None, True), []),
        (Podman(True, "4.10.0", None, True), []),
        (Podman(True, "5.0.0-dev", None, True), []),
        (Podman(True, "4.5.9", None, True), ["failure: podman 4.5.9 is installed"]),
        (Podman(True, "5.4.2", None, False), ["failure: podman 5.4.2 is installed without quadlet"]),
        (Podman(True, None, None, True), ["not_checkable: podman unknown"]),
        (Podman(False, None, "5.4.2+ds1-2+b1"), []),
        (Podman(False, None, "2:4.9.4-18.el9"), []),
        (
            Podman(False, None, "9:4.3.1+ds1-8+deb12u1"),
            ["failure: podman 9:4.3.1+ds1-8+deb12u1 is what would be installed"],
        ),
        (Podman(False, None, "3.4.4+ds1-1ubuntu1"), ["failure: podman 3.4.4+ds1-1ubuntu1 is what would be installed"]),
        (Podman(), ["not_checkable: podman is not installed and its candidate version is unknown"]),
    ],
)
def test_podman(podman: Podman, wanted: list[str]) -> None:
    assert bad(system.platform(Host(podman=podman), Policy())) == wanted


def test_a_platform_without_systemd_and_with_old_cgroups_fails_twice() -> None:
    host = Host(systemd=False, cgroup_v2=False, podman=Podman(True, "5.4.2", None, True))
    assert statuses(system.platform(host, Policy())) == ["failure", "failure", "ok"]


EMPTY = {"initial_leases": "empty"}
COPY = {"initial_leases": "/root/leases"}
DEBIAN = "/var/lib/dhcp/dhcpd.leases"
WHOLE = {"leases": LeaseFile(3, 177, 0o640, None)}


@pytest.mark.parametrize(
    ("files", "read", "more", "wanted"),
    [
        ({LEASES: "absent"}, {}, {}, []),
        ({LEASES: "regular"}, WHOLE, {}, []),
        ({LEASES: "leases", DEBIAN: "leases", LEASES + "~": "leases"}, WHOLE, {}, []),
        ({LEASES: "leases"}, {}, {}, ["not_checkable: leases unknown"]),
        (
            {LEASES: "leases"},
            {"leases": LeaseFile(3, 177, 0o640, "cut off in line 9")},
            {},
            [f"failure: {LEASES}: cut off in line 9"],
        ),
        (
            {LEASES: "leases"},
            {"leases": LeaseFile(3, 177, 0o040, None)},
            {},
            [f"failure: {LEASES} has mode 0040"],
        ),
        (
            {LEASES: "leases"},
            {**WHOLE, "platform": Platform(shut=("/var/lib",))},
            {},
            ["failure: only root can pass /var/lib"],
        ),
        ({LEASES: "absent"}, {"start_problem": "leases elsewhere"}, {}, ["failure: leases elsewhere"]),
        ({LEASES: "absent", DEBIAN: "leases", "/root/leases": "leases"}, {}, COPY, []),
        ({LEASES: "absent", "/root/leases": "absent"}, {}, COPY, ["failure: /root/leases is missing"]),
        ({LEASES: "absent", "/root/leases": "other"}, {}, COPY, ["failure: /root/leases is no file"]),
        ({LEASES: "absent", "/root/leases": "regular"}, {}, COPY, ["warning: /root/leases holds no lease"]),
        ({LEASES: "absent", "/root/leases": "unreadable"}, {}, COPY, ["not_checkable: /root/leases unknown"]),
        ({LEASES: "absent"}, {}, {"initial_leases": "Empty"}, ["failure: Empty is no absolute path"]),
        ({LEASES: "other"}, {}, {}, [f"failure: {LEASES} is no regular file"]),
        ({LEASES: "unreadable"}, {}, {}, [f"not_checkable: {LEASES} unknown"]),
        ({LEASES: "absent", DEBIAN: "unreadable"}, {"start_problem": "x"}, {}, [f"not_checkable: {DEBIAN} unknown"]),
        ({LEASES: "absent", DEBIAN: "unreadable"}, {}, EMPTY, []),
    ],
)
def test_leases(files: dict[str, str], read: dict[str, Any], more: dict[str, str], wanted: list[str]) -> None:
    findings = system.leases(Host(files=files, **read), Policy(**more))
    assert bad(findings) == wanted
    assert all(finding.hint for finding in findings if finding.status != "ok" and "unknown" not in finding.found)


@pytest.mark.parametrize("name", [DEBIAN, DEBIAN + "~", LEASES + "~", "/var/lib/dhcp/db/dhcpd.leases"])
@pytest.mark.parametrize("choice", [None, "empty"])
def test_leases_elsewhere_need_a_decision_as_the_release_does(tmp_path: Path, name: str, choice: str | None) -> None:
    root = tree(tmp_path, {name.lstrip("/"): "lease 198.51.100.7 {\n}\n"})
    asked = Policy(initial_leases=choice)
    (finding,) = system.leases(collect(asked, Commands(), root, KERNEL), asked)
    assert finding.status == ("ok" if choice else "failure")
    if not choice:
        assert finding.found.startswith(f"{LEASES} is missing, but {name} holds leases")
        assert "dhcpd_container_initial_leases: empty | PATH" in finding.hint


def test_a_host_of_which_nothing_could_be_read_is_not_checkable() -> None:
    """Without links, addresses, sockets, systemctl, podman, files: no check raises, fails or says ok."""
    assert {(f.check, f.status) for f in preflight.run(Host(), policy("eth1", subnets=ETH1))} == {
        ("platform", "ok"),
        ("platform", "not_checkable"),
        ("service_unit", "not_checkable"),
        ("static_addresses", "not_checkable"),
        ("ports", "not_checkable"),
        ("interfaces", "not_checkable"),
        ("leases", "not_checkable"),
    }


def test_all_failures_are_one_message() -> None:
    findings = [
        Finding("ports", "failure", "UDP 67 is held", "UDP 67 free", "stop it"),
        Finding("interfaces", "warning", "eth3 has no carrier", "carrier", "look"),
        Finding("leases", "failure", "gone", "there"),
    ]
    assert preflight.failure_message(findings).splitlines()[1:] == [
        "ports: UDP 67 is held; expected UDP 67 free; stop it",
        "leases: gone; expected there",
    ]
    assert preflight.warnings(findings) == ["interfaces: eth3 has no carrier; expected carrier; look"]
    assert preflight.failure_message(findings[1:2]) == ""


class Commands:
    """A runner that answers by the command's name and counts what is run."""

    def __init__(self, **answers: tuple[int, str]) -> None:
        self.answers = answers
        self.ran: list[list[str]] = []

    def __call__(self, command: list[str]) -> tuple[int, str, str]:
        self.ran.append(command)
        status, out = self.answers.get(command[0].replace("-", "_"), (127, ""))
        return status, out, "" if status == 0 else "a reason"


def refuse(*_names: object) -> Any:
    raise NetlinkError("netlink: Operation not permitted", 1)


KERNEL = Kernel(lambda: LINKS, lambda names: ADDRESSES, lambda names: [udp(67)], lambda names: [])
POLICY_TEXT = "podman:\n  Installed: (none)\n  Candidate: {}\n  Version table:\n     5.4.2 500\n"
DEB, GCC = {"etc/os-release": 'ID=debian\nVERSION="13 (trixie)"\n'}, "golang-github-containers-common"
UBUNTU = {"etc/os-release": "ID=pop\nID_LIKE='ubuntu debian'\n# it's odd\n"}
EL = {"usr/lib/os-release": 'ID="almalinux"\nID_LIKE="rhel centos fedora"\n'}


def tree(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return str(root)


@pytest.mark.parametrize(
    ("release", "commands", "podman", "packages"),
    [
        (
            DEB,
            {"podman": (0, "podman version 5.4.2\n"), "dpkg_query": (0, f"podman installed\n{GCC} installed\n")},
            Podman(True, "5.4.2"),
            (),
        ),
        (
            DEB,
            {"podman": (0, "podman version 5.4.2\n"), "dpkg_query": (1, "podman installed\n")},
            Podman(True, "5.4.2"),
            (GCC,),
        ),
        (
            DEB,
            {
                "apt_cache": (0, POLICY_TEXT.format("5.4.2+ds1-2+b1")),
                "dpkg_query": (1, f"podman config-files\n{GCC} not-installed\n"),
            },
            Podman(False, None, "5.4.2+ds1-2+b1"),
            ("podman", GCC),
        ),
        (UBUNTU, {"apt_cache": (0, POLICY_TEXT.format("(none)")), "dpkg_query": (1, "")}, Podman(), ("podman", GCC)),
        (DEB, {"apt_cache": (0, ""), "dpkg_query": (1, "")}, Podman(), ("podman", GCC)),
        (
            EL,
            {"dnf": (0, "\n4.9.4\n"), "rpm": (2, "package podman is not installed\ncontainers-common\n")},
            Podman(False, None, "4.9.4"),
            ("podman",),
        ),
        (
            EL,
            {
                "dnf": (1, ""),
                "rpm": (2, "package podman is not installed\npackage containers-common is not installed\n"),
            },
            Podman(),
            ("podman", "containers-common"),
        ),
        (EL, {"podman": (125, "")}, Podman(True), ()),
        ({}, {}, Podman(), ("podman", "containers-common")),
        # A podman built by hand is not installed over.
        ({}, {"podman": (0, "podman version 5.8.0\n"), "rpm": (2, "")}, Podman(True, "5.8.0"), ("containers-common",)),
    ],
)
def test_collect_podman_and_packages(
    tmp_path: Path, release: dict[str, str], commands: dict[str, Any], podman: Podman, packages: tuple[str, ...]
) -> None:
    runner = Commands(**commands)
    host = collect(Policy(), runner, tree(tmp_path, release), KERNEL)
    assert (host.podman, host.packages) == (podman, packages)
    tools = [command[0] for command in runner.ran]
    assert len(tools) == len(set(tools)) <= 4


def test_collect_a_host(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "run/systemd/system/x": "",
            "sys/fs/cgroup/cgroup.controllers": "cpu\n",
            "usr/libexec/podman/quadlet": "",
            "proc/net/packet": "head\n0 3 3 0003 2 1 0 0 8\n0 3 3 0806 2 1 0 0 9\n",
            "proc/812/comm": "dhclient\n",
            "proc/812/cgroup": "0::/system.slice/networking.service\n",
            "var/lib/dhcpd/dhcpd.leases~": "lease 198.51.100.7 {\n}\n",
        },
    )
    (tmp_path / "proc/812/fd").mkdir()
    for inode in (7, 8, 9):
        (tmp_path / f"proc/812/fd/{inode}").symlink_to(f"socket:[{inode}]")
    show = (0, "LoadState=loaded\nFragmentPath=/run/systemd/generator/dhcpd.service\nDropInPaths=\nSourcePath=/a=b\n")
    host = collect(Policy(), Commands(podman=(0, "podman version 5.4.2\n"), systemctl=show), root, KERNEL)
    assert (host.systemd, host.cgroup_v2, host.podman.quadlet) == (True, True, True)
    assert host.packets == [PacketSocket(3, 2, 0, 8), PacketSocket(0x806, 2, 0, 9)]
    owner = Process(812, "dhclient", "/system.slice/networking.service", "networking.service", None)
    assert host.holders == {7: [owner], 8: [owner]}
    assert host.unit is not None and host.unit["SourcePath"] == "/a=b" and host.unit["DropInPaths"] == ""
    assert (host.files[LEASES], host.files[LEASES + "~"], host.problems) == ("absent", "leases", {})


def test_units_come_in_the_order_of_the_question(tmp_path: Path) -> None:
    """Each by its place, whatever its Id: NetworkManager is the third, after dhcpd and systemd-networkd."""
    off = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\n"
    blocks = [off] * 30
    blocks[0] = "LoadState=masked\nUnitFileState=masked\n"
    blocks[2] = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
    runner = Commands(systemctl=(0, "\n".join(blocks)))
    host = collect(Policy(), runner, str(tmp_path), KERNEL)
    assert host.unit is not None and host.unit["LoadState"] == "masked"
    assert host.managers is not None and host.managers.managers == ["NetworkManager.service"]
    assert [command[0] for command in runner.ran].count("systemctl") == 1


RULES = '{"nftables": [{"chain": {"family": "inet", "table": "f", "name": "i", "hook": "input", "policy": "drop"}}]}'


@pytest.mark.parametrize(
    ("commands", "closed", "unknown"),
    [
        ({"nft": (0, RULES)}, 1, ""),
        ({"nft": (0, "")}, 0, ""),
        ({"nft": (1, "")}, 0, "nft list ruleset: a reason"),
        # iptables' own matches in nft's rules: iptables is asked as well.
        (
            {"nft": (0, RULES.replace("drop", "accept").replace("[{", '[{"xt": null}, {')), "ip6tables_save": (0, "*filter\n:INPUT DROP\nCOMMIT\n")},  # noqa: E501
            1,
            "",
        ),
        ({"ip6tables_save": (0, "*filter\n:INPUT DROP\nCOMMIT\n")}, 1, ""),
        ({"iptables_save": (0, "*filter\n:INPUT DROP\nCOMMIT\n")}, 0, ""),
        ({"ip6tables_save": (1, "")}, 0, "ip6tables-save: a reason"),
        ({}, 0, ""),
    ],
)  # fmt: skip
def test_the_packet_filter_is_asked_where_it_matters(
    tmp_path: Path, commands: dict[str, Any], closed: int, unknown: str
) -> None:
    host = collect(Policy(families=(4, 6)), Commands(**commands), str(tmp_path), KERNEL)
    assert host.firewall is not None
    assert (len(host.firewall.closed), host.firewall.unknown) == (closed, unknown)
    runner = Commands(**commands)
    assert collect(Policy(), runner, str(tmp_path), KERNEL).firewall is None
    assert not {"nft", "iptables-save", "ip6tables-save"} & {command[0] for command in runner.ran}


def test_rule_sets_that_are_no_json_are_not_checkable(tmp_path: Path) -> None:
    host = collect(Policy(families=(6,)), Commands(nft=(0, "{odd")), str(tmp_path), KERNEL)
    assert host.firewall is None and host.problems["firewall"].startswith("firewall can't be read")


def test_a_lease_file_is_read_whole(tmp_path: Path) -> None:
    root = tree(tmp_path, {LEASES.lstrip("/"): "lease 198.51.100.7 {\n  starts"})
    asked = Policy()
    (finding,) = system.leases(collect(asked, Commands(), root, KERNEL), asked)
    assert (finding.status, finding.found) == (
        "failure",
        f"{LEASES}: line 2: the end of the file where a number of a date should be",
    )


def test_a_survey_is_made_only_on_request_and_on_the_serving_interfaces(tmp_path: Path) -> None:
    asked: list[Any] = []

    def survey(macs: dict[str, str], own: Any) -> Survey:
        asked.append((list(macs), "198.51.100.1" in own))
        return Survey([], {})

    kernel = KERNEL._replace(survey=survey)
    assert collect(policy("eth1"), Commands(), str(tmp_path), kernel).survey is None
    assert collect(policy(rogues=True), Commands(), str(tmp_path), kernel).survey is None
    assert collect(policy(subnets=ETH1, rogues=True), Commands(), str(tmp_path), kernel).survey == Survey([], {})
    gone = collect(policy("eth9", rogues=True), Commands(), str(tmp_path), kernel).survey
    assert gone == Survey([], {"eth9": "there is no such interface"})
    assert asked == [(["eth1"], True), ([], True)]


def test_collect_from_a_system_that_tells_nothing(tmp_path: Path) -> None:
    host = collect(Policy(), Commands(), str(tmp_path), Kernel(refuse, refuse, refuse))
    assert (host.links, host.addresses, host.udp, host.packets, host.unit) == (None,) * 5
    assert "Operation not permitted" in host.problems["links"]
    assert "/proc/net/udp" in host.problems["udp"]
    assert host.managers is None and host.clients == ()
    assert host.problems["unit"] == "systemctl show dhcpd.service: a reason"
    assert {f.status for f in preflight.run(host, policy("eth1")) if f.check != "platform"} == {"not_checkable", "ok"}


def test_without_udp_diag_the_sockets_come_from_proc(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/net/udp": "head\n0: 00000000:0043 00000000:0000 07 0:0 0:0 0 0 0 77 2\n"})
    host = collect(Policy(), Commands(), root, KERNEL._replace(udp_sockets=refuse))
    (finding,) = (f for f in network.ports(host, SERVING) if f.status == "failure")
    assert finding.hint.startswith("whether it is bound to one interface can't be seen: modprobe udp_diag")


def test_states_of_a_path(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"# lease 1.2.3.4\nhost x { }\n")
    (tmp_path / "b").write_bytes(b"x" * 70 + b"\n" + b"lease 198.51.100.7 {\n}\n")
    (tmp_path / "c").symlink_to("nowhere")
    (tmp_path / "d").symlink_to("b")
    names = ["a", "b", "c", "d", ".", "e", "a/f"]
    wanted = ["regular", "leases", "other", "leases", "other", "absent", "absent"]
    assert [path_state(tmp_path / name) for name in names] == wanted


@given(st.integers(0, 60), st.integers(0, 3))
def test_a_lease_across_the_chunks_of_a_file_is_seen(shift: int, lines: int) -> None:
    """The statement stands at every offset around the end of the first chunk."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "leases")
        filler = (b"#" * 99 + b"\n") * ((1 << 20) // 100)
        filler += b"#" * ((1 << 20) - len(filler) - shift - lines - 1) + b"\n" * (lines + 1)
        path.write_bytes(filler + b"lease 198.51.100.7 {\n}\n")
        assert path_state(path) == "leases"


@given(st.text(max_size=30))
def test_any_version_text_is_a_version_or_none(text: str) -> None:
    found = system.version_of(text)
    assert found is None or len(found) == 2


def test_a_packaged_server_that_is_taken_over_is_no_conflict() -> None:
    packaged = "isc-dhcp-server.service"
    host = network_host([udp(67)], holders={7: [process("dhcpd", packaged)]}, unit=NO_UNIT, files={LEASES: "absent"})
    assert bad(network.ports(host, policy("eth1"))) == [f"failure: UDP 67 is held by dhcpd (pid 812, unit {packaged})"]
    wanted = policy("eth1", take_over=packaged)
    assert bad(network.ports(host, wanted)) == []
    (finding,) = system.leases(host, wanted)
    assert (finding.status, finding.found) == ("ok", f"{LEASES} will start from the leases of {packaged}")

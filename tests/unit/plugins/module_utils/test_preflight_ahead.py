# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks that look ahead of now: static after the next boot, servers that wait for it, other servers, the rest."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _boot_servers as boot_servers
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_interfaces as interfaces
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_network as network
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_platform as platform
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_static as static
from ansible_collections.quadlet.dhcpd.plugins.module_utils._boot_servers import Server
from ansible_collections.quadlet.dhcpd.plugins.module_utils._firewall import Closed, Firewall, Port
from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._managers import Client, Reading
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, Link, TcpListener, UdpSocket
from ansible_collections.quadlet.dhcpd.plugins.module_utils._networkd import Claim
from ansible_collections.quadlet.dhcpd.plugins.module_utils._platform_collect import read
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    Finding,
    Host,
    Platform,
    Policy,
    Space,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._rogue import Offer, Survey
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import Process

ON = ["systemd-networkd.service"]
SOURCE = "/etc/systemd/network/10.network"


def link(index: int, name: str, kind: str | None = None, master: int | None = None, carrier: bool = True) -> Link:
    return Link(index, name, kind, True, carrier, "up", "00:00:5e:00:53:01", master, "ether")


def address(
    name: str, text: str, permanent: bool = True, valid: int | None = None, proto: int | None = None
) -> Address:
    one = ipaddress.ip_interface(text)
    return Address(1, name, one.version, str(one.ip), one.network.prefixlen, permanent, valid, proto)


def claim(interface: str | None, method: str = "dhcp", family: int = 4, sure: bool = True) -> Claim:
    return Claim("systemd-networkd", interface, family, method, SOURCE, sure)


LINKS = [link(2, "eth0"), link(3, "eth1"), link(4, "eth2", carrier=False), link(5, "virbr0", "bridge")]
FIXED = [address("eth0", "192.0.2.5/24"), address("eth1", "198.51.100.1/24")]


def host(*claims: Claim, **more: Any) -> Host:
    return Host(
        **{
            "links": LINKS,
            "addresses": FIXED,
            "udp": [],
            "packets": [],
            "managers": Reading(list(claims), [], ON),
            **more,
        }
    )


def policy(*names: str, subnets: tuple[str, ...] = (), **more: Any) -> Policy:
    return Policy(names, tuple(ipaddress.ip_network(subnet) for subnet in subnets), **more)


def bad(findings: list[Finding]) -> list[str]:
    assert all(finding.hint for finding in findings if finding.status == "failure")
    return [f"{finding.status}: {finding.found}" for finding in findings if finding.status != "ok"]


AFTER = f"by DHCP: systemd-networkd, {SOURCE}"


@pytest.mark.parametrize(
    ("claims", "allow", "wanted"),
    [
        ([claim("eth1", "static")], (), []),
        ([claim("eth1")], (), [f"failure: eth1 is static now and would be dynamic after a boot, {AFTER}"]),
        ([claim("eth1")], ("eth1",), []),
        ([claim("eth1")], ("eth0",), [f"failure: eth1 is static now and would be dynamic after a boot, {AFTER}"]),
        ([claim("eth1", sure=False)], (), [f"warning: eth1 is static now and would be dynamic after a boot, {AFTER}"]),
        # Nothing is plugged in, so nothing is given, yet.
        ([claim("eth2")], (), [f"warning: eth2 has no address and would get one, {AFTER}"]),
        ([claim("virbr0")], (), [f"failure: virbr0 has no address and would get one, {AFTER}"]),
        ([claim("eth9")], (), []),
        ([claim("eth1", "server")], (), []),
        ([claim("eth1", family=6)], (), []),
        ([claim(None)], (), [f"failure: an interface would get an address {AFTER}"]),
        ([claim(None)], ("eth0",), []),
    ],
)
def test_static_now_and_dynamic_after_a_boot(claims: list[Claim], allow: tuple[str, ...], wanted: list[str]) -> None:
    assert bad(static.static_addresses(host(*claims), policy(allow_dynamic_interfaces=allow))) == wanted


LEASED = address("eth0", "192.0.2.9/24", False, 299)
DHCLIENT = Client(Process(7, "dhclient", "", "ifup@eth0.service", None), ("eth0",))
NOW = "failure: 192.0.2.9/24 on eth0 is dynamic, valid for 299 s"


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"managers": Reading([claim("eth0")], [], ON)}, [f"{NOW}, as systemd-networkd has it in {SOURCE}"]),
        ({"managers": Reading([claim("eth0", "static")], [], ON)}, [f"{NOW}, although systemd-networkd has it static in {SOURCE}"]),  # noqa: E501
        ({"clients": (DHCLIENT,)}, [f"{NOW}, from dhclient (pid 7, unit ifup@eth0.service)"]),
    ],
)  # fmt: skip
def test_who_made_an_address_dynamic(more: dict[str, Any], wanted: list[str]) -> None:
    assert bad(static.static_addresses(host(**{"addresses": [LEASED], **more}), Policy())) == wanted


@pytest.mark.parametrize(
    ("clients", "allow", "wanted"),
    [
        ((DHCLIENT,), (), ["failure: dhclient (pid 7, unit ifup@eth0.service) is a DHCP client for eth0"]),
        ((DHCLIENT,), ("eth0",), []),
        ((Client(Process(8, "udhcpc", "", None, None), ()),), (), ["failure: udhcpc (pid 8) is a DHCP client for all interfaces"]),  # noqa: E501
        ((Client(Process(8, "udhcpc", "", None, None), ()),), ("eth0",), []),
    ],
)  # fmt: skip
def test_a_client_that_runs_without_a_dynamic_address(clients: Any, allow: Any, wanted: list[str]) -> None:
    assert bad(static.static_addresses(host(clients=clients), policy(allow_dynamic_interfaces=allow))) == wanted


def test_an_address_set_by_hand_is_named_where_it_is_served() -> None:
    asked = policy("eth1")
    wanted = ["warning: 198.51.100.1/24 on eth1 is in no network manager's files"]
    assert bad(static.static_addresses(host(), asked)) == wanted
    assert bad(static.static_addresses(host(claim("eth1", "static")), asked)) == []
    # Where the managers' files are not known, nobody can say so.
    assert bad(static.static_addresses(host(managers=Reading([], [], [])), asked)) == []
    odd = host(managers=Reading([], ["/etc/netplan/1.yaml (a tab)"], ON))
    assert bad(static.static_addresses(odd, asked)) == ["not_checkable: not read: /etc/netplan/1.yaml (a tab)"]


SLAAC = address("eth1", "2001:db8::7/64", False, 600, 2)


@pytest.mark.parametrize(
    ("addresses", "claims", "wanted"),
    [
        ([address("eth1", "2001:db8::1/64"), address("eth1", "fe80::1/64", False, 9)], [], []),
        ([SLAAC], [], ["failure: 2001:db8::7/64 on eth1 is dynamic, valid for 600 s"]),
        (
            [SLAAC],
            [claim("eth1", "auto", 6)],
            [f"failure: 2001:db8::7/64 on eth1 is dynamic, valid for 600 s, as systemd-networkd has it in {SOURCE}"],
        ),
        (
            [address("eth1", "2001:db8::1/64")],
            [claim("eth1", "auto", 6)],
            [
                "failure: eth1 is static now and would be dynamic after a boot, "
                f"by IPv6 autoconfiguration: systemd-networkd, {SOURCE}"
            ],
        ),
    ],
)
def test_ipv6_is_judged_where_it_is_served(addresses: list[Address], claims: list[Claim], wanted: list[str]) -> None:
    read = host(*claims, addresses=addresses)
    findings = static.static_addresses(read, Policy(families=(6,)))
    assert bad(findings) == wanted
    if addresses == [SLAAC] and not claims:
        assert findings[0].hint.startswith("sysctl net.ipv6.conf.eth1.accept_ra=0")
    assert bad(static.static_addresses(read, Policy())) == []


def udp(port: int, text: str, interface: str | None = None, v6only: bool = False) -> UdpSocket:
    return UdpSocket(6 if ":" in text else 4, text, port, 0, interface, 7, 0, v6only)


@pytest.mark.parametrize(
    ("socket", "families", "wanted"),
    [
        (udp(547, "::"), (6,), 1),
        (udp(546, "2001:db8::1"), (6,), 1),
        (udp(547, "::"), (4,), 0),
        (udp(67, "0.0.0.0"), (6,), 0),
        (udp(67, "0.0.0.0"), (4, 6), 1),
        (udp(547, "0.0.0.0"), (6,), 0),
    ],
)
def test_the_ports_of_the_families_served(socket: UdpSocket, families: tuple[int, ...], wanted: int) -> None:
    findings = network.ports(host(udp=[socket]), policy("eth1", families=families))
    assert [f.status for f in findings if f.status != "ok"] == ["failure"] * wanted
    assert len([f for f in findings if "is free" in f.found]) == 2 * len(families) - wanted


OURS = {"FragmentPath": "/run/systemd/generator/dhcpd.service", "SourcePath": "/etc/containers/systemd/dhcpd.container"}


@pytest.mark.parametrize(
    ("owner", "wanted"),
    [
        (Process(7, "nc", "", "x.service", None), ["failure: TCP 7911 is held by nc (pid 7, unit x.service)"]),
        (Process(7, "dhcpd", "", "dhcpd.service", None), []),
        (None, ["failure: TCP 7911 is held by an owner that can't be seen (uid 3)"]),
    ],
)
def test_tcp_ports_where_the_configuration_opens_them(owner: Process | None, wanted: list[str]) -> None:
    listener = TcpListener(4, "0.0.0.0", 7911, None, 5, 3)
    read = host(tcp=[listener], unit=OURS, holders={5: [owner]} if owner else {})
    assert bad(network.ports(read, policy("eth1", tcp_ports=(7911, 647)))) == wanted
    assert bad(network.ports(read, policy("eth1"))) == []
    unknown = network.ports(host(), policy("eth1", tcp_ports=(647,)))
    assert [f.found for f in unknown if f.status == "not_checkable"] == ["tcp unknown"]


WOULD = "dnsmasq.service is enabled and would take UDP 67"


@pytest.mark.parametrize(
    ("server", "asked", "wanted"),
    [
        (Server("dnsmasq.service", 4, None, "/etc/x"), policy("eth1"), [f"failure: {WOULD} at the next boot (/etc/x)"]),
        (Server("dnsmasq.service", 4, ("eth1",), "/etc/x"), policy("eth1"), [f"failure: {WOULD} on eth1 at the next boot (/etc/x)"]),  # noqa: E501
        (Server("dnsmasq.service", 4, ("virbr0",), "/etc/x"), policy("eth1"), []),
        (Server("dnsmasq.service", 4, ("virbr0",), "/etc/x"), policy(), [f"warning: {WOULD} on virbr0 at the next boot (/etc/x)"]),  # noqa: E501
        (Server("dnsmasq.service", 6, None, "/etc/x"), policy("eth1"), []),
    ],
)  # fmt: skip
def test_a_server_that_waits_for_the_next_boot(server: Server, asked: Policy, wanted: list[str]) -> None:
    assert bad(network.ports(host(waiting=(server,)), asked)) == wanted


def test_a_managers_own_server_that_waits_for_the_next_boot() -> None:
    read = host(claim("eth1", "server"))
    found = f"systemd-networkd would run a DHCP server on eth1 ({SOURCE})"
    assert bad(network.ports(read, policy("eth1"))) == [f"failure: {found}"]
    assert bad(network.ports(read, policy())) == [f"warning: {found}"]
    assert bad(network.ports(read, policy("eth0"))) == []
    assert bad(network.ports(host(claim("eth1"), claim("eth1", "static")), policy("eth1"))) == []
    # One that runs is seen by its socket already.
    held = host(claim("eth1", "server"), udp=[udp(67, "0.0.0.0", "eth1")])
    assert len(bad(network.ports(held, policy("eth1")))) == 1


ENABLED = {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "enabled"}
RANGE = "dhcp-range=198.51.100.100,198.51.100.150,1h\n"


@pytest.mark.parametrize(
    ("unit", "files", "wanted"),
    [
        ("isc-dhcp-server.service", {}, [(4, None)]),
        ("isc-dhcp-server6.service", {}, [(6, None)]),
        ("dnsmasq.service", {"etc/dnsmasq.conf": "# dhcp-range=1.2.3.4\nport=53\n"}, []),
        ("dnsmasq.service", {"etc/dnsmasq.conf": RANGE}, [(4, None)]),
        ("dnsmasq.service", {"etc/dnsmasq.d/a.conf": RANGE + "interface=eth1\n"}, [(4, ("eth1",))]),
        ("dnsmasq.service", {"etc/dnsmasq.d/a.conf": RANGE + "interface=eth1,eth0\n"}, [(4, None)]),
        ("dnsmasq.service", {"etc/dnsmasq.d/a.conf": RANGE + "interface=vir*\n"}, [(4, None)]),
        ("dnsmasq.service", {"etc/dnsmasq.d/a.dpkg-dist": RANGE}, []),
        ("dnsmasq.service", {"etc/dnsmasq.conf": "dhcp-range=2001:db8::1,2001:db8::9\n"}, [(6, None)]),
        ("kea-dhcp4-server.service", {}, []),
        ("kea-dhcp4-server.service", {"etc/kea/kea-dhcp4.conf": '{"interfaces": [ ]}'}, []),
        ("kea-dhcp4-server.service", {"etc/kea/kea-dhcp4.conf": '// "interfaces": ["eth0"]\n{"interfaces": ["*"]}'}, [(4, None)]),  # noqa: E501
        ("kea-dhcp4.service", {"etc/kea/kea-dhcp4.conf": '{"a": "//", "interfaces": ["eth1/198.51.100.1", "eth0"]}'}, [(4, ("eth1", "eth0"))]),  # noqa: E501
        ("udhcpd.service", {"etc/udhcpd.conf": "#interface x\ninterface eth1\n"}, [(4, ("eth1",))]),
        ("udhcpd.service", {}, [(4, ("eth0",))]),
    ],
)  # fmt: skip
def test_what_a_waiting_server_would_serve(tmp_path: Path, unit: str, files: dict[str, str], wanted: list[Any]) -> None:
    read = tree(tmp_path, files)
    assert [(s.family, s.interfaces) for s in boot_servers.waiting(read, {unit: ENABLED})] == wanted
    assert boot_servers.waiting(read, {unit: {**ENABLED, "UnitFileState": "disabled"}}) == []
    assert boot_servers.waiting(read, {unit: {**ENABLED, "ActiveState": "active"}}) == []


def tree(root: Path, files: dict[str, str]) -> Files:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Files(str(root))


OFFER = Offer("eth1", "198.51.100.254", "00:00:5e:00:53:09", "198.51.100.130")


@pytest.mark.parametrize(
    ("survey", "more", "wanted"),
    [
        (Survey([], {}), {}, []),
        (
            Survey([OFFER], {}),
            {},
            ["failure: a server at 198.51.100.254 (00:00:5e:00:53:09) answers on eth1, offering 198.51.100.130"],
        ),
        (Survey([OFFER], {}), {"known_servers": ("198.51.100.254",)}, []),
        (Survey([], {"eth1": "Network is down"}), {}, ["not_checkable: eth1 can't be asked: Network is down"]),
        (None, {}, ["not_checkable: survey unknown"]),
    ],
)
def test_rogues(survey: Survey | None, more: dict[str, Any], wanted: list[str]) -> None:
    assert bad(network.rogues(host(survey=survey), policy("eth1", rogues=True, **more))) == wanted
    assert network.rogues(host(survey=survey), policy("eth1", **more)) == []


VRF = [link(2, "eth0", master=9), link(9, "red", "vrf")]
BOND = [link(2, "eth0", master=9), link(9, "bond0", "bond")]
VLAN = [link(2, "eth0"), link(9, "eth0.7", "vlan")]


@pytest.mark.parametrize(
    ("links", "name", "more", "wanted"),
    [
        (BOND, "eth0", {}, ["failure: eth0 is a port of bond0 (bond)"]),
        (VRF, "eth0", {}, ["warning: eth0 is in the VRF red, whose unicast requests (renewals) don't reach dhcpd"]),
        (VRF, "eth0", {"platform": Platform(l3mdev=True)}, []),
        (BOND, "bond0", {}, []),
        (VLAN, "eth0.7", {}, []),
    ],
)
def test_bonds_vrfs_and_vlans(links: list[Link], name: str, more: dict[str, Any], wanted: list[str]) -> None:
    read = host(links=links, addresses=[address(name, "198.51.100.1/24")], **more)
    assert bad(interfaces.interfaces(read, policy(name))) == wanted


@pytest.mark.parametrize(
    ("addresses", "allow", "wanted"),
    [
        ([("eth1", "198.51.100.1/24")], (), []),
        ([("virbr0", "198.51.100.1/24")], (), []),
        (
            [("eth1", "198.51.100.1/24"), ("virbr0", "203.0.113.1/24")],
            (),
            ["warning: dhcpd would serve virbr0 too, which looks made by a hypervisor or container engine"],
        ),
        (
            [("eth1", "198.51.100.1/24"), ("eth0", "203.0.113.1/24")],
            ("eth0",),
            ["warning: dhcpd would serve eth0 too, which may be dynamic"],
        ),
        (
            [("eth1", "198.51.100.1/24"), ("eth0", "198.51.100.2/24"), ("eth2", "203.0.113.1/24")],
            (),
            [
                "warning: eth2 has no carrier",
                "warning: eth1, eth0 all have an address in 198.51.100.0/24, and dhcpd would serve each",
            ],
        ),
    ],
)
def test_interfaces_that_dhcpd_would_pick(addresses: list[Any], allow: tuple[str, ...], wanted: list[str]) -> None:
    also = any(text.startswith("203") for _name, text in addresses)
    subnets = ("198.51.100.0/24", "203.0.113.0/24") if also else ("198.51.100.0/24",)
    read = host(addresses=[address(*one) for one in addresses])
    assert bad(interfaces.interfaces(read, policy(subnets=subnets, allow_dynamic_interfaces=allow))) == wanted
    named = policy(*(name for name, _text in addresses), subnets=subnets, allow_dynamic_interfaces=allow)
    assert [f for f in bad(interfaces.interfaces(read, named)) if "would serve" in f] == []


def test_interfaces_of_both_families() -> None:
    both = policy("eth1", subnets=("198.51.100.0/24", "2001:db8::/64"), families=(4, 6))
    assert bad(interfaces.interfaces(host(), both)) == [
        "failure: eth1 has no IPv6 address",
        "warning: no serving interface has an address in 2001:db8::/64",
    ]
    six = [*FIXED, address("eth1", "2001:db8::1/64")]
    assert bad(interfaces.interfaces(host(addresses=six), both)) == ["failure: eth1 has no link-local address"]
    six += [address("eth1", "fe80::1/64")]
    assert bad(interfaces.interfaces(host(addresses=six), both)) == []


MIB = 1 << 20
ROOT = (("root", 0, "/bin/bash"),)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"spaces": (Space("/etc/dhcp", 1, 9 * MIB, 9999, False),)}, ["failure: 9 MiB free for /etc/dhcp"]),
        # Two paths on one file system need the sum of both.
        (
            {
                "spaces": (
                    Space("/etc/dhcp", 1, 109 * MIB, 9999, False),
                    Space("/var/lib/dhcpd", 1, 109 * MIB, 9999, False),
                )
            },
            ["failure: 109 MiB free for /etc/dhcp, /var/lib/dhcpd"],
        ),
        (
            {
                "spaces": (
                    Space("/etc/dhcp", 1, 20 * MIB, 9999, False),
                    Space("/var/lib/dhcpd", 2, 109 * MIB, 9999, False),
                )
            },
            [],
        ),
        ({"spaces": (Space("/etc/dhcp", 1, 99 * MIB, 499, False),)}, ["failure: 499 inodes free for /etc/dhcp"]),
        ({"spaces": (Space("/etc/dhcp", 1, 99 * MIB, None, False),)}, []),
        (
            {"spaces": (Space("/etc/dhcp", 1, 99 * MIB, 9, True),)},
            ["failure: the file system of /etc/dhcp is read-only"],
        ),
        ({"synchronised": False}, ["warning: the clock is not synchronised"]),
        ({"synchronised": None}, ["not_checkable: whether the clock is synchronised can't be told"]),
        ({"selinux": "enforcing"}, []),
        (
            {"apparmor": ("/usr/sbin/dhcpd",)},
            ["warning: AppArmor's profile /usr/sbin/dhcpd is enforced for any dhcpd that runs unconfined"],
        ),
        ({"accounts": None}, ["not_checkable: /etc/passwd can't be read"]),
        ({"accounts": (*ROOT, ("dhcpd", 177, "/usr/sbin/nologin"))}, []),
        ({"accounts": (("dhcpd", 0, "/bin/sh"),)}, ["failure: dhcpd is root"]),
        (
            {"accounts": (("dhcpd", 177, "/usr/sbin/nologin"), ("_kea", 177, "/usr/sbin/nologin"))},
            ["failure: dhcpd has the number 177, which is also _kea's"],
        ),
        (
            {"accounts": (("dhcpd", 1000, "/bin/bash"),)},
            ["failure: dhcpd is an account to log in with (/bin/bash)"],
        ),
        ({"quadlets": {"/etc/containers/systemd/dhcpd.container": "/etc/dhcp/current/dhcpd.container"}}, []),
        ({"quadlets": {"/run/containers/systemd/dhcpd.container": "/etc/dhcp/releases/x/dhcpd.container"}}, []),
        (
            {"quadlets": {"/etc/containers/systemd/dhcpd.container": "/etc/dhcp/releases/x/dhcpd.container"}},
            ["failure: /etc/containers/systemd/dhcpd.container is a link to /etc/dhcp/releases/x/dhcpd.container"],
        ),
        (
            {"quadlets": {"/etc/containers/systemd/dhcpd.container": ""}},
            ["failure: /etc/containers/systemd/dhcpd.container is no link of this collection's"],
        ),
        (
            {"quadlets": {"/etc/containers/systemd/dhcpd.container.d/x.conf": ""}},
            ["failure: /etc/containers/systemd/dhcpd.container.d/x.conf is a drop-in that changes dhcpd.container"],
        ),
    ],
)
def test_resources(change: dict[str, Any], wanted: list[str]) -> None:
    read = Host(platform=Platform(**{"synchronised": True, "accounts": ROOT, **change}))
    assert bad(platform.resources(read, Policy())) == wanted


def test_the_platform_is_read(tmp_path: Path) -> None:
    files = tree(
        tmp_path,
        {
            "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nodd\ndhcpd:x:177:177::/:/usr/sbin/nologin\n",
            "sys/fs/selinux/enforce": "1",
            "sys/kernel/security/apparmor/profiles": "/usr/sbin/dhcpd (enforce)\n/usr/sbin/ntpd (enforce)\ndhcpd (complain)\n",  # noqa: E501
            "proc/sys/net/ipv4/udp_l3mdev_accept": "1\n",
            "etc/containers/systemd/dhcp/dhcpd.container": "[Container]\n",
            "etc/containers/systemd/dhcpd.container.d/x.conf": "",
            "var/lib/dhcpd/dhcpd.leases": "",
        },
    )
    (tmp_path / "etc/containers/systemd/dhcpd.container").symlink_to("/etc/dhcp/current/dhcpd.container")
    (tmp_path / "var/lib").chmod(0o700)
    found = read(files, Policy())
    assert found.accounts == (("root", 0, "/bin/bash"), ("dhcpd", 177, "/usr/sbin/nologin"))
    assert (found.selinux, found.apparmor, found.l3mdev) == ("enforcing", ("/usr/sbin/dhcpd",), True)
    assert found.quadlets == {
        "/etc/containers/systemd/dhcp/dhcpd.container": "",
        "/etc/containers/systemd/dhcpd.container.d/x.conf": "",
        "/etc/containers/systemd/dhcpd.container": "/etc/dhcp/current/dhcpd.container",
    }
    assert "/var/lib" in found.shut
    assert {space.path for space in found.spaces} == set(platform.SPACE)
    assert all(space.free > 0 for space in found.spaces)


def test_this_machine_has_a_clock_and_accounts() -> None:
    found = read(Files(), Policy())
    assert found.synchronised in (True, False)
    assert found.accounts is not None and ("root", 0) in [(name, uid) for name, uid, _shell in found.accounts]


@pytest.mark.parametrize(
    ("more", "firewall", "wanted"),
    [
        ({}, None, []),
        ({"tcp_ports": (647,)}, Firewall([]), []),
        (
            {"tcp_ports": (647,)},
            Firewall([Closed(Port("tcp", 647, None), "x", "open it")]),
            ["failure: x drops TCP 647"],
        ),
        ({"families": (6,)}, Firewall([], "nft: not permitted"), ["not_checkable: nft: not permitted"]),
        ({"families": (6,)}, None, ["not_checkable: firewall unknown"]),
    ],
)
def test_firewall(more: dict[str, Any], firewall: Firewall | None, wanted: list[str]) -> None:
    findings = platform.firewall(host(firewall=firewall), policy("eth1", **more))
    assert bad(findings) == wanted
    assert bool(findings) == bool(more)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each network manager's files say, on recorded trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _cloud, _managers, _networkd, _networkmanager
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _manager_files as manager_files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files, entries
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Link
from hypothesis import given
from hypothesis import strategies as st

MAC = "00:00:5e:00:53:0"


def link(index: int, name: str, kind: str | None = None, master: int | None = None, type_: str = "ether") -> Link:
    return Link(index, name, kind, True, True, "up", f"{MAC}{index}", master, type_)


LINKS = [
    link(1, "lo", type_="loopback"),
    link(2, "eth0"),
    link(3, "eth1"),
    link(4, "bond0", "bond"),
    link(5, "eth0.7", "vlan"),
    link(6, "red", "vrf"),
    link(7, "br0", "bridge"),
]
ACTIVE = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}


def tree(root: Path, files: dict[str, str]) -> Files:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Files(str(root))


def told(claims: list[_networkd.Claim], *families: int) -> list[str]:
    """Interface, method and source, with a question mark where it is not sure."""
    return [
        f"{c.interface} {c.method}{'' if c.sure else '?'} {c.source}" for c in claims if c.family in (families or (4,))
    ]


def networkd(text: str) -> dict[str, str]:
    return {"etc/systemd/network/10.network": text}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (networkd("[Match]\nName=eth1\n[Network]\nDHCP=yes\n"), ["eth1 dhcp 10"]),
        (networkd("[Match]\nName=eth1\n[Network]\nDHCP=ipv4\n"), ["eth1 dhcp 10"]),
        (networkd("[Match]\nName=eth1\n[Network]\nDHCP=v4\n"), ["eth1 dhcp 10"]),
        (networkd("[Match]\nName=eth1\n[Network]\nDHCP=ipv6\n"), []),
        (networkd("[Match]\nName=eth1\n[Network]\nDHCP=no\n"), []),
        (networkd("[Match]\nName=eth1\n[Network]\nAddress=198.51.100.1/24\n"), ["eth1 static 10"]),
        (networkd("[Match]\nName=eth1\n[Address]\nAddress=198.51.100.1/24\n"), ["eth1 static 10"]),
        (networkd("[Match]\nName=eth1\n[Network]\nDHCPServer=yes\nAddress=2001:db8::1/64\n"), ["eth1 server 10"]),
        # Later wins, and an empty value takes back.
        (networkd("[Match]\nName=eth1\n[Network]\nDHCP=yes\nDHCP=no\n"), []),
        (networkd("[Match]\nName=eth1\n[Network]\nDHCP=yes\nDHCP=\n"), []),
        (networkd("[Match]\nName=eth1\n[Link]\nUnmanaged=yes\n[Network]\nDHCP=yes\n"), []),
        # Globs, lists, and turned round.
        (networkd("[Match]\nName=wlan* eth[1-9]\n[Network]\nDHCP=yes\n"), ["eth1 dhcp 10"]),
        (networkd("[Match]\nName=!eth* bond* br* red\n[Network]\nDHCP=yes\n"), []),
        (networkd("[Match]\nMACAddress=00-00-5E-00-53-03\n[Network]\nDHCP=yes\n"), ["eth1 dhcp 10"]),
        (networkd("[Match]\nType=bond vlan\n[Network]\nDHCP=yes\n"), ["bond0 dhcp 10", "eth0.7 dhcp 10"]),
        (networkd("[Match]\nKind=vrf\n[Network]\nDHCP=yes\n"), ["red dhcp 10"]),
        (networkd("[Match]\nType=ether\nName=!eth0\n[Network]\nDHCP=yes\n"), ["eth1 dhcp 10"]),
        # No [Match]: networkd ignores the file.
        (networkd("[Network]\nDHCP=yes\n"), []),
        (networkd("[Match]\n[Network]\nDHCP=yes\n"), []),
        # What can't be told from here is unsure, and what follows is asked as well.
        (networkd("[Match]\nName=eth1\nDriver=virtio_net\n[Network]\nDHCP=yes\n"), ["eth1 dhcp? 10"]),
        (networkd("[Match]\nName=host0\nVirtualization=container\n[Network]\nDHCP=yes\n"), []),
        (
            {
                **networkd("[Match]\nName=eth1\nKernelCommandLine=!rescue\n[Network]\nDHCP=yes\n"),
                "proc/cmdline": "quiet\n",
            },
            ["eth1 dhcp 10"],
        ),
        (
            {
                **networkd("[Match]\nName=eth1\nKernelCommandLine=!rescue\n[Network]\nDHCP=yes\n"),
                "proc/cmdline": "rescue",
            },
            [],
        ),
        (
            {**networkd("[Match]\nName=eth1\nKernelCommandLine=net\n[Network]\nDHCP=yes\n"), "proc/cmdline": "net=1"},
            ["eth1 dhcp 10"],
        ),
        # The first file by name that matches, wherever it lies; /etc hides its namesake.
        (
            {
                "etc/systemd/network/20-b.network": "[Match]\nName=eth1\n[Network]\nDHCP=yes\n",
                "run/systemd/network/10-a.network": "[Match]\nName=eth1\n[Network]\nAddress=198.51.100.1/24\n",
            },
            ["eth1 static 10-a"],
        ),
        (
            {
                "etc/systemd/network/10-a.network": "[Match]\nName=eth1\n[Network]\nAddress=198.51.100.1/24\n",
                "usr/lib/systemd/network/10-a.network": "[Match]\nName=*\n[Network]\nDHCP=yes\n",
            },
            ["eth1 static 10-a"],
        ),
        # An empty file masks.
        ({"etc/systemd/network/10.network": "", "usr/lib/systemd/network/10.network": "[Match]\nName=*\n"}, []),
        # Drop-ins of all directories, in the order of their names.
        (
            {
                **networkd("[Match]\nName=eth1\n[Network]\nAddress=198.51.100.1/24\n"),
                "run/systemd/network/10.network.d/5-dhcp.conf": "[Network]\nDHCP=yes\n",
            },
            ["eth1 dhcp 10", "eth1 static 10"],
        ),
        (
            {
                **networkd("[Match]\nName=eth1\n[Network]\nDHCP=yes\n"),
                "etc/systemd/network/10.network.d/9.conf": "[Network]\nDHCP=no\n",
                "etc/systemd/network/10.network.d/8.conf": "[Network]\nDHCP=yes\n",
            },
            [],
        ),
    ],
)
def test_networkd(tmp_path: Path, files: dict[str, str], wanted: list[str]) -> None:
    found = told(_networkd.claims(tree(tmp_path, files), LINKS))
    assert [
        line.replace(".network", "").replace("/etc/systemd/network/", "").replace("/run/systemd/network/", "")
        for line in found
    ] == wanted


@pytest.mark.parametrize(
    ("network", "wanted"),
    [
        ("IPv6AcceptRA=yes", ["eth1 auto"]),
        ("", ["eth1 auto?"]),
        ("LinkLocalAddressing=no", []),
        ("LinkLocalAddressing=ipv4", []),
        ("IPv6AcceptRA=no", []),
        ("IPv6AcceptRA=no\nDHCP=yes", ["eth1 dhcp"]),
        ("IPv6AcceptRA=no\nAddress=2001:db8::1/64", ["eth1 static"]),
    ],
)
def test_networkd_and_ipv6(tmp_path: Path, network: str, wanted: list[str]) -> None:
    files = tree(tmp_path, networkd(f"[Match]\nName=eth1\n[Network]\n{network}\n"))
    assert [line.rpartition(" ")[0] for line in told(_networkd.claims(files, LINKS), 6)] == wanted


KEYFILE = "[connection]\nid=a\ntype=ethernet\n{}\n[ipv4]\nmethod={}\n"
LAN = "etc/NetworkManager/system-connections/lan.nmconnection"
CONF = "etc/NetworkManager/NetworkManager.conf"
OFF = {CONF: "[main]\nno-auto-default=*\n"}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({**OFF, LAN: KEYFILE.format("interface-name=eth1", "auto")}, ["eth1 dhcp"]),
        ({**OFF, LAN: KEYFILE.format("interface-name=eth1", "manual")}, ["eth1 static"]),
        ({**OFF, LAN: KEYFILE.format("interface-name=eth1", "shared")}, ["eth1 server"]),
        ({**OFF, LAN: KEYFILE.format("interface-name=eth1", "disabled")}, []),
        ({**OFF, LAN: KEYFILE.format("interface-name=eth1\nautoconnect=false", "auto")}, []),
        ({**OFF, LAN: KEYFILE.format("interface-name=eth1\nport-type=bridge\ncontroller=br0", "auto")}, []),
        ({**OFF, LAN: KEYFILE.format("[ethernet]\nmac-address=00:00:5E:00:53:03", "auto")}, ["eth1 dhcp"]),
        ({**OFF, LAN: KEYFILE.format("[match]\ninterface-name=eth[1-9];", "auto")}, ["eth1 dhcp"]),
        # Without a name, the profile is for every device of its type; bond, vlan and bridge are types of their own.
        ({**OFF, LAN: KEYFILE.format("", "auto")}, ["eth0 dhcp", "eth1 dhcp"]),
        ({**OFF, LAN: KEYFILE.replace("ethernet", "vlan").format("", "auto")}, ["eth0.7 dhcp"]),
        # The profile of the highest priority is the one that starts.
        (
            {
                **OFF,
                LAN: KEYFILE.format("interface-name=eth1\nautoconnect-priority=5", "manual"),
                "etc/NetworkManager/system-connections/b": KEYFILE.format("interface-name=eth1", "auto"),
            },
            ["eth1 static"],
        ),
        # A namesake in /etc hides the generated one; without the ending only /etc counts.
        (
            {
                **OFF,
                LAN: KEYFILE.format("interface-name=eth1", "manual"),
                "run/NetworkManager/system-connections/lan.nmconnection": KEYFILE.format("interface-name=eth1", "auto"),
                "run/NetworkManager/system-connections/x": KEYFILE.format("interface-name=eth1", "auto"),
            },
            ["eth1 static"],
        ),
        ({**OFF, "run/NetworkManager/system-connections/netplan-eth1.nmconnection": KEYFILE.format("interface-name=eth1", "auto")}, ["eth1 dhcp"]),  # noqa: E501
        # Without a profile NetworkManager makes one up, but not for what is not a wired device.
        ({}, ["eth0 dhcp", "eth1 dhcp"]),
        ({"sys/class/net/eth0/wireless": ""}, ["eth1 dhcp"]),
        ({CONF: "[main]\nno-auto-default=eth0,00:00:5e:00:53:03\n"}, []),
        ({CONF: "[keyfile]\nunmanaged-devices=interface-name:eth*;except:interface-name:eth1\n"}, ["eth1 dhcp"]),
        ({CONF: "[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm\n"}, []),
        ({CONF: "[keyfile]\nunmanaged-devices=mac:00:00:5e:00:53:02\n"}, ["eth1 dhcp"]),
        ({"etc/NetworkManager/conf.d/1.conf": "[device-x]\nmatch-device=interface-name:eth0\nmanaged=0\n"}, ["eth1 dhcp"]),  # noqa: E501
        ({"run/NetworkManager/devices/2": "[device]\nmanaged=false\n"}, ["eth1 dhcp"]),
        # Debian's plugin leaves alone what ifupdown has.
        ({CONF: "[main]\nplugins=ifupdown,keyfile\n[ifupdown]\nmanaged=false\n", "etc/network/interfaces": "iface eth0 inet dhcp\n"}, ["eth1 dhcp"]),  # noqa: E501
        ({CONF: "[main]\nplugins=ifupdown,keyfile\n[ifupdown]\nmanaged=true\n", "etc/network/interfaces": "iface eth0 inet dhcp\n"}, ["eth0 dhcp", "eth1 dhcp"]),  # noqa: E501
    ],
)  # fmt: skip
def test_networkmanager(tmp_path: Path, files: dict[str, str], wanted: list[str]) -> None:
    read = tree(tmp_path, files)
    found = _networkmanager.claims(read, LINKS, manager_files.ifupdown_names(read))
    assert [line.rsplit(" ", 1)[0] if "/" in line else " ".join(line.split()[:2]) for line in told(found)] == wanted


PLUGIN = {"usr/lib64/NetworkManager/1.46/libnm-settings-plugin-ifcfg-rh.so": ""}
IFCFG = "etc/sysconfig/network-scripts/ifcfg-eth1"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("DEVICE=eth1\nBOOTPROTO=dhcp\nONBOOT=yes\n", ["eth1 dhcp"]),
        ("DEVICE='eth1'\nBOOTPROTO=\"dhcp\"  # a comment\n", ["eth1 dhcp"]),
        ("DEVICE=eth1\nBOOTPROTO=none\nIPADDR=198.51.100.1\nPREFIX=24\n", ["eth1 static"]),
        ("DEVICE=eth1\nIPADDR0=198.51.100.1\n", ["eth1 static"]),
        ("DEVICE=eth1\nBOOTPROTO=dhcp\nONBOOT=no\n", []),
        ("DEVICE=eth1\nBOOTPROTO=dhcp\nMASTER=bond0\n", []),
        ("HWADDR=00:00:5E:00:53:03\nBOOTPROTO=dhcp\n", ["eth1 dhcp"]),
        ("DEVICE=eth1\nBOOTPROTO='un", []),
    ],
)
def test_ifcfg_files_of_el(tmp_path: Path, text: str, wanted: list[str]) -> None:
    files = tree(tmp_path, {**OFF, **PLUGIN, IFCFG: text, IFCFG + ".rpmsave": "DEVICE=eth0\nBOOTPROTO=dhcp\n"})
    assert [line.rpartition(" ")[0] for line in told(_networkmanager.claims(files, LINKS))] == wanted
    assert [line.rpartition(" ")[0] for line in told(manager_files.ifcfg(files, suse=False)) if "HWADDR" not in text and "rpmsave" not in line] == [w for w in wanted if "HWADDR" not in text]  # fmt: skip  # noqa: E501


def test_ifcfg_files_of_suse(tmp_path: Path) -> None:
    files = tree(
        tmp_path,
        {
            "etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp4'\nSTARTMODE='auto'\n",
            "etc/sysconfig/network/ifcfg-eth1": "BOOTPROTO='static'\nIPADDR='198.51.100.1/24'\nSTARTMODE='auto'\n",
            "etc/sysconfig/network/ifcfg-eth2": "BOOTPROTO='dhcp'\nSTARTMODE='off'\n",
        },
    )
    assert told(manager_files.ifcfg(files, suse=True)) == [
        "eth0 dhcp /etc/sysconfig/network/ifcfg-eth0",
        "eth1 static /etc/sysconfig/network/ifcfg-eth1",
    ]


MAIN = "etc/network/interfaces"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({MAIN: "auto eth1\niface eth1 inet dhcp\n"}, ["eth1 dhcp"]),
        ({MAIN: "allow-hotplug eth1\niface eth1 inet static\n  address 198.51.100.1/24\n"}, ["eth1 static"]),
        # Not brought up by itself.
        ({MAIN: "iface eth1 inet dhcp\n"}, []),
        ({MAIN: "auto eth1\niface eth1 inet manual\n"}, []),
        ({MAIN: "# auto eth1\nauto \\\n eth0 \\\n eth1\niface eth1 inet dhcp\n"}, ["eth1 dhcp"]),
        ({MAIN: "auto /eth*\niface eth1 inet dhcp\n"}, ["eth1 dhcp"]),
        ({MAIN: "auto eth1=home\niface home inet dhcp\niface eth1 inet static\n"}, ["eth1 dhcp"]),
        ({MAIN: "auto eth0:1\niface eth0:1 inet dhcp\n"}, ["eth0 dhcp"]),
        ({MAIN: "source interfaces.d/*\n", "etc/network/interfaces.d/x": "auto eth1\niface eth1 inet dhcp\n"}, ["eth1 dhcp"]),  # noqa: E501
        ({MAIN: "source /etc/network/interfaces.d\n", "etc/network/interfaces.d/x": "auto eth1\niface eth1 inet dhcp\n"}, ["eth1 dhcp"]),  # noqa: E501
        (
            {
                MAIN: "source-directory /etc/network/if.d\n",
                "etc/network/if.d/a-1": "auto eth1\niface eth1 inet dhcp\n",
                "etc/network/if.d/b.dpkg-old": "auto eth0\niface eth0 inet dhcp\n",
            },
            ["eth1 dhcp"],
        ),
        # A file that reads itself in ends somewhere.
        ({MAIN: "source /etc/network/interfaces\nauto eth1\niface eth1 inet dhcp\n"}, ["eth1 dhcp"]),
    ],
)  # fmt: skip
def test_ifupdown(tmp_path: Path, files: dict[str, str], wanted: list[str]) -> None:
    found = manager_files.ifupdown(tree(tmp_path, files), LINKS)
    assert list(dict.fromkeys(line.rpartition(" ")[0] for line in told(found))) == wanted


def test_ifupdown_names_the_file_that_it_stands_in(tmp_path: Path) -> None:
    files = {MAIN: "source interfaces.d/*\n", "etc/network/interfaces.d/x": "auto eth1\niface eth1 inet6 auto\n"}
    assert told(manager_files.ifupdown(tree(tmp_path, files), LINKS), 6) == ["eth1 auto /etc/network/interfaces.d/x"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["eth0 dhcp", "eth1 dhcp"]),
        ("interface eth1\nstatic ip_address=198.51.100.1/24\n", ["eth0 dhcp", "eth1 static"]),
        ("denyinterfaces eth0\n", ["eth1 dhcp"]),
        ("allowinterfaces eth1 # and no other\n", ["eth1 dhcp"]),
        ("nodhcp\n", []),
        ("interface eth1\nnoipv4\n", ["eth0 dhcp"]),
        ("profile home\nstatic ip_address=198.51.100.1/24\n", ["eth0 dhcp", "eth1 dhcp"]),
    ],
)
def test_dhcpcd(tmp_path: Path, text: str, wanted: list[str]) -> None:
    found = manager_files.dhcpcd(tree(tmp_path, {"etc/dhcpcd.conf": text}), LINKS[:3])
    assert [line.rpartition(" ")[0] for line in told(found)] == wanted


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("quiet", []),
        ("ip=dhcp", [(None, 4, "dhcp")]),
        ("ip=on", [(None, 4, "dhcp")]),
        ("ip=off", []),
        ("ip=none", []),
        ("ip=eth1:dhcp", [("eth1", 4, "dhcp")]),
        ("ip=eth1:dhcp:1500", [("eth1", 4, "dhcp")]),
        ("ip=::::host:eth1:dhcp", [("eth1", 4, "dhcp")]),
        ("ip=198.51.100.1::198.51.100.254:255.255.255.0:host:eth1:none", []),
        ("ip=198.51.100.1::198.51.100.254:255.255.255.0::eth1", []),
        ("ip=eth1:dhcp6", [("eth1", 6, "dhcp")]),
        ("ip=eth1:auto6", [("eth1", 6, "auto")]),
        ("ip=eth1:dhcp,auto6", [("eth1", 4, "dhcp"), ("eth1", 6, "auto")]),
        ("-- ip=dhcp", []),
        ("tip=dhcp", []),
    ],
)
def test_the_kernels_command_line(tmp_path: Path, word: str, wanted: list[Any]) -> None:
    found = manager_files.kernel_command_line(tree(tmp_path, {"proc/cmdline": f"root=/dev/vda ro {word}\n"}))
    assert [(c.interface, c.family, c.method) for c in found] == wanted


NETPLAN = "network:\n  version: 2\n  ethernets:\n"


@pytest.mark.parametrize(
    ("text", "wanted", "odd"),
    [
        (NETPLAN + "    eth1:\n      dhcp4: true\n", ["eth1 dhcp"], 0),
        (NETPLAN + "    eth1:\n      dhcp4: 'yes' # by the provider\n", ["eth1 dhcp"], 0),
        (NETPLAN + "    eth1:\n      addresses:\n        - 198.51.100.1/24\n", ["eth1 static"], 0),
        (NETPLAN + "    eth1:\n      addresses: [198.51.100.1/24, '2001:db8::1/64']\n", ["eth1 static"], 0),
        (NETPLAN + "    eth1:\n      addresses:\n      - 198.51.100.1/24:\n          label: x\n", ["eth1 static"], 0),
        (NETPLAN + "    x:\n      match:\n        macaddress: 00:00:5e:00:53:03\n      dhcp4: yes\n", ["eth1 dhcp"], 0),
        (NETPLAN + "    x:\n      match: {name: \"eth[1-9]\"}\n      dhcp4: yes\n", ["eth1 dhcp"], 0),
        (NETPLAN + "    x:\n      match:\n        name: ens3\n      set-name: eth1\n      dhcp4: yes\n", ["eth1 dhcp"], 0),  # noqa: E501
        ("network:\n  bonds:\n    bond0:\n      interfaces: [eth0, eth1]\n      dhcp4: true\n", ["bond0 dhcp"], 0),
        (NETPLAN + "    eth1: &anchor\n      dhcp4: true\n", [], 1),
        ("network: {ethernets: {eth1: {dhcp4: true}}}\n", ["eth1 dhcp"], 0),
        ("network: {ethernets: {eth1: {dhcp4: true, optional: true}}}\n", [], 1),
        (NETPLAN + "\teth1:\n      dhcp4: true\n", [], 1),
        ("network:\n  renderer: !odd NetworkManager\n", [], 0),
        ("", [], 0),
    ],
)  # fmt: skip
def test_netplan(tmp_path: Path, text: str, wanted: list[str], odd: int) -> None:
    claims, unread = _cloud.netplan(tree(tmp_path, {"etc/netplan/50.yaml": text}), LINKS)
    assert ([line.rpartition(" ")[0] for line in told(claims)], len(unread)) == (wanted, odd)


def test_a_later_netplan_file_overrides(tmp_path: Path) -> None:
    first, second = NETPLAN + "    eth1:\n      dhcp4: true\n", NETPLAN + "    eth1:\n      dhcp4: false\n"
    files = tree(tmp_path, {"etc/netplan/50.yaml": first, "etc/netplan/60.yaml": second})
    assert told(_cloud.netplan(files, LINKS)[0]) == []


V1 = '{"version": 1, "config": [{"type": "physical", "name": "eth1", "subnets": [{"type": "dhcp4"}]}]}'
V2 = '{"version": 2, "ethernets": {"eth1": {"dhcp4": true}}}'
INSTANCE = "var/lib/cloud/instance/network-config.json"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({INSTANCE: V1}, ["eth1 dhcp?"]),
        ({INSTANCE: V2}, ["eth1 dhcp?"]),
        ({INSTANCE: V1.replace("dhcp4", "static")}, []),
        ({INSTANCE: "{dhcp"}, ["None dhcp?"]),
        ({"var/lib/cloud/seed/nocloud/network-config": "version: 2\nethernets:\n  eth1:\n    dhcp4: true\n"}, ["eth1 dhcp?"]),  # noqa: E501
        ({"etc/cloud/cloud.cfg.d/9.cfg": NETPLAN + "    eth1:\n      dhcp4: true\n"}, ["eth1 dhcp?"]),
        ({INSTANCE: V1, "etc/cloud/cloud.cfg.d/99.cfg": "network: {config: disabled}\n"}, []),
        ({INSTANCE: V1, "etc/cloud/cloud.cfg.d/99.cfg": "network:\n  config: disabled\n"}, []),
        ({INSTANCE: V1, "etc/cloud/cloud-init.disabled": ""}, []),
        ({INSTANCE: V1, "proc/cmdline": "cloud-init=disabled"}, []),
    ],
)  # fmt: skip
def test_cloud_init(tmp_path: Path, files: dict[str, str], wanted: list[str]) -> None:
    assert [line.rpartition(" ")[0] for line in told(_cloud.cloud_init(tree(tmp_path, files), LINKS))] == wanted


@pytest.mark.parametrize(
    ("unit", "runs", "starts"),
    [
        ({"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "disabled"}, True, False),
        ({"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "enabled"}, False, True),
        ({"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "enabled-runtime"}, False, True),
        ({"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled"}, False, False),
        ({"LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked"}, False, False),
        ({"LoadState": "not-found", "ActiveState": "inactive", "UnitFileState": ""}, False, False),
        # An init script that is enabled, and one that is not.
        ({"LoadState": "loaded", "UnitFileState": "generated", "WantedBy": "multi-user.target graphical.target"}, False, True),  # noqa: E501
        ({"LoadState": "loaded", "UnitFileState": "generated", "WantedBy": ""}, False, False),
        ({"LoadState": "loaded", "UnitFileState": "static", "WantedBy": "cloud-init.target"}, False, True),
        ({"LoadState": "loaded", "ActiveState": "failed", "UnitFileState": "disabled"}, False, False),
        (None, False, False),
    ],
)  # fmt: skip
def test_what_runs_and_what_starts(unit: dict[str, str] | None, runs: bool, starts: bool) -> None:
    assert (_managers.runs(unit), _managers.starts(unit)) == (runs, starts)


@pytest.mark.parametrize(
    ("unit", "manager"),
    [
        ("systemd-networkd.service", "systemd-networkd"),
        ("NetworkManager.service", "NetworkManager"),
        ("networking.service", "ifupdown"),
        ("network.service", "network.service"),
        ("wickedd.service", "wicked"),
        ("dhcpcd.service", "dhcpcd"),
        ("cloud-init-local.service", "cloud-init"),
        (None, None),
    ],
)
def test_only_the_files_of_managers_that_count_are_asked(tmp_path: Path, unit: str | None, manager: str | None) -> None:
    """All of them have DHCP for eth1; only the one that is on says so."""
    files = tree(
        tmp_path,
        {
            **PLUGIN,
            **networkd("[Match]\nName=eth1\n[Network]\nDHCP=yes\n"),
            LAN: KEYFILE.format("interface-name=eth1", "auto"),
            MAIN: "auto eth1\niface eth1 inet dhcp\n",
            IFCFG: "DEVICE=eth1\nBOOTPROTO=dhcp\n",
            "etc/sysconfig/network/ifcfg-eth1": "BOOTPROTO=dhcp\n",
            INSTANCE: V1,
        },
    )
    reading = _managers.read(files, {unit: ACTIVE} if unit else {}, [link(3, "eth1")])
    assert {claim.manager for claim in reading.claims if claim.method == "dhcp"} == ({manager} if manager else set())
    assert (reading.managers, reading.odd) == ([unit] if unit else [], [])


def test_netplan_counts_where_it_is_installed(tmp_path: Path) -> None:
    yaml = {"etc/netplan/1.yaml": NETPLAN + "    eth1:\n      dhcp4: true\n"}
    assert _managers.read(tree(tmp_path, yaml), {}, LINKS).claims == []
    files = tree(tmp_path, {"usr/libexec/netplan/generate": "", "etc/netplan/2.yaml": "dhcp4: *x\n"})
    reading = _managers.read(files, {}, LINKS)
    assert told(reading.claims) == ["eth1 dhcp /etc/netplan/1.yaml"]
    assert reading.odd[0].startswith("/etc/netplan/2.yaml")


def test_files_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: Any) -> None:
    files = tree(tmp_path, networkd("[Match]\nName=eth1\n"))
    opened = Path.open

    def refuse(self: Path, *args: Any, **more: Any) -> Any:
        if self.name == "10.network":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **more)

    monkeypatch.setattr(Path, "open", refuse)
    reading = _managers.read(files, {"systemd-networkd.service": ACTIVE}, LINKS)
    assert reading.odd == ["/etc/systemd/network/10.network (Permission denied)"]


def process(root: Path, pid: int, command: str, arguments: list[str], namespace: str = "net:[1]") -> None:
    home = root / f"proc/{pid}"
    (home / "ns").mkdir(parents=True)
    (home / "comm").write_text(command + "\n")
    (home / "cmdline").write_bytes(b"\0".join(word.encode() for word in arguments) + b"\0")
    (home / "cgroup").write_text("0::/system.slice/a.service\n")
    (home / "ns/net").symlink_to(namespace)


def test_clients_that_run(tmp_path: Path) -> None:
    process(tmp_path, 7, "dhclient", ["/sbin/dhclient", "-4", "-pf", "/run/x.eth0.pid", "eth0"])
    process(tmp_path, 8, "udhcpc", ["udhcpc", "-b", "-i", "eth1"])
    process(tmp_path, 9, "dhcpcd", ["dhcpcd: eth1 [ip4]"])
    process(tmp_path, 10, "dhcpcd", ["dhcpcd: [manager]"])
    process(tmp_path, 11, "dhclient", ["dhclient", "eth1"], "net:[2]")  # a container's own
    process(tmp_path, 12, "bash", ["bash", "eth1"])
    (tmp_path / "proc/self/ns").mkdir(parents=True)
    (tmp_path / "proc/self/ns/net").symlink_to("net:[1]")
    found = _managers.clients(LINKS, str(tmp_path))
    assert [(c.process.pid, c.interfaces) for c in found] == [(7, ("eth0",)), (8, ("eth1",)), (9, ("eth1",)), (10, ())]
    assert found[0].process.unit == "a.service"


ANY = st.text(alphabet="[]=#;:-!*/\\\"'{}&|> \t\n" + "abDHCPNametworkeiflinuxsuro0149.", max_size=120)


@given(ANY)
def test_any_text_is_read_without_an_error(text: str) -> None:
    entries(text)
    _networkmanager.keyfile("/x", text)
    _networkmanager.ifcfg("/x", text)
    for match in ("", "[Match]\n"):
        _networkd.matches(entries(match + text), LINKS[1], ["quiet"])
    _networkmanager.listed(text, LINKS[1])


class Text(Files):
    """Every file has the same text."""

    def __init__(self, text: str) -> None:
        super().__init__("/nowhere")
        self.one = text

    def text(self, path: str) -> str:
        return self.one

    def names(self, directory: str) -> list[str]:
        return [f"{directory}/10.network", f"{directory}/10.yaml", f"{directory}/10.nmconnection"]

    def glob(self, pattern: str) -> list[str]:
        return [pattern.replace("*", "x")] if pattern.count("/") < 6 else []


@given(st.one_of(ANY, ANY.map(lambda text: f"network:\n  ethernets:\n    eth1:\n{text}"), ANY.map(lambda t: f"ip={t}")))
def test_every_reader_survives_any_text(text: str) -> None:
    files = Text(text)
    every = dict.fromkeys(_managers.UNITS, ACTIVE)
    for claim in _managers.read(files, every, LINKS).claims:
        assert claim.family in (4, 6) and claim.method in ("dhcp", "auto", "static", "server")


@given(st.recursive(st.text("abc123.:/ ", min_size=1, max_size=9).map(str.strip).filter(bool), lambda inner: st.one_of(st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), inner, min_size=1, max_size=3), st.lists(inner, min_size=1, max_size=3)), max_leaves=8))  # fmt: skip  # noqa: E501
def test_the_simple_form_of_yaml_is_read_as_a_library_reads_it(value: Any) -> None:
    yaml = pytest.importorskip("yaml")
    text = yaml.dump(value, Dumper=yaml.SafeDumper, default_flow_style=False, width=1000)
    try:
        found = _cloud.yaml(text)
    except ValueError:
        return
    if isinstance(value, dict):
        assert found == yaml.load(text, Loader=yaml.BaseLoader)

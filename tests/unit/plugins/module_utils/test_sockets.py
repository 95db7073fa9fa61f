# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners of sockets, read from /proc trees."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _sockets as sockets
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import UdpSocket
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sockets import PacketSocket, Process

ID = "3f" * 32

PACKET = """\
sk               RefCnt Type Proto  Iface R Rmem   User   Inode
00000000189b64be 3      3    0003   3     1 6272   0      35919
000000009f6ad432 3      2    0800   0     1 0      101    68590
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
15589: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 35915 2 97 0
15590: 016433C6:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 35916 2 4d 0
"""
UDP6 = """\
  sl  local_address                         remote_address                        st
 1: B80D0120000000000000000001000000:0222 00000000000000000000000000000000:0000 07 0:0 0:0 0 0 0 41 2
"""


def tree(root: Path, files: dict[str, str], links: dict[str, str] | None = None) -> str:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, target in (links or {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    return str(root)


@pytest.mark.parametrize(
    ("cgroup", "unit", "container"),
    [
        ("/system.slice/dhcpd.service", "dhcpd.service", None),
        (f"/system.slice/dhcpd.service/libpod-payload-{ID}", "dhcpd.service", ID),
        ("/system.slice/dhcpd.service/runtime", "dhcpd.service", None),
        ("/system.slice/system-ifup.slice/ifup@eth0.service", "ifup@eth0.service", None),
        (f"/machine.slice/libpod-{ID}.scope/container", f"libpod-{ID}.scope", ID),
        # A dhcpd.service inside a container is the container's, not this host's.
        (f"/machine.slice/libpod-{ID}.scope/system.slice/dhcpd.service", f"libpod-{ID}.scope", ID),
        ("/lxc.payload.c1/system.slice/dhcpd.service", None, "c1"),
        ("/lxc/c1/system.slice/dhcpd.service", None, "c1"),
        (f"/docker/{ID}", None, ID),
        (f"/system.slice/docker-{ID}.scope", f"docker-{ID}.scope", ID),
        (f"/kubepods.slice/kubepods-pod7.slice/cri-containerd-{ID}.scope", f"cri-containerd-{ID}.scope", ID),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/dhcpd.service", "user@1000.service", None),
        ("/init.scope", "init.scope", None),
        ("/../../system.slice/dhcpd.service", None, None),
        ("/", None, None),
        ("", None, None),
    ],
)
def test_unit_and_container_of_a_cgroup(cgroup: str, unit: str | None, container: str | None) -> None:
    assert (sockets.unit_of(cgroup), sockets.container_of(cgroup)) == (unit, container)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("0::/system.slice/a.service\n", "/system.slice/a.service"),
        ("4:memory:/x\n1:name=systemd:/system.slice/a.service\n0::/\n", "/system.slice/a.service"),
        ("1:name=systemd:/\n0::/system.slice/a.service\n", "/system.slice/a.service"),
        ("0::/odd:name.service\n", "/odd:name.service"),
        ("9:name=systemd:/\n4:memory:/x\n", "/"),
        ("nonsense\n", ""),
        ("", ""),
    ],
)
def test_cgroup_of_both_versions(text: str, path: str) -> None:
    assert sockets.parse_cgroup(text) == path


def test_holders_are_all_processes_that_have_the_socket(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "proc/1/comm": "systemd\n",
            "proc/1/cgroup": "0::/init.scope\n",
            "proc/812/comm": "dns masq)\n",
            "proc/812/cgroup": "0::/system.slice/dnsmasq.service\n",
            "proc/net/packet": PACKET,
            "proc/900/comm": "ended\n",
        },
        {
            "proc/1/fd/7": "socket:[35915]",
            "proc/812/fd/0": "/dev/null",
            "proc/812/fd/3": "socket:[35915]",
            "proc/812/fd/4": "socket:[35919]",
            "proc/812/fd/5": "socket:[1]",
        },
    )
    systemd = Process(1, "systemd", "/init.scope", "init.scope", None)
    dnsmasq = Process(812, "dns masq)", "/system.slice/dnsmasq.service", "dnsmasq.service", None)
    wanted = {35915: [systemd, dnsmasq], 35919: [dnsmasq]}
    assert sockets.holders({35915, 35919, 404}, root) == wanted


def test_nothing_asked_or_nothing_there_is_nothing_found(tmp_path: Path) -> None:
    assert sockets.holders(set(), "/nowhere") == {}
    assert sockets.holders({1}, "/nowhere") == {}
    assert sockets.read_process(7, str(tmp_path)) == Process(7, "", "", None, None)


def test_packet_sockets(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/net/packet": PACKET})
    assert sockets.packet_sockets(root) == [PacketSocket(3, 3, 0, 35919), PacketSocket(0x800, 0, 101, 68590)]


def test_udp_sockets_of_proc(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/net/udp": UDP})
    wanted = [
        UdpSocket(4, "0.0.0.0", 67, 0, None, 35915, 0, device_known=False),
        UdpSocket(4, "198.51.100.1", 68, 0, None, 35916, 101, device_known=False),
    ]
    assert sockets.proc_udp_sockets(root) == wanted
    tree(tmp_path, {"proc/net/udp6": UDP6})
    assert sockets.proc_udp_sockets(root)[2] == UdpSocket(6, "2001:db8::1", 546, 0, None, 41, 0, device_known=False)


@pytest.mark.parametrize("read", [sockets.packet_sockets, sockets.proc_udp_sockets])
def test_odd_tables_are_a_declared_error(tmp_path: Path, read) -> None:
    with pytest.raises(OSError):
        read(str(tmp_path))
    tree(tmp_path, {"proc/net/packet": "head\n1 2\n", "proc/net/udp": "head\n1 2\n"})
    with pytest.raises(ValueError, match="too few columns"):
        read(str(tmp_path))


def test_this_very_process_is_found() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        inode = os.fstat(own.fileno()).st_ino
        assert os.getpid() in [process.pid for process in sockets.holders({inode})[inode]]

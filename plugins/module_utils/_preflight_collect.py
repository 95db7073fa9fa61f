# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a host once, for all checks: the only part of preflight that touches one.

Whatever can't be read becomes None with its reason in Host.problems; nothing here raises on an odd system.
Sources: os-release(5), systemctl(1) show, apt-cache(8) policy, dpkg-query(1), rpm(8), dnf-repoquery.
"""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path
from typing import Callable, NamedTuple, Optional, TypeVar

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _netlink as netlink
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_system as system
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _sockets as sockets
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    ABSENT,
    LEASES,
    OTHER,
    REGULAR,
    UNIT,
    UNREADABLE,
    Host,
    Podman,
    Policy,
    Runner,
)

_QUADLET = (
    "usr/libexec/podman/quadlet",
    "usr/lib/systemd/system-generators/podman-system-generator",
    "usr/lib/podman/quadlet",
    "usr/local/libexec/podman/quadlet",
)
_UNIT_PROPERTIES = ("LoadState", "FragmentPath", "SourcePath", "DropInPaths", "UnitFileState")
_LEASE = re.compile(rb"^[ \t]*lease[ \t]+[0-9]", re.MULTILINE)
_CHUNK = 1 << 20
_NO_COMMAND = 127
_PORTS = (67, 68)

T = TypeVar("T")


class Kernel(NamedTuple):
    """The kernel's tables; tests give their own."""

    links: Callable[[], list[netlink.Link]] = netlink.links
    addresses: Callable[[dict[int, str]], list[netlink.Address]] = netlink.addresses
    udp_sockets: Callable[[dict[int, str]], list[netlink.UdpSocket]] = netlink.udp_sockets


KERNEL = Kernel()


def collect(policy: Policy, runner: Runner, root: str = "/", kernel: Kernel = KERNEL) -> Host:
    """Read everything that the checks look at; root is where the host's files are, for recorded trees."""
    problems: dict[str, str] = {}
    links = _try(problems, "links", kernel.links)
    names = {link.ifindex: link.name for link in links or ()}
    udp = _try(problems, "udp", lambda: _udp(kernel, names, root))
    packets = _try(problems, "packets", lambda: sockets.packet_sockets(root))
    inodes = {socket.inode for socket in udp or () if socket.port in _PORTS}
    inodes |= {socket.inode for socket in packets or () if socket.protocol in sockets.IP_PROTOCOLS}
    os_release = _os_release(root)
    podman = _podman(problems, runner, root, os_release)
    return Host(
        links=links,
        addresses=_try(problems, "addresses", lambda: kernel.addresses(names)),
        udp=udp,
        packets=packets,
        holders=sockets.holders(inodes, root),
        systemd=Path(root, "run/systemd/system").is_dir(),
        cgroup_v2=Path(root, "sys/fs/cgroup/cgroup.controllers").exists(),
        os_release=os_release,
        unit=_unit(problems, runner),
        podman=podman,
        packages=_missing(runner, os_release, podman),
        files=_files(problems, policy, root),
        problems=problems,
    )


def path_state(path: Path) -> str:
    """Whether a path is absent, a regular file (with or without a lease in it) or something else.

    Raises OSError where that can't be told.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        # A link that leads nowhere is something, and dhcpd would stumble over it.
        return OTHER if path.is_symlink() else ABSENT
    if not stat.S_ISREG(mode):
        return OTHER
    with path.open("rb") as file:
        rest = b""
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            text = rest + chunk
            if _LEASE.search(text):
                return LEASES
            # A statement that the chunk's end cut in two is looked at again, from its line's start.
            rest = text[text.rfind(b"\n") :][-80:] if b"\n" in text else text[-80:]
    return REGULAR


def _try(problems: dict[str, str], name: str, read: Callable[[], T]) -> Optional[T]:
    try:
        return read()
    except (OSError, ValueError, netlink.NetlinkError) as error:
        problems[name] = f"{name} can't be read: {error}"
        return None


def _udp(kernel: Kernel, names: dict[int, str], root: str) -> list[netlink.UdpSocket]:
    try:
        return kernel.udp_sockets(names)
    except netlink.NetlinkError:
        return sockets.proc_udp_sockets(root)


def _os_release(root: str) -> dict[str, str]:
    found = {}
    for path in ("etc/os-release", "usr/lib/os-release"):
        try:
            lines = Path(root, path).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            key, _sign, value = line.partition("=")
            try:
                found[key.strip()] = " ".join(shlex.split(value))
            except ValueError:
                found[key.strip()] = value.strip()
        break
    return found


def _unit(problems: dict[str, str], runner: Runner) -> Optional[dict[str, str]]:
    status, out, err = runner(["systemctl", "show", UNIT, f"--property={','.join(_UNIT_PROPERTIES)}"])
    if status:
        problems["unit"] = f"systemctl show {UNIT}: {_last(err) or f'status {status}'}"
        return None
    return {key: value for key, _sign, value in (line.partition("=") for line in out.splitlines()) if key}


def _podman(problems: dict[str, str], runner: Runner, root: str, os_release: dict[str, str]) -> Podman:
    status, out, err = runner(["podman", "--version"])
    if status == _NO_COMMAND:
        return Podman(candidate=_candidate(runner, os_release))
    quadlet = any(Path(root, path).exists() for path in _QUADLET)
    if status or system.version_of(out) is None:
        problems["podman"] = f"podman --version: {_last(err) or _last(out) or f'status {status}'}"
        return Podman(installed=True, quadlet=quadlet)
    return Podman(installed=True, version=out.split()[-1], quadlet=quadlet)


def _candidate(runner: Runner, os_release: dict[str, str]) -> Optional[str]:
    """The version that would be installed, from the package lists as they are: nothing is downloaded."""
    if system.is_debian(os_release):
        _status, out, _err = runner(["apt-cache", "policy", "podman"])
        match = re.search(r"^\s*Candidate:\s*(\S+)", out, re.MULTILINE)
        return match.group(1) if match and match.group(1) != "(none)" else None
    # dnf 5 ends no line by itself; both versions read the two characters \n as one.
    query = ["repoquery", "--latest-limit=1", "--qf", "%{version}\\n", "podman"]
    _status, out, _err = runner(["dnf", "-q", "-C", *query])
    return next((word for word in out.split() if system.version_of(word)), None)


def _missing(runner: Runner, os_release: dict[str, str], podman: Podman) -> tuple[str, ...]:
    """What the package manager has still to install; a podman built by hand is not installed over."""
    wanted = system.wanted_packages(os_release)
    if system.is_debian(os_release):
        query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n", *wanted]
        status, out, _err = runner(query)
        present = {line.split()[0] for line in out.splitlines() if line.endswith(" installed")}
    else:
        status, out, _err = runner(["rpm", "-q", "--qf", "%{NAME}\\n", *wanted])
        present = set(out.split("\n"))
    if podman.installed:
        # Without a package manager's word a podman that answers is taken as complete.
        present |= set(wanted) if status == _NO_COMMAND else {"podman"}
    return tuple(name for name in wanted if name not in present)


def _files(problems: dict[str, str], policy: Policy, root: str) -> dict[str, str]:
    paths = {policy.lease_file, policy.lease_file + "~", *system.PACKAGED_LEASES}
    if policy.initial_leases not in (None, "empty"):
        paths.add(str(policy.initial_leases))
    states = {}
    for path in sorted(paths):
        state = _try(problems, path, lambda path=path: path_state(Path(root, path.lstrip("/"))))  # type: ignore[misc]
        states[path] = state or UNREADABLE
    return states


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2]

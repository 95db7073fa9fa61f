# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a host once, for all checks: the only part of preflight that touches one.

Whatever can't be read becomes None with its reason in Host.problems; nothing here raises on an odd system.
Sources: os-release(5), systemctl(1) show, apt-cache(8) policy, dpkg-query(1), rpm(8), dnf-repoquery.
"""

from __future__ import annotations

import json
import re
import shlex
import stat
from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterable, Iterator, NamedTuple, Optional, TypeVar

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _boot_servers as boot_servers
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _firewall as firewall
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _lease_contents as lease_file
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _managers as managers
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _netlink as netlink
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _platform_collect as platform_collect
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight_system as system
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _rogue as rogue
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _sockets as sockets
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4, IPV6
from ansible_collections.quadlet.dhcpd.plugins.module_utils._host_files import Files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import EMPTY, PACKAGED, starting_point
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import (
    ABSENT,
    LEASES,
    OTHER,
    REGULAR,
    UNREADABLE,
    Host,
    Podman,
    Policy,
    Runner,
    serving,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError

_QUADLET = (
    "usr/libexec/podman/quadlet",
    "usr/lib/systemd/system-generators/podman-system-generator",
    "usr/lib/podman/quadlet",
    "usr/local/libexec/podman/quadlet",
)
_UNIT_PROPERTIES = (*managers.PROPERTIES, "FragmentPath", "SourcePath", "DropInPaths")
_UNITS = tuple(dict.fromkeys((IPV4.service, *managers.UNITS, *boot_servers.UNITS, *firewall.UNITS, IPV6.service)))
_LEASE = re.compile(rb"^[ \t]*(?:lease[ \t]+[0-9]|ia-(?:na|ta|pd)[ \t])", re.MULTILINE)
_CHUNK = 1 << 20
_NO_COMMAND = 127
_PORTS = (67, 68, 546, 547)

T = TypeVar("T")


class Kernel(NamedTuple):
    """The kernel's tables; tests give their own."""

    links: Callable[[], list[netlink.Link]] = netlink.links
    addresses: Callable[[dict[int, str]], list[netlink.Address]] = netlink.addresses
    udp_sockets: Callable[[dict[int, str]], list[netlink.UdpSocket]] = netlink.udp_sockets
    tcp_listeners: Callable[[dict[int, str]], list[netlink.TcpListener]] = netlink.tcp_listeners
    survey: Callable[[dict[str, str], Iterable[str]], rogue.Survey] = rogue.survey


KERNEL = Kernel()


def collect(policy: Policy, runner: Runner, root: str = "/", kernel: Kernel = KERNEL) -> Host:
    """Read everything that the checks look at; root is where the host's files are, for recorded trees."""
    problems: dict[str, str] = {}
    files = Files(root)
    links = _try(problems, "links", kernel.links)
    names = {link.ifindex: link.name for link in links or ()}
    udp = _try(problems, "udp", lambda: _udp(kernel, names, root))
    tcp = _try(problems, "tcp", lambda: kernel.tcp_listeners(names)) if policy.tcp_ports else None
    packets = _try(problems, "packets", lambda: sockets.packet_sockets(root))
    inodes = {socket.inode for socket in udp or () if socket.port in _PORTS}
    inodes |= {socket.inode for socket in tcp or () if socket.port in policy.tcp_ports}
    inodes |= {socket.inode for socket in packets or () if socket.protocol in sockets.IP_PROTOCOLS}
    os_release = _os_release(root)
    podman = _podman(problems, runner, root, os_release)
    units = _show(problems, runner)
    reading = None
    if units is not None and links is not None:
        known, found = units, links
        reading = _try(problems, "managers", lambda: managers.read(files, known, found))
    before = len(files.unreadable)
    waiting = boot_servers.waiting(files, units or {})
    if files.unreadable[before:]:
        problems["waiting"] = f"can't be read: {', '.join(files.unreadable[before:])}"
    host = Host(
        links=links,
        addresses=_try(problems, "addresses", lambda: kernel.addresses(names)),
        udp=udp,
        tcp=tcp,
        packets=packets,
        holders=sockets.holders(inodes, root),
        systemd=Path(root, "run/systemd/system").is_dir(),
        cgroup_v2=Path(root, "sys/fs/cgroup/cgroup.controllers").exists(),
        os_release=os_release,
        unit=(units or {}).get(policy.family.service),
        managers=reading,
        clients=tuple(managers.clients(links or (), root)),
        waiting=tuple(waiting),
        podman=podman,
        packages=_missing(runner, os_release, podman),
        platform=platform_collect.read(files, policy),
        firewall=_try(problems, "firewall", lambda: _firewall(runner, files, units or {}, policy)),
        files=_files(problems, policy, root),
        start_problem=_start_problem(problems, policy, root),
        problems=problems,
    )
    if host.files[policy.lease_file] in (REGULAR, LEASES):
        path = Path(root, policy.lease_file.lstrip("/"))
        host = replace(host, leases=_try(problems, "leases", lambda: lease_file.read(path)))
    return replace(host, survey=_survey(host, policy, kernel)) if policy.rogues else host


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


def _show(problems: dict[str, str], runner: Runner) -> Optional[dict[str, dict[str, str]]]:
    """systemd's properties of all units that matter, by one command; they come in the order of the question."""
    status, out, err = runner(["systemctl", "show", *_UNITS, f"--property={','.join(_UNIT_PROPERTIES)}"])
    if status:
        problems["unit"] = f"systemctl show {_UNITS[0]}: {_last(err) or f'status {status}'}"
        problems["managers"] = "which network managers run is unknown"
        return None
    blocks = (dict(_assignments(block)) for block in out.split("\n\n"))
    return dict(zip(_UNITS, blocks))


def _assignments(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        key, _sign, value = line.partition("=")
        if key:
            yield key, value


def _firewall(
    runner: Runner, files: Files, units: dict[str, dict[str, str]], policy: Policy
) -> Optional[firewall.Firewall]:
    """Judge the packet filter, asked only where something that isn't read raw is served."""
    ports = [firewall.Port("udp", 547, 6)] if 6 in policy.families else []
    ports += [firewall.Port("tcp", port, None) for port in policy.tcp_ports]
    if not ports:
        return None
    manager = firewall.manager_of(files, units)
    status, out, err = runner(["nft", "--json", "list", "ruleset"])
    if status == 0:
        closed = firewall.judge_nft(json.loads(out) if out.strip() else {"nftables": []}, ports, manager)
        # What iptables' own matches say, nft prints as "xt" and no more: iptables knows.
        if '"xt"' not in out:
            return firewall.Firewall(closed)
    unknown = "" if status in (0, _NO_COMMAND) else f"nft list ruleset: {_last(err)}"
    closed = []
    for family, command in ((4, "iptables-save"), (6, "ip6tables-save")):
        status, out, err = runner([command])
        if status == 0:
            closed += firewall.judge_iptables(out, family, ports, manager)
        elif status != _NO_COMMAND:
            unknown = unknown or f"{command}: {_last(err)}"
    return firewall.Firewall(list(dict.fromkeys(closed)), unknown)


def _start_problem(problems: dict[str, str], policy: Policy, root: str) -> Optional[str]:
    """What the release module would object to, by its own decision."""
    directory = Path(root, policy.lease_file.lstrip("/")).parent
    try:
        starting_point(directory, policy.family, policy.initial_leases, Path(root))
    except ReleaseError as error:
        return str(error).replace(f"{root.rstrip('/')}/", "/")
    except OSError as error:
        problems["start"] = str(error)
    return None


def _survey(host: Host, policy: Policy, kernel: Kernel) -> Optional[rogue.Survey]:
    names = serving(host, policy)
    if 4 not in policy.families:
        host.problems["survey"] = "only servers of IPv4 are looked for"
        return None
    if names is None or host.links is None:
        return None
    macs = {link.name: link.mac for link in host.links if link.name in names}
    missing = {name: "there is no such interface" for name in names if name not in macs}
    found = kernel.survey(macs, [address.address for address in host.addresses or ()])
    return rogue.Survey(found.offers, {**missing, **found.failed})


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
    paths = {policy.lease_file, *PACKAGED[policy.family]}
    if policy.initial_leases not in (None, EMPTY):
        paths.add(str(policy.initial_leases))
    states = {}
    for path in sorted(paths):
        state = _try(problems, path, lambda path=path: path_state(Path(root, path.lstrip("/"))))  # type: ignore[misc]
        states[path] = state or UNREADABLE
    return states


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2]

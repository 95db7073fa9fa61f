# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host for the tests of releases: real files below a root, and systemd, podman and dhcpd as a runner that can fail.

dhcpd runs as whatever unit systemd loaded last, needs its lease file, and shares port 67 with nobody. There is one for
each family.
"""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path
from typing import Any, Callable, Iterable, Sequence

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import (
    _back,
    _deploy,
    _files,
    _hand_back,
    _inform,
    _inform6,
    _keep,
    _prove,
    _service,
    _switch,
    _trial,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._compose import compose
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, IPV4, IPV6, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import starting_point
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packaged import Packaged
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from ansible_collections.quadlet.dhcpd.plugins.module_utils._prove import Prover
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import (
    Account,
    Image,
    Layout,
    Release,
    Store,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import Trial

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="the store's files belong to root")
SELF = Account(os.geteuid(), os.getegid())
UNIT = "[Container]\nImage=@IMAGE@\nVolume=@RELEASE@:/etc/dhcp:ro,z\nExec=-4\n"
CONF = (
    "authoritative;\nsubnet 198.51.100.0 netmask 255.255.255.0 {}\nsubnet 203.0.113.0 netmask 255.255.255.0 {}\n"
    "key k { secret pRP5FapFoJ95JEL06sv4PQ; }\n"
)
IDS = {"1": "a" * 64, "2": "b" * 64, "3": "c" * 64}
PACKAGE = "isc-dhcp-server.service"
ADDRESSES = {"eth1": "198.51.100.1", "eth2": "203.0.113.1"}
IN6 = {"eth1": "2001:db8:0:1::1", "eth2": "2001:db8:0:2::1"}
CONF6 = "subnet6 2001:db8:0:1::/64 {}\nsubnet6 2001:db8:0:2::/64 {}\n"
LEASE = "lease 198.51.100.%d {\n  starts 4 2026/01/01 00:00:00;\n}\n"


def release(
    tag: str, interfaces: Sequence[str] = ("eth1", "eth2"), conf: str = CONF, conf6: str = "", image: str = ""
) -> Release:
    """A release of IPv4, of IPv6, or of both; *image* is another tag's."""
    units, files = {}, {}
    for family, text in ((IPV4, conf), (IPV6, conf6)):
        if text:
            units[family], files[family.config] = UNIT.replace("-4", f"-{family.number}"), text
    made = Image(f"localhost/dhcpd:{tag}", IDS[image or tag])
    return compose(made, SELF, units, files, dict.fromkeys(units, interfaces))


OLD, NEW, OTHER = release("1").name, release("2").name, release("3").name


FIRST = 100


class Killed(BaseException):
    """SIGKILL, or the power: nothing of the process runs on."""


class Host:
    """*how* says what is wrong with a release, or with the PACKAGE:

    "restart fails", "exits", "loops" (restarts for ever), "other" (runs as another release), "deaf", "half deaf",
    "settling" (dies after its answer), "reload fails", "ask fails"; "start fails", "disable fails" and so on.
    What is wrong with its IPv6 alone stands under "NAME IPv6".
    """

    def __init__(self, root: Path, how: dict[str, str] | None = None) -> None:
        self.root = root
        self.layout = Layout(str(root))
        self.store = Store(self.layout)
        self.history = History(self.layout.history)
        self.how = how or {}
        self.images: dict[str, str] = {}  # of podman: reference, or id -> id
        self.registry: dict[str, str] = {}  # what can be pulled; what "archive" holds
        self.labels: dict[str, str] = {}
        self.refusal = ""  # what dhcpd -t says
        self.podman_installed = True
        self.units: dict[Family, str | None] = dict.fromkeys(FAMILIES)  # as systemd loaded them
        self.runs: dict[Family, str | None] = dict.fromkeys(FAMILIES)
        self.failed = dict.fromkeys(FAMILIES, False)  # systemd knows a failed unit also without its file
        self.pids = {family: FIRST * family.number for family in FAMILIES}
        self.packaged: bool | None = None  # runs; None where there is no package
        self.enabled = True
        self.armed = False
        self.can_arm = True
        self.journal: list[str] = []
        self.commands: list[list[str]] = []
        self.asked: list[tuple[str, list[str]]] = []
        self.proved: set[str] = set()
        self.fuse: int | None = None
        self.was_killed = False
        self.on_wait: Callable[[], None] = lambda: None

    def with_releases(
        self, committed: str | None = OLD, running: bool = True, there: Sequence[str | Release] = "12"
    ) -> Host:
        """Releases on disk, or their tags, one of them committed and running, and leases."""
        self.layout.etc.mkdir(parents=True)
        self.layout.switch.mkdir(parents=True)
        for number, one in enumerate(there):
            made = release(one) if isinstance(one, str) else one
            place = self.store.write(made, SELF.gid)
            os.utime(place, (number, number))
            tag = made.name.partition(".")[0]
            self.images[f"localhost/dhcpd:{tag}"] = IDS[tag]
        self.leases.parent.mkdir(parents=True)
        (self.leases.parent / "dhcpd6.leases").touch()
        if committed:
            self.store.commit(committed)
            self.history.add("tried", committed)
            self.history.add("proved", committed)
            self.store.write_copy(committed)
        if self.packaged is None:
            self.leases.write_text(LEASE % 50)
        self.units = {family: self.selected(family) for family in FAMILIES}
        self.runs = {family: name if running else None for family, name in self.units.items()}
        return self

    def with_package(self, runs: bool = True) -> Host:
        self.packaged = runs
        self.packaged_leases.parent.mkdir(parents=True)
        self.packaged_leases.write_text(LEASE % 60)
        return self

    @property
    def leases(self) -> Path:
        return self.layout.lease_directory / "dhcpd.leases"

    @property
    def packaged_leases(self) -> Path:
        return self.root / "var/lib/dhcp/dhcpd.leases"

    @property
    def running(self) -> str | None:
        return self.runs[IPV4]

    @running.setter
    def running(self, name: str | None) -> None:
        self.runs[IPV4] = name

    @property
    def loaded(self) -> str | None:
        return self.units[IPV4]

    def selected(self, family: Family = IPV4) -> str | None:
        """The release whose unit systemd finds: the one on trial, else the committed one."""
        if self.layout.trial(family).exists():
            return self.layout.trial(family).read_text().partition("# ")[2].partition("\n")[0]
        # One link that leads nowhere, and quadlet makes no unit of any.
        for other in FAMILIES:
            if self.store.links(other) and other not in self.store.families(self.store.current()):
                return None
        current = self.store.current()
        return current if family in self.store.families(current) and self.store.links(family) else None

    def problem(self, family: Family = IPV4) -> str:
        running = self.runs[family]
        if running and (self.packaged or not (self.leases.parent / family.leases).exists()):
            return "exits"
        wrong = self.how.get(f"{running} IPv6" if family.suffix else str(running), "")
        # What is wrong shows at a start.
        return wrong if wrong == "deaf" or self.pids[family] > FIRST * family.number else ""

    @property
    def serves(self) -> list[str]:
        mine = [self.runs[family] for family in FAMILIES if self.runs[family] and not self.problem(family)]
        return [name for name in mine if name] + [PACKAGE] * bool(self.packaged)

    @property
    def did(self) -> list[str]:
        """What systemd was asked to change, in order."""
        looks = ("show", "--quiet", "reset-failed")
        words = [command[1:] for command in self.commands if command[0] == "systemctl" and command[1] not in looks]
        return [" ".join(words) for words in words]

    def burn(self) -> None:
        """Let the fuse burn on, at each step that changes something."""
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise Killed

    def boot(self) -> None:
        """/run is forgotten; what is committed, and what is enabled, starts."""
        shutil.rmtree(self.root / "run", ignore_errors=True)
        if self.packaged is not None:
            yields = self.root / f"etc/systemd/system/{PACKAGE}.d/50-quadlet-dhcpd.conf"
            self.packaged = self.enabled and not (yields.exists() and self.store.current())
        self.units = {family: self.selected(family) for family in FAMILIES}
        self.runs = dict(self.units)

    # The runner

    def __call__(self, command: Sequence[str]) -> tuple[int, str, str]:
        assert not isinstance(command, str)
        self.commands.append(list(command))
        act = {"systemctl": self._systemctl, "podman": self._podman, "systemd-run": self._systemd_run}.get(command[0])
        if act:
            return act(list(command[1:]))
        if command[0] == "env":
            return self._quadlet(Path(command[1].partition("=")[2]))
        if command[0] == "journalctl" and "--show-cursor" in command:
            return 0, f"-- cursor: {len(self.journal) + 1}\n", ""
        if command[0] == "journalctl" and "--output=cat" in command:
            (since,) = [word.partition("=")[2] for word in command if word.startswith("--after-cursor")] or ["1"]
            return 0, "\n".join(self.journal[int(since) - 1 :]), ""
        return 0, "", ""

    def _systemctl(self, words: list[str]) -> tuple[int, str, str]:
        action, unit = words[0], words[-1]
        family = IPV6 if unit == IPV6.service else IPV4
        if action == "show":
            active, restarts = "active", 0
            if self.runs[family] is None or self.problem(family) == "exits":
                active = "failed"
            elif self.problem(family) == "loops":
                active, restarts = "activating", 1
            return 0, f"ActiveState={active}\nSubState=x\nNRestarts={restarts}\nControlGroup={family.service}\n", ""
        if action == "--quiet":
            return (0 if self.packaged else 3), "", ""
        if action == "reset-failed":
            self.failed[family] = False
            return 0, "", ""
        self.burn()
        if action == "daemon-reload":
            self.units = {family: self.selected(family) for family in FAMILIES}
            return (1, "", "refused") if self.how.get(self.loaded or "") == "reload fails" else (0, "", "")
        if unit == PACKAGE:
            if action in ("start", "stop"):
                self.packaged = action == "start"
            else:
                self.enabled = action == "enable"
            if self.how.get(PACKAGE) == f"{action} fails":
                self.packaged = False if action == "start" else self.packaged
                return 1, "", "Job failed."
            return 0, "", ""
        if unit.startswith("dhcpd-release-"):
            self.armed = self.armed and unit != "dhcpd-release-undo.timer"
            return 0, "", ""
        if self.units[family] is None and self.runs[family] is None and not self.failed[family]:
            return 5, "", f"Failed to {action} {unit}: Unit {unit} not loaded."
        self.runs[family] = self.units[family] if action == "restart" else None
        self.pids[family] += 1
        if action == "restart":
            self.journal.append(f"{self.runs[family]} says why")
            self.failed[family] = self.problem(family) == "restart fails"
            if self.failed[family]:
                self.runs[family] = None
                return 1, "", "Job failed."
        return 0, "", ""

    def _podman(self, words: list[str]) -> tuple[int, str, str]:
        last = words[-1]
        if not self.podman_installed:
            return 127, "", "[Errno 2] No such file or directory: 'podman'"
        if words[:2] == ["image", "inspect"]:
            found = self.images.get(last, last if last in self.images.values() else None)
            if found and "--format" not in words:
                return 0, f'[{{"Labels": {str(self.labels).replace(chr(39), chr(34)) if self.labels else "null"}}}]', ""
            return (0, f"{found}\n", "") if found else (125, "", "no such image")
        if words[:2] == ["image", "exists"]:
            return int(last not in {**self.images, **dict.fromkeys(self.images.values())}), "", ""
        if words[0] == "pull":
            if last not in self.registry:
                return 125, "", "manifest unknown"
            self.images[last] = self.registry[last]
        if words[0] == "load":
            self.images["untagged"] = self.registry["archive"] if "archive" in self.registry else Path(last).read_text()
        if words[0] == "save":
            if Path(words[-2].partition("=")[2]).exists():
                return 125, "", "docker-archive doesn't support modifying existing images"
            Path(words[-2].partition("=")[2]).write_text(last)
        if words[0] == "tag":
            if words[1] not in self.images.values():
                return 125, "", "image not known"
            self.images[last] = words[1]
        if words[0] == "run" and self.refusal:
            return 1, "", self.refusal
        return 0, "", ""

    def _quadlet(self, directory: Path) -> tuple[int, str, str]:
        out = ""
        for family in FAMILIES:
            if (directory / family.unit).exists():
                unit = (directory / family.unit).read_text()
                image = unit.partition("Image=")[2].partition("\n")[0]
                name = unit.partition("/releases/")[2].partition(":")[0]
                out += f"---{family.service}---\n[Service]\n# {name}\nExecStart=podman run {image} -4\n\n"
        return 0, out, ""

    def _systemd_run(self, words: list[str]) -> tuple[int, str, str]:
        if "--unit=dhcpd-release-undo" in words:
            self.armed = self.can_arm
            return (0, "", "") if self.can_arm else (1, "", "Failed to start transient timer unit")
        self.on_wait()
        status = 9
        try:
            status = _switch.main(words[words.index("-m") + 2 :])
        except Killed:
            self.was_killed = True
        self.fuse = None
        _switch.main(["undo"])
        return status, "", ""

    # The rest of the world

    def ask(self, askers: Iterable[Asker], _timeout: float, family: Family = IPV4) -> set[str]:
        who = PACKAGE if self.packaged else str(self.runs[family])
        names = {asker.interface for asker in askers}
        self.asked.append((who, sorted(names)))
        problem = self.how.get(who, "") if self.packaged else self.problem(family)
        if problem == "ask fails":
            raise OSError(19, "No such device")
        if problem in ("deaf", "exits", "loops") or not (self.runs[family] or self.packaged):
            return set()
        return names & {"eth1"} if problem == "half deaf" else names

    def sleep(self, seconds: float) -> None:
        if seconds >= 1:
            for family in FAMILIES:
                self.pids[family] += self.problem(family) == "settling"
            self.proved |= {str(name) for name in self.runs.values() if name}

    def process(self, group: str) -> int | None:
        family = IPV6 if group == IPV6.service else IPV4
        return self.pids[family] if self.runs[family] else None

    def release_of(self, pid: int | None) -> str | None:
        if pid is None:
            return None
        family = next(family for family in FAMILIES if self.pids[family] == pid)
        return "0.other" if self.problem(family) == "other" else self.runs[family]

    def trial(self) -> Trial:
        made = Trial(self.layout, Service(self), Podman(self))
        made.step = lambda _name: None
        return made

    def events(self, since: int = 0) -> list[tuple[str, str]]:
        return [(event.what, event.release) for event in self.history.events()][since:]

    def install(self, monkeypatch: Any) -> Host:
        """Let the product meet this host wherever it makes something for itself."""
        layout = Layout
        for module in (_back, _deploy, _switch):
            monkeypatch.setattr(module, "Layout", lambda: layout(str(self.root)))
        for module in (_back, _deploy, _hand_back, _trial):
            monkeypatch.setattr(module, "Packaged", functools.partial(Packaged, root=self.root))
        for module in (_prove, _trial):
            monkeypatch.setattr(module, "release_of", self.release_of)
        links = [Link(2 + int(n[-1]), n, None, True, True, "up", "00:00:5e:00:53:01", None, "ether") for n in ADDRESSES]
        addresses = [Address(1, name, 4, ip, 24, True, None, None) for name, ip in ADDRESSES.items()]
        for number, name in enumerate(ADDRESSES):
            addresses += [Address(1, name, 6, ip, 64, True, None, None) for ip in (f"fe80::{number + 1}", IN6[name])]
        monkeypatch.setattr(_prove._netlink, "links", lambda: links)
        monkeypatch.setattr(_prove._netlink, "addresses", lambda _names: addresses)
        monkeypatch.setattr(_inform, "ask", self.ask)
        monkeypatch.setattr(_inform6, "ask", functools.partial(self.ask, family=IPV6))
        monkeypatch.setattr(_trial, "Prover", functools.partial(Prover, sleep=self.sleep))
        monkeypatch.setattr(_switch, "run_command", self)
        monkeypatch.setattr(_service, "dhcpd_process", self.process)
        monkeypatch.setattr(_keep, "mounted", set)
        monkeypatch.setattr(_deploy, "starting_point", functools.partial(starting_point, root=self.root))
        monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # test_files looks at that; here it takes a minute
        for owner, name in ((_files, "sync"), (Path, "unlink"), (Path, "rename")):
            monkeypatch.setattr(owner, name, self._burning(getattr(owner, name)))
        return self

    def _burning(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def burning(*arguments: Any, **options: Any) -> Any:
            self.burn()
            return act(*arguments, **options)

        return burning

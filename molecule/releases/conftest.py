"""The faults' harness: the module itself, through Ansible, on the lab's hosts, whose clients never stop asking.

    LAB_PREFIX=mine molecule/lab run python -m pytest molecule/releases -k name     on hosts that are up

What must hold after every fault is in one place: Host.unharmed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

os.environ.update(ANSIBLE_FORCE_COLOR="0", ANSIBLE_NOCOLOR="1")  # molecule wants colours, and they are no JSON
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PREFIX = os.environ.get("LAB_PREFIX", "dhcpd-lab")
IMAGES = ROOT / ".cache/images"
IMAGE = "localhost/dhcpd:4.4.3-P1-1"
ARCHIVE = str(IMAGES / "dhcpd-4.4.3-P1-1.tar")
TEMPLATE = "roles/dhcpd_container/templates/dhcpd.container.j2"
TIMER = ["dhcpd-release-undo.timer", "dhcpd-release-undo.service"]
CLIENTS, PAUSE, VISITOR = 20, 0.1, str(0xF0)

# Everything of a host that a switch could change, read in one go.
LOOK = r"""
import glob, json, os, re, subprocess
def out(*words):
    return subprocess.run(words, capture_output=True, text=True).stdout
def text(path):
    try:
        return open(path, errors="replace").read()
    except OSError:
        return ""
def names(path):
    return sorted(os.listdir(path)) if os.path.isdir(path) else []
mounts = [text(f"/proc/{pid}/mountinfo") for pid in out("pgrep", "-x", "dhcpd").split()]
units = out("systemctl", "list-units", "--all", "--plain", "--no-legend", "dhcpd-release*").splitlines()
passing = ["/run/systemd/system/dhcpd*", "/run/containers/systemd/dhcpd*", "/run/dhcpd_release/trial.json"]
passing += ["/run/dhcpd_release-*", "/etc/dhcp/.*.new", "/etc/dhcp/releases/.staged-*"]
print(json.dumps({
    "current": os.path.basename(os.readlink("/etc/dhcp/current")) if os.path.islink("/etc/dhcp/current") else None,
    "history": [line.split("\t") for line in text("/etc/dhcp/history").splitlines()],
    "runs": [name for mounted in mounts for name in re.findall(r"/releases/(\S+) /etc/dhcp ", mounted)],
    "container": out("podman", "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", "dhcpd").strip(),
    "active": out("systemctl", "show", "--property=ActiveState", "--value", "dhcpd.service").strip(),
    "source": out("systemctl", "show", "--property=SourcePath", "--value", "dhcpd.service").strip(),
    "releases": names("/etc/dhcp/releases"),
    "kept": names("/var/lib/dhcpd_container/images"),
    "leases": text("/var/lib/dhcpd/dhcpd.leases"),
    "copy": text("/etc/dhcp/dhcpd.conf"),
    "leftovers": [path for pattern in passing for path in glob.glob(pattern)] + [unit.split()[0] for unit in units],
}))
"""

# Wait for a step of the switch in the journal, then act. argv: step, delay, the shell command.
AT_STEP = r"""
import os, subprocess, sys, time
os.nice(-10)
step, delay, action = sys.argv[1], float(sys.argv[2]), sys.argv[3]
follow = ["journalctl", "--follow", "--lines=0", "--output=cat", "--unit=dhcpd-release.service"]
journal = subprocess.Popen(follow, stdout=subprocess.PIPE, text=True)
time.sleep(0.2)
print("ready", flush=True)
for line in journal.stdout:
    if line.strip() == step:
        time.sleep(delay)
        done = subprocess.run(["bash", "-c", action], capture_output=True, text=True)
        print("acted", done.returncode, done.stdout, done.stderr, flush=True)
        break
journal.kill()
"""


# Kill the switch's main process, before it the module ("module"), after it ExecStopPost='s process ("undo").
# argv: a step, or "start" for the process itself; a delay after it; what else to kill.
KILL = r"""
import os, signal, subprocess, sys, time
os.nice(-10)
step, delay, also = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
unit = "dhcpd-release.service"
follow = ["journalctl", "--follow", "--lines=0", "--output=cat", f"--unit={unit}"]
journal = subprocess.Popen(follow, stdout=subprocess.PIPE, text=True)
time.sleep(0.2)
print("ready", flush=True)
def pid(which):
    show = ["systemctl", "show", f"--property={which}", "--value", unit]
    return int(subprocess.run(show, capture_output=True, text=True).stdout)
main = undo = 0
while not main:
    time.sleep(0.05)
    main = pid("MainPID")
for line in journal.stdout if step != "start" else []:
    if line.strip() == step:
        break
time.sleep(delay)
if "module" in also:
    subprocess.run(["pkill", "-KILL", "-f", "[A]nsiballZ_dhcpd_release"])
try:
    os.kill(main, signal.SIGKILL)
    print("killed", main, flush=True)
except ProcessLookupError:
    print("ended", main, flush=True)
end = time.monotonic() + 15
while not undo and "undo" in also and time.monotonic() < end:
    time.sleep(0.01)
    undo = pid("ControlPID")
if undo:
    os.kill(undo, signal.SIGKILL)
journal.kill()
"""


class Killer:
    """KILL in a host, started before the switch."""

    def __init__(self, host: Host, *words: str) -> None:
        command = ["podman", "exec", host.container, "python3", "-c", KILL, *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout and self.process.stdout.readline() == "ready\n"

    def end(self) -> tuple[str, str]:
        """Whether it killed or came too late, and the process."""
        try:
            said, _none = self.process.communicate(timeout=30)
        finally:
            self.process.kill()
        what, pid = said.split()
        return what, pid


class Result(NamedTuple):
    """One run of the module, as a person at the controller sees it."""

    status: int
    values: dict[str, Any]
    said: str
    seconds: float

    @property
    def error(self) -> str:
        """The one clear error of a run that failed."""
        assert self.status != 0, f"exit status 0: {self.said}"
        assert self.said.count("FAILED!") == 1 and "Traceback" not in self.said, self.said
        return str(self.values["msg"])


class Host:
    """A host of the lab, and the clients on its segment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.container = f"{PREFIX}-{name}"
        self.log = Path(f"/run/{self.container}-traffic.log")
        self.clients: subprocess.Popen[bytes] | None = None
        self.unit = ""
        self.conf = ""
        self.number = 0
        self.through: list[str] = []  # what runs Ansible, where its own process is not enough
        self.reached: dict[str, Any] = {}  # the variables of the connection, where they are not the inventory's

    # --- the host ------------------------------------------------------------------------------------------------

    def sh(self, script: str, check: bool = True, timeout: float = 120) -> str:
        """Run a script of bash in the host."""
        done = subprocess.run(
            ["podman", "exec", self.container, "bash", "-c", script],
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout

    def look(self) -> dict[str, Any]:
        """How the host is now."""
        done = subprocess.run(
            ["podman", "exec", "-i", self.container, "python3", "-"],
            input=LOOK,
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    @contextlib.contextmanager
    def at_step(
        self, step: str, action: str = "true", delay: float = 0.0, outside: Callable[[], object] | None = None
    ) -> Iterator[None]:
        """Let *action* happen in the host as soon as the switch says *step*, then *outside* of it.

        It must have come to that.
        """
        command = ["podman", "exec", self.container, "python3", "-c", AT_STEP, step, str(delay), action]
        follower = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert follower.stdout and follower.stdout.readline() == "ready\n"
        said: list[str] = []

        def wait(stream: IO[str]) -> None:
            for line in stream:
                said.append(line)
                if outside and len(said) == 1:
                    outside()

        thread = threading.Thread(target=wait, args=(follower.stdout,), daemon=True)
        thread.start()
        try:
            yield
            thread.join(20)
            assert said and said[0].startswith("acted 0 "), (
                f"at the step {step!r} it did not come to what was to be: {said}"
            )
        finally:
            follower.kill()
            follower.wait()

    def until(self, condition: Callable[[dict[str, Any]], bool], timeout: float, what: str) -> dict[str, Any]:
        """Look at the host until *condition* holds."""
        end = time.monotonic() + timeout
        while True:
            now = self.look()
            if condition(now):
                return now
            assert time.monotonic() < end, f"{what}: not within {timeout} s: { {**now, 'leases': '...'} }"
            time.sleep(0.3)

    # --- the module ----------------------------------------------------------------------------------------------

    def wanted(self, **changes: Any) -> dict[str, Any]:
        """The options of the module for a release that serves, as the role gives them."""
        options: dict[str, Any] = {
            "image": IMAGE, "archive": ARCHIVE, "interfaces": ["seg0"], "proof_timeout": 10,
            "unit": self.unit, "conf": self.conf, **changes,
        }  # fmt: skip
        conf = options.pop("conf")
        options.setdefault("files", [{"path": "dhcpd.conf", "content": conf}])
        return {name: value for name, value in options.items() if value is not None}

    def new(self) -> str:
        """A configuration that no release here has had."""
        self.number += 1
        return f"{self.conf}# {self.number} of {os.getpid()}\n"

    def start(self, options: dict[str, Any], *flags: str) -> subprocess.Popen[str]:
        """Start the module on this host through Ansible."""
        command = [*self.through, "ansible", self.name, "-i", str(HERE / "inventory.yml")]
        command += ["-m", "quadlet.dhcpd.dhcpd_release", "-e", json.dumps(self.reached)]
        return subprocess.Popen(
            [*command, "-a", json.dumps(options), *flags],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        )  # fmt: skip

    def release(self, options: dict[str, Any], *flags: str, timeout: float = 150) -> Result:
        """Run the module on this host through Ansible."""
        began = time.monotonic()
        return end_of(self.start(options, *flags), began, timeout)

    def present(self, *flags: str, **changes: Any) -> Result:
        """Run the module for a release that differs by *changes* from the one that serves."""
        return self.release(self.wanted(**{"conf": self.new(), **changes}), *flags)

    # --- the clients ---------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Let the clients ask, from now to the end of the tests."""
        with self.log.open("wb") as log:
            self.clients = self.beside("traffic.py", "br0", str(CLIENTS), str(PAUSE), stdout=log)

    def beside(self, script: str, *words: str, stdout: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a script of this directory on the host's segment."""
        command = ["ip", "netns", "exec", self.container, sys.executable, str(HERE / script), *words]
        return subprocess.Popen(command, stdout=stdout)

    def answers(self) -> list[dict[str, Any]]:
        """Each answer that a client had, oldest first."""
        return lines(self.log)

    def serves(self, timeout: float = 30) -> None:
        """A client that asks from now on gets an ACK."""
        began = time.time()
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if any(line["at"] > began and "ip" in line for line in self.answers()[-5:]):
                return
            time.sleep(0.1)
        pytest.fail(f"no client had an answer within {timeout} s")

    def visit(self) -> None:
        """Wait until one more client has its lease: what was asked before is answered, and written down, then."""
        assert self.beside("traffic.py", "br0", "1", "0.2", VISITOR, stdout=subprocess.DEVNULL).wait(120) == 0

    def lost(self) -> list[str]:
        """What clients were promised and the lease file doesn't know. Answers first, then the file: it only grows."""
        answers = self.answers()
        known = leases(self.look()["leases"])
        found = [f"{line['mac']} was refused {line['nak']}" for line in answers if "nak" in line]
        last = {line["mac"]: line for line in answers if "ip" in line}
        for mac, line in last.items():
            hardware, until = known.get(line["ip"], ("no lease", 0.0))
            if hardware != mac or until < line["until"] - 2:
                found.append(
                    f"{mac} has {line['ip']} until {line['until']:.0f}, the file: {hardware} until {until:.0f}"
                )
        return found

    @contextlib.contextmanager
    def clients_at_rest(self) -> Iterator[None]:
        """Nobody asks meanwhile, and the lease file is afterwards what it was before."""
        assert self.clients
        self.clients.send_signal(signal.SIGSTOP)
        self.visit()
        self.sh("cp -a /var/lib/dhcpd/dhcpd.leases /root/leases")
        try:
            yield
        finally:
            try:
                back = "cp -a /root/leases /var/lib/dhcpd/dhcpd.leases"
                self.sh(f"systemctl stop dhcpd && {back} && systemctl start dhcpd")
            finally:
                self.clients.send_signal(signal.SIGCONT)

    # --- what must hold ------------------------------------------------------------------------------------------

    def whole(self, release: str, timeout: float = 60, armed: bool = False) -> dict[str, Any]:
        """The host serves as *release* and nothing else, with nothing lost and nothing left over.

        *armed*: but for a dead-man timer that will find nothing to do.
        """
        spared = TIMER if armed else []
        now = self.until(
            lambda now: now["runs"] == [release] and now["active"] == "active" and set(now["leftovers"]) <= set(spared),
            timeout,
            f"runs as {release}, with nothing left over",
        )
        assert now["current"] == release
        assert now["source"] == "/etc/containers/systemd/dhcpd.container"
        numbers = [int(line[0]) for line in now["history"]]
        assert numbers == sorted(set(numbers))
        self.serves()
        assert self.lost() == []
        return now

    @contextlib.contextmanager
    def unharmed(self, untouched: bool = False, armed: bool = False) -> Iterator[dict[str, Any]]:
        """Whatever happens within, the release of before serves at the end; *untouched*: it was not even restarted."""
        before = self.look()
        assert before["current"] and before["runs"] == [before["current"]], {**before, "leases": "..."}
        yield before
        after = self.whole(before["current"], armed=armed)
        if untouched:
            for name in ("container", "history", "releases", "copy"):
                assert after[name] == before[name], name


def lines(log: Path) -> list[dict[str, Any]]:
    """What is written so far: a line of JSON each, the last of which may be in the making."""
    return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]


@contextlib.contextmanager
def on_the_wire(host: Host, log: Path) -> Iterator[None]:
    """Write down each ACK and NAK on the host's cable meanwhile."""
    with log.open("wb") as stdout:
        wire = host.beside("wire.py", "port0", stdout=stdout)
    try:
        while not lines(log):
            assert wire.poll() is None
            time.sleep(0.05)
        yield
        assert wire.poll() is None
    finally:
        wire.kill()
        wire.wait()


def end_of(process: subprocess.Popen[str], began: float, timeout: float = 150) -> Result:
    """Wait for a run of the module and read what it said."""
    try:
        said, _none = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _none = process.communicate()
        pytest.fail(f"the module did not end within {timeout} s: {said}")
    found = re.search(r"^\S+ \| [A-Z]+!? => ", said, re.MULTILINE)
    values = json.JSONDecoder().raw_decode(said[found.end() :])[0] if found else {}
    return Result(process.returncode, values, said, time.monotonic() - began)


def records(text: str) -> dict[str, str]:
    """address -> what a lease file says of it; the last record wins."""
    return dict(re.findall(r"^lease (\S+) \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE))


def leases(text: str) -> dict[str, tuple[str, float]]:
    """address -> (hardware address, end) of a lease file."""
    found = {}
    for address, body in records(text).items():
        ends = re.search(r"^  ends \d (\S+ \S+);", body, re.MULTILINE)
        hardware = re.search(r"hardware ethernet (\S+);", body)
        until = (
            time.mktime(time.strptime(ends.group(1) + " UTC", "%Y/%m/%d %H:%M:%S %Z")) - time.timezone if ends else 0.0
        )
        found[address] = (hardware.group(1) if hardware else "nobody", until)
    return found


def prepared(name: str, unit: str) -> Host:
    host = Host(name)
    host.unit = unit
    host.conf = host.sh("cat /etc/dhcp/current/dhcpd.conf")
    host.ask()
    return host


@pytest.fixture(scope="session")
def unit() -> str:
    """The role's own template, rendered by Ansible."""
    text = json.dumps({"msg": f"{{{{ lookup('ansible.builtin.template', '{TEMPLATE}') }}}}"})
    command = ["ansible", "delta", "-i", str(HERE / "inventory.yml"), "-e", "@roles/dhcpd_container/defaults/main.yml"]
    command += ["-m", "ansible.builtin.debug", "-a", text, "-e", '{"dhcpd_container_interfaces": ["seg0"]}']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return str(json.loads(done.stdout.partition("=> ")[2])["msg"])


@pytest.fixture(scope="session")
def hosts(unit: str) -> Iterator[dict[str, Host]]:
    found = {name: prepared(name, unit) for name in ("delta", "echo")}
    yield found
    for host in found.values():
        if host.clients:
            host.clients.kill()
            host.clients.wait()
        host.log.unlink()


@pytest.fixture
def host(hosts: dict[str, Host]) -> Host:
    """The host on which one fault after the other happens."""
    return hosts["delta"]


# What takes minutes of waiting happens on the other host, beside the other tests, and is asked for at the end.
BESIDE: list[Callable[[Host], str]] = []


class Beside:
    """Stories on one host, one after the other, in a thread."""

    def __init__(self, host: Host, stories: list[Callable[[Host], str]]) -> None:
        self.found: dict[str, str | BaseException] = {}
        self.thread = threading.Thread(target=self._tell, args=(host, stories), daemon=True)
        self.thread.start()

    def _tell(self, host: Host, stories: list[Callable[[Host], str]]) -> None:
        for story in stories:
            try:
                self.found[story.__name__] = story(host)
            except BaseException as error:  # pytest.fail's is no Exception
                self.found[story.__name__] = error

    def end(self, story: Callable[[Host], str]) -> str:
        """Wait for the end, and fail as that story failed."""
        while story.__name__ not in self.found and self.thread.is_alive():
            self.thread.join(0.5)
        found = self.found[story.__name__]
        if isinstance(found, BaseException):
            raise found
        return found


@pytest.fixture(scope="session", autouse=True)
def beside(hosts: dict[str, Host], request: pytest.FixtureRequest) -> Beside:
    wanted = [
        item.callspec.params["story"] for item in request.session.items if "story" in getattr(item, "fixturenames", ())
    ]
    return Beside(hosts["echo"], wanted)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What happens beside the others is looked at last."""
    items.sort(key=lambda item: "story" in getattr(item, "fixturenames", ()))

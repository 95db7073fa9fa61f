"""The tests' hands: a DHCP host, a name server on its segment, real clients, the playbook as a user runs it.

LAB_PREFIX=mine molecule/lab run python -m pytest molecule/ddns -k name     on hosts that are up
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "shared/library"))
from lab_client import Client

os.environ.update(ANSIBLE_FORCE_COLOR="0", ANSIBLE_NOCOLOR="1")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PREFIX = os.environ["LAB_PREFIX"]
DOMAIN = "example.net"
ZONES = (DOMAIN, "100.51.198.in-addr.arpa", "1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
#: The keys by name, in the order of their years.
SECRETS = yaml.safe_load((HERE / "inventory.yml").read_text())["dhcp_servers"]["vars"]["lab_keys"]
OLD, NEW = SECRETS
#: However slow the machine is: every wait is for an event, and this long only where it doesn't come.
PATIENCE = 120.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until *condition* holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:.0f} s"
        time.sleep(0.2)


def converge(*words: str, **variables: Any) -> str:
    """Make the DHCP host what the inventory says, as a user does, with *variables* changed."""
    command = ["ansible-playbook", "-i", str(HERE / "inventory.yml"), "playbooks/site.yml", *words]
    variables = {**variables, "dhcpd_hosts": "india"}
    done = subprocess.run(
        [*command, "-e", json.dumps(variables)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Host:
    def __init__(self, name: str) -> None:
        self.container = f"{PREFIX}-{name}"

    def sh(self, script: str, check: bool = True) -> str:
        """Run a script of bash in the host."""
        done = subprocess.run(
            ["podman", "exec", self.container, "bash", "-c", script], capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


class Dhcp(Host):
    """The DHCP host and its journal."""

    def now(self) -> str:
        """A place in the journal of dhcpd, for said()."""
        return self.sh("journalctl -u dhcpd -n 0 --show-cursor").split("-- cursor: ")[-1].strip()

    def said(self, since: str) -> str:
        """What dhcpd has said since now() was asked."""
        return self.sh(f"journalctl -u dhcpd -o cat --after-cursor='{since}'")

    def until_said(self, since: str, text: str) -> None:
        """Wait until dhcpd has said that."""
        until(lambda: text in self.said(since), f"dhcpd's {text!r}")


class Names(Host):
    """The name server, asked by dig."""

    def accept(self, *keys: str) -> None:
        """Take updates from these keys alone."""
        self.sh(f"accept {' '.join(keys)} && rndc reconfig")

    def update(self, *changes: str, signed: str = f"-y hmac-sha256:{OLD}:{SECRETS[OLD]}") -> str:
        """What nsupdate says to changes of one zone; nothing where they are made."""
        lines = "\n".join(["server 198.51.100.53", *changes, "send"])
        return self.sh(f"nsupdate {signed} <<'LINES'\n{lines}\nLINES", check=False)

    def ask(self, name: str, kind: str) -> list[str]:
        return self.sh(f"dig @198.51.100.53 +short +tries=3 {name} {kind}").split("\n")[:-1]

    def reverse(self, address: str) -> list[str]:
        return self.sh(f"dig @198.51.100.53 +short +tries=3 -x {address}").split("\n")[:-1]

    def has(self, name: str, address: str) -> bool:
        """Whether name and address belong together, in both directions, and the name belongs to a client."""
        full = f"{name}.{DOMAIN}"
        forward = self.ask(full, "AAAA" if ":" in address else "A") == [address] and len(self.ask(full, "DHCID")) == 1
        return forward and self.reverse(address) == [f"{full}."]

    def lacks(self, name: str, address: str) -> bool:
        """Whether there is nothing of either."""
        return not self.ask(f"{name}.{DOMAIN}", "ANY") and not self.reverse(address)

    def zone(self) -> set[tuple[str, str, str]]:
        """Each record of the zones that a client may have: name, type, value."""
        text = "".join(self.sh(f"dig @127.0.0.1 +noall +answer axfr {zone}") for zone in ZONES)
        records = [line.split(None, 4) for line in text.splitlines()]
        assert sum(record[3] == "SOA" for record in records) == 2 * len(ZONES), text
        return {(name, kind, value) for name, _ttl, _in, kind, value in records if kind not in ("SOA", "NS")}


class Laptop(Client):
    """ISC's dhclient on the segment, with a name."""

    def __init__(self, name: str, number: int, lease_time: int | None = None, family: int = 4) -> None:
        client = "dhclient" if family == 4 else "dhclient6"
        params = {"segment": "india", "name": f"laptop{number}", "bridge": "br0", "client": client, "hostname": name}
        more = {"mac": f"00:00:5e:00:53:{number:02x}", "lease_time": lease_time, "timeout": PATIENCE}
        super().__init__(SimpleNamespace(params={**params, **more}))
        self.family = family

    def join(self) -> str:
        """Get a lease; its address."""
        self.plug_in()
        self.start()
        return str(self.wait(unlike={})["ip"])

    def ask_again(self, name: str = "") -> str:
        """Ask for the same address once more, as after a reboot, perhaps under another name."""
        self.kill()
        self.params["hostname"] = name or self.params["hostname"]
        before = self.read()
        self.start()
        return str(self.wait(unlike=before)["ip"])

    def release(self) -> None:
        options = [f"-{self.family}", "-cf", self.home / "dhclient.conf", "-lf", self.lease, "-pf", self.pid]
        command = ["ip", "netns", "exec", self.space, "dhclient", "-r", *options, "-sf", self.home / "script", "eth0"]
        subprocess.run(command, check=True, capture_output=True)


class Movers:
    """movers.py on the segment."""

    COUNT = 10

    def __init__(self) -> None:
        self.log = Path(f"/run/{PREFIX}-india-movers.log")
        words = [HERE / "movers.py", "br0", str(self.COUNT), "0.2"]
        command = ["ip", "netns", "exec", f"{PREFIX}-india", sys.executable, *words]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log)

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def all_answered(self, since: float) -> bool:
        """Whether each has had an answer to what it asked since then."""
        return len({line["mac"] for line in self.answers() if line["at"] > since}) == self.COUNT

    def had(self, moment: float) -> set[str]:
        """The names that they last had an answer for before that moment."""
        return set({line["mac"]: line["name"] for line in self.answers() if line["at"] < moment}.values())

    def settle(self) -> dict[str, str]:
        """Let them keep their names and ask once more; name -> address."""
        self.process.send_signal(signal.SIGUSR1)
        now = time.time()
        until(lambda: self.all_answered(now + 1), "each client's last answer")
        self.end()
        last = {line["mac"]: line for line in self.answers()}
        return {line["name"]: line["ip"] for line in last.values()}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def dhcp() -> Dhcp:
    return Dhcp("india")


@pytest.fixture(scope="session")
def names() -> Names:
    found = Names("juliett")
    found.accept(OLD)
    return found


@pytest.fixture
def laptop() -> Iterator[Callable[..., Laptop]]:
    """A client with a name, a number, and perhaps a time for its lease or IPv6."""
    found: list[Laptop] = []

    def make(name: str, number: int, **more: Any) -> Laptop:
        found.append(Laptop(name, number, **more))
        return found[-1]

    yield make
    for client in found:
        if Path("/run/netns", client.space).exists():
            client.release()
            client.remove()

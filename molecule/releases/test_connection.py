"""A real ssh connection and its controller: whatever of them dies in mid-switch, the host ends whole by itself.

sshd in the host, an ordinary user with sudo, no pipelining: `ssh -tt`, so a module dies with its connection.
"""

from __future__ import annotations

import contextlib
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import TIMER, Host, end_of, prepared

USER = "deploy"
ADDRESS = "203.0.113.1"  # of mgmt0, which serves nobody
# Within seconds both ends notice that the network between them is gone.
SSHD = f"""
set -e
useradd --create-home --shell /bin/bash {USER}
printf '{USER} ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/{USER}
printf 'ClientAliveInterval 1\\nClientAliveCountMax 3\\n' >/etc/ssh/sshd_config.d/lab.conf
ssh-keygen -A
systemctl start ssh.service
"""
KEY = f"install -D -m 644 /dev/stdin /home/{USER}/.ssh/authorized_keys"
MODULE = "[A]nsiballZ_dhcpd_release"
# The module dies at once, and the switch is still at it: it is nobody's child.
CUT_IN_THE_HOST = f"""
pkill -KILL -x sshd-session || exit 1
timeout 60 sh -c 'while pgrep -f {MODULE}; do sleep 0.05; done'
test -e /run/dhcpd_release/trial.json
"""
SAY = {"session": CUT_IN_THE_HOST, "network": "true", "controller": "true"}


@pytest.fixture(scope="module")
def far(unit: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host that Ansible reaches over the segment of mgmt0 alone, by ssh."""
    home = tmp_path_factory.mktemp("ssh")
    host = prepared("foxtrot", unit)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / "key"], check=True)
    host.sh(f"id {USER} >/dev/null 2>&1 || {{ {SSHD} }}")
    public = (home / "key.pub").read_text().strip()
    host.sh(f"{KEY} <<<'{public}'; systemctl is-active ssh.service")
    segment = ["ip", "-n", host.container]
    subprocess.run([*segment, "address", "replace", "203.0.113.2/24", "dev", "br1"], check=True)
    # Killed, it takes all that it has started with it, the ssh that multiplexes too: the controller is dead.
    host.through = ["ip", "netns", "exec", host.container, "unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    host.reached = by_ssh(home)
    yield host
    assert host.clients
    host.clients.kill()
    host.clients.wait()
    host.log.unlink()


def by_ssh(home: Path) -> dict[str, object]:
    alone = f"-o UserKnownHostsFile={home}/hosts -o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes -F none"
    return {
        "ansible_connection": "ssh",
        "ansible_host": ADDRESS,
        "ansible_user": USER,
        "ansible_become": True,
        "ansible_ssh_private_key_file": str(home / "key"),
        "ansible_ssh_pipelining": False,
        "ansible_control_path_dir": str(home / "cp"),
        "ansible_ssh_common_args": f"{alone} -o ServerAliveInterval=1 -o ServerAliveCountMax=3",
    }


def network(host: Host, state: str) -> None:
    subprocess.run(["ip", "-n", host.container, "link", "set", "port1", state], check=True)


def cut(host: Host, what: str, step: str, **changes: Any) -> None:
    """Start a switch and cut *what* (the session in the host, the network, the controller) at its *step*."""
    controller: list[subprocess.Popen[str]] = []

    def kill() -> None:
        controller[0].kill()

    outside = {"network": functools.partial(network, host, "down"), "controller": kill}
    with contextlib.ExitStack() as later:
        later.callback(network, host, "up")
        later.enter_context(host.at_step(step, SAY[what], outside=outside.get(what)))
        controller.append(host.start(host.wanted(**changes)))
        result = end_of(controller[0], 0.0, 180)
        assert result.status != 0 and "FAILED!" not in result.said, result.said
    print(f"\n{what} at {step}: {result.status} {result.said.strip()}")


def module_is_gone(host: Host) -> None:
    # That of a network which is gone dies as soon as sshd notices.
    host.sh(f"timeout 60 sh -c 'while pgrep -f {MODULE}; do sleep 0.1; done'")


@pytest.mark.parametrize("step", ["linked", "restarted"])
@pytest.mark.parametrize("what", SAY)
def test_cut_from_a_good_release(far: Host, what: str, step: str) -> None:
    before = far.look()
    conf = far.new()
    cut(far, what, step, conf=conf)
    after = far.until(lambda now: now["current"] != before["current"], 60, "committed")
    after = far.until(lambda now: set(now["leftovers"]) <= set(TIMER), 60, "tidied up")
    module_is_gone(far)
    far.whole(after["current"], armed=True)
    assert [line[2:4] for line in after["history"][len(before["history"]) :]] == [
        ["tried", after["current"]],
        ["proved", after["current"]],
    ]
    # The next run does what the module may have had still to do, as the copy to read; then nothing is left to do.
    for _run in range(2):
        again = far.present(conf=conf)
        assert again.status == 0, again.said
    assert again.values["changed"] is False
    now = far.whole(after["current"], armed=True)
    assert now["container"] == after["container"] and conf in now["copy"]


@pytest.mark.parametrize("step", ["linked", "restarted"])
@pytest.mark.parametrize("what", SAY)
def test_cut_from_a_deaf_release(far: Host, what: str, step: str) -> None:
    with far.unharmed(armed=True) as before:
        cut(far, what, step, conf=far.new(), unit=far.unit.replace("--no-pid", "--no-pid -p 6767"), proof_timeout=2)
        far.until(lambda now: now["history"][-1][2] == "left", 60, "left")
        module_is_gone(far)
    assert [line[2] for line in far.look()["history"][len(before["history"]) :]] == ["tried", "left"]
    result = far.present()
    assert result.status == 0 and result.values["proved_on"] == ["seg0"], result.said
    far.whole(result.values["release"])

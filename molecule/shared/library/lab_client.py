#!/usr/bin/python
"""A real DHCP client on a segment of the lab, in a network namespace of its own: dhclient, dhclient -6 or udhcpc.

What it returns is the lease as the client itself wrote it down. States:

- bound: start the client, wait for its lease; it goes on running, as on a real host.
- renewed: wait until the running dhclient has written a later lease for its address.
- absent: end the client and remove its namespace; the lease is not released.

dhclient6 asks for an address and a prefix; its DUID is made of its MAC address (DUID-LL).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

PREFIX = os.environ["LAB_PREFIX"] + "-"
DHCLIENT_SCRIPT = """#!/bin/sh
case $reason in
  BOUND|RENEW|REBIND|REBOOT)
    ip address replace "$new_ip_address/$new_subnet_mask" dev "$interface"
    ip route replace default dev "$interface" ;;
esac
exit 0
"""
UDHCPC_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || exit 0
env | sed -n 's/^\\(ip\\|subnet\\|router\\|dns\\|domain\\|lease\\|serverid\\)=/\\1=/p' >"$LAB_LEASE.new"
mv "$LAB_LEASE.new" "$LAB_LEASE"
"""


class Client:
    def __init__(self, module: AnsibleModule) -> None:
        self.params = module.params
        self.segment = PREFIX + self.params["segment"]
        self.space = f"{self.segment}-{self.params['name']}"
        self.home = Path("/run", self.space)
        self.lease = self.home / "lease"
        self.pid = self.home / "pid"

    def plug_in(self) -> None:
        if Path("/run/netns", self.space).exists():
            return
        port = f"c{os.urandom(4).hex()}"
        commands = [
            ["ip", "netns", "add", self.space],
            [
                "ip",
                "-n",
                self.segment,
                "link",
                "add",
                port,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                self.space,
            ],
            ["ip", "-n", self.segment, "link", "set", port, "master", self.params["bridge"], "up"],
        ]
        if self.params["mac"]:
            commands.append(["ip", "-n", self.space, "link", "set", "eth0", "address", self.params["mac"]])
        commands.append(["ip", "-n", self.space, "link", "set", "eth0", "up"])
        for command in commands:
            subprocess.run(command, check=True, capture_output=True, text=True)
        self.home.mkdir(exist_ok=True)
        if self.params["client"] == "dhclient6":  # without a link-local address it ends at once
            self.until(lambda: "fe80:" in self.link_local())

    def link_local(self) -> str:
        """The client's link-local address, once duplicate address detection has passed it."""
        command = ["ip", "-n", self.space, "-6", "address", "show", "dev", "eth0", "scope", "link", "-tentative"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def until(self, condition: Callable[[], object]) -> object:
        """What *condition* returns, as soon as it is true or the time is over."""
        end = time.monotonic() + self.params["timeout"]
        while True:
            found = condition()
            if found or time.monotonic() >= end:
                return found
            time.sleep(0.1)

    def start(self) -> None:
        script = self.home / "script"
        conf = self.home / "dhclient.conf"
        name = self.params["hostname"]
        if self.params["client"] == "dhclient":
            script.write_text(DHCLIENT_SCRIPT)
            wanted = self.params["lease_time"]
            # Without these dhclient asks ever less often, and gives up for five minutes after the first.
            patience = "initial-interval 1; backoff-cutoff 3; retry 1;\n"
            patience += f"send dhcp-lease-time {wanted};\n" if wanted else ""
            conf.write_text(patience + (f'send host-name "{name}";\n' if name else ""))
            command = ["dhclient", "-4", "-d", "-cf", conf, "-lf", self.lease, "-pf", self.pid, "-sf", script, "eth0"]
        elif self.params["client"] == "dhclient6":
            script.write_text("#!/bin/sh\nexit 0\n")
            conf.write_text(f'send fqdn.fqdn "{name}";\nsend fqdn.server-update on;\n' if name else "")
            command = ["dhclient", "-6", "-N", "-P", "-D", "LL", "-d", "-cf", conf, "-lf", self.lease, "-pf", self.pid]
            command += ["-sf", script, "eth0"]
        else:
            script.write_text(UDHCPC_SCRIPT)
            command = ["udhcpc", "-f", "-t", "20", "-T", "1", "-p", self.pid, "-s", script, "-i", "eth0"]
        script.chmod(0o755)
        with (self.home / "log").open("ab") as log:
            subprocess.Popen(
                ["ip", "netns", "exec", self.space, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "LAB_LEASE": str(self.lease)},
            )

    def read(self) -> dict[str, object]:
        """The last lease that the client wrote, or nothing."""
        try:
            text = self.lease.read_text()
        except FileNotFoundError:
            return {}
        if self.params["client"] == "udhcpc":
            return dict(line.split("=", 1) for line in text.splitlines())
        blocks = re.findall(r"^lease6? \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)
        if not blocks:
            return {}
        found = dict(re.findall(r"^\s+(?:option )?(\S+) (.*);$", blocks[-1], re.MULTILINE))
        if self.params["client"] == "dhclient6":
            for key, word in (("ip", "iaaddr"), ("prefix", "iaprefix")):
                found[key] = " ".join(re.findall(rf"^\s+{word} (\S+) \{{$", blocks[-1], re.MULTILINE))
            return found if found["ip"] and found["prefix"] else {}
        return {**found, "ip": found["fixed-address"]}

    def wait(self, unlike: dict[str, object]) -> dict[str, object]:
        self.until(lambda: self.read() not in ({}, unlike))
        lease = self.read()
        return lease if lease != unlike else {}

    def kill(self) -> None:
        """Kill the client, and a script of its that would still write into its home."""
        inside = subprocess.run(["ip", "netns", "pids", self.space], check=True, capture_output=True, text=True)
        for pid in inside.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    def remove(self) -> None:
        self.kill()
        subprocess.run(["ip", "netns", "del", self.space], check=True, capture_output=True, text=True)
        shutil.rmtree(self.home, ignore_errors=True)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "segment": {"required": True},
            "name": {"default": "client"},
            "bridge": {"default": "br0"},
            "mac": {},
            "client": {"choices": ["dhclient", "dhclient6", "udhcpc"], "default": "dhclient"},
            "lease_time": {"type": "int"},
            "hostname": {},
            "state": {"choices": ["bound", "renewed", "absent"], "default": "bound"},
            "timeout": {"type": "int", "default": 30},
        }
    )
    client = Client(module)
    there = Path("/run/netns", client.space).exists()
    try:
        if module.params["state"] == "absent":
            if there:
                client.remove()
            module.exit_json(changed=there)
        before = client.read() if module.params["state"] == "renewed" else {}
        if module.params["state"] == "bound" and not there:
            client.plug_in()
            client.start()
        lease = client.wait(unlike=before)
    except subprocess.CalledProcessError as error:
        module.fail_json(msg=f"{' '.join(map(str, error.cmd))}: {error.stderr.strip()}")
    if not lease:
        module.fail_json(
            msg=f"{client.space} has no {'later ' if before else ''}lease after {module.params['timeout']} s",
            before=json.dumps(before),
            log=(client.home / "log").read_text()[-2000:],
        )
    module.exit_json(changed=not there, lease=lease, before=before)


if __name__ == "__main__":
    main()

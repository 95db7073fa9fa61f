#!/usr/bin/python
"""A broadcast domain of the lab: a bridge in a network namespace, and the namespace in which its DHCP host will run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

PREFIX = os.environ["LAB_PREFIX"] + "-"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def main() -> None:
    module = AnsibleModule(
        argument_spec={"host": {"required": True}, "interfaces": {"type": "list", "elements": "str"}}
    )
    segment = PREFIX + module.params["host"]
    host = f"{segment}-host"
    if Path("/run/netns", host).exists():
        module.exit_json(changed=False, namespace=f"/run/netns/{host}")
    try:
        ip("netns", "add", segment)
        ip("netns", "add", host)
        ip("-n", host, "link", "set", "lo", "up")
        for number, interface in enumerate(module.params["interfaces"]):
            ip("-n", segment, "link", "add", f"br{number}", "type", "bridge")
            ip("-n", segment, "link", "set", f"br{number}", "up")
            ip("-n", segment, "link", "add", f"port{number}", "type", "veth", "peer", "name", interface, "netns", host)
            ip("-n", segment, "link", "set", f"port{number}", "master", f"br{number}", "up")
            ip("-n", host, "link", "set", interface, "up")
    except subprocess.CalledProcessError as error:
        module.fail_json(msg=f"{' '.join(error.cmd)}: {error.stderr.strip()}")
    module.exit_json(changed=True, namespace=f"/run/netns/{host}")


if __name__ == "__main__":
    main()

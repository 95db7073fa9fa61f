#!/usr/bin/python
# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: dhcpd_preflight
short_description: Tell whether a host can become a DHCP server
version_added: 0.1.0
description:
  - Reads a host and answers all questions together, before anything on it is changed.
  - The questions are whether its addresses are static, now and after the next boot, whether the ports are free, now
    and after the next boot, whether the interfaces to serve are ready, the name C(dhcpd.service) is free, systemd,
    cgroup v2 and podman with quadlet are there or can be installed, there is space, the clock is right and the
    lease file whole, and whether leases exist that an empty lease file would lose.
  - Never changes anything, needs no command but those of systemd, podman, the package manager and the packet filter,
    and downloads nothing.
options:
  interfaces:
    description:
      - Interfaces that dhcpd is to serve.
      - Empty means every interface with an address in one of O(subnets), as dhcpd chooses them.
    type: list
    elements: str
    default: []
  interfaces6:
    description: The same for IPv6. Without it O(interfaces) holds for both.
    type: list
    elements: str
  subnets:
    description:
      - Subnets that the configuration declares, in CIDR notation. Those of a family that is not in O(families) are not
        looked at.
      - With neither O(subnets) nor O(interfaces), no interface can be checked.
    type: list
    elements: str
    default: []
  families:
    description: What dhcpd is to serve.
    type: list
    elements: str
    choices: [ipv4, ipv6]
    default: [ipv4]
  tcp_ports:
    description:
      - TCP ports that the configuration opens, such as 7911 for OMAPI (C(omapi-port)) and 647 for failover.
      - With these, or with V(ipv6) in O(families), the packet filter is asked too.
    type: list
    elements: int
    default: []
  user:
    description: Name of the account as which dhcpd is to run.
    type: str
    default: dhcpd
  rogues:
    description:
      - Send a DHCPDISCOVER on each serving interface and listen for other servers, for 3 seconds in all.
      - No lease is taken.
    type: bool
    default: false
  known_servers:
    description: Addresses of servers that may answer beside this one, such as a failover peer's.
    type: list
    elements: str
    default: []
  take_over:
    description:
      - The systemd unit of a packaged dhcpd that M(quadlet.dhcpd.dhcpd_release) takes over, such as
        V(isc-dhcp-server.service). Its ports and its leases are no conflict then.
    type: str
  allow_dynamic_interfaces:
    description:
      - Interfaces that may have a dynamic address and a DHCP client, a way out to a provider for example.
    type: list
    elements: str
    default: []
  lease_file:
    description: Absolute path of the service's lease file on the host, which is named C(dhcpd.leases).
    type: path
    default: /var/lib/dhcpd/dhcpd.leases
  initial_leases:
    description:
      - What the service starts from where O(lease_file) does not exist. V(empty) forgets every lease that a
        packaged dhcpd may have left; a path names a lease file to copy.
      - Without it a host that has leases elsewhere fails, because an empty lease file makes dhcpd give out
        addresses that are in use.
    type: str
  initial_leases6:
    description: The same for IPv6, whose lease file is C(dhcpd6.leases) beside O(lease_file).
    type: str
attributes:
  check_mode:
    description: Can run in check mode and return the same result, as it never changes anything.
    support: full
  diff_mode:
    description: There is never a difference to show.
    support: none
notes:
  - Run it as root. Without, the owners of ports and some files can't be seen, and what depends on them is
    reported as V(not_checkable).
author:
  - The quadlet.dhcpd authors (@quadlet)
"""

EXAMPLES = r"""
- name: Check what can be checked without knowing the configuration
  quadlet.dhcpd.dhcpd_preflight:

- name: Check a host that serves one segment and has its way out by DHCP
  quadlet.dhcpd.dhcpd_preflight:
    interfaces: [eth1]
    subnets: [198.51.100.0/24]
    allow_dynamic_interfaces: [eth0]
    initial_leases: /var/lib/dhcp/dhcpd.leases
  register: preflight

- name: Look for other servers on the segment too, but for the failover peer
  quadlet.dhcpd.dhcpd_preflight:
    interfaces: [eth1]
    tcp_ports: [647, 7911]
    rogues: true
    known_servers: [198.51.100.2]

- name: Install what is missing
  ansible.builtin.package:
    name: "{{ preflight.packages }}"
"""

RETURN = r"""
findings:
  description: What every check saw, also where the module fails.
  type: list
  elements: dict
  returned: always
  contains:
    check:
      description:
        - The check, one of V(platform), V(service_unit), V(static_addresses), V(ports), V(interfaces),
          V(firewall), V(leases), V(rogue_servers).
      type: str
      sample: ports
    status:
      description:
        - V(ok), V(warning), V(failure) or V(not_checkable).
        - Each warning is also shown by Ansible; any failure fails the module.
      type: str
      sample: failure
    found:
      description: What is there.
      type: str
      sample: UDP 67 is held by dnsmasq (pid 812, unit dnsmasq.service)
    expected:
      description: What should be there.
      type: str
      sample: UDP 67 free
    hint:
      description: What to do about it, empty where there is nothing to do.
      type: str
      sample: systemctl disable --now dnsmasq.service, where it is not needed
podman:
  description: The versions of podman, as podman or the package manager prints them.
  type: dict
  returned: always
  contains:
    installed:
      description: Version that is installed, null where there is none.
      type: str
      sample: 5.4.2
    candidate:
      description:
        - Version that would be installed, null where podman is installed or the package lists don't tell.
      type: str
      sample: 5.4.2+ds1-2+b1
account:
  description: Whether the account O(user) exists.
  type: bool
  returned: always
packages:
  description: Packages that are still to be installed, by the distribution's names.
  type: list
  elements: str
  returned: always
  sample: [podman, golang-github-containers-common]
"""

import functools
import ipaddress
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _preflight as preflight
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV6
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_collect import collect
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import LEASE_FILE, Policy, Runner

FAMILIES = {"ipv4": 4, "ipv6": 6}


def runner(module: AnsibleModule) -> Runner:
    """A Runner that uses the module's way to run commands, each once: both families ask the same."""

    @functools.lru_cache(maxsize=None)
    def once(command: tuple) -> tuple:
        path = module.get_bin_path(command[0])
        if path is None:
            return 127, "", f"{command[0]} is not installed"
        try:
            status, out, err = module.run_command([path, *command[1:]], handle_exceptions=False)
        except OSError as error:
            return 126, "", str(error)
        return status, out, err

    return lambda command: once(tuple(command))


def policy_of(family: int, options: dict, subnets: tuple) -> Policy:
    """What is asked of the host for one family that is served."""
    interfaces, initial_leases, leases = options["interfaces"], options["initial_leases"], options["lease_file"]
    if family == IPV6.number:
        interfaces = interfaces if options["interfaces6"] is None else options["interfaces6"]
        initial_leases, leases = options["initial_leases6"], str(Path(leases).with_name(IPV6.leases))
    return Policy(
        interfaces=tuple(interfaces),
        subnets=subnets,
        allow_dynamic_interfaces=tuple(options["allow_dynamic_interfaces"]),
        lease_file=leases,
        initial_leases=initial_leases or None,
        families=(family,),
        others=tuple(FAMILIES[name] for name in options["families"] if FAMILIES[name] != family),
        tcp_ports=tuple(options["tcp_ports"]),
        user=options["user"],
        rogues=options["rogues"],
        known_servers=tuple(options["known_servers"]),
        take_over=options["take_over"] or None,
    )


def main() -> None:
    """Read the options, read the host, report once."""
    module = AnsibleModule(
        argument_spec={
            "interfaces": {"type": "list", "elements": "str", "default": []},
            "subnets": {"type": "list", "elements": "str", "default": []},
            "allow_dynamic_interfaces": {"type": "list", "elements": "str", "default": []},
            "lease_file": {"type": "path", "default": LEASE_FILE},
            "initial_leases": {"type": "str"},
            "initial_leases6": {"type": "str"},
            "interfaces6": {"type": "list", "elements": "str"},
            "families": {"type": "list", "elements": "str", "choices": list(FAMILIES), "default": ["ipv4"]},
            "tcp_ports": {"type": "list", "elements": "int", "default": []},
            "user": {"type": "str", "default": "dhcpd"},
            "rogues": {"type": "bool", "default": False},
            "known_servers": {"type": "list", "elements": "str", "default": []},
            "take_over": {"type": "str"},
        },
        supports_check_mode=True,
    )
    # The versions are found by words that apt-cache and others translate.
    module.run_command_environ_update = {"LANG": "C", "LC_ALL": "C", "LANGUAGE": "C"}
    options = module.params
    try:
        subnets = tuple(ipaddress.ip_network(subnet) for subnet in options["subnets"])
    except ValueError as error:
        module.fail_json(msg=f"subnets: {error}")
    # Each family has a service, a lease file and interfaces of its own.
    policies = [
        policy_of(number, options, subnets) for number in (FAMILIES[name] for name in options["families"] or ["ipv4"])
    ]
    run = runner(module)
    hosts = [collect(policy, run) for policy in policies]
    findings = list(
        dict.fromkeys(finding for host, policy in zip(hosts, policies) for finding in preflight.run(host, policy))
    )
    host = hosts[0]
    for warning in preflight.warnings(findings):
        module.warn(warning)
    result = {
        "findings": [finding._asdict() for finding in findings],
        "podman": {"installed": host.podman.version, "candidate": host.podman.candidate},
        "packages": list(host.packages),
        "account": host.platform is not None and host.platform.has_account(options["user"]),
    }
    message = preflight.failure_message(findings)
    if message:
        module.fail_json(msg=message, **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add, change or remove a reservation of a running dhcpd; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dhcpd_omapi_host
short_description: Add, change or remove a reservation of a running dhcpd, by OMAPI
version_added: 0.1.0
description:
  - Speaks OMAPI to a running dhcpd. Nothing restarts, and the reservation holds from the next packet on. Only TCP is
    needed, so it runs on the DHCP host itself, or anywhere else with C(delegate_to).
  - Such a host lives in dhcpd's lease file. A new release, a rollback and a restart keep it, and
    M(quadlet.dhcpd.dhcpd_release_info) tells it as RV(quadlet.dhcpd.dhcpd_release_info#module:runtime_hosts).
  - Each question is signed with a key of HMAC-SHA256 or better, and an answer that is not signed with it is an error.
  - What dhcpd.conf declares is refused, as dhcpd would change it too, and its lease file would go on saying so. On the
    DHCP host itself that is read from the current release; elsewhere O(declared) says it.
options:
  state:
    description:
      - With V(present) there is the host O(name) with what the other options say; what they don't say stays as it is.
      - With V(absent) there is none of that name. It is an error where it is another client's than the one given.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - The name of the host declaration, which says what is changed and removed.
    type: str
    required: true
  hardware_ethernet:
    description:
      - The client's Ethernet address, such as V(00:00:5e:00:53:01).
      - This or O(client_id) is required with O(state=present). It is an error where another host has it already.
    type: str
  client_id:
    description:
      - The identifier that the client sends (option dhcp-client-identifier), as text, or as hexadecimal digits with
        colons between them.
    type: str
  fixed_address:
    description:
      - The IPv4 address that the client gets. Without it, dhcpd knows the client, and chooses an address of a pool.
    type: str
  declared:
    description:
      - Names of hosts that dhcpd.conf declares, none of which can be changed by this module. Of use where it doesn't
        run on the DHCP host, as OMAPI doesn't tell which these are.
    type: list
    elements: str
    default: []
  host:
    description:
      - Where dhcpd is.
    type: str
    default: 127.0.0.1
  port:
    description:
      - The TCP port of its C(omapi-port).
    type: int
    default: 7911
  key_name:
    description:
      - The name of its C(omapi-key). Keep it as secret as the key, since dhcpd takes messages without a signature from
        whoever knows it.
    type: str
    required: true
  key_algorithm:
    description:
      - The key's algorithm.
    type: str
    choices: [hmac-sha256, hmac-sha384, hmac-sha512]
    default: hmac-sha256
  key_secret:
    description:
      - The key's secret in base64, as C(tsig-keygen) prints it.
    type: str
    required: true
  timeout:
    description:
      - How long all of it may take, in seconds.
    type: int
    default: 10
attributes:
  check_mode:
    description: Asks, and changes nothing. Where nobody listens yet, it warns, and takes the host for missing.
    support: full
  diff_mode:
    description: Shows the host before and after.
    support: full
notes:
  - OMAPI is signed, and not encrypted, and dhcpd opens its port on all addresses. A packet filter has to say who may
    reach it.
  - dhcpd doesn't tell a host's statements and group. A host made by other means keeps them when only its address
    changes, and loses them when its hardware address or client identifier does.
  - For IPv4 alone.
author:
  - The quadlet.dhcpd authors (@quadlet)
"""

EXAMPLES = r"""
- name: Give the new printer its address, now
  quadlet.dhcpd.dhcpd_omapi_host:
    name: printer
    hardware_ethernet: 00:00:5e:00:53:01
    fixed_address: 198.51.100.10
    key_name: "{{ vault_omapi_key_name }}"
    key_secret: "{{ vault_omapi_key_secret }}"

- name: Take it away, from the controller
  quadlet.dhcpd.dhcpd_omapi_host:
    state: absent
    name: printer
    host: dhcp1.example.net
    declared: "{{ dhcpd_container_reservations | map(attribute='host') }}"
    key_name: "{{ vault_omapi_key_name }}"
    key_secret: "{{ vault_omapi_key_secret }}"
  delegate_to: localhost
"""

RETURN = r"""
reservation:
  description: The host as dhcpd has it, or would have it in check mode; null where there is none.
  type: dict
  returned: success
  contains:
    name:
      description: Its name.
      type: str
      sample: printer
    hardware_type:
      description: V(ethernet), as a rule.
      type: str
    hardware:
      description: Its hardware address.
      type: str
      sample: 00:00:5e:00:53:01
    uid:
      description: Its client identifier in hexadecimal.
      type: str
    fixed_addresses:
      description: Its addresses.
      type: list
      elements: str
      sample: [198.51.100.10]
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi import Closed, Omapi
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_conf import declaring_file
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_hosts import (
    Change,
    Host,
    absent,
    carry_out,
    present,
    wanted,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_message import ALGORITHMS, Key, OmapiError

CURRENT = Path("/etc/dhcp/current")


def refuse_declared(module: AnsibleModule, name: str, is_here: bool) -> None:
    """Raise OmapiError where dhcpd.conf declares the host, as far as that can be known."""
    where = "declared" if name in module.params["declared"] else ""
    try:
        if is_here and CURRENT.exists():
            where = str(declaring_file(CURRENT, name) or where)
    except OSError as error:
        module.warn(f"Whether dhcpd.conf declares {name} is not known: {CURRENT} cannot be read ({error.strerror})")
    if where:
        raise OmapiError(
            f"the host {name!r} is declared in dhcpd.conf ({where}); change it in the inventory. Over OMAPI, the lease"
            " file would go on changing it, whatever the inventory says"
        )


def change_host(module: AnsibleModule, asked: Host) -> tuple[Change, Host | None]:
    """Ask, and act where this is no check. Raises OmapiError."""
    options = module.params
    key = Key(options["key_name"], options["key_algorithm"], options["key_secret"])
    decide = present if options["state"] == "present" else absent
    try:
        omapi = Omapi(options["host"], options["port"], key, options["timeout"])
    except Closed as closed:
        if not module.check_mode:
            raise
        module.warn(f"{closed}. The host is taken for missing")
        change = Change(None, asked if options["state"] == "present" else None)
        return change, change.after
    with omapi:
        refuse_declared(module, asked.name, omapi.is_here())
        change = decide(omapi, asked)
        return change, change.after if module.check_mode else carry_out(omapi, change)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name": {"type": "str", "required": True},
            "hardware_ethernet": {"type": "str"},
            "client_id": {"type": "str"},
            "fixed_address": {"type": "str"},
            "declared": {"type": "list", "elements": "str", "default": []},
            "host": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "default": 7911},
            "key_name": {"type": "str", "required": True, "no_log": True},
            "key_algorithm": {"type": "str", "choices": list(ALGORITHMS), "default": "hmac-sha256", "no_log": False},
            "key_secret": {"type": "str", "required": True, "no_log": True},
            "timeout": {"type": "int", "default": 10},
        },
        supports_check_mode=True,
    )
    try:
        change, host = change_host(module, wanted(module.params))
    except OmapiError as error:
        module.fail_json(msg=str(error))
    before, after = (one.describe() if one else None for one in (change.before, host))
    module.exit_json(changed=before != after, reservation=after, diff={"before": before or {}, "after": after or {}})


if __name__ == "__main__":
    main()

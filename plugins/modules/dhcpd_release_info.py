#!/usr/bin/python
# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell which releases a host has; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dhcpd_release_info
short_description: The releases of a DHCP host, their history, and what was changed by hand
version_added: 0.1.0
description:
  - Reads the releases that M(quadlet.dhcpd.dhcpd_release) made, which one is committed and which one runs.
  - Names drift, which is what differs from the committed release because a person changed it on the host.
author:
  - The quadlet.dhcpd authors (@quadlet)
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    support: full
    platforms: linux
"""

EXAMPLES = r"""
- name: Which release runs, and did anyone change it?
  quadlet.dhcpd.dhcpd_release_info:
  register: dhcp

- name: Show what was changed by hand
  ansible.builtin.debug:
    var: dhcp.drift
"""

RETURN = r"""
current:
  description: The committed release, which every boot starts; none where there is none.
  type: str
  returned: always
previous:
  description: The release that O(quadlet.dhcpd.dhcpd_release#module:state=rolled_back) would go back to.
  type: str
  returned: always
running:
  description:
    - The release that IPv4's dhcpd really runs as; none where it doesn't run.
    - A service that needed no restart, because it is the same in the committed release, counts as that one's.
  type: str
  returned: always
running6:
  description: The same for IPv6.
  type: str
  returned: always
on_trial:
  description: Whether a release is on trial right now.
  type: bool
  returned: always
planned:
  description: The switch to a staged release that the host will make by itself; none where there is none.
  type: dict
  returned: always
  contains:
    release:
      description: The release's name.
      type: str
    at:
      description: When, in the form of systemd.time(7).
      type: str
releases:
  description: The releases on this host, the one written last at the end.
  type: list
  elements: dict
  returned: always
  contains:
    name:
      description: The release's name.
      type: str
    image:
      description: The image it was asked for by.
      type: str
    image_id:
      description: The image's id.
      type: str
    interfaces:
      description: The interfaces on which it must answer; none where it doesn't serve IPv4.
      type: list
      elements: str
    interfaces6:
      description: The same for IPv6.
      type: list
      elements: str
    external:
      description:
        - The URL of the LDAP directory that holds a part of its configuration, if one does.
        - What is there is not in the release, and no way back brings it back.
      type: str
    current:
      description: Whether it is the committed one.
      type: bool
    left:
      description: When and why it was left, if it was.
      type: str
history:
  description: What became of each release, oldest first.
  type: list
  elements: dict
  returned: always
  contains:
    number:
      description: The event's number.
      type: int
    time:
      description: When, in UTC.
      type: str
    what:
      description: V(tried), V(proved), V(left) or V(retried).
      type: str
    release:
      description: The release's name.
      type: str
    why:
      description: Why it was left.
      type: str
runtime_hosts:
  description:
    - Reservations that M(quadlet.dhcpd.dhcpd_omapi_host), or another client of OMAPI, added. They live in the lease
      file, belong to no release, and are no drift.
  type: list
  elements: dict
  returned: always
  contains:
    name:
      description: The host's name.
      type: str
    hardware_type:
      description: V(ethernet), as a rule.
      type: str
    hardware:
      description: Its hardware address.
      type: str
    uid:
      description: Its client identifier in hexadecimal.
      type: str
    fixed_addresses:
      description: Its addresses.
      type: list
      elements: str
drift:
  description: What differs from the committed release, one sentence each.
  type: list
  elements: str
  returned: always
"""

from collections.abc import Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._info import info
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError


def main() -> None:
    module = AnsibleModule({}, supports_check_mode=True)

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        try:
            return module.run_command(list(command), handle_exceptions=False, expand_user_and_vars=False)
        except OSError as error:
            return 127, "", str(error)

    try:
        module.exit_json(changed=False, **info(run))
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()

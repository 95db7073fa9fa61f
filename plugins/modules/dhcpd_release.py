#!/usr/bin/python
# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a host serve DHCP from one release of ISC dhcpd in a container; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dhcpd_release
short_description: Switch a host to a release of ISC dhcpd in a container, proved or put back
version_added: 0.1.0
description:
  - A release is a directory below C(/etc/dhcp/releases) that holds image, unit and configuration together and is never
    changed. This module writes it, tests the configuration with C(dhcpd -t) in the very image that will run it, lets
    quadlet make a service of it, starts that, and proves with a DHCPINFORM on each serving interface that it answers.
  - What is proved is committed by one C(rename). What is not proved is left, and what ran before runs again.
  - With nothing to change it looks whether the service runs as that release, and is done. A stopped service is started.
author:
  - The quadlet.dhcpd authors (@quadlet)
options:
  image:
    description:
      - The image with its tag, such as V(registry.example.net/dhcpd:4.4.3-P1-1). The tag names the release.
    type: str
    required: true
  digest:
    description:
      - The digest of the image's manifest in the registry (V(sha256:) and 64 hex digits). The image is pulled by it.
      - Without O(archive) and O(digest), a tag that this host already has is not pulled again.
    type: str
  archive:
    description:
      - Path on the controller of an archive that holds the image. It is sent to a host that lacks the image.
      - Mutually exclusive with O(digest).
    type: path
  image_id:
    description:
      - The id of the image in O(archive). Read from the archive on the controller; not to be set by hand.
    type: str
  allow_latest:
    description:
      - Whether the tag V(latest) is accepted. It is pulled at each run and names nothing that one could go back to.
    type: bool
    default: false
  unit:
    description:
      - The text of C(dhcpd.container). In it C(@IMAGE@), C(@UID@), C(@GID@) and C(@RELEASE@) stand for the image's id,
        the service's numeric user and group, and the release's directory.
    type: str
    required: true
  files:
    description:
      - The release's configuration files. One has the path V(dhcpd.conf). The container sees them below C(/etc/dhcp).
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The path relative to the release's directory.
        type: str
        required: true
      content:
        description: The text of the file. It is never shown or logged as a whole; diffs leave secrets out.
        type: str
        required: true
  interfaces:
    description:
      - The interfaces on which the service must answer. Without any, those with an address in a declared subnet.
    type: list
    elements: str
    default: []
  user:
    description:
      - The system account as which dhcpd runs. Its primary group may read the configuration.
    type: str
    default: dhcpd
  initial_leases:
    description:
      - What the lease file starts from where F(/var/lib/dhcpd/dhcpd.leases) is missing although there are signs of
        earlier leases. V(empty), or the path of a lease file on the host.
    type: str
  proof_timeout:
    description:
      - How long a started service may take to answer on every interface, in seconds.
    type: int
    default: 15
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Where podman, the image or the account is missing, RV(not_checked) says what could not be tested yet.
  diff_mode:
    support: full
    details: The values of C(secret) and C(ldap-password) statements are left out.
  platform:
    support: full
    platforms: linux
"""

EXAMPLES = r"""
- name: Serve DHCP on eth1
  quadlet.dhcpd.dhcpd_release:
    image: localhost/dhcpd:4.4.3-P1-1
    archive: images/dhcpd-4.4.3-P1-1.tar
    interfaces: [eth1]
    unit: "{{ lookup('ansible.builtin.template', 'dhcpd.container.j2') }}"
    files:
      - path: dhcpd.conf
        content: |
          authoritative;
          subnet 198.51.100.0 netmask 255.255.255.0 {
            range 198.51.100.50 198.51.100.99;
          }
"""

RETURN = r"""
release:
  description: The name of the release that the inventory asks for. None in check mode where it can't be known yet.
  type: str
  returned: always
  sample: 4.4.3-P1-1.9f3c1a2b4d5e
previous:
  description: The name of the release that was committed before this run.
  type: str
  returned: always
image_id:
  description: The id of the image that the release runs.
  type: str
  returned: when known
proved_on:
  description: The interfaces on which the service answered a DHCPINFORM in this run.
  type: list
  elements: str
  returned: when the service was started
not_checked:
  description: What could not be tested yet in check mode, and why.
  type: list
  elements: str
  returned: in check mode
"""

from collections.abc import Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import Wanted, deploy
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packed import find, is_mark, unpack
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store

ARGUMENT_SPEC = {
    "image": {"type": "str", "required": True},
    "digest": {"type": "str"},
    "archive": {"type": "path"},
    "image_id": {"type": "str"},
    "allow_latest": {"type": "bool", "default": False},
    "unit": {"type": "str", "required": True},
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True, "no_log": True},
        },
    },
    "interfaces": {"type": "list", "elements": "str", "default": []},
    "user": {"type": "str", "default": "dhcpd"},
    "initial_leases": {"type": "str"},
    "proof_timeout": {"type": "int", "default": 15},
}


def main() -> None:
    module = AnsibleModule(
        ARGUMENT_SPEC,
        supports_check_mode=True,
        mutually_exclusive=[("archive", "digest"), ("image_id", "digest")],
    )

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        try:
            return module.run_command(list(command), handle_exceptions=False, expand_user_and_vars=False)
        except OSError as error:
            return 127, "", str(error)

    files: dict[str, str] = {}
    for file in module.params["files"]:
        if file["path"] in files:
            module.fail_json(msg=f"files: {file['path']} is there twice; give each path once")
        if is_mark(file["content"]):
            text = find(file["content"], Store(Layout()).versions(file["path"]))
            if text is None:
                # The action plugin comes again, with the texts themselves.
                module.exit_json(changed=False, files_needed=True)
            files[file["path"]] = str(text)
            continue
        try:
            files[file["path"]] = unpack(file["content"])
        except ValueError as error:
            module.fail_json(msg=f"files: the content of {file['path']} was not packed by the action plugin: {error}")
    wanted = Wanted(**{**module.params, "files": files})
    try:
        outcome = deploy(wanted, run, check_mode=module.check_mode)
    except ReleaseError as error:
        module.fail_json(msg=str(error))
    for warning in outcome.pop("warnings"):
        module.warn(warning)
    diff = outcome.pop("diff")
    if module._diff:
        outcome["diff"] = diff
    module.exit_json(**outcome)


if __name__ == "__main__":
    main()

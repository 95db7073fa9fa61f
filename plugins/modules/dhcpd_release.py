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
    quadlet make a service of it, starts that, and proves that it answers on each serving interface, to a DHCPINFORM for
    IPv4 and to an Information-request for IPv6.
  - What is proved is committed by one C(rename). What is not proved is left, and what ran before runs again. A release
    that was left is not tried again until it changes or O(retry) says so.
  - The switch runs in a transient systemd unit of its own, with a dead-man timer. Whatever happens to the connection,
    the controller, the module or the switch itself before the commit, the host ends on the old release, running.
  - With nothing to change it looks whether the service runs as that release, and is done. A stopped service is started.
author:
  - The quadlet.dhcpd authors (@quadlet)
options:
  state:
    description:
      - With V(present) the host serves by the release that the other options describe.
      - With V(staged) that release is ready on the host, tested, with its image. A later run with V(present) switches,
        or the host itself at O(switch_at).
      - With V(rolled_back) the host goes back to the release before the current one, or to O(to). It needs no registry.
      - With V(handed_back) the packaged dhcpd O(hand_back_to) serves again, with the leases of now.
      - With V(absent) the service goes, with its releases and kept images. Leases stay but for O(remove_leases).
    type: str
    choices: [present, staged, rolled_back, handed_back, absent]
    default: present
  image:
    description:
      - The image with its tag, such as V(registry.example.net/dhcpd:4.4.3-P1-1). The tag names the release.
      - Required with O(state=present) and O(state=staged), as are O(files) and one of O(unit) and O(unit6).
    type: str
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
  image_keys:
    description:
      - Public keys as C(ssh-keygen) writes them. O(archive) is loaded only if one of them has signed it, in the
        namespace C(quadlet.dhcpd.image). The signature is the file beside it, with C(.sig) after its name. See
        ssh-keygen(1), -Y.
      - An image that the host has already is not loaded again.
    type: list
    elements: str
    default: []
  signature:
    description:
      - Path on the host of the signature of O(archive). Sent with the archive; not to be set by hand.
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
      - Without it IPv4 is not served.
    type: str
  unit6:
    description:
      - The text of C(dhcpd6.container), likewise. Without it IPv6 is not served.
      - Both families are in one release and committed together. A service that is the same in the new release is not
        restarted.
    type: str
  files:
    description:
      - The release's configuration files, with the paths V(dhcpd.conf) for O(unit), V(dhcpd6.conf) for O(unit6), and
        those that they include. The containers see them below C(/etc/dhcp).
    type: list
    elements: dict
    default: []
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
  interfaces6:
    description:
      - The same for IPv6.
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
  initial_leases6:
    description:
      - The same for F(/var/lib/dhcpd/dhcpd6.leases).
    type: str
  proof_timeout:
    description:
      - How long a started service may take to answer on every interface, in seconds.
    type: int
    default: 5
  take_over:
    description:
      - The systemd unit of a packaged dhcpd that serves this host's networks now, such as V(isc-dhcp-server.service).
      - At the first release its leases are taken over, it is stopped last, and it is disabled only at the commit. It
        serves again where the release isn't proved. Without effect once there is a release.
    type: str
  switch_at:
    description:
      - With O(state=staged), when a systemd timer on the host switches to the release, in the form of systemd.time(7),
        such as V(2026-12-24 03:00), with a time of day. The host's own time zone holds where none is named.
      - It outlives a boot. A moment at which the host was down is over. Any other switch before it cancels it.
    type: str
  hand_back_to:
    description:
      - The systemd unit of the packaged dhcpd that is to serve again. Required with O(state=handed_back).
    type: str
  retry:
    description:
      - Try a release again that was left.
    type: bool
    default: false
  keep:
    description:
      - How many releases stay on the host, with the archives of their images, at least V(2).
      - The current one, the one before it, and any that a process has mounted stay in any case.
    type: int
    default: 5
  to:
    description:
      - The release to go back to with O(state=rolled_back), by its name, or by its tag where one release has it.
    type: str
  remove_leases:
    description:
      - Whether O(state=absent) removes the leases too.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Where podman, the image or the account is missing, RV(not_checked) says what could not be tested yet.
  diff_mode:
    support: full
    details: The values of C(secret) and C(ldap-password) statements and private keys are left out.
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

- name: Go back to what ran before
  quadlet.dhcpd.dhcpd_release:
    state: rolled_back
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
staged:
  description: Whether the release is ready on the host and another one serves.
  type: bool
  returned: when that is so
went_back:
  description: Whether the release was tried, was not proved, and what ran before was put back.
  type: bool
  returned: when that is so
why:
  description: Why the release was left, with dhcpd's own last words.
  type: str
  returned: when the host went back
unanswered_for:
  description:
    - How long no request was answered during the switch, in seconds.
    - From the stop of what answered before to the last interface's first answer. None where nothing answered before.
  type: float
  returned: when a release was switched to
proved_on:
  description: The interfaces on which dhcpd answered a DHCPINFORM in this run, empty where it went on running.
  type: list
  elements: str
  returned: when a service was started
proved_on6:
  description: The interfaces on which dhcpd answered an Information-request in this run.
  type: list
  elements: str
  returned: when IPv6's service was started
not_checked:
  description: What could not be tested yet in check mode, and why.
  type: list
  elements: str
  returned: in check mode
"""

import contextlib
from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._back import hand_back, remove, roll_back
from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import ArchiveNeeded, LeftError, deploy
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packed import find, is_mark, unpack
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import TIMED_OUT, Runner
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import locked
from ansible_collections.quadlet.dhcpd.plugins.module_utils._wanted import Wanted

ARGUMENT_SPEC = {
    "state": {"choices": ["present", "staged", "rolled_back", "handed_back", "absent"], "default": "present"},
    "image": {"type": "str"},
    "digest": {"type": "str"},
    "archive": {"type": "path"},
    "image_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "signature": {"type": "path"},
    "image_id": {"type": "str"},
    "allow_latest": {"type": "bool", "default": False},
    "unit": {"type": "str"},
    "unit6": {"type": "str"},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True, "no_log": True},
        },
    },
    "interfaces": {"type": "list", "elements": "str", "default": []},
    "interfaces6": {"type": "list", "elements": "str", "default": []},
    "user": {"type": "str", "default": "dhcpd"},
    "initial_leases": {"type": "str"},
    "initial_leases6": {"type": "str"},
    "proof_timeout": {"type": "int", "default": 5},
    "take_over": {"type": "str"},
    "switch_at": {"type": "str"},
    "hand_back_to": {"type": "str"},
    "retry": {"type": "bool", "default": False},
    "keep": {"type": "int", "default": 5},
    "to": {"type": "str"},
    "remove_leases": {"type": "bool", "default": False},
}
NOT_WANTED = ("state", "hand_back_to", "to", "remove_leases", "files")


def main() -> None:
    module = AnsibleModule(
        ARGUMENT_SPEC,
        supports_check_mode=True,
        mutually_exclusive=[("archive", "digest"), ("image_id", "digest")],
        required_if=[
            ("state", "present", ("image", "files")),
            ("state", "present", ("unit", "unit6"), True),
            ("state", "staged", ("image", "files")),
            ("state", "staged", ("unit", "unit6"), True),
            ("state", "handed_back", ("hand_back_to",)),
        ],
    )

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        limit = limit_of(command)
        limited = [*(["timeout", "--kill-after=5", str(limit)] if limit else []), *command]
        try:
            status, out, err = module.run_command(limited, handle_exceptions=False, expand_user_and_vars=False)
        except OSError as error:
            return 127, "", str(error)
        if status == TIMED_OUT and limit:
            err = f"{' '.join(command[:2])} did not end within {limit} s"
        return status, out, err

    try:
        # Two runs at once would disarm each other's dead-man timer: one of them is told to come again.
        with contextlib.nullcontext() if module.check_mode else locked(Layout().run):
            outcome = reach(module, run)
    except ArchiveNeeded:
        outcome = {"changed": False, "archive_needed": True}
    except FilesNeeded:
        outcome = {"changed": False, "files_needed": True}
    except LeftError as error:
        module.fail_json(msg=str(error), **error.values)
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    for warning in outcome.pop("warnings", []):
        module.warn(warning)
    for gap in outcome.get("not_checked", []):
        module.warn(f"not checked yet: {gap}")
    diff = outcome.pop("diff", None)
    if module._diff and diff is not None:
        outcome["diff"] = diff
    module.exit_json(**outcome)


def limit_of(command: Sequence[str]) -> int | None:
    """After how many seconds a command counts as hung; the switch itself has a deadline of its own."""
    if command[0] == "systemd-run":
        return None
    return 1800 if {"pull", "load", "save", "sync"} & set(command[:2]) else 60


class FilesNeeded(Exception):
    """No release on the host holds the text that a mark stands for: the action plugin comes again with the texts."""


def text_of(path: str, packed: str) -> str:
    """The text of a file, from what the action plugin sent of it."""
    if is_mark(packed):
        text = find(packed, Store(Layout()).versions(path))
        if text is None:
            raise FilesNeeded
        return text
    try:
        return unpack(packed)
    except ValueError as error:
        raise ReleaseError(f"files: {path} was not packed by the action plugin: {error}") from error


def reach(module: AnsibleModule, run: Runner) -> dict[str, Any]:
    """Bring the host to the state asked for; return the module's return values."""
    options, check_mode = module.params, module.check_mode
    if options["state"] == "rolled_back":
        return roll_back(options["to"], options["proof_timeout"], run, check_mode)
    if options["state"] == "handed_back":
        return hand_back(options["hand_back_to"], options["proof_timeout"], run, check_mode)
    if options["state"] == "absent":
        return remove(options["remove_leases"], run, check_mode)
    files: dict[str, str] = {}
    for file in options["files"]:
        if file["path"] in files:
            raise ReleaseError(
                f"files: {file['path']} is there twice; give each path once (what both families include is one file)"
            )
        files[file["path"]] = text_of(file["path"], file["content"])
    wanted = {name: value for name, value in options.items() if name not in NOT_WANTED}
    return deploy(Wanted(files=files, stage_only=options["state"] == "staged", **wanted), run, check_mode)


if __name__ == "__main__":
    main()

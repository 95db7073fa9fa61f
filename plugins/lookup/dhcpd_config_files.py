# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look up a dhcpd.conf on the controller with all that it includes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: dhcpd_config_files
short_description: A dhcpd.conf and the files that it includes
version_added: 0.1.0
description:
  - Reads a C(dhcpd.conf) on the controller, and every file that it includes, for the option O(ignore:files) of
    M(quadlet.dhcpd.dhcpd_release).
  - In the container the file's directory is C(/etc/dhcp), so C(include "/etc/dhcp/keys.conf";) means the file
    F(keys.conf) beside it. Any other path is refused, because it would not travel with the release.
options:
  _terms:
    description: Path of one C(dhcpd.conf), absolute or found as by the C(files) search path of a role or playbook.
    type: list
    elements: str
    required: true
  problems:
    description: Return what is wrong with the files, one sentence each, in place of the files.
    type: bool
    default: false
  family:
    description: V(6) for a C(dhcpd6.conf).
    type: int
    choices: [4, 6]
    default: 4
author:
  - The quadlet.dhcpd authors (@quadlet)
"""

EXAMPLES = r"""
- name: Show which files a release would hold
  ansible.builtin.debug:
    msg: "{{ query('quadlet.dhcpd.dhcpd_config_files', 'dhcp/dhcpd.conf') | map(attribute='path') }}"
"""

RETURN = r"""
_raw:
  description: One dictionary a file, with RV(ignore:path) relative to C(/etc/dhcp) and RV(ignore:content).
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.quadlet.dhcpd.plugins.module_utils._config_files import ConfigFilesError, collect
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4, IPV6
from ansible_collections.quadlet.dhcpd.plugins.module_utils._undeployable import undeployable


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        wants_problems = self.get_option("problems")
        try:
            files = self._files(terms, variables)
        except ConfigFilesError as error:
            if wants_problems:
                return str(error).splitlines()
            raise AnsibleLookupError(str(error)) from error
        return [] if wants_problems else [{"path": path, "content": text} for path, text in files.items()]

    def _files(self, terms: list[str], variables: dict[str, Any] | None) -> dict[str, str]:
        if len(terms) != 1:
            raise AnsibleLookupError("dhcpd_config_files: give the path of one dhcpd.conf")
        family = IPV6 if int(self.get_option("family")) == 6 else IPV4
        source = self.find_file_in_search_path(variables, "files", str(terms[0]), ignore_missing=True)
        if not source:
            raise ConfigFilesError(
                f"dhcpd_container_config_src{family.suffix}: there is no file {terms[0]!r} on the controller"
            )

        def read(path: str) -> str:
            return (Path(source) if path == family.config else Path(source).parent / path).read_text(encoding="utf-8")

        files = collect(read, family)
        problems = undeployable(files.values())
        if problems:
            raise ConfigFilesError(
                "\n".join(f"dhcpd_container_config_src{family.suffix}: {problem}" for problem in problems)
            )
        return files

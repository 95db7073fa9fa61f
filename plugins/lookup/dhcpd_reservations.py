# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look up reservations in what an IPAM, a file or the inventory says."""

from __future__ import annotations

DOCUMENTATION = r"""
name: dhcpd_reservations
short_description: Reservations from files, URLs and data, by JMESPath
version_added: 0.1.0
description:
  - Makes reservations of the sources of P(quadlet.dhcpd.dhcpd_container#role), so that an IPAM stays the truth.
  - Each source is JSON or YAML, and a JMESPath expression that maps it to a list of reservations. Values that are null
    are left out, and an address may carry its prefix length.
options:
  _terms:
    description:
      - "The sources. Each has C(name), exactly one of C(data) (any data, such as C(hostvars)), C(file) (a path on the
        controller) and C(url), and C(query) (JMESPath, see U(https://jmespath.org))."
      - "With C(url): C(headers), C(username), C(password), C(timeout) (seconds, 30 if not set) and C(ca_path)."
    type: list
    elements: dict
    required: true
requirements:
  - jmespath on the controller, if there is a C(query)
author:
  - The quadlet.dhcpd authors (@quadlet)
"""

EXAMPLES = r"""
- name: Show what NetBox says, as reservations
  ansible.builtin.debug:
    msg: "{{ query('quadlet.dhcpd.dhcpd_reservations', source) }}"
  vars:
    source:
      name: netbox
      url: https://netbox.example.net/api/dcim/interfaces/?limit=0
      headers:
        Authorization: "Token {{ netbox_token }}"
      query: >-
        results[?mac_address].{host: device.name, hardware_ethernet: mac_address, fixed_address: custom_fields.ip}

- name: Show the inventory's own hosts, as reservations
  ansible.builtin.debug:
    msg: "{{ query('quadlet.dhcpd.dhcpd_reservations', source) }}"
  vars:
    source:
      name: inventory
      data: "{{ hostvars.values() | list }}"
      query: "[?mac].{host: inventory_hostname, hardware_ethernet: mac, fixed_address: ip}"
"""

RETURN = r"""
_raw:
  description: One dictionary a source, with its C(name) and its C(reservations).
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import yaml
from ansible.errors import AnsibleLookupError
from ansible.module_utils.urls import ConnectionError, SSLValidationError, open_url
from ansible.plugins.lookup import LookupBase
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sources import SourceError, check, reservations

try:
    from jmespath import search
except ImportError:
    search = None


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        found = []
        try:
            for index, source in enumerate(terms):
                where = check(index, source)
                data = self._data(where, source, variables)
                made = reservations(where, data, source.get("query"), search)
                found.append({"name": source["name"], "reservations": made})
        except SourceError as error:
            raise AnsibleLookupError(str(error)) from error
        return found

    def _data(self, where: str, source: dict[str, Any], variables: dict[str, Any] | None) -> Any:
        if "data" in source:
            return source["data"]
        text = self._file(where, source["file"], variables) if "file" in source else self._url(where, source)
        try:
            # YAML is JSON and more; where it is JSON, that is 50 times faster.
            return self._loader.load(text, json_only=text.lstrip()[:1] in ("{", "["))
        except Exception as error:
            try:
                return yaml.safe_load(text)
            except yaml.YAMLError:
                raise SourceError(f"{where}: what it says is neither JSON nor YAML: {error}") from error

    def _file(self, where: str, name: Any, variables: dict[str, Any] | None) -> str:
        path = self.find_file_in_search_path(variables, "files", str(name), ignore_missing=True)
        if not path:
            raise SourceError(f"{where}: there is no file {name!r} on the controller")
        try:
            return Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{where}: {path} cannot be read: {error}") from error

    @staticmethod
    def _url(where: str, source: dict[str, Any]) -> str:
        url = str(source["url"])
        try:
            answer = open_url(
                url,
                headers=source.get("headers"),
                url_username=source.get("username"),
                url_password=source.get("password"),
                force_basic_auth="username" in source,
                timeout=source.get("timeout", 30),
                ca_path=source.get("ca_path"),
            )
            return str(answer.read().decode("utf-8"))
        except (HTTPError, URLError, ConnectionError, SSLValidationError, OSError, ValueError) as error:
            raise SourceError(f"{where}: {url} does not answer: {error}") from error

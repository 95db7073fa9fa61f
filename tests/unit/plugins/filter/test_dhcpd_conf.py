# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.quadlet.dhcpd.plugins.filter.dhcpd_conf import FilterModule

FILTERS = FilterModule().filters()
MODEL = """
authoritative: true
options: {domain-name: '{{ "example" }}.net', ip-forwarding: false}
subnets:
  - subnet: 198.51.100.0/24
    pools: [{ranges: ['198.51.100.50-198.51.100.99']}]
reservations:
  - {host: printer, hardware_ethernet: '00:00:5e:00:53:01', fixed_address: 198.51.100.10}
"""


def tagged_model() -> Any:
    """Return the model as Ansible hands it over: tagged by the YAML loader, its templates resolved."""
    loaded = DataLoader().load(MODEL)
    loaded["options"]["domain-name"] = trust_as_template(loaded["options"]["domain-name"])
    return Templar(loader=DataLoader()).template(loaded)


def test_tagged_data() -> None:
    assert type(tagged_model()["subnets"][0]["subnet"]) is not str
    text = FILTERS["dhcpd_conf"](tagged_model())
    assert type(text) is str
    assert 'option domain-name "example.net";\noption ip-forwarding false;\n' in text
    assert "  hardware ethernet 00:00:5e:00:53:01;\n" in text
    assert FILTERS["dhcpd_conf_problems"](tagged_model()) == []


def test_conf_names_all_problems() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS["dhcpd_conf"]({"subnet": 1, "options": []})
    assert "unknown key 'subnet'; did you mean subnets?" in str(caught.value)
    assert "\ndhcpd_container_options: [] is not a mapping" in str(caught.value)


def test_subnets() -> None:
    text = "subnet 198.51.100.0 netmask 255.255.255.0 {}"
    assert FILTERS["dhcpd_subnets"](text) == ["198.51.100.0/24"]
    assert FILTERS["dhcpd_subnets"]([text, "subnet6 2001:db8::/64 {}"]) == [
        "198.51.100.0/24",
        "2001:db8::/64",
    ]


@pytest.mark.parametrize("texts", [None, 1, [None], {"a": 1}, '"'])
def test_subnets_refuses(texts: object) -> None:
    with pytest.raises(AnsibleFilterError, match="dhcpd_subnets"):
        FILTERS["dhcpd_subnets"](texts)

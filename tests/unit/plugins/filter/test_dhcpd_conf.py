# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible.utils.display import Display
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


@pytest.mark.parametrize("family", [4, 6])
def test_what_is_hardly_meant_is_a_warning(monkeypatch: pytest.MonkeyPatch, family: int) -> None:
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text: said.append(text))
    model = {"statements": {"ddns-update-style": "standard"}}
    assert FILTERS["dhcpd_conf_problems"](model, family) == []
    suffix = "" if family == 4 else "6"
    (text,) = said
    assert text.startswith(f"dhcpd_container_statements{suffix}.ddns-update-style: nothing is updated without zones")
    said.clear()
    assert FILTERS["dhcpd_conf_problems"]({**model, "nothing": 1}, family) and not said


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


def test_reservations_are_resolved_where_there_is_something_to_resolve() -> None:
    model = DataLoader().load(
        """
        reservations:
          - {host: plain, hardware_ethernet: '00:00:5e:00:53:01'}
          - {host: '{{ "made" }}', hardware_ethernet: '00:00:5e:00:53:02', options: {host-name: '{{ "x" }}'}}
        reservation_sources:
          - {name: ipam, reservations: [{host: '{{ "other" }}', hardware_ethernet: '00:00:5e:00:53:03'}]}
        """
    )
    trusted = trust_all(model)
    templar = Templar(loader=DataLoader(), variables={"model": trusted})
    seen = []

    def look(value: Any) -> str:
        seen.append(FILTERS["dhcpd_conf"](value))
        return ""

    # A filter is given what Ansible gives it: a mapping that resolves its values when they are read.
    templar.environment.filters["look"] = look
    templar.template(trust_as_template("{{ model | look }}"))
    text = seen[0]
    assert "host plain {" in text and "host made {" in text and "host other {" in text
    assert 'option host-name "x";' in text


def trust_all(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: trust_all(value) for key, value in data.items()}
    return [trust_all(item) for item in data] if isinstance(data, list) else trust_as_template(data)


def test_files_of_a_release() -> None:
    model = {"includes": [{"path": "a.conf", "content": "# x", "place": "end"}]}
    files = FILTERS["dhcpd_conf_files"](model)
    assert [file["path"] for file in files] == ["dhcpd.conf", "a.conf"]
    assert files[1] == {"path": "a.conf", "content": "# x"}
    assert FILTERS["dhcpd_conf_files"]({}, 6)[0]["path"] == "dhcpd6.conf"


def test_parse() -> None:
    found = FILTERS["dhcpd_conf_parse"]('option domain-name "x";\nnext-server tftp.example.net;')
    assert found["variables"] == {
        "dhcpd_container_authoritative": False,
        "dhcpd_container_default_lease_time": 43200,
        "dhcpd_container_max_lease_time": 86400,
        "dhcpd_container_delayed_ack": 0,
        "dhcpd_container_options": {"domain-name": "x"},
        "dhcpd_container_conditionals": [{"raw": "next-server tftp.example.net;\n"}],
    }
    assert found["notes"] == ["line 2: next-server tftp.example.net stays raw: there is no typed form for it"]
    files = [{"path": "dhcpd.conf", "content": 'include "/etc/dhcp/a";'}, {"path": "a", "content": "ping-check off;"}]
    six = FILTERS["dhcpd_conf_parse"](files, 6)
    assert six["variables"]["dhcpd_container_statements6"] == {"ping-check": False}
    assert "dhcpd_container_delayed_ack" not in six["variables"]
    own = FILTERS["dhcpd_conf_parse"]("delayed-ack 28;")["variables"]
    assert own["dhcpd_container_statements"] == {"delayed-ack": 28} and "dhcpd_container_delayed_ack" not in own
    assert six["variables"]["dhcpd_container_default_lease_time"] == 43200 and "shared with IPv4" in six["notes"][0]


@pytest.mark.parametrize("value", [None, [], [{}], 1, "option {"])
def test_parse_refuses_what_is_no_text(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="dhcpd_conf_parse"):
        FILTERS["dhcpd_conf_parse"](value)


@pytest.mark.parametrize("family", [5, "4", None])
def test_families(family: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="is no address family; give 4 or 6"):
        FILTERS["dhcpd_conf"]({}, family)


def test_parse_warns_of_what_looks_like_a_template() -> None:
    found = FILTERS["dhcpd_conf_parse"]('host a { hardware ethernet 0:0:5e:0:53:1; option host-name "{{ x }}"; }')
    (note,) = found["notes"]
    assert note.startswith(
        "dhcpd_container_reservations[0].options.host-name: Ansible would take this text for a template"
    )

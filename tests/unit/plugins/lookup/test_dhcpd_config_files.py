# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dhcpd.conf of the user's own, found on the controller as a role's files are, with what it includes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.quadlet.dhcpd.plugins.lookup.dhcpd_config_files import LookupModule


class Lookup(LookupModule):
    def set_options(self, *_arguments: Any, **_options: Any) -> None:
        """Ansible would look for the plugin where it is installed."""

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        return {"problems": self.wants_problems, "family": self.family}[option]

    wants_problems = False
    family = 4


def look(base: Path, *terms: str) -> Any:
    return Lookup(loader=DataLoader(), templar=None).run(
        list(terms), {"role_path": str(base), "ansible_search_path": [str(base)]}
    )


@pytest.fixture
def role(tmp_path: Path) -> Path:
    (tmp_path / "files/dhcp/keys").mkdir(parents=True)
    (tmp_path / "files/dhcp/main.conf").write_text('# ä\ninclude "/etc/dhcp/keys/omapi.conf";\n', encoding="utf-8")
    (tmp_path / "files/dhcp/keys/omapi.conf").write_text("key k { secret abcd; }\n")
    return tmp_path


@pytest.mark.parametrize("absolute", [False, True])
def test_the_file_becomes_dhcpd_conf_whatever_its_name_and_brings_what_it_includes(role: Path, absolute: bool) -> None:
    term = str(role / "files/dhcp/main.conf") if absolute else "dhcp/main.conf"
    assert look(role, term) == [
        {"path": "dhcpd.conf", "content": '# ä\ninclude "/etc/dhcp/keys/omapi.conf";\n'},
        {"path": "keys/omapi.conf", "content": "key k { secret abcd; }\n"},
    ]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ([], "give the path of one dhcpd.conf"),
        (["a", "b"], "give the path of one dhcpd.conf"),
        (["gone.conf"], "dhcpd_container_config_src: there is no file 'gone.conf' on the controller"),
    ],
)
def test_anything_but_one_file_is_an_error_that_names_the_variable(role: Path, terms: list[str], words: str) -> None:
    with pytest.raises(AnsibleLookupError, match=words):
        look(role, *terms)


def test_everything_that_keeps_it_from_travelling_is_one_error(role: Path) -> None:
    (role / "files/dhcp/main.conf").write_text('include "/etc/dhcp/gone.conf";\ninclude "/srv/x";\n')
    with pytest.raises(AnsibleLookupError) as error:
        look(role, "dhcp/main.conf")
    assert "line 1: gone.conf cannot be read" in str(error.value) and "line 2: include '/srv/x'" in str(error.value)


def test_a_directory_is_an_error(role: Path) -> None:
    with pytest.raises(AnsibleLookupError, match="dhcpd_container_config_src"):
        look(role, "dhcp")


def test_the_problems_come_as_a_list_where_they_are_asked_for(role: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lookup, "wants_problems", True)
    assert look(role, "dhcp/main.conf") == []
    (role / "files/dhcp/main.conf").write_text('include "/etc/dhcp/gone.conf";\ninclude "/srv/x";\n')
    problems = look(role, "dhcp/main.conf")
    assert len(problems) == 2 and "gone.conf cannot be read" in "".join(problems)


def test_omapi_that_is_open_to_everybody_is_an_error(role: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (role / "files/dhcp/main.conf").write_text('include "/etc/dhcp/keys/omapi.conf";\nomapi-port 7911;\n')
    with pytest.raises(AnsibleLookupError, match="dhcpd_container_config_src: omapi-port without omapi-key"):
        look(role, "dhcp/main.conf")
    monkeypatch.setattr(Lookup, "wants_problems", True)
    (role / "files/dhcp/keys/omapi.conf").write_text("key k { algorithm hmac-md5; secret abcd; } omapi-key k;\n")
    (problem,) = look(role, "dhcp/main.conf")
    assert problem.startswith("dhcpd_container_config_src: OMAPI's key has the algorithm 'hmac-md5'; give it one of")

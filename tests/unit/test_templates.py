# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role's templates and variables make, rendered by Ansible with the role's own defaults."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROLE = ROOT / "roles/dhcpd_container"
LDAP = {"server": "127.0.0.1", "base_dn": "dc=example,dc=net"}
UNITS = {"": "dhcpd.container.j2", "6": "dhcpd6.container.j2"}


def rendered(text: str, **variables: Any) -> Any:
    """The text, with variables of the role that are named without its prefix."""
    words = ["ansible", "localhost", "-c", "local", "-m", "ansible.builtin.debug", "-a", json.dumps({"msg": text})]
    words += ["-e", f"@{ROLE}/defaults/main.yml", "-e", f"@{ROLE}/vars/main.yml"]
    named = {f"dhcpd_container_{name}": value for name, value in variables.items()}
    done = subprocess.run([*words, "-e", json.dumps(named)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.partition("=> ")[2])["msg"]


def unit(suffix: str, **variables: Any) -> str:
    """The unit of a family, with variables that are named without the family's suffix either."""
    text = f"{{{{ lookup('ansible.builtin.template', '{ROLE}/templates/{UNITS[suffix]}') }}}}"
    return str(rendered(text, **{f"{name}{suffix}": value for name, value in variables.items()}))


def limits(text: str) -> list[str]:
    return [line for line in text.splitlines() if "LDAP" in line and not line.startswith("#")]


@pytest.mark.parametrize("suffix", UNITS)
@pytest.mark.parametrize(
    ("ldap", "seconds"),
    [(LDAP, 10), ({**LDAP, "method": "dynamic"}, 1), ({**LDAP, "method": "dynamic", "timeout": 3}, 3)],
    ids=["static", "dynamic", "as asked"],
)
def test_a_dhcpd_with_a_directory_does_not_wait_for_ever(suffix: str, ldap: dict[str, Any], seconds: int) -> None:
    assert limits(unit(suffix, ldap=ldap)) == [
        f"Environment=LDAPNETWORK_TIMEOUT={seconds} LDAPTIMEOUT={seconds}",
    ]


@pytest.mark.parametrize("suffix", UNITS)
@pytest.mark.parametrize(("says", "seconds"), [("", None), ("static", 10), ("dynamic", 1)])
def test_nor_does_one_with_a_file_of_the_user_s_own(
    tmp_path: Path, suffix: str, says: str, seconds: int | None
) -> None:
    conf = tmp_path / f"dhcpd{suffix}.conf"
    conf.write_text(f'ldap-server "127.0.0.1";\nldap-method {says};\n' if says else "# nothing\n")
    wanted = [f"Environment=LDAPNETWORK_TIMEOUT={seconds} LDAPTIMEOUT={seconds}"] if says else []
    assert limits(unit(suffix, config_src=str(conf))) == wanted


@pytest.mark.parametrize("suffix", UNITS)
def test_without_a_directory_there_is_nothing_of_it(suffix: str) -> None:
    text = unit(suffix, interfaces=["eth1"], arguments=["-q"])
    assert limits(text) == [] and f"dhcpd{suffix}.leases -q eth1\n" in text


@pytest.mark.parametrize(
    ("variables", "statements"),
    [
        ({}, {"delayed-ack": 2048, "max-ack-delay": 1000}),
        ({"delayed_ack": 0, "statements": {"ping-check": False}}, {"ping-check": False}),
        ({"statements": {"delayed-ack": 28}}, {"delayed-ack": 28, "max-ack-delay": 1000}),
    ],
    ids=["as it comes", "not wanted", "by its name in dhcpd.conf"],
)
def test_answers_share_a_commit_unless_asked_otherwise(variables: dict[str, Any], statements: dict[str, Any]) -> None:
    assert rendered("{{ __dhcpd_container_model.statements }}", **variables) == statements
    assert rendered("{{ __dhcpd_container_model6.statements }}") == {}

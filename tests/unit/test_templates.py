# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The units that the role's templates make, rendered by Ansible with the role's own variables."""

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


def unit(suffix: str, **variables: Any) -> str:
    """The unit of a family, with variables of the role that are named without prefix and suffix."""
    text = f"{{{{ lookup('ansible.builtin.template', '{ROLE}/templates/{UNITS[suffix]}') }}}}"
    words = ["ansible", "localhost", "-c", "local", "-m", "ansible.builtin.debug", "-a", json.dumps({"msg": text})]
    words += ["-e", f"@{ROLE}/defaults/main.yml", "-e", f"@{ROLE}/vars/main.yml"]
    named = {f"dhcpd_container_{name}{suffix}": value for name, value in variables.items()}
    done = subprocess.run([*words, "-e", json.dumps(named)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout.partition("=> ")[2])["msg"])


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

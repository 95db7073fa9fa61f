# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module: options in, what the lease file holds out, and one failure where it cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quadlet.dhcpd.plugins.modules import dhcpd_leases_info

FILE = """authoring-byte-order little-endian;
failover peer "p" state {
  my state normal at epoch 1795558200;
  partner state normal at epoch 1795558200;
}
host added {
  dynamic;
  hardware ethernet 00:00:5e:00:53:99;
}
lease 198.51.100.7 {
  starts epoch 1795558200; # Tue
  ends never;
  binding state active;
  hardware ethernet 00:00:5e:00:53:01;
}
lease 203.0.113.7 {
  binding state free;
}
"""
DAMAGED = FILE + "lease 198.51.100.8 {\n"


@pytest.fixture(name="host", autouse=True)
def fixture_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with leases and a current release."""
    monkeypatch.setattr(dhcpd_leases_info, "DIRECTORY", tmp_path)
    monkeypatch.setattr(dhcpd_leases_info, "CURRENT", tmp_path / "current")
    (tmp_path / "current").mkdir()
    (tmp_path / "current/dhcpd.conf").write_text('include "/etc/dhcp/more.conf";\n')
    (tmp_path / "current/more.conf").write_text("subnet 198.51.100.0 netmask 255.255.255.0 { }\n")
    (tmp_path / "dhcpd.leases").write_text(FILE)
    return tmp_path


def run(capsys: Any, **options: Any) -> dict[str, Any]:
    with patch_module_args(options), pytest.raises(SystemExit) as ended:
        dhcpd_leases_info.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert bool(ended.value.code) == bool(result.get("failed"))
    return result


@pytest.mark.parametrize("check_mode", [False, True])
def test_counts_by_the_subnets_of_the_release(capsys: Any, host: Path, check_mode: bool) -> None:
    result = run(capsys, _ansible_check_mode=check_mode)
    result.pop("invocation")
    assert result == {
        "changed": False,
        "lease_file": str(host / "dhcpd.leases"),
        "exists": True,
        "states": {"active": 1, "free": 1},
        "subnets": [{"subnet": "198.51.100.0/24", "states": {"active": 1}}],
        "outside": {"free": 1},
        "hosts": [{"name": "added", "hardware_type": "ethernet", "hardware": "00:00:5e:00:53:99", "uid": None,
                   "fixed_addresses": []}],
        "failover": [{"name": "p", "my_state": "normal", "my_since": "2026-11-24T22:10:00Z",
                      "partner_state": "normal", "partner_since": "2026-11-24T22:10:00Z"}],
        "damage": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "addresses"),
    [
        ({}, ["198.51.100.7", "203.0.113.7"]),
        ({"states": ["active"]}, ["198.51.100.7"]),
        ({"active_at": "now", "hardware_ethernet": "00:00:5E:00:53:01"}, []),
        ({"active_at": "1795558200", "hardware_ethernet": "00:00:5E:00:53:01"}, ["198.51.100.7"]),
        ({"subnet": "203.0.113.0/24"}, ["203.0.113.7"]),
        ({"addresses": ["203.0.113.7"]}, ["203.0.113.7"]),
        ({"client_hostname": "x"}, []),
    ],
)
def test_leases_are_chosen_on_the_host(
    capsys: Any, monkeypatch: Any, options: dict[str, Any], addresses: list[str]
) -> None:
    monkeypatch.setattr(dhcpd_leases_info.time, "time", lambda: 1795558199)
    result = run(capsys, leases=True, **options)
    assert [lease["address"] for lease in result["leases"]] == addresses
    assert result["matching"] == len(addresses) and result["states"] == {"active": 1, "free": 1}
    if addresses[:1] == ["198.51.100.7"]:
        assert (result["leases"][0]["starts"], result["leases"][0]["ends"]) == ("2026-11-24T22:10:00Z", "never")
    if options:
        result = run(capsys, **options)
        assert result["matching"] == len(addresses) and "leases" not in result


def test_damage_is_reported_and_never_a_failure(capsys: Any, host: Path) -> None:
    (host / "dhcpd.leases").write_text(DAMAGED)
    (problem,) = run(capsys)["damage"]
    assert problem["line"] == 20 and "end of the file" in problem["message"]
    (host / "dhcpd.leases").rename(host / "dhcpd.leases~")
    result = run(capsys)
    assert (result["exists"], result["states"], len(result["damage"])) == (False, {}, 1)


def test_ipv6_has_files_of_its_own(capsys: Any, host: Path) -> None:
    assert run(capsys, family="ipv6")["lease_file"] == str(host / "dhcpd6.leases")
    (host / "current/dhcpd6.conf").write_text("subnet6 2001:db8::/64 { }\n")
    result = run(capsys, family="ipv6", path=str(host / "dhcpd.leases"))
    assert result["subnets"] == [{"subnet": "2001:db8::/64", "states": {}}]
    assert "not for IPv6" in result["damage"][0]["message"]


def test_a_configuration_that_cannot_be_read_is_not_quoted(capsys: Any, host: Path) -> None:
    (host / "current/dhcpd.conf").write_text('key k { secret "pRP5FapFoJ95JEL06sv4PQ')
    result = run(capsys)
    assert (
        result["subnets"] == [] and "pRP5" not in json.dumps(result) and "not known" in json.dumps(result["warnings"])
    )
    assert run(capsys, subnets=["203.0.113.0/24"])["outside"] == {"active": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subnets": ["198.51.100.1/24"]}, "subnets: 198.51.100.1/24 has host bits set"),
        ({"subnet": "x"}, "subnet: "),
        ({"active_at": "soon"}, "active_at: "),
        ({"path": "/"}, "/ cannot be read: Is a directory"),
    ],
)
def test_one_clear_failure(capsys: Any, options: dict[str, Any], message: str) -> None:
    result = run(capsys, **options)
    assert result["failed"] and result["msg"].startswith(message)


def test_documentation_lists_what_is_returned(capsys: Any) -> None:
    documented = yaml.safe_load(dhcpd_leases_info.RETURN)
    result = run(capsys, leases=True)
    assert documented.keys() == result.keys() - {"changed", "invocation"}
    for name in ("leases", "hosts", "failover"):
        assert documented[name]["contains"].keys() == result[name][0].keys()
    options = yaml.safe_load(dhcpd_leases_info.DOCUMENTATION)["options"]
    assert options.keys() == result["invocation"]["module_args"].keys()

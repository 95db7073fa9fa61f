# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module: options in, findings, warnings and one failure out."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quadlet.dhcpd.plugins.module_utils._managers import Reading
from ansible_collections.quadlet.dhcpd.plugins.module_utils._netlink import Address, Link
from ansible_collections.quadlet.dhcpd.plugins.module_utils._preflight_model import Host, Platform, Podman
from ansible_collections.quadlet.dhcpd.plugins.modules import dhcpd_preflight

LEASES = "/var/lib/dhcpd/dhcpd.leases"
SOUND = Host(
    links=[Link(2, "eth1", None, True, True, "up", "00:00:5e:00:53:01", None, "ether")],
    addresses=[Address(2, "eth1", 4, "198.51.100.1", 24, True, None, None)],
    udp=[],
    packets=[],
    unit={"LoadState": "not-found"},
    managers=Reading([], [], []),
    platform=Platform(synchronised=True, accounts=(("root", 0, "/bin/bash"),)),
    podman=Podman(candidate="5.4.2+ds1-2+b1"),
    packages=("podman", "golang-github-containers-common"),
    files={LEASES: "absent"},
)


def run(monkeypatch: Any, capsys: Any, host: Host, **options: Any) -> dict[str, Any]:
    monkeypatch.setattr(dhcpd_preflight, "collect", lambda policy, runner: host)
    with patch_module_args(options), pytest.raises(SystemExit) as ended:
        dhcpd_preflight.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert bool(ended.value.code) == bool(result.get("failed"))
    return result


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_virgin_host_passes_and_says_what_to_install(monkeypatch: Any, capsys: Any, check_mode: bool) -> None:
    options = {"interfaces": ["eth1"], "subnets": ["198.51.100.0/24"], "_ansible_check_mode": check_mode}
    result = run(monkeypatch, capsys, SOUND, **options)
    assert result["changed"] is False and not result.get("warnings")
    assert {finding["status"] for finding in result["findings"]} == {"ok"}
    assert result["podman"] == {"installed": None, "candidate": "5.4.2+ds1-2+b1"}
    assert result["packages"] == ["podman", "golang-github-containers-common"]


def test_warnings_are_shown_and_do_not_fail(monkeypatch: Any, capsys: Any) -> None:
    result = run(monkeypatch, capsys, SOUND, subnets=["198.51.100.0/24", "203.0.113.0/24"])
    (warning,) = (w["event"]["msg"] if isinstance(w, dict) else w for w in result["warnings"])
    assert warning.startswith("interfaces: no serving interface has an address in 203.0.113.0/24; expected")


def test_all_failures_come_together_with_the_findings(monkeypatch: Any, capsys: Any) -> None:
    result = run(monkeypatch, capsys, SOUND, interfaces=["eth8", "eth9"], initial_leases="lost")
    lines = result["msg"].splitlines()[1:]
    assert [line.partition(";")[0] for line in lines] == [
        "interfaces: there is no interface eth8",
        "interfaces: there is no interface eth9",
        "leases: lost is no absolute path",
    ]
    assert len(result["findings"]) > 3 and result["packages"]


@pytest.mark.parametrize("subnet", ["198.51.100.5/24", "eth0", "198.51.100.0/33", ""])
def test_a_subnet_that_is_none_is_named(monkeypatch: Any, capsys: Any, subnet: str) -> None:
    assert run(monkeypatch, capsys, SOUND, subnets=[subnet])["msg"].startswith("subnets: ")


def test_both_families_have_the_host_asked_once(monkeypatch: Any, capsys: Any) -> None:
    asked = []
    monkeypatch.setattr(
        dhcpd_preflight.AnsibleModule, "run_command", lambda _self, command, **_: asked.append(command) or (0, "", "")
    )
    monkeypatch.setattr(dhcpd_preflight, "collect", lambda policy, runner: runner(["sh", str(policy.user)]) and SOUND)
    with patch_module_args({"families": ["ipv4", "ipv6"]}), pytest.raises(SystemExit):
        dhcpd_preflight.main()
    assert [command[1:] for command in asked] == [["dhcpd"]]


def test_the_options_become_the_policy(monkeypatch: Any, capsys: Any) -> None:
    asked = []
    monkeypatch.setattr(dhcpd_preflight, "collect", lambda policy, runner: asked.append(policy) or SOUND)
    options = {
        "families": ["ipv6", "ipv4"],
        "interfaces": ["eth1"],
        "initial_leases6": "empty",
        "tcp_ports": [647],
        "user": "x",
        "rogues": True,
        "known_servers": ["a"],
    }
    with patch_module_args(options), pytest.raises(SystemExit):
        dhcpd_preflight.main()
    six, four = asked
    assert (six.families, six.others, four.families, four.others) == ((6,), (4,), (4,), (6,))
    assert (six.lease_file, six.initial_leases, six.interfaces) == ("/var/lib/dhcpd/dhcpd6.leases", "empty", ("eth1",))
    assert (four.lease_file, four.initial_leases) == ("/var/lib/dhcpd/dhcpd.leases", None)
    for policy in asked:
        assert (policy.tcp_ports, policy.user, policy.rogues, policy.known_servers) == ((647,), "x", True, ("a",))


def test_every_result_is_documented(monkeypatch: Any, capsys: Any) -> None:
    documented = yaml.safe_load(dhcpd_preflight.RETURN)
    result = run(monkeypatch, capsys, SOUND)
    assert set(result) - {"changed", "invocation", "warnings"} == set(documented)
    assert set(result["findings"][0]) == set(documented["findings"]["contains"])
    assert set(result["podman"]) == set(documented["podman"]["contains"])


def test_every_option_is_documented(monkeypatch: Any, capsys: Any) -> None:
    taken = run(monkeypatch, capsys, SOUND)["invocation"]["module_args"]
    documented = yaml.safe_load(dhcpd_preflight.DOCUMENTATION)["options"]
    assert taken == {name: option.get("default") for name, option in documented.items()}


def test_this_machine_can_be_asked(capsys: Any) -> None:
    """Whatever this machine is, and whether or not root asks: there is an answer to every check."""
    with patch_module_args({}), pytest.raises(SystemExit):
        dhcpd_preflight.main()
    result = json.loads(capsys.readouterr().out)
    checks = {finding["check"] for finding in result["findings"]}
    assert checks == {"platform", "service_unit", "static_addresses", "ports", "interfaces", "leases"}

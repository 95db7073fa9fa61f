# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module: options in, the reservation out, over real TCP; and the key nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.quadlet.dhcpd.plugins.modules import dhcpd_omapi_host
from omapi_server import SECRET, Dhcpd, listening

PRINTER = {"name": "printer", "hardware_ethernet": "00:00:5E:00:53:01", "fixed_address": "198.51.100.10"}
TOLD = {"name": "printer", "hardware_type": "ethernet", "hardware": "00:00:5e:00:53:01", "uid": None,
        "fixed_addresses": ["198.51.100.10"]}  # fmt: skip


class Server(Dhcpd):
    port = 0


@pytest.fixture(name="server", autouse=True)
def fixture_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(dhcpd_omapi_host, "CURRENT", tmp_path)
    server = Server()
    with listening(server.serve) as port:
        server.port = port
        yield server


def run(capsys: Any, server: Server, **options: Any) -> dict[str, Any]:
    given = {"port": server.port, "key_name": "omapi", "key_secret": SECRET, "timeout": 20, **options}
    with patch_module_args(given), pytest.raises(SystemExit) as ended:
        dhcpd_omapi_host.main()
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err
    result: dict[str, Any] = json.loads(captured.out)
    assert bool(ended.value.code) == bool(result.get("failed"))
    return result


def test_a_reservation_comes_changes_and_goes_each_once(capsys: Any, server: Server) -> None:
    result = run(capsys, server, **PRINTER)
    assert (result["changed"], result["reservation"]) == (True, TOLD)
    assert result["diff"] == {"before": {}, "after": TOLD}
    result = run(capsys, server, **PRINTER)
    assert (result["changed"], result["reservation"], result["diff"]) == (False, TOLD, {"before": TOLD, "after": TOLD})
    moved = {**TOLD, "fixed_addresses": ["198.51.100.11"]}
    result = run(capsys, server, **{**PRINTER, "fixed_address": "198.51.100.11"})
    assert (result["changed"], result["diff"]) == (True, {"before": TOLD, "after": moved})
    result = run(capsys, server, name="printer", state="absent")
    assert (result["changed"], result["reservation"], result["diff"]) == (True, None, {"before": moved, "after": {}})
    assert run(capsys, server, name="printer", state="absent")["changed"] is False


def test_a_check_says_what_would_be_and_changes_nothing(capsys: Any, server: Server) -> None:
    result = run(capsys, server, _ansible_check_mode=True, **PRINTER)
    assert (result["changed"], result["reservation"], server.hosts) == (True, TOLD, {})
    run(capsys, server, **PRINTER)
    assert run(capsys, server, _ansible_check_mode=True, **PRINTER)["changed"] is False
    before = dict(server.hosts)
    result = run(capsys, server, _ansible_check_mode=True, name="printer", state="absent")
    assert (result["changed"], result["reservation"], server.hosts) == (True, None, before)


def test_a_check_where_nobody_listens_yet_warns(capsys: Any, server: Server) -> None:
    result = run(capsys, server, _ansible_check_mode=True, port=1, **PRINTER)
    assert (result["changed"], result["reservation"]) == (True, TOLD)
    assert "nobody listens" in str(result["warnings"])
    assert run(capsys, server, _ansible_check_mode=True, port=1, name="printer", state="absent")["changed"] is False
    assert "nobody listens" in run(capsys, server, port=1, **PRINTER)["msg"]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_what_dhcpd_conf_declares_is_left_to_the_inventory(
    capsys: Any, server: Server, tmp_path: Path, state: str
) -> None:
    (tmp_path / "dhcpd.conf").write_text("host printer { hardware ethernet 00:00:5e:00:53:01; }")
    result = run(capsys, server, state=state, **PRINTER)
    assert f"declared in dhcpd.conf ({tmp_path / 'dhcpd.conf'}); change it in the inventory" in result["msg"]
    (tmp_path / "dhcpd.conf").write_text("")
    result = run(capsys, server, state=state, declared=["printer"], **PRINTER)
    assert "declared in dhcpd.conf (declared)" in result["msg"]
    assert server.questions == []


def test_elsewhere_this_machines_release_says_nothing(
    capsys: Any, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dhcpd.conf").write_text("host printer { }")
    monkeypatch.setattr(dhcpd_omapi_host.Omapi, "is_here", lambda _omapi: False)
    assert run(capsys, server, **PRINTER)["changed"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"key_secret": "b3RoZXI="}, "dhcpd refuses the signature (wrong key)"),
        ({"key_name": "other"}, "dhcpd refuses the key (not found)"),
        ({"key_secret": "no base64!"}, "key_secret: is not base64"),
        ({"fixed_address": "x", "hardware_ethernet": "y"}, "hardware_ethernet: 'y' is not a hardware address"),
    ],
)
def test_one_clear_failure(capsys: Any, server: Server, options: dict[str, Any], problem: str) -> None:
    result = run(capsys, server, **{**PRINTER, **options})
    assert result["failed"] and problem in result["msg"] and server.hosts == {}
    assert str(options.get("key_secret")) not in json.dumps(result)


def test_documentation_lists_what_is_returned(capsys: Any, server: Server) -> None:
    result = run(capsys, server, **PRINTER)
    documented = yaml.safe_load(dhcpd_omapi_host.RETURN)
    assert documented.keys() == result.keys() - {"changed", "invocation", "diff"}
    assert documented["reservation"]["contains"].keys() == result["reservation"].keys()
    options = yaml.safe_load(dhcpd_omapi_host.DOCUMENTATION)["options"]
    assert options.keys() == result["invocation"]["module_args"].keys()

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What OMAPI added is told and is nobody's drift; what it did to the release's own reservations is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._info import info
from release_host import ROOT, Host

pytestmark = ROOT
ADDED = "host added { dynamic; hardware ethernet 00:00:5e:00:53:01; fixed-address 198.51.100.10; }\n"
GONE = "host gone { dynamic; hardware ethernet 00:00:5e:00:53:02; }\nhost gone { dynamic; deleted; }\n"


@pytest.fixture(name="host")
def fixture_host(new_host: Any) -> Host:
    host: Host = new_host().with_releases()
    conf = host.layout.directory(str(host.store.current())) / "dhcpd.conf"
    conf.write_text(conf.read_text() + "host declared { hardware ethernet 00:00:5e:00:53:09; }\n")
    return host


def drift(host: Host) -> list[str]:
    return [one for one in info(host, host.layout)["drift"] if "OMAPI" in one or one.startswith(str(host.leases))]


def test_hosts_added_at_run_time_are_told_and_are_no_drift(host: Host) -> None:
    host.leases.write_text(ADDED + GONE)
    assert info(host, host.layout)["runtime_hosts"] == [
        {"name": "added", "hardware_type": "ethernet", "hardware": "00:00:5e:00:53:01", "uid": None,
         "fixed_addresses": ["198.51.100.10"]}
    ]  # fmt: skip
    assert drift(host) == []


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ("host declared { deleted; }\n", "removed"),
        ("host declared { deleted; }\nhost declared { hardware ethernet 00:00:5e:00:53:08; }\n", "changed"),
    ],
)
def test_what_omapi_did_to_the_releases_own_is_drift(host: Host, record: str, what: str) -> None:
    host.leases.write_text(ADDED + record + "host stranger { deleted; }\n")
    assert drift(host) == [f"the release's host declared was {what} at run time (OMAPI), and {host.leases} says so"]
    assert [one["name"] for one in info(host, host.layout)["runtime_hosts"]] == ["added"]


def test_a_lease_file_that_is_missing_or_unreadable_is_no_failure(host: Host) -> None:
    host.leases.unlink()
    assert (info(host, host.layout)["runtime_hosts"], drift(host)) == ([], [])
    host.leases.mkdir()
    assert drift(host) == [f"{host.leases} cannot be read: Is a directory"]

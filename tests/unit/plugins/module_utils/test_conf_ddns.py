# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic DNS that dhcpd would take without a word, and do nothing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import problems
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_ddns import ddns_warnings

KEY = {"name": "k", "algorithm": "hmac-sha256", "secret": "AAAA"}
FORWARD, REVERSE, REVERSE6 = (
    {"zone": name, "primary": "198.51.100.53", "key": "k"}
    for name in ("Example.net.", "100.51.198.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa.")
)
GOOD: dict[str, Any] = {
    "options": {"domain-name": "example.net"},
    "statements": {"ddns-update-style": "standard"},
    "keys": [KEY],
    "zones": [FORWARD, REVERSE],
    "subnets": [{"subnet": "198.51.100.0/24"}],
}
GOOD6 = {**GOOD, "options": {}, "zones": [FORWARD, REVERSE6], "subnets6": [{"subnet6": "2001:db8:0:1::/64"}]}
GOOD6["statements"] = {**GOOD["statements"], "ddns-domainname": "six.example.net."}
del GOOD6["subnets"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"statements": {}, "zones": []},
        {"statements": {"ddns-update-style": "none"}},
        # The zones of a host that updates names of the other family alone.
        {"statements": {}, "zones": [FORWARD, REVERSE6]},
        {"statements": {**GOOD["statements"], "ddns-domainname": "lab.example.net"}, "options": {"domain-name": "a.b"}},
        {"statements": {**GOOD["statements"], "ddns-domainname": {"expression": 'option domain-name'}}},
        {"statements": {**GOOD["statements"], "do-reverse-updates": False}, "zones": [FORWARD]},
        {"statements": {**GOOD["statements"], "ddns-rev-domainname": "reverse.example.net"}, "zones": [FORWARD]},
        {"statements": {**GOOD["statements"], "ddns-updates": False}, "zones": []},
        {"zones": [FORWARD, {**REVERSE, "zone": "198.in-addr.arpa"}]},
        {"zones": [FORWARD, REVERSE], "subnets": [{"subnet": "198.51.100.64/26"}]},
        {"zones": [FORWARD, REVERSE], "subnets": [{"subnet": "198.51.0.0/16"}]},
        {"subnets": [{"subnet": "198.51.100.0/24", "options": {"domain-name": "guests.org"},
                      "statements": {"ddns-updates": False}}]},
        {"zones": [], "raw": "zone example.net. { primary 198.51.100.53; }"},
        {"zones": [], "keys": [], "includes": [{"path": "a", "content": "zone example.net. { primary 127.0.0.1; }"}]},
    ],
)  # fmt: skip
def test_what_is_meant(changes: dict[str, Any]) -> None:
    model = {**GOOD, **changes}
    assert problems(model) == []
    assert ddns_warnings(model, 4) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"keys": [{**KEY, "algorithm": "hmac-md5"}]}, "dhcpd_container_keys[0].algorithm: hmac-md5 must not be used"),
        ({"zones": [FORWARD, {"zone": REVERSE["zone"]}]}, "dhcpd_container_zones[1]: no server is named"),
        ({"statements": {}}, "dhcpd_container_zones: nothing is updated without ddns-update-style"),
        ({"zones": []}, "dhcpd_container_statements.ddns-update-style: nothing is updated without zones"),
        ({"options": {}}, "dhcpd_container_zones: a client's name has no domain here"),
        ({"options": {"domain-name": "example.org"}}, "dhcpd_container_options.domain-name: example.org is in none of"),
        ({"options": {"domain-name": "myexample.net"}}, "domain-name: myexample.net is in none of"),
        ({"statements": {**GOOD["statements"], "ddns-domainname": "example.org."}},
         "dhcpd_container_statements.ddns-domainname: example.org is in none of"),
        ({"subnets": [{"subnet": "198.51.100.0/24",
                       "pools": [{"ranges": ["198.51.100.9"], "options": {"domain-name": "example.org"}}]}]},
         "dhcpd_container_subnets[0].pools[0].options.domain-name: example.org is in none of"),
        ({"zones": [FORWARD]}, "dhcpd_container_subnets[0].subnet: no PTR of it is ever updated; give"
                               " dhcpd_container_zones 100.51.198.in-addr.arpa"),
        ({"shared_networks": [{"name": "n", "subnets": [{"subnet": "203.0.113.128/25"}]}]},
         "dhcpd_container_shared_networks[0].subnets[0].subnet: no PTR of it is ever updated; give"
         " dhcpd_container_zones 113.0.203.in-addr.arpa"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant(changes: dict[str, Any], expected: str) -> None:
    model = {**GOOD, **changes}
    assert problems(model) == []
    (warning,) = ddns_warnings(model, 4)
    assert expected in warning


def test_ipv6() -> None:
    assert problems(GOOD6, 6) == []
    assert ddns_warnings(GOOD6, 6) == []
    (warning,) = ddns_warnings({**GOOD6, "zones": [FORWARD, REVERSE]}, 6)
    assert "subnets6[0].subnet6: no PTR" in warning and "1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" in warning
    (warning,) = ddns_warnings({**GOOD6, "statements": {}}, 6)
    assert "nothing is updated without ddns-update-style" in warning

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OMAPI is open to nobody without a key of HMAC-SHA256 or better, however the configuration is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import problems, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_conf import (
    declares_host,
    declaring_file,
    omapi_problems,
)

NO_KEY = "omapi-port without omapi-key lets whoever reaches the port change reservations and leases; give both"
WEAK = "OMAPI's key has the algorithm '{}'; give it one of hmac-sha256, hmac-sha384, hmac-sha512"
KEY = "key k {{ algorithm {}; secret AAAA; }}\n"
OPEN = "omapi-port 7911; omapi-key k;\n"


@pytest.mark.parametrize(
    "texts",
    [
        [""],
        [KEY.format("hmac-md5")],
        ["omapi-key k;"],
        ['# omapi-port 7911;\noption x "; omapi-port 7911;";'],
        [KEY.format("hmac-sha256") + OPEN],
        [OPEN, KEY.format("HMAC-SHA512.SIG-ALG.REG.INT.")],
        ['key "k" { secret AAAA; algorithm hmac-sha384; }; OMAPI-PORT 7911; omapi-key "k";'],
        # Another key, of dynamic DNS; and a zone's use of a key.
        [KEY.format("hmac-sha256") + "key d { algorithm hmac-md5; secret AAAA; }\n" + OPEN + "zone x. { key d; }"],
        [OPEN],  # dhcpd says that there is no such key
        ['omapi-port "'],
    ],
)
def test_what_is_closed_or_has_a_good_key_is_taken(texts: list[str]) -> None:
    assert omapi_problems(texts) == []


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["omapi-port 7911;"], NO_KEY),
        (["authoritative;\nOmapi-Port 7911;"], NO_KEY),
        (["subnet 198.51.100.0 netmask 255.255.255.0 { }\nomapi-port 7911;\n# omapi-key k;"], NO_KEY),
        (["", "if known { omapi-port 7911; }"], NO_KEY),
        ([OPEN + KEY.format("hmac-md5")], WEAK.format("hmac-md5")),
        ([OPEN, KEY.format("HMAC-SHA1")], WEAK.format("hmac-sha1")),
        ([KEY.format("hmac-md5.sig-alg.reg.int."), OPEN], WEAK.format("hmac-md5")),
        ([KEY.format("hmac-sha224") + OPEN], WEAK.format("hmac-sha224")),
    ],
)
def test_what_is_open_without_a_good_key_is_refused(texts: list[str], problem: str) -> None:
    (found,) = omapi_problems(texts)
    assert found.startswith(problem)


GOOD = {"keys": [{"name": "k", "algorithm": "hmac-sha256", "secret": "AAAA"}]}
BAD = {"keys": [{"name": "k", "algorithm": "hmac-md5", "secret": "AAAA"}]}


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ({"statements": {"omapi-port": 7911}}, f"dhcpd_container_statements: {NO_KEY}"),
        ({"raw": "omapi-port 7911;"}, f"dhcpd_container_raw: {NO_KEY}"),
        ({"raw_head": "omapi-port 7911;", **GOOD}, f"dhcpd_container_raw: {NO_KEY}"),
        ({"includes": [{"path": "o.conf", "content": "omapi-port 7911;"}]}, f"dhcpd_container_raw: {NO_KEY}"),
        ({"omapi": {"port": 7911, "key": "k"}, **BAD}, f"dhcpd_container_omapi: {WEAK.format('hmac-md5')}"),
        ({"statements": {"omapi-port": 7911, "omapi-key": "k"}, **BAD}, "dhcpd_container_statements: OMAPI's key has"),
        (
            {"omapi": {"port": 7911, "key": "k"}, "raw_head": KEY.format("hmac-sha1")},
            f"dhcpd_container_omapi: {WEAK.format('hmac-sha1')}",
        ),
        (
            {"omapi": {"port": 7911, "key": "k"}, "includes": [{"path": "k.conf", "content": KEY.format("hmac-md5")}]},
            f"dhcpd_container_omapi: {WEAK.format('hmac-md5')}",
        ),
    ],
)
def test_the_variables_are_refused_with_the_name_of_one(model: dict[str, Any], problem: str) -> None:
    (found,) = problems(model)
    assert found.startswith(problem) and found.endswith("(dhcpd.conf(5), omapi-key)")


def test_a_good_key_opens_it() -> None:
    assert "\nomapi-port 7911;\nomapi-key k;\n" in render({"omapi": {"port": 7911, "key": "k"}, **GOOD})


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("host printer { }", True),
        ("group {\n  HOST  printer\n{ hardware ethernet 00:00:5e:00:53:01; } }", True),
        ("}host printer{", True),
        ("# host printer { }", False),
        ('option x "host printer {";', False),
        ('option x "\\"host printer {";', False),
        ("host printer2 { }", False),
        ("host Printer { }", False),
        ("xhost printer { }", False),
        ("host-identifier option x printer { }", False),
        ('option x "#"; host printer { }', True),
    ],
)
def test_which_hosts_are_the_configurations_own(text: str, declared: bool) -> None:
    assert declares_host(text, "printer") is declared


def test_the_file_that_declares_a_host_is_named(tmp_path: Path) -> None:
    release = tmp_path / "releases/1"
    (release / "hosts").mkdir(parents=True)
    (release / "hosts/more.conf").write_bytes(b"# \xff\nhost printer { }")
    (release / "dhcpd.conf").write_text("host other { }")
    (release / "release.json").write_text("host third { }")
    (tmp_path / "current").symlink_to("releases/1")
    assert declaring_file(tmp_path / "current", "printer") == release / "hosts/more.conf"
    assert declaring_file(tmp_path / "current", "other") == release / "dhcpd.conf"
    assert declaring_file(tmp_path / "current", "third") is None

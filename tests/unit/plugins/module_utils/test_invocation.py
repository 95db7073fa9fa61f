# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every problem of image, interfaces and arguments, named by its variable, all at once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._invocation import OWN_ARGUMENTS
from ansible_collections.quadlet.dhcpd.plugins.module_utils._invocation import problems as invocation_problems

SOUND: dict[str, Any] = {
    "image": "localhost/dhcpd",
    "image_tag": "4.4.3-P1-1",
    "image_digest": "",
    "image_archive": "",
    "image_keys": [],
    "allow_latest": False,
    "interfaces": [],
    "allow_dynamic_interfaces": [],
    "arguments": [],
    "interfaces6": [],
    "arguments6": [],
    "config_src": "",
    "config_src6": "",
    "options": {},
    "subnets": [{"subnet": "198.51.100.0/24"}],
    "reservations": [],
    "raw": "",
    "user": "dhcpd",
    "proof_timeout": 5,
    "keep": 5,
}
DIGEST = "sha256:" + "0a" * 32
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMiYcK1sUfZQm9m1zWJq3E0vzWJ0mYj1o7vX0n3k2F5a images 2026"


def problems(variables: dict[str, Any]) -> list[str]:
    return invocation_problems(variables, lambda path: path != "/gone.tar")


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"image": "registry.example.net:5000/net/dhcpd_x"},
        {"image_tag": "latest", "allow_latest": True},
        {"image_tag": "x" * 128},
        {"image_digest": DIGEST},
        {"image_archive": "/srv/images/dhcpd.tar"},
        {"image_archive": "~/dhcpd-images/dhcpd.tar"},
        {"image_digest": None, "image_archive": None},
        {"image_archive": "/srv/images/dhcpd.tar", "image_keys": [KEY, f"{KEY}\n"]},
        {"interfaces": ["eth0", "br-lan", "enp3s0.100", "vlan@5", "fifteen-letters"]},
        {"allow_dynamic_interfaces": ["wan0"]},
        {"arguments": ["-q", "-p", "67", "--lease-cache", "a b"]},
        {"config_src": "/srv/dhcp/dhcpd.conf", "subnets": []},
        {"subnets": [{"subnet": "198.51.100.0/24"}], "raw": "ping-check true;"},
    ],
)
def test_what_is_sound_has_no_problem(changed: dict[str, Any]) -> None:
    assert problems({**SOUND, **changed}) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"image": ""}, "image: there is no default"),
        ({"image": None}, "image: there is no default"),
        *[
            ({"image": name}, f"image: {name!r} is no name of an image")
            for name in ("localhost/dhcpd:1", "r:5000/d@sha256:0", "Localhost/dhcpd", "/dhcpd", "dhcpd/", "a b", "a\n")
        ],
        ({"image_tag": ""}, "image_tag: there is no default"),
        ({"image_tag": "latest"}, "image_tag: 'latest' changes by itself"),
        *[({"image_tag": tag}, f"image_tag: {tag!r} is no tag") for tag in ("-1", ".1", "a/b", "a:b", "\n", "x" * 129)],
        *[
            ({"image_digest": digest}, f"image_digest: {digest!r} is no digest")
            for digest in ("0a" * 32, DIGEST[:-1], DIGEST.upper(), DIGEST + "\n", "sha512:" + "0a" * 32)
        ],
        ({"image_keys": [KEY]}, "image_keys: they are for dhcpd_container_image_archive, which is empty"),
        ({"image_keys": ["x"], "image_archive": "/d.tar"}, "image_keys[0]: is no public key"),
        ({"image_keys": [f"{KEY}\nx"], "image_archive": "/d.tar"}, "image_keys[0]: is no public key"),
        ({"image_keys": KEY, "image_archive": "/d.tar"}, "image_keys: 'ssh-ed25519"),
        ({"image_digest": DIGEST, "image_archive": "/d.tar"}, "image_digest: a manifest's digest does not survive"),
        *[
            ({variable: ["eth0", name]}, f"{variable}[1]: {name!r} is no interface name")
            for variable in ("interfaces", "allow_dynamic_interfaces")
            for name in ("", "-i", "eth0:1", "a/b", "a b", ".", "..", "sixteen-letters-", "e\x00", "e\u200b", 16**16)
        ],
        *[
            ({"arguments": ["-q", word]}, f"arguments[1]: {word!r} is not allowed")
            for word in ("", "a\nb", "\x00", "\x7f", "\u2028")
        ],
        *[({"arguments": [word]}, f"arguments[0]: {word} is set by the unit itself") for word in sorted(OWN_ARGUMENTS)],
        ({"ldap": {"server": "a"}}, "interfaces: is empty, and the subnets are in LDAP"),
        *[
            ({"config_src": "/d.conf", "subnets": [], "interfaces": ["eth0"], key: value},
             f"config_src: the file is the whole configuration; leave out dhcpd_container_{key}")
            for key, value in (("options", {"a": 1}), ("subnets", [{}]), ("reservations", [{}]), ("raw", "#"),
                               ("ldap", {"a": 1}))
        ],
    ],
)  # fmt: skip
def test_each_problem_is_named_by_its_variable(changed: dict[str, Any], expected: str) -> None:
    (problem,) = problems({**SOUND, **changed})
    assert problem.startswith(f"dhcpd_container_{expected}")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"subnets": [], "subnets6": [{}]}, []),
        ({"subnets": []}, ["subnets: there is nothing to serve; give dhcpd_container_subnets for IPv4, dhcpd_contain"]),
        ({"arguments6": ["-lf"]}, ["arguments6[0]: -lf is set by the unit itself"]),
        ({"interfaces6": ["a b"]}, ["interfaces6[0]: 'a b' is no interface name"]),
        ({"ldap6": {"server": "a"}}, ["interfaces6: is empty, and the subnets are in LDAP"]),
        ({"config_src6": "here"}, ["config_src6: 'here' is no absolute path"]),
        (
            {"config_src6": "/d6.conf", "options6": {"a": 1}},
            ["config_src6: the file is the whole configuration; leave "],
        ),
        ({"config_src6": "/d6.conf", "keys": [{}]}, []),
        (
            {"config_src6": "/d6.conf", "subnets": [], "keys": [{}]},
            ["config_src6: the file is the whole configuration"],
        ),
        ({"config_src": "/d.conf", "subnets": [], "subnets6": [{}], "keys": [{}]}, []),
    ],
)
def test_ipv6_has_variables_of_its_own(changed: dict[str, Any], expected: list[str]) -> None:
    found = problems({**SOUND, **changed})
    assert len(found) == len(expected)
    for problem, start in zip(found, expected):
        assert problem.startswith(f"dhcpd_container_{start}")


def test_a_tag_is_ascii() -> None:
    assert problems({**SOUND, "image_tag": "4.4.3-ä"})


def test_all_problems_come_together() -> None:
    everything = {
        **SOUND,
        "image": "",
        "image_tag": "latest",
        "image_digest": "x",
        "image_archive": "d.tar",
        "interfaces": ["", "/"],
        "allow_dynamic_interfaces": [":"],
        "arguments": ["-4", ""],
        "config_src": "d.conf",
        "raw": "#",
        "subnets": [{}],
        "user": "root",
        "proof_timeout": 0,
        "keep": 1,
    }
    found = problems(everything)
    assert [problem.partition(":")[0].replace("dhcpd_container_", "") for problem in found] == [
        "image", "image_tag", "image_digest", "image_digest", "interfaces[0]", "interfaces[1]",
        "allow_dynamic_interfaces[0]", "arguments[0]", "arguments[1]", "user", "config_src",
        "image_archive", "config_src", "proof_timeout", "keep",
    ]  # fmt: skip
    assert "dhcpd_container_subnets and dhcpd_container_raw" in found[10]


def test_a_host_without_a_choice_of_image_is_told_how_to_make_one() -> None:
    found = problems({**SOUND, "image": "", "image_tag": ""})
    assert "quadlet.dhcpd.build_image" in found[0] and len(found) == 2


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"interfaces": "eth1"}, "dhcpd_container_interfaces: 'eth1' is no list; write [eth1]"),
        ({"arguments": "-q"}, "dhcpd_container_arguments: '-q' is no list; write [-q]"),
        (
            {"allow_dynamic_interfaces": "eth0"},
            "dhcpd_container_allow_dynamic_interfaces: 'eth0' is no list; write [eth0]",
        ),
        ({"image_archive": "/gone.tar"}, "dhcpd_container_image_archive: there is no file /gone.tar on the controller"),
        ({"proof_timeout": -5}, "dhcpd_container_proof_timeout: -5 is not allowed; give 1 to 600"),
    ],
)
def test_the_commonest_slips_have_one_sentence(changed: dict[str, Any], expected: str) -> None:
    (problem,) = problems({**SOUND, **changed})
    assert problem.startswith(expected)


@pytest.mark.parametrize("user", ["root", "", "a b", "-dhcpd", "Dhcpd", "x" * 33])
def test_the_account_is_the_services_own(user: str) -> None:
    (problem,) = problems({**SOUND, "user": user})
    assert problem.startswith(f"dhcpd_container_user: {user!r} is not allowed")

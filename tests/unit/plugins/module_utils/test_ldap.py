# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A configuration in LDAP: what is written of it, what is refused, what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import problems, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_ldap import ldap_files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of, hint

CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMHcC\n-----END PRIVATE KEY-----\n"
LDAP: dict[str, Any] = {"server": "ldap.example.net", "base_dn": "dc=example,dc=net", "ca": CA}
USER = {"username": "cn=dhcp", "password": "sEcReT"}
CLEAR = {"server": "ldap.example.net", "base_dn": "dc=x", "ssl": False}


def statements(**ldap: Any) -> set[str]:
    return {line for line in render({"ldap": ldap}).splitlines() if line.startswith("ldap-")}


def test_nothing_of_tls_is_left_to_the_image() -> None:
    assert statements(**LDAP, **USER) == {
        'ldap-server "ldap.example.net";', 'ldap-base-dn "dc=example,dc=net";', "ldap-port 389;",
        'ldap-username "cn=dhcp";', 'ldap-password "sEcReT";', "ldap-method static;",
        "ldap-ssl start_tls;", "ldap-tls-reqcert demand;", 'ldap-tls-ca-file "/etc/dhcp/ldap-ca.pem";',
    }  # fmt: skip


def test_pem_texts_become_files_of_the_release() -> None:
    model = {"ldap": {**LDAP, "certificate": CA, "key": KEY, "timeout": 3}}
    assert ldap_files(model) == {"ldap-ca.pem": CA, "ldap-certificate.pem": CA, "ldap-key.pem": KEY}
    assert 'ldap-tls-key "/etc/dhcp/ldap-key.pem";' in render(model) and "MHcC" not in render(model)
    assert ldap_files({}) == ldap_files({"ldap": {}}) == {} and "ldap" not in render({"ldap": {}})


@pytest.mark.parametrize(
    "ldap",
    [
        {**LDAP, "ssl": "ldaps"},
        {**LDAP, "ssl": True, "port": 636},
        {**CLEAR, "insecure": True},
        {**CLEAR, "server": "127.0.0.1"},
        {**LDAP, "tls_reqcert": "never", "insecure": True},
        {"server": "[2001:db8::1]", "base_dn": "dc=x", "tls_ca_dir": "/etc/ssl/certs", "tls_reqcert": "hard"},
    ],
)
def test_what_is_sound(ldap: dict[str, Any]) -> None:
    assert problems({"ldap": ldap}) == []


def test_ldaps_has_a_port_of_its_own_and_off_is_a_word() -> None:
    assert {"ldap-ssl ldaps;", "ldap-port 636;"} <= statements(**LDAP, ssl="ldaps")
    assert "ldap-ssl off;" in statements(**CLEAR, insecure=True)
    assert not any("tls" in line for line in statements(**CLEAR, insecure=True))


@pytest.mark.parametrize(
    ("ldap", "expected"),
    [
        ({"base_dn": "dc=x", "ca": CA}, "dhcpd_container_ldap: the key server is missing"),
        ({"server": "a", "ca": CA}, "dhcpd_container_ldap: the key base_dn is missing"),
        ({**LDAP, "pasword": "x"}, "unknown key 'pasword'; did you mean password?"),
        ({**LDAP, "server": "ldap://a"}, ".server: 'ldap://a' is no server; give its name"),
        ({**LDAP, "server": "2001:db8::1"}, "IPv6 in brackets"),
        ({**LDAP, "username": "cn=a"}, "username and password belong together"),
        ({**LDAP, **USER, "password": ""}, ".password: is empty"),
        ({**LDAP, "base_dn": ""}, ".base_dn: is empty"),
        ({**LDAP, "ssl": ["off"]}, ".ssl: ['off'] is not allowed"),
        ({**LDAP, **USER, "password": 1}, ".password: is not text"),
        ({**LDAP, "key": KEY}, "certificate and key belong together"),
        ({**LDAP, "certificate": CA, "key": "sEcReT"}, ".key: is no PEM text with a line BEGIN PRIVATE KEY"),
        ({**LDAP, "ca": "/etc/ca.pem"}, ".ca: is no PEM text with a line BEGIN CERTIFICATE"),
        ({**LDAP, "tls_ca_file": "/x"}, ".ca: tls_ca_file is there too; give one of the two"),
        ({**LDAP, "ssl": "tls"}, ".ssl: 'tls' is not allowed; give one of off, on, ldaps, start_tls"),
        ({**LDAP, "method": "x"}, ".method: 'x' is not allowed; give one of static, dynamic"),
        ({**LDAP, "timeout": 0}, ".timeout: 0"),
        ({**LDAP, "insecure": "yes"}, ".insecure: 'yes' is neither true nor false"),
        (CLEAR, ".ssl: anyone on the way could read the password and change the configuration"),
        ({**LDAP, "tls_reqcert": "never"}, ".tls_reqcert: never lets anyone be the server; give demand"),
        ({**LDAP, "tls_reqcert": "try"}, "or accept it with dhcpd_container_ldap.insecure: true"),
        ({"server": "a", "base_dn": "dc=x"}, "nothing says who may sign the server's certificate"),
        ([], "dhcpd_container_ldap: [] is not a mapping"),
    ],
)
def test_problem(ldap: Any, expected: str) -> None:
    (problem,) = problems({"ldap": ldap})
    assert expected in problem and "sEcReT" not in problem


def test_what_the_directory_may_declare_is_not_missed() -> None:
    host = {"host": "a", "hardware_ethernet": "00:00:5e:00:53:01", "fixed_address": "198.51.100.10"}
    assert problems({"reservations": [host]}) and not problems({"reservations": [host], "ldap": LDAP})


@pytest.mark.parametrize(
    ("texts", "url"),
    [
        (['ldap-server "a"; ldap-port 389; ldap-base-dn "dc=x y"; ldap-password "p";'], "ldap://a:389/dc=x%20y"),
        (["LDAP-SERVER a.example; ldap-ssl ldaps;", "ldap-port 636;"], "ldaps://a.example:389/"),
        (['ldap-server "a"; ldap-port 636; ldap-ssl on;'], "ldaps://a:636/"),
        (['# ldap-server "a";', 'option x "ldap-server";'], None),
        (['ldap-server "a'], None),
        ([], None),
    ],
)
def test_the_directory_of_a_configuration_never_with_its_password(texts: list[str], url: str | None) -> None:
    assert directory_of(texts) == url


@pytest.mark.parametrize(
    ("words", "look"),
    [
        ("Error: Cannot start TLS session to a:389: Connect error", "not signed by dhcpd_container_ldap.ca"),
        ("Error: Cannot start TLS session to a:389: Can't contact LDAP server", "does not answer there"),
        ("Error: Cannot start TLS session to a:389: Timed out", "does not answer there"),
        ("LDAPS session successfully enabled to a:636\nError: Cannot login into ldap server a:636: Can't contact LDAP"
         " server", "with ldaps has a certificate"),
        ("Error: Cannot login into ldap server a:389: Invalid credentials", "dhcpd_container_ldap.password"),
        ("Error: Cannot login into ldap server a:389: Confidentiality required", "dhcpd_container_ldap.ssl"),
        ("Cannot find host LDAP entry a (&(objectClass=dhcpServer)(cn=a))", "no dhcpd_container_ldap.base_dn"),
        ("Error: Cannot find LDAP entry matching (&(objectClass=dhcpServer)(cn=a))", "dhcp_server_cn"),
        ("TLS session successfully started to a:389\nit did not end within 45 s", "sizelimit"),
    ],
)  # fmt: skip
def test_what_dhcpd_says_has_a_place_to_look_at(words: str, look: str) -> None:
    assert hint(words).startswith(" That is, ") and hint(words).endswith(".") and look in hint(words)


def test_other_words_have_none() -> None:
    assert hint("dhcpd.conf line 1: semicolon expected. TLS session successfully started to a:389") == ""

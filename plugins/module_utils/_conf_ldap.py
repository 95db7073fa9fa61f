# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dhcpd.conf says of the directory that holds the rest: server, TLS, password.

Nothing is left to libldap's own defaults, which ldap.conf(5) of an image may change.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_core import Core, at, isc
from ansible_collections.quadlet.dhcpd.plugins.module_utils._statements import LDAP, format_kind
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, parse_integer, show

#: PEM texts that become files of the release: by key, the file, dhcpd's statement for it and what its head says.
FILES = {
    "ca": ("ldap-ca.pem", "tls_ca_file", "CERTIFICATE"),
    "certificate": ("ldap-certificate.pem", "tls_cert", "CERTIFICATE"),
    "key": ("ldap-key.pem", "tls_key", "PRIVATE KEY"),
}
_KEYS = (*LDAP, *FILES, "timeout", "insecure")
_LOCAL = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")
_SOURCE = "docs/ldap.md"


def ldap_files(model: dict[str, Any]) -> dict[str, str]:
    """Return the files that the key `ldap` of a sound model adds to a release: path -> text."""
    return {FILES[key][0]: model["ldap"][key] for key in FILES if key in model.get("ldap", {})}


def put_ldap(core: Core, model: dict[str, Any]) -> None:
    """Put dhcpd's statements about LDAP; note what would let anyone read the password or feed dhcpd."""
    path = at("", "ldap")
    ldap = core.mapping(path, model["ldap"], _KEYS, required=("server", "base_dn") if model["ldap"] else ())
    if not ldap:
        return
    # The directory may declare what the model doesn't.
    core.has_unseen, core.places.all_subnets_known = True, False
    said = {key: value for key, value in ldap.items() if key in LDAP}
    tls = ldap.get("ssl", "start_tls")
    said["ssl"] = ("on" if tls else "off") if isinstance(tls, bool) else tls  # YAML takes a bare word for a flag
    said.setdefault("port", 636 if said["ssl"] == "ldaps" else 389)
    said.setdefault("method", "static")
    if said["ssl"] != "off":
        said.setdefault("tls_reqcert", "demand")
    for key, (name, statement, head) in FILES.items():
        if key not in ldap:
            continue
        if statement in ldap:
            core.problem(at(path, key), f"{statement} is there too; give one of the two", _SOURCE)
        if not isinstance(ldap[key], str) or not re.search(rf"-----BEGIN [A-Z ]*{head}-----\n", ldap[key]):
            core.problem(at(path, key), f"is no PEM text with a line BEGIN {head}; give the file's content", _SOURCE)
        said[statement] = f"/etc/dhcp/{name}"
    core.parsed(path, ldap, "timeout", functools.partial(parse_integer, 1, 3600), _SOURCE)
    _check(core, path, ldap, said)
    for name in sorted(said):
        if said[name] == "":
            continue
        try:
            core.put(f"ldap-{isc(name)} {format_kind(LDAP[name], said[name])};")
        except ValueProblem as problem:
            shown = "is not text; give text, in quotes" if name == "password" else str(problem)
            core.problem(at(path, name), shown, _SOURCE)


def _check(core: Core, path: str, ldap: dict[str, Any], said: dict[str, Any]) -> None:
    server = ldap.get("server")
    if isinstance(server, str) and not re.fullmatch(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]", server):
        text = f"{show(server)} is no server; give its name or address without ldap:// and port, IPv6 in brackets"
        core.problem(at(path, "server"), text, _SOURCE)
    for one, other in (("username", "password"), ("certificate", "key")):
        if (one in ldap) != (other in ldap):
            core.problem(path, f"{one} and {other} belong together; give both or neither", _SOURCE)
    # Without a base dhcpd passes over LDAP, and a name with an empty password is taken for nobody's (RFC 4513, 5.1.2).
    for key in ldap:
        if ldap[key] == "":
            core.problem(at(path, key), "is empty; give it, or leave the key out", _SOURCE)
    if not isinstance(ldap.get("insecure", False), bool):
        core.problem(at(path, "insecure"), f"{show(ldap['insecure'])} is neither true nor false", _SOURCE)
    if ldap.get("insecure") is True or _LOCAL.fullmatch(str(server)):
        return
    accept = f"or accept it with {at(path, 'insecure')}: true"
    if said["ssl"] == "off":
        text = "anyone on the way could read the password and change the configuration; give start_tls or ldaps"
        core.problem(at(path, "ssl"), f"{text}, {accept}", _SOURCE)
    elif said.get("tls_reqcert") in ("never", "allow", "try"):
        text = f"{said['tls_reqcert']} lets anyone be the server; give demand"
        core.problem(at(path, "tls_reqcert"), f"{text}, {accept}", _SOURCE)
    elif not {"tls_ca_file", "tls_ca_dir"} & set(said):
        core.problem(path, "nothing says who may sign the server's certificate; give ca, the PEM text", _SOURCE)

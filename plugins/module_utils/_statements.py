# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of dhcpd.conf(5) that set one value, with their types.

The table is the one of dhcpd itself (server/stables.c of ISC DHCP 4.4.3); tests/oracle/test_statements_oracle.py
asks it. Not in it: the three lease times, which are keys of their own, and what an inventory must not say because
the unit says it (where the lease file and the process id are).
"""

from __future__ import annotations

import difflib
import functools
import re

from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import domain_name, format_value, quote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, show

_NAMES_BY_TYPE = {
    "time": """
        abandon-lease-time ddns-ttl dynamic-bootp-lease-cutoff ping-cltt-secs ping-timeout ping-timeout-ms
        preferred-lifetime""",
    "uint8": "adaptive-lease-time-threshold dhcp-cache-threshold log-threshold-high log-threshold-low min-secs",
    "uint16": "delayed-ack local-port omapi-port remote-port",
    "uint32": "dynamic-bootp-lease-length limit-addrs-per-ia limit-prefs-per-ia max-ack-delay",
    "flag": """
        allow-booting allow-bootp always-broadcast always-reply-rfc1048 bind-local-address6 boot-unknown-clients
        check-secs-byte-order client-updates ddns-dual-stack-mixed-mode ddns-guard-id-must-match
        ddns-other-guard-is-dynamic ddns-updates declines dhcpv6-set-tee-times do-forward-updates do-reverse-updates
        dont-use-fsync duplicates dynamic-bootp echo-client-id fqdn-reply get-lease-hostnames ignore-client-uids
        infinite-is-reserved leasequery one-lease-per-client ping-check release-on-roam server-id-check
        stash-agent-options update-conflict-detection update-optimization update-static-leases use-host-decl-names
        use-lease-addr-for-default-route""",
    "text": "ddns-domainname ddns-hostname ddns-rev-domainname filename server-name",
    "ip-address": "ddns-local-address4 limited-broadcast-address local-address next-server server-identifier",
    "string": "site-option-space",
    "ip6-address": "ddns-local-address6 local-address6",
    "space": "vendor-option-space",
    "key": "omapi-key",
    "one of none, interim, standard": "ddns-update-style",
    "one of ignore, prefer, exact, minimum, maximum": "prefix-length-mode",
    "one of hex, octal": "lease-id-format",
    "one of default, local": "db-time-format",
    "one of " + ", ".join(
        ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"]
        + [f"local{number}" for number in range(8)]
    ): "log-facility",
}  # fmt: skip

#: Every statement that `statements` may hold, with its type.
STATEMENTS: dict[str, str] = {name: kind for kind, names in _NAMES_BY_TYPE.items() for name in names.split()}

#: Statements that only the outermost level takes: dhcpd reads them once, or doesn't look for them elsewhere.
GLOBAL_ONLY = frozenset(
    name
    for names in """
    abandon-lease-time bind-local-address6 check-secs-byte-order db-time-format ddns-local-address4
    ddns-local-address6 delayed-ack dont-use-fsync
    lease-id-format limited-broadcast-address local-address local-address6 local-port log-facility max-ack-delay
    omapi-key omapi-port prefix-length-mode release-on-roam remote-port server-id-check ddns-update-style
    update-conflict-detection""".splitlines()
    for name in names.split()
)

#: Those that take no expression: they aren't options to dhcpd.
_NO_EXPRESSION = frozenset(["lease-id-format", "db-time-format"])

#: What `allow`, `deny` and `ignore` can be said of outside of pools (dhcpd.conf(5), allow and deny).
PERMISSIONS = (
    "bootp",
    "booting",
    "client-updates",
    "declines",
    "duplicates",
    "dynamic-bootp",
    "leasequery",
    "unknown-clients",
)

#: The statements of a dhcpd that was built with LDAP (server/ldap.c; ISC's own build is not, an image may be).
LDAP: dict[str, str] = {
    "base_dn": "text",
    "debug_file": "text",
    "dhcp_server_cn": "text",
    "gssapi_keytab": "text",
    "gssapi_principal": "text",
    "init_retry": "uint32",
    "method": "one of static, dynamic",
    "password": "text",
    "port": "uint32",
    "referrals": "flag",
    "server": "text",
    "ssl": "one of off, on, ldaps, start_tls",
    "tls_ca_dir": "text",
    "tls_ca_file": "text",
    "tls_cert": "text",
    "tls_ciphers": "text",
    "tls_crlcheck": "one of none, peer, all",
    "tls_key": "text",
    "tls_randfile": "text",
    "tls_reqcert": "one of never, hard, demand, allow, try",
    "username": "text",
}

_SPACE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def takes_expression(name: str) -> bool:
    """Whether the statement's value may be an expression that dhcpd evaluates for each client."""
    return name not in GLOBAL_ONLY and name not in _NO_EXPRESSION


def format_statement(name: str, value: object) -> str:
    """Return the value of a statement as dhcpd.conf(5) writes it. Raises ValueProblem, and KeyError."""
    return format_kind(STATEMENTS[name], value)


def format_kind(kind: str, value: object) -> str:
    """Return a value of one of the types above as dhcpd.conf(5) writes it. Raises ValueProblem."""
    if kind.startswith("one of "):
        words = kind[len("one of ") :]
        if not isinstance(value, str) or value not in words.split(", "):
            raise ValueProblem(f"{show(value)} is not allowed; give one of {words}")
        return str(value)
    if kind == "space":
        if not isinstance(value, str) or not _SPACE.fullmatch(value):
            raise ValueProblem(f"{show(value)} is not the name of an option space")
        return str(value)
    if kind == "key":
        return domain_name(value)
    if kind == "text":
        return quote(value)
    return format_value(kind, value)


@functools.lru_cache(maxsize=1024)
def unknown_statement(name: str) -> str:
    """Return why `name`, which is not in STATEMENTS, is refused: a clause for a message."""
    if name in ("default-lease-time", "max-lease-time", "min-lease-time"):
        return f"it has a key of its own, {name.replace('-', '_')}"
    if name in ("lease-file-name", "pid-file-name", "dhcpv6-lease-file-name", "dhcpv6-pid-file-name"):
        return "the service's unit says where that file is"
    if name == "authoritative":
        return "it has a key of its own, authoritative"
    near = difflib.get_close_matches(name.lower().replace("_", "-"), STATEMENTS, n=1)
    rest = "what is no statement of dhcpd.conf(5) with one value goes into raw"
    return f"did you mean {near[0]}? If not: {rest}" if near else rest

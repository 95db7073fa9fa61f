# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option that dhcpd knows by itself, with its type.

The types are in the words of dhcp-options(5); `array of` and `{...}` (a record) as in its section on
defining new options. Where the manual page and dhcpd 4.4.3-P1 differ (it calls host-name a string, dhcpd
takes no hexadecimal for it), the table says what dhcpd takes: tests/oracle/test_options_oracle.py asks it.
"""

from __future__ import annotations

_NAMES_BY_TYPE = {
    "ip-address": "broadcast-address router-solicitation-address subnet-mask subnet-selection swap-server",
    "array of ip-address": """
        bcms-controller-address capwap-ac-v4 cookie-servers domain-name-servers finger-server font-servers
        ien116-name-servers impress-servers ipv4-address-andsf irc-server log-servers lpr-servers
        mobile-ip-home-agent nds-servers netbios-dd-server netbios-name-servers netinfo-server-address
        nis-servers nisplus-servers nntp-server ntp-servers pana-agent pop-server resource-location-servers
        routers smtp-server streettalk-directory-assistance-server streettalk-server tftp-server-address
        time-servers www-server x-display-manager""",
    "array of {ip-address, ip-address}": "policy-filter static-routes",
    "flag": """
        all-subnets-local ieee802-3-encapsulation ip-forwarding mask-supplier non-local-source-routing
        perform-mask-discovery router-discovery tcp-keepalive-garbage trailer-encapsulation""",
    "uint8": "auto-config default-ip-ttl default-tcp-ttl netbios-node-type",
    "uint16": "boot-size dhcp-max-message-size interface-mtu max-dgram-reassembly",
    "uint32": """
        arp-cache-timeout dhcp-rebinding-time dhcp-renewal-time loader-reboottime path-mtu-aging-timeout
        tcp-keepalive-interval v6-only-preferred""",
    "int32": "time-offset",
    "array of uint8": "dhcp-parameter-request-list",
    "array of uint16": "name-service-search path-mtu-plateau-table pxe-system-type",
    "text": """
        bootfile-name default-url domain-name extensions-path host-name loader-configfile loader-pathprefix
        merit-dump nds-context nds-tree-name netbios-scope netinfo-server-tag nis-domain nisplus-domain
        nwip-domain pcode root-path tcode tftp-server-name uap-servers user-class v4-captive-portal""",
    "string": """
        dhcp-client-identifier geoconf-civic nwip-suboptions vendor-class-identifier
        vendor-encapsulated-options vivco vivso""",
    "domain-name": "v4-access-domain v4-lost",
    "domain-list": "bcms-controller-names domain-search sip-ua-cs-domains",
    "{uint8, uint8, uint8}": "pxe-interface-id",
    "{uint8, uint8, uint16}": "v4-portparams",
    "{uint8, string}": "pxe-client-id",
    "{uint8, ip-address, ip-address, domain-list}": "rdnss-selection",
    "{uint8, uint8, ip6-address, array of ip-address}": "option-6rd",
    "{flag, array of ip-address}": "slp-directory-agent",
    "{flag, text}": "slp-service-scope",
}

#: The options of the space `dhcp`, whose name is left out.
OPTIONS: dict[str, str] = {name: kind for kind, names in _NAMES_BY_TYPE.items() for name in names.split()}

#: Options that dhcp-options(5) calls not (directly) user configurable, and what to do instead.
NOT_CONFIGURABLE = {
    "associated-ip": "dhcpd fills it in",
    "client-last-transaction-time": "dhcpd fills it in",
    "dhcp-lease-time": "use default_lease_time and max_lease_time",
    "dhcp-message": "dhcpd fills it in",
    "dhcp-message-type": "dhcpd fills it in",
    "dhcp-option-overload": "dhcpd fills it in",
    "dhcp-requested-address": "only a client sends it",
    "dhcp-server-identifier": "use the statement server-identifier",
    "relay-agent-information": "only a relay sends it",
    "dhcp6.dhcpv4-msg": "it carries a message of DHCPv4",
    "dhcp6.reconf-msg": "dhcpd sends no Reconfigure",
    "dhcp6.relay-source-port": "only a relay sends it",
    "dhcp6.status-code": "dhcpd says it itself",
}

_NAMES6_BY_TYPE = {
    "ip6-address": "link-address unicast",
    "array of ip6-address": """
        bcms-server-a capwap-ac-v6 dhcp4-o-dhcp6-server ipv6-address-andsf lq-client-link name-servers nis-servers
        nisp-servers pana-agent sip-servers-addresses sntp-servers""",
    "uint8": "preference",
    "uint16": "elapsed-time",
    "uint32": "clt-time inf-max-rt solmax-rt",
    "time": "info-refresh-time",
    "array of uint16": "client-arch-type ero oro",
    "text": "bootfile-url new-posix-timezone new-tzdb-timezone v6-captive-portal",
    "string": """
        bootfile-param client-data client-id client-linklayer-addr fqdn geoconf-civic ia-addr ia-na ia-pd ia-prefix
        ia-ta interface-id lq-query relay-id relay-msg remote-id server-id subscriber-id vendor-opts""",
    "domain-name": "aftr-name erp-local-domain-name v6-access-domain v6-lost",
    "domain-list": "bcms-server-d domain-search nis-domain-name nisp-domain-name sip-servers-names sip-ua-cs-list",
    "zerolen": "rapid-commit reconf-accept",
    "{uint8, uint8, uint8}": "nii",
    "{ip6-address, string}": "lq-relay-data",
    "{ip6-address, uint8, domain-list}": "rdnss-selection",
}

_OTHER_SPACES = {
    "flag": "fqdn.encoded fqdn.no-client-update fqdn.server-update nwip.nsq-broadcast nwip.nwip-1-1",
    "uint8": "fqdn.rcode1 fqdn.rcode2 nwip.autoretries nwip.autoretry-secs",
    "text": "fqdn.domainname fqdn.fqdn fqdn.hostname isc.media",
    "ip-address": "agent.agent-id agent.link-selection nwip.primary-dss",
    "array of ip-address": "nwip.nearest-nwip-server nwip.preferred-dss",
    "uint32": "agent.docsis-device-class",
    "zerolen": "agent.relay-port",
    "string": "agent.circuit-id agent.remote-id isc.update-assist vendor-class.isc vendor.isc",
}

#: The options of all other spaces, by `space.name`.
SPACED_OPTIONS: dict[str, str] = {
    **{f"dhcp6.{name}": kind for kind, names in _NAMES6_BY_TYPE.items() for name in names.split()},
    **{name: kind for kind, names in _OTHER_SPACES.items() for name in names.split()},
}

#: Spaces that dhcpd has without a declaration (common/tables.c, server/stables.c).
BUILT_IN_SPACES = frozenset(
    ["dhcp", "dhcp6", "agent", "server", "fqdn", "fqdn6", "nwip", "isc", "vendor", "vendor-class", "vsio", "loader"]
)

#: What a relay or a client sends, to be asked for in an expression and set by nobody.
READ_ONLY_SPACES = ("agent.", "server.")

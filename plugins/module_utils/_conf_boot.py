# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client boots: by BOOTP, PXE and UEFI HTTP, by the architecture that it says it has (RFC 4578, 2.1)."""

from __future__ import annotations

from typing import Any, Iterator

from ansible_collections.quadlet.dhcpd.plugins.module_utils._options import quote
from ansible_collections.quadlet.dhcpd.plugins.module_utils._values import ValueProblem, parse_ipv4, show

#: The processor architecture types of IANA's registry, by a name. Firmware of x64 says 7 or 9.
ARCHITECTURES: dict[str, tuple[int, ...]] = {
    "x86_bios": (0,),
    "x86_uefi": (6,),
    "x64_uefi": (7, 9),
    "arm32_uefi": (10,),
    "arm64_uefi": (11,),
    "x86_uefi_http": (15,),
    "x64_uefi_http": (16,),
    "arm32_uefi_http": (18,),
    "arm64_uefi_http": (19,),
    "riscv64_uefi": (27,),
    "riscv64_uefi_http": (28,),
}
_HTTP = frozenset([15, 16, 17, 18, 19, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38])

BOOT = ("next_server", "server_name", "filename", "ipxe", "by_architecture")


class BootProblem(ValueError):
    """A value is not what it must be; `key` is the rest of its path."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key


def boot_lines(boot: dict[str, Any], family: int) -> Iterator[str]:
    """Yield the statements. Raises BootProblem.

    iPXE says what it is, and comes first: it is what was booted by its architecture a moment before. A file is the
    name that a TFTP server knows; a URL is for firmware that boots by HTTP, which also wants to see its own class.
    """
    if family == 6:
        for key in ("next_server", "server_name"):
            if key in boot:
                raise BootProblem(f".{key}", "has no meaning for DHCPv6; the URL in filename says the server")
    if "next_server" in boot:
        yield f"next-server {_parsed('.next_server', parse_ipv4, boot['next_server'])};"
    if "server_name" in boot:
        yield f"server-name {_parsed('.server_name', quote, boot['server_name'])};"
    if "filename" in boot:
        yield _file(".filename", boot["filename"], family)
    branches = list(_branches(boot, family))
    for index, (test, lines) in enumerate(branches):
        yield f"{'} els' if index else ''}if {test} {{"
        for line in lines:
            yield f"  {line}"
    if branches:
        yield "}"


def _branches(boot: dict[str, Any], family: int) -> Iterator[tuple[str, list[str]]]:
    if "ipxe" in boot:
        if family == 6:
            raise BootProblem(".ipxe", "dhcpd knows no user class of DHCPv6; define one, and use conditionals")
        yield 'exists user-class and option user-class = "iPXE"', [_file(".ipxe", boot["ipxe"], family)]
    files = boot.get("by_architecture", {})
    if not isinstance(files, dict):
        raise BootProblem(".by_architecture", f"{show(files)} is not a mapping; give architectures and their files")
    option = "pxe-system-type" if family == 4 else "dhcp6.client-arch-type"
    for name, file in files.items():
        key = f".by_architecture.{name}"
        numbers = ARCHITECTURES.get(name) if isinstance(name, str) else None
        if numbers is None and isinstance(name, int) and not isinstance(name, bool) and 0 <= name <= 0xFFFF:
            numbers = (int(name),)
        if numbers is None:
            text = f"{show(name)} is no architecture; give one of {', '.join(ARCHITECTURES)}, or its number"
            raise BootProblem(".by_architecture", text)
        tests = [f"substring(option {option}, 0, 2) = {number >> 8:02x}:{number & 0xFF:02x}" for number in numbers]
        lines = [_file(key, file, family)]
        if family == 4 and numbers[0] in _HTTP:
            lines.insert(0, 'option vendor-class-identifier "HTTPClient";')
        yield " or ".join(tests), lines


def _file(key: str, value: object, family: int) -> str:
    text = _parsed(key, quote, value)
    # The field of the packet has 128 bytes, the last one NUL (RFC 2131, 2).
    if family == 4 and isinstance(value, str) and len(value.encode()) > 127:
        raise BootProblem(key, f"{show(value)} is longer than the 127 bytes that a packet holds")
    return f"filename {text};" if family == 4 else f"option dhcp6.bootfile-url {text};"


def _parsed(key: str, parser: Any, value: object) -> str:
    try:
        return str(parser(value))
    except ValueProblem as problem:
        raise BootProblem(key, str(problem)) from None

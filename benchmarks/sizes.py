# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of the images, beside dhcpd and libc alone, which no image with this dhcpd can be smaller than.

molecule/lab images && .cache/venv/bin/python benchmarks/sizes.py
"""

from __future__ import annotations

import io
import json
import lzma
import sys
import tarfile
import zlib
from pathlib import Path
from typing import NamedTuple

import report

IMAGES = Path(__file__).resolve().parents[1] / ".cache/images"
TAG = "4.4.3-P1-1"
NAMES = {
    "minimal": "dhcpd",
    "minimal, with LDAP": "dhcpd-ldap",
    "on Debian": "dhcpd-debian",
    "on Debian, with LDAP": "dhcpd-ldap-debian",
}
FLOOR = ("usr/sbin/dhcpd", "libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1")


class Sizes(NamedTuple):
    """Of an image, in bytes: its files' content, its archive, that compressed by gzip and by xz, the files' number."""

    content: int
    archive: int
    gzip: int
    xz: int
    files: int
    floor: int


def measure(archive: Path) -> Sizes:
    content = files = floor = 0
    data = archive.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(data)) as image:
        layers = json.load(image.extractfile("manifest.json"))[0]["Layers"]
        for layer in layers:
            with tarfile.open(fileobj=image.extractfile(layer)) as tree:
                for member in filter(tarfile.TarInfo.isreg, tree):
                    files += 1
                    content += member.size
                    floor += member.size * member.name.endswith(FLOOR)
    return Sizes(content, len(data), len(zlib.compress(data, 9)), len(lzma.compress(data)), files, floor)


def main() -> int:
    found = {label: measure(IMAGES / f"{name}-{TAG}.tar") for label, name in NAMES.items()}
    floor = found["minimal"].floor
    rows = [["dhcpd and libc alone", f"{floor / 1e6:.2f} MB", "", "", "", "3", "1.00"]]
    for label, size in found.items():
        sizes = [f"{number / 1e6:.2f} MB" for number in size[:4]]
        rows.append([label, *sizes, f"{size.files:,}", f"{size.content / floor:.2f}"])
    rows += [[f"the seed's, {what}", size, "", "", "", "", f"{float(size[:-3]) * 1e6 / floor:.2f}"]
             for what, size in (("from scratch", "16.3 MB"), ("on a distribution", "172 MB"))]  # fmt: skip
    bars = [("dhcpd and libc alone", floor), *((label, size.content) for label, size in found.items())]
    report.write(
        "sizes",
        "Sizes of the images",
        [
            "`benchmarks/sizes.py`: what the files of an image hold, its archive, that compressed, and how many files"
            " it has. The seed's sizes are those that it says of its own.",
        ],
        ["", "content", "archive", "gzip", "xz", "files", "of the floor"],
        rows,
        [(label, size / 1e6, size / 1e6, size / 1e6) for label, size in bars],
        "MB",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

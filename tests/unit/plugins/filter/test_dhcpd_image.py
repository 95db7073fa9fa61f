# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bill of materials is sound SPDX 2.3, by the tools of SPDX themselves, and names all that the image holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.quadlet.dhcpd.plugins.filter.dhcpd_image import dhcpd_image_sbom
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

PINS = yaml.safe_load((Path(__file__).resolve().parents[4] / "images/pins.yml").read_text())
LIBC = str(PINS["packages"]["libc6"]).split()
IMAGE = {"name": "localhost/dhcpd", "version": "4.4.3-P1-1", "id": "0a" * 32, "made": "from source"}
CONTENTS = [
    f"{'1a' * 20} {'1a' * 32} - /etc/passwd",
    f"{'2a' * 20} {'2a' * 32} libc6 /lib/x86_64-linux-gnu/libc.so.6",
    f"{'3a' * 20} {'3a' * 32} - /usr/sbin/dhcpd",
]


def sbom(installed: list[str], contents: list[str], from_source: bool = True) -> dict[str, Any]:
    return json.loads(dhcpd_image_sbom(IMAGE, PINS, installed, contents, from_source))


@pytest.mark.parametrize("contents", [CONTENTS, []])
@pytest.mark.parametrize("from_source", [True, False])
def test_the_tools_of_spdx_find_nothing_wrong(tmp_path: Path, contents: list[str], from_source: bool) -> None:
    path = tmp_path / "image.spdx.json"
    path.write_text(json.dumps(sbom([f"libc6 {LIBC[0]}", "libstdc++6 1:2~3+b1"], contents, from_source)))
    document = parse_file(str(path))
    assert [message.validation_message for message in validate_full_spdx_document(document)] == []


def test_a_minimal_image_holds_its_files_the_packages_that_they_are_of_and_the_source() -> None:
    found = sbom([f"libc6 {LIBC[0]}", "bash 5.2"], CONTENTS)
    names = {package["name"]: package for package in found["packages"]}
    assert set(names) == {"localhost/dhcpd", "isc-dhcp", "libc6"}
    assert names["libc6"]["checksums"] == [{"algorithm": "SHA256", "checksumValue": LIBC[1]}]
    assert names["isc-dhcp"]["checksums"][0]["checksumValue"] in PINS["source"]["files"].values()
    assert [file["fileName"] for file in found["files"]] == [
        "./etc/passwd", "./lib/x86_64-linux-gnu/libc.so.6", "./usr/sbin/dhcpd",
    ]  # fmt: skip
    made = {
        relation["spdxElementId"]: relation["relatedSpdxElement"]
        for relation in found["relationships"]
        if relation["relationshipType"] == "GENERATED_FROM"
    }
    assert made == {
        "SPDXRef-file-lib-2f-x86-5f-64-linux-gnu-2f-libc.so.6": "SPDXRef-package-libc6",
        "SPDXRef-file-usr-2f-sbin-2f-dhcpd": "SPDXRef-source-isc-dhcp",
    }


def test_a_package_that_is_not_as_pinned_has_no_checksum() -> None:
    (_image, _source, package) = sbom(["libc6 0"], [])["packages"]
    assert (package["name"], package["versionInfo"]) == ("libc6", "0") and "checksums" not in package


def test_a_file_of_a_package_that_was_not_installed_is_refused() -> None:
    with pytest.raises(ValueError, match="libc6: the image holds files of it"):
        sbom(["bash 5.2"], CONTENTS)


def test_a_line_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'x' is no line of images/contents"):
        sbom([], ["x"])

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bill of materials of an image, as SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/)."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Mapping, NamedTuple, Sequence
from urllib.parse import quote

SOURCE = "isc-dhcp"
NAMESPACE = "https://example.com/quadlet/dhcpd/spdx"


class Entry(NamedTuple):
    """A file of an image: its checksums in hex, the Debian package that it is of (or None), its path."""

    sha1: str
    sha256: str
    package: str | None
    path: str


def entries(lines: Sequence[str]) -> list[Entry]:
    """Read the lines of images/contents. Raises ValueError."""
    found = []
    for line in lines:
        words = line.split(" ", 3)
        if len(words) != 4:
            raise ValueError(f"{line!r} is no line of images/contents")
        found.append(Entry(words[0], words[1], None if words[2] == "-" else words[2], words[3]))
    return found


def document(
    image: Mapping[str, str],
    pins: Mapping[str, Any],
    installed: Mapping[str, str],
    files: Sequence[Entry],
    from_source: bool,
) -> dict[str, Any]:
    """The document that describes *image* (name, version, id, made).

    *installed* has the Debian packages of which it holds something, name to version; *pins* is images/pins.yml. A
    package that is in no pin (of a base of the user's own) has no checksum. *files* may be empty: the packages say it
    all then. The same image gives the same document.
    """
    image_ref = _ref("image", image["name"])
    packages: list[dict[str, Any]] = [
        {
            "SPDXID": image_ref,
            "name": image["name"],
            "versionInfo": image["version"],
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": bool(files),
            "primaryPackagePurpose": "CONTAINER",
            "checksums": [_sum("SHA256", image["id"])],
            "comment": f"{image['made']}; the checksum is podman's id of the image",
            **({"packageVerificationCode": {"packageVerificationCodeValue": _code(files)}} if files else {}),
        }
    ]
    relations = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", image_ref)]
    if from_source:
        packages.append(_source(pins))
        relations.append(_relation(image_ref, "CONTAINS", packages[-1]["SPDXID"]))
    for name, version in sorted(installed.items()):
        packages.append(_package(name, version, pins))
        relations.append(_relation(image_ref, "CONTAINS", packages[-1]["SPDXID"]))
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{image['name']}-{image['version']}",
        "documentNamespace": f"{NAMESPACE}/{image['id']}",
        "creationInfo": {"created": f"{pins['date']}T00:00:00Z", "creators": ["Tool: quadlet.dhcpd"]},
        "packages": packages,
        "files": [_file(entry) for entry in files],
        "relationships": [*relations, *_of_files(image_ref, files, installed, from_source)],
    }


def _code(files: Sequence[Entry]) -> str:
    """SPDX's package verification code: the SHA1 of all files' SHA1, in order."""
    sums = "".join(sorted(entry.sha1 for entry in files))
    return hashlib.new("sha1", sums.encode("ascii"), usedforsecurity=False).hexdigest()


def _source(pins: Mapping[str, Any]) -> dict[str, Any]:
    version, files = str(pins["source"]["version"]), pins["source"]["files"]
    original = next(name for name in files if ".orig." in name)
    return {
        "SPDXID": _ref("source", SOURCE),
        "name": SOURCE,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "packageFileName": original,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "SOURCE",
        "checksums": [_sum("SHA256", files[original])],
        "comment": "patched with " + ", ".join(f"{name} (SHA256 {files[name]})" for name in files if name != original),
        "licenseDeclared": "MPL-2.0",
        "externalRefs": [_purl(SOURCE, version, "source")],
    }


def _package(name: str, version: str, pins: Mapping[str, Any]) -> dict[str, Any]:
    pinned, _space, checksum = str(pins["packages"].get(name, "")).partition(" ")
    found = {
        "SPDXID": _ref("package", name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "externalRefs": [_purl(name, version, pins["architecture"])],
    }
    return {**found, "checksums": [_sum("SHA256", checksum)]} if pinned == version else found


def _file(entry: Entry) -> dict[str, Any]:
    return {
        "SPDXID": _ref("file", entry.path),
        "fileName": f".{entry.path}",
        "checksums": [_sum("SHA1", entry.sha1), _sum("SHA256", entry.sha256)],
    }


def _of_files(
    image_ref: str, files: Sequence[Entry], installed: Mapping[str, str], from_source: bool
) -> list[dict[str, str]]:
    found = []
    for entry in files:
        file_ref = _ref("file", entry.path)
        found.append(_relation(image_ref, "CONTAINS", file_ref))
        if entry.package in installed:
            found.append(_relation(file_ref, "GENERATED_FROM", _ref("package", str(entry.package))))
        elif from_source and entry.path.endswith("/dhcpd"):
            found.append(_relation(file_ref, "GENERATED_FROM", _ref("source", SOURCE)))
    return found


def _ref(kind: str, name: str) -> str:
    """An SPDXID: letters, digits, '.' and '-' alone."""
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", lambda found: f"-{ord(found.group()):x}-", name.strip("/"))


def _sum(algorithm: str, value: str) -> dict[str, str]:
    return {"algorithm": algorithm, "checksumValue": value}


def _purl(name: str, version: str, architecture: str) -> dict[str, str]:
    """A package URL of a Debian package."""
    return {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}",
    }


def _relation(element: str, kind: str, related: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}

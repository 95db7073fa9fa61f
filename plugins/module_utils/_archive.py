# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an image archive (`podman save`, docker-archive or oci-archive) holds, read on the controller."""

from __future__ import annotations

import json
import lzma
import re
import tarfile
import zlib
from typing import Any, NamedTuple


class ArchiveError(Exception):
    """Why a file is no image archive that podman could load."""


class ImageArchive(NamedTuple):
    """The one image in an archive: podman's id of it (64 hex digits) and the references that it was saved under."""

    image_id: str
    references: list[str]


def read(path: str) -> ImageArchive:
    """Read an archive's manifest. The id is the digest of the image's configuration, the same on every host.

    Raises ArchiveError.
    """
    try:
        with tarfile.open(path) as archive:
            return _docker(archive) if _has(archive, "manifest.json") else _oci(archive)
    except (
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
        tarfile.TarError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise ArchiveError(
            f"{path} is no image archive ({error}); make one with playbooks/build_image.yml or `podman save`"
        ) from error


def _docker(archive: tarfile.TarFile) -> ImageArchive:
    images = _json(archive, "manifest.json")
    if len(images) != 1:
        raise ValueError(f"it holds {len(images)} images, not one")
    return ImageArchive(_hex(images[0]["Config"]), list(images[0].get("RepoTags") or []))


def _oci(archive: tarfile.TarFile) -> ImageArchive:
    manifests = _json(archive, "index.json")["manifests"]
    if len(manifests) != 1:
        raise ValueError(f"it holds {len(manifests)} images, not one")
    algorithm, _colon, digest = manifests[0]["digest"].partition(":")
    manifest = _json(archive, f"blobs/{algorithm}/{digest}")
    name = (manifests[0].get("annotations") or {}).get("org.opencontainers.image.ref.name")
    return ImageArchive(_hex(manifest["config"]["digest"]), [name] if name else [])


def _has(archive: tarfile.TarFile, name: str) -> bool:
    try:
        archive.getmember(name)
    except KeyError:
        return False
    return True


def _json(archive: tarfile.TarFile, name: str) -> Any:
    member = archive.extractfile(name)
    if member is None:
        raise ValueError(f"{name} in it is no file")
    return json.load(member)


def _hex(name: str) -> str:
    found = re.search(r"[0-9a-f]{64}", name)
    if not found:
        raise ValueError(f"{name!r} is no sha256 digest")
    return found.group()

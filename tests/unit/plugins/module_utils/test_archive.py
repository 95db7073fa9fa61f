# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image archives as podman saves them, and everything that is none."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._archive import ArchiveError, ImageArchive, read

ID, OTHER = "a" * 64, "b" * 64
NAME = "localhost/dhcpd:4.4.3-P1-1"


def tar(path: Path, files: dict[str, Any], mode: str = "w") -> str:
    """Write a tar at *path*: bytes as they are, a directory for None, anything else as JSON."""
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type = tarfile.DIRTYPE
            data = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return str(path)


def docker(*tags: str, config: Any = f"{ID}.json") -> dict[str, Any]:
    return {"layer.tar": b"x" * 2000, "manifest.json": [{"Config": config, "RepoTags": list(tags) or None}]}


def oci(annotations: Any = None, config: str = f"sha256:{ID}") -> dict[str, Any]:
    return {
        "oci-layout": {"imageLayoutVersion": "1.0.0"},
        f"blobs/sha256/{OTHER}": {"config": {"digest": config}},
        "index.json": {"manifests": [{"digest": f"sha256:{OTHER}", "annotations": annotations}]},
    }


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (docker(NAME), ImageArchive(ID, [NAME])),
        (docker(NAME, "localhost/dhcpd:newest"), ImageArchive(ID, [NAME, "localhost/dhcpd:newest"])),
        (docker(), ImageArchive(ID, [])),
        (docker(NAME, config=f"blobs/sha256/{ID}"), ImageArchive(ID, [NAME])),
        (oci({"org.opencontainers.image.ref.name": NAME}), ImageArchive(ID, [NAME])),
        (oci({}), ImageArchive(ID, [])),
        (oci(), ImageArchive(ID, [])),
    ],
    ids=["docker", "docker, two tags", "docker, no tag", "docker, in blobs", "oci", "oci, no name", "oci, bare"],
)
def test_the_image_and_its_names_are_read(tmp_path: Path, files: dict[str, Any], expected: Any, mode: str) -> None:
    assert read(tar(tmp_path / "image.tar", files, mode)) == expected


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"manifest.json": [docker(NAME)["manifest.json"][0]] * 2}, "it holds 2 images, not one"),
        ({"manifest.json": []}, "it holds 0 images, not one"),
        ({"index.json": {"manifests": [{"digest": "sha256:x"}] * 2}}, "it holds 2 images, not one"),
        ({"etc/passwd": b"root"}, "index.json"),
        ({}, "index.json"),
        ({"manifest.json": b"{"}, ""),
        ({"manifest.json": None}, "manifest.json in it is no file"),
        ({"manifest.json": 5}, ""),
        ({"manifest.json": [5]}, ""),
        (docker(config="latest.json"), "'latest.json' is no sha256 digest"),
        (docker(config="A" * 64), "is no sha256 digest"),
        (oci(config="sha512:" + "a" * 63), "is no sha256 digest"),
        ({"index.json": oci()["index.json"]}, OTHER),
    ],
)
def test_a_tar_that_holds_no_single_image_says_why(tmp_path: Path, files: dict[str, Any], why: str) -> None:
    path = tar(tmp_path / "image.tar", files)
    with pytest.raises(ArchiveError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} is no image archive (") and why in str(error.value)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\0" * 1024])
def test_a_file_that_is_no_tar_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "image.tar").write_bytes(content)
    with pytest.raises(ArchiveError, match="image.tar is no image archive"):
        read(str(tmp_path / "image.tar"))


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.tar"):
        with pytest.raises(ArchiveError, match="make one with playbooks/build_image.yml"):
            read(str(path))


def test_a_truncated_archive_is_refused_or_read_right(tmp_path: Path) -> None:
    data = Path(tar(tmp_path / "whole.tar", docker(NAME))).read_bytes()
    results = []
    for length in range(0, len(data), 16):
        (tmp_path / "image.tar").write_bytes(data[:length])
        try:
            results.append(read(str(tmp_path / "image.tar")))
        except ArchiveError:
            results.append(None)
    assert results[0] is None and results[-1] == (ID, [NAME]) and set(map(str, results)) == {
        "None", str(ImageArchive(ID, [NAME])),
    }  # fmt: skip


@pytest.mark.parametrize("damage", ["cut off", "no data"])
def test_a_damaged_compressed_archive_is_refused(tmp_path: Path, damage: str) -> None:
    data = Path(tar(tmp_path / "image.tar", docker(NAME), "w:gz")).read_bytes()
    damaged = {"cut off": data[:-60], "no data": data[:3]}
    (tmp_path / "image.tar").write_bytes(damaged[damage])
    with pytest.raises(ArchiveError):
        read(str(tmp_path / "image.tar"))


def test_an_index_of_wrong_types_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        read(tar(tmp_path / "image.tar", {"index.json": {"manifests": [{"digest": 5}]}}))

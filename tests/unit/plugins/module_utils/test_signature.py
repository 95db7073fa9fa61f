# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive is what one of the inventory's keys has signed, by the real ssh-keygen, or it is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils import _signature
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
from ansible_collections.quadlet.dhcpd.plugins.module_utils._signature import NAMESPACE, key_problems, must_be_signed


def key(directory: Path, name: str, kind: str = "ed25519") -> str:
    """Make a key pair and return the public one."""
    path = directory / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "images, of 2026", "-f", path], check=True)
    return path.with_suffix(".pub").read_text()


def sign(directory: Path, name: str, archive: Path, namespace: str = NAMESPACE) -> Path:
    signature = archive.with_name(f"{archive.name}.sig")
    signature.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", directory / name, archive], check=True)
    return signature


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(bytes(range(256)) * 100)
    return path


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_what_one_of_the_keys_has_signed_is_taken(tmp_path: Path, archive: Path, kind: str) -> None:
    keys = [key(tmp_path, "old"), key(tmp_path, "new", kind)]
    assert key_problems("image_keys", keys) == []
    must_be_signed(archive, sign(tmp_path, "new", archive), keys, "localhost/dhcpd:1")


def refused(archive: Path, signature: Path, keys: list[str], error: str) -> None:
    with pytest.raises(ReleaseError, match=error):
        must_be_signed(archive, signature, keys, "localhost/dhcpd:1")


def test_an_altered_archive_is_refused(tmp_path: Path, archive: Path) -> None:
    public = key(tmp_path, "key")
    signature = sign(tmp_path, "key", archive)
    with archive.open("r+b") as file:
        file.seek(20_000)
        file.write(b"\0\0")
    refused(archive, signature, [public], "the archive of localhost/dhcpd:1 is not what was signed")


def test_a_signature_by_another_key_is_refused(tmp_path: Path, archive: Path) -> None:
    public = key(tmp_path, "key")
    key(tmp_path, "other")
    refused(archive, sign(tmp_path, "other", archive), [public], "or was signed with another key")


def test_a_signature_that_was_for_something_else_is_refused(tmp_path: Path, archive: Path) -> None:
    public = key(tmp_path, "key")
    refused(archive, sign(tmp_path, "key", archive, namespace="git"), [public], "ssh-keygen said")


@pytest.mark.parametrize("text", ["", "no signature"])
def test_what_is_no_signature_is_refused(tmp_path: Path, archive: Path, text: str) -> None:
    signature = tmp_path / "image.tar.sig"
    signature.write_text(text)
    refused(archive, signature, [key(tmp_path, "key")], "ssh-keygen said")


def test_a_host_without_ssh_keygen_is_told_what_to_install(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = key(tmp_path, "key")
    signature = sign(tmp_path, "key", archive)
    monkeypatch.setattr(_signature, "KEYGEN", str(tmp_path / "gone"))
    refused(archive, signature, [public], "this host has no .*gone to check the signature .* install openssh-client")


@pytest.mark.parametrize("name", ["key", "missing"])
def test_a_private_key_is_refused_and_not_shown(tmp_path: Path, name: str) -> None:
    key(tmp_path, "key")
    text = (tmp_path / name).read_text() if name == "key" else ""
    (problem,) = key_problems("image_keys", [text])
    assert problem.startswith("image_keys[0]: is no public key") and "PRIVATE" not in problem

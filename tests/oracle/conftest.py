# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real dhcpd to ask: the one of the image that the lab's hosts run, straight from the image's root file system.

    molecule/lab images && .cache/venv/bin/pytest tests/oracle

Each question is one process of some milliseconds; no container, no root and no network are needed. DHCPD may name
another dhcpd 4.4.3-P1.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Callable, Tuple

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / ".cache/images/dhcpd-4.4.3-P1-1.tar"
WITH_LDAP = ROOT / ".cache/images/dhcpd-ldap-4.4.3-P1-1.tar"
CORPUS = ROOT / "tests/corpus"

Oracle = Callable[..., Tuple[bool, str]]

settings.register_profile("oracle", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.load_profile("oracle")


def unpack(archive: Path, directory: Path) -> None:
    """Unpack the root file system of an image's archive, as podman save writes it."""
    with tarfile.open(archive) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))  # type: ignore[arg-type]
        for layer in manifest[0]["Layers"]:
            content = outer.extractfile(layer)
            assert content is not None
            with tarfile.open(fileobj=io.BytesIO(content.read())) as inner:
                for member in inner:
                    if member.isfile() or member.isdir() or member.issym():
                        member.uid = member.gid = os.getuid()
                        inner.extract(member, directory, set_attrs=False)


def pytest_configure() -> None:
    """Put a command that runs the image's dhcpd where DHCPD says, unless DHCPD names one already."""
    if not os.environ.get("DHCPD") and ARCHIVE.is_file():
        os.environ["DHCPD"] = str(command_of(ARCHIVE))


def command_of(archive: Path) -> Path:
    """Return a command that runs the dhcpd of an image's archive."""
    root = ROOT / ".cache/oracle" / archive.stem
    shutil.rmtree(root, ignore_errors=True)
    unpack(archive, root)
    loader = next(root.glob("lib*/ld-linux-*"))
    for path in (loader, root / "usr/sbin/dhcpd"):
        path.chmod(0o755)
    libraries = ":".join(str(path) for path in sorted({found.parent for found in root.glob("**/*.so*")}))
    script = root.with_suffix(".sh")
    script.write_text(
        f'#!/bin/sh\nexec "{loader}" --library-path "{libraries}" "{root}/usr/sbin/dhcpd" "$@"\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return script


@pytest.fixture(name="command", scope="session")
def fixture_command() -> list[str]:
    """Return the command that runs dhcpd. Without one the tests fail: a check that is skipped checks nothing."""
    command = os.environ.get("DHCPD", "")
    if not Path(command).is_file():
        pytest.fail(f"there is no {ARCHIVE}: run `molecule/lab images`, or set DHCPD to the path of a dhcpd 4.4.3-P1")
    return [command]


@pytest.fixture(name="dhcpd_with_ldap", scope="session")
def fixture_dhcpd_with_ldap(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    """Return what the fixture dhcpd does, for the image with LDAP."""
    if not WITH_LDAP.is_file():
        pytest.fail(f"there is no {WITH_LDAP}: run `molecule/lab images`")
    return asking([str(command_of(WITH_LDAP))], tmp_path_factory.mktemp("dhcpd"))


@pytest.fixture(name="dhcpd", scope="session")
def fixture_dhcpd(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    """Return a function that says whether dhcpd takes a configuration, and what it said."""
    return asking(command, tmp_path_factory.mktemp("dhcpd"))


def asking(command: list[str], directory: Path) -> Oracle:
    """Return a function that asks the dhcpd of *command*, by files in *directory*."""
    path = directory / "dhcpd.conf"
    # Files that a configuration includes are those of the corpus.
    for file in CORPUS.glob("*/*.conf"):
        copy = path.parent / file.relative_to(CORPUS)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(file.read_text(encoding="utf-8").replace("/etc/dhcp/", f"{path.parent}/"), encoding="utf-8")

    def ask(text: str, family: int = 4) -> tuple[bool, str]:
        path.write_text(text.replace("/etc/dhcp/", f"{path.parent}/"), encoding="utf-8", newline="")
        arguments = ["-t", f"-{family}", "-cf", str(path), "-lf", "/dev/null"]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, errors="replace", check=False, timeout=60
        )
        return done.returncode == 0, f"{text}\n{done.stderr}"

    return ask

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an image archive was signed with a key that the inventory names: ssh-keygen(1), -Y sign and -Y verify.

A host that is managed over ssh has ssh-keygen; gpgv and openssl it may lack.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError

NAMESPACE = "quadlet.dhcpd.image"
KEYGEN = "ssh-keygen"
_KEY = re.compile(
    r"(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-[\w@.-]+) [A-Za-z0-9+/]{40,}={0,3}(?: [^\n]*)?", re.ASCII
)


def key_problems(name: str, keys: Sequence[str]) -> list[str]:
    """What is wrong with *keys*, each to be a public key as ssh-keygen writes it; *name* is the variable."""
    return [
        # What it is isn't shown: it may be the private one.
        f"{name}[{number}]: is no public key of ssh-keygen; give the one line of its .pub file (ssh-ed25519 AAAA...)"
        for number, key in enumerate(keys)
        if not _KEY.fullmatch(str(key).strip())
    ]


def must_be_signed(archive: Path, signature: Path, keys: Sequence[str], image: str) -> None:
    """Raise ReleaseError unless *signature* is of the file *archive*, by one of *keys*. *image* is for the message."""
    with tempfile.TemporaryDirectory(prefix="dhcpd_release-", dir="/run") as directory, archive.open("rb") as signed:
        allowed = Path(directory) / "allowed_signers"
        lines = [f'dhcpd namespaces="{NAMESPACE}" {" ".join(key.split()[:2])}\n' for key in keys]
        allowed.write_text("".join(lines), encoding="ascii")
        command = [KEYGEN, "-Y", "verify", "-f", str(allowed), "-I", "dhcpd", "-n", NAMESPACE, "-s", str(signature)]
        try:
            # Ansible's own run_command would take the whole archive into memory.
            found = subprocess.run(command, stdin=signed, capture_output=True, text=True, timeout=300, check=False)
        except FileNotFoundError:
            raise ReleaseError(
                f"image_keys: this host has no {KEYGEN} to check the signature of the image {image} with; install"
                " openssh-client (Debian) or openssh (EL)"
            ) from None
        except subprocess.TimeoutExpired:
            raise ReleaseError(f"image_keys: {KEYGEN} did not end within 300 s") from None
    if found.returncode:
        said = " / ".join((found.stderr.strip() or found.stdout.strip()).splitlines()) or f"status {found.returncode}"
        raise ReleaseError(
            f"image_keys: the archive of {image} is not what was signed, or was signed with another key; nothing was"
            f" loaded or changed. Build it anew, or mend the keys. {KEYGEN} said: {said}"
        )

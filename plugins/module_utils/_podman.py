# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this collection asks of podman(1) and of quadlet (podman-systemd.unit(5)) on a host."""

from __future__ import annotations

import itertools
import json
import shlex
from pathlib import Path
from typing import Callable, Sequence, Tuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import redact
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Account, Image, ReleaseError

# Runs a command without a shell and returns exit status, stdout and stderr, as AnsibleModule.run_command does.
Runner = Callable[[Sequence[str]], Tuple[int, str, str]]

QUADLET = "/usr/libexec/podman/quadlet"
DHCPD = "/usr/sbin/dhcpd"
TEST_LIMIT = 45  # s; a dhcpd that tests its configuration for longer is in a loop: with LDAP it can be
OVER_TIME = 255  # podman-run(1), --timeout
TIMED_OUT = 124  # timeout(1); from here to 127 it is the trouble of podman-run(1) itself


class Podman:
    """podman and quadlet, through a runner that tests replace."""

    def __init__(self, run: Runner) -> None:
        self.run = run

    def is_installed(self) -> bool:
        """Whether this host has podman."""
        status, _out, err = self.run(["podman", "--version"])
        if status == TIMED_OUT:
            raise ReleaseError(err)
        return status == 0

    def find(self, reference: str) -> Image | None:
        """The image that this host has under *reference* (a name with a tag or digest, or an id), or None.

        Raises ReleaseError where podman can't say.
        """
        status, out, err = self.run(["podman", "image", "inspect", "--format", "{{.Id}}", reference])
        if status == 0:
            return Image(reference, out.strip())
        # Exit status 1 of podman-image-exists(1) is a clear no; anything else is podman's own trouble.
        if self.run(["podman", "image", "exists", reference])[0] != 1:
            raise ReleaseError(f"podman could not look for {reference}: {_last_lines(err)}")
        return None

    def pull(self, reference: str) -> None:
        """Get *reference* from its registry. Login and trust are podman's own (auth.json, policy.json)."""
        status, _out, err = self.run(["podman", "pull", "--quiet", reference])
        if status:
            raise ReleaseError(f"podman could not pull {reference}: {_last_lines(err)}")

    def load(self, archive: str, image_id: str, reference: str) -> None:
        """Load an image archive that holds the image *image_id*, and name it *reference*."""
        status, _out, err = self.run(["podman", "load", "--quiet", "--input", archive])
        if status:
            raise ReleaseError(f"podman could not load the image archive: {_last_lines(err)}")
        self.tag(image_id, reference)

    def save(self, image_id: str, archive: Path) -> None:
        """Write an archive (docker-archive) of the image."""
        status, _out, err = self.run(
            ["podman", "save", "--quiet", "--format=docker-archive", f"--output={archive}", image_id]
        )
        if status:
            raise ReleaseError(f"podman could not save the image {image_id[:12]}: {_last_lines(err)}")

    def labels(self, image_id: str) -> dict[str, str]:
        """The image's labels."""
        status, out, err = self.run(["podman", "image", "inspect", image_id])
        if status:
            raise ReleaseError(f"podman could not read the labels of {image_id[:12]}: {_last_lines(err)}")
        labels: dict[str, str] = json.loads(out)[0].get("Labels") or {}
        return labels

    def image_of_container(self, name: str) -> str | None:
        """The id of the image that a container runs, or None."""
        status, out, _err = self.run(["podman", "container", "inspect", "--format", "{{.Image}}", name])
        return out.strip() if status == 0 else None

    def tag(self, image_id: str, reference: str) -> None:
        """Let *reference* name the image *image_id*, for people who look at `podman images`."""
        status, _out, err = self.run(["podman", "tag", image_id, reference])
        if status:
            raise ReleaseError(f"{reference}: the image {image_id} is not there: {_last_lines(err)}")

    def refusal(
        self,
        image: Image,
        account: Account,
        directory: Path,
        arguments: Sequence[str],
        options: Sequence[str] = ("--network=none",),
    ) -> str | None:
        """What dhcpd, run in *image* as the service will be, has against the configuration in *directory*.

        *options* of podman-run(1) say what the test needs beside that: a network, where the configuration is in LDAP.
        Returns None where `dhcpd -t` (dhcpd(8)) accepts it, else dhcpd's own words.
        """
        status, out, err = self.run(
            [
                "podman",
                "run",
                "--rm",
                f"--timeout={TEST_LIMIT}",
                "--pull=never",
                *options,
                "--read-only",
                "--cap-drop=all",
                "--security-opt=no-new-privileges",
                "--log-driver=none",
                f"--user={account.uid}:{account.gid}",
                f"--volume={directory}:/etc/dhcp:ro,z",
                f"--entrypoint={DHCPD}",
                image.id,
                "-t",
                *arguments,
            ]  # fmt: skip
        )
        if TIMED_OUT <= status <= 127:  # podman-run(1)
            raise ReleaseError(f"podman could not run {DHCPD} of {image.reference} for a test: {_last_lines(err)}")
        if status == OVER_TIME:
            err += f"\nit did not end within {TEST_LIMIT} s"
        return None if status == 0 else dhcpd_words(err or out) or f"exit status {status}"

    def service_of(self, directory: Path, family: Family) -> str:
        """The text of the systemd service that quadlet makes of a family's unit in *directory*.

        Raises ReleaseError with quadlet's words where it makes none: an unknown key, say.
        """
        status, out, err = self.run(["env", f"QUADLET_UNIT_DIRS={directory}", QUADLET, "-dryrun"])
        _before, found, text = out.partition(f"---{family.service}---\n")
        if status or not found:
            raise ReleaseError(
                f"quadlet refuses {family.unit}: {_last_lines(err) or f'it makes no {family.service} of it'}"
            )
        return text.partition("\n---")[0].strip() + "\n"


def arguments_of(service: str, image: Image) -> list[str]:
    """dhcpd's arguments in the service that quadlet made: what follows the image in ExecStart=."""
    for line in service.splitlines():
        if line.startswith("ExecStart="):
            words = shlex.split(line.partition("=")[2])
            if image.id not in words:
                raise ReleaseError("unit: the service does not run the release's image; write Image=@IMAGE@")
            return [word.replace("%%", "%").replace("$$", "$") for word in words[words.index(image.id) + 1 :]]
    return []


def environment_of(service: str) -> list[str]:
    """The options of podman-run(1) in the service that quadlet made which set dhcpd's environment."""
    for line in service.splitlines():
        if line.startswith("ExecStart="):
            words = shlex.split(line.partition("=")[2])
            return ["--env=" + value.replace("%%", "%") for word, value in zip(words, words[1:]) if word == "--env"]
    return []


def dhcpd_words(text: str) -> str:
    """dhcpd's messages without the banner that it prints at every start, and without secrets of the lines it quotes."""
    banner = ("Internet Systems Consortium", "Copyright", "All rights reserved", "For info, please visit")
    closing = (
        "If you think you have received this message due to a bug", "than a configuration issue please read",
        "bugs on either our web page",
        "before submitting a bug.  These pages explain", "process and the information we find",
    )  # fmt: skip
    noise = ("exiting.", "Configuration file errors encountered -- exiting")
    kept = [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith(banner + closing)]
    # Each line once, however often it is said in a row.
    return redact("\n".join(line for line, _same in itertools.groupby(kept) if line not in noise))


def _last_lines(text: str, count: int = 5) -> str:
    # podman warns of each attempt with the words of its error.
    lines = [line.strip() for line in text.strip().splitlines()]
    return " / ".join([line for line in lines if "level=warning" not in line][-count:] or lines[-count:])

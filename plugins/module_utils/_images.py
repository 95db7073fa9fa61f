# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image of a release: pulled or loaded before anything stops, checked, and kept where no prune can take it."""

from __future__ import annotations

import shutil
from pathlib import Path

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Image, ReleaseError

# An image of this collection says by the first label what it was built from; then the second is its tag.
OURS = "org.quadlet.dhcpd.package"
MADE = "org.quadlet.dhcpd.made"
VERSION = "org.opencontainers.image.version"


class Images:
    """The images of this host that releases run, and their archives (docker-archive, by image id)."""

    def __init__(self, podman: Podman, archives: Path) -> None:
        self.podman = podman
        self.archives = archives

    def by_id(self, image_id: str, reference: str, archive: str | None) -> Image | None:
        """The image *image_id*, from podman's store, from the archives here, or from *archive*; None without any."""
        source = self._archive(image_id) if self._archive(image_id).exists() else archive and Path(archive)
        if self._whole(image_id, to_replace=bool(source)) is None:
            if not source:
                return None
            self.podman.load(str(source), image_id, reference)
        elif self.podman.find(reference) != Image(reference, image_id):
            self.podman.tag(image_id, reference)
        self._keep(image_id, Path(archive) if archive else None)
        return Image(reference, image_id)

    def by_reference(self, reference: str, digest: str | None, always_pull: bool) -> Image:
        """The image under *reference* (or its manifest's *digest*), pulled from its registry where it is missing."""
        pinned = f"{reference.rpartition(':')[0]}@{digest}" if digest else reference
        found = self._whole(pinned, to_replace=True)
        if found is None or always_pull:
            self.podman.pull(pinned)
            found = self.podman.find(pinned)
        if found is None:
            raise ReleaseError(f"podman pulled {pinned}, but does not have it; see podman-pull(1)")
        self._keep(found.id, None)
        return Image(reference, found.id)

    def remove_all_but(self, wanted: set[str]) -> None:
        """Remove the archives of images that no kept release runs. podman's own store is left alone."""
        for path in self.archives.glob("*.tar"):
            if path.stem not in wanted:
                path.unlink()

    def must_be_of_its_tag(self, image: Image) -> None:
        """Compare the tag asked for with what the image says of itself. Raises ReleaseError.

        podman ignores the tag beside a digest, and an archive may have any name.
        """
        labels = self.podman.labels(image.id)
        if OURS in labels and labels.get(VERSION) != image.tag and image.tag != "latest":
            raise ReleaseError(
                f"image: the tag asked for is {image.tag}, but the image {image.id[:12]} says of itself that it is"
                f" {labels.get(VERSION)}; mend the pin"
            )

    def drops_torn_records(self, image: Image) -> bool:
        """Whether its dhcpd drops a lease that a kill cut off, as those do that are built from source."""
        return self.podman.labels(image.id).get(MADE, "").startswith("from source")

    def _archive(self, image_id: str) -> Path:
        return self.archives / f"{image_id}.tar"

    def _whole(self, reference: str, to_replace: bool) -> Image | None:
        """The image that podman has under *reference*; None also for a torn one, which *to_replace* removes.

        podman has it on disk that there is an image before the image's files are there. What a power cut has torn in
        between, it takes for good when it loads or pulls it again. An image whose archive is kept here is whole.
        """
        found = self.podman.find(reference)
        if found is None or self._archive(found.id).exists():
            return found
        try:
            self.podman.must_mount(found.id)
            new = self._write(found.id, None)  # podman-save(1) reads all of it, and compares
        except ReleaseError as error:
            if "no space left" in str(error):
                raise
            if to_replace:
                self.podman.remove(found.id)
            return None
        self._settle(new)
        return found

    def _keep(self, image_id: str, archive: Path | None) -> None:
        if not self._archive(image_id).exists():
            self._settle(self._write(image_id, archive))

    def _write(self, image_id: str, archive: Path | None) -> Path:
        _files.make_directory(self.archives.parent, 0o700)
        _files.make_directory(self.archives, 0o700)
        new = self._archive(image_id).with_suffix(".new")
        new.unlink(missing_ok=True)
        if archive:
            shutil.copyfile(archive, new)
        else:
            self.podman.save(image_id, new)
        return new

    def _settle(self, new: Path) -> None:
        """Let the archive have its name, once it and podman's own copy of the image are on disk."""
        _files.sync_file(new)
        self.podman.sync_storage()
        new.replace(new.with_suffix(".tar"))
        _files.sync(self.archives)

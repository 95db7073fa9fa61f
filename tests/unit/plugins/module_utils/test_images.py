# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An image is there before anything stops, is what its tag says, and stays whatever podman prunes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._images import OURS, VERSION, Images
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Image, ReleaseError
from release_host import ROOT, Host

pytestmark = ROOT
ID, OTHER = "a" * 64, "b" * 64
NAME, LATEST = "localhost/dhcpd:1", "localhost/dhcpd:latest"
DIGEST = "sha256:" + "0a" * 32
BY_DIGEST = f"localhost/dhcpd@{DIGEST}"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def images(host: Host) -> Images:
    return Images(Podman(host), host.layout.image_archives)


def did(host: Host, verb: str) -> list[str]:
    return [command[-1] for command in host.commands if command[:2] == ["podman", verb]]


def kept(host: Host) -> dict[str, str]:
    return {path.name: path.read_text() for path in host.layout.image_archives.glob("*")}


# by_id


def test_without_image_and_archives_there_is_none_and_nothing_is_written(host: Host, images: Images) -> None:
    assert images.by_id(ID, NAME, None) is None and list(host.root.iterdir()) == []


def test_an_archive_is_loaded_named_and_kept_for_root_only(host: Host, images: Images, tmp_path: Path) -> None:
    (tmp_path / "sent.tar").write_text(ID)
    assert images.by_id(ID, NAME, str(tmp_path / "sent.tar")) == Image(NAME, ID)
    assert host.images[NAME] == ID and kept(host) == {f"{ID}.tar": ID} and did(host, "save") == []
    for place in (host.layout.kept, host.layout.image_archives):
        assert place.stat().st_mode & 0o777 == 0o700


def test_an_image_that_podman_pruned_comes_back_from_the_archive_here(host: Host, images: Images) -> None:
    host.images = {"x": ID}
    images.by_id(ID, NAME, None)
    assert did(host, "save") == [ID] and kept(host) == {f"{ID}.tar": ID}
    host.images.clear()
    assert images.by_id(ID, NAME, None) == Image(NAME, ID) and host.images[NAME] == ID
    assert did(host, "load") == [str(host.layout.image_archives / f"{ID}.tar")]


def test_the_archive_here_needs_none_to_be_sent(host: Host, images: Images, tmp_path: Path) -> None:
    host.images = {"x": ID}
    images.by_id(ID, NAME, None)
    host.images.clear()
    images.by_id(ID, NAME, str(tmp_path / "not looked at"))
    assert did(host, "load") == [str(host.layout.image_archives / f"{ID}.tar")]


@pytest.mark.parametrize(("there", "tags"), [({NAME: ID}, 0), ({NAME: OTHER, "x": ID}, 1), ({"x": ID}, 1)])
def test_an_image_that_is_there_is_named_only_where_its_name_is_not(
    host: Host, images: Images, there: dict[str, str], tags: int
) -> None:
    host.images = there
    assert images.by_id(ID, NAME, None) == Image(NAME, ID)
    assert len(did(host, "tag")) == tags and host.images[NAME] == ID and did(host, "load") == []


def test_an_archive_that_holds_another_image_is_an_error_and_not_kept(
    host: Host, images: Images, tmp_path: Path
) -> None:
    (tmp_path / "sent.tar").write_text(OTHER)
    with pytest.raises(ReleaseError, match=f"{NAME}: the image {ID} is not there"):
        images.by_id(ID, NAME, str(tmp_path / "sent.tar"))
    assert kept(host) == {}


def test_an_archive_is_kept_once_and_a_half_one_is_none(host: Host, images: Images) -> None:
    host.images = {NAME: ID}
    host.layout.image_archives.mkdir(parents=True)
    (host.layout.image_archives / f"{ID}.new").write_text("half")
    for _time in range(2):
        images.by_id(ID, NAME, None)
    assert kept(host) == {f"{ID}.tar": ID} and did(host, "save") == [ID]


@pytest.mark.parametrize("how", ["save fails", "disk full"])
def test_an_archive_that_cannot_be_kept_is_an_error_and_no_half_one_counts(
    host: Host, tmp_path: Path, monkeypatch: Any, how: str
) -> None:
    def run(command: Any) -> tuple[int, str, str]:
        if command[1] == "save":
            host(command)
            return 125, "", "no space left on device"
        return host(command)

    def full(_source: Path, place: Path) -> None:
        place.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    host.images = {NAME: ID}
    archive = str(tmp_path / "sent.tar") if how == "disk full" else None
    with pytest.raises((ReleaseError, OSError), match="(?i)no space left"):
        Images(Podman(run), host.layout.image_archives).by_id(ID, NAME, archive)
    assert list(host.layout.image_archives.glob("*.tar")) == []


# What a power cut has torn: podman says that it has the image

SEES = pytest.mark.parametrize("sees", ["mount", "save"])


@SEES
def test_a_torn_image_is_none_and_is_loaded_anew_from_the_archive(
    host: Host, images: Images, tmp_path: Path, sees: str
) -> None:
    host.images, host.torn = {NAME: ID}, {ID: sees}
    (tmp_path / "sent.tar").write_text(ID)
    assert images.by_id(ID, NAME, None) is None and did(host, "rmi") == [] and ".tar" not in "".join(kept(host))
    assert images.by_id(ID, NAME, str(tmp_path / "sent.tar")) == Image(NAME, ID)
    assert did(host, "rmi") == [ID] and len(did(host, "load")) == 1 and kept(host) == {f"{ID}.tar": ID}


@SEES
def test_a_torn_image_is_pulled_anew(host: Host, images: Images, sees: str) -> None:
    host.images, host.torn, host.registry = {NAME: ID}, {ID: sees}, {NAME: ID}
    assert images.by_reference(NAME, None, False) == Image(NAME, ID)
    assert did(host, "rmi") == [ID] and did(host, "pull") == [NAME] and kept(host) == {f"{ID}.tar": ID}


def test_a_torn_image_that_a_container_runs_is_an_error_and_stays(host: Host, images: Images, tmp_path: Path) -> None:
    host.images, host.torn, host.container_of = {NAME: ID}, {ID: "save"}, ID
    with pytest.raises(ReleaseError, match="is damaged, and podman could not .*: the container 0123456789ab runs it"):
        images.by_id(ID, NAME, str(tmp_path / "sent.tar"))
    assert did(host, "rmi") == did(host, "load") == [] and host.images == {NAME: ID}


def test_an_image_whose_archive_is_kept_is_whole_and_not_looked_at_again(host: Host, images: Images) -> None:
    host.images = {NAME: ID}
    images.by_id(ID, NAME, None)
    host.commands.clear()
    images.by_id(ID, NAME, None)
    assert did(host, "image")[1:] == [NAME] and did(host, "save") == []


def test_no_archive_has_its_name_before_podman_s_copy_is_on_disk(host: Host, tmp_path: Path) -> None:
    def run(command: Any) -> tuple[int, str, str]:
        return (1, "", "I/O error") if command[0] == "sync" else host(command)

    (tmp_path / "sent.tar").write_text(ID)
    for there, archive in (({}, str(tmp_path / "sent.tar")), ({NAME: ID}, None)):
        host.images = there
        with pytest.raises(ReleaseError, match="podman's storage could not be made durable: I/O error"):
            Images(Podman(run), host.layout.image_archives).by_id(ID, NAME, archive)
        assert f"{ID}.tar" not in kept(host) and did(host, "rmi") == []


# by_reference


@pytest.mark.parametrize(
    ("there", "reference", "digest", "pulled", "found"),
    [
        ({NAME: ID}, NAME, None, [], ID),
        ({}, NAME, None, [NAME], OTHER),
        ({NAME: ID}, NAME, DIGEST, [BY_DIGEST], OTHER),
        ({BY_DIGEST: ID}, NAME, DIGEST, [], ID),
        ({LATEST: ID}, LATEST, None, [LATEST], OTHER),
    ],
    ids=["a tag that is there", "a tag", "a digest", "a digest that is there", "latest, always"],
)
def test_an_image_is_pulled_only_where_it_can_have_changed_and_is_kept(
    host: Host, images: Images, there: Any, reference: str, digest: str | None, pulled: list[str], found: str
) -> None:
    host.images, host.registry = there, {NAME: OTHER, BY_DIGEST: OTHER, LATEST: OTHER}
    assert images.by_reference(reference, digest, reference == LATEST) == Image(reference, found)
    assert did(host, "pull") == pulled and kept(host)[f"{found}.tar"] == found


def test_a_digest_beside_a_port_is_pulled_from_that_port(host: Host, images: Images) -> None:
    host.registry = {f"r.example.net:5000/dhcpd@{DIGEST}": ID}
    assert images.by_reference("r.example.net:5000/dhcpd:1", DIGEST, False).id == ID


def test_an_image_that_cannot_be_pulled_is_an_error_in_podman_s_words(images: Images) -> None:
    with pytest.raises(ReleaseError, match=f"podman could not pull {NAME}: manifest unknown"):
        images.by_reference(NAME, None, False)


def test_a_pull_that_brings_nothing_is_an_error(host: Host) -> None:
    def run(command: Any) -> tuple[int, str, str]:
        return (0, "", "") if command[1] == "pull" else host(command)

    with pytest.raises(ReleaseError, match=f"podman pulled {NAME}, but does not have it"):
        Images(Podman(run), host.layout.image_archives).by_reference(NAME, None, False)


# What an image says of itself


@pytest.mark.parametrize(
    ("reference", "labels", "accepted"),
    [
        (NAME, {OURS: "p", VERSION: "1"}, True),
        (NAME, {OURS: "p", VERSION: "2"}, False),
        (NAME, {OURS: "p"}, False),
        (f"localhost/dhcpd:1@{DIGEST}", {OURS: "p", VERSION: "1"}, True),
        (NAME, {VERSION: "2"}, True),
        (NAME, {}, True),
        (LATEST, {OURS: "p", VERSION: "2"}, True),
    ],
    ids=["its tag", "another tag", "no tag", "tag and digest", "another's image", "no labels", "latest"],
)
def test_an_image_of_ours_is_what_its_tag_says(
    host: Host, images: Images, reference: str, labels: dict[str, str], accepted: bool
) -> None:
    host.images, host.labels = {reference: ID}, labels
    if accepted:
        images.must_be_of_its_tag(Image(reference, ID))
    else:
        with pytest.raises(
            ReleaseError, match=rf"^image: the tag asked for is 1, but the image {'a' * 12} says .* pin$"
        ):
            images.must_be_of_its_tag(Image(reference, ID))


# remove_all_but


def test_archives_of_images_that_nothing_runs_go_and_podman_s_store_stays(host: Host, images: Images) -> None:
    images.remove_all_but(set())
    host.images = {"x": ID, "y": OTHER}
    for image_id in (ID, OTHER):
        images.by_id(image_id, NAME, None)
    (host.layout.image_archives / "a note").write_text("")
    host.commands.clear()
    images.remove_all_but({ID})
    assert sorted(kept(host)) == ["a note", f"{ID}.tar"] and host.commands == []

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the inventory asks for to a service that answers: stage, test, switch, or leave all as it was."""

from __future__ import annotations

import contextlib
import pwd
import tempfile
from pathlib import Path
from typing import Any, Iterable, Sequence

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _lexer, _transient
from ansible_collections.quadlet.dhcpd.plugins.module_utils._compose import compose
from ansible_collections.quadlet.dhcpd.plugins.module_utils._excerpt import excerpt
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, IPV4, IPV6, Family, files_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import PROVED, RETRIED, UNFINISHED, History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._images import Images
from ansible_collections.quadlet.dhcpd.plugins.module_utils._keep import prune
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of, hint
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_contents import damage, describe
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import Start, prepare, starting_point
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packaged import Packaged
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import (
    STORAGE,
    Podman,
    Runner,
    arguments_of,
    environment_of,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._prove import askers_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import (
    RECORD,
    Account,
    Image,
    Layout,
    Release,
    ReleaseError,
    Store,
    sentence,
    write_files,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._schedule import Plan, Schedule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service
from ansible_collections.quadlet.dhcpd.plugins.module_utils._signature import must_be_signed
from ansible_collections.quadlet.dhcpd.plugins.module_utils._switch import undo
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import Trial, locked
from ansible_collections.quadlet.dhcpd.plugins.module_utils._wanted import Wanted


class ArchiveNeeded(Exception):
    """The host lacks the image, and nothing of the host can stand in for its archive."""


def deploy(wanted: Wanted, run: Runner, check_mode: bool) -> dict[str, Any]:
    """Make this host what *wanted* says, or in *check_mode* find out what that would change.

    Returns the module's return values, with `diff` and `warnings`. Raises ReleaseError when the host can't become so,
    and ArchiveNeeded when it first needs the image's archive.
    """
    problems = wanted.problems()
    if problems:
        raise ReleaseError("\n".join(problems))
    try:
        return _Deployment(wanted, Layout(), run, check_mode).run()
    except OSError as error:
        raise ReleaseError(f"{error.filename or 'this host'}: {error.strerror or error}") from error


class _Deployment:
    def __init__(self, wanted: Wanted, layout: Layout, run: Runner, check_mode: bool) -> None:
        self.wanted = wanted
        self.layout = layout
        self.run_command = run
        self.check_mode = check_mode
        self.store = Store(layout)
        self.history = History(layout.history)
        self.podman = Podman(run)
        self.images = Images(self.podman, layout.image_archives)
        self.service = Service(run)
        self.schedule = Schedule(layout, run)
        self.not_checked: list[str] = []
        self.warnings: list[str] = []
        self.outcome: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        previous = self.store.current()
        take_over = self.wanted.take_over if previous is None else None
        ours = [self.layout.lease_directory / family.leases for family in self.wanted.units]
        if take_over and any(path.exists() for path in ours) and not self.service.is_active(take_over):
            take_over = None  # it has served no one lately: the leases that a removal left here are the newer ones
        with contextlib.nullcontext() if self.check_mode else locked(self.layout.lock):
            self._write_down(previous)
            image = self._image()
            account = self._account()
            starts = {} if take_over else self._starts()
            release = None
            changed = True
            diff = self._diff(previous, None)
            if image and account:
                release = compose(image, account, self.wanted.units, self.wanted.files, self.wanted.serving)
                diff = self._diff(previous, release)
                plan = self._plan(release, previous)
                changed = self._stage(release, image, account, starts)
                changed = self._keep_to(plan) or changed
                if changed and release.name == previous and not self.check_mode and not self.wanted.stage_only:
                    self._resume(release.name)
        if changed and release and release.name != previous and not self.check_mode and not self.wanted.stage_only:
            self._switch(release, take_over)
        found = {
            "changed": changed,
            "release": release and release.name,
            "previous": previous,
            "image_id": image and image.id,
            "staged": self.wanted.stage_only and not (release and release.name == previous) or None,
            "not_checked": self.not_checked if self.check_mode else None,
            "diff": diff,
            "warnings": self.warnings,
            **self.outcome,
        }
        return {key: value for key, value in found.items() if value is not None or key in ("release", "previous")}

    def _write_down(self, current: str | None) -> None:
        """Add what a power cut right after the commit has kept from the history: what is committed was proved."""
        left = self.history.left(current) if current and not self.check_mode and not self.layout.on_trial else None
        if current and left and left.why == UNFINISHED:
            self.history.add(PROVED, current)

    def _stage(self, release: Release, image: Image, account: Account, starts: dict[Family, Start]) -> bool:
        """Have the release ready on disk, tested; return whether anything is to change."""
        committed = self.store.current() == release.name and self.store.is_linked() and self.store.is_whole(release)
        if committed and self._runs(release.name):
            return any([self._copy(release.name), self._retire_package()])
        left = None if committed else self.history.left(release.name)
        if left and not self.wanted.retry:
            raise ReleaseError(
                f"release {release.name} was left on {left.time}: {left.why.rstrip('.')}."
                " It is not tried again until it changes, or dhcpd_container_retry says so"
            )
        if self.wanted.stage_only and self.store.is_whole(release):
            return False
        if not committed:
            self._test(release, image, account)
            leases_must_be_whole(self.layout, list(self.wanted.units))
        if not self.check_mode:
            self.store.write(release, account.gid)
            for family in self.wanted.units:
                prepare(self.layout.lease_directory, family, starts.get(family), account)
            if left:
                self.history.add(RETRIED, release.name)
            self._make_durable()
        return True

    def _plan(self, release: Release, previous: str | None) -> Plan | None:
        """When this host is to switch by itself, if at all."""
        if not self.wanted.switch_at or release.name == previous:
            return None
        self.schedule.must_come(self.wanted.switch_at)
        return Plan(release.name, self.wanted.switch_at, previous, self.wanted.proof_timeout)

    def _keep_to(self, plan: Plan | None) -> bool:
        planned = self.schedule.planned()
        if planned == plan:
            return False
        if not self.check_mode:
            if plan:
                self.schedule.plan(plan)
            else:
                self.schedule.cancel()
        return True

    def _copy(self, name: str) -> bool:
        if self.store.copy_is_right(name):
            return False
        if not self.check_mode:
            self.store.write_copy(name)
        return True

    def _retire_package(self) -> bool:
        """Disable a package whose take-over was cut off just after its commit; at a boot it yields already."""
        packaged = Packaged(self.wanted.take_over, self.service) if self.wanted.take_over else None
        if packaged is None or not packaged.yields.exists():
            return False
        if not self.check_mode:
            packaged.disable()
            self.service.reload()
        return True

    def _resume(self, name: str) -> None:
        trial = Trial(self.layout, self.service, self.podman)
        undo(trial)
        self.store.commit(name)  # the links, where a person took them away
        if not self._runs(name):
            self.outcome = trial.resume(name, self.wanted.proof_timeout)
        self._copy(name)

    def _switch(self, release: Release, take_over: str | None) -> None:
        for family in self.wanted.units:
            texts = files_of(self.wanted.files, family).values()
            self.warnings += askers_of(family, self.wanted.serving[family], texts)[1]
        timeout = self.wanted.proof_timeout
        words = ["run", f"--release={release.name}", *([f"--take-over={take_over}"] if take_over else [])]
        outcome = _transient.switch(self.run_command, self.layout, words, timeout)
        self.outcome = conclude(outcome, release.name, self.store.current())
        self.warnings += self.outcome.pop("warnings", [])
        with locked(self.layout.lock, wait=True):
            prune(self.store, self.history, self.images, self.wanted.keep)

    def _image(self) -> Image | None:
        wanted = self.wanted
        if not self.podman.is_installed():
            if not self.check_mode:
                raise ReleaseError("podman is not installed on this host; the role's tag `install` does that")
            self.not_checked.append("podman is not on this host yet: it would be installed")
            return None
        if self.check_mode:
            return self._image_in_check_mode()
        if wanted.image_id:
            if wanted.archive and wanted.image_keys:
                must_be_signed(Path(wanted.archive), Path(wanted.signature or ""), wanted.image_keys, wanted.image)
            image = self.images.by_id(wanted.image_id, wanted.image, wanted.archive)
            if image is None:
                raise ArchiveNeeded
            return image
        return self.images.by_reference(wanted.image, wanted.digest, always_pull=wanted.image.endswith(":latest"))

    def _image_in_check_mode(self) -> Image | None:
        wanted = self.wanted
        if wanted.image_id:
            if self.podman.find(wanted.image_id) is None:
                self.not_checked.append(f"the image {wanted.image} is not on this host yet: it would be loaded")
                if wanted.image_keys:
                    self.not_checked.append("the signature of its archive, which the host checks before it loads it")
            return Image(wanted.image, wanted.image_id)
        reference = f"{wanted.image.rpartition(':')[0]}@{wanted.digest}" if wanted.digest else wanted.image
        found = self.podman.find(reference)
        if found is None:
            self.not_checked.append(f"the image {reference} is not on this host yet: it would be pulled")
        return found and Image(wanted.image, found.id)

    def _account(self) -> Account | None:
        try:
            entry = pwd.getpwnam(self.wanted.user)
        except KeyError:
            if self.check_mode:
                self.not_checked.append(f"the account {self.wanted.user} does not exist yet: it would be made")
                return None
            raise ReleaseError(f"user: there is no account {self.wanted.user!r} on this host; make it first") from None
        return Account(entry.pw_uid, entry.pw_gid)

    def _runs(self, name: str) -> bool:
        trial = Trial(self.layout, self.service, self.podman)
        return all(trial.runs(name, family) for family in self.wanted.units) and not self.layout.on_trial

    def _starts(self) -> dict[Family, Start]:
        initial = {IPV4: self.wanted.initial_leases, IPV6: self.wanted.initial_leases6}
        directory = self.layout.lease_directory
        return {family: starting_point(directory, family, initial[family]) for family in self.wanted.units}

    def _test(self, release: Release, image: Image, account: Account) -> None:
        """Let quadlet and dhcpd judge the release before anything of it is on the host's disk."""
        if self.check_mode and self.podman.find(image.id) is None:
            self.not_checked.append("the configuration, which is tested in the image itself")
            return
        self.images.must_be_of_its_tag(image)
        if share_commits(release.files.values()) and not self.images.drops_torn_records(image):
            self.warnings.append(
                "dhcpd_container_delayed_ack: answers wait for one commit, and if a kill cuts off a record of theirs,"
                f" the dhcpd of {image.reference} may take it for a lease; give 0, or an image that is built from"
                " source (docs/images.md)"
            )
        with tempfile.TemporaryDirectory(prefix="dhcpd_release-", dir="/run") as directory:
            write_files(Path(directory), release.files, account.gid)
            must_be_accepted(self.podman, image, account, Path(directory), list(self.wanted.units), release)

    def _make_durable(self) -> None:
        # sync -f is syncfs(2) of each file system.
        places = [path for path in (self.layout.etc, self.layout.kept, STORAGE) if path.exists()]
        status, _out, err = self.run_command(["sync", "--file-system", *map(str, places)])
        if status:
            raise ReleaseError(f"the release could not be made durable: {err.strip()}")

    def _diff(self, previous: str | None, release: Release | None) -> list[dict[str, str]]:
        units = {family.unit: unit for family, unit in self.wanted.units.items()}
        files = release.files if release else {**self.wanted.files, **units}
        # A family that is served no longer takes its files away.
        paths = {*files, *(path for family in FAMILIES for path in (family.unit, family.config))} - {RECORD}
        before, name = previous or "nothing", release.name if release else "the release"
        changes = [
            _change(f"{before}: {path}", f"{name}: {path}", self.store.read(previous, path), files.get(path, ""))
            for path in sorted(paths)
        ]
        if release and release.name == previous and not self.store.copy_is_right(release.name):
            for family in self.wanted.units:
                copy = str(self.layout.copy(family))
                is_there, wanted = self.store.read_copy(family), self.store.copy_of(release.name, family)
                changes.append(_change(copy, copy, is_there, wanted))
        return [change for change in changes if change["before"] != change["after"]]


def _change(before_header: str, after_header: str, before: str, after: str) -> dict[str, str]:
    shown_before, shown_after = _lexer.redact(before), _lexer.redact(after)
    if before != after and shown_before == shown_after:
        shown_after += "# (a secret in this file changes)\n"
    changed = excerpt(shown_before, shown_after)
    place = f", from line {changed.line}" if changed.line else ""
    return {
        "before_header": before_header + place,
        "after_header": after_header + place,
        "before": changed.before,
        "after": changed.after,
    }


def must_be_accepted(
    podman: Podman, image: Image, account: Account, directory: Path, families: Sequence[Family], release: Release
) -> None:
    """Raise ReleaseError with dhcpd's words where it refuses the configuration that lies in *directory*."""
    refusals = []
    for family in families:
        in_ldap = directory_of(files_of(release.files, family).values())
        service = podman.service_of(directory, family)
        options = ["--network=host", *environment_of(service)] if in_ldap else ["--network=none"]
        refusals.append(podman.refusal(image, account, directory, arguments_of(service, image), options))
    refusal = "\n".join(refusal for refusal in refusals if refusal)
    if refusal:
        raise ReleaseError(
            f"dhcpd of {image.reference} refuses the configuration of release {release.name};"
            f" the service was not touched. dhcpd said: {sentence(refusal)}{hint(refusal)}"
        )


def share_commits(texts: Iterable[str]) -> bool:
    """Whether a configuration lets several answers wait for one commit of the lease file."""
    return any(
        first == "delayed-ack" and number != "0" for text in texts for first, number, _third in _lexer.first_words(text)
    )


def leases_must_be_whole(layout: Layout, families: Sequence[Family]) -> None:
    """Raise ReleaseError where dhcpd would drop leases at its next start: it does so without a word, and exits 0."""
    for family in families:
        path = layout.lease_directory / family.leases
        found = damage(path, family=family.number) if path.exists() else []
        if found:
            raise ReleaseError(
                f"{path} is damaged: {describe(found)}. dhcpd would drop these leases at its next start, so nothing was"
                f" changed. Mend it, or restore it: {path}~ is an earlier one, and {layout.lease_copies} has a copy of"
                " before each switch"
            )


class LeftError(ReleaseError):
    """A release that was tried and not proved; *values* are the module's return values beside the message."""

    def __init__(self, release: str, previous: str | None, why: str, back: str) -> None:
        super().__init__(f"release {release} was left: {why} {back}")
        self.values = {"release": release, "previous": previous, "went_back": True, "why": why}


def conclude(outcome: dict[str, Any], release: str, previous: str | None) -> dict[str, Any]:
    """The return values of a switch that was proved. Raises LeftError with the reason of one that was not."""
    if not outcome.pop("proved"):
        raise LeftError(release, previous, outcome["why"], outcome["back"])
    return outcome

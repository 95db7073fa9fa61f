# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the inventory asks for to a service that answers: stage, test, switch, prove, or leave all as it was."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import pwd
import re
import tempfile
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _lexer, _netlink
from ansible_collections.quadlet.dhcpd.plugins.module_utils._excerpt import excerpt
from ansible_collections.quadlet.dhcpd.plugins.module_utils._inform import Asker
from ansible_collections.quadlet.dhcpd.plugins.module_utils._leases import Start, prepare, starting_point
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman, Runner, arguments_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import (
    RECORD,
    UNIT,
    Account,
    Image,
    Layout,
    Release,
    ReleaseError,
    Store,
    compose,
    path_problems,
    write_files,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, release_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._switch import Prover, resume, switch


class Wanted(NamedTuple):
    """What the inventory asks for: the options of the module dhcpd_release, files as path -> text."""

    image: str
    digest: str | None
    archive: str | None
    image_id: str | None
    allow_latest: bool
    unit: str
    files: dict[str, str]
    interfaces: list[str]
    user: str
    initial_leases: str | None
    proof_timeout: int

    def problems(self) -> list[str]:
        """Everything that is wrong with the request itself."""
        found = path_problems(self.files)
        if not re.fullmatch(r"[a-z0-9][\w.:/-]*:[\w][\w.-]{0,127}", self.image):
            found.append(f"image: {self.image!r} is not allowed; give a name and a tag, NAME:TAG")
        if self.image.endswith(":latest") and not self.allow_latest:
            found.append(f"image: {self.image} names nothing that one could go back to; give a tag such as 4.4.3-P1-1")
        if self.digest and not re.fullmatch(r"sha256:[0-9a-f]{64}", self.digest):
            found.append(f"digest: {self.digest!r} is not allowed; give sha256: and 64 hex digits")
        return found


def deploy(wanted: Wanted, run: Runner, check_mode: bool) -> dict[str, Any]:
    """Make this host what *wanted* says, or in *check_mode* find out what that would change.

    Returns the module's return values, with `diff` and `warnings`. Raises ReleaseError when the host can't become so.
    """
    problems = wanted.problems()
    if problems:
        raise ReleaseError("\n".join(problems))
    layout = Layout()
    try:
        with contextlib.nullcontext() if check_mode else locked(layout.lock):
            return _Deployment(wanted, Store(layout), Podman(run), Service(run), check_mode).run()
    except OSError as error:
        raise ReleaseError(f"{error.filename or 'this host'}: {error.strerror or error}") from error


class _Deployment:
    def __init__(self, wanted: Wanted, store: Store, podman: Podman, service: Service, check_mode: bool) -> None:
        self.wanted = wanted
        self.store = store
        self.podman = podman
        self.service = service
        self.check_mode = check_mode
        self.not_checked: list[str] = []
        self.warnings: list[str] = []

    def run(self) -> dict[str, Any]:
        previous = self.store.current()
        image = self._image()
        if image is None and self.wanted.image_id and not self.check_mode:
            return {"changed": False, "archive_needed": True, "diff": [], "warnings": []}
        account = self._account()
        start = starting_point(self.store.layout.lease_directory, self.wanted.initial_leases)
        if image is None or account is None:
            release, changed, proved_on = None, True, None
        else:
            release = compose(image, account, self.wanted.unit, self.wanted.files)
            changed, proved_on = self._reach(release, image, account, start)
        outcome = {
            "changed": changed,
            "release": release and release.name,
            "previous": previous,
            "image_id": image and image.id,
            "proved_on": proved_on,
            "not_checked": self.not_checked if self.check_mode else None,
            "diff": self._diff(previous, release),
            "warnings": self.warnings,
        }
        return {key: value for key, value in outcome.items() if value is not None or key in ("release", "previous")}

    def _reach(self, release: Release, image: Image, account: Account, start: Start) -> tuple[bool, list[str] | None]:
        committed = self.store.current() == release.name and self.store.is_linked() and self.store.is_whole(release)
        if committed and self._runs(release.name):
            if self.store.copy_is_right(release):
                return False, None
            if not self.check_mode:
                self.store.write_copy(release, account.gid)
            return True, None
        if not committed:
            self._test(release, image, account)
        if self.check_mode:
            return True, None
        prover = Prover(self.service, self._askers(), self.wanted.proof_timeout)
        if committed:
            prepare(self.store.layout.lease_directory, start, account)
            resume(self.store, prover, release.name)
        else:
            place = self.store.write(release, account.gid)
            prepare(self.store.layout.lease_directory, start, account)
            switch(self.store, prover, release.name, self.podman.service_of(place))
        self.store.write_copy(release, account.gid)
        return True, [asker.interface for asker in prover.askers]

    def _image(self) -> Image | None:
        wanted, podman = self.wanted, self.podman
        if not podman.is_installed():
            if not self.check_mode:
                raise ReleaseError("podman is not installed on this host; the role's tag `install` does that")
            self.not_checked.append("podman is not on this host yet: it would be installed")
            return None
        if wanted.image_id:
            if podman.find(wanted.image_id) is None:
                if self.check_mode:
                    self.not_checked.append(f"the image {wanted.image} is not on this host yet: it would be loaded")
                elif wanted.archive is None:
                    return None
                else:
                    podman.load(wanted.archive, wanted.image_id, wanted.image)
            elif not self.check_mode and podman.find(wanted.image) != Image(wanted.image, wanted.image_id):
                podman.tag(wanted.image_id, wanted.image)
            return Image(wanted.image, wanted.image_id)
        reference = f"{wanted.image.rpartition(':')[0]}@{wanted.digest}" if wanted.digest else wanted.image
        found = podman.find(reference)
        if found is None and self.check_mode:
            self.not_checked.append(f"the image {reference} is not on this host yet: it would be pulled")
        elif not self.check_mode and (found is None or wanted.image.endswith(":latest")):
            podman.pull(reference)
            found = podman.find(reference)
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
        state = self.service.state()
        return state.runs and release_of(state.pid) == name and not self.store.layout.trial.exists()

    def _test(self, release: Release, image: Image, account: Account) -> None:
        """Let quadlet and dhcpd judge the release before anything of it is on the host's disk."""
        if self.check_mode and self.podman.find(image.id) is None:
            self.not_checked.append("the configuration, which is tested in the image itself")
            return
        with tempfile.TemporaryDirectory(prefix="dhcpd_release-", dir="/run") as directory:
            write_files(Path(directory), release.files, account.gid)
            arguments = arguments_of(self.podman.service_of(Path(directory)), image)
            refusal = self.podman.refusal(image, account, Path(directory), arguments)
        if refusal:
            raise ReleaseError(
                f"dhcpd of {image.reference} refuses the configuration of release {release.name};"
                f" the service was not touched. dhcpd said: {refusal}"
            )

    def _askers(self) -> list[Asker]:
        links = {link.name: link for link in _netlink.links()}
        addresses = [
            a for a in _netlink.addresses({link.ifindex: link.name for link in links.values()}) if a.family == 4
        ]
        try:
            subnets = [net for net in _lexer.declared_subnets(self.wanted.files.values()) if net.version == 4]
        except _lexer.LexError as error:
            raise ReleaseError(f"files: the declared subnets cannot be read: {error}") from error
        askers = []
        inside = {
            a.interface: a
            for a in reversed(addresses)
            if any(ipaddress.ip_address(a.address) in net for net in subnets)
        }
        for name in self.wanted.interfaces or inside:
            link, address = links.get(name), inside.get(name)
            mac = bytes.fromhex(link.mac.replace(":", "")) if link and link.mac else b""
            if link is None or address is None or not link.carrier or len(mac) != 6:
                self.warnings.append(f"{name}: not proved, since it has no carrier or no address in a declared subnet")
            else:
                askers.append(Asker(name, mac, address.address))
        return askers

    def _diff(self, previous: str | None, release: Release | None) -> list[dict[str, str]]:
        files = release.files if release else {**self.wanted.files, UNIT: self.wanted.unit}
        changes = []
        for path in sorted(set(files) - {RECORD}):
            before, after = self.store.read(previous, path), files[path]
            if before != after:
                changed = excerpt(_lexer.redact(before), _lexer.redact(after))
                place = f", from line {changed.line}" if changed.line else ""
                changes.append(
                    {
                        "before_header": f"{previous or 'nothing'}: {path}{place}",
                        "after_header": f"{release.name if release else 'the release'}: {path}{place}",
                        "before": changed.before,
                        "after": changed.after,
                    }
                )
        return changes


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the host's one lock for switches (flock(2), so it dies with its holder). Raises ReleaseError when taken."""
    with path.open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError("another run is switching releases on this host; try again when it is done") from None
        yield

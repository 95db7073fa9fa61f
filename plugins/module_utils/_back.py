# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways back: to an earlier release, to a packaged dhcpd, or to none at all. All of it needs the host alone."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any

from ansible_collections.quadlet.dhcpd.plugins.module_utils import _transient
from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import (
    conclude,
    leases_must_be_whole,
    must_be_accepted,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._images import Images
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packaged import Packaged
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman, Runner
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, Release, ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._schedule import Schedule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service
from ansible_collections.quadlet.dhcpd.plugins.module_utils._switch import undo
from ansible_collections.quadlet.dhcpd.plugins.module_utils._trial import Trial, locked


def roll_back(to: str | None, timeout: int, run: Runner, check_mode: bool) -> dict[str, Any]:
    """Switch to the release *to* (its name, or its tag where one release has it), or to the one before the current.

    The release that is rolled back from is left: no play tries it again until it changes or someone says retry.
    Raises ReleaseError.
    """
    layout = Layout()
    store, history, podman, service = Store(layout), History(layout.history), Podman(run), Service(run)
    with contextlib.nullcontext() if check_mode else locked(layout.lock):
        current = store.current()
        if current is None:
            raise ReleaseError("there is no release on this host, so there is nothing to go back from")
        target = _named(to, store) if to else history.previous(current)
        if target is None or target not in store.names():
            there = ", ".join(store.names())
            raise ReleaseError(f"there is no proved release before {current} on this host; there are: {there}")
        outcome: dict[str, Any] = {"release": target, "previous": current, "changed": target != current}
        trial = Trial(layout, service, podman)
        families = store.families(target)
        if target == current and all(trial.runs(target, family) for family in families):
            return outcome
        if store.edited(target):
            raise ReleaseError(f"{layout.directory(target)} was edited by hand: what is in it was never proved")
        record = store.record(target)
        leases_must_be_whole(layout, families)
        if check_mode:
            return {**outcome, "changed": True}
        image = Images(podman, layout.image_archives).by_id(record["image_id"], record["image"], None)
        if image is None:
            raise ReleaseError(f"the image of release {target} is gone from this host; go back by the inventory's pin")
        if target == current:  # committed already: there is nothing to try, and none to go back to
            undo(trial)
            return {**outcome, **trial.resume(target, timeout), "changed": True}
        files = {path: store.read(target, path) for path in record["files"]}
        if directory_of(files.values()):  # what is in there is no part of the release, and may have changed since
            directory, release = layout.directory(target), Release(target, files)
            must_be_accepted(podman, image, store.account(target), directory, families, release)
    Schedule(layout, run).cancel()
    switched = _transient.switch(run, layout, ["run", f"--release={target}", "--by-hand"], timeout)
    return {**outcome, **conclude(switched, target, current), "changed": True}


def remove(remove_leases: bool, run: Runner, check_mode: bool) -> dict[str, Any]:
    """Take service, releases and kept images off this host; leases stay but for *remove_leases*."""
    layout = Layout()
    store, service = Store(layout), Service(run)
    families = [family for family in FAMILIES if store.links(family) or family in store.families(store.current())]
    links = [layout.quadlet(family) for family in families]
    places = [*links, layout.current, layout.releases, layout.history, layout.kept]
    places += [layout.lease_directory] if remove_leases else []
    there = [place for place in places if place.is_symlink() or place.exists()]
    outcome = {"changed": bool(there), "release": None, "previous": store.current()}
    if check_mode or not there:
        return outcome
    with locked(layout.lock):
        Schedule(layout, run).cancel()
        trial = Trial(layout, service, Podman(run))
        undo(trial)
        for family in families:
            trial.services[family].stop()
        for link in (*links, layout.current):
            link.unlink(missing_ok=True)
        store.give_back_copy()
        service.reload()
        for place in there:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
    return outcome


def hand_back(unit: str, timeout: int, run: Runner, check_mode: bool) -> dict[str, Any]:
    """Let the packaged dhcpd serve again, with the leases of now; ours comes back where that doesn't answer.

    Raises ReleaseError.
    """
    layout = Layout()
    store, service = Store(layout), Service(run)
    current = store.current()
    packaged = Packaged(unit, service)
    if current is None:
        if packaged.runs():
            return {"changed": False, "release": None, "previous": None}
        raise ReleaseError(f"there is no release on this host, and {unit} does not run: there is nothing to hand back")
    outcome = {"changed": True, "release": None, "previous": current}
    packaged.leases()
    if check_mode:
        return outcome
    Schedule(layout, run).cancel()
    switched = _transient.switch(run, layout, ["hand_back", f"--unit={unit}"], timeout)
    if not switched["proved"]:
        raise ReleaseError(f"{switched['why']} {switched['back']}")
    del switched["proved"]
    return {**outcome, **switched}


def _named(to: str, store: Store) -> str:
    names = store.names()
    found = [name for name in names if to in (name, name.rpartition(".")[0])]
    if len(found) != 1:
        many = "more than one release has that tag" if found else "there is no such release"
        raise ReleaseError(f"to: {to!r}: {many} on this host; give one of: {', '.join(names) or 'none'}")
    return found[0]

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on a host: its releases, what became of them, which one runs, and what a person changed by hand."""

from __future__ import annotations

from typing import Any

from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman, Runner
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._schedule import Schedule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, release_of


def info(run: Runner, layout: Layout | None = None) -> dict[str, Any]:
    """The return values of dhcpd_release_info. Reads only; what can't be read is left out and named in drift."""
    layout = layout or Layout()
    store, history, service = Store(layout), History(layout.history), Service(run)
    current = store.current()
    runs_as = release_of(service.state().pid)
    planned = Schedule(layout, run).planned()
    return {
        "current": current,
        "previous": history.previous(current) if current else None,
        "running": runs_as,
        "on_trial": layout.on_trial,
        "planned": planned and {"release": planned.release, "at": planned.at},
        "releases": [_describe(store, history, name, current) for name in store.names()],
        "history": [event._asdict() for event in history.events()],
        "drift": _drift(store, service, Podman(run), current, runs_as) if current else [],
    }


def _describe(store: Store, history: History, name: str, current: str | None) -> dict[str, Any]:
    try:
        record = store.record(name)
    except ReleaseError:  # damaged: of the current one drift says so
        record = {}
    left = history.left(name)
    return {
        "name": name,
        "image": record.get("image"),
        "image_id": record.get("image_id"),
        "interfaces": record.get("interfaces"),
        "external": directory_of(store.read(name, path) for path in record.get("files", ())),
        "current": name == current,
        "left": f"{left.time}: {left.why}" if left else None,
    }


def _drift(store: Store, service: Service, podman: Podman, current: str, runs_as: str | None) -> list[str]:
    found = []
    try:
        found += [f"{store.layout.directory(current) / path} was edited by hand" for path in store.edited(current)]
        image_id = store.record(current)["image_id"]
    except ReleaseError as error:
        return [str(error)]
    if not store.is_linked():
        found.append(
            f"{store.layout.quadlet} is not the link to {store.layout.current}: the next boot starts something else"
        )
    if not store.copy_is_right(current):
        found.append(f"{store.layout.copy} is not the copy of the current release: an edit there has no effect")
    found += [f"{path} changes the unit" for path in service.drop_ins()]
    if runs_as is None:
        found.append("dhcpd does not run")
    elif runs_as != current:
        found.append(f"dhcpd runs as release {runs_as}, not as {current}")
    elif podman.image_of_container("dhcpd") != image_id:
        found.append(f"the container dhcpd does not run the release's image {image_id[:12]}")
    return found

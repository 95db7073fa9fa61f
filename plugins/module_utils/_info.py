# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on a host: its releases, what became of them, which one runs, and what a person changed by hand."""

from __future__ import annotations

from typing import Any

from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import FAMILIES, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._history import History
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_contents import load
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_query import hosts
from ansible_collections.quadlet.dhcpd.plugins.module_utils._omapi_conf import declaring_file
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import Podman, Runner
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, ReleaseError, Store
from ansible_collections.quadlet.dhcpd.plugins.module_utils._schedule import Schedule
from ansible_collections.quadlet.dhcpd.plugins.module_utils._service import Service, release_of


def info(run: Runner, layout: Layout | None = None) -> dict[str, Any]:
    """The return values of dhcpd_release_info. Reads only; what can't be read is left out and named in drift."""
    layout = layout or Layout()
    store, history = Store(layout), History(layout.history)
    services = {family: Service(run, family) for family in FAMILIES}
    current = store.current()
    running = {family: _running(store, service, current) for family, service in services.items()}
    planned = Schedule(layout, run).planned()
    added, changed = _run_time(layout, current)
    return {
        "current": current,
        "previous": history.previous(current) if current else None,
        **{f"running{family.suffix}": name for family, name in running.items()},
        "on_trial": layout.on_trial,
        "planned": planned and {"release": planned.release, "at": planned.at},
        "releases": [_describe(store, history, name, current) for name in store.names()],
        "history": [event._asdict() for event in history.events()],
        "runtime_hosts": added,
        "drift": [*_drift(store, services, Podman(run), current, running), *changed] if current else [],
    }


def _run_time(layout: Layout, current: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Reservations that OMAPI added, which are nobody's drift, and what it did to the release's own, which is."""
    added: list[dict[str, Any]] = []
    drift: list[str] = []
    what = {True: "removed", False: "changed"}
    for family in FAMILIES:
        path = layout.lease_directory / family.leases
        try:
            contents = load(path)
            changed = {name for name, host in contents.hosts.items() if not host.get("dynamic")} | contents.removed
            own = [name for name in sorted(changed) if current and declaring_file(layout.directory(current), name)]
        except FileNotFoundError:
            continue
        except OSError as error:
            drift.append(f"{path} cannot be read: {error.strerror or error}")
            continue
        added += hosts(contents)
        drift += [
            f"the release's host {name} was {what[name in contents.removed]} at run time (OMAPI), and {path} says so"
            for name in own
        ]
    return added, drift


def _running(store: Store, service: Service, current: str | None) -> str | None:
    """The release that a family's dhcpd runs as; the current one where the service is the same in it."""
    name = release_of(service.state().pid)
    return current if name and store.same(name, current, service.family) else name


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
        "interfaces6": record.get("interfaces6"),
        "current": name == current,
        "left": f"{left.time}: {left.why}" if left else None,
    }


def _drift(
    store: Store,
    services: dict[Family, Service],
    podman: Podman,
    current: str,
    running: dict[Family, str | None],
) -> list[str]:
    found = []
    try:
        found += [f"{store.layout.directory(current) / path} was edited by hand" for path in store.edited(current)]
        image_id = store.record(current)["image_id"]
    except ReleaseError as error:
        return [str(error)]
    serves = store.families(current)
    for family in serves:
        if not store.links(family):
            found.append(
                f"{store.layout.quadlet(family)} is not the link to {store.layout.current}:"
                " the next boot starts something else"
            )
        copy = store.layout.copy(family)
        if store.read_copy(family) != store.copy_of(current, family):
            found.append(f"{copy} is not the copy of the current release: an edit there has no effect")
        found += [f"{path} changes the unit" for path in services[family].drop_ins()]
        name = family.container
        if running[family] is None:
            found.append(f"{name} does not run")
        elif running[family] != current:
            found.append(f"{name} runs as release {running[family]}, not as {current}")
        elif podman.image_of_container(name) != image_id:
            found.append(f"the container {name} does not run the release's image {image_id[:12]}")
    found += [
        f"{family.container} runs as release {running[family]}, but the current release does not serve {family.name}"
        for family in FAMILIES
        if running[family] and family not in serves
    ]
    return found

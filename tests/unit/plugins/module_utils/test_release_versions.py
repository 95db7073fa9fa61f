# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the releases on disk hold at a path: the committed one first, and nothing of what is being staged."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Layout, Store


def test_versions(tmp_path: Path) -> None:
    store = Store(Layout(str(tmp_path)))
    assert list(store.versions("dhcpd.conf")) == []
    for name in ("1.a", "1.b", "1.c", ".staged-x"):
        place = tmp_path / "etc/dhcp/releases" / name
        place.mkdir(parents=True)
        (place / "dhcpd.conf").write_text(name)
    (tmp_path / "etc/dhcp/releases/1.c/keys.conf").write_bytes(b"\xff")
    (tmp_path / "etc/dhcp/current").symlink_to("releases/1.b")
    assert list(store.versions("dhcpd.conf")) == [b"1.b", b"1.a", b"1.c"]
    assert list(store.versions("keys.conf")) == [b"\xff"]
    assert list(store.versions("none.conf")) == []

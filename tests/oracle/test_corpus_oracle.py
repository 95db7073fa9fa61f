# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files as people write them: read, written again, and judged by dhcpd as before."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Tuple

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import build
from ansible_collections.quadlet.dhcpd.plugins.module_utils._import import import_conf
from ansible_collections.quadlet.dhcpd.plugins.module_utils._meaning import meaning
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import Text, expand, parse

Oracle = Callable[..., Tuple[bool, str]]

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = {str(path.relative_to(CORPUS)): path.read_text(encoding="utf-8") for path in CORPUS.rglob("*.conf")}
NAMES = sorted(name for name in FILES if "/" not in name)


def whole(text: str) -> Text:
    return expand(parse(text), lambda path: FILES.get(path.replace("/etc/dhcp/", "")))


@pytest.mark.parametrize("name", NAMES)
def test_file(name: str, dhcpd: Oracle) -> None:
    family = 6 if name == "dhcpd6.conf" else 4
    before, said = dhcpd(FILES[name], family)
    assert before, said
    found = import_conf(FILES[name], family, FILES)
    assert set(found.model) - {"raw", "comment"}, "nothing was taken apart"
    built = build(found.model, family)
    assert built.problems == []
    assert meaning(parse(built.text).statements) == meaning(whole(FILES[name]).statements)
    after, said = dhcpd(built.text, family)
    assert after, said


@pytest.mark.parametrize("name", NAMES)
def test_broken_file_stays_broken(name: str, dhcpd: Oracle) -> None:
    """The verdict is the same where dhcpd says no, too."""
    family = 6 if name == "dhcpd6.conf" else 4
    for extra in ("option no-such-option 1;", "no-such-statement 1;", "host x { fixed-address; }", "pool { }"):
        text = FILES[name] + extra + "\n"
        assert not dhcpd(text, family)[0]
        built = build(import_conf(text, family, FILES).model, family)
        assert built.problems == []
        assert not dhcpd(built.text, family)[0], built.text

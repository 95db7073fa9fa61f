# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the checks accept, dhcpd accepts; what they reject has a path; what is read back means the same."""

from __future__ import annotations

import re
from typing import Any, Callable, Tuple

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import build, render
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_ddns import ddns_warnings
from ansible_collections.quadlet.dhcpd.plugins.module_utils._import import import_conf
from ansible_collections.quadlet.dhcpd.plugins.module_utils._meaning import meaning
from ansible_collections.quadlet.dhcpd.plugins.module_utils._syntax import parse
from hypothesis import given, settings
from models import models

Oracle = Callable[..., Tuple[bool, str]]

WANTED = {4: 500, 6: 200}
EXAMPLES = {4: 1200, 6: 500}
PATH = re.compile(r"dhcpd_container(?:_[a-z0-9_]+(?:\[[^\]]*\]|\.[A-Za-z0-9_.-]+)*)?: .+ \(.+\)", re.DOTALL)


def prune(model: Any, problems: list[str]) -> bool:
    """Take out of the model what a problem's path names; false if nothing is there."""
    for problem in problems:
        path = problem.partition(": ")[0].replace("dhcpd_container_", "", 1)
        steps = [int(one) if one.isdecimal() else one for one in re.findall(r"[^.\[\]]+", path)]
        inner: Any = model
        trail: list[tuple[Any, Any]] = []
        for step in steps:
            rest = ".".join(map(str, steps[len(trail) :]))
            key = rest if isinstance(inner, dict) and rest in inner else step
            found = isinstance(inner, dict) and key in inner
            if not found and not (isinstance(inner, list) and isinstance(key, int) and key < len(inner)):
                break
            trail.append((inner, key))
            inner = inner[key]
            if key == rest:
                break
        if not trail:
            continue
        holder, key = trail[-1]
        del holder[key]
        return True
    return False


@pytest.mark.parametrize("family", [4, 6])
def test_models(family: int, dhcpd: Oracle) -> None:
    accepted, rejected = 0, 0

    @settings(max_examples=EXAMPLES[family])
    @given(models(family))
    def one(model: dict[str, Any]) -> None:
        nonlocal accepted, rejected
        for _round in range(200):
            built = build(model, family)
            for problem in built.problems:
                assert PATH.fullmatch(problem), problem
            if not built.problems:
                break
            rejected += 1
            # What is left when the wrong is taken out is a model too, and often a large one.
            if not prune(model, built.problems):
                return
        else:
            return
        accepted += 1
        for warning in ddns_warnings(model, family):
            assert PATH.fullmatch(warning), warning
        text = built.text
        assert render(model, family) == text
        taken, said = dhcpd(text, family)
        assert taken, said
        found = import_conf(text, family)
        again = render(found.model, family)
        assert meaning(parse(again).statements) == meaning(parse(text).statements)
        taken, said = dhcpd(again, family)
        assert taken, said

    one()
    print(f"{accepted} models of IPv{family} accepted by the checks and by dhcpd, {rejected} rejected with a path")
    assert accepted >= WANTED[family]
    assert rejected >= WANTED[family]

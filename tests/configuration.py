# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/configuration.md from tests/examples: `python tests/configuration.py`.

Each example is a file of variables. Its first line is a title, the comment lines that follow say what it shows. What
the variables become is made here by the collection itself, and tests/oracle asks dhcpd about it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import jmespath
import yaml
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import HEADER, MODEL, PREFIX, render, variable
from ansible_collections.quadlet.dhcpd.plugins.module_utils._sources import check, reservations

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/configuration.md"
EXAMPLES = sorted((ROOT / "tests/examples").glob("*.yml"))
INTRODUCTION = """\
# Configuration: variables beside the text that they become

Of each two blocks the first is what you write into the inventory, the second the `dhcpd.conf` that comes of it. This
page is made of examples that are tests: `python tests/configuration.py` writes it, a unit test keeps it current, and
each text is put before the image's own `dhcpd -t`.

- `ansible-doc -t role quadlet.dhcpd.dhcpd_container` lists the variables; options have the names of dhcp-options(5),
  and `statements` those of dhcpd.conf(5).
- All problems are named at once, by the variable's path, before any host is touched.
- An existing file becomes variables with
  `ansible-playbook quadlet.dhcpd.import_config -e dhcpd_import_src=dhcpd.conf -e dhcpd_import_dest=vars.yml`.
- Every level (the outermost one, shared networks, subnets, pools, groups, classes, reservations) takes `options`,
  `statements`, `boot`, `conditionals`, `events`, lease times, `comment`, `raw_head` and `raw`.
"""


class Example(NamedTuple):
    """An example: what it shows, its variables as written, its model and family, and the text."""

    title: str
    about: str
    source: str
    family: int
    model: dict[str, Any]
    text: str


def example(path: Path) -> Example:
    """Read and render an example."""
    lines = path.read_text(encoding="utf-8").splitlines()
    count = next(index for index, line in enumerate(lines) if not line.startswith("#"))
    about = " ".join(line.lstrip("# ") for line in lines[1:count])
    source = "\n".join(lines[count:])
    variables = yaml.safe_load(source)
    family = 6 if f"{PREFIX}subnets6" in variables else 4
    keys = {variable(key, family): key for key in MODEL[family]}
    model = {keys[name]: value for name, value in variables.items()}
    for index, origin in enumerate(model.get("reservation_sources", [])):
        made = reservations(check(index, origin), origin["data"], origin["query"], jmespath.search)
        model["reservation_sources"][index] = {"name": origin["name"], "reservations": made}
    text = render(model, family).replace(HEADER + "\n", "").strip("\n")
    return Example(lines[0].lstrip("# "), about, source, family, model, text)


def page() -> str:
    """The page, an example after the other."""
    found = [example(path) for path in EXAMPLES]
    anchors = [(one.title, re.sub(r"[^a-z0-9 -]", "", one.title.lower()).replace(" ", "-")) for one in found]
    contents = "\n".join(f"- [{title}](#{anchor})" for title, anchor in anchors)
    parts = [INTRODUCTION, contents + "\n"]
    parts += [
        f"## {one.title}\n\n{one.about}\n\n```yaml\n{one.source}\n```\n\nbecomes\n\n```text\n{one.text}\n```\n"
        for one in found
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

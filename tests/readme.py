# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the README's table of variables from the role's argument_specs: `python tests/readme.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SPECS = ROOT / "roles/dhcpd_container/meta/argument_specs.yml"
BEGIN = "<!-- variables: begin (make readme) -->\n"
END = "<!-- variables: end -->"


def table() -> str:
    """The table, a row for each variable in the order of the argument_specs."""
    options = yaml.safe_load(SPECS.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    rows = [
        f"| `{name}` | {_kind(option)} | {_default(option)} | {_meaning(option)} |" for name, option in options.items()
    ]
    return "\n".join(["| variable | type | default | meaning |", "|---|---|---|---|", *rows, ""])


def with_table(readme: str) -> str:
    """The README with its table as it should be."""
    head, _begin, rest = readme.partition(BEGIN)
    _old, _end, tail = rest.partition(END)
    return head + BEGIN + table() + END + tail


def _kind(option: dict[str, Any]) -> str:
    return f"list of {option['elements']}" if option["type"] == "list" else option["type"]


def _default(option: dict[str, Any]) -> str:
    return f"`{json.dumps(option['default'])}`" if option["default"] not in ("", [], {}) else ""


def _meaning(option: dict[str, Any]) -> str:
    text = option["description"]
    text = text if isinstance(text, str) else " ".join(text)
    text = re.sub(r"\b[CVFO]\(((?:[^()]|\([^()]*\))*)\)", lambda found: f"`{found[1]}`", text.replace("&#58;", ":"))
    return re.sub(r"\bP\((.*?)#(?:role|lookup)\)", lambda found: f"`{found[1]}`", text).replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")

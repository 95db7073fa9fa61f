# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A benchmark's result as a table in Markdown and as bars in SVG, with the machine that it was seen on."""

from __future__ import annotations

import os
import platform
import re
from html import escape
from pathlib import Path
from typing import Sequence

RESULTS = Path(__file__).resolve().parent / "results"
STYLE = """text{font:13px sans-serif;fill:#222}.bar{fill:#3a6ea5}.span{stroke:#222;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#ddd}.bar{fill:#6fa3d8}.span{stroke:#ddd}}"""


def machine() -> str:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), Linux {platform.release()}"


def write(name: str, title: str, notes: Sequence[str], head: Sequence[str], rows: Sequence[Sequence[str]],
          bars: Sequence[tuple[str, float, float, float]], unit: str) -> None:  # fmt: skip
    """Write results/NAME.md and NAME.svg, and print the first. A bar is (label, least, median, most)."""
    lines = [f"# {title}", "", *notes, "", f"![{title}]({name}.svg)", ""]
    lines += ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    RESULTS.mkdir(exist_ok=True)
    text = "\n".join(lines) + "\n"
    (RESULTS / f"{name}.md").write_text(text)
    (RESULTS / f"{name}.svg").write_text(svg(title, bars, unit))
    print("\n" + text)


def svg(title: str, bars: Sequence[tuple[str, float, float, float]], unit: str) -> str:
    """Horizontal bars, with a line from the least to the most."""
    left, wide = 330, 380
    scale = wide / max(most for _label, _least, _median, most in bars)
    parts = [f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>']
    for number, (label, least, median, most) in enumerate(bars):
        top = 34 + number * 26
        middle = top + 9
        parts.append(f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect class="bar" x="{left}" y="{top}" width="{median * scale:.1f}" height="18"/>')
        parts.append(
            f'<line class="span" x1="{left + least * scale:.1f}" x2="{left + most * scale:.1f}"'
            f' y1="{middle}" y2="{middle}"/>'
        )
        parts.append(f'<text x="{left + most * scale + 8:.1f}" y="{top + 14}">{median:,.3g} {escape(unit)}</text>')
    height = 44 + 26 * len(bars)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + wide + 130} {height}" role="img">'
        f"<style>{STYLE}</style>{''.join(parts)}</svg>\n"
    )

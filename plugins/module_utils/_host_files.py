# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a host's configuration files, below a root so that a recorded tree can be read; nothing here raises.

Sources: systemd.syntax(7) and the GKeyFile format of GLib for files in sections.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_LARGEST = 1 << 20


class Entry(NamedTuple):
    """One assignment of a file in sections."""

    section: str
    key: str
    value: str


class Files:
    """A host's files; paths are those of the host. unreadable names what is there and can't be read."""

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")
        self.unreadable: list[str] = []

    def text(self, path: str) -> str:
        """The text of a file, "" where there is none or it can't be read."""
        try:
            with Path(self.root + path).open(encoding="utf-8", errors="replace") as stream:
                return stream.read(_LARGEST)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return ""
        except (OSError, ValueError) as error:
            self._note(path, error)
            return ""

    def names(self, directory: str) -> list[str]:
        """The paths of what lies in a directory, sorted by name; none where there is no such directory."""
        try:
            return sorted(f"{directory}/{entry.name}" for entry in Path(self.root + directory).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, ValueError) as error:
            self._note(directory, error)
            return []

    def exists(self, path: str) -> bool:
        """Whether there is something of this name, a link that leads nowhere included."""
        try:
            Path(self.root + path).lstat()
        except (OSError, ValueError):
            return False
        return True

    def glob(self, pattern: str) -> list[str]:
        """The paths that a shell's pattern names, sorted."""
        try:
            return sorted(str(path)[len(self.root) :] for path in Path(self.root or "/").glob(pattern.lstrip("/")))
        except (OSError, ValueError, NotImplementedError, re.error):
            return []

    def merged(self, directories: tuple[str, ...], ending: str) -> list[str]:
        """The files of several directories by name; one in an earlier directory hides its namesakes."""
        found: dict[str, str] = {}
        for directory in directories:
            for path in self.names(directory):
                if path.endswith(ending):
                    found.setdefault(path.rpartition("/")[2], path)
        return [found[name] for name in sorted(found)]

    def _note(self, path: str, error: Exception) -> None:
        reason = getattr(error, "strerror", None) or str(error)
        self.unreadable.append(f"{path} ({reason})")


def entries(text: str) -> list[Entry]:
    """The assignments of a file in sections, in order; lines that are none are left out."""
    found = []
    section = ""
    for line in re.sub(r"\\\n[ \t]*", " ", text).split("\n"):
        line = line.strip()
        if line.startswith(("#", ";")):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
            continue
        key, sign, value = line.partition("=")
        if sign and key.strip():
            found.append(Entry(section, key.strip(), value.strip()))
    return found


def last(assignments: list[Entry], section: str, key: str, default: str = "") -> str:
    """The last value that a key is given; an empty one counts as none, as in systemd.syntax(7)."""
    values = [entry.value for entry in assignments if entry.section == section and entry.key == key]
    return values[-1] if values and values[-1] else default


def truth(text: str) -> bool | None:
    """A boolean as systemd, NetworkManager and shell files write it; None for anything else."""
    word = text.strip().strip("\"'").lower()
    if word in ("1", "yes", "y", "true", "t", "on"):
        return True
    return False if word in ("0", "no", "n", "false", "f", "off") else None

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dhcpd.conf of the user's own and all the files that it includes, as the files of a release."""

from __future__ import annotations

from collections import deque
from typing import Callable

from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import DIRECTORY, IPV4, Family
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, includes


class ConfigFilesError(Exception):
    """Everything that keeps a configuration from travelling as a release, one problem a line."""


def collect(read: Callable[[str], str], family: Family = IPV4) -> dict[str, str]:
    """Return path -> text of dhcpd.conf, or dhcpd6.conf, and of each file that it includes, at any depth.

    *read* is called with a path relative to the directory of the user's dhcpd.conf (that file itself, whatever its
    name, is "dhcpd.conf" or "dhcpd6.conf") and raises OSError or UnicodeDecodeError. In the container that directory
    is /etc/dhcp, so an include (dhcpd.conf(5)) names a file below it. Raises ConfigFilesError.
    """
    files: dict[str, str] = {}
    problems: list[str] = []
    waiting = deque([(family.config, f"dhcpd_container_config_src{family.suffix}")])
    while waiting:
        path, origin = waiting.popleft()
        if path in files:
            continue
        try:
            files[path] = read(path)
            for include in includes(files[path]):
                place = f"{path} line {include.line}"
                inside = include.path[len(DIRECTORY) :]
                if not include.path.startswith(DIRECTORY) or {"..", ""} & set(inside.split("/")):
                    problems.append(
                        f"{place}: include {include.path!r} cannot travel with the release; give a path below"
                        f" {DIRECTORY}, which is this file's own directory in the container"
                    )
                else:
                    waiting.append((inside, place))
        except LexError as error:
            problems.append(f"{path}: {error}")
        except UnicodeDecodeError:
            problems.append(f"{origin}: {path} is not UTF-8 text")
        except OSError as error:
            problems.append(f"{origin}: {path} cannot be read ({error.strerror or error})")
    if problems:
        raise ConfigFilesError("\n".join(problems))
    return files

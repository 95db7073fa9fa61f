# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's own dhcpd.conf travels with all that it includes, or says everything that keeps it from doing so."""

from __future__ import annotations

import errno
import os
from typing import Callable

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._config_files import ConfigFilesError, collect

UNREADABLE = b"\xff\xfe"


def reader(files: dict[str, str | bytes]) -> Callable[[str], str]:
    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        content = files[path]
        return content if isinstance(content, str) else content.decode("utf-8")

    return read


def include(*paths: str) -> str:
    return "".join(f'include "/etc/dhcp/{path}";\n' for path in paths)


@pytest.mark.parametrize(
    "files",
    [
        {"dhcpd.conf": "authoritative;\n"},
        {"dhcpd.conf": include("a.conf"), "a.conf": include("d/b.conf"), "d/b.conf": include("d/e/c"), "d/e/c": "#\n"},
        {"dhcpd.conf": include("a", "b"), "a": include("common"), "b": include("common"), "common": "# ä\n"},
        {"dhcpd.conf": include("a"), "a": include("b"), "b": include("a", "dhcpd.conf")},
        {"dhcpd.conf": include("a..b", "..hidden"), "a..b": "", "..hidden": ""},
    ],
    ids=["alone", "at depth", "twice", "in a circle", "dots that lead nowhere"],
)
def test_everything_that_is_included_travels_once(files: dict[str, str]) -> None:
    assert collect(reader({**files, "stray.conf": "not included"})) == files


@pytest.mark.parametrize("text", ['# include "/etc/a";\n', 'option x "include \\"/etc/a\\";";\n', "include-only;\n"])
def test_what_only_looks_like_an_include_is_none(text: str) -> None:
    assert collect(reader({"dhcpd.conf": text})) == {"dhcpd.conf": text}


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "keys.conf", "/etc/dhcp", "/etc/dhcpd/keys.conf", "/etc/dhcp/../passwd", "/etc/dhcp/a/../../b", ""],
)
def test_an_include_that_cannot_travel_is_never_read(path: str) -> None:
    def read(asked: str) -> str:
        assert asked == "dhcpd.conf"
        return f'\ninclude "{path}";\n'

    with pytest.raises(ConfigFilesError) as error:
        collect(read)
    assert str(error.value).startswith(f"dhcpd.conf line 2: include {path!r} cannot travel with the release;")


def test_a_doubled_slash_does_not_lead_out_of_the_directory() -> None:
    asked = []

    def read(path: str) -> str:
        asked.append(path)
        return 'include "/etc/dhcp//etc/passwd";\n' if path == "dhcpd.conf" else ""

    with pytest.raises(ConfigFilesError):
        collect(read)
    assert asked == ["dhcpd.conf"]


def test_all_problems_come_together_each_with_its_place() -> None:
    files = {
        "dhcpd.conf": include("gone.conf", "latin1.conf", "d/open.conf") + 'include "/srv/keys.conf";\n',
        "latin1.conf": UNREADABLE,
        "d/open.conf": 'key k {\n  secret "abc\n',
    }
    with pytest.raises(ConfigFilesError) as error:
        collect(reader(files))
    problems = str(error.value).splitlines()
    assert [problem.partition(" (")[0] for problem in problems] == [
        "dhcpd.conf line 4: include '/srv/keys.conf' cannot travel with the release; give a path below /etc/dhcp/,"
        " which is this file's own directory in the container",
        "dhcpd.conf line 1: gone.conf cannot be read",
        "dhcpd.conf line 2: latin1.conf is not UTF-8 text",
        'd/open.conf: line 2, column 10: the string has no closing "',
    ]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "dhcpd_container_config_src: dhcpd.conf cannot be read (No such file or directory)"),
        ({"dhcpd.conf": UNREADABLE}, "dhcpd_container_config_src: dhcpd.conf is not UTF-8 text"),
    ],
)
def test_a_problem_of_the_file_itself_names_the_variable(files: dict[str, str | bytes], problem: str) -> None:
    with pytest.raises(ConfigFilesError) as error:
        collect(reader(files))
    assert str(error.value) == problem

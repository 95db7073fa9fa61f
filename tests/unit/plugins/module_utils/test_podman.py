# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of podman and quadlet, and what is read from their answers."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Sequence

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._family import IPV4
from ansible_collections.quadlet.dhcpd.plugins.module_utils._podman import (
    Podman,
    arguments_of,
    dhcpd_words,
    environment_of,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import Account, Image, ReleaseError

IMAGE = Image("localhost/dhcpd:1", "a" * 64)
DIRECTORY = Path("/run/dhcpd_release-x")
# What podman 5.4.2's quadlet prints for a unit with hostile words, shortened.
DRYRUN = f"""---dhcpd.service---
[X-Container]
Image={IMAGE.id}
Exec=-4 -f "a b" "x\\"y" "it's" "back\\\\slash" 100%% $$HOME "é b"

[Service]
ExecStop=/usr/bin/podman rm -v -f -i --cidfile=%t/%N.cid
ExecStart=/usr/bin/podman run --name dhcpd --replace --rm --entrypoint=/usr/sbin/dhcpd {IMAGE.id} -4 -f "a b" \
"x\\"y" "it's" "back\\\\slash" 100%% $$HOME "é b"

"""
BANNER = """Internet Systems Consortium DHCP Server 4.4.3-P1
Copyright 2004-2022 Internet Systems Consortium.
All rights reserved.
For info, please visit https://www.isc.org/software/dhcp/
"""
ERRORS = """/etc/dhcp/dhcpd.conf line 3: semicolon expected.
  range
        ^
Config file: /etc/dhcp/dhcpd.conf"""
CLOSING = """Configuration file errors encountered -- exiting

If you think you have received this message due to a bug rather
than a configuration issue please read the section on submitting
bugs on either our web page at www.isc.org or in the README file
before submitting a bug.  These pages explain the proper
process and the information we find helpful for debugging.

exiting.
"""


class Recorder:
    """A runner that answers every command the same, and remembers them."""

    def __init__(self, status: int = 0, out: str = "", err: str = "") -> None:
        self.answer = (status, out, err)
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str, str]:
        assert not isinstance(command, str)
        self.commands.append(list(command))
        return self.answer


def test_an_image_is_found_by_its_reference() -> None:
    run = Recorder(0, IMAGE.id + "\n")
    assert Podman(run).find(IMAGE.reference) == IMAGE
    assert run.commands == [["podman", "image", "inspect", "--format", "{{.Id}}", IMAGE.reference]]


@pytest.mark.parametrize(("exists", "trouble"), [(1, False), (125, True), (127, True), (0, True)])
def test_an_image_is_missing_only_where_podman_says_so_clearly(exists: int, trouble: bool) -> None:
    def run(command: Sequence[str]) -> tuple[int, str, str]:
        assert command[-1] == IMAGE.reference
        return (exists, "", "") if command[2] == "exists" else (125, "", "Error: storage is locked\n")

    if trouble:
        with pytest.raises(ReleaseError, match="could not look for localhost/dhcpd:1: Error: storage is locked"):
            Podman(run).find(IMAGE.reference)
    else:
        assert Podman(run).find(IMAGE.reference) is None


@pytest.mark.parametrize(
    ("out", "labels"),
    [('[{"Labels": {"a": "b"}}]', {"a": "b"}), ('[{"Labels": null}]', {}), ("[{}]", {})],
)
def test_labels_are_what_the_image_has(out: str, labels: dict[str, str]) -> None:
    run = Recorder(0, out)
    assert Podman(run).labels("aa") == labels and run.commands == [["podman", "image", "inspect", "aa"]]
    with pytest.raises(ReleaseError, match="could not read the labels of aa: no such image"):
        Podman(Recorder(125, "", "no such image")).labels("aa")


@pytest.mark.parametrize(("status", "image"), [(0, "aa"), (125, None)])
def test_the_image_of_a_container_is_its_id_or_none(status: int, image: str | None) -> None:
    assert Podman(Recorder(status, "aa\n")).image_of_container("dhcpd") == image


def test_warnings_do_not_hide_the_error() -> None:
    attempts = "".join(f'time="x" level=warning msg="attempt {n}"\n' for n in range(9))
    with pytest.raises(ReleaseError, match="could not pull r/d:1: Error: why$"):
        Podman(Recorder(125, err="Error: why\n" + attempts)).pull("r/d:1")
    with pytest.raises(ReleaseError, match="attempt 8"):
        Podman(Recorder(125, err=attempts)).pull("r/d:1")


@pytest.mark.parametrize(("status", "installed"), [(0, True), (127, False)])
def test_podman_is_installed_where_it_tells_its_version(status: int, installed: bool) -> None:
    run = Recorder(status, "podman version 5.4.2\n")
    assert Podman(run).is_installed() is installed and run.commands == [["podman", "--version"]]


def test_a_podman_that_hangs_is_not_taken_for_a_missing_one() -> None:
    with pytest.raises(ReleaseError, match="did not end"):
        Podman(Recorder(124, err="podman did not end within 60 s")).is_installed()


@pytest.mark.parametrize(
    ("act", "commands"),
    [
        (lambda podman: podman.pull("r/d:1"), [["podman", "pull", "--quiet", "r/d:1"]]),
        (lambda podman: podman.tag("aa", "r/d:1"), [["podman", "tag", "aa", "r/d:1"]]),
        (
            lambda podman: podman.load("/t/image.tar", "aa", "r/d:1"),
            [["podman", "load", "--quiet", "--input", "/t/image.tar"], ["podman", "tag", "aa", "r/d:1"]],
        ),
        (
            lambda podman: podman.save("aa", Path("/k/aa.new")),
            [["podman", "save", "--quiet", "--format=docker-archive", "--output=/k/aa.new", "aa"]],
        ),
    ],
    ids=["pull", "tag", "load", "save"],
)
def test_an_image_is_fetched_by_the_command_or_fails_in_its_words(
    act: Callable[[Podman], None], commands: list[list[str]]
) -> None:
    run = Recorder()
    act(Podman(run))
    assert run.commands == commands
    with pytest.raises(ReleaseError, match="line 2 / line 3 / line 4 / line 5 / Error: why"):
        act(Podman(Recorder(125, err="".join(f"line {n}\n" for n in range(1, 6)) + "Error: why\n")))


def test_the_configuration_is_tested_as_the_service_will_run_and_can_do_no_harm() -> None:
    run = Recorder()
    arguments = ["-4", "-cf", "/etc/dhcp/dhcpd.conf", "$(reboot)", "; reboot"]
    assert Podman(run).refusal(IMAGE, Account(990, 991), DIRECTORY, arguments) is None
    (command,) = run.commands
    options, image, inside = command[:-7], command[-7], command[-6:]
    assert image == IMAGE.id and inside == ["-t", *arguments]
    assert options[:2] == ["podman", "run"]
    assert {
        "--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=all", "--user=990:991",
        "--security-opt=no-new-privileges", f"--volume={DIRECTORY}:/etc/dhcp:ro,z", "--entrypoint=/usr/sbin/dhcpd",
    } <= set(options)  # fmt: skip
    assert not {"sh", "bash", "--privileged", "--cap-add"} & set(command)
    assert "--timeout=45" in options


def test_a_configuration_in_ldap_is_tested_with_the_network_and_environment_of_the_service() -> None:
    run = Recorder()
    service = f"ExecStart=/usr/bin/podman run --env LDAPTIMEOUT=1 --env A=b%%c {IMAGE.id} -4\n"
    assert environment_of(service) == ["--env=LDAPTIMEOUT=1", "--env=A=b%c"] and environment_of("[Service]") == []
    Podman(run).refusal(IMAGE, Account(1, 1), DIRECTORY, [], ["--network=host", *environment_of(service)])
    (command,) = run.commands
    assert "--network=none" not in command and {"--network=host", "--env=LDAPTIMEOUT=1"} <= set(command)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((1, "", BANNER + ERRORS + "\n" + CLOSING), ERRORS),
        ((1, BANNER + ERRORS, ""), ERRORS),
        ((139, "", ""), "exit status 139"),
        ((1, "", 'line 5: expecting ;\nldap-password "a" b;\n'), "line 5: expecting ;\nldap-password <redacted>;"),
        ((255, "", "TLS\n" * 9), "TLS\nit did not end within 45 s"),
        ((1, "", BANNER + "exiting.\n"), "exit status 1"),
        ((0, "", BANNER + "warning: subnet without range"), None),
    ],
)
def test_a_refusal_is_in_dhcpd_s_own_words(answer: tuple[int, str, str], words: str | None) -> None:
    assert Podman(Recorder(*answer)).refusal(IMAGE, Account(1, 1), DIRECTORY, []) == words


@pytest.mark.parametrize("status", [124, 125, 126, 127])
def test_podman_s_own_trouble_is_no_refusal(status: int) -> None:
    with pytest.raises(ReleaseError, match=r"could not run /usr/sbin/dhcpd of localhost/dhcpd:1 for a test: .*format"):
        Podman(Recorder(status, "", "Error: crun: exec format error")).refusal(IMAGE, Account(1, 1), DIRECTORY, [])


@pytest.mark.parametrize("status", [124, 125, 126, 127])
def test_podman_s_own_trouble_is_no_refusal_by_dhcpd(status: int) -> None:
    with pytest.raises(ReleaseError, match="podman could not run .* a test: Error: crun: exec"):
        Podman(Recorder(status, "", "Error: crun: exec format error")).refusal(IMAGE, Account(1, 1), DIRECTORY, [])


def test_dhcpd_words_keep_what_is_said_between_banner_and_closing() -> None:
    said = "Can't open /etc/dhcp/keys.conf: Permission denied\n\n" + ERRORS
    assert dhcpd_words(BANNER + said + "\n" + CLOSING) == said.replace("\n\n", "\n")
    assert dhcpd_words("") == dhcpd_words(BANNER + CLOSING) == ""


def test_the_service_is_what_quadlet_makes_of_that_directory() -> None:
    run = Recorder(0, "---dhcpd6.service---\n[X]\n\n" + DRYRUN + "\n---other.service---\n[Y]\n", "a warning")
    service = Podman(run).service_of(DIRECTORY, IPV4)
    assert service.startswith("[X-Container]\n") and service.endswith('"é b"\n')
    assert "[X]" not in service and "[Y]" not in service
    (command,) = run.commands
    assert command == ["env", f"QUADLET_UNIT_DIRS={DIRECTORY}", "/usr/libexec/podman/quadlet", "-dryrun"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((1, DRYRUN, "unsupported key 'Imagge'\n"), "refuses dhcpd.container: unsupported key 'Imagge'"),
        ((0, "", "unsupported key 'Imagge'\n"), "refuses dhcpd.container: unsupported key 'Imagge'"),
        ((0, "---other.service---\n", ""), "refuses dhcpd.container: it makes no dhcpd.service of it"),
        ((127, "", "env: '/usr/libexec/podman/quadlet': No such file"), "No such file"),
    ],
    ids=["fails", "older than 4.6 fails silently", "makes another", "is missing"],
)
def test_no_service_is_an_error_in_quadlet_s_words(answer: tuple[int, str, str], words: str) -> None:
    with pytest.raises(ReleaseError, match=words):
        Podman(Recorder(*answer)).service_of(DIRECTORY, IPV4)


def test_arguments_are_dhcpd_s_words_as_systemd_passes_them() -> None:
    words = ["-4", "-f", "a b", 'x"y', "it's", "back\\slash", "100%", "$HOME", "é b"]
    assert arguments_of(DRYRUN, IMAGE) == words
    assert arguments_of(f"ExecStart=podman run --label={IMAGE.id} {IMAGE.id}\n", IMAGE) == []
    assert arguments_of("[Service]\n", IMAGE) == []


def test_a_unit_that_runs_another_image_is_an_error_with_a_reason() -> None:
    with pytest.raises(ReleaseError, match="@IMAGE@"):
        arguments_of("ExecStart=podman run localhost/dhcpd:1 -4\n", IMAGE)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the test asks of the host in the virtual machine: a line of JSON each way on its second serial port."""

from __future__ import annotations

import calendar
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import tty
from pathlib import Path
from typing import Any

CODE = "/root/code"
UTILS = Path(CODE, "ansible_collections/quadlet/dhcpd/plugins/module_utils")
ETC, LEASES = Path("/etc/dhcp"), Path("/var/lib/dhcpd/dhcpd.leases")
IMAGE = "localhost/dhcpd:4.4.3-P1-1"
CONF = """authoritative;
default-lease-time 3600;
dhcp-cache-threshold 0;
subnet 198.51.100.0 netmask 255.255.255.0 {{ range 198.51.100.50 198.51.100.99; }}
include "/etc/dhcp/hosts/rack1.conf";
# {number}
"""
RESERVATION = "host h{0} {{ hardware ethernet 00:00:5e:00:53:{0:02x}; fixed-address 198.51.100.{0}; }} # {1}\n"


def say(**line: Any) -> None:
    os.write(PORT, json.dumps(line).encode() + b"\n")


def run(command: Any) -> tuple[int, str, str]:
    """What the module's run_command does, and a word to the test before."""
    say(runs=" ".join(command[:2]))
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=900, check=False)
    return done.returncode, done.stdout, done.stderr


def archive(number: int) -> tuple[str, str]:
    """An image of its own for each release, so that each switch loads one: path and id."""
    with tarfile.open("/root/dhcpd-4.4.3-P1-1.tar") as source:
        names = json.load(source.extractfile("manifest.json"))[0]  # type: ignore[arg-type]
        config = json.load(source.extractfile(names["Config"]))  # type: ignore[arg-type]
        layer = io.BytesIO(source.extractfile(names["Layers"][0]).read())  # type: ignore[union-attr]
    with tarfile.open(fileobj=layer, mode="a") as more:
        more.addfile(tarfile.TarInfo(f"number-{number}"))
    config["rootfs"]["diff_ids"] = ["sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()]
    text = json.dumps(config).encode()
    image_id = hashlib.sha256(text).hexdigest()
    manifest = json.dumps([{"Config": f"{image_id}.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]).encode()
    path = f"/run/image-{number}.tar"  # as Ansible's temporary folder, it does not survive the cut
    with tarfile.open(path, "w") as new:
        for name, data in {f"{image_id}.json": text, "layer.tar": layer.getvalue(), "manifest.json": manifest}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return path, image_id


def switch(number: int, retry: bool, deaf: bool = False) -> None:
    """Deploy release *number*, as the module does; a deaf one listens where no client asks."""
    from ansible_collections.quadlet.dhcpd.plugins.module_utils._deploy import deploy
    from ansible_collections.quadlet.dhcpd.plugins.module_utils._release import ReleaseError
    from ansible_collections.quadlet.dhcpd.plugins.module_utils._wanted import Wanted

    path, image_id = archive(number)
    reservations = "".join(RESERVATION.format(host, number) for host in range(100, 250))
    unit = Path("/root/dhcpd.container").read_text()
    wanted = Wanted(
        image=IMAGE, digest=None, archive=path, image_id=image_id, allow_latest=False,
        unit=unit.replace("--no-pid", "--no-pid -p 6767") if deaf else unit,
        files={"dhcpd.conf": CONF.format(number=number), "hosts/rack1.conf": reservations},
        interfaces=["seg0"], user="dhcpd", initial_leases=None, proof_timeout=60, retry=retry, keep=3,
    )  # fmt: skip
    say(begins=number)
    try:
        outcome = deploy(wanted, run, check_mode=False)
    except ReleaseError as error:
        say(ended=False, error=str(error))
        return
    say(ended=True, release=outcome["release"])


def torn() -> list[str]:
    """Every file that has a name but not its content: of releases and of image archives."""
    found = []
    for place in sorted(ETC.glob("releases/[!.]*")):
        try:
            record = json.loads((place / "release.json").read_text())
        except (OSError, ValueError) as error:
            found.append(f"{place}/release.json: {error}")
            continue
        for name, digest in {**record["files"], "dhcpd.container": record["unit"]}.items():
            path = place / name
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                found.append(f"{path}: {path.stat().st_size if path.exists() else 'no'} bytes, not those of its digest")
    for path in sorted(Path("/var/lib/dhcpd_container/images").glob("*.tar")):
        try:
            with tarfile.open(path) as image:
                config = image.extractfile(f"{path.stem}.json").read()  # type: ignore[union-attr]
                names = json.load(image.extractfile("manifest.json"))[0]["Layers"]  # type: ignore[arg-type]
                layers = [image.extractfile(name).read() for name in names]  # type: ignore[union-attr]
            assert hashlib.sha256(config).hexdigest() == path.stem, "its configuration is damaged"
            digests = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
            assert json.loads(config)["rootfs"]["diff_ids"] == digests, "its layers are damaged"
        except (OSError, KeyError, ValueError, AssertionError, tarfile.TarError) as error:
            found.append(f"{path}: {path.stat().st_size} bytes, {str(error).splitlines()[0]}")
    return found


def leases() -> dict[str, tuple[str, float]]:
    """Address -> (hardware address, end) of the lease file; the last record wins."""
    found = {}
    for address, body in re.findall(r"^lease (\S+) \{\n(.*?)^\}", LEASES.read_text(), re.DOTALL | re.MULTILINE):
        ends = re.search(r"^  ends \d (\S+ \S+);", body, re.MULTILINE)
        hardware = re.search(r"hardware ethernet (\S+);", body)
        until = calendar.timegm(time.strptime(ends[1], "%Y/%m/%d %H:%M:%S")) if ends else 0.0
        found[address] = (hardware[1] if hardware else "nobody", until)
    return found


def runs() -> list[str]:
    """The releases that the dhcpd processes have mounted."""
    pids = subprocess.run(["pgrep", "-x", "dhcpd"], capture_output=True, text=True, check=False).stdout.split()
    mounts = [Path("/proc", pid, "mountinfo").read_text() for pid in pids]
    return [name for text in mounts for name in re.findall(r"/releases/(\S+) /etc/dhcp ", text)]


def look(patience: float) -> None:
    """How the host is, once it serves or *patience* seconds are over."""
    from ansible_collections.quadlet.dhcpd.plugins.module_utils import _inform

    end = time.monotonic() + patience
    answers = False
    while not answers and time.monotonic() < end:
        time.sleep(1)
        try:
            mac = bytes.fromhex(Path("/sys/class/net/seg0/address").read_text().strip().replace(":", ""))
            answers = bool(runs()) and _inform.ask([_inform.Asker("seg0", mac, "198.51.100.1")], 2.0) == {"seg0"}
        except OSError:
            continue
    history = (ETC / "history").read_text() if (ETC / "history").exists() else ""
    copies = Path("/var/lib/dhcpd_container/leases").glob("*")
    left = [*ETC.glob("releases/.*"), *ETC.glob(".*.new"), *Path("/var/lib/dhcpd_container").glob("*/*.new")]
    said = subprocess.run(
        ["journalctl", "--boot", "--unit=dhcpd.service", "--lines=20", "--output=cat", "--no-pager"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    say(
        looked=True,
        current=Path(os.readlink(ETC / "current")).name if (ETC / "current").is_symlink() else None,
        runs=runs(),
        answers=answers,
        torn=torn(),
        leases=leases() if LEASES.exists() else {},
        history=[line.split("\t")[2:] for line in history.splitlines()],
        leftovers=[str(path) for path in left],
        empty_copies=[str(path) for path in copies if not path.stat().st_size],
        journal="" if answers else said.stdout,
        clock=time.time(),
    )


def set_back(after: str) -> None:
    """Set the clock back by an hour once the next switch says *after*."""
    then = (
        f"grep --quiet --max-count=1 ^{after} <(journalctl --follow --lines=0 --output=cat) && date --set='1 hour ago'"
    )
    subprocess.Popen(["bash", "-c", then], stdout=subprocess.DEVNULL)


def without_fsync() -> None:
    """Take out of the product what makes it durable: for the arm that is to fail."""
    count = 0
    for path in UTILS.glob("*.py"):
        text = path.read_text()
        without = text.replace("os.fsync(", "(lambda _descriptor: None)(").replace('["sync",', '["true",')
        count += text != without
        path.write_text(without)
    os.sync()
    say(taken_out=count)


if __name__ == "__main__":
    sys.path.insert(0, CODE)
    PORT = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(PORT)
    while "198.51.100.1" not in subprocess.run(["ip", "address"], capture_output=True, text=True, check=False).stdout:
        time.sleep(0.5)
    say(up=True)
    with os.fdopen(os.dup(PORT), "r") as questions:
        for line in questions:
            question = json.loads(line)
            if question["do"] == "clients":
                subprocess.Popen([sys.executable, "/root/traffic.py", "client0", "3", "2"], stdout=PORT)
            else:
                does = {"switch": switch, "look": look, "set_back": set_back, "without_fsync": without_fsync}
                does[question.pop("do")](**question)

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a real dhcpd what it takes of lease files, sound and damaged, and compares.

A start reads the file, writes it anew and only then looks for an interface, which there is none to serve: what it
loaded is in the new file, what it complained of on standard error.
"""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple

import pytest
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_contents import Contents, damage, load, loaded, lost
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_records import key_of

CONF = {
    4: """authoritative;
class "gold" { match if false; }
failover peer "pair" {
  primary; address 198.51.100.1; peer address 198.51.100.2; mclt 600; split 128;
  max-response-delay 30; max-unacked-updates 10; load balance max seconds 3;
}
subnet 198.51.100.0 netmask 255.255.255.0 {
  pool { failover peer "pair"; range 198.51.100.200 198.51.100.250; }
  pool { range 198.51.100.3 198.51.100.199; }
}
subnet 203.0.113.0 netmask 255.255.255.0 { pool { range 203.0.113.3 203.0.113.254; } }
""",
    6: """subnet6 2001:db8::/64 {
  range6 2001:db8::100 2001:db8::1ff;
  range6 2001:db8::1000/116 temporary;
  prefix6 2001:db8:100:: 2001:db8:1ff:: /56;
}
""",
}
HEAD = "# All times in this file are in UTC.\nauthoring-byte-order little-endian;\n\n"
# What only the configuration can tell: the file is sound all the same.
FOREIGN = re.compile("no option named|unknown class|unknown failover peer|unknown group")


class Said(NamedTuple):
    """What dhcpd made of a lease file; `states` is None where it failed to write it anew."""

    states: dict[bytes, str] | None
    complaints: list[str]
    output: str

    def lost(self, contents: Contents) -> set[bytes]:
        """The addresses that the file holds and dhcpd does not, though the configuration has a place for them."""
        outside = {key_of(address) for address in loaded(self.output).outside}
        return {key for key in contents.states.keys() - (self.states or {}).keys() if not {key, key[:16]} & outside}


Reads = Callable[[bytes, int], Said]


@pytest.fixture(name="reads", scope="session")
def fixture_reads(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Reads:
    """Return a function that lets dhcpd read a lease file."""
    folder = tmp_path_factory.mktemp("leases")
    leases = folder / "dhcpd.leases"

    def ask(data: bytes, family: int = 4) -> Said:
        for old in folder.iterdir():
            old.unlink()
        (folder / "dhcpd.conf").write_text(CONF[family])
        leases.write_bytes(data)
        start = [*command, f"-{family}", "-f", "-d", "--no-pid", "-p", "16767"]
        start += ["-cf", str(folder / "dhcpd.conf"), "-lf", str(leases)]
        done = subprocess.run(start, capture_output=True, text=True, errors="replace", check=False, timeout=60)
        states = load(leases).states if Path(f"{leases}~").exists() else None
        complaints = [line for line in loaded(done.stderr).complaints if not FOREIGN.search(line)]
        return Said(states, complaints, done.stderr)

    return ask


def lease(number: int, more: str = "") -> str:
    network = ("198.51.100", "203.0.113")[number // 190]
    return f"""lease {network}.{number % 190 + 3} {{
  starts 2 2026/11/24 22:10:00;
  ends 5 2037/11/24 22:20:00;
  cltt 2 2026/11/24 22:10:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:00:5e:00:53:{number % 256:02x};
  uid "\\001\\000\\000^\\000S{number}";
  client-hostname "host-{number}";{more}
}}
"""


PLAIN = HEAD + "".join(map(lease, range(200)))
RICH = (
    HEAD
    + """failover peer "pair" state {
  my state normal at 2 2026/11/24 10:00:00;
  partner state communications-interrupted at 2 2026/11/24 10:00:00;
}
host added {
  dynamic;
  hardware ethernet 00:00:5e:00:53:99;
  uid 01:02:03;
  fixed-address 198.51.100.254;
        supersede host-name = "added";
}
host gone {
  dynamic;
  deleted;
}
"""
    + lease(1, '\n  set a = "x;}\\"";\n  set n = %12;\n  set b = true;\n  option agent.circuit-id 0:1:ff;')
    + lease(2, '\n  option agent.remote-id "abc";\n  on expiry or release {\n    set x = "}";\n  }')
    + lease(3, '\n  reserved;\n  dynamic-bootp;\n  billing class "gold";').replace("active", "released")
    + lease(4).replace("5 2037/11/24 22:20:00", "never").replace("2 2026/11/24 22:10:00;", "epoch 1795560600; # Tue")
    + lease(5).replace("  binding state active;\n", "").replace("next binding state free;\n", "")
    + lease(6).replace("binding state active", "binding state abandoned").replace("uid", "# uid")
    + lease(7).replace("\n", " ").replace("  ", "\t")
    + lease(8).replace("lease ", "LEASE ").replace("binding", "Binding").replace('"host-8"', "host-8.example")
    + lease(9).replace("22:20:00", "22:20:00 -3600").replace("binding state active", "binding state bootp")
    + lease(1).replace("active", "expired").replace("5 2037", "5 2025")
)
SIX = (
    HEAD
    + r"""server-duid "\000\001\000\001,\262";

ia-na "\001\000\000\000\000\001\000\001*" {
  cltt 2 2026/11/24 22:10:00;
  iaaddr 2001:db8::100 {
    binding state active;
    preferred-life 375;
    max-life 600;
    ends 5 2037/11/24 22:10:00;
    set x = "y";
  }
  iaaddr 2001:db8::101 {
    binding state active;
    preferred-life 375;
    max-life 600;
    ends never;
  }
}

ia-ta 03:00:00:00:00:01:00:01 { iaaddr 2001:DB8::1001 { binding state active; ends never; } }
ia-pd "\002\000\000\000\000\001\000\001" {
  cltt 2 2026/11/24 22:10:00;
  iaprefix 2001:db8:100::/56 {
    binding state active;
    preferred-life 375;
    max-life 600;
    ends 5 2037/11/24 22:10:00;
  }
}

"""
)


@pytest.mark.parametrize(("text", "family"), [("", 4), (HEAD, 4), (PLAIN, 4), (RICH, 4), (SIX, 6)])
def test_a_sound_file_is_whole_to_both(text: str, family: int, reads: Reads) -> None:
    contents, said = load(text.encode()), reads(text.encode(), family)
    assert (contents.problems, said.complaints) == ([], []), said.output
    assert said.states is not None and said.states.keys() == contents.states.keys()
    if family == 4:
        assert lost(contents, loaded(said.output)) == 0
        assert loaded(said.output).leases == len(contents.states)


def judge(data: bytes, family: int, reads: Reads) -> bool:
    """Fail where dhcpd complains or loses something and the verdict is "whole"; return whether it did."""
    contents, said = load(data), reads(data, family)
    trouble = bool(said.states is None or said.complaints or said.lost(contents))
    assert contents.problems or not trouble, f"{data[-400:]!r}\n{said.output}"
    return trouble


@pytest.mark.parametrize(("text", "family"), [(PLAIN, 4), (RICH, 4), (SIX, 6)])
def test_cut_at_every_percent(text: str, family: int, reads: Reads) -> None:
    data = text.encode()
    troubles = sum(judge(data[: len(data) * percent // 100], family, reads) for percent in range(100))
    assert troubles > 70


@pytest.mark.parametrize("damaged", [
    pytest.param(PLAIN.replace("}\n", "\n", 1), id="no closing brace"),
    pytest.param(PLAIN.replace(" {\n", "\n", 1), id="no opening brace"),
    pytest.param(PLAIN + "}\n", id="a brace too many"),
    pytest.param(PLAIN + PLAIN[len(HEAD) : 4000], id="cut off behind a whole file"),
    pytest.param(PLAIN[:9000] + "\0" * 512 + PLAIN[9512:], id="NULs"),
    pytest.param(PLAIN + "\0" * 512, id="NULs at the end"),
    pytest.param(PLAIN[:9000] + PLAIN[9100:], id="a hole"),
    pytest.param(PLAIN.replace("lease 198.51.100.9", "garbage\nlease 198.51.100.9"), id="garbage between records"),
    pytest.param(PLAIN.replace("  cltt", "  whatever 1;\n  cltt", 1), id="unknown statement"),
    pytest.param(PLAIN.replace("2026/11/24", "026/11/24", 1), id="a year that overflows"),
    pytest.param(PLAIN.replace("host-7\"", "host-7" + "x" * 1500 + '"', 1), id="a string that is too long"),
    pytest.param(PLAIN.replace("  cltt", " " * 1600 + "cltt", 1), id="too much white space"),
    pytest.param(PLAIN.replace("198.51.100.9 ", "198.51.100.299 ", 1), id="no address"),
    pytest.param(PLAIN.replace("\\001\\000", "\\001\\189", 1), id="no octal number"),
    pytest.param(PLAIN + HEAD, id="byte order twice"),
    pytest.param(RICH.replace("fixed-address", "}", 1), id="a brace too early in a host"),
])  # fmt: skip
def test_damage_is_seen_by_both(damaged: str, reads: Reads) -> None:
    assert judge(damaged.encode("latin-1"), 4, reads)


def test_dhcpd_stops_at_0xff_without_a_word(reads: Reads) -> None:
    data = PLAIN.encode().replace(b"lease 203", b"\xfflease 203", 1)
    said = reads(data, 4)
    assert not said.complaints and len(said.lost(load(data))) == 10 and load(data).problems
    assert lost(load(data), loaded(said.output)) == 10


def test_a_backup_alone(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "dhcpd.leases"
    Path(f"{path}~").write_text(PLAIN)
    assert damage(path)
    (tmp_path / "dhcpd.conf").write_text(CONF[4])
    start = [*command, "-f", "-d", "--no-pid", "-p", "16767", "-cf", str(tmp_path / "dhcpd.conf"), "-lf", str(path)]
    refused = subprocess.run(start, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode and "Can't open lease database" in refused.stderr
    path.touch()
    assert damage(path)


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Do to a file what disks and people do."""
    tokens = [match.span() for match in re.finditer(rb'[\w-]+|[{};"]', data)]
    at, end, (first, last), (start, stop) = rng.randrange(len(data)), rng.randrange(1, 90), *rng.choices(tokens, k=2)
    flipped = bytes([data[at] ^ 1 << rng.randrange(8)])
    return rng.choice([
        data[:at],
        data[:at] + data[at + 1 :],
        data[:at] + data[at + end :],
        data[:at] + flipped + data[at + 1 :],
        data[:at] + bytes([rng.choice(b'{};" \n\\#09azx:.,/=%\0\xff')]) + data[at:],
        data[:first] + data[last:],
        data[:first] + data[start:stop] + data[last:],
    ])  # fmt: skip


# Blocks of statements are looked into only so far: see _lease_grammar.py.
SHALLOW = re.sub(r"host added.*?\n}\nhost gone.*?\n}\n|  on expiry.*?\n  }\n", "", RICH, flags=re.DOTALL)


@pytest.mark.parametrize(("text", "family"), [(SHALLOW, 4), (SIX, 6)])
def test_random_damage(text: str, family: int, reads: Reads) -> None:
    troubles = sum(judge(mutate(random.Random(seed), text.encode()), family, reads) for seed in range(1000))
    assert troubles > 300
    print(f"{troubles} of 1000 damaged files would have lost something")

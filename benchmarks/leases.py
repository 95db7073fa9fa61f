# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a lease file of 100,000 leases takes to read and judge, beside a bare read of it.

    ANSIBLE_COLLECTIONS_PATH=.cache/collections python benchmarks/leases.py [LEASES]

PyPI's isc-dhcp-leases is measured too where it is installed. The best of five; the
memory is what tracemalloc sees.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Callable

sys.path.insert(0, os.environ.get("ANSIBLE_COLLECTIONS_PATH", ".cache/collections"))

from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_contents import damage, load  # noqa: E402
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lease_query import query, select  # noqa: E402


def lease(number: int) -> str:
    octets = f"{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    return f"""lease 10.{number >> 16}.{number >> 8 & 255}.{number & 255} {{
  starts 2 2026/11/24 22:{number // 60 % 60:02}:{number % 60:02};
  ends 2 2026/11/24 23:{number // 60 % 60:02}:{number % 60:02};
  tstp 2 2026/11/24 23:{number // 60 % 60:02}:{number % 60:02};
  cltt 2 2026/11/24 22:{number // 60 % 60:02}:{number % 60:02};
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 00:00:5e:{octets};
  uid "\\001\\000\\000^\\{number % 4}{number % 8}{number % 7}\\000S";
  client-hostname "host-{number}";
}}
"""


def best(work: Callable[[], object]) -> float:
    times = []
    for _round in range(5):
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return min(times)


def memory(work: Callable[[], object]) -> float:
    """Return the largest memory that the work needs, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dhcpd.leases")
        path.write_text("authoring-byte-order little-endian;\n\n" + "".join(map(lease, range(number))))
        bare = best(path.read_text)
        asked = query({"hardware_ethernet": "00:00:5e:00:00:07", "subnet": "10.0.0.0/24"}, 0)
        works: dict[str, Callable[[], object]] = {
            "bare read, bytes": path.read_bytes,
            "bare read, text": path.read_text,
            "bare read, lines": lambda: sum(1 for _line in path.open()),
            "last state of each address, and the verdict": lambda: damage(path, 4),
            "one client's lease, of one subnet": lambda: select(load(path, asked.keep), asked),
        }
        try:
            from isc_dhcp_leases import IscDhcpLeases

            works["isc-dhcp-leases, get()"] = lambda: IscDhcpLeases(str(path)).get()
            works["isc-dhcp-leases, get_current()"] = lambda: IscDhcpLeases(str(path)).get_current()
        except ImportError:
            pass
        print(f"{number} leases, {path.stat().st_size / 1e6:.1f} MB, Python {sys.version.split()[0]}")
        for name, work in works.items():
            taken = best(work)
            print(f"{name:45} {taken:7.3f} s {taken / bare:7.1f} times a bare read of the text")
        sizes = ", ".join(f"{name} {memory(works[name]):.0f} MB" for name in list(works)[:4])
        print(f"memory: {sizes}")


if __name__ == "__main__":
    main()

# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten and a hundred thousand reservations: the filter, a template that loops, and dhcpd itself.

    PYTHONPATH=.cache/collections DHCPD=.cache/oracle/dhcpd .cache/venv/bin/python benchmarks/reservations.py

Each figure is processor time of a process of its own, the best of three. The filter checks and renders; the template
only renders. Its data is what Ansible hands to a template: loaded by its YAML loader, so tagged. `dhcpd -t` reads the
text that the filter made.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COLLECTIONS = str(Path(__file__).resolve().parents[1] / ".cache/collections")
TEMPLATE = """
{% for host in reservations %}
host {{ host.host }} {
  hardware ethernet {{ host.hardware_ethernet }};
  fixed-address {{ host.fixed_address }};
{% if host.options is defined %}
  option host-name "{{ host.options['host-name'] }}";
{% endif %}
}
{% endfor %}
"""


def reservations(count: int, options: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for n in range(count):
        item = {
            "host": f"h{n}",
            "hardware_ethernet": f"02:00:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}",
            "fixed_address": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",
        }
        found.append({**item, "options": {"host-name": f"h{n}"}} if options else item)
    return found


def tagged(data: Any) -> Any:
    """Return the data as Ansible loads an inventory: every text may be a template."""
    from ansible.template import trust_as_template

    if isinstance(data, dict):
        return {trust_as_template(key): tagged(value) for key, value in data.items()}
    return [tagged(item) for item in data] if isinstance(data, list) else trust_as_template(data)


def one(what: str, count: int, options: bool, path: str) -> None:
    """Print seconds and mebibytes that it takes, in this process."""
    data = {"reservations": reservations(count, options)}
    if what.startswith("ansible"):
        from ansible.plugins.loader import init_plugin_loader
        from ansible.template import Templar, trust_as_template

        # Ansible imports collections in its own way.
        sys.path[:] = [entry for entry in sys.path if not Path(entry, "ansible_collections/quadlet").is_dir()]
        init_plugin_loader([COLLECTIONS])
        data = tagged(data)
        variables = {"reservations": data["reservations"], "subnets": [{"subnet": "10.0.0.0/8"}]}
        templar = Templar(loader=None, variables=variables)
        text = TEMPLATE
        if what == "ansible filter":
            text = "{{ {'subnets': subnets, 'reservations': reservations} | quadlet.dhcpd.dhcpd_conf }}"
        template = trust_as_template(text)
        templar.template(trust_as_template("{{ {} | quadlet.dhcpd.dhcpd_conf }}"))
    else:
        from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import render
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    if what.startswith("ansible"):
        made = templar.template(template)
    else:
        made = render({"subnets": [{"subnet": "10.0.0.0/8"}], **data})
    took = time.process_time() - start
    assert made.count("fixed-address") == count
    if what != "ansible template":
        Path(path).write_text(made, encoding="utf-8")
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    print(json.dumps([took, more / 1024]))


def measure(what: str, count: int, options: bool, path: str) -> tuple[float, float]:
    best = (1e9, 0.0)
    for _time in range(3):
        command = [sys.executable, __file__, what, str(count), str(int(options)), path]
        took, memory = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        best = min(best, (took, memory))
    return best


def dhcpd(path: str) -> float:
    best = 1e9
    for _time in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [os.environ.get("DHCPD", "/usr/sbin/dhcpd"), "-t", "-4", "-cf", path, "-lf", "/dev/null"]
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def main() -> None:
    print("| reservations | with | filter alone | in Ansible | template that loops | dhcpd -t | memory of the filter |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory, "dhcpd.conf"))
        for options in (False, True):
            for count in (10_000, 100_000):
                filtered = measure("ansible filter", count, options, path)
                template = measure("ansible template", count, options, path)
                alone = measure("filter", count, options, path)
                tested = dhcpd(path)
                what = "a host name" if options else "nothing more"
                print(
                    f"| {count:,} | {what} | {alone[0]:.2f} s | {filtered[0]:.2f} s | {template[0]:.2f} s"
                    f" ({template[0] / filtered[0]:.0f} times) | {tested:.2f} s ({filtered[0] / tested:.1f} times that)"
                    f" | {alone[1]:.0f} MiB |",
                    flush=True,
                )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        one(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1", sys.argv[4])
    else:
        main()

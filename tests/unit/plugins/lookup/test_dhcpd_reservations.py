# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reservations from a server, a file and the inventory; whatever goes wrong bears the source's name."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Iterator

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.quadlet.dhcpd.plugins.lookup.dhcpd_reservations import LookupModule

# What NetBox says at /api/dcim/devices/, of which a device has custom fields for its card.
NETBOX = {
    "count": 3,
    "next": None,
    "results": [
        {"name": "camera1", "custom_fields": {"mac": "00-00-5E-00-53-21"},
         "primary_ip4": {"address": "198.51.100.21/24"}},
        {"name": "spare", "primary_ip4": None, "custom_fields": {"mac": None}},
        {"name": "camera2", "custom_fields": {"mac": "00:00:5e:00:53:22"},
         "primary_ip4": {"address": "198.51.100.22/24"}},
    ],
}  # fmt: skip
QUERY = (
    "results[?custom_fields.mac].{host: name, hardware_ethernet: custom_fields.mac, fixed_address: primary_ip4.address}"
)
CAMERAS = [
    {"host": "camera1", "hardware_ethernet": "00:00:5E:00:53:21", "fixed_address": "198.51.100.21"},
    {"host": "camera2", "hardware_ethernet": "00:00:5e:00:53:22", "fixed_address": "198.51.100.22"},
]
USER = "Basic " + base64.b64encode(b"reader:secret").decode()


class Ipam(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # pylint: disable=invalid-name
        wanted = {"/token": "Token abc", "/user": USER}.get(self.path)
        known = self.path in ("/token", "/user", "/html")
        self.send_response(404 if not known else 403 if wanted and self.headers["Authorization"] != wanted else 200)
        self.end_headers()
        self.wfile.write(b"<p>a: b: c" if self.path == "/html" else json.dumps(NETBOX).encode())

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(name="ipam", scope="module")
def fixture_ipam() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Ipam)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Lookup(LookupModule):
    def set_options(self, *_arguments: Any, **_options: Any) -> None:
        """Take no options: none of this lookup's own has a value here."""


def look(source: Any, base: Path = Path("/")) -> Any:
    lookup = Lookup(loader=DataLoader(), templar=None)
    return lookup.run([source], {"role_path": str(base), "ansible_search_path": [str(base)]})


@pytest.mark.parametrize(
    "how", [{"url": "/token", "headers": {"Authorization": "Token abc"}},
            {"url": "/user", "username": "reader", "password": "secret"}]
)  # fmt: skip
def test_url(ipam: str, how: dict[str, Any]) -> None:
    found = look({**how, "name": "netbox", "url": ipam + how["url"], "query": QUERY})
    assert found == [{"name": "netbox", "reservations": CAMERAS}]


@pytest.mark.parametrize("text", [json.dumps(NETBOX), "# YAML\nresults:\n" + "".join(
    f"  - {json.dumps(one)}\n" for one in NETBOX["results"]
)])  # fmt: skip
def test_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/ipam.txt").write_text(text, encoding="utf-8")
    assert look({"name": "file", "file": "ipam.txt", "query": QUERY}, tmp_path)[0]["reservations"] == CAMERAS


def test_hostvars() -> None:
    data = [
        {"inventory_hostname": "web1", "mac": "00:00:5e:00:53:31", "ip": "198.51.100.31"},
        {"inventory_hostname": "x"},
    ]
    query = "[?mac].{host: inventory_hostname, hardware_ethernet: mac, fixed_address: ip}"
    assert look({"name": "inventory", "data": data, "query": query})[0]["reservations"] == [
        {"host": "web1", "hardware_ethernet": "00:00:5e:00:53:31", "fixed_address": "198.51.100.31"}
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"url": "/gone"}, "/gone does not answer: HTTP Error 404"),
        ({"url": "/token", "headers": {"Authorization": "Token wrong"}}, "/token does not answer: HTTP Error 403"),
        ({"url": "/html"}, "what it says is neither JSON nor YAML"),
        ({"url": "/token", "headers": {"Authorization": "Token abc"}}, "is not a list of reservations; a query makes"),
        ({"file": "gone.json"}, "there is no file 'gone.json' on the controller"),
        ({"data": {}, "query": "a["}, "query: "),
    ],
)
def test_errors_bear_the_name_of_the_source_and_no_secret(ipam: str, source: dict[str, Any], words: str) -> None:
    if "url" in source:
        source = {**source, "url": ipam + source["url"]}
    with pytest.raises(AnsibleLookupError) as caught:
        look({"name": "netbox", **source})
    said = str(caught.value)
    assert said.startswith("dhcpd_container_reservation_sources[netbox]: ") and words in said
    assert "Token" not in said


def test_a_server_that_is_not_there(ipam: str) -> None:
    with pytest.raises(AnsibleLookupError, match=r"reservation_sources\[netbox\]: .* does not answer"):
        look({"name": "netbox", "url": "http://127.0.0.1:1/", "timeout": 5})

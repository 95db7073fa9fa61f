# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the collection as a whole: no variable, default or document is kept in two forms."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PYTHON = sorted(path for kind in ("modules", "lookup") for path in (ROOT / "plugins" / kind).glob("[!_]*.py"))
YAML = sorted((ROOT / "plugins/filter").glob("*.yml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def defaults(role: str) -> dict[str, Any]:
    return load(ROOT / "roles" / role / "defaults/main.yml")


def documents(path: Path) -> dict[str, Any]:
    """DOCUMENTATION, EXAMPLES and RETURN of a plugin, parsed, without an import."""
    if path.suffix == ".yml":
        text = load(path)
        return {**text, "EXAMPLES": yaml.safe_load(text["EXAMPLES"])} if "EXAMPLES" in text else text
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.targets[0].id: yaml.safe_load(node.value.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("DOCUMENTATION", "EXAMPLES", "RETURN")
        and isinstance(node.value, ast.Constant)
    }


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_argument_specs_say_the_same(role: str) -> None:
    options = load(ROOT / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert set(defaults(role)) == set(options)
    assert {name: option.get("default") for name, option in options.items()} == defaults(role)


@pytest.mark.parametrize("role", ROLES)
def test_every_option_has_a_type_and_a_description_and_its_default_is_of_it(role: str) -> None:
    types = {"str": str, "bool": bool, "int": int, "list": list, "dict": dict}
    options = load(ROOT / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    for name, option in options.items():
        assert option["description"], name
        assert type(option["default"]) is types[option["type"]], name
        assert option["type"] != "list" or option["elements"] in types, name


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_used_and_none_is_unknown(role: str) -> None:
    parts = ("tasks", "templates", "vars", "handlers")
    paths = [path for part in parts for path in (ROOT / "roles" / role / part).rglob("*") if path.is_file()]
    used = {word for path in paths for word in re.findall(rf"(?<![\w.]){role}_\w+", path.read_text(encoding="utf-8"))}
    made = {
        task[key]
        for path in paths
        if path.parts[-2] == "tasks"
        for task in load(path) or []
        for key in ("register",)
        if str(task.get(key, "")).startswith(f"{role}_")
    }
    facts = {
        word for path in paths for word in re.findall(rf"^\s+({role}_\w+):", path.read_text(encoding="utf-8"), re.M)
    }
    assert set(defaults(role)) - used == set(), "never used"
    assert used - set(defaults(role)) - made - facts == set(), "without a default"


@pytest.mark.parametrize("path", [*PYTHON, *YAML], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_plugin_is_documented_with_a_version_and_examples_that_use_it(path: Path) -> None:
    found = documents(path)
    document = found["DOCUMENTATION"]
    assert document.get("name", document.get("module")) == path.stem
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(document["version_added"]))
    assert found["RETURN"] and document["short_description"] and document["author"]
    assert f"quadlet.dhcpd.{path.stem}" in str(found["EXAMPLES"])


def test_every_filter_is_documented_and_every_document_has_its_filter() -> None:
    names = {
        str(key.value)
        for path in (ROOT / "plugins/filter").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name == "filters"
        for entry in ast.walk(node)
        if isinstance(entry, ast.Dict)
        for key in entry.keys
        if isinstance(key, ast.Constant)
    }
    assert names == {path.stem for path in YAML} and names


def test_every_action_plugin_has_the_module_that_documents_it() -> None:
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert {path.stem for path in (ROOT / "plugins/action").glob("[!_]*.py")} <= modules


@pytest.mark.parametrize(
    "path", sorted([*(ROOT / "plugins").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]), ids=lambda path: path.stem
)
def test_every_python_file_says_whose_it_is_and_under_which_licence(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[1:4] if lines[0].startswith("#!") else lines[:3]
    assert head[0].startswith("# Copyright (c) ") and head[2] == "# SPDX-License-Identifier: GPL-3.0-or-later"


SITE = ["ansible-playbook", str(ROOT / "playbooks/site.yml")]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--tags=preflight"], {"Validate", "Preflight"}),
        (["--tags=install"], {"Validate", "Preflight", "Install"}),
        (["--tags=release"], {"Validate", "Preflight", "Release"}),
        (["--skip-tags=install"], {"Validate", "Preflight", "Release"}),
        (["--skip-tags=release"], {"Validate", "Preflight", "Install"}),
    ],
)
def test_tags_run_parts_of_site_and_never_without_preflight(words: list[str], parts: set[str]) -> None:
    site = [*SITE, "--inventory=dhcp1,", "--extra-vars=dhcpd_hosts=all", "--list-tasks"]
    done = subprocess.run([*site, *words], check=True, capture_output=True, text=True)
    assert set(re.findall(r"dhcpd_container : (\w+) \|", done.stdout)) == parts


def test_a_batch_with_a_host_that_fails_is_the_last(tmp_path: Path) -> None:
    """No host is touched: what is left of the role judges variables, and those of dhcp3 lack the pin."""
    good = {
        "dhcpd_container_image": "localhost/dhcpd",
        "dhcpd_container_image_tag": "4.4.3-P1-1",
        "dhcpd_container_interfaces": ["eth1"],
        "dhcpd_container_subnets": [{"subnet": "198.51.100.0/24"}],
    }
    hosts = {f"dhcp{number}": good for number in range(1, 6)}
    hosts["dhcp3"] = {**good, "dhcpd_container_image_tag": ""}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"dhcp_servers": {"hosts": hosts}}))
    site = [*SITE, f"--inventory={inventory}", "--skip-tags=preflight,install,release"]
    site.append('--extra-vars={"dhcpd_serial": [1, 2]}')
    done = subprocess.run(site, check=False, capture_output=True, text=True)
    assert done.returncode == 2, done.stdout
    assert re.findall(r"^(dhcp\d) +: ok=", done.stdout, re.MULTILINE) == ["dhcp1", "dhcp2", "dhcp3"]

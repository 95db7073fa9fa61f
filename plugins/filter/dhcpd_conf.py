# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that make, check and read a dhcpd.conf; each is documented in the YAML file of its name."""

from __future__ import annotations

from typing import Any, Callable, Iterator

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf import (
    MODEL,
    SHARED,
    ConfError,
    named,
    problems,
    render,
    variable,
)
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_ddns import ddns_warnings
from ansible_collections.quadlet.dhcpd.plugins.module_utils._conf_ldap import ldap_files
from ansible_collections.quadlet.dhcpd.plugins.module_utils._import import DEFAULTS, import_conf
from ansible_collections.quadlet.dhcpd.plugins.module_utils._ldap import directory_of, timeout_of
from ansible_collections.quadlet.dhcpd.plugins.module_utils._lexer import LexError, declared_subnets


def dhcpd_conf(model: Any, family: int = 4) -> str:
    """Return the dhcpd.conf of a model; all its problems, if there are any, become one error."""
    try:
        return render(_resolved(model), _family("dhcpd_conf", family))
    except ConfError as error:
        raise AnsibleFilterError(str(error)) from error


def dhcpd_conf_files(model: Any, family: int = 4) -> list[dict[str, str]]:
    """Return the configuration and the files that it includes, each with path and content."""
    name = "dhcpd.conf" if family == 4 else "dhcpd6.conf"
    text = dhcpd_conf(model, family)
    included = [item for item in model.get("includes", ()) if "path" in item]
    return [
        {"path": name, "content": text},
        *({"path": item["path"], "content": item["content"]} for item in included),
        *({"path": path, "content": text} for path, text in ldap_files(model).items()),
    ]


def dhcpd_conf_problems(model: Any, family: int = 4) -> list[str]:
    """Return every problem of a model: an empty list if dhcpd_conf takes it. What is hardly meant is a warning."""
    model = _resolved(model)
    found = problems(model, _family("dhcpd_conf_problems", family))
    for warning in ddns_warnings(model, family) if not found else ():
        Display().warning(named(warning, family))
    return found


def dhcpd_conf_parse(conf: Any, family: int = 4) -> dict[str, Any]:
    """Return the role's variables that mean what a dhcpd.conf means, and notes on what stayed raw."""
    texts = {"dhcpd.conf": conf} if isinstance(conf, str) else _texts(conf)
    family = _family("dhcpd_conf_parse", family)
    # The first file is the configuration itself, the others are what it includes.
    name = next(iter(texts))
    try:
        found = import_conf(texts[name], family, texts)
    except LexError as error:
        raise AnsibleFilterError(f"dhcpd_conf_parse cannot read {name}: {error}") from error
    # The role has values of its own for these; where the file says nothing, dhcpd has others.
    model = {**DEFAULTS, **found.model}
    if family == 4 and "delayed-ack" not in model.get("statements", {}):
        model["delayed_ack"] = 0
    variables = {variable(key, family): value for key, value in model.items()}
    notes = [named(note, family) for note in found.notes]
    if family == 6:
        shared = [variable(key, family) for key in model if key in SHARED]
        notes.append(f"{', '.join(shared)}: shared with IPv4; where the host serves that too, see that they agree")
    return {"variables": variables, "notes": [*notes, *_templates("", variables)]}


def _templates(path: str, value: Any) -> Iterator[str]:
    """Yield a note on every text that Ansible would take for a template."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _templates(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _templates(f"{path}[{index}]", inner)
    elif isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
        yield f"{path}: Ansible would take this text for a template; tag it !unsafe where you keep it"


def _resolved(model: Any) -> Any:
    """Return the model with its reservations as plain data, where that is what they are.

    Ansible (2.19) resolves each value of a variable when it is read, some 10 microseconds apiece: for a hundred
    thousand reservations that is most of the time. A text without a brace has nothing to resolve. Anything else is
    read in Ansible's way.
    """
    if not isinstance(model, dict):
        return model
    found = dict(model.items())
    if isinstance(found.get("reservations"), list):
        found["reservations"] = _plain_list(found["reservations"])
    sources = found.get("reservation_sources")
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and isinstance(source.get("reservations"), list):
            plain = {**source, "reservations": _plain_list(source["reservations"])}
            found["reservation_sources"] = [plain if one is source else one for one in found["reservation_sources"]]
    return found


def _plain_list(values: list[Any]) -> list[Any]:
    found = []
    for index, item in enumerate(list.__iter__(values)):
        try:
            found.append(_plain(item))
        except _Resolvable:
            found.append(values[index])
    return found


class _Resolvable(Exception):
    """There may be something to resolve in a value."""


def _plain(value: Any) -> Any:
    """Return a value without what Ansible keeps about it. Raises _Resolvable."""
    if type(value).__name__ == "_LazyValue":
        value = value.value
    if isinstance(value, str):
        if "{" in value:
            raise _Resolvable
        return str.__str__(value)
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in dict.items(value)}
    if isinstance(value, list):
        return [_plain(inner) for inner in list.__iter__(value)]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    raise _Resolvable


def _texts(files: Any) -> dict[str, str]:
    if not isinstance(files, (list, tuple)) or not files:
        raise AnsibleFilterError("dhcpd_conf_parse takes the text of a dhcpd.conf, or a list of path and content")
    try:
        return {str(file["path"]): str(file["content"]) for file in files}
    except (TypeError, KeyError) as error:
        raise AnsibleFilterError(f"dhcpd_conf_parse takes a list of path and content: {error}") from error


def _family(name: str, family: Any) -> int:
    if family not in MODEL:
        raise AnsibleFilterError(f"{name}: {family!r} is no address family; give 4 or 6")
    return int(family)


def dhcpd_ldap_timeout(texts: Any, asked: int | None = None) -> int | None:
    """Return how many seconds dhcpd may wait for the directory that texts name; None where they name none."""
    return timeout_of(_texts_of("dhcpd_ldap_timeout", texts), asked)


def dhcpd_subnets(texts: Any) -> list[str]:
    """Return the subnets, in CIDR notation, that one text or a list of texts declares; none where LDAP has others."""
    texts = _texts_of("dhcpd_subnets", texts)
    try:
        return [] if directory_of(texts) else [str(network) for network in declared_subnets(texts)]
    except LexError as error:
        raise AnsibleFilterError(f"dhcpd_subnets cannot read the text: {error}") from error


def _texts_of(name: str, texts: Any) -> list[str]:
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise AnsibleFilterError(f"{name} takes the text of a dhcpd.conf, or a list of such texts")
    return list(texts)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "dhcpd_conf": dhcpd_conf,
            "dhcpd_conf_files": dhcpd_conf_files,
            "dhcpd_conf_parse": dhcpd_conf_parse,
            "dhcpd_conf_problems": dhcpd_conf_problems,
            "dhcpd_ldap_timeout": dhcpd_ldap_timeout,
            "dhcpd_subnets": dhcpd_subnets,
        }

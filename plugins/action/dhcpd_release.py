# Copyright (c) 2026, the quadlet.dhcpd authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of dhcpd_release: what is large, or secret, on its way to the host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.quadlet.dhcpd.plugins.module_utils._archive import ArchiveError, read
from ansible_collections.quadlet.dhcpd.plugins.module_utils._packed import LONG, mark, pack
from ansible_collections.quadlet.dhcpd.plugins.module_utils._signature import NAMESPACE

MODULE = "quadlet.dhcpd.dhcpd_release"


def _packed(files: Any) -> Any:
    """The same files with each content packed; what is malformed is left for the module to refuse."""
    if not isinstance(files, list):
        return files
    return [
        {**file, "content": pack(file["content"])}
        if isinstance(file, dict) and isinstance(file.get("content"), str)
        else file
        for file in files
    ]


def _marked(files: Any, packed: Any) -> Any:
    """The packed files with a mark in place of each long content: the host may have it already."""
    if not isinstance(files, list):
        return packed
    return [
        {**small, "content": mark(file["content"])}
        if isinstance(small, dict) and isinstance(small.get("content"), str) and len(small["content"]) > LONG
        else small
        for file, small in zip(files, packed)
    ]


class ActionModule(ActionBase):
    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        archive = arguments.pop("archive", None)
        packed = _packed(arguments.get("files"))
        if "files" in arguments:  # a way back has none
            arguments["files"] = _marked(arguments["files"], packed)
        if not archive:
            result = self._run_module(arguments, packed, task_vars)
            if result.pop("archive_needed", False):
                raise AnsibleActionFail(f"image_id: the host has no image {arguments['image_id']}; name its archive")
            return result

        try:
            source = self._find_needle("files", archive)
        except AnsibleError as error:
            raise AnsibleActionFail(f"archive: there is no file {archive!r} on the controller: {error}") from error
        signature = f"{source}.sig" if arguments.get("image_keys") else None
        if signature and not Path(signature).is_file():
            raise AnsibleActionFail(
                f"archive: image_keys asks for a signature, and there is no {signature}; name the build's signing key"
                f" (dhcpd_image_signing_key), or sign it: ssh-keygen -Y sign -n {NAMESPACE} -f KEY {source}"
            )
        arguments["image_id"] = self._image_id(source, str(arguments.get("image", "")))
        result = self._run_module(arguments, packed, task_vars)
        if not result.pop("archive_needed", False):
            return result
        # Removed with all else when the task is over (ActionBase.cleanup).
        directory = self._connection._shell.tmpdir or self._make_tmp_path()
        for name, file in (("archive", source), ("signature", signature)):
            if file:
                arguments[name] = self._transfer_file(file, self._connection._shell.join_path(directory, name))
        return self._run_module(arguments, packed, task_vars)

    def _run_module(self, arguments: dict[str, Any], packed: Any, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module, a second time with the long texts themselves if the host has no release that holds them."""
        result: dict[str, Any] = self._execute_module(MODULE, arguments, task_vars=task_vars)
        if not result.pop("files_needed", False):
            return result
        arguments["files"] = packed
        return dict(self._execute_module(MODULE, arguments, task_vars=task_vars))

    def _image_id(self, source: str, image: str) -> str:
        try:
            found = read(source)
        except ArchiveError as error:
            raise AnsibleActionFail(f"archive: {error}") from error
        if found.references and image not in found.references:
            raise AnsibleActionFail(
                f"archive: {source} holds {', '.join(found.references)}, but the image asked for is {image};"
                " name the archive of that image, or the image of that archive"
            )
        return found.image_id

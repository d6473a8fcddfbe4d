"""The TAB key: commands and options from the parser, names of backups from the folder."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from .. import _call
from .._library import load
from .store_options import collect

SHELLS = ("bash", "zsh", "fish")


def shell_code(shell: str, program: str) -> str:
    """What a shell has to run to complete ``program``."""
    import argcomplete

    return argcomplete.shellcode([program], shell=shell)  # type: ignore[no-any-return,attr-defined,unused-ignore]


def complete_if_asked(parser: Any) -> None:
    """Answers the shell and ends the process, if it is the shell that runs this program."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)


def complete_backups(prefix: str, parsed_args: Namespace, **_more: object) -> list[str]:
    """The names that ``verify`` and ``restore`` take; files, once a path is begun."""
    if os.path.dirname(prefix):
        from argcomplete.completers import FilesCompleter

        return list(FilesCompleter()(prefix))
    try:
        handle = _call.open_store(collect(parsed_args))
        try:
            listed = _call.request("respaldo_list", handle, {"include_safety": True})["backups"]
        finally:
            load().respaldo_close(handle)
    except Exception:  # of any kind: a completion has no place to show an error
        return []
    return [backup["name"] for backup in listed]

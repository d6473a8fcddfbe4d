"""Finds the dynamic library, loads it, checks it and declares its functions."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int32, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

ABI_VERSION = 1
"""The version of the C interface that this package is written for."""

ENVIRONMENT = "RESPALDO_LIBRARY"
"""The environment variable that names the library's file, or the folder that it lies in."""

ProgressFunction = CFUNCTYPE(c_int32, c_void_p, c_uint64, c_uint64)
"""The C callback: user data, pages done, pages in total; answers non-zero to cancel."""

_out_json = POINTER(c_void_p)  # not c_char_p: ctypes would convert that and lose the address to free
_WITHOUT_PROGRESS = [c_uint32, c_char_p, _out_json]
_WITH_PROGRESS = [c_uint32, c_char_p, ProgressFunction, c_void_p, _out_json]
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "respaldo_open": (c_int32, [c_char_p, POINTER(c_uint32), _out_json]),
    "respaldo_close": (c_int32, [c_uint32]),
    "respaldo_create": (c_int32, _WITH_PROGRESS),
    "respaldo_create_if_due": (c_int32, _WITH_PROGRESS),
    "respaldo_list": (c_int32, _WITHOUT_PROGRESS),
    "respaldo_last_backup": (c_int32, [c_uint32, _out_json]),
    "respaldo_restore": (c_int32, _WITH_PROGRESS),
    "respaldo_verify": (c_int32, _WITH_PROGRESS),
    "respaldo_prune": (c_int32, _WITHOUT_PROGRESS),
    "respaldo_annotate": (c_int32, _WITH_PROGRESS),
    "respaldo_bring_back": (c_int32, _WITH_PROGRESS),
    "respaldo_salvage": (c_int32, _WITH_PROGRESS),
    "respaldo_health": (c_int32, _WITH_PROGRESS),
    "respaldo_rehearse": (c_int32, _WITH_PROGRESS),
    "respaldo_compare": (c_int32, _WITH_PROGRESS),
    "respaldo_find": (c_int32, _WITH_PROGRESS),
    "respaldo_history": (c_int32, _WITH_PROGRESS),
    "respaldo_archive_init": (c_int32, _WITH_PROGRESS),
    "respaldo_archive_push": (c_int32, _WITH_PROGRESS),
    "respaldo_archive_list": (c_int32, _WITH_PROGRESS),
    "respaldo_archive_fetch": (c_int32, _WITH_PROGRESS),
    "respaldo_archive_check": (c_int32, _WITH_PROGRESS),
    "respaldo_archive_prune": (c_int32, _WITH_PROGRESS),
    "respaldo_archive_key": (c_int32, _WITH_PROGRESS),
    "respaldo_string_free": (None, [c_void_p]),
    "respaldo_version": (c_char_p, []),
    "respaldo_abi_version": (c_uint32, []),
    "respaldo_status_name": (c_char_p, [c_int32]),
}


def _file_name() -> str:
    match sys.platform:
        case "win32" | "cygwin":
            return "respaldo.dll"
        case "darwin":
            return "librespaldo.dylib"
        case _:
            return "librespaldo.so"


_INSTALL = f"Install the package with pip, or set {ENVIRONMENT} to the library's file."
_IN_A_FROZEN_PROGRAM = f"""This program was frozen without the library. Freeze it again from an installed package:
  PyInstaller 6 finds the library by the package's hook; without it: pyinstaller --collect-binaries respaldo
  cx_Freeze finds it too, unless the package is in the zip: --zip-exclude-packages=respaldo
  Nuitka: --include-data-files=.../site-packages/respaldo/{_file_name()}=respaldo/{_file_name()}
Or put {_file_name()} where it was looked for."""


class LibraryLoadError(ImportError):
    """The respaldo library could not be loaded; the message names every file tried and why it failed.

    Causes: the package was copied instead of installed, so that it has no library in it;
    a program was frozen without it; ``RESPALDO_LIBRARY`` points to the wrong place; the library was built for another
    kind of machine; or the library is older than this package or speaks another ABI version.
    """


@functools.cache
def load() -> ctypes.CDLL:
    """The library, loaded once a process.

    Raises:
        LibraryLoadError: no file could be loaded, or the one loaded does not fit this package.
    """
    failures = []
    for path in _candidates():
        try:
            return _checked(ctypes.CDLL(str(path)))
        except (OSError, _UnsuitableLibrary) as error:
            failures.append(f"  {path}: {str(error).removeprefix(f'{path}: ')}")
    raise LibraryLoadError(
        "The respaldo library could not be loaded. Tried:\n"
        + "\n".join(failures)
        + f"\n{_IN_A_FROZEN_PROGRAM if _is_frozen() else _INSTALL}"
    )


def version() -> str:
    """The version of the loaded library, such as ``"0.1.0"``.

    Raises:
        LibraryLoadError: the library could not be loaded.
    """
    text: bytes = load().respaldo_version()
    return text.decode()


def package_version() -> str | None:
    """The version of the installed package; None where nothing is installed, as in a frozen application."""
    from importlib import metadata  # imported here: it takes longer than all other imports together

    try:
        return metadata.version("respaldo")
    except metadata.PackageNotFoundError:
        return None


def _is_frozen() -> bool:
    """Whether this is a program made by PyInstaller or cx_Freeze, or by Nuitka, which sets a global instead."""
    return bool(getattr(sys, "frozen", False)) or "__compiled__" in globals()


def _candidates() -> Iterator[Path]:
    """The files to try. With the environment variable set, no other library is tried in its place."""
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        path = Path(chosen).absolute()
        yield path / _file_name() if path.is_dir() else path
    else:
        yield Path(__file__).resolve().parent / _file_name()


class _UnsuitableLibrary(Exception):
    """The library loads, but this package cannot work with it."""


def _checked(library: ctypes.CDLL) -> ctypes.CDLL:
    """Checks that the library can do what this package needs, and declares its functions.

    A newer library is fine: within one ABI version nothing changes its meaning. An older one may
    lack what this package was written for.
    """
    try:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise _UnsuitableLibrary(f"not the respaldo library, or too old: {error}") from None
    abi = library.respaldo_abi_version()
    if abi != ABI_VERSION:
        raise _UnsuitableLibrary(f"its ABI version is {abi}, this package needs {ABI_VERSION}")
    theirs, ours = library.respaldo_version().decode(), package_version()
    if ours is not None and _release(theirs) < _release(ours):
        raise _UnsuitableLibrary(f"its version is {theirs}, too old for version {ours} of the Python package")
    return library


def _release(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)

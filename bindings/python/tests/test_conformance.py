"""The project's conformance cases, through this package.

The cases and the rest of their runner are the project's own; here the calls go through Store, and
its dataclasses are turned back into the JSON that they came from. A case is skipped where Python
itself refuses what it wants to send: an unknown argument, a missing one, bad JSON, a closed store.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import respaldo
import scene

RUNNER = scene.CHECKOUT / "tests" / "conformance" / "run_python.py"


def load_runner() -> Any:
    spec = importlib.util.spec_from_file_location("conformance_runner", RUNNER)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(RUNNER.parent))  # where it imports its own modules from
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(RUNNER.parent))
    return module


runner = load_runner() if RUNNER.exists() else None
CASES: dict[str, Any] = runner.all_cases() if runner else {}


class ThroughThePackage:
    """What the runner calls the C interface by, on top of Store. A store is its own handle."""

    def open(self, options: bytes | None) -> tuple[str, Any, respaldo.Store | None]:
        arguments = arguments_of(options)
        try:
            store = python_takes(lambda: respaldo.Store(**arguments))
        except respaldo.RespaldoError as error:
            return error.name, {"error": error.args[0]}, None
        return "OK", {}, store

    def close(self, store: respaldo.Store) -> tuple[str, Any]:
        store.close()
        return "OK", None

    def connect(self, path: Path) -> Any:
        return runner.Connection(path)  # type: ignore[union-attr]

    def change_folder(self, path: Path) -> None:
        os.chdir(path)

    def call(self, name: str, store: respaldo.Store, request: bytes | None, cancel: bool) -> tuple[str, Any, int]:
        """The status, the answer, and how often progress was called."""
        calls = 0

        def progress(_done: int, _total: int) -> bool:
            nonlocal calls
            calls += 1
            return not cancel

        arguments = arguments_of(request)
        if name.startswith("archive_"):
            own = name.removeprefix("archive_")
            method = getattr(store.archive, "change_key" if own == "key" else own)
        else:
            method = getattr(store, name, None)
        if method is None:
            pytest.skip(f"Python has no {name} yet")
        if "progress" in inspect.signature(method).parameters:
            arguments["progress"] = progress
        if isinstance(arguments.get("rows"), list):
            arguments["rows"] = [respaldo.RowKey(**row) for row in arguments["rows"]]
        try:
            answer = to_json(python_takes(lambda: method(**arguments)))
            return "OK", {"backup": answer} if name == "annotate" else answer, calls
        except respaldo.RespaldoError as error:
            return error.name, {"error": error.args[0]}, calls
        except ValueError as error:
            pytest.skip(f"Python refuses it itself: {error}")


def arguments_of(request: bytes | None) -> dict[str, Any]:
    """The request as keyword arguments."""
    try:
        arguments = json.loads(request or b"{}")
    except ValueError as error:
        pytest.skip(f"Python cannot send it: {error}")
    if not isinstance(arguments, dict):
        pytest.skip("Python cannot send it: not keyword arguments")
    if any(value is None for key, value in arguments.items() if key != "settings"):
        pytest.skip("Python cannot send it: None means not given")
    return arguments


def python_takes(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except TypeError as error:
        pytest.skip(f"Python refuses it itself: {error}")


def to_json(value: Any) -> Any:
    match value:
        case Path():
            return str(value)
        case datetime():
            return value.isoformat()
        case bytes():
            return {"blob": value.hex()}
        case tuple():
            return [to_json(element) for element in value]
        case dict():
            return {key: to_json(element) for key, element in value.items()}
    if not dataclasses.is_dataclass(value):
        return value
    answer = {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    # Left out of the library's answer, and None in Python.
    left_out = ("reason", "duration_ms") if isinstance(value, respaldo.DueResult) else ("snapshot",)
    return {k: v for k, v in answer.items() if v is not None or k not in left_out}


@pytest.mark.skipif(not CASES, reason="the conformance cases are not in an sdist")
@pytest.mark.parametrize("name", CASES)
def test_the_package_passes_the_case(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Case(runner.Case):  # type: ignore[name-defined, misc]
        def run_step(self, step: dict[str, Any]) -> None:
            if step.get("status") == "INVALID_HANDLE":
                pytest.skip("a closed store is a ValueError before the library is asked")
            super().run_step(step)

    monkeypatch.chdir(tmp_path)
    problems = Case(ThroughThePackage(), CASES[name], tmp_path.resolve()).run()
    assert problems == []

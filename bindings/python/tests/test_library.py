"""The loader: where it looks, what it refuses, what it says; and libraries newer than this package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import respaldo
import scene
from respaldo import _library

Build = Callable[..., Path]

OPEN_A_STORE = "import respaldo; respaldo.Store('tattoostudio.db')"


def load_failure(library: Path | str, script: str = OPEN_A_STORE) -> str:
    """What is printed when the library cannot be loaded."""
    done = scene.run_python(script, env={"RESPALDO_LIBRARY": str(library)})
    assert done.returncode == 1
    assert "LibraryLoadError" in done.stderr
    return done.stderr


@pytest.fixture
def compiler() -> str:
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    return compiler


@pytest.fixture
def build(compiler: str, tmp_path: Path) -> Build:
    """Builds another library, with these macros."""

    def build(**macros: object) -> Path:
        defined = {"VERSION": '"99.0.0"', "ABI": _library.ABI_VERSION} | macros
        library = tmp_path / "another.so"
        source = Path(__file__).parent / "another_library.c"
        flags = [f"-D{name}={value}" for name, value in defined.items()]
        subprocess.run([compiler, "-shared", "-fPIC", *flags, "-o", library, source], check=True)
        return library

    return build


def test_versions_come_from_one_source() -> None:
    manifest = tomllib.loads((scene.CHECKOUT / "Cargo.toml").read_text(encoding="utf-8"))
    assert respaldo.version() == respaldo.__version__ == manifest["package"]["version"]


@pytest.mark.parametrize(
    ("platform", "name"),
    [("linux", "librespaldo.so"), ("darwin", "librespaldo.dylib"), ("win32", "respaldo.dll")],
)
def test_the_library_has_its_systems_name(monkeypatch: pytest.MonkeyPatch, platform: str, name: str) -> None:
    monkeypatch.delenv("RESPALDO_LIBRARY", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    assert [place.name for place in _library._candidates()] == [name]


def test_importing_does_not_load_the_library() -> None:
    done = scene.run_python("import respaldo", env={"RESPALDO_LIBRARY": "/nowhere/librespaldo.so"})
    assert (done.returncode, done.stderr) == (0, "")


def test_every_public_name_exists() -> None:
    assert all(hasattr(respaldo, name) for name in respaldo.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(respaldo, "nonsense")  # noqa: B009


class TestFailures:
    def test_a_missing_file_is_named(self) -> None:
        message = load_failure("/nowhere/librespaldo.so")
        assert "/nowhere/librespaldo.so: cannot open" in message
        assert "RESPALDO_LIBRARY" in message

    def test_version_raises_the_same_error(self) -> None:
        load_failure("/nowhere/librespaldo.so", "import respaldo; respaldo.version()")

    def test_a_folder_without_the_library_is_named(self, tmp_path: Path) -> None:
        assert str(tmp_path / _library._file_name()) in load_failure(tmp_path)

    def test_a_file_that_is_no_library_is_named(self, tmp_path: Path) -> None:
        text = tmp_path / "librespaldo.so"
        text.write_text("not a library")
        assert f"{text}: " in load_failure(text)

    def test_it_is_an_import_error(self) -> None:
        assert issubclass(respaldo.LibraryLoadError, ImportError)

    def test_a_package_without_a_library_says_so(self, tmp_path: Path) -> None:
        copied = tmp_path / "respaldo"
        shutil.copytree(Path(respaldo.__file__).parent, copied)
        (copied / _library._file_name()).unlink(missing_ok=True)
        done = scene.run_python(OPEN_A_STORE, env={"PYTHONPATH": str(tmp_path), "RESPALDO_LIBRARY": ""})
        assert done.returncode == 1
        assert f"{copied / _library._file_name()}: cannot open" in done.stderr


class TestOtherVersions:
    def test_another_abi_version_is_refused(self, build: Build) -> None:
        assert "its ABI version is 2, this package needs 1" in load_failure(build(ABI=2))

    def test_an_older_library_is_refused(self, build: Build) -> None:
        assert "its version is 0.0.9, too old" in load_failure(build(VERSION='"0.0.9"'))

    def test_a_library_that_lacks_a_function_is_refused(self, build: Build) -> None:
        message = load_failure(build(WITHOUT_PRUNE=1))
        assert "too old" in message
        assert "respaldo_prune" in message

    def test_a_folder_is_searched(self, build: Build, tmp_path: Path) -> None:
        build().rename(tmp_path / _library._file_name())
        done = scene.run_python("import respaldo; print(respaldo.version())", env={"RESPALDO_LIBRARY": str(tmp_path)})
        assert (done.stdout, done.stderr) == ("99.0.0\n", "")

    def answer(self, library: Path, script: str) -> str:
        done = scene.run_python(
            f"import respaldo\nstore = respaldo.Store('x')\n{script}",
            env={"RESPALDO_LIBRARY": str(library)},
        )
        assert done.stderr == ""
        return done.stdout.strip()

    def test_unknown_keys_and_kinds_are_accepted(self, build: Build) -> None:
        backup = {
            "name": "b.db",
            "display": "04/03/2026 14:23",
            "size": 1,
            "path": "/b.db",
            "created_at": "2026-03-04T14:23:05-07:00",
            "kind": "cloud",
            "intact": True,
            "colour": "blue",
        }
        listing = {"backups": [backup], "warnings": [{"name": "N", "message": "m", "new": 1}], "new": {}}
        library = build(ANSWER=json.dumps(json.dumps(listing)))
        assert self.answer(library, "print(store.list()[0].kind, store.list().warnings[0])") == "cloud m"

    def test_an_unknown_status_is_a_plain_error(self, build: Build) -> None:
        error = {"error": {"status": 77, "name": "NEW", "message": "m", "hint": "h", "path": None, "more": 5}}
        library = build(STATUS=77, ANSWER=json.dumps(json.dumps(error)))
        script = """
try:
    store.create()
except respaldo.RespaldoError as error:
    print(type(error).__name__, error.status, error.name, error.args[0]["more"])
"""
        assert self.answer(library, script) == "RespaldoError 77 NEW 5"

    def test_no_memory_for_the_answer_is_a_memory_error(self, build: Build) -> None:
        script = """
try:
    store.list()
except MemoryError as error:
    print(error)
"""
        assert "respaldo_list" in self.answer(build(STATUS=99), script)

"""Builds the Rust library with cargo and puts it into the wheel; puts its sources into the sdist.

The version has one source, the library's ``Cargo.toml``. In a checkout that file lies two folders
up; in an unpacked sdist it lies in ``rust/``.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
FEATURES = "RESPALDO_FEATURES"  # cargo features to build with, such as "archive"
BUILT = "RESPALDO_BUILT"  # a library that is packed as it is, instead of building one
CARGO = "RESPALDO_CARGO"  # names a program that is called in cargo's place, to build for another system
RUST_SOURCES = ("Cargo.toml", "Cargo.lock", ".cargo", "build.rs", "cbindgen.toml", "include", "src")


def crate_root() -> Path:
    """The folder of the library's ``Cargo.toml``."""
    in_sdist = HERE / "rust"
    return in_sdist if in_sdist.is_dir() else HERE.parent.parent


def crate_version() -> str:
    """The ``version`` of the library's ``Cargo.toml``."""
    manifest = tomllib.loads((crate_root() / "Cargo.toml").read_text(encoding="utf-8"))
    return str(manifest["package"]["version"])


def build_library() -> Path:
    """Runs cargo and returns the dynamic library that it made.

    Cargo itself says where that is, so ``CARGO_TARGET_DIR`` and cargo's configuration are
    respected. Without them it is the checkout's ``target``, and nothing is built twice.
    """
    cargo = os.environ.get(CARGO) or shutil.which("cargo")
    if cargo is None:
        raise RuntimeError("cargo is not on the PATH: respaldo is written in Rust, install it from https://rustup.rs")
    command = [cargo, "build", "--release", "--locked", "--lib", "--message-format=json-render-diagnostics"]
    if features := os.environ.get(FEATURES):
        command += ["--features", features]
    # SQLite, which has no date in it, would be compiled anew for each other one.
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    output = subprocess.run(command, cwd=crate_root(), env=environment, stdout=subprocess.PIPE, check=True).stdout
    for line in reversed(output.splitlines()):
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and "cdylib" in message["target"]["crate_types"]:
            for file in map(Path, message["filenames"]):
                if file.suffix in (".so", ".dylib", ".dll"):
                    return file
    raise RuntimeError("cargo reported no dynamic library: " + " ".join(command))


def platform_tag(library: Path) -> str:
    """The wheel's platform, such as ``linux_x86_64``: this machine's, unless the library is for Windows."""
    if library.suffix == ".dll" and sys.platform != "win32":
        return "win_amd64"
    name = sysconfig.get_platform().replace("universal2", platform.machine())
    return name.replace("-", "_").replace(".", "_")


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling before it packs a wheel or an sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "sdist":
            sources = [crate_root() / name for name in RUST_SOURCES]
            build_data["force_include"] |= {str(s): f"rust/{s.name}" for s in sources if s.exists()}
            return
        built = os.environ.get(BUILT)
        library = Path(built) if built else build_library()
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(library)}"
        if version == "editable":  # the package is imported from src/, so the library has to be there
            shutil.copy2(library, HERE / "src" / "respaldo" / library.name)
        else:
            build_data["force_include"][str(library)] = f"respaldo/{library.name}"

"""The crates whose code is in the library with the archive, as cargo resolves them; without it, there are fewer."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def crates(target):
    """What cargo says of each crate that is linked into the library for this target, by name; without the library."""
    command = [
        "cargo",
        "metadata",
        "--format-version=1",
        "--locked",
        f"--filter-platform={target}",
        "--features=archive",
    ]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    root = found["resolve"]["root"]
    reached, waiting = {root}, [root]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_linked and dependency["pkg"] not in reached and not is_macro(packages[dependency["pkg"]]):
                reached.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    linked = [packages[package] for package in reached - {root}]
    return sorted(linked, key=lambda package: (package["name"], package["version"]))


def is_macro(package):
    """Whether a crate only runs in the compiler."""
    return any("proc-macro" in target["kind"] for target in package["targets"])


def sqlite_version(linked):
    """The version of the SQLite that is built along with the library."""
    [bindings] = [package for package in linked if package["name"] == "libsqlite3-sys"]
    header = Path(bindings["manifest_path"]).parent / "sqlite3/sqlite3.h"
    lines = header.read_text(encoding="utf-8").splitlines()
    [version] = [line.split('"')[1] for line in lines if line.startswith("#define SQLITE_VERSION ")]
    return version

"""The wheel and the sdist: what is in them, and that what they install works."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import scene
from respaldo import _library

MANIFEST = tomllib.loads((scene.CHECKOUT / "Cargo.toml").read_text(encoding="utf-8"))
VERSION: str = MANIFEST["package"]["version"]


def build(kind: str, source: Path, out: Path) -> Path:
    """Builds a wheel or an sdist; cargo reuses what is built already."""
    target = os.environ.get("CARGO_TARGET_DIR", str(scene.CHECKOUT / "target"))
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", kind, "--outdir", str(out), str(source)],
        env=os.environ | {"CARGO_TARGET_DIR": target},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("--wheel", scene.PACKAGE_ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("--sdist", scene.PACKAGE_ROOT, tmp_path_factory.mktemp("sdist"))


def check_wheel(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, version, python, abi) == ("respaldo", VERSION, "py3", "none")
    if sys.platform == "linux":
        assert platform == sysconfig.get_platform().replace("-", "_")
    sources = Path(__file__).parent.parent / "src" / "respaldo"
    expected = {
        f"respaldo/{path.relative_to(sources).as_posix()}"
        for path in sources.rglob("*")
        if path.suffix in (".py", ".typed", ".svg")
    }
    with zipfile.ZipFile(wheel) as archive:
        contents = {n for n in archive.namelist() if ".dist-info/" not in n}
        assert contents == expected | {f"respaldo/{_library._file_name()}"}
        assert "respaldo/py.typed" in contents
        metadata = archive.read(f"respaldo-{VERSION}.dist-info/METADATA").decode()
        assert f"\nVersion: {VERSION}\n" in metadata
        assert "\nRequires-Python: >=3.11\n" in metadata
        required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
        always = {line.split()[1].rstrip("<>=,.0123456789") for line in required if "extra ==" not in line}
        assert always == {"argcomplete", "rich"}  # what the command needs
        tags = archive.read(f"respaldo-{VERSION}.dist-info/WHEEL").decode()
        assert "Root-Is-Purelib: false" in tags
        assert f"Tag: py3-none-{platform}" in tags


def check_installed(wheel: Path, folder: Path) -> None:
    """Installs the wheel somewhere, takes a backup with it there."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder / "site"), str(wheel)],
        check=True,
    )
    scene.make_database(folder / "tattoostudio.db")
    done = scene.run_python(
        "import respaldo\n"
        "print(respaldo.__file__)\n"
        "print(respaldo.version(), respaldo.__version__)\n"
        "print(respaldo.Store('tattoostudio.db').create().created)",
        env={"PYTHONPATH": str(folder / "site"), "RESPALDO_LIBRARY": ""},
        cwd=folder,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        str(folder / "site" / "respaldo" / "__init__.py"),
        f"{VERSION} {VERSION}",
        "True",
    ]


def test_the_wheel_has_the_library_and_the_package(wheel: Path, folder: Path) -> None:
    check_wheel(wheel)
    check_installed(wheel, folder)


def test_the_sdist_has_all_sources(sdist: Path) -> None:
    assert sdist.name == f"respaldo-{VERSION}.tar.gz"
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    rust = {f"rust/{path.relative_to(scene.CHECKOUT).as_posix()}" for path in (scene.CHECKOUT / "src").rglob("*.rs")}
    assert rust
    assert names >= rust | {
        "rust/Cargo.toml",
        "rust/Cargo.lock",
        "rust/.cargo/config.toml",
        "hatch_build.py",
        "pyproject.toml",
    }
    assert names >= {"src/respaldo/__init__.py", "src/respaldo/py.typed", "tests/conftest.py"}
    assert not any(name.startswith("rust/target") or "__pycache__" in name for name in names)
    assert not any(name.endswith((".so", ".dylib", ".dll")) for name in names)


def test_the_sdist_builds(sdist: Path, folder: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    # An sdist's files are dated 2020: cargo would take what it built from the checkout for newer.
    (source / "rust" / "src" / "lib.rs").touch()
    wheel = build("--wheel", source, folder / "dist")
    check_wheel(wheel)
    check_installed(wheel, folder)

"""The licences of everything that is linked into the library, in one file."""

from pathlib import Path

from linked import crates, sqlite_version

RULE = "=" * 80
NAMES = ("license", "licence", "copying", "copyright", "notice", "unlicense")


def write(path, targets):
    """Writes the file for the libraries of these targets, and returns its path."""
    linked = {(package["name"], package["version"]): package for target in targets for package in crates(target)}
    parts = [
        "The library contains SQLite, the crates below, and the standard library of Rust (MIT or Apache 2.0).",
        f"{RULE}\nSQLite {sqlite_version(linked.values())}: in the public domain, https://www.sqlite.org/copyright.html",
    ]
    for (name, version), package in sorted(linked.items()):
        texts = [file.read_text(encoding="utf-8", errors="replace").strip() for file in files(package)]
        if not package["license"] and not texts:
            raise SystemExit(f"{name} {version} states no licence")
        head = f"{RULE}\n{name} {version}: {package['license'] or 'see below'}, {package['repository'] or 'crates.io'}"
        parts.append("\n\n".join([head, *texts]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def files(package):
    folder = Path(package["manifest_path"]).parent
    return sorted(file for file in folder.iterdir() if file.is_file() and file.name.lower().startswith(NAMES))

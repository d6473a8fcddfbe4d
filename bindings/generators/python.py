"""The Python package is written by hand; this says what it lacks."""

from pathlib import Path

FILES = {}
# The functions of the archive are methods of `store.archive`.
ARCHIVE = {f"archive_{name}": name for name in ("init", "push", "list", "fetch", "check", "prune")}
ARCHIVE["archive_key"] = "change_key"
PACKAGE = Path(__file__).resolve().parents[1] / "python" / "src" / "respaldo"


def missing(interface):
    declared = (PACKAGE / "_library.py").read_text("utf-8")
    store = "".join((PACKAGE / name).read_text("utf-8") for name in ("_store_backups.py", "_store_rows.py"))
    archive = (PACKAGE / "archive.py").read_text("utf-8")
    errors = (PACKAGE / "errors.py").read_text("utf-8")
    for function in interface["functions"]:
        name = function["name"]
        if f'"respaldo_{name}"' not in declared:
            yield f"_library.py lacks respaldo_{name}"
        if name in ARCHIVE and f"def {ARCHIVE[name]}(" in archive:
            continue
        if f"def {name}(" not in store:
            yield f"the store lacks {name}"
    for name, number in interface["statuses"].items():
        if number and f"status={number})" not in errors:
            yield f"errors.py lacks {name}"

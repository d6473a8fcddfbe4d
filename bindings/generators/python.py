"""The Python package is written by hand; this says what it lacks."""

from pathlib import Path

FILES = {}
PACKAGE = Path(__file__).resolve().parents[1] / "python" / "src" / "respaldo"


def missing(interface):
    declared = (PACKAGE / "_library.py").read_text("utf-8")
    store = (PACKAGE / "store.py").read_text("utf-8")
    errors = (PACKAGE / "errors.py").read_text("utf-8")
    for function in interface["functions"]:
        name = function["name"]
        if f'"respaldo_{name}"' not in declared:
            yield f"_library.py lacks respaldo_{name}"
        if f"def {name}(" not in store:
            yield f"store.py lacks {name}"
    for name, number in interface["statuses"].items():
        if number and f"status={number})" not in errors:
            yield f"errors.py lacks {name}"

#!/usr/bin/env python3
"""Runs the conformance cases against the C interface. README.md describes the cases; this is the reference runner.

run_python.py [NAME...]      the cases of these names, or all
run_python.py --archive      those for a library that has the archive
RESPALDO_LIBRARY             the library; by default the one in target/release
"""

import ctypes
import fnmatch
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

import recorded

HERE = Path(__file__).resolve().parent
INTERFACE = json.loads((HERE / "interface.json").read_text("utf-8"))
FUNCTIONS = {function["name"]: function for function in INTERFACE["functions"]}
LIBRARY_NAMES = {"win32": "respaldo.dll", "darwin": "librespaldo.dylib"}


# ---- the C interface ----


class Respaldo:
    """Every function takes and gives JSON text; the answer is (status name, decoded answer)."""

    PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
    WITH_PROGRESS = frozenset(name for name, function in FUNCTIONS.items() if function["progress"])
    WITH_REQUEST = frozenset(name for name, function in FUNCTIONS.items() if function["request"] is not None)

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.library.respaldo_status_name.restype = ctypes.c_char_p
        self.library.respaldo_string_free.argtypes = [ctypes.c_void_p]
        self.library.respaldo_string_free.restype = None
        self.library.respaldo_open.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
        self.library.respaldo_close.argtypes = [ctypes.c_uint32]
        self.library.respaldo_last_backup.argtypes = [ctypes.c_uint32, ctypes.c_void_p]
        for name in self.WITH_REQUEST:
            middle = [self.PROGRESS, ctypes.c_void_p] if name in self.WITH_PROGRESS else []
            getattr(self.library, f"respaldo_{name}").argtypes = [
                ctypes.c_uint32,
                ctypes.c_char_p,
                *middle,
                ctypes.c_void_p,
            ]

    def open(self, options):
        """Returns (status, answer, store); the store is None unless the status is OK."""
        store = ctypes.c_uint32(0)
        answer = ctypes.c_void_p()
        status = self.library.respaldo_open(options, ctypes.byref(store), ctypes.byref(answer))
        return self._name(status), self._take(answer), store.value if status == 0 else None

    def close(self, store):
        return self._name(self.library.respaldo_close(store)), None

    def connect(self, path):
        """Another connection to a database, in the process that calls the library."""
        return Connection(path)

    def change_folder(self, path):
        """Changes the current directory of the process that calls the library."""
        os.chdir(path)

    def call(self, name, store, request, cancel):
        """Returns (status, answer, how often the progress callback was called); it asks to stop with `cancel`."""
        progress_calls = 0

        def progress(_user_data, _pages_done, _pages_total):
            nonlocal progress_calls
            progress_calls += 1
            return int(cancel)

        answer = ctypes.c_void_p()
        arguments = [store]
        if name in self.WITH_REQUEST:
            arguments.append(request)
        if name in self.WITH_PROGRESS:
            arguments += [self.PROGRESS(progress), None]
        status = getattr(self.library, f"respaldo_{name}")(*arguments, ctypes.byref(answer))
        return self._name(status), self._take(answer), progress_calls

    def _name(self, status):
        return self.library.respaldo_status_name(status).decode()

    def _take(self, answer):
        if answer.value is None:
            raise AssertionError("out_json was not set")
        try:
            return json.loads(ctypes.string_at(answer.value).decode())
        finally:
            self.library.respaldo_string_free(answer)


class Connection:
    """A connection to a database that is there: a mistyped path makes none. Outside a transaction all is committed."""

    def __init__(self, path):
        self.connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)

    def execute(self, sql):
        """The first value of the first row, if there is one."""
        row = self.connection.execute(sql).fetchone()
        return row[0] if row else None

    def close(self):
        self.connection.close()


# ---- matching ----

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def matcher_holds(matcher, argument, actual, folder):
    match matcher:
        case "$any":
            return True
        case "$absent":
            return False
        case "$regex":
            return isinstance(actual, str) and re.search(argument, actual) is not None
        case "$type":
            return isinstance(actual, TYPES[argument]) and (argument == "boolean" or not isinstance(actual, bool))
        case "$not":
            return bool(mismatches(argument, actual, folder))
        case "$path":
            return isinstance(actual, str) and os.path.isabs(actual) and Path(actual) == folder / argument
        case "$contains":
            return isinstance(actual, list) and any(not mismatches(argument, element, folder) for element in actual)
        case "$keys":
            return isinstance(actual, dict) and set(actual) == set(argument)
    raise ValueError(f"no matcher is called {matcher}")


def mismatches(expected, actual, folder, where="answer"):
    """Every place where the answer is not as expected, in words."""
    if isinstance(expected, dict) and len(expected) == 1 and next(iter(expected)).startswith("$"):
        matcher, argument = next(iter(expected.items()))
        if matcher_holds(matcher, argument, actual, folder):
            return []
        return [f"{where} should be {json.dumps(expected)}, is {json.dumps(actual, ensure_ascii=False)}"]
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = []
        for key, value in expected.items():
            if key in actual:
                found += mismatches(value, actual[key], folder, f"{where}.{key}")
            elif value != {"$absent": True}:
                found.append(f"{where}.{key} is missing")
        return found
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [text for i, (one, other) in pairs for text in mismatches(one, other, folder, f"{where}.{i}")]
    if type(expected) is type(actual) and expected == actual:
        return []
    return [
        f"{where} should be {json.dumps(expected, ensure_ascii=False)}, is {json.dumps(actual, ensure_ascii=False)}"
    ]


# ---- one case ----


class Case:
    """A case with its folder, its store, its open connections and the saved values."""

    def __init__(self, respaldo, case, folder):
        self.respaldo = respaldo
        self.case = case
        self.folder = folder
        self.store = 0
        self.stores = []
        self.connections = {}
        self.locks = {}
        self.variables = {"dir": str(folder)}
        self.problems = []

    def run(self):
        """Returns the deviations, in words; empty when the case has passed."""
        try:
            self.set_up()
            if "options" in self.case:
                self.call({"call": "open", "options": self.substituted(self.case["options"])})
            for number, step in enumerate(self.case["steps"], 1):
                before = len(self.problems)
                try:
                    self.run_step(self.substituted(step))
                except (OSError, sqlite3.Error) as error:
                    self.problems.append(str(error))
                self.problems[before:] = [f"step {number}: {problem}" for problem in self.problems[before:]]
        except Exception:
            self.problems.append(traceback.format_exc())
        finally:
            for store in self.stores:
                self.respaldo.close(store)
            for connection in [*self.connections.values(), *self.locks.values()]:
                connection.close()
        return self.problems

    def set_up(self):
        for path in self.case.get("folders", []):
            (self.folder / path).mkdir(parents=True, exist_ok=True)
        for path, text in self.case.get("files", {}).items():
            self.do_write(path, text)
        for path, database in self.case.get("databases", {}).items():
            self.make_database(path, **database)

    def make_database(self, path, tables, journal_mode="delete", page_size=4096, keep_open=False):
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path(path))
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
        for table, rows in tables.items():
            connection.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, name TEXT, notes TEXT)")
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?)", [(i, f"name {i}", "x" * 500) for i in range(1, rows + 1)]
            )
        connection.commit()
        if keep_open:
            self.connections[path] = self.respaldo.connect(self.path(path))
            self.connections[path].execute("SELECT count(*) FROM sqlite_schema")
        connection.close()

    def path(self, path):
        return self.folder / path

    def substituted(self, value):
        match value:
            case str():
                return re.sub(r"\$\{(\w+)\}", lambda found: str(self.variables[found[1]]), value)
            case list():
                return [self.substituted(element) for element in value]
            case dict():
                return {key: self.substituted(element) for key, element in value.items()}
        return value

    # ---- steps ----

    def run_step(self, step):
        if "call" in step:
            self.call(step)
        elif "do" in step:
            arguments = {key: value for key, value in step.items() if key != "do"}
            getattr(self, f"do_{step['do']}")(**arguments)
        else:
            arguments = {key: value for key, value in step.items() if key != "check"}
            getattr(self, f"check_{step['check']}")(**arguments)

    def call(self, step):
        request = step.get("request_text")
        if request is None and ("request" in step or "options" in step):
            request = json.dumps(step.get("request", step.get("options")), ensure_ascii=False)
        if request is not None:
            request = request.encode()

        progress_calls = 0
        if step["call"] == "open":
            status, answer, store = self.respaldo.open(request)
            if store is not None:
                self.store = store
                self.stores.append(store)
        elif step["call"] == "close":
            status, answer = self.respaldo.close(self.store)
        else:
            cancel = bool(step.get("cancel"))
            status, answer, progress_calls = self.respaldo.call(step["call"], self.store, request, cancel)

        expected_status = step.get("status", "OK")
        if status != expected_status:
            self.problems.append(f"{step['call']}: status should be {expected_status}, is {status}: {answer}")
        if step.get("progress") and not progress_calls:
            self.problems.append(f"{step['call']}: the progress callback was not called")
        if answer is not None:
            self.problems += (f"{step['call']}: {text}" for text in unrecorded(step["call"], status, answer))
        if "expect" in step:
            self.problems += mismatches(step["expect"], answer, self.folder)
        for variable, place in step.get("save", {}).items():
            self.variables[variable] = value_at(answer, place)

    def do_write(self, path, text):
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_bytes(text.encode())

    def do_rename(self, **paths):
        self.path(paths["to"]).parent.mkdir(parents=True, exist_ok=True)
        self.path(paths["from"]).rename(self.path(paths["to"]))

    def do_copy(self, **paths):
        self.path(paths["to"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.path(paths["from"]), self.path(paths["to"]))

    def do_link(self, **paths):
        os.link(self.path(paths["from"]), self.path(paths["to"]))

    def do_delete(self, path):
        self.path(path).unlink()

    def do_touch(self, path, time):
        seconds = datetime.fromisoformat(time).timestamp()
        os.utime(self.path(path), (seconds, seconds))

    def do_overwrite(self, path, at, count):
        with self.path(path).open("r+b") as file:
            file.seek(at)
            file.write(b"\xff" * count)

    def do_truncate(self, path, size):
        os.truncate(self.path(path), size)

    def do_sql(self, database, sql):
        self.execute(database, sql)

    def do_lock(self, database, mode="exclusive"):
        connection = self.locks[database] = self.respaldo.connect(self.path(database))
        connection.execute("BEGIN" if mode == "shared" else f"BEGIN {mode}")
        connection.execute("SELECT count(*) FROM sqlite_schema")

    def do_unlock(self, database):
        self.locks.pop(database).close()

    def do_change_folder(self, path):
        self.respaldo.change_folder(self.path(path))

    def check_files(self, glob, count):
        folder, pattern = os.path.split(glob)
        names = os.listdir(self.path(folder)) if self.path(folder).is_dir() else []
        found = sorted(name for name in names if fnmatch.fnmatchcase(name, pattern))
        if len(found) != count:
            self.problems.append(f"{count} files should be called {glob}, there are {found}")

    def check_text(self, path, equals=None, matches=None):
        text = self.path(path).read_bytes().decode()
        if equals is not None and text != equals:
            self.problems.append(f"{path} should be {equals!r}, is {text!r}")
        if matches is not None and not re.search(matches, text):
            self.problems.append(f"{path} should match {matches!r}, is {text!r}")

    def check_same(self, **paths):
        if self.path(paths["path"]).read_bytes() != self.path(paths["as"]).read_bytes():
            self.problems.append(f"{paths['path']} should have the bytes of {paths['as']}")

    def check_query(self, database, sql, gives):
        value = self.execute(database, sql)
        if value != gives:
            self.problems.append(f"{sql} in {database} should give {gives!r}, gives {value!r}")

    def check_locked(self, database, **locked):
        program = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
        other = subprocess.run([sys.executable, "-c", program, self.path(database)], capture_output=True, text=True)
        if ("is locked" in other.stderr) != locked["is"]:
            self.problems.append(f"{database} should be locked: {locked['is']}; another process says {other.stderr!r}")

    def execute(self, database, sql):
        """The first value of the first row, if there is one."""
        kept = self.connections.get(database)
        connection = kept or Connection(self.path(database))
        try:
            return connection.execute(sql)
        finally:
            if not kept:
                connection.close()


def unrecorded(call, status, answer):
    """Where an answer is otherwise than interface.json records it."""
    types = INTERFACE["types"]
    if status != "OK":
        return recorded.of_keys(types, {"error": "Failure"}, answer, "answer")
    if call == "open":
        return recorded.of_keys(types, {}, answer, "answer")
    return recorded.deviations(types, FUNCTIONS[call]["answer"], answer)


def value_at(answer, place):
    for key in place.split("."):
        answer = answer[int(key)] if isinstance(answer, list) else answer[key]
    return answer


# ---- all of them ----


def all_cases(folder="cases"):
    cases = {}
    for file in sorted((HERE / folder).glob("*.json")):
        for case in json.loads(file.read_text("utf-8")):
            if case["name"] in cases:
                sys.exit(f"{file}: the name {case['name']} is there twice")
            cases[case["name"]] = case
    return cases


def run_case(respaldo, case):
    home = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="respaldo-") as folder:
        folder = Path(folder).resolve()
        respaldo.change_folder(folder)
        try:
            return Case(respaldo, case, folder).run()
        finally:
            respaldo.change_folder(home)


def main():
    arguments = sys.argv[1:]
    with_archive = arguments[:1] == ["--archive"]
    cases = all_cases("cases_with_archive" if with_archive else "cases")
    names = arguments[with_archive:] or list(cases)
    unknown = [name for name in names if name not in cases]
    if unknown:
        sys.exit(f"no case is called {', '.join(unknown)}; there are:\n" + "\n".join(cases))

    default = HERE.parents[1] / "target" / "release" / LIBRARY_NAMES.get(sys.platform, "librespaldo.so")
    respaldo = Respaldo(Path(os.environ.get("RESPALDO_LIBRARY", default)).resolve())
    failed = 0
    for name in names:
        problems = run_case(respaldo, cases[name])
        print(f"{'FAILED' if problems else 'ok    '} {name}", flush=True)
        for problem in problems:
            print("    " + problem.replace("\n", "\n    "), flush=True)
        failed += bool(problems)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

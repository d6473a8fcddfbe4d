"""Where the command ``respaldo`` writes: closed pipes, full disks, every encoding."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import scene
import terminal
from terminal import create


class TestOutput:
    @pytest.mark.parametrize(
        ("arguments", "status"),
        [("list", 0), ("list --json", 0), ("--help", 0), ("completion bash", 0), ("verify no.db", 21), ("bailar", 100)],
    )
    def test_a_closed_pipe_keeps_the_exit_status(self, database: Path, arguments: str, status: int) -> None:
        for _ in range(3):
            create(database)

        command = [*terminal.RESPALDO, "--database", str(database), *arguments.split()]
        reader, writer = os.pipe()
        os.close(reader)
        try:
            done = subprocess.run(command, env=terminal.ENVIRONMENT, stdout=writer, stderr=writer)
            assert done.returncode == status
            done = subprocess.run(command, env=terminal.ENVIRONMENT, stdout=writer, stderr=subprocess.PIPE)
            assert done.returncode == status
            assert b"Traceback" not in done.stderr and b"Broken" not in done.stderr
            if status == 0:
                assert done.stderr == b""
        finally:
            os.close(writer)

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
    @pytest.mark.parametrize("json", [[], ["--json"]])
    def test_an_answer_that_cannot_be_written_exits_with_102(self, database: Path, json: list[str]) -> None:
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [*terminal.RESPALDO, "create", "--database", str(database), *json],
                env=terminal.ENVIRONMENT,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert done.returncode == 102
        assert done.stderr.startswith("Advertencia: El trabajo está hecho, pero no se pudo escribir la respuesta: ")
        assert len(list((database.parent / "backups").glob("*.db"))) == 1

    @pytest.mark.skipif(sys.platform == "win32", reason="file descriptors are inherited in the POSIX way")
    def test_closed_streams_break_nothing(self, database: Path) -> None:
        command = shlex.join([*terminal.RESPALDO, "create", "--database", str(database)])
        assert subprocess.run(f"{command} <&- >&- 2>&-", shell=True, env=terminal.ENVIRONMENT).returncode == 0
        assert len(list((database.parent / "backups").glob("*.db"))) == 1

    @pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
    def test_every_encoding_can_be_written(self, encoding: str, tmp_path: Path) -> None:
        database = scene.make_database(tmp_path / "ESTUDIO ÑANDÚ ÍNTIMO.db")

        def output(*arguments: object) -> tuple[int, str, str]:
            done = subprocess.run(
                [*terminal.RESPALDO, *map(str, arguments), "--database", str(database)],
                env=terminal.ENVIRONMENT | {"PYTHONIOENCODING": encoding},
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
            return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)

        dash = "—" if encoding == "cp1252" else "-"
        last = "Ultimo" if encoding != "cp1252" else "Último"
        assert output("last") == (0, f"{last} respaldo: {dash}\n", "")
        status, stdout, stderr = output("create")
        assert (status, stderr) == (0, "")
        backup = stdout.splitlines()[1]
        status, stdout, stderr = output("restore", backup)
        assert (status, stdout) == (100, "")
        status, stdout, stderr = output("restore", tmp_path / "ÑOÑO Í.db", "--yes")
        assert status == 21
        assert {"cp1252": "ÑOÑO Í.db", "cp437": "ÑOÑO I.db", "ascii": "NONO I.db"}[encoding] in stderr
        assert output("--help")[0] == 0


def test_importing_the_package_imports_nothing_of_the_command() -> None:
    done = scene.run_python(
        "import sys, respaldo\n"
        "print([m for m in sys.modules if m.partition('.')[0] in ('rich', 'argcomplete', 'argparse', 'gettext')"
        " or m.startswith('respaldo.cli')])"
    )
    assert done.stdout == "[]\n", done.stderr

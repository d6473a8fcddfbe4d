"""The command ``respaldo`` in scripts: its output in pipes, its JSON, its exit status, its words in two languages."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import respaldo
import scene
import terminal
from terminal import run

NAME = r"backup_\d{8}_\d{6}(_\d+)?\.db"


def answer(*arguments: object, status: int = 0, **how: object) -> dict[str, object]:
    """What the command answers with ``--json``; it is alone on standard output, and nothing is on standard error."""
    done = run(*arguments, "--json", **how)  # type: ignore[arg-type]
    assert (done.returncode, done.stderr) == (status, ""), done.stdout
    found: dict[str, object] = json.loads(done.stdout)
    return found


def create(database: Path) -> Path:
    """The backup that ``respaldo create`` says it made."""
    done = run("create", "--database", database)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[1])


class TestAnswers:
    def test_create_list_last_and_verify_answer_in_words(self, database: Path) -> None:
        done = run("create", "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        first, path = done.stdout.splitlines()
        assert re.fullmatch(rf"Respaldo creado: {NAME} \([\d.]+ kB\)", first)
        assert scene.count_clients(Path(path)) == 200

        done = run("list", "--database", database)
        (line,) = done.stdout.splitlines()
        name, display, size, kind, state, verified = line.split("\t")
        assert (Path(path).name, str(Path(path).stat().st_size)) == (name, size)
        assert (kind, state) == ("backup", "intact")
        assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", display)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-07:00", verified)

        assert run("last", "--database", database).stdout == f"Último respaldo: {display}\n"
        done = run("verify", name, "--database", database)
        assert done.returncode == 0
        assert done.stdout.startswith(f"El respaldo está bien: {name} (")

    def test_an_empty_folder_lists_nothing(self, database: Path) -> None:
        assert run("last", "--database", database).stdout == "Último respaldo: —\n"
        done = run("list", "--database", database)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    @pytest.mark.parametrize("command", ["last", "list", "prune"])
    def test_neither_the_database_nor_its_folder_is_there(self, command: str, database: Path, folder: Path) -> None:
        mistyped = folder / "no" / "such.db"
        done = run(command, "--database", mistyped)
        assert (done.returncode, done.stdout) == (20, "")
        assert str(mistyped) in done.stderr and str(folder / "no" / "backups") in done.stderr
        error = answer(command, "--database", mistyped, status=20)["error"]
        assert isinstance(error, dict)
        assert (error["name"], error["path"]) == ("DATABASE_NOT_FOUND", str(mistyped))

        # Backups alone are worth an answer, and so is a database without any.
        (folder / "no" / "backups").mkdir(parents=True)
        assert run(command, "--database", mistyped).returncode == 0
        assert run(command, "--database", database).returncode == 0

    def test_due_makes_one_backup_a_day(self, database: Path) -> None:
        assert run("due", "--database", database).stdout.startswith("Respaldo creado: ")
        again = run("due", "--database", database)
        assert again.returncode == 0
        assert again.stdout.startswith("Ya hay un respaldo de hoy: ")
        assert len(list((database.parent / "backups").glob("*.db"))) == 1

    def test_a_restore_can_be_undone(self, database: Path) -> None:
        name = create(database).name
        scene.delete_clients(database)
        done = run("restore", name, "--yes", "--reason", "se borró todo", "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Restaurado: {name}\nen {database}\nLa base de datos anterior se guardó en ")
        assert scene.count_clients(database) == 200
        assert "se borró todo" in (database.parent / "backups" / "restores.jsonl").read_text(encoding="utf-8")

        undo = shlex.split(done.stdout.splitlines()[-1].partition(": ")[2])
        assert undo[:2] == ["respaldo", "restore"]
        assert run(*undo[1:], "--yes", "--database", database).returncode == 0
        assert scene.count_clients(database) == 0

        listed = [line.split("\t")[3] for line in run("list", "--safety", "--database", database).stdout.splitlines()]
        assert sorted(listed) == ["backup", "safety", "safety"]

    def test_a_rehearsal_asks_nothing_and_changes_nothing(self, database: Path) -> None:
        name = create(database).name
        scene.delete_clients(database)
        target = database.parent / "ensayo.db"
        before = scene.folder_contents(database.parent, catalogue=False)
        done = run("restore", name, "--target", target, "--database", database)
        assert (done.returncode, done.stderr) == (0, "")
        after = scene.folder_contents(database.parent, catalogue=False)
        assert {k: v for k, v in after.items() if k in before and not k.endswith(".jsonl")} == {
            k: v for k, v in before.items() if not k.endswith(".jsonl")
        }
        assert scene.count_clients(target) == 200
        assert run("restore", name, "--target", target, "--database", database).returncode == 25

    def test_prune_says_what_goes_and_what_stays(self, database: Path) -> None:
        for _ in range(3):
            create(database)
        rows = [
            line.split("\t")
            for line in run("prune", "--dry-run", "--max-backups", 1, "--database", database).stdout.splitlines()
        ]
        assert [what for _, what, _ in rows] == ["removed", "removed", "kept"]
        assert len(run("list", "--database", database).stdout.splitlines()) == 3
        run("prune", "--max-backups", 1, "--database", database)
        (left,) = run("list", "--database", database).stdout.splitlines()
        assert left.startswith(rows[2][0])

    def test_retention(self, database: Path) -> None:
        for _ in range(3):
            create(database)
        done = run("prune", "--retention", "last=1,weeks=4", "--json", "--database", database, "--language", "en")
        pruned = json.loads(done.stdout)
        assert [d["text"] for d in pruned["kept"]] == ["stays: one of the newest"]
        assert [d["text"] for d in pruned["removed"]] == ["deleted: there are enough newer ones"] * 2
        wrong = run("prune", "--retention", "fortnights=2", "--database", database)
        assert (wrong.returncode, "retention.fortnights" in wrong.stderr) == (1, True)
        assert run("prune", "--retention", "weeks", "--database", database).returncode == 100

    def test_create_names_the_old_backups_it_deletes(self, database: Path) -> None:
        old = create(database).name
        done = run("create", "--max-backups", 1, "--database", database)
        assert done.stdout.splitlines()[2:] == [f"Se borró el respaldo antiguo {old}"]

    def test_warnings_go_to_standard_error(self, database: Path) -> None:
        (database.parent / "settings.json").write_text("no es JSON")
        done = run("create", "--database", database)
        assert done.returncode == 0
        assert done.stdout.startswith("Respaldo creado: ")
        assert done.stderr.startswith("Advertencia: No se anotó la fecha del respaldo en ")
        assert run("create", "--no-settings", "--database", database).stderr == ""

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
    def test_control_characters_in_a_name_reach_no_terminal(self, database: Path) -> None:
        name = create(database)
        name.rename(name.with_name("mi\n\x1b[31mrespaldo.db"))
        (line,) = run("list", "--database", database).stdout.splitlines()
        assert line.startswith("mi\\n\\x1b[31mrespaldo.db\t")


class TestJson:
    def test_the_answer_is_the_librarys_json(self, database: Path) -> None:
        created = answer("create", "--database", database)
        assert set(created) == {"created", "backup", "removed", "warnings", "duration_ms"}
        due = answer("due", "--database", database)
        assert due["reason"] == "already_backed_up_today"
        backup = due["backup"]
        assert isinstance(backup, dict)
        assert answer("list", "--database", database) == {"backups": [backup], "warnings": []}
        assert set(answer("last", "--database", database)) == {"last_backup_at", "display"}
        verified = answer("verify", backup["name"], "--database", database)
        assert verified["ok"] is True and verified["problems"] == []
        restored = answer("restore", backup["name"], "--yes", "--database", database)
        assert set(restored) == {"restored_from", "database", "safety_backup", "warnings", "duration_ms"}
        pruned = answer("prune", "--dry-run", "--database", database)
        assert pruned["dry_run"] is True
        with respaldo.Store(database) as store:
            assert [d.name for d in store.prune(dry_run=True).kept] == [backup["name"]]

    def test_an_error_is_the_librarys_json(self, database: Path) -> None:
        found = answer("verify", "no.db", "--database", database, status=21)
        with respaldo.Store(database) as store, pytest.raises(respaldo.BackupNotFoundError) as caught:
            store.verify("no.db")
        assert found == {"error": caught.value.args[0]}

    def test_a_usage_error_is_json_too(self) -> None:
        error = answer("list", status=100)["error"]
        assert isinstance(error, dict)
        assert set(error) == {"status", "name", "message", "hint", "path"}
        assert (error["status"], error["name"]) == (100, "USAGE")

    def test_an_encoding_that_lacks_letters_gets_escapes(self, database: Path) -> None:
        found = answer("last", "--database", database, env={"PYTHONIOENCODING": "ascii"})
        assert found["display"] == "—"


class TestExitStatus:
    def test_the_exit_status_is_the_librarys_status(self, database: Path, folder: Path) -> None:
        name = create(database).name
        scene.damage(folder / "backups" / name)
        (folder / "notas.txt").write_text("no es una base de datos" * 50)
        for status, arguments in {
            1: ("list", "--max-backups", 0),
            3: ("list", "--timezone", "Marte/Olympus"),
            20: ("create", "--database", folder / "no.db"),
            21: ("verify", "no.db"),
            42: ("create", "--database", folder / "notas.txt"),
            43: ("verify", name),
            44: ("restore", database, "--yes"),
        }.items():
            done = run("--database", database, *arguments)
            assert (done.returncode, done.stdout) == (status, ""), done.stderr
            assert done.stderr.startswith(f"Error {status}: ")
            assert len(done.stderr.splitlines()) >= 2  # what to do about it

    def test_a_locked_database_exits_with_40(self, database: Path) -> None:
        with scene.held_by_another_process(database):
            done = run("create", "--busy-timeout", 0.2, "--database", database)
        assert done.returncode == 40
        assert "Cierre la aplicación" in done.stderr

    def test_all_that_is_wrong_with_a_backup_is_said(self, database: Path, folder: Path) -> None:
        path = create(database)
        scene.damage(path)
        with respaldo.Store(database) as store, pytest.raises(respaldo.BackupCorruptError) as caught:
            store.verify(path)
        stderr = run("verify", path, "--database", database).stderr
        assert caught.value.problems
        assert all(stderr.count(f"  · {problem}\n") == 1 for problem in caught.value.problems[:10])

    @pytest.mark.parametrize(
        ("language", "lost", "remedy"),
        [
            ("es", "No se perdió ningún registro.", "No hace falta restaurar nada."),
            ("en", "No row is lost.", "Nothing needs to be restored."),
        ],
    )
    def test_of_an_index_alone_the_remedy_is_said(self, database: Path, language: str, lost: str, remedy: str) -> None:
        scene.spoil_index(database)
        done = run("create", "--language", language, "--database", database)
        message, hint, *problems, more = done.stderr.splitlines()
        assert done.returncode == 41
        assert message.startswith("Error 41: ") and message.endswith(lost)
        assert hint.startswith(remedy) and "REINDEX" in hint
        assert len(problems) == 10 and all("clients_name" in problem for problem in problems)
        assert "--json" in more
        error = answer("create", "--database", database, status=41)["error"]
        assert isinstance(error, dict) and error["repairable"] is True

    def test_what_is_no_damage_is_a_warning_beside_the_backup(self, database: Path) -> None:
        scene.break_constraint(database)
        done = run("create", "--language", "en", "--database", database)
        assert done.returncode == 0
        assert done.stdout.startswith("Backup made: ")
        assert done.stderr.startswith("Warning: ") and "clients.phone" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "spanish", "english"),
        [
            (["list"], "Falta decir cuál es la base de datos.", "Which database is not said."),
            (["--json=x"], "no lleva valor", "ignored explicit argument"),
            (["bailar"], "no existe 'bailar'", "invalid choice: 'bailar'"),
            (["restore"], "falta: RESPALDO", "required: BACKUP"),
            (["list", "--database"], "--database: falta su valor", "expected one argument"),
            (["list", "--nada"], "no se entiende: --nada", "unrecognized arguments: --nada"),
            (["list", "--max-backups", "x"], "debe ser un número: 'x'", "not a number: 'x'"),
            (["list", "--busy-timeout", "inf"], "debe ser un número: 'inf'", "not a number: 'inf'"),
            (["list", "--verify", "x"], "elija entre 'full', 'quick'", "choose from 'full', 'quick'"),
            (["--database", "x.db"], "Falta la orden.", "No command was given."),
            (["list", "--data", "x.db"], "no se entiende: --data x.db", "unrecognized arguments: --data x.db"),
        ],
    )
    def test_a_usage_error_exits_with_100(self, arguments: list[str], spanish: str, english: str) -> None:
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (100, "")
        assert spanish in done.stderr
        done = run("--language", "en", *arguments)
        assert (done.returncode, done.stdout) == (100, "")
        assert english in done.stderr

    def test_an_unknown_language_is_a_usage_error(self) -> None:
        assert "--language: no existe 'fr'; elija entre 'es', 'en'" in run("list", "--language", "fr").stderr
        assert "--language: falta su valor" in run("list", "--language").stderr

    def test_restore_without_a_terminal_needs_yes(self, database: Path) -> None:
        name = create(database).name
        scene.delete_clients(database)
        before = scene.folder_contents(database.parent)
        done = run("restore", name, "--database", database)
        assert (done.returncode, done.stdout) == (100, "")
        assert "--yes" in done.stderr
        assert scene.folder_contents(database.parent) == before

    def test_a_missing_library_exits_with_101(self, database: Path, folder: Path) -> None:
        missing = str(folder / "librespaldo.so")
        done = run("list", "--database", database, env={"RESPALDO_LIBRARY": missing})
        assert (done.returncode, done.stdout) == (101, "")
        assert missing in done.stderr

    @pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
    def test_a_path_that_is_not_unicode_is_a_usage_error(self, folder: Path) -> None:
        done = subprocess.run(
            [*map(os.fsencode, terminal.RESPALDO), b"list", b"--database", b"estudi\xf3.db"],
            env=terminal.ENVIRONMENT,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 100
        assert "no son Unicode" in done.stderr


class TestOptions:
    def test_every_option_can_come_from_the_environment(self, database: Path, folder: Path) -> None:
        env = {
            "RESPALDO_DATABASE": str(database),
            "RESPALDO_SETTINGS": str(folder / "mis ajustes.json"),
            "RESPALDO_BACKUP_DIR": str(folder / "mis respaldos"),
            "RESPALDO_MAX_BACKUPS": "1",
            "RESPALDO_TIMEZONE": "Pacific/Kiritimati",
            "RESPALDO_BUSY_TIMEOUT": "0.5",
            "RESPALDO_VERIFY": "quick",
            "RESPALDO_LANGUAGE": "en",
        }
        assert run("create", env=env).stdout.startswith("Backup made: ")
        done = run("create", env=env)
        assert "Old backup deleted" in done.stdout
        assert len(list((folder / "mis respaldos").glob("*.db"))) == 1
        assert "+14:00" in (folder / "mis ajustes.json").read_text(encoding="utf-8")
        assert run("list", "--language", "es", "--backup-dir", folder / "backups", env=env).stdout == ""
        assert run("verify", "no.db", env=env).stderr.startswith("Error 21: The backup")

    @pytest.mark.parametrize("name", ["RESPALDO_MAX_BACKUPS", "RESPALDO_BUSY_TIMEOUT", "RESPALDO_VERIFY"])
    def test_a_bad_variable_is_named(self, name: str, database: Path) -> None:
        done = run("list", "--database", database, env={name: "mucho"})
        assert (done.returncode, done.stdout) == (100, "")
        assert f"El valor de la variable {name} no es válido." in done.stderr

    def test_an_empty_variable_counts_as_unset(self, database: Path) -> None:
        assert run("list", "--database", database, env={"RESPALDO_MAX_BACKUPS": ""}).returncode == 0

    def test_options_stand_before_the_command_or_after_it(self, database: Path) -> None:
        assert run("--database", database, "create").returncode == 0
        assert answer("--language", "en", "list", "--database", database)["backups"]
        done = run("--json", "--database", database, "list")
        assert json.loads(done.stdout)["backups"]


class TestHelp:
    @pytest.mark.parametrize("language", ["es", "en"])
    def test_help_has_every_command_and_option(self, language: str) -> None:
        help = run("--help", "--language", language).stdout
        commands = re.findall(r"^    ([a-z-]+)  ", help, re.MULTILINE)
        judging = ["annotate", "bring-back", "salvage", "health", "rehearse", "compare"]
        assert commands == ["create", "due", "list", "last", "verify", "restore", "prune", *judging, "completion"]
        for option in ("database", "settings", "backup-dir", "max-backups", "timezone", "busy-timeout", "verify"):
            assert f"--{option}" in help
            assert f"RESPALDO_{option.upper().replace('-', '_')}" in help
        for status in [status for status in respaldo.RespaldoError.by_status if status != 2] + [100, 101, 102, 130]:
            assert re.search(rf"\b{status}\b", help)
        for command in commands:
            own = run(command, "--help", "--language", language).stdout
            assert f"respaldo {command} " in own
            assert ("ejemplo" if language == "es" else "example") in own

    def test_spanish_help_has_no_english(self) -> None:
        for command in ([], ["restore"], ["completion"]):
            help = run(*command, "--help").stdout
            assert not re.search(r"\b(usage|options|positional|show this|the|and|exit|default)\b", help), help

    def test_the_bare_command_shows_help(self) -> None:
        done = run()
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == run("--help").stdout

    def test_version_is_the_librarys(self) -> None:
        assert run("--version").stdout == f"respaldo {respaldo.version()}\n"

    def test_the_installed_command_runs(self, database: Path) -> None:
        command = shutil.which("respaldo", path=str(Path(sys.executable).parent))
        assert command, "the package has no command"
        done = subprocess.run([command, "last", "--database", str(database)], env=terminal.ENVIRONMENT, check=True)
        assert done.returncode == 0


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


def test_the_owners_page_has_every_error_and_only_commands_that_exist() -> None:
    page = scene.CHECKOUT / "docs" / "respaldos.html"
    if not page.exists():
        pytest.skip("there is no docs/respaldos.html here")
    text = page.read_text(encoding="utf-8")
    told = {int(n) for cell in re.findall(r"<tr><td>([^<]*)</td>", text) for n in re.findall(r"\d+", cell)}
    assert told == set(respaldo.RespaldoError.by_status) | {100}
    commands = {command.split()[1] for command in re.findall(r"<code>(respaldo [^<]*)</code>", text)}
    assert commands == {"create", "list", "verify", "restore", "health", "rehearse", "annotate"}
    assert all(run(command, "--help").returncode == 0 for command in commands)

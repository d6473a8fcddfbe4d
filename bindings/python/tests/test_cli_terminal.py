"""The command ``respaldo`` on a terminal: the table, the bar, the question, Ctrl-C, and the TAB key."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

import scene
import terminal
from pages import PAGES, snippets
from terminal import SLOW_RESPALDO, Terminal, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals for tests")

NAME = r"backup_\d{8}_\d{6}\.db"
QUESTION = """\
¿Está seguro que desea restaurar este respaldo?
{display}   {name}
Advertencia: Esto sobrescribirá la base de datos actual.
Se creará una copia de seguridad de la BD actual antes de continuar.
{lost}
"""
LOST = "Recuperaría 200 filas de clients."


@pytest.fixture
def backup(database: Path) -> tuple[str, str]:
    """A backup's name and date; the database has lost its clients since."""
    run("create", "--database", database)
    name, display = run("list", "--database", database).stdout.split("\t")[:2]
    scene.delete_clients(database)
    return name, display


def answered(keys: str, *arguments: object) -> tuple[int, str]:
    """Runs a restore and answers its question with these keys."""
    with Terminal("restore", *arguments) as there:
        there.read_until("[s/N]: ")
        there.press(keys)
        return there.finish()


class TestTable:
    def test_list_is_a_table(self, database: Path, backup: tuple[str, str]) -> None:
        name, display = backup
        good = database.parent / "backups" / name
        shutil.copy(good, good.with_name("antes de la mudanza [2025].db"))
        broken = good.with_name("backup_20200101_000000.db")
        broken.write_bytes(good.read_bytes()[: scene.PAGE])
        run("restore", name, "--yes", "--database", database)

        with Terminal("list", "--safety", "--database", database, columns=140) as there:
            status, text = there.finish()
        assert status == 0
        rows = [re.split(r" {2,}", line.strip()) for line in text.splitlines() if line.strip()]
        assert rows[0] == ["Fecha", "Tamaño", "Nombre", "Nota"]
        by_name = {row[2]: row for row in rows[2:]}
        assert by_name[name][0] == display
        assert by_name[name][3] == f"verificado {display.split()[0]}"
        assert by_name["antes de la mudanza [2025].db"][3] == "sin verificar, conservado"
        assert by_name["backup_20200101_000000.db"][3] == "DAÑADO"
        assert [row[3:] for row in by_name.values() if "before_restore" in row[2]] == [
            ["sin verificar, antes de restaurar"]
        ]

    @pytest.mark.parametrize("columns", [30, 40, 55])
    def test_a_narrow_terminal_shows_whole_names(self, columns: int, database: Path, backup: tuple[str, str]) -> None:
        with Terminal("list", "--database", database, columns=columns) as there:
            _, text = there.finish()
        name, details = text.splitlines()
        assert name == backup[0]
        assert details.startswith(f"  {backup[1]}  ")
        with Terminal("prune", "--dry-run", "--database", database, columns=columns) as there:
            _, text = there.finish()
        assert backup[0] in text

    def test_a_narrow_comparison_says_what_its_numbers_are(self, database: Path, backup: tuple[str, str]) -> None:
        with Terminal("compare", backup[0], "--rows", 0, "--database", database, columns=40) as there:
            _, text = there.finish()
        assert "\nclients\n  Se perderían: 0  Volverían: 200  Cambiarían: 0  Iguales: 0\n" in text

    def test_a_terminal_that_is_just_wide_enough_shows_a_table(self, database: Path, backup: tuple[str, str]) -> None:
        with Terminal("list", "--database", database, columns=80) as there:
            _, text = there.finish()
        header, _rule, row = text.splitlines()
        assert "Nombre" in header
        assert backup[0] in row
        assert backup[1] in row

    def test_an_empty_folder_is_told_in_words(self, database: Path) -> None:
        with Terminal("list", "--database", database) as there:
            assert there.finish() == (0, "Todavía no hay respaldos. Para crear uno: respaldo create\n")

    def test_prune_is_a_table_with_reasons(self, database: Path) -> None:
        run("create", "--database", database)
        run("create", "--database", database)
        older = run("list", "--database", database).stdout.splitlines()[1].split("\t")[0]
        with Terminal("prune", "--dry-run", "--max-backups", 1, "--database", database) as there:
            _, text = there.finish()
        assert re.search(rf"{older} +se borraría: ya hay suficientes más recientes", text)
        assert re.search(r"\.db +se conserva: es de los más recientes", text)

    def test_json_is_json_on_a_terminal_too(self, database: Path) -> None:
        with Terminal("list", "--json", "--database", database) as there:
            there.finish()
        assert there.screen == '{"backups":[],"warnings":[]}\r\n'


class TestBar:
    @pytest.mark.parametrize("command", ["create", "restore", "verify"])
    def test_the_bar_moves(self, command: str, folder: Path) -> None:
        database = scene.make_database(folder / "tattoostudio.db", mebibytes=16)
        arguments: list[object] = [command, "--database", database]
        if command != "create":
            arguments.append(run("create", "--database", database).stdout.splitlines()[1])
        if command == "restore":
            arguments.append("--yes")
        with Terminal(*arguments, program=SLOW_RESPALDO) as there:
            status, text = there.finish()
        assert status == 0, text
        assert "Verificando ━" in text
        if command != "verify":
            doing = {"create": "Creando el respaldo", "restore": "Restaurando"}[command]
            shown = {int(percent) for percent in re.findall(rf"{doing} [━╸╺]+ +(\d+)%", text)}
            assert len(shown) >= 3, text

    def test_there_is_no_bar_in_a_pipe_or_with_json(self, database: Path) -> None:
        assert "━" not in run("create", "--database", database).stdout
        with Terminal("create", "--json", "--database", database) as there:
            there.finish()
        assert there.screen.startswith('{"created":true,')


class TestQuestion:
    @pytest.mark.parametrize("yes", ["s", "sí", "SI", "yes"])
    def test_yes_restores(self, yes: str, database: Path, backup: tuple[str, str]) -> None:
        name, display = backup
        status, text = answered(f"{yes}\n", name, "--database", database)
        assert status == 0, text
        assert QUESTION.format(name=name, display=display, lost=LOST) in text
        assert f"Restaurado: {name}" in text
        assert scene.count_clients(database) == 200

    @pytest.mark.parametrize("keys", ["n\n", "\n", "quizá\n", "\x04"])
    def test_every_other_answer_is_no(self, keys: str, database: Path, backup: tuple[str, str]) -> None:
        before = scene.folder_contents(database.parent, catalogue=False)
        status, text = answered(keys, backup[0], "--database", database)
        assert status == 4
        assert text.endswith("\nNo se restauró nada; no se cambió nada.\n")
        assert scene.folder_contents(database.parent, catalogue=False) == before

    def test_ctrl_c_is_no(self, database: Path, backup: tuple[str, str]) -> None:
        before = scene.folder_contents(database.parent, catalogue=False)
        status, text = answered("\x03", backup[0], "--database", database)
        assert status == 130
        assert "\nSe canceló con Ctrl-C; no se cambió nada.\n" in text
        assert scene.folder_contents(database.parent, catalogue=False) == before

    def test_the_question_is_asked_in_english(self, database: Path, backup: tuple[str, str]) -> None:
        with Terminal("restore", backup[0], "--language", "en", "--database", database) as there:
            there.read_until("Are you sure that you want to restore this backup?")
            there.read_until("[y/N]: ")
            there.press("y\n")
            assert there.finish()[0] == 0

    def test_a_file_from_elsewhere_has_its_date(self, database: Path, backup: tuple[str, str], tmp_path: Path) -> None:
        name, display = backup
        (tmp_path / "disco externo").mkdir()
        moved = shutil.move(database.parent / "backups" / name, tmp_path / "disco externo" / name)
        status, text = answered("s\n", moved, "--database", database)
        assert status == 0
        assert QUESTION.format(name=name, display=display, lost=LOST) in text

    def test_a_safety_copy_has_its_date(self, database: Path, backup: tuple[str, str]) -> None:
        run("restore", backup[0], "--yes", "--database", database)
        listed = run("list", "--safety", "--database", database).stdout.splitlines()
        (safety,) = (line.split("\t")[:2] for line in listed if "before_restore" in line)
        status, text = answered("s\n", safety[0], "--database", database)
        assert status == 0
        assert QUESTION.format(name=safety[0], display=safety[1], lost="Perdería 200 filas de clients.") in text
        assert scene.count_clients(database) == 0

    def test_a_damaged_or_missing_backup_is_not_asked_about(self, database: Path, backup: tuple[str, str]) -> None:
        for name, status in (("no.db", 21), (backup[0], 43)):
            if status == 43:
                scene.damage(database.parent / "backups" / name)
            with Terminal("restore", name, "--database", database) as there:
                found, text = there.finish()
            assert found == status
            assert "¿Está seguro" not in text
            assert f"Error {status}: " in text


class TestCtrlC:
    @pytest.fixture
    def database(self, folder: Path) -> Path:
        return scene.make_database(folder / "tattoostudio.db", mebibytes=64)

    def test_it_cancels_a_create(self, database: Path, folder: Path) -> None:
        before = scene.folder_contents(folder)
        with Terminal("create", "--database", database, program=SLOW_RESPALDO) as there:
            there.read_until("%")
            there.press("\x03")
            status, text = there.finish()
        assert status == 130
        assert "no se cambió nada" in text
        assert "Traceback" not in text
        assert scene.folder_contents(folder) == before

    def test_it_ends_the_wait_of_a_prune(self, database: Path, folder: Path) -> None:
        run("create", "--database", database)
        with (
            scene.folder_held(folder / "backups"),
            Terminal("prune", "--busy-timeout", 600, "--database", database) as there,
        ):
            there.read_until("Esperando a otro programa")
            there.press("\x03")
            status, text = there.finish()
        assert status == 130 and "Traceback" not in text
        done = run("prune", "--busy-timeout", 0.3, "--database", database)
        assert done.returncode == 0, done.stderr

    def test_it_cancels_a_restore(self, database: Path, folder: Path) -> None:
        backup = run("create", "--database", database).stdout.splitlines()[1]
        scene.delete_clients(database)
        before = database.read_bytes()
        with Terminal("restore", backup, "--yes", "--database", database, program=SLOW_RESPALDO) as there:
            there.read_until("Restaurando")
            there.read_until("%")
            there.press("\x03")
            status, text = there.finish()
        assert status == 130
        assert "no se cambió nada" in text
        assert database.read_bytes() == before

    def test_it_is_too_late_when_the_restore_is_done(self, database: Path) -> None:
        """The library says that all is done only while it verifies what it has committed."""
        backup = run("create", "--database", database).stdout.splitlines()[1]
        scene.delete_clients(database)
        script = terminal.STEPS_TAKE_A_WHILE.replace(
            "time.sleep(0.05)", "signal.raise_signal(signal.SIGINT) if done == total else None"
        ).replace("import sys, time", "import signal, sys")
        with Terminal(
            "restore", backup, "--yes", "--database", database, program=(sys.executable, "-c", script)
        ) as there:
            status, text = there.finish()
        assert status == 0, text
        assert "Restaurado: " in text
        assert "Se pidió cancelar (Ctrl-C), pero el trabajo ya estaba hecho" in text
        assert scene.count_clients(database) == 200


class TestPlainTerminals:
    """Those without colours, and those that cannot go back in a line."""

    COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m")

    def test_no_color(self, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(terminal.ENVIRONMENT, "NO_COLOR", raising=False)
        for command, status in (("create", 0), ("list", 0), ("verify no.db", 21)):
            with Terminal(*command.split(), "--database", database) as there:
                assert there.finish()[0] == status
            if command != "list":
                assert self.COLOUR.search(there.screen)
            with monkeypatch.context() as plain:
                plain.setitem(terminal.ENVIRONMENT, "NO_COLOR", "1")
                with Terminal(*command.split(), "--database", database) as there:
                    assert there.finish()[0] == status
            assert not self.COLOUR.search(there.screen)

    @pytest.mark.parametrize("columns", [40, 100])
    def test_a_dumb_terminal_gets_text_alone(
        self, columns: int, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(terminal.ENVIRONMENT, "TERM", "dumb")
        for command in ("create", "list", "list --long", "config", "health", "verify no.db"):
            with Terminal(*command.split(), "--database", database, columns=columns) as there:
                there.finish()
            assert "\x1b" not in there.screen
            assert not there.screen.startswith("\r\n")

    def test_the_c_locale_gets_what_it_has_letters_for(
        self, database: Path, backup: tuple[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(terminal.ENVIRONMENT, "PYTHONUTF8")
        for name, value in {"LC_ALL": "C", "LANG": "C", "PYTHONIOENCODING": "ascii"}.items():
            monkeypatch.setitem(terminal.ENVIRONMENT, name, value)
        for command in ("list", "health", "last", f"restore {backup[0]} --dry-run", "create"):
            with Terminal(*command.split(), "--database", database) as there:
                status, text = there.finish()
            assert status == 0
            assert there.screen.isascii(), text
        assert "Creando el respaldo" in text


SHELLS = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
BEGIN = {
    "bash": 'eval "$(respaldo completion bash)"; echo re""ady\n',
    "zsh": 'autoload -U compinit; compinit -u -D; eval "$(respaldo completion zsh)"; echo re""ady\n',
    "fish": 'respaldo completion fish | source; echo re""ady\n',
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes(
    shell: str, database: Path, backup: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setitem(terminal.ENVIRONMENT, "PATH", path)
    monkeypatch.setitem(terminal.ENVIRONMENT, "RESPALDO_DATABASE", str(database))
    monkeypatch.setitem(terminal.ENVIRONMENT, "HOME", str(database.parent))
    with Terminal(program=SHELLS[shell], cwd=database.parent) as there:
        there.press(BEGIN[shell])
        there.read_until("ready")
        there.press("respaldo verif\t")
        there.read_until("respaldo verify")
        there.press("backup_\t")
        there.read_until(backup[0])
        there.press("\n")
        there.read_until("El respaldo está bien")


CONSOLE_SNIPPETS = [pytest.param(snippet, id=page.stem) for page in PAGES for snippet in snippets(page, "console")]


@pytest.mark.parametrize("snippet", CONSOLE_SNIPPETS)
def test_the_documentations_sample_is_what_the_command_writes(
    snippet: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands are run, and answer what it says, but for the digits, and for the folder."""
    told: list[str] = []
    newest = ""
    for line in snippet.splitlines():
        if not line.startswith("$ "):
            continue
        told.append(line)
        words = re.sub(NAME, newest, line.removeprefix("$ ")).split()
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            monkeypatch.setitem(terminal.ENVIRONMENT, name, value)
            continue
        assert words[0] == "respaldo"
        with Terminal(*words[1:], cwd=database.parent, columns=80) as there:
            if words[1] == "restore":
                there.read_until("[s/N]: ")
                there.press("s\n")
            status, text = there.finish()
        assert status == 0, text
        answer = text.replace(f"{database.parent}", "/home/ana/estudio")
        lines = [line.rstrip() for line in answer.splitlines() if "━" not in line]
        told += [line for line in lines if line]
        newest = next(iter(re.findall(NAME, text)), newest)
    print("\n".join(told))  # what to paste there when it has changed
    without_digits = [re.sub(r"\d", "0", line) for line in told]
    assert without_digits == [re.sub(r"\d", "0", line) for line in snippet.splitlines()]

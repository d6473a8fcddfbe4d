"""A morning at the studio: a backup, a disaster, a restore, and something that goes wrong.

    python demo.py            in a temporary folder, deleted afterwards
    python demo.py FOLDER     in FOLDER, which is left for you to look at

Everything is checked: it stops with a message and exit status 1 where a step is not as it should be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STUDIO = Path(__file__).resolve().parent / "tattoo_studio"

HOLD_THE_DATABASE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    if len(sys.argv) > 2:
        sys.exit("usage: python demo.py [FOLDER]")
    if len(sys.argv) == 2:
        folder = Path(sys.argv[1]).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        tell(folder)
    else:
        with tempfile.TemporaryDirectory(prefix="respaldo-demo-") as temporary:
            tell(Path(temporary))


def tell(folder: Path) -> None:
    database = folder / "tattoostudio.db"
    check(not database.exists(), f"{database} is already there: give an empty folder")

    # The application's own modules, told where its database is.
    os.environ["TATTOO_STUDIO_DB"] = str(database)
    sys.path.insert(0, str(STUDIO))
    from sqlalchemy import delete, func, select

    import respaldo
    from data.db.models import Client, TattooSession
    from data.db.session import SessionLocal, engine
    from make_database import make_database

    def count(table: type[Client] | type[TattooSession]) -> int:
        with SessionLocal() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    print(f"respaldo {respaldo.version()}")

    step("Un estudio de tatuajes con clientes inventados", "a studio's database, made with Faker")
    make_database(database, scale=40)
    clients, sessions = count(Client), count(TattooSession)
    print(f"   {database}")
    print(f"   {megabytes(database)}, {clients} clientes, {sessions} sesiones")
    check(clients == 2400, "the database does not have its 2400 clients")

    with respaldo.Store(database) as store:
        step("Último respaldo", "the last backup, before there is any")
        print(f"   {store.last_backup().display}")
        check(store.last_backup().display == "—", "there is a backup already")

        step("Crear un respaldo", "create, while the application has the database open")
        result = store.create(progress=show_progress)
        print(f"\n   {result.backup.name}, {megabytes(result.backup.path)}, {result.duration_ms} ms")
        check(result.created and not result.warnings, "the backup has warnings")

        step("El respaldo diario", "create_if_due: there is one of today already")
        daily = store.create_if_due()
        print(f"   created={daily.created}, reason={daily.reason}")
        check(not daily.created, "it made a second backup of today")

        step("Lista de respaldos", "list, newest first")
        for backup in store.list():
            print(f"   {backup.display}  {backup.size:>9} bytes  {backup.name}")
        check([b.name for b in store.list()] == [result.backup.name], "the list is not as it should be")
        print(f"   Último respaldo: {store.last_backup().display}")
        check(store.last_backup().display == result.backup.display, "the last backup is another one")

        step("Un desastre: se borran clientes", "a disaster: half of the clients deleted, and their sessions with them")
        with SessionLocal() as session:
            session.execute(delete(Client).where(Client.id % 2 == 0))
            session.commit()
        print(f"   {count(Client)} clientes, {count(TattooSession)} sesiones")
        check(count(Client) == clients // 2, "the clients are still there")

        step(
            "¿Está seguro que desea restaurar este respaldo?",
            "restore, with the application's connections still open",
        )
        print(f"   {result.backup.display}")
        print("   Advertencia: Esto sobrescribirá la base de datos actual.")
        print("   Se creará una copia de seguridad de la BD actual antes de continuar.  ... sí")
        open_connections = engine.pool.checkedin()  # type: ignore[attr-defined]
        restored = store.restore(result.backup, reason="demo: deleted clients", progress=show_progress)
        print(f"\n   {restored.duration_ms} ms")

        step("Los clientes están de vuelta", "read through the same engine, its pool never closed")
        print(f"   {count(Client)} clientes, {count(TattooSession)} sesiones")
        check(open_connections > 0, "the application had no connection open")
        check((count(Client), count(TattooSession)) == (clients, sessions), "they are not back")

        step("Verificar el respaldo", "verify")
        verified = store.verify(result.backup)
        print(f"   ok={verified.ok}, {verified.pages} pages of {verified.page_size} bytes")
        check(verified.ok and not verified.problems, "the backup has problems")

        step("La copia de seguridad previa", "the safety copy: the disaster itself can be had back")
        safety = [b for b in store.list(include_safety=True) if b.kind == "safety"]
        for backup in safety:
            print(f"   {backup.display}  {backup.size:>9} bytes  {backup.name}")
        check([b.path for b in safety] == [restored.safety_backup], "there is no safety copy")

    step(
        "Algo sale mal: otro programa tiene la base de datos",
        "something goes wrong: another program holds the database",
    )
    with respaldo.Store(database, busy_timeout_ms=300) as store, held_by_another_process(database):
        try:
            store.create()
        except respaldo.DatabaseLockedError as error:
            print(f"   {error.name} ({error.status})")
            print(f"   {error.message}")
            print(f"   {error.hint}")
            check(bool(error.message and error.hint), "the error does not say what to do")
        else:
            check(False, "the backup did not notice")
        check(len(store.list()) == 1, "something was left in the folder")

    engine.dispose()
    print("\nTodo en orden. (All is as it should be.)")


def step(spanish: str, english: str) -> None:
    print(f"\n• {spanish}\n  ({english})")


def check(condition: bool, trouble: str) -> None:
    if not condition:
        sys.exit(f"demo: {trouble}")


def show_progress(done: int, total: int) -> None:
    print(f"\r   {done}/{total} páginas", end="", flush=True)


def megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"


@contextmanager
def held_by_another_process(database: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_DATABASE, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        check(process.stdout.readline() == "held\n", "the other program could not lock the database")
        try:
            yield
        finally:
            process.stdin.close()


if __name__ == "__main__":
    main()

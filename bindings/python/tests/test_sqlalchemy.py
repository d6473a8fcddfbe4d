"""Restoring under an application that has its SQLAlchemy pool open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import respaldo
import scene


class Base(DeclarativeBase):
    pass


class Client(Base):
    __tablename__ = "clients"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@pytest.fixture(params=[False, True], ids=["rollback", "wal"])
def database(request: pytest.FixtureRequest, folder: Path) -> Path:
    return scene.make_database(folder / "tattoostudio.db", wal=request.param)


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """An engine with three connections in its pool that have read the database."""
    engine = create_engine(f"sqlite:///{database}")
    sessions = [Session(engine) for _ in range(3)]
    for session in sessions:
        assert count(session) == 200
    for session in sessions:
        session.close()
    assert engine.pool.checkedin() == 3  # type: ignore[attr-defined]
    yield engine
    engine.dispose()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Client)) or 0


def journal_mode(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("PRAGMA journal_mode")))


def test_the_pool_sees_the_restored_rows(store: respaldo.Store, engine: Engine, database: Path) -> None:
    mode = journal_mode(engine)
    backup = store.create().backup
    with Session(engine) as session:
        session.execute(text("DELETE FROM clients"))
        session.commit()
    open_session = Session(engine)  # open as long as a window, without a transaction
    assert count(open_session) == 0
    open_session.rollback()

    store.restore(backup)

    assert count(open_session) == 200
    open_session.add(Client(id=1000, name="después"))
    open_session.commit()
    open_session.close()
    for session in [Session(engine) for _ in range(3)]:
        with session:
            assert count(session) == 201
            assert session.get_one(Client, 1000).name == "después"
    assert journal_mode(engine) == mode
    engine.dispose()
    assert scene.count_clients(database) == 201


def test_a_write_in_progress_is_not_lost(engine: Engine, database: Path) -> None:
    with respaldo.Store(database, busy_timeout_ms=100) as store:
        backup = store.create().backup
        with Session(engine) as session:
            session.add(Client(id=1000, name="a medias"))
            session.flush()
            with pytest.raises(respaldo.DatabaseLockedError):
                store.restore(backup)
            session.commit()
            assert count(session) == 201


def test_backups_while_the_application_writes(store: respaldo.Store, engine: Engine) -> None:
    with Session(engine) as session:
        for i in range(10):
            session.add(Client(id=1000 + i, name="nuevo"))
            session.commit()
            assert scene.count_clients(store.create().backup.path) == 201 + i

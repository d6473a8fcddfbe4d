"""The application's connection to its database."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import sessionmaker

DB_PATH = os.environ.get("TATTOO_STUDIO_DB", "./dev.db")


def make_engine(path: str | os.PathLike[str]) -> Engine:
    """An engine for the database at ``path`` that enforces foreign keys, which SQLite leaves off."""
    engine = create_engine(f"sqlite:///{os.fspath(path)}")

    @event.listens_for(engine, "connect")
    def _enforce_foreign_keys(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


engine = make_engine(DB_PATH)
SessionLocal = sessionmaker(bind=engine)

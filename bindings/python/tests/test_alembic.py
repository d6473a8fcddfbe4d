"""A backup before each migration, made from Alembic's own env.py; and going back over a migration."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import respaldo
import scene

ENV = """
from alembic import context
from sqlalchemy import create_engine

import respaldo

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    is_behind = set(context.get_context().get_current_heads()) != set(context.script.get_heads())
    connection.rollback()  # what it has read
    if is_behind:
        with respaldo.Store(engine.url.database) as store:
            store.create(label="before a migration", made="before_upgrade")
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = """
from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = {down!r}


def upgrade():
    op.add_column("clients", sa.Column("column_{revision}", sa.Text))
"""


def scripts(folder: Path, database: Path, *revisions: str) -> Config:
    """The migrations of one version of the application."""
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    down = None
    for revision in revisions:
        (folder / "versions" / f"{revision}.py").write_text(REVISION.format(revision=revision, down=down))
        down = revision
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{database}")
    return config


def schema(config: Config) -> respaldo.Schema:
    """As the documentation says it."""
    known = ScriptDirectory.from_config(config)
    return {
        "alembic_heads": list(known.get_heads()),
        "alembic_revisions": [script.revision for script in known.walk_revisions()],
    }


@pytest.fixture(params=[False, True], ids=["rollback", "wal"])
def database(request: pytest.FixtureRequest, folder: Path) -> Path:
    return scene.make_database(folder / "tattoostudio.db", wal=request.param)


def test_there_is_a_backup_from_before_each_migration_and_a_way_back(database: Path, tmp_path: Path) -> None:
    old = scripts(tmp_path / "old", database, "a")
    new = scripts(tmp_path / "new", database, "a", "b")
    command.upgrade(old, "head")
    command.upgrade(new, "head")
    command.upgrade(new, "head")  # there is nothing to do, and so nothing to back up

    with respaldo.Store(database, schema=schema(new)) as store:
        after = store.create().backup
        backups = store.list()
        assert [b.content and b.content.alembic for b in backups] == ["b", "a", None]
        assert [(b.made, b.label) for b in backups[1:]] == [("before_upgrade", "before a migration")] * 2
        assert [w.name for w in store.restore(backups[1]).warnings] == ["SCHEMA_OLDER"]
    command.upgrade(new, "head")

    with (
        respaldo.Store(database, schema=schema(old)) as store,
        pytest.raises(respaldo.SchemaTooNewError, match="esquema b"),
    ):
        store.restore(after)
    assert scene.count_clients(database) == 200

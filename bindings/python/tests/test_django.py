"""A backup before each migration of Django, made from a receiver of pre_migrate."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import respaldo
import scene

pytest.importorskip("django")

APPS = """
from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import pre_migrate

import respaldo


def back_up(sender, using, plan, **said):
    # It is sent once for each application; this one comes for "clients" alone.
    if plan:
        database = connections[using].settings_dict["NAME"]
        with respaldo.Store(database) as store:
            try:
                store.create(label="before a migration", made="before_upgrade")
            except respaldo.NotADatabaseError:
                pass  # the first migration of all: Django has made an empty file, and there is nothing to back up


class Clients(AppConfig):
    name = "clients"
    default_auto_field = "django.db.models.AutoField"

    def ready(self):
        pre_migrate.connect(back_up, sender=self)
"""

MODELS = """
from django.db import models


class Client(models.Model):
    name = models.TextField()
"""

MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = {initial}
    dependencies = [{dependencies}]
    operations = [{operation}]
"""

CREATE = (
    """migrations.CreateModel("Client", [("id", models.AutoField(primary_key=True)), ("name", models.TextField())])"""
)
ADD = """migrations.AddField("client", "phone", models.TextField(default=""))"""

MANAGE = """
import sys
import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    INSTALLED_APPS=["clients.apps.Clients"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    USE_TZ=True,
)
django.setup()
call_command("migrate", verbosity=0)
"""


def write_application(folder: Path, *, with_phone: bool) -> None:
    migrations = folder / "clients/migrations"
    migrations.mkdir(parents=True, exist_ok=True)
    for package in (migrations, migrations.parent):
        (package / "__init__.py").touch()
    (folder / "clients/apps.py").write_text(APPS)
    (folder / "clients/models.py").write_text(MODELS + '    phone = models.TextField(default="")\n' * with_phone)
    (migrations / "0001_initial.py").write_text(MIGRATION.format(initial=True, dependencies="", operation=CREATE))
    if with_phone:
        later = MIGRATION.format(initial=False, dependencies='("clients", "0001_initial")', operation=ADD)
        (migrations / "0002_phone.py").write_text(later)


def migrate(folder: Path, database: Path) -> None:
    done = scene.run_python(MANAGE, database, cwd=folder)
    assert done.returncode == 0, done.stderr


def columns(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[1] for row in connection.execute("PRAGMA table_info(clients_client)")]


def test_there_is_a_backup_from_before_each_migration_and_a_way_back(folder: Path, tmp_path: Path) -> None:
    database = folder / "tattoostudio.db"
    write_application(tmp_path, with_phone=False)
    migrate(tmp_path, database)
    write_application(tmp_path, with_phone=True)
    migrate(tmp_path, database)
    migrate(tmp_path, database)  # there is nothing to do, and so nothing to back up
    with respaldo.Store(database) as store:
        (backup,) = store.list()
        assert (backup.made, backup.label) == ("before_upgrade", "before a migration")
        assert (columns(backup.path), columns(database)) == (["id", "name"], ["id", "name", "phone"])
        store.restore(backup)
    assert columns(database) == ["id", "name"]
    migrate(tmp_path, database)
    assert columns(database) == ["id", "name", "phone"]

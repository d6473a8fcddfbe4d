"""The guides for Django, Flask and FastAPI, run with those packages: ``make test-docs``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import scene
from pages import snippets


def write_snippets(guide: str, folder: Path) -> None:
    """Each snippet into the file that its first line names."""
    for snippet in snippets(scene.CHECKOUT / "docs" / f"{guide}.md", "python"):
        path = folder / snippet.splitlines()[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(snippet, encoding="utf-8")


def python(*arguments: str, folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wait_for(happened: Callable[[], object]) -> None:
    """For what another thread does."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def backups(folder: Path) -> list[Path]:
    return sorted((folder / "backups").glob("backup_*.db"))


@pytest.fixture
def studio(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    scene.make_database(folder / "tattoostudio.db")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    for name in ("studio", "restoring"):
        sys.modules.pop(name, None)
    return folder


def test_django(folder: Path) -> None:
    python("-m", "django", "startproject", "site_", ".", folder=folder)
    python("manage.py", "startapp", "studio", folder=folder)
    write_snippets("django", folder)
    for package in ("management", "management/commands"):
        (folder / "studio" / package / "__init__.py").touch()
    model = (
        "from django.db import models\n\n\nclass Client(models.Model):\n    name = models.CharField(max_length=80)\n"
    )
    (folder / "studio" / "models.py").write_text(model)
    settings = folder / "site_" / "settings.py"
    apps = settings.read_text().replace("INSTALLED_APPS = [", 'INSTALLED_APPS = [\n    "studio.apps.StudioConfig",')
    settings.write_text(apps)

    python("manage.py", "makemigrations", "studio", folder=folder)
    python("manage.py", "migrate", folder=folder)
    assert not backups(folder)  # there was nothing yet
    add = "from studio.models import Client; Client.objects.create(name='Ana')"
    python("manage.py", "shell", "-c", add, folder=folder)

    (folder / "studio" / "models.py").write_text(f"{model}    phone = models.CharField(max_length=20, default='')\n")
    python("manage.py", "makemigrations", "studio", folder=folder)
    python("manage.py", "migrate", folder=folder)
    (before,) = backups(folder)
    python("manage.py", "migrate", folder=folder)
    assert backups(folder) == [before]  # nothing to migrate

    assert "safe" in python("manage.py", "backup", folder=folder)
    # That of before the migration is of today.
    assert backups(folder) == [before]
    python("manage.py", "shell", "-c", "from studio.models import Client; Client.objects.all().delete()", folder=folder)
    python("-m", "respaldo", "restore", before.name, "--yes", "--database", "db.sqlite3", folder=folder)
    python("manage.py", "migrate", folder=folder)
    names = "from studio.models import Client; print([c.name + c.phone for c in Client.objects.all()])"
    assert "['Ana']" in python("manage.py", "shell", "-c", names, folder=folder)


def test_flask(studio: Path) -> None:
    write_snippets("flask", studio)
    from studio import create_app  # type: ignore[import-not-found]
    from restoring import restoring  # type: ignore[import-not-found]  # isort: skip

    app = create_app()
    app.register_blueprint(restoring)
    try:
        wait_for(lambda: backups(studio))
        client = app.test_client()
        made = client.post("/backups", data={"label": "por la web"})
        assert made.status_code == 201
        name = made.json["name"]
        assert name in [backup["name"] for backup in client.get("/backups").json]
        scene.delete_clients(studio / "tattoostudio.db")
        assert client.get("/clients").json == []
        assert client.post("/backups/no.db/restore").status_code == 404
        assert client.post(f"/backups/{name}/restore").status_code == 200
        assert len(client.get("/clients").json) == 200
        assert "safe" in app.test_cli_runner().invoke(args=["health"]).output
    finally:
        store, daily = app.extensions["backups"]
        daily.close()
        store.close()


def test_fastapi(studio: Path) -> None:
    write_snippets("fastapi", studio)
    from fastapi.testclient import TestClient

    import studio as application  # type: ignore[import-not-found]

    with TestClient(application.app) as client:
        wait_for(lambda: backups(studio))
        name = client.post("/backups").json()["name"]
        assert name in [backup["name"] for backup in client.get("/backups").json()]
        assert client.get("/health").json()["overall"] == "ok"
        downloaded = client.get(f"/backups/{name}")
        assert downloaded.content == (studio / "backups" / name).read_bytes()
        assert client.get("/backups/no.db").status_code == 404
        (studio / "tattoostudio.db").unlink()
        failed = client.post("/backups")
        assert failed.status_code == 500 and failed.json()["hint"]
    application.store.close()

"""Readable on light and dark, and nothing cut off at any scale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QApplication, QMainWindow

import respaldo
from hands import Hands
from respaldo.qt import BackupDialog, LastBackupLabel
from respaldo.qt.backup_model import Column
from respaldo.qt.job import running
from respaldo.qt.palette import contrast, luminance, warning_colour

GROUNDS = ["#ffffff", "#f0f0f0", "#c0c0c0", "#808080", "#777777", "#3a3a3a", "#1e1e1e", "#000000", "#2b4f81"]


def palette_on(ground: str) -> QPalette:
    return QPalette(QColor(ground))


@pytest.fixture
def application_palette(qapp: QApplication) -> Iterator[None]:
    before = qapp.palette()
    yield
    qapp.setPalette(before)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("red"), QColor("red")) == 1


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_warning_colour_can_be_read(qapp: QApplication, ground: str) -> None:
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(ground))
    colour = warning_colour(palette, QPalette.ColorRole.Window)
    assert contrast(colour, QColor(ground)) >= 4.5


@pytest.mark.parametrize("ground", ["#f0f0f0", "#202326"])
def test_colours_follow_the_applications_palette(
    store: respaldo.Store, hands: Hands, qapp: QApplication, application_palette: None, ground: str
) -> None:
    backup = store.create().backup
    backup.path.write_bytes(backup.path.read_bytes()[:5000])
    (backup.path.parent.parent / "settings.json").unlink()
    window = hands.show(QMainWindow())
    label = LastBackupLabel(store, window)
    window.statusBar().addPermanentWidget(label)
    dialog = hands.show(BackupDialog(store, window))
    hands.wait(lambda: not running() and bool(label.text()))
    assert label.worried

    qapp.setPalette(palette_on(ground))
    hands.wait(lambda: dialog.palette().color(QPalette.ColorRole.Window) == QColor(ground))
    for widget in (
        label,
        dialog.notices,
        dialog.safety,
        dialog.create_button,
        dialog.table,
        dialog.health.headline,
        dialog.details,
    ):
        palette = widget.palette()
        words, behind = palette.color(widget.foregroundRole()), palette.color(widget.backgroundRole())
        assert contrast(words, behind) >= 4.5, widget
        assert (luminance(behind) > 0.5) == (luminance(QColor(ground)) > 0.5), widget
    state = dialog.table.filter.index(0, Column.VERIFIED)
    assert state.data() == "Dañado"
    base = dialog.table.palette().color(QPalette.ColorRole.Base)
    assert contrast(state.data(Qt.ItemDataRole.ForegroundRole).color(), base) >= 4.5


def clipped_at(scale: str, database: Path, *arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("clipped.py"), database, *arguments],
        env=os.environ | {"QT_SCALE_FACTOR": scale, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    assert answer["scale"] == float(scale)
    return answer


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "2"])
def test_nothing_is_cut_off(database: Path, scale: str, language: str) -> None:
    answer = clipped_at(scale, database, language)
    assert answer["clipped"] == []
    assert str(answer["label"]).startswith({"es": "Último respaldo: ", "en": "Last backup: "}[language])


def test_a_text_that_is_cut_off_is_found(database: Path) -> None:
    assert clipped_at("1.25", database, "es", "squeeze")["clipped"] == ["&Ver qué se puede salvar", "&Crear respaldo"]

"""Whether the data are safe: the sentence at the top of the dialog, and the light in the status bar."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from qtpy.QtWidgets import QApplication, QLabel, QPushButton

import respaldo
import scene
from hands import Hands
from respaldo.qt import BackupDialog, HealthIndicator
from respaldo.qt.job import running
from respaldo.qt.repair_dialog import RepairDialog

Opened = Callable[..., BackupDialog]


def said(dialog: BackupDialog) -> str:
    return "\n".join(label.text() for label in dialog.health.findings.findChildren(QLabel))


def test_all_is_well(store: respaldo.Store, opened: Opened) -> None:
    store.create()
    dialog = opened(store)
    assert dialog.health.severity == "ok"
    assert dialog.health.light.accessibleName() == "Bien"
    assert dialog.health.headline.text() == store.health().headline
    assert not dialog.health.findings.isVisible()


def test_the_findings_say_what_to_do(store: respaldo.Store, opened: Opened, hands: Hands) -> None:
    store.create()
    os.truncate(shutil.copy(store.create().backup.path, store.backup_dir / "backup_20260101_090000.db"), 20_000)
    dialog = opened(store)
    assert dialog.health.severity == "attention"
    assert dialog.health.light.accessibleName() == "Atención"
    hands.click(dialog.health.unfold)
    assert dialog.health.findings.isVisible()
    for finding in store.health().findings:
        assert finding.message in said(dialog) and finding.hint in said(dialog)
    hands.click(dialog.health.unfold)
    assert not dialog.health.findings.isVisible()


def test_a_loss_that_was_meant_is_confirmed(
    store: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    store.create()
    scene.delete_clients(database)
    store.create()
    dialog = opened(store)
    assert dialog.health.severity == "attention"
    hands.click(dialog.health.unfold)
    (button,) = [b for b in dialog.health.findings.findChildren(QPushButton) if "propósito" in b.text()]
    hands.click(button)
    hands.wait(lambda: dialog.health.severity == "ok")
    assert "SHRUNK" not in [finding.name for finding in store.health().findings]


def test_a_damaged_database_leads_to_repairing_it(
    store: respaldo.Store, database: Path, opened: Opened, hands: Hands
) -> None:
    backup = store.create().backup
    scene.damage(database)
    dialog = opened(store)
    hands.click(dialog.create_button)
    hands.close_box("está dañada")
    hands.wait(lambda: dialog.health.severity == "danger")
    assert "La base de datos" in dialog.health.headline.text()
    hands.click(dialog.health.unfold)
    (button,) = [b for b in dialog.health.findings.findChildren(QPushButton) if b.text() == "Re&parar…"]
    hands.click(button)
    hands.wait(lambda: isinstance(QApplication.activeModalWidget(), RepairDialog))
    repair = QApplication.activeModalWidget()
    assert [repair.source.itemText(at) for at in range(repair.source.count())] == ["La base de datos actual"]
    repair.reject()
    hands.wait(lambda: QApplication.activeModalWidget() in (None, dialog) and not running())
    dialog.table.select(backup.path)
    hands.restore(dialog)
    hands.close_box("Se restauró")
    hands.wait(lambda: dialog.health.severity == "ok")


def test_a_folder_that_cannot_be_read_is_a_danger(store: respaldo.Store, folder: Path, opened: Opened) -> None:
    (folder / "backups").write_text("not a folder")
    dialog = opened(store)
    assert dialog.health.severity == "danger"
    assert "Elija otra carpeta" in said(dialog)


class TestIndicator:
    def indicator(self, store: respaldo.Store, hands: Hands, **options: object) -> HealthIndicator:
        indicator = HealthIndicator(store, **options)  # type: ignore[arg-type]
        hands.show(indicator)
        return indicator

    def test_it_tells_a_trouble_once_and_opens_no_box(self, store: respaldo.Store, hands: Hands) -> None:
        store.create()
        told: list[tuple[str, str]] = []
        indicator = HealthIndicator(store)
        severities: list[str] = []
        indicator.attention.connect(lambda *words: told.append(words))
        indicator.severity_changed.connect(severities.append)
        hands.show(indicator)
        hands.wait(lambda: indicator.severity == "ok")
        assert indicator.text() == "Respaldos al día" and told == []
        os.truncate(shutil.copy(store.list()[0], store.backup_dir / "backup_20260101_090000.db"), 20_000)
        for _ in range(2):
            indicator.refresh()
            hands.wait(lambda: not running())
        assert indicator.severity == "attention"
        assert len(told) == 1 and "backup_20260101_090000.db" in told[0][0] and told[0][1]
        assert indicator.text() == indicator.accessibleName() == "Los respaldos necesitan atención"
        assert told[0][1] in indicator.toolTip()
        assert QApplication.activeModalWidget() is None
        assert severities == ["ok", "attention"]

    def test_what_cannot_be_read_is_told(self, store: respaldo.Store, folder: Path, hands: Hands) -> None:
        (folder / "backups").write_text("not a folder")
        indicator = self.indicator(store, hands)
        hands.wait(lambda: indicator.severity == "danger")
        assert str(folder / "backups") in indicator.toolTip()

    @pytest.mark.parametrize("language", ["es", "en"])
    def test_it_can_be_clicked_with_the_keyboard(self, store: respaldo.Store, hands: Hands, language: str) -> None:
        indicator = self.indicator(store, hands, language=language)
        clicked: list[int] = []
        indicator.clicked.connect(lambda: clicked.append(1))
        hands.wait(lambda: not running())
        indicator.setFocus()
        hands.qtbot.keyClick(indicator, " ")
        assert clicked == [1]

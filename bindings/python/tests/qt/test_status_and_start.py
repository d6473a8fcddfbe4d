"""The status bar's label, the backup of the day, and closing the application."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QLabel, QMainWindow

import respaldo
from gated_store import GatedStore
from hands import Hands
from respaldo.qt import DailyBackup, LastBackupLabel, wait_before_close
from respaldo.qt import wait as wait_module
from respaldo.qt.job import Job, running

HERMOSILLO = ZoneInfo("America/Hermosillo")


@pytest.fixture
def window(hands: Hands) -> QMainWindow:
    return hands.show(QMainWindow())


class TestLastBackupLabel:
    def label(self, store: respaldo.Store, hands: Hands, **options: object) -> LastBackupLabel:
        label = hands.show(LastBackupLabel(store, **options))  # type: ignore[arg-type]
        hands.wait(lambda: label.text() != "")
        return label

    def write_settings(self, folder: Path, when: datetime) -> None:
        settings = {"last_backup_at": when.isoformat(timespec="seconds")}
        (folder / "settings.json").write_text(json.dumps(settings))

    def test_without_a_backup_it_worries(self, store: respaldo.Store, hands: Hands) -> None:
        label = self.label(store, hands)
        assert label.text() == "⚠ Último respaldo: —"
        assert label.worried
        assert "Cree un respaldo ahora." in label.toolTip()
        assert label.accessibleName() == "Último respaldo: —"
        assert label.accessibleDescription() == label.toolTip()

    def test_it_shows_the_date_in_the_settings(self, store: respaldo.Store, folder: Path, hands: Hands) -> None:
        self.write_settings(folder, datetime(2026, 3, 4, 9, 30, 12, tzinfo=HERMOSILLO))
        assert self.label(store, hands).text().endswith("Último respaldo: 04/03/2026 09:30")

    @pytest.mark.parametrize(("hours", "worried"), [(1, False), (47, False), (49, True)])
    def test_it_worries_after_two_days(
        self, store: respaldo.Store, folder: Path, hands: Hands, hours: int, worried: bool
    ) -> None:
        self.write_settings(folder, datetime.now(HERMOSILLO) - timedelta(hours=hours))
        label = self.label(store, hands)
        assert (label.worried, "más de dos días" in label.toolTip()) == (worried, worried)
        assert label.text().startswith("⚠ ") == worried
        assert label.font().bold() == worried

    def test_refresh_shows_a_new_backup(self, store: respaldo.Store, hands: Hands) -> None:
        label = self.label(store, hands)
        backup = store.create().backup
        label.refresh()
        hands.wait(lambda: label.text() == f"Último respaldo: {backup.display}")
        assert not label.worried and label.toolTip() == "" and not label.font().bold()

    def test_a_refresh_during_a_reading_reads_once_more(self, store: respaldo.Store, hands: Hands) -> None:
        label = LastBackupLabel(store)  # reads already
        backup = store.create().backup
        label.refresh()
        label.refresh()
        hands.show(label)
        hands.wait(lambda: label.text() == f"Último respaldo: {backup.display}")

    def test_an_unreadable_folder_is_told(self, store: respaldo.Store, folder: Path, hands: Hands) -> None:
        (folder / "backups").write_text("not a folder")
        label = self.label(store, hands)
        assert label.text() == "⚠ Último respaldo: —"
        assert str(folder / "backups") in label.toolTip()

    def test_its_texts_can_be_english(self, store: respaldo.Store, hands: Hands) -> None:
        assert self.label(store, hands, language="en").text() == "⚠ Last backup: —"


class TestDailyBackup:
    def run(self, store: respaldo.Store, window: QMainWindow, hands: Hands) -> DailyBackup:
        daily = DailyBackup(store, window)
        with hands.qtbot.waitSignal(daily.ended, timeout=30_000):
            daily.start()
        return daily

    def test_once_a_day(self, store: respaldo.Store, window: QMainWindow, hands: Hands) -> None:
        first = self.run(store, window, hands)
        assert first.result is not None and first.result.created
        second = self.run(store, window, hands)
        assert second.result is not None and not second.result.created
        assert len(store.list()) == 1
        assert QApplication.activeModalWidget() is None

    def test_starting_twice(self, gated: GatedStore, window: QMainWindow, hands: Hands) -> None:
        daily = DailyBackup(gated, window)
        daily.start()
        daily.start()
        assert len(running()) == 1
        gated.gate.set()
        hands.wait(lambda: daily.result is not None)

    def test_a_failure_is_told(self, store: respaldo.Store, database: Path, window: QMainWindow, hands: Hands) -> None:
        store.create().backup.path.rename(database.with_name("moved.db"))
        database.unlink()
        daily = self.run(store, window, hands)
        assert isinstance(daily.error, respaldo.DatabaseNotFoundError)
        said = hands.close_box("No se pudo crear el respaldo de hoy.")
        assert str(database) in said and "restaure un respaldo" in said

    def test_a_clock_that_went_backwards_is_told(
        self, store: respaldo.Store, window: QMainWindow, hands: Hands
    ) -> None:
        path = store.create().backup.path
        path.rename(path.with_name("backup_20990101_090000.db"))
        daily = self.run(store, window, hands)
        assert daily.result is not None and daily.result.created
        assert "Revise la fecha y la hora" in hands.close_box("fecha futura")

    def test_the_window_is_gone_before_it_ends(self, gated: GatedStore, hands: Hands) -> None:
        window = QMainWindow()
        DailyBackup(gated, window).start()
        hands.wait(gated.reached.is_set)
        gone: list[int] = []
        window.destroyed.connect(lambda: gone.append(1))
        window.deleteLater()
        hands.wait(lambda: bool(gone))
        gated.gate.set()
        hands.wait(lambda: not running())
        assert len(gated.list()) == 1


class SetDailyBackup(DailyBackup):
    """With a clock that is moved by hand, and looked at all the time."""

    ahead = timedelta()

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def start(self) -> None:
        super().start()
        self._clock_timer.start(1)


class TestDailyBackupOfAnApplicationThatStaysOpen:
    @pytest.fixture
    def count(self) -> list[int]:
        """As long as how often it ended."""
        return []

    def started(self, store: respaldo.Store, window: QMainWindow, count: list[int]) -> SetDailyBackup:
        daily = SetDailyBackup(store, window)
        daily.ended.connect(lambda: count.append(1))
        daily.start()
        return daily

    def test_it_asks_again_the_next_day(
        self, store: respaldo.Store, window: QMainWindow, hands: Hands, count: list[int]
    ) -> None:
        daily = self.started(store, window, count)
        hands.wait(lambda: len(count) == 1)
        assert daily.result is not None and daily.result.created
        hands.qtbot.wait(50)  # looked at the clock many times meanwhile
        assert len(count) == 1
        daily.ahead = timedelta(days=1)
        hands.wait(lambda: len(count) == 2)
        assert daily.result.reason == "already_backed_up_today"  # the library goes by the real clock
        assert len(store.list()) == 1

    def test_it_tries_again_after_a_failure_and_tells_it_once(
        self, store: respaldo.Store, database: Path, window: QMainWindow, hands: Hands, count: list[int]
    ) -> None:
        good = database.read_bytes()
        database.write_bytes(b"not a database" * 100)
        daily = self.started(store, window, count)
        hands.box("No se pudo crear el respaldo de hoy.")
        daily.ahead = timedelta(minutes=6)
        hands.wait(lambda: len(count) == 2)
        assert isinstance(daily.error, respaldo.NotADatabaseError)
        hands.close_box("No se pudo crear el respaldo de hoy.")
        daily.ahead = timedelta(minutes=20)
        hands.wait(lambda: len(count) == 3)
        assert QApplication.activeModalWidget() is None
        database.write_bytes(good)
        daily.ahead = timedelta(days=1)
        hands.wait(lambda: daily.result is not None)
        assert daily.result is not None and daily.result.created
        assert QApplication.activeModalWidget() is None

    def test_the_same_trouble_is_told_again_the_next_day(
        self, store: respaldo.Store, database: Path, window: QMainWindow, hands: Hands, count: list[int]
    ) -> None:
        database.write_bytes(b"not a database" * 100)
        daily = self.started(store, window, count)
        hands.wait(lambda: len(count) == 1)
        daily.ahead = timedelta(days=1)
        hands.wait(lambda: len(count) == 2)
        hands.close_box("No se pudo crear el respaldo de hoy.")
        assert QApplication.activeModalWidget() is None  # one box, however long nobody was there
        daily.ahead = timedelta(days=2)
        hands.close_box("No se pudo crear el respaldo de hoy.")

    def test_it_waits_for_the_end_of_other_work(
        self, database: Path, gated: GatedStore, window: QMainWindow, hands: Hands, count: list[int]
    ) -> None:
        with respaldo.Store(database) as store:
            daily = self.started(store, window, count)
            hands.wait(lambda: len(count) == 1)
            Job(lambda progress: gated.create(progress=progress), "…").start()
            hands.wait(gated.reached.is_set)
            daily.ahead = timedelta(days=1)
            hands.qtbot.wait(50)
            assert len(count) == 1
            gated.gate.set()
            hands.wait(lambda: len(count) == 2)
            assert daily.error is None

    @pytest.mark.parametrize("how", ["stop", "close"])
    def test_it_ends_when_it_is_stopped_or_the_store_is_closed(
        self, store: respaldo.Store, window: QMainWindow, hands: Hands, count: list[int], how: str
    ) -> None:
        daily = self.started(store, window, count)
        hands.wait(lambda: len(count) == 1)
        daily.stop() if how == "stop" else store.close()
        daily.ahead = timedelta(days=1)
        hands.wait(lambda: not daily._clock_timer.isActive())
        hands.qtbot.wait(20)
        assert len(count) == 1
        assert QApplication.activeModalWidget() is None


class TestWaitBeforeClose:
    """It blocks, as closeEvent must, with a loop of its own: what happens meanwhile is put on timers."""

    def meanwhile(self, act: object) -> None:
        QTimer.singleShot(0, act)  # type: ignore[arg-type]

    def front(self) -> QDialog:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        return dialog

    def test_it_returns_at_once_without_work(self, window: QMainWindow) -> None:
        assert wait_before_close(window) is True

    def test_it_waits_and_says_why(self, gated: GatedStore, window: QMainWindow, hands: Hands) -> None:
        daily = DailyBackup(gated, window)
        daily.start()
        said: list[str] = []

        def look_and_go_on() -> None:
            hands.key(Qt.Key.Key_Return)  # does nothing
            said.extend(label.text() for label in self.front().findChildren(QLabel))
            gated.gate.set()

        self.meanwhile(look_and_go_on)
        assert wait_before_close(window) is True
        assert set(said) == {"La aplicación se cerrará en cuanto termine.", "Creando el respaldo de hoy…"}
        assert daily.result is not None and daily.result.created
        hands.wait(lambda: QApplication.activeModalWidget() is None)

    @pytest.mark.parametrize("how", ["button", "escape"])
    def test_it_can_be_cancelled(self, gated: GatedStore, window: QMainWindow, hands: Hands, how: str) -> None:
        daily = DailyBackup(gated, window)
        daily.start()

        def cancel() -> None:
            dialog = self.front()
            if how == "button":
                dialog.findChild(wait_module.ProgressRow).cancel.click()
            else:
                dialog.reject()
            gated.gate.set()

        self.meanwhile(cancel)
        assert wait_before_close(window) is True
        assert isinstance(daily.error, respaldo.CancelledError)
        assert QApplication.activeModalWidget() is None  # no message for who wants to leave
        assert len(gated.list()) == 0

    def test_it_cancels_after_the_timeout(self, gated: GatedStore, window: QMainWindow, hands: Hands) -> None:
        daily = DailyBackup(gated, window)
        daily.start()
        hands.wait(gated.reached.is_set)
        (job,) = running()
        job.cancelled.connect(gated.gate.set)
        assert wait_before_close(window, timeout_ms=20) is True
        assert isinstance(daily.error, respaldo.CancelledError)

    def test_work_that_begins_meanwhile_is_waited_for_too(
        self, store: respaldo.Store, window: QMainWindow, caplog: pytest.LogCaptureFixture
    ) -> None:
        label = LastBackupLabel(store, window)
        daily = DailyBackup(store, window)
        daily.ended.connect(label.refresh)
        daily.start()
        assert wait_before_close(window) is True
        assert running() == []
        store.close()
        assert label.text().startswith("Último respaldo: ")
        assert caplog.records == []

    def test_it_gives_up_on_a_disk_that_does_not_answer(
        self, gated: GatedStore, window: QMainWindow, hands: Hands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wait_module, "_CANCEL_TIMEOUT_MS", 20)
        DailyBackup(gated, window).start()
        assert wait_before_close(window, timeout_ms=20) is False
        gated.gate.set()


class TestJob:
    def test_every_signal_arrives_on_the_windows_thread(self, store: respaldo.Store, hands: Hands) -> None:
        threads: dict[str, set[threading.Thread]] = {"work": set(), "progress": set(), "after": set()}

        def work(progress: respaldo.Progress) -> object:
            threads["work"].add(threading.current_thread())
            return store.create(progress=progress)

        class Listener(QLabel):
            def heard(self, _thousandths: int) -> None:
                threads["progress"].add(threading.current_thread())

        listener = hands.show(Listener())
        job = Job(work, "…", afterwards=lambda: threads["after"].add(threading.current_thread()))
        job.progressed.connect(listener.heard)
        with hands.qtbot.waitSignal(job.ended, timeout=30_000):
            job.start()
        main = {threading.main_thread()}
        assert threads["progress"] == threads["after"] == main
        assert len(threads["work"]) == 1 and threads["work"] != main
        assert isinstance(job.result, respaldo.CreateResult) and job.error is None

    def test_a_job_without_references_ends(self, gated: GatedStore, hands: Hands) -> None:
        ended: list[str] = []
        Job(lambda p: gated.create(progress=p), "…", afterwards=lambda: ended.append("after")).start()
        gated.gate.set()
        hands.wait(lambda: ended == ["after"])
        assert len(gated.list()) == 1

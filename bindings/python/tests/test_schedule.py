"""When the backup of the day is asked for, with a clock that the test sets, and a library that counts days itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from respaldo import Backup, DueResult
from respaldo._schedule import CHECK_INTERVAL, FIRST_PAUSE, LONGEST_PAUSE, DailySchedule

HERMOSILLO = ZoneInfo("America/Hermosillo")


class Studio:
    """A program that stays open. It has a wall clock, and the days on which there is a backup, by its zone."""

    def __init__(self, now: datetime) -> None:
        self.zone = now.tzinfo
        self.now = now.astimezone(UTC)
        self.asked: list[datetime] = []
        self.backups: list[datetime] = []
        self.broken = False
        self.has_database = True
        self.schedule = DailySchedule()

    def look(self) -> None:
        """What happens at every check interval."""
        if not self.schedule.is_due(self.now):
            return
        self.asked.append(self.local)
        if self.broken:
            self.schedule.failed(self.now)
        else:
            self.schedule.answered(self.now, self.create_if_due())

    def create_if_due(self) -> DueResult:
        if not self.has_database:
            return DueResult(False, None, (), (), None, "no_database_yet")
        there = [b for b in self.backups if b <= self.local and b.date() == self.local.date()]
        if not there:
            self.backups.append(self.local)
        made = (there or self.backups)[-1]
        # As in the library's JSON: an offset, not a zone.
        made = datetime.fromisoformat(made.isoformat())
        return DueResult(not there, backup(made), (), (), None, "already_backed_up_today" if there else None)

    def stay_open(self, duration: timedelta) -> None:
        end = self.now + duration
        while self.now < end:
            self.look()
            self.now += CHECK_INTERVAL

    def sleep(self, duration: timedelta) -> None:
        self.now += duration
        self.look()

    @property
    def local(self) -> datetime:
        return self.now.astimezone(self.zone)


def backup(made: datetime) -> Backup:
    return Backup("b.db", "", 1, Path("/b.db"), made, "backup", True)


def times(moments: list[datetime]) -> list[str]:
    return [f"{moment:%d %H:%M}" for moment in moments]


def test_it_asks_at_the_start_and_at_each_midnight_of_the_stores_zone() -> None:
    studio = Studio(datetime(2026, 3, 4, 9, 30, tzinfo=HERMOSILLO))
    studio.stay_open(timedelta(days=3))
    assert times(studio.asked) == ["04 09:30", "05 00:00", "06 00:00", "07 00:00"]
    assert studio.backups == studio.asked


def test_a_call_that_began_before_midnight_says_nothing_of_the_day_after() -> None:
    studio = Studio(datetime(2026, 3, 4, 23, 59, 50, tzinfo=HERMOSILLO))
    assert studio.schedule.is_due(studio.now)
    asked = studio.now
    studio.now += timedelta(seconds=20)  # the backup took that long, and is of the day before
    studio.schedule.answered(asked, DueResult(True, backup(asked.astimezone(HERMOSILLO)), (), (), 20_000, None))
    assert studio.schedule.is_due(studio.now)


@pytest.mark.parametrize("asleep", [timedelta(hours=8), timedelta(days=1), timedelta(days=10)])
def test_on_waking_on_another_day_it_asks_once(asleep: timedelta) -> None:
    studio = Studio(datetime(2026, 3, 4, 20, 0, tzinfo=HERMOSILLO))
    studio.look()
    studio.sleep(asleep)
    assert studio.asked[1:] == [studio.local]
    studio.look()
    assert len(studio.asked) == 2


def test_on_waking_on_the_same_day_it_asks_nothing() -> None:
    studio = Studio(datetime(2026, 3, 4, 9, 0, tzinfo=HERMOSILLO))
    studio.look()
    studio.sleep(timedelta(hours=8))
    assert len(studio.asked) == 1


def test_a_clock_that_jumps_ahead_and_is_set_right_again_leaves_no_day_out() -> None:
    studio = Studio(datetime(2026, 3, 4, 9, 0, tzinfo=HERMOSILLO))
    studio.look()
    studio.sleep(timedelta(days=5 * 365))
    assert len(studio.backups) == 2
    studio.sleep(timedelta(days=-5 * 365))  # asked at once; the library counts the backup of that day
    assert len(studio.asked) == 3
    studio.stay_open(timedelta(days=2))
    assert times(studio.backups[2:]) == ["05 00:00", "06 00:00"]


def test_a_clock_that_was_years_ahead_at_the_start_puts_nothing_off() -> None:
    studio = Studio(datetime(2031, 3, 4, 9, 0, tzinfo=HERMOSILLO))
    studio.look()
    studio.sleep(datetime(2026, 3, 4, 9, 1, tzinfo=HERMOSILLO) - studio.now)
    assert times(studio.backups) == ["04 09:00", "04 09:01"]


def test_a_correction_across_midnight_asks_nothing() -> None:
    studio = Studio(datetime(2026, 3, 4, 9, 0, tzinfo=HERMOSILLO))
    studio.stay_open(timedelta(hours=15, minutes=1))
    assert times(studio.asked) == ["04 09:00", "05 00:00"]
    studio.sleep(timedelta(minutes=-2))
    studio.stay_open(timedelta(minutes=10))
    assert len(studio.asked) == 2


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Madrid", datetime(2026, 3, 27, 9, 0)),  # an hour ahead at 02:00
        ("Europe/Madrid", datetime(2026, 10, 23, 9, 0)),  # an hour back at 03:00
        ("America/Havana", datetime(2026, 3, 6, 9, 0)),  # ahead at 00:00: that day has no midnight
        ("America/Havana", datetime(2026, 10, 30, 9, 0)),  # back at 01:00: that day has two
        ("America/Santiago", datetime(2026, 4, 2, 9, 0)),  # back at 24:00
        ("America/Santiago", datetime(2026, 9, 3, 9, 0)),  # ahead at 00:00
        ("Australia/Lord_Howe", datetime(2026, 4, 3, 9, 0)),  # half an hour back
        ("Australia/Lord_Howe", datetime(2026, 10, 2, 9, 0)),  # half an hour ahead
        ("Asia/Kathmandu", datetime(2026, 1, 1, 9, 0)),  # 05:45 ahead of UTC, all year
    ],
)
def test_every_day_has_its_backup_where_clocks_are_changed(zone: str, start: datetime) -> None:
    studio = Studio(start.replace(tzinfo=ZoneInfo(zone)))
    studio.stay_open(timedelta(days=6))
    days = [moment.date() for moment in studio.backups]
    assert days == [start.date() + timedelta(days=n) for n in range(len(days))]
    assert days[-1] == studio.local.date()
    assert all(moment.hour <= 1 for moment in studio.backups[1:]), times(studio.backups)
    assert len(studio.asked) <= len(studio.backups) + 2


def test_after_a_failure_it_asks_again_the_same_day_with_growing_pauses() -> None:
    studio = Studio(datetime(2026, 3, 4, 8, 0, tzinfo=HERMOSILLO))
    studio.broken = True
    studio.stay_open(timedelta(hours=14))
    assert times(studio.asked) == [
        "04 08:00",
        "04 08:05",
        "04 08:15",
        "04 08:35",
        "04 09:15",
        "04 10:35",
        "04 13:15",
        "04 17:15",
        "04 21:15",
    ]
    studio.broken = False
    studio.stay_open(timedelta(days=1))
    assert times(studio.backups) == ["05 01:15"]


def test_a_success_makes_the_pauses_short_again() -> None:
    studio = Studio(datetime(2026, 3, 4, 8, 0, tzinfo=HERMOSILLO))
    studio.broken = True
    studio.stay_open(timedelta(hours=3))
    studio.broken = False
    studio.stay_open(LONGEST_PAUSE)
    assert len(studio.backups) == 1
    studio.broken = True
    studio.stay_open(timedelta(days=1))
    failed = [moment for moment in studio.asked if moment.date().day == 5]
    assert times(failed)[:3] == ["05 00:00", "05 00:05", "05 00:15"]


def test_a_clock_that_is_set_back_does_not_put_off_what_failed() -> None:
    studio = Studio(datetime(2031, 3, 4, 8, 0, tzinfo=HERMOSILLO))
    studio.broken = True
    studio.look()
    studio.broken = False
    studio.sleep(datetime(2026, 3, 4, 8, 0, tzinfo=HERMOSILLO) - studio.now)
    assert times(studio.backups) == ["04 08:00"]


def test_the_very_first_start_has_its_backup_the_same_day() -> None:
    studio = Studio(datetime(2026, 3, 4, 8, 0, tzinfo=HERMOSILLO))
    studio.has_database = False
    studio.stay_open(FIRST_PAUSE)
    studio.has_database = True
    studio.stay_open(FIRST_PAUSE)
    assert times(studio.backups) == ["04 08:05"]

"""When to ask for the backup of the day: arithmetic on times, with no thread, no timer and no clock of its own.

Whether there is a backup of today, only the library decides (``create_if_due``). Asked too early it does nothing, so
all that is decided here is when asking is worth while.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from .models import DueResult

CHECK_INTERVAL = timedelta(seconds=30)
"""How often to look at the wall clock. A timer that is set to the next midnight stops while the computer sleeps, and
does not notice when its clock is set."""

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=4)
"""After a failure: 5 minutes, then 10, 20, 40, 80, 160, and 4 hours from then on."""

CLOCK_SET_BACK = timedelta(hours=1)
"""From here on a clock that went backwards was set. Less is a correction by time servers."""


class DailySchedule:
    """When to call ``create_if_due`` in a program that stays open for days.

    After an answer, at the next midnight of the store's zone. The library's answer says what that is: the offset of
    the backup's ``created_at``. So no time zone database is needed, which Python does not have on Windows. Where
    daylight saving changed since that backup, the real midnight is an hour earlier or later: the first costs an hour
    once a year, the second is noticed, and asked again an hour later.
    """

    def __init__(self) -> None:
        self._asked: datetime | None = None
        self._next: datetime | None = None
        self._pause = FIRST_PAUSE

    def is_due(self, now: datetime) -> bool:
        """Whether to ask now: at first, when it is time, and when the clock was set back."""
        if self._asked is None or self._next is None:
            return True
        return now >= self._next or now < self._asked - CLOCK_SET_BACK

    def answered(self, asked: datetime, result: DueResult) -> None:
        """The library answered.

        Args:
            asked: when the call *began*: one that began before midnight says nothing of the day after it.
            result: the answer.
        """
        if result.backup is None:  # no database yet; the person may enter the first data any time now
            self.failed(asked)
            return
        self._asked, self._pause = asked, FIRST_PAUSE
        made = result.backup.created_at
        today = asked.astimezone(made.tzinfo).date()
        if made.date() < today and not result.created:  # the library counts it as today's: its clocks were put back
            self._next = asked + timedelta(hours=1)
        else:
            midnight = datetime.combine(today + timedelta(days=1), time(), made.tzinfo)
            self._next = midnight.astimezone(UTC)

    def failed(self, asked: datetime) -> None:
        """The call failed, or there was nothing to back up yet: again after a pause, each longer than the one before.

        A midnight within the pause does not shorten it.
        """
        self._asked = asked
        self._next = asked + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

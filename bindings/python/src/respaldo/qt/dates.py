"""When something was, in the words of people."""

from __future__ import annotations

from datetime import datetime

from qtpy.QtCore import QDate, QLocale

from .texts import Texts


def locale_of(texts: Texts) -> QLocale:
    """The application's locale where it speaks the language of the texts, else theirs."""
    application, own = QLocale(), QLocale(texts.locale)
    return application if application.language() == own.language() else own


def in_words(moment: datetime, texts: Texts, now: datetime | None = None) -> str:
    """``hoy 09:30``, ``ayer 09:30``, ``martes 09:30``, ``4 de marzo 09:30``, ``4 de marzo de 2024``.

    Args:
        moment: aware, in the zone in which it is to be told.
        texts: of the language.
        now: for tests; the system's clock by default.
    """
    today = (now or datetime.now(moment.tzinfo)).astimezone(moment.tzinfo).date()
    days = (today - moment.date()).days
    clock = f"{moment:%H:%M}"
    if days == 0:
        return f"{texts.today} {clock}"
    if days == 1:
        return f"{texts.yesterday} {clock}"
    if 1 < days < 7:
        return f"{_part(moment, 'dddd', texts)} {clock}"
    if moment.year == today.year:
        return f"{_part(moment, texts.day_and_month, texts)} {clock}"
    return _part(moment, texts.day_month_year, texts)


def day_in_words(moment: datetime, texts: Texts, now: datetime | None = None) -> str:
    """The same without the time of day, and shorter: ``hoy``, ``ayer``, ``4 mar``, ``4 mar 2024``."""
    today = (now or datetime.now(moment.tzinfo)).astimezone(moment.tzinfo).date()
    days = (today - moment.date()).days
    if days in (0, 1):
        return texts.yesterday if days else texts.today
    return _part(moment, "d MMM" if moment.year == today.year else "d MMM yyyy", texts).replace(".", "")


def in_full(moment: datetime, texts: Texts) -> str:
    """``miércoles, 4 de marzo de 2026, 09:30``."""
    return f"{_part(moment, f'dddd, {texts.day_month_year}', texts)}, {moment:%H:%M}"


def file_size(size: int, texts: Texts) -> str:
    """``3.2 MB``."""
    return locale_of(texts).formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def number(count: int, texts: Texts) -> str:
    """``1,200``."""
    return locale_of(texts).toString(count)


def _part(moment: datetime, form: str, texts: Texts) -> str:
    day = QDate(moment.year, moment.month, moment.day)
    return str(locale_of(texts).toString(day, form))

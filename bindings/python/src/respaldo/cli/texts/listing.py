"""The words of ``list``'s choices and of ``list --long``, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ListingTexts:
    """One language."""

    # --help
    since: tuple[str, str]
    bad_date: str
    limit: str
    kind: str
    long: str

    # Answers
    none_chosen: str
    date: str
    size: str
    state: str
    made: str
    makers: Mapping[str, str]
    """By the library's name for it."""
    note: str
    rehearsed: str
    rows: str
    database: str
    file: str


SPANISH = ListingTexts(
    since=("FECHA", "solo los de esa fecha en adelante: 2026-03-04, 04/03/2026, «04/03/2026 09:30», o 7d: hace 7 días"),
    bad_date="no es una fecha como 2026-03-04, 04/03/2026 o 7d: {text!r}",
    limit="solo los N más recientes",
    kind="solo los de esta clase; se puede repetir",
    long="todo lo que se sabe de cada uno",
    none_chosen="Hay respaldos, pero ninguno así.",
    date="Fecha",
    size="Tamaño",
    state="Estado",
    made="Creado",
    makers={"automatic": "automáticamente", "manual": "a mano", "before_upgrade": "antes de actualizar"},
    note="Nota",
    rehearsed="Ensayado",
    rows="Registros",
    database="Base de datos",
    file="Archivo",
)

ENGLISH = ListingTexts(
    since=("DATE", 'only those from this date on: 2026-03-04, 04/03/2026, "04/03/2026 09:30", or 7d: seven days ago'),
    bad_date="not a date such as 2026-03-04, 04/03/2026 or 7d: {text!r}",
    limit="only the N newest",
    kind="only those of this kind; can be repeated",
    long="all that is known of each",
    none_chosen="There are backups, but none like that.",
    date="Date",
    size="Size",
    state="State",
    made="Made",
    makers={"automatic": "automatically", "manual": "by hand", "before_upgrade": "before an update"},
    note="Note",
    rehearsed="Rehearsed",
    rows="Rows",
    database="Database",
    file="File",
)

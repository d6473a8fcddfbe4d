"""What :meth:`Store.health <respaldo.Store.health>` and :meth:`Store.rehearse <respaldo.Store.rehearse>` answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Required, Self, TypedDict

from .models import Backup, Json, Notice


class HealthOptions(TypedDict, total=False):
    """What health watches for."""

    max_age_days: int
    """How many days old the newest verified backup may be; by default 2."""
    rehearse_every_days: int | None
    """How many days apart rehearsals should be; by default none are asked for.

    ``create_if_due`` does one that is due."""
    rehearse_wait_ms: int
    """How many milliseconds ``create_if_due`` waits for it, before it goes on by itself; by default 1000."""
    rehearse_checks: Sequence[str]
    """What it asks the restored database, as in :meth:`Store.rehearse <respaldo.Store.rehearse>`."""


class SecondPlace(TypedDict, total=False):
    """Another folder, on another disk, to which every finished backup is copied. ``folder`` is required."""

    folder: Required[str]
    last: int
    """How many stay there; by default 60."""
    required: bool
    """Whether a backup without a copy there is an error; by default it is a warning."""
    wait_ms: int
    """How many milliseconds a backup waits for its copy, which then goes on by itself; by default 30000."""


@dataclass(frozen=True, slots=True)
class SecondPlaceHealth:
    """How the second place is."""

    folder: Path
    present: bool
    """Whether it is there, and the one that it was."""
    backups: int
    """How many are there."""
    waiting: int
    """How many whole backups are not there yet."""
    same_disk: bool
    """Whether it is on the disk of the database."""
    damaged: tuple[str, ...] = ()
    """The names of the damaged backups there."""


@dataclass(frozen=True, slots=True)
class ArchiveHealth:
    """How the archive is, by what the backup folder knows of it."""

    repository: str
    archived: int
    """How many of the folder's backups are there."""
    waiting: int
    """How many whole backups are not there yet."""
    last_push: str | None
    """When a backup last got there."""
    last_failure: str | None
    """Why the last attempt failed, in the store's language."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, or worth knowing."""

    name: str
    """Such as ``"LAST_BACKUP_OLD"``; a newer library may have more."""
    severity: Literal["note", "attention", "danger"]
    """A note changes nothing; attention is to be looked into within days; in danger data would be lost today."""
    message: str
    """What is the matter, in the store's language."""
    hint: str
    """What to do next, in the store's language."""

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}"

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(answer["name"], answer["severity"], answer["message"], answer["hint"])


@dataclass(frozen=True, slots=True)
class SafetyCopies:
    """The copies of the database from before restores."""

    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the data are safe."""

    overall: Literal["ok", "attention", "danger"]
    """The worst severity of the findings."""
    headline: str
    """One sentence for the owner, in the store's language."""
    findings: tuple[Finding, ...]
    """The worst first."""
    newest_verified: Backup | None
    """The newest backup that is known to be whole."""
    days_without: int | None
    """Days by the calendar since that one was made."""
    damaged: tuple[str, ...]
    """The names of the damaged backups."""
    free_bytes: int | None
    """What is free on the disk of the backups; None where the system does not say."""
    room_for: int | None
    """For how many more backups there is room, at the size that they have."""
    safety_copies: SafetyCopies
    last_rehearsal: Backup | None
    """The backup that was rehearsed last, and well."""
    second_place: SecondPlaceHealth | None
    archive: ArchiveHealth | None

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        copies = answer["safety_copies"]
        return cls(
            overall=answer["overall"],
            headline=answer["headline"],
            findings=tuple(map(Finding.from_json, answer["findings"])),
            newest_verified=_backup(answer["newest_verified"]),
            days_without=answer["days_without"],
            damaged=tuple(answer["damaged"]),
            free_bytes=answer["free_bytes"],
            room_for=answer["room_for"],
            safety_copies=SafetyCopies(copies["count"], copies["bytes"]),
            last_rehearsal=_backup(answer["last_rehearsal"]),
            second_place=_second_place(answer["second_place"]),
            archive=None if answer["archive"] is None else ArchiveHealth(**answer["archive"]),
        )


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one of the application's own questions to a rehearsed backup."""

    sql: str
    ok: bool
    """Whether the first value is true, as SQLite sees it."""
    got: Any
    """That value, or the text of the error."""


@dataclass(frozen=True, slots=True)
class RehearseResult:
    """What came of a rehearsal."""

    ok: bool
    """Whether no problem was found, and every check is true."""
    backup: Backup
    checks: tuple[Check, ...]
    problems: tuple[str, ...]
    """What is not as it was when the backup was made, in the store's language."""
    warnings: tuple[Notice, ...]
    duration_ms: int
    """Milliseconds."""

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Makes one from the library's JSON."""
        return cls(
            ok=answer["ok"],
            backup=Backup.from_json(answer["backup"]),
            checks=tuple(Check(check["sql"], check["ok"], check["got"]) for check in answer["checks"]),
            problems=tuple(answer["problems"]),
            warnings=tuple(map(Notice.from_json, answer["warnings"])),
            duration_ms=answer["duration_ms"],
        )


def _backup(answer: Json | None) -> Backup | None:
    return None if answer is None else Backup.from_json(answer)


def _second_place(answer: Json | None) -> SecondPlaceHealth | None:
    if answer is None:
        return None
    place = Path(answer["folder"])
    return SecondPlaceHealth(
        place,
        answer["present"],
        answer["backups"],
        answer["waiting"],
        answer["same_disk"],
        tuple(answer.get("damaged", ())),
    )

"""Each answer, for people. A terminal gets tables; a pipe gets lines, with tabs between what would be columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console, JustifyMethod
from rich.filesize import decimal
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from .._call import Answer
from ..differences import Comparison, DifferentRow, LongValue, SchemaDifference, Value, Values
from ..health import Health, RehearseResult
from ..models import Backup, DueResult, LastBackup, Listing, PruneResult, RestoreResult, VerifyResult
from ..rows import BringBackResult
from ..salvage import SalvageResult
from ..search import FindResult, FoundRow, History
from . import long_listing
from .screen import Screen, printable
from .texts import Texts

_UNLIMITED = 10_000
"""Columns, for asking how wide a table would like to be."""

_STATES = {True: "intact", False: "damaged", None: "elsewhere"}


def created(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``create`` and ``due``."""
    result = DueResult.from_json(answer)
    backup = result.backup
    if backup is None:
        screen.say(texts.no_database_yet.format(database=printable(answer["database"])))
        return
    if result.reason == "unchanged":
        screen.say(texts.unchanged.format(display=backup.display, name=backup.name))
        return
    if not result.created:
        screen.say(texts.already_today.format(display=backup.display, name=backup.name))
        return
    screen.say(texts.created.format(name=backup.name, size=decimal(backup.size)), style="green")
    screen.say(printable(str(backup.path)))
    for name in result.removed:
        screen.say(texts.removed_name.format(name=name))


def create_previewed(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``create`` and ``due`` with ``--dry-run``."""
    backup, database = answer.get("backup"), printable(answer["database"])
    if answer["would_create"]:
        screen.say(
            texts.dry_run_created.format(
                database=database,
                folder=printable(answer["backup_dir"]),
                size=decimal(answer["bytes"]),
                free="?" if answer["free_bytes"] is None else decimal(answer["free_bytes"]),
            )
        )
    elif backup is None:
        screen.say(texts.no_database_yet.format(database=database))
    else:
        screen.say(texts.already_today.format(display=backup["display"], name=printable(backup["name"])))


def listed(answer: Answer, screen: Screen, texts: Texts, *, long: bool = False) -> None:
    """For ``list``."""
    backups = Listing.from_json(answer)
    if not screen.terminal:
        for b in backups:
            verified = b.verified_at.isoformat() if b.verified_at else ""
            columns = (b.name, b.display, str(b.size), b.kind, _STATES[b.intact], verified)
            screen.say("\t".join(map(printable, (*columns, *long_listing.tabbed(b)) if long else columns)))
        return
    if not backups:
        screen.say(texts.no_backups)
        return
    if long:
        for b in backups:
            long_listing.say_block(b, screen, texts, _remarks(b, texts))
        return
    rows = ((b.display, decimal(b.size), b.name, _remarks(b, texts)) for b in backups)
    say_table(screen, screen.terminal, texts.list_columns, list(rows), name=2, number=1)


def listed_long(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``list --long``."""
    listed(answer, screen, texts, long=True)


def none_chosen(_answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``list``, where none of the backups is as asked for."""
    if screen.terminal:
        screen.say(texts.listing.none_chosen)


def last(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``last``."""
    screen.say(texts.last_backup.format(display=LastBackup.from_json(answer).display))


def verified(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``verify``."""
    result = VerifyResult.from_json(answer)
    size = decimal(result.pages * result.page_size)
    screen.say(texts.verified.format(name=printable(result.path.name), pages=result.pages, size=size), style="green")


def restored(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``restore``."""
    result = RestoreResult.from_json(answer)
    screen.say(
        texts.restored.format(name=printable(result.restored_from.name), database=printable(str(result.database))),
        style="green",
    )
    if result.safety_backup:
        screen.say(texts.safety_copy.format(path=printable(str(result.safety_backup)), name=result.safety_backup.name))


def restore_previewed(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``restore --dry-run``."""
    name = Path(answer["restored_from"]).name
    screen.say(texts.dry_run_restore.format(name=printable(name), database=printable(answer["database"])))
    screen.say(answer["summary"])


def pruned(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``prune``."""
    result = PruneResult.from_json(answer)
    if not screen.terminal:
        for what, decisions in (("removed", result.removed), ("kept", result.kept)):
            for d in decisions:
                screen.say("\t".join(map(printable, (d.name, what, d.reason))))
        return
    if not result.removed and not result.kept:
        screen.say(texts.no_backups)
        return
    rows = [(d.name, d.text) for d in (*result.removed, *result.kept)]
    say_table(screen, screen.terminal, texts.prune_columns, rows, name=0)


def annotated(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``annotate``."""
    backup = Backup.from_json(answer["backup"])
    screen.say(texts.annotated.format(name=printable(backup.name), remarks=_remarks(backup, texts)), style="green")


def annotation_previewed(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``annotate --dry-run``."""
    backup = Backup.from_json(answer["backup"])
    screen.say(texts.dry_run_annotated.format(name=printable(backup.name), remarks=_remarks(backup, texts)))


def brought_back(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``bring-back``."""
    result = BringBackResult.from_json(answer)
    words = texts.brought_back if result.applied else texts.not_brought_back
    screen.say(words.format(printable(answer["backup"])), style="green" if result.applied else "")
    for table in result.plan:
        numbers = (table.insert, table.update, table.same, len(table.conflicts))
        if screen.terminal:
            screen.say("  " + texts.table_plan.format(printable(table.table), *numbers))
        else:
            screen.say("\t".join((printable(table.table), *map(str, numbers))))
    if result.safety_backup:
        screen.say(texts.safety_copy.format(path=printable(str(result.safety_backup)), name=result.safety_backup.name))


def salvaged(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``salvage``."""
    result = SalvageResult.from_json(answer)
    if result.recovered is not None:
        screen.say(texts.salvaged.format(name=printable(result.recovered.name)), style="green")
    elif screen.terminal:
        screen.say(texts.dry_run_salvaged)
    for table in result.tables:
        missing = table.missing_since.rows if table.missing_since else 0
        if screen.terminal:
            screen.say("  " + texts.table_salvaged.format(printable(table.table), table.rows, table.cut, missing))
        else:
            screen.say("\t".join((printable(table.table), str(table.rows), str(table.cut), str(missing))))
    if result.lost_and_found:
        screen.say(f"  lost_and_found: {result.lost_and_found}")
    if result.deleted:
        screen.say(f"  lost_and_found_deleted: {result.deleted}")


def health(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``health``: the headline, and a line for each finding."""
    found = Health.from_json(answer)
    screen.say(found.headline, style=_STYLES[found.overall])
    for finding in found.findings:
        if not screen.terminal:
            screen.say("\t".join(map(printable, (finding.severity, finding.name, finding.message))))
            continue
        word = texts.severities.get(finding.severity, finding.severity)
        screen.say(f"{word}: {finding.message}", style=_STYLES.get(finding.severity, ""))
        screen.say(f"  {finding.hint}")


def rehearsed(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``rehearse``."""
    result = RehearseResult.from_json(answer)
    words = texts.rehearsed if result.ok else texts.rehearsal_failed
    screen.say(words.format(name=printable(result.backup.name)), style="green" if result.ok else "bold red")
    for problem in result.problems:
        screen.say(f"  · {problem}")
    for check in result.checks:
        state = texts.yes_word if check.ok else texts.no_word
        screen.say(f"  {state}  {printable(check.sql)}  → {printable(str(check.got))}")


def compared(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``compare``: the summary, the tables that differ, their rows and the schema."""
    found = Comparison.from_json(answer)
    differing = [t for t in found.tables if t.only_there or t.only_here or t.changed]
    if not screen.terminal:
        for t in differing:
            screen.say("\t".join((printable(t.table), *map(str, (t.only_here, t.only_there, t.changed, t.same)))))
        return
    screen.say(found.summary, style="green" if found.identical else "bold")
    screen.say(texts.compared_with.format(printable(answer["backup"])))
    if differing:
        counts = [(t.table, *map(str, (t.only_here, t.only_there, t.changed, t.same))) for t in differing]
        say_table(screen, screen.terminal, texts.compare_columns, counts, name=0, labelled=True)
        rows = [(table, texts.differences[row.what], _described(row)) for table, row in found.rows()]
        say_table(screen, screen.terminal, texts.row_columns, rows, name=0)
    for part in found.schema:
        screen.say(
            f"  {texts.differences[part.what]}: {texts.schema_kinds.get(part.kind, part.kind)} {_schema_name(part)}"
        )


def found(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``find``: a row for each version, and how to bring one back."""
    result = FindResult.from_json(answer)
    if not screen.terminal:
        for row in result:
            cells = (row.backup, row.table, _key(row.key), str(row.backups), row.title or "", values_text(row.values))
            screen.say("\t".join(map(printable, cells)))
        return
    if not result:
        screen.say(texts.nothing_found.format(count=result.backups))
        return
    rows = [(row.display, str(row.backups), row.table, _key(row.key), _beside_key(row)) for row in result]
    say_table(screen, screen.terminal, texts.found_columns, rows, name=3, number=1)
    if not result.complete:
        screen.say(texts.found_more.format(count=len(result)))
    first = next((row for row in result if row.key), None)
    if first is not None and first.key is not None:
        key = ",".join(f"{column}={value_text(value)}" for column, value in first.key.items())
        source, table, key = (f'"{word}"' if " " in word else word for word in (first.backup, first.table, key))
        if first.snapshot is not None:
            source = f"--snapshot {first.snapshot[:12]}"
        screen.say(texts.bring_one_back.format(*map(printable, (source, table, key))))


def told(answer: Answer, screen: Screen, texts: Texts) -> None:
    """For ``history``: what the row is now, and each version with what changed."""
    result = History.from_json(answer)
    if not screen.terminal:
        for version in result:
            names = (version.first_seen.name, version.last_seen.name)
            screen.say("\t".join(map(printable, (*names, ",".join(version.changed), values_text(version.values)))))
        return
    if not result.versions:
        screen.say(texts.never_there)
        return
    versions = result.versions
    screen.say(printable(result.title or ""), style="bold")
    if result.live is None:
        if not any(notice.name == "DATABASE_NOT_READ" for notice in result.warnings):
            screen.say(texts.not_there_now, style="yellow")
    elif result.live.changed:
        screen.say(texts.changed_now.format(_changes(result.live.changed, versions[0].values, result.live.values)))
    else:
        screen.say(texts.same_now)
    if result.gone_since is not None:
        screen.say(texts.gone_since.format(printable(result.gone_since.display), printable(result.gone_since.name)))
    rows = []
    for place, version in enumerate(versions):
        before = versions[place + 1].values if place + 1 < len(versions) else {}
        what = _changes(version.changed, before, version.values) if version.changed else _known(version.values)
        rows.append((version.first_seen.display, version.last_seen.display, version.last_seen.name, what))
    say_table(screen, screen.terminal, texts.history_columns, rows, name=2)


def _key(key: Values | None) -> str:
    return "" if key is None else values_text(key)


def _beside_key(row: FoundRow) -> str:
    return _known({column: value for column, value in row.values.items() if column not in (row.key or {})})


def _known(values: Values) -> str:
    """The values that there are."""
    return values_text({column: value for column, value in values.items() if value not in (None, "")})


def _changes(columns: Sequence[str], before: Values, after: Values) -> str:
    return "; ".join(f"{c}: {value_text(before.get(c))} → {value_text(after.get(c))}" for c in columns)


def _schema_name(part: SchemaDifference) -> str:
    return printable(part.name if part.table is None else f"{part.table}.{part.name}")


def _described(row: DifferentRow) -> str:
    """The key and the title; of a changed row what it was and is."""
    key = "" if row.key is None else values_text(row.key)
    title = row.title if row.title is not None else ("" if row.key else values_text(row.values))
    if row.there is not None:
        title = "; ".join((title, _changes(row.columns, row.values, row.there)))
    return "  ".join(filter(None, (key, title)))


def values_text(values: Values) -> str:
    """Columns with their values, on one line."""
    return ", ".join(f"{column}={value_text(value)}" for column, value in values.items())


def value_text(value: Value) -> str:
    """A value as people read it; a long one is cut."""
    longest = 60
    match value:
        case None:
            return "NULL"
        case bytes():
            return f"({len(value)} bytes)"
        case LongValue():
            return f"({value.bytes} bytes)"
        case _:
            text = str(value).encode(errors="replace").decode()
            return text if len(text) <= longest else f"{text[:longest]}…"


_STYLES = {"ok": "green", "note": "", "attention": "yellow", "danger": "bold red"}

SHOW: dict[str, Callable[[Answer, Screen, Texts], None]] = {
    "create": created,
    "due": created,
    "create --dry-run": create_previewed,
    "list": listed,
    "list --long": listed_long,
    "list, none chosen": none_chosen,
    "last": last,
    "verify": verified,
    "restore": restored,
    "restore --dry-run": restore_previewed,
    "annotate --dry-run": annotation_previewed,
    "prune": pruned,
    "annotate": annotated,
    "bring-back": brought_back,
    "salvage": salvaged,
    "health": health,
    "rehearse": rehearsed,
    "compare": compared,
    "find": found,
    "history": told,
}


def _remarks(backup: Backup, texts: Texts) -> str:
    """What was found out about it, and what kind it is."""
    remarks = [f"«{backup.label}»"] if backup.label else []
    if backup.pinned:
        remarks.append(texts.pinned)
    if backup.intact is False:
        remarks.append(texts.repairable if backup.repairable else texts.damaged)
    elif backup.verified_at is not None:
        remarks.append(texts.verified_on.format(date=f"{backup.verified_at:%d/%m/%Y}"))
    elif backup.intact:
        remarks.append(texts.not_verified)
    if backup.intact is None:
        remarks.append(texts.elsewhere)
    kind = texts.kinds.get(backup.kind, backup.kind)
    if backup.kind == "other" and backup.database is not None:
        kind = f"{kind}: {backup.database}"
    return ", ".join(filter(None, [*remarks, kind]))


def say_table(
    screen: Screen,
    terminal: Console,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    name: int,
    number: int | None = None,
    labelled: bool = False,
) -> None:
    """The last column may go on in a next line. A terminal too narrow for the others has a line for each name: a broken
    name cannot be copied. ``labelled`` says that the other cells then need their columns' titles."""
    narrowest = _table(columns, [[*row[:-1], max(row[-1].split(), key=len, default="")] for row in rows], number)
    if Measurement.get(terminal, terminal.options.update_width(_UNLIMITED), narrowest).maximum <= terminal.width:
        screen.say(_table(columns, rows, number))
        return
    for row in rows:
        screen.say(printable(row[name]))
        rest = [(columns[place], cell) for place, cell in enumerate(row) if place != name and cell]
        cells = (f"{column}: {cell}" if labelled else cell for column, cell in rest)
        screen.say("  " + "  ".join(map(printable, cells)))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], number: int | None) -> Table:
    table = Table(box=SIMPLE, show_edge=False)
    for place, column in enumerate(columns):
        justify: JustifyMethod = "right" if place == number else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=place != len(columns) - 1)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table

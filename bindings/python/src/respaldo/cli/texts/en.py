"""The English texts."""

from __future__ import annotations

from . import CommandTexts, Texts, administration, archive, backups, listing

TEXTS = Texts(
    creating="Making the backup",
    restoring="Restoring",
    verifying="Verifying",
    waiting="Waiting for another program",
    rehearsing="Rehearsing",
    salvaging="Salvaging",
    bringing_back="Bringing back",
    annotating="Noting",
    error="Error",
    warning="Warning",
    insist="If it is the one that you want, add --allow-different.",
    cannot_compare="What would be lost could not be seen: {message}",
    dry_run_created="Nothing was changed. A backup of {database} ({size}) would be made in\n{folder} ({free} free).",
    dry_run_restore="Nothing was changed. {name} is good, and would be restored to {database}",
    restore_question="Are you sure that you want to restore this backup?",
    restore_overwrites="Warning: this will overwrite the current database.",
    restore_saves_first="A safety copy of the current database will be made first.",
    restore_prompt="Type “yes” to go on [y/N]:",
    yes=frozenset({"y", "yes", "s", "si", "sí"}),
    created="Backup made: {name} ({size})",
    already_today="There is a backup of today already: {display} ({name})",
    unchanged="Nothing has changed since the backup {display} ({name}): no other was made.",
    no_database_yet="There is no database at {database} yet, so there is nothing to back up.",
    removed_name="Old backup deleted: {name}",
    list_columns=("Date", "Size", "Name", "Note"),
    kinds={
        "backup": "",
        "preserved": "preserved",
        "safety": "before a restore",
        "recovered": "recovered",
        "other": "of another database",
    },
    damaged="DAMAGED",
    repairable="REPAIRABLE",
    more_problems="and {count} more, which --json shows",
    verified_on="verified {date}",
    not_verified="not verified yet",
    elsewhere="not on this computer: reading it downloads it",
    no_backups="There are no backups yet. To make one: respaldo create",
    last_backup="Last backup: {display}",
    verified="The backup is good: {name} ({pages} pages, {size})",
    restored="Restored: {name}\nto {database}",
    safety_copy="The database as it was is in {path}\nTo go back to it: respaldo restore {name}",
    prune_columns=("Name", "What happens, and why"),
    annotated="Noted: {name} ({remarks})",
    dry_run_annotated="Nothing was changed. It would be noted: {name} ({remarks})",
    pinned="pinned",
    severities={"note": "Note", "attention": "Attention", "danger": "DANGER"},
    brought_back="The rows are back, from {}.",
    not_brought_back="Nothing was changed. From {}:",
    table_plan="{}: {} added, {} written over, {} the same, {} in conflict",
    salvaged="What can be read was saved in {name}",
    dry_run_salvaged="Nothing was changed. What could be saved:",
    table_salvaged="{}: {} rows, {} cut, {} missing that the newest backup has",
    rehearsed="The rehearsal went well: {name} can be restored.",
    rehearsal_failed="The rehearsal of {name} found something:",
    comparing="Comparing",
    compared_with="Compared with {}",
    compare_columns=("Table", "Would be lost", "Would return", "Would change", "Same"),
    row_columns=("Table", "What", "Row"),
    differences={
        "only_here": "not in the backup",
        "only_there": "only in the backup",
        "changed": "changed",
        "differs": "differs",
    },
    schema_kinds={
        "table": "table",
        "column": "column",
        "index": "index",
        "trigger": "trigger",
        "view": "view",
    },
    searching="Searching",
    found_columns=("Last in", "Backups", "Table", "Key", "Row"),
    nothing_found="Nothing was found in {count} backups.",
    found_more="{count} are shown and there are more: say more precisely what to find, or raise --rows.",
    bring_one_back="To bring the first one back: respaldo bring-back {} {} {}",
    history_columns=("From", "To", "Last in", "What it was, or what changed"),
    never_there="No backup has this row.",
    not_there_now="It is not in the database now.",
    changed_now="Since the last of these backups it has changed: {}",
    same_now="In the database it is as in the last of these backups.",
    gone_since="It is missing since the backup of {} ({}).",
    archive=archive.ENGLISH,
    yes_word="yes",
    no_word="NO",
    done_before_interruption="Asked to cancel (Ctrl-C), but the work was already done: it is what is said above.",
    declined=("Nothing was restored; nothing was changed.", ""),
    interrupted=("Cancelled with Ctrl-C; nothing was changed.", "Repeat it when you like."),
    no_command="No command was given.",
    no_database=(
        "Which database is not said.",
        "Add --database FILE, or put its path into the variable RESPALDO_DATABASE or into a file for --config.",
    ),
    nothing_there=(
        "The database {database} was not found, nor backups of it in {folder}.",
        "Check the path. If the backups are in another folder, add --backup-dir FOLDER.",
    ),
    perhaps_mistyped=(
        "The database {database} was not found.",
        "If the application has not been used yet, that is as it should be. If it has, check the path.",
    ),
    meant="Is it {path}?",
    nobody_to_ask=(
        "A restore asks first, and there is no terminal here to ask on. Nothing was changed.",
        "If you are sure, add --yes.",
    ),
    bad_variable=("The variable {name} has a value that is not valid.", "Mend it or unset it."),
    not_unicode=("A path has letters that are not Unicode.", "Rename that folder or file."),
    library_not_loaded=("{detail}", ""),
    output_failed=(
        "The work is done, but its answer could not be written: {detail}.",
        "See where the output is sent.",
    ),
    internal=(
        "Internal error of the command respaldo: {detail}",
        "It is a bug; send this message to whoever maintains the program.",
    ),
    which_row="Say which row, with its table and its key, such as: clients 7",
    which_words='Say what to find, such as: find "ana lopez"',
    see_help="Help: {program} --help",
    program=CommandTexts(
        usage="%(prog)s COMMAND --database FILE [options]",
        summary="backups of an application's SQLite database",
        details="""\
Makes, verifies and restores backups of an application's SQLite database. The
application can stay open meanwhile.

Each backup is a whole, verified .db file in the folder "backups" beside the
database. The 20 newest are kept.""",
        examples="""\
examples:
  respaldo create --database tattoostudio.db     make a backup now
  respaldo list --database tattoostudio.db       see the backups
  respaldo restore backup_20260304_142305.db --database tattoostudio.db

  export RESPALDO_DATABASE=~/studio/tattoostudio.db       (Linux, macOS)
  setx RESPALDO_DATABASE C:\\Studio\\tattoostudio.db        (Windows)
  respaldo last --language en                    without --database from now on

exit status (with --json also the "status" of the error, but for 130):
  0        done
  4        the answer was no; nothing was changed
  1 to 99  the library's error number, as the message says it:
           20 no database   21 no such backup   22 permission denied
           23 disk full   24 system error   25 the file is already there
           40 another program uses the database   41 database damaged
           42 not a database   43 backup damaged   44 same file
           45 backup of another database   46 backup of a newer version
           60 another backup is running   61 the restore was not completed
           47 rows in conflict   70 the second place is not there
           80, 81, 82, 83 the archive: no answer, other password, none there, damaged
           90 not in this build
           1, 3 option with a bad value   99 bug in the library
  100      the command was not understood, or there was nobody to ask
  101      the library could not be loaded
  102      the work is done, but its answer could not be written
  103      a rehearsal found something
  130      Ctrl-C; nothing was changed

Each command has its own help: respaldo restore --help""",
    ),
    commands={
        **backups.ENGLISH,
        "archive": archive.ENGLISH.help,
        "bring-back": CommandTexts(
            usage="%(prog)s [BACKUP] TABLE KEY --database FILE [--row TABLE KEY] [--alone] [--dry-run] [options]",
            summary="bring rows back, and what belongs to them",
            details="""\
Brings rows of a backup back into the database, with the rows that they refer to
and those that went with them, as one transaction. The database as it is now is
kept as a safety copy. Of a row that is there with other contents nothing is
changed, unless --on-conflict says so. If no backup is given, it is the newest
that has the row.""",
            examples="""\
examples:
  respaldo bring-back clients 7 --dry-run --database tattoostudio.db
  respaldo bring-back backup_20260304_142305.db clients 7 --database tattoostudio.db
  respaldo bring-back backup_20260304_142305.db --row sessions artist=1,day=2026-03-04 --database tattoostudio.db""",
        ),
        "salvage": CommandTexts(
            usage="%(prog)s [BACKUP] --database FILE [--dry-run] [--deleted] [options]",
            summary="save what can be read of a damaged database",
            details="""\
Makes a new file, recovered_..., of what can still be read of the database or of
a backup, which is not touched. "restore" puts the new file in place.""",
            examples="""\
example:
  respaldo salvage --database tattoostudio.db""",
        ),
        "health": CommandTexts(
            usage="%(prog)s --database FILE [--deep] [options]",
            summary="see whether the data are safe",
            details="""\
Says in one sentence whether the data are safe, and what is not well: an old,
damaged or changed backup, rows that are missing, little room, the clock.

Exit status, as monitoring programs expect it:
  0  all is well   1  something needs attention   2  the data are in danger
  any other  it could not be told""",
            examples="""\
examples:
  respaldo health --database tattoostudio.db
  respaldo health --deep --database tattoostudio.db""",
        ),
        "rehearse": CommandTexts(
            usage="%(prog)s [BACKUP] --database FILE [--check SQL]... [options]",
            summary="rehearse a restore, without touching anything",
            details="""\
Restores the backup (the newest, if none is given) into a temporary file,
verifies it, asks it the questions and deletes it. Each question is SQL that
only reads; it is well if its first value is true. Exit status 103 if not.""",
            examples="""\
example:
  respaldo rehearse --check "SELECT count(*) > 0 FROM clients" --database tattoostudio.db""",
        ),
        "compare": CommandTexts(
            usage="%(prog)s [BACKUP] --database FILE [--with BACKUP] [--rows N] [options]",
            summary="see what restoring a backup would lose",
            details="""\
Compares a backup (the newest, if none is given) with the database, row by row:
what restoring it would lose, bring back and change. Changes nothing. With --names
it says "14 sessions" instead of "14 rows of sessions". In a file or a pipe, one
line a table that differs, with tabs: table, would be lost, would return, would
change, same.""",
            examples="""\
examples:
  respaldo compare backup_20260304_142305.db --database tattoostudio.db
  respaldo compare backup_20260304_142305.db --with backup_20260303_142305.db --database tattoostudio.db
  respaldo compare backup_20260304_142305.db --database tattoostudio.db --json | jq -r .summary""",
        ),
        "find": CommandTexts(
            usage="%(prog)s [TABLE] TEXT --database FILE [--rows N] [options]\n"
            "       %(prog)s --table TABLE --key KEY --database FILE [options]",
            summary="find something in all backups",
            details="""\
Finds the rows that have these words, in every backup: each version once, the
newest first. Case, accents and the order of the words do not matter; an n finds
an ñ too. If the first word is a table, only that is searched. Changes nothing. In
a file or a pipe, one line a version, with tabs: newest backup, table, key, how
many backups have it, title, values.""",
            examples="""\
examples:
  respaldo find "ana lopez" --database tattoostudio.db
  respaldo find clients "ana lopez" --database tattoostudio.db
  respaldo find clients id=7 --database tattoostudio.db""",
        ),
        "history": CommandTexts(
            usage="%(prog)s TABLE KEY --database FILE [options]",
            summary="see what a row was in each backup",
            details="""\
Shows what a row was in every backup, what changed and when it went, and what it
is now. The key is that of its table; with the names of its columns where it has
several. Changes nothing. In a file or a pipe, one line a version, with tabs:
oldest backup, newest backup, columns that changed, values.""",
            examples="""\
examples:
  respaldo history clients 7 --database tattoostudio.db
  respaldo history sessions artist=1,day=2026-03-04 --database tattoostudio.db""",
        ),
        "completion": CommandTexts(
            usage="%(prog)s {bash,zsh,fish}",
            summary="completion with the TAB key",
            details="""\
Writes what your shell needs to complete commands, options and the names of
backups with the TAB key.""",
            examples="""\
examples:
  respaldo completion bash >> ~/.bashrc
  respaldo completion zsh  >> ~/.zshrc       (after compinit)
  respaldo completion fish > ~/.config/fish/completions/respaldo.fish""",
        ),
    },
    store_group="the database and its backups",
    store_group_note="""\
Each can come from a variable too: RESPALDO_DATABASE, RESPALDO_SETTINGS, RESPALDO_BACKUP_DIR,
RESPALDO_MAX_BACKUPS, RESPALDO_RETENTION, RESPALDO_SCHEMA, RESPALDO_HEALTH, RESPALDO_SECOND_PLACE,
RESPALDO_NAMES, RESPALDO_TIMEZONE,
RESPALDO_BUSY_TIMEOUT, RESPALDO_VERIFY, RESPALDO_LANGUAGE; or from a configuration file (see: respaldo config --help).
The option wins over the variable, and that over the file.""",
    store_options={
        "database": ("FILE", "the application's database"),
        "settings": ("FILE", "where last_backup_at is kept (default: settings.json beside the database)"),
        "backup_dir": ("FOLDER", "where the backups are (default: backups beside the database)"),
        "max_backups": ("N", "how many to keep (default: 20)"),
        "retention": ("COUNTS", "which to keep: last=20,days=0,weeks=8,months=12,years=5,bytes=5000000000"),
        "schema": ("JSON", 'the schemas the application understands: {"newest_user_version": 7}'),
        "health": ("JSON", 'what health watches for: {"max_age_days": 2, "rehearse_every_days": 30}'),
        "second_place": (
            "FOLDER",
            'another folder, on another disk, to which each backup is copied; or {"folder": …, "last": 60}',
        ),
        "archive": (
            "FOLDER",
            "an encrypted archive of the backups: a folder, or JSON for a server [RESPALDO_ARCHIVE]",
        ),
        "names": ("JSON", 'what rows are called: {"clients": {"one": "client", "many": "clients"}}'),
        "timezone": ("ZONE", 'whose "today" counts (default: America/Hermosillo)'),
        "busy_timeout_ms": ("SECONDS", "how long to wait for another program (default: 5)"),
        "verify": ("{full,quick}", "verify fully or quickly (default: full)"),
        "language": ("{es,en}", "the language of everything (default: es)"),
    },
    no_settings="there is no settings file: keep no note",
    help="show this help and exit",
    json="for programs: the library's answer or error, as JSON, on standard output",
    version="show the version and exit",
    safety="the copies made before restores too",
    include_others="the backups of other databases in the same folder too",
    elsewhere_too="those in the other folder (--second-place)",
    backup=("BACKUP", "the name of a backup in the list, or the path of a file"),
    yes_option="do not ask",
    reason=("TEXT", "why, for the log of restores"),
    target=("FILE", "write this new file instead of the database"),
    allow_different="also if it is a backup of another database",
    dry_run="only say what would be deleted",
    dry_run_restore_option="only verify it and say what would be lost",
    dry_run_create="only say whether one would be made, where, and how much room there is",
    other=("BACKUP", "compare it with this other backup instead of the database"),
    rows="how many of the rows that differ to show of each table (default: 20)",
    text=("[TABLE] TEXT", "the words to find, in all tables or in one"),
    table=("TABLE", "only in this table"),
    table_and_key=("TABLE KEY", "the table and the key of the row, such as: clients 7, or clients id=7"),
    backup_and_row=(
        "[BACKUP] TABLE KEY",
        "the backup (if none is given: the newest that has the row) and the row, such as: clients 7",
    ),
    key=("KEY", "the key of the row, such as: 7, or id=7"),
    rows_found="how many versions to show (default: 100)",
    label=("TEXT", "a name for people, such as “before the update to 2.0”"),
    note=("TEXT", "what else there is to say of the backup"),
    pin="never delete it",
    unpin="it may be deleted again",
    confirm="the rows that are missing in it are meant to be gone",
    before_upgrade="it is of before an update of the application",
    skip_unchanged="make none if nothing has changed since the newest",
    deep="read the whole database and every backup",
    check=("SQL", "a question to the backup, which only reads; can be repeated"),
    row=("TABLE", "KEY", "one more row, such as: clients id=7; can be repeated"),
    alone="without the rows that went with them",
    on_conflict="with a row that clashes: change nothing, leave what is there, or write over it (default: refuse)",
    triggers="let the triggers of the database fire",
    dry_run_rows="only say what would happen",
    deleted_rows="keep deleted rows that can still be read too, in a table of their own",
    shell="your shell",
    commands_group="commands",
    command="COMMAND",
    argparse={
        "invalid %(type)s value: %(value)r": "not a number: %(value)r",
    },
    listing=listing.ENGLISH,
    administration=administration.ENGLISH,
)

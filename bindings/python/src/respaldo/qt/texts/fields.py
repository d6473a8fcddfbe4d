"""What the windows say, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from .archive import ArchiveTexts

Language = Literal["es", "en"]


class Plural(NamedTuple):
    """A text that is another one where it is about a single thing."""

    one: str
    several: str

    def of(self, count: int) -> str:
        """The one for so many."""
        return self.one if count == 1 else self.several


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language. An ``&`` stands before the letter that works with Alt."""

    # what they go by
    locale: str
    """For dates, numbers and sizes."""

    # times
    today: str
    yesterday: str
    and_: str
    day_and_month: str
    """A format of Qt's QLocale."""
    day_month_year: str

    # the dialog
    title: str
    backups: str
    none_yet: str
    none_yet_hint: str
    none_match: str
    include_safety: str
    create: str
    verify: str
    restore: str
    save_copy: str
    open_folder: str
    more: str
    close: str
    cancel: str
    search: str
    filter_kind: str
    every_kind: str

    # the columns, and what stands below them
    when: str
    label: str
    kind: str
    size: str
    holds: str
    verified: str
    place: str
    kinds: dict[str, str]
    """By what made it, else by the library's kind."""
    rows: Plural
    """Where the application has no name for the rows."""
    not_verified: str
    """In place of a date, as the three that follow."""
    damaged: str
    repairable: str
    elsewhere: str
    places: dict[str, str]
    places_short: dict[str, str]
    """In the table; ``places`` are its tool tips."""
    pinned: str

    # health
    health: str
    looking: str
    severities: dict[str, str]
    unfold: str
    lost_on_purpose: str
    health_ok: str
    health_bad: str

    # beside the list
    details: str
    nothing_selected: str
    what_it_holds: str
    if_restored: str
    comparing: str
    not_compared_elsewhere: str
    not_compared: str
    is_damaged: str
    verified_on: str
    rehearsed_on: str
    schema_differs: str

    # the question before a restore
    sure: str
    downloads: str
    overwrites: str
    saved_before: str
    do_restore: str
    do_not: str

    # what is going on
    progress: str
    listing: str
    creating: str
    creating_daily: str
    verifying: str
    restoring: str
    saving_copy: str
    checking: str
    cancelling: str
    annotating: str
    rehearsing: str
    pruning_dry: str
    testing_place: str
    salvaging: str
    planning: str
    bringing_back: str

    # how it ended
    ok: str
    created: str
    verified_whole: str
    restored: str
    safety_copy: str
    copy_saved: str
    daily_failed: str
    not_prepared: str
    not_reloaded: str
    folder_not_opened: str
    unexpected: str
    unchanged: str
    rehearsed_well: str
    rehearsed_badly: str

    # closing during work
    close_now: str
    cancel_and_close: str
    wait: str
    closing: str

    # files and folders
    save_copy_title: str
    databases: str
    open_file_title: str

    # the status bar
    last_backup: str
    last_backup_old: str
    last_backup_never: str

    # the menu of what else can be done
    create_labelled: str
    annotate: str
    pin: str
    rehearse: str
    from_file: str
    retention: str
    second_place: str
    repair: str
    bring_back: str

    # label and note
    annotate_title: str
    create_labelled_title: str
    label_field: str
    label_example: str
    note_field: str
    pin_box: str
    save: str
    do_create: str
    leave: str

    # what stays and why
    retention_title: str
    retention_intro: str
    fate: str
    stays: str
    goes: str
    why: str
    stay_count: Plural
    go_count: Plural

    # the second place
    second_place_title: str
    second_place_intro: str
    folder_field: str
    browse: str
    keep_field: str
    backups_unit: Plural
    test: str
    use_it: str
    stop_using: str
    test_first: str
    test_missing: str
    test_unwritable: str
    test_same_folder: str
    test_same_disk: str
    test_good: str
    second_place_set: str
    second_place_removed: str

    # repairing
    repair_title: str
    repair_intro: str
    source_field: str
    live_database: str
    selected_backup: str
    see: str
    salvage: str
    repair_table: str
    repair_rows: str
    repair_cut: str
    repair_missing: str
    missing_since: str
    method_reindex: str
    method_rows: str
    lost_and_found: Plural
    salvaged: str

    # bringing back
    bring_back_title: str
    bring_back_intro: str
    search_rows: str
    which_table: str
    every_table: str
    row: str
    of_table: str
    happened: str
    deleted_since: str
    changed_since: str
    row_details: str
    now_column: str
    then_column: str
    with_dependents: str
    overwrite: str
    plan_nothing: str
    plan_no_version: str
    plan_insert: Plural
    plan_update: Plural
    plan_same: str
    conflicts: str
    do_bring_back: str
    brought_back: str
    nothing_differs: str
    more_rows: str
    undo: str

    # searching every backup
    search_everywhere: str
    find_intro: str
    find_hint: str
    finding: str
    found_rows: Plural
    found_none: str
    found_more: str
    found_unread: Plural
    found_where: str
    found_in: Plural
    found_in_short: Plural
    versions: str
    reading_history: str
    version_when: str
    version_what: str
    version_between: str
    version_oldest: str
    version_only: str
    version_again: str
    now_gone: str
    now_same: str
    now_differs: str

    # the archive
    archive: ArchiveTexts

"""Every word that the command ``respaldo`` writes itself, once in each language.

What the library says, it says in the same language: errors, hints and warnings are not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .administration import AdministrationTexts
from .archive import ArchiveTexts
from .command_texts import CommandTexts
from .listing import ListingTexts

__all__ = ["CommandTexts", "Texts", "texts_in"]


@dataclass(frozen=True)
class Texts:
    """One language. Names in braces are filled in by ``str.format``."""

    # What is read while it works
    creating: str
    restoring: str
    verifying: str
    waiting: str
    rehearsing: str
    bringing_back: str
    annotating: str
    salvaging: str
    error: str
    warning: str

    # What is asked before a restore
    insist: str
    cannot_compare: str
    dry_run_created: str
    dry_run_restore: str
    restore_question: str
    restore_overwrites: str
    restore_saves_first: str
    restore_prompt: str
    yes: frozenset[str]

    # Answers
    created: str
    already_today: str
    unchanged: str
    no_database_yet: str
    removed_name: str
    list_columns: tuple[str, ...]
    kinds: Mapping[str, str]
    """By the library's name for it; an ordinary backup needs no note."""
    damaged: str
    repairable: str
    more_problems: str
    verified_on: str
    not_verified: str
    elsewhere: str
    no_backups: str
    last_backup: str
    verified: str
    restored: str
    safety_copy: str
    prune_columns: tuple[str, ...]
    annotated: str
    dry_run_annotated: str
    pinned: str
    severities: Mapping[str, str]
    """By the library's name for it."""
    brought_back: str
    not_brought_back: str
    table_plan: str
    salvaged: str
    dry_run_salvaged: str
    table_salvaged: str
    rehearsed: str
    rehearsal_failed: str
    comparing: str
    compared_with: str
    compare_columns: tuple[str, ...]
    row_columns: tuple[str, ...]
    differences: Mapping[str, str]
    """By the library's name for it."""
    schema_kinds: Mapping[str, str]
    """By the library's name for it."""
    searching: str
    found_columns: tuple[str, ...]
    nothing_found: str
    found_more: str
    bring_one_back: str
    history_columns: tuple[str, ...]
    never_there: str
    not_there_now: str
    changed_now: str
    same_now: str
    gone_since: str
    yes_word: str
    no_word: str
    done_before_interruption: str

    archive: ArchiveTexts

    # Failures of the command itself, most with a hint
    declined: tuple[str, str]
    interrupted: tuple[str, str]
    no_command: str
    no_database: tuple[str, str]
    nothing_there: tuple[str, str]
    perhaps_mistyped: tuple[str, str]
    meant: str
    nobody_to_ask: tuple[str, str]
    bad_variable: tuple[str, str]
    not_unicode: tuple[str, str]
    library_not_loaded: tuple[str, str]
    output_failed: tuple[str, str]
    internal: tuple[str, str]
    see_help: str
    which_row: str
    which_words: str

    # --help
    program: CommandTexts
    commands: Mapping[str, CommandTexts]
    store_group: str
    store_group_note: str
    store_options: Mapping[str, tuple[str, str]]
    """By the option's key: what stands for its value, and what it means."""
    no_settings: str
    help: str
    json: str
    version: str
    safety: str
    include_others: str
    elsewhere_too: str
    backup: tuple[str, str]
    yes_option: str
    reason: tuple[str, str]
    target: tuple[str, str]
    allow_different: str
    dry_run: str
    dry_run_restore_option: str
    dry_run_create: str
    other: tuple[str, str]
    rows: str
    text: tuple[str, str]
    table: tuple[str, str]
    table_and_key: tuple[str, str]
    backup_and_row: tuple[str, str]
    key: tuple[str, str]
    rows_found: str
    label: tuple[str, str]
    note: tuple[str, str]
    pin: str
    unpin: str
    confirm: str
    before_upgrade: str
    skip_unchanged: str
    deep: str
    check: tuple[str, str]
    row: tuple[str, str, str]
    alone: str
    on_conflict: str
    triggers: str
    dry_run_rows: str
    deleted_rows: str
    shell: str
    commands_group: str
    command: str
    argparse: Mapping[str, str]
    """The parser's own texts, by its English ones."""

    # Each in a file of its own
    listing: ListingTexts
    administration: AdministrationTexts

    @property
    def program_summary(self) -> str:
        """What the program is, in one line."""
        return self.program.summary

    def command_texts(self, command: str) -> CommandTexts:
        """The help of a command."""
        return self.administration.commands.get(command) or self.commands[command]


def texts_in(language: str) -> Texts:
    """The texts of ``"en"``; for anything else, the Spanish ones."""
    if language == "en":
        from .en import TEXTS
    else:
        from .es import TEXTS
    return TEXTS

"""The command line: what may be written, in two languages."""

from __future__ import annotations

import argparse
from argparse import SUPPRESS, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from . import config_file, selection
from .archive import ACTIONS
from .completion import SHELLS, complete_backups
from .store_options import LANGUAGE, STORE_OPTIONS
from .texts import CommandTexts, Texts

PROGRAM = "respaldo"


class UsageError(Exception):
    """The command line was not understood."""

    def __init__(self, message: str, program: str) -> None:
        super().__init__(message)
        self.message = message
        self.program = program
        """Whose help to look at: ``respaldo``, or ``respaldo restore``."""


class HelpAsked(Exception):
    """``--help`` was given; ``text`` is what to show."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class _Help(argparse.Action):
    """argparse's own action writes to standard output itself, and fails when the pipe's reader is gone."""

    def __call__(self, parser: argparse.ArgumentParser, *_ignored: object) -> NoReturn:
        raise HelpAsked(parser.format_help().rstrip())


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, self.prog)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override]
        """Words may stand on both sides of an option; argparse by itself gives only those before it to an argument of
        several words."""
        arguments: argparse.Namespace
        arguments, rest = self.parse_known_args(args, namespace)
        while rest and "words" in arguments and not rest[0].startswith("-"):
            arguments.words.append(rest.pop(0))
        if rest:
            self.error(argparse._("unrecognized arguments: %s") % " ".join(rest))  # type: ignore[attr-defined]
        return arguments


def build(texts: Texts) -> Parser:
    """The whole command line. Options that were not given are not in what it parses to, but for the commands' own."""
    # argparse looks up all its texts by this name, and offers no other way to translate them.
    setattr(argparse, "_", lambda text: texts.argparse.get(text, text))

    parser = Parser(PROGRAM, **_parser_options(texts.program))
    parser.add_argument("--version", action="store_true", default=False, help=texts.version)
    commands = parser.add_subparsers(
        dest="command", metavar=texts.command, title=texts.commands_group, prog=PROGRAM, parser_class=Parser
    )
    _add_shared(parser, texts)

    def command(name: str, *, backup: bool = False, optional: bool = False) -> argparse.ArgumentParser:
        own = texts.command_texts(name)
        made = commands.add_parser(name, help=own.summary, **_parser_options(own))
        if backup:
            count = "?" if optional else None
            argument = made.add_argument("backup", metavar=texts.backup[0], help=texts.backup[1], nargs=count)
            setattr(argument, "completer", complete_backups)  # where argcomplete looks for it
        return made

    for name in ("create", "due"):
        making = command(name)
        _add_annotations(making, texts)
        making.add_argument("--pin", dest="pinned", action="store_true", help=texts.pin)
        making.add_argument(
            "--before-upgrade", dest="made", action="store_const", const="before_upgrade", help=texts.before_upgrade
        )
        making.add_argument("--skip-unchanged", action="store_true", help=texts.skip_unchanged)
        making.add_argument("--dry-run", action="store_true", help=texts.dry_run_create)
    listing = command("list")
    listing.add_argument("--safety", action="store_true", help=texts.safety)
    listing.add_argument("--include-others", action="store_true", help=texts.include_others)
    listing.add_argument("--in-second-place", action="store_true", help=texts.elsewhere_too)
    listing.add_argument(
        "--since",
        type=_or_else(selection.moment, texts.listing.bad_date),
        metavar=texts.listing.since[0],
        help=texts.listing.since[1],
    )
    listing.add_argument("--limit", type=selection.count, metavar="N", help=texts.listing.limit)
    listing.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=selection.KINDS,
        metavar="{" + ",".join(selection.KINDS) + "}",
        help=texts.listing.kind,
    )
    listing.add_argument("--long", dest="shown_as", action="store_const", const="list --long", help=texts.listing.long)
    command("last")
    command("verify", backup=True)
    restore = command("restore", backup=True)
    restore.add_argument("--yes", action="store_true", help=texts.yes_option)
    restore.add_argument("--reason", metavar=texts.reason[0], help=texts.reason[1])
    elsewhere = restore.add_mutually_exclusive_group()
    elsewhere.add_argument("--target", metavar=texts.target[0], help=texts.target[1])
    elsewhere.add_argument("--dry-run", action="store_true", help=texts.dry_run_restore_option)
    restore.add_argument("--allow-different", action="store_true", help=texts.allow_different)
    command("prune").add_argument("--dry-run", action="store_true", help=texts.dry_run)
    annotate = command("annotate", backup=True)
    _add_annotations(annotate, texts)
    pinned = annotate.add_mutually_exclusive_group()
    pinned.add_argument("--pin", dest="pinned", action="store_const", const=True, help=texts.pin)
    pinned.add_argument("--unpin", dest="pinned", action="store_const", const=False, help=texts.unpin)
    annotate.add_argument("--confirm", dest="confirmed", action="store_const", const=True, help=texts.confirm)
    annotate.add_argument("--dry-run", action="store_true", help=texts.dry_run_rows)
    bring_back = command("bring-back")
    words = bring_back.add_argument("words", nargs="*", metavar=texts.backup_and_row[0], help=texts.backup_and_row[1])
    setattr(words, "completer", complete_backups)
    bring_back.add_argument("--row", nargs=2, action="append", default=[], metavar=texts.row[:2], help=texts.row[2])
    bring_back.add_argument("--snapshot", metavar=texts.archive.snapshot[0], help=texts.archive.snapshot[1])
    bring_back.add_argument("--alone", action="store_true", help=texts.alone)
    bring_back.add_argument(
        "--on-conflict", choices=["refuse", "skip", "overwrite"], default="refuse", help=texts.on_conflict
    )
    bring_back.add_argument("--triggers", action="store_true", help=texts.triggers)
    bring_back.add_argument("--dry-run", action="store_true", help=texts.dry_run_rows)
    bring_back.add_argument("--reason", metavar=texts.reason[0], help=texts.reason[1])
    salvage = command("salvage", backup=True, optional=True)
    salvage.add_argument("--dry-run", action="store_true", help=texts.dry_run_rows)
    salvage.add_argument("--deleted", action="store_true", help=texts.deleted_rows)
    command("health").add_argument("--deep", action="store_true", help=texts.deep)
    rehearse = command("rehearse", backup=True, optional=True)
    rehearse.add_argument("--check", action="append", default=[], metavar=texts.check[0], help=texts.check[1])
    compare = command("compare", backup=True, optional=True)
    compare.add_argument("--snapshot", metavar=texts.archive.snapshot[0], help=texts.archive.snapshot[1])
    other = compare.add_mutually_exclusive_group()
    other.add_argument("--with", dest="other", metavar=texts.other[0], help=texts.other[1])
    other.add_argument(
        "--with-snapshot",
        dest="other_snapshot",
        metavar=texts.archive.snapshot[0],
        help=texts.archive.other_snapshot,
    )
    compare.add_argument("--rows", type=int, default=20, metavar="N", help=texts.rows)
    find = command("find")
    find.add_argument("words", nargs="*", metavar=texts.text[0], help=texts.text[1])
    find.add_argument("--table", metavar=texts.table[0], help=texts.table[1])
    find.add_argument("--key", metavar=texts.key[0], help=texts.key[1])
    find.add_argument("--rows", type=int, default=100, metavar="N", help=texts.rows_found)
    find.add_argument("--snapshots", action="store_true", help=texts.archive.snapshots_too)
    history = command("history")
    history.add_argument("words", nargs="*", metavar=texts.table_and_key[0], help=texts.table_and_key[1])
    history.add_argument("--snapshots", action="store_true", help=texts.archive.snapshots_too)
    _add_archive(command("archive"), texts)
    command("config")
    command("doctor")
    for made in commands.choices.values():
        _add_shared(made, texts)
    man = command("man")
    man.add_argument("-h", "--help", action=_Help, nargs=0, help=texts.help)
    man.add_argument(
        "of", nargs="?", choices=commands.choices, metavar=texts.command, help=texts.administration.man_command
    )
    man.add_argument(
        LANGUAGE.flag,
        choices=LANGUAGE.choices,
        metavar=texts.store_options["language"][0],
        default=SUPPRESS,
        help=texts.store_options["language"][1],
    )
    completion = command("completion")
    completion.add_argument("-h", "--help", action=_Help, nargs=0, help=texts.help)
    completion.add_argument("shell", choices=SHELLS, help=texts.shell)
    return parser


def _or_else(convert: Callable[[str], Any], message: str) -> Callable[[str], Any]:
    """The conversion, with a message of its own for what it does not take; argparse's says that it is no number."""

    def converted(text: str) -> Any:
        try:
            return convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(message.format(text=text)) from None

    return converted


def _add_archive(parser: argparse.ArgumentParser, texts: Texts) -> None:
    """The actions on the archive, and what they take."""
    words = texts.archive
    parser.add_argument("action", choices=ACTIONS, metavar=words.action[0], help=words.action[1])
    parser.add_argument("what", nargs="?", metavar=words.what[0], help=words.what[1])
    parser.add_argument("--target", metavar=texts.target[0], help=texts.target[1])
    parser.add_argument("--yes", action="store_true", help=texts.yes_option)
    parser.add_argument("--reason", metavar=texts.reason[0], help=texts.reason[1])
    parser.add_argument("--include-others", action="store_true", help=words.include_others)
    parser.add_argument("--read-data", action="store_true", help=words.read_data)
    parser.add_argument("--dry-run", action="store_true", help=texts.dry_run)
    parser.add_argument("--new-password-file", metavar=texts.target[0], help=words.new_password_file)
    parser.add_argument("--new-password-command", metavar=words.command, help=words.new_password_command)


def _add_annotations(parser: argparse.ArgumentParser, texts: Texts) -> None:
    """What people can say of a backup."""
    parser.add_argument("--label", metavar=texts.label[0], help=texts.label[1])
    parser.add_argument("--note", metavar=texts.note[0], help=texts.note[1])


def _add_shared(parser: argparse.ArgumentParser, texts: Texts) -> None:
    """What can be given before the command and after it. SUPPRESS keeps the one from hiding the other."""
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help=texts.help)
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help=texts.json)
    group = parser.add_argument_group(texts.store_group, texts.store_group_note)
    config, meaning = texts.administration.config_option
    group.add_argument(config_file.FLAG, metavar=config, default=SUPPRESS, help=meaning)
    for option in STORE_OPTIONS:
        metavar, meaning = texts.store_options[option.key]
        group.add_argument(
            option.flag,
            dest=option.key,
            metavar=metavar,
            type=option.convert,
            choices=option.choices,
            default=SUPPRESS,
            help=meaning,
        )
        if option.key == "settings":
            group.add_argument("--no-settings", action="store_true", default=SUPPRESS, help=texts.no_settings)


def _parser_options(texts: CommandTexts) -> dict[str, Any]:
    return {
        "usage": texts.usage,
        "description": texts.details,
        "epilog": texts.examples,
        "formatter_class": RawDescriptionHelpFormatter,
        "add_help": False,
        "allow_abbrev": False,  # a script must not change its meaning when an option is added
    }

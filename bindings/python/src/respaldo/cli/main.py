"""One run of the command ``respaldo``: arguments in, exit status out. Every failure ends here."""

from __future__ import annotations

import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence

from .._call import Answer
from .._library import LibraryLoadError, package_version, version
from ..errors import RespaldoError
from . import completion, config_file, exit_status, manual
from .archive import show as show_archive
from .commands import COMMANDS
from .config import config
from .config_file import BadConfiguration
from .doctor import doctor
from .exit_status import made_here
from .interruption import Interruption
from .parser import PROGRAM, HelpAsked, Parser, UsageError, build
from .question import Declined, NobodyToAsk
from .screen import Screen, prepare_streams
from .session import Session
from .show import SHOW
from .store_options import DATABASE, LANGUAGE, BadVariable, collect, waiting_for_archive
from .texts import Texts, texts_in


class NoDatabase(Exception):
    """Neither an option nor a variable says which database is meant."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status; ``respaldo --help`` says what that can be.

    Args:
        arguments: those after the program's name; by default the process's own.
    """
    interruption = Interruption()
    interruption.listen()
    prepare_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    texts = texts_in(_language(words))
    screen = Screen(texts, json="--json" in words)
    outcome = _outcome_of(words, screen, texts, interruption)
    if not isinstance(outcome, int):
        screen.fail(outcome)
        return exit_status.of_error(outcome, interrupted=interruption.requested, judging="health" in words)
    if screen.output_failed is not None:
        message, hint = texts.output_failed
        screen.warn(message.format(detail=screen.output_failed), hint)
        return exit_status.OUTPUT_FAILED
    return outcome


def _outcome_of(words: list[str], screen: Screen, texts: Texts, interruption: Interruption) -> Answer | int:
    """Does what the words say; the exit status, or an error object if that failed."""
    try:
        return _run(build(texts), words, screen, texts, interruption)
    except RespaldoError as error:
        found: Answer = error.args[0]
        return found
    except UsageError as error:
        return _usage(error.message, texts.see_help.format(program=error.program))
    except NoDatabase:
        return _usage(*texts.no_database)
    except BadVariable as error:
        message, hint = texts.bad_variable
        return _usage(message.format(name=error), hint)
    except BadConfiguration as error:
        message, hint = texts.administration.bad_configuration[error.what]
        return _usage(message.format(path=error.path, detail=error.detail), hint)
    except NobodyToAsk:
        return _usage(*texts.nobody_to_ask)
    except UnicodeEncodeError:  # the library takes UTF-8, and a file's name on Linux can be any bytes
        return _usage(*texts.not_unicode)
    except Declined:
        return made_here(exit_status.CANCELLED, "CANCELLED", *texts.declined)
    except KeyboardInterrupt:
        interruption.requested = True
        return made_here(exit_status.CANCELLED, "CANCELLED", *texts.interrupted)
    except LibraryLoadError as error:
        message, hint = texts.library_not_loaded
        status = exit_status.LIBRARY_NOT_LOADED
        return made_here(status, "LIBRARY_NOT_LOADED", message.format(detail=error), hint)
    except Exception as error:
        traceback.print_exc()
        message, hint = texts.internal
        detail = f"{type(error).__name__}: {error}"
        return made_here(exit_status.INTERNAL, "INTERNAL", message.format(detail=detail), hint)


def _run(parser: Parser, words: list[str], screen: Screen, texts: Texts, interruption: Interruption) -> int:
    completion.complete_if_asked(parser)
    if not words:
        words = ["--help"]
    try:
        arguments = parser.parse_args(words)
    except HelpAsked as asked:
        screen.say(asked.text)
        return 0
    if arguments.version:
        screen.say(f"{PROGRAM} {version()}")
    elif arguments.command is None:
        raise UsageError(texts.no_command, parser.prog)
    elif arguments.command == "completion":
        screen.say(completion.shell_code(arguments.shell, PROGRAM))
    elif arguments.command == "man":
        screen.say(manual.roff(manual.pages(parser, texts)[arguments.of or ""], texts, package_version() or version()))
    elif arguments.command == "config":
        return config(arguments, screen, texts)
    elif arguments.command == "doctor":
        return doctor(arguments, screen, texts)
    else:
        return _ask_the_library(arguments, screen, texts, interruption)
    return 0


def _ask_the_library(arguments: Namespace, screen: Screen, texts: Texts, interruption: Interruption) -> int:
    options = collect(arguments)
    if "database" not in options:
        raise NoDatabase
    if arguments.command in ("create", "due"):
        options = waiting_for_archive(options)
    with Session(options, screen, texts, interruption) as session:
        answer = COMMANDS[arguments.command](session, arguments)
    status = exit_status.of_answer(arguments.command, answer)
    if "json" in arguments:
        screen.answer_json(answer)
        return status
    shown_as = getattr(arguments, "shown_as", None) or arguments.command
    if shown_as == "archive":
        show_archive(arguments.action, answer, options, screen, texts)
    else:
        SHOW[shown_as](answer, screen, texts)
    for warning in answer.get("warnings", ()):
        screen.warn(warning["message"], warning["hint"])
    if interruption.requested:
        screen.warn(texts.done_before_interruption)
    return status


def _language(words: Sequence[str]) -> str:
    """The language, before anything is parsed: what is wrong with the words is said in it, too."""
    said = _value_of(LANGUAGE.flag, words)
    if said is None:
        said = os.environ.get(LANGUAGE.environment)
    return said or config_file.language(lambda flag: _value_of(flag, words), DATABASE.environment)


def _value_of(flag: str, words: Sequence[str]) -> str | None:
    """What the words give an option, seen without the parser."""
    for place, word in enumerate(words):
        if word == flag:
            return words[place + 1] if place + 1 < len(words) else ""
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return None


def _usage(message: str, hint: str) -> Answer:
    return made_here(exit_status.USAGE, "USAGE", message, hint)

"""The manual, from the parser: a page of the program and one of each command, for ``man`` and for the site."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .texts import Texts


@dataclass(frozen=True)
class Entry:
    """An option, an argument or a command, and what it means."""

    written: str
    meaning: str


@dataclass(frozen=True)
class Group:
    """Options that belong together."""

    title: str
    note: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Page:
    """One page of the manual."""

    name: str
    """``respaldo restore``"""
    summary: str
    usage: str
    details: str
    groups: tuple[Group, ...]
    examples: str
    """Examples and, of the program itself, the exit statuses."""


def pages(parser: argparse.ArgumentParser, texts: Texts) -> dict[str, Page]:
    """By the command; the program's own by an empty name, and first."""
    found = {"": _page(parser, texts.program_summary)}
    for command, own in _commands(parser):
        found[command] = _page(own, texts.command_texts(command).summary)
    return found


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _page(parser: argparse.ArgumentParser, summary: str) -> Page:
    groups = []
    for group in parser._action_groups:
        entries = tuple(entry for action in group._group_actions for entry in _entries(action))
        if entries:
            groups.append(Group(group.title or "", group.description or "", entries))
    usage = (parser.usage or "").replace("%(prog)s", parser.prog)
    return Page(parser.prog, summary, usage, parser.description or "", tuple(groups), parser.epilog or "")


def _entries(action: argparse.Action) -> Iterator[Entry]:
    if isinstance(action, argparse._SubParsersAction):
        for choice in action._choices_actions:
            yield Entry(choice.dest, choice.help or "")
        return
    values = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    value = " ".join(values) if isinstance(values, tuple) else values
    if not action.option_strings:
        written = f"[{value}]" if action.nargs == "?" else value
    elif action.nargs == 0:
        written = ", ".join(action.option_strings)
    else:
        written = f"{', '.join(action.option_strings)} {value}"
    yield Entry(written, (action.help or "").replace("%%", "%"))


def markdown(page: Page, texts: Texts) -> str:
    """A section of a page of the site."""
    parts = [f"## {page.name}", page.summary, _fence(page.usage), _paragraphs_or_fences(page.details)]
    for group in page.groups:
        parts.append(f"**{group.title}**")
        if group.note:
            parts.append(_escaped(" ".join(group.note.split())))
        parts.append("\n".join(f"- `{entry.written}`: {_escaped(entry.meaning)}" for entry in group.entries))
    if page.examples:
        parts.append(_fence(page.examples))
    return "\n\n".join(filter(None, parts)) + "\n"


def _fence(text: str) -> str:
    return f"```text\n{text}\n```"


def _paragraphs_or_fences(text: str) -> str:
    """Indented lines stay as they are: they are examples."""
    blocks = re.split(r"\n\n(?=\S)|\n\n(?=  )", text)
    return "\n\n".join(
        _fence(b) if b.startswith("  ") or "\n  " in b else _escaped(" ".join(b.split())) for b in blocks
    )


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}<>\[\]#|])", r"\\\1", text)


def roff(page: Page, texts: Texts, version: str) -> str:
    """A page for ``man``, in the macros that groff and mandoc both know."""
    sections = texts.administration.manual_sections
    title = page.name.replace(" ", "-")
    lines = [
        f'.TH "{title.upper()}" "1" "" "respaldo {version}" "{_roff(sections["manual"])}"',
        ".nh",
        f'.SH "{_roff(sections["name"])}"',
        f"{_roff(title)} \\- {_roff(page.summary)}",
        f'.SH "{_roff(sections["synopsis"])}"',
        _line(page.usage),
        f'.SH "{_roff(sections["description"])}"',
        *_as_it_is(page.details),
    ]
    for group in page.groups:
        lines.append(f'.SH "{_roff(group.title.upper())}"')
        if group.note:
            lines.append(_line(" ".join(group.note.split())))
        for entry in group.entries:
            lines += [".TP", f"\\fB{_roff(entry.written)}\\fR", _line(entry.meaning)]
    if page.examples:
        lines += [f'.SH "{_roff(sections["examples"])}"', *_as_it_is(page.examples)]
    if " " in page.name:
        lines += [f'.SH "{_roff(sections["see_also"])}"', "\\fBrespaldo\\fR(1)"]
    return "\n".join(lines)


def _as_it_is(text: str) -> list[str]:
    """Lines that are not filled, because some are examples; none is wider than a terminal."""
    return [".nf", *(_line(line) if line else ".sp" for line in text.split("\n")), ".fi"]


def _line(text: str) -> str:
    """A line of text; one that begins with a point or an apostrophe would be a request."""
    written = _roff(text)
    return f"\\&{written}" if written.startswith((".", "'", " ")) else written


def _roff(text: str) -> str:
    return (
        text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("'", "\\(aq").replace("`", "\\(ga")
    )

"""What ``--help`` says about one command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CommandTexts:
    """One command's help."""

    usage: str
    summary: str
    """One line, for the list of commands."""
    details: str
    examples: str = ""

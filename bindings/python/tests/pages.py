"""The documentation's pages, and the snippets in them that tests run."""

from __future__ import annotations

import re
from pathlib import Path

import scene

PAGES = [
    page
    for page in (
        *sorted(scene.CHECKOUT.glob("*.md")),
        *sorted((scene.CHECKOUT / "docs").glob("*.md")),
        scene.CHECKOUT / "fuzz" / "README.md",
        scene.CHECKOUT / "examples" / "README.md",
        scene.CHECKOUT / "tests" / "conformance" / "README.md",
        scene.PACKAGE_ROOT / "README.md",
    )
    if page.exists()  # an unpacked sdist has only the package's
]


WEB_GUIDES = ("django", "flask", "fastapi")
"""Pages whose snippets are run by tests/guides, with packages of their own."""


def snippets(page: Path, language: str) -> list[str]:
    """The blocks of a page that are in this language, in their order."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def shows_windows(snippet: str) -> bool:
    """Whether a Python snippet needs Qt."""
    return "from respaldo import qt" in snippet

"""The documentation's site as ``make docs`` built it: whole, and readable from the file system without a network."""

from __future__ import annotations

import functools
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import scene

SITE = scene.CHECKOUT / "target" / "site"
HTML = sorted(SITE.rglob("*.html"))


class Links(HTMLParser):
    """What a page points to, what it loads, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := values.get(name))}
        if tag == "a" and (link := values.get("href")):
            self.links.append(link)
        source = values.get("src") or (values.get("href") if tag == "link" else None)
        if source and values.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(source)


@functools.cache
def anchors(page: Path) -> set[str]:
    return Links(page).anchors


def test_it_is_built() -> None:
    assert len(HTML) > 30


@pytest.mark.parametrize("page", HTML, ids=lambda page: str(page.relative_to(SITE)))
def test_every_link_leads_somewhere_and_nothing_is_fetched(page: Path) -> None:
    if page.name == "404.html":  # made for a server's root
        return
    found = Links(page)
    for target in (*found.links, *found.loaded):
        if re.match(r"(https?|mailto|data):", target):
            assert target not in found.loaded, target
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / unquote(path)).resolve() if path else page
        assert there.is_file(), target
        if anchor and there.suffix == ".html" and not anchor.startswith("__"):
            assert unquote(anchor) in anchors(there), target


def test_the_reference_has_every_function_and_command() -> None:
    header = (scene.CHECKOUT / "include" / "respaldo.h").read_text(encoding="utf-8")
    c = Links(SITE / "reference" / "c.html").anchors
    assert set(re.findall(r"^[a-z][\w ]*\*?\b(respaldo_\w+)\(", header, re.MULTILINE)) - {"respaldo_status"} <= c
    command = Links(SITE / "reference" / "command.html").anchors
    assert {"respaldo-restore", "respaldo-config", "respaldo-doctor"} <= command
    assert "respaldo.Store" in Links(SITE / "reference" / "python.html").anchors

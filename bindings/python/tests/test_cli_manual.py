"""The manual pages that ``respaldo man`` writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from terminal import ENVIRONMENT, run

COMMANDS = re.findall(r"^    ([a-z-]+)  ", run("--help").stdout, re.MULTILINE)


def rendered(page: str, folder: Path) -> str:
    """What ``man`` shows; the formatter has nothing to complain of."""
    (folder / "page.1").write_text(page, encoding="utf-8")
    groff = ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-P-cbou", "page.1"]
    done = subprocess.run(groff, cwd=folder, env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff here")
@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_page_can_be_shown(command: str, language: str, tmp_path: Path) -> None:
    words = [command] if command else []
    done = run("man", *words, "--language", language)
    assert (done.returncode, done.stderr) == (0, "")
    shown = rendered(done.stdout, tmp_path)
    help = run(*words, "--help", "--language", language).stdout
    plain = re.sub(r"\s+", " ", shown.replace("\u2010\n", ""))
    for option in set(re.findall(r"--[a-z-]+[a-z]", help)):
        assert option in plain, option
    for status in ("40", "103", "130") if not command else ():
        assert status in plain


def test_help_of_a_page_that_is_not_there() -> None:
    done = run("man", "bailar")
    assert (done.returncode, done.stdout) == (100, "")

"""The pictures of docs/qt.md can be made anew, and are the ones that it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from qtpy.QtGui import QImage
from qtpy.QtWidgets import QApplication

import scene

IMAGES = scene.CHECKOUT / "docs" / "images"
PAGE = scene.CHECKOUT / "docs" / "qt.md"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    done = subprocess.run(
        [sys.executable, "-B", Path(__file__).with_name("screenshots.py"), folder],
        capture_output=True,
        encoding="utf-8",
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return sorted(folder.iterdir())


def test_the_screenshots_are_the_committed_ones(pictures: list[Path]) -> None:
    names = [picture.name for picture in pictures]
    assert names == sorted(picture.name for picture in IMAGES.iterdir())
    shown = re.findall(r"images/([\w-]+\.png)", PAGE.read_text(encoding="utf-8"))
    assert sorted(set(shown)) == names


def test_the_screenshots_show_something(qapp: QApplication, pictures: list[Path]) -> None:
    for picture in [*pictures, *IMAGES.iterdir()]:
        image = QImage(str(picture))
        assert 200 < image.width() < 1000, picture
        points = ((x, y) for x in range(image.width()) for y in range(image.height()))
        colours = {image.pixel(x, y) for x, y in points}
        assert len(colours) > 20, picture  # a blank window has two or three
        assert picture.stat().st_size < 100_000, picture

"""The icons of the windows: SVG files beside this one, drawn in a colour of the palette.

They only repeat what a text beside them says. Where Qt's SVG module is not installed, there are none.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from qtpy.QtCore import QByteArray, QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap

from ..palette import light_colour, warning_colour

try:
    from qtpy import QtSvg
except ImportError:  # a package of its own in some distributions
    _has_svg = False
else:
    _has_svg = True

_SIZES = (16, 20, 24, 32, 48, 64)  # for screens of 100 to 300 %


def icon(name: str, colour: QColor) -> QIcon:
    """The icon ``name``, drawn in ``colour``."""
    return _drawn(name, colour.name())


def blank() -> QIcon:
    """An icon that takes the room of one and shows nothing."""
    if not _has_svg:
        return QIcon()
    pixmap = QPixmap(_SIZES[0], _SIZES[0])
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)


def plain_icon(name: str, palette: QPalette) -> QIcon:
    """The icon ``name`` in the colour of a button's text."""
    return icon(name, palette.color(QPalette.ColorRole.ButtonText))


def light(severity: str, palette: QPalette, ground: QPalette.ColorRole) -> QIcon:
    """The light of a severity: a shape and a colour for each of ``ok``, ``note``, ``attention`` and ``danger``."""
    if severity == "attention":
        return icon(severity, warning_colour(palette, ground))
    return icon(severity, light_colour(severity, palette, ground))


@cache
def _drawn(name: str, colour: str) -> QIcon:
    drawn = QIcon()
    if not _has_svg:
        return drawn
    source = Path(__file__).with_name(f"{name}.svg").read_text(encoding="utf-8")
    renderer = QtSvg.QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    for size in _SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        drawn.addPixmap(pixmap)
    return drawn

"""Colours that the palette has no role for, made from it so that they can be read on it."""

from __future__ import annotations

from qtpy.QtGui import QColor, QPalette

_HUE = 20  # between red and amber
_LIGHT_HUES = {"ok": 140, "note": 215, "danger": 350}
_CONTRAST = 4.5  # what WCAG 2 asks of text, https://www.w3.org/TR/WCAG22/#contrast-minimum


def warning_colour(palette: QPalette, ground: QPalette.ColorRole) -> QColor:
    """A colour for text that warns, on the palette's ``ground``: dark on light, light on dark."""
    return _readable(_HUE, 255, palette.color(ground))


def light_colour(severity: str, palette: QPalette, ground: QPalette.ColorRole) -> QColor:
    """The colour of the light of a severity other than attention, which is :func:`warning_colour`."""
    return _readable(_LIGHT_HUES[severity], 190, palette.color(ground))


def _readable(hue: int, saturation: int, background: QColor) -> QColor:
    darker = luminance(background) > 0.18  # where black and white stand out alike
    for step in range(0, 128, 4):
        colour = QColor.fromHsl(hue, saturation, 127 - step if darker else 127 + step)
        if contrast(colour, background) >= _CONTRAST:
            return colour
    return QColor("black" if darker else "white")


def contrast(one: QColor, other: QColor) -> float:
    """The contrast ratio of WCAG: 1 for the same colour, 21 for black on white."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: QColor) -> float:
    """The relative luminance of WCAG, from 0 (black) to 1 (white)."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

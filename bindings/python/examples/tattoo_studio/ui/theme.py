"""The application's two palettes. respaldo's windows follow whichever is set."""

from __future__ import annotations

from PyQt5.QtGui import QColor, QPalette
from PyQt5.QtWidgets import QApplication

_DARK = {
    QPalette.Window: "#202326",
    QPalette.WindowText: "#eceff1",
    QPalette.Base: "#16181a",
    QPalette.AlternateBase: "#1c1f21",
    QPalette.Text: "#eceff1",
    QPalette.Button: "#2d3236",
    QPalette.ButtonText: "#eceff1",
    QPalette.ToolTipBase: "#2d3236",
    QPalette.ToolTipText: "#eceff1",
    QPalette.Highlight: "#5b6ee1",
    QPalette.HighlightedText: "#ffffff",
}


def apply_theme(application: QApplication, theme: str) -> None:
    """``light`` or ``dark``."""
    application.setStyle("Fusion")
    palette = application.style().standardPalette()
    if theme == "dark":
        for role, colour in _DARK.items():
            palette.setColor(role, QColor(colour))
        for role in (QPalette.Text, QPalette.WindowText, QPalette.ButtonText):
            palette.setColor(QPalette.Disabled, role, QColor("#8a9299"))
    application.setPalette(palette)

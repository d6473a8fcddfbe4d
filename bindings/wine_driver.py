"""A driver that is a Windows program under Wine. Its paths are on Wine's drive Z:, which is this machine's root."""

from pathlib import Path

import run_python
from driver import Driver

WINE = Path(__file__).resolve().parents[1] / "tests" / "windows" / "wine"


def windows_path(path):
    return "Z:" + str(path).replace("/", "\\")


def translated(value, translate):
    """The value with every string in it translated."""
    match value:
        case str():
            return translate(value)
        case list():
            return [translated(element, translate) for element in value]
        case dict():
            return {key: translated(element, translate) for key, element in value.items()}
    return value


class WineDriver(Driver):
    folder = None
    """The case's."""

    def ask(self, do, **arguments):
        return translated(super().ask(do, **translated(arguments, self.to_windows)), self.from_windows)

    def to_windows(self, text):
        return windows_path(text) if self.folder and text.startswith(str(self.folder)) else text

    def from_windows(self, text):
        return text[2:].replace("\\", "/") if text.startswith("Z:\\") else text

    def connect(self, path):
        """A connection of this process, which Wine's programs see as another one's."""
        return run_python.Connection(path)

    def change_folder(self, path):
        self.folder = path
        super().change_folder(path)

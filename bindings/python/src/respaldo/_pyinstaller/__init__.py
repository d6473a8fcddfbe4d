"""For PyInstaller, which freezes an application into a program: what it cannot see, because ctypes loads it.

PyInstaller finds this by the entry point ``hook-dirs`` of the group ``pyinstaller40``. Nobody else imports it.
"""

from __future__ import annotations

from pathlib import Path


def hook_directories() -> list[str]:
    """The folders with hooks, which is this one."""
    return [str(Path(__file__).parent)]

"""The message boxes. None of them blocks: each is opened, and its answer comes as a signal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox, QWidget

from ..errors import BackupCorruptError, CancelledError, DatabaseCorruptError, RespaldoError
from ..models import Backup, Notice
from .texts import Texts

_Icon = QMessageBox.Icon
_Role = QMessageBox.ButtonRole


def tell(parent: QWidget, texts: Texts, text: str, *, more: str = "", icon: _Icon = _Icon.Information) -> QMessageBox:
    """Opens a message with one button."""
    box = _box(parent, texts, icon, text, more)
    box.setDefaultButton(box.addButton(texts.ok, _Role.AcceptRole))
    box.open()
    return box


def tell_success(
    parent: QWidget, texts: Texts, text: str, *, more: str = "", warnings: Iterable[Notice] = ()
) -> QMessageBox:
    """Opens the good news, and below it what did not work beside it."""
    troubles = [str(warning) for warning in warnings]
    icon = _Icon.Warning if troubles else _Icon.Information
    return tell(parent, texts, text, more="\n\n".join([more, *troubles] if more else troubles), icon=icon)


def tell_error(parent: QWidget, texts: Texts, error: Exception, *, what: str | None = None) -> QMessageBox:
    """Opens an error: its message, and below it the hint that says what to do.

    Args:
        what: goes before the message, where the message alone would not say what failed.
    """
    if isinstance(error, RespaldoError):
        message, hint = error.message, error.hint
    else:
        message, hint = texts.unexpected.format(error=error or type(error).__name__), ""
    icon = _Icon.Critical
    if isinstance(error, CancelledError):
        icon = _Icon.Information
    elif is_repairable(error):
        icon = _Icon.Warning
    text = f"{what}\n{message}" if what else message
    return tell(parent, texts, text, more=hint, icon=icon)


def is_repairable(error: Exception) -> bool:
    """Whether an error is of an index alone: no row is lost."""
    return isinstance(error, (DatabaseCorruptError, BackupCorruptError)) and error.repairable


def ask_to_restore(
    parent: QWidget, texts: Texts, backup: Backup, expected: str, restore: Callable[[], object]
) -> QMessageBox:
    """Asks before a restore, and calls ``restore`` on a yes. Enter and Escape mean no."""
    more = before_a_restore(texts, backup, expected)
    return _ask(parent, texts, texts.sure, more, (texts.do_restore, texts.do_not), restore)


def before_a_restore(texts: Texts, backup: Backup, expected: str) -> str:
    """What stands below the question: the date, the warning, and what the restore would lose and bring back."""
    when = backup.display if backup.intact is not None else f"{backup.display}\n{texts.downloads}"
    warning = f"{when}\n\n{texts.overwrites}\n{texts.saved_before}"
    return f"{warning}\n\n{expected}" if expected else warning


def ask_to_cancel(parent: QWidget, texts: Texts, cancel: Callable[[], object]) -> QMessageBox:
    """Asks whether to break off running work, and calls ``cancel`` on a yes. Enter and Escape mean no."""
    return _ask(parent, texts, texts.close_now, "", (texts.cancel_and_close, texts.wait), cancel)


def ask(parent: QWidget, texts: Texts, text: str, answers: tuple[str, str], act: Callable[[], object]) -> QMessageBox:
    """Asks, and calls ``act`` on the first answer. Enter and Escape mean the second."""
    return _ask(parent, texts, text, "", answers, act)


def _ask(
    parent: QWidget, texts: Texts, text: str, more: str, answers: tuple[str, str], act: Callable[[], object]
) -> QMessageBox:
    box = _box(parent, texts, _Icon.Warning, text, more)
    yes = box.addButton(answers[0], _Role.AcceptRole)
    no = box.addButton(answers[1], _Role.RejectRole)  # its role makes it the answer of Escape too
    box.setDefaultButton(no)

    def finished(_result: int) -> None:  # not buttonClicked, which comes while the box is still there
        if box.clickedButton() is yes:
            act()

    box.finished.connect(finished)
    box.open()
    return box


def _box(parent: QWidget, texts: Texts, icon: _Icon, text: str, more: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(texts.title)
    box.setIcon(icon)
    box.setTextFormat(Qt.TextFormat.PlainText)  # a path may look like HTML
    box.setText(text)
    box.setInformativeText(more)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # to send it to someone
    return box

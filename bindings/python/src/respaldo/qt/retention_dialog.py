"""Which backups stay and which would go, and why."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..models import Backup, PruneResult
from .dates import in_words
from .texts import Texts
from .wrapped_label import WrappedLabel


class RetentionDialog(QDialog):
    """What :meth:`Store.prune <respaldo.Store.prune>` would do."""

    def __init__(self, texts: Texts, result: PruneResult, backups: Mapping[str, Backup], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.retention_title)
        intro = WrappedLabel(f"{texts.retention_intro}\n{_count(result, texts)}", self)
        self.list = _Fates(self)
        self.list.setAccessibleName(texts.retention_title)
        self.list.setHeaderLabels([texts.when, texts.fate, texts.why])
        fates = [(decision, texts.goes) for decision in result.removed]
        fates += [(decision, texts.stays) for decision in result.kept]
        for decision, fate in fates:
            backup = backups.get(decision.name)
            when = in_words(backup.created_at, texts) if backup else decision.name
            reason = decision.text.partition(": ")[2] or decision.text
            item = QTreeWidgetItem([when, fate, reason])
            for column, text in enumerate((decision.name, fate, decision.text)):
                item.setToolTip(column, text)
            self.list.addTopLevelItem(item)
        for column in range(2):
            self.list.resizeColumnToContents(column)
        buttons = QDialogButtonBox(self)
        close = buttons.addButton(texts.close, QDialogButtonBox.ButtonRole.RejectRole)
        assert close is not None
        close.setDefault(True)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(intro)
        layout.addWidget(self.list, 1)
        layout.addWidget(buttons)
        self.list.setFocus()


class _Fates(QTreeWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(84 * metrics.averageCharWidth(), 16 * metrics.height())


def _count(result: PruneResult, texts: Texts) -> str:
    counts = ((texts.stay_count, len(result.kept)), (texts.go_count, len(result.removed)))
    return " ".join(form.of(count).format(count=count) for form, count in counts)

"""Pages of which one is shown: only that one decides how high the window is."""

from __future__ import annotations

from qtpy.QtWidgets import QSizePolicy, QStackedWidget, QWidget


def turn_to(stack: QStackedWidget, page: QWidget) -> None:
    """Shows a page. The width is still that of the widest, so that turning moves nothing sideways."""
    policy = QSizePolicy.Policy
    for at in range(stack.count()):
        each = stack.widget(at)
        assert each is not None
        each.setSizePolicy(policy.Preferred, policy.Preferred if each is page else policy.Ignored)
    stack.setCurrentWidget(page)
    stack.updateGeometry()

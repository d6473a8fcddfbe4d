"""Backups that are not on this computer, as Windows tells the library of OneDrive's online-only files."""

from __future__ import annotations

import pytest

from respaldo.cli.screen import Screen
from respaldo.cli.show import listed
from respaldo.cli.texts import texts_in
from respaldo.models import Backup

ANSWER = {
    "name": "backup_20260304_142305.db",
    "display": "04/03/2026 14:23",
    "size": 204800,
    "path": "/studio/backups/backup_20260304_142305.db",
    "created_at": "2026-03-04T14:23:05-07:00",
    "kind": "backup",
    "intact": None,
}


def test_whether_it_is_intact_is_not_known() -> None:
    assert Backup.from_json(ANSWER).intact is None


def test_a_script_is_told_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    texts = texts_in("en")
    states = []
    for intact in (True, False, None):
        listed({"backups": [{**ANSWER, "intact": intact}], "warnings": []}, Screen(texts, json=False), texts)
        states.append(capsys.readouterr().out.split("\t")[4])
    assert states == ["intact", "damaged", "elsewhere"]

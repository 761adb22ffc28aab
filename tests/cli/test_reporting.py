"""A run's report in the terminal shows every list of the answer: what the mail tells, the command does not hide."""

import io
from typing import Any

import pytest
from rich.console import Console

from ebs_backup.report.data import answer
from ebs_backup_cli.terminal.reporting import show_answer
from tests.unit.builders import an_outcome

SNAPSHOT = {"id": "snap-0a", "volume_id": "vol-0a", "started": "2026-11-23T01:30:00+00:00", "why": "kept: x"}
FAILURE = {"resource": "vol-0a", "action": "create", "code": "Bad", "message": "no", "advice": "Look."}
VOLUME = {
    "volume": "vol-0a",
    "volume_id": "vol-0a",
    "name": "web-1",
    "period": "day",
    "max_age": 4,
    "why": "a tag",
}
OTHERS = {"vanished": 2, "left": 1, "snapshots": ["snap-0a"]}
COUNTED_ONLY = {"created_snapshots"}  # the head line says how many


def lists() -> list[str]:
    return [name for name, value in answer(an_outcome()).items() if isinstance(value, list)]


def shown(**rows: Any) -> str:  # noqa: ANN401 - rows of any list
    out = io.StringIO()
    show_answer(Console(file=out, width=200), answer(an_outcome()) | rows, where="set default")
    return out.getvalue()


@pytest.mark.parametrize("name", sorted(set(lists()) - COUNTED_ONLY))
def test_a_row_of_every_list_is_shown(name: str) -> None:
    row: Any = "vol-0a" if name == "missing" else {**SNAPSHOT, **FAILURE, **VOLUME, **OTHERS}

    assert "vol-0a" in shown(**{name: [row]})


def test_an_answer_without_rows_shows_no_heading() -> None:
    assert "vol-0a" not in shown()

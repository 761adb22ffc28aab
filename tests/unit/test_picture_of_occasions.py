"""The picture of four nights and two extra runs, in README and docs, is what rotation does."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ebs_backup.model import COMPLETED, PENDING, Fate, Snapshot
from ebs_backup.retention import Rule, rotate

ROOT = Path(__file__).parent.parent.parent
RULE = Rule(keep=4, source="keep_day", schedule="30 1 ? * MON-FRI *")


def drawn(page: str) -> tuple[dict[int, int], set[int]]:
    """Return how many restore points each day of November has, and which days go."""
    text = (ROOT / page).read_text(encoding="utf-8")
    (picture,) = re.findall(r"```\n( +Fri 20 .+?)```", text, re.DOTALL)
    header, before, after = picture.splitlines()
    days = [int(day) for day in re.findall(r"[A-Z][a-z]{2} (\d+)", header)]
    cells = [re.findall(r"goes|●(?: ○)*", line) for line in (before, after)]
    points = {day: len(cell.split()) for day, cell in zip(days, [*cells[0][:4], cells[1][4]], strict=True)}
    return points, {day for day, cell in zip(days, cells[1], strict=True) if cell == "goes"}


@pytest.mark.parametrize("page", ["README.md", "docs/how-it-works.md"])
def test_the_picture_shows_what_rotation_does(page: str) -> None:
    points, goes = drawn(page)
    last = max(points)
    snapshots = [
        Snapshot(
            id=f"{day}-{number}",
            volume_id="vol-0a",
            period="day",
            run=f"{day}-{number}",
            state=PENDING if day == last else COMPLETED,
            started=datetime(2026, 11, day, 1, 30, tzinfo=UTC) + timedelta(hours=6 * number),
            size=1,
        )
        for day, count in points.items()
        for number in range(count)
    ]

    decisions = rotate(snapshots, rule=RULE, run=f"{last}-0", today=date(2026, 11, last))

    assert points == {20: 1, 23: 1, 24: 1, 25: 3, 26: 1}
    assert {decision.snapshot.started.day for decision in decisions if decision.fate is Fate.EXPIRED} == goes
    assert goes == {20}

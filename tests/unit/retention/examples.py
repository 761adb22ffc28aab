"""Restore points as examples of the rules: builders, and what the rotation says of them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from ebs_backup.model import Decision, Snapshot
from ebs_backup.retention import (
    Rule,
    deletion_order,
    rotate,
)
from tests.unit.builders import EVERY_NIGHT, a_snapshot

WEEKNIGHTS = "30 1 ? * MON-FRI *"
FIRST_OF_MONTH = "30 3 1 * ? *"
THIS_RUN = "this run"
TODAY = date(2026, 11, 23)


def a_point(
    days_ago: float,
    state: str = "completed",
    *,
    id: str = "",  # noqa: A002 - AWS's word
    run: str | None = None,
    hold: str | None = None,
) -> Snapshot:
    """Make a snapshot of the run of so many nights ago."""
    return a_snapshot(id=id or f"snap-{days_ago}", days_ago=days_ago, state=state, run=run, hold=hold)


def on(when: str, run: str | None = None, *, state: str = "completed") -> Snapshot:
    """Make a snapshot that started at `2026-11-22 10:00`, or at 01:30 of a day; its id is that text."""
    started = datetime.fromisoformat(when if ":" in when else f"{when} 01:30").replace(tzinfo=UTC)
    return a_snapshot(id=when, started=started, run=run, state=state)


def rotated(
    *snapshots: Snapshot,
    keep: int,
    schedule: str = EVERY_NIGHT,
    run: str = THIS_RUN,
    today: date = TODAY,
    source: str = "keep_day",
) -> tuple[Decision, ...]:
    return rotate(snapshots, rule=Rule(keep=keep, source=source, schedule=schedule), run=run, today=today)


def decide(*snapshots: Snapshot, keep: int, schedule: str = EVERY_NIGHT) -> dict[str, str]:
    return {
        decision.snapshot.id: decision.sentence
        for decision in rotated(*snapshots, keep=keep, schedule=schedule)
    }


def goes(*snapshots: Snapshot, keep: int, schedule: str = EVERY_NIGHT, run: str = THIS_RUN) -> list[str]:
    decisions = rotated(*snapshots, keep=keep, schedule=schedule, run=run)
    return [decision.snapshot.id for decision in deletion_order(decisions)]


def run_by_run(
    history: Iterable[Snapshot], new: Iterable[Snapshot], *, keep: int, schedule: str = EVERY_NIGHT
) -> list[str]:
    """Rotate after each new snapshot, as its run does, and return what is left in the end."""
    held = list(history)
    for made in new:
        held.append(made)
        gone = goes(*held, keep=keep, schedule=schedule, run=made.run)
        held = [snapshot for snapshot in held if snapshot.id not in gone]
    return [snapshot.id for snapshot in held]

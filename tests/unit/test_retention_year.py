"""The deleter through a simulated year of the three default schedules: exactly the promised dates are left."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ebs_backup.model import Snapshot, Verdict
from ebs_backup.retention import deletion_order, rotate
from ebs_backup.settings import Period
from tests.unit.builders import a_snapshot

START, DAYS = datetime(2026, 11, 23, tzinfo=UTC), 400
KEEP = {Period.DAY: 4, Period.WEEK: 4, Period.MONTH: 3}
LIMIT = 3


def occasions() -> Iterator[tuple[datetime, Period]]:
    """Give the runs of the default schedules: weekdays 01:30, Saturdays 02:30, the first of a month 03:30."""
    for day in (START + timedelta(days=number) for number in range(DAYS)):
        if day.weekday() < 5:
            yield day + timedelta(hours=1, minutes=30), Period.DAY
        if day.weekday() == 5:
            yield day + timedelta(hours=2, minutes=30), Period.WEEK
        if day.day == 1:
            yield day + timedelta(hours=3, minutes=30), Period.MONTH


def one_run(held: list[Snapshot], at: datetime, period: Period, state: str) -> list[Snapshot]:
    """Take a snapshot and rotate as a run does, with its limit on restore points."""
    made = a_snapshot(
        id=f"snap-{at:%Y%m%d%H%M}", period=period, run=at.isoformat(), started=at, state="pending"
    )
    ours = [each for each in (*held, made) if each.period == period]
    order = deletion_order(rotate(ours, keep=KEEP[period], period=period, run=made.run))
    waste = [each.snapshot.id for each in order if each.verdict is Verdict.WASTE]
    expired = [each.snapshot.id for each in order if each.verdict is Verdict.EXPIRED][:LIMIT]
    kept = [each for each in (*held, made) if each.id not in {*waste, *expired}]
    return [_ended(each, state) if each.id == made.id else each for each in kept]


def _ended(snapshot: Snapshot, state: str) -> Snapshot:
    return a_snapshot(
        id=snapshot.id, period=snapshot.period, run=snapshot.run, started=snapshot.started, state=state
    )


def dates(held: list[Snapshot], period: Period) -> list[str]:
    return sorted(f"{each.started:%Y-%m-%d}" for each in held if each.period == period)


def test_after_a_year_exactly_the_newest_of_each_period_are_left() -> None:
    held: list[Snapshot] = []

    for at, period in occasions():
        held = one_run(held, at, period, "completed")

    assert dates(held, Period.DAY) == ["2027-12-22", "2027-12-23", "2027-12-24", "2027-12-27"]
    assert dates(held, Period.WEEK) == ["2027-12-04", "2027-12-11", "2027-12-18", "2027-12-25"]
    assert dates(held, Period.MONTH) == ["2027-10-01", "2027-11-01", "2027-12-01"]


@pytest.mark.parametrize("every", [2, 3, 5])
def test_in_a_year_in_which_snapshots_keep_failing_the_promised_number_of_good_ones_is_there(
    every: int,
) -> None:
    held: list[Snapshot] = []
    good = dict.fromkeys(Period, 0)

    for number, (at, period) in enumerate(occasions()):
        state = "error" if number % every == 0 else "completed"
        held = one_run(held, at, period, state)
        good[period] += state == "completed"
        completed = [each for each in held if each.period == period and each.state == "completed"]
        assert len(completed) >= min(good[period], max(1, KEEP[period] - 1))

    assert all(len(dates(held, period)) <= KEEP[period] + 1 for period in Period)


def test_a_backlog_drains_by_the_limit_and_ends_at_keep() -> None:
    backlog = [
        a_snapshot(id=f"snap-{n:03}", run=f"r{n:03}", started=START - timedelta(days=60 - n))
        for n in range(40)
    ]
    sizes = [len(backlog)]

    for number in range(20):
        backlog = one_run(backlog, START + timedelta(days=number), Period.DAY, "completed")
        sizes.append(len(backlog))

    assert all(later >= earlier - LIMIT + 1 for earlier, later in pairwise(sizes))
    assert sizes[-1] == KEEP[Period.DAY]

"""Freshness: which volumes went too long without a completed snapshot, period by period."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.freshness import overdue
from ebs_backup.model import Snapshot
from ebs_backup.settings import Period
from tests.unit.builders import NIGHT, a_run, a_snapshot, a_volume, settings

OLD = a_volume(created=NIGHT - timedelta(days=400))
LIMITS = {Period.DAY: 4, Period.WEEK: 9, Period.MONTH: 33}


def a_point(period: Period, days_ago: float, *, state: str = "completed") -> Snapshot:
    return a_snapshot(id=f"snap-{period}-{days_ago}", period=period, days_ago=days_ago, state=state)


def late(*held: Snapshot, made: Snapshot | None = None, volume: object = OLD) -> list[Period]:
    found = overdue(volume, held, made, settings(), a_run())  # type: ignore[arg-type]
    return [each.period for each in found]


FRESH = (a_point(Period.DAY, 1), a_point(Period.WEEK, 2), a_point(Period.MONTH, 20))


def test_a_volume_with_a_completed_snapshot_of_every_period_in_time_is_not_overdue() -> None:
    assert late(*FRESH) == []


@pytest.mark.parametrize("period", Period)
def test_a_period_is_overdue_from_the_moment_its_newest_is_older_than_the_limit(period: Period) -> None:
    others = [each for each in FRESH if each.period != period]

    assert late(*others, a_point(period, LIMITS[period])) == []
    assert late(*others, a_point(period, LIMITS[period] + 0.001)) == [period]


@pytest.mark.parametrize("state", ["pending", "error", "recoverable"])
def test_only_completed_snapshots_count(state: str) -> None:
    stale = a_point(Period.DAY, 5)

    assert late(*FRESH[1:], stale, a_point(Period.DAY, 1, state=state)) == [Period.DAY]


def test_what_this_run_made_does_not_hide_that_there_was_none_for_too_long() -> None:
    made = a_point(Period.DAY, 0, state="pending")

    assert late(*FRESH[1:], a_point(Period.DAY, 8), made=made) == [Period.DAY]


def test_what_this_run_made_counts_once_it_is_completed() -> None:
    assert late(*FRESH[1:], a_point(Period.DAY, 8), made=a_point(Period.DAY, 0)) == []


def test_a_new_volume_is_not_yet_due() -> None:
    assert late(volume=a_volume(created=NIGHT - timedelta(days=4))) == []
    assert late(volume=a_volume(created=NIGHT - timedelta(days=10))) == [Period.DAY, Period.WEEK]


def test_the_very_first_snapshot_of_a_period_is_given_time_to_complete() -> None:
    first = a_snapshot(run=a_run().id, state="pending")

    assert Period.DAY not in late(made=first)
    assert Period.DAY not in late(first, made=first)  # as a second delivery finds it


def test_so_is_that_of_another_period_as_when_each_is_run_by_hand_after_the_first_deploy() -> None:
    under_way = a_point(Period.DAY, 0.01, state="pending"), a_point(Period.MONTH, 0.01, state="pending")
    made = a_snapshot(period="week", state="pending")

    assert late(*under_way, made=made) == []


def test_a_first_snapshot_that_stays_pending_is_overdue_in_the_end() -> None:
    assert Period.DAY in late(
        a_point(Period.DAY, 4.1, state="pending"), a_point(Period.DAY, 1, state="pending")
    )


def test_a_volume_whose_first_snapshots_all_failed_is_overdue() -> None:
    first = a_snapshot(run=a_run().id, state="pending")

    assert Period.DAY in late(a_point(Period.DAY, 1, state="error"), made=first)


def test_a_volume_that_could_not_be_snapshotted_is_overdue_without_ever_having_had_one() -> None:
    assert late() == [Period.DAY, Period.WEEK, Period.MONTH]


@given(st.permutations([a_point(Period.DAY, days) for days in (1, 3, 6, 30)]))
def test_the_order_of_the_listing_is_irrelevant(held: list[Snapshot]) -> None:
    (week, *_) = overdue(OLD, held, None, settings(), a_run())

    assert late(*held) == [Period.WEEK, Period.MONTH]
    assert week.newest is None

"""Freshness: which volumes went too long without a completed snapshot, period by period."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.freshness import freshness
from ebs_backup.model import Snapshot, Volume
from ebs_backup.names import Period
from tests.unit.builders import NIGHT, a_run, a_snapshot, a_volume, settings

OLD = a_volume(created=NIGHT - timedelta(days=400))
LIMITS = {Period.DAY: 4, Period.WEEK: 9, Period.MONTH: 33}


def a_point(period: Period, days_ago: float, *, state: str = "completed") -> Snapshot:
    return a_snapshot(id=f"snap-{period}-{days_ago}", period=period, days_ago=days_ago, state=state)


def late(*there: Snapshot, volume: Volume = OLD, **changed: object) -> list[Period]:
    return [found.period for found in freshness(volume, there, there, settings(**changed), a_run()).overdue]


FRESH = (a_point(Period.DAY, 1), a_point(Period.WEEK, 2), a_point(Period.MONTH, 20))


def test_a_volume_with_a_completed_snapshot_of_every_period_in_time_is_not_overdue() -> None:
    assert late(*FRESH) == []


@pytest.mark.parametrize("period", Period)
def test_a_period_is_overdue_from_the_moment_its_newest_is_older_than_the_limit(period: Period) -> None:
    others = [snapshot for snapshot in FRESH if snapshot.period != period]

    assert late(*others, a_point(period, LIMITS[period])) == []
    assert late(*others, a_point(period, LIMITS[period] + 0.001)) == [period]


@pytest.mark.parametrize("state", ["pending", "error", "recoverable"])
def test_only_completed_snapshots_count(state: str) -> None:
    stale = a_point(Period.DAY, 5)

    assert late(*FRESH[1:], stale, a_point(Period.DAY, 1, state=state)) == [Period.DAY]


def test_what_is_pending_does_not_hide_that_there_was_none_for_too_long() -> None:
    made = a_point(Period.DAY, 0, state="pending")

    assert late(*FRESH[1:], a_point(Period.DAY, 8), made) == [Period.DAY]


def test_a_volume_without_any_restore_point_is_overdue_when_it_is_older_than_the_limit() -> None:
    assert late(volume=a_volume(created=NIGHT - timedelta(days=4))) == []
    assert late(volume=a_volume(created=NIGHT - timedelta(days=10))) == [Period.DAY, Period.WEEK]
    assert late(a_point(Period.DAY, 1, state="error")) == [Period.DAY, Period.WEEK, Period.MONTH]


def test_the_first_snapshot_of_a_period_is_given_time_to_complete() -> None:
    under_way = [a_point(period, 0.01, state="pending") for period in Period]

    assert late(*under_way) == []
    assert late(a_point(Period.DAY, 4.1, state="pending"), *under_way[1:]) == [Period.DAY]


def test_tagging_an_old_volume_raises_no_alarm_before_its_first_week_and_month() -> None:
    """NIGHT is a Monday: the last week fired on Saturday the 21st, the last month on the 1st."""
    assert late(a_point(Period.DAY, 0)) == []
    assert late(a_point(Period.DAY, 0), a_point(Period.DAY, 1.9)) == []


def test_a_period_that_never_ran_though_it_fired_a_day_ago_is_overdue() -> None:
    days = [a_point(Period.DAY, days) for days in (0, 1, 2, 3)]

    assert late(*days) == [Period.WEEK]
    assert late(*days, a_point(Period.DAY, 23)) == [Period.WEEK, Period.MONTH]


def test_a_firing_of_less_than_a_day_ago_may_still_be_retried() -> None:
    day = a_point(Period.DAY, 3)

    assert late(day, schedule_week="0 2 ? * SUN *") == []
    assert late(day, schedule_week="0 1 ? * SUN *") == [Period.WEEK]


def test_a_period_that_is_off_is_never_overdue() -> None:
    assert late(schedule_week="off", schedule_month="off") == [Period.DAY]


@given(st.permutations([a_point(Period.DAY, days) for days in (1, 3, 6, 30)]))
def test_the_order_of_the_listing_is_irrelevant(there: list[Snapshot]) -> None:
    (week, *_) = freshness(OLD, there, there, settings(), a_run()).overdue

    assert late(*there) == [Period.WEEK, Period.MONTH]
    assert week.newest is None

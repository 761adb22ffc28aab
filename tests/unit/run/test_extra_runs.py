"""Extra runs, replays and queued events cost their own storage and none of the history."""

from datetime import UTC, datetime, timedelta

import pytest

from ebs_backup.names import Period
from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run, settings


def at(month: int, day: int, hour: int = 1, minute: int = 30) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def scheduled(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def test_five_extra_runs_within_ten_minutes_leave_every_night_in_place(account: MotoAccount) -> None:
    volume = account.volume()
    nights = [account.point(volume, at(11, day)) for day in (19, 20, 21, 22)]

    expired = []
    for number in range(5):
        account.now = NIGHT + timedelta(hours=9, minutes=2 * number)
        expired.append(account.run(nightly(), a_run(id=f"by hand {number}", time=account.now)).expired)

    # 23 November is the newest of four: 19 November goes as it would have in that night's own run.
    assert set(nights[1:]) <= set(account.ids(volume))
    assert len(account.ids(volume)) == 3 + 5
    assert expired == [1, 0, 0, 0, 0]


def test_extra_runs_leave_what_one_scheduled_run_would_have_left(account: MotoAccount) -> None:
    once, often = account.volume("once"), account.volume("often")
    for volume in (once, often):
        account.history(volume, 8)
    account.run(nightly(max_expired_per_volume=9), a_run())
    for number in range(4):
        account.now += timedelta(minutes=3)
        run = a_run(id=f"extra {number}", time=account.now, only=(often,))
        account.run(nightly(max_expired_per_volume=9), run)

    left = {
        volume: {snapshot["StartTime"].date() for snapshot in account.snapshots(volume)}
        for volume in (once, often)
    }

    assert left[once] == left[often]
    assert len(account.ids(often)) == len(account.ids(once)) + 4


def test_months_by_hand_cost_no_month(account: MotoAccount) -> None:
    """Three month runs by hand in November and December: August to October are the three months that are kept."""
    volume = account.volume()
    august, september, october, november = (
        account.point(volume, at(month, 1, 3), period="month") for month in (8, 9, 10, 11)
    )

    for time in (at(11, 23, 12), at(11, 30, 12), at(12, 7, 12)):
        account.now = time
        run = a_run(id=f"by hand {time:%d %b}", time=time, period=Period.MONTH)
        account.run(settings(keep_month=4), run)

    # 7 December is an occasion of its own, so that August leaves as it would with December's scheduled run.
    assert {september, october, november} <= set(account.ids(volume))
    assert august not in account.ids(volume)
    assert len(account.ids(volume)) == 3 + 3


def test_five_queued_nights_replayed_on_one_day_are_one_occasion_with_true_dates(
    account: MotoAccount,
) -> None:
    volume = account.volume("web")
    before = account.history(volume, 4)

    for day in (24, 25, 26, 27, 28):
        account.now = at(11, 28, 10, day)
        account.run(nightly(), a_run(id=scheduled(at(11, day)), time=at(11, day)))

    assert set(before[:3]) <= set(account.ids(volume))
    new = [account.tags(snapshot) for snapshot in account.ids(volume) if snapshot not in before]
    assert {tags["Name"] for tags in new} == {f"web day 2026-11-28 10:{minute}Z" for minute in range(24, 29)}


@pytest.mark.parametrize("period", Period)
def test_a_replay_of_an_old_event_is_kept_beside_the_newer_ones_and_counts_once(
    account: MotoAccount, period: Period
) -> None:
    volume = account.volume()
    points = [account.point(volume, NIGHT - timedelta(days=35 * age), period=period) for age in range(1, 4)]
    account.point(volume, NIGHT, period=period)
    account.now = NIGHT + timedelta(minutes=20)

    old = a_run(id="2026-09-01T00:00:00Z", time=at(9, 1), period=period)
    account.run(settings(keep_day=4, keep_week=4, keep_month=4), old)

    assert set(points) <= set(account.ids(volume))
    assert len(account.ids(volume)) == 5


def test_a_period_that_is_off_has_no_occasions_so_that_each_run_by_hand_counts(account: MotoAccount) -> None:
    volume = account.volume()
    first, second = (account.point(volume, NIGHT - timedelta(minutes=age)) for age in (9, 6))
    account.point(volume, NIGHT - timedelta(minutes=3))

    account.run(nightly(schedule_day="off", schedule_week="30 2 ? * SAT *", keep_day=3), a_run())

    assert first not in account.ids()
    assert second in account.ids()


def test_a_period_that_is_off_is_never_overdue(account: MotoAccount) -> None:
    volume = account.volume()
    account.point(volume, NIGHT - timedelta(days=100), period="month")
    account.point(volume, NIGHT - timedelta(days=100), period="week")

    off = account.run(settings(schedule_month="off"), a_run())

    assert [late.period for late in off.volumes[0].overdue] == [Period.WEEK]


def test_a_month_rule_that_somebody_disabled_shows_in_the_next_days_run(account: MotoAccount) -> None:
    volume = account.volume()
    account.point(volume, NIGHT - timedelta(days=40), period="month")
    account.point(volume, NIGHT - timedelta(days=2), period="week")

    outcome = account.run(settings(), a_run())

    assert [late.period for late in outcome.volumes[0].overdue] == [Period.MONTH]
    assert outcome.status is Status.PROBLEM

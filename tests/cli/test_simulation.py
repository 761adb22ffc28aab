"""The simulated volume holds what the function's own rotation leaves, night by night."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup import cron
from ebs_backup.model import COMPLETED, PENDING, Fate, Snapshot
from ebs_backup.names import OFF, Period
from ebs_backup.retention import Rule, rotate
from ebs_backup.settings import Settings
from ebs_backup_cli.pictures.simulation import Simulation, midnight, simulate
from tests.cli.quarter import quarter
from tests.unit.builders import a_snapshot, settings

LAST = date(2026, 12, 31)
SCHEDULES = (
    "30 1 ? * MON-FRI *",
    "30 2 ? * SAT *",
    "30 3 1 * ? *",
    "0 0/8 * * ? *",  # several a day
    "0,1 0 * * ? *",  # nearer to each other than the tolerance
    "30 1 L * ? *",
    "30 1 29 2 ? *",
    OFF,
)


def taken(simulation: Simulation, period: Period, on: date) -> list[str]:
    """Return the days on which the held restore points of a period were taken."""
    return [f"{point.taken:%m-%d}" for point in simulation.held(on) if point.period == period]


def test_with_the_defaults_a_quarter_ends_with_four_days_four_weeks_and_three_months() -> None:
    simulation = quarter()

    assert taken(simulation, Period.DAY, LAST) == ["12-28", "12-29", "12-30", "12-31"]
    assert taken(simulation, Period.WEEK, LAST) == ["12-05", "12-12", "12-19", "12-26"]
    assert taken(simulation, Period.MONTH, LAST) == ["10-01", "11-01", "12-01"]


def test_a_restore_point_expires_when_the_run_that_replaces_it_begins() -> None:
    first, *_ = (point for point in quarter().points if point.period is Period.DAY)

    assert first.taken == datetime(2026, 10, 1, 1, 30, tzinfo=UTC)  # a Thursday
    assert first.expired == datetime(2026, 10, 7, 1, 30, tzinfo=UTC)  # after Friday, Monday and Tuesday


def test_what_is_held_on_a_day_is_what_is_there_when_it_ends() -> None:
    simulation = quarter()

    assert taken(simulation, Period.DAY, date(2026, 10, 6)) == ["10-01", "10-02", "10-05", "10-06"]
    assert taken(simulation, Period.DAY, date(2026, 10, 7)) == ["10-02", "10-05", "10-06", "10-07"]


def test_restore_points_are_in_order_whatever_their_period() -> None:
    times = [point.taken for point in quarter().points]

    assert times == sorted(times)


def test_keep_one_holds_two_because_the_new_one_could_still_fail() -> None:
    assert taken(quarter(keep_week=1), Period.WEEK, LAST) == ["12-19", "12-26"]


def test_a_period_that_is_off_takes_nothing() -> None:
    simulation = quarter(schedule_week=OFF)

    assert list(simulation.keeps) == [Period.DAY, Period.MONTH]
    assert taken(simulation, Period.WEEK, LAST) == []


def test_a_schedule_that_fires_several_times_a_day_keeps_as_many_of_its_firings() -> None:
    simulation = quarter(schedule_day="0 0/6 * * ? *", keep_day=6)

    held = [point.taken for point in simulation.held(LAST) if point.period is Period.DAY]

    assert [f"{at:%d %H}" for at in held] == ["30 12", "30 18", "31 00", "31 06", "31 12", "31 18"]


def test_a_leap_day_is_a_day() -> None:
    simulation = simulate(settings(schedule_month="30 3 29 2 ? *"), date(2027, 1, 1), 800)

    assert taken(simulation, Period.MONTH, simulation.last) == ["02-29"]


def test_a_volume_is_empty_until_the_first_firing() -> None:
    sunday = date(2026, 11, 15)

    simulation = simulate(settings(), sunday, 1)

    assert simulation.last == sunday
    assert simulation.points == ()


def test_no_day_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="days must be a whole number from 1, got 0"):
        simulate(settings(), LAST, 0)


@st.composite
def worlds(draw: st.DrawFn) -> Settings:
    schedules = {period: draw(st.sampled_from(SCHEDULES)) for period in Period}
    hypothesis.assume(set(schedules.values()) != {OFF})
    return settings(
        **{f"schedule_{period}": schedule for period, schedule in schedules.items()},
        **{f"keep_{period}": draw(st.integers(1, 5)) for period in Period},
        max_expired_per_volume=draw(st.integers(1, 3)),
    )


def firings(schedule: str, simulation: Simulation) -> list[datetime]:
    """Walk back from the end, firing by firing."""
    times: list[datetime] = []
    at = midnight(simulation.last + timedelta(days=1))
    while (fired := cron.latest(schedule, at=at - timedelta(microseconds=1))) and fired >= midnight(
        simulation.start
    ):
        times.append(fired)
        at = fired
    return times[::-1]


def rotated(schedule: str, keep: int, simulation: Simulation) -> Iterator[tuple[datetime, list[Snapshot]]]:
    """Rotate after each firing, with no limit; return what is left then."""
    there: list[Snapshot] = []
    for at in firings(schedule, simulation):
        settled = [a_snapshot(id=old.id, run=old.run, started=old.started, state=COMPLETED) for old in there]
        new = a_snapshot(id=f"{at}", run=f"{at}", started=at, state=PENDING)
        rule = Rule(keep=keep, source="keep", schedule=schedule)
        decisions = rotate([*settled, new], rule=rule, run=new.run, today=at.date())
        there = [decision.snapshot for decision in decisions if decision.fate is Fate.KEPT]
        yield at, there


@hypothesis.settings(max_examples=100, deadline=None)
@given(worlds(), st.dates(date(2026, 1, 1), date(2029, 1, 1)), st.integers(1, 70))
def test_on_every_day_it_holds_what_rotation_left_that_night(world: Settings, start: date, days: int) -> None:
    """A volume that starts with nothing loses at most one occasion in a run, so the limit never matters."""
    simulation = simulate(world, start, days)

    for period in world.periods:
        left = list(rotated(world.schedule(period), world.keep(period), simulation))
        for number in range(days):
            on = start + timedelta(days=number)
            until_then = [there for at, there in left if at.date() <= on]
            expected = {snapshot.started for snapshot in until_then[-1]} if until_then else set()
            assert {point.taken for point in simulation.held(on) if point.period == period} == expected

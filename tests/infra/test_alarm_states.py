"""When the alarms are red: CloudWatch's own rule over years of runs, and over points that come late."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from aws_cdk.assertions import Template

from ebs_backup import cron
from ebs_backup.settings import Settings
from infra.settings.intervals import END, START, heartbeat_hours
from tests.infra.test_alerts import alarms, settings

HOUR, FIVE_MINUTES = timedelta(hours=1), timedelta(minutes=5)


class CloudWatch:
    """CloudWatch's rule for our alarm, over whole hours: red when no hour of the range has a data point.

    Every point that there is counts a run or more, so none breaches by itself. The range is the alarm's periods, and
    a few more, which CloudWatch does not document ("Evaluating an alarm", missing data); the hour that has just begun
    may count or not.
    """

    def __init__(self, runs: list[datetime], *, hours: int, more: int) -> None:
        self.points = {run.replace(minute=0, second=0) for run in runs}
        self.range = hours + more

    def is_red(self, now: datetime) -> bool:
        """Return the alarm's state at this time."""
        hour = now.replace(minute=0, second=0)
        return not any(hour - past * HOUR in self.points for past in range(1, self.range + 1))

    def red_hours(self, start: datetime, end: datetime) -> list[datetime]:
        """List each hour at which it is red."""
        every = (start + past * HOUR for past in range(int((end - start) / HOUR)))
        return [now for now in every if self.is_red(now)]


def ends(given: Settings, *, stop: datetime = END) -> list[datetime]:
    """List when the runs of two years end: one after a second, the next after three hours, and so on."""
    every = {
        run
        for period in given.periods
        for run in cron.instants(given.schedule(period), start=START, end=stop)
    }
    return [run + timedelta(hours=3 * (number % 2), seconds=1) for number, run in enumerate(sorted(every))]


@pytest.mark.parametrize(
    "given", [{}, {"schedule_day": "0 1 ? * WED *", "max_age_day": 8}, {"schedule_day": "0 1 ? * SUN *", "max_age_day": 8}]
)  # fmt: skip
def test_in_two_years_of_runs_the_heartbeat_is_never_red_once_the_first_was_done(
    given: dict[str, object],
) -> None:
    hours = heartbeat_hours(settings(**given))
    assert hours is not None
    runs = ends(settings(**given))

    watch = CloudWatch(runs, hours=hours, more=0)

    assert watch.red_hours(runs[0] + HOUR, END) == []
    assert watch.is_red(runs[0] - HOUR)  # from the deploy on, until then


@pytest.mark.parametrize("more", [0, 1, 5])
@pytest.mark.parametrize("stop", [datetime.fromisoformat(f"2027-06-{day:02}T12:00Z") for day in range(1, 8)])
def test_when_runs_stop_the_heartbeat_is_red_within_three_days_and_a_bit(stop: datetime, more: int) -> None:
    runs = ends(settings(), stop=stop)

    watch = CloudWatch(runs, hours=72, more=more)

    first = watch.red_hours(runs[-1], runs[-1] + timedelta(days=4))[0]
    assert timedelta(days=3) <= first - runs[-1] <= timedelta(days=3, hours=more + 1)


@dataclass(frozen=True, kw_only=True)
class Errors:
    """CloudWatch's rule for an alarm on a count: red while `needed` of its last `periods` have a point.

    A point is stamped with the start of its invocation and arrives at its end. How far back beyond its periods
    CloudWatch looks is not documented; here it does not.
    """

    periods: int
    needed: int

    def is_red(self, now: datetime, *, began: datetime, died: datetime) -> bool:
        """Return the state at this time, where one invocation died."""
        last = _five_minutes(now)
        seen = [last - past * FIVE_MINUTES for past in range(1, self.periods + 1)]
        return died <= now and sum(_five_minutes(began) == period for period in seen) >= self.needed

    def goes_off(self, *, began: datetime, died: datetime) -> bool:
        """Return whether any evaluation, of one a minute, sees the error."""
        every = (began + timedelta(minutes=minute) for minute in range(120))
        return any(self.is_red(now, began=began, died=died) for now in every)


def _five_minutes(at: datetime) -> datetime:
    return at.replace(minute=at.minute - at.minute % 5, second=0)


@pytest.mark.parametrize("second", range(0, 300, 20))
@pytest.mark.parametrize("minutes", [0, 5, 14, 15, 20])
def test_an_error_is_seen_however_long_the_run_took_to_die(
    template: Template, minutes: int, second: int
) -> None:
    alarm = alarms(template)["FunctionErrors"]
    rule = Errors(periods=alarm["EvaluationPeriods"], needed=alarm["DatapointsToAlarm"])
    began = START + timedelta(hours=1, seconds=second)

    assert alarm["Period"] == FIVE_MINUTES.total_seconds()
    assert rule.goes_off(began=began, died=began + timedelta(minutes=minutes))


def test_the_model_shows_what_one_period_of_one_would_miss() -> None:
    rule = Errors(periods=1, needed=1)

    assert rule.goes_off(began=START, died=START + timedelta(minutes=1))
    assert not rule.goes_off(began=START, died=START + timedelta(minutes=15))


@dataclass(frozen=True, kw_only=True)
class Said:
    """CloudWatch's rule for an alarm on what the last run said: the newest point in its range decides, if any.

    `points` are values by the time at which they were emitted; each comes `late`. The range is one period and `more` of
    them. Whether CloudWatch's periods begin at whole five minutes or at any is not documented; here they do.
    """

    points: dict[datetime, int]
    late: timedelta = timedelta()
    more: int = 0

    def states(self, start: datetime, end: datetime) -> dict[datetime, bool | None]:
        """Return at each minute whether it is red; None: not known yet, which is not red."""
        state: bool | None = None
        seen: dict[datetime, bool | None] = {}
        for minute in range(int((end - start) / MINUTE)):
            now = start + minute * MINUTE
            for past in range(1, self.more + 2):
                period = _five_minutes(now) - past * FIVE_MINUTES
                values = [
                    value
                    for at, value in self.points.items()
                    if _five_minutes(at) == period and at + self.late <= now
                ]
                if values:
                    state = max(values) >= 1
                    break
            seen[now] = state
        return seen


MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MONDAY = datetime.fromisoformat("2027-03-01T01:30:20Z")


@pytest.mark.parametrize("late", [timedelta(), timedelta(minutes=2), timedelta(minutes=5)])
def test_an_overdue_volume_is_red_from_the_run_that_says_so_to_the_run_that_does_not(late: timedelta) -> None:
    runs = {MONDAY: 0, MONDAY + DAY: 2, MONDAY + 3 * DAY: 2, MONDAY + 10 * DAY: 0}

    states = Said(points=runs, late=late, more=1).states(MONDAY - DAY, MONDAY + 11 * DAY)

    soon = timedelta(minutes=12)
    assert {state for now, state in states.items() if now < MONDAY} == {None}
    assert {state for now, state in states.items() if MONDAY + soon < now < MONDAY + DAY} == {False}
    red = (
        MONDAY + DAY + soon,
        MONDAY + 10 * DAY,
    )  # more than seven days: no range could see the run of Thursday
    assert {state for now, state in states.items() if red[0] < now < red[1]} == {True}
    assert {state for now, state in states.items() if now > red[1] + soon} == {False}


@pytest.mark.parametrize("apart", [timedelta(minutes=6), timedelta(hours=1)])
def test_a_good_run_soon_after_a_bad_one_turns_it_green(apart: timedelta) -> None:
    states = Said(points={MONDAY: 1, MONDAY + apart: 0}).states(MONDAY, MONDAY + DAY)

    assert True in states.values()
    assert [*states.values()][-1] is False


def test_a_set_without_a_run_is_never_red_for_want_of_data() -> None:
    assert set(Said(points={}).states(MONDAY, MONDAY + 2 * DAY).values()) == {None}

"""The deleter through simulated years of the three default schedules, with all that goes on beside them.

Runs are missed, replayed days later, delivered twice or at once, and made by hand; snapshots fail and are put on hold,
by seed. After every single run, what is there is compared with a ledger of all that was ever made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import pytest

from ebs_backup.model import Decision, Snapshot
from ebs_backup.names import Period
from ebs_backup.retention import Rule, deletion_order, hold, rotate
from tests.unit.builders import a_snapshot

pytestmark = pytest.mark.no_cover  # thousands of runs; the other tests cover these lines with a few

START, DAYS = datetime(2026, 11, 23, tzinfo=UTC), 400
KEEP = {Period.DAY: 4, Period.WEEK: 4, Period.MONTH: 3}
SCHEDULES = {
    Period.DAY: "30 1 ? * MON-FRI *",
    Period.WEEK: "30 2 ? * SAT *",
    Period.MONTH: "30 3 1 * ? *",
}
LIMIT = 3
SEEDS = range(3)


@dataclass(frozen=True, order=True)
class Event:
    """A run that begins: its id is the time it was due, or a text of its own if it is by hand."""

    at: datetime
    period: Period
    run: str
    twice: bool = False  # delivered twice at once, so that two snapshots are made


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a seed, not a secret


def fires(day: datetime) -> Iterator[tuple[datetime, Period]]:
    """List a day's firings: weekdays 01:30, Saturdays 02:30, the first of a month 03:30."""
    if day.weekday() < 5:
        yield day + timedelta(hours=1, minutes=30), Period.DAY
    if day.weekday() == 5:
        yield day + timedelta(hours=2, minutes=30), Period.WEEK
    if day.day == 1:
        yield day + timedelta(hours=3, minutes=30), Period.MONTH


@cache
def last_firing(at: datetime, period: Period) -> datetime:
    """Return the firing that a snapshot belongs to: look back day by day."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight - timedelta(days=past) for past in range(32))
    return next(
        due
        for day in days
        for due, fired in fires(day)
        if fired is period and due <= at + timedelta(minutes=1)
    )


def on_time() -> list[Event]:
    """List the events of a year in which nothing else happens."""
    days = (START + timedelta(days=number) for number in range(DAYS))
    return [Event(due, period, due.isoformat()) for day in days for due, period in fires(day)]


def restless(random: Random) -> list[Event]:
    """List the events of a year in which runs are missed, late, replayed, delivered twice and made by hand."""
    events: list[Event] = []
    for event in on_time():
        begins = event.at + timedelta(seconds=random.choice((-60, -3, 0, 40, 7200)))
        redelivered = event.at + timedelta(hours=random.uniform(3, 100))
        fate = random.random()
        if fate < 0.85:
            events.append(replace(event, at=begins, twice=fate < 0.1))
        if fate < 0.1 or fate > 0.92:  # delivered again, or queued: replayed, perhaps with others
            events.append(replace(event, at=redelivered))
        if random.random() < 0.15:
            by_hand = event.at + timedelta(hours=random.uniform(0, 70))
            period = random.choice(list(Period))
            events += [
                Event(by_hand + timedelta(minutes=2 * number), period, f"by hand {by_hand} {number}")
                for number in range(random.randrange(1, 6))
            ]
    return sorted(events)


@dataclass(kw_only=True)
class SimulatedVolume:
    """One volume: `made` is the ledger, `there` what EC2 still has, `twins` the duplicates; snapshots settle late."""

    keep: Mapping[Period, int]
    random: Random = field(default_factory=lambda: seeded(0))
    failing: float = 0.0
    holding: float = 0.0
    made: dict[str, Snapshot] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    twins: set[str] = field(default_factory=set)
    pending: list[str] = field(default_factory=list)

    def run(self, event: Event) -> None:
        """Run as the function does: failed snapshots go, the restore point is made if it is not there, then rotate."""
        self._settle(event)
        self.there = {name for name in self.there if self.made[name].state != "error"}
        if not any(snapshot.run == event.run for snapshot in self.of(event.period)):
            self._make(event, "")
            if event.twice:
                self._make(event, "-twin")
        rule = Rule(keep=self.keep[event.period], source="keep", schedule=SCHEDULES[event.period])
        decisions = rotate(self.of(event.period), rule=rule, run=event.run, today=event.at.date())
        self.there -= within_limit(deletion_order(decisions))

    def of(self, period: Period) -> list[Snapshot]:
        """Return what is there of a period."""
        return [self.made[name] for name in self.there if self.made[name].period == period]

    def ids(self, period: Period) -> set[str]:
        """Return what is there of a period, without duplicates that are not settled yet."""
        return {snapshot.id for snapshot in self.of(period)} - self.twins

    def promised(self, event: Event, *, keep: int, least: bool = False) -> set[str]:
        """Return what must be there: holds, and the newest `keep` occasions of the ledger (`least`: completed ones)."""
        counts = ("completed",) if least else ("completed", "pending")
        ledger = [
            snapshot
            for snapshot in self.made.values()
            if snapshot.period == event.period and snapshot.state in counts
        ]
        begun = {snapshot.id: last_firing(snapshot.started, event.period) for snapshot in ledger}
        occasions = sorted(set(begun.values()))[-keep:]
        kept = {name for name, began in begun.items() if began in occasions}
        held = {snapshot.id for snapshot in ledger if hold(snapshot, event.at.date())}
        return (kept | (held & self.there)) - self.twins

    def _make(self, event: Event, suffix: str) -> None:
        name = f"{event.at:%Y-%m-%dT%H:%M:%S} {event.period}{suffix}"
        started = event.at + timedelta(minutes=9 if suffix else 0)
        self.made[name] = a_snapshot(
            id=name, period=event.period, run=event.run, started=started, state="pending"
        )
        self.there.add(name)
        self.pending.append(name)
        if suffix:
            self.twins.add(name)

    def _settle(self, event: Event) -> None:
        """Let snapshots of earlier runs complete or fail, and put some on hold."""
        for name in self.pending:
            state = "error" if self.random.random() < self.failing else "completed"
            until = event.at + timedelta(days=self.random.randrange(1, 90))
            held = self.random.random() < self.holding and name not in self.twins
            self.made[name] = replace(
                self.made[name], state=state, hold=f"{until:%Y-%m-%d}" if held else None
            )
        self.pending.clear()


def within_limit(order: tuple[Decision, ...]) -> set[str]:
    """Return what one run deletes: all that costs no restore point, and at most LIMIT occasions."""
    occasions = list(dict.fromkeys(decision.occasion for decision in order if not decision.redundant))[:LIMIT]
    return {
        decision.snapshot.id for decision in order if decision.redundant or decision.occasion in occasions
    }


def dates(volume: SimulatedVolume, period: Period) -> list[str]:
    return sorted(f"{snapshot.started:%Y-%m-%d}" for snapshot in volume.of(period))


def test_after_a_year_exactly_the_newest_of_each_period_are_left() -> None:
    volume = SimulatedVolume(keep=KEEP)

    for event in on_time():
        volume.run(event)

    assert dates(volume, Period.DAY) == ["2027-12-22", "2027-12-23", "2027-12-24", "2027-12-27"]
    assert dates(volume, Period.WEEK) == ["2027-12-04", "2027-12-11", "2027-12-18", "2027-12-25"]
    assert dates(volume, Period.MONTH) == ["2027-10-01", "2027-11-01", "2027-12-01"]


@pytest.mark.parametrize("seed", SEEDS)
def test_through_a_restless_year_every_restore_point_of_the_newest_occasions_is_there_and_no_other(
    seed: int,
) -> None:
    random = seeded(seed)
    volume = SimulatedVolume(keep=KEEP, random=random, holding=0.03)

    for event in restless(random):
        volume.run(event)

        assert volume.ids(event.period) == volume.promised(event, keep=KEEP[event.period])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("failing", [0.1, 0.5, 0.9])
def test_in_a_year_in_which_snapshots_fail_the_promised_number_of_good_ones_is_there(
    failing: float, seed: int
) -> None:
    random = seeded(seed)
    volume = SimulatedVolume(keep=KEEP, random=random, failing=failing)

    for event in restless(random):
        event = replace(event, twice=False)  # noqa: PLW2901 - a twin of one that failed is no duplicate
        volume.run(event)

        keep, there = KEEP[event.period], volume.ids(event.period)
        good = volume.promised(event, keep=keep - 1, least=True)
        assert good <= there <= good | volume.promised(event, keep=keep)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_keep_lowered_in_the_middle_of_a_year_drains_the_oldest_first_and_no_faster_than_the_limit(
    seed: int,
) -> None:
    random = seeded(seed)
    keep = {Period.DAY: 30, Period.WEEK: 12, Period.MONTH: 5}
    volume = SimulatedVolume(keep=keep, random=random)
    events = restless(random)
    counts: dict[Period, list[int]] = {period: [] for period in Period}

    for number, event in enumerate(events):
        if number == len(events) // 2:
            volume.keep = dict.fromkeys(Period, 2)
        volume.run(event)
        there = volume.ids(event.period)
        starts = (volume.made[name].started for name in there)
        counts[event.period].append(len({last_firing(started, event.period) for started in starts}))

        assert there == volume.promised(event, keep=counts[event.period][-1])  # none but the oldest has gone

    for period in Period:
        assert max(counts[period]) == keep[period]
        assert counts[period][-1] == 2
        assert max(earlier - later for earlier, later in pairwise(counts[period])) <= LIMIT


def test_a_keep_raised_brings_nothing_back_and_fills_up_night_by_night() -> None:
    volume = SimulatedVolume(keep=KEEP)
    nights = [event for event in on_time() if event.period is Period.DAY][:20]

    counts = []
    for number, event in enumerate(nights):
        volume.keep = {Period.DAY: 4 if number < 10 else 8}
        volume.run(event)
        counts.append(len(volume.ids(Period.DAY)))

    assert counts == [1, 2, 3, *[4] * 7, 5, 6, 7, *[8] * 7]

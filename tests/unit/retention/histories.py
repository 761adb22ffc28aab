"""Histories as Hypothesis draws them, and an oracle: docs/how-it-works.md#rotation, written a second time.

The oracle goes snapshot by snapshot, from a list of all firings.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby

from hypothesis import assume
from hypothesis import strategies as st

from ebs_backup import cron
from ebs_backup.model import Decision, Snapshot
from ebs_backup.names import OFF
from ebs_backup.retention import Rule, deletion_order, rotate
from tests.unit.builders import a_snapshot

EPOCH = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)  # a Monday
TODAY = date(2026, 11, 23)
RUN = "run-3"
STATES = ("completed", "completed", "completed", "completed", "pending", "error", "recovering", "recoverable")
HOLDS = (None, None, None, None, "true", "2026-11-23", "2026-11-22", "until further notice")
SCHEDULES = (
    "30 1 * * ? *",
    "30 1 ? * MON-FRI *",
    "30 1 ? * TUE *",
    "0 0/6 * * ? *",
    "0/10 * * * ? *",  # denser than a run is long
    "30 1 L * ? *",
    "30 1 12W 11 ? 2026",
    "30 1 * * ? 2027",  # not yet
    OFF,
)


@st.composite
def histories(draw: st.DrawFn, *, edited: bool = True) -> list[Snapshot]:
    """Draw snapshots of one volume, with few start times, so that ties, duplicates and edited tags are common."""
    parts = st.tuples(
        st.integers(0, 9) if edited else st.none(),
        st.sampled_from(STATES),
        st.integers(0, 12),
        st.sampled_from((0, 0, 0, -61, -60, 600, 3600, 4 * 3600, 4 * 3600 + 1, 9 * 3600)),
        st.sampled_from(HOLDS),
    )
    return [
        a_snapshot(
            id=f"snap-{number:02}",
            run=f"run-{number if run is None else run}",
            state=state,
            started=EPOCH + timedelta(days=day, seconds=seconds),
            hold=hold,
        )
        for number, (run, state, day, seconds, hold) in enumerate(draw(st.lists(parts, max_size=20)))
    ]


keeps = st.integers(min_value=1, max_value=6)
schedules = st.sampled_from(SCHEDULES)


def decide(history: Iterable[Snapshot], keep: int, schedule: str, run: str = RUN) -> tuple[Decision, ...]:
    rule = Rule(keep=keep, source="keep_day", schedule=schedule)
    return rotate(history, rule=rule, run=run, today=TODAY)


def goes(history: Iterable[Snapshot], keep: int, schedule: str, run: str = RUN) -> set[str]:
    return {decision.snapshot.id for decision in deletion_order(decide(history, keep, schedule, run))}


def left(history: list[Snapshot], keep: int, schedule: str, run: str = RUN) -> list[Snapshot]:
    gone = goes(history, keep, schedule, run)
    return [snapshot for snapshot in history if snapshot.id not in gone]


@cache
def firings(schedule: str) -> list[datetime]:
    return list(cron.instants(schedule, start=EPOCH - timedelta(days=90), end=EPOCH + timedelta(days=90)))


def occasion(snapshot: Snapshot, schedule: str) -> tuple[float, str]:
    """Return a key that sorts as the occasions do, and differs where they differ."""
    if schedule == OFF:
        return snapshot.started.timestamp(), snapshot.run
    return bisect_right(firings(schedule), snapshot.started + timedelta(seconds=60)), ""


def points(history: Iterable[Snapshot]) -> list[tuple[Snapshot, list[Snapshot]]]:
    """Return each restore point: the snapshot that stands for it, and its duplicates."""
    rank = {"completed": 0, "pending": 1}
    there = sorted(
        (snapshot for snapshot in history if snapshot.state != "error"),
        key=lambda snapshot: (snapshot.run, rank.get(snapshot.state, 2), snapshot.started, snapshot.id),
    )
    groups = (list(group) for _, group in groupby(there, key=lambda snapshot: snapshot.run))
    return [(group[0], group[1:]) for group in groups]


def kept_occasions(history: Iterable[Snapshot], keep: int, schedule: str) -> set[tuple[float, str]]:
    """Return the newest `keep` with a usable restore point and the newest `keep - 1` with a completed one."""
    firsts = [first for first, _ in points(history)]
    usable = {occasion(first, schedule) for first in firsts if first.state in ("completed", "pending")}
    completed = {occasion(first, schedule) for first in firsts if first.state == "completed"}
    return {*sorted(usable)[-keep:], *sorted(completed)[-max(1, keep - 1) :]}


def is_held(snapshot: Snapshot) -> bool:
    return snapshot.hold not in (None, "2026-11-22")


def expected(history: list[Snapshot], keep: int, schedule: str) -> set[str]:
    """Return what is to go."""
    kept = kept_occasions(history, keep, schedule)
    gone = set()
    for first, others in points(history):
        far = [snapshot for snapshot in others if snapshot.started - first.started > timedelta(hours=4)]
        stay = [
            snapshot
            for snapshot in others
            if snapshot.state != "completed" or is_held(snapshot) or snapshot in far
        ]
        gone |= {snapshot.id for snapshot in others if snapshot not in stay}
        mine = first.run == RUN or occasion(first, schedule) in kept
        if first.state == "completed" and not (mine or is_held(first) or stay):
            gone.add(first.id)
    return gone


@st.composite
def extra_runs(draw: st.DrawFn, history: list[Snapshot], schedule: str) -> list[Snapshot]:
    """Draw runs that began within an occasion of which a completed restore point is there already."""
    firsts = [first for first, _ in points(history) if first.state == "completed"]
    assume(firsts and schedule != OFF)
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from(firsts), st.integers(-(10**5), 10**5), st.sampled_from(STATES)),
            min_size=1,
            max_size=8,
        )
    )
    extra = [
        a_snapshot(
            id=f"extra-{number}",
            run=f"extra-{number}",
            started=first.started + timedelta(seconds=seconds),
            state=state,
        )
        for number, (first, seconds, state) in enumerate(drawn)
    ]
    there = {occasion(first, schedule) for first in firsts}
    return [snapshot for snapshot in extra if occasion(snapshot, schedule) in there]

"""What goes and why, by properties: what no history of snapshots, however odd, can make the rotation do.

The oracle below is DESIGN's rotation written a second time, snapshot by snapshot and from a list of all firings.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from ebs_backup import cron
from ebs_backup.model import Decision, Fate, Snapshot
from ebs_backup.names import OFF
from ebs_backup.retention import Rule, deletion_order, expire_all, rotate
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
    return {each.snapshot.id for each in deletion_order(decide(history, keep, schedule, run))}


def left(history: list[Snapshot], keep: int, schedule: str, run: str = RUN) -> list[Snapshot]:
    gone = goes(history, keep, schedule, run)
    return [snapshot for snapshot in history if snapshot.id not in gone]


# The oracle


@cache
def firings(schedule: str) -> list[datetime]:
    return list(cron.instants(schedule, start=EPOCH - timedelta(days=90), end=EPOCH + timedelta(days=90)))


def occasion(snapshot: Snapshot, schedule: str) -> tuple[float, str]:
    """Return something that orders as the occasions do and differs where they differ."""
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
        far = [each for each in others if each.started - first.started > timedelta(hours=4)]
        stay = [each for each in others if each.state != "completed" or is_held(each) or each in far]
        gone |= {each.id for each in others if each not in stay}
        mine = first.run == RUN or occasion(first, schedule) in kept
        if first.state == "completed" and not (mine or is_held(first) or stay):
            gone.add(first.id)
    return gone


# Properties


@given(histories(), keeps, schedules)
def test_what_goes_is_what_a_second_reading_of_the_rules_says(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    gone = goes(history, keep, schedule)

    assert gone == expected(history, keep, schedule)


@given(histories(), keeps, schedules)
def test_every_snapshot_but_a_failed_one_gets_exactly_one_decision_with_a_reason(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    decisions = decide(history, keep, schedule)

    assert sorted(each.snapshot.id for each in decisions) == [
        snapshot.id for snapshot in history if snapshot.state != "error"
    ]
    assert all(each.reason and each.fate in (Fate.KEPT, Fate.EXPIRED) for each in decisions)


@given(histories(), keeps, schedules, st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_irrelevant(
    history: list[Snapshot], keep: int, schedule: str, random: Random
) -> None:
    shuffled = random.sample(history, len(history))

    before, after = decide(history, keep, schedule), decide(shuffled, keep, schedule)

    assert before == after
    assert deletion_order(before) == deletion_order(after)


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


@given(st.data(), histories(), keeps, schedules)
def test_extra_runs_change_nothing_for_the_restore_points_that_are_there(
    data: st.DataObject, history: list[Snapshot], keep: int, schedule: str
) -> None:
    extra = data.draw(extra_runs(history, schedule))
    without, run = goes(history, keep, schedule, run=""), extra[-1].run if extra else ""

    gone = goes([*history, *extra], keep, schedule, run=run)

    kept = kept_occasions(history, keep, schedule)
    assert kept_occasions([*history, *extra], keep, schedule) == kept
    assert gone & {snapshot.id for snapshot in history} == without
    assert not gone & {snapshot.id for snapshot in extra if occasion(snapshot, schedule) in kept}


@given(st.data(), histories(), keeps, schedules)
def test_rotating_after_each_of_many_extra_runs_deletes_no_more_of_the_history_than_once(
    data: st.DataObject, history: list[Snapshot], keep: int, schedule: str
) -> None:
    extra = data.draw(extra_runs(history, schedule))
    once = goes(history, keep, schedule, run="")

    held = history
    for snapshot in extra:
        held = left([*held, snapshot], keep, schedule, run=snapshot.run)

    assert {snapshot.id for snapshot in history} - {snapshot.id for snapshot in held} <= once


@given(histories(edited=False), keeps, schedules)
def test_no_restore_point_of_a_kept_occasion_goes(history: list[Snapshot], keep: int, schedule: str) -> None:
    kept = kept_occasions(history, keep, schedule)

    gone = goes(history, keep, schedule)

    assert not {snapshot.id for snapshot in history if occasion(snapshot, schedule) in kept} & gone


@given(histories(), keeps, schedules)
def test_the_newest_completed_restore_point_never_goes(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    completed = [first for first, _ in points(history) if first.state == "completed"]
    assume(completed)

    gone = goes(history, keep, schedule)

    assert max(completed, key=lambda first: (first.started, first.run)).id not in gone


@given(histories(), keeps, schedules)
def test_of_every_run_whose_occasion_is_kept_a_completed_snapshot_stays_where_there_was_one(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    kept = kept_occasions(history, keep, schedule)
    runs = {
        first.run
        for first, _ in points(history)
        if first.state == "completed" and occasion(first, schedule) in kept
    }

    stays = left(history, keep, schedule)

    assert runs <= {snapshot.run for snapshot in stays if snapshot.state == "completed"}


@given(histories(), keeps, schedules)
def test_only_what_is_completed_and_not_on_hold_ever_goes(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    gone = goes(history, keep, schedule)

    assert not gone & {
        snapshot.id for snapshot in history if snapshot.state != "completed" or is_held(snapshot)
    }


@given(histories(), keeps, schedules)
def test_of_what_this_run_made_only_duplicates_go(history: list[Snapshot], keep: int, schedule: str) -> None:
    decisions = decide(history, keep, schedule)

    mine = [decision for decision in decisions if decision.snapshot.run == RUN]
    assert all(decision.fate is Fate.KEPT or decision.redundant for decision in mine)
    assert not mine or any(decision.fate is Fate.KEPT for decision in mine)


@given(histories(), keeps, schedules)
def test_at_least_keep_occasions_stay_where_so_many_were(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    def occasions(snapshots: list[Snapshot], *states: str) -> int:
        return len({occasion(first, schedule) for first, _ in points(snapshots) if first.state in states})

    stays = left(history, keep, schedule)

    for least, states in ((keep, ("completed", "pending")), (max(1, keep - 1), ("completed",))):
        assert occasions(stays, *states) >= min(least, occasions(history, *states))


@given(histories(), keeps, schedules)
def test_rotating_what_is_left_expires_nothing_more(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    once = left(history, keep, schedule)

    twice = left(once, keep, schedule)

    assert twice == once


@given(histories(), keeps, schedules, st.integers(min_value=0, max_value=20))
def test_a_rotation_cut_short_anywhere_ends_in_the_same_place(
    history: list[Snapshot], keep: int, schedule: str, cut: int
) -> None:
    whole = left(history, keep, schedule)
    first = {each.snapshot.id for each in deletion_order(decide(history, keep, schedule))[:cut]}

    resumed = left([snapshot for snapshot in history if snapshot.id not in first], keep, schedule)

    assert resumed == whole


@given(histories(), keeps, schedules)
def test_duplicates_go_first_and_then_the_oldest_occasions(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    decisions = decide(history, keep, schedule)

    order = deletion_order(decisions)

    expired = [each for each in order if not each.redundant]
    assert [each.redundant for each in order] == sorted((each.redundant for each in order), reverse=True)
    assert [occasion(each.snapshot, schedule) for each in expired] == sorted(
        occasion(each.snapshot, schedule) for each in expired
    )
    assert set(order) == {each for each in decisions if each.fate is Fate.EXPIRED}


@given(histories(), keeps, keeps, schedules)
def test_a_larger_keep_keeps_all_that_a_smaller_one_keeps(
    history: list[Snapshot], one: int, other: int, schedule: str
) -> None:
    smaller, larger = sorted((one, other))

    assert goes(history, larger, schedule) <= goes(history, smaller, schedule)


@given(histories(), st.lists(st.tuples(schedules, keeps), min_size=2, max_size=5))
def test_no_change_of_schedule_or_keep_deletes_the_newest_completed_restore_point(
    history: list[Snapshot], changes: list[tuple[str, int]]
) -> None:
    completed = [first for first, _ in points(history) if first.state == "completed"]
    assume(completed)

    held = history
    for schedule, keep in changes:
        held = left(held, keep, schedule)

    assert max(completed, key=lambda first: (first.started, first.run)) in held


@given(histories(), keeps, schedules)
def test_a_pending_snapshot_that_completes_or_fails_never_costs_the_last_completed_one(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    """However the pending ones end, between one run and the next, something to restore is there."""
    held = left(history, keep, schedule)
    assume(any(snapshot.state == "completed" for snapshot in history))

    for end in ("completed", "error"):
        ended = [replace(each, state=end) if each.state == "pending" else each for each in held]
        assert any(snapshot.state == "completed" for snapshot in left(ended, keep, schedule))


@given(histories(), keeps, schedules)
def test_of_a_volume_that_is_gone_all_goes_but_what_is_held_or_not_settled(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    rule = Rule(keep=keep, source="expire_gone_after_days", schedule=schedule)

    decisions = expire_all(history, rule=rule, reason="its volume is gone", today=TODAY)

    stays = {
        snapshot.id
        for snapshot in history
        if snapshot.state not in ("completed", "error")
        or (is_held(snapshot) and snapshot.state == "completed")
    }
    assert {each.snapshot.id for each in decisions if each.fate is Fate.KEPT} == stays
    assert {each.snapshot.id for each in deletion_order(decisions)} == {s.id for s in history} - stays

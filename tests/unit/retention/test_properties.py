"""What no history of snapshots, however odd, can make the rotation do."""

from dataclasses import replace
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from ebs_backup.model import Fate, Snapshot
from ebs_backup.retention import Rule, deletion_order, expire_all
from tests.unit.retention.histories import (
    RUN,
    TODAY,
    decide,
    expected,
    extra_runs,
    goes,
    histories,
    is_held,
    keeps,
    kept_occasions,
    left,
    occasion,
    points,
    schedules,
)


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

    assert sorted(decision.snapshot.id for decision in decisions) == [
        snapshot.id for snapshot in history if snapshot.state != "error"
    ]
    assert all(decision.reason and decision.fate in (Fate.KEPT, Fate.EXPIRED) for decision in decisions)


@given(histories(), keeps, schedules, st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_irrelevant(
    history: list[Snapshot], keep: int, schedule: str, random: Random
) -> None:
    shuffled = random.sample(history, len(history))

    before, after = decide(history, keep, schedule), decide(shuffled, keep, schedule)

    assert before == after
    assert deletion_order(before) == deletion_order(after)


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
    first = {decision.snapshot.id for decision in deletion_order(decide(history, keep, schedule))[:cut]}

    resumed = left([snapshot for snapshot in history if snapshot.id not in first], keep, schedule)

    assert resumed == whole


@given(histories(), keeps, schedules)
def test_duplicates_go_first_and_then_the_oldest_occasions(
    history: list[Snapshot], keep: int, schedule: str
) -> None:
    decisions = decide(history, keep, schedule)

    order = deletion_order(decisions)

    expired = [decision for decision in order if not decision.redundant]
    assert [decision.redundant for decision in order] == sorted(
        (decision.redundant for decision in order), reverse=True
    )
    assert [occasion(decision.snapshot, schedule) for decision in expired] == sorted(
        occasion(decision.snapshot, schedule) for decision in expired
    )
    assert set(order) == {decision for decision in decisions if decision.fate is Fate.EXPIRED}


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
        ended = [
            replace(snapshot, state=end) if snapshot.state == "pending" else snapshot for snapshot in held
        ]
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
    assert {decision.snapshot.id for decision in decisions if decision.fate is Fate.KEPT} == stays
    assert {decision.snapshot.id for decision in deletion_order(decisions)} == {s.id for s in history} - stays

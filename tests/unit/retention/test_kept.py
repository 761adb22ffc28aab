"""Which occasions stay, and with which reason."""

import pytest

from ebs_backup.model import Fate, Snapshot
from ebs_backup.retention import (
    Rule,
    expire_all,
    rotate,
)
from tests.unit.builders import EVERY_NIGHT, a_snapshot
from tests.unit.retention.examples import THIS_RUN, TODAY, a_point, decide, goes, rotated


def test_the_newest_keep_occasions_stay_and_the_older_ones_go_oldest_first() -> None:
    history = [a_point(days_ago) for days_ago in range(6)]

    decisions = decide(*history, keep=4)

    assert decisions == {
        "snap-0": "kept: 1 of 4",
        "snap-1": "kept: 2 of 4",
        "snap-2": "kept: 3 of 4",
        "snap-3": "kept: 4 of 4",
        "snap-4": "expired: beyond keep_day=4",
        "snap-5": "expired: beyond keep_day=4",
    }
    assert goes(*history, keep=4) == ["snap-5", "snap-4"]


def test_fewer_than_keep_all_stay() -> None:
    history = [a_point(0), a_point(1)]

    assert goes(*history, keep=4) == []


def test_no_snapshots_is_no_decision() -> None:
    assert rotated(keep=4) == ()


def test_a_keep_of_the_volumes_own_is_named_as_the_reason() -> None:
    decisions = rotated(a_point(0), a_point(1), keep=1, source="its tag ebs-backup:keep-day")

    assert [decision.sentence for decision in decisions] == [
        "kept: 1 of 1",
        "expired: beyond its tag ebs-backup:keep-day=1",
    ]


def test_missed_nights_are_no_occasions_and_cost_no_history() -> None:
    history = [a_point(0), a_point(9), a_point(30), a_point(300), a_point(301)]

    assert goes(*history, keep=4) == ["snap-301"]


def test_with_keep_1_the_completed_one_stays_while_the_new_one_is_pending() -> None:
    decisions = decide(a_point(0, "pending"), a_point(1), a_point(2), keep=1)

    assert decisions == {
        "snap-0": "kept: 1 of 1",
        "snap-1": "kept: last completed",
        "snap-2": "expired: beyond keep_day=1",
    }


def test_with_keep_1_the_older_one_goes_when_the_newer_is_completed() -> None:
    assert goes(a_point(0), a_point(1), keep=1) == ["snap-1"]


def test_pending_ones_count_but_leave_keep_minus_one_completed() -> None:
    history = [a_point(0, "pending"), a_point(1, "pending"), *map(a_point, (2, 3, 4, 5))]

    decisions = decide(*history, keep=4)

    assert decisions["snap-3"] == "kept: 4 of 4"
    assert decisions["snap-4"] == "kept: completed 3 of 3"
    assert decisions["snap-5"] == "expired: beyond keep_day=4"


def test_when_all_that_keep_counts_are_pending_the_last_completed_ones_stay() -> None:
    pending = [a_point(days_ago, "pending") for days_ago in range(4)]

    assert goes(*pending, *map(a_point, (4, 5, 6, 7)), keep=4) == ["snap-7"]


def test_a_restore_point_that_is_pending_for_weeks_is_never_deleted_and_stops_no_other() -> None:
    stuck = a_point(40, "pending")

    decisions = decide(a_point(0), a_point(1), stuck, a_point(41), keep=2)

    assert decisions["snap-40"] == "kept: still pending"
    assert decisions["snap-41"] == "expired: beyond keep_day=2"


@pytest.mark.parametrize("keep", [1, 2])
def test_failed_snapshots_are_none_of_its_business_and_never_count(keep: int) -> None:
    """Makesnapshots 4.0 deletes the good one here."""
    failed = [a_point(0, "error"), a_point(1, "error")]

    assert decide(*failed, a_point(2), keep=keep) == {"snap-2": f"kept: 1 of {keep}"}


@pytest.mark.parametrize("state", ["recoverable", "recovering", "a state of 2030"])
def test_a_snapshot_that_ec2_may_still_change_neither_counts_nor_goes(state: str) -> None:
    decisions = decide(a_point(0), a_point(1, state), a_point(2), a_point(3), keep=2)

    assert decisions["snap-1"] == f"kept: still {state}"
    assert decisions["snap-2"] == "kept: 2 of 2"
    assert decisions["snap-3"] == "expired: beyond keep_day=2"


def test_what_this_run_made_stays_even_when_newer_ones_fill_keep() -> None:
    """An event redelivered days late finds its own restore point older than the next runs'."""
    late = a_point(5, run=THIS_RUN)

    decisions = decide(a_point(1), a_point(2), late, a_point(6), keep=2)

    assert decisions["snap-5"] == "kept: made by this run"
    assert decisions["snap-6"] == "expired: beyond keep_day=2"


def test_equal_start_times_are_told_apart_alike_whatever_the_order() -> None:
    same = [a_point(1, id=f"snap-{name}", run=f"run-{name}") for name in "abc"]

    one_way = rotated(a_point(0), *same, keep=1)
    other_way = rotated(*reversed(same), a_point(0), keep=1)

    assert one_way == other_way
    assert goes(*same, keep=1) == []


@pytest.mark.parametrize(
    "stray",
    [
        a_snapshot(id="stray", days_ago=99, ours=False),
        a_snapshot(id="stray", days_ago=99, run=""),
        a_snapshot(id="stray", days_ago=99, period=""),
        a_snapshot(id="stray", days_ago=99, period="year"),
    ],
    ids=["another tool's", "no run", "no period", "unknown period"],
)
def test_what_is_not_ours_or_belongs_to_no_run_is_not_judged_whoever_asks(stray: Snapshot) -> None:
    rule = Rule(keep=1, source="keep_day", schedule=EVERY_NIGHT)

    rotating = rotate([a_point(0), stray], rule=rule, run=THIS_RUN, today=TODAY)
    expiring = expire_all([a_point(0), stray], rule=rule, reason="its volume is gone", today=TODAY)

    assert [decision.snapshot.id for decision in (*rotating, *expiring)] == ["snap-0", "snap-0"]


def test_every_fate_but_kept_starts_as_expired() -> None:
    decisions = rotated(*map(a_point, range(9)), keep=2)

    assert {decision.fate for decision in decisions} == {Fate.KEPT, Fate.EXPIRED}

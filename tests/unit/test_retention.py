"""What goes and why, by named examples: every rule that deletes, alone and where two meet."""

from datetime import UTC, datetime, timedelta

import pytest

from ebs_backup.model import Decision, Snapshot, Verdict
from ebs_backup.retention import deletion_order, rotate
from ebs_backup.settings import Period
from tests.unit.builders import a_snapshot

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
THIS_RUN = "run-0"


def snap(
    days_ago: int,
    state: str = "completed",
    *,
    id: str = "",  # noqa: A002 - AWS's word
    run: str = "",
    period: str = "day",
) -> Snapshot:
    """Make a snapshot of the run of so many days ago."""
    started = MIDNIGHT - timedelta(days=days_ago)
    name = id or f"snap-{days_ago}"
    return a_snapshot(id=name, run=run or f"run-{days_ago}", state=state, started=started, period=period)


def decide(*snapshots: Snapshot, keep: int) -> dict[str, str]:
    return {each.snapshot.id: each.sentence for each in rotated(*snapshots, keep=keep)}


def rotated(*snapshots: Snapshot, keep: int) -> tuple[Decision, ...]:
    return rotate(snapshots, keep=keep, period=Period.DAY, run=THIS_RUN)


def gone(*snapshots: Snapshot, keep: int) -> list[str]:
    return [each.snapshot.id for each in deletion_order(rotated(*snapshots, keep=keep))]


def test_the_newest_keep_restore_points_stay_and_the_older_ones_go_oldest_first() -> None:
    history = [snap(days_ago) for days_ago in range(6)]

    decisions = decide(*history, keep=4)

    assert decisions == {
        "snap-0": "kept: 1 of 4",
        "snap-1": "kept: 2 of 4",
        "snap-2": "kept: 3 of 4",
        "snap-3": "kept: 4 of 4",
        "snap-4": "expired: beyond keep_day=4",
        "snap-5": "expired: beyond keep_day=4",
    }
    assert gone(*history, keep=4) == ["snap-5", "snap-4"]


def test_fewer_than_keep_all_stay() -> None:
    assert gone(snap(0), snap(1), keep=4) == []


def test_no_snapshots_is_no_decision() -> None:
    assert rotated(keep=4) == ()


def test_with_keep_1_the_completed_one_stays_while_the_new_one_is_pending() -> None:
    decisions = decide(snap(0, "pending"), snap(1), snap(2), keep=1)

    assert decisions == {
        "snap-0": "kept: 1 of 1",
        "snap-1": "kept: last completed",
        "snap-2": "expired: beyond keep_day=1",
    }


def test_with_keep_1_the_older_one_goes_when_the_newer_is_completed() -> None:
    assert gone(snap(0), snap(1), keep=1) == ["snap-1"]


def test_pending_ones_count_but_leave_keep_minus_one_completed() -> None:
    history = [snap(0, "pending"), snap(1, "pending"), snap(2), snap(3), snap(4), snap(5)]

    decisions = decide(*history, keep=4)

    assert decisions["snap-4"] == "kept: completed 3 of 3"
    assert decisions["snap-5"] == "expired: beyond keep_day=4"


def test_a_pending_snapshot_is_never_deleted_however_old() -> None:
    decisions = decide(snap(0), snap(1), snap(9, "pending"), keep=1)

    assert decisions["snap-9"] == "kept: still pending"


def test_a_failed_snapshot_goes_at_once_and_does_not_count() -> None:
    decisions = decide(snap(0), snap(1, "error"), snap(2), snap(3), keep=2)

    assert decisions == {
        "snap-0": "kept: 1 of 2",
        "snap-1": "expired: failed snapshot",
        "snap-2": "kept: 2 of 2",
        "snap-3": "expired: beyond keep_day=2",
    }


def test_one_good_and_two_failed_ones_with_keep_2_leaves_the_good_one() -> None:
    """Makesnapshots 4.0 deletes the good one here."""
    assert gone(snap(0, "error"), snap(1, "error"), snap(2), keep=2) == ["snap-0", "snap-1"]


@pytest.mark.parametrize("state", ["recoverable", "recovering", "a state of 2030"])
def test_a_snapshot_that_ec2_may_yet_change_neither_counts_nor_goes(state: str) -> None:
    decisions = decide(snap(0), snap(1, state), snap(2), snap(3), keep=2)

    assert decisions["snap-1"] == f"kept: still {state}"
    assert decisions["snap-2"] == "kept: 2 of 2"
    assert decisions["snap-3"] == "expired: beyond keep_day=2"


def test_a_duplicate_goes_and_never_counts_as_another_restore_point() -> None:
    twin = snap(1, id="snap-1-twin", run="run-1")

    decisions = decide(snap(0), snap(1), twin, snap(2), snap(3), keep=3)

    assert decisions["snap-1-twin"] == "expired: duplicate of snap-1"
    assert decisions["snap-2"] == "kept: 3 of 3"
    assert decisions["snap-3"] == "expired: beyond keep_day=3"


def test_of_duplicates_the_completed_one_stands_for_its_run_and_a_pending_one_waits() -> None:
    pending, completed = snap(0, "pending", run=THIS_RUN), snap(0, id="snap-0-twin", run=THIS_RUN)

    decisions = decide(pending, completed, keep=1)

    assert decisions == {
        "snap-0-twin": "kept: 1 of 1",
        "snap-0": "kept: duplicate of snap-0-twin, still pending",
    }


def test_a_restore_point_whose_duplicate_is_pending_waits_for_it() -> None:
    """Left alone, a late pending duplicate would be the newest restore point and displace a good one."""
    twin = snap(0, "pending", id="snap-2-twin", run="run-2")
    history = [snap(1), snap(2, run="run-2"), twin, snap(1, id="snap-other", run="run-other")]

    decisions = decide(*history, keep=2)

    assert decisions["snap-2"] == "kept: its duplicate snap-2-twin is still pending"
    assert gone(*history, keep=2) == []


def test_a_restore_point_beyond_keep_goes_with_its_duplicates() -> None:
    twin = snap(2, id="snap-2-twin", run="run-2")

    assert gone(snap(0), snap(1), snap(2), twin, keep=1) == ["snap-2-twin", "snap-2", "snap-1"]


def test_what_this_run_made_stays_even_when_newer_ones_fill_keep() -> None:
    """An event redelivered a day late finds its own restore point older than the next run's."""
    late = snap(5, id="snap-late", run=THIS_RUN)

    decisions = decide(snap(1), snap(2), late, keep=2)

    assert decisions["snap-late"] == "kept: made by this run"


def test_equal_start_times_are_broken_alike_and_this_run_is_the_newest() -> None:
    same = [snap(1, id=f"snap-{name}", run=f"run-{name}") for name in "abc"]
    ours = snap(1, id="snap-ours", run=THIS_RUN)

    one_way = decide(*same, ours, keep=2)
    other_way = decide(ours, *reversed(same), keep=2)

    assert one_way == other_way
    assert one_way["snap-ours"] == "kept: 1 of 2"
    assert one_way["snap-c"] == "kept: 2 of 2"


def test_another_periods_snapshots_neither_count_nor_go() -> None:
    decisions = decide(snap(0), snap(1, period="week"), snap(2), snap(3), keep=2)

    assert decisions["snap-1"].startswith("kept: another period")
    assert decisions["snap-2"] == "kept: 2 of 2"


@pytest.mark.parametrize("state", ["completed", "error"])
def test_a_snapshot_whose_run_tag_was_removed_by_hand_is_not_ours_to_delete(state: str) -> None:
    stray = a_snapshot(id="snap-stray", run="", state=state, started=MIDNIGHT - timedelta(days=99))

    assert gone(snap(0), snap(1), stray, keep=1) == ["snap-1"]


def test_failed_snapshots_go_before_restore_points() -> None:
    """They count against the volume's limit of concurrent snapshots, and hold nothing."""
    decisions = rotated(snap(0), snap(1), snap(2), snap(3, "error"), keep=1)

    assert [each.verdict for each in deletion_order(decisions)] == [
        Verdict.WASTE,
        Verdict.EXPIRED,
        Verdict.EXPIRED,
    ]

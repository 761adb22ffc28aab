"""The deleter: oldest first, within the limit, one try each; before a last good one goes, it looks again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.deletion import MOST_REFUSALS, Deleter
from ebs_backup.model import Decision, Fate, Snapshot
from ebs_backup.tasks import Task
from tests.unit.builders import NIGHT, a_decision, a_snapshot
from tests.unit.deletions import DENIED, IN_USE, LOST, DeletingEc2, finish


def points(count: int) -> list[Snapshot]:
    """Make completed snapshots of so many nights, newest first: snap-0, snap-1, ..."""
    return [a_snapshot(id=f"snap-{age}", days_ago=age) for age in range(count)]


def expiring(snapshots: Sequence[Snapshot], *, kept: int = 3) -> tuple[Decision, ...]:
    """Keep the newest, let all others expire."""
    return tuple(
        a_decision(snapshot, "a reason", Fate.KEPT if rank < kept else Fate.EXPIRED)
        for rank, snapshot in enumerate(snapshots)
    )


def a_deleter(
    writer: DeletingEc2, judge: Callable[[Sequence[Snapshot]], Sequence[Decision]] = expiring
) -> Deleter:
    return Deleter(
        writer=cast("Ec2", writer),
        there={snapshot.id: snapshot for snapshot in writer.there},
        look=writer.look,
        judge=judge,
    )


def result(task: Task[Any]) -> tuple[Decision, ...]:
    """Run a task to its end; return its decisions."""
    return tuple(finish(task))


def run(task: Task[Any]) -> dict[str, Fate]:
    """Run a task to its end; return what became of each snapshot."""
    return {decision.snapshot.id: decision.fate for decision in result(task)}


def test_the_oldest_go_first_and_no_more_occasions_than_there_is_room_for() -> None:
    writer = DeletingEc2(points(7))

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=2))

    assert writer.tried == ["snap-6", "snap-5"]
    assert [fates["snap-4"], fates["snap-3"], fates["snap-2"]] == [Fate.DEFERRED, Fate.DEFERRED, Fate.KEPT]


def test_duplicates_and_failed_snapshots_go_whatever_the_limit() -> None:
    writer = DeletingEc2(points(5))
    redundant = [replace(decision, redundant=True) for decision in expiring(writer.there)]

    run(a_deleter(writer).delete(redundant, room=0))

    assert sorted(writer.tried) == ["snap-3", "snap-4"]


def test_all_of_one_occasion_is_one_against_the_limit() -> None:
    writer = DeletingEc2(points(5))
    night = NIGHT - timedelta(days=9), ""
    same = [
        replace(decision, occasion=night) if decision.fate is Fate.EXPIRED else decision
        for decision in expiring(writer.there)
    ]

    run(a_deleter(writer).delete(same, room=1))

    assert sorted(writer.tried) == ["snap-3", "snap-4"]


def test_what_aws_keeps_does_not_count_and_the_next_one_goes() -> None:
    writer = DeletingEc2(points(6), {"snap-5": IN_USE})

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=1))

    assert (fates["snap-5"], fates["snap-4"], fates["snap-3"]) == (
        Fate.UNDELETABLE,
        Fate.EXPIRED,
        Fate.DEFERRED,
    )


def test_a_delete_that_was_never_answered_counts_and_one_that_was_refused_does_not() -> None:
    lost, denied = DeletingEc2(points(6), {"snap-5": LOST}), DeletingEc2(points(6), {"snap-5": DENIED})

    for writer in (lost, denied):
        run(a_deleter(writer).delete(expiring(writer.there), room=1))

    assert lost.tried == ["snap-5"]
    assert denied.tried == ["snap-5", "snap-4"]


def test_a_delete_that_was_never_answered_counts_also_where_it_was_looked_at_again_first() -> None:
    writer = DeletingEc2(points(4), {"snap-3": LOST})
    deleter = a_deleter(writer, lambda found: expiring(found, kept=0))

    fates = run(deleter.delete(expiring(writer.there, kept=0), room=1))

    assert writer.tried == ["snap-3"]
    assert list(fates.values()) == [Fate.DEFERRED] * 3 + [Fate.NOT_DELETED]


def test_after_ten_refusals_the_rest_waits_for_the_next_run() -> None:
    writer = DeletingEc2(points(30), {f"snap-{age}": IN_USE for age in range(3, 30)})

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=3))

    assert len(writer.tried) == MOST_REFUSALS
    assert list(fates.values()).count(Fate.KEPT) == 3 + 27 - MOST_REFUSALS


def test_what_was_not_tried_says_so() -> None:
    writer = DeletingEc2(points(30), {f"snap-{age}": DENIED for age in range(3, 30)})

    decisions = result(a_deleter(writer).delete(expiring(writer.there), room=3))

    reasons = {decision.reason for decision in decisions if decision.snapshot.id not in writer.tried}
    assert reasons == {"a reason", "a reason, but not tried: EC2 refused 10 others of this volume"}


def test_what_somebody_else_deleted_is_told_as_gone_and_counts() -> None:
    writer = DeletingEc2(points(6)[:-1])

    decisions = result(a_deleter(writer).delete(expiring(points(6)), room=1))

    assert writer.tried == ["snap-5"]
    assert decisions[-1].sentence == "expired: a reason; already gone"


def test_only_what_time_cut_short_is_unfinished() -> None:
    cut, denied = (
        a_deleter(DeletingEc2(points(4), {"snap-3": error})) for error in (LOST.but(unfinished=True), DENIED)
    )

    for deleter in (cut, denied):
        run(deleter.delete(expiring(points(4)), room=1))

    assert (cut.unfinished, denied.unfinished) == (True, False)


def test_an_occasion_of_which_something_stays_does_not_count() -> None:
    """It is still there for a restore, as one that is on hold is."""
    writer = DeletingEc2(points(6))
    decisions = [
        replace(decision, occasion=(NIGHT, "")) if decision.snapshot.id == "snap-5" else decision
        for decision in expiring(writer.there)
    ]

    fates = run(a_deleter(writer).delete(decisions, room=1))

    assert sorted(writer.tried) == ["snap-4", "snap-5"]
    assert fates["snap-3"] is Fate.DEFERRED


def test_where_the_oldest_are_kept_for_ever_the_newest_that_is_expired_still_goes() -> None:
    writer = DeletingEc2(points(30), {f"snap-{age}": IN_USE for age in range(4, 30)})

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=3))

    assert fates["snap-3"] is Fate.EXPIRED


def test_each_is_tried_once_however_often_it_comes_up() -> None:
    writer = DeletingEc2(points(5), {"snap-4": IN_USE})
    deleter = a_deleter(writer)

    run(deleter.delete(expiring(writer.there), room=0))
    run(deleter.delete(expiring(writer.there), room=1))
    fates = run(deleter.delete(expiring(writer.there), room=1))

    assert writer.tried.count("snap-4") == 1
    assert fates["snap-4"] is Fate.UNDELETABLE


def test_where_two_good_ones_stay_nobody_looks_again() -> None:
    writer = DeletingEc2(points(5))

    run(a_deleter(writer).delete(expiring(writer.there, kept=2), room=3))

    assert writer.looks == 0


def test_where_one_good_one_stays_it_is_looked_at_again_and_what_others_deleted_keeps_it() -> None:
    """A person has deleted the two newest since the listing: the third is the last."""
    listed = points(3)
    writer = DeletingEc2(listed[2:])
    deleter = a_deleter(writer, lambda found: expiring(found, kept=1))
    deleter.there = {snapshot.id: snapshot for snapshot in listed}

    fates = run(deleter.delete(expiring(listed, kept=1), room=3))

    assert writer.tried == []
    assert fates["snap-2"] is Fate.KEPT


def test_it_is_looked_at_again_when_its_turn_has_come_and_not_before() -> None:
    """Its turn may come minutes later, where many others are to go."""
    listed = points(3)
    writer = DeletingEc2(listed)
    task = a_deleter(writer, lambda found: expiring(found, kept=1)).delete(expiring(listed, kept=1), room=3)

    next(task)
    writer.there = listed[2:]  # what a person left

    assert run(task)["snap-2"] is Fate.KEPT
    assert writer.tried == []


def test_what_belongs_to_no_run_is_no_good_one() -> None:
    writer = DeletingEc2([a_snapshot(id="snap-s", run=""), *points(2)])
    deleter = a_deleter(writer, lambda found: expiring(found, kept=2))

    run(deleter.delete(expiring(writer.there, kept=2), room=3))

    assert (writer.looks, writer.tried) == (1, ["snap-1"])


def test_where_it_cannot_be_looked_at_again_the_last_but_one_stays() -> None:
    writer = DeletingEc2(points(2), blind=DENIED)
    deleter = a_deleter(writer)

    fates = run(deleter.delete(expiring(writer.there, kept=1), room=3))

    assert writer.tried == []
    assert fates["snap-1"] is Fate.NOT_DELETED
    assert [error for _, error in deleter.errors] == [DENIED]


def test_what_stays_of_another_period_or_is_pending_is_no_good_one_of_this() -> None:
    others = [
        a_snapshot(id="snap-w", period="week"),
        a_snapshot(id="snap-p", run="x", state="pending"),
    ]
    writer = DeletingEc2([*others, *points(2)])
    deleter = a_deleter(writer, lambda found: expiring(found, kept=3))

    run(deleter.delete(expiring(writer.there), room=3))

    assert (writer.looks, writer.tried) == (1, ["snap-1"])


def test_what_is_not_there_any_more_when_it_is_looked_at_again_counts_as_gone() -> None:
    listed = points(4)
    writer = DeletingEc2([*listed[:2], listed[2]])
    deleter = a_deleter(writer, lambda found: expiring(found, kept=1))
    deleter.there = {snapshot.id: snapshot for snapshot in listed}

    fates = run(deleter.delete(expiring(listed, kept=1), room=1))

    assert writer.tried == []
    assert (fates["snap-3"], fates["snap-2"]) == (Fate.EXPIRED, Fate.DEFERRED)

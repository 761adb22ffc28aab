"""The deleter: oldest first and within the limit, one try each, and no last good one on the strength of an old listing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from ebs_backup.deletion import MOST_REFUSALS, Deleter
from ebs_backup.ec2 import Ec2
from ebs_backup.faults import AwsError, Kind
from ebs_backup.model import Decision, Fate, Snapshot
from ebs_backup.steps import Step
from tests.unit.builders import NIGHT, a_decision, a_snapshot

IN_USE = AwsError(kind=Kind.KEPT, code="InvalidSnapshot.InUse", message="used by ami-0", service="ec2")
DENIED = AwsError(kind=Kind.REFUSED, code="UnauthorizedOperation", message="no")
LOST = AwsError(kind=Kind.UNSURE, code="ReadTimeoutError", message="no answer")


@dataclass
class Writer:
    """Deletes, but for what it has errors for; `there` is what a listing shows."""

    there: list[Snapshot]
    errors: dict[str, AwsError] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    looks: int = 0

    def delete(self, snapshot: Snapshot) -> Step[bool]:
        """Delete it, or raise its error."""
        yield from ()
        self.tried.append(snapshot.id)
        if error := self.errors.get(snapshot.id):
            raise error
        return True

    def look(self) -> list[Snapshot]:
        """Count the look."""
        self.looks += 1
        return self.there


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
    writer: Writer, judge: Callable[[Sequence[Snapshot]], Sequence[Decision]] = expiring
) -> Deleter:
    return Deleter(
        writer=cast("Ec2", writer),
        there={snapshot.id: snapshot for snapshot in writer.there},
        look=writer.look,
        judge=judge,
    )


def run(step: Step[Any]) -> dict[str, Fate]:
    """Run a step to its end; return what became of each snapshot."""
    while True:
        try:
            next(step)
        except StopIteration as end:
            return {decision.snapshot.id: decision.fate for decision in end.value}


def test_the_oldest_go_first_and_no_more_occasions_than_there_is_room_for() -> None:
    writer = Writer(points(7))

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=2))

    assert writer.tried == ["snap-6", "snap-5"]
    assert [fates["snap-4"], fates["snap-3"], fates["snap-2"]] == [Fate.DEFERRED, Fate.DEFERRED, Fate.KEPT]


def test_duplicates_and_failed_snapshots_go_whatever_the_limit() -> None:
    writer = Writer(points(5))
    waste = [replace(decision, waste=True) for decision in expiring(writer.there)]

    run(a_deleter(writer).delete(waste, room=0))

    assert sorted(writer.tried) == ["snap-3", "snap-4"]


def test_all_of_one_occasion_is_one_against_the_limit() -> None:
    writer = Writer(points(5))
    night = NIGHT - timedelta(days=9), ""
    same = [
        replace(decision, occasion=night) if decision.fate is Fate.EXPIRED else decision
        for decision in expiring(writer.there)
    ]

    run(a_deleter(writer).delete(same, room=1))

    assert sorted(writer.tried) == ["snap-3", "snap-4"]


def test_what_aws_keeps_does_not_count_and_the_next_one_goes() -> None:
    writer = Writer(points(6), {"snap-5": IN_USE})

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=1))

    assert (fates["snap-5"], fates["snap-4"], fates["snap-3"]) == (
        Fate.UNDELETABLE,
        Fate.EXPIRED,
        Fate.DEFERRED,
    )


def test_a_delete_that_was_never_answered_counts_and_one_that_was_refused_does_not() -> None:
    lost, denied = Writer(points(6), {"snap-5": LOST}), Writer(points(6), {"snap-5": DENIED})

    for writer in (lost, denied):
        run(a_deleter(writer).delete(expiring(writer.there), room=1))

    assert lost.tried == ["snap-5"]
    assert denied.tried == ["snap-5", "snap-4"]


def test_after_ten_refusals_the_rest_waits_for_the_next_run() -> None:
    writer = Writer(points(30), {f"snap-{age}": IN_USE for age in range(3, 30)})

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=3))

    assert len(writer.tried) == MOST_REFUSALS
    assert list(fates.values()).count(Fate.KEPT) == 3 + 27 - MOST_REFUSALS


def test_where_the_oldest_are_kept_for_ever_the_newest_that_is_expired_still_goes() -> None:
    writer = Writer(points(30), {f"snap-{age}": IN_USE for age in range(4, 30)})

    fates = run(a_deleter(writer).delete(expiring(writer.there), room=3))

    assert fates["snap-3"] is Fate.EXPIRED


def test_each_is_tried_once_however_often_it_comes_up() -> None:
    writer = Writer(points(5), {"snap-4": IN_USE})
    deleter = a_deleter(writer)

    run(deleter.delete(expiring(writer.there), room=0))
    run(deleter.delete(expiring(writer.there), room=1))
    fates = run(deleter.delete(expiring(writer.there), room=1))

    assert writer.tried.count("snap-4") == 1
    assert fates["snap-4"] is Fate.UNDELETABLE


def test_where_two_good_ones_stay_nobody_looks_again() -> None:
    writer = Writer(points(5))

    run(a_deleter(writer).delete(expiring(writer.there, kept=2), room=3))

    assert writer.looks == 0


def test_where_one_good_one_stays_it_is_looked_at_again_and_what_others_deleted_keeps_it() -> None:
    """A person has deleted the two newest since the listing: the third is the last."""
    listed = points(3)
    writer = Writer(listed[2:])
    deleter = a_deleter(writer, lambda found: expiring(found, kept=1))
    deleter.there = {snapshot.id: snapshot for snapshot in listed}

    fates = run(deleter.delete(expiring(listed, kept=1), room=3))

    assert writer.tried == []
    assert fates["snap-2"] is Fate.KEPT


def test_what_is_not_there_any_more_when_it_is_looked_at_again_counts_as_gone() -> None:
    listed = points(4)
    writer = Writer([*listed[:2], listed[2]])
    deleter = a_deleter(writer, lambda found: expiring(found, kept=1))
    deleter.there = {snapshot.id: snapshot for snapshot in listed}

    fates = run(deleter.delete(expiring(listed, kept=1), room=1))

    assert writer.tried == []
    assert (fates["snap-3"], fates["snap-2"]) == (Fate.EXPIRED, Fate.DEFERRED)

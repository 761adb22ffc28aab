"""However often a run is delivered, and wherever it is cut short, it rotates no further than one whole delivery."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.deletion import Deleter
from ebs_backup.model import Snapshot
from ebs_backup.retention import Occasion, Rule, occasion_of
from ebs_backup.rotation import Rotation
from ebs_backup.tasks import Task
from tests.unit.builders import EVERY_NIGHT, NIGHT, a_run, a_snapshot
from tests.unit.deletions import IN_USE


class CutError(Exception):
    """The time is over, or the function died."""


@dataclass
class CuttingEc2:
    """One volume's snapshots, of which AWS keeps some; deletes as many as it is allowed to, then cuts the run short."""

    there: list[Snapshot]
    kept_by_aws: frozenset[str]
    allowed: int = 0

    def delete(self, snapshot: Snapshot, still_goes: Callable[[], bool]) -> Task[bool | None]:
        """Delete it, unless AWS keeps it or the run is cut short."""
        yield 0.0
        if not still_goes():
            return None
        if not self.allowed:
            raise CutError
        if snapshot.id in self.kept_by_aws:
            raise IN_USE
        self.allowed -= 1
        self.there = [other for other in self.there if other.id != snapshot.id]
        return True


def deliver(ec2: CuttingEc2, rotation: Rotation, made: Snapshot, allowed: int) -> bool:
    """Rotate once, with so many deletes at most; return whether it ended by itself."""
    ec2.allowed = allowed
    decisions = rotation.decide(ec2.there)
    deleter = Deleter(
        writer=cast("Ec2", ec2),
        there={snapshot.id: snapshot for snapshot in ec2.there},
        look=lambda: ec2.there,
        judge=rotation.decide,
    )
    step = deleter.delete(decisions, room=rotation.room(decisions, made, freed=0))
    try:
        while True:
            next(step)
    except StopIteration:
        return True
    except CutError:
        return False


def begun(there: list[Snapshot], keep: int, limit: int) -> tuple[Rotation, Snapshot]:
    """Make this run's restore point, tagged as its create does."""
    rule = Rule(keep=keep, source="keep_day", schedule=EVERY_NIGHT)
    rotation = Rotation(rule=rule, run=a_run(), limit=limit)
    new = a_snapshot(id="snap-new", run=a_run().id, state="pending")
    return rotation, replace(new, older=rotation.leaves(rotation.plan(there, new).decisions, new, freed=0))


def occasions(snapshots: list[Snapshot]) -> set[Occasion]:
    return {occasion_of(snapshot, EVERY_NIGHT) for snapshot in snapshots}


def history() -> st.SearchStrategy[list[Snapshot]]:
    """Draw restore points of up to 12 nights: extra runs, holds, and some that are pending or failed."""
    numbers = count()
    one = st.builds(
        lambda days, hours, state, hold: a_snapshot(
            id=f"snap-{next(numbers)}",
            started=NIGHT - timedelta(days=days) + timedelta(hours=hours),
            run=f"run-{days}-{hours}",
            state=state,
            hold=hold,
        ),
        st.integers(1, 12),
        st.integers(0, 20),
        st.sampled_from(["completed"] * 8 + ["pending", "error"]),
        st.sampled_from([None] * 6 + ["true", "2026-11-22", "?"]),
    )
    return st.lists(one, max_size=25)


def tries(cuts: list[int]) -> Iterator[int]:
    """Return how many deletes each delivery may do: the last two as many as they want."""
    yield from cuts
    yield from (1000, 1000)


@given(
    history(),
    st.integers(1, 4),
    st.integers(1, 4),
    st.lists(st.integers(0, 4), max_size=4),
    st.sets(st.integers(0, 25), max_size=4),
)
def test_all_deliveries_together_let_no_more_occasions_go_than_the_limit(
    there: list[Snapshot], keep: int, limit: int, cuts: list[int], kept_by_aws: set[int]
) -> None:
    rotation, made = begun(there, keep, limit)
    kept = frozenset(there[number].id for number in kept_by_aws if number < len(there))
    before = occasions(there)
    ec2 = CuttingEc2([*there, made], kept)

    ended = [deliver(ec2, rotation, made, allowed) for allowed in tries(cuts)]

    assert ended[-1]
    assert len(before - occasions(ec2.there)) <= limit


@given(history(), st.integers(1, 4), st.integers(1, 4))
def test_a_delivery_that_came_to_its_end_leaves_nothing_to_the_next(
    there: list[Snapshot], keep: int, limit: int
) -> None:
    rotation, made = begun(there, keep, limit)
    ec2 = CuttingEc2([*there, made], frozenset())
    deliver(ec2, rotation, made, 1000)
    after_one = list(ec2.there)

    deliver(ec2, rotation, made, 1000)

    assert ec2.there == after_one

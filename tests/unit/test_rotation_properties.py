"""Properties of a run's rotation: a new decision would be the same as the plan, and the tag says what is left."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from hypothesis import assume, given
from hypothesis import strategies as st

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.deletion import Deleter
from ebs_backup.model import Decision, Snapshot
from ebs_backup.names import OFF
from ebs_backup.retention import Rule, deletion_order, occasion_of, older_occasions
from ebs_backup.rotation import Rotation
from tests.unit.builders import NIGHT, a_run, a_snapshot
from tests.unit.deletions import DeletingEc2, finish
from tests.unit.retention.histories import HOLDS, STATES, keeps, schedules

HOUR, DAY = 3600, 86400
RUN = a_run().id
# Around the night: about a minute (the tolerance), ten (a dense schedule), four hours (a run) and days before it.
SECONDS = (
    -0.2,
    -59,
    -60,
    -61,
    -600,
    -601,
    -HOUR,
    -4 * HOUR,
    -4 * HOUR - 1,
    *(-DAY * day for day in range(1, 8)),
)
moments = st.sampled_from(SECONDS).map(lambda seconds: NIGHT + timedelta(seconds=seconds))
starts = moments | st.sampled_from((0, 0.2, 60, 600, 660)).map(lambda late: NIGHT + timedelta(seconds=late))


def snapshots(*, prefix: str = "snap", most: int = 8) -> st.SearchStrategy[list[Snapshot]]:
    """Draw snapshots of one volume: of this run and others, doubles, failed ones, other periods and strangers."""
    one = st.builds(
        a_snapshot,
        started=starts,
        state=st.sampled_from(STATES),
        run=st.sampled_from((None, None, None, RUN, "run-1", "")),
        hold=st.sampled_from(HOLDS),
        period=st.sampled_from(("day", "day", "day", "week", "")),
        ours=st.sampled_from((True, True, True, False)),
    )
    return st.lists(one, max_size=most).map(
        lambda drawn: [replace(snapshot, id=f"{prefix}-{number}") for number, snapshot in enumerate(drawn)]
    )


def a_rotation(keep: int, schedule: str, limit: int = 3) -> Rotation:
    return Rotation(rule=Rule(keep=keep, source="keep_day", schedule=schedule), run=a_run(), limit=limit)


def by_id(decisions: tuple[Decision, ...]) -> dict[str, Decision]:
    return {decision.snapshot.id: decision for decision in decisions}


@given(
    snapshots(),
    st.sets(st.integers(0, 7), max_size=3),
    snapshots(prefix="late", most=2),
    st.tuples(starts, starts, st.sampled_from(("pending", "completed")), st.sampled_from(HOLDS)),
    keeps,
    schedules,
)
def test_whatever_changes_meanwhile_what_was_planned_is_what_would_be_decided_anew(
    before: list[Snapshot],
    vanished: set[int],
    appeared: list[Snapshot],
    new: tuple[datetime, datetime, str, str | None],
    keep: int,
    schedule: str,
) -> None:
    rotation = a_rotation(keep, schedule)
    planned_at, started, state, hold = new
    plan = rotation.plan(before, a_snapshot(id="(new)", run=RUN, state="pending", started=planned_at))
    made = a_snapshot(id="snap-new", run=RUN, state=state, started=started, hold=hold)
    there = [snapshot for number, snapshot in enumerate(before) if number not in vanished]

    decisions = rotation.carry_out(plan, [*there, *appeared, made], made)

    anew = rotation.decide([*there, *appeared, made])
    assert by_id(decisions) == by_id(anew)
    assert deletion_order(decisions) == deletion_order(anew)


def a_history() -> st.SearchStrategy[list[Snapshot]]:
    """Draw restore points of other runs than this one, from before the night."""
    parts = st.tuples(
        moments,
        st.sampled_from(("completed", "completed", "completed", "pending", "recoverable")),
        st.sampled_from((None, None, None, "run-1", "run-2")),
        st.sampled_from(HOLDS),
    )
    return st.lists(parts, max_size=12).map(
        lambda drawn: [
            a_snapshot(
                id=f"snap-{number}", started=started, state=state, run=run or f"run {number}", hold=hold
            )
            for number, (started, state, run, hold) in enumerate(drawn)
        ]
    )


def a_deleter(ec2: DeletingEc2, rotation: Rotation) -> Deleter:
    there = {snapshot.id: snapshot for snapshot in ec2.there}
    return Deleter(writer=cast("Ec2", ec2), there=there, look=ec2.look, judge=rotation.decide)


def rotate(ec2: DeletingEc2, rotation: Rotation, made: Snapshot, *, freed: int) -> None:
    """Rotate as one delivery does."""
    decisions = rotation.decide(ec2.there)
    room = rotation.room(decisions, made, freed=freed)
    finish(a_deleter(ec2, rotation).delete(decisions, room=room))


@given(a_history(), keeps, schedules, st.integers(1, 3), st.booleans(), st.sampled_from((0, 0.4, 59)))
def test_after_all_deliveries_as_many_older_occasions_are_left_as_the_tag_says(
    before: list[Snapshot],
    keep: int,
    schedule: str,
    limit: int,
    full: bool,  # noqa: FBT001 - a case of the test
    late: float,
) -> None:
    rotation, ec2 = a_rotation(keep, schedule, limit), DeletingEc2(list(before))
    freed = 0
    if full:
        drain = a_deleter(ec2, rotation)
        finish(drain.delete(rotation.decide(ec2.there), room=limit))
        freed = len(drain.gone)
    planned = a_snapshot(id="snap-new", run=RUN, state="pending", started=NIGHT)
    older = rotation.leaves(rotation.plan(ec2.there, planned).decisions, planned, freed=freed)
    made = replace(planned, started=NIGHT + timedelta(seconds=late), older=older)
    occasion = occasion_of(made, schedule)
    assume(schedule == OFF or occasion == occasion_of(planned, schedule))
    ec2.there.append(made)

    rotate(ec2, rotation, made, freed=freed)
    after_one = list(ec2.there)
    rotate(ec2, rotation, made, freed=0)

    assert ec2.there == after_one
    assert len(older_occasions(rotation.decide(ec2.there), occasion)) == older.stay

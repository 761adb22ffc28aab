"""How far one run rotates one volume: all its deliveries together no further than one."""

import pytest

from ebs_backup.model import Fate, Snapshot
from ebs_backup.retention import Rule
from ebs_backup.rotation import Rotation
from tests.unit.builders import a_run, a_snapshot

RULE = Rule(keep=2, source="keep_day", schedule="30 1 * * ? *")
OLD = [a_snapshot(id=f"snap-{days}", days_ago=days) for days in range(1, 7)]


def a_rotation(limit: int = 3) -> Rotation:
    return Rotation(rule=RULE, run=a_run(), limit=limit)


def new(*, older: int | None = None, state: str = "pending") -> Snapshot:
    """Return the restore point of this run."""
    return a_snapshot(id="snap-new", days_ago=0, run=a_run().id, state=state, older=older)


def test_every_delivery_decides_alike_whether_the_runs_own_has_completed_or_not() -> None:
    pending, completed = (
        [(decision.snapshot.id, decision.fate) for decision in a_rotation().decide([*OLD, new(state=state)])]
        for state in ("pending", "completed")
    )

    assert pending == completed


PLANNED = a_snapshot(id="(new)", run=a_run().id, state="pending")


@pytest.mark.parametrize("started", [0, 0.01, -1], ids=["as planned", "a little before", "an occasion later"])
@pytest.mark.parametrize("state", ["pending", "completed"])
@pytest.mark.parametrize(
    "there",
    [
        OLD,
        [*OLD[1:], OLD[0]],
        OLD[:-1],
        [*OLD, a_snapshot(id="snap-x", days_ago=0.5)],
        [*OLD, a_snapshot(id="snap-r", run=a_run().id, state="recoverable")],
        [*OLD, a_snapshot(id="snap-e", run=a_run().id, state="error")],
    ],
    ids=["all", "in another order", "one is gone", "one is new", "a twin in an odd state", "a failed twin"],
)
@pytest.mark.parametrize(
    "before", [OLD, [*OLD, a_snapshot(id="snap-r", run=a_run().id, state="recoverable")]]
)
def test_what_was_planned_is_what_would_be_decided_anew(
    started: float, state: str, there: list[Snapshot], before: list[Snapshot]
) -> None:
    rotation = a_rotation()
    plan = rotation.plan(before, PLANNED)
    made = a_snapshot(id="snap-new", run=a_run().id, state=state, days_ago=started, older=3)

    decisions = rotation.carry_out(plan, [*there, made], made)

    assert decisions == rotation.decide([*there, made])


def test_nothing_is_decided_twice_where_all_is_as_it_was_planned() -> None:
    rotation, made = a_rotation(), new(older=3)
    plan = rotation.plan(OLD, PLANNED)

    first, *others = rotation.carry_out(plan, [made, *OLD], made)

    assert first.snapshot is made
    assert all(again is planned for again, planned in zip(others, plan.decisions[1:], strict=True))


def test_other_periods_and_what_belongs_to_no_run_are_not_judged() -> None:
    others = [a_snapshot(id="snap-w", period="week"), a_snapshot(id="snap-x", run="")]

    assert a_rotation().decide(others) == ()


def test_the_tag_says_how_many_older_occasions_stay_when_the_run_is_done() -> None:
    rotation = a_rotation()

    left = rotation.leaves(rotation.decide([*OLD, new()]), new(), freed=0)

    assert left.stay == 3  # five of six may go, but the limit is three


def test_what_went_to_make_room_counts_against_the_limit() -> None:
    rotation = a_rotation()

    left = rotation.leaves(rotation.decide([*OLD, new()]), new(), freed=2)

    assert left.stay == 5


def test_a_second_delivery_deletes_only_what_the_first_left_to_do() -> None:
    rotation, made = a_rotation(), new(older=3)
    after_one = [*OLD[:5], made]

    room = rotation.room(rotation.decide(after_one), made, freed=0)

    assert room == 2


def test_when_all_is_done_there_is_no_room() -> None:
    rotation, made = a_rotation(), new(older=3)

    room = rotation.room(rotation.decide([*OLD[:2], made]), made, freed=0)

    assert room == 0


def test_a_restore_point_whose_tag_was_lost_lets_nothing_go() -> None:
    rotation, made = a_rotation(), new()
    decisions = rotation.decide([*OLD, made])

    room = rotation.room(decisions, made, freed=0)

    assert room == 0
    assert Fate.EXPIRED in [decision.fate for decision in decisions]

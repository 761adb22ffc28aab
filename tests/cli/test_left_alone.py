"""What an adoption leaves alone: what is not certain, not selected, not completed, or has other tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.adoptions import OURS, only, planned, refusal
from tests.cli.tools import VOLUME, makesnapshots_4, raw
from tests.unit.builders import a_volume


def test_one_of_a_volume_that_is_not_selected_is_left_alone_unless_it_is_named() -> None:
    snapshot, untagged = raw(makesnapshots_4("day")), (a_volume(id=VOLUME, tags={}),)

    assert refusal(snapshot, volumes=untagged) == (
        f"its volume {VOLUME} is not selected: --volume {VOLUME} adopts it all the same"
    )
    assert (
        refusal(snapshot, volumes=())
        == f"its volume {VOLUME} is gone: --volume {VOLUME} adopts it all the same"
    )
    adoption = only(snapshot, volumes=untagged, named=frozenset({VOLUME}))
    assert adoption.decision.sentence == "kept: its volume is not selected"


def test_naming_another_volume_or_one_that_is_not_certain_adopts_nothing() -> None:
    names = frozenset({VOLUME, "vol-0b"})

    assert refusal(raw(makesnapshots_4("day")), volumes=(), named=frozenset({"vol-0b"}))
    assert refusal(raw("day_snapshot before the upgrade"), named=names)
    assert refusal(raw(makesnapshots_4("day", volume="vol-0b")), named=names)


@pytest.mark.parametrize(
    ("state", "message", "why"),
    [
        ("pending", "", "its state is pending: only completed ones are adopted"),
        ("error", "An internal error has occurred", "its state is error: An internal error has occurred"),
        ("recoverable", "", "its state is recoverable: only completed ones are adopted"),
    ],
)
def test_only_what_is_completed_is_adopted(state: str, message: str, why: str) -> None:
    assert refusal(raw(makesnapshots_4("day"), state=state, StateMessage=message)) == why


def test_what_is_ours_already_is_done_whatever_period_it_joined() -> None:
    tags = {**OURS, "ebs-backup:period": "week"}

    made = planned(raw(makesnapshots_4("day"), tags=tags))

    assert (made.adoptions, made.refused, len(made.done)) == ((), (), 1)


@given(st.sets(st.sampled_from(sorted(OURS))))
def test_one_that_was_tagged_in_part_gets_what_it_lacks_and_nothing_else(there: set[str]) -> None:
    snapshot = raw(makesnapshots_4("day"), tags={"Name": "mine"} | {key: OURS[key] for key in there})

    made = planned(snapshot)

    assert made.refused == ()
    assert [set(adoption.tags) for adoption in made.adoptions] == (
        [OURS.keys() - there] if there != OURS.keys() else []
    )


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        ({"ebs-backup:set": "web"}, "it belongs to the backup set 'web'"),
        ({"ebs-backup:source": "volume=vol-0b"}, "were copied from another volume"),
        (OURS | {"ebs-backup:source": "volume=vol-0b"}, "were copied from another volume"),
        ({"ebs-backup:run": "2026-11-20T01:30:00Z"}, "its tag ebs-backup:run is '2026-11-20T01:30:00Z', not"),
        ({"ebs-backup:period": "week"}, "its tag ebs-backup:period is 'week', not 'day': remove it first"),
    ],
)
def test_no_tag_that_is_there_is_ever_overwritten(tag: dict[str, str], why: str) -> None:
    assert why in refusal(raw(makesnapshots_4("day"), tags=tag))


@pytest.mark.parametrize(("count", "adopts"), [(45, True), (46, False)])
def test_one_without_room_for_five_more_tags_is_left_alone(count: int, adopts: bool) -> None:  # noqa: FBT001 - a case
    """Tags of AWS's own do not count."""
    tags = {f"tag{number}": "" for number in range(count)} | {"aws:createdBy": "x"}

    made = planned(raw(makesnapshots_4("day"), tags=tags))

    assert bool(made.adoptions) is adopts
    assert adopts or made.refused[0].reason == "it would have 51 tags, EC2 takes 50: remove some first"

"""Duplicates of a restore point: which one stands for it, which go, and which are reported."""

from datetime import timedelta

import pytest

from tests.unit.builders import a_snapshot
from tests.unit.retention.examples import a_point, decide, goes, rotated


@pytest.mark.parametrize("hours", [0, 1, 4])
def test_a_duplicate_goes_and_never_counts_as_another_restore_point(hours: float) -> None:
    first = a_point(1, run="twice")
    twin = a_point(1 - hours / 24, id="snap-twin", run="twice")

    decisions = decide(a_point(0), first, twin, a_point(2), a_point(3), keep=3)

    assert decisions["snap-twin"] == "expired: duplicate of snap-1"
    assert decisions["snap-1"] == "kept: 2 of 3"
    assert decisions["snap-2"] == "kept: 3 of 3"
    assert decisions["snap-3"] == "expired: beyond keep_day=3"


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (timedelta(hours=4, seconds=1), "4 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_duplicate_further_than_four_hours_apart_stays_and_is_reported(apart: timedelta, said: str) -> None:
    first = a_point(9, run="copied")
    other = a_snapshot(id="snap-other", run="copied", started=first.started + apart)

    decisions = {decision.snapshot.id: decision for decision in rotated(first, other, keep=4)}

    assert decisions["snap-other"].sentence == (
        f"kept: same ebs-backup:run as snap-9, but {said} apart: its tags were edited"
    )
    assert decisions["snap-other"].edited
    assert not decisions["snap-9"].edited


def test_the_same_run_tag_on_thirty_points_days_apart_costs_none_of_them_as_a_duplicate() -> None:
    edited = [a_point(3 * number, run="the same") for number in range(30)]

    assert goes(*edited, keep=1) == []
    assert goes(*edited, keep=1, run="the same") == []


def test_what_is_left_of_points_with_the_same_run_tag_is_not_expired_one_run_at_a_time() -> None:
    """Without the oldest of them, which stands for the run, the next one would stand for it, and so on."""
    edited = [a_point(9 - number, run="the same") for number in range(5)]

    decisions = decide(a_point(0), *edited, keep=1)

    assert decisions["snap-9"] == "kept: its duplicate snap-8 is 24 hours apart"
    assert goes(a_point(0), *edited, keep=1) == []


def test_of_duplicates_the_completed_one_stands_for_its_run_and_a_pending_one_waits() -> None:
    pending, completed = a_point(1, "pending", run="twice"), a_point(1, id="snap-twin", run="twice")

    decisions = decide(pending, completed, keep=1)

    assert decisions == {"snap-twin": "kept: 1 of 1", "snap-1": "kept: duplicate of snap-twin"}


def test_while_none_is_completed_all_duplicates_stay() -> None:
    twins = [a_point(5, "pending", id=f"snap-{name}", run="twice") for name in "abc"]

    decisions = decide(a_point(0), *twins, keep=1)

    assert decisions == {
        "snap-0": "kept: 1 of 1",
        "snap-a": "kept: still pending",
        "snap-b": "kept: duplicate of snap-a",
        "snap-c": "kept: duplicate of snap-a",
    }


def test_while_none_is_completed_a_pending_one_counts_and_one_that_ec2_recovers_does_not() -> None:
    recovering = a_point(1, "recovering", id="snap-recovering", run="twice")
    pending = a_point(0.99, "pending", id="snap-pending", run="twice")

    decisions = decide(recovering, pending, a_point(2), keep=1)

    assert decisions["snap-pending"] == "kept: 1 of 1"
    assert decisions["snap-recovering"] == "kept: duplicate of snap-pending"


def test_a_restore_point_whose_duplicate_is_pending_waits_for_it() -> None:
    """Left alone, a late pending duplicate would be the newest restore point and displace a good one."""
    twin = a_point(0, "pending", id="snap-twin", run="twice")
    history = [a_point(1), a_point(2), a_point(3, run="twice"), twin]

    decisions = decide(*history, keep=2)

    assert decisions["snap-3"] == "kept: its duplicate snap-twin is still pending"
    assert goes(*history, keep=2) == []


def test_a_restore_point_beyond_keep_goes_with_its_duplicates_and_they_go_first() -> None:
    twin = a_point(2, id="snap-twin", run="twice")

    assert goes(a_point(0), a_point(1), a_point(2, run="twice"), twin, keep=1) == [
        "snap-twin",
        "snap-2",
        "snap-1",
    ]


def test_only_a_duplicate_costs_no_restore_point() -> None:
    twin = a_point(1, id="snap-twin", run="twice")

    decisions = rotated(a_point(0), a_point(1, run="twice"), twin, keep=1)

    assert {decision.snapshot.id: decision.redundant for decision in decisions} == {
        "snap-0": False,
        "snap-1": False,
        "snap-twin": True,
    }

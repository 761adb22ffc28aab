"""The status of a run: the table of docs/operating.md, row by row; and what an earlier try did not report."""

from dataclasses import replace
from typing import Any

import pytest

from ebs_backup.freshness import Overdue
from ebs_backup.inventory import Foreign, Unselected
from ebs_backup.model import Continued, FailedSnapshot, Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Outcome, Status
from ebs_backup.volume_outcome import Made, VolumeOutcome
from tests.unit.builders import (
    NIGHT,
    a_decision,
    a_failure,
    a_run,
    a_snapshot,
    a_volume,
    altered,
    an_outcome,
    an_outcome_of,
)

GOOD = VolumeOutcome(volume=a_volume(), made=a_snapshot(), when=Made.NOW)
FAILED = FailedSnapshot(
    id="snap-0bad", volume_id="vol-0a", name="web-1", period="week", started=NIGHT, message="no key"
)
OLD = a_snapshot(id="snap-0old", days_ago=9)
LATELY = Unselected(volume_id="vol-0c", name="log", there=True, lately=True, snapshots=3, at_most_gib=24)


def status(volume: VolumeOutcome = GOOD, **changed: Any) -> Status:  # noqa: ANN401 - any field of an outcome
    return replace(an_outcome(volume), **changed).status


def test_a_run_that_backed_up_everything_is_ok() -> None:
    kept = (a_decision(OLD, "beyond keep_day=4, but used by ami-0", Fate.UNDELETABLE),)

    assert status() is Status.OK
    assert status(altered(GOOD, decisions=kept, notes=("a note",))) is Status.OK
    assert status(unselected=(replace(LATELY, lately=False),)) is Status.OK


@pytest.mark.parametrize(
    "volume",
    [
        altered(GOOD, checks=(a_failure(),)),
        altered(GOOD, stale=(OLD,)),
        replace(GOOD, decisions=(a_decision(OLD, "beyond keep_day=4", Fate.DEFERRED),)),
        replace(GOOD, decisions=(replace(a_decision(OLD), edited=True),)),
    ],
)
def test_what_a_person_should_look_at_is_check(volume: VolumeOutcome) -> None:
    assert status(volume) is Status.CHECK


@pytest.mark.parametrize(
    "changed",
    [
        {"unselected": (LATELY,)},
        {"foreign": (Foreign(volume_id="vol-0a", name="", spreads=False, snapshots=("snap-1",)),)},
        {"strays": (a_snapshot(run=""),)},
        {"missing": ("vol-0f",)},
        {"lookup_failure": a_failure()},
        {"other_checks": (a_failure(),)},
    ],
)
def test_what_the_set_should_be_looked_at_for_is_check(changed: dict[str, Any]) -> None:
    assert status(**changed) is Status.CHECK


@pytest.mark.parametrize(
    "volume",
    [
        altered(GOOD, failures=(a_failure(),)),
        replace(GOOD, failed=(FAILED,)),
        altered(GOOD, overdue=(Overdue(period=Period.WEEK, limit=9, newest=None),)),
        replace(GOOD, unfinished=True),
    ],
)
def test_what_went_wrong_for_a_volume_is_a_problem(volume: VolumeOutcome) -> None:
    assert status(volume) is Status.PROBLEM


def test_a_run_that_could_not_go_on_is_a_problem() -> None:
    assert status(continuation_failure=a_failure()) is Status.PROBLEM


def test_failed_snapshots_that_earlier_invocations_deleted_are_a_problem_also_if_only_counted() -> None:
    told = Continued(run="x", began=NIGHT, invocation=2, expired=0, failed=(FAILED,))
    counted = replace(told, failed=(), more_failed=1)

    for continued in (told, counted):
        assert status(run=replace(a_run(), continued=continued)) is Status.PROBLEM


@pytest.mark.parametrize(
    "volumes",
    [
        (),
        (an_outcome_of(volume=a_volume(), failures=(a_failure(),)),),
        (VolumeOutcome(volume=a_volume(), skipped="until the tag is removed"),),
        (VolumeOutcome(volume=a_volume(), gone=True),),
    ],
)
def test_a_run_without_any_restore_point_failed(volumes: tuple[VolumeOutcome, ...]) -> None:
    assert an_outcome(*volumes).status is Status.FAILED


def test_a_failed_snapshot_that_two_invocations_saw_is_told_once() -> None:
    continued = Continued(run="x", began=NIGHT, invocation=2, expired=0, failed=(FAILED,))
    outcome = an_outcome(replace(GOOD, failed=(FAILED,)), run=replace(a_run(), continued=continued))

    assert outcome.failed == (FAILED,)


def test_selecting_none_of_the_named_volumes_says_so() -> None:
    outcome = an_outcome(run=replace(a_run(), only=("vol-0f",)))

    assert outcome.failures[0].code == "NothingSelected"
    assert "none of the volumes that the event names" in outcome.failures[0].message


def test_a_run_whose_volumes_are_all_skipped_says_so() -> None:
    skipped = VolumeOutcome(volume=a_volume(), skipped="until 2026-12-24")

    (failure,) = an_outcome(skipped).failures

    assert failure.code == "EverythingSkipped"
    assert "is skipped by its tag ebs-backup:skip" in failure.message


def untold(outcome: Outcome) -> Outcome:
    return replace(outcome, retired=(a_decision(OLD, "gone", Fate.EXPIRED),))


def test_what_an_earlier_try_did_is_told_by_the_one_that_is_heard() -> None:
    gone = a_decision(a_snapshot(id="snap-0gone", days_ago=8), "beyond keep_day=4", Fate.EXPIRED)
    first = untold(an_outcome(replace(GOOD, decisions=(gone,), failed=(FAILED,))))
    again = an_outcome(replace(GOOD, when=Made.BEFORE))

    told = again.after(first)

    assert (told.created, told.already_made, told.expired) == (1, 0, 2)
    assert told.failed == (FAILED,)
    assert again.after(None) is again


def test_what_an_earlier_try_did_for_a_volume_that_has_lost_its_tag_since_is_told() -> None:
    gone = a_decision(OLD, "beyond keep_day=4", Fate.EXPIRED)
    kept = a_decision(a_snapshot(id="snap-0b"), "1 of 4")
    done, idle = a_volume(id="vol-0b"), a_volume(id="vol-0c")
    first = an_outcome(
        GOOD,
        replace(GOOD, volume=done, decisions=(gone, kept), unfinished=True),
        VolumeOutcome(volume=idle),
    )
    again = an_outcome(replace(GOOD, when=Made.BEFORE))

    told = again.after(first)

    assert [volume.volume.id for volume in told.volumes] == ["vol-0a", "vol-0b"]
    assert (told.created, told.expired, told.status) == (2, 1, Status.OK)
    assert told.volumes[1].decisions == (gone,)


def test_what_an_earlier_try_could_not_make_is_not_told_as_made() -> None:
    other = replace(GOOD, volume=a_volume(id="vol-0b"))
    first = an_outcome(an_outcome_of(volume=a_volume(), failures=(a_failure(),)))

    told = an_outcome(replace(GOOD, when=Made.BEFORE), other).after(first)

    assert (told.created, told.already_made) == (1, 1)


def test_what_only_the_try_that_made_a_snapshot_knows_of_its_tags_is_told_by_the_next() -> None:
    of_tags, of_a_delete = a_failure(resource="vol-0a"), a_failure(resource="snap-0old")
    first = an_outcome(altered(GOOD, checks=(of_tags, of_a_delete)))
    again = an_outcome(altered(GOOD, when=Made.BEFORE, checks=(of_tags,)))

    told = again.after(first)

    assert told.checks == (of_tags,)

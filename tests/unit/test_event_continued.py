"""Whether a run goes on in a further invocation, and what that one is told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ebs_backup.event import MOST_FAILED, Request, next_invocation, to_event
from ebs_backup.model import Continued, FailedSnapshot, Fate
from ebs_backup.names import Period
from ebs_backup.volume_outcome import Made, VolumeOutcome
from tests.unit.builders import (
    a_decision,
    a_failure,
    a_run,
    a_snapshot,
    a_volume,
    altered,
    an_outcome,
    an_outcome_of,
)

BEGAN = datetime(2026, 11, 23, 1, 30, 4, tzinfo=UTC)
MADE = VolumeOutcome(volume=a_volume(), made=a_snapshot(started=BEGAN), when=Made.NOW)
GONE = a_decision(a_snapshot(id="snap-0old", days_ago=9), "beyond keep_day=4", Fate.EXPIRED)
CUT = an_outcome_of(volume=a_volume(id="vol-0b"), failures=(a_failure(code="OutOfTime"),), unfinished=True)
FIFTH = Continued(run=a_run().id, began=BEGAN, invocation=5, expired=40)


def test_a_run_that_has_done_all_it_can_does_not_go_on() -> None:
    refused = an_outcome_of(volume=a_volume(id="vol-0b"), failures=(a_failure(),))

    assert next_invocation(an_outcome(MADE, refused), began=BEGAN) is None


def test_a_run_that_only_time_cut_short_goes_on_as_the_same_run() -> None:
    further = next_invocation(an_outcome(replace(MADE, decisions=(GONE,)), CUT), began=BEGAN)

    assert further == Continued(run=a_run().id, began=BEGAN, invocation=2, expired=1)


def test_each_further_invocation_remembers_the_first_and_adds_what_it_deleted() -> None:
    outcome = an_outcome(replace(MADE, decisions=(GONE,)), CUT, run=replace(a_run(), continued=FIFTH))

    further = next_invocation(outcome, began=BEGAN.replace(hour=3))

    assert further == replace(FIFTH, invocation=6, expired=41)


@pytest.mark.parametrize(
    "changed",
    [
        MADE,
        replace(MADE, when=Made.BEFORE, decisions=(GONE,)),
    ],
)
def test_one_thing_done_is_enough_to_go_on(changed: VolumeOutcome) -> None:
    assert next_invocation(an_outcome(changed, CUT), began=BEGAN) is not None


def test_an_invocation_that_did_nothing_is_the_last() -> None:
    found = replace(MADE, when=Made.BEFORE)

    assert next_invocation(an_outcome(found, CUT), began=BEGAN) is None


def test_what_an_earlier_invocation_made_is_no_progress_of_this_one() -> None:
    outcome = an_outcome(MADE, CUT, run=replace(a_run(), continued=FIFTH))

    assert next_invocation(outcome, began=BEGAN + timedelta(minutes=15)) is None


def test_the_twelfth_is_the_last() -> None:
    eleventh, twelfth = (replace(FIFTH, invocation=number) for number in (11, 12))

    runs = [replace(a_run(), continued=continued) for continued in (eleventh, twelfth)]

    goes_on = [next_invocation(an_outcome(MADE, CUT, run=run), began=BEGAN) is not None for run in runs]
    assert goes_on == [True, False]


def test_a_dry_run_never_goes_on() -> None:
    assert next_invocation(an_outcome(MADE, CUT, run=a_run(dry_run=True)), began=BEGAN) is None


def a_failed_one(number: int) -> FailedSnapshot:
    return FailedSnapshot(
        id=f"snap-{number}",
        volume_id="vol-0a",
        name="n" * 200,
        period="day",
        started=BEGAN,
        message="m" * 300,
    )


def test_failed_snapshots_that_are_deleted_are_handed_on_in_short_and_the_rest_as_a_number() -> None:
    earlier = replace(FIFTH, failed=(a_failed_one(0),), more_failed=3)
    many = replace(MADE, failed=tuple(a_failed_one(number) for number in range(1, MOST_FAILED + 5)))

    further = next_invocation(an_outcome(many, CUT, run=replace(a_run(), continued=earlier)), began=BEGAN)

    assert further is not None
    assert [failed.id for failed in further.failed] == [f"snap-{number}" for number in range(MOST_FAILED)]
    assert further.more_failed == 3 + 5
    assert {(len(failed.name), len(failed.message)) for failed in further.failed} == {(80, 200)}


def test_tags_that_a_policy_refused_are_counted_in_all_invocations() -> None:
    refused = a_failure(resource="vol-0a", action="copy its tags owner", code="TagPolicyViolation")
    of_a_delete = a_failure(resource="snap-1", code="UnauthorizedOperation")
    made = [altered(MADE, checks=(failure,)) for failure in (refused, of_a_delete)]
    run = replace(a_run(), continued=replace(FIFTH, tags_refused=3))

    further = next_invocation(an_outcome(*made, CUT, run=run), began=BEGAN)

    assert further is not None
    assert further.tags_refused == 3 + 1


def test_what_the_next_invocation_is_told_fits_into_lambdas_256_kb_in_any_script() -> None:
    longest = replace(a_failed_one(0), name="\N{ELEPHANT}" * 256, message="m" * 300)
    many = replace(MADE, failed=tuple(replace(longest, id=f"snap-{number:017x}") for number in range(500)))
    request = Request(period=Period.DAY, volumes=tuple(f"vol-{number:017x}" for number in range(200)))

    further = next_invocation(an_outcome(many, CUT), began=BEGAN)

    assert further is not None
    assert len(json.dumps(to_event(request, further)).encode()) < 256_000

"""A snapshot is made once, whatever becomes of EC2's answers and whoever else makes one."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from ebs_backup.aws.errors import AwsError
from ebs_backup.model import PENDING, Older
from tests.unit.builders import NIGHT
from tests.unit.script import LOST, Script, listed, made, refused

RATE_PER_VOLUME = refused("SnapshotCreationPerVolumeRateExceeded")


def test_a_create_carries_all_tags_and_its_answer_is_the_restore_point() -> None:
    script = Script(CreateSnapshot=[made()])

    created, pauses = script.finish(script.create())

    ((_, body),) = script.sent
    tags = {value: body[key.replace("Key", "Value")] for key, value in body.items() if key.endswith(".Key")}
    assert (body["VolumeId"], tags) == ("vol-1", created.tagging.tags)
    assert (created.snapshot.id, created.snapshot.state, created.snapshot.older) == (
        "snap-new",
        PENDING,
        Older(stay=2),
    )
    assert created.snapshot.ours
    assert pauses == []


def test_the_name_says_when_the_create_that_worked_was_sent() -> None:
    script = Script(
        CreateSnapshot=[refused("RequestExpired")] * 9 + [made()], DescribeSnapshots=[listed()] * 9
    )

    created, pauses = script.finish(script.create())

    taken = NIGHT + timedelta(seconds=sum(pauses))
    assert created.tagging.tags["Name"] == f"web-1 data day {taken:%Y-%m-%d %H:%M}Z"


def test_create_may_answer_that_the_snapshot_has_failed() -> None:
    script = Script(CreateSnapshot=[made() | {"State": "error", "StateMessage": "no key"}])

    created, _ = script.finish(script.create())

    assert (created.snapshot.usable, created.snapshot.message) == (False, "no key")


def test_what_was_listed_nine_seconds_ago_is_known_well_enough() -> None:
    script = Script(CreateSnapshot=[made()])
    script.now = 9.0

    script.finish(script.create(seen=0.0))

    assert script.calls == ["CreateSnapshot"]


def test_what_was_listed_longer_ago_is_looked_at_again_and_anothers_snapshot_is_found() -> None:
    script = Script(DescribeSnapshots=[listed(made("snap-other"))])
    script.now = 9.1

    created, _ = script.finish(script.create(seen=0.0))

    assert (created.snapshot.id, created.tagging) == ("snap-other", None)
    assert script.calls == ["DescribeSnapshots"]


def test_the_look_is_for_this_run_and_its_volumes_alone() -> None:
    script = Script(CreateSnapshot=[made()], DescribeSnapshots=[listed()])
    script.now = 60.0

    script.finish(script.create())

    assert script.filters == [
        {
            "tag:ebs-backup:set": ["default"],
            "tag:ebs-backup:period": ["day"],
            "tag:ebs-backup:run": ["2026-11-23T01:30:00Z"],
            "volume-id": ["vol-1"],
        }
    ]


@pytest.mark.parametrize(
    "other",
    [
        made("snap-other") | {"State": "error"},
        made("snap-other", **{"ebs-backup:source": "volume=vol-2"}),
    ],
    ids=["a failed one", "another tool's"],
)
def test_what_the_look_finds_is_no_restore_point_unless_it_is_usable_and_our_own(
    other: dict[str, Any],
) -> None:
    script = Script(CreateSnapshot=[made()], DescribeSnapshots=[listed(other)])
    script.now = 60.0

    created, _ = script.finish(script.create())

    assert created.snapshot.id == "snap-new"


def test_a_lost_answer_is_settled_by_listing_and_nothing_is_made_twice() -> None:
    script = Script(CreateSnapshot=[LOST], DescribeSnapshots=[listed(made("snap-first"))])

    created, pauses = script.finish(script.create())

    assert created.snapshot.id == "snap-first"
    assert created.tagging is not None  # it is this delivery's own
    assert script.calls == ["CreateSnapshot", "DescribeSnapshots"]
    assert pauses[0] >= 5


def test_a_lost_answer_whose_snapshot_never_shows_is_tried_again_after_looking() -> None:
    script = Script(CreateSnapshot=[LOST, made()], DescribeSnapshots=[listed()])

    created, _ = script.finish(script.create())

    assert created.snapshot.id == "snap-new"
    assert script.calls == ["CreateSnapshot", "DescribeSnapshots", "CreateSnapshot"]


def test_a_refusal_by_rate_after_a_lost_answer_makes_it_look_again() -> None:
    """EC2's listings lag behind: the first snapshot is there although the first listing lacks it."""
    script = Script(
        CreateSnapshot=[LOST, RATE_PER_VOLUME], DescribeSnapshots=[listed(), listed(made("snap-first"))]
    )

    created, _ = script.finish(script.create())

    assert created.snapshot.id == "snap-first"
    assert script.calls.count("CreateSnapshot") == 2


def test_a_refusal_by_rate_makes_it_look_for_another_deliverys_snapshot() -> None:
    script = Script(CreateSnapshot=[RATE_PER_VOLUME], DescribeSnapshots=[listed(made("snap-other"))])

    created, pauses = script.finish(script.create())

    assert (created.snapshot.id, created.tagging) == ("snap-other", None)
    assert script.calls == ["CreateSnapshot", "DescribeSnapshots"]
    assert pauses[0] >= 5


def test_a_refusal_by_rate_for_another_tools_snapshot_is_waited_out() -> None:
    script = Script(CreateSnapshot=[RATE_PER_VOLUME, made()], DescribeSnapshots=[listed()])

    created, _ = script.finish(script.create())

    assert created.snapshot.id == "snap-new"


def test_a_listing_that_fails_while_settling_never_leads_to_a_second_create() -> None:
    looks = [refused("RequestLimitExceeded"), LOST, listed(made("snap-first"))]
    script = Script(CreateSnapshot=[LOST], DescribeSnapshots=looks)

    created, _ = script.finish(script.create())

    assert created.snapshot.id == "snap-first"
    assert script.calls.count("CreateSnapshot") == 1


def test_a_look_without_an_answer_makes_nobody_elses_snapshot_our_own() -> None:
    script = Script(DescribeSnapshots=[LOST, listed(made("snap-other"))])
    script.now = 60.0

    created, _ = script.finish(script.create())

    assert (created.snapshot.id, created.tagging) == ("snap-other", None)


def test_a_look_that_is_refused_ends_the_create_before_it_is_sent() -> None:
    script = Script(CreateSnapshot=[made()], DescribeSnapshots=[refused("UnauthorizedOperation")])
    script.now = 60.0

    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        script.finish(script.create())

    assert script.calls == ["DescribeSnapshots"]


@pytest.mark.parametrize("answer", [{}, {"SnapshotId": "snap-1"}, ResponseParserError("not XML")])
def test_an_unreadable_answer_counts_as_lost(answer: Any) -> None:  # noqa: ANN401 - any answer
    script = Script(CreateSnapshot=[answer], DescribeSnapshots=[listed(made("snap-first"))])

    created, _ = script.finish(script.create())

    assert created.snapshot.id == "snap-first"


@pytest.mark.parametrize("lacks", ["SnapshotId", "VolumeId", "StartTime", "State", "VolumeSize"])
def test_an_answer_that_lacks_anything_is_looked_up_in_the_listing(lacks: str) -> None:
    half = {key: value for key, value in made().items() if key != lacks}
    script = Script(CreateSnapshot=[half], DescribeSnapshots=[listed(made("snap-1"))])

    created, _ = script.finish(script.create())

    assert created.snapshot.id == "snap-1"

"""What EC2 refuses to create: tried again while waiting helps, else raised at once."""

import pytest

from ebs_backup.aws.errors import AwsError, Kind
from ebs_backup.aws.rate_limiter import PAUSE
from tests.unit.script import Script, listed, made, refused

CONCURRENT = refused("ConcurrentSnapshotLimitExceeded")


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "ThrottlingException"])
def test_what_was_throttled_is_tried_again_and_needs_no_look_while_knowledge_is_fresh(code: str) -> None:
    script = Script(CreateSnapshot=[refused(code)] * 3 + [made()])

    created, pauses = script.finish(script.create())

    assert created.snapshot.id == "snap-new"
    assert pauses == [PAUSE] * 3
    assert set(script.calls) == {"CreateSnapshot"}


@pytest.mark.parametrize("code", ["ConcurrentSnapshotLimitExceeded", "PendingSnapshotLimitExceeded"])
def test_what_was_certainly_not_done_is_tried_again_however_often(code: str) -> None:
    script = Script(CreateSnapshot=[refused(code)] * 9 + [made()], DescribeSnapshots=[listed()] * 9)

    created, pauses = script.finish(script.create())

    assert created.snapshot.id == "snap-new"
    assert len(pauses) == 9


def test_a_volume_that_its_own_snapshots_block_is_not_waited_for() -> None:
    script = Script(CreateSnapshot=[CONCURRENT], DescribeSnapshots=[listed()])

    with pytest.raises(AwsError) as error:
        script.finish(script.create(blocked=True))

    assert (error.value.kind, error.value.unfinished, script.now) == (Kind.REJECTED, False, 5.0)


def test_what_blocks_a_volume_may_be_the_snapshot_that_another_delivery_has_just_made() -> None:
    script = Script(CreateSnapshot=[CONCURRENT], DescribeSnapshots=[listed(made("snap-theirs"))])

    created, _ = script.finish(script.create(blocked=True))

    assert (created.snapshot.id, created.tagging) == ("snap-theirs", None)


def test_what_other_tools_block_is_waited_for_but_is_nothing_for_a_further_invocation() -> None:
    script = Script(CreateSnapshot=[CONCURRENT])

    with pytest.raises(AwsError) as error:
        script.finish(script.create(script.ec2(deadline=1.0)))

    assert (error.value.code, error.value.unfinished) == ("ConcurrentSnapshotLimitExceeded", False)


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "PendingSnapshotLimitExceeded"])
def test_when_waiting_would_pass_the_deadline_the_last_error_is_raised_and_only_time_was_short(
    code: str,
) -> None:
    script = Script(CreateSnapshot=[refused(code)])

    with pytest.raises(AwsError) as error:
        script.finish(script.create(script.ec2(deadline=1.0)))

    assert (error.value.code, error.value.unfinished) == (code, True)


@pytest.mark.parametrize(
    ("code", "kind"), [("SomethingOf2030", Kind.REJECTED), ("InvalidVolume.NotFound", Kind.NOT_FOUND)]
)
def test_a_refusal_that_time_does_not_change_is_raised_at_once(code: str, kind: Kind) -> None:
    script = Script(CreateSnapshot=[refused(code)])

    with pytest.raises(AwsError) as error:
        script.finish(script.create())

    assert (error.value.kind, script.now) == (kind, 0.0)

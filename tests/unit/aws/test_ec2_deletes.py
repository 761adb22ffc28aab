"""A snapshot is deleted once, the caller learns truly what came of it, and every write waits for its turn."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from ebs_backup.aws.errors import AwsError, Kind
from ebs_backup.aws.rate_limiter import PAUSE, RATE
from tests.unit.script import LOST, Script, made, refused


def test_a_delete_names_its_snapshot_and_tells_that_it_was_there() -> None:
    script = Script(DeleteSnapshot=[{}])

    was_there, pauses = script.finish(script.delete())

    ((_, body),) = script.sent
    assert body["SnapshotId"] == "snap-old"
    assert (was_there, pauses) == (True, [])


def test_what_somebody_else_has_deleted_is_gone_and_no_error() -> None:
    script = Script(DeleteSnapshot=[refused("InvalidSnapshot.NotFound")])

    was_there, _ = script.finish(script.delete())

    assert was_there is False


def test_a_delete_whose_answer_was_lost_is_sent_again_and_not_found_means_gone() -> None:
    script = Script(DeleteSnapshot=[LOST, refused("InvalidSnapshot.NotFound")])

    was_there, pauses = script.finish(script.delete())

    assert was_there is False
    assert pauses[0] >= 5


def test_a_delete_whose_answer_was_lost_may_have_been_done_though_ec2_refuses_the_next() -> None:
    script = Script(DeleteSnapshot=[LOST, refused("UnauthorizedOperation")])

    with pytest.raises(AwsError) as error:
        script.finish(script.delete())

    assert (error.value.kind, error.value.code) == (Kind.UNKNOWN_OUTCOME, "UnauthorizedOperation")


def test_what_aws_keeps_is_told_at_once_and_not_tried_again() -> None:
    script = Script(DeleteSnapshot=[refused("InvalidSnapshot.InUse")])

    with pytest.raises(AwsError) as error:
        script.finish(script.delete())

    assert (error.value.kind, error.value.unfinished, script.now) == (Kind.KEPT, False, 0.0)


def test_another_servers_page_is_no_answer_to_a_delete() -> None:
    script = Script()
    script.page("DeleteSnapshot", 200, b"<html>Please log in</html>")

    pause = next(script.delete())

    assert pause >= 5


def test_a_delete_that_never_gets_an_answer_ends_with_the_time_unsure_and_unfinished() -> None:
    script = Script(DeleteSnapshot=[LOST] * 9)

    with pytest.raises(AwsError) as error:
        script.finish(script.delete(script.ec2(deadline=30.0)))

    assert (error.value.kind, error.value.unfinished) == (Kind.UNKNOWN_OUTCOME, True)
    assert script.now < 30.0


def test_when_time_is_up_nothing_new_is_begun() -> None:
    script = Script(CreateSnapshot=[made()], DeleteSnapshot=[{}])
    ec2 = script.ec2(deadline=0.0)

    for step in (script.create(ec2), script.delete(ec2)):
        with pytest.raises(AwsError, match="OutOfTime"):
            script.finish(step)

    assert script.calls == []


def test_a_turn_that_comes_after_the_deadline_is_not_waited_for() -> None:
    script = Script(CreateSnapshot=[made()])

    with pytest.raises(AwsError, match="OutOfTime"):
        next(script.create(script.ec2(deadline=0.1, full_bucket=False)))

    assert script.calls == []


def test_a_throttled_create_comes_again_and_does_not_hold_up_the_deletes() -> None:
    script = Script(CreateSnapshot=[refused("RequestLimitExceeded"), made()], DeleteSnapshot=[{}])
    ec2 = script.ec2()
    create = script.create(ec2)

    assert next(create) == PAUSE
    script.finish(script.delete(ec2))
    script.finish(create)

    assert script.calls == ["CreateSnapshot", "DeleteSnapshot", "CreateSnapshot"]


def test_a_throttled_delete_makes_all_others_wait() -> None:
    script = Script(DeleteSnapshot=[refused("Throttling"), {}, {}])
    ec2 = script.ec2()
    throttled = script.delete(ec2)
    next(throttled)

    wait = next(script.delete(ec2))

    assert wait == pytest.approx(PAUSE + 1 / RATE, abs=0.001)


def test_botocore_sends_a_write_once() -> None:
    """CreateSnapshot has no client token: a request sent again is a second snapshot."""
    script = Script()
    sent = unreachable(script, "CreateSnapshot", "DeleteSnapshot")

    with pytest.raises(ReadTimeoutError):
        script.client.create_snapshot(VolumeId="vol-1")
    with pytest.raises(ReadTimeoutError):
        script.client.delete_snapshot(SnapshotId="snap-1")

    assert len(sent) == 2


def test_cloudtrail_tells_the_function_from_whatever_else_calls_ec2() -> None:
    script = Script()
    sent = unreachable(script, "DeleteSnapshot")

    with pytest.raises(ReadTimeoutError):
        script.client.delete_snapshot(SnapshotId="snap-1")

    (agent,) = [request.headers["User-Agent"] for request in sent]
    assert agent.decode().startswith("ebs-backup")


def unreachable(script: Script, *calls: str) -> list[Any]:
    """Let no answer come to these calls; return the requests as they are sent."""
    script.paged.update(calls)
    sent: list[Any] = []

    def lose(request: object, **_: object) -> None:
        sent.append(request)
        raise LOST

    for call in calls:
        script.on(f"before-send.ec2.{call}", lose)
    return sent


def test_what_does_not_go_any_more_when_its_turn_has_come_is_not_sent() -> None:
    script = Script(DeleteSnapshot=[refused("RequestLimitExceeded")])
    answers = iter([True, False])

    was_there, _ = script.finish(script.delete(still_goes=lambda: next(answers)))

    assert was_there is None
    assert script.calls == ["DeleteSnapshot"]

"""A run that time cuts short goes on in a further invocation; only the last one reports."""

from datetime import timedelta

import pytest

from ebs_backup.aws.errors import AwsError
from tests.unit.account import nightly
from tests.unit.builders import NIGHT
from tests.unit.handler.world import RULE, RUN, SHORT, HandlerWorld


def test_a_run_that_time_cuts_short_goes_on_in_a_further_invocation_and_tells_nobody_yet(
    world: HandlerWorld,
) -> None:
    world.cut_short()
    world.hear_invocations()

    answer = world.invoke(RULE, seconds=SHORT)

    (event,) = world.queued
    assert answer["goes_on_in"] == 2
    assert (event["period"], event["time"]) == ("day", "2026-11-23T01:30:00+00:00")
    assert (event["continued"]["run"], event["continued"]["invocation"]) == (RUN, 2)
    assert world.mails() == []


def test_the_last_invocation_mails_and_answers_for_the_whole_run(world: HandlerWorld) -> None:
    world.cut_short()
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)
    world.account.sleep(60)

    answer = world.invoke(world.queued[0], request_id="another")

    assert world.runs() == [RUN, RUN]
    assert (answer["status"], answer["created"], answer["already_made"], answer["failures"]) == (
        "OK",
        2,
        0,
        [],
    )
    (mail,) = world.mails()
    assert mail.subject == "[OK] 2 created, 0 expired (EBS day, eu-west-1)"
    assert "in 2 invocations" in mail.told


def test_a_further_invocation_of_a_run_by_hand_is_still_that_run(world: HandlerWorld) -> None:
    world.cut_short()
    world.hear_invocations()
    world.invoke({"period": "week"}, request_id="by-hand", seconds=SHORT)

    answer = world.invoke(world.queued[0], request_id="of-lambda")

    assert (answer["run"], answer["created"]) == ("by-hand", 2)
    assert world.runs() == ["by-hand", "by-hand"]


def test_a_further_invocation_of_a_run_of_some_volumes_is_limited_to_them_too(world: HandlerWorld) -> None:
    named = world.cut_short()
    other = world.account.volume("other")
    world.hear_invocations()
    world.invoke(RULE | {"volumes": list(named)}, seconds=SHORT)

    answer = world.invoke(world.queued[0])

    assert answer["created"] == 2
    assert world.account.ids(other) == []


def test_what_an_earlier_delivery_made_is_not_told_as_created_by_the_run_that_goes_on(
    world: HandlerWorld,
) -> None:
    there = world.account.volume("there")
    world.invoke(RULE)
    world.account.sleep(300)
    world.cut_short()
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)

    answer = world.invoke(world.queued[0])

    assert len(world.account.ids(there)) == 1
    assert (answer["created"], answer["already_made"]) == (2, 1)


def test_failed_snapshots_that_an_earlier_invocation_deleted_are_told_in_the_mail(
    world: HandlerWorld,
) -> None:
    failed = world.account.point(world.account.volume("db"), NIGHT - timedelta(hours=5), state="error")
    world.account.tell(failed, StateMessage="Given key ID is not accessible")
    world.cut_short()
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)

    answer = world.invoke(world.queued[0])

    assert answer["status"] == "PROBLEM"
    assert [failure["resource"] for failure in answer["failures"]] == [failed]
    (mail,) = world.mails()
    assert failed in mail.told
    assert "Given key ID is not accessible" in mail.told


def test_a_run_that_goes_on_deletes_no_more_than_one_that_had_the_time(world: HandlerWorld) -> None:
    world.set(nightly(keep_day=1))
    waiting, other = world.cut_short()
    old = {volume: world.account.history(volume, 9) for volume in (waiting, other)}
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)

    answer = world.invoke(world.queued[0])

    for volume, snapshots in old.items():
        assert set(snapshots) - set(world.account.ids(volume)) == set(snapshots[-3:])
    assert (answer["created"], answer["expired"]) == (2, 6)


def test_a_run_that_cannot_invoke_itself_mails_what_is_not_done_and_raises_so_that_lambda_goes_on(
    world: HandlerWorld,
) -> None:
    waiting, _ = world.cut_short()
    world.hear_invocations(refusal="AccessDeniedException")

    with pytest.raises(AwsError, match="AccessDeniedException"):
        world.invoke(RULE, seconds=SHORT)

    (mail,) = world.mails()
    assert mail.subject.startswith("[PROBLEM] not finished; db-1: NO backup")
    assert "AccessDeniedException" in mail.told
    assert waiting in mail.told


def test_an_answer_that_is_not_lambdas_counts_as_none_for_nobody_may_have_queued_the_rest(
    world: HandlerWorld,
) -> None:
    world.cut_short()
    world.hear_invocations(status=200)

    with pytest.raises(AwsError, match="not Lambda's: its status is 200"):
        world.invoke(RULE, seconds=SHORT)

    (mail,) = world.mails()
    assert mail.subject.startswith("[PROBLEM] not finished")


def test_lambdas_retry_of_a_run_that_could_not_invoke_itself_does_the_rest(world: HandlerWorld) -> None:
    world.cut_short()
    world.hear_invocations(refusal="TooManyRequestsException")
    with pytest.raises(AwsError):
        world.invoke(RULE, seconds=SHORT)

    answer = world.invoke(RULE)

    assert (answer["status"], answer["created"], answer["already_made"]) == ("OK", 1, 1)
    assert world.runs() == [RUN, RUN]


def test_a_further_invocation_that_makes_no_progress_is_the_last_and_mails_what_is_left(
    world: HandlerWorld,
) -> None:
    waiting, _ = world.account.volume("db-1"), world.account.volume("web-1")
    world.account.refuse("CreateSnapshot", "PendingSnapshotLimitExceeded", VolumeId=waiting)
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)
    world.account.sleep(60)

    answer = world.invoke(world.queued[0], seconds=SHORT)

    assert len(world.queued) == 1
    assert (answer["status"], answer["created"]) == ("PROBLEM", 1)
    (mail,) = world.mails()
    assert waiting in mail.text


def test_the_twelfth_invocation_is_the_last_and_mails_what_is_left_with_advice(world: HandlerWorld) -> None:
    waiting, _ = world.cut_short()
    world.hear_invocations()
    continued = {
        "run": RUN,
        "began": RUN,
        "invocation": 12,
        "expired": 7,
        "failed": [],
        "more_failed": 0,
        "tags_refused": 0,
    }

    answer = world.invoke(RULE | {"continued": continued}, seconds=SHORT)

    assert world.queued == []
    assert (answer["status"], answer["expired"]) == ("PROBLEM", 7)
    (mail,) = world.mails()
    assert mail.subject.startswith("[PROBLEM] db-1: NO backup")
    assert waiting in mail.told
    assert "To do:" in mail.told
    assert "7 snapshots" in mail.told

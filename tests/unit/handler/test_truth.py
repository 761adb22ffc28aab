"""The truth after a retry: what an earlier try did is reported, and counted once, after the mail."""

from datetime import timedelta

import pytest

from ebs_backup import handler as module
from ebs_backup.aws.errors import AwsError
from tests.unit.account import nightly
from tests.unit.builders import NIGHT
from tests.unit.handler.world import RULE, RUN, SHORT, HandlerWorld


def refused_once(world: HandlerWorld, event: object = RULE) -> None:
    """Do a run whose mail SNS refuses: Lambda will try it again."""
    world.refuse_mail()
    with pytest.raises(AwsError):
        world.invoke(event)


def totals(world: HandlerWorld) -> list[tuple[float, float, float]]:
    """Return created, expired and failures of each run that was counted."""
    return [
        (line["SnapshotsCreated"], line["SnapshotsExpired"], line["Failures"])
        for line in world.metrics()
        if "SnapshotsCreated" in line
    ]


def test_the_retry_of_a_run_whose_mail_sns_refused_tells_all_that_was_done(world: HandlerWorld) -> None:
    """The first try made 3 and deleted 12; the retry itself made and deleted nothing, and must not report that."""
    world.set(nightly(max_expired_per_volume=4))
    volumes = [world.account.volume(f"web-{number}") for number in range(3)]
    old = {snapshot for volume in volumes for snapshot in world.account.history(volume, 7)}
    refused_once(world)
    gone = old - set(world.account.ids())
    assert len(gone) == 12

    answer = world.invoke(RULE)

    assert (answer["status"], answer["created"], answer["already_made"], answer["expired"]) == (
        "OK",
        3,
        0,
        12,
    )
    (mail,) = world.mails()
    assert mail.subject == "[OK] 3 created, 12 expired (EBS day, eu-west-1)"
    assert all(snapshot in mail.told for snapshot in gone)
    assert world.runs().count(RUN) == 3


def test_metrics_and_heartbeat_are_counted_once_after_the_mail(world: HandlerWorld) -> None:
    world.account.history(world.account.volume(), 6)
    refused_once(world)
    assert world.metrics() == []

    world.invoke(RULE)

    lines = world.metrics()
    assert [line["RunCompleted"] for line in lines if "RunCompleted" in line] == [1]
    assert [line["SnapshotsCreated"] for line in lines if "SnapshotsCreated" in line] == [1]
    assert [line["SnapshotsExpired"] for line in lines if "SnapshotsExpired" in line] == [3]


def test_a_second_retry_still_tells_all_of_it(world: HandlerWorld) -> None:
    world.account.history(world.account.volume(), 6)
    refused_once(world)
    refused_once(world)

    answer = world.invoke(RULE)

    assert (answer["created"], answer["expired"]) == (1, 3)
    assert totals(world) == [(1, 3, 0)]


def test_failed_snapshots_that_the_first_try_deleted_are_told_by_the_retry(world: HandlerWorld) -> None:
    volume = world.account.volume()
    failed = world.account.point(volume, NIGHT - timedelta(hours=5), state="error")
    world.account.tell(failed, StateMessage="Given key ID is not accessible")
    refused_once(world)

    answer = world.invoke(RULE)

    assert answer["status"] == "PROBLEM"
    assert [(failure["resource"], failure["message"]) for failure in answer["failures"]] == [
        (failed, "Given key ID is not accessible")
    ]


def test_copied_tags_that_a_policy_refused_in_the_first_try_are_told_by_the_retry(
    world: HandlerWorld,
) -> None:
    world.account.volume(owner="db team")
    world.account.refuse("CreateSnapshot", "TagPolicyViolation", holding="owner")
    refused_once(world)

    answer = world.invoke(RULE)

    assert answer["status"] == "CHECK"
    assert "owner" in answer["checks"][0]["action"]


def test_a_delete_that_failed_in_the_first_try_and_worked_in_the_retry_is_done(world: HandlerWorld) -> None:
    *_, oldest = world.account.history(world.account.volume(), 4)
    allow = world.account.refuse("DeleteSnapshot", "SomethingNew")
    refused_once(world)
    allow()

    answer = world.invoke(RULE)

    assert oldest not in world.account.ids()
    assert (answer["status"], answer["created"], answer["expired"]) == ("OK", 1, 1)


def test_a_retry_on_another_instance_names_what_it_can_see_and_never_says_that_nothing_was_deleted(
    world: HandlerWorld,
) -> None:
    world.account.history(world.account.volume(), 6)
    refused_once(world)
    module._untold.clear()

    world.invoke(RULE)

    (mail,) = world.mails()
    assert (
        "An earlier try of this run may have deleted expired snapshots, too: the log lists them." in mail.told
    )
    assert "0 expired" not in mail.subject


def test_what_one_run_could_not_tell_is_not_told_by_another(world: HandlerWorld) -> None:
    world.account.history(world.account.volume(), 6)
    refused_once(world)
    world.account.sleep(86400)

    answer = world.invoke({"period": "day", "time": "2026-11-24T01:30:00Z"})

    assert (answer["created"], answer["expired"]) == (1, 1)


def test_a_run_of_another_period_with_the_same_time_does_not_take_it_over(world: HandlerWorld) -> None:
    """Where two schedules fire at the same minute, the two runs differ in nothing but their period."""
    world.account.history(world.account.volume(), 6)
    refused_once(world)

    week = world.invoke({"period": "week", "time": RUN})
    day = world.invoke(RULE)

    assert (week["created"], week["expired"]) == (1, 0)
    assert (day["created"], day["expired"]) == (1, 3)


def test_a_run_of_some_volumes_with_the_same_time_does_not_take_it_over(world: HandlerWorld) -> None:
    volumes = [world.account.volume(), world.account.volume()]
    for volume in volumes:
        world.account.history(volume, 6)
    refused_once(world)

    world.invoke({**RULE, "volumes": volumes[:1]})
    answer = world.invoke(RULE)

    assert (answer["created"], answer["expired"]) == (2, 6)


def test_after_it_was_told_it_is_not_told_again(world: HandlerWorld) -> None:
    world.account.history(world.account.volume(), 6)
    refused_once(world)
    world.invoke(RULE)

    answer = world.invoke(RULE)

    assert (answer["created"], answer["already_made"], answer["expired"]) == (0, 1, 0)


def test_a_mail_that_was_lost_with_its_topic_fails_the_invocation_and_the_retry_only_mails(
    world: HandlerWorld,
) -> None:
    world.account.volume()
    world.sns.delete_topic(TopicArn=world.topic)
    with pytest.raises(AwsError, match="NotFound"):
        world.invoke(RULE)
    world.sns.create_topic(Name="backups")

    world.invoke(RULE)

    assert world.runs() == [RUN]
    (mail,) = world.mails()
    assert mail.subject == "[OK] 1 created, 0 expired (EBS day, eu-west-1)"


def test_what_could_not_be_mailed_is_told_too_where_the_retry_goes_on_in_a_further_invocation(
    world: HandlerWorld,
) -> None:
    failed = world.account.point(world.account.volume("db"), NIGHT - timedelta(hours=5), state="error")
    refused_once(world)
    world.cut_short()
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)
    module._untold.clear()  # the further invocation is of another instance
    world.account.sleep(60)

    answer = world.invoke(world.queued[0])

    assert (answer["status"], [failure["resource"] for failure in answer["failures"]]) == (
        "PROBLEM",
        [failed],
    )


def test_what_a_gone_volume_left_is_counted_once_though_the_retrys_listing_lags_behind(
    world: HandlerWorld,
) -> None:
    world.set(nightly(expire_gone_after_days=30))
    world.account.volume()
    gone = world.account.volume()
    old = world.account.point(gone, NIGHT - timedelta(days=90))
    world.account.client.delete_volume(VolumeId=gone)
    row = next(row for row in world.account.snapshots() if row["SnapshotId"] == old)
    refused_once(world)
    world.account.on("after-call.ec2.DescribeSnapshots", lambda parsed, **_: parsed["Snapshots"].append(row))

    answer = world.invoke(RULE)

    assert answer["expired"] == 1

"""A snapshot fails, and EC2 says so: it is reported within minutes, and made again, once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ebs_backup.aws.errors import AwsError
from tests.failed_events import (
    KEY_LOST,
    delivered,
    event_of,
    event_of_several,
    failed,
    ids,
)
from tests.unit.account import nightly
from tests.unit.builders import NIGHT
from tests.unit.handler.world import RULE, RUN, HandlerWorld

DONE = {"status": "OK", "failed_snapshots": 0, "made_again": 0, "batchItemFailures": []}
SET, AGAIN, OLDER = "ebs-backup:set", "ebs-backup:again", "ebs-backup:older"


def a_failed_one(world: HandlerWorld, name: str = "web-1 data", **tags: str) -> tuple[str, str]:
    """Make a volume whose snapshot of the night's run failed; return the ids of both."""
    volume = world.account.volume(name)
    return volume, fail_one_of(world, volume, **tags)


def fail_one_of(world: HandlerWorld, volume: str, **tags: str) -> str:
    """Make the volume's restore point of the night's run, which failed."""
    ours = {OLDER: "3 pending=1", "Name": "web-1 data day 2026-11-23 01:30Z"} | {
        f"ebs-backup:{key}": value for key, value in tags.items()
    }
    snapshot = world.account.point(volume, NIGHT, ours, state="error")
    world.account.tell(snapshot, StateMessage=KEY_LOST)
    world.account.sleep(1200)
    return snapshot


def nothing_happened(world: HandlerWorld, answer: dict[str, Any]) -> bool:
    """Tell whether nothing was made, deleted, mailed or counted."""
    writes = {"CreateSnapshot", "DeleteSnapshot"} & set(world.account.calls)
    return (answer, writes, world.mails(), world.metrics()) == (DONE, set(), [], [])


def test_it_is_made_again_as_it_was_and_told_with_ec2s_reason(world: HandlerWorld) -> None:
    world.account.history(world.account.volume("other"), 6)
    volume, snapshot = a_failed_one(world)
    before = set(world.account.ids())

    answer = world.invoke(failed(snapshot))

    assert answer == DONE | {"status": "PROBLEM", "failed_snapshots": 1, "made_again": 1}
    (made,) = world.account.ids(volume)
    assert before - set(world.account.ids()) == {snapshot}
    tags = world.account.tags(made)
    assert {
        key: tags[key] for key in tags if key.startswith("ebs-backup:") and key != "ebs-backup:source"
    } == {
        "ebs-backup:set": "default",
        "ebs-backup:period": "day",
        "ebs-backup:run": RUN,
        OLDER: "3 pending=1",
        AGAIN: snapshot,
    }
    assert tags["Name"] == "web-1 data day 2026-11-23 01:50Z"
    (mail,) = world.mails()
    assert mail.subject == "[PROBLEM] web-1 data: snapshot failed, made again (EBS day, eu-west-1)"
    assert KEY_LOST in mail.told
    assert made in mail.told
    assert world.metrics() == [{"set": "default", "period": "day", "Failures": 1}]
    assert json.loads(json.dumps(answer)) == answer


def test_the_other_volumes_and_restore_points_are_left_alone(world: HandlerWorld) -> None:
    """Nothing is rotated: the volume holds more than it keeps."""
    volume = world.account.volume()
    history = world.account.history(volume, 9)
    snapshot = fail_one_of(world, volume)

    world.invoke(failed(snapshot))

    assert set(history) < set(world.account.ids(volume))
    assert world.account.asked_to_delete == [snapshot]


def test_an_event_of_several_snapshots_is_of_ours_alone(world: HandlerWorld) -> None:
    _, snapshot = a_failed_one(world)
    foreign = world.account.snapshot(world.account.volume(), state="error")

    answer = world.invoke(delivered(event_of_several(foreign, snapshot)))

    assert (answer["failed_snapshots"], answer["made_again"]) == (1, 1)
    assert foreign in world.account.ids()


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {SET: "another"},
        {"ebs-backup:source": "volume=vol-0dead"},
        {"ebs-backup:period": "fortnight"},
        {"ebs-backup:run": ""},
    ],
)
def test_a_foreign_or_stray_snapshot_is_nobodys_business_here(
    world: HandlerWorld, tags: dict[str, str]
) -> None:
    volume = world.account.volume()
    snapshot = (
        world.account.point(volume, NIGHT, tags, state="error")
        if tags
        else world.account.snapshot(volume, state="error")
    )

    assert nothing_happened(world, world.invoke(failed(snapshot)))


@pytest.mark.parametrize("event", [event_of("snap-0123456789abcdef0"), {"detail": {}}, "words"])
def test_a_snapshot_that_is_unknown_or_gone_or_not_named_is_dropped(
    world: HandlerWorld, event: object
) -> None:
    a_failed_one(world)

    assert nothing_happened(world, world.invoke(delivered(event, received=3)))


def test_a_message_that_names_no_snapshot_is_logged(world: HandlerWorld) -> None:
    world.invoke(delivered("words"))

    assert [line["messages"] for line in world.logged() if "messages" in line] == [["message-0"]]


def test_a_snapshot_that_completed_after_all_is_left_alone(world: HandlerWorld) -> None:
    snapshot = world.account.point(world.account.volume(), NIGHT)

    assert nothing_happened(world, world.invoke(failed(snapshot)))


def test_a_listing_that_lags_behind_the_event_is_awaited(world: HandlerWorld) -> None:
    volume = world.account.volume()
    snapshot = world.account.point(volume, NIGHT, state="pending")
    world.account.sleep(1200)
    looks: list[str] = []

    def settle(parsed: dict[str, Any], **_: object) -> None:
        looks.append("look")
        if len(looks) == 2:
            world.account.raw(snapshot).status = parsed["Snapshots"][0]["State"] = "error"

    world.account.on("after-call.ec2.DescribeSnapshots", settle)

    answer = world.invoke(failed(snapshot))

    assert answer["made_again"] == 1
    assert "EC2 gave no reason" in world.mails()[0].told


def test_one_that_stays_pending_is_left_to_the_next_run_after_some_seconds(world: HandlerWorld) -> None:
    snapshot = world.account.point(world.account.volume(), NIGHT, state="pending")
    began = world.account.clock()

    answer = world.invoke(failed(snapshot))

    assert nothing_happened(world, answer)
    assert world.account.clock() - began == 10


def test_the_events_reason_stands_in_where_ec2s_listing_has_none(world: HandlerWorld) -> None:
    _, snapshot = a_failed_one(world)
    world.account.tell(snapshot, StateMessage="")

    world.invoke(failed(snapshot, cause="An internal error has occurred"))

    assert "An internal error has occurred" in world.mails()[0].told


def test_a_redelivery_after_all_was_done_does_nothing(world: HandlerWorld) -> None:
    _, snapshot = a_failed_one(world)
    world.invoke(failed(snapshot))
    world.mails()
    there = set(world.account.ids())

    answer = world.invoke(failed(snapshot))

    assert (answer, world.mails(), set(world.account.ids())) == (DONE, [], there)


@pytest.mark.parametrize("made_by", ["a person", "an earlier try"])
def test_where_the_run_has_a_usable_restore_point_none_is_made_and_the_failed_one_goes(
    world: HandlerWorld, made_by: str
) -> None:
    volume, snapshot = a_failed_one(world)
    again = {AGAIN: snapshot} if made_by == "an earlier try" else {}
    there = world.account.snapshot(volume, again, set="default", period="day", run=RUN)

    answer = world.invoke(failed(snapshot))

    assert answer["failed_snapshots"] == 1
    assert world.account.ids(volume) == [there]
    assert there in world.mails()[0].told


def test_a_second_failure_is_told_and_made_no_third_time(world: HandlerWorld) -> None:
    volume, first = a_failed_one(world)
    world.invoke(failed(first))
    (second,) = world.account.ids(volume)
    world.account.raw(second).status = "error"
    world.account.tell(second, StateMessage=KEY_LOST)
    world.mails()
    world.account.sleep(600)

    answer = world.invoke(failed(second))

    assert answer == DONE | {"status": "PROBLEM", "failed_snapshots": 1}
    assert world.account.ids(volume) == [second]
    (mail,) = world.mails()
    assert mail.subject == "[PROBLEM] web-1 data: NO backup, snapshot failed (EBS day, eu-west-1)"
    assert f"made again already, and failed again: {KEY_LOST}" in mail.told
    assert '"time": "2026-11-23T01:30:00Z"' in mail.text


def test_both_in_one_batch_are_told_together_and_made_no_third_time(world: HandlerWorld) -> None:
    volume, first = a_failed_one(world)
    second = fail_one_of(world, volume, again=first)

    answer = world.invoke(failed(first, second))

    assert (answer["failed_snapshots"], answer["made_again"]) == (2, 0)
    assert set(world.account.ids(volume)) == {first, second}
    assert len(world.mails()) == 1


def test_one_that_fails_at_once_is_told(world: HandlerWorld) -> None:
    _, snapshot = a_failed_one(world)
    world.account.answered = world.account.listed = "error"

    answer = world.invoke(failed(snapshot))

    assert (answer["failed_snapshots"], answer["made_again"]) == (1, 0)
    assert "failed again" in world.mails()[0].told


def lose(world: HandlerWorld, volume: str) -> None:
    world.account.client.delete_volume(VolumeId=volume)


def untag(world: HandlerWorld, volume: str) -> None:
    world.account.client.delete_tags(Resources=[volume], Tags=[{"Key": "Backup"}])


def skip(world: HandlerWorld, volume: str) -> None:
    world.account.client.create_tags(Resources=[volume], Tags=[{"Key": "ebs-backup:skip", "Value": "true"}])


def break_(world: HandlerWorld, volume: str) -> None:
    world.account.tell(volume, State="error")


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lose, "the volume is gone"),
        (untag, "the volume is not selected any more"),
        (skip, "the volume is skipped until the tag is removed"),
        (break_, "the volume is in state error"),
    ],
)
def test_what_must_not_be_made_again_is_told_with_why(world: HandlerWorld, act: Any, why: str) -> None:  # noqa: ANN401
    volume, snapshot = a_failed_one(world)
    act(world, volume)

    answer = world.invoke(failed(snapshot))

    assert (answer["failed_snapshots"], answer["made_again"]) == (1, 0)
    assert world.account.ids() == [snapshot]
    (mail,) = world.mails()
    assert why in mail.told
    assert "COMMAND" not in mail.text
    assert [row["made"] for row in mail.data["again"]] == [None]


def test_a_refused_create_is_told_and_the_failed_one_stays_for_the_next_run(world: HandlerWorld) -> None:
    volume, snapshot = a_failed_one(world)
    world.account.refuse("CreateSnapshot", "CustomerKeyHasBeenRevoked")

    answer = world.invoke(failed(snapshot))

    assert answer == DONE | {"status": "PROBLEM", "failed_snapshots": 1}
    assert world.account.ids(volume) == [snapshot]
    (mail,) = world.mails()
    assert "CustomerKeyHasBeenRevoked" in mail.told
    assert "To do: Enable the volume's KMS key." in mail.text
    world.account.sleep(60)
    assert (
        world.invoke({"period": "week", "time": "2026-11-23T02:30:00Z"})["failures"][0]["resource"]
        == snapshot
    )


def test_a_volume_that_is_deleted_meanwhile_is_told(world: HandlerWorld) -> None:
    volume, snapshot = a_failed_one(world)
    world.account.first_time("before-call.ec2.CreateSnapshot", lambda: lose(world, volume))

    world.invoke(failed(snapshot))

    assert "InvalidVolume.NotFound" in world.mails()[0].told


def test_a_full_region_is_told_and_nothing_is_rotated_for_it(world: HandlerWorld) -> None:
    volume = world.account.volume()
    history = world.account.history(volume, 9)
    snapshot = fail_one_of(world, volume)
    world.account.refuse("CreateSnapshot", "SnapshotLimitExceeded")

    world.invoke(failed(snapshot))

    assert set(world.account.ids(volume)) == {*history, snapshot}


def test_copied_tags_that_a_policy_refuses_cost_no_restore_point(world: HandlerWorld) -> None:
    volume = world.account.volume(owner="db team")
    snapshot = fail_one_of(world, volume)
    world.account.refuse("CreateSnapshot", "TagPolicyViolation", holding="owner")

    assert world.invoke(failed(snapshot))["made_again"] == 1


def test_a_failed_one_that_takes_the_volumes_only_place_is_deleted_first(world: HandlerWorld) -> None:
    """EC2 takes one unfinished snapshot of an st1 or sc1 volume, and a failed one counts."""
    volume, snapshot = a_failed_one(world)
    full = world.account.refuse("CreateSnapshot", "ConcurrentSnapshotLimitExceeded")
    world.account.first_time("before-call.ec2.DeleteSnapshot", full)

    answer = world.invoke(failed(snapshot))

    assert answer["made_again"] == 1
    (made,) = world.account.ids(volume)
    assert world.account.tags(made)[AGAIN] == snapshot


def test_what_was_deleted_for_its_place_is_told_by_the_retry_after_a_refused_mail(
    world: HandlerWorld,
) -> None:
    volume, snapshot = a_failed_one(world)
    full = world.account.refuse("CreateSnapshot", "ConcurrentSnapshotLimitExceeded")
    world.account.first_time("before-call.ec2.DeleteSnapshot", full)
    world.refuse_mail()
    with pytest.raises(AwsError):
        world.invoke(failed(snapshot, cause=KEY_LOST))
    (made,) = world.account.ids(volume)

    answer = world.invoke(failed(snapshot, cause=KEY_LOST, received=2))

    assert (answer["failed_snapshots"], answer["made_again"]) == (1, 1)
    assert world.account.ids(volume) == [made]
    (mail,) = world.mails()
    assert snapshot in mail.told
    assert made in mail.told
    assert KEY_LOST in mail.told


def test_a_mail_that_is_refused_brings_the_messages_again_and_then_it_is_told(world: HandlerWorld) -> None:
    volume, snapshot = a_failed_one(world)
    world.refuse_mail()
    with pytest.raises(AwsError):
        world.invoke(failed(snapshot))
    assert snapshot in world.account.ids(volume)
    assert world.metrics() == []

    answer = world.invoke(failed(snapshot, received=2))

    assert (answer["failed_snapshots"], answer["made_again"]) == (1, 1)
    assert len(world.mails()) == 1
    assert len(world.account.ids(volume)) == 1


def test_what_the_time_is_too_short_for_comes_again_and_the_rest_is_told(world: HandlerWorld) -> None:
    _, one = a_failed_one(world)
    slow, other = a_failed_one(world, "db-1")
    world.account.refuse("CreateSnapshot", "PendingSnapshotLimitExceeded", times=1, VolumeId=slow)
    batch = failed(one, other)

    answer = world.invoke(batch, seconds=34)

    assert answer == {
        "status": "PROBLEM",
        "failed_snapshots": 1,
        "made_again": 1,
        "batchItemFailures": [{"itemIdentifier": ids(batch)[1]}],
    }
    assert world.account.ids(slow) == [other]
    assert slow not in world.mails()[0].told
    assert world.invoke(failed(other, received=2))["made_again"] == 1


def test_where_there_is_time_for_nothing_nothing_is_mailed_and_all_comes_again(world: HandlerWorld) -> None:
    volume, snapshot = a_failed_one(world)
    world.account.refuse("CreateSnapshot", "PendingSnapshotLimitExceeded", VolumeId=volume)

    answer = world.invoke(failed(snapshot), seconds=34)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["message-0"]
    assert world.mails() == []


def test_a_failed_one_that_cannot_be_deleted_is_left_to_the_next_run(world: HandlerWorld) -> None:
    volume, snapshot = a_failed_one(world)
    world.account.refuse("DeleteSnapshot", "SomethingNew")

    answer = world.invoke(failed(snapshot))

    assert answer["made_again"] == 1
    assert snapshot in world.account.ids(volume)


def test_a_listing_that_is_denied_brings_the_messages_again(world: HandlerWorld) -> None:
    _, snapshot = a_failed_one(world)
    world.account.refuse("DescribeSnapshots", "UnauthorizedOperation")

    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        world.invoke(failed(snapshot))


def test_snapshots_of_two_runs_are_two_mails_each_of_its_own_run(world: HandlerWorld) -> None:
    _, day = a_failed_one(world)
    other = world.account.volume("db-1")
    by_hand = "8d5c2f9e-0000-4000-8000-000000000002"
    week = world.account.point(other, NIGHT, state="error", period="week", run=by_hand)

    answer = world.invoke(failed(day, week))

    assert (answer["failed_snapshots"], answer["made_again"]) == (2, 2)
    assert {(mail.data["period"], mail.data["run"]) for mail in world.mails()} == {
        ("day", RUN),
        ("week", by_hand),
    }


def test_where_the_failed_ones_number_is_unreadable_the_new_one_has_none(world: HandlerWorld) -> None:
    """A snapshot without the number lets no delivery of its run delete anything."""
    world.set(nightly(max_expired_per_volume=1))
    volume = world.account.volume()
    history = world.account.history(volume, 9)
    snapshot = world.account.point(volume, NIGHT, state="error")
    world.account.sleep(1200)

    world.invoke(failed(snapshot))
    world.account.sleep(60)
    world.invoke(RULE)

    (made,) = set(world.account.ids(volume)) - set(history)
    assert OLDER not in world.account.tags(made)
    assert set(history) < set(world.account.ids(volume))


def test_a_second_delivery_of_the_run_counts_it_as_its_restore_point_and_keeps_the_limit(
    world: HandlerWorld,
) -> None:
    world.set(nightly(max_expired_per_volume=2))
    volume = world.account.volume()
    world.account.history(volume, 9)
    world.invoke(RULE)
    assert len(world.account.ids(volume)) == 8
    (first,) = (id_ for id_ in world.account.ids(volume) if world.account.tags(id_)["ebs-backup:run"] == RUN)
    world.account.raw(first).status = "error"
    world.account.sleep(1200)
    world.invoke(failed(first))

    again = world.invoke(RULE)

    assert (again["created"], again["already_made"], again["expired"]) == (0, 1, 0)
    assert len(world.account.ids(volume)) == 8


def test_the_run_of_the_next_night_finds_nothing_wrong(world: HandlerWorld) -> None:
    volume = world.account.volume()
    world.account.history(volume, 3)
    snapshot = fail_one_of(world, volume)
    world.invoke(failed(snapshot))
    world.account.sleep((timedelta(days=1) - timedelta(seconds=1200)).total_seconds())

    answer = world.invoke({"period": "day", "time": "2026-11-24T01:30:00Z"})

    assert (answer["status"], answer["created"]) == ("OK", 1)

"""What the function answers and mails for a run that it did."""

import json
from datetime import timedelta

import pytest

from ebs_backup import handler as module
from tests.unit.account import nightly
from tests.unit.builders import NIGHT, settings
from tests.unit.handler.world import RULE, RUN, HandlerWorld


def test_a_rules_event_makes_a_snapshot_answers_and_mails(world: HandlerWorld) -> None:
    volume = world.account.volume()

    answer = world.invoke(RULE)

    assert (answer["status"], answer["run"], answer["created"], answer["failures"]) == ("OK", RUN, 1, [])
    assert world.runs() == [RUN]
    (mail,) = world.mails()
    assert mail.subject == "[OK] 1 created, 0 expired (EBS day, eu-west-1)"
    assert volume in mail.told
    assert "Account 111122223333, eu-west-1 set default, period day run 2026-11-23T01:30:00Z" in mail.told
    assert "/aws/lambda/ebs-backup-default" in mail.told
    assert answer.pop("subscribers") == 1  # counted when the mail was sent
    assert mail.data == {"subject": mail.subject} | answer


def test_the_answer_is_json(world: HandlerWorld) -> None:
    world.account.volume()

    answer = world.invoke({"period": "day", "dry_run": True})

    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("again", ["2026-11-23T01:30:00Z", "2026-11-23T02:30:00+01:00"])
def test_two_deliveries_of_one_instant_are_one_run_in_whatever_zone(world: HandlerWorld, again: str) -> None:
    world.account.volume()
    world.invoke(RULE, request_id="one")

    answer = world.invoke({"period": "day", "time": again}, request_id="two")

    assert world.runs() == [RUN]
    assert (answer["run"], answer["created"], answer["already_made"]) == (RUN, 0, 1)
    _, second = world.mails()
    assert second.subject == "[OK] 1 already made (EBS day, eu-west-1)"


def test_by_hand_the_request_names_the_run_so_that_lambdas_retry_is_the_same_run(world: HandlerWorld) -> None:
    world.account.volume()
    world.invoke({"period": "week"}, request_id="request-1")
    world.invoke({"period": "week"}, request_id="request-1")

    answer = world.invoke({"period": "week"}, request_id="request-2")

    assert answer["run"] == "request-2"
    assert world.runs() == ["request-1", "request-2"]


def test_five_runs_by_hand_within_ten_minutes_leave_the_nights_before_in_place(world: HandlerWorld) -> None:
    volume = world.account.volume()
    nights = world.account.history(volume, 3)

    answers = []
    for number in range(5):
        world.account.now = NIGHT + timedelta(minutes=2 * number)
        answers.append(world.invoke({"period": "day"}, request_id=f"request-{number}"))

    assert set(nights) <= set(world.account.ids())
    assert {(answer["status"], answer["expired"]) for answer in answers} == {("OK", 0)}


def test_a_clock_that_is_ahead_ends_no_hold(world: HandlerWorld) -> None:
    volume = world.account.volume()
    *_, oldest = world.account.history(volume, 6, {"ebs-backup:hold": "2026-11-22"})
    world.account.now = NIGHT - timedelta(hours=2)

    world.invoke({"period": "day", "time": "2026-11-23T00:01:00Z"})

    assert oldest in world.account.ids()


@pytest.mark.parametrize("time", ["2126-11-23T01:30:00Z", "1926-11-23T01:30:00Z", "0001-01-01T00:00:00Z"])
def test_an_event_of_a_time_that_no_rule_sends_is_answered_and_touches_nothing(
    world: HandlerWorld, time: str
) -> None:
    there = world.account.history(world.account.volume(), 6)

    answer = world.invoke({"period": "day", "time": time})

    assert answer["status"] == "FAILED"
    assert answer["error"].startswith(
        "time must be an instant since 1970 and at most two years ahead, and now is 2026-11-23"
    )
    assert sorted(world.account.ids()) == sorted(there)
    (mail,) = world.mails()
    assert mail.subject.startswith("[FAILED]")


def test_a_dry_run_answers_with_the_plan_and_writes_mails_and_measures_nothing(world: HandlerWorld) -> None:
    volume = world.account.volume("db-1 data")

    answer = world.invoke({"period": "day", "dry_run": True})

    assert answer["dry_run"] is True
    assert answer["plan"] == [
        {
            "volume": volume,
            "name": "db-1 data",
            "create": True,
            "snapshots": {"(new)": "kept: 1 of 4"},
            "notes": [],
        }
    ]
    assert set(world.account.calls) == {"DescribeTags", "DescribeVolumes", "DescribeSnapshots"}
    assert world.mails() == []
    assert world.metrics() == []


def test_a_run_limited_to_volumes_names_in_answer_and_mail_what_it_does_not_know(world: HandlerWorld) -> None:
    volume, other = world.account.volume(), world.account.volume()

    answer = world.invoke({"period": "day", "volumes": [volume, "vol-0badc0de"]})

    assert (answer["status"], answer["created"], answer["missing"]) == ("CHECK", 1, ["vol-0badc0de"])
    assert world.account.ids(other) == []
    (mail,) = world.mails()
    assert mail.subject.startswith("[CHECK]")
    assert "vol-0badc0de" in mail.told


def test_nothing_selected_fails_loudly_but_returns_for_a_retry_would_not_help(world: HandlerWorld) -> None:
    world.account.volume(Backup="no")

    answer = world.invoke(RULE)

    assert (answer["status"], answer["failures"][0]["code"]) == ("FAILED", "NothingSelected")
    (mail,) = world.mails()
    assert mail.subject.startswith("[FAILED] nothing backed up: no volume is tagged Backup=true")


def test_with_report_problems_a_good_run_is_silent(world: HandlerWorld) -> None:
    world.set(nightly(report="problems"))
    world.account.volume()

    world.invoke(RULE)

    assert world.mails() == []


def test_with_report_problems_a_failure_is_mailed(world: HandlerWorld) -> None:
    world.set(nightly(report="problems"))
    refused, _ = world.account.volume(), world.account.volume("web-1")
    world.account.refuse("CreateSnapshot", "OptInRequired", VolumeId=refused)

    answer = world.invoke(RULE)

    assert answer["status"] == "PROBLEM"
    (mail,) = world.mails()
    assert mail.subject == "[PROBLEM] data: NO backup; 1 created, 0 expired (EBS day, eu-west-1)"


def test_with_report_problems_what_is_deferred_is_mailed(world: HandlerWorld) -> None:
    world.set(nightly(report="problems", keep_day=1, max_expired_per_volume=1))
    world.account.history(world.account.volume(), 4)

    answer = world.invoke(RULE)

    assert (answer["status"], answer["expired"], answer["deferred"]) == ("CHECK", 1, 2)
    (mail,) = world.mails()
    assert mail.subject == "[CHECK] 2 snapshots deferred; 1 created, 1 expired (EBS day, eu-west-1)"


def test_with_report_problems_a_volume_that_lost_its_tag_is_mailed(world: HandlerWorld) -> None:
    world.set(nightly(report="problems"))
    world.account.volume()
    world.account.history(world.account.volume(Backup="no"), 2)

    answer = world.invoke(RULE)

    assert answer["status"] == "CHECK"
    (mail,) = world.mails()
    assert mail.subject.startswith("[CHECK] 1 volume deselected; 1 created, 0 expired")


def test_with_report_problems_what_aws_keeps_in_place_is_silent(world: HandlerWorld) -> None:
    world.set(nightly(report="problems"))
    for snapshot in world.account.history(world.account.volume(), 30):
        world.account.refuse(
            "DeleteSnapshot", "OperationNotPermitted", "The snapshot is locked", SnapshotId=snapshot
        )

    answer = world.invoke(RULE)

    assert (answer["status"], answer["undeletable"]) == ("OK", 10)
    assert world.mails() == []


def test_the_same_status_stands_in_subject_attribute_data_answer_and_log(world: HandlerWorld) -> None:
    world.account.volume()
    lost = world.account.tell(world.account.volume("lost"), State="error")

    answer = world.invoke(RULE)

    (mail,) = world.mails()
    assert answer["status"] == mail.data["status"] == "PROBLEM"
    assert mail.subject.startswith("[PROBLEM]")
    (done,) = (line for line in world.logged() if line["message"] == "run done")
    assert done["answer"]["status"] == "PROBLEM"
    assert lost in mail.told


def test_what_is_not_ours_is_named_in_mail_and_answer(world: HandlerWorld) -> None:
    volume = world.account.volume("restored", **{"ebs-backup:set": "default"})
    foreign = world.account.snapshot(volume, {"ebs-backup:set": "default", "ebs-backup:run": RUN})

    answer = world.invoke(RULE)

    assert answer["status"] == "CHECK"
    assert [(told["volume_id"], told["snapshots"]) for told in answer["foreign"]] == [(volume, [foreign])]
    (mail,) = world.mails()
    assert foreign in mail.told
    assert volume in mail.told


def test_clients_are_made_once_for_all_invocations(world: HandlerWorld) -> None:
    world.account.volume()
    world.invoke(RULE)
    made = module._ec2(), module._sns(world.topic)

    world.invoke(RULE)

    assert (module._ec2(), module._sns(world.topic)) == made


def test_a_run_that_finishes_never_makes_a_client_for_lambda(world: HandlerWorld) -> None:
    module._lambda.cache_clear()
    world.account.volume()

    world.invoke(RULE)

    assert module._lambda.cache_info().currsize == 0


def test_a_set_with_default_schedules_runs_as_well(world: HandlerWorld) -> None:
    world.set(settings())
    world.account.volume()

    assert world.invoke({"period": "month", "time": "2026-11-01T03:30:00Z"})["status"] == "OK"

"""What the function counts: once a run, by set and period alone."""

from datetime import timedelta

import pytest

from ebs_backup.aws.errors import AwsError
from tests.unit.account import nightly
from tests.unit.builders import NIGHT, settings
from tests.unit.handler.world import RULE, SHORT, HandlerWorld


def test_metrics_count_by_set_and_period_alone(world: HandlerWorld) -> None:
    world.set(nightly(backup_set="web"))
    refused, _ = world.account.volume(), world.account.volume("web-1")
    world.account.refuse("CreateSnapshot", "OptInRequired", VolumeId=refused)

    world.invoke(RULE)

    of_the_day, of_the_week, of_the_month, of_the_set = world.metrics()
    assert 0 <= of_the_day.pop("RunSeconds") < 60
    assert of_the_day == {
        "set": "web",
        "period": "day",
        "VolumesSelected": 2,
        "SnapshotsCreated": 1,
        "SnapshotsExpired": 0,
        "Failures": 1,
        "VolumesOverdue": 0,
    }
    assert of_the_week == {"set": "web", "period": "week", "VolumesOverdue": 0}
    assert of_the_month == {"set": "web", "period": "month", "VolumesOverdue": 0}
    assert of_the_set == {"set": "web", "RunCompleted": 1, "RunsFailed": 0, "Subscribers": 1}


def test_every_run_counts_the_overdue_volumes_of_every_period(world: HandlerWorld) -> None:
    """So the mail of the next day run, and the dashboard, show a month rule that somebody disabled."""
    world.set(settings())
    old, _ = world.account.volume(), world.account.volume("young")
    for period in ("week", "month"):
        world.account.point(old, NIGHT - timedelta(days=50), period=period)

    world.invoke(RULE)

    overdue = {line["period"]: line["VolumesOverdue"] for line in world.metrics()[:3]}
    assert overdue == {"day": 0, "week": 1, "month": 1}
    (mail,) = world.mails()
    assert mail.subject.startswith("[PROBLEM] 1 overdue; ")


def test_a_run_limited_to_some_volumes_says_nothing_of_the_others(world: HandlerWorld) -> None:
    """It counts neither overdue volumes nor the heartbeat: such a run is no sign that the rules work."""
    volume, _ = world.account.volume(), world.account.volume()

    world.invoke({"period": "day", "volumes": [volume]})

    of_the_run, of_the_set = world.metrics()
    assert of_the_run == {
        "set": "default",
        "period": "day",
        "SnapshotsCreated": 1,
        "SnapshotsExpired": 0,
        "Failures": 0,
    }
    assert of_the_set == {"set": "default", "Subscribers": 1}


def test_metrics_of_one_run_never_leak_into_the_next(world: HandlerWorld) -> None:
    world.account.volume()
    world.invoke(RULE)
    world.metrics()

    world.invoke({"period": "week", "time": "2026-11-21T02:30:00Z"})

    lines = world.metrics()
    assert len(lines) == 4
    (of_the_run,) = [line for line in lines if "SnapshotsCreated" in line]
    assert (of_the_run["period"], of_the_run["VolumesSelected"], of_the_run["SnapshotsCreated"]) == (
        "week",
        1,
        1,
    )


def test_a_broken_run_counts_as_one_failure(world: HandlerWorld) -> None:
    world.account.refuse("DescribeVolumes", "UnauthorizedOperation")

    with pytest.raises(AwsError):
        world.invoke(RULE)

    assert world.metrics() == [{"set": "default", "period": "day", "Failures": 1}]


def test_a_run_whose_mail_was_lost_counts_nothing_yet_and_sends_no_heartbeat(world: HandlerWorld) -> None:
    world.account.volume()
    world.refuse_mail()

    with pytest.raises(AwsError):
        world.invoke(RULE)

    assert world.metrics() == []


def test_of_a_run_in_several_invocations_only_the_last_counts_and_all_of_it(world: HandlerWorld) -> None:
    world.cut_short()
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)
    assert world.metrics() == []

    world.invoke(world.queued[0], request_id="another")

    of_the_day, *_, of_the_set = world.metrics()
    assert (of_the_day["SnapshotsCreated"], of_the_day["Failures"], of_the_set["RunCompleted"]) == (2, 0, 1)


def test_a_run_that_backs_up_nothing_counts_as_failed_although_it_was_completed(world: HandlerWorld) -> None:
    world.invoke(RULE)

    *_, of_the_set = world.metrics()
    assert (of_the_set["RunsFailed"], of_the_set["RunCompleted"]) == (1, 1)


def test_a_run_of_some_volumes_that_does_not_know_who_listens_counts_nothing_of_the_set(
    world: HandlerWorld,
) -> None:
    volume = world.account.volume()
    world.refuse_count("AuthorizationError")

    world.invoke({"period": "day", "volumes": [volume]})

    (of_the_run,) = world.metrics()
    assert of_the_run["period"] == "day"

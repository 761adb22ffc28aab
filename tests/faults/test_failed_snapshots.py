"""Snapshots that EC2 cannot finish: deleted first, reported with EC2's reason, and never in the way of a new one."""

import pytest

from ebs_backup.names import Period
from fake_aws import wire
from fake_aws.account import KEY_LOST
from fake_aws.server import Endpoint
from tests.faults.clock import HOUR
from tests.faults.invariants import check, of_run
from tests.faults.world import World, a_settings


@pytest.mark.parametrize("kind", ["st1", "sc1"])
@pytest.mark.parametrize("period", Period)
def test_a_failed_snapshot_of_any_period_does_not_block_a_volume_that_takes_one_at_a_time(
    endpoint: Endpoint, kind: str, period: Period
) -> None:
    world = World()
    volume = world.volume(kind=kind)
    failed = world.snapshot(volume.id, age=30 * HOUR, period=period, state="error")

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert len(of_run(world, volume.id)) == 1
    assert failed.deleted is not None
    assert invocation.told["status"] == "PROBLEM"
    assert failed.id in invocation.mails[0].body
    assert KEY_LOST in " ".join(invocation.mails[0].body.split())


@pytest.mark.parametrize("kind", ["st1", "sc1"])
def test_a_volume_whose_own_snapshot_is_pending_holds_up_nobodys_mail(endpoint: Endpoint, kind: str) -> None:
    world = World()
    blocked, other = world.volume(kind=kind), world.volume()
    world.snapshot(blocked.id, age=HOUR, period=Period.WEEK, state="pending")

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert invocation.ended - invocation.began < 30
    assert len(of_run(world, other.id)) == 1
    assert invocation.told["status"] == "PROBLEM"
    assert blocked.id in invocation.mails[0].body


def test_failing_every_second_night_is_a_problem_every_second_night(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=3))
    volume = world.volume().id
    world.history(volume, 3)
    world.history(volume, 2, period=Period.WEEK)
    world.account.fate = lambda number: (60, "error" if number % 2 else "completed")
    words = []

    with world.function(endpoint) as function:
        for _ in range(6):
            invocation = function.invoke(world.event)
            check(world, invocation)
            words.append(invocation.told["status"])
            world.next_night()

    assert words[1::2] == ["PROBLEM"] * 3
    assert "PROBLEM" not in words[0::2]


def test_a_create_that_answers_error_is_told_and_rotates_nothing(endpoint: Endpoint) -> None:
    world = World()
    history = world.history(world.volume().id, 6)
    world.account.fate = lambda _: (0, "error")

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert invocation.told["status"] == "FAILED"
    assert not [snapshot for snapshot in history if snapshot.deleted]
    assert "SnapshotFailed" in invocation.mails[0].body


def test_a_failed_snapshot_whose_delete_is_throttled_costs_no_backup_where_others_take_all_places(
    endpoint: Endpoint,
) -> None:
    world = World()
    volume = world.volume()
    world.snapshot(volume.id, age=HOUR, state="error")
    for _ in range(4):
        world.stranger(volume.id, age=HOUR, state="pending", tags={"Name": "of another tool"})

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={("DeleteSnapshot", 0): wire.THROTTLES[0]})

    check(world, invocation)
    assert len(of_run(world, volume.id)) == 1
    assert invocation.ended - invocation.began < 120


def test_a_failed_snapshot_that_its_volume_did_not_outlive_is_told_and_stays(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(schedule_week="off", schedule_month="off"))
    world.volume()
    failed = world.snapshot("vol-0dead", age=20 * HOUR, state="error")

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert failed.deleted is None
    assert invocation.told["status"] == "PROBLEM"
    assert failed.id in invocation.mails[0].body


def test_a_volume_that_ec2_has_lost_is_a_problem_every_night_and_loses_nothing(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(schedule_week="off", schedule_month="off"))
    world.volume()
    lost = world.volume(state="error").id
    history = world.history(lost, 6)
    told = []

    with world.function(endpoint) as function:
        for _ in range(2):
            told.append(function.invoke(world.event))
            check(world, told[-1])
            world.next_night()

    assert [invocation.told["status"] for invocation in told] == ["PROBLEM", "PROBLEM"]
    assert all(lost in invocation.mails[0].body for invocation in told)
    assert not [snapshot for snapshot in history if snapshot.deleted]

"""Where EC2 has no room or does not delete, where a policy refuses tags, where a person deletes at the same time."""

import pytest

from fake_aws import wire
from fake_aws.server import Endpoint
from tests.faults.clock import DAY, HOUR
from tests.faults.invariants import check, of_run
from tests.faults.world import World, a_settings


def test_a_full_region_drains_where_keep_was_lowered(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=3, max_expired_per_volume=2))
    volumes = [world.volume() for _ in range(3)]
    for volume in volumes:
        world.history(volume.id, 8)
    world.account.most_snapshots = len(world.account.snapshots)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert [len(of_run(world, volume.id)) for volume in volumes] == [1, 1, 1]
    gone = [snapshot for snapshot in world.account.snapshots.values() if snapshot.deleted is not None]
    assert len(gone) == 2 * len(volumes)


def test_a_full_region_without_anything_expired_is_a_failure_with_advice(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=3))
    history = world.history(world.volume().id, 3)
    world.account.most_snapshots = 3

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert not [snapshot for snapshot in history if snapshot.deleted]
    assert "SnapshotLimitExceeded" in invocation.mails[0].body


def test_a_full_region_has_room_again_when_a_failed_snapshot_is_deleted_late(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=3))
    volume = world.volume().id
    history = world.history(volume, 3)
    world.snapshot(volume, age=2 * HOUR, state="error")
    world.account.most_snapshots = 4

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={("DeleteSnapshot", 0): wire.THROTTLES[0]})

    check(world, invocation)
    assert len(of_run(world, volume)) == 1
    assert history[0].deleted is None


def test_what_has_been_pending_for_weeks_is_told_and_is_nothing_that_one_holds(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(schedule_week="off", schedule_month="off"))
    volume = world.volume().id
    world.history(volume, 1)
    stuck = world.snapshot(volume, age=20 * DAY, state="pending")

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert invocation.told["status"] == "CHECK"
    assert stuck.id in invocation.mails[0].body
    assert invocation.told["held"]["day"]["points"] == 2


@pytest.mark.parametrize("code", ["TagPolicyViolation", "UnauthorizedOperation"])
def test_a_copied_tag_that_a_policy_refuses_costs_no_backup(endpoint: Endpoint, code: str) -> None:
    world = World()
    volume = world.volume(CostCentre="wrong")
    world.account.refused_tags = {"CostCentre": code}

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert len(of_run(world, volume.id)) == 1
    assert invocation.told["status"] == "CHECK"
    assert "CostCentre" in invocation.mails[0].body


def test_a_tag_that_a_policy_demands_is_put_on_every_snapshot(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(extra_tags={"CostCentre": "4711"}))
    volume = world.volume(**{"kubernetes.io/cluster/prod": "owned"})
    world.account.demanded_tags = ["CostCentre"]

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    (made,) = of_run(world, volume.id)
    assert invocation.told["status"] == "OK"
    assert made.tags["CostCentre"] == "4711"
    assert "kubernetes.io/cluster/prod" not in made.tags


def test_second_tries_end_where_they_are_in_vain(endpoint: Endpoint) -> None:
    world = World()
    for _ in range(20):
        world.volume(Owner="ops")
    world.account.demanded_tags = ["CostCentre"]

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    creates = [call for call in invocation.calls if call.action == "CreateSnapshot"]
    assert len(creates) == 20 + 5
    assert invocation.told["status"] == "FAILED"


def test_what_aws_keeps_is_tried_once_and_is_no_failure(endpoint: Endpoint) -> None:
    world = World(workers=16, settings=a_settings(keep_day=3, schedule_week="off", schedule_month="off"))
    for number in range(200):
        points = world.history(world.volume().id, 18)
        for point in points[3:]:
            point.ami, point.locked = ("ami-0123456789abcdef0", False) if number % 2 else ("", True)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    deletes = [call.params["SnapshotId"] for call in invocation.calls if call.action == "DeleteSnapshot"]
    (mail,) = invocation.mails
    assert len(deletes) == len(set(deletes)) == 200 * 11
    assert invocation.told["status"] == "OK"
    assert mail.body.count("ami-") + mail.body.count("locked") < 10


def test_where_aws_keeps_the_oldest_for_ever_rotation_goes_on(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=3))
    points = world.history(world.volume().id, 20)
    for point in points[3:]:
        point.locked = True

    with world.function(endpoint) as function:
        for _ in range(5):
            check(world, function.invoke(world.event))
            world.next_night()

    free = [snapshot for snapshot in world.account.snapshots.values() if not snapshot.locked]
    assert sum(snapshot.deleted is None for snapshot in free) == 3


@pytest.mark.parametrize("keep", [1, 2])
@pytest.mark.parametrize(
    ("moment", "plan"),
    [
        pytest.param(("CreateSnapshot", 0), {}, id="before the create"),
        pytest.param(
            ("DeleteSnapshot", 0), {("DeleteSnapshot", 0): wire.THROTTLES[0]}, id="while a delete waits"
        ),
    ],
)
def test_a_person_who_deletes_at_the_same_time_does_not_cost_the_last_good_one(
    endpoint: Endpoint, keep: int, moment: tuple[str, int], plan: wire.Plan
) -> None:
    world = World(settings=a_settings(keep_day=keep))
    points = world.history(world.volume().id, 3)

    def clear_up() -> None:
        for point in points[:-1]:
            point.deleted, point.by_person = world.clock(), True

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=plan, acts={moment: clear_up})

    if not plan:  # else the last good one stays after a refused try, and the mail need not name it
        check(world, invocation)
    assert points[-1].deleted is None


def test_megabytes_of_garbage_in_a_listing_get_into_no_mail_and_no_exception(endpoint: Endpoint) -> None:
    world = World()
    history = world.history(world.volume().id, 6)
    page = wire.Fault(name="garbage", done=False, page="<html>" + "x" * 3_000_000, status=200)

    with world.function(endpoint) as function:
        invocation = function.invoke(
            world.event, plan={("DescribeSnapshots", index): page for index in range(20)}
        )

    assert len(str(invocation.raised)) < 1000
    assert len(invocation.mails[0].body) < 5000
    assert not [snapshot for snapshot in history if snapshot.deleted]


def test_the_retry_of_a_run_whose_mail_was_refused_tells_what_was_done_and_counts_it_once(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(settings=a_settings(keep_day=3, max_expired_per_volume=4))
    for _ in range(3):
        world.history(world.volume().id, 7)

    with world.function(endpoint) as function:
        first = function.invoke(
            world.event, plan={("Publish", index): wire.REFUSALS[0] for index in range(9)}
        )
        gone = [snapshot.id for snapshot in world.account.snapshots.values() if snapshot.deleted]
        counted_before = capsys.readouterr().out.count('"RunCompleted":')
        again = function.invoke(world.event)

    assert first.raised is not None
    assert len(gone) == 12
    assert (again.told["created"], again.told["expired"]) == (3, 12)
    assert (counted_before, capsys.readouterr().out.count('"RunCompleted":')) == (0, 1)
    assert all(snapshot in again.mails[0].body for snapshot in gone)

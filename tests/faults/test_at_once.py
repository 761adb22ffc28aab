"""Two deliveries at once, at any size: one snapshot of each volume, and few more calls than one delivery makes."""

from collections import Counter

import pytest

from ebs_backup.handler import REPORT_SECONDS
from ebs_backup.names import TAG_RUN
from fake_aws import wire
from fake_aws.buckets import ec2_buckets
from fake_aws.server import Endpoint
from tests.faults.function import Invocation
from tests.faults.world import World, a_settings

PAGES = 5  # a delivery's listings besides its looks: tags, volumes and snapshots


def a_large_world(volumes: int, *, points: int = 3) -> World:
    """Return volumes with a full history, and AWS's own buckets."""
    world = World(workers=16, settings=a_settings(schedule_week="off", schedule_month="off"))
    for _ in range(volumes):
        world.history(world.volume().id, points)
    world.account.buckets = ec2_buckets()
    return world


def made(world: World) -> Counter[str]:
    return Counter(
        snapshot.volume_id
        for snapshot in world.account.snapshots.values()
        if snapshot.tags.get(TAG_RUN) == world.run
    )


def calls(invocations: list[Invocation]) -> Counter[str]:
    return Counter(call.action for call in invocations[0].calls)


@pytest.mark.parametrize(
    ("volumes", "apart", "lag"),
    [(150, 5, 0), (150, 0, 4.5), (150, 5, 4.5), (150, 30, 4.5), (1000, 5, 0), (1000, 5, 4.5)],
)
def test_two_deliveries_make_one_snapshot_of_each_volume(
    endpoint: Endpoint, volumes: int, apart: float, lag: float
) -> None:
    world = a_large_world(volumes, points=0 if volumes > 500 else 3)
    world.account.lag = lag

    with world.function(endpoint) as function:
        done = function.overlap(world.event, world.event, every=apart)

    assert made(world) == Counter(list(world.account.volumes))
    assert [invocation.told["status"] for invocation in done] == ["OK", "OK"]
    assert (
        sum(invocation.told["created"] + invocation.told["already_made"] for invocation in done)
        == 2 * volumes
    )
    # One look for each volume that the other delivery has just snapshotted; for the rest, a few looks serve many.
    just_made = sum(call.code == "SnapshotCreationPerVolumeRateExceeded" for call in done[0].calls)
    pages = 2 * -(-len(world.account.snapshots) // 1000)
    assert calls(done)["DescribeSnapshots"] <= just_made + pages + 2 * volumes // 25


@pytest.mark.parametrize("volumes", [150, 1000])
def test_one_delivery_makes_two_calls_a_volume_and_a_look_for_every_fifty(
    endpoint: Endpoint, volumes: int
) -> None:
    world = a_large_world(volumes)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    count = Counter(call.action for call in invocation.calls)
    pages = 2 + -(-volumes // 500) + -(-len(world.account.snapshots) // 1000)
    assert count["CreateSnapshot"] == volumes
    assert count.total() <= 2 * volumes + pages + volumes // 50 + PAGES
    assert not world.account.refused


@pytest.mark.parametrize(
    "fault", [wire.KILLED_AFTER, next(fault for fault in wire.WIRE if fault.done)], ids=str
)
def test_a_hand_over_whose_answer_is_lost_or_whose_try_dies_just_after_it_is_still_one_run(
    endpoint: Endpoint, fault: wire.Fault
) -> None:
    world = a_large_world(300, points=0)

    with world.function(endpoint) as function:
        function.overlap(world.event, plan={("Invoke", 0): fault}, seconds=REPORT_SECONDS + 30)

    assert made(world) == Counter(list(world.account.volumes))

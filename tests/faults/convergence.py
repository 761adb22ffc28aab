"""What a night must come to: after fault-free deliveries, the state of one clean run."""

from collections import Counter

from benchmarks.aws.account import SnapshotRecord
from benchmarks.aws.server import Endpoint
from ebs_backup.settings import TAG_RUN
from tests.faults.clock import HOUR
from tests.faults.function import Function
from tests.faults.invariants import check, of_run
from tests.faults.oracle import must_go
from tests.faults.world import World

State = list[tuple[str, ...]]


def state(world: World) -> State:
    """Give what is there, without the ids of what the run made: volume, id or tags, and state."""
    return sorted(
        (each.volume_id, *_identity(world, each), each.state(world.clock())) for each in _there(world)
    )


def more_than(clean: World, world: World) -> Counter[str]:
    """Give how many snapshots more each volume has than after the clean run, less where negative."""
    more = Counter(each.volume_id for each in _there(world))
    more.subtract(each.volume_id for each in _there(clean))
    return more


def _there(world: World) -> list[SnapshotRecord]:
    return [each for each in world.account.snapshots.values() if each.exists(world.clock())]


def _identity(world: World, each: SnapshotRecord) -> list[str]:
    made = each.tags.get(TAG_RUN) == world.run
    return [f"{key}={value}" for key, value in sorted(each.tags.items())] if made else [each.id]


def one_clean_run(endpoint: Endpoint, world: World) -> World:
    """Do one run without faults and check it against DESIGN; gives the world once its snapshots are completed."""
    with world.function(endpoint) as function:
        clean_night(world, function)
    for volume in world.selected:
        assert len(of_run(world, volume.id)) == 1, f"not one snapshot of {volume.id}"
    world.clock.advance(HOUR)
    return world


def clean_night(world: World, function: Function) -> None:
    """Do one run without faults: exactly what DESIGN says goes."""
    doomed = must_go(world)
    invocation = function.invoke(world.event)
    check(world, invocation)
    assert invocation.raised is None, "a fault-free run broke"
    gone = {each.id for each in world.account.snapshots.values() if (each.deleted or 0) >= invocation.began}
    assert gone == doomed, f"wrongly deleted {gone - doomed}, wrongly kept {doomed - gone}"


def settle(world: World, function: Function, *, deliveries: int = 2) -> None:
    """Deliver the event again without faults, and wait until the snapshots are completed."""
    for _ in range(deliveries):
        invocation = function.invoke(world.event)
        check(world, invocation)
        assert invocation.raised is None, "a fault-free delivery broke"
        world.clock.advance(60)
    world.clock.advance(HOUR)


def double(world: World) -> list[SnapshotRecord]:
    """Give what is one too many of this run."""
    return [each for volume in world.selected for each in of_run(world, volume.id)[1:]]

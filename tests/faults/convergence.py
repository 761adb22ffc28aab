"""How a night must end: after fault-free deliveries, in the state of one clean run."""

from collections import Counter

from ebs_backup.names import TAG_RUN
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from tests.faults.clock import HOUR
from tests.faults.function import Invocation, LocalFunction
from tests.faults.invariants import check, of_run
from tests.faults.oracle import must_go
from tests.faults.status import expected
from tests.faults.world import World

OURS = "ebs-backup:"  # a second try leaves off the tags that a policy refused
State = list[tuple[str, ...]]


def state(world: World) -> State:
    """Return what is there, without the ids of what the run made: volume, id or tags, and state."""
    return sorted(
        (snapshot.volume_id, *_identity(world, snapshot), snapshot.state(world.clock()))
        for snapshot in _there(world)
    )


def more_than(clean: World, world: World) -> Counter[str]:
    """Return how many snapshots more each volume has than after the clean run, less where negative."""
    more = Counter(snapshot.volume_id for snapshot in _there(world))
    more.subtract(snapshot.volume_id for snapshot in _there(clean))
    return more


def _there(world: World) -> list[SnapshotRecord]:
    return [snapshot for snapshot in world.account.snapshots.values() if snapshot.exists(world.clock())]


def _identity(world: World, snapshot: SnapshotRecord) -> list[str]:
    if snapshot.tags.get(TAG_RUN) != world.run:
        return [snapshot.id]
    return [f"{key}={value}" for key, value in sorted(snapshot.tags.items()) if key.startswith(OURS)]


def one_clean_run(endpoint: Endpoint, world: World) -> World:
    """Do one run without faults and check what is left; return the world once its snapshots are completed."""
    with world.function(endpoint) as function:
        clean_night(world, function)
    for volume in world.selected:
        assert len(of_run(world, volume.id)) == 1, f"not one snapshot of {volume.id}"
    world.clock.sleep(HOUR)
    return world


def clean_night(world: World, function: LocalFunction) -> Invocation:
    """Do one run without faults: exactly what the oracle names goes, and the status is the right one."""
    doomed, word = must_go(world), expected(world)
    invocation = function.invoke(world.event)
    check(world, invocation)
    assert invocation.raised is None, f"a fault-free run broke: {invocation.raised!r}"
    gone = {
        snapshot.id
        for snapshot in world.account.snapshots.values()
        if (snapshot.deleted or 0) >= invocation.began
    }
    assert gone == doomed, f"wrongly deleted {gone - doomed}, wrongly kept {doomed - gone}"
    assert invocation.told["status"] == word, f"the status is {invocation.told['status']}, not {word}"
    return invocation


def settle(world: World, function: LocalFunction, *, deliveries: int = 2) -> None:
    """Deliver the event again without faults, and wait until the snapshots are completed."""
    for _ in range(deliveries):
        invocation = function.invoke(world.event)
        check(world, invocation)
        assert invocation.raised is None, f"a fault-free delivery broke: {invocation.raised!r}"
        world.clock.sleep(60)
    world.clock.sleep(HOUR)


def double(world: World) -> list[SnapshotRecord]:
    """Return the snapshots that this run made once too often."""
    return [snapshot for volume in world.selected for snapshot in of_run(world, volume.id)[1:]]

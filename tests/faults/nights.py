"""A night by seed: what happens to each delivery of the event."""

import random
from dataclasses import dataclass

from fake_aws import wire
from fake_aws.wire import Fault
from tests.faults.function import Invocation, LocalFunction
from tests.faults.invariants import check
from tests.faults.world import World

# How many calls of each action may meet a fault; the calls after them meet none.
CALLS = {
    "DescribeTags": 8,
    "DescribeVolumes": 8,
    "DescribeSnapshots": 30,
    "CreateSnapshot": 25,
    "DeleteSnapshot": 40,
    "Publish": 6,
    "Invoke": 4,
}
ANY = (*wire.WIRE, *wire.WIRE, *wire.THROTTLES, *wire.REFUSALS)
FAULTS: dict[str, tuple[Fault, ...]] = {
    "DescribeTags": ANY,
    "DescribeVolumes": ANY,
    "DescribeSnapshots": ANY,
    "CreateSnapshot": (*ANY, *wire.CREATE_LIMITS, *wire.CREATE_REFUSALS, *wire.CREATE_GONE),
    "DeleteSnapshot": (*ANY, *wire.DELETE_REFUSALS, *wire.DELETE_GONE),
    "Publish": ANY,
    "Invoke": ANY,
}
REFUSALS = {fault.name for fault in (*wire.REFUSALS, *wire.DELETE_REFUSALS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The results of the night's faulty deliveries."""

    invocations: tuple[Invocation, ...]

    @property
    def met_refusal(self) -> bool:
        """Return whether EC2 once refused a delete or the listing before it: a newer snapshot may be gone instead."""
        return any(_refused(invocation) or _looks_refused(invocation) for invocation in self.invocations)


def faulty_night(world: World, function: LocalFunction, draw: random.Random) -> Night:
    """Deliver the event one to three times, each with faults, a crash or a second delivery beside it."""
    invocations: list[Invocation] = []
    for _ in range(draw.randint(1, 3)):
        plan = _plan(draw)
        if draw.random() < 0.25:
            apart = draw.choice([0, 0.1, 2, 5, 12, 40])
            done = function.overlap(world.event, world.event, every=apart, plan=plan | _crash(draw))
            world.excused.update(
                world.account.snapshots[snapshot].volume_id for snapshot in _refused(done[0])
            )
            for _ in range(_looks_refused(done[0])):
                world.excused.update(volume.id for volume in world.selected)
        else:
            done = [
                function.invoke(
                    world.event, plan=plan | _crash(draw), seconds=draw.choice([900, 900, 60, 36])
                )
            ]
        for invocation in done:
            check(world, invocation)
        invocations += done
        world.clock.sleep(draw.choice([0, 1, 20, 300]))
    return Night(invocations=tuple(invocations))


def _refused(invocation: Invocation) -> set[str]:
    """Return the snapshots that a fault of the plan kept from being deleted."""
    return {
        call.params["SnapshotId"]
        for call in invocation.calls
        if call.action == "DeleteSnapshot" and call.fault and call.fault.name in REFUSALS
    }


def _looks_refused(invocation: Invocation) -> int:
    """Count the listings that a fault of the plan refused: without the listing before it, a delete is not done."""
    return sum(
        call.action == "DescribeSnapshots" and call.fault is not None and call.fault.name in REFUSALS
        for call in invocation.calls
    )


def _plan(draw: random.Random) -> dict[tuple[str, int], Fault]:
    rate = draw.choice([0.0, 0.03, 0.1, 0.35])
    return {
        (action, index): draw.choice(FAULTS[action])
        for action, calls in CALLS.items()
        for index in range(calls)
        if draw.random() < rate
    }


def _crash(draw: random.Random) -> dict[tuple[str, int], Fault]:
    if draw.random() < 0.6:
        return {}
    action = draw.choice([*CALLS, "CreateSnapshot", "DeleteSnapshot", "DeleteSnapshot"])
    return {(action, draw.randrange(12)): draw.choice([wire.KILLED_BEFORE, wire.KILLED_AFTER])}

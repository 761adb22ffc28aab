"""Every fault at every call of a small run."""

from collections import Counter
from itertools import chain

import pytest

from fake_aws import wire
from fake_aws.server import Endpoint
from fake_aws.wire import Fault
from tests.faults.convergence import more_than, one_clean_run, settle, state
from tests.faults.invariants import check
from tests.faults.world import World, small_world

# How often a clean run of the small world calls each action; a test below holds it to that.
CALLS = {
    "DescribeTags": 1,
    "DescribeVolumes": 2,
    "DescribeSnapshots": 7,
    "CreateSnapshot": 3,
    "DeleteSnapshot": 8,
    "Publish": 1,
    "GetTopicAttributes": 1,
}
EVERYWHERE = (*wire.WIRE, *wire.THROTTLES, *wire.REFUSALS, wire.KILLED_BEFORE, wire.KILLED_AFTER)
BY_ACTION = {
    "CreateSnapshot": (*wire.CREATE_LIMITS, *wire.CREATE_REFUSALS, *wire.CREATE_GONE),
    "DeleteSnapshot": (*wire.DELETE_REFUSALS, *wire.DELETE_GONE),
}
CASES = [
    pytest.param(action, index, fault, id=f"{action}-{index}-{fault}")
    for action, calls in CALLS.items()
    for index in range(calls)
    for fault in chain(EVERYWHERE, BY_ACTION.get(action, ()))
]


# After these the run deletes a newer restore point instead: other snapshots are gone than in a clean run, but as many.
REFUSED = {fault.name for fault in (*wire.REFUSALS, *wire.DELETE_REFUSALS)}


@pytest.fixture(scope="module")
def clean(endpoint: Endpoint) -> World:
    return one_clean_run(endpoint, small_world())


def test_the_small_run_makes_the_calls_that_get_a_fault_each(endpoint: Endpoint) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    assert Counter(call.action for call in invocation.calls) == CALLS


@pytest.mark.parametrize(("action", "index", "fault"), CASES)
def test_one_fault_anywhere_ends_as_a_clean_run_does(
    endpoint: Endpoint, clean: World, action: str, index: int, fault: Fault
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={(action, index): fault})
        check(world, invocation)
        assert invocation.killed == fault.kills
        settle(world, function, deliveries=1)

    if action == "DeleteSnapshot" and fault.name in REFUSED:
        assert not any(more_than(clean, world).values())
    else:
        assert state(world) == state(clean)

"""One event delivered more than once: again, after a crash, late, or twice at the same moment."""

import pytest

from fake_aws import wire
from fake_aws.server import Endpoint
from tests.faults.convergence import clean_night, double, one_clean_run, settle, state
from tests.faults.invariants import check, of_run
from tests.faults.world import small_world


@pytest.mark.parametrize("lag", [0, 4])
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("apart", [0, 0.3, 1, 5, 14])
def test_two_deliveries_at_once_end_as_one_does(
    endpoint: Endpoint, apart: float, workers: int, lag: float
) -> None:
    clean, world = one_clean_run(endpoint, small_world()), small_world()
    world.workers, world.account.lag = workers, lag

    with world.function(endpoint) as function:
        for invocation in function.overlap(world.event, world.event, every=apart):
            check(world, invocation)
            assert invocation.answer is not None
        settle(world, function)

    assert state(world) == state(clean)


@pytest.mark.parametrize("lag", [1, 4])
@pytest.mark.parametrize("index", range(3))
def test_a_redelivery_right_after_a_crash_makes_no_second_snapshot(
    endpoint: Endpoint, index: int, lag: float
) -> None:
    world = small_world()
    world.account.lag = lag

    with world.function(endpoint) as function:
        check(world, function.invoke(world.event, plan={("CreateSnapshot", index): wire.KILLED_AFTER}))
        check(world, function.invoke(world.event))

    assert [len(of_run(world, volume.id)) for volume in world.selected] == [1, 1, 1]


def test_a_duplicate_that_slips_through_displaces_nothing_and_goes_on_the_next_run(
    endpoint: Endpoint,
) -> None:
    world = small_world()
    world.account.lag = 60
    lost = wire.WIRE[1]

    with world.function(endpoint) as function:
        check(world, function.invoke(world.event, plan={("CreateSnapshot", 0): lost}))
        assert len(double(world)) == 1
        duplicates = of_run(world, world.selected[0].id)
        settle(world, function)
        world.next_night()
        clean_night(world, function)

    assert sum(snapshot.exists(world.clock()) for snapshot in duplicates) == 1


def test_a_retried_manual_invocation_is_one_run(endpoint: Endpoint) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        function.invoke({"period": "day"}, request="one")
        there = state(world)
        again = function.invoke({"period": "day"}, request="one")

    assert state(world) == there
    assert again.answer is not None
    assert again.answer["already_made"] == 3


def test_another_manual_invocation_is_another_run(endpoint: Endpoint) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        function.invoke({"period": "day"}, request="one")
        world.clock.sleep(60)
        other = function.invoke({"period": "day"}, request="two")

    assert other.answer is not None
    assert other.answer["created"] == 3

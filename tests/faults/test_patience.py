"""How long the function waits: as long as EC2 asks it to and its own time allows, and never longer."""

import pytest

from fake_aws import wire
from fake_aws.server import Endpoint
from fake_aws.wire import Fault
from tests.faults.convergence import one_clean_run, settle, state
from tests.faults.invariants import check, of_run
from tests.faults.world import World, a_settings, small_world

OUTAGE = next(fault for fault in wire.WIRE if fault.status == 503)
MANY = 40  # tries, of three volumes together


@pytest.mark.parametrize("fault", [*wire.THROTTLES, *wire.CREATE_LIMITS, OUTAGE], ids=str)
def test_a_create_that_ec2_puts_off_for_minutes_is_made_in_the_same_run(
    endpoint: Endpoint, fault: Fault
) -> None:
    clean, world = one_clean_run(endpoint, small_world()), small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(
            world.event, plan={("CreateSnapshot", index): fault for index in range(MANY)}
        )
        check(world, invocation)
        settle(world, function, deliveries=1)

    assert invocation.answer is not None
    assert invocation.answer["created"] == 3
    assert invocation.ended - invocation.began > 60
    assert state(world) == state(clean)


@pytest.mark.parametrize("fault", [*wire.THROTTLES, OUTAGE], ids=str)
def test_a_delete_that_ec2_puts_off_for_minutes_is_done_in_the_same_run(
    endpoint: Endpoint, fault: Fault
) -> None:
    clean, world = one_clean_run(endpoint, small_world()), small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(
            world.event, plan={("DeleteSnapshot", index): fault for index in range(MANY)}
        )
        check(world, invocation)
        settle(world, function, deliveries=1)

    assert invocation.answer is not None
    assert [failure["code"] for failure in invocation.answer["failures"]] == ["SnapshotFailed"]
    assert invocation.answer["undeletable"] == 1
    assert state(world) == state(clean)


@pytest.mark.parametrize("seconds", [60, 150, 900])
@pytest.mark.parametrize("heals", [0, 3, 9])
def test_an_outage_in_the_midst_of_a_run_ends_in_a_mail_before_the_function_is_ended(
    endpoint: Endpoint, seconds: float, heals: int
) -> None:
    world = small_world()
    creates = {("CreateSnapshot", index): OUTAGE for index in range(900)}
    looks = {("DescribeSnapshots", index): OUTAGE for index in range(7 + heals, 900)}

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=creates | looks, seconds=seconds)

    check(world, invocation)
    assert len(invocation.mails) == 1
    assert invocation.mails[0].attributes["status"] == "FAILED"


def test_a_delete_that_may_have_been_done_counts_though_its_second_try_is_refused(
    endpoint: Endpoint,
) -> None:
    world = World()
    world.history(world.volume().id, 9)
    lost = next(fault for fault in wire.WIRE if fault.done)

    with world.function(endpoint) as function:
        plan = {("DeleteSnapshot", 0): lost, ("DeleteSnapshot", 1): wire.REFUSALS[0]}
        invocation = function.invoke(world.event, plan=plan)

    check(world, invocation)
    assert sum(snapshot.deleted is not None for snapshot in world.account.snapshots.values()) == 2


@pytest.mark.parametrize("seed", range(5))
def test_a_listing_that_keeps_failing_leaves_time_for_the_mail(endpoint: Endpoint, seed: int) -> None:
    world = small_world()
    world.seed = seed

    with world.function(endpoint) as function:
        plan = {("DescribeSnapshots", index): OUTAGE for index in range(20)}
        invocation = function.invoke(world.event, plan=plan, seconds=33)

    check(world, invocation)
    assert invocation.mails


@pytest.mark.parametrize("call", ["CreateSnapshot", "DeleteSnapshot"])
def test_a_write_that_another_server_answers_is_done_all_the_same(endpoint: Endpoint, call: str) -> None:
    world = World(settings=a_settings(keep_day=3))
    volume = world.volume().id
    *_, oldest = world.history(volume, 3)
    page = next(fault for fault in wire.WIRE if fault.name == "not done, another server's page")

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={(call, 0): page})

    check(world, invocation)
    assert len(of_run(world, volume)) == 1
    assert oldest.deleted is not None

"""The mail always goes, or the invocation raises; and what failed is in it."""

import pytest

from ebs_backup.aws.errors import AwsError
from fake_aws import wire
from fake_aws.server import Endpoint
from fake_aws.wire import Fault, Plan, refused
from tests.faults.convergence import state
from tests.faults.invariants import check
from tests.faults.world import World, small_world

DENIED = wire.REFUSALS[0]
UNTIL_THE_END = 500  # calls
LASTING = (*wire.WIRE, *wire.THROTTLES, *wire.REFUSALS)


def always(action: str, fault: Fault, *, since: int = 0) -> Plan:
    """Return a plan that gives every call of an action this fault."""
    return {(action, index): fault for index in range(since, UNTIL_THE_END)}


@pytest.mark.parametrize(
    ("action", "since"), [("DescribeVolumes", 0), ("DescribeSnapshots", 0), ("DescribeSnapshots", 3)]
)
@pytest.mark.parametrize("fault", LASTING, ids=str)
def test_a_listing_that_fails_is_mailed_and_raised_and_nothing_is_touched(
    endpoint: Endpoint, action: str, since: int, fault: Fault
) -> None:
    world = small_world()
    before = state(world)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=always(action, fault, since=since))

    check(world, invocation)
    assert isinstance(invocation.raised, AwsError)
    assert "the run failed" in invocation.mails[0].subject
    assert state(world) == before


@pytest.mark.parametrize("fault", LASTING, ids=str)
def test_without_the_instances_names_every_volume_is_backed_up_and_the_mail_says_what_it_lacks(
    endpoint: Endpoint, fault: Fault
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=always("DescribeTags", fault))

    check(world, invocation)
    assert invocation.answer is not None
    assert invocation.answer["created"] == 3
    assert "list the tags of the instances" in [note["action"] for note in invocation.answer["checks"]]


@pytest.mark.parametrize("fault", [*LASTING, *wire.CREATE_LIMITS, *wire.CREATE_REFUSALS], ids=str)
def test_creates_that_never_work_are_in_the_mail_and_cost_no_volume_anything(
    endpoint: Endpoint, fault: Fault
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=always("CreateSnapshot", fault), seconds=150)

    check(world, invocation)
    assert invocation.answer is not None
    done = fault.done  # then the snapshot is found by listing
    assert invocation.answer["status"] == ("PROBLEM" if done else "FAILED")
    assert invocation.answer["created"] == (3 if done else 0)


@pytest.mark.parametrize("fault", [*LASTING, *wire.DELETE_REFUSALS], ids=str)
def test_deletes_that_never_work_are_in_the_mail_and_cost_no_new_snapshot(
    endpoint: Endpoint, fault: Fault
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=always("DeleteSnapshot", fault), seconds=150)

    check(world, invocation)
    assert invocation.answer is not None
    assert invocation.answer["status"] == "PROBLEM"
    assert invocation.answer["created"] == 3


@pytest.mark.parametrize("action", ["CreateSnapshot", "DeleteSnapshot"])
def test_a_run_out_of_time_mails_and_the_next_delivery_finishes_it(endpoint: Endpoint, action: str) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        throttled = function.invoke(world.event, plan=always(action, wire.THROTTLES[0]), seconds=45)
        check(world, throttled)
        assert throttled.answer is not None
        assert throttled.answer["status"] != "OK"
        again = function.invoke(world.event)

    check(world, again)
    assert again.answer is not None
    assert not again.answer["failures"] or "ami-" in again.mails[0].body


@pytest.mark.parametrize("fault", [fault for fault in LASTING if fault.status >= 500], ids=str)
def test_a_publish_that_fails_once_is_tried_again(endpoint: Endpoint, fault: Fault) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={("Publish", 0): fault})

    assert invocation.raised is None
    assert invocation.mails


def test_a_publish_that_keeps_failing_fails_the_invocation_and_its_retry_only_mails(
    endpoint: Endpoint,
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        failed = function.invoke(world.event, plan=always("Publish", DENIED))
        check(world, failed)
        there = state(world)
        retried = function.invoke(world.event)

    check(world, retried)
    assert isinstance(failed.raised, AwsError)
    assert retried.mails
    assert state(world) == there
    assert not any(call.action == "CreateSnapshot" for call in retried.calls)


def test_nothing_selected_is_a_loud_failure(endpoint: Endpoint) -> None:
    world = World()
    world.history("vol-0dead", 6)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    assert invocation.answer is not None
    assert invocation.answer["status"] == "FAILED"
    assert invocation.mails[0].subject.startswith("[FAILED]")
    assert not any(snapshot.deleted for snapshot in world.account.snapshots.values())


def test_a_report_too_large_for_sns_is_cut_and_says_so(endpoint: Endpoint) -> None:
    world = World(workers=8)
    for _ in range(900):
        world.volume()
    plan = {
        ("CreateSnapshot", index): refused("UnauthorizedOperation", f"Encoded message {index} {'x' * 290}")
        for index in range(2000)
    }

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=plan)

    assert invocation.answer is not None
    (mail,) = invocation.mails
    assert "900 of 900" in mail.subject
    assert "/aws/lambda/ebs-backup" in mail.body

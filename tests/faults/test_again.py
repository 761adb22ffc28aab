"""Failed snapshots with one event, two or none: each is reported and made again once, whatever the wire does."""

from collections import Counter
from itertools import chain

import pytest

from ebs_backup.names import TAG_AGAIN, TAG_OLDER, TAG_RUN, Period
from fake_aws import wire
from fake_aws.account import KEY_LOST
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from fake_aws.wire import Fault, Plan
from tests.failed_events import delivered, event_of, ids
from tests.faults.clock import HOUR
from tests.faults.function import Invocation, LocalFunction
from tests.faults.invariants import of_run
from tests.faults.world import World, a_settings, add_strangers

MOST_DELIVERIES = 3  # then the message is in the queue of failed runs
AN_HOUR_LATER = 20 * 60.0  # the queue hides a message for so long
# How often the clean world calls each action; a test below holds it to that.
CALLS = {
    "DescribeSnapshots": 3,
    "DescribeVolumes": 1,
    "CreateSnapshot": 2,
    "Publish": 1,
    "DeleteSnapshot": 2,
}
EVERYWHERE = (*wire.WIRE, *wire.THROTTLES, *wire.REFUSALS, wire.KILLED_BEFORE, wire.KILLED_AFTER)
LIMITS = {"CreateSnapshot": wire.CREATE_LIMITS}
CASES = [
    pytest.param(action, index, fault, id=f"{action}-{index}-{fault}")
    for action, calls in CALLS.items()
    for index in range(calls)
    for fault in chain(EVERYWHERE, LIMITS.get(action, ()))
]


def a_failed_night(*, kind: str = "gp3") -> tuple[World, list[SnapshotRecord]]:
    """Return a world of strangers and two volumes that hold more than they keep, whose night's snapshots failed."""
    world = World(settings=a_settings(max_expired_per_volume=1))
    failed = []
    for volume in [world.volume(kind=kind) for _ in range(2)]:
        world.history(volume.id, 6)
        snapshot = world.snapshot(volume.id, age=0, run=world.run, state="error")
        snapshot.tags[TAG_OLDER] = "5"
        failed.append(snapshot)
    add_strangers(world, failed[0].volume_id)
    world.clock.sleep(20 * 60)
    return world, failed


def deliver(
    world: World, function: LocalFunction, failed: list[SnapshotRecord], plan: Plan | None = None
) -> list[Invocation]:
    """Deliver the events as the queue does: what was not done comes again; only the first delivery meets the faults."""
    left, done = [event_of(snapshot.id) for snapshot in failed], []
    for received in range(1, MOST_DELIVERIES + 1):
        batch = delivered(*left, received=received)
        invocation = function.invoke(batch, plan=plan if received == 1 else None)
        done.append(invocation)
        if invocation.answer is not None:
            undone = [item["itemIdentifier"] for item in invocation.answer["batchItemFailures"]]
            left = [event for id_, event in zip(ids(batch), left, strict=True) if id_ in undone]
        if not left:
            return done
        world.clock.sleep(AN_HOUR_LATER)
    raise AssertionError("it ends in the queue of failed runs")


def check(world: World, failed: list[SnapshotRecord], invocations: list[Invocation]) -> None:
    """Assert that each was reported, that each volume has one snapshot of the run, and that nothing else is gone."""
    mails = " ".join(mail.body for invocation in invocations for mail in invocation.mails)
    gone = {snapshot.id for snapshot in world.account.snapshots.values() if snapshot.deleted is not None}
    for snapshot in failed:
        assert snapshot.id in mails, f"nobody is told of {snapshot.id}"
        made = [it for it in of_run(world, snapshot.volume_id) if it.state(world.clock()) != "error"]
        assert len(made) <= 1, f"more than one snapshot of {snapshot.volume_id}"
        for new in made:
            assert (new.tags[TAG_AGAIN], new.tags[TAG_OLDER]) == (snapshot.id, snapshot.tags[TAG_OLDER])
    assert gone <= {snapshot.id for snapshot in failed}
    assert all(mail.subject.startswith("[PROBLEM] ") for it in invocations for mail in it.mails)


def made_again(world: World, failed: list[SnapshotRecord]) -> list[bool]:
    """Return for each whether the run has a completed snapshot of the volume now, and no other."""
    there = [of_run(world, snapshot.volume_id) for snapshot in failed]
    return [[it.state(world.clock()) for it in of_it] == ["completed"] for of_it in there]


def test_the_calls_are_these_and_each_gets_a_fault(endpoint: Endpoint) -> None:
    world, failed = a_failed_night()

    with world.function(endpoint) as function:
        (invocation,) = deliver(world, function, failed)
        world.clock.sleep(HOUR)

    check(world, failed, [invocation])
    assert made_again(world, failed) == [True, True]
    assert Counter(call.action for call in invocation.calls) == CALLS
    assert KEY_LOST in " ".join(invocation.mails[0].body.split())


@pytest.mark.parametrize(("action", "index", "fault"), CASES)
def test_one_fault_anywhere_costs_neither_mail_nor_restore_point(
    endpoint: Endpoint, action: str, index: int, fault: Fault
) -> None:
    world, failed = a_failed_night()

    with world.function(endpoint) as function:
        invocations = deliver(world, function, failed, {(action, index): fault})
        world.clock.sleep(HOUR)
        check(world, failed, invocations)
        told = made_again(world, failed)
        world.next_night()
        following = function.invoke(world.event)

    assert told.count(False) <= (fault in wire.REFUSALS), (
        "one refused call costs one volume its snapshot, at most"
    )
    assert not any(snapshot.exists(world.clock()) for snapshot in failed), "the next run deletes what is left"
    assert following.told["created"] == 2


@pytest.mark.parametrize("apart", [0, 0.3, 1, 5, 14])
@pytest.mark.parametrize("lag", [0, 4])
def test_two_deliveries_at_once_make_one_snapshot_of_each(
    endpoint: Endpoint, apart: float, lag: float
) -> None:
    world, failed = a_failed_night()
    world.account.lag = lag
    batch = delivered(*(event_of(snapshot.id) for snapshot in failed))

    with world.function(endpoint) as function:
        invocations = function.overlap(batch, batch, every=apart)
        world.clock.sleep(HOUR)

    check(world, failed, invocations)
    assert made_again(world, failed) == [True, True]


@pytest.mark.parametrize("apart", [0, 1, 5])
def test_the_event_and_the_next_run_at_once_make_one_of_each_run(endpoint: Endpoint, apart: float) -> None:
    """The run deletes every failed snapshot that it sees, and reports it."""
    world, failed = a_failed_night()
    batch = delivered(*(event_of(snapshot.id) for snapshot in failed))
    week = {"period": Period.WEEK.value, "time": "2026-11-23T01:50:00Z"}

    with world.function(endpoint) as function:
        invocations = function.overlap(batch, week, every=apart, request=("one", "two"))
        world.clock.sleep(HOUR)

    mails = " ".join(mail.body for mail in invocations[0].mails)
    for snapshot in failed:
        assert snapshot.id in mails
        assert len(of_run(world, snapshot.volume_id)) <= 1


@pytest.mark.parametrize("kind", ["st1", "sc1"])
@pytest.mark.parametrize("fault", [None, *wire.WIRE, wire.KILLED_BEFORE, wire.KILLED_AFTER], ids=str)
def test_a_volume_that_takes_one_at_a_time_is_told_though_the_mail_is_lost(
    endpoint: Endpoint, kind: str, fault: Fault | None
) -> None:
    world, failed = a_failed_night(kind=kind)

    with world.function(endpoint) as function:
        invocations = deliver(world, function, failed, {("Publish", 0): fault} if fault else {})
        world.clock.sleep(HOUR)

    check(world, failed, invocations)
    assert made_again(world, failed) == [True, True]


def test_failed_snapshots_of_others_are_left_alone_though_they_have_our_tags(endpoint: Endpoint) -> None:
    world, failed = a_failed_night()
    volume = failed[0].volume_id
    foreign = [
        world.stranger(volume, age=0, state="error", tags={}),
        world.snapshot(volume, age=0, run=world.run, state="error", of_set="another"),
        world.snapshot(
            volume, age=0, run=world.run, state="error", source="volume=vol-0dead zone=eu-west-1a"
        ),
        world.snapshot(volume, age=0, run=world.run, state="error", period="fortnight"),
    ]
    batch = delivered(*(event_of(snapshot.id) for snapshot in foreign))

    with world.function(endpoint) as function:
        invocation = function.invoke(batch)

    assert invocation.told["failed_snapshots"] == 0
    assert not invocation.mails
    assert {call.action for call in invocation.calls} == {"DescribeSnapshots"}


@pytest.mark.parametrize("kind", ["gp3", "st1"])
def test_a_full_region_is_told_and_nothing_is_rotated_for_it(endpoint: Endpoint, kind: str) -> None:
    world, failed = a_failed_night(kind=kind)
    world.account.most_snapshots = 0

    with world.function(endpoint) as function:
        invocations = deliver(world, function, failed)

    check(world, failed, invocations)
    assert "SnapshotLimitExceeded" in invocations[-1].mails[0].body


def test_a_second_failure_is_told_and_made_no_third_time(endpoint: Endpoint) -> None:
    world, failed = a_failed_night()
    world.account.fate = lambda _: (60, "error")

    with world.function(endpoint) as function:
        first = deliver(world, function, failed)
        world.clock.sleep(HOUR)
        check(world, failed, first)
        second = [of_run(world, snapshot.volume_id)[-1] for snapshot in failed]
        (again,) = deliver(world, function, second)

    assert (again.told["failed_snapshots"], again.told["made_again"]) == (2, 0)
    assert all(snapshot.id in again.mails[0].body for snapshot in second)
    assert [len(of_run(world, snapshot.volume_id)) for snapshot in failed] == [1, 1]


def test_a_run_that_is_delivered_again_deletes_no_more_than_its_limit(endpoint: Endpoint) -> None:
    world, failed = a_failed_night()
    held = {snapshot.id for snapshot in world.account.snapshots.values()}

    with world.function(endpoint) as function:
        deliver(world, function, failed)
        world.clock.sleep(HOUR)
        for _ in range(3):
            function.invoke(world.event)

    gone = Counter(
        snapshot.volume_id
        for snapshot in world.account.snapshots.values()
        if snapshot.id in held and snapshot.deleted is not None and snapshot not in failed
    )
    assert gone == {snapshot.volume_id: 1 for snapshot in failed}


def test_a_storm_of_a_thousand_is_one_mail_and_all_are_made_again(endpoint: Endpoint) -> None:
    world = World(workers=16)
    failed = [world.snapshot(world.volume().id, age=0, run=world.run, state="error") for _ in range(1000)]
    world.clock.sleep(20 * 60)

    with world.function(endpoint) as function:
        invocations = deliver(world, function, failed)
        world.clock.sleep(HOUR)

    assert all(made_again(world, failed))
    assert sum(len(invocation.mails) for invocation in invocations) == 1
    assert len(invocations) == 1
    assert invocations[0].told["made_again"] == 1000
    assert {snapshot.tags[TAG_RUN] for snapshot in world.account.snapshots.values()} == {world.run}


def test_what_there_is_no_time_for_comes_again_and_the_rest_is_told_at_once(endpoint: Endpoint) -> None:
    world = World(workers=4)
    failed = [world.snapshot(world.volume().id, age=0, run=world.run, state="error") for _ in range(150)]
    world.clock.sleep(20 * 60)
    batch = delivered(*(event_of(snapshot.id) for snapshot in failed))

    with world.function(endpoint) as function:
        first = function.invoke(batch, seconds=36)
        left = len(first.told["batchItemFailures"])
        world.clock.sleep(AN_HOUR_LATER)
        rest = [snapshot for snapshot in failed if snapshot.id not in first.mails[0].body]
        deliver(world, function, rest)
        world.clock.sleep(HOUR)

    assert 0 < left < 150
    assert first.told["made_again"] == 150 - left
    assert first.ended < first.until
    assert len(rest) == left
    assert all(len(of_run(world, snapshot.volume_id)) >= 1 for snapshot in failed)

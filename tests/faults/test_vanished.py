"""Over real HTTP, whatever the wire does, what somebody else deletes is reported, and what nobody deleted never is."""

import json
import random

import pytest

from ebs_backup.aws.patience import SETTLING
from ebs_backup.handler import REPORT_SECONDS
from ebs_backup.names import TAG_SET
from fake_aws import wire
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from tests.faults.clock import HOUR
from tests.faults.convergence import settle
from tests.faults.function import CALL_SECONDS, LocalFunction
from tests.faults.invariants import check
from tests.faults.nights import faulty_night
from tests.faults.world import World, a_settings

DAYS_ALONE = {"schedule_week": "off", "schedule_month": "off"}


def a_world(*, volumes: int = 2) -> World:
    world = World(settings=a_settings(keep_day=4, **DAYS_ALONE))
    for _ in range(volumes):
        world.volume()
    return world


def live(world: World, function: LocalFunction, nights: int) -> None:
    for _ in range(nights):
        check(world, function.invoke(world.event))
        world.next_night()


def newest_first(world: World, volume: str) -> list[SnapshotRecord]:
    there = [
        snapshot
        for snapshot in world.account.snapshots.values()
        if snapshot.volume_id == volume and snapshot.exists(world.clock())
    ]
    return sorted(there, key=lambda snapshot: snapshot.started, reverse=True)


def rob(world: World, *which: int) -> None:
    """Delete, as somebody else, these restore points of every volume, the newest being 0."""
    for volume in world.selected:
        for number in which:
            snapshot = newest_first(world, volume.id)[number]
            snapshot.deleted, snapshot.by_person = world.clock(), True


def test_all_but_the_newest_of_every_volume_are_named_with_what_is_left(endpoint: Endpoint) -> None:
    world = a_world()

    with world.function(endpoint) as function:
        live(world, function, 6)
        rob(world, 1, 1, 1)
        told = function.invoke(world.event)
        world.next_night()
        after = function.invoke(world.event)

    check(world, told)
    assert told.told["status"] == "PROBLEM"
    assert [(row["vanished"], row["left"]) for row in told.told["vanished"]] == [(3, 1), (3, 1)]
    (mail,) = told.mails
    assert mail.subject.startswith("[PROBLEM] 6 day restore points vanished")
    assert all(volume.id in mail.body for volume in world.selected)
    assert after.told["vanished"] == []


@pytest.mark.parametrize("action", ["DescribeSnapshots", "CreateSnapshot", "DeleteSnapshot", "Publish"])
@pytest.mark.parametrize("fault", [wire.KILLED_BEFORE, wire.KILLED_AFTER, *wire.WIRE], ids=lambda it: it.name)
@pytest.mark.parametrize("call", [0, 1])
def test_whatever_goes_wrong_in_the_first_try_somebody_is_told(
    endpoint: Endpoint, action: str, fault: wire.Fault, call: int
) -> None:
    world = a_world()

    with world.function(endpoint) as function:
        live(world, function, 6)
        rob(world, 2, 2)
        tries = [function.invoke(world.event, plan={(action, call): fault})]
        if tries[0].answer is None:
            world.clock.sleep(60)
            tries.append(function.invoke(world.event))

    for invocation in tries:
        check(world, invocation)
    assert "restore points vanished" in " ".join(mail.subject for mail in tries[-1].mails)
    assert sum(row["vanished"] for row in tries[-1].told["vanished"]) == 4


def test_what_a_continued_run_made_in_an_earlier_invocation_is_told_by_the_last_one(
    endpoint: Endpoint,
) -> None:
    world = a_world(volumes=4)

    with world.function(endpoint) as function:
        live(world, function, 6)
        rob(world, 1)
        invocation = function.invoke(world.event, seconds=REPORT_SECONDS + SETTLING + 6 * CALL_SECONDS)

    check(world, invocation)
    assert any(call.action == "Invoke" for call in invocation.calls)
    assert sum(row["vanished"] for row in invocation.told["vanished"]) == 4


@pytest.mark.parametrize("seed", range(60))
def test_on_a_night_full_of_faults_somebody_is_told_of_each_volume_all_the_same(
    endpoint: Endpoint, seed: int
) -> None:
    world, draw = a_world(volumes=3), random.Random(seed)  # noqa: S311 - not a secret
    world.account.lag = draw.choice([0, 1, 4])

    with world.function(endpoint) as function:
        live(world, function, 6)
        rob(world, 1, draw.choice([1, 2]))
        world.clock.sleep(60)  # else a listing may still show them, and the next night tells it
        mails = len(world.account.mails)
        faulty_night(world, function, draw)
        settle(world, function)

    told = [json.loads(mail.data).get("vanished", []) for mail in world.account.mails[mails:]]
    assert {row["volume"] for rows in told for row in rows} == {volume.id for volume in world.selected}


def test_a_tag_that_a_person_took_off_is_no_theft(endpoint: Endpoint) -> None:
    world = a_world()

    with world.function(endpoint) as function:
        live(world, function, 6)
        for volume in world.selected:
            del newest_first(world, volume.id)[2].tags[TAG_SET]
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert invocation.told["vanished"] == []


def test_what_a_run_deleted_whose_own_snapshot_failed_and_is_gone_is_no_theft(endpoint: Endpoint) -> None:
    world = a_world()

    with world.function(endpoint) as function:
        live(world, function, 6)
        world.account.fate = lambda _: (60, "error")
        function.invoke(world.event)
        world.clock.sleep(HOUR)
        world.account.fate = lambda _: (60, "completed")
        function.invoke({"period": "week"}, request="deletes-what-failed")
        world.next_night()
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert invocation.told["vanished"] == []


@pytest.mark.parametrize("lag", [1, 2.5, 4])
@pytest.mark.parametrize("apart", [0.1, 1, 2, 3])
def test_a_run_that_does_not_see_yet_what_another_did_cries_no_alarm(
    endpoint: Endpoint, lag: float, apart: float
) -> None:
    world = a_world()
    world.account.lag = lag

    with world.function(endpoint) as function:
        live(world, function, 6)
        by_hand = {"period": "day"}
        done = function.overlap(world.event, by_hand, every=apart)

    for invocation in done:
        assert invocation.told["vanished"] == []

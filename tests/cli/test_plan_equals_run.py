"""`plan` says exactly what a run then does: on random accounts, the same snapshots are made, deleted and kept."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from boto3.session import Session

from ebs_backup.aws.connection import connect
from ebs_backup.model import Fate
from ebs_backup.names import Period, keep_tag
from ebs_backup_cli.backups import planning
from ebs_backup_cli.backups.listing import Listing
from ebs_backup_cli.backups.moment import moment
from ebs_backup_cli.backups.planning import Plan
from fake_aws.account import REGION, FakeAccount
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from fake_aws.service import Service
from tests.faults.clock import DAY
from tests.faults.function import ENVIRONMENT
from tests.faults.random_worlds import random_world
from tests.faults.world import World

WORLDS = int(os.environ.get("PLAN_WORLDS", "40"))
WRITES = ("CreateSnapshot", "DeleteSnapshot", "CreateTags", "DeleteTags", "Invoke", "Publish")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(Service(account=FakeAccount())) as endpoint:
        yield endpoint


def a_world(seed: int) -> World:
    """Return a random account in which EC2 refuses nothing: what it will refuse, no plan can know."""
    world, draw = random_world(seed), random.Random(seed)  # noqa: S311 - not a secret
    world.account.lag = 0
    world.settings = replace(world.settings, expire_gone_after_days=draw.choice([None, 1, 20]))
    for snapshot in world.account.snapshots.values():
        snapshot.ami, snapshot.locked, snapshot.managed, snapshot.fast_restore = "", False, False, False
    for volume in world.account.volumes.values():
        if draw.random() < 0.4:
            volume.tags[keep_tag(world.period)] = draw.choice(["1", "2", "5", "many"])
        if draw.random() < 0.1:
            volume.tags["ebs-backup:skip"] = draw.choice(["true", "2026-01-01"])
    for number in range(draw.randint(0, 3)):  # volumes that are gone, some for long
        gone = f"vol-{0xDEAD + number:017x}"
        for nights in range(1, draw.randint(2, 6)):
            world.snapshot(
                gone,
                age=(nights * 3 + draw.choice([0, 30])) * DAY,
                period=draw.choice([world.period, world.period, Period.MONTH]),
                state=draw.choice(["completed", "completed", "error", "pending"]),
                hold=draw.choice(["", "", "", "true"]),
            )
    return world


def plan(endpoint: Endpoint, world: World) -> Plan:
    """Plan the world's run as the command does, with a client of the world's endpoint."""
    endpoint.service = Service(account=world.account)
    session = Session(
        ENVIRONMENT["AWS_ACCESS_KEY_ID"], ENVIRONMENT["AWS_SECRET_ACCESS_KEY"], region_name=REGION
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        listing = Listing(connect(session), deadline=world.clock() + DAY, clock=world.clock)
    run = replace(moment(world.settings, world.clock.utc(), world.period), id=world.run)
    return planning.make(listing, world.settings, run)


def there(world: World) -> dict[str, SnapshotRecord]:
    """Return the snapshots that are there."""
    return {id_: snapshot for id_, snapshot in world.account.snapshots.items() if snapshot.deleted is None}


@pytest.mark.parametrize("seed", range(1, WORLDS + 1))
def test_a_plan_names_exactly_what_a_run_then_makes_deletes_and_keeps(endpoint: Endpoint, seed: int) -> None:
    world = a_world(seed)
    planned = plan(endpoint, world)
    writes = [call.action for call in endpoint.service.calls if call.action in WRITES]
    before = there(world)

    with world.function(endpoint) as function:
        answer = function.invoke(world.event).told

    after = there(world)
    decided = [decision for volume in planned.volumes for decision in volume.decisions]
    deleted = {decision.snapshot.id for decision in decided if decision.fate is Fate.EXPIRED}
    kept = {decision.snapshot.id for decision in decided if decision.fate is not Fate.EXPIRED}
    assert not writes
    assert deleted == before.keys() - after.keys()
    assert kept <= after.keys()
    assert kept | deleted == _of_the_run(world, before)
    created = sorted(snapshot.volume_id for id_, snapshot in after.items() if id_ not in before)
    assert sorted(volume.id for volume in planned.volumes if volume.create) == created
    assert (planned.outcome.created, planned.deleted) == (answer["created"], answer["expired"])


def _of_the_run(world: World, snapshots: dict[str, SnapshotRecord]) -> set[str]:
    """Return what a run judges: its own set's snapshots of its period, and failed ones of selected volumes."""
    wanted = {volume.id for volume in (*world.selected, *world.lost)}
    idle = {
        volume.id for volume in (*world.selected, *world.lost) if volume.tags.get("ebs-backup:skip") == "true"
    }
    idle |= {volume.id for volume in world.lost}
    return {
        id_
        for id_, snapshot in snapshots.items()
        if snapshot.tags.get("ebs-backup:set") == world.settings.backup_set
        and snapshot.tags.get("ebs-backup:source", "").startswith(f"volume={snapshot.volume_id} ")
        and (
            (
                snapshot.tags.get("ebs-backup:period") == world.period
                and (snapshot.tags.get("ebs-backup:run") or snapshot.volume_id in idle)
            )
            or (snapshot.ends_as == "error" and snapshot.volume_id in wanted - idle)
        )
    }

"""Our fake's Recycle Bin, by AWS's rules; and a run beside it: what came back on hold is not deleted again."""

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from fake_aws.account import FakeAccount
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from tests.faults.clock import DAY, VirtualClock
from tests.faults.test_endpoint import VOLUME, account, clock, code, ec2
from tests.faults.world import World

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

__all__ = ["account", "clock", "ec2"]  # fixtures
SET = "ebs-backup:set"


def snapshots(account: FakeAccount, count: int = 1, **tags: str) -> list[str]:
    """Add snapshots with the set's label; return their ids."""
    account.retention = {(SET, "default"): 7, ("Team", "blue"): 30}
    there = len(account.snapshots)
    return [
        account.add(
            SnapshotRecord(
                id=f"snap-{there + number:04}",
                volume_id=VOLUME,
                started=0,
                tags={SET: "default", **tags},
                description="words",
            )
        ).id
        for number in range(count)
    ]


def in_bin(ec2: "EC2Client") -> list[str]:
    return [found["SnapshotId"] for found in ec2.list_snapshots_in_recycle_bin()["Snapshots"]]


def test_what_a_rule_retains_is_listed_until_its_days_are_over(
    ec2: "EC2Client", account: FakeAccount, clock: VirtualClock
) -> None:
    (snapshot,) = snapshots(account)
    now = clock.utc()
    ec2.delete_snapshot(SnapshotId=snapshot)

    (listed,) = ec2.list_snapshots_in_recycle_bin()["Snapshots"]
    clock.sleep(7 * DAY)

    assert (listed["SnapshotId"], listed["VolumeId"], listed["Description"]) == (snapshot, VOLUME, "words")
    assert listed["RecycleBinEnterTime"] == now
    assert (listed["RecycleBinExitTime"] - now).days == 7
    assert set(listed) == {
        *("SnapshotId", "VolumeId", "Description", "RecycleBinEnterTime", "RecycleBinExitTime")
    }
    assert in_bin(ec2) == []
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_what_no_rule_retains_is_gone(ec2: "EC2Client", account: FakeAccount) -> None:
    (snapshot,) = snapshots(account)
    account.retention = {(SET, "another"): 7}

    ec2.delete_snapshot(SnapshotId=snapshot)

    assert in_bin(ec2) == []
    with pytest.raises(ClientError) as error:
        ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot)
    assert code(error) == "InvalidSnapshot.NotFound"


def test_of_two_rules_the_longer_one_counts(ec2: "EC2Client", account: FakeAccount) -> None:
    (snapshot,) = snapshots(account, Team="blue")

    ec2.delete_snapshot(SnapshotId=snapshot)

    (listed,) = ec2.list_snapshots_in_recycle_bin()["Snapshots"]
    assert (listed["RecycleBinExitTime"] - listed["RecycleBinEnterTime"]).days == 30


def test_a_rule_that_is_gone_leaves_what_is_in_the_bin(ec2: "EC2Client", account: FakeAccount) -> None:
    first, second = snapshots(account, 2)
    ec2.delete_snapshot(SnapshotId=first)

    account.retention = {}
    ec2.delete_snapshot(SnapshotId=second)

    assert in_bin(ec2) == [first]


def test_pages_of_the_bin_lead_to_its_end(ec2: "EC2Client", account: FakeAccount) -> None:
    for snapshot in snapshots(account, 12):
        ec2.delete_snapshot(SnapshotId=snapshot)

    pages = list(
        ec2.get_paginator("list_snapshots_in_recycle_bin").paginate(PaginationConfig={"PageSize": 5})
    )

    assert [len(page["Snapshots"]) for page in pages] == [5, 5, 2]
    assert len({found["SnapshotId"] for page in pages for found in page["Snapshots"]}) == 12


def test_it_comes_back_with_its_tags_once(ec2: "EC2Client", account: FakeAccount) -> None:
    (snapshot,) = snapshots(account, Name="web")
    ec2.delete_snapshot(SnapshotId=snapshot)

    ec2.create_tags(Resources=[snapshot], Tags=[{"Key": "ebs-backup:hold", "Value": "true"}])
    back = ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot)
    with pytest.raises(ClientError) as error:
        ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot)

    (listed,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert (back["SnapshotId"], back["VolumeId"], back["State"]) == (snapshot, VOLUME, "completed")
    assert {tag["Key"]: tag["Value"] for tag in listed["Tags"]} == {
        SET: "default",
        "Name": "web",
        "ebs-backup:hold": "true",
    }
    assert in_bin(ec2) == []
    assert code(error) == "InvalidSnapshot.NotFound"


def test_tags_are_set_on_all_or_on_none(ec2: "EC2Client", account: FakeAccount) -> None:
    (snapshot,) = snapshots(account)

    with pytest.raises(ClientError) as error:
        ec2.create_tags(Resources=[snapshot, "snap-ffff"], Tags=[{"Key": "a", "Value": "b"}])

    assert code(error) == "InvalidSnapshot.NotFound"
    assert account.snapshots[snapshot].tags == {SET: "default"}


def test_a_dry_run_restores_nothing(ec2: "EC2Client", account: FakeAccount) -> None:
    (snapshot,) = snapshots(account)
    ec2.delete_snapshot(SnapshotId=snapshot)

    with pytest.raises(ClientError) as error:
        ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot, DryRun=True)

    assert (code(error), in_bin(ec2)) == ("DryRunOperation", [snapshot])


def test_a_run_puts_what_expires_into_the_bin_and_leaves_what_came_back_on_hold(endpoint: Endpoint) -> None:
    world = World()
    volume = world.volume()
    history = world.history(volume.id, 6)
    world.account.retention = {(SET, world.settings.backup_set): 7}
    with world.function(endpoint) as function:
        function.invoke(world.event)
        expired = [snapshot.id for snapshot in history if snapshot.in_bin(world.clock())]
        held, loose = (world.account.bring_back(id_) for id_ in expired[:2])
        held.tags["ebs-backup:hold"] = "true"
        world.next_night()
        function.invoke(world.event)

    assert len(expired) > 1
    assert (held.deleted, loose.in_bin(world.clock())) == (None, True)

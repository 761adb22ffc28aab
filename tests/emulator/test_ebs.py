"""EBS in the emulator: pages, pending snapshots, what is in use, dry runs, filters that mean what they say."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from emulator.account import Account


def test_a_listing_comes_in_pages_that_together_hold_everything(account: Account) -> None:
    volumes = {account.volume(f"v{number}") for number in range(12)}

    first = account.ec2.describe_volumes(MaxResults=5)
    pages = account.ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 5})

    assert len(first["Volumes"]) == 5
    assert {each["VolumeId"] for page in pages for each in page["Volumes"]} == volumes


def test_a_snapshot_is_pending_until_the_emulators_clock_has_moved_on(account: Account) -> None:
    volume = account.volume("web")
    account.snapshot(volume)

    (before,) = account.snapshots(volume)
    account.emulator.clock.set(account.emulator.clock.now() + timedelta(hours=1))
    (after,) = account.snapshots(volume)

    assert (before["State"], before["Progress"]) == ("pending", "0%")
    assert (after["State"], after["Progress"]) == ("completed", "100%")


def test_start_times_are_the_emulators_and_have_milliseconds(account: Account) -> None:
    account.emulator.clock.set(datetime(2030, 2, 28, 12, tzinfo=UTC))
    volume = account.volume("web")

    for _ in range(3):
        account.snapshot(volume)

    times = [each["StartTime"] for each in account.snapshots(volume)]
    assert all(time.date().isoformat() == "2030-02-28" for time in times)
    assert len(set(times)) == 3


def test_a_snapshot_that_an_ami_uses_is_not_deleted_and_the_ami_is_named(account: Account) -> None:
    snapshot = account.snapshot(account.volume("web"))
    image = account.image(snapshot)

    with pytest.raises(ClientError, match=image) as refused:
        account.ec2.delete_snapshot(SnapshotId=snapshot)

    assert refused.value.response["Error"]["Code"] == "InvalidSnapshot.InUse"
    assert account.snapshots()


def test_a_dry_run_of_ec2_does_nothing(account: Account) -> None:
    volume = account.volume("web")

    with pytest.raises(ClientError, match="DryRunOperation"):
        account.ec2.create_snapshot(VolumeId=volume, DryRun=True)

    assert not account.snapshots()


@pytest.mark.parametrize(("value", "found"), [("a*", 2), (r"a\*", 1), ("a?", 2), ("b", 0)])
def test_wildcards_in_a_filter_are_wildcards_unless_escaped(account: Account, value: str, found: int) -> None:
    account.volume("1", Team="a*")
    account.volume("2", Team="ab")

    listed = account.ec2.describe_volumes(Filters=[{"Name": "tag:Team", "Values": [value]}])

    assert len(listed["Volumes"]) == found

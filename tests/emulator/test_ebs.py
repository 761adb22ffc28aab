"""EBS in the emulator: pages, snapshots pending, failed and in use, dry runs, exact filters."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from emulator.account import EmulatedAccount
from emulator.server import REGION


def test_a_listing_comes_in_pages_that_together_hold_everything(account: EmulatedAccount) -> None:
    volumes = {account.volume(f"v{number}") for number in range(12)}

    first = account.ec2.describe_volumes(MaxResults=5)
    pages = account.ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 5})

    assert len(first["Volumes"]) == 5
    assert {volume["VolumeId"] for page in pages for volume in page["Volumes"]} == volumes


def test_a_snapshot_is_pending_until_the_emulators_clock_has_moved_on(account: EmulatedAccount) -> None:
    volume = account.volume("web")
    account.snapshot(volume)

    (before,) = account.snapshots(volume)
    account.emulator.clock.set(account.emulator.clock.now() + timedelta(hours=1))
    (after,) = account.snapshots(volume)

    assert (before["State"], before["Progress"]) == ("pending", "0%")
    assert (after["State"], after["Progress"]) == ("completed", "100%")


def test_a_snapshot_that_fails_tells_the_reason_in_every_listing(account: EmulatedAccount) -> None:
    volume = account.volume("web")
    failed, well = account.snapshot(volume), account.snapshot(volume)

    account.fail(failed, "Given key ID is <not> accessible")

    listed = {snapshot["SnapshotId"]: snapshot for snapshot in account.snapshots(volume)}
    assert listed[failed]["State"] == "error"
    assert listed[failed]["StateMessage"] == "Given key ID is <not> accessible"
    assert "StateMessage" not in listed[well]


def test_a_snapshot_that_is_completed_fails_no_more(account: EmulatedAccount) -> None:
    volume = account.volume("web")
    snapshot = account.snapshot(volume)
    account.emulator.clock.set(account.emulator.clock.now() + timedelta(hours=1))
    account.snapshots()

    account.fail(snapshot, "too late")

    assert [snapshot["State"] for snapshot in account.snapshots(volume)] == ["completed"]


@pytest.mark.parametrize(("kind", "most"), [("gp3", 5), ("st1", 1), ("sc1", 1)])
def test_a_volume_takes_so_many_unfinished_snapshots_and_failed_ones_count(
    account: EmulatedAccount, kind: str, most: int
) -> None:
    volume = account.volume("big", size=125, kind=kind)
    first, *_ = [account.snapshot(volume) for _ in range(most)]
    account.fail(first, "Internal error")

    with pytest.raises(ClientError) as refused:
        account.snapshot(volume)
    account.ec2.delete_snapshot(SnapshotId=first)
    account.snapshot(volume)

    assert refused.value.response["Error"]["Code"] == "ConcurrentSnapshotLimitExceeded"
    assert len(account.snapshots(volume)) == most


def test_a_listing_is_filtered_by_tags_and_by_several_volumes_at_once(account: EmulatedAccount) -> None:
    first, second, third = (account.volume(name) for name in ("a", "b", "c"))
    wanted = {account.snapshot(volume, run="1", period="day") for volume in (first, second)}
    account.snapshot(first, run="2", period="day")
    account.snapshot(third, run="1", period="day")

    filters = {"tag:run": ["1"], "tag:period": ["day"], "volume-id": [first, second]}
    listed = account.ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": name, "Values": values} for name, values in filters.items()]
    )

    assert {snapshot["SnapshotId"] for snapshot in listed["Snapshots"]} == wanted


def test_snapshots_are_found_by_a_pattern_of_their_description(account: EmulatedAccount) -> None:
    volume = account.volume("web")
    for description in ("ec2ab_1", "ec2ab_2", "by hand", ""):
        account.ec2.create_snapshot(VolumeId=volume, Description=description)

    def described(*patterns: str) -> list[str]:
        filters = [
            {"Name": "description", "Values": list(patterns)},
            {"Name": "volume-id", "Values": [volume]},
        ]
        listed = account.ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        return sorted(snapshot["Description"] for snapshot in listed)

    assert described("ec2ab_*", "by hand") == ["by hand", "ec2ab_1", "ec2ab_2"]
    assert described("ec2ab_\\*") == []


def test_a_volume_of_a_snapshot_is_as_large_as_that(account: EmulatedAccount) -> None:
    snapshot = account.snapshot(account.volume("db", size=100))
    account.emulator.clock.set(account.emulator.clock.now() + timedelta(hours=1))
    account.snapshots()

    restored = account.ec2.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=snapshot)

    assert restored["Size"] == 100


def test_start_times_are_the_emulators_and_have_milliseconds(account: EmulatedAccount) -> None:
    account.emulator.clock.set(datetime(2030, 2, 28, 12, tzinfo=UTC))
    volume = account.volume("web")

    for _ in range(3):
        account.snapshot(volume)

    times = [snapshot["StartTime"] for snapshot in account.snapshots(volume)]
    assert all(time.date().isoformat() == "2030-02-28" for time in times)
    assert len(set(times)) == 3


def test_a_snapshot_that_an_ami_uses_is_not_deleted_and_the_ami_is_named(account: EmulatedAccount) -> None:
    snapshot = account.snapshot(account.volume("web"))
    image = account.image(snapshot)

    with pytest.raises(ClientError, match=image) as refused:
        account.ec2.delete_snapshot(SnapshotId=snapshot)

    assert refused.value.response["Error"]["Code"] == "InvalidSnapshot.InUse"
    assert account.snapshots()


def test_a_dry_run_of_ec2_does_nothing(account: EmulatedAccount) -> None:
    volume = account.volume("web")

    with pytest.raises(ClientError, match="DryRunOperation"):
        account.ec2.create_snapshot(VolumeId=volume, DryRun=True)

    assert not account.snapshots()


@pytest.mark.parametrize(("value", "found"), [("a*", 2), (r"a\*", 1), ("a?", 2), ("b", 0)])
def test_wildcards_in_a_filter_are_wildcards_unless_escaped(
    account: EmulatedAccount, value: str, found: int
) -> None:
    account.volume("1", Team="a*")
    account.volume("2", Team="ab")

    listed = account.ec2.describe_volumes(Filters=[{"Name": "tag:Team", "Values": [value]}])

    assert len(listed["Volumes"]) == found

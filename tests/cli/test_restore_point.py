"""Which restore point `ebs-backup restore` takes: the newest that is meant, completed, and of one volume alone."""

from datetime import timedelta

import pytest

from ebs_backup.names import Period
from tests.cli.backups import Backups, backups
from tests.cli.conftest import REGION, Command
from tests.cli.schemas import assert_conforms
from tests.unit.builders import NIGHT
from tests.unit.commands import check

__all__ = ["backups"]  # a fixture

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("arguments", "night"),
    [
        ((), 2),
        (("--at", "2026-11-24"), 1),
        (("--at", "20261123"), 0),
        (("--at", "2026-11-24T01:29Z"), 0),
        (("--at", "2026-11-24T01:30"), 1),
        (("--at", "2026-11-24T02:30+02:00"), 0),
        (("--period", "day"), 1),
        (("--period", "week"), 2),
        (("--at", "2026-11-24 12:00", "--period", "day"), 1),
    ],
)
def test_the_restore_point_is_the_newest_that_is_meant(
    command: Command, backups: Backups, arguments: tuple[str, ...], night: int
) -> None:
    old = backups.make("web")
    nights = [
        backups.run(NIGHT),
        backups.run(NIGHT + DAY),
        backups.run(NIGHT + 2 * DAY, Period.WEEK),
    ]

    done = command("restore", "web", *arguments, "--yes", "--json")

    assert done.json["volumes"][0]["snapshot"] == nights[night][old]


@pytest.mark.parametrize(
    ("at", "night"),
    [
        ("2026-11-24 01:30Z", 1),
        ("2026-11-24T01:30", 1),
        ("2026-11-24T02:30+01:00", 1),
        ("2026-11-24T01:30:07Z", 1),
        ("2026-11-24T01:30:06Z", 0),
        ("2026-11-24T01:30:07.000Z", 1),
        ("2026-11-24T01:30:06.999Z", 0),
        ("2026-11-24T01:29Z", 0),
        ("20261124T0130Z", 1),
        ("2026-11-24T01", 0),
    ],
)
def test_a_time_means_all_of_the_minute_or_second_that_it_names(
    command: Command, backups: Backups, at: str, night: int
) -> None:
    """A restore point of 01:30:07 is listed as 01:30."""
    old = backups.make("web")
    nights = [backups.run(NIGHT), backups.run(NIGHT + DAY + timedelta(seconds=7))]

    done = command("restore", "web", "--at", at, "--yes", "--json")

    assert done.json["volumes"][0]["snapshot"] == nights[night][old]


def test_one_restore_point_can_be_named(command: Command, backups: Backups) -> None:
    old = backups.make("web")
    first = backups.run(NIGHT)[old]
    backups.run(NIGHT + DAY)

    done = command("restore", old, "--snapshot", first, "--yes", "--json")

    assert done.json["volumes"][0]["snapshot"] == first


def test_a_restore_point_of_another_volume_is_refused(command: Command, backups: Backups) -> None:
    old, other = backups.make("web"), backups.make("db")
    made = backups.run()

    done = command("restore", old, "--snapshot", made[other], "--yes")

    assert done.status == 2
    assert done.err.splitlines()[0] == f"ebs-backup: {made[other]} is of {other}, not of {old}."
    assert backups.ids() == {old, other}


def test_a_snapshot_that_is_none_of_the_set_is_refused(command: Command, backups: Backups) -> None:
    old = backups.make("web")
    backups.run()
    foreign = command.ec2.create_snapshot(VolumeId=old)["SnapshotId"]

    done = command("restore", old, "--snapshot", foreign, "--yes")

    assert (done.status, done.err.splitlines()[0]) == (
        2,
        f"ebs-backup: {foreign} is not a restore point of this set.",
    )


@pytest.mark.parametrize("state", ["pending", "error"])
def test_only_a_completed_restore_point_is_restored(command: Command, backups: Backups, state: str) -> None:
    old = backups.make("web")
    first, second = backups.run(NIGHT)[old], backups.run(NIGHT + DAY)[old]
    backups.alter(second, status=state)

    newest = command("restore", old, "--dry-run", "--json")
    assert_conforms(newest.json, "restore")
    named = command("restore", old, "--snapshot", second, "--yes")
    backups.alter(first, status=state)
    none = command("restore", old, "--yes")

    assert newest.json["volumes"][0]["snapshot"] == first
    assert newest.json["notes"][0] == f"A newer one, {second} of 2026-11-24 01:30Z, is {state}."
    assert f"{second} is {state}, not completed." in named.err
    assert (none.status, none.err.splitlines()[0]) == (
        2,
        f"ebs-backup: {old} has no completed restore point: {first} is {state}, {second} is {state}.",
    )


def test_an_archived_snapshot_is_said_to_need_its_own_restore_first(
    command: Command, backups: Backups
) -> None:
    old = backups.make("web")
    made = backups.run()
    backups.alter(made[old], storage_tier="archive")

    done = command("restore", "web", "--yes")

    assert done.status == 2
    message, advice = done.err.splitlines()
    assert message.startswith(f"ebs-backup: {made[old]} is in EBS's archive.")
    assert advice.startswith(f"aws ec2 restore-snapshot-tier --region {REGION} --snapshot-id {made[old]} ")
    check(advice)


def test_a_snapshot_that_was_brought_back_from_the_archive_for_some_days_is_restored(
    command: Command, backups: Backups
) -> None:
    old = backups.make("web")
    made = backups.run()
    backups.alter(made[old], storage_tier="archive", restore_expiry_time=NIGHT + 7 * DAY)

    assert command("restore", "web", "--yes").status == 0


def test_a_name_that_several_volumes_have_or_had_is_refused_with_their_ids(
    command: Command, backups: Backups
) -> None:
    gone, renamed, there = backups.make("web"), backups.make("web"), backups.make("web")
    backups.run()
    backups.lose(gone)
    backups.tag(renamed, Name="old web")

    done = command("restore", "web", "--yes")

    assert done.status == 2
    assert done.err.startswith("ebs-backup: 3 volumes have or had the name 'web': ")
    assert all(id_ in done.err for id_ in (gone, renamed, there))
    assert f"{gone} (gone, newest 2026-11-23 01:30Z)" in done.err


def test_a_name_that_nobody_has_is_refused_with_the_nearest(command: Command, backups: Backups) -> None:
    backups.make("db-1 data")
    backups.run()

    done = command("restore", "db-1 dta", "--yes")

    assert done.status == 2
    assert "db-1 data" in done.err.splitlines()[1]

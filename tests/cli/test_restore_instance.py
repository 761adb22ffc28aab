"""`ebs-backup restore --instance`: all volumes of one instance, of one moment."""

from datetime import timedelta

import pytest

from tests.cli.backups import Backups, backups
from tests.cli.conftest import Command, Done
from tests.unit.builders import NIGHT

__all__ = ["backups"]  # a fixture

DAY = timedelta(days=1)


@pytest.fixture
def server(backups: Backups) -> tuple[str, str, str]:
    """Return an instance and its two volumes."""
    instance = backups.instance("db-1")
    root = backups.make("db-1 root", attach=(instance, "/dev/xvda"))
    return instance, root, backups.make("db-1 data", attach=(instance, "/dev/sdf"))


def snapshots(done: Done) -> dict[str, str]:
    """Return what was restored of which volume."""
    assert done.out, done.err
    return {volume["of"]: volume["snapshot"] for volume in done.json["volumes"]}


@pytest.mark.parametrize("by", ["id", "name"])
def test_all_its_volumes_are_restored_from_the_newest_run(
    command: Command, backups: Backups, server: tuple[str, str, str], by: str
) -> None:
    backups.make("another")
    backups.run(NIGHT)
    made = backups.run(NIGHT + DAY)
    instance, root, data = server

    done = command("restore", "--instance", instance if by == "id" else "db-1", "--yes", "--json")

    assert snapshots(done) == {root: made[root], data: made[data]}
    assert done.json["notes"][0] == "All of run 2026-11-24T01:30:00Z."
    names = {backups.tags(volume["volume"])["Name"] for volume in done.json["volumes"]}
    assert names == {"db-1 root (restored)", "db-1 data (restored)"}


def test_it_works_when_the_instance_and_its_volumes_are_gone(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    made = backups.run()
    backups.lose(root)
    command.ec2.detach_volume(VolumeId=data, InstanceId=instance)  # it stays, but is on no instance any more
    command.ec2.terminate_instances(InstanceIds=[instance])

    done = command("restore", "--instance", instance, "--yes", "--json")

    assert (done.status, snapshots(done)) == (0, {root: made[root], data: made[data]})


def test_a_volume_that_is_on_another_instance_now_is_none_of_its(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    made = backups.run()
    command.ec2.detach_volume(VolumeId=data, InstanceId=instance)
    command.ec2.attach_volume(VolumeId=data, InstanceId=backups.instance("db-2"), Device="/dev/sdf")

    done = command("restore", "--instance", instance, "--yes", "--json")

    assert snapshots(done) == {root: made[root]}


def test_a_run_that_lacks_one_of_them_is_passed_over_and_said(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    whole, newest = backups.run(NIGHT), backups.run(NIGHT + DAY)
    backups.alter(newest[data], status="pending")

    done = command("restore", "--instance", instance, "--yes", "--json")

    assert snapshots(done) == {root: whole[root], data: whole[data]}
    assert f"The newest run 2026-11-24T01:30:00Z lacks {data}." in done.json["notes"]


def test_no_run_with_all_of_them_is_refused_unless_mixing_is_told(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    first, second = backups.run(NIGHT), backups.run(NIGHT + DAY)
    backups.alter(first[root], status="error")
    backups.alter(second[data], status="error")
    before = backups.ids()

    refused = command("restore", "--instance", instance, "--yes")
    unchanged = backups.ids()
    mixed = command("restore", "--instance", instance, "--mix", "--yes", "--json")

    assert (refused.status, unchanged) == (2, before)
    assert (
        f"No run has all 2 volumes of {instance}: the newest, 2026-11-24T01:30:00Z, lacks {data}."
        in refused.err
    )
    assert snapshots(mixed) == {root: second[root], data: first[data]}
    assert "These are of several runs: the volumes' contents are not of one moment." in mixed.json["notes"]


def test_mixing_restores_the_rest_where_one_volume_has_nothing(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    made = backups.run(NIGHT)
    backups.alter(made[data], status="error")

    refused = command("restore", "--instance", instance, "--yes")
    done = command("restore", "--instance", instance, "--mix", "--yes", "--json")

    assert refused.status == 2
    assert (done.status, done.json["missing"], snapshots(done)) == (1, [data], {root: made[root]})


def test_a_volume_without_a_backup_is_said_and_keeps_nobody_up(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    scratch = backups.make("scratch", attach=(instance, "/dev/sdg"))
    command.ec2.delete_tags(Resources=[scratch], Tags=[{"Key": "Backup"}])
    backups.run()

    done = command("restore", "--instance", instance, "--yes", "--json")

    assert set(snapshots(done)) == {root, data}
    told = f"{scratch} is or was on {instance}, but has no recent restore point: it is left out."
    assert told in done.json["notes"]


def test_a_volume_that_left_the_instance_long_ago_keeps_nobody_up(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    retired = backups.make("old data", attach=(instance, "/dev/sdg"))
    backups.run(NIGHT - 60 * DAY)
    backups.lose(retired)
    made = backups.run(NIGHT)

    done = command("restore", "--instance", instance, "--yes", "--json")
    then = command("restore", "--instance", instance, "--at", "2026-10-01", "--dry-run", "--json")

    assert snapshots(done) == {root: made[root], data: made[data]}
    assert any(retired in note for note in done.json["notes"])
    assert set(snapshots(then)) == {root, data, retired}


def test_a_volume_that_was_lost_lately_is_one_of_its(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    whole = backups.run(NIGHT)
    backups.lose(data)
    backups.run(NIGHT + DAY)

    done = command("restore", "--instance", instance, "--yes", "--json")

    assert snapshots(done) == {root: whole[root], data: whole[data]}
    assert f"The newest run 2026-11-24T01:30:00Z lacks {data}." in done.json["notes"]


def test_a_volume_that_outlived_its_instance_and_is_backed_up_alone_since_is_one_of_its(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, root, data = server
    whole = backups.run(NIGHT)
    backups.lose(root)
    command.ec2.detach_volume(VolumeId=data, InstanceId=instance)
    backups.run(NIGHT + DAY)

    done = command("restore", "--instance", instance, "--yes", "--json")

    assert snapshots(done) == {root: whole[root], data: whole[data]}


def test_a_new_volume_on_the_instance_without_a_restore_point_is_missing(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, *_ = server
    backups.run(NIGHT)
    new = backups.make("new", attach=(instance, "/dev/sdg"))

    done = command("restore", "--instance", instance, "--yes")

    assert done.status == 2
    assert f"lacks {new}." in done.err


def test_the_moment_can_be_chosen(command: Command, backups: Backups, server: tuple[str, str, str]) -> None:
    instance, root, data = server
    first = backups.run(NIGHT)
    backups.run(NIGHT + DAY)

    done = command("restore", "--instance", instance, "--at", "2026-11-23", "--dry-run", "--json")

    assert snapshots(done) == {root: first[root], data: first[data]}
    assert len(done.json["commands"]) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--instance", "i-0nowhere"),
            "No volume with a restore point is, or was then, on an instance",
        ),
        (
            ("--instance", "db-1", "--at", "2020-01-01"),
            "No volume with a restore point that began before 2020-01-02 00:00Z is, or was then,",
        ),
        (("--instance", "db-1", "--size", "500"), "are for one volume, not for an instance's."),
        (("--instance", "db-1", "--snapshot", "snap-1"), "are for one volume, not for an instance's."),
        ((), "Which volume?"),
    ],
)
def test_what_cannot_be_is_refused(
    command: Command, backups: Backups, server: tuple[str, str, str], arguments: tuple[str, ...], said: str
) -> None:
    backups.run()

    done = command("restore", *arguments, "--yes")

    assert done.status == 2
    assert said in done.err
    assert backups.ids() == set(server[1:])


def test_a_name_that_several_instances_have_is_refused_with_their_ids(
    command: Command, backups: Backups
) -> None:
    ids = sorted(backups.instance("db-1") for _ in range(2))
    backups.make("data", attach=(ids[0], "/dev/sdf"))
    backups.run()

    done = command("restore", "--instance", "db-1", "--yes")

    assert (done.status, done.err.splitlines()[0]) == (
        2,
        f"ebs-backup: 2 instances have the name 'db-1': {', '.join(ids)}.",
    )


def test_an_instance_without_any_completed_restore_point_has_nothing_to_restore(
    command: Command, backups: Backups, server: tuple[str, str, str]
) -> None:
    instance, *_ = server
    for snapshot in backups.run().values():
        backups.alter(snapshot, status="pending")

    done = command("restore", "--instance", instance, "--mix", "--yes")

    assert done.status == 2
    assert f"No volume of {instance} has a completed restore point." in done.err

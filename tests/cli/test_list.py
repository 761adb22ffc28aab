"""`list`: the restore points by volume, what is overdue, and what is gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.cli.conftest import NOW, Command
from tests.cli.schemas import assert_conforms

pytestmark = pytest.mark.usefixtures("wednesday")


@pytest.fixture
def world(command: Command) -> Command:
    """Return an account with a volume that is well, an overdue one without any restore point, and one that is gone."""
    command.deploy()
    web, db = command.volume("web-1 data", Backup="true"), command.volume("db-1 data", Backup="true")
    command.backend.volumes[db].create_time = NOW - timedelta(days=400)
    gone = command.volume("old web")
    newest, *_ = command.nights(web, 2)
    command.point(web, NOW - timedelta(days=4), period="week", ebs_backup__x="1")
    command.ec2.create_tags(Resources=[newest], Tags=[{"Key": "ebs-backup:hold", "Value": "true"}])
    command.point(gone, NOW - timedelta(days=60), period="month", of="old web")
    command.ec2.delete_volume(VolumeId=gone)
    foreign = command.point(web, NOW - timedelta(days=1))
    tag = {"Key": "ebs-backup:source", "Value": "volume=vol-0dead zone=eu-west-1a"}
    command.ec2.create_tags(Resources=[foreign], Tags=[tag])
    return command


@pytest.mark.parametrize(("name", "columns"), [("list.txt", "120"), ("list-narrow.txt", "60")])
def test_restore_points_stand_by_volume_the_newest_first(
    world: Command,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    columns: str,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    done = world("list")

    assert max(map(len, done.out.splitlines())) <= int(columns)
    assert (done.status, done.err) == (1, "")
    golden(name, world.stable(done.out))


def test_the_document_is_as_its_schema_says(world: Command) -> None:
    done = world("list", "--json")

    assert_conforms(done.json, "list")
    assert [(point["name"], point["period"], point["gone"]) for point in done.json] == [
        ("old web", "month", True),
        ("web-1 data", "day", False),
        ("web-1 data", "day", False),
        ("web-1 data", "week", False),
    ]
    assert [point["on_hold"] for point in done.json] == [False, True, False, False]
    assert done.status == 1


def test_a_snapshot_of_another_tool_with_our_labels_is_no_restore_point(world: Command) -> None:
    foreign = {number: id_ for id_, number in world.ids.items()}[f"snap-{5:017x}"]

    done = world("list")

    assert foreign not in done.out
    assert "Not listed: 1 snapshot to which other tools copied our labels" in done.out


def test_one_volume_is_found_by_its_name_and_only_it_decides_the_status(world: Command) -> None:
    done = world("list", "web-1 data")

    assert done.status == 0
    assert "db-1" not in done.out


def test_a_volume_without_restore_points_that_is_asked_for_says_so(world: Command) -> None:
    command = world
    command.volume("scratch")

    done = command("list", "scratch")

    assert done.status == 0
    assert "no restore point: it is not selected" in done.out


def test_a_name_that_is_not_known_is_one_line_with_the_nearest(world: Command) -> None:
    done = world("list", "web")

    assert done.status == 2
    assert done.err.splitlines() == [
        "ebs-backup: No volume with the id or name 'web'.",
        "Did you mean 'old web', 'web-1 data'?",
    ]


def test_periods_and_volumes_that_are_gone_can_be_chosen(world: Command) -> None:
    week, gone = world("list", "--period", "week", "--json"), world("list", "--gone", "--json")

    assert [point["period"] for point in week.json] == ["week"]
    assert [point["name"] for point in gone.json] == ["old web"]
    assert gone.status == 0


def test_an_instance_is_found_by_id_or_name_also_where_a_volume_is_gone(command: Command) -> None:
    command.deploy()
    started = command.ec2.run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "db-1"}]}],
    )
    instance = started["Instances"][0]["InstanceId"]
    here, gone, other = command.volume("data"), command.volume("old data"), command.volume("other")
    command.ec2.attach_volume(VolumeId=here, InstanceId=instance, Device="/dev/sdf")
    for volume in (here, gone, other):
        command.point(volume, NOW - timedelta(days=1), of=volume)
    tag = {"Key": "ebs-backup:source", "Value": f"volume={gone} instance={instance}"}
    (snapshot,) = command.ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [gone]}])[
        "Snapshots"
    ]
    command.ec2.create_tags(Resources=[snapshot["SnapshotId"]], Tags=[tag])
    command.ec2.delete_volume(VolumeId=gone)

    by_name, by_id = (command("list", "--instance", word, "--json").json for word in ("db-1", instance))

    assert {point["volume"] for point in by_name} == {here, gone}
    assert by_id == by_name
    assert "Did you mean 'db-1'?" in command("list", "--instance", "db").err


def test_every_set_is_listed_without_any_stack(command: Command) -> None:
    volume = command.volume("web")
    command.point(volume, NOW - timedelta(days=1), backup_set="old")
    command.point(volume, NOW - timedelta(days=2), backup_set="older")

    done = command("list", "--all-sets")

    assert (done.status, done.err) == (0, "")
    assert "set older" in done.out
    assert [point["set"] for point in command("list", "--all-sets", "--json").json] == ["old", "older"]


def test_an_account_without_restore_points_says_so(command: Command) -> None:
    command.deploy()

    done = command("list")

    assert (done.status, done.out) == (0, "No restore points here.\n")
    assert command("list", "--json").json == []


def test_what_a_tag_holds_is_text_and_stays_on_its_line(command: Command) -> None:
    command.deploy()
    volume = command.volume("[red]web[/red]\nx", Backup="true")
    command.point(volume, NOW - timedelta(hours=1), of="x", ebs_backup__y="1")
    (snapshot,) = command.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    tags = [{"Key": "ebs-backup:run", "Value": "[bold]run\n2"}]
    command.ec2.create_tags(Resources=[snapshot["SnapshotId"]], Tags=tags)

    done = command("list")

    assert done.out.startswith("[red]web[/red] x  vol-")
    assert "run [bold]run 2" in done.out


def test_the_newest_of_a_period_that_is_overdue_is_told_with_its_limit(command: Command) -> None:
    command.deploy(schedule_week="off", schedule_month="off")
    command.point(command.volume("web", Backup="true"), NOW - timedelta(days=6, hours=2))

    done = command("list")

    assert "  OVERDUE  day: the newest is 6 d old, limit 4 d\n" in done.out
    assert [point["overdue"] for point in command("list", "--json").json] == [True]


def test_a_volume_that_its_tag_leaves_alone_is_not_overdue(command: Command) -> None:
    command.deploy()
    volume = command.volume("web", Backup="true", **{"ebs-backup:skip": "true"})
    command.backend.volumes[volume].create_time = NOW - timedelta(days=400)

    assert command("list").status == 0

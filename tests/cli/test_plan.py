"""`plan`: what the next run would do, snapshot by snapshot with the reasons; it reads, and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient

from tests.cli.conftest import NOW, Command
from tests.cli.schemas import assert_conforms

pytestmark = pytest.mark.usefixtures("wednesday")


@pytest.fixture
def world(command: Command) -> Command:
    """Return an account with a volume that is well, a new one, a gone one, and one that is not selected any more."""
    command.deploy(expire_gone_after_days="3", tag_name="Backup")
    web = command.volume("web-1 data", Backup="true")
    command.volume("web <2> [bold]", Backup="true")
    gone, left = command.volume("old web"), command.volume("left out")
    oldest = command.nights(web, 7)[-1]
    command.ec2.create_tags(Resources=[oldest], Tags=[{"Key": "ebs-backup:hold", "Value": "2026-12-24"}])
    for period, days in ("week", 4), ("month", 24):
        command.point(web, NOW - timedelta(days=days), period=period)
    command.nights(gone, 6, of="old web")
    command.nights(left, 1)
    for snapshot in command.ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "volume-id", "Values": [gone]}]
    )["Snapshots"][:3]:
        command.ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    command.ec2.delete_volume(VolumeId=gone)
    return command


def test_every_snapshot_has_its_time_and_its_reason(
    world: Command, golden: Callable[[str, str], None]
) -> None:
    done = world("plan", "day")

    assert (done.status, done.err) == (0, "")
    golden("plan.txt", world.stable(done.out))


def test_a_narrow_terminal_cuts_no_id(
    world: Command, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    done = world("plan", "day")

    assert max(map(len, done.out.splitlines())) <= 60
    golden("plan-narrow.txt", world.stable(done.out))


def test_the_document_is_as_its_schema_says(world: Command) -> None:
    document = world("plan", "day", "--json").json

    assert_conforms(document, "plan")
    by_name = {volume["name"]: volume for volume in document["plan"]}
    assert [name for name, volume in by_name.items() if volume["create"]] == ["web <2> [bold]", "web-1 data"]
    assert [snapshot["delete"] for snapshot in by_name["old web"]["snapshots"]] == [True, True, True]
    assert by_name["left out"]["selected"] is False
    deleted = [row for volume in document["plan"] for row in volume["snapshots"] if row["delete"]]
    assert document["expired"] == len(deleted)
    assert document["next_firing"] == "2026-11-26T01:30:00+00:00"


@pytest.mark.parametrize("options", [(), ("--next",), ("--json",), ("--volume", "web-1 data")])
def test_a_plan_makes_no_call_that_changes_anything(world: Command, options: tuple[str, ...]) -> None:
    calls: list[str] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined] # all calls pass it, and it has no public name

    def recorded(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - any answer
        calls.append(operation)
        return call(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", recorded):
        world("plan", "day", *options)

    assert set(calls) <= {
        "DescribeVolumes",
        "DescribeSnapshots",
        "DescribeTags",
        "GetCallerIdentity",
        "GetFunctionConfiguration",
    }


def test_the_next_firing_is_planned_as_of_its_own_time(world: Command) -> None:
    done = world("plan", "week", "--next", "--json")

    assert done.json["run"] == "2026-11-28T02:30:00Z"
    assert (done.json["time"], done.json["scheduled"]) == ("2026-11-28T02:30:00+00:00", True)


def test_a_plan_of_a_run_now_names_the_next_firing_which_begins_an_occasion(command: Command) -> None:
    """A run now is an extra run of tonight's occasion: it pushes nothing out. The next firing begins an occasion."""
    command.deploy()
    command.nights(command.volume("web", Backup="true"), 4)

    done = command("plan", "day")

    (line,) = [line for line in done.out.splitlines() if "next firing" in line]
    assert line == "The rule's next firing (2026-11-26 01:30Z) may delete more: add --next to see it."
    assert command("plan", "day", "--next", "--json").json["expired"] == 1


def test_a_period_that_is_off_has_no_next_run(command: Command) -> None:
    command.deploy(schedule_week="off")
    command.volume("web", Backup="true")

    done = command("plan", "week", "--next")

    assert (done.status, done.err.splitlines()[0]) == (2, "ebs-backup: No next run: schedule_week is 'off'.")
    assert command("plan", "week", "--json").json["next_firing"] is None


def test_only_the_volumes_that_are_named_by_id_or_name_are_planned(world: Command) -> None:
    ids = {number: id_ for id_, number in world.ids.items()}

    done = world("plan", "day", "--volume", "web-1 data", "--volume", ids[f"vol-{2:017x}"], "--json")

    assert [volume["name"] for volume in done.json["plan"]] == ["web <2> [bold]", "web-1 data"]


def test_a_name_that_no_volume_has_is_one_line_with_the_nearest(world: Command) -> None:
    done = world("plan", "day", "--volume", "web-1 dta")

    assert done.status == 2
    assert done.err.splitlines() == [
        "ebs-backup: No volume with the id or name 'web-1 dta'.",
        "Did you mean 'web-1 data'?",
    ]


def test_a_plan_that_would_fail_says_so_and_ends_with_one(command: Command) -> None:
    command.deploy()

    done = command("plan", "day")

    assert done.status == 1
    assert "no volume carries the tag Backup=true" in " ".join(done.out.split())
    assert "The outcome would be FAILED." in done.out


def test_a_volume_that_gets_no_snapshot_says_so_with_what_is_wrong(command: Command) -> None:
    command.deploy()
    left, lost = (
        command.volume("left", Backup="true", **{"ebs-backup:skip": "true"}),
        command.volume("lost", Backup="true"),
    )
    command.volume("bad", Backup="true", **{"ebs-backup:keep-day": "many", "ebs-backup:set": "default"})
    volume = command.backend.volumes[lost]
    volume.__class__ = type("Lost", (type(volume),), {"status": "error"})
    command.point(left, NOW - timedelta(days=1))

    done = command("plan", "day")

    assert done.status == 1
    told = " ".join(done.out.split())
    assert f"left {left} nothing new keep 2026-11-24 18:00Z" in told
    assert f"PROBLEM {lost}: EC2 has lost the volume: its state is error." in told
    assert "CHECK vol-" in told
    assert "the volume itself has tags of a snapshot (ebs-backup:set)" in told


def test_snapshots_that_are_pending_are_told_where_a_later_run_is_planned(command: Command) -> None:
    command.deploy()
    newest, *_ = command.nights(command.volume("web", Backup="true"), 5)
    command.backend.snapshots[newest].status = "pending"

    done = command("plan", "day", "--next")

    assert "1 snapshot still pending: once completed, more may be deleted." in " ".join(done.out.split())

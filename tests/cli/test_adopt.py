"""`ebs-backup adopt` shows what it would do, does it only with --yes, and has nothing to do a second time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from ebs_backup_cli.aws.operator import Operator
from tests.cli.conftest import REGION, Command
from tests.cli.schemas import assert_conforms
from tests.cli.tools import ACCOUNT, ec2ab, makesnapshots_1, makesnapshots_2, makesnapshots_4
from tests.unit.builders import NIGHT

NOW = NIGHT + timedelta(hours=9)


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Operator, "now", lambda _: NOW)


def left(command: Command, volume: str, description: str, *, at: datetime | None = NIGHT, **tags: str) -> str:
    """Leave a snapshot as another tool did, of this time, or of now as EC2 itself would say; return its id."""
    named = [{"Key": key, "Value": value} for key, value in tags.items()]
    kind = [{"ResourceType": "snapshot", "Tags": named}] if named else []
    made = command.ec2.create_snapshot(VolumeId=volume, Description=description, TagSpecifications=kind)
    if at:
        ec2_backends[ACCOUNT][REGION].snapshots[made["SnapshotId"]].start_time = at
    return str(made["SnapshotId"])


def nights(command: Command, volume: str, count: int) -> list[str]:
    """Leave makesnapshots' day snapshots of the last nights, the newest first: of Mondays to Fridays."""
    days = (NIGHT - timedelta(days=number) for number in range(10 * count))
    weekdays = [day for day in days if day.weekday() < 5][:count]
    return [left(command, volume, makesnapshots_4("day", day, volume=volume), at=day) for day in weekdays]


def tags(command: Command, snapshot: str) -> dict[str, str]:
    (found,) = command.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}


def stable(text: str, *ids: str) -> str:
    """Return the text with the ids numbered, in this order: moto's ids are random."""
    for number, id_ in enumerate(ids, start=1):
        text = text.replace(id_, f"{id_.partition('-')[0]}-{number:017x}")
    return text


@pytest.mark.parametrize(("columns", "text"), [("140", "adopt.txt"), ("70", "adopt-narrow.txt")])
def test_it_shows_by_volume_what_joins_which_occasion_and_what_becomes_of_it(
    command: Command,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
    text: str,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    command.deploy(keep_day=2, max_expired_per_volume=1)
    data, other = command.volume("web [bold]", Backup="true"), command.volume("left out")
    ids = [data, other, *nights(command, data, 4)]
    ids += [left(command, data, makesnapshots_2("week", NIGHT - timedelta(days=2), volume=data), at=NIGHT)]
    purge = {"PurgeAllow": "true", "PurgeAfterFE": "1800000000"}
    ids += [left(command, data, ec2ab(NIGHT, volume=data), at=NIGHT, **purge)]
    ids += [left(command, data, makesnapshots_1(volume=data)), left(command, data, "day_snapshot by hand")]
    ids += [left(command, other, makesnapshots_4("day", volume=other))]

    done = command("adopt")

    assert (done.status, done.err) == (0, "")
    golden(text, stable(done.out, *ids))
    assert not any("ebs-backup:set" in tags(command, snapshot) for snapshot in ids[2:])


def test_with_yes_what_was_shown_is_tagged_and_a_second_time_there_is_nothing_to_adopt(
    command: Command,
) -> None:
    command.deploy()
    volume = command.volume("web-1 data", Backup="true")
    theirs = nights(command, volume, 5)
    by_hand = left(command, volume, "day_snapshot before the upgrade")

    planned, done, again = (command("adopt", *more) for more in ((), ("--yes",), ("--yes",)))

    assert [run.status for run in (planned, done, again)] == [0, 0, 0]
    assert (
        "Set 'default' would adopt 5 snapshots of 1 volume: 4 kept (until newer ones come), 1 will expire."
        in planned.out
    )
    assert done.out.splitlines()[-1] == (
        "Set 'default' has adopted 5 snapshots of 1 volume: 4 kept (until newer ones come), 1 will expire."
    )
    assert {tags(command, snapshot)["ebs-backup:set"] for snapshot in theirs} == {"default"}
    assert tags(command, by_hand) == {}
    assert again.out.splitlines()[-2:] == ["5 snapshots adopted before.", "Nothing to adopt."]


def test_the_last_line_is_a_command_that_does_what_was_shown(command: Command) -> None:
    command.deploy(backup_set="web")
    volume = command.volume("old data; reboot")
    first = left(command, volume, makesnapshots_1(volume=volume))

    planned = command(
        "adopt", "--set", "web", "--region", REGION, "--period", "week", "--volume", "old data; reboot"
    )

    last = planned.out.splitlines()[-1]
    words = last.partition("This adopts them: ebs-backup ")[2].split()
    assert words == [
        "adopt",
        "--set",
        "web",
        "--region",
        REGION,
        "--period",
        "week",
        "--volume",
        volume,
        "--yes",
    ]
    assert command(*words).status == 0
    assert tags(command, first)["ebs-backup:period"] == "week"


def test_snapshots_that_all_began_now_by_ec2s_clock_are_adopted_into_one_occasion(command: Command) -> None:
    """A test account has no old snapshots: their descriptions alone say that they are."""
    command.deploy()
    volume = command.volume("web-1 data", Backup="true")
    days = [datetime(2026, 11, day, 1, 30, tzinfo=UTC) for day in (16, 17, 18, 19, 20)]
    made = [left(command, volume, makesnapshots_4("day", day, volume=volume), at=None) for day in days]

    document = command("adopt", "--yes", "--json").json

    assert sorted(adoption["snapshot"] for adoption in document["adoptions"]) == sorted(made)
    assert {adoption["reason"] for adoption in document["adoptions"]} == {"1 of 4"}
    assert all(adoption["adopted"] for adoption in document["adoptions"])


def test_json_is_as_its_schema_says_before_and_after(command: Command) -> None:
    command.deploy(keep_day=1)
    volume = command.volume("web-1 data", Backup="true")
    nights(command, volume, 3)
    left(command, volume, makesnapshots_1(volume=volume))

    planned, done, again = (command("adopt", "--json", *more).json for more in ((), ("--yes",), ()))

    for document in (planned, done, again):
        assert_conforms(document, "adopt")
    assert [document["changed"] for document in (planned, done, again)] == [False, True, False]
    assert [adoption["expires_with_run"] for adoption in planned["adoptions"]] == [None, 1, 1]
    assert (planned["command"], done["command"]) == ("ebs-backup adopt --yes", None)
    assert len(again["already_ours"]) == 3
    assert [adoption["reason"] for adoption in again["left_alone"]] == [
        "its description names no period: say which with --period"
    ]


def test_one_that_ec2_refuses_stops_no_other_and_the_status_says_so(command: Command) -> None:
    command.deploy()
    volume = command.volume("web-1 data", Backup="true")
    newest, victim, oldest = nights(command, volume, 3)
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def refuse(client: BaseClient, operation: str, given: dict[str, object]) -> object:
        if operation == "CreateTags" and given["Resources"] == [victim]:
            raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "No."}}, operation)
        return call(client, operation, given)

    with patch.object(BaseClient, "_make_api_call", refuse):
        done = command("adopt", "--yes")
    again = command("adopt", "--yes")

    assert (done.status, again.status) == (1, 0)
    problem, last = done.out.splitlines()[-2:]
    assert problem.startswith(
        f"PROBLEM  {victim}: UnauthorizedOperation: No. Your credentials need ec2:CreateTags"
    )
    assert last == "2 of 3 snapshots adopted. For the others: ebs-backup adopt --yes"
    assert "has adopted 1 snapshot of 1 volume" in again.out
    assert all("ebs-backup:set" in tags(command, snapshot) for snapshot in (newest, victim, oldest))


def test_of_many_that_are_left_alone_for_one_reason_some_are_named(command: Command) -> None:
    command.deploy()
    volume = command.volume("left out")
    theirs = nights(command, volume, 6)

    done = command("adopt")

    assert done.out.splitlines()[2] == f"    {', '.join(theirs[:4])} and 2 more"


def test_a_volume_that_is_gone_is_adopted_once_it_is_named(command: Command) -> None:
    command.deploy()
    volume = command.volume("old web", Backup="true")
    theirs = left(command, volume, makesnapshots_4("day", volume=volume))
    command.ec2.delete_volume(VolumeId=volume)

    alone, named = command("adopt"), command("adopt", "--volume", volume, "--yes")

    assert alone.out.splitlines() == [
        "Left alone",
        f"  its volume {volume} is gone: --volume {volume} adopts it all the same",
        f"    {theirs}",
        "1 snapshot left alone.",
        "Nothing to adopt.",
    ]
    assert "kept: its volume is gone" in named.out
    assert tags(command, theirs)["ebs-backup:source"].startswith(f"volume={volume}")


def test_a_volume_that_there_is_not_is_an_error_with_the_nearest(command: Command) -> None:
    command.deploy()
    command.volume("web-1 data", Backup="true")

    done = command("adopt", "--volume", "web-1 dta", "--yes")

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        "ebs-backup: No volume with the id or name 'web-1 dta'.",
        "Did you mean 'web-1 data'?",
    ]


def test_a_name_that_several_volumes_have_is_refused_with_their_ids(command: Command) -> None:
    command.deploy()
    ids = sorted(command.volume("data") for _ in range(2))

    done = command("adopt", "--volume", "data")

    assert (done.status, done.err.splitlines()) == (
        2,
        [f"ebs-backup: 2 volumes have the name 'data': {', '.join(ids)}.", "Name one by its id."],
    )


def test_a_period_that_is_off_and_a_time_before_the_first_firing_are_said_in_words(command: Command) -> None:
    command.deploy(schedule_week="off", schedule_month="0 3 29 2 ? 2028")
    volume = command.volume("data", Backup="true")
    for period in ("week", "month"):
        left(command, volume, makesnapshots_4(period, volume=volume))

    done, document = command("adopt"), command("adopt", "--json").json

    assert "week    its own" in done.out
    assert "month   before the first" in done.out
    assert sorted(str(adoption["occasion"]) for adoption in document["adoptions"]) == [
        NIGHT.isoformat(),
        "None",
    ]


def test_an_empty_account_has_nothing_to_adopt(command: Command) -> None:
    command.deploy()

    done = command("adopt")

    assert (done.status, done.out) == (0, "Nothing to adopt.\n")

"""`ebs-backup hold` and `unhold`: the tag as the function reads it, on our own snapshots alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ebs_backup.model import Fate
from ebs_backup.names import Period
from ebs_backup.retention import Rule, hold_until, rotate
from ebs_backup_cli.aws.operator import Operator, Options
from ebs_backup_cli.backups.points import holdings
from tests.cli.backups import Backups
from tests.cli.conftest import Command
from tests.cli.schemas import assert_conforms
from tests.unit.builders import NIGHT


@pytest.fixture
def backups(command: Command, monkeypatch: pytest.MonkeyPatch) -> Backups:
    command.deploy()
    monkeypatch.setattr(Operator, "now", lambda _: datetime(2026, 11, 24, tzinfo=UTC))
    return Backups(command)


def held(backups: Backups, snapshot: str) -> str | None:
    return backups.tags(snapshot).get("ebs-backup:hold")


@pytest.mark.parametrize(
    ("arguments", "value"),
    [((), "true"), (("--until", "2026-12-24"), "2026-12-24"), (("--until=2026-11-24",), "2026-11-24")],
)
def test_a_hold_is_the_word_that_the_function_reads(
    command: Command, backups: Backups, arguments: tuple[str, ...], value: str
) -> None:
    volume = backups.make("web")
    snapshot = backups.run()[volume]

    done = command("hold", snapshot, *arguments)

    assert done.status == 0
    assert held(backups, snapshot) == value
    assert hold_until(value)


def test_several_are_held_and_let_go_at_once_and_a_second_time_changes_nothing(
    command: Command, backups: Backups
) -> None:
    backups.make("web")
    backups.make("db")
    snapshots = sorted(backups.run().values())

    first = command("hold", *snapshots, "--json").json
    again = command("hold", *snapshots, "--json").json
    free = command("unhold", *snapshots, "--json").json
    freed = command("unhold", *snapshots, "--json").json

    for told in (first, free):
        assert_conforms(told, "hold")
    assert [[one["changed"] for one in told] for told in (first, again, free, freed)] == [
        [True, True],
        [False, False],
        [True, True],
        [False, False],
    ]
    assert {held(backups, snapshot) for snapshot in snapshots} == {None}


def test_it_says_what_it_did(command: Command, backups: Backups) -> None:
    volume = backups.make("web")
    snapshot = backups.run()[volume]

    until = command("hold", snapshot, "--until", "2026-12-24").out
    again = command("hold", snapshot, "--until", "2026-12-24").out
    free = command("unhold", snapshot).out

    assert until == f"{snapshot} (web, 2026-11-23 01:30Z) is on hold until 2026-12-24.\n"
    assert again == f"{snapshot} (web, 2026-11-23 01:30Z) is already on hold until 2026-12-24.\n"
    assert free == f"{snapshot} (web, 2026-11-23 01:30Z) is not on hold.\n"


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("24.12.2026", "--until must be a date such as 2026-12-24, got '24.12.2026'."),
        ("2026-02-30", "--until must be a date such as 2026-12-24, got '2026-02-30'."),
        ("20261224", "--until must be a date"),
        ("true", "--until must be a date"),
        ("", "--until must be a date"),
        ("2026-11-23", "2026-11-23 is in the past: a hold until then keeps nothing."),
    ],
)
def test_a_bad_date_is_refused(command: Command, backups: Backups, until: str, said: str) -> None:
    volume = backups.make("web")
    snapshot = backups.run()[volume]

    done = command("hold", snapshot, "--until", until)

    assert done.status == 2
    assert said in done.err
    assert held(backups, snapshot) is None


def test_a_snapshot_that_is_not_ours_is_refused_and_none_is_changed(
    command: Command, backups: Backups
) -> None:
    volume = backups.make("web")
    ours = backups.run()[volume]
    foreign = command.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    spread = command.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    backups.tag(spread, **{"ebs-backup:set": "default", "ebs-backup:source": "volume=vol-other"})

    for other in (foreign, spread, "snap-0123456789abcdef0"):
        assert command("hold", ours, other).status == 2
        assert command("unhold", ours, other).status == 2

    assert held(backups, ours) is None
    assert held(backups, foreign) is None


def test_a_snapshot_of_another_set_needs_its_name(command: Command, backups: Backups) -> None:
    volume = backups.make("web")
    snapshot = backups.run(backup_set="other")[volume]

    refused, done = command("hold", snapshot), command("hold", snapshot, "--set", "other")

    assert refused.err.splitlines() == [
        f"ebs-backup: {snapshot} is of set 'other', not of 'default'.",
        "Add --set other.",
    ]
    assert done.status == 0
    assert held(backups, snapshot) == "true"


def test_the_stack_may_be_gone_or_stand_in_a_settings_file(
    command: Command, backups: Backups, tmp_path: Path
) -> None:
    volume = backups.make("web")
    snapshot = backups.run(backup_set="other")[volume]
    (tmp_path / "settings.toml").write_text('backup_set = "other"\n', encoding="utf-8")

    by_name = command("hold", snapshot, "--set", "other")
    by_file = command("unhold", snapshot, "--settings", str(tmp_path / "settings.toml"))

    assert (by_name.status, by_file.status) == (0, 0), by_name.err + by_file.err
    assert held(backups, snapshot) is None


def test_a_failed_snapshot_cannot_be_held(command: Command, backups: Backups) -> None:
    volume = backups.make("web")
    snapshot = backups.run()[volume]
    backups.alter(snapshot, status="error")

    done = command("hold", snapshot)

    assert (done.status, held(backups, snapshot)) == (2, None)
    assert "a failed snapshot holds nothing" in done.err


def test_what_is_held_is_kept_by_rotation(command: Command, backups: Backups) -> None:
    volume = backups.make("web")
    first = backups.run(NIGHT)[volume]
    for number in range(1, 4):
        backups.run(NIGHT.replace(day=23 + number))
    command("hold", first, "--until", "2026-12-24")

    points = holdings(backups.command.ec2, Operator(Options()).listing(), "default").points
    rule = Rule(keep=2, source="keep_day", schedule="30 1 * * ? *")
    decisions = rotate((point.snapshot for point in points), rule=rule, run="", today=NIGHT.date())

    fates = {decision.snapshot.id: decision.sentence for decision in decisions}
    assert fates[first] == "kept: on hold until 2026-12-24"
    assert Fate.EXPIRED in {decision.fate for decision in decisions}
    assert {point.snapshot.period for point in points} == {Period.DAY}

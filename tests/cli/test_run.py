"""`ebs-backup run`: by the deployed function, which is followed in its log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ebs_backup_cli.aws import following
from tests.cli.conftest import Command
from tests.cli.real_function import RealFunction, function
from tests.cli.schemas import assert_conforms

__all__ = ["function"]  # a fixture


def snapshots(command: Command) -> list[dict[str, Any]]:
    return [
        {**raw, "Tags": {tag["Key"]: tag["Value"] for tag in raw["Tags"]}}
        for raw in command.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        if raw.get("Tags")
    ]


def test_the_function_does_the_run_and_its_report_is_printed(
    command: Command, function: RealFunction
) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")
    command.volume("web-1", Backup="true")

    done = command("run", "day")

    assert (done.status, done.err) == (0, "")
    assert function.events == [{"period": "day"}]
    (run,) = {snapshot["Tags"]["ebs-backup:run"] for snapshot in snapshots(command)}
    assert done.out.splitlines()[0] == f"OK  run {run}, done by ebs-backup-default"
    assert "2 volumes, 2 created, 0 deleted." in done.out


def test_its_json_is_one_document(command: Command, function: RealFunction) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")

    told = command("run", "day", "--json").json

    assert_conforms(told, "run")
    assert (told["status"], told["where"], told["report"]["created"]) == ("OK", "ebs-backup-default", 1)
    assert told["run"] == told["report"]["run"]
    assert len(function.events) == 1


def test_a_run_with_a_problem_is_status_1_and_says_what_to_do(
    command: Command, function: RealFunction
) -> None:
    command.deploy()
    command.volume("db-1", Backup="no")

    done = command("run", "week")

    assert done.status == 1
    assert done.out.startswith("FAILED  run ")
    assert function.events == [{"period": "week"}]


def test_volumes_are_named_by_id_or_name(command: Command, function: RealFunction) -> None:
    command.deploy()
    one, two = command.volume("db-1", Backup="true"), command.volume("db-2", Backup="true")
    command.volume("web-1", Backup="true")

    done = command("run", "day", "--volume", "db-1", "--volume", two)

    assert done.status == 0
    assert function.events == [{"period": "day", "volumes": [one, two]}]
    assert len(snapshots(command)) == 2


def test_a_name_that_two_volumes_have_is_refused_with_their_ids(command: Command) -> None:
    command.deploy()
    one, two = command.volume("db-1"), command.volume("db-1")

    done = command("run", "day", "--volume", "db-1")

    assert done.status == 2
    assert done.err.splitlines() == [
        f"ebs-backup: 2 volumes have the name 'db-1': {', '.join(sorted([one, two]))}.",
        "Name one by its id.",
    ]


def test_a_name_that_no_volume_has_is_refused_with_the_nearest(command: Command) -> None:
    command.deploy()
    command.volume("db-1 data")

    done = command("run", "day", "--volume", "db-1 date")

    assert done.status == 2
    assert "Did you mean 'db-1 data'?" in done.err


def test_a_dry_run_of_the_function_shows_the_plan_and_changes_nothing(
    command: Command, function: RealFunction
) -> None:
    command.deploy()
    volume = command.volume("db-1", Backup="true")

    done = command("run", "day", "--dry-run")

    assert done.status == 0
    assert function.events == [{"period": "day", "dry_run": True}]
    assert "Nothing was changed: a dry run." in done.out
    assert f"db-1 {volume}" in done.out
    assert snapshots(command) == []


def test_a_scheduled_run_is_redone_under_its_time(command: Command, function: RealFunction) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")

    first = command("run", "day", "--time", "2026-11-23T02:30:00+01:00", "--json").json
    second = command("run", "day", "--time", "2026-11-23T01:30:00Z", "--json").json

    assert first["run"] == second["run"] == "2026-11-23T01:30:00Z"
    assert (first["report"]["created"], second["report"]["already_made"]) == (1, 1)
    assert len(function.events) == 2


@pytest.mark.usefixtures("wednesday")
@pytest.mark.parametrize("where", [(), ("--local", "--yes")])
def test_a_run_that_is_still_to_come_cannot_be_made_before_its_time(
    command: Command, function: RealFunction, where: tuple[str, ...]
) -> None:
    """The rule's own run would find everything made, and back up nothing."""
    command.deploy()
    command.volume("db-1", Backup="true")

    done = command("run", "day", "--time", "2026-11-26T01:30:00Z", *where)

    assert done.status == 2
    assert done.err.startswith("ebs-backup: 2026-11-26T01:30:00Z is still to come")
    assert (function.events, snapshots(command)) == ([], [])


def test_a_name_that_begins_like_an_id_is_a_name(command: Command, function: RealFunction) -> None:
    command.deploy()
    volume = command.volume("vol-1", Backup="true")

    command("run", "day", "--volume", "vol-1")

    assert function.events == [{"period": "day", "volumes": [volume]}]


def test_no_wait_only_queues(
    command: Command, function: RealFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")
    monkeypatch.setattr(following, "follow", None)

    done = command("run", "day", "--no-wait", "--json")

    assert_conforms(done.json, "run")
    assert (done.status, done.json["status"], done.json["report"]) == (0, "QUEUED", None)
    assert len(function.events) == 1


def test_without_the_right_to_read_the_log_the_mail_is_pointed_at(
    command: Command, function: RealFunction, monkeypatch: pytest.MonkeyPatch
) -> None:

    command.deploy()
    command.volume("db-1", Backup="true")

    def denied(*_: object) -> Iterator[Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")

    monkeypatch.setattr(following, "_lines", denied)

    done = command("run", "day")

    assert done.status == 2
    assert done.out.startswith("UNKNOWN  run ")
    assert "may not be read (AccessDeniedException). The run goes on. Its mail will report" in done.out
    assert len(function.events) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--no-wait", "--local"), "--no-wait is for a run that the function does."),
        (("--no-wait", "--dry-run"), "--no-wait is for a run that the function does."),
        (("--run", "x"), "--run is for --local."),
        (("--run", "x", "--local", "--time", "2026-11-23T01:30:00Z"), "--run and --time both name the run."),
        (("--run", "a b", "--local"), "--run must be 1 to 128 letters, digits and :._+- , got 'a b'."),
        (
            ("--time", "yesterday"),
            "time must be a time with a zone, such as 2026-11-23T01:30:00Z, got 'yesterday'",
        ),
    ],
)
def test_wrong_usage_is_one_line(command: Command, arguments: tuple[str, ...], line: str) -> None:
    done = command("run", "day", *arguments)

    assert done.status == 2
    assert done.err.splitlines()[0] == f"ebs-backup: {line}"


def test_with_a_settings_file_the_function_is_looked_for_and_told_where_it_is_none(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('alert_email = "you@example.com"\n')

    done = command("run", "day", "--settings", str(file))

    assert done.status == 2
    assert done.err.splitlines()[0] == "ebs-backup: No stack of set 'default' in eu-west-1."

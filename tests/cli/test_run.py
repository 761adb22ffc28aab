"""`ebs-backup run`: by the deployed function, which is followed, or here."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ebs_backup_cli.aws import following
from ebs_backup_cli.aws.operator import Operator
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
    assert "2 volumes, 2 created, 0 deleted, expired." in done.out


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
    from botocore.exceptions import ClientError  # noqa: PLC0415 - for this test alone

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


# Here


def test_here_it_needs_no_stack_asks_nothing_with_yes_and_mails_nothing(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('alert_email = "you@example.com"\n')
    command.volume("db-1", Backup="true", Team="blue")

    done = command("run", "day", "--local", "--yes", "--settings", str(file))

    assert done.status == 0
    (snapshot,) = snapshots(command)
    assert snapshot["Tags"]["Team"] == "blue"
    assert "done here" in done.out.splitlines()[0]
    assert done.out.splitlines()[-1] == "Nothing is mailed: this is the report."
    assert done.err.startswith("Account 123456789012, region eu-west-1, set default (Backup=true), run cli-")


def test_here_it_says_what_it_would_do_and_refuses_without_a_terminal(command: Command) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")

    done = command("run", "day", "--local")

    assert done.status == 2
    assert "It would make 1 snapshot of 1 volume and delete 0." in done.err
    assert "Add --yes." in done.err
    assert snapshots(command) == []


def test_here_a_dry_run_asks_nothing_and_changes_nothing(command: Command) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")

    done = command("run", "day", "--local", "--dry-run", "--json")

    assert (done.status, done.json["report"]["dry_run"]) == (0, True)
    assert snapshots(command) == []


def test_an_interrupted_run_says_how_to_finish_it_and_the_same_run_makes_only_what_is_missing(
    command: Command,
) -> None:
    command.deploy()
    for name in ("a", "b", "c"):
        command.volume(name, Backup="true")
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(patch, 1)
        done = command("run", "day", "--local", "--yes", "--json")

    made = len(snapshots(command))
    assert done.status == 1
    assert 1 <= made < 3
    assert f"--local --run {done.json['run']} --set default --region eu-west-1" in done.json["note"]
    again = command("run", "day", "--local", "--yes", "--json", "--run", done.json["run"])

    assert (again.status, again.json["report"]["already_made"]) == (0, made)
    assert len(snapshots(command)) == 3
    assert {snapshot["Tags"]["ebs-backup:run"] for snapshot in snapshots(command)} == {done.json["run"]}


def interrupt_after(patch: pytest.MonkeyPatch, creates: int) -> None:
    """Send Ctrl-C after so many creates, one worker at a time."""
    sent: list[object] = []
    make = vars(Operator)["ec2"].func

    def ec2(operator: Operator) -> Any:  # noqa: ANN401 - a client
        client = make(operator)

        def after(**_: object) -> None:
            sent.append(1)
            if len(sent) == creates:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.2)  # until the main thread has heard it

        client.meta.events.register("after-call.ec2.CreateSnapshot", after)
        return client

    patch.setattr(Operator, "ec2", property(ec2))
    patch.setattr("ebs_backup.run.WORKERS", 1)


def test_a_scheduled_run_can_be_redone_here(command: Command) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")
    words = ("run", "day", "--local", "--yes", "--json", "--time", "2026-11-23T01:30:00Z")
    command(*words)

    again = command(*words)

    assert (again.json["run"], again.json["report"]["already_made"]) == ("2026-11-23T01:30:00Z", 1)
    assert len(snapshots(command)) == 1


# The log


def trail(**fields: Any) -> following.Trail:  # noqa: ANN401 - any of its fields
    return following.Trail(**{"run": "r-1", "period": "day", "request": "r-1"} | fields)


def line(message: str, **fields: object) -> str:
    return json.dumps({"message": message, "run": "r-1", "period": "day"} | fields)


def test_a_trail_counts_volumes_through_every_invocation() -> None:
    found = trail()
    assert found.words == "queued"

    for text in (
        line("volumes selected", volumes=3),
        line("volume done", volume="vol-1"),
        line("volume done", volume="vol-2"),
        line("the run goes on in a further invocation", invocation=2),
        line("volume done", volume="vol-2"),
        line("volume done", volume="vol-9", period="week"),
        line("volume done", volume="vol-9", run="another"),
        "no JSON",
        "[]",
    ):
        found.read(text)

    assert found.words == "2 of 3 volumes, invocation 2"
    assert not found.ended
    found.read(line("run done", answer={"status": "OK"}))
    assert found.ended


def test_a_trail_ends_when_the_third_try_broke() -> None:
    found = trail()
    timeout = {"type": "platform.report", "record": {"requestId": "r-1", "status": "timeout"}}

    found.read(line("the run broke", exception_name="AwsError"))
    found.read(json.dumps(timeout))
    assert "try 2 failed: timeout. Lambda tries it again" in found.words
    assert not found.ended
    found.read(line("the run broke", exception_name="AwsError"))

    assert found.ended


def test_an_event_that_the_function_refuses_is_told() -> None:
    found = trail()

    found.read(
        json.dumps(
            {"message": "the event cannot be used", "function_request_id": "r-1", "error_message": "no"}
        )
    )

    assert found.answer == {"status": "FAILED", "error": "no"}


def test_silence_is_not_waited_through_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_lines", lambda *_: iter(()))
    slept: list[float] = []

    why = following.follow(None, "group", trail(), since=0, sleep=slept.append)  # type: ignore[arg-type]

    assert why == "Nothing came into the log group group for 20 minutes."
    assert 1200 <= sum(slept) < 1300

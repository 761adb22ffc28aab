"""`ebs-backup run --local`: the run on this machine, with the operator's own credentials."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from ebs_backup_cli.aws.operator import Operator
from tests.cli.conftest import Command
from tests.cli.test_run import snapshots


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

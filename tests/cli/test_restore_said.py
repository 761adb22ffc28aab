"""What `ebs-backup restore` asks, prints and answers: questions, commands, hints and faults."""

from collections.abc import Callable
from typing import Any

import pytest

from ebs_backup.aws.errors import AwsError, Kind
from ebs_backup_cli.restore import creating
from tests.cli.backups import KINDS, Backups, backups
from tests.cli.conftest import Command
from tests.cli.restored import restored
from tests.cli.schemas import assert_conforms
from tests.unit.commands import check

__all__ = ["backups"]  # a fixture


def answering(monkeypatch: pytest.MonkeyPatch, *answers: bool) -> list[str]:
    """Sit at a terminal and give these answers; return what was asked."""
    asked: list[str] = []
    to_come = list(answers)

    def confirm(question: str, **_: object) -> bool:
        asked.append(question)
        return to_come.pop(0)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", confirm)
    return asked


def test_without_a_terminal_it_refuses_to_guess(command: Command, backups: Backups) -> None:
    old = backups.make("web")
    backups.run()

    undecided, unsure = command("restore", "web"), command("restore", "web", "--backed-up")

    assert (undecided.status, unsure.status) == (2, 2)
    assert undecided.err.splitlines()[-1] == "Add --backed-up or --not-backed-up, and --yes."
    assert "Make 1 volume? This needs an answer, and there is no terminal." in unsure.err
    assert backups.ids() == {old}


def test_at_a_terminal_it_asks_for_both(
    command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = backups.make("web")
    backups.run()
    asked = answering(monkeypatch, False, True)

    done = command("restore", "web", "--json")

    assert "Backup" not in backups.tags(restored(done))
    assert asked == ["Shall set 'default' back up the new volumes (tag Backup=true)?", "Make 1 volume?"]
    assert "in state" not in done.err
    assert old in done.err  # what it is going to do was shown before


def test_a_no_changes_nothing(command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    old = backups.make("web")
    backups.run()
    answering(monkeypatch, False)

    done = command("restore", "web", "--backed-up")

    assert (done.status, done.err.strip()) == (2, "ebs-backup: Nothing was changed.")
    assert backups.ids() == {old}


def test_a_dry_run_prints_commands_that_the_aws_cli_takes_and_makes_nothing(
    command: Command, backups: Backups
) -> None:
    old = backups.make("it's $(mine), \u202e[x]", **KINDS["gp3"])
    backups.run()

    done = command("restore", old, "--dry-run")

    commands = [line for line in done.out.splitlines() if not line.startswith("# ")]
    assert [line.split()[2] for line in commands] == ["create-volume", "wait"]
    for line in commands:
        check(line)
        assert line.isprintable()
    assert "--client-token" in commands[0]
    assert backups.ids() == {old}


def volumes(command: Command, *ids: str) -> list[dict[str, Any]]:
    """List these volumes."""
    listed: list[dict[str, Any]] = command.ec2.describe_volumes(VolumeIds=list(ids))["Volumes"]
    return listed


def test_a_restore_says_what_it_made_and_how_it_is_mounted(
    command: Command, backups: Backups, golden: Callable[[str, str], None]
) -> None:
    old = backups.make("db-1 data", **KINDS["gp3"], attach=(backups.instance("db-1"), "/dev/sdf"))
    made = backups.run()
    (instance,) = {volume["Attachments"][0]["InstanceId"] for volume in volumes(command, old)}
    backups.lose(old)

    done = command("restore", old, "--yes")

    (new,) = backups.ids()
    text = "\n".join(line.rstrip() for line in done.out.splitlines()) + "\n"
    for id_, word in {made[old]: "SNAPSHOT", old: "OLD", new: "NEW", instance: "INSTANCE"}.items():
        text = text.replace(id_, word).replace(id_.replace("-", ""), f"{word}_WITHOUT_HYPHEN")
    golden("restore.txt", text)
    for line in done.out.splitlines():
        if line.strip().startswith("aws "):
            check(line.strip())


def test_a_volume_that_comes_to_nothing_is_a_problem_and_its_id_is_told(
    command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.make("web")
    backups.run()
    ended = creating.Ended(message="It is gone again.", advice="Look at the key.")
    monkeypatch.setattr(creating, "wait", lambda _, ids: dict.fromkeys(ids, ended))

    told, document = command("restore", "web", "--yes"), command("restore", "web", "--yes", "--json")

    assert (told.status, document.status) == (1, 1)
    assert told.out.splitlines()[-2:] == ["It is gone again.", "Look at the key."]
    assert document.json["volumes"][0]["error"] == "It is gone again."
    assert document.json["volumes"][0]["volume"] in document.err
    assert_conforms(document.json, "restore")


def test_where_no_volume_can_be_made_it_says_why(
    command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.make("web")
    backups.run()

    def refuse(*_: object) -> str:
        raise AwsError(kind=Kind.REJECTED, code="VolumeLimitExceeded", message="No room.")

    monkeypatch.setattr(creating, "create", refuse)

    done = command("restore", "web", "--yes")

    assert done.status == 2
    assert "VolumeLimitExceeded: No room." in done.err


def test_a_root_volume_can_also_take_the_place_of_the_one_that_is_there(
    command: Command, backups: Backups
) -> None:
    instance = backups.instance("db-1")
    backups.make("db-1 root", attach=(instance, "/dev/xvda"))
    made = backups.run()

    done = command("restore", "db-1 root", "--yes")

    (task,) = [line.strip() for line in done.out.splitlines() if "create-replace-root-volume-task" in line]
    (attach,) = [line.strip() for line in done.out.splitlines() if "attach-volume" in line]
    assert task.endswith(f"--instance-id {instance} --snapshot-id {next(iter(made.values()))}")
    assert attach.endswith(f"--instance-id {instance} --device /dev/sdf")
    check(task)

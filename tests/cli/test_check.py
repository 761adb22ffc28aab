"""`ebs-backup check`: the function's own answer, as a table and as an exit status."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from ebs_backup_cli.aws import function as module
from ebs_backup_cli.aws.operator import Operator
from tests.cli.conftest import Command
from tests.cli.real_function import RealFunction, function
from tests.cli.schemas import assert_conforms

__all__ = ["function"]  # a fixture

FAILED = {
    "resource": "vol-0a",
    "action": "create a snapshot",
    "code": "UnauthorizedOperation",
    "message": "You are not [authorized].",
    "advice": "Look for a policy.",
}


def answer(**fields: object) -> dict[str, Any]:
    told: dict[str, Any] = {
        "check": True,
        "status": "OK",
        "set": "default",
        "period": "day",
        "run": "request-1",
        "account": "123456789012",
        "region": "eu-west-1",
        "volumes": 3,
        "sample": None,
        "tried": [
            {"what": "list volumes and snapshots", "allowed": 3, "tried": 3},
            {"what": "create a snapshot", "allowed": 3, "tried": 3},
            {"what": "send the mail", "allowed": 1, "tried": 1},
        ],
        "not_tried": 0,
        "failures": [],
        "checks": [],
        "not_shown": {},
    }
    return told | fields


def test_the_function_tries_all_that_it_needs_and_changes_nothing(
    command: Command, function: RealFunction
) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")

    done = command("check")

    assert (done.status, done.err) == (0, "")
    assert function.events == [{"period": "day", "check": True}]
    assert "OK  ebs-backup-default, tried on 1 volume. Nothing was changed." in done.out
    assert '"CheckPassed":[1.0]' in function.metrics.getvalue()
    assert command.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_period_and_sample_are_the_functions(command: Command, function: RealFunction) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")

    told = command("check", "--period", "month", "--sample", "5", "--json").json

    assert_conforms(told, "check")
    assert function.events == [{"period": "month", "check": True, "sample": 5}]
    assert (told["status"], told["period"], told["sample"]) == ("OK", "month", 5)


def test_what_would_not_work_is_status_1_with_what_to_do(
    command: Command, function: RealFunction, golden: Callable[[str, str], None]
) -> None:
    command.deploy()
    tags = FAILED | {"action": "copy its tags Team", "resource": "vol-0b"}
    tried = [
        {"what": "create a snapshot", "allowed": 1, "tried": 3},
        {"what": "send the mail", "allowed": 1, "tried": 1},
    ]
    function.answers = [
        answer(
            status="PROBLEM",
            sample=3,
            volumes=900,
            tried=tried,
            failures=[FAILED, FAILED | {"resource": "vol-0c"}],
            checks=[tags],
            not_tried=2,
            not_shown={"failures": 7},
        )
    ]

    done = command("check")

    assert done.status == 1
    golden("check.txt", done.out)


@pytest.mark.parametrize("settings", [False, True])
def test_without_a_function_it_says_so_in_one_line(command: Command, tmp_path: Path, settings: bool) -> None:  # noqa: FBT001
    file = tmp_path / "settings.toml"
    file.write_text('alert_email = "you@example.com"\n')

    done = command("check", *(["--settings", str(file)] if settings else []))

    assert done.status == 2
    assert done.err.splitlines()[0] == "ebs-backup: No stack of set 'default' in eu-west-1."


def test_a_function_of_an_older_version_is_told(command: Command, function: RealFunction) -> None:
    command.deploy()
    function.answers = [
        {"status": "FAILED", "error": "a key of the event must be one of period, got 'check'"}
    ]

    done = command("check")

    assert done.status == 2
    assert "The function refused: a key of the event must be one of" in done.err
    assert "Deploy the version" in done.err


def test_a_function_that_breaks_is_told_with_its_words(command: Command, function: RealFunction) -> None:
    command.deploy()
    function.answers = ["words"]

    done = command("check")

    assert done.status == 2
    assert done.err.startswith("ebs-backup: ebs-backup-default failed: it gave no answer")
    assert "aws logs tail /aws/lambda/ebs-backup-default" in done.err


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ReadTimeoutError(endpoint_url="x"), "No answer came from ebs-backup-default"),
        (EndpointConnectionError(endpoint_url="x"), "AWS cannot be reached"),
    ],
)
def test_an_answer_that_does_not_come_is_never_asked_for_again(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    command.deploy()
    asked: list[object] = []
    make = Operator.session.func  # type: ignore[attr-defined]

    def session(operator: Operator) -> Any:  # noqa: ANN401 - a session
        made = make(operator)

        def fail(**_: object) -> None:
            asked.append(1)
            raise error

        made.events.register("before-send.lambda.Invoke", fail)
        return made

    monkeypatch.setattr(Operator, "session", property(session))

    done = command("check")

    assert (done.status, len(asked)) == (2, 1)
    assert done.err.startswith(f"ebs-backup: {line}")


def test_it_waits_as_long_as_the_function_may_run() -> None:
    assert module.LONGEST == 900


def test_an_answer_that_is_not_the_functions_is_told_in_a_line(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ebs_backup_cli.commands.check.call", lambda *_: {"result": "something else"})
    command.deploy()

    done = command("check")

    assert done.status == 2
    assert done.err.splitlines()[0] == "ebs-backup: The function's answer has no status."

"""A run that is followed in the function's log: what its lines say, and when to stop reading."""

import json
from typing import Any

import pytest

from ebs_backup_cli.aws import following


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

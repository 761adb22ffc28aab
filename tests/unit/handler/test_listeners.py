"""Who gets the mail is counted when it is sent. Nobody: a problem, and no heartbeat. Unknown: no failure."""

from types import SimpleNamespace
from typing import Any

import pytest

from ebs_backup import handler as module
from ebs_backup.aws.errors import AwsError
from tests.unit.account import nightly
from tests.unit.handler.world import RULE, SHORT, HandlerWorld


def counts(world: HandlerWorld) -> list[str]:
    """Return a list that the function's calls to SNS are added to from now on, in their order."""
    done: list[str] = []
    for client, call in (
        (module._sns(world.topic), "Publish"),
        (module._quick_sns(world.topic), "GetTopicAttributes"),
    ):
        world.on(client, f"provide-client-params.sns.{call}", lambda call=call, **_: done.append(call))
    return done


def of_the_set(world: HandlerWorld) -> dict[str, Any]:
    *_, line = world.metrics()
    return {name: value for name, value in line.items() if name != "set"}


def test_where_nobody_listens_the_answer_says_so_and_no_heartbeat_is_sent(world: HandlerWorld) -> None:
    world.account.volume()
    world.confirm(0)

    answer = world.invoke(RULE)

    (failure,) = answer["failures"]
    assert (answer["status"], answer["created"], answer["subscribers"]) == ("PROBLEM", 1, 0)
    assert (failure["resource"], failure["code"]) == (world.topic, "NobodyListens")
    assert "confirm it" in failure["advice"]
    (done,) = (line for line in world.logged() if line["message"] == "run done")
    assert done["answer"] == answer
    assert of_the_set(world) == {"RunsFailed": 0, "Subscribers": 0}


def test_the_mail_was_written_before_and_says_what_it_would_say_otherwise(world: HandlerWorld) -> None:
    world.account.volume()
    world.confirm(0)

    world.invoke(RULE)

    (mail,) = world.mails()
    assert mail.subject.startswith("[OK] 1 created")
    assert "subscribers" not in mail.data


def test_whoever_listens_is_counted_after_the_mail(world: HandlerWorld) -> None:
    world.account.volume()
    world.confirm(3)
    done = counts(world)

    answer = world.invoke(RULE)

    assert done == ["Publish", "GetTopicAttributes"]
    assert (answer["status"], answer["subscribers"], answer["failures"]) == ("OK", 3, [])
    assert of_the_set(world) == {"RunCompleted": 1, "RunsFailed": 0, "Subscribers": 3}


def test_with_report_problems_a_good_run_counts_them_without_a_mail(world: HandlerWorld) -> None:
    world.set(nightly(report="problems"))
    world.account.volume()
    world.confirm(0)
    done = counts(world)

    answer = world.invoke(RULE)

    assert done == ["GetTopicAttributes"]
    assert (answer["status"], answer["subscribers"]) == ("PROBLEM", 0)


def test_a_run_that_failed_stays_failed_where_nobody_listens(world: HandlerWorld) -> None:
    world.confirm(0)

    answer = world.invoke(RULE)

    assert answer["status"] == "FAILED"
    assert [failure["code"] for failure in answer["failures"]] == ["NothingSelected", "NobodyListens"]


def test_a_run_of_some_volumes_counts_them_too(world: HandlerWorld) -> None:
    volume = world.account.volume()
    world.confirm(0)

    answer = world.invoke({"period": "day", "volumes": [volume]})

    assert (answer["status"], answer["subscribers"]) == ("PROBLEM", 0)
    assert of_the_set(world) == {"Subscribers": 0}


@pytest.mark.parametrize("code", ["AuthorizationError", "NotFound", "Throttling", "InternalError"])
def test_what_sns_does_not_say_is_unknown_and_no_failure(world: HandlerWorld, code: str) -> None:
    world.account.volume()
    world.refuse_count(code)

    answer = world.invoke(RULE)

    assert (answer["status"], answer["subscribers"], answer["failures"]) == ("OK", None, [])
    assert of_the_set(world) == {"RunCompleted": 1, "RunsFailed": 0}
    (line,) = (line for line in world.logged() if "anybody listens" in line["message"])
    assert (line["level"], line["code"]) == ("WARNING", code)
    assert len(world.mails()) == 1


@pytest.mark.parametrize(
    "garbled",
    [
        {},
        {"Attributes": {}},
        {"Attributes": {"SubscriptionsConfirmed": ""}},
        {"Attributes": {"SubscriptionsConfirmed": "-1"}},
        {"Attributes": {"SubscriptionsConfirmed": "two"}},
        {"Attributes": {"SubscriptionsConfirmed": "²"}},
    ],
)
def test_an_answer_that_is_no_number_is_unknown(world: HandlerWorld, garbled: dict[str, Any]) -> None:
    world.account.volume()
    world.on(
        module._quick_sns(world.topic),
        "before-call.sns.GetTopicAttributes",
        lambda **_: (SimpleNamespace(status_code=200), garbled),
    )

    answer = world.invoke(RULE)

    assert (answer["status"], answer["subscribers"]) == ("OK", None)


def test_a_dry_run_a_run_that_goes_on_and_one_whose_mail_failed_count_nobody(world: HandlerWorld) -> None:
    world.cut_short()
    world.hear_invocations()
    done = counts(world)

    dry = world.invoke({"period": "day", "dry_run": True})
    goes_on = world.invoke(RULE, seconds=SHORT)
    world.refuse_mail()
    with pytest.raises(AwsError):
        world.invoke(world.queued[0], request_id="another")

    assert "GetTopicAttributes" not in done
    assert "subscribers" not in dry.keys() | goes_on.keys()

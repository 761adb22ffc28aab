"""Whatever SNS answers when it is asked who listens, the run is mailed and counted once, and does not fail for it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from botocore.config import Config

from ebs_backup.aws import sns
from fake_aws import wire
from fake_aws.server import Endpoint
from fake_aws.wire import Fault, refused
from tests.faults.instance import forget_clients
from tests.faults.invariants import check
from tests.faults.world import small_world

SHORT = 0.1  # seconds that the client waits here for an answer
ASKED = range(4)
GARBLED = Fault(
    name="no number",
    done=True,
    page="<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>SubscriptionsConfirmed</key>"
    "<value>many</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>",
)
LASTING = (
    refused("AuthorizationError", "User is not authorized to perform: SNS:GetTopicAttributes", status=403),
    refused("NotFound", "Topic does not exist", status=404),
    *wire.WIRE,
    *wire.THROTTLES,
    GARBLED,
    wire.HANGS,
    replace(wire.HANGS, done=False),
)


@pytest.fixture(autouse=True)
def short_timeouts() -> Iterator[None]:
    def config(**options: Any) -> Config:  # noqa: ANN401 - as botocore's own
        return Config(**options | {"read_timeout": SHORT} if options["read_timeout"] < 5 else options)

    with patch.object(sns, "Config", config):
        forget_clients()
        yield
    forget_clients()


def answered(fault: Fault) -> bool:
    """Return whether the whole answer comes in spite of the fault."""
    return fault.done and fault.reply is wire.Reply.WHOLE and fault.page is None and not fault.code


@pytest.mark.parametrize("fault", LASTING, ids=str)
def test_a_run_is_mailed_once_and_counted_once_whatever_sns_says_of_the_subscribers(
    endpoint: Endpoint, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(
            world.event, plan={("GetTopicAttributes", index): fault for index in ASKED}
        )

    check(world, invocation)
    assert invocation.told["subscribers"] == (1 if answered(fault) else None)
    assert len(invocation.mails) == 1
    assert invocation.told["status"] == world_status(invocation.told)
    assert capsys.readouterr().out.count("RunCompleted") == 2  # in one line: its name and its value


def world_status(told: dict[str, Any]) -> str:
    """Return the status that the rest of the answer has."""
    return "PROBLEM" if told["failures"] else "OK"


def test_where_nobody_listens_the_run_is_mailed_all_the_same_and_a_problem(endpoint: Endpoint) -> None:
    world = small_world()
    world.account.subscribers = 0

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    assert invocation.told["status"] == "PROBLEM"
    assert "NobodyListens" in [failure["code"] for failure in invocation.told["failures"]]
    assert len(invocation.mails) == 1

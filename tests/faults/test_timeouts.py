"""Calls that are never answered: EC2 may have done them or not."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from botocore.config import Config

from ebs_backup.aws import connection, sns
from fake_aws import wire
from fake_aws.server import Endpoint
from tests.faults.convergence import one_clean_run, settle, state
from tests.faults.instance import forget_clients
from tests.faults.invariants import check
from tests.faults.world import small_world

SHORT = 0.3  # seconds that the client waits here for an answer; the function's own time-outs are many seconds


@pytest.fixture(autouse=True)
def short_timeouts() -> Iterator[None]:
    def config(**options: Any) -> Config:  # noqa: ANN401 - as botocore's own
        return Config(**options | {"read_timeout": SHORT})

    with patch.object(connection, "Config", config), patch.object(sns, "Config", config):
        forget_clients()
        yield
    forget_clients()


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    ("action", "index"),
    [
        ("DescribeTags", 0),
        ("DescribeVolumes", 0),
        ("DescribeVolumes", 1),
        ("DescribeSnapshots", 0),
        ("DescribeSnapshots", 5),
        ("CreateSnapshot", 0),
        ("DeleteSnapshot", 0),
        ("Publish", 0),
    ],
)
def test_a_call_that_is_never_answered_ends_as_a_clean_run_does(
    endpoint: Endpoint, action: str, index: int, *, done: bool
) -> None:
    clean, world = one_clean_run(endpoint, small_world()), small_world()
    hangs = replace(wire.HANGS, done=done)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={(action, index): hangs})
        check(world, invocation)
        settle(world, function, deliveries=1)

    assert invocation.answer is not None
    assert state(world) == state(clean)

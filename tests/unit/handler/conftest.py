"""The world that the tests of the function stand in."""

import io
import logging
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import pytest
from boto3.session import Session
from moto import mock_aws

from ebs_backup import handler as module
from tests.unit.account import MotoAccount
from tests.unit.handler.world import HandlerWorld

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_sns import SNSClient


@cache
def _clients() -> tuple["EC2Client", "SNSClient"]:
    """Make the tests' own clients once: they are slow to make, and moto answers them in every account."""
    session = Session()
    return session.client("ec2"), session.client("sns")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[HandlerWorld]:
    """Open an empty account with a topic; the function knows of no run before."""
    log = io.StringIO()
    stream = cast("logging.StreamHandler[Any]", module.logger.registered_handler)
    monkeypatch.setattr(stream, "stream", log)
    module._untold.clear()
    ec2, sns = _clients()
    with mock_aws():
        world = HandlerWorld(
            account=MotoAccount(client=ec2, function=module._ec2()),
            sns=sns,
            topic=sns.create_topic(Name="backups")["TopicArn"],
            log=log,
            stdout=lambda: capsys.readouterr().out,
            env=monkeypatch,
        )
        world.confirm(1)
        yield world
        world.forget()
        world.account.forget()

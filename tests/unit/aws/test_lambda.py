"""Lambda's answer to a further invocation: only its own says that one is queued."""

import io
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from boto3.session import Session
from botocore.parsers import ResponseParserError

from ebs_backup.aws.lambda_ import connect, invoke

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

EVENT = {"period": "day"}


@pytest.fixture
def client() -> Iterator["LambdaClient"]:
    client = connect(Session())
    yield client
    client.close()


def answered(client: "LambdaClient", status: int) -> list[Any]:
    """Answer what is sent with this status; return the events."""
    sent: list[Any] = []

    def answer(params: dict[str, Any], **_: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        sent.append(json.loads(params["body"]))
        return SimpleNamespace(status_code=status), {"StatusCode": status, "Payload": io.BytesIO(b"<html>")}

    client.meta.events.register("before-call.lambda.Invoke", answer)  # type: ignore[arg-type]
    return sent


def test_an_event_that_lambda_takes_is_queued(client: "LambdaClient") -> None:
    sent = answered(client, 202)

    invoke(client, "ebs-backup", EVENT)

    assert sent == [EVENT]


def test_another_servers_page_queues_nothing(client: "LambdaClient") -> None:
    answered(client, 200)

    with pytest.raises(ResponseParserError, match="not Lambda's"):
        invoke(client, "ebs-backup", EVENT)

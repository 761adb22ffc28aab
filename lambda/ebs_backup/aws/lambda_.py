"""Lambda, and the only module that knows its names: sends the function an event of its own."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

QUEUED = 202


def connect(session: Session) -> "LambdaClient":
    """Make the client, within the seconds that are kept for the report.

    If the answer to an event is lost, the event is sent again. Two invocations at once do no harm, like two deliveries of
    one event; with no invocation, the rest of the run would be lost.
    """
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
    return session.client("lambda", config=config)


def invoke(client: "LambdaClient", function: str, event: Mapping[str, Any]) -> None:
    """Queue one invocation; raises what botocore raises. Lambda tries it twice more if it fails."""
    answer = client.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())
    answer["Payload"].close()
    if answer["StatusCode"] != QUEUED:  # the answer of another server: the rest of the run would be lost
        raise ResponseParserError(f"the answer is not Lambda's: its status is {answer['StatusCode']}")

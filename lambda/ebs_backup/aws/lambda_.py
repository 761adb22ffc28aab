"""Lambda, and the only module that knows its names: sends the function an event of its own."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.parsers import ResponseParserError

from ebs_backup.aws.errors import ERRORS, AwsError
from ebs_backup.aws.trial import taken_for_a_call

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

QUEUED, ALLOWED = 202, 204


def connect(session: Session) -> "LambdaClient":
    """Make the client, within the seconds that are kept for the report.

    If the answer to an event is lost, the event is sent again. Two invocations at once do no harm, like two
    deliveries of one event. Without any invocation, the rest of the run would be lost.
    """
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
    return session.client("lambda", config=config)


def invoke(client: "LambdaClient", function: str, event: Mapping[str, Any]) -> str:
    """Queue one invocation and return its request's id; raises what botocore raises.

    Lambda tries it twice more if it fails, with the same id.
    """
    answer = client.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())
    answer["Payload"].close()
    if answer["StatusCode"] != QUEUED:  # the answer of another server: the rest of the run would be lost
        raise ResponseParserError(f"the answer is not Lambda's: its status is {answer['StatusCode']}")
    return answer.get("ResponseMetadata", {}).get("RequestId", "")


def may_invoke(client: "LambdaClient", function: str) -> None:
    """Ask Lambda whether it would queue an invocation; raises an AwsError if not. Nothing is queued."""
    try:
        answer = client.invoke(FunctionName=function, InvocationType="DryRun")
    except ERRORS as error:
        raise AwsError.of(error) from None
    answer["Payload"].close()
    if answer["StatusCode"] != ALLOWED:
        raise taken_for_a_call("lambda")

"""The deployed function as an operator calls it: an event is queued, or one is answered while the command waits."""

import json
from collections.abc import Mapping
from typing import Any

from botocore import exceptions
from botocore.config import Config

from ebs_backup.aws import lambda_
from ebs_backup.aws.errors import ERRORS, AwsError, Kind
from ebs_backup.names import SERVICE
from ebs_backup_cli.aws.deployment import Deployment, deployed
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.errors import CommandError

LONGEST = 900  # seconds: Lambda ends any invocation then
# Each call is sent once. If the answer is late, botocore would send it again: that is another run, or another mail.
ONCE = {"mode": "standard", "total_max_attempts": 1}
LOST = "The mail of the run, or the log group {}, says whether it was."


def the_function(operator: Operator) -> Deployment:
    """Return the set's deployed function, also with settings from a file; raises a CommandError if there is none."""
    known = operator.deployment
    return known if known.function else deployed(operator.session, known.settings.backup_set)


def queue(operator: Operator, to: Deployment, event: Mapping[str, Any]) -> str:
    """Queue an event and return its request's id; raises a CommandError where nobody can tell whether it was queued."""
    config = Config(connect_timeout=10, read_timeout=30, retries=ONCE, user_agent_extra=SERVICE)  # type: ignore[arg-type]
    client = operator.session.client("lambda", config=config)
    try:
        return lambda_.invoke(client, to.function, event)
    except ERRORS as error:
        raise _lost(error, to) from None


def call(operator: Operator, to: Deployment, event: Mapping[str, Any]) -> dict[str, Any]:
    """Send an event and wait for the answer: as long as Lambda lets the function run; raises a CommandError."""
    config = Config(
        connect_timeout=10,
        read_timeout=LONGEST + 30,
        tcp_keepalive=True,  # else a network device on the way may forget a silent connection
        retries=ONCE,  # type: ignore[arg-type]
        user_agent_extra=SERVICE,
    )
    client = operator.session.client("lambda", config=config)
    try:
        answer = client.invoke(
            FunctionName=to.function, InvocationType="RequestResponse", Payload=json.dumps(event).encode()
        )
        payload = answer["Payload"].read()
    except ERRORS as error:
        raise _lost(error, to) from None
    told = _json(payload)
    if not isinstance(told, dict) or "FunctionError" in answer:
        words = told.get("errorMessage") if isinstance(told, dict) else None
        raise CommandError(
            f"{to.function} failed: {words or 'it gave no answer'}",
            f"Read its log: `aws logs tail {to.log_group} --since 20m --region {operator.region}`.",
        )
    return told


def refuse_unused(answer: Mapping[str, Any]) -> None:
    """Raise a CommandError where the function did not know what to do with the event: it is another version."""
    if "status" not in answer:
        raise CommandError("The function's answer has no status.", "Deploy the version of this command.")
    if "error" in answer:
        raise CommandError(f"The function refused: {answer['error']}", "Deploy the version of this command.")


def _json(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return None


def _lost(error: Exception, to: Deployment) -> Exception:
    """Return what to raise: an answer that did not come says nothing about what was done."""
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError):
        return error  # nothing was sent
    known = AwsError.of(error)
    silent = isinstance(error, exceptions.ReadTimeoutError | exceptions.ConnectionClosedError)
    if silent or known.kind is Kind.UNKNOWN_OUTCOME:
        return CommandError(
            f"No answer came from {to.function}: it is not known whether the event arrived. {known.message}",
            LOST.format(to.log_group),
        )
    return error

"""The real function behind moto's Lambda, in this process: its handler answers, and its log is in CloudWatch's."""

import io
import json
import logging
import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch
from uuid import uuid4

import pytest
from boto3.session import Session
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core import responses
from moto.sns.models import sns_backends

from ebs_backup import handler as module
from tests.cli.conftest import REGION, Command

ACCOUNT = "123456789012"
CLIENTS = (module._ec2, module._lambda, module._sns, module._quick_sns, module._session)


@dataclass(slots=True)
class RealFunction:
    """The events with which it was invoked. `answers`, as long as there are any, are given in its place."""

    events: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    metrics: io.StringIO = field(default_factory=io.StringIO)

    def invoke(self, function: Any, body: str, headers: Any, out: Any) -> bytes:  # noqa: ANN401 - moto's
        """Stand in for moto's own way of invoking."""
        if headers.get("X-Amz-Invocation-Type") == "DryRun":
            return b""
        event, request = json.loads(body), str(uuid4())
        self.events.append(event)
        out["x-amzn-RequestId"] = request
        if self.answers:
            return json.dumps(self.answers.pop(0)).encode()
        environment = function.environment_vars | {"AWS_LAMBDA_FUNCTION_NAME": function.function_name}
        with patch.dict(os.environ, environment):
            return self._handle(function.function_name, event, request, out)

    def _handle(self, name: str, event: Any, request: str, out: Any) -> bytes:  # noqa: ANN401
        log, stream = io.StringIO(), cast("Any", module.logger.registered_handler)
        with patch.object(stream, "stream", log), redirect_stdout(self.metrics), _logging():
            try:
                answer = module.handler(event, cast("Any", Context(name, request)))
                payload = json.dumps(answer)
            except Exception as error:  # noqa: BLE001 - as Lambda does
                out["x-amz-function-error"] = "Unhandled"
                words = traceback.format_exception_only(error)[-1].strip()
                payload = json.dumps({"errorMessage": words, "errorType": type(error).__name__})
        _log(name, [*log.getvalue().splitlines(), f"REPORT RequestId: {request}"])
        return payload.encode()


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda tells the function."""

    function_name: str
    aws_request_id: str
    memory_limit_in_mb: int = 256

    @property
    def invoked_function_arn(self) -> str:
        """Return the function's ARN."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Return where the function logs."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return all of Lambda's 900 s."""
        return 900_000


@contextmanager
def _logging() -> Iterator[None]:
    """Log again what the command has turned off."""
    before = logging.root.manager.disable
    logging.disable(logging.NOTSET)
    try:
        yield
    finally:
        logging.disable(before)


def _log(name: str, lines: list[str]) -> None:
    client = Session(region_name=REGION).client("logs")
    group, stream = f"/aws/lambda/{name}", str(uuid4())
    if not client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        client.create_log_group(logGroupName=group)
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    events: Any = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


@contextmanager
def real_function() -> Iterator[RealFunction]:
    """Let every function in moto be ours."""
    real = RealFunction()
    for client in CLIENTS:
        client.cache_clear()
    topic = Session(region_name=REGION).client("sns").create_topic(Name="topic")["TopicArn"]
    sns_backends[ACCOUNT][REGION].topics[topic].subscriptions_confimed = 1
    draw: Any = vars(responses)["gen_amzn_requestid_long"]

    def request_id(headers: Any) -> str:  # noqa: ANN401
        return str(headers.get("x-amzn-RequestId") or draw(headers))

    def invoke(backend: Any, name: str, _: object, *of: Any) -> bytes:  # noqa: ANN401
        return real.invoke(backend.get_function(name), *of)

    with (
        patch.object(LambdaSimpleBackend, "invoke", invoke),
        patch.object(responses, "gen_amzn_requestid_long", request_id),
    ):
        yield real
    for client in CLIENTS:
        client.cache_clear()


@pytest.fixture
def function(command: Command) -> Iterator[RealFunction]:  # noqa: ARG001 - moto is up
    """Let every function in moto be ours."""
    with real_function() as real:
        yield real

"""The role allows every call that the function can make, and the function makes every call that the role allows."""

import ast
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.model import OperationModel

from ebs_backup import handler
from fake_aws import wire
from fake_aws.account import FakeAccount
from fake_aws.server import Endpoint
from fake_aws.service import Service
from tests.faults.world import small_world
from tests.infra import documents
from tests.infra.calls import NEEDED, NEEDED_BY_LAMBDA, Call
from tests.infra.conftest import ROOT, synthesize

IAM_NAMES = {"lambda:Invoke": "lambda:InvokeFunction"}  # elsewhere it is the operation's
CHECKED_WITH = {"ec2:CreateSnapshot": "ec2:CreateTags"}  # for the tags that the call sets
# Lambda itself makes these with the role: it writes what the function prints, parks the events of failed runs, and
# takes those of failed snapshots.
OF_LAMBDA = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
OF_LAMBDA |= {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


@pytest.fixture(scope="module")
def called() -> set[str]:
    """Return the calls of three runs against `fake_aws`: one undisturbed, one that must go on, and a check."""
    operations: set[str] = set()

    def record(model: OperationModel, **_: object) -> None:
        operations.add(f"{model.service_model.service_name}:{model.name}")

    world = small_world()
    throttled = {("CreateSnapshot", index): wire.THROTTLES[0] for index in range(1, 900)}
    with Endpoint(Service(account=FakeAccount())) as endpoint, world.function(endpoint) as function:
        handler._session().events.register("before-call", record)
        function.invoke(world.event)
        world.next_night()
        function.invoke(world.event, plan=throttled, seconds=150)
        function.invoke({"period": "day", "check": True})
    return operations


def written() -> set[str]:
    """Return the operations that the function's source names, as a method or a word, of the services that it calls."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8")) for path in Path(ROOT / "lambda/ebs_backup").rglob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    words = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    words |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    session: Any = Session("testing", "testing", region_name="eu-west-1")
    services = words & set(session.get_available_services())
    methods = {
        f"{service}:{operation}": method
        for service in services
        for method, operation in session.client(service).meta.method_to_api_mapping.items()
    }
    return {operation for operation, method in methods.items() if method in words}


def test_every_operation_that_the_source_names_was_called(called: set[str]) -> None:
    assert called == written()


def test_the_role_allows_what_is_called_and_nothing_else(called: set[str]) -> None:
    policy = documents.of_role(synthesize(alert_email="you@example.com"))
    allowed = {action for statement in policy.values() for action in statement["Action"]}

    needed = {IAM_NAMES.get(call, call) for call in called}
    needed |= {CHECKED_WITH[call] for call in called if call in CHECKED_WITH}

    assert allowed == needed | OF_LAMBDA


def test_the_calls_that_judge_the_policy_are_those_that_are_made(called: set[str]) -> None:
    def operations(calls: tuple[Call, ...]) -> set[str]:
        return {f"{call.service}:{call.operation.title().replace('_', '')}" for call in calls}

    assert operations(NEEDED) == called
    assert operations(NEEDED_BY_LAMBDA) == OF_LAMBDA

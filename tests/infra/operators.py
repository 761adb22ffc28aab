"""What the tests of the operators' policies share: the policies, a command's calls, and questions about them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.infra.conftest import ROOT
from tests.infra.documents import ACCOUNT, Policy
from tests.infra.mutants import mutants
from tests.infra.questions import KEY_POLICY, NAMES
from tests.infra.simulator import Question, allowed
from tests.infra.test_printed_policies import blocks

SEE, RESTORE, UNDELETE, RUN, ADOPT, SMOKE = (
    json.dumps(block) for block in blocks((ROOT / "docs/permissions.md").read_text(encoding="utf-8"))
)
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/Operator"
SNAPSHOT, OTHER = (f"arn:aws:ec2:eu-west-1::snapshot/snap-{name}" for name in ("1", "2"))
VOLUME = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-1"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:ebs-backup-default"
HERE = {"aws:RequestedRegion": "eu-west-1"}
NO_PERMISSION_NEEDED = {"sts:GetCallerIdentity"}
SERVICES = {"monitoring": "cloudwatch"}  # where IAM's name of a service is not that of its signatures
# IAM checks these together with CreateTags, for the tags that they set.
CHECKED_WITH = ("ec2:CreateVolume", "ec2:CreateSnapshot", "ec2:RegisterImage")
Context = Mapping[str, str | Sequence[str]]


def statements(policy: str) -> Policy:
    """Return a policy's statements by Sid, with actions and resources as lists."""
    found = {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}
    for statement in found.values():
        for part in ("Action", "Resource"):
            statement[part] = [statement[part]] if isinstance(statement[part], str) else statement[part]
    return found


def actions(*policies: str) -> set[str]:
    """Return what policies allow."""
    every = (statement for policy in policies for statement in statements(policy).values())
    return {action for statement in every for action in statement["Action"]}


@dataclass(slots=True)
class Made:
    """One call: the action as IAM names it, the parameters, and the answer, which is empty if the call was refused."""

    action: str
    params: Mapping[str, Any]
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls that the operator makes; those of the function itself are not among them."""

    every: list[Made] = field(default_factory=list)

    @property
    def actions(self) -> set[str]:
        """Return what the operator has to be allowed."""
        made = {call.action for call in self.every}
        return (made | ({"ec2:CreateTags"} if made & set(CHECKED_WITH) else set())) - NO_PERMISSION_NEEDED


@pytest.fixture
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Return the calls that are made from now on, whoever answers them."""
    if "well" in request.fixturenames:
        request.getfixturevalue("well")
    calls, in_the_function = Calls(), [False]
    original = BaseClient._make_api_call  # type: ignore[attr-defined] # not in the stubs

    def call(client: Any, operation: str, params: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any call of any service
        if in_the_function[0]:
            return original(client, operation, params)
        service = client.meta.service_model.signing_name
        name = f"{SERVICES.get(service, service)}:{operation}"
        made = Made(NAMES.get(name, name), params)
        calls.every.append(made)
        in_the_function[0] = name == "lambda:Invoke"
        try:
            made.answer = (
                LIKE_EC2[operation](params) if operation in LIKE_EC2 else original(client, operation, params)
            )
        finally:
            in_the_function[0] = False
        return made.answer

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return calls


def _dry_run_only(params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("DryRun"):
        raise ClientError({"Error": {"Code": "DryRunOperation", "Message": "allowed"}}, "UnlockSnapshot")
    return {}


# What moto does not know, answered as EC2 does.
LIKE_EC2: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "LockSnapshot": _dry_run_only,
    "UnlockSnapshot": _dry_run_only,
}


def request_keys(tags: Mapping[str, str], during: str = "") -> dict[str, str | list[str]]:
    """Return the keys of a call that sets tags."""
    found: dict[str, str | list[str]] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return found | {"aws:TagKeys": list(tags)} | ({"ec2:CreateAction": during} if during else {})


def asker(*policies: str) -> Callable[[str, str, Context], Question]:
    """Return a function that asks whether an operator with these policies may do something."""

    def ask(action: str, resource: str, keys: Context) -> Question:
        return Question(
            principal=OPERATOR,
            action=action,
            resource=resource,
            context={**HERE, **keys},
            identity=[json.loads(policy) for policy in policies],
            own=KEY_POLICY if action.startswith("kms:") else None,
        )

    return ask


def unnoticed(
    policy: str, beside: Sequence[str], needed: Sequence[Question], refused: Sequence[Question]
) -> set[str]:
    """List the ways to leave out or widen a part of a policy that none of these questions would notice."""
    questions = [*needed, *refused]
    others = [json.loads(other) for other in beside]
    every = mutants(statements(policy))
    answers = iter(
        allowed(
            [
                replace(question, identity=[_document(mutant), *others])
                for mutant in every.values()
                for question in questions
            ]
        )
    )
    right = [True] * len(needed) + [False] * len(refused)
    return {what for what in every if [next(answers) for _ in questions] == right}


def _document(policy: Policy) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(policy.values())}


def wrong(needed: Sequence[Question], refused: Sequence[Question]) -> Iterator[tuple[str, str, Context]]:
    """List what is not answered as it is meant."""
    for number, passed in enumerate(allowed([*needed, *refused])):
        question = [*needed, *refused][number]
        if passed != (number < len(needed)):
            yield question.action, question.resource, dict(question.context)

"""cdk-nag's AwsSolutions and Serverless packs: no finding but those with a written reason beside their construct."""

from typing import Any

import pytest
from aws_cdk import App
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks, NagPack, ServerlessChecks

from infra.stack import BackupStack
from tests.infra.conftest import ROOT, planned

PACKS = (AwsSolutionsChecks, ServerlessChecks)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:existing"


def built(*, region: str | None = "eu-west-1", **context: Any) -> tuple[App, BackupStack]:  # noqa: ANN401 - as a context is
    """Build the stack of these settings in an app of its own."""
    (target,) = planned(region, **context)
    app = App()
    account = "111122223333" if region else None
    return app, BackupStack(app, target, function=ROOT / "lambda", account=account)


def findings(app: App) -> list[str]:
    """List every finding without a reason."""
    packs: list[NagPack] = [pack(app) for pack in PACKS]
    return [violation.rule_name for pack in packs for violation in pack.validate_scope(app).violations]


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"kms_key_arn": KEY},
        {"topic_arn": TOPIC, "dashboard": False},
        {"recycle_days": 7},
        {"region": None},
    ],
)
def test_no_finding_is_without_a_reason(context: dict[str, Any]) -> None:
    app, _ = built(**context)

    assert findings(app) == []


def test_a_finding_without_a_reason_is_reported() -> None:
    app, stack = built()

    sqs.Queue(stack, "WithoutReason")

    assert "AwsSolutions-SQS3" in findings(app)


def test_a_further_wildcard_in_the_role_is_reported() -> None:
    app, stack = built()
    role = stack.node.find_child("Role")
    assert isinstance(role, iam.Role)

    role.add_to_policy(iam.PolicyStatement(actions=["ec2:*"], resources=["*"]))

    assert findings(app) == ["AwsSolutions-IAM5[Action::ec2:*]"]

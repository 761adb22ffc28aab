"""A synthesized stack of any settings, without the zip (its folder stands in for it)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.context import targets
from infra.stack import BackupStack

ROOT = Path(__file__).parent.parent.parent
Synthesize = Callable[..., Template]


def synthesize(**context: Any) -> Template:  # noqa: ANN401 - as loose as a context is
    """Synthesize the stack of these settings over cdk.json's defaults."""
    defaults = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    (target,) = targets(defaults | context, region="eu-west-1")
    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")
    return Template.from_stack(stack)


def statements(template: Template) -> dict[str, dict[str, Any]]:
    """List every statement of the role's policies by its Sid."""
    policies = template.find_resources("AWS::IAM::Policy").values()
    return {
        statement["Sid"]: statement
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    }


@pytest.fixture(scope="session")
def template() -> Template:
    return synthesize(alert_email="you@example.com,me@example.com")

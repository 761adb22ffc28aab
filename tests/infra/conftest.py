"""A synthesized stack of any settings, without the zip (its folder stands in for it)."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Set before the CDK starts Node, or its own linter would check every template. test_app.py runs it once, and
# test_lint.py runs another one.
os.environ["CDK_VALIDATION"] = "false"

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.settings.source import read
from infra.settings.targets import Target, targets
from infra.stack import BackupStack

ROOT = Path(__file__).parent.parent.parent
WITHOUT_FILE = ROOT / "tests"
Synthesize = Callable[..., Template]


def planned(region: str | None = "eu-west-1", /, **options: Any) -> tuple[Target, ...]:  # noqa: ANN401 - as loose as `-c`
    """Plan the stacks of these settings, given with `-c` over the defaults; no settings file is read."""
    return targets(read(options, WITHOUT_FILE), region=region)


def synthesize(**context: Any) -> Template:  # noqa: ANN401 - as loose as a context is
    """Synthesize the stack of these settings over the defaults."""
    (target,) = planned(**context)
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

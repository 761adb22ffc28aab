"""The docs and the mails are true: they name every setting with its default, and only commands the AWS CLI takes."""

import json
import re
from pathlib import Path

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from ebs_backup.names import Period
from tests.unit.builders import settings
from tests.unit.commands import check, printed

ROOT = Path(__file__).parent.parent.parent
MAILS = sorted((Path(__file__).parent / "golden").glob("*.txt"))
TEXTS = (ROOT / "lambda/ebs_backup/aws/errors.py", ROOT / "infra/alerts.py")  # of advice and of alarms
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *MAILS)


def commands() -> list[str]:
    """Return every `aws ...` command of docs and golden mails."""
    return [command for page in PAGES for command in printed(page.read_text(encoding="utf-8"))]


def test_the_docs_hold_commands() -> None:
    assert len(commands()) > 10


@pytest.mark.parametrize("command", commands())
def test_every_command_is_one_that_the_aws_cli_takes(command: str) -> None:
    check(command)


@pytest.mark.parametrize(
    "command",
    [
        "aws ec2 delete-snapshot --snapshot-id snap-0a",
        "aws ec2 describe-snapshots --owner self",
        "aws ec2 delete-tags --resources vol-0a",
        """aws lambda invoke --function-name f --payload '{"period": "dya"}' answer.json""",
        """aws lambda invoke --cli-binary-format raw-in-base64-out --payload '{"period": "day"}' answer.json""",
        "aws sns confirm-subscription --token TOKEN",
        "aws cloudwatch set-alarm-state --alarm-name A --state-value red --state-reason test",
        "aws events put-targets --rule R --targets Id=one,ARN=TARGET",
        "aws events put-targets --rule R --targets Arn=TARGET",
        """aws sns subscribe --topic-arn T --protocol email --attributes '{"FilterPolicy": {"status": ["OK"]}}'""",
        "aws ec2 create-volume --snapshot-id snap-0a --availability-zone ZONE --size big",
    ],
)
def test_a_command_that_is_wrong_or_costs_a_backup_is_noticed(command: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(command)


@pytest.mark.parametrize("page", [*PAGES, *TEXTS], ids=lambda page: page.name)
def test_every_deploy_and_destroy_is_plain(page: Path) -> None:
    """The settings stand in settings.toml: one deploy with `-c` would be undone by the next without it."""
    text = " ".join(page.read_text(encoding="utf-8").split())

    for command in re.findall(r"(?:npx |[Rr]un `)cdk (?:deploy|destroy)[^.|]*", text):
        assert not re.search(r" `?-c\b", command), command


def test_every_test_that_the_page_on_other_tools_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "other-tools.md").read_text(encoding="utf-8")))
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    assert named
    assert named <= set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))


def test_the_dlm_policy_is_one_that_dlm_takes_and_equals_the_defaults() -> None:
    text = (ROOT / "docs" / "dlm-and-aws-backup.md").read_text(encoding="utf-8")
    policy = json.loads(re.findall(r"```json\n(.+?)```", text, re.DOTALL)[0])
    defaults = settings()

    shape = Session().get_service_model("dlm").shape_for("PolicyDetails")
    assert not ParamValidator().validate(policy, shape).has_errors()
    assert policy["TargetTags"] == [{"Key": defaults.tag_name, "Value": defaults.tag_value}]
    assert {
        schedule["Name"]: (schedule["CreateRule"]["CronExpression"], schedule["RetainRule"]["Count"])
        for schedule in policy["Schedules"]
    } == {period.value: (f"cron({defaults.schedule(period)})", defaults.keep(period)) for period in Period}

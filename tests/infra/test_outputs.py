"""What a deploy prints is ready to paste: the AWS CLI takes it, and a run is queued."""

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.stack import BackupStack
from tests.infra.conftest import ROOT, planned, synthesize
from tests.unit.commands import check, payload_of


def printed(template: Template) -> dict[str, str]:
    """Return the outputs that are plain texts, by name."""
    values = {name: output["Value"] for name, output in template.find_outputs("*").items()}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def test_the_commands_are_those_that_the_aws_cli_takes(template: Template) -> None:
    commands = {name: value for name, value in printed(template).items() if value.startswith("aws ")}

    for command in commands.values():
        check(command)
        assert "--region eu-west-1 --function-name ebs-backup-default " in command
    assert {name: payload_of(command) for name, command in commands.items()} == {
        "DryRun": {"period": "day", "dry_run": True},
        "RunDay": {"period": "day"},
        "RunWeek": {"period": "week"},
        "RunMonth": {"period": "month"},
    }


def test_a_period_that_is_off_has_no_command() -> None:
    commands = printed(synthesize(schedule_day="off"))

    assert {"RunDay", "RunWeek", "RunMonth"} & set(commands) == {"RunWeek", "RunMonth"}
    assert payload_of(commands["DryRun"]) == {"period": "week", "dry_run": True}


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("xx-new-1", "xx-new-1.console.aws.amazon.com"),
    ],
)
def test_the_dashboards_address_is_that_of_its_partitions_console(region: str, host: str) -> None:
    (target,) = planned(region)
    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")

    address = printed(Template.from_stack(stack))["DashboardUrl"]

    page = f"https://{host}/cloudwatch/home?region={region}"
    assert address == f"{page}#dashboards/dashboard/ebs-backup-default-{region}"


def test_without_a_dashboard_it_has_no_address() -> None:
    assert "DashboardUrl" not in printed(synthesize(dashboard=False))

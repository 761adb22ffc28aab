"""The recipes for chats and pagers: templates that CloudFormation takes. They pass on each kind of report, and no more.

What no test here can show: that Slack, Teams and PagerDuty do with it what their manuals say (docs/alerting.md).
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.decode.cfn_yaml import loads

from ebs_backup.aws.errors import AwsError, Kind
from ebs_backup.explanation import explain
from ebs_backup.outcome import Outcome
from ebs_backup.report.render import render, render_bad_event, render_broken
from ebs_backup.report.text import Mail
from tests.infra.conftest import ROOT
from tests.infra.documents import ACCOUNT
from tests.infra.simulator import Question, allowed
from tests.unit.builders import a_run, a_volume, an_outcome, an_outcome_of
from tests.unit.commands import printed

RECIPES = sorted((ROOT / "docs" / "recipes").glob("*.yaml"))
PAGE = (ROOT / "docs" / "alerting.md").read_text(encoding="utf-8")
REPORTS, CHAT = (f"arn:aws:sns:eu-west-1:{ACCOUNT}:{name}" for name in ("reports", "chat"))
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue"
DESTINATION = f"arn:aws:events:eu-west-1:{ACCOUNT}:api-destination/pagerduty/0123"
PLACEHOLDER = re.compile(r"<\$\.body\.(\w+)>")

each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)


def resources(recipe: Path) -> dict[str, Any]:
    """Return a template's resources, each with its type and its properties."""
    text = recipe.read_text(encoding="utf-8")
    return dict(json.loads(json.dumps(loads(text)))["Resources"])


def of_type(recipe: Path, kind: str) -> dict[str, Any]:
    """Return the properties of the only resource of this type."""
    (found,) = [resource for resource in resources(recipe).values() if resource["Type"] == kind]
    return dict(found["Properties"])


def found_in(text: str) -> list[str]:
    return [str(found) for found in lint(text, config=ManualArgs(regions=["eu-west-1", "us-east-1"]))]


def test_these_are_the_recipes() -> None:
    assert [recipe.name for recipe in RECIPES] == ["pagerduty.yaml", "slack.yaml", "teams.yaml"]


@pytest.mark.filterwarnings("default")  # of cfn-lint's own
@each_recipe
def test_cfn_lint_finds_nothing(recipe: Path) -> None:
    assert found_in(recipe.read_text(encoding="utf-8")) == []


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("slack", "SlackChannelId: !Ref SlackChannelId", "SlackChannel: !Ref SlackChannelId"),
        ("teams", "      TeamsTenantId: !Ref TeamsTenantId\n", ""),
        ("pagerduty", "HttpMethod: POST", "HttpMethod: SEND"),
        ("pagerduty", "BatchSize: 1", "BatchSize: many"),
    ],
)
def test_cfn_lint_finds_what_is_wrong(name: str, right: str, wrong: str) -> None:
    text = (ROOT / "docs" / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")
    assert right in text

    assert found_in(text.replace(right, wrong))


@each_recipe
def test_only_bad_reports_come_and_as_they_are(recipe: Path) -> None:
    found = resources(recipe)["Subscription"]["Properties"]

    assert found["FilterPolicy"] == {"status": ["PROBLEM", "FAILED"]}
    assert found["RawMessageDelivery"] == "true" or found["RawMessageDelivery"] is True


def reports(outcomes: list[Outcome]) -> Iterator[Mail]:
    """Write a report of each kind that there is."""
    for outcome in outcomes:
        yield render(outcome)
    code, message, advice = explain(AwsError(kind=Kind.REJECTED, code="Blocked", message='say "no"'))
    yield render_broken(a_run(), code=code, message=message, advice=advice)
    yield render_bad_event(
        backup_set="db",
        account=ACCOUNT,
        region="eu-west-1",
        function="ebs-backup-db",
        log_group="log",
        error="wrong",
    )


def template_of(recipe: Path) -> str:
    """Return the text that the pipe writes, before the report's values are in it."""
    text = of_type(recipe, "AWS::Pipes::Pipe")["TargetParameters"]["InputTemplate"]
    return str(text["Fn::Sub"]).replace("${RoutingKey}", "r" * 32) if isinstance(text, dict) else str(text)


def written(recipe: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Write what the pipe sends of a report: it puts each value into its quotes, as a part of a JSON text."""
    filled = PLACEHOLDER.sub(lambda key: json.dumps(report[key[1]])[1:-1], template_of(recipe))
    assert "<$" not in filled
    return dict(json.loads(filled))


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    """Return the data of a report of each kind."""
    nothing_selected, late = an_outcome(), an_outcome(an_outcome_of(a_volume(name='the "big" one')))
    return [json.loads(mail.data) for mail in reports([nothing_selected, late])]


@each_recipe
def test_the_pipe_writes_of_each_report_what_its_target_takes(
    recipe: Path, told: list[dict[str, Any]]
) -> None:
    sent = [written(recipe, report) for report in told]

    for message, report in zip(sent, told, strict=True):
        if recipe.stem == "pagerduty":
            assert_an_event_of_pagerduty(message, report)
        else:
            assert_a_notification_of_amazon_q(message, report)


def assert_an_event_of_pagerduty(message: dict[str, Any], report: dict[str, Any]) -> None:
    """Hold it against PagerDuty's Events API v2: the required fields, a known severity, and its limits."""
    payload = message["payload"]
    assert (len(message["routing_key"]), message["event_action"]) == (32, "trigger")
    assert 0 < len(message["dedup_key"]) <= 255
    assert (payload["summary"], payload["severity"]) == (report["subject"], "error")
    assert 0 < len(payload["summary"]) <= 1024
    assert payload["source"].endswith("eu-west-1")


def assert_a_notification_of_amazon_q(message: dict[str, Any], report: dict[str, Any]) -> None:
    """Hold it against the schema of custom notifications: version, source, and a content with its description."""
    assert message.keys() == {"version", "source", "content"}
    assert (message["version"], message["source"]) == ("1.0", "custom")
    assert message["content"].keys() == {"textType", "title", "description"}
    assert message["content"]["textType"] == "client-markdown"
    assert 0 < len(message["content"]["title"]) <= 250
    assert message["content"]["title"] == report["subject"]
    assert report["status"] in message["content"]["description"]


ARNS = {
    "Reports": QUEUE,
    "ReportTopicArn": REPORTS,
    "ChatTopic": CHAT,
    "PagerDuty": DESTINATION,
    "AWS::AccountId": ACCOUNT,
}


def resolved(value: Any) -> Any:  # noqa: ANN401 - any part of a template
    """Return a part of a template with the ARNs of its resources."""
    if isinstance(value, dict) and "Ref" in value:
        return ARNS[value["Ref"]]
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        name = value["Fn::GetAtt"]
        return ARNS[(name if isinstance(name, str) else name[0]).split(".")[0]]
    if isinstance(value, dict):
        return {key: resolved(part) for key, part in value.items()}
    return [resolved(part) for part in value] if isinstance(value, list) else value


@each_recipe
def test_the_queue_takes_the_reports_topic_and_no_other(recipe: Path) -> None:
    own = resolved(of_type(recipe, "AWS::SQS::QueuePolicy")["PolicyDocument"])
    questions = [
        Question(
            principal="sns.amazonaws.com",
            action="sqs:SendMessage",
            resource=QUEUE,
            context={"aws:SourceArn": source},
            own=own,
            identity=[],
        )
        for source in (REPORTS, f"{REPORTS}-of-another")
    ]

    assert allowed(questions) == [True, False]


@each_recipe
def test_the_pipe_may_empty_its_queue_and_write_to_its_target_and_nothing_else(recipe: Path) -> None:
    role = resolved(resources(recipe)["PipeRole"]["Properties"])
    (policy,) = role["Policies"]
    target = (
        ("events:InvokeApiDestination", DESTINATION) if recipe.stem == "pagerduty" else ("sns:Publish", CHAT)
    )
    asked = [
        ("sqs:ReceiveMessage", QUEUE, True),
        ("sqs:DeleteMessage", QUEUE, True),
        ("sqs:GetQueueAttributes", QUEUE, True),
        (*target, True),
        ("sqs:SendMessage", QUEUE, False),
        ("sqs:ReceiveMessage", f"{QUEUE}-of-another", False),
        ("sns:Publish", REPORTS, False),
    ]

    answers = allowed(
        [
            Question(
                principal=f"arn:aws:iam::{ACCOUNT}:role/pipe",
                action=action,
                resource=resource,
                identity=[policy["PolicyDocument"]],
            )
            for action, resource, _ in asked
        ]
    )

    assert answers == [right for *_, right in asked]


@pytest.mark.parametrize("name", ["slack", "teams"])
def test_nobody_in_a_channel_gets_more_than_a_look_at_the_alarms(name: str) -> None:
    """Without a guardrail, all in the channel may do what AdministratorAccess allows and the role does not refuse."""
    recipe = ROOT / "docs" / "recipes" / f"{name}.yaml"
    channel = resources(recipe)["Channel"]["Properties"]
    (policy,) = resources(recipe)["ChatRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert "CloudWatchReadOnlyAccess" in str(channel["GuardrailPolicies"])
    assert all(re.match(r"cloudwatch:(Describe|Get)", action) for action in statement["Action"])


@each_recipe
def test_the_page_makes_each_recipe_with_the_parameters_that_it_has(recipe: Path) -> None:
    (command,) = [command for command in printed(PAGE) if f"recipes/{recipe.name}" in command]

    words = shlex.split(command)
    given = [re.match(r"ParameterKey=(\w+),ParameterValue=", word) for word in words]
    parameters = yaml.safe_load(re.sub(r"!\w+", "", recipe.read_text(encoding="utf-8")))["Parameters"]
    assert {match[1] for match in given if match} == set(parameters)
    assert "CAPABILITY_IAM" in words
    assert words[words.index("--template-body") + 1] == f"file://docs/recipes/{recipe.name}"

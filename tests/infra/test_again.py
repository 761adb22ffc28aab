"""Failed snapshots reach the function: the rule, the queue, and the batches in which Lambda takes its messages."""

from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from infra.again import PATTERN
from tests.failed_events import event_of, event_of_several
from tests.infra.conftest import synthesize

KEY = "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
ONE = "snap-0123456789abcdef0"


def matches(event: dict[str, Any], pattern: dict[str, Any]) -> bool:
    """Tell whether EventBridge's pattern takes the event."""
    return all(
        matches(event[key], wanted) if isinstance(wanted, dict) else event.get(key) in wanted
        for key, wanted in pattern.items()
    )


@pytest.mark.parametrize("event", [event_of(ONE), event_of_several(ONE)])
def test_the_rule_takes_the_event_of_one_failed_snapshot_and_that_of_several(event: dict[str, Any]) -> None:
    assert matches(event, PATTERN)


@pytest.mark.parametrize("detail", [{"result": "succeeded"}, {"event": "copySnapshot"}])
def test_the_rule_takes_no_other_event_of_a_snapshot(detail: dict[str, str]) -> None:
    event = event_of(ONE)

    assert not matches({**event, "detail": {**event["detail"], **detail}}, PATTERN)


def test_the_rule_sends_the_event_as_it_is_to_the_queue(template: Template) -> None:
    queue = {"Id": "Queue", "Arn": {"Fn::GetAtt": [Match.any_value(), "Arn"]}}

    template.has_resource_properties("AWS::Events::Rule", {"EventPattern": PATTERN, "Targets": [queue]})


@pytest.mark.parametrize("context", [{}, {"kms_key_arn": KEY}])
def test_nobody_but_this_rule_may_send_to_the_queue(context: dict[str, str]) -> None:
    template = synthesize(**context)
    rules = template.find_resources("AWS::Events::Rule", {"Properties": {"EventPattern": PATTERN}})

    (name,) = rules
    sends = [
        statement
        for policy in template.find_resources("AWS::SQS::QueuePolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "TheRuleSends"
    ]
    assert [(it["Action"], it["Principal"], it["Condition"]) for it in sends] == [
        (
            "sqs:SendMessage",
            {"Service": "events.amazonaws.com"},
            {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [name, "Arn"]}}},
        )
    ]


def test_a_thousand_failures_are_a_few_invocations_and_what_was_not_done_comes_again(
    template: Template,
) -> None:
    template.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {
            "BatchSize": 1000,
            "MaximumBatchingWindowInSeconds": 60,
            "ScalingConfig": {"MaximumConcurrency": 2},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    )


def test_a_message_is_hidden_for_longer_than_the_function_runs_and_tried_three_times(
    template: Template,
) -> None:
    (queue,) = (
        queue["Properties"]
        for queue in template.find_resources("AWS::SQS::Queue").values()
        if "RedrivePolicy" in queue["Properties"]
    )
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    (mapping,) = template.find_resources("AWS::Lambda::EventSourceMapping").values()

    window = mapping["Properties"]["MaximumBatchingWindowInSeconds"]
    assert queue["VisibilityTimeout"] > function["Properties"]["Timeout"] + window
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 3
    assert "FailedRuns" in str(queue["RedrivePolicy"]["deadLetterTargetArn"])
    assert queue["MessageRetentionPeriod"] > 3 * queue["VisibilityTimeout"]

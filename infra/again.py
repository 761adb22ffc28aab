"""How a failed snapshot reaches the function: EventBridge's events, a queue, and batches of its messages."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.findings import acknowledge

FUNCTION_TIMEOUT = Duration.minutes(15)
# AWS advises six times the function's time, for throttled functions. We take less: a mail that was refused is to be
# tried again soon, a batch that is seen twice does no harm, and the mapping's own concurrency never throttles.
VISIBILITY = Duration.minutes(20)
DELIVERIES = 3  # then the message goes to the queue of failed runs: an hour after it came
# So a thousand failures at once are a few invocations, and a few mails.
BATCH, WINDOW, AT_ONCE = 1000, Duration.minutes(1), 2
PATTERN = {
    "source": ["aws.ec2"],
    "detail-type": ["EBS Snapshot Notification", "EBS Multi-Volume Snapshots Completion Status"],
    "detail": {"event": ["createSnapshot", "createSnapshots"], "result": ["failed"]},
}


def failed_snapshots(scope: Construct, *, failed: sqs.IQueue, key: kms.IKey | None) -> sqs.Queue:
    """Create the queue and the rule that fills it; what cannot be told goes to the queue of failed runs.

    The events have no tags, so every set's stack gets those of all snapshots in the region.
    """
    queue = sqs.Queue(
        scope,
        "FailedSnapshots",
        visibility_timeout=VISIBILITY,
        retention_period=Duration.days(1),
        dead_letter_queue=sqs.DeadLetterQueue(queue=failed, max_receive_count=DELIVERIES),
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        enforce_ssl=True,
    )
    rule = events.CfnRule(
        scope,
        "FailedSnapshotsRule",
        description="Snapshots that EC2 could not finish: the function makes those of its set again",
        event_pattern=PATTERN,
        targets=[events.CfnRule.TargetProperty(id="Queue", arn=queue.queue_arn)],
    )
    next_ = "events are best effort anyway: the next run finds what none told"
    acknowledge(rule, {"Serverless-EventBusDLQ": next_})
    # The CDK's own target leaves out the condition where the queue has a key.
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid="TheRuleSends",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
        )
    )
    return queue


def deliver(scope: Construct, *, queue: sqs.IQueue, function: lambda_.IFunction) -> None:
    """Let Lambda call the function with the queue's messages, and take back those that it names as not done."""
    mapping = lambda_.EventSourceMapping(
        scope,
        "FailedSnapshotsMapping",
        target=function,
        event_source_arn=queue.queue_arn,
        batch_size=BATCH,
        max_batching_window=WINDOW,
        max_concurrency=AT_ONCE,
        report_batch_item_failures=True,
    )
    own = "the queue has its own: the queue of failed runs, which an alarm watches"
    acknowledge(mapping, {"Serverless-LambdaEventSourceMappingDestination": own})

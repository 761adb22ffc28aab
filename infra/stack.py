"""One backup set's stack: topic, function and role, a rule for each period, three queues, alarms and dashboard."""

from pathlib import Path

from aws_cdk import Annotations, Duration, Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from ebs_backup import __version__
from ebs_backup.names import TAG_SET, Period
from infra.again import deliver, failed_snapshots
from infra.alerts import alarms, report_topic
from infra.bundle import RUNTIME
from infra.dashboard import dashboard
from infra.findings import acknowledge
from infra.outputs import outputs
from infra.recycle_bin import retention_rule
from infra.role import function_role, let_go_on
from infra.settings.stack_settings import StackSettings
from infra.settings.targets import Target

MEMORY = 256  # MB: docs/performance.md, "Memory size by cost"


class BackupStack(Stack):
    """The resources of one backup set in one region.

    Function, log and dashboard have plain names; all other physical names are CloudFormation's own.
    """

    def __init__(
        self, scope: Construct, target: Target, *, function: Path, account: str | None = None
    ) -> None:
        settings = target.settings
        super().__init__(
            scope,
            target.id,
            stack_name=target.name,
            env=Environment(account=account, region=target.region),
            # The longest selector takes 769 bytes of the 1,024 that CloudFormation allows.
            description=f"ebs-backup: snapshots of every EBS volume tagged {settings.tag_name}={settings.tag_value}",
        )
        _warn_of_unknown_region(self, target.region)
        Tags.of(self).add(TAG_SET, settings.backup_set)
        key = kms.Key.from_key_arn(self, "Key", settings.kms_key_arn) if settings.kms_key_arn else None
        topic = report_topic(self, settings, key)
        undelivered, failed = (_queue(self, name, key) for name in ("UndeliveredEvents", "FailedRuns"))
        broken = failed_snapshots(self, failed=failed, key=key)
        backup = _function(
            self, settings=settings, code=function, topic=topic, failed=failed, broken=broken, key=key
        )
        deliver(self, queue=broken, function=backup)
        for period in settings.periods:
            _rule(self, period, settings=settings, function=backup, undelivered=undelivered)
        watching = alarms(
            self, settings, reports=topic, function=backup, undelivered=undelivered, failed=failed
        )
        retention_rule(self, settings)
        if settings.dashboard:
            dashboard(self, settings, function=backup, alarms=watching)
        outputs(
            self,
            settings,
            FunctionName=backup.function_name,
            TopicArn=topic.topic_arn,
            LogGroupName=backup.log_group.log_group_name,
            RuleQueueUrl=undelivered.queue_url,
            FailureQueueUrl=failed.queue_url,
            SnapshotQueueUrl=broken.queue_url,
        )


def _warn_of_unknown_region(scope: Construct, region: str | None) -> None:
    """Warn about a region that the CDK does not know; it may be newer than the pinned CDK."""
    if region and region not in {known.name for known in RegionInfo.regions}:
        Annotations.of(scope).add_warning_v2(
            "ebs-backup:unknown-region",
            f"the CDK does not know the region {region}: check its spelling, or the deploy cannot find it",
        )


def _queue(scope: Construct, name: str, key: kms.IKey | None) -> sqs.Queue:
    queue = sqs.Queue(
        scope,
        name,
        retention_period=Duration.days(14),
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        enforce_ssl=True,
    )
    last = "undelivered events and failed runs end in this queue, so it needs no further one; an alarm watches it, a person empties it"
    acknowledge(queue, {"AwsSolutions-SQS3": last, "Serverless-SQSRedrivePolicy": last})
    return queue


def _function(  # noqa: PLR0913 - a part each
    scope: Construct,
    *,
    settings: StackSettings,
    code: Path,
    topic: sns.ITopic,
    failed: sqs.Queue,
    broken: sqs.Queue,
    key: kms.IKey | None,
) -> lambda_.Function:
    log = _log(scope, settings, key)
    role = _role(scope, settings, topic=topic, log=log, failed=failed, broken=broken)
    function = lambda_.Function(
        scope,
        "Function",
        # Its id in the tree must not change: a new resource cannot take a name that the old one still has.
        function_name=settings.function_name,
        description=f"EBS backup of set {settings.backup_set}, version {__version__}",  # `ebs-backup doctor` reads it
        code=lambda_.Code.from_asset(str(code)),
        handler="ebs_backup.handler.handler",
        runtime=lambda_.Runtime(f"python{RUNTIME}", lambda_.RuntimeFamily.PYTHON),
        architecture=lambda_.Architecture.ARM_64,
        memory_size=MEMORY,
        timeout=Duration.minutes(15),
        role=role.without_policy_updates(),
        log_group=log,
        logging_format=lambda_.LoggingFormat.JSON,
        environment=settings.to_env(topic_arn=topic.topic_arn),
        retry_attempts=2,
        max_event_age=Duration.hours(6),
        on_failure=destinations.SqsDestination(failed),
    )
    let_go_on(scope, role=role, function_arn=function.function_arn)
    _explain(function)
    return function


def _role(
    scope: Construct,
    settings: StackSettings,
    *,
    topic: sns.ITopic,
    log: logs.LogGroup,
    failed: sqs.Queue,
    broken: sqs.Queue,
) -> iam.Role:
    return function_role(
        scope,
        settings=settings,
        topic_arn=topic.topic_arn,
        log_group_arn=_arn(log),
        failures_arn=failed.queue_arn,
        snapshots_arn=broken.queue_arn,
    )


def _log(scope: Construct, settings: StackSettings, key: kms.IKey | None) -> logs.LogGroup:
    """Create the log group; reports that were cut refer to it, so it keeps its lines for a long time.

    It is deleted with the stack: otherwise it would keep its name, and no later deploy could create it again.
    """
    return logs.LogGroup(
        scope,
        "Log",
        log_group_name=f"/aws/lambda/{settings.function_name}",
        retention=logs.RetentionDays.SIX_MONTHS,
        removal_policy=RemovalPolicy.DESTROY,
        encryption_key=key,
    )


def _arn(log: logs.LogGroup) -> str:
    """Return the group's own ARN; the CDK's ends with `:*`, for its streams."""
    stack = Stack.of(log)
    return f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{log.log_group_name}"


def _explain(function: lambda_.Function) -> None:
    runtime = "the newest runtime that the tests run on (docs/decisions/0001)"
    acknowledge(
        function,
        {
            "AwsSolutions-L1": runtime,
            "Serverless-LambdaLatestVersion": runtime,
            "Serverless-LambdaDLQ": "its failure destination does the same, and also says what went wrong",
            "Serverless-LambdaTracing": "one function and no callers: the log has each step, without xray:* in the role",
        },
    )


def _rule(
    scope: Construct,
    period: Period,
    *,
    settings: StackSettings,
    function: lambda_.Function,
    undelivered: sqs.Queue,
) -> None:
    """Create the rule of one period; the event's own time is the run's identity, the same on every redelivery."""
    events.Rule(
        scope,
        f"Rule {period}",
        description=f"The {period} backup of set {settings.backup_set} (UTC)",
        schedule=events.Schedule.expression(f"cron({settings.schedule(period)})"),
        targets=[
            targets.LambdaFunction(
                function,
                event=events.RuleTargetInput.from_object(
                    {"period": period.value, "time": events.EventField.time}
                ),
                dead_letter_queue=undelivered,
                retry_attempts=185,
                max_event_age=Duration.hours(24),
            )
        ],
    )

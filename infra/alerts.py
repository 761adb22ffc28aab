"""The topics for reports and alarms, and the alarms for what no report can say."""

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.commands import invoke
from infra.last_run import last_run_alarms
from infra.metrics import completed
from infra.settings.intervals import MOST_HOURS, heartbeat_hours
from infra.settings.stack_settings import StackSettings

FIVE_MINUTES = Duration.minutes(5)


def report_topic(scope: Construct, settings: StackSettings, key: kms.IKey | None) -> sns.ITopic:
    """Create the topic, or use the given one, and subscribe the addresses.

    The construct ids must not change: another id makes another topic, and every address would have to confirm again.
    """
    if settings.topic_arn:
        topic = sns.Topic.from_topic_arn(scope, "Topic", settings.topic_arn)
    else:
        topic = _topic(scope, settings, key)
    for address in settings.alert_email:
        sns.Subscription(
            scope, f"Mail {address}", topic=topic, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=address
        )
    if settings.topic_arn and not settings.kms_key_arn:
        Annotations.of(scope).add_warning_v2(
            "ebs-backup:topic-may-be-encrypted",
            "topic_arn is given without kms_key_arn: if that topic is encrypted with a key of your own, no report can be"
            " mailed. Deploy with kms_key_arn set to the topic's key (then the queues and the log use it too)",
        )
    if not settings.alert_email and not settings.topic_arn:
        Annotations.of(scope).add_warning_v2(
            "ebs-backup:nobody-is-told",
            "alert_email and topic_arn are both empty: nobody is told when a backup fails."
            " Set alert_email in settings.toml, and deploy again",
        )
    return topic


def alarm_topic(scope: Construct, settings: StackSettings, report_topic: sns.ITopic) -> sns.ITopic:
    """Return the topic for the alarms: the one for the reports, if no other is given."""
    if not settings.alarm_topic_arn:
        return report_topic
    if not settings.kms_key_arn:
        Annotations.of(scope).add_warning_v2(
            "ebs-backup:alarm-topic-may-be-encrypted",
            "alarm_topic_arn is given: if that topic is encrypted with alias/aws/sns, or with a key whose policy does not"
            " let cloudwatch.amazonaws.com use it, no alarm arrives. Its own policy must let it publish, too."
            " Try it: docs/operating.md, A topic of its own for the alarms",
        )
    return sns.Topic.from_topic_arn(scope, "AlarmTopic", settings.alarm_topic_arn)


def _topic(scope: Construct, settings: StackSettings, key: kms.IKey | None) -> sns.Topic:
    name = f"EBS backup {settings.backup_set}"[:100]
    topic = sns.Topic(scope, "Topic", display_name=name, enforce_ssl=True, master_key=key)
    # enforce_ssl writes a policy with only a Deny, which would stop the alarms' mails.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsPublish",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        )
    )
    return topic


def alarms(
    scope: Construct,
    settings: StackSettings,
    *,
    reports: sns.ITopic,
    function: lambda_.Function,
    undelivered: sqs.IQueue,
    failed: sqs.IQueue,
) -> list[cloudwatch.Alarm]:
    """Create the alarms; each text says what happened and what to do, for the person whom it wakes."""
    region = Stack.of(scope).region
    what = f"EBS backups of set {settings.backup_set} in {region}"
    made = [
        _errors(scope, function=function, what=what),
        _queued(
            scope,
            "RunFailed",
            queue=failed,
            text=f"{what}: a run failed three times: it may lack backups. Or the mail on a failed"
            f" snapshot did (snapshot_id): the next run tells. {_read(failed, region)} . responsePayload says why; requestPayload has"
            " PERIOD and TIME.",
            function=function,
        ),
        _queued(
            scope,
            "RunNotDelivered",
            queue=undelivered,
            text=f"{what}: EventBridge could not start a run."
            f" {_read(undelivered, region)} --message-attribute-names All . The attributes say why and name the"
            " rule, which names PERIOD; the body has TIME.",
            function=function,
        ),
        *_heartbeat(scope, settings, function=function, what=what),
        *last_run_alarms(scope, settings, function=function, what=what),
    ]
    to = actions.SnsAction(alarm_topic(scope, settings, reports))
    for alarm in made:
        alarm.add_alarm_action(to)
    return made


def _errors(scope: Construct, *, function: lambda_.Function, what: str) -> cloudwatch.Alarm:
    """Watch for runs that raise, time out or run out of memory.

    Lambda stamps an error with the start of the invocation, so one that dies after 15 minutes arrives three periods
    late. CloudWatch looks only at the alarm's own periods and a few more that it does not promise. So there are six
    periods, and an error in one of them is enough.
    """
    region = Stack.of(scope).region
    text = (
        f"{what}: a run failed, or its report could not be mailed. You need not start anything: Lambda tries"
        " it twice more within minutes. If that fails too, the alarm RunFailed goes off. To see why: aws logs tail"
        f" {function.log_group.log_group_name} --region {region} --since 2h"
        """ --filter-pattern '?ERROR ?timeout ?"Runtime."' . Fix what the log names."""
    )
    return _alarm(
        scope,
        "FunctionErrors",
        metric=function.metric_errors(period=FIVE_MINUTES, statistic="Sum"),
        periods=6,
        # No data means no error: the function runs a few times a week.
        missing=cloudwatch.TreatMissingData.NOT_BREACHING,
        text=text,
    )


def _queued(
    scope: Construct, name: str, *, queue: sqs.IQueue, text: str, function: lambda_.IFunction
) -> cloudwatch.Alarm:
    """Watch a queue that should be empty."""
    region = Stack.of(scope).region
    again = invoke(region=region, function=function.function_name, event={"period": "PERIOD", "time": "TIME"})
    return _alarm(
        scope,
        name,
        metric=queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum"),
        periods=1,
        # SQS stops sending a queue's metrics when nobody uses it for six hours, but the message is still there.
        missing=cloudwatch.TreatMissingData.IGNORE,
        text=f"{text} Fix that, redo the run (it makes what is missing; no time if it has none): {again} ."
        f" Then empty the queue: aws sqs purge-queue --region {region} --queue-url {queue.queue_url}",
    )


def _read(queue: sqs.IQueue, region: str) -> str:
    return f"Read: aws sqs receive-message --region {region} --queue-url {queue.queue_url}"


def _heartbeat(
    scope: Construct, settings: StackSettings, *, function: lambda_.Function, what: str
) -> list[cloudwatch.Alarm]:
    """Watch that runs come at all, and that somebody gets their reports (docs/decisions/0007 and 0023)."""
    hours = heartbeat_hours(settings)
    if hours is None:
        Annotations.of(scope).add_warning_v2(
            "ebs-backup:nobody-watches-the-runs",
            f"the schedules of set {settings.backup_set} pause for longer than CloudWatch looks back ({MOST_HOURS}"
            " hours), so no alarm can tell you that the runs have stopped. Let one period run at least every six days.",
        )
        return []
    region = Stack.of(scope).region
    first, *others = settings.periods
    rest = f" (then do the same with {' and '.join(others)})" if others else ""
    start = invoke(region=region, function=function.function_name, event={"period": first.value})
    alarm = cloudwatch.Alarm(
        scope,
        "NoRunCompleted",
        metric=completed(settings, per=Duration.hours(1)),
        threshold=1,
        evaluation_periods=hours,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        # This alarm is about missing data.
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        alarm_description=f"{what}: for {hours} hours no run was completed, or nobody gets the mails. Start one:"
        f""" {start} . Just after a deploy, this turns the alarm green within the hour{rest}."""
        " Otherwise wait for its mail. If none comes, nobody is subscribed (subscribe again), or the function fails"
        f" (see its log). If one comes, check the rules, one each for {', '.join(settings.periods)}. List them:"
        f" aws events list-rule-names-by-target --region {region} --target-arn {function.function_arn} ."
        f" Enable one: aws events enable-rule --region {region} --name NAME . If one is missing, npx cdk deploy makes it"
        " again.",
    )
    return [alarm]


def _alarm(
    scope: Construct,
    name: str,
    *,
    metric: cloudwatch.IMetric,
    periods: int,
    missing: cloudwatch.TreatMissingData,
    text: str,
) -> cloudwatch.Alarm:
    """Create an alarm that goes off when its metric is one or more in one of its periods."""
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        threshold=1,
        evaluation_periods=periods,
        datapoints_to_alarm=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=missing,
        alarm_description=text,
    )

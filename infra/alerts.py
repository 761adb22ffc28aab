"""Who is told: the topic that carries the reports, and the alarms for what no report can tell."""

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ebs_backup.settings import Settings
from infra.metrics import completed
from infra.schedule import MOST_HOURS, heartbeat_hours


def report_topic(scope: Construct, settings: Settings, key: kms.IKey | None) -> sns.ITopic:
    """Make the topic, or take the given one, and subscribe the addresses.

    The construct ids must stay: another id is another topic, and every address would have to confirm again.
    """
    if settings.topic_arn:
        topic = sns.Topic.from_topic_arn(scope, "Topic", settings.topic_arn)
    else:
        topic = _topic(scope, settings, key)
    for address in settings.alert_email:
        sns.Subscription(
            scope, f"Mail {address}", topic=topic, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=address
        )
    if not settings.alert_email and not settings.topic_arn:
        Annotations.of(scope).add_warning_v2(
            "ebs-backup:nobody-is-told",
            "alert_email and topic_arn are both empty: nobody is told when a backup fails."
            " Deploy with -c alert_email=you@example.com",
        )
    return topic


def _topic(scope: Construct, settings: Settings, key: kms.IKey | None) -> sns.Topic:
    name = f"EBS backup {settings.backup_set}"[:100]
    topic = sns.Topic(scope, "Topic", display_name=name, enforce_ssl=True, master_key=key)
    # enforce_ssl writes a policy with a Deny alone, which would silence the alarms.
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
    settings: Settings,
    *,
    topic: sns.ITopic,
    function: lambda_.Function,
    undelivered: sqs.IQueue,
    failed: sqs.IQueue,
) -> list[cloudwatch.Alarm]:
    """Make the alarms; each text says what happened and what to do, for whoever is woken by it."""
    region = Stack.of(scope).region
    what = f"For whoever looks after the EBS backups of set {settings.backup_set} in {region}"
    again = (
        # Queued: an answer that takes over a minute makes the CLI call again, and that would be another run.
        f"aws lambda invoke --invocation-type Event --region {region} --function-name {function.function_name}"
        """ --payload '{"period":"day"}' --cli-binary-format raw-in-base64-out answer.json"""
    )
    errors = (
        f"{what}: a run broke, or its report could not be mailed. Lambda tries it twice more by itself within minutes;"
        f" the alarm RunFailed follows if that does not help. Why: aws logs tail {function.log_group.log_group_name}"
        f" --region {region} --since 1h --filter-pattern ERROR . Mend what it names, then run it (day, week or month;"
        f" it makes only what is lacking): {again}"
    )
    made = [
        _alarm(
            scope,
            "FunctionErrors",
            metric=function.metric_errors(period=Duration.minutes(5), statistic="Sum"),
            text=errors,
        ),
        _alarm(
            scope,
            "RunFailed",
            metric=_waiting(failed),
            text=f"{what}: a run broke three times and was given up: volumes may have no backup of that day, week or"
            f" month. {_read(failed, region)} Mend what it names, then run with its period and time: {again} ."
            f" {_purge(failed, region)}",
        ),
        _alarm(
            scope,
            "RunNotDelivered",
            metric=_waiting(undelivered),
            text=f"{what}: EventBridge could not start the function: that run did not happen."
            f" {_read(undelivered, region)} Its attributes say why. Mend that, then run with its period and time:"
            f" {again} . {_purge(undelivered, region)}",
        ),
        *_heartbeat(scope, settings, function=function, what=what, again=again),
    ]
    for alarm in made:
        alarm.add_alarm_action(actions.SnsAction(topic))
    return made


def _waiting(queue: sqs.IQueue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(
        period=Duration.minutes(5), statistic="Maximum"
    )


def _read(queue: sqs.IQueue, region: str) -> str:
    return f"Read: aws sqs receive-message --region {region} --message-attribute-names All --queue-url {queue.queue_url} ."


def _purge(queue: sqs.IQueue, region: str) -> str:
    return f"To end this alarm: aws sqs purge-queue --region {region} --queue-url {queue.queue_url}"


def _heartbeat(
    scope: Construct, settings: Settings, *, function: lambda_.Function, what: str, again: str
) -> list[cloudwatch.Alarm]:
    """Watch that runs come at all: the one alarm that speaks when nothing is there to fail (docs/decisions/0007)."""
    hours = heartbeat_hours(settings)
    if hours is None:
        Annotations.of(scope).add_warning_v2(
            "ebs-backup:nobody-watches-the-runs",
            f"the schedules of set {settings.backup_set} pause for longer than CloudWatch looks back ({MOST_HOURS}"
            " hours): no alarm tells when no run comes any more. Let one period run at least every six days.",
        )
        return []
    region = Stack.of(scope).region
    alarm = cloudwatch.Alarm(
        scope,
        "NoRunCompleted",
        metric=completed(settings, per=Duration.hours(1)),
        threshold=1,
        evaluation_periods=hours,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        # No data is exactly what this one is about.
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        alarm_description=f"{what}: no run came to its end for {hours} hours, so nothing is backed up. Just deployed? Run it once"
        f" by hand, and this ends within the hour: {again} . The same with week and month. Otherwise run that too: if"
        " no mail comes, the function is the cause, and its log says why; if one comes, the rules are. Are there three,"
        f" and ENABLED? aws events list-rule-names-by-target --region {region} --target-arn {function.function_arn} ,"
        f" then aws events enable-rule --region {region} --name NAME . Are they gone? cdk deploy makes them again.",
    )
    return [alarm]


def _alarm(scope: Construct, name: str, *, metric: cloudwatch.IMetric, text: str) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        # No data is no error: the function runs a few times a week.
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=text,
    )

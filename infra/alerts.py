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
    function: lambda_.IFunction,
    undelivered: sqs.IQueue,
    failed: sqs.IQueue,
) -> None:
    """Make the alarms; each text says what happened and what to do, for whoever is woken by it."""
    what = f"EBS backup of set {settings.backup_set}"
    again = f'aws lambda invoke --function-name {function.function_name} --payload \'{{"period":"day"}}\' --cli-binary-format raw-in-base64-out answer.json'
    _alarm(
        scope,
        "FunctionErrors",
        topic=topic,
        metric=function.metric_errors(period=Duration.minutes(5), statistic="Sum"),
        text=f"{what}: a run broke or its report could not be mailed. Lambda tries it twice more by itself."
        f" Look for ERROR in the function's log; run it again by hand: {again}",
    )
    _alarm(
        scope,
        "RunFailed",
        topic=topic,
        metric=failed.metric_approximate_number_of_messages_visible(
            period=Duration.minutes(5), statistic="Maximum"
        ),
        text=f"{what}: a run broke three times and was given up: volumes may have no backup of that day, week or"
        f" month. Read the message in {failed.queue_name}, mend what it names, then run again (it makes only what is"
        f" lacking): {again} . Purge the queue to end this alarm.",
    )
    _alarm(
        scope,
        "RunNotDelivered",
        topic=topic,
        metric=undelivered.metric_approximate_number_of_messages_visible(
            period=Duration.minutes(5), statistic="Maximum"
        ),
        text=f"{what}: EventBridge could not start the function: that run did not happen. The message in"
        f" {undelivered.queue_name} says why. Mend it and run by hand: {again} . Purge the queue to end this alarm.",
    )


def _alarm(scope: Construct, name: str, *, topic: sns.ITopic, metric: cloudwatch.IMetric, text: str) -> None:
    alarm = cloudwatch.Alarm(
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
    alarm.add_alarm_action(actions.SnsAction(topic))

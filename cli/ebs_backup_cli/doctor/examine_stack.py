"""What `doctor` checks in the deployed stack: version, role, rules, alarms and dead letters."""

from collections.abc import Iterator, Mapping
from typing import Any

from ebs_backup import __version__
from ebs_backup.names import TAG_SET, Period
from ebs_backup.settings import Settings
from ebs_backup_cli.aws.stack import ALARM, QUEUE, RULE, Stack
from ebs_backup_cli.doctor.findings import Finding, bad, good, look, some

DEPLOY = "Deploy again: `cdk deploy` with the same settings."


def stack(of: Stack) -> Iterator[Finding]:
    """Check that the stack and its function exist and are complete, and their version."""
    function = of.function
    name, version = function["FunctionName"], of.version or "not told"
    state, update = function.get("State", "Active"), function.get("LastUpdateStatus", "Successful")
    if state not in ("Active", "Inactive", "Pending") or update == "Failed":
        yield bad("function", f"{name} is {state}, its last update {update}", DEPLOY)
    elif of.version and of.version != __version__:
        text = f"{name} has version {version}, this command {__version__}"
        yield look("function", text, "Use the same version of both: " + DEPLOY)
    else:
        yield good("function", f"{name}, version {version}")
    status = of.status
    if "FAILED" in status or "ROLLBACK_COMPLETE" in status:
        advice = "Read its events in the CloudFormation console, then deploy again."
        yield (bad if "FAILED" in status else look)("stack", f"{of.name}: {status}", advice)
    else:
        yield good("stack", f"{of.name}: {status}")


def rules(of: Stack, settings: Settings) -> Iterator[Finding]:
    """Check that each period's rule exists, is enabled, and has the schedule of the settings."""
    named = of.named(RULE)
    for period in settings.periods:
        name = next((name for logical, name in named.items() if logical.startswith(f"Rule{period}")), "")
        if not name:
            yield bad("rule", f"{period}: the stack has no rule", DEPLOY)
        else:
            yield _rule(of, period, name.rpartition("/")[2].rpartition("|")[2], settings.schedule(period))


def _rule(of: Stack, period: Period, name: str, schedule: str) -> Finding:
    client = of.client("events")
    try:
        rule: Mapping[str, Any] = client.describe_rule(Name=name)
    except client.exceptions.ResourceNotFoundException:
        return bad("rule", f"{period}: the rule {name} was deleted", DEPLOY)
    if rule.get("State") == "DISABLED":
        command = f"aws events enable-rule --region {of.session.region_name} --name {name}"
        return bad("rule", f"{period}: the rule is disabled", f"Enable it: {command}")
    fires = rule.get("ScheduleExpression", "")
    if fires != f"cron({schedule})":
        return bad("rule", f"{period}: the rule fires at {fires}, the settings say {schedule}", DEPLOY)
    return good("rule", f"{period}: enabled, {schedule} (UTC)")


def alarms(of: Stack) -> Iterator[Finding]:
    """Check that the stack's alarms exist, can mail somebody, and are not going off."""
    named = of.named(ALARM)
    if not named:
        yield look("alarm", "the stack has no alarms", DEPLOY)
        return
    listed = of.client("cloudwatch").describe_alarms(AlarmNames=list(named.values()))["MetricAlarms"]
    by_name = {alarm["AlarmName"]: alarm for alarm in listed}
    fine = 0
    for logical, name in named.items():
        found = by_name.get(name)
        short = logical[:-8] if len(logical) > 8 else logical  # without CloudFormation's hash
        describe = f"aws cloudwatch describe-alarms --region {of.session.region_name} --alarm-names {name}"
        if found is None:
            yield bad("alarm", f"{short} was deleted", DEPLOY)
        elif found["StateValue"] == "ALARM":
            yield bad(
                "alarm",
                f"{short} is going off: {found.get('StateReason', '')}"[:300],
                f"What to do: {describe}",
            )
        elif not found.get("ActionsEnabled", True):
            enable = (
                f"aws cloudwatch enable-alarm-actions --region {of.session.region_name} --alarm-names {name}"
            )
            yield bad("alarm", f"{short} mails nobody: its actions are disabled", f"Enable them: {enable}")
        else:
            fine += 1
    if fine:
        yield good("alarm", f"{fine} of {len(named)} quiet")


def dead_letters(of: Stack) -> Iterator[Finding]:
    """Check the queues of events that could not be delivered and of failed runs."""
    for logical, url in of.named(QUEUE).items():
        what = (
            "runs that failed" if logical.startswith("FailedRuns") else "events that could not be delivered"
        )
        asked = of.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        waiting = int(asked.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))
        if waiting:
            read = f"aws sqs receive-message --region {of.session.region_name} --queue-url {url}"
            yield bad("dead letters", f"{what}: {waiting:,} waiting", f"Read why: {read}")
        else:
            yield good("dead letters", f"{what}: none")


def role(of: Stack, settings: Settings, account: str) -> Iterator[Finding]:
    """Ask IAM whether the function's role may do what a run does; only `check` shows SCPs."""
    arn = of.function["Role"]
    partition, region = arn.split(":")[1], of.session.region_name
    volume = f"arn:{partition}:ec2:{region}:{account}:volume/vol-0123456789abcdef0"
    snapshot = f"arn:{partition}:ec2:{region}::snapshot/snap-0123456789abcdef0"
    tag, ours = f"aws:ResourceTag/{settings.tag_name}", settings.backup_set
    questions: list[tuple[list[str], list[str], dict[str, str]]] = [
        (
            ["ec2:DescribeVolumes", "ec2:DescribeSnapshots", "ec2:DescribeTags"],
            ["*"],
            {"aws:RequestedRegion": region or ""},
        ),
        (["ec2:CreateSnapshot"], [volume], {tag: settings.tag_value}),
        (["ec2:CreateSnapshot"], [snapshot], {f"aws:RequestTag/{TAG_SET}": ours}),
        (["ec2:CreateTags"], [snapshot], {"ec2:CreateAction": "CreateSnapshot"}),
        (["ec2:DeleteSnapshot"], [snapshot], {f"aws:ResourceTag/{TAG_SET}": ours}),
        (["lambda:InvokeFunction"], [of.function["FunctionArn"]], {}),
    ]
    if settings.topic_arn:
        questions.append((["sns:Publish", "sns:GetTopicAttributes"], [settings.topic_arn], {}))
    refused = [action for question in questions for action in _refused(of, arn, *question)]
    if refused:
        advice = f"If somebody edited the role, undo that. {DEPLOY}"
        yield bad("role", f"the function may not {some(dict.fromkeys(refused))}", advice, refused)
    else:
        yield good("role", "the function may do what a run needs (IAM's simulation)")


def _refused(
    of: Stack, role: str, actions: list[str], resources: list[str], context: Mapping[str, str]
) -> Iterator[str]:
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in context.items()
    ]
    answer = of.client("iam").simulate_principal_policy(
        PolicySourceArn=role, ActionNames=actions, ResourceArns=resources, ContextEntries=entries
    )
    for result in answer["EvaluationResults"]:
        if result["EvalDecision"] != "allowed":
            yield result["EvalActionName"]

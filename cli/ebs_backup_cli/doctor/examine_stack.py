"""What `doctor` checks in the deployed stack: version, role, rules, alarms and dead letters."""

from collections.abc import Iterator, Mapping
from typing import Any

from ebs_backup import __version__
from ebs_backup.names import TAG_SET
from ebs_backup.settings import Settings
from ebs_backup_cli.aws.stack import ALARM, QUEUE, RULE, Stack
from ebs_backup_cli.doctor.findings import Finding, bad, good, look, some

DEAD_LETTERS = {"FailedRuns": "runs that failed", "UndeliveredEvents": "events that could not be delivered"}
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
    """Check that each rule exists and is enabled, and that each period's has the schedule of the settings."""
    named = of.named(RULE)
    wanted = {f"Rule{period}": (period.value, settings.schedule(period)) for period in settings.periods}
    wanted["FailedSnapshotsRule"] = ("failed snapshots", "")
    for start, (what, schedule) in wanted.items():
        name = next((name for logical, name in named.items() if logical.startswith(start)), "")
        if not name:
            yield bad("rule", f"{what}: the stack has no rule", DEPLOY)
        else:
            yield _rule(of, what, name.rpartition("/")[2].rpartition("|")[2], schedule)


def _rule(of: Stack, what: str, name: str, schedule: str) -> Finding:
    client = of.client("events")
    try:
        rule: Mapping[str, Any] = client.describe_rule(Name=name)
    except client.exceptions.ResourceNotFoundException:
        return bad("rule", f"{what}: the rule {name} was deleted", DEPLOY)
    if rule.get("State") == "DISABLED":
        command = f"aws events enable-rule --region {of.session.region_name} --name {name}"
        return bad("rule", f"{what}: the rule is disabled", f"Enable it: {command}")
    if not schedule:
        return good("rule", f"{what}: enabled")
    fires = rule.get("ScheduleExpression", "")
    if fires != f"cron({schedule})":
        return bad("rule", f"{what}: the rule fires at {fires}, the settings say {schedule}", DEPLOY)
    return good("rule", f"{what}: enabled, {schedule} (UTC)")


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
        what = next((told for name, told in DEAD_LETTERS.items() if logical.startswith(name)), None)
        if what is None:  # the queue of failed snapshots: what is in there is about to be taken
            continue
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

"""What the function may do: one statement for each purpose, and nothing else."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from ebs_backup.names import TAG_SET
from infra.findings import acknowledge, wildcard
from infra.settings.stack_settings import StackSettings


def function_role(
    scope: Construct,
    *,
    settings: StackSettings,
    topic_arn: str,
    log_group_arn: str,
    failures_arn: str,
    snapshots_arn: str,
) -> iam.Role:
    """Create the role. Sources: the service authorization references of EC2, SNS, CloudWatch Logs and SQS."""
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"ebs-backup {settings.backup_set}: snapshots tagged volumes, deletes its own snapshots",
    )
    for statement in (
        *ec2_statements(Stack.of(scope), settings),
        # Mail the report.
        _allow("MailTheReport", "sns:Publish", topic_arn),
        # Count who gets it.
        _allow("CountTheSubscribers", "sns:GetTopicAttributes", topic_arn),
        # Write the log, of this function alone.
        _allow("WriteTheLog", "logs:CreateLogStream", f"{log_group_arn}:*", more=["logs:PutLogEvents"]),
        # Lambda puts the events of failed runs there, with the function's role.
        _allow("KeepFailedRuns", "sqs:SendMessage", failures_arn),
        # Lambda takes the events of failed snapshots from there, with the function's role.
        _allow(
            "TakeFailedSnapshots",
            "sqs:ReceiveMessage",
            snapshots_arn,
            more=["sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        ),
    ):
        role.add_to_policy(statement)
    if settings.kms_key_arn:
        role.add_to_policy(_use_the_key(Stack.of(scope), settings.kms_key_arn))
    _explain(role, log_group_arn)
    return role


def _explain(role: iam.Role, log_group_arn: str) -> None:
    """Accept each resource with a `*` in it, with the reason why the statement is still narrow."""
    stack = Stack.of(role)
    reasons = {
        "*": "EC2 cannot scope a listing below the region; the statement names the region",
        _volumes(stack): "the statement's condition says which volumes: those with the tag",
        _snapshots(stack): "each statement's condition says which snapshots: those with the set's tag",
        f"{log_group_arn}:*": "the streams of the function's own log group",
    }
    acknowledge(role, {wildcard(role, resource): reason for resource, reason in reasons.items()})


def _use_the_key(stack: Stack, key_arn: str) -> iam.PolicyStatement:
    """Return the statement for the account's own key of topic and queue: it can only be used through SNS and SQS."""
    through = [f"{service}.{stack.region}.amazonaws.com" for service in ("sns", "sqs")]
    return _allow(
        "UseTheKey",
        "kms:GenerateDataKey",
        key_arn,
        more=["kms:Decrypt"],
        equals={"kms:ViaService": through},
    )


def let_go_on(scope: Construct, *, role: iam.Role, function_arn: str) -> None:
    """Allow the function to invoke itself, for a run that needs more time.

    This is a separate policy: the function is created after the role's default policy, which therefore cannot name it.
    """
    statement = _allow("GoOnInAFurtherInvocation", "lambda:InvokeFunction", function_arn)
    iam.Policy(scope, "GoOn", roles=[role], statements=[statement])


def _volumes(stack: Stack) -> str:
    return f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}:volume/*"


def _snapshots(stack: Stack) -> str:
    return f"arn:{stack.partition}:ec2:{stack.region}::snapshot/*"


def ec2_statements(stack: Stack, settings: StackSettings) -> tuple[iam.PolicyStatement, ...]:
    """Return the statements on EC2; a snapshot's ARN has no account, so only its tag says that it is ours."""
    volumes, snapshots = _volumes(stack), _snapshots(stack)
    ours = {f"aws:ResourceTag/{TAG_SET}": settings.backup_set}
    return (
        # List volumes and snapshots, and tags for the instances' names: EC2 cannot scope a listing below the region.
        _allow(
            "ListVolumesAndSnapshots",
            "ec2:DescribeVolumes",
            "*",
            more=("ec2:DescribeSnapshots", "ec2:DescribeTags"),
            equals={"aws:RequestedRegion": stack.region},
        ),
        # Snapshot a volume only if it carries the tag ...
        _allow(
            "SnapshotTaggedVolumes",
            "ec2:CreateSnapshot",
            volumes,
            equals={f"aws:ResourceTag/{settings.tag_name}": settings.tag_value},
        ),
        # ... and only if the new snapshot is tagged as this backup set's.
        _allow(
            "LabelNewSnapshotsAsOurs",
            "ec2:CreateSnapshot",
            snapshots,
            equals={f"aws:RequestTag/{TAG_SET}": settings.backup_set},
        ),
        # Tag inside the create call only: no existing snapshot can be made ours, and so none can be made deletable.
        _allow(
            "TagOnlyWhileCreating",
            "ec2:CreateTags",
            snapshots,
            equals={"ec2:CreateAction": "CreateSnapshot"},
        ),
        # Delete this backup set's own snapshots, and no other.
        _allow("DeleteOurSnapshots", "ec2:DeleteSnapshot", snapshots, equals=ours),
    )


def _allow(
    sid: str,
    action: str,
    resource: str,
    *,
    more: Sequence[str] = (),
    equals: Mapping[str, str | list[str]] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        actions=[action, *more],
        resources=[resource],
        conditions={"StringEquals": equals} if equals else None,
    )

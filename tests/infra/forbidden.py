"""The calls that the function's role must be refused: what a thief of its credentials could try. See `calls`."""

from collections.abc import Iterator
from dataclasses import replace

from ebs_backup.names import TAG_SET
from tests.infra.calls import (
    ELSEWHERE,
    HOME,
    KEY_USES,
    OURS,
    SNAPSHOTS,
    SNAPSHOTS_ELSEWHERE,
    STREAM,
    Call,
    call,
    invocation,
    labels,
    log_event,
    through,
)

INSTANCE = "i-0123456789abcdef0"


def elsewhere(made: Call) -> Call:
    """Make the call in another region."""
    return replace(made, region=ELSEWHERE)


def _snapshots() -> Iterator[Call]:
    for volume in ("untagged volume", "volume tagged otherwise"):
        yield call(
            f"snapshot of {volume}",
            "ec2.create_snapshot",
            VolumeId=f"{{{volume}}}",
            TagSpecifications=OURS,
        )
    for what, tags in {
        "no tags": [],
        "no set": labels(Name="web"),
        "another set": labels(set="another"),
    }.items():
        yield call(
            f"snapshot with {what}",
            "ec2.create_snapshot",
            VolumeId="{tagged volume}",
            TagSpecifications=tags,
        )
    instance = {"InstanceId": INSTANCE}
    yield call(
        "snapshots of an instance",
        "ec2.create_snapshots",
        InstanceSpecification=instance,
        TagSpecifications=OURS,
    )


def _deletions() -> Iterator[Call]:
    for what in ("another set's snapshot", "hand-made snapshot"):
        yield call(f"delete {what}", "ec2.delete_snapshot", SnapshotId=f"{{{what}}}")
    for what in SNAPSHOTS_ELSEWHERE:
        yield elsewhere(call(f"delete {what}", "ec2.delete_snapshot", SnapshotId=f"{{{what}}}"))


def _tags() -> Iterator[Call]:
    """Make a snapshot ours, and so deletable; make a volume selected, or not."""
    ours, selected = {"Key": TAG_SET, "Value": "default"}, {"Key": "Backup", "Value": "true"}
    for what in SNAPSHOTS:
        yield call(f"tag {what}", "ec2.create_tags", Resources=[f"{{{what}}}"], Tags=[ours])
    for what in ("untagged volume", "tagged volume"):
        yield call(f"tag {what}", "ec2.create_tags", Resources=[f"{{{what}}}"], Tags=[selected])
    yield call("tag an instance", "ec2.create_tags", Resources=[INSTANCE], Tags=[ours])
    yield call("untag a snapshot", "ec2.delete_tags", Resources=["{our snapshot}"], Tags=[{"Key": TAG_SET}])
    yield call("untag a volume", "ec2.delete_tags", Resources=["{tagged volume}"], Tags=[{"Key": "Backup"}])
    for what in ("our snapshot", "tagged volume"):
        yield call(f"take all tags off {what}", "ec2.delete_tags", Resources=[f"{{{what}}}"])


def _shares() -> Iterator[Call]:
    to = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": ["444455556666"]}
    for what in SNAPSHOTS:
        yield call(f"share {what}", "ec2.modify_snapshot_attribute", SnapshotId=f"{{{what}}}", **to)
        yield call(f"copy {what}", "ec2.copy_snapshot", SourceSnapshotId=f"{{{what}}}", SourceRegion=HOME)


REFUSED = (
    *_snapshots(),
    *_deletions(),
    *_tags(),
    *_shares(),
    call("lock a snapshot", "ec2.lock_snapshot", SnapshotId="{our snapshot}", LockMode="governance"),
    call("list what was deleted", "ec2.list_snapshots_in_recycle_bin"),
    call("undelete a snapshot", "ec2.restore_snapshot_from_recycle_bin", SnapshotId="{our snapshot}"),
    call("archive a snapshot", "ec2.modify_snapshot_tier", SnapshotId="{our snapshot}"),
    call(
        "restore a snapshot",
        "ec2.create_volume",
        SnapshotId="{our snapshot}",
        AvailabilityZone=f"{HOME}a",
    ),
    # The volumes themselves, and what they are attached to.
    call("delete a volume", "ec2.delete_volume", VolumeId="{tagged volume}"),
    call("detach a volume", "ec2.detach_volume", VolumeId="{tagged volume}"),
    call("modify a volume", "ec2.modify_volume", VolumeId="{tagged volume}", Size=100),
    call("list instances", "ec2.describe_instances"),
    call("stop an instance", "ec2.stop_instances", InstanceIds=[INSTANCE]),
    elsewhere(call("list volumes elsewhere", "ec2.describe_volumes")),
    elsewhere(call("list snapshots elsewhere", "ec2.describe_snapshots", OwnerIds=["self"])),
    # Mails, queues, logs and functions of others, and what of our own is not the function's to do.
    call("mail to another topic", "sns.publish", TopicArn="{another topic}", Message="m"),
    call("count who gets another topic's mails", "sns.get_topic_attributes", TopicArn="{another topic}"),
    call("read who they are", "sns.list_subscriptions_by_topic", TopicArn="{topic}"),
    call(
        "change the topic",
        "sns.set_topic_attributes",
        TopicArn="{topic}",
        AttributeName="DisplayName",
        AttributeValue="a",
    ),
    call("send a text message", "sns.publish", PhoneNumber="+12065550100", Message="m"),
    call("subscribe", "sns.subscribe", TopicArn="{topic}", Protocol="email", Endpoint="eve@example.com"),
    call("send to another queue", "sqs.send_message", QueueUrl="{another queue}", MessageBody="m"),
    call("read another queue", "sqs.receive_message", QueueUrl="{another queue}"),
    call("read failed runs", "sqs.receive_message", QueueUrl="{failures}"),
    call("send itself a failed snapshot", "sqs.send_message", QueueUrl="{failed snapshots}", MessageBody="m"),
    call("empty the queue of failed snapshots", "sqs.purge_queue", QueueUrl="{failed snapshots}"),
    call("delete from another queue", "sqs.delete_message", QueueUrl="{another queue}", ReceiptHandle="h"),
    call("look at another queue", "sqs.get_queue_attributes", QueueUrl="{another queue}"),
    call("list queues", "sqs.list_queues"),
    call("list logs", "logs.describe_log_groups"),
    call("read the log", "logs.get_log_events", logGroupName="{log group}", logStreamName=STREAM),
    call("delete the log", "logs.delete_log_group", logGroupName="{log group}"),
    call("begin another log", "logs.create_log_stream", logGroupName="{another log}", logStreamName=STREAM),
    call("write another log", "logs.put_log_events", **log_event("{another log}")),
    call("invoke another function", "lambda.invoke", **invocation("{another function}")),
    call("read its own code", "lambda.get_function", FunctionName="{function}"),
    call("change its own code", "lambda.update_function_code", FunctionName="{function}", ZipFile=b"zip"),
    # The rest of the account.
    call("list buckets", "s3.list_buckets"),
    call("list a bucket", "s3.list_objects_v2", Bucket="{bucket}"),
    call("read a file", "s3.get_object", Bucket="{bucket}", Key="a"),
    call("list roles", "iam.list_roles"),
    call("read its own role", "iam.get_role", RoleName="{role}"),
    call("widen its own role", "iam.put_role_policy", RoleName="{role}", PolicyName="a", PolicyDocument="b"),
    # A snapshot of an encrypted volume needs no key, and the key of topic and queues is for SNS and SQS alone.
    *(replace(call, what=f"{call.what} itself") for call in KEY_USES),
    call("decrypt with another key", "kms.decrypt", KeyId="{another key}", CiphertextBlob=b"words"),
)
# No test can act as a service that calls in the function's name, so only an evaluator of policies gets these.
REFUSED_THROUGH_A_SERVICE = (
    *through("s3", KEY_USES),
    *through("ec2", KEY_USES),
    *through(
        "sns",
        (
            call("decrypt with another key", "kms.decrypt", KeyId="{another key}", CiphertextBlob=b"words"),
            call("encrypt", "kms.encrypt", KeyId="{key}", Plaintext=b"words"),
        ),
    ),
)

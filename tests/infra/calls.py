"""The calls that the function's role needs: data for whoever judges the role. `forbidden` has those it is refused.

A call is what boto3 takes. `{name}` in a parameter stands for the id, name, ARN or URL of that resource; VOLUMES and
SNAPSHOTS say which there are, and their tags. Another call is one more line of NEEDED, with a name of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ebs_backup.names import TAG_OLDER, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE

HOME, ELSEWHERE = "eu-west-1", "us-east-2"
VOLUMES: Mapping[str, Mapping[str, str]] = {
    "tagged volume": {"Backup": "true"},
    "volume tagged otherwise": {"Backup": "True"},
    "untagged volume": {},
}
SNAPSHOTS: Mapping[str, Mapping[str, str]] = {
    "our snapshot": {TAG_SET: "default"},
    "our old snapshot": {TAG_SET: "default"},
    "another set's snapshot": {TAG_SET: "another"},
    "hand-made snapshot": {"Name": "day_snapshot by hand"},
}
SNAPSHOTS_ELSEWHERE = {
    "snapshot elsewhere": {TAG_SET: "default"}
}  # of the same set's stack in another region
STREAM = "of the role"
RUN = "2026-11-23T01:30:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call; `keys` are the conditions that an AWS service adds when it calls in the function's name."""

    what: str
    service: str
    operation: str
    params: Mapping[str, Any]
    region: str = HOME
    keys: Mapping[str, str] = field(default_factory=dict)

    def filled(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return the parameters with the resources' own ids."""
        filled: dict[str, Any] = _filled(self.params, ids)
        return filled


def call(what: str, method: str, **params: object) -> Call:
    """Make a call of boto3's `service.operation`."""
    service, _, operation = method.partition(".")
    return Call(what=what, service=service, operation=operation, params=params)


def labels(**tags: str) -> list[dict[str, Any]]:
    """Write the tags of a new snapshot, `set` being ours."""
    keys = {"set": TAG_SET}
    every = [{"Key": keys.get(key, key), "Value": value} for key, value in tags.items()]
    return [{"ResourceType": "snapshot", "Tags": every}]


def _filled(value: Any, ids: Mapping[str, str]) -> Any:  # noqa: ANN401 - as loose as a call's parameters are
    if isinstance(value, Mapping):
        return {key: _filled(part, ids) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, ids) for part in value]
    return value.format_map(ids) if isinstance(value, str) else value


def log_event(group: str) -> dict[str, Any]:
    """Write one line of a log."""
    events = [{"timestamp": 1, "message": "words"}]
    return {"logGroupName": group, "logStreamName": STREAM, "logEvents": events}


def invocation(function: str) -> dict[str, Any]:
    """Invoke dry: Lambda authorizes it as any other invocation, and does nothing."""
    return {"FunctionName": function, "InvocationType": "DryRun"}


def through(service: str, calls: Iterable[Call]) -> tuple[Call, ...]:
    """Let a service make these calls in the function's name, as SNS and SQS do with a key."""
    keys = {"kms:viaservice": f"{service}.{HOME}.amazonaws.com"}
    return tuple(
        Call(
            what=f"{call.what}, through {service}",
            service=call.service,
            operation=call.operation,
            params=call.params,
            keys=keys,
        )
        for call in calls
    )


OURS = labels(set="default", Name="web")
# All labels that the function sets, and one of `extra_tags`.
ALL_TAGS = labels(
    set="default",
    Name="web",
    CostCenter="4711",
    **{TAG_PERIOD: "day", TAG_RUN: RUN, TAG_SOURCE: "volume={tagged volume} zone=eu-west-1a", TAG_OLDER: "3"},
)
NEEDED = (
    call("list volumes", "ec2.describe_volumes"),
    call(
        "ask for volumes by their ids",
        "ec2.describe_volumes",
        Filters=[{"Name": "volume-id", "Values": ["{tagged volume}"]}],
    ),
    call(
        "list the set's snapshots",
        "ec2.describe_snapshots",
        OwnerIds=["self"],
        Filters=[{"Name": f"tag:{TAG_SET}", "Values": ["default"]}],
    ),
    call(
        "look for this run's snapshots of some volumes",
        "ec2.describe_snapshots",
        OwnerIds=["self"],
        Filters=[
            {"Name": f"tag:{TAG_SET}", "Values": ["default"]},
            {"Name": f"tag:{TAG_PERIOD}", "Values": ["day"]},
            {"Name": f"tag:{TAG_RUN}", "Values": [RUN]},
            {"Name": "volume-id", "Values": ["{tagged volume}"]},
        ],
    ),
    call(
        "look failed snapshots up",
        "ec2.describe_snapshots",
        OwnerIds=["self"],
        Filters=[
            {"Name": f"tag:{TAG_SET}", "Values": ["default"]},
            {"Name": "snapshot-id", "Values": ["{our snapshot}"]},
        ],
    ),
    call(
        "list tags",
        "ec2.describe_tags",
        Filters=[{"Name": "resource-type", "Values": ["instance"]}],
    ),
    call("snapshot", "ec2.create_snapshot", VolumeId="{tagged volume}", TagSpecifications=ALL_TAGS),
    call("delete", "ec2.delete_snapshot", SnapshotId="{our old snapshot}"),
    call("mail", "sns.publish", TopicArn="{topic}", Subject="s", Message="m"),
    call("count who gets the mail", "sns.get_topic_attributes", TopicArn="{topic}"),
    call("go on", "lambda.invoke", **invocation("{function}")),
)
# What Lambda itself does with the role, before, during and after the function's own code.
NEEDED_BY_LAMBDA = (
    call("begin a log", "logs.create_log_stream", logGroupName="{log group}", logStreamName=STREAM),
    call("write the log", "logs.put_log_events", **log_event("{log group}")),
    call("keep a failed run", "sqs.send_message", QueueUrl="{failures}", MessageBody="event"),
    call("look at the queue", "sqs.get_queue_attributes", QueueUrl="{failed snapshots}"),
    call("take a failed snapshot", "sqs.receive_message", QueueUrl="{failed snapshots}"),
    call("let go of it", "sqs.delete_message", QueueUrl="{failed snapshots}", ReceiptHandle="handle"),
)
KEY_USES = (
    call("make a data key", "kms.generate_data_key", KeyId="{key}", KeySpec="AES_256"),
    call("decrypt", "kms.decrypt", KeyId="{key}", CiphertextBlob=b"words"),
)
# What SNS and SQS do with it, where the settings name a key.
NEEDED_WITH_A_KEY = (*through("sns", KEY_USES), *through("sqs", KEY_USES))

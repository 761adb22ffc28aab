"""Calls of boto3 as IAM sees them: which actions are checked, on which resources, with which condition keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra import wire
from tests.infra.calls import Call
from tests.infra.documents import ACCOUNT, Policy
from tests.infra.simulator import Question

ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/ebs-backup-default-Role/function"
# Where IAM's name is not the operation's.
NAMES = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
}
# A key that delegates to IAM, as every key does that the console makes.
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


def of_call(call: Call, policy: Policy, names: Mapping[str, str]) -> list[Question]:
    """List the checks of one call under a policy: it passes if all of them do. `names`: wire.ids."""
    params = call.filled(names)
    name = f"{call.service}:{call.operation.title().replace('_', '')}"
    if call.operation == "create_snapshot":
        checks = list(_create_snapshot(call.region, params))
    else:
        checks = [(NAMES.get(name, name), _arn(call, params), _keys(call, params))]
    role = [{"Version": "2012-10-17", "Statement": list(policy.values())}]
    return [
        Question(
            principal=ROLE,
            action=action,
            resource=resource,
            context={"aws:RequestedRegion": call.region, **call.keys, **context},
            identity=role,
            own=KEY_POLICY if call.service == "kms" else None,
        )
        for action, resource, context in checks
    ]


Check = tuple[str, str, dict[str, Any]]  # action, resource, condition keys


def _create_snapshot(region: str, params: Mapping[str, Any]) -> Iterator[Check]:
    """List the three checks of a create: on the volume, on the new snapshot, and on its tags."""
    volume, snapshot = _ec2(region, params["VolumeId"]), _ec2(region, "snap-new")
    new = {
        tag["Key"]: tag["Value"]
        for specification in params["TagSpecifications"]
        for tag in specification["Tags"]
    }
    yield "ec2:CreateSnapshot", volume, _resource_tags(region, params["VolumeId"])
    yield "ec2:CreateSnapshot", snapshot, request_tags(new)
    if new:
        yield "ec2:CreateTags", snapshot, {**request_tags(new), "ec2:CreateAction": "CreateSnapshot"}


def request_tags(tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys that AWS gives with tags in a request."""
    named = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return {**named, "aws:TagKeys": list(tags)} if tags else {}


def _resource_tags(region: str, resource: str) -> dict[str, Any]:
    tags = wire.TAGS.get(region, {}).get(resource, {})
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def _keys(call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition keys of a call on one resource."""
    if "Resources" in params:
        tags = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags", [])}
        asked = request_tags(tags)
        if call.operation == "delete_tags":  # no values; no key at all if it names no tag
            asked = {key: value for key, value in asked.items() if key == "aws:TagKeys"}
        return {**asked, **_resource_tags(call.region, params["Resources"][0])}
    return _resource_tags(call.region, params.get("SnapshotId", ""))


def _ec2(region: str, resource: str) -> str:
    """Write the ARN of a volume, snapshot (it has no account) or instance."""
    kind = {"vol": "volume", "snap": "snapshot", "i": "instance"}[resource.partition("-")[0]]
    return f"arn:aws:ec2:{region}:{'' if kind == 'snapshot' else ACCOUNT}:{kind}/{resource}"


def _arn(call: Call, params: Mapping[str, Any]) -> str:
    """Write the ARN of the one resource that a call is checked on, or `*`."""
    if call.service == "ec2":
        ids = [params.get(name) for name in ("VolumeId", "SnapshotId", "SourceSnapshotId")]
        ids += [*params.get("Resources", []), *params.get("InstanceIds", [])]
        ids += params.get("InstanceSpecification", {}).values()
        return next((_ec2(call.region, resource) for resource in ids if resource), "*")
    here = f"arn:aws:{call.service}:{call.region}:{ACCOUNT}"
    return next((_named(here, name, value, params) for name, value in params.items()), "*")


def _named(here: str, name: str, value: str, params: Mapping[str, Any]) -> str:
    """Write the ARN of what a call's first parameter names."""
    stream, key = params.get("logStreamName"), params.get("Key")
    arns = {
        "TopicArn": value,
        "PhoneNumber": f"{here}:{value.strip('+')}",  # no topic of ours
        "KeyId": value,
        "QueueUrl": f"{here}:{value.rpartition('/')[2]}",
        "logGroupName": f"{here}:log-group:{value}" + (f":log-stream:{stream}" if stream else ""),
        "FunctionName": value if value.startswith("arn:") else f"{here}:function:{value}",
        "Bucket": f"arn:aws:s3:::{value}" + (f"/{key}" if key else ""),
        "RoleName": f"arn:aws:iam::{ACCOUNT}:role/{value}",
    }
    return str(arns[name])

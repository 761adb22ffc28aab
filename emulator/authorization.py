"""Who may call EC2, checked as AWS does it: on every resource that a call touches, each with its tags and conditions.

Calls on a log are checked on a stream of its group, as AWS does: that is what a resource of `log-group:NAME:*` allows.
Plain HTTP on loopback counts as TLS, so that policies that demand TLS (`aws:SecureTransport`) work as on AWS.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for" Amazon EC2 and CloudWatch Logs.
"""

import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_actions, iam_evaluator, responses
from ministack.services import ec2

from emulator.ebs import Params, one
from emulator.patching import replace
from fake_aws.query import numbered

_asked: ContextVar[Params] = ContextVar("the call that is being authorized", default={})  # noqa: B039 - never written to


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One action on one resource, with the condition keys that AWS gives for it."""

    action: str
    resource: str
    keys: dict[str, Any] = field(default_factory=dict)


def patch() -> None:
    """Replace ministack's own single check with these."""
    replace(iam_actions, "request_tag_context", _remembering)
    replace(iam_evaluator, "enforce", _enforcing)
    replace(iam_evaluator, "_resolve_condition_key", _secure)


def _secure(original: Callable[[str, object], object]) -> Callable[[str, object], object]:
    def resolve(key: str, context: object) -> object:
        return "true" if key.lower() == "aws:securetransport" else original(key, context)

    return resolve


def _remembering(original: Callable[..., Any]) -> Callable[..., Any]:
    def request_tag_context(service: str, action: str, body: bytes, params: Params) -> Any:  # noqa: ANN401 - ministack's
        _asked.set(_parameters(service, body, params))
        return original(service, action, body, params)

    return request_tag_context


def _parameters(service: str, body: bytes, params: Params) -> Params:
    if service == "logs":
        asked: Params = json.loads(body) if body.startswith(b"{") else {}
        return asked
    return {name: one(params, name) for name in params} if service == "ec2" else {}


def _enforcing(original: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(key: str, action: str, service: str, region: str, **rest: Any) -> Any:  # noqa: ANN401 - ministack's
        if service == "logs":
            rest["resource_arn"] = stream(rest.get("resource_arn", "*"), _asked.get())
        if service == "ebs":
            snapshot = rest.get("resource_arn", "*").rpartition("/")[2]
            rest["service_context"] = _resource_keys(snapshot)
        found = checks(action, _asked.get(), region, responses.get_account_id()) if service == "ec2" else ()
        if not found:
            return original(key, action, service, region, **rest)
        refusals = (
            original(
                key, check.action, service, region, resource_arn=check.resource, service_context=check.keys
            )
            for check in found
        )
        return next((refusal for refusal in refusals if refusal), None)

    return enforce


def stream(log_group: str, params: Params) -> str:
    """Return the ARN that a call on a log group's contents is checked on; anything else is left as it is."""
    on_contents = ":log-group:" in log_group and "logGroupName" in params
    return f"{log_group}:log-stream:{params.get('logStreamName', '')}" if on_contents else log_group


def checks(action: str, params: Params, region: str, account: str) -> tuple[Check, ...]:
    """List every check of a call on volumes and snapshots; none for a call that is left to ministack."""
    verb = action.removeprefix("ec2:")
    if verb.startswith("Describe"):
        return (Check(action=action, resource="*"),)
    arns = _Arns(region, account)
    if verb == "CreateSnapshot":
        return _of_create(params, arns)
    if verb == "CreateVolume":
        return _of_create_volume(params, arns)
    if verb in ("CreateTags", "DeleteTags"):
        asked = _asked_for_tags(verb, params)
        return tuple(
            Check(action=action, resource=arns.of(resource), keys=asked | _resource_keys(resource))
            for resource in numbered(params, "ResourceId.{}")
        )
    touched = [
        found for name in ("SnapshotId", "SourceSnapshotId", "VolumeId") if (found := one(params, name))
    ]
    return tuple(
        Check(
            action=action, resource=arns.of(resource), keys=_resource_keys(resource) | {"ec2:owner": account}
        )
        for resource in touched
    )


def _asked_for_tags(verb: str, params: Params) -> dict[str, Any]:
    """Return the keys of a call that sets or removes tags: one that removes them need not name their values."""
    names = numbered(params, "Tag.{}.Key")
    if verb == "DeleteTags":
        return {"aws:tagkeys": names} if names else {}
    return _request_keys(dict(zip(names, numbered(params, "Tag.{}.Value"), strict=False)))


def _of_create_volume(params: Params, arns: "_Arns") -> tuple[Check, ...]:
    snapshot, volume = one(params, "SnapshotId"), arns.of("vol-*").replace("vol-*", "*")
    asked = _request_keys(_new_tags(params, "volume"))
    create, tag = "ec2:CreateVolume", "ec2:CreateTags"
    of = (
        (Check(action=create, resource=arns.of(snapshot), keys=_resource_keys(snapshot)),) if snapshot else ()
    )
    found = (*of, Check(action=create, resource=volume, keys=asked))
    if not asked:
        return found
    return (*found, Check(action=tag, resource=volume, keys=asked | {"ec2:createaction": "CreateVolume"}))


def _of_create(params: Params, arns: "_Arns") -> tuple[Check, ...]:
    volume, snapshot = one(params, "VolumeId"), arns.of("snap-*").replace("snap-*", "*")
    asked = _request_keys(_new_tags(params, "snapshot"))
    create, tag = "ec2:CreateSnapshot", "ec2:CreateTags"
    found = (
        Check(action=create, resource=arns.of(volume), keys=_resource_keys(volume)),
        Check(action=create, resource=snapshot, keys=asked | {"ec2:parentvolume": arns.of(volume)}),
    )
    if not asked:
        return found
    return (*found, Check(action=tag, resource=snapshot, keys=asked | {"ec2:createaction": "CreateSnapshot"}))


_KINDS = {"vol": "volume", "snap": "snapshot", "i": "instance", "ami": "image"}  # others go by their prefix


@dataclass(frozen=True, slots=True)
class _Arns:
    region: str
    account: str

    def of(self, resource: str) -> str:
        """Return the ARN of a resource by its id; that of a snapshot or an image has no account."""
        prefix = resource.partition("-")[0]
        kind = _KINDS.get(prefix, prefix)
        account = "" if kind in ("snapshot", "image") else self.account
        return f"arn:aws:ec2:{self.region}:{account}:{kind}/{resource}"


def _new_tags(params: Params, of: str) -> dict[str, str]:
    """Return the tags that a create call sets on its snapshot or volume."""
    for number, kind in enumerate(numbered(params, "TagSpecification.{}.ResourceType"), 1):
        if kind == of:
            keys = numbered(params, f"TagSpecification.{number}.Tag.{{}}.Key")
            return {
                key: one(params, f"TagSpecification.{number}.Tag.{index}.Value")
                for index, key in enumerate(keys, 1)
            }
    return {}


def _request_keys(tags: dict[str, str]) -> dict[str, Any]:
    keys: dict[str, Any] = {f"aws:requesttag/{key.lower()}": value for key, value in tags.items()}
    return keys | {"aws:tagkeys": list(tags)} if tags else {}


def _resource_keys(resource: str) -> dict[str, Any]:
    tags = {tag["Key"].lower(): tag["Value"] for tag in ec2._tags.get(resource, [])}
    return {
        f"{service}:resourcetag/{key}": value for key, value in tags.items() for service in ("aws", "ec2")
    }

"""CreateVolume as on AWS, where ministack differs: from a snapshot, within a type's limits, one for each client token.

A volume is available at once: on AWS it is `creating` for some seconds.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import responses
from ministack.services import ec2

from emulator.ebs import Action, Answer, Params, dry_run, error, one
from emulator.patching import replace, require

DEFAULT_KEY = "alias/aws/ebs"
WITH_IOPS, NEEDS_IOPS, WITH_THROUGHPUT = ("gp3", "io1", "io2"), ("io1", "io2"), ("gp3",)
_MADE: dict[tuple[str, str, str], str] = {}  # the volume's id by account, region and the client's token


def patch() -> None:
    """Patch the behaviour into ministack's EC2; `ebs` must have patched it before."""
    require(ec2, "_ACTION_MAP", "_volumes", "_snapshots", "_xml", "_volume_inner_xml")
    replace(ec2, "_volume_inner_xml", _with_all_that_is_known)
    replace(ec2, "_snapshot_inner_xml", _with_the_key)
    actions = ec2._ACTION_MAP
    actions["CreateVolume"] = dry_run(_once(_checked(actions["CreateVolume"])))
    actions["CreateSnapshot"] = _encrypted_as_the_volume(actions["CreateSnapshot"])
    actions["DeleteVolume"] = dry_run(actions["DeleteVolume"])


def default_key(region: str, account: str) -> str:
    """Return the ARN of the key that EBS takes where none is named."""
    number = hashlib.sha256(f"{account} {region} {DEFAULT_KEY}".encode()).hexdigest()
    return f"arn:aws:kms:{region}:{account}:key/{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:32]}"


def _once(action: Action) -> Action:
    """Answer a second call with the same token with the volume of the first."""

    def answer(params: Params) -> Answer:
        token = one(params, "ClientToken")
        key = (responses.get_account_id(), responses.get_region(), token)
        if token and _MADE.get(key) in ec2._volumes:
            made: Answer = ec2._xml(
                200, "CreateVolumeResponse", ec2._volume_inner_xml(ec2._volumes[_MADE[key]])
            )
            return made
        before = set(ec2._volumes)
        result = action(params)
        for volume in set(ec2._volumes) - before:
            _MADE[key] = volume
        return result

    return answer


def _checked(action: Action) -> Action:
    """Refuse what EC2 refuses, and give the volume what EC2 gives it."""

    def answer(params: Params) -> Answer:
        snapshot = ec2._snapshots.get(one(params, "SnapshotId"))
        if refusal := _refusal(params, snapshot):
            return refusal
        before = set(ec2._volumes)
        status, headers, body = action(params)
        for volume in set(ec2._volumes) - before:
            record = ec2._volumes[volume]
            record.update(_properties(params, snapshot, record))
            status, headers, body = ec2._xml(200, "CreateVolumeResponse", ec2._volume_inner_xml(record))
        return status, headers, body

    return answer


def _refusal(params: Params, snapshot: Mapping[str, Any] | None) -> Answer | None:
    """Return EC2's refusal, by the first rule that the call breaks; None if it breaks none."""
    kind, zone = one(params, "VolumeType") or "gp2", one(params, "AvailabilityZone")
    zones = [f"{responses.get_region()}{letter}" for letter in "abc"]
    of = snapshot or {"State": "completed", "VolumeSize": 0}
    rules = (
        (zone not in zones, "InvalidZone.NotFound", f"The zone '{zone}' does not exist."),
        (
            bool(one(params, "SnapshotId")) and snapshot is None,
            "InvalidSnapshot.NotFound",
            f"The snapshot '{one(params, 'SnapshotId')}' does not exist.",
        ),
        (
            of["State"] != "completed",
            "IncorrectState",
            f"Snapshot is in invalid state - {of['State']}",
        ),
        (
            int(one(params, "Size") or of["VolumeSize"]) < of["VolumeSize"],
            "InvalidParameterValue",
            "The volume size is smaller than the snapshot's.",
        ),
        *_of_kind(params, kind),
    )
    return next((error(code, message, 400) for broken, code, message in rules if broken), None)


def _of_kind(params: Params, kind: str) -> tuple[tuple[bool, str, str], ...]:
    """List the rules of performance and keys: whether each is broken, and EC2's words."""
    encrypted = one(params, "Encrypted").lower() == "true"
    return (
        (
            bool(one(params, "Iops")) and kind not in WITH_IOPS,
            "InvalidParameterCombination",
            f"The parameter iops is not supported for {kind} volumes.",
        ),
        (
            kind in NEEDS_IOPS and not one(params, "Iops"),
            "MissingParameter",
            f"The parameter iops must be specified for {kind} volumes.",
        ),
        (
            bool(one(params, "Throughput")) and kind not in WITH_THROUGHPUT,
            "InvalidParameterCombination",
            f"The parameter throughput is not supported for {kind} volumes.",
        ),
        (
            bool(one(params, "KmsKeyId")) and not encrypted,
            "InvalidParameterDependency",
            "The parameter KmsKeyId requires the parameter Encrypted.",
        ),
    )


def _properties(
    params: Params, snapshot: Mapping[str, Any] | None, record: Mapping[str, Any]
) -> dict[str, Any]:
    kind, size = record["VolumeType"], record["Size"]
    source = snapshot or {}
    encrypted = bool(record["Encrypted"] or source.get("Encrypted"))
    region, account = responses.get_region(), responses.get_account_id()
    key = one(params, "KmsKeyId") or source.get("KmsKeyId") or default_key(region, account)
    iops = int(one(params, "Iops") or (3000 if kind == "gp3" else 0))
    return {
        "Iops": min(16_000, max(100, 3 * size)) if kind == "gp2" else iops,
        "Throughput": int(one(params, "Throughput") or 125) if kind in WITH_THROUGHPUT else 0,
        "Encrypted": encrypted,
        "KmsKeyId": key if encrypted else "",
    }


def _encrypted_as_the_volume(action: Action) -> Action:
    """Encrypt a snapshot with its volume's key."""

    def answer(params: Params) -> Answer:
        before = set(ec2._snapshots)
        result = action(params)
        for snapshot in set(ec2._snapshots) - before:
            volume = ec2._volumes.get(one(params, "VolumeId"), {})
            ec2._snapshots[snapshot]["KmsKeyId"] = volume.get("KmsKeyId", "")
        return result

    return answer


def _with_all_that_is_known(inner: Callable[[Mapping[str, Any]], str]) -> Callable[[Mapping[str, Any]], str]:
    """Add the throughput and the key to the answer: ministack leaves them out."""

    def xml(volume: Mapping[str, Any]) -> str:
        throughput = volume.get("Throughput")
        return inner(volume) + (f"<throughput>{throughput}</throughput>" if throughput else "") + _key(volume)

    return xml


def _with_the_key(inner: Callable[[Mapping[str, Any]], str]) -> Callable[[Mapping[str, Any]], str]:
    return lambda snapshot: inner(snapshot) + _key(snapshot)


def _key(record: Mapping[str, Any]) -> str:
    return f"<kmsKeyId>{record['KmsKeyId']}</kmsKeyId>" if record.get("KmsKeyId") else ""

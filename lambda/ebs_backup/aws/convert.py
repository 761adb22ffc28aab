"""EC2's requests and answers, converted once, here: its names on one side, frozen data on the other."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.parsers import ResponseParserError

from ebs_backup.aws.errors import ERRORS, AwsError
from ebs_backup.model import Instance, Snapshot, Volume
from ebs_backup.names import TAG_AGAIN, TAG_HOLD, TAG_OLDER, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE
from ebs_backup.tags import Tagging, described, named_after, names_source, read_older

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import FilterTypeDef

T = TypeVar("T")


def filters(wanted: Mapping[str, Sequence[str]]) -> "list[FilterTypeDef]":
    """Return filters for these values, with `*` and `?` escaped, so that they are not wildcards."""
    return [
        {"Name": name, "Values": [re.sub(r"([\\*?])", r"\\\1", value) for value in values]}
        for name, values in wanted.items()
    ]


def new_snapshot(volume: Volume, tagging: Tagging) -> dict[str, Any]:
    """Return what CreateSnapshot is called with, in earnest and in a dry run."""
    tags = [{"Key": key, "Value": value} for key, value in tagging.tags.items()]
    return {
        "VolumeId": volume.id,
        "Description": tagging.description,
        "TagSpecifications": [{"ResourceType": "snapshot", "Tags": tags}],
    }


def rows(pages: Iterable[Mapping[str, Any]], of: str, read: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """Return the rows of every page; raises an AwsError, also if a row lacks a field that it must have.

    An unreadable answer may hold megabytes, so no part of it is passed on.
    """
    try:
        for page in pages:
            yield from map(read, page[of])
    except KeyError as field:
        raise AwsError.of(ResponseParserError(f"EC2's list of {of} lacks {field}")) from None
    except ERRORS as error:
        raise AwsError.of(error) from None


def volume(raw: Mapping[str, Any], instances: Mapping[str, Instance]) -> Volume:
    """Return a volume with the names of `instances`; raises a KeyError that names a missing field."""
    tags = _tags(raw)
    attachment = _attachment(raw, instances)
    instance = attachment.get("InstanceId", "")
    return Volume(
        id=raw["VolumeId"],
        name=printable(tags.get("Name", "")),
        state=raw["State"],
        created=raw["CreateTime"],
        zone=raw["AvailabilityZone"],
        type=raw["VolumeType"],
        size=raw["Size"],
        iops=raw.get("Iops"),
        throughput=raw.get("Throughput"),
        device=attachment.get("Device", ""),
        instance=instance,
        instance_name=instances[instance].name if instance in instances else "",
        tags=tags,
        encrypted=raw.get("Encrypted", False),
        kms_key=raw.get("KmsKeyId", ""),
    )


def _attachment(raw: Mapping[str, Any], instances: Mapping[str, Instance]) -> Mapping[str, Any]:
    """Return the attachment to an instance with the selecting tag, or else any: a volume may have several."""
    attached: Sequence[Mapping[str, Any]] = raw.get("Attachments", [])
    on = ((attachment, instances.get(attachment.get("InstanceId", ""))) for attachment in attached)
    tagged = (attachment for attachment, instance in on if instance and instance.tag is not None)
    return next(tagged, next(iter(attached), {}))


def snapshot(raw: Mapping[str, Any]) -> Snapshot:
    """Return a snapshot; raises a KeyError as `volume` does. Equal texts of thousands of snapshots are stored once."""
    tags = _tags(raw)
    return Snapshot(
        id=raw["SnapshotId"],
        volume_id=raw["VolumeId"],
        period=sys.intern(tags.get(TAG_PERIOD, "")),
        run=sys.intern(tags.get(TAG_RUN, "")),
        state=raw["State"],
        started=raw["StartTime"],
        size=raw["VolumeSize"],
        name=sys.intern(printable(named_after(tags.get("Name", "")))),
        full_bytes=raw.get("FullSnapshotSizeInBytes"),
        ours=names_source(tags.get(TAG_SOURCE, ""), raw["VolumeId"]),
        hold=tags.get(TAG_HOLD),
        older=read_older(tags.get(TAG_OLDER, "")),
        again=tags.get(TAG_AGAIN, ""),
        message=printable(raw.get("StateMessage", ""))[:300],
    )


def as_made(raw: Mapping[str, Any], backup_set: str) -> Snapshot | None:
    """Return a snapshot as the set made it, whatever became of its tags; None if it is not the set's own.

    An adopted snapshot has another tool's description, so its tags say whose it is.
    """
    found, made = snapshot(raw), described(raw.get("Description", ""))
    if made and (made.volume_id, made.backup_set) == (found.volume_id, backup_set):
        return replace(found, ours=True, period=made.period, run=made.run)
    return found if found.ours and not made and _tags(raw).get(TAG_SET) == backup_set else None


def _tags(raw: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}


def printable(name: str) -> str:
    """Return a name that fits one line of a mail: a tag may have line breaks and control characters."""
    if not name.isprintable():
        name = "".join(char if char.isprintable() else " " for char in name)
    return name.strip()

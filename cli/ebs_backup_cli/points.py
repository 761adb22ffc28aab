"""The restore points that there are: listed once, each with the volume it is of, whether that still exists or not."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ebs_backup.aws import convert
from ebs_backup.aws.ec2 import SNAPSHOTS_A_PAGE, Ec2
from ebs_backup.model import Instance, Snapshot, Volume
from ebs_backup.names import TAG_SET, TAG_SOURCE
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.source import Source

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A snapshot that a backup set made: the core's view of it, all its tags, and what its source tag says.

    `archived` tells that it cannot be restored before it is brought back from EBS's archive.
    """

    snapshot: Snapshot
    backup_set: str
    tags: Mapping[str, str]
    source: Source
    archived: bool
    encrypted: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All restore points, oldest first, and all volumes that exist now, by id."""

    points: Sequence[Point]
    volumes: Mapping[str, Volume]
    instances: Mapping[str, Instance]

    def find(self, wanted: str) -> list[str]:
        """Return the ids of the volumes that have, or had, this id or name; raises a CommandError if there is none."""
        names = self.names()
        found = [volume for volume, name in names.items() if wanted in (volume, name)]
        if not found:
            known = [*names, *filter(None, names.values())]
            near = difflib.get_close_matches(wanted, known, n=3)
            advice = (
                f"Did you mean {', '.join(dict.fromkeys(near))}?" if near else "`ebs-backup list` shows all."
            )
            raise CommandError(
                f"No volume with the id or name {wanted!r} is here, or has a restore point.", advice
            )
        return found

    def names(self) -> dict[str, str]:
        """Return every known volume's name by id: of those that are gone, the one that the newest snapshot tells."""
        names = {point.snapshot.volume_id: point.snapshot.name for point in self.points}
        return names | {volume.id: volume.name for volume in self.volumes.values()}

    def on_instance(self, wanted: str) -> list[str]:
        """Return the ids of the volumes that are, or were when last backed up, attached to this instance (id or name)."""
        ids = {id_ for id_, instance in self.instances.items() if wanted in (id_, instance.name)} or {wanted}
        was = {point.snapshot.volume_id: point.source.instance for point in self.points}
        now = {volume.id: volume.instance for volume in self.volumes.values()}
        return [volume for volume, instance in (was | now).items() if instance in ids]


def holdings(client: "EC2Client", listing: Ec2, backup_set: str, *, tag_name: str = "") -> Holdings:
    """List the restore points of one set, or of all sets (`backup_set` is empty), all volumes and the instances' names."""
    instances = listing.instances(tag_name or "Name")
    volumes = {volume.id: volume for volume in listing.volumes(instances)}
    points = {point.snapshot.id: point for point in _points(client, backup_set)}
    in_order = sorted(points.values(), key=lambda point: (point.snapshot.started, point.snapshot.id))
    return Holdings(points=in_order, volumes=volumes, instances=instances)


def _points(client: "EC2Client", backup_set: str) -> Iterator[Point]:
    wanted = {f"tag:{TAG_SET}": [backup_set]} if backup_set else {"tag-key": [TAG_SET]}
    pages = client.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"],
        Filters=convert.filters(wanted),
        PaginationConfig={"PageSize": SNAPSHOTS_A_PAGE},
    )
    return (point for point in convert.rows(pages, "Snapshots", _point) if point.snapshot.ours)


def _point(raw: Mapping[str, Any]) -> Point:
    tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}
    return Point(
        snapshot=convert.snapshot(raw),
        backup_set=tags.get(TAG_SET, ""),
        tags=tags,
        source=Source.parse(tags.get(TAG_SOURCE, "")),
        archived=raw.get("StorageTier") == "archive" and not raw.get("RestoreExpiryTime"),
        encrypted=bool(raw.get("Encrypted")),
        key=raw.get("KmsKeyId", ""),
    )


def by_volume(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Group points by their volume's id, each group oldest first as they come."""
    groups: dict[str, list[Point]] = {}
    for point in points:
        groups.setdefault(point.snapshot.volume_id, []).append(point)
    return groups

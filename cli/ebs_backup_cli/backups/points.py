"""The restore points that exist: listed once, each with its volume, whether that still exists or not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ebs_backup.aws import convert
from ebs_backup.aws.ec2 import SNAPSHOTS_A_PAGE, Ec2
from ebs_backup.model import Instance, Snapshot, Volume
from ebs_backup.names import TAG_SET, TAG_SOURCE
from ebs_backup_cli.backups.beside import Beside
from ebs_backup_cli.backups.finding import find
from ebs_backup_cli.backups.source import Source

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
    archived: bool
    encrypted: bool = False
    key: str = ""

    @property
    def source(self) -> Source:
        """Return what its source tag says; read only where it is asked for."""
        return Source.parse(self.tags.get(TAG_SOURCE, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All restore points, oldest first, and all volumes that exist now, by id.

    `foreign` are snapshots with labels of ours that another tool copied: no restore points of ours.
    """

    points: Sequence[Point]
    volumes: Mapping[str, Volume]
    instances: Mapping[str, Instance]
    foreign: Sequence[Point] = ()

    def find(self, wanted: str) -> list[str]:
        """Return the ids of the volumes that have, or had, this id or name; raises a CommandError if there is none."""
        return find(wanted, self.names())

    def names(self) -> dict[str, str]:
        """Return every known volume's name by id; a volume that is gone has the name in its newest snapshot."""
        names = {point.snapshot.volume_id: point.snapshot.name for point in self.points}
        return names | {volume.id: volume.name for volume in self.volumes.values()}

    def on_instance(self, wanted: str) -> list[str]:
        """Return the ids of the volumes that are on this instance (id or name), or were when last backed up."""
        was = {point.snapshot.volume_id: point.source.instance for point in self.points}
        now = {volume.id: volume.instance for volume in self.volumes.values() if volume.instance}
        on = was | now
        names = dict.fromkeys(filter(None, on.values()), "") | {
            id_: instance.name for id_, instance in self.instances.items()
        }
        ids = find(wanted, names, what="instance")
        return [volume for volume, instance in on.items() if instance in ids]


def holdings(client: "EC2Client", listing: Ec2, backup_set: str, *, tag_name: str = "") -> Holdings:
    """List the restore points of one set (of all if `backup_set` is empty), all volumes, and the instances' names."""
    with Beside(lambda: {point.snapshot.id: point for point in _points(client, backup_set)}) as points:
        instances = listing.instances(tag_name or "Name")
        volumes = {volume.id: volume for volume in listing.volumes(instances)}
    in_order = sorted(points.result().values(), key=lambda point: (point.snapshot.started, point.snapshot.id))
    return Holdings(
        points=[point for point in in_order if point.snapshot.ours],
        foreign=[point for point in in_order if not point.snapshot.ours],
        volumes=volumes,
        instances=instances,
    )


def _points(client: "EC2Client", backup_set: str) -> Iterator[Point]:
    wanted = {f"tag:{TAG_SET}": [backup_set]} if backup_set else {"tag-key": [TAG_SET]}
    pages = client.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"],
        Filters=convert.filters(wanted),
        PaginationConfig={"PageSize": SNAPSHOTS_A_PAGE},
    )
    return convert.rows(pages, "Snapshots", _point)


def _point(raw: Mapping[str, Any]) -> Point:
    tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}
    return Point(
        snapshot=convert.snapshot(raw),
        backup_set=tags.get(TAG_SET, ""),
        tags=tags,
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

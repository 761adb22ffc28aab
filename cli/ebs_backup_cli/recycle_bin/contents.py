"""What the Recycle Bin holds of the backup sets. Its listing has no tags: a snapshot's description says whose it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ebs_backup.aws import convert
from ebs_backup.aws.ec2 import SNAPSHOTS_A_PAGE
from ebs_backup.names import Period
from ebs_backup.tags import Described, described
from ebs_backup_cli.backups.finding import find

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

PERIODS = tuple(Period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A deleted snapshot that a backup set made, when it was deleted, and until when it can be brought back."""

    snapshot: str
    made: Described
    entered: datetime
    leaves: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that is in the bin: what the sets made, by volume, period and run, and the ids of what they did not make."""

    ours: Sequence[Deleted]
    foreign: frozenset[str]

    def of_set(self, backup_set: str) -> list[Deleted]:
        """Return what this set made."""
        return [deleted for deleted in self.ours if deleted.made.backup_set == backup_set]


def ours(raw: Mapping[str, Any]) -> Described | None:
    """Return what a snapshot's description says of it; None unless it names the snapshot's own volume and a period."""
    made = described(raw.get("Description") or "")
    return made if made and made.volume_id == raw.get("VolumeId") and made.period in PERIODS else None


def contents(client: "EC2Client") -> Contents:
    """List the bin, all pages; raises an AwsError."""
    pages = client.get_paginator("list_snapshots_in_recycle_bin").paginate(
        PaginationConfig={"PageSize": SNAPSHOTS_A_PAGE}
    )
    found = dict(convert.rows(pages, "Snapshots", lambda raw: (raw["SnapshotId"], _deleted(raw))))
    return Contents(
        ours=_in_order(deleted for deleted in found.values() if deleted),
        foreign=frozenset(id_ for id_, deleted in found.items() if not deleted),
    )


def _deleted(raw: Mapping[str, Any]) -> Deleted | None:
    if not (made := ours(raw)):
        return None
    return Deleted(
        snapshot=raw["SnapshotId"],
        made=made,
        entered=raw["RecycleBinEnterTime"],
        leaves=raw["RecycleBinExitTime"],
    )


def _in_order(found: Iterable[Deleted]) -> list[Deleted]:
    """Sort by volume, in the order of names, then by period, then by run, the newest first."""
    newest_first = sorted(found, key=lambda deleted: (deleted.made.run, deleted.entered), reverse=True)
    names = names_of(newest_first)
    return sorted(
        newest_first,
        key=lambda deleted: (
            names[deleted.made.volume_id].casefold(),
            deleted.made.volume_id,
            PERIODS.index(Period(deleted.made.period)),
        ),
    )


def names_of(found: Iterable[Deleted]) -> dict[str, str]:
    """Return each volume's name by its id, as its newest snapshot in the bin says it."""
    by_run = sorted(found, key=lambda deleted: deleted.made.run)
    return {deleted.made.volume_id: deleted.made.name for deleted in by_run}


def of_volume(found: Sequence[Deleted], wanted: str) -> list[Deleted]:
    """Return those of the volume with this id or name; raises a CommandError if there is none.

    A description is ASCII: a `?` stands for every other letter of a name.
    """
    names = names_of(found)
    ids = find(wanted.encode("ascii", "replace").decode(), names)
    return [deleted for deleted in found if deleted.made.volume_id in ids]

"""The volume that a restore makes: from a snapshot's source tag, and what the operator changes. Pure."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ebs_backup.model import Volume
from ebs_backup.names import TAG_PREFIX, TAG_RESTORED_FROM, TAG_VERIFY, Period
from ebs_backup.tags import MAX_TAGS, MAX_VALUE, named_after
from ebs_backup_cli.backups.points import Point
from ebs_backup_cli.errors import CommandError

RESTORED = " (restored)"
NOT_OURS_TO_GIVE = ("aws:", TAG_PREFIX)
# The smallest volume of each type, in GiB: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
SMALLEST = {"gp2": 1, "gp3": 1, "io1": 4, "io2": 4, "st1": 125, "sc1": 125, "standard": 1}
WITH_IOPS, NEEDS_IOPS, WITH_THROUGHPUT = ("io1", "io2", "gp3"), ("io1", "io2"), ("gp3",)
_SNAPSHOTS_NAME = re.compile(
    rf"(.*) ({'|'.join(Period)}) [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}Z", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What the operator wants to be different. Empty or None: as it was."""

    zone: str = ""
    type: str = ""
    size: int | None = None
    iops: int | None = None
    throughput: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVolume:
    """A volume to be made of a snapshot. None: EC2's own default. Size in GiB, throughput in MiB/s."""

    snapshot: str
    zone: str
    type: str
    size: int
    tags: Mapping[str, str]
    iops: int | None = None
    throughput: int | None = None
    encrypted: bool = False
    key: str = ""

    def parameters(self, token: str) -> dict[str, Any]:
        """Return what CreateVolume is called with; `token` makes a call that is sent again the same call."""
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        every = {
            "SnapshotId": self.snapshot,
            "AvailabilityZone": self.zone,
            "VolumeType": self.type,
            "Size": self.size,
            "Iops": self.iops,
            "Throughput": self.throughput,
            "Encrypted": self.encrypted or None,
            "KmsKeyId": self.key or None,
            "ClientToken": token,
            "TagSpecifications": [{"ResourceType": "volume", "Tags": tags}],
        }
        return {name: value for name, value in every.items() if value is not None}


def new_volume(
    point: Point, live: Volume | None, changes: Changes, *, zones: Sequence[str], tags: Mapping[str, str]
) -> NewVolume:
    """Return the volume to make of a restore point; raises a CommandError where something is missing or cannot be.

    What the snapshot's source tag does not tell is taken from the volume, if that is still there (`live`).
    """
    source = point.source
    type_ = _type(changes.type or source.type or (live.type if live else ""), point)
    size = _size(point, live, changes, type_)
    return NewVolume(
        snapshot=point.snapshot.id,
        zone=_zone(changes.zone or source.zone or (live.zone if live else ""), zones, point),
        type=type_,
        size=size,
        iops=_iops(point, live, changes, type_),
        throughput=_throughput(point, live, changes, type_),
        encrypted=source.encrypted or point.encrypted,
        key=(source.key or point.key) if source.encrypted or point.encrypted else "",
        tags=tags,
    )


def _type(wanted: str, point: Point) -> str:
    if not wanted:
        raise CommandError(
            f"{point.snapshot.id} does not say the type of its volume, which is gone.",
            "Add --type gp3, or another.",
        )
    if wanted not in SMALLEST:
        near = difflib.get_close_matches(wanted, SMALLEST, n=1)
        told = f"Did you mean {near[0]}?" if near else f"Types: {', '.join(SMALLEST)}."
        raise CommandError(f"There is no volume type {wanted!r}.", told)
    return wanted


def _size(point: Point, live: Volume | None, changes: Changes, type_: str) -> int:
    """Return the size: never below the snapshot's, which EC2 would refuse."""
    least = point.snapshot.size
    if changes.size is not None and changes.size < least:
        raise CommandError(
            f"A volume of {point.snapshot.id} has at least {least} GiB, got --size {changes.size}.",
            "A file system can be made smaller only by copying its files.",
        )
    size = changes.size or max(point.source.size or (live.size if live else 0), least)
    if size < SMALLEST[type_]:
        raise CommandError(
            f"A volume of type {type_} has at least {SMALLEST[type_]} GiB, this one would have {size}.",
            f"Add --size {SMALLEST[type_]}, or another --type.",
        )
    return size


def _zone(wanted: str, zones: Sequence[str], point: Point) -> str:
    if wanted in zones:
        return wanted
    there = ", ".join(zones)
    what = (
        f"There is no zone {wanted!r} here"
        if wanted
        else f"{point.snapshot.id} does not say its volume's zone"
    )
    raise CommandError(
        f"{what}.", f"Add --zone with one of {there}: that of the instance that it will be on."
    )


def _was(point: Point, live: Volume | None) -> str:
    return point.source.type or (live.type if live else "")


def _iops(point: Point, live: Volume | None, changes: Changes, type_: str) -> int | None:
    """Return the IOPS for a type that takes them: the old volume's, or EC2's default if a gp3 had another type."""
    if type_ not in WITH_IOPS:
        if changes.iops:
            raise CommandError(f"A volume of type {type_} takes no IOPS.", "Leave --iops out, or add --type.")
        return None
    were = point.source.iops or (live.iops if live else None)
    if type_ not in NEEDS_IOPS and type_ != _was(point, live):
        were = None
    if type_ in NEEDS_IOPS and not (changes.iops or were):
        raise CommandError(
            f"A volume of type {type_} needs IOPS, and none are given.", "Add --iops, such as --iops 3000."
        )
    return changes.iops or were


def _throughput(point: Point, live: Volume | None, changes: Changes, type_: str) -> int | None:
    if type_ not in WITH_THROUGHPUT:
        if changes.throughput:
            raise CommandError(
                f"A volume of type {type_} takes no throughput.", "Leave --throughput out, or add --type gp3."
            )
        return None
    were = point.source.throughput or (live.throughput if live else None)
    return changes.throughput or (were if type_ == _was(point, live) else None)


def tags_of(
    point: Point, live: Volume | None, *, selector: tuple[str, str], backed_up: bool
) -> dict[str, str]:
    """Return the new volume's tags: those that the snapshot has from its volume, and where it comes from.

    None of our labels, nor any `ebs-backup:` tag: other tools would spread them. The operator decides on the selector's
    tag.
    """
    name, value = selector
    ours = {
        "Name": name_of(point, live).removesuffix(RESTORED)[: MAX_VALUE - len(RESTORED)] + RESTORED,
        TAG_RESTORED_FROM: point.snapshot.id,
        **({name: value} if backed_up else {}),
    }
    copied = [
        key
        for key in point.tags
        if not key.lower().startswith(NOT_OURS_TO_GIVE) and key not in (*ours, "Name", name)
    ]
    return ours | {key: point.tags[key] for key in copied[: MAX_TAGS - len(ours)]}


def name_of(point: Point, live: Volume | None) -> str:
    """Return the volume's name, as the snapshot tells it: without period, date and time."""
    told = point.tags.get("Name", "")
    if _SNAPSHOTS_NAME.fullmatch(told):
        whole = named_after(told)
        # A long name was cut to make room for the rest: the volume may still have all of it.
        return live.name if live and len(told) >= MAX_VALUE and live.name.startswith(whole) else whole
    return (live.name if live else "") or point.snapshot.volume_id


def for_a_look(point: Point, *, zones: Sequence[str], backup_set: str) -> NewVolume:
    """Return the temporary volume by which a restore point is verified: a gp3, tagged so that it is found again."""
    snapshot, encrypted = point.snapshot, point.source.encrypted or point.encrypted
    return NewVolume(
        snapshot=snapshot.id,
        zone=point.source.zone if point.source.zone in zones else zones[0],
        type="gp3",
        size=snapshot.size,
        encrypted=encrypted,
        key=(point.source.key or point.key) if encrypted else "",
        tags={
            TAG_VERIFY: snapshot.id,
            "Name": name_of_a_look(snapshot.id, backup_set),
        },
    )


def name_of_a_look(snapshot: str, backup_set: str) -> str:
    """Return the name of such a volume."""
    return f"ebs-backup verify {backup_set} {snapshot}: temporary"

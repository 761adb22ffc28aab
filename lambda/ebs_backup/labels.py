"""What a snapshot is called: its tags, its name and its description, all given in the create call itself. Pure."""

from dataclasses import dataclass
from datetime import datetime

from ebs_backup.model import Expiry, Run, Volume
from ebs_backup.settings import TAG_EXPIRES, TAG_PERIOD, TAG_PREFIX, TAG_RUN, TAG_SET, TAG_SOURCE

# EC2: tags on one resource, characters of a tag's value, characters of a snapshot's description.
MAX_TAGS, MAX_VALUE, MAX_DESCRIPTION = 50, 256, 255
# Never copied: AWS keeps the first to itself; ours would lie on a snapshot, such as those of a volume restored by hand.
NOT_COPIED = ("aws:", TAG_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The tags and description of one new snapshot, and the volume's tag keys for which there was no room."""

    tags: dict[str, str]
    description: str
    left_off: tuple[str, ...]


def labels(volume: Volume, run: Run, *, copy_tags: bool, expires_until: Expiry | None = None) -> Labels:
    """Label a new snapshot of `volume`: our tags first, then the volume's own as far as there is room.

    `expires_until` is how far the run is to rotate (see `Snapshot`); it is told here so that a run delivered twice
    deletes no more than one delivered once.
    """
    ours = {
        TAG_SET: run.backup_set,
        TAG_PERIOD: run.period.value,
        TAG_RUN: run.id,
        TAG_SOURCE: _source(volume),
        "Name": _name(volume, run),
    }
    if expires_until:
        ours[TAG_EXPIRES] = str(expires_until)
    own = (
        [key for key in volume.tags if key != "Name" and not key.lower().startswith(NOT_COPIED)]
        if copy_tags
        else []
    )
    room = MAX_TAGS - len(ours)
    return Labels(
        tags=ours | {key: volume.tags[key] for key in own[:room]},
        description=_description(volume, run),
        left_off=tuple(own[room:]),
    )


def minute(time: datetime) -> str:
    """Write an instant as people read it here: `2026-11-23 01:30Z`."""
    return f"{time:%Y-%m-%d %H:%MZ}"


def _name(volume: Volume, run: Run) -> str:
    rest = f" {run.period} {minute(run.time)}"
    return f"{(volume.name or volume.id)[: MAX_VALUE - len(rest)]}{rest}"


def named_after(name: str) -> str:
    """Give the volume's name in a snapshot's, as `_name` wrote it: without period, date and time."""
    return name.rsplit(" ", 3)[0]


def _source(volume: Volume) -> str:
    """Write what a restore needs when the volume is gone, such as `zone=eu-west-1a type=gp3 size=100 ...`."""
    parts = {
        "zone": volume.zone,
        "type": volume.type,
        "size": volume.size,
        "iops": volume.iops,
        "throughput": volume.throughput,
        "device": volume.device,
        "instance": volume.instance,
    }
    return " ".join(f"{key}={value}" for key, value in parts.items() if value)[:MAX_VALUE]


def _description(volume: Volume, run: Run) -> str:
    """Write one sentence; EC2 takes ASCII only here, so a name in another script stands in the Name tag alone."""
    start, end = f"The {run.period} backup of ", f" by backup set {run.backup_set}, run {run.id}."
    whole = f"{start}{str(volume)[: MAX_DESCRIPTION - len(start) - len(end)]}{end}"
    return whole.encode("ascii", "replace").decode()

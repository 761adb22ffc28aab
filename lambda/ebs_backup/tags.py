"""A snapshot's tags, name and description, all set in the create call itself. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from ebs_backup.model import Older, Run, Volume
from ebs_backup.names import TAG_AGAIN, TAG_OLDER, TAG_PERIOD, TAG_PREFIX, TAG_RUN, TAG_SET, TAG_SOURCE
from ebs_backup.settings import Settings

# EC2: tags on one resource, characters of a tag's value, characters of a snapshot's description.
MAX_TAGS, MAX_VALUE, MAX_DESCRIPTION = 50, 256, 255
# Never copied. AWS reserves the first. The second may come from a snapshot, on a volume that was restored by hand.
# By the others, `openshift-install destroy` finds what belongs to a cluster: it would delete the backups, too.
CLUSTERS = ("kubernetes.io/cluster/", "sigs.k8s.io/cluster-api-provider-aws/cluster/", "openshiftclusterid")
NOT_COPIED = ("aws:", TAG_PREFIX, *CLUSTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """The tags and description of one new snapshot, which keys are copied, and which ones had no room."""

    tags: dict[str, str]
    description: str
    copied: tuple[str, ...]
    not_copied: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a description says of a snapshot that a backup set made; unlike tags, nobody can change it.

    `name` is the volume's, as far as the description has it: in ASCII, and cut where it is long.
    """

    volume_id: str
    name: str
    period: str
    backup_set: str
    run: str


def tagging(  # noqa: PLR0913 - a tag each
    volume: Volume,
    run: Run,
    settings: Settings,
    *,
    at: datetime,
    older: Older | None,
    copy: bool = True,
    again: str = "",
) -> Tagging:
    """Return the tags of a new snapshot: our own, then `extra_tags`, then the volume's own while there is room.

    `at` is when it is taken, `again` the failed snapshot that it replaces. Without `older`, nothing is deleted because
    of it.
    """
    ours = {
        TAG_SET: run.backup_set,
        TAG_PERIOD: run.period.value,
        TAG_RUN: run.id,
        TAG_SOURCE: _source(volume),
        **({TAG_OLDER: _older(older)} if older else {}),
        **({TAG_AGAIN: again} if again else {}),
        "Name": _name(volume, run, at),
        **settings.extra_tags,
    }
    own = [key for key in _copied(volume, settings) if key not in ours] if copy else []
    room = MAX_TAGS - len(ours)
    return Tagging(
        tags=ours | {key: volume.tags[key] for key in own[:room]},
        description=_description(volume, run),
        copied=tuple(own[:room]),
        not_copied=tuple(own[room:]),
    )


def _copied(volume: Volume, settings: Settings) -> Iterator[str]:
    """Return the keys to copy; `copy_tags` is true, false, or the keys themselves."""
    wanted = settings.copy_tags
    for key in volume.tags:
        if not key.lower().startswith(NOT_COPIED) and (
            key in wanted if isinstance(wanted, tuple) else wanted
        ):
            yield key


def minute(time: datetime) -> str:
    """Return a time for people: `2026-11-23 01:30Z`. It takes a third of `strftime`'s time: lists are long."""
    return f"{time.isoformat(' ')[:16]}Z"


def _older(older: Older) -> str:
    """Return how many stay, and more only if there is more to say: `3`, or `3 pending=1 vanished=2`."""
    rest = {"pending": older.pending, "vanished": older.vanished}
    return " ".join([str(older.stay), *(f"{key}={number}" for key, number in rest.items() if number)])


@lru_cache(maxsize=1000)  # thousands of snapshots have the same few texts
def read_older(text: str) -> Older | None:
    """Read what `_older` wrote; None if somebody changed it to anything else."""
    number = r"([0-9]{1,6})"
    found = re.fullmatch(rf"{number}(?: pending={number})?(?: vanished={number})?", text)
    if not found:
        return None
    stay, pending, vanished = (int(group or 0) for group in found.groups())
    return Older(stay=stay, pending=pending, vanished=vanished)


def _name(volume: Volume, run: Run, at: datetime) -> str:
    rest = f" {run.period} {minute(at)}"
    return f"{(volume.name or volume.id)[: MAX_VALUE - len(rest)]}{rest}"


def named_after(name: str) -> str:
    """Return the volume's name in a snapshot's, as `_name` wrote it: without period, date and time."""
    return name.rsplit(" ", 3)[0]


def _source(volume: Volume) -> str:
    """Return what a restore needs if the volume is gone, such as `volume=vol-0a zone=eu-west-1a type=gp3`."""
    parts = {
        "volume": volume.id,
        "zone": volume.zone,
        "type": volume.type,
        "size": volume.size,
        "iops": volume.iops,
        "throughput": volume.throughput,
        "encrypted": "true" if volume.encrypted else "",
        "device": volume.device,
        "instance": volume.instance,
        "key": volume.kms_key,
    }
    text = ""
    for key, value in parts.items():
        part = f"{' ' if text else ''}{key}={value}"
        if value and len(text) + len(part) <= MAX_VALUE:
            text += part
    return text


def names_source(source: str, volume_id: str) -> bool:
    """Return whether a source tag is about this volume: only then the snapshot is our own."""
    return source.partition(" ")[0] == f"volume={volume_id}"


def _description(volume: Volume, run: Run) -> str:
    """Return one sentence; EC2 takes only ASCII here, so a name in another script is only in the Name tag."""
    start, end = f"The {run.period} backup of ", f" by backup set {run.backup_set}, run {run.id}."
    whole = f"{start}{str(volume)[: MAX_DESCRIPTION - len(start) - len(end)]}{end}"
    return whole.encode("ascii", "replace").decode()


def described(description: str) -> Described | None:
    """Read what `_description` wrote; None if another tool, or a person, described the snapshot."""
    found = re.fullmatch(
        r"The (?P<period>[a-z]+) backup of (?P<volume_id>vol-[0-9a-f]+)\b"
        r"(?: (?!\(on i-)(?P<name>.*?))?(?: \(on i-[0-9a-f]+.*?)?"
        r" by backup set (?P<backup_set>[a-z0-9-]+), run (?P<run>[!-~]+)\.",
        description,
        re.DOTALL,
    )
    return (
        Described(**{key: (told or "").strip() for key, told in found.groupdict().items()}) if found else None
    )

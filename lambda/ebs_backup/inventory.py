"""What a backup set holds after a run: by period, and for volumes that it no longer selects. Pure."""

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from ebs_backup.model import COMPLETED, Snapshot
from ebs_backup.names import Period

GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The usable restore points of one period; `at_most_gib` counts each as if it were stored whole."""

    points: int
    volumes: int
    oldest: datetime
    newest: datetime
    at_most_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unselected:
    """What the set still holds of a volume that it does not select; `there` is False if the volume is gone.

    `lately` says that its newest snapshot is recent: a selected volume with it would not be overdue yet.
    """

    volume_id: str
    name: str
    there: bool
    lately: bool
    snapshots: int
    at_most_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """Snapshots of one volume that carry the set's tag but are not the set's own: another tool copied our tags.

    `spreads` says that the volume itself carries a snapshot's tags, which other tools keep copying.
    """

    volume_id: str
    name: str
    spreads: bool
    snapshots: tuple[str, ...]


def holdings(snapshots: Iterable[Snapshot], stale: Iterable[Snapshot]) -> Mapping[Period, Holding]:
    """Return the sums of the usable restore points, by period; sizes are as if each were stored whole.

    A stale one, which has been pending for too long, does not count.
    """
    by_period: defaultdict[str, list[Snapshot]] = defaultdict(list)
    not_held = {snapshot.id for snapshot in stale}
    for snapshot in snapshots:
        if snapshot.usable and snapshot.run and snapshot.id not in not_held:
            by_period[snapshot.period].append(snapshot)
    return {period: _holding(found) for period in Period if (found := by_period.get(period))}


def _holding(snapshots: Sequence[Snapshot]) -> Holding:
    return Holding(
        points=len({(snapshot.volume_id, snapshot.run) for snapshot in snapshots}),
        volumes=len({snapshot.volume_id for snapshot in snapshots}),
        oldest=min(snapshot.started for snapshot in snapshots),
        newest=max(snapshot.started for snapshot in snapshots),
        at_most_gib=at_most_gib(snapshots),
    )


def at_most_gib(snapshots: Iterable[Snapshot]) -> int:
    """Return an upper bound of their storage: EBS stores a block only once if it did not change between two of them."""
    return math.ceil(sum(map(_bytes, snapshots)) / GIB)


def _bytes(snapshot: Snapshot) -> int:
    known = snapshot.full_bytes if snapshot.state == COMPLETED else None  # before that it may still grow
    return snapshot.size * GIB if known is None else known


def unselected(
    held: Mapping[str, Sequence[Snapshot]], there: Mapping[str, str], *, time: datetime, max_age: int
) -> tuple[Unselected, ...]:
    """Return each volume that has snapshots of the set but is not selected; `there` names the volumes that exist.

    `max_age` is in days, as of `time`.
    """
    newest = {volume: max(found, key=attrgetter("started")) for volume, found in held.items()}
    return tuple(
        Unselected(
            volume_id=volume_id,
            name=there.get(volume_id, "") or newest[volume_id].name,
            there=volume_id in there,
            lately=time - newest[volume_id].started <= timedelta(days=max_age),
            snapshots=len(snapshots),
            at_most_gib=at_most_gib(snapshots),
        )
        for volume_id, snapshots in sorted(held.items())
    )


def foreign(
    snapshots: Iterable[Snapshot], names: Mapping[str, str], spreading: Container[str]
) -> tuple[Foreign, ...]:
    """Return, by volume, the snapshots with the set's tag that are not its own; `names` are those of all volumes."""
    by_volume: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots:
        if not snapshot.ours:
            by_volume[snapshot.volume_id].append(snapshot)
    return tuple(
        Foreign(
            volume_id=volume_id,
            name=names.get(volume_id, ""),
            spreads=volume_id in spreading,
            snapshots=tuple(sorted(snapshot.id for snapshot in found)),
        )
        for volume_id, found in sorted(by_volume.items())
    )

"""What one clean run must leave, written a second time from docs/how-it-works.md#rotation, not from the code."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ebs_backup.names import OFF, TAG_HOLD, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE, Period
from fake_aws.records import SnapshotRecord
from tests.faults.clock import HOUR
from tests.faults.world import World, firings

USABLE = ("completed", "pending")
ONE_RUN = 4 * HOUR  # further apart, snapshots with the same run are no duplicates
TOLERANCE = 60  # seconds by which a snapshot may start before its event
Occasion = tuple[float, str]


def ours(world: World, snapshot: SnapshotRecord) -> bool:
    """Return whether the snapshot is the set's own."""
    source = snapshot.tags.get(TAG_SOURCE, "").split(" ")[0]
    return (
        snapshot.tags.get(TAG_SET) == world.settings.backup_set and source == f"volume={snapshot.volume_id}"
    )


def judged(world: World, snapshot: SnapshotRecord) -> bool:
    """Return whether rotation in this run may look at the snapshot: it is ours, of this period and of a run."""
    return (
        ours(world, snapshot)
        and snapshot.tags.get(TAG_PERIOD) == world.period
        and bool(snapshot.tags.get(TAG_RUN))
    )


def is_selected(world: World, snapshot: SnapshotRecord) -> bool:
    """Return whether the set backs its volume up."""
    return any(volume.id == snapshot.volume_id for volume in world.selected)


def is_held(snapshot: SnapshotRecord, at: float) -> bool:
    """Return whether a hold keeps the snapshot: to the end of its day, and for ever where it cannot be read."""
    value = snapshot.tags.get(TAG_HOLD)
    if value is None:
        return False
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return True
    return datetime.fromtimestamp(at, UTC).date() <= date.fromisoformat(value)


def occasion(world: World, started: float, run: str = "", period: Period | None = None) -> Occasion:
    """Return the latest firing at or before a start; where the period is off, each restore point is an occasion."""
    schedule = world.settings.schedule(period or world.period)
    if schedule == OFF:
        return started, run
    times = firings(schedule)
    found = bisect_right(times, started + TOLERANCE)
    return (times[found - 1] if found else 0.0), ""


@dataclass(slots=True, kw_only=True)
class RestorePoint:
    """A restore point: the snapshot that stands for it, and its duplicates."""

    first: SnapshotRecord
    others: list[SnapshotRecord]
    occasion: Occasion


def points(world: World, held: Iterable[SnapshotRecord], at: float) -> list[RestorePoint]:
    """Group one volume's snapshots by run; the first completed one stands for each."""
    by_run: dict[str, list[SnapshotRecord]] = defaultdict(list)
    for snapshot in held:
        if snapshot.state(at) != "error":
            by_run[snapshot.tags[TAG_RUN]].append(snapshot)
    rank = {"completed": 0, "pending": 1}
    found = []
    for run, group in by_run.items():
        first, *others = sorted(
            group, key=lambda snapshot: (rank.get(snapshot.state(at), 2), snapshot.started, snapshot.id)
        )
        found.append(RestorePoint(first=first, others=others, occasion=occasion(world, first.started, run)))
    return found


def must_go(world: World) -> set[str]:
    """Return the ids of the snapshots that one clean run, begun now, deletes."""
    at = world.clock()
    by_volume: dict[str, list[SnapshotRecord]] = defaultdict(list)
    going = set()
    for snapshot in world.account.snapshots.values():
        if snapshot.exists(at) and ours(world, snapshot) and is_selected(world, snapshot):
            if snapshot.state(at) == "error":
                going.add(snapshot.id)
            elif judged(world, snapshot):
                by_volume[snapshot.volume_id].append(snapshot)
    for held in by_volume.values():
        found = points(world, held, at)
        going |= {snapshot.id for snapshot in _duplicates(found, at)}
        going |= {snapshot.id for snapshot in _expired(world, found, at)}
    return {id_ for id_ in going if not world.account.snapshots[id_].kept_by_aws}


def _duplicates(found: Iterable[RestorePoint], at: float) -> list[SnapshotRecord]:
    return [
        snapshot
        for point in found
        for snapshot in point.others
        if snapshot.state(at) == "completed"
        and abs(snapshot.started - point.first.started) <= ONE_RUN
        and not is_held(snapshot, at)
    ]


def deferred(world: World) -> set[str]:
    """Return the ids of what one clean run leaves to a later one only because of the limit."""
    at = world.clock()
    by_volume: dict[str, list[SnapshotRecord]] = defaultdict(list)
    for snapshot in world.account.snapshots.values():
        if snapshot.exists(at) and judged(world, snapshot) and is_selected(world, snapshot):
            by_volume[snapshot.volume_id].append(snapshot)
    everything, limited = set(), set()
    for held in by_volume.values():
        found = points(world, held, at)
        everything |= {snapshot.id for snapshot in _expired(world, found, at, limit=10_000)}
        limited |= {snapshot.id for snapshot in _expired(world, found, at)}
    return everything - limited


def _expired(world: World, found: list[RestorePoint], at: float, limit: int = 0) -> list[SnapshotRecord]:
    """Return the snapshots of occasions that are not kept: of the oldest ones, as many as the limit allows."""
    limit = limit or world.settings.max_expired_per_volume
    kept = _kept(world, found, at)
    gone: list[SnapshotRecord] = []
    for occasion_, in_it in _by_occasion(found):
        going = [point.first for point in in_it if _may_go(point, at)]
        whole = len(going) == len(
            in_it
        )  # if a part of the occasion stays, the occasion stays, and does not count
        if occasion_ in kept or (whole and limit <= 0):
            continue
        gone += going
        limit -= whole and not any(snapshot.kept_by_aws for snapshot in going)
    return gone


def _by_occasion(found: Iterable[RestorePoint]) -> list[tuple[Occasion, list[RestorePoint]]]:
    by_occasion: dict[Occasion, list[RestorePoint]] = defaultdict(list)
    for point in found:
        by_occasion[point.occasion].append(point)
    return sorted(by_occasion.items(), key=lambda item: item[0])


def _kept(world: World, found: list[RestorePoint], at: float) -> set[Occasion]:
    """Return the newest `keep` occasions with a usable restore point and `max(1, keep - 1)` with a completed one.

    The one that the run is about to make counts as usable.
    """
    keep = world.settings.keep(world.period)
    usable = {point.occasion for point in found if point.first.state(at) in USABLE}
    completed = {point.occasion for point in found if point.first.state(at) == "completed"}
    usable.add(occasion(world, at, world.run))
    newest = sorted(usable, reverse=True)[:keep]
    return {*newest, *sorted(completed, reverse=True)[: max(1, keep - 1)]}


def _may_go(point: RestorePoint, at: float) -> bool:
    """Return whether nothing of a restore point is unsettled or held."""
    settled = all(snapshot.state(at) == "completed" for snapshot in (point.first, *point.others))
    return settled and not is_held(point.first, at)

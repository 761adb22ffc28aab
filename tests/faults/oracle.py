"""What one clean run must leave, said a second time and straight from DESIGN's rotation, not from the code."""

from collections import defaultdict
from collections.abc import Iterable

from benchmarks.aws.account import SnapshotRecord
from ebs_backup.settings import TAG_PERIOD, TAG_RUN, TAG_SET
from tests.faults.world import World

USABLE = ("completed", "pending")
Points = list[list[SnapshotRecord]]


def of_this_set(world: World, snapshot: SnapshotRecord) -> bool:
    """Tell whether a run of this world may touch the snapshot at all."""
    return (
        snapshot.tags.get(TAG_SET) == world.settings.backup_set
        and snapshot.tags.get(TAG_PERIOD) == world.period
        and bool(snapshot.tags.get(TAG_RUN))
        and snapshot.volume_id in {each.id for each in world.selected}
    )


def must_go(world: World) -> set[str]:
    """Give the ids of the snapshots that one clean run, begun now, deletes."""
    at = world.clock()
    there = [
        each for each in world.account.snapshots.values() if each.exists(at) and of_this_set(world, each)
    ]
    by_volume = defaultdict(list)
    for each in there:
        by_volume[each.volume_id].append(each)
    return {each.id for held in by_volume.values() for each in _goes(world, held, at)}


def restore_points(held: Iterable[SnapshotRecord], at: float) -> Points:
    """Group one volume's snapshots by run, newest first; in each the one that stands for it comes first."""
    by_run: dict[str, list[SnapshotRecord]] = defaultdict(list)
    for each in held:
        if each.state(at) != "error":
            by_run[each.tags[TAG_RUN]].append(each)
    rank = {"completed": 0, "pending": 1}
    points = [
        sorted(group, key=lambda each: (rank.get(each.state(at), 2), each.started))
        for group in by_run.values()
    ]
    return sorted(points, key=lambda point: point[0].started, reverse=True)


def _goes(world: World, held: list[SnapshotRecord], at: float) -> list[SnapshotRecord]:
    failed = [each for each in held if each.state(at) == "error"]
    points = restore_points(held, at)
    doubles = [each for point in points for each in point[1:] if each.state(at) == "completed"]
    expired = [point[0] for point in _expired(points, world.settings.keep(world.period), at)]
    deletable = [each for each in reversed(expired) if not each.ami and not each.locked]
    rest = [each for each in (*failed, *doubles) if not each.ami and not each.locked]
    return [*rest, *deletable[: world.settings.max_expired_per_volume]]


def _expired(points: Points, keep: int, at: float) -> Points:
    """Give the restore points beyond the newest `keep` usable and `max(1, keep - 1)` completed ones.

    The one that the run is about to make counts as usable. One with an unsettled duplicate waits for it.
    """
    usable = [point for point in points if point[0].state(at) in USABLE]
    completed = [point for point in points if point[0].state(at) == "completed"]
    kept = [*usable[: keep - 1], *completed[: max(1, keep - 1)]]
    settled = [point for point in completed if all(each.state(at) == "completed" for each in point)]
    return [point for point in settled if point not in kept]

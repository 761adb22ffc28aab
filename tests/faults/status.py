"""The status of one clean run, written a second time from the table of statuses in docs/operating.md."""

import re
from bisect import bisect_right

from ebs_backup.names import OFF, TAG_HOLD, TAG_PERIOD, TAG_RUN, TAG_SET, Period
from fake_aws.records import SnapshotRecord, VolumeRecord
from tests.faults.clock import DAY
from tests.faults.oracle import ONE_RUN, USABLE, deferred, judged, ours, points
from tests.faults.world import World, firings

A_HOLD = re.compile(r"true|\d{4}-\d\d-\d\d")


def expected(world: World) -> str:
    """Return the status that one clean run, started now, must have; nothing that it makes fails."""
    there = [snapshot for snapshot in world.account.snapshots.values() if snapshot.exists(world.clock())]
    own = [snapshot for snapshot in there if ours(world, snapshot)]
    if not world.selected:
        return "FAILED"
    recent = world.clock() - world.settings.max_age(world.period) * DAY
    failed = any(snapshot.state(world.clock()) == "error" and snapshot.started >= recent for snapshot in own)
    if world.lost or failed or any(_is_bad(world, volume, own) for volume in world.selected):
        return "PROBLEM"
    return "CHECK" if _needs_a_look(world, there, own) else "OK"


def _is_bad(world: World, volume: VolumeRecord, own: list[SnapshotRecord]) -> bool:
    """Return whether a snapshot of the volume failed, or one is overdue."""
    held = [snapshot for snapshot in own if snapshot.volume_id == volume.id]
    failed = any(snapshot.state(world.clock()) == "error" for snapshot in held)
    return failed or any(_is_overdue(world, held, period) for period in Period)


def _is_overdue(world: World, held: list[SnapshotRecord], period: Period) -> bool:
    schedule, now = world.settings.schedule(period), world.clock()
    if schedule == OFF:
        return False
    limit = world.settings.max_age(period) * DAY
    usable = [snapshot for snapshot in held if snapshot.state(now) in USABLE]
    of_period = [
        snapshot
        for snapshot in usable
        if snapshot.tags.get(TAG_PERIOD) == period and TAG_RUN in snapshot.tags
    ]
    completed = [snapshot.started for snapshot in of_period if snapshot.state(now) == "completed"]
    if completed:
        return world.began - max(completed) > limit
    if of_period:  # all under way
        return world.began - min(snapshot.started for snapshot in of_period) > limit
    if not usable or period is world.period:
        return False  # the run's own is its first, and under way
    times = firings(schedule)
    fired = bisect_right(times, world.began - DAY)
    return bool(fired) and times[fired - 1] >= min(snapshot.started for snapshot in usable)


def _needs_a_look(world: World, there: list[SnapshotRecord], own: list[SnapshotRecord]) -> bool:
    selected = {volume.id for volume in world.selected}
    strange = [
        snapshot
        for snapshot in there
        if snapshot.tags.get(TAG_SET) == world.settings.backup_set and not ours(world, snapshot)
    ]
    strays = [
        snapshot
        for snapshot in own
        if not snapshot.tags.get(TAG_RUN) or snapshot.tags.get(TAG_PERIOD) not in tuple(Period)
    ]
    unreadable = [
        snapshot
        for snapshot in own
        if snapshot.volume_id in selected and not A_HOLD.fullmatch(snapshot.tags.get(TAG_HOLD, "true"))
    ]
    return bool(
        strange
        or strays
        or unreadable
        or deferred(world)
        or any(_is_edited(world, own, volume) for volume in selected)
        or any(_is_stale(world, snapshot) for snapshot in own if snapshot.volume_id in selected)
        or any(_was_lately(world, own, volume) for volume in world.account.volumes.keys() - selected)
    )


def _is_edited(world: World, own: list[SnapshotRecord], volume: str) -> bool:
    """Return whether snapshots of one run lie too far apart."""
    at = world.clock()
    held = [snapshot for snapshot in own if snapshot.volume_id == volume and judged(world, snapshot)]
    return any(
        abs(other.started - point.first.started) > ONE_RUN
        for point in points(world, held, at)
        for other in point.others
        if other.state(at) == "completed"
    )


def _is_stale(world: World, snapshot: SnapshotRecord) -> bool:
    """Return whether it is pending for longer than the `max_age` of its period."""
    if snapshot.state(world.clock()) != "pending" or snapshot.tags.get(TAG_PERIOD) not in tuple(Period):
        return False
    limit = world.settings.max_age(Period(snapshot.tags[TAG_PERIOD])) * DAY
    return world.began - snapshot.started > limit


def _was_lately(world: World, own: list[SnapshotRecord], volume: str) -> bool:
    """Return whether the set lately backed up a volume that it no longer selects."""
    whole = (snapshot for snapshot in own if snapshot.state(world.clock()) != "error")
    started = [snapshot.started for snapshot in whole if snapshot.volume_id == volume]
    limit = world.settings.max_age(world.period) * DAY
    seen = world.account.volumes[volume].state in ("in-use", "available", "error")
    return seen and bool(started) and world.began - max(started) <= limit

"""What must hold after every invocation, whatever faults it met; checked against the account's own record.

- Only the set's own snapshots are deleted: of the run's period (failed ones: of any), settled, not on hold.
- A volume loses a restore point only after it has a new one, or where the region has no room for one; the newest `keep`
  occasions stay, and the newest `keep - 1` of those that have a completed restore point.
- A run makes one snapshot of a volume, however often its event is delivered.
- All deliveries of a run together delete at most `max_expired_per_volume` occasions of a volume.
- An invocation ends before Lambda would end it, and its mail is true.
"""

from ebs_backup.names import TAG_RUN
from fake_aws.records import SnapshotRecord
from tests.faults.clock import DAY
from tests.faults.function import Invocation
from tests.faults.mails import check_mail
from tests.faults.oracle import ONE_RUN, USABLE, Occasion, is_held, is_selected, judged, occasion, ours
from tests.faults.world import World

NO_ROOM = "SnapshotLimitExceeded"


def check(world: World, invocation: Invocation) -> None:
    """Assert all that must hold after any invocation, whatever faults it met."""
    for snapshot in world.account.snapshots.values():
        gone = snapshot.deleted is not None and not snapshot.by_person
        if gone and invocation.began <= (snapshot.deleted or 0) <= invocation.ended:
            _check_deleted(world, invocation, snapshot)
    _check_no_double(world)
    _check_limit(world, invocation)
    _check_time(invocation)
    if not invocation.killed:
        check_mail(world, invocation)
        _check_alarm(world, invocation)


def _check_alarm(world: World, invocation: Invocation) -> None:
    """Assert that only what somebody else deleted is reported as vanished."""
    told = {row["volume"] for row in (invocation.answer or {}).get("vanished", [])}
    robbed = {snapshot.volume_id for snapshot in world.account.snapshots.values() if snapshot.by_person}
    assert told <= robbed, f"restore points vanished, but nobody deleted any: {told - robbed}"


def of_run(world: World, volume: str) -> list[SnapshotRecord]:
    """Return the snapshots that this run made of the volume and that are still there."""
    return [
        snapshot
        for snapshot in world.account.snapshots.values()
        if snapshot.volume_id == volume and judged(world, snapshot) and snapshot.tags[TAG_RUN] == world.run
        if snapshot.exists(world.clock())
    ]


def _check_deleted(world: World, invocation: Invocation, gone: SnapshotRecord) -> None:
    at = gone.deleted or 0
    assert ours(world, gone), f"deleted what is not the set's own: {gone}"
    assert gone.state(at) in ("completed", "error"), (
        f"deleted a snapshot that is still {gone.state(at)}: {gone}"
    )
    if gone.state(at) == "error" and gone.volume_id in world.account.volumes:
        assert is_selected(world, gone), f"deleted a failed snapshot of a volume that is not selected: {gone}"
        return
    assert judged(world, gone), f"deleted what is of another period, or of no run: {gone}"
    assert not is_held(gone, at), f"deleted what is on hold: {gone}"
    if gone.volume_id not in world.account.volumes:
        _check_retired(world, gone)
        return
    assert is_selected(world, gone), f"deleted what is of a volume that is not selected: {gone}"
    _check_rotated(world, invocation, gone)


def _check_retired(world: World, gone: SnapshotRecord) -> None:
    """Assert that the snapshots of a volume that is gone were old enough to be deleted."""
    days = world.settings.expire_gone_after_days
    assert days is not None, f"deleted what a volume that is gone has left behind: {gone}"
    newest = max(
        snapshot.started
        for snapshot in world.account.snapshots.values()
        if snapshot.volume_id == gone.volume_id and ours(world, snapshot)
    )
    assert world.began - newest > days * DAY, f"deleted before it was {days} days old: {gone}"


def _check_rotated(world: World, invocation: Invocation, gone: SnapshotRecord) -> None:
    """Assert that enough newer occasions are left, as far as the run could know."""
    at = gone.deleted or 0
    siblings = [
        snapshot
        for snapshot in world.account.snapshots.values()
        if snapshot.volume_id == gone.volume_id and snapshot is not gone and judged(world, snapshot)
    ]
    # The run knows a snapshot as the first listing showed it, or as its own create answered.
    seen = invocation.began - world.account.lag
    usable = [
        snapshot
        for snapshot in siblings
        if snapshot.started < at and snapshot.state(max(seen, snapshot.started)) in USABLE
    ]
    is_new = any(snapshot.tags[TAG_RUN] == world.run for snapshot in usable)
    assert is_new or _found_no_room(invocation, gone), f"rotated without a new snapshot: {gone}"
    # This delivery could not know what a person deleted meanwhile, or what another one deleted because it had failed.
    left = [
        snapshot
        for snapshot in usable
        if snapshot.exists(invocation.ended) or snapshot.by_person or snapshot.ends_as == "error"
    ]
    completed = [snapshot for snapshot in left if snapshot.state(at) == "completed"]
    if any(_is_twin(snapshot, gone) for snapshot in completed):
        return
    keep, mine = world.settings.keep(world.period), _occasion(world, gone)
    newer = {_occasion(world, snapshot) for snapshot in left} - {mine}
    good = {_occasion(world, snapshot) for snapshot in completed} - {mine}
    newer, good = ({found for found in those if found > mine} for those in (newer, good))
    assert len(newer) >= keep, f"a restore point of one of the newest {keep} occasions went: {gone}"
    assert len(good) >= max(1, keep - 1), f"a restore point of one of the newest good occasions went: {gone}"


def _occasion(world: World, snapshot: SnapshotRecord) -> Occasion:
    """Return the occasion of its restore point, which begins with the first of its duplicates."""
    twins = (
        other.started
        for other in world.account.snapshots.values()
        if other.volume_id == snapshot.volume_id and judged(world, other) and _is_twin(other, snapshot)
    )
    return occasion(world, min(twins), snapshot.tags[TAG_RUN])


def _is_twin(snapshot: SnapshotRecord, gone: SnapshotRecord) -> bool:
    same = snapshot.tags[TAG_RUN] == gone.tags[TAG_RUN]
    return same and abs(snapshot.started - gone.started) <= ONE_RUN


def _found_no_room(invocation: Invocation, gone: SnapshotRecord) -> bool:
    return any(
        call.code == NO_ROOM and call.params.get("VolumeId") == gone.volume_id for call in invocation.calls
    )


def _check_no_double(world: World) -> None:
    """Assert that the run made no duplicate; behind a long lag it may."""
    if world.may_slip:
        return
    for volume in world.selected:
        made = [snapshot for snapshot in of_run(world, volume.id) if snapshot.state(world.clock()) in USABLE]
        assert len(made) <= 1, f"one run made two snapshots of {volume.id}: {made}"


def _check_limit(world: World, invocation: Invocation) -> None:
    """Assert that all deliveries of the run together deleted no more occasions than one delivery may.

    Where two at once met a refusal, one of them went on to an occasion that the other left; where no restore point
    could be made, the limit holds for one invocation.
    """
    for volume in world.selected:
        held = [
            snapshot
            for snapshot in world.account.snapshots.values()
            if snapshot.volume_id == volume.id and judged(world, snapshot)
        ]
        drained = any(_found_no_room(invocation, snapshot) for snapshot in held)
        since = invocation.began if drained else world.began
        went = {
            _occasion(world, snapshot)
            for snapshot in held
            if (snapshot.deleted or 0) >= since
            and not snapshot.by_person
            and snapshot.state(snapshot.deleted or 0) == "completed"
        }
        left = {
            _occasion(world, snapshot)
            for snapshot in held
            if snapshot.deleted is None and snapshot.state(world.clock()) != "error"
        }
        limit = world.settings.max_expired_per_volume + world.excused[volume.id]
        assert len(went - left) <= limit, f"{volume.id} lost {len(went - left)} occasions, {limit} may go"


def _check_time(invocation: Invocation) -> None:
    """Assert that it ended, its mail included, before Lambda would have ended it."""
    late = invocation.ended - invocation.until
    assert late <= 0, f"ended {late:.0f} s after Lambda would have ended it"

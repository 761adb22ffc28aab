"""DESIGN's invariants, checked against the account's own record after every invocation."""

import re

from benchmarks.aws import wire
from benchmarks.aws.account import SnapshotRecord
from ebs_backup.settings import TAG_PERIOD, TAG_RUN
from tests.faults.function import Invocation
from tests.faults.oracle import USABLE, of_this_set
from tests.faults.world import World

SNAPSHOT_ID = re.compile(r"\bsnap-\w+")
LISTINGS = ("DescribeVolumes", "DescribeSnapshots")
GONE = {fault.code for fault in (*wire.CREATE_GONE, *wire.DELETE_GONE)}


def check(world: World, invocation: Invocation) -> None:
    """Assert all that must hold after any invocation, whatever faults it met."""
    for snapshot in world.account.snapshots.values():
        if snapshot.deleted is not None and invocation.began <= snapshot.deleted <= invocation.ended:
            _check_deleted(world, invocation, snapshot)
    _check_no_double(world)
    _check_limit(world)
    _check_time(world, invocation)
    if not invocation.killed:
        _check_mail(world, invocation)


def of_run(world: World, volume: str) -> list[SnapshotRecord]:
    """Give what this run has made of the volume and is still there."""
    return [
        each
        for each in world.account.snapshots.values()
        if each.volume_id == volume and of_this_set(world, each) and each.tags[TAG_RUN] == world.run
        if each.exists(world.clock())
    ]


def _check_deleted(world: World, invocation: Invocation, gone: SnapshotRecord) -> None:
    at = gone.deleted or 0
    assert of_this_set(world, gone), f"deleted what is not of this set and period: {gone}"
    assert gone.state(at) in ("completed", "error"), (
        f"deleted a snapshot that is still {gone.state(at)}: {gone}"
    )
    siblings = [each for each in world.account.snapshots.values() if _is_sibling(each, gone)]
    # The run knows a snapshot as the first listing showed it, or as its own create answered.
    seen = invocation.began - world.account.lag
    usable = [
        each for each in siblings if each.started < at and each.state(max(seen, each.started)) in USABLE
    ]
    assert any(each.tags[TAG_RUN] == world.run for each in usable), f"rotated without a new snapshot: {gone}"
    left = [each for each in usable if each.exists(invocation.ended)]
    completed = [each for each in left if each.state(at) == "completed"]
    if gone.state(at) == "error" or any(each.tags[TAG_RUN] == gone.tags[TAG_RUN] for each in completed):
        return
    keep = world.settings.keep(world.period)
    newer = {each.tags[TAG_RUN] for each in left if each.started >= gone.started}
    good = {each.tags[TAG_RUN] for each in completed if each.started >= gone.started}
    assert len(newer) >= keep, f"one of the newest {keep} restore points went: {gone}"
    assert len(good) >= max(1, keep - 1), f"one of the newest completed restore points went: {gone}"


def _is_sibling(each: SnapshotRecord, gone: SnapshotRecord) -> bool:
    """Tell whether it is another snapshot of the same volume, set and period."""
    ours = all(
        each.tags.get(key) == tag for key, tag in gone.tags.items() if key.endswith((":set", TAG_PERIOD))
    )
    return each.volume_id == gone.volume_id and each is not gone and ours and bool(each.tags.get(TAG_RUN))


def _check_no_double(world: World) -> None:
    """Assert that no duplicate slipped through where none may: one may behind a long lag, or from two at once."""
    if world.may_slip:
        return
    for volume in world.selected:
        made = [each for each in of_run(world, volume.id) if each.state(world.clock()) in USABLE]
        assert len(made) <= 1, f"one run made two snapshots of {volume.id}: {made}"


def _check_limit(world: World) -> None:
    """Assert that all deliveries of the run together deleted no more restore points than one may.

    Where two at once met a refusal, one of them went on to a restore point that the other left; where the run's
    snapshot failed, a later delivery made another and rotated again.
    """
    for volume in world.selected:
        ours = [
            each
            for each in world.account.snapshots.values()
            if each.volume_id == volume.id and of_this_set(world, each)
        ]
        good = [each for each in ours if each.state(each.deleted or world.clock()) == "completed"]
        left = {
            each.tags[TAG_RUN]
            for each in ours
            if each.deleted is None and each.state(world.clock()) in USABLE
        }
        went = {each.tags[TAG_RUN] for each in good if (each.deleted or 0) >= world.night} - left
        failed = sum(
            each.tags[TAG_RUN] == world.run and each.state(world.clock()) == "error" for each in ours
        )
        limit = world.settings.max_expired_per_volume * (1 + failed) + world.excused[volume.id]
        assert len(went) <= limit, f"{len(went)} restore points of {volume.id} went, {limit} may: {went}"


def _check_time(world: World, invocation: Invocation) -> None:
    """Assert that it ended before Lambda would have ended it, mail and all.

    Several workers, or deliveries, that share the virtual clock wait for each other: that is no time of the function's.
    """
    if invocation.alone and world.workers == 1:
        late = invocation.ended - invocation.until
        assert late <= 0, f"ended {late:.0f} s after Lambda would have ended it"


def _check_mail(world: World, invocation: Invocation) -> None:
    faulty = {each.action for each in invocation.calls if each.code}
    if invocation.answer is None:
        broken = faulty & {*LISTINGS, "Invoke", "Publish"}
        assert broken, f"the run broke, though it could list, go on and mail: {invocation.raised!r}"
        tried = any(each.action == "Publish" for each in invocation.calls)
        assert tried, "a broken run did not try to mail"
        return
    assert invocation.mails, "a run ended without a mail"
    body = "\n".join(mail.body for mail in invocation.mails)
    for failure in invocation.answer["failures"]:
        assert failure["resource"] in body, f"a failure is not in the mail: {failure}"
        assert failure["code"].lower() in body.lower().replace(" ", ""), (
            f"a failure's code is not in the mail: {failure}"
        )
    told = {failure["resource"] for failure in invocation.answer["failures"]} | _told_gone(invocation)
    made = {volume.id for volume in world.selected if of_run(world, volume.id)}
    for volume in world.selected:
        assert volume.id in made | told, f"nobody is told of {volume.id}"
    if invocation.alone:
        claimed = invocation.answer["created"] + invocation.answer["found"]
        assert claimed <= len(made), f"{claimed} restore points are told, {len(made)} are there"
        _check_undeleted(world, invocation, told)


def _told_gone(invocation: Invocation) -> set[str]:
    """Give the volumes and snapshots of which EC2 itself said, truly or not, that they are gone."""
    return {
        each.params.get("VolumeId") or each.params["SnapshotId"]
        for each in invocation.calls
        if each.code in GONE
    }


def _check_undeleted(world: World, invocation: Invocation, told: set[str]) -> None:
    """Assert that every snapshot whose deletion was tried in vain is told as a failure.

    Where an earlier invocation of a run that went on tried it, and then deleted others up to the limit, it is left; where
    a long lag hid from the last one that the volume has its snapshot, the volume is told.
    """
    left = invocation.answer["left"] if invocation.answer and invocation.went_on else 0
    told = told | {id_ for mail in invocation.mails for id_ in SNAPSHOT_ID.findall(mail.body)}
    for call in invocation.calls:
        if call.action == "DeleteSnapshot" and call.code:
            snapshot = world.account.snapshots[call.params["SnapshotId"]]
            is_there = snapshot.exists(world.clock())
            is_told = snapshot.id in told or (invocation.went_on and snapshot.volume_id in told)
            assert not is_there or left or is_told, f"nobody is told of {snapshot.id}"

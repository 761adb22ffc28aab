"""Brings deleted snapshots back, on hold: the next run of their period would delete most of them again.

The hold is set first, while a snapshot is still in the bin: tags can be changed there, and come back with it. So no run
ever sees it without a hold, and an interrupted command can be given again.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ebs_backup.aws import convert
from ebs_backup.aws.errors import ERRORS, AwsError, Kind
from ebs_backup.model import ERROR, Snapshot
from ebs_backup.names import TAG_SET
from ebs_backup.retention import hold
from ebs_backup.tags import Described
from ebs_backup_cli.backups.holding import FOR_EVER, parts, put_on_hold

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

SETTLED, BETWEEN_LOOKS = 60.0, 3.0  # seconds that EC2's listings may lag behind, and between two looks
IN_BIN = "recoverable"  # EC2's state of a snapshot in the bin, should a listing of the others show it


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What became of one snapshot. `now` is what EC2 lists, None where it does not list it.

    `restored` says that it came out of the bin now; else it was out before. `labelled` says that it still has the label
    of its set. The errors say why it could not be restored, or could not be put on hold.
    """

    id: str
    made: Described
    restored: bool = False
    now: Snapshot | None = None
    labelled: bool = True
    not_restored: AwsError | None = None
    not_held: AwsError | None = None

    @property
    def hold(self) -> str | None:
        """Return the value of its hold tag, or None; a listing may still lack the one that was set now."""
        if self.not_restored or self.not_held:
            return None
        return (self.now and self.now.hold) or FOR_EVER


def there(client: "EC2Client", ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """List those of these snapshots that exist, outside the bin; raises an AwsError."""
    found: dict[str, Mapping[str, Any]] = {}
    for part in parts(sorted(ids)):
        filters = convert.filters({"snapshot-id": part})
        pages = client.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
        found |= dict(convert.rows(pages, "Snapshots", lambda raw: (raw["SnapshotId"], raw)))
    return {id_: raw for id_, raw in found.items() if raw["State"] != IN_BIN}


def bring_back(
    client: "EC2Client",
    deleted: Mapping[str, Described],
    today: date,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> list[Back]:
    """Put deleted snapshots on hold and restore them. If they cannot be held, raise an AwsError and restore nothing."""
    held = _held_in_bin(client, sorted(deleted))
    done = []
    for id_, made in deleted.items():
        say(f"bringing back {id_}")
        back = _restored(client, id_, made)
        if back.restored and not held:
            back = _hold(client, back)
        done.append(back)
    return _looked_at(client, done, today)


def hold_again(client: "EC2Client", present: Mapping[str, Described], today: date) -> list[Back]:
    """Put on hold the snapshots that are back already, such as after an interrupted command."""
    return _looked_at(client, [Back(id=id_, made=made) for id_, made in present.items()], today)


def _held_in_bin(client: "EC2Client", ids: Sequence[str]) -> bool:
    """Put on hold the snapshots that are in the bin; return False if EC2 says that there are no such snapshots."""
    try:
        put_on_hold(client, ids)
    except ERRORS as error:
        fault = AwsError.of(error)
        if fault.kind is not Kind.NOT_FOUND:
            raise fault from None
        return False
    return True


def _restored(client: "EC2Client", id_: str, made: Described) -> Back:
    """Restore one; the listing shows whether a call with a lost answer, or an earlier call, has done it."""
    try:
        client.restore_snapshot_from_recycle_bin(SnapshotId=id_)
    except ERRORS as error:
        fault = AwsError.of(error)
        perhaps = fault.kind in (Kind.NOT_FOUND, Kind.UNKNOWN_OUTCOME)
        if not (perhaps and _seen(client, [id_])):
            return Back(id=id_, made=made, not_restored=fault)
    return Back(id=id_, made=made, restored=True)


def _hold(client: "EC2Client", back: Back) -> Back:
    """Put on hold one snapshot that exists; EC2 may not know it yet."""
    waited = 0.0
    while True:
        try:
            put_on_hold(client, [back.id])
        except ERRORS as error:
            fault = AwsError.of(error)
            if fault.kind is not Kind.NOT_FOUND or waited >= SETTLED:
                return replace(back, not_held=fault)
            time.sleep(BETWEEN_LOOKS)
            waited += BETWEEN_LOOKS
        else:
            return replace(back, not_held=None)


def _seen(
    client: "EC2Client",
    ids: Collection[str],
    settled: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> dict[str, Mapping[str, Any]]:
    """Look until all of these snapshots are listed as they should be, or time is over; return those that are listed."""
    waited = 0.0
    while True:
        found = _listed(client, ids)
        if all(id_ in found and settled(found[id_]) for id_ in ids) or waited >= SETTLED:
            return found
        time.sleep(BETWEEN_LOOKS)
        waited += BETWEEN_LOOKS


def _listed(client: "EC2Client", ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """List as `there` does, or nothing if EC2 gives no list: the command must still print what was done before."""
    try:
        return there(client, ids)
    except AwsError:
        return {}


def _looked_at(client: "EC2Client", backs: Iterable[Back], today: date) -> list[Back]:
    """Look at all that are back, put on hold those that are not, and return how they are in the end."""
    done = {back.id: back for back in backs}
    listed = _seen(client, {id_ for id_, back in done.items() if not back.not_restored})
    loose = {id_ for id_, raw in listed.items() if _is_loose(convert.snapshot(raw), today)}
    for id_ in loose:
        done[id_] = _hold(client, done[id_])
    if newly := {id_ for id_ in loose if not done[id_].not_held}:
        listed |= _seen(client, newly, lambda raw: convert.snapshot(raw).hold == FOR_EVER)
    return [_as_listed(back, listed[id_]) if id_ in listed else back for id_, back in done.items()]


def _is_loose(snapshot: Snapshot, today: date) -> bool:
    """Return whether a run could delete it; a hold does not keep a failed snapshot."""
    return snapshot.state != ERROR and not hold(snapshot, today)


def _as_listed(back: Back, raw: Mapping[str, Any]) -> Back:
    now = convert.snapshot(raw)
    tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}
    return replace(back, now=now, labelled=now.ours and tags.get(TAG_SET) == back.made.backup_set)

"""EBS as AWS behaves where ministack does not: pages, dry runs, snapshots pending, failed and in use, exact filters."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

from emulator import events
from emulator.clock import Clock
from emulator.failures import Failures
from emulator.patching import replace, require
from fake_aws.limits import SNAPSHOTS_A_PAGE, TAGS_A_PAGE, VOLUMES_A_PAGE, unfinished_snapshots
from fake_aws.query import matches

Params = Mapping[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Action = Callable[[Params], Answer]

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
PENDING = timedelta(minutes=5)  # of the emulator's time; on AWS minutes to hours


def patch(clock: Clock, failures: Failures) -> None:
    """Patch the behaviour into ministack's EC2."""
    require(ec2, "_ACTION_MAP", "_snapshots", "_volumes", "_images", "_tags", "_error")
    replace(ec2, "_snapshot_inner_xml", _with_the_reason)
    replace(ec2, "_now_ts", lambda _: lambda: milliseconds(clock.now()))
    replace(ec2, "_glob_match", lambda _: matches)
    replace(ec2, "_snapshot_matches_filters", _with_wildcards_in_descriptions)
    actions = ec2._ACTION_MAP
    listed: tuple[tuple[str, str, int], ...] = (
        ("DescribeVolumes", "volumeSet", VOLUMES_A_PAGE),
        ("DescribeSnapshots", "snapshotSet", SNAPSHOTS_A_PAGE),
        ("DescribeTags", "tagSet", TAGS_A_PAGE),
    )
    for name, items, size in listed:
        actions[name] = dry_run(_paged(_settled(actions[name], clock, failures), items, size))
    create = _settled(_limited(_pending(actions["CreateSnapshot"])), clock, failures)
    actions["CreateSnapshot"] = dry_run(create)
    actions["CreateVolume"] = _as_large_as_its_snapshot(actions["CreateVolume"])
    actions["DeleteSnapshot"] = dry_run(_refused_while_in_use(actions["DeleteSnapshot"]))


def one(params: Params, name: str) -> str:
    """Return a parameter of EC2's query protocol, empty if it is not there."""
    value = params.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def milliseconds(time: datetime) -> str:
    """Write a time as EC2 does."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


def dry_run(action: Action) -> Action:
    """Answer a dry run: say that it would work, and do nothing."""

    def answer(params: Params) -> Answer:
        if one(params, "DryRun").lower() == "true":
            return error("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        return action(params)

    return answer


def _paged(action: Action, items: str, most: int) -> Action:
    """Cut a listing into pages; the token is the number of the next item."""

    def answer(params: Params) -> Answer:
        status, headers, body = action(params)
        if status != 200:
            return status, headers, body
        root = ET.fromstring(body)  # noqa: S314 - ministack wrote it
        listing = root.find(f"{{{NAMESPACE}}}{items}")
        if listing is None:
            raise LookupError(f"the listing has no {items}")
        begin = int(one(params, "NextToken") or 0)
        end = begin + min(int(one(params, "MaxResults") or most), most)
        everything = list(listing)
        listing[:] = everything[begin:end]
        if end < len(everything):
            ET.SubElement(root, f"{{{NAMESPACE}}}nextToken").text = str(end)
        ET.register_namespace("", NAMESPACE)
        return status, headers, ET.tostring(root, xml_declaration=True, encoding="utf-8")

    return answer


def _settled(action: Action, clock: Clock, failures: Failures) -> Action:
    """First fail the snapshots that should fail, and complete those that have been pending for long enough."""

    def answer(params: Params) -> Answer:
        done, failed = milliseconds(clock.now() - PENDING), failures.all()
        for snapshot in [snapshot for snapshot in ec2._snapshots.values() if snapshot["State"] == "pending"]:
            if snapshot["SnapshotId"] in failed:
                snapshot.update(State="error", StateMessage=failed[snapshot["SnapshotId"]])
                if snapshot["SnapshotId"] in failures.with_an_event():
                    events.tell_of_failed(snapshot)
            elif snapshot["StartTime"] <= done:
                snapshot.update(State="completed", Progress="100%")
        return action(params)

    return answer


def _pending(action: Action) -> Action:
    """Create every snapshot as pending, as AWS does."""

    def answer(params: Params) -> Answer:
        before = set(ec2._snapshots)
        status, headers, body = action(params)
        for snapshot in set(ec2._snapshots) - before:
            ec2._snapshots[snapshot].update(State="pending", Progress="0%")
            body = body.replace(b">completed<", b">pending<").replace(b">100%<", b">0%<")
        return status, headers, body

    return answer


def _limited(action: Action) -> Action:
    """Refuse a snapshot of a volume that already has as many pending and failed ones as EC2 allows."""

    def answer(params: Params) -> Answer:
        volume = one(params, "VolumeId")
        most = unfinished_snapshots(ec2._volumes.get(volume, {}).get("VolumeType", ""))
        of_it = (snapshot for snapshot in ec2._snapshots.values() if snapshot["VolumeId"] == volume)
        if sum(snapshot["State"] in ("pending", "error") for snapshot in of_it) >= most:
            message = "Maximum allowed in-progress snapshots for a single volume exceeded."
            return error("ConcurrentSnapshotLimitExceeded", message, 400)
        return action(params)

    return answer


def _as_large_as_its_snapshot(action: Action) -> Action:
    """Make a volume from a snapshot as large as the snapshot, if no size is given."""

    def answer(params: Params) -> Answer:
        snapshot = ec2._snapshots.get(one(params, "SnapshotId"))
        size = {"Size": [str(snapshot["VolumeSize"])]} if snapshot and not one(params, "Size") else {}
        return action({**params, **size})

    return answer


def _with_the_reason(inner: Callable[[Mapping[str, Any]], str]) -> Callable[[Mapping[str, Any]], str]:
    """Return EC2's reason for a failed snapshot, as its listings do."""

    def xml(snapshot: Mapping[str, Any]) -> str:
        reason = snapshot.get("StateMessage", "")
        return inner(snapshot) + (f"<statusMessage>{escape(reason)}</statusMessage>" if reason else "")

    return xml


def _with_wildcards_in_descriptions(exact: Callable[..., bool]) -> Callable[..., bool]:
    """Let a filter have wildcards for descriptions too: ministack has them only for tags."""

    def fits(snapshot: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
        others = {name: values for name, values in filters.items() if name != "description"}
        patterns = filters.get("description") or ["*"]
        return any(matches(it, snapshot["Description"]) for it in patterns) and exact(snapshot, others)

    return fits


def _refused_while_in_use(action: Action) -> Action:
    """Refuse to delete a snapshot that an AMI uses, and name the AMI."""

    def answer(params: Params) -> Answer:
        snapshot = one(params, "SnapshotId")
        for ami, image in ec2._images.items():
            if snapshot in str(image.get("BlockDeviceMappings")):
                return error(
                    "InvalidSnapshot.InUse", f"The snapshot {snapshot} is currently in use by {ami}", 400
                )
        return action(params)

    return answer


def error(code: str, message: str, status: int) -> Answer:
    """Write an error as EC2 does."""
    answer: Answer = ec2._error(code, message, status)
    return answer

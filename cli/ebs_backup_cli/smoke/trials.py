"""How `smoke` tries each belief; a trial returns what AWS answered, and whether that is as we believe."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ebs_backup.aws import convert
from ebs_backup.aws.errors import ERRORS, RATE_PER_VOLUME, AwsError, Kind
from ebs_backup.aws.patience import SETTLING
from ebs_backup.aws.trial import ALLOWED
from ebs_backup_cli.smoke.lab import NOTE, TAG, Lab

NOT_TRIED = "not tried: "


@dataclass(frozen=True, slots=True)
class Saw:
    """What AWS answered; `as_believed` is None where it could not be tried."""

    words: str
    as_believed: bool | None


def tried(trial: Callable[[], Saw]) -> Saw:
    """Do one trial; if an error stops it, that error is the result."""
    try:
        return trial()
    except ERRORS as error:
        return Saw(f"{NOT_TRIED}{_words(error)}", None)


def _words(error: Exception) -> str:
    known = AwsError.of(error)
    status = (
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if isinstance(error, ClientError)
        else ""
    )
    return f"{known.code}{f' (HTTP {status})' if status else ''}: {known.message}"


def _refused(send: Callable[[], object], is_it: Callable[[AwsError], bool], done: str) -> Saw:
    """Send a call that AWS should refuse; `done` is what to report if it is accepted."""
    try:
        send()
    except ERRORS as error:
        return Saw(_words(error), is_it(AwsError.of(error)))
    return Saw(done, as_believed=False)


def _code(*codes: str) -> Callable[[AwsError], bool]:
    return lambda error: error.code in codes


def dry_run_create(lab: Lab, volume: str) -> Saw:
    """Try CreateSnapshot with DryRun."""
    return _refused(lambda: create(lab, volume, DryRun=True), _code(ALLOWED), "it was made")


def dry_run_delete(lab: Lab, snapshot: str) -> Saw:
    """Try DeleteSnapshot with DryRun."""
    return _refused(
        lambda: lab.client.delete_snapshot(SnapshotId=snapshot, DryRun=True), _code(ALLOWED), "it was deleted"
    )


def create(lab: Lab, volume: str, **more: Any) -> str:  # noqa: ANN401 - as CreateSnapshot takes them
    """Make a snapshot without the core, and remember it."""
    sent = {"VolumeId": volume, "TagSpecifications": lab.tags("snapshot")} | more
    made: str = lab.client.create_snapshot(**sent)["SnapshotId"]
    lab.snapshots.append(made)
    return made


def rate_per_volume(lab: Lab, volume: str) -> Saw:
    """Try a second snapshot within 15 seconds."""
    return _refused(lambda: create(lab, volume), _code(RATE_PER_VOLUME), "it was made")


def description_ascii(lab: Lab, volume: str) -> Saw:
    """Try a description that is not ASCII."""
    return _refused(
        lambda: create(lab, volume, Description="Größe"), _code("InvalidParameterValue"), "it was made"
    )


def tags_50(lab: Lab, volume: str) -> Saw:
    """Try 51 tags."""
    tags = lab.tags("snapshot", **{f"n{number}": "" for number in range(49)})
    return _refused(
        lambda: create(lab, volume, TagSpecifications=tags), _code("TagLimitExceeded"), "it was made"
    )


def listing_lag(lab: Lab, snapshot: str) -> Saw:
    """Look how soon a snapshot that was just made is listed by its tags."""
    filters = convert.filters({f"tag:{TAG}": [lab.name]})
    began = time.monotonic()

    def there() -> bool:
        listed = lab.client.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        return snapshot in {raw["SnapshotId"] for raw in listed}

    lab.until(f"{snapshot} in the listing", there)
    seconds = time.monotonic() - began
    return Saw(f"listed after {seconds:.1f} s", seconds <= SETTLING)


def filter_wildcards(lab: Lab, snapshot: str) -> Saw:
    """Look for a tag with wildcards in it, and for one that they alone would find."""

    def found(value: str) -> bool:
        filters = convert.filters({f"tag:{TAG}": [lab.name], "tag:Note": [value]})
        listed = lab.client.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        return snapshot in {raw["SnapshotId"] for raw in listed}

    itself, as_wildcard = found(NOTE), found("Größe*")
    words = f"itself {'found' if itself else 'not found'}; as a wildcard {'found' if as_wildcard else 'not found'}"
    return Saw(words, itself and not as_wildcard)


def tags_kept(raw: Mapping[str, Any]) -> Saw:
    """Compare a copied tag with the volume's."""
    told = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}.get("Note")
    return Saw(repr(told), told == NOTE)


def description_kept(raw: Mapping[str, Any], sent: str) -> Saw:
    """Compare the description with what was sent."""
    told = raw.get("Description", "")
    return Saw(repr(told), told == sent)


def full_size(raw: Mapping[str, Any]) -> Saw:
    """Look whether a completed snapshot tells its size."""
    told = raw.get("FullSnapshotSizeInBytes")
    return Saw("not there" if told is None else f"{told:,} bytes", told is not None)


def in_use(lab: Lab, snapshot: str) -> Saw:
    """Try to delete a snapshot that an AMI uses."""
    image = lab.client.register_image(
        Name=lab.name,
        Architecture="x86_64",
        RootDeviceName="/dev/xvda",
        VirtualizationType="hvm",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}],
        TagSpecifications=lab.tags("image"),
    )["ImageId"]
    lab.images.append(image)
    try:
        return _refused(
            lambda: lab.client.delete_snapshot(SnapshotId=snapshot),
            lambda error: error.code == "InvalidSnapshot.InUse" and image in error.message,
            "it was deleted",
        )
    finally:
        lab.client.deregister_image(ImageId=image)


def locked(lab: Lab, snapshot: str) -> Saw:
    """Try to delete a locked snapshot; it is not locked unless it may be unlocked."""
    may = _refused(
        lambda: lab.client.unlock_snapshot(SnapshotId=snapshot, DryRun=True),
        _code(ALLOWED),
        "it was unlocked",
    )
    if not may.as_believed:
        return Saw(f"{NOT_TRIED}{may.words}", None)
    lab.client.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=1)
    with _unlocked_at_the_end(lab, snapshot):
        return _refused(
            lambda: lab.client.delete_snapshot(SnapshotId=snapshot),
            lambda error: error.kind is Kind.KEPT,
            "it was deleted",
        )


@contextmanager
def _unlocked_at_the_end(lab: Lab, snapshot: str) -> Iterator[None]:
    try:
        yield
    finally:
        lab.client.unlock_snapshot(SnapshotId=snapshot)


def gone(lab: Lab, snapshot: str) -> Saw:
    """Delete a snapshot twice."""
    lab.client.delete_snapshot(SnapshotId=snapshot)
    return _refused(
        lambda: lab.client.delete_snapshot(SnapshotId=snapshot),
        lambda error: error.kind is Kind.NOT_FOUND,
        "it was deleted again",
    )

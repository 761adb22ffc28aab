"""What `smoke` works with in an account: one small volume, what comes of it, and removing all of it again."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ebs_backup.aws import convert
from ebs_backup.aws.errors import ERRORS, AwsError, Kind
from ebs_backup.names import TAG_SET
from ebs_backup_cli.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

TAG = "ebs-backup-smoke"  # on all that it makes; its value is the smoke's name
PREFIX = "smoke-"  # of the names, and of the sets that belong to no stack
# A tag's value with what is easily lost on the way: letters of other scripts, and the wildcards of a filter.
NOTE = "Größe 漢字 Ж * ? \\ + - = . _ : / @"
OLD = 3600.0  # seconds after which what another smoke made is a leftover
TRIES, PAUSE = 6, 5.0  # of a removal, and seconds between them
LONGEST = 900.0  # seconds


@dataclass(slots=True, kw_only=True)
class Lab:
    """The account, the name of this smoke, and the ids of all that it made."""

    client: "EC2Client"
    name: str
    volumes: list[str] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)

    def tags(self, kind: str, **more: str) -> Any:  # noqa: ANN401 - boto3's type differs by resource
        """Return the tags of something that this smoke makes."""
        every = {TAG: self.name, "Name": self.name} | more
        return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": every[key]} for key in every]}]

    def volume(self, token: str, **parameters: Any) -> str:  # noqa: ANN401 - as CreateVolume takes them
        """Make a volume and return its id; the same token gives the same volume."""
        made: str = self.client.create_volume(ClientToken=token, **parameters)["VolumeId"]
        if made not in self.volumes:
            self.volumes.append(made)
        return made

    def until(self, what: str, look: Callable[[], Any]) -> float:
        """Wait until something is there; returns the seconds. Raises a CommandError if it does not come."""
        waited = 0.0
        while not look():
            if waited >= LONGEST:
                raise CommandError(f"{what} did not come within {LONGEST / 60:.0f} minutes.")
            self.sleep(PAUSE if waited >= 10 else 1.0)
            waited += PAUSE if waited >= 10 else 1.0
        return waited

    def raw_volume(self, volume: str) -> Mapping[str, Any]:
        """Return a volume as EC2 lists it, or nothing."""
        listed = self.client.describe_volumes(Filters=convert.filters({"volume-id": [volume]}))["Volumes"]
        return dict(listed[0]) if listed else {}

    def raw_snapshot(self, snapshot: str) -> Mapping[str, Any]:
        """Return a snapshot as EC2 lists it, or nothing."""
        filters = convert.filters({"snapshot-id": [snapshot]})
        listed = self.client.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        return dict(listed[0]) if listed else {}

    def of_volume(self, volume: str) -> list[Mapping[str, Any]]:
        """List the snapshots of a volume, and remember them."""
        filters = convert.filters({"volume-id": [volume]})
        listed = self.client.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        self.snapshots += [raw["SnapshotId"] for raw in listed if raw["SnapshotId"] not in self.snapshots]
        return [dict(raw) for raw in listed]

    # Removing

    def clean_up(self) -> tuple[list[str], list[str]]:
        """Remove all that this smoke made, and what an earlier one left; returns what went, and what could not."""
        for found in (self.images, self.snapshots, self.volumes):
            with suppress(AwsError, *ERRORS):  # then it is what we know; the next smoke looks again
                found += [id_ for id_ in self._tagged(found) if id_ not in found]
        for volume in self.volumes:
            with suppress(*ERRORS):
                self.of_volume(volume)
        gone: list[str] = []
        left: list[str] = []
        for id_ in (*self.images, *self.snapshots, *self.volumes):
            (gone if self._remove(id_) else left).append(id_)
        return gone, left

    def _tagged(self, kind: list[str]) -> Iterator[str]:
        if kind is self.images:
            rows = self.client.describe_images(Owners=["self"], Filters=convert.filters({"tag-key": [TAG]}))
            yield from (raw["ImageId"] for raw in rows["Images"] if self._is_mine(raw, raw["CreationDate"]))
            return
        if kind is self.volumes:
            pages = self.client.get_paginator("describe_volumes").paginate(
                Filters=convert.filters({"tag-key": [TAG]})
            )
            for raw in convert.rows(pages, "Volumes", dict):
                if self._is_mine(raw, raw["CreateTime"]):
                    yield raw["VolumeId"]
            return
        # By the set as well: a policy may have kept the copied tag off.
        for filters in (
            convert.filters({"tag-key": [TAG]}),
            [{"Name": f"tag:{TAG_SET}", "Values": [f"{PREFIX}*"]}],
        ):
            listed = self.client.get_paginator("describe_snapshots").paginate(
                OwnerIds=["self"],
                Filters=filters,  # type: ignore[arg-type]
            )
            for raw in convert.rows(listed, "Snapshots", dict):
                if self._is_mine(raw, raw["StartTime"]):
                    yield raw["SnapshotId"]

    def _is_mine(self, raw: Mapping[str, Any], made: Any) -> bool:  # noqa: ANN401 - a time, or EC2's text of one
        """Return whether this smoke made it, or one that ended long ago; what another one now uses is left alone."""
        tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}
        names = (tags.get(TAG, ""), tags.get(TAG_SET, ""))
        if self.name in names:
            return True
        at = datetime.fromisoformat(made) if isinstance(made, str) else made
        return any(name.startswith(PREFIX) for name in names) and time.time() - at.timestamp() > OLD

    def _remove(self, id_: str) -> bool:
        """Remove one thing, and return whether it is gone."""
        for _ in range(TRIES):
            try:
                self._send_removal(id_)
            except ERRORS as error:
                if _is_gone(error):
                    return True
                self.sleep(PAUSE)
            else:
                return True
        return False

    def _send_removal(self, id_: str) -> None:
        if id_.startswith("ami-"):
            self.client.deregister_image(ImageId=id_)
        elif id_.startswith("snap-"):
            try:
                self.client.delete_snapshot(SnapshotId=id_)
            except ClientError as error:
                if AwsError.of(error).kind is Kind.KEPT:
                    self.client.unlock_snapshot(SnapshotId=id_)
                raise
        else:
            self.client.delete_volume(VolumeId=id_)


def _is_gone(error: Exception) -> bool:
    code = AwsError.of(error).code
    return code.endswith(("NotFound", ".Unavailable", ".Unknown"))

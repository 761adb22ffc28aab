"""Backups in the mocked account, made by the core itself, and what a test changes of them."""

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ebs.models import EBSSnapshot, ebs_backends
from moto.ec2.models import ec2_backends

from ebs_backup.aws.connection import connect
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.names import Period
from ebs_backup.run import execute
from tests.cli.conftest import REGION, Command, owner
from tests.unit.builders import NIGHT, a_run, settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client


@cache
def _connected() -> "EC2Client":
    return connect(owner())


@dataclass(frozen=True, slots=True)
class Backups:
    """The account behind a command."""

    command: Command

    def run(self, at: datetime = NIGHT, period: Period = Period.DAY, **overrides: object) -> dict[str, str]:
        """Do a scheduled run; return the snapshot that it made of each volume."""
        before = set(self._backend.snapshots)
        wanted = settings(**overrides)
        run = a_run(period=period, id=f"{at:%Y-%m-%dT%H:%M:%SZ}", time=at, backup_set=wanted.backup_set)
        ec2 = Ec2(_connected(), deadline=float("inf"))
        outcome = execute(ec2, wanted, run, now=lambda: at)
        assert not [volume.failures for volume in outcome.volumes if volume.failures]
        made = {id_: record for id_, record in self._backend.snapshots.items() if id_ not in before}
        for record in made.values():
            record.start_time = at
        return {record.volume.id: id_ for id_, record in made.items()}

    def alter(self, snapshot: str, **changes: object) -> None:
        """Change moto's record of a snapshot, such as its `status`."""
        for name, value in changes.items():
            setattr(self._backend.snapshots[snapshot], name, value)

    def write(self, snapshot: str, blocks: Mapping[int, bytes], *, damaged: Collection[int] = ()) -> None:
        """Let a snapshot hold these blocks; the damaged ones have the checksums of other data."""
        record = EBSSnapshot(DEFAULT_ACCOUNT_ID, self._backend.snapshots[snapshot])
        record.block_size = 512 * 1024
        for index, data in blocks.items():
            told = hashlib.sha256(data + b"damaged" if index in damaged else data).digest()
            record.put_block(index, data, base64.b64encode(told).decode(), "SHA256", len(data))
        ebs_backends[DEFAULT_ACCOUNT_ID][REGION].snapshots[snapshot] = record

    def tag(self, resource: str, **tags: str) -> None:
        """Put tags on a resource."""
        named = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.command.ec2.create_tags(Resources=[resource], Tags=named)

    def tags(self, resource: str) -> dict[str, str]:
        """Return a resource's tags."""
        listed = self.command.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource]}])
        return {tag["Key"]: tag["Value"] for tag in listed["Tags"]}

    def volume(self, id_: str) -> dict[str, Any]:
        """Return a volume as EC2 lists it, without what is new for every volume (its id, its times)."""
        (found,) = self.command.ec2.describe_volumes(VolumeIds=[id_])["Volumes"]
        return {key: value for key, value in found.items() if key in PROPERTIES}

    def ids(self) -> set[str]:
        """Return the ids of all volumes."""
        return {volume["VolumeId"] for volume in self.command.ec2.describe_volumes()["Volumes"]}

    def make(self, name: str, *, attach: tuple[str, str] | None = None, **properties: object) -> str:
        """Make a selected volume with these parameters of CreateVolume; return its id."""
        tags: Mapping[str, str] = {"Name": name, "Backup": "true", "Team": "blue"}
        made = self.command.ec2.create_volume(
            **{"AvailabilityZone": f"{REGION}a", "Size": 8, "VolumeType": "gp3", **properties},
            TagSpecifications=[
                {"ResourceType": "volume", "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}
            ],
        )["VolumeId"]
        if attach:
            instance, device = attach
            self.command.ec2.attach_volume(VolumeId=made, InstanceId=instance, Device=device)
        return str(made)

    def instance(self, name: str) -> str:
        """Start an instance without volumes of its own; return its id."""
        image = self._backend.register_image("image")
        started = self.command.ec2.run_instances(
            ImageId=image.id,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
        )
        instance = str(started["Instances"][0]["InstanceId"])
        for volume in self.ids_on(instance):
            self.command.ec2.detach_volume(VolumeId=volume, InstanceId=instance)
            self.command.ec2.delete_volume(VolumeId=volume)
        return instance

    def ids_on(self, instance: str) -> list[str]:
        """Return the ids of the volumes that are attached to an instance."""
        filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
        listed = self.command.ec2.describe_volumes(Filters=filters)["Volumes"]
        return [volume["VolumeId"] for volume in listed]

    def lose(self, volume: str) -> None:
        """Delete a volume, detached first where it is attached."""
        (found,) = self.command.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
        for attachment in found["Attachments"]:
            self.command.ec2.detach_volume(VolumeId=volume, InstanceId=attachment["InstanceId"])
        self.command.ec2.delete_volume(VolumeId=volume)

    @property
    def _backend(self) -> Any:  # noqa: ANN401 - moto's own object, which has no types
        return ec2_backends[DEFAULT_ACCOUNT_ID][REGION]


PROPERTIES = {"Size", "AvailabilityZone", "VolumeType", "Iops", "Throughput", "Encrypted", "KmsKeyId"}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "gp3": {
        "VolumeType": "gp3",
        "Size": 100,
        "Iops": 4000,
        "Throughput": 250,
        "AvailabilityZone": f"{REGION}b",
    },
    "gp2": {"VolumeType": "gp2", "Size": 33},
    "io2": {"VolumeType": "io2", "Size": 40, "Iops": 2000},
    "st1": {"VolumeType": "st1", "Size": 125},
    "encrypted": {"Encrypted": True},
}


@pytest.fixture
def backups(command: Command) -> Backups:
    """Return the account behind a command, with a deployed set."""
    command.deploy()
    return Backups(command)

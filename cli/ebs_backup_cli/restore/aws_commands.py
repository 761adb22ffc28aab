"""What an operator can type: a restore as AWS CLI commands, and how to attach and mount a restored volume. Pure."""

import json
import shlex
from collections.abc import Iterator, Mapping

from ebs_backup.model import Volume
from ebs_backup_cli.backups.points import Point
from ebs_backup_cli.restore.restoring import NewVolume

ROOT_DEVICES = ("/dev/xvda", "/dev/sda1", "/dev/sda")
DATA_DEVICES = tuple(f"/dev/sd{letter}" for letter in "fghijklmnop")  # those that EC2 recommends
INSTANCE = "INSTANCE_ID"


def create(volume: NewVolume, token: str, region: str) -> str:
    """Return the command that makes this volume; typed twice, it makes one volume, because the token is the same."""
    given = volume.parameters(token)
    options = {
        "--region": region,
        "--snapshot-id": given["SnapshotId"],
        "--availability-zone": given["AvailabilityZone"],
        "--volume-type": given["VolumeType"],
        "--size": given["Size"],
        "--iops": given.get("Iops"),
        "--throughput": given.get("Throughput"),
        "--kms-key-id": given.get("KmsKeyId"),
        "--client-token": given["ClientToken"],
        "--tag-specifications": json.dumps(given["TagSpecifications"], separators=(",", ":")),
    }
    words = ["aws", "ec2", "create-volume", *(["--encrypted"] if volume.encrypted else [])]
    for option, value in options.items():
        words += [option, str(value)] if value is not None else []
    return shlex.join(words)


def wait(volume_id: str, region: str) -> str:
    """Return the command that waits until a volume is available."""
    return shlex.join(
        ["aws", "ec2", "wait", "volume-available", "--region", region, "--volume-ids", volume_id]
    )


def attach(
    volume_id: str, point: Point, volume: NewVolume, volumes: Mapping[str, Volume], region: str
) -> str:
    """Return the command that attaches a volume to the instance that the old one was on, by a device that is free."""
    instance, device = place(point, volume, volumes)
    words = ["aws", "ec2", "attach-volume", "--region", region, "--volume-id", volume_id]
    return shlex.join([*words, "--instance-id", instance, "--device", device])


def place(point: Point, volume: NewVolume, volumes: Mapping[str, Volume]) -> tuple[str, str]:
    """Return the instance and the device to attach to; `INSTANCE_ID` if no instance in the zone is known."""
    source = point.source
    same_zone = source.zone == volume.zone
    instance = source.instance if source.instance and same_zone else INSTANCE
    taken = {there.device for there in volumes.values() if there.instance == instance}
    wished = [source.device] if source.device and not is_root(point) else []
    free = [device for device in (*wished, *DATA_DEVICES) if _letter(device) not in map(_letter, taken)]
    return instance, free[0] if free else "DEVICE"


def _letter(device: str) -> str:
    """Return a device's name without the part in which /dev/sdf and /dev/xvdf differ."""
    return device.removeprefix("/dev/").removeprefix("sd").removeprefix("xvd")


def is_root(point: Point) -> bool:
    """Return whether the volume was an instance's root."""
    return point.source.device in ROOT_DEVICES


def replace_root(point: Point, region: str) -> str:
    """Return the command that gives an instance its root volume as it was, without a new instance."""
    words = ["aws", "ec2", "create-replace-root-volume-task", "--region", region]
    return shlex.join(
        [*words, "--instance-id", point.source.instance or INSTANCE, "--snapshot-id", point.snapshot.id]
    )


def how_to_mount(volume_id: str) -> Iterator[str]:
    """Return what to type on the instance: a Nitro instance names the device itself, and a link has the volume's id."""
    link = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"
    yield "On the instance (a Nitro instance names the device /dev/nvme1n1 or so; this link has the volume's id):"
    yield f"    DEVICE={link}"
    yield "    lsblk -f $DEVICE"
    yield "If it has partitions, use the one with the data: DEVICE=$DEVICE-part1. Mount it read-only first:"
    yield "    sudo mkdir -p /mnt/restored"
    yield "    sudo mount -o ro $DEVICE /mnt/restored"
    yield "XFS, if the original volume is mounted too (both have the same UUID):"
    yield "    sudo mount -o ro,nouuid $DEVICE /mnt/restored"
    yield "LVM, if the original volume is attached too:"
    yield "    sudo vgimportclone --basevgname restored $DEVICE"
    yield "    sudo vgchange --activate y restored && sudo lvs restored"
    yield "    sudo mount -o ro /dev/restored/NAME_OF_THE_LV /mnt/restored"


def hints(
    volume_id: str, point: Point, volume: NewVolume, volumes: Mapping[str, Volume], region: str
) -> Iterator[str]:
    """Return how to attach and mount a restored volume."""
    if is_root(point):
        yield "It was a root volume. In place of the root that the instance has now (it reboots):"
        yield f"    {replace_root(point, region)}"
        yield "Or attach the new volume to an instance as a second volume, to look at it:"
    instance, _ = place(point, volume, volumes)
    on = f"an instance in {volume.zone}" if instance == INSTANCE else f"{instance}, where it was"
    yield f"Attach it to {on}{'' if instance == INSTANCE else f' (or to any in {volume.zone})'}:"
    yield f"    {attach(volume_id, point, volume, volumes, region)}"
    yield from how_to_mount(volume_id)

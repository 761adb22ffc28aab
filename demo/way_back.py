"""The end of the demo: a volume is lost, and the operator's command makes it again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from demo import show
from emulator.account import EmulatedAccount
from emulator.command import ebs_backup
from emulator.server import Emulator

COMPARED = ("VolumeType", "Size", "Iops", "Throughput", "AvailabilityZone", "Encrypted")
COLUMNS = 96  # of the command's output
RESTORED = " (restored)"


class NotRestoredError(RuntimeError):
    """The volume did not come back as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A volume as it was before it was deleted."""

    properties: dict[str, Any]
    tags: dict[str, str]


def restore(account: EmulatedAccount, name: str, volume: str) -> None:
    """Delete a volume, restore it with the command as anybody would type it, and compare."""
    lost = _delete(account, volume)
    clock = account.emulator.clock
    clock.set(clock.now() + timedelta(hours=1))  # tonight's snapshot is completed by then
    show.command(f'ebs-backup restore "{name}" --yes', _typed(account.emulator, "restore", name, "--yes"))
    _compare(account, lost, name)
    show.done(f'"{name}{RESTORED}" has the type, size and tags of the volume that is gone')


def _delete(account: EmulatedAccount, volume: str) -> Lost:
    (found,) = account.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    for attachment in found["Attachments"]:
        account.ec2.detach_volume(VolumeId=volume, InstanceId=attachment["InstanceId"])
    account.ec2.delete_volume(VolumeId=volume)
    return _seen(found)


def _typed(emulator: Emulator, *arguments: str) -> str:
    done = ebs_backup(emulator, *arguments, columns=COLUMNS)
    if done.returncode != 0:
        raise NotRestoredError(f"ebs-backup {arguments[0]} failed: {' '.join(done.stderr.split())}")
    return done.stdout


def _compare(account: EmulatedAccount, lost: Lost, name: str) -> None:
    filters = [{"Name": "tag:Name", "Values": [f"{name}{RESTORED}"]}]
    (found,) = account.ec2.describe_volumes(Filters=filters)["Volumes"]
    made = _seen(found)
    tags = {key: value for key, value in made.tags.items() if key != "ebs-backup:restored-from"}
    if made.properties != lost.properties or tags != {**lost.tags, "Name": f"{name}{RESTORED}"}:
        raise NotRestoredError(f"the new volume is {made}, the old one was {lost}")


def _seen(volume: dict[str, Any]) -> Lost:
    return Lost(
        properties={name: volume.get(name) for name in COMPARED},
        tags={tag["Key"]: tag["Value"] for tag in volume["Tags"]},
    )

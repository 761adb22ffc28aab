"""What makesnapshots and ec2-automate-backup leave in EC2, as their code writes it; `foreign_backups` says where."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ebs_backup_cli.adopt.adopting import found_snapshot
from ebs_backup_cli.adopt.foreign_backups import Adoptable, NotAdoptable, find
from tests.unit.builders import NIGHT

ACCOUNT = "123456789012"
VOLUME = "vol-0a000199fe01c2d4e"
SUFFIX = {"day": "%a", "week": "%U", "month": "%b"}


def makesnapshots_4(
    period: str, at: datetime = NIGHT, *, volume: str = VOLUME, begun: datetime | None = None
) -> str:
    """Write as 3.0 to 4.0. By the machine's clock, `at` is the volume's turn and `begun` is the start of the run."""
    suffix = (begun or at).strftime(SUFFIX[period])
    return f"{period}_snapshot {volume}_{period}_{suffix} by snapshot script at {at:%d-%m-%Y %H:%M:%S}"


def makesnapshots_2(period: str, at: datetime = NIGHT, *, volume: str = VOLUME) -> str:
    """Write as 2.0."""
    return f"{period} snapshot {volume} by snapshot script at {at.replace(tzinfo=None).isoformat(' ')}"


def makesnapshots_1(at: datetime = NIGHT, *, volume: str = VOLUME) -> str:
    """Write as 1.6, the first public one."""
    return f"Snapshot {volume} by snapshot script at {at.replace(tzinfo=None).isoformat(' ')}"


def ec2ab(at: datetime = NIGHT, *, volume: str = VOLUME) -> str:
    """Write as ec2-automate-backup does since 2014; `at` is UTC."""
    return f"ec2ab_{volume}_{at.timestamp():.0f}"


def ec2ab_2012(at: datetime = NIGHT, *, volume: str = VOLUME) -> str:
    """Write as ec2-automate-backup did from 2012 on; `at` is UTC."""
    return f"ec2ab_{volume}_{at:%Y-%m-%d}"


def raw(
    description: str,
    *,
    id: str = "snap-0a",  # noqa: A002 - the field's name
    volume: str = VOLUME,
    owner: str = ACCOUNT,
    started: datetime = NIGHT + timedelta(seconds=2),
    state: str = "completed",
    tags: Mapping[str, str] | None = None,
    **others: object,
) -> dict[str, Any]:
    """Describe a snapshot as EC2 does: one of NIGHT, of a volume of 100 GiB."""
    return {
        "SnapshotId": id,
        "VolumeId": volume,
        "OwnerId": owner,
        "StartTime": started,
        "State": state,
        "Description": description,
        "VolumeSize": 100,
        "Encrypted": False,
        "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()],
        **others,
    }


def seen(description: str, **parts: Any) -> Adoptable | NotAdoptable | None:  # noqa: ANN401 - as `raw` takes them
    """Return what a snapshot with this description is taken for."""
    found = find([found_snapshot(raw(description, **parts))], account=ACCOUNT)
    either: tuple[Adoptable | NotAdoptable, ...] = (*found.adoptable, *found.refused)
    return either[0] if either else None


def reason(description: str, **parts: Any) -> str:  # noqa: ANN401 - as `raw` takes them
    """Return why a snapshot with this description is left alone."""
    found = seen(description, **parts)
    assert isinstance(found, NotAdoptable)
    return found.reason

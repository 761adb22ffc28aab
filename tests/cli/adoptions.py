"""Adoptions as the tests plan them: of snapshots that another tool left."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ebs_backup.model import Snapshot, Volume
from ebs_backup.settings import Settings
from ebs_backup_cli.adopt.adopting import found_snapshot
from ebs_backup_cli.adopt.adoption import Adoption, Plan, Request, plan
from ebs_backup_cli.adopt.foreign_backups import find
from ebs_backup_cli.adopt.outlook import Region
from tests.cli.tools import ACCOUNT, VOLUME, makesnapshots_4, raw
from tests.unit.builders import NIGHT, a_volume, settings

Raw = dict[str, Any]

OURS = {
    "ebs-backup:set": "default",
    "ebs-backup:period": "day",
    "ebs-backup:run": "adopted:snap-0a",
    "ebs-backup:source": f"volume={VOLUME} zone=eu-west-1a",
}
LIVE = a_volume(id=VOLUME)

NOW = NIGHT + timedelta(hours=9)


def planned(
    *snapshots: Raw,
    volumes: tuple[Volume, ...] = (LIVE,),
    held: tuple[Snapshot, ...] = (),
    configured: Settings | None = None,
    now: datetime = NOW,
    **asked: Any,  # noqa: ANN401 - as Request takes them
) -> Plan:
    """Plan the adoption of these snapshots, by the default set, in a region where the volume is selected."""
    return plan(
        find(map(found_snapshot, snapshots), account=ACCOUNT),
        Region(volumes={volume.id: volume for volume in volumes}, held=held),
        Request(settings=configured or settings(), **asked),
        now=now,
    )


def only(*snapshots: Raw, **parts: Any) -> Adoption:  # noqa: ANN401 - as `planned` takes them
    """Return the one adoption of a plan that refuses nothing."""
    made = planned(*snapshots, **parts)
    assert made.refused == ()
    (adoption,) = made.adoptions
    return adoption


def refusal(*snapshots: Raw, **parts: Any) -> str:  # noqa: ANN401 - as `planned` takes them
    """Return why a plan adopts nothing."""
    made = planned(*snapshots, **parts)
    assert (made.adoptions, made.done) == ((), ())
    (refused,) = made.refused
    return refused.reason


def nights(count: int, *, tags: Mapping[str, str] | None = None) -> list[Raw]:
    """Describe makesnapshots' day snapshots of the nights before NIGHT, newest first."""
    times = [NIGHT - timedelta(days=days) for days in range(1, count + 1)]
    return [
        raw(makesnapshots_4("day", time), id=f"snap-{number:02}", started=time, tags=tags)
        for number, time in enumerate(times)
    ]


def adopted(snapshot: Raw, adoption: Adoption) -> Raw:
    """Describe the snapshot as EC2 does after the plan was carried out."""
    tags = [*snapshot["Tags"], *({"Key": key, "Value": value} for key, value in adoption.tags.items())]
    return {**snapshot, "Tags": tags}

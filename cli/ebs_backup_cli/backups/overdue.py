"""Which volumes are overdue now, as the core decides it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ebs_backup.freshness import Overdue, freshness
from ebs_backup.overrides import overrides
from ebs_backup.settings import Settings
from ebs_backup_cli.backups.moment import moment
from ebs_backup_cli.backups.points import Holdings, Point, by_volume


def selected(found: Holdings, settings: Settings) -> list[str]:
    """Return the ids of the volumes that the set backs up."""
    return [
        volume.id
        for volume in found.volumes.values()
        if volume.tags.get(settings.tag_name) == settings.tag_value
    ]


def overdue(
    found: Holdings, settings: Settings, now: datetime, groups: Mapping[str, Sequence[Point]] | None = None
) -> dict[str, tuple[Overdue, ...]]:
    """Return what is overdue, by volume; like a run, this leaves out volumes that their own tag skips."""
    run = moment(settings, now)
    groups = by_volume(found.points) if groups is None else groups
    late = {}
    for volume_id in selected(found, settings):
        volume = found.volumes[volume_id]
        there = [point.snapshot for point in groups.get(volume_id, ())]
        if not overrides(volume, there, settings, run).skipped:
            late[volume_id] = freshness(volume, there, there, settings, run).overdue
    return {volume: missing for volume, missing in late.items() if missing}

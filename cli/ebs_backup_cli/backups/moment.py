"""A run that is never carried out: the core's decisions need one, also for a command that only looks. Pure."""

from datetime import datetime, timedelta

from ebs_backup.model import Run
from ebs_backup.names import Period
from ebs_backup.settings import Settings

RUNNING = timedelta(hours=1)  # after a firing: its run may not have come that far yet


def moment(settings: Settings, at: datetime, period: Period = Period.DAY) -> Run:
    """Return a dry run of the set at this time, without account and region: only its time and period are used."""
    return Run(
        id=at.isoformat(),
        time=at,
        period=period,
        backup_set=settings.backup_set,
        dry_run=True,
        account="",
        region="",
        selector=f"{settings.tag_name}={settings.tag_value}",
        function="",
        log_group="",
    )

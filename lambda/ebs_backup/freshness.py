"""Which volumes have gone too long without a completed snapshot, period by period. Pure.

Every run looks at every period, so that a rule which somebody disabled shows in the next mail of another.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from ebs_backup import cron
from ebs_backup.model import COMPLETED, PENDING, Run, Snapshot, Volume
from ebs_backup.outcome import Overdue
from ebs_backup.settings import Settings

DAY = timedelta(days=1)  # after a firing: its run may be retried, or queued


def overdue(volume: Volume, there: Sequence[Snapshot], settings: Settings, run: Run) -> Iterator[Overdue]:
    """Return each period whose newest completed snapshot is older than `max_age_<period>` days.

    Without one the volume waits for it: since the first one under way was begun, or from the first firing on that it was
    there for, or, if it has no restore point of any period, since it was made.
    """
    usable = [snapshot.started for snapshot in there if snapshot.usable]
    for period in settings.periods:
        ours = [snapshot for snapshot in there if snapshot.period == period and snapshot.run]
        completed = [snapshot for snapshot in ours if snapshot.state == COMPLETED]
        newest = max(completed, key=lambda snapshot: snapshot.started, default=None)
        pending = [snapshot.started for snapshot in ours if snapshot.state == PENDING]
        limit = settings.max_age(period)
        if newest or pending or not usable:
            since = newest.started if newest else min(pending, default=volume.created)
            late = run.time - since > timedelta(days=limit)
        else:
            day_ago = (run.time - DAY).replace(second=0, microsecond=0)
            fired = cron.latest(settings.schedule(period), at=day_ago)
            late = fired is not None and fired >= min(usable)
        if late:
            yield Overdue(period=period, limit=limit, newest=newest)

"""Which volumes have gone too long without a completed snapshot, period by period. Pure.

Every run looks at every period, so that a rule which somebody disabled shows in the next mail of another.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from ebs_backup.model import COMPLETED, Run, Snapshot, Volume
from ebs_backup.outcome import Overdue
from ebs_backup.settings import Period, Settings


def overdue(
    volume: Volume, held: Sequence[Snapshot], made: Snapshot | None, settings: Settings, run: Run
) -> Iterator[Overdue]:
    """Give each period whose newest completed snapshot is older than `max_age_<period>` days.

    A volume that never had one is overdue when it is itself older than that, but not while the very first run of a period
    has just made the first one.
    """
    for period in Period:
        ours = [each for each in held if each.period == period]
        completed = (each for each in ours if each.state == COMPLETED)
        newest = max(completed, key=lambda each: each.started, default=None)
        if made and made.period == period and made.state == COMPLETED:
            newest = made
        since = newest.started if newest else volume.created
        if run.time - since <= timedelta(days=settings.max_age(period)):
            continue
        if not newest and made and period == run.period and all(each.run == run.id for each in ours):
            continue
        yield Overdue(period=period, limit=settings.max_age(period), newest=newest)

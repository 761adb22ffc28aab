"""Which volumes have gone too long without a completed snapshot, period by period. Pure.

Every run looks at every period, so that a rule which somebody disabled shows in the next mail of another.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from ebs_backup.model import COMPLETED, PENDING, Run, Snapshot, Volume
from ebs_backup.outcome import Overdue
from ebs_backup.settings import Period, Settings


def overdue(
    volume: Volume, held: Sequence[Snapshot], made: Snapshot | None, settings: Settings, run: Run
) -> Iterator[Overdue]:
    """Give each period whose newest completed snapshot is older than `max_age_<period>` days.

    A volume that never had one is overdue when it is itself older than that; where the first one is under way, when that was
    begun longer ago.
    """
    for period in Period:
        ours = [each for each in (*held, *([made] if made else ())) if each.period == period]
        newest = max((each for each in ours if each.state == COMPLETED), key=_started, default=None)
        if run.time - _since(volume, ours, newest) > timedelta(days=settings.max_age(period)):
            yield Overdue(period=period, limit=settings.max_age(period), newest=newest)


def _since(volume: Volume, ours: Sequence[Snapshot], newest: Snapshot | None) -> datetime:
    """Tell since when the volume waits for a completed snapshot; a failed one has not begun anything."""
    if newest:
        return newest.started
    if ours and all(each.state == PENDING for each in ours):
        return min(map(_started, ours))
    return volume.created


def _started(snapshot: Snapshot) -> datetime:
    return snapshot.started

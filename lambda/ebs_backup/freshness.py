"""How fresh a volume's snapshots are: which periods are overdue, and which snapshots are pending too long. Pure.

Every run checks every period, so that the mails of the other periods show that somebody disabled a rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ebs_backup import cron
from ebs_backup.model import COMPLETED, PENDING, Run, Snapshot, Volume
from ebs_backup.names import Period
from ebs_backup.settings import Settings

DAY = timedelta(days=1)  # after a firing, because its run may be retried or queued


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A period of one volume whose newest completed snapshot, if there is one, is older than `limit` days."""

    period: Period
    limit: int
    newest: Snapshot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """A volume's overdue periods. `stale` are snapshots that are pending for longer than their period's `max_age`.

    `newest_completed` is its newest good snapshot of any period.
    """

    overdue: tuple[Overdue, ...] = ()
    stale: tuple[Snapshot, ...] = ()
    newest_completed: Snapshot | None = None


def freshness(
    volume: Volume, known: Sequence[Snapshot], there: Iterable[Snapshot], settings: Settings, run: Run
) -> Freshness:
    """Return how fresh the `known` snapshots are, even deleted ones. Only those that are still `there` can be stale."""
    return Freshness(
        overdue=tuple(_overdue(volume, known, settings, run)),
        stale=tuple(_stale(there, settings, run)),
        newest_completed=_newest_completed(known),
    )


def _overdue(volume: Volume, known: Sequence[Snapshot], settings: Settings, run: Run) -> Iterator[Overdue]:
    """Return each period whose newest completed snapshot is older than `max_age_<period>` days.

    If there is none, the wait began with the period's first pending snapshot. If there is no pending one, it began at
    the first firing after the volume's oldest restore point. If the volume has no restore point of any period, it
    began when the volume was made.
    """
    usable = [snapshot.started for snapshot in known if snapshot.usable]
    for period in settings.periods:
        ours = [snapshot for snapshot in known if snapshot.period == period and snapshot.run]
        newest = _newest_completed(ours)
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


def _stale(there: Iterable[Snapshot], settings: Settings, run: Run) -> Iterator[Snapshot]:
    for snapshot in there:
        if snapshot.state == PENDING and snapshot.known_period:
            limit = timedelta(days=settings.max_age(Period(snapshot.period)))
            if run.time - snapshot.started > limit:
                yield snapshot


def _newest_completed(snapshots: Iterable[Snapshot]) -> Snapshot | None:
    completed = (snapshot for snapshot in snapshots if snapshot.state == COMPLETED)
    return max(completed, key=lambda snapshot: snapshot.started, default=None)

"""What the function's own rotation decides after an adoption, by the same code that a run uses. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ebs_backup import gone
from ebs_backup.model import ERROR, Decision, Fate, Run, Snapshot, Volume
from ebs_backup.names import Period
from ebs_backup.overrides import overrides
from ebs_backup.retention import Occasion, deletion_order, keep_all
from ebs_backup.rotation import Rotation
from ebs_backup.selection import select
from ebs_backup.settings import Settings
from ebs_backup_cli.backups.moment import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What is there: all volumes of the region, by id, and the set's own snapshots."""

    volumes: Mapping[str, Volume]
    held: Sequence[Snapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is decided for a snapshot, and with which of the next runs of its period it goes: 1 is the next, 0 none."""

    decision: Decision
    goes_with: int


def outlook(
    adopted: Sequence[Snapshot], region: Region, settings: Settings, *, now: datetime
) -> dict[str, Verdict]:
    """Return by id what rotation decides as of `now` for the adopted snapshots, together with those of the set."""
    by_volume: defaultdict[str, dict[str, Snapshot]] = defaultdict(dict)
    for snapshot in (*(own for own in region.held if own.ours and own.run), *adopted):
        by_volume[snapshot.volume_id][snapshot.id] = snapshot
    decided = {
        verdict.decision.snapshot.id: verdict
        for volume_id, period in {(snapshot.volume_id, Period(snapshot.period)) for snapshot in adopted}
        for verdict in _in_runs(
            _of_volume(
                volume_id,
                tuple(by_volume[volume_id].values()),
                region,
                settings,
                moment(settings, now, period),
            ),
            limit=settings.max_expired_per_volume,
        )
    }
    return {snapshot.id: decided[snapshot.id] for snapshot in adopted}


def _of_volume(
    volume_id: str, there: Sequence[Snapshot], region: Region, settings: Settings, run: Run
) -> Sequence[Decision]:
    def all_kept(reason: str) -> Sequence[Decision]:
        of_period = (snapshot for snapshot in there if snapshot.period == run.period)
        return keep_all(of_period, settings.schedule(run.period), reason=reason)

    volume = region.volumes.get(volume_id)
    if volume is None:
        old = gone.old_enough(there, settings, run)
        return gone.decide(there, settings, run) if old else all_kept("its volume is gone")
    if volume_id not in select([volume], {}, settings).volumes:
        return all_kept("its volume is not selected")
    wishes = overrides(volume, (), settings, run)
    if wishes.skipped:
        return all_kept(f"its volume is skipped {wishes.skipped}")
    if volume.state == ERROR:
        return all_kept("its volume is in state error")
    rule = wishes.rule(run.period, settings)
    return Rotation(rule=rule, run=run, limit=settings.max_expired_per_volume).decide(there)


def _in_runs(decisions: Sequence[Decision], *, limit: int) -> Iterable[Verdict]:
    """Return which run deletes what is expired, as `Deleter` does: oldest first, `limit` whole occasions in a run."""
    staying = {decision.occasion for decision in decisions if decision.fate is not Fate.EXPIRED}
    going: dict[Occasion, int] = {}
    runs = {decision.snapshot.id: 0 for decision in decisions}
    for decision in deletion_order(decisions):
        counts = not decision.redundant and decision.occasion not in staying
        before = going.setdefault(decision.occasion, len(going)) if counts else 0
        runs[decision.snapshot.id] = before // limit + 1
    return [Verdict(decision=decision, goes_with=runs[decision.snapshot.id]) for decision in decisions]

"""What the function's own rotation decides after an adoption, by the same code that a run uses. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ebs_backup.model import ERROR, Decision, Fate, Run, Snapshot, Volume
from ebs_backup.names import Period
from ebs_backup.overrides import overrides
from ebs_backup.retention import Rule, expire_all, occasion_of, rotate
from ebs_backup.selection import select
from ebs_backup.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What is there: all volumes of the region, by id, and the set's own snapshots."""

    volumes: Mapping[str, Volume]
    held: Sequence[Snapshot]


def outlook(
    adopted: Sequence[Snapshot], region: Region, settings: Settings, *, now: datetime
) -> dict[str, Decision]:
    """Decide, by snapshot id, for those that are adopted, beside what the set has, as of `now` and before a new run.

    `max_expired_per_volume` is left out: what it defers goes in a later run.
    """
    by_volume: defaultdict[str, dict[str, Snapshot]] = defaultdict(dict)
    for snapshot in (*(own for own in region.held if own.ours and own.run), *adopted):
        by_volume[snapshot.volume_id][snapshot.id] = snapshot
    decided = {
        decision.snapshot.id: decision
        for volume_id, period in {(snapshot.volume_id, Period(snapshot.period)) for snapshot in adopted}
        for decision in _of_volume(
            volume_id, tuple(by_volume[volume_id].values()), region, settings, run_at(now, settings, period)
        )
    }
    return {snapshot.id: decided[snapshot.id] for snapshot in adopted}


def run_at(time: datetime, settings: Settings, period: Period, *, id: str = "") -> Run:  # noqa: A002 - the field's name
    """Return a run of this period as the core's own functions take it: no account, function or log is asked for."""
    return Run(
        id=id,
        time=time,
        period=period,
        backup_set=settings.backup_set,
        dry_run=True,
        account="",
        region="",
        selector=f"{settings.tag_name}={settings.tag_value}",
        function="",
        log_group="",
        scheduled=False,
    )


def _of_volume(
    volume_id: str, there: Sequence[Snapshot], region: Region, settings: Settings, run: Run
) -> Sequence[Decision]:
    of_period = [snapshot for snapshot in there if snapshot.period == run.period]
    volume = region.volumes.get(volume_id)
    if volume is None:
        return _of_gone(there, of_period, settings, run)
    if volume_id not in select([volume], {}, settings).volumes:
        return _all_kept(of_period, settings, "its volume is not selected")
    wishes = overrides(volume, (), settings, run)
    if wishes.skipped or volume.state == ERROR:
        return _all_kept(
            of_period,
            settings,
            f"its volume is skipped {wishes.skipped}" if wishes.skipped else "its volume is in state error",
        )
    return rotate(of_period, rule=wishes.rule(run.period, settings), run=run.id, today=run.time.date())


def _of_gone(
    there: Sequence[Snapshot], of_period: Sequence[Snapshot], settings: Settings, run: Run
) -> Sequence[Decision]:
    """Decide for a volume that is gone: its snapshots stay, or all go once the newest of any period is old enough."""
    days = settings.expire_gone_after_days
    if days is None or run.time - max(snapshot.started for snapshot in there) <= timedelta(days=days):
        return _all_kept(of_period, settings, "its volume is gone")
    rule = Rule(keep=0, source="expire_gone_after_days", schedule=settings.schedule(run.period))
    reason = f"its volume is gone, beyond expire_gone_after_days={days}"
    return expire_all(of_period, rule=rule, reason=reason, today=run.time.date())


def _all_kept(snapshots: Sequence[Snapshot], settings: Settings, reason: str) -> Sequence[Decision]:
    return [
        Decision(
            snapshot=snapshot,
            fate=Fate.KEPT,
            reason=reason,
            occasion=occasion_of(snapshot, settings.schedule(Period(snapshot.period))),
        )
        for snapshot in snapshots
    ]

"""What a run would do with every snapshot of its period, and why: the core's own dry run.

It changes nothing: a dry run never calls one of EC2's writes.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ebs_backup import cron
from ebs_backup.aws.dry_run import NEW
from ebs_backup.model import PENDING, Decision, Fate, Run, Snapshot
from ebs_backup.names import OFF
from ebs_backup.outcome import Outcome, Status
from ebs_backup.retention import occasion_of
from ebs_backup.run import execute
from ebs_backup.settings import Settings
from ebs_backup.volume_outcome import Made, VolumeOutcome
from ebs_backup_cli.backups.listing import Listing

LOOK_AHEAD = timedelta(days=40 * 366)  # as far as the core looks back for a firing


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePlan:
    """What becomes of one volume's snapshots; `outcome` is the run's own, None if the run leaves the volume alone."""

    id: str
    name: str
    gone: bool
    decisions: Sequence[Decision]
    outcome: VolumeOutcome | None = None

    @property
    def create(self) -> bool:
        """Return whether the run would make a snapshot of it."""
        return self.outcome is not None and self.outcome.when is Made.NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run that was not done, volume by volume: those that it backs up, then those that it does not."""

    outcome: Outcome
    volumes: Sequence[VolumePlan]

    @property
    def deleted(self) -> int:
        """Count the snapshots that would be deleted."""
        return self.outcome.expired

    @property
    def kept(self) -> int:
        """Count the snapshots of the period that are there and would stay."""
        return sum(
            decision.fate is not Fate.EXPIRED for volume in self.volumes for decision in volume.decisions
        )

    @property
    def bad(self) -> bool:
        """Return whether the run would end as PROBLEM or FAILED."""
        return self.outcome.status in (Status.PROBLEM, Status.FAILED)


def make(listing: Listing, settings: Settings, run: Run) -> Plan:
    """Plan a run as of its own time; raises an AwsError where something cannot be listed."""
    with _unheard():
        outcome = execute(listing, settings, replace(run, dry_run=True), now=lambda: run.time)
    selected = [
        VolumePlan(
            id=volume.volume.id,
            name=volume.volume.name,
            gone=volume.gone,
            decisions=[decision for decision in volume.decisions if decision.snapshot.id != NEW],
            outcome=volume,
        )
        for volume in outcome.volumes
    ]
    planned = {volume.id for volume in selected}
    there = {volume.id: volume.name for volume in listing.volumes({})}
    names = {other.volume_id: other.name for other in outcome.unselected}
    held = (snapshot for snapshot in listing.snapshots(run.backup_set) if snapshot.volume_id not in planned)
    left = () if run.only else _others(there, names, held, outcome, settings)
    return Plan(outcome=outcome, volumes=[*sorted(selected, key=_by_name), *sorted(left, key=_by_name)])


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep the core from writing its log, which nobody reads here: a tenth of a plan's time."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


def _by_name(volume: VolumePlan) -> tuple[str, str]:
    return volume.name.casefold(), volume.id


def _others(
    there: Mapping[str, str],
    names: Mapping[str, str],
    held: Iterable[Snapshot],
    outcome: Outcome,
    settings: Settings,
) -> Iterator[VolumePlan]:
    """Return what becomes of the period's snapshots of volumes that the set does not select any more."""
    run = outcome.run
    retired = {decision.snapshot.id: decision for decision in outcome.retired}
    groups: defaultdict[str, list[Decision]] = defaultdict(list)
    for snapshot in sorted(held, key=lambda snapshot: (snapshot.started, snapshot.id), reverse=True):
        if not (snapshot.ours and snapshot.run and snapshot.period == run.period):
            continue
        why = "its volume is not selected any more" if snapshot.volume_id in there else "its volume is gone"
        occasion = occasion_of(snapshot, settings.schedule(run.period))
        kept = Decision(snapshot=snapshot, fate=Fate.KEPT, reason=why, occasion=occasion)
        groups[snapshot.volume_id].append(retired.get(snapshot.id, kept))
    for volume, decisions in groups.items():
        name = there.get(volume) or names.get(volume, "")
        yield VolumePlan(id=volume, name=name, gone=volume not in there, decisions=decisions)


def next_after(schedule: str, at: datetime) -> datetime | None:
    """Return when a schedule fires next after an instant, None where it never does."""
    if schedule == OFF:
        return None
    after = at + timedelta(seconds=1)
    return next(cron.instants(schedule, start=after, end=after + LOOK_AHEAD), None)


def at_firing(run: Run, at: datetime) -> Run:
    """Return the run that the rule starts when it fires at that time, with the same id."""
    return replace(run, id=f"{at:%Y-%m-%dT%H:%M:%SZ}", time=at, scheduled=True)


def pending(plan: Plan) -> int:
    """Count the snapshots of the period that are still pending: once they complete, a run may delete more."""
    return sum(decision.snapshot.state == PENDING for volume in plan.volumes for decision in volume.decisions)

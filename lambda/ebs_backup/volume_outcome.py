"""The result of a run for one volume, frozen."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ebs_backup.aws.errors import TAG_REFUSALS
from ebs_backup.freshness import Freshness, Overdue
from ebs_backup.model import (
    Decision,
    FailedSnapshot,
    Failure,
    Fate,
    Remark,
    Severity,
    Snapshot,
    Volume,
    check,
)

NOT_JUDGED = Freshness()  # of a volume that is gone, or skipped


class Made(StrEnum):
    """Whether a volume has its restore point of this run, and since when."""

    NO = "no"
    NOW = "created"  # by this delivery of the event, in any of its invocations
    BEFORE = "found"  # by an earlier try or another delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeOutcome:
    """What a run did for one volume.

    `made` is the volume's restore point of this run. `unfinished` says that the time was too short for something,
    `gone` that the volume was deleted during the run, `skipped` until when its tag skips it. `decisions` are on the
    volume's snapshots of the run's period, and on failed ones of every period. `failed` are snapshots that EC2 could
    not finish. `vanished` counts the occasions of the run's period that somebody else deleted.
    """

    volume: Volume
    made: Snapshot | None = None
    when: Made = Made.NO
    unfinished: bool = False
    gone: bool = False
    skipped: str = ""
    decisions: tuple[Decision, ...] = ()
    failed: tuple[FailedSnapshot, ...] = ()
    remarks: tuple[Remark, ...] = ()
    freshness: Freshness = NOT_JUDGED
    vanished: int = 0

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return what makes the run a PROBLEM."""
        return tuple(self._told(Severity.PROBLEM))

    @property
    def checks(self) -> tuple[Failure, ...]:
        """Return what a person should look at."""
        return tuple(self._told(Severity.CHECK))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is good to know."""
        return tuple(remark.told for remark in self.remarks if isinstance(remark.told, str))

    @property
    def overdue(self) -> tuple[Overdue, ...]:
        """Return the periods that are overdue."""
        return self.freshness.overdue

    @property
    def stale(self) -> tuple[Snapshot, ...]:
        """Return the snapshots that have been pending for too long."""
        return self.freshness.stale

    @property
    def newest_completed(self) -> Snapshot | None:
        """Return the newest good snapshot of any period."""
        return self.freshness.newest_completed

    def _told(self, severity: Severity) -> Iterator[Failure]:
        for remark in self.remarks:
            if remark.severity is severity and isinstance(remark.told, Failure):
                yield remark.told

    @property
    def left(self) -> int:
        """Return how many older restore points of the run's period the volume still has."""
        new = self.made.run if self.made else ""
        staying = (decision.snapshot for decision in self.decisions if decision.fate is not Fate.EXPIRED)
        return len({snapshot.run for snapshot in staying if snapshot.usable} - {new})

    @property
    def newest_before(self) -> datetime | None:
        """Return when the newest of the older restore points of the run's period was taken, if one is left."""
        new = self.made.id if self.made else ""
        older = (decision.snapshot for decision in self.decisions if decision.snapshot.id != new)
        return max((snapshot.started for snapshot in older if snapshot.usable), default=None)

    def of(self, *fates: Fate) -> tuple[Decision, ...]:
        """Return the decisions with one of these fates."""
        return tuple(decision for decision in self.decisions if decision.fate in fates)

    def after(self, untold: "VolumeOutcome | None") -> "VolumeOutcome":
        """Return this outcome with what an earlier try did and could not mail."""
        if untold is None:
            return self
        known = {decision.snapshot.id for decision in self.decisions}
        gone = (decision for decision in untold.of(Fate.EXPIRED) if decision.snapshot.id not in known)
        told = {failed.id for failed in self.failed}
        # A failure is tried and reported again. But only the try that made the snapshot knows which tags it lacks.
        tags = (check(failure) for failure in untold.checks if failure.resource == self.volume.id)
        return replace(
            self,
            when=Made.NOW if untold.when is Made.NOW and self.made else self.when,
            decisions=(*gone, *self.decisions),
            failed=(*(failed for failed in untold.failed if failed.id not in told), *self.failed),
            remarks=tuple(dict.fromkeys((*tags, *self.remarks))),
        )

    def done(self) -> "VolumeOutcome":
        """Return only what was done: the rest does not matter for a volume that is no longer selected."""
        return replace(self, unfinished=False, decisions=self.of(Fate.EXPIRED), freshness=NOT_JUDGED)

    @property
    def tags_refused(self) -> bool:
        """Return whether the new snapshot lacks copied tags because a policy refused them."""
        return any(
            failure.resource == self.volume.id and failure.code in TAG_REFUSALS for failure in self.checks
        )

    @property
    def changed(self) -> bool:
        """Return whether this invocation did something here."""
        return self.when is Made.NOW or bool(self.of(Fate.EXPIRED))

"""What came of a run, frozen: volume by volume, and what the set then holds, lacks and leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ebs_backup.model import Decision, Failure, Run, Snapshot, Volume
from ebs_backup.settings import TAG_SKIP, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A period of one volume whose newest completed snapshot, if there is one, is older than `limit` days."""

    period: Period
    limit: int
    newest: Snapshot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A volume that looks as if it were to be backed up, and why it is not."""

    volume: Volume
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unselected:
    """What the set still holds of a volume that it does not select; `there` is False where the volume is gone.

    `lately` tells that a selected volume with its newest snapshot would not be overdue yet.
    """

    volume_id: str
    name: str
    there: bool
    lately: bool
    snapshots: int
    at_most_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The usable restore points of one period; `at_most_gib` counts each as if it were stored whole."""

    points: int
    volumes: int
    oldest: datetime
    newest: datetime
    at_most_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeOutcome:
    """What a run did for one volume.

    `made` is the volume's restore point of this run, `found` tells that it was there already: an earlier delivery of the
    event made it, or, where `earlier` says so, an earlier invocation of this very run. `unfinished` tells that only time
    kept something from being done. `gone` tells that the volume was deleted meanwhile, `skipped` until when its tag has it
    left alone. `expired` are gone; still there are `kept`, `left` (expired, but `max_expired_per_volume` leaves them to the
    next run) and `stuck` (EC2 would not delete them: see `failures`). `newest_completed` is the newest good snapshot of any
    period, for the mail of a volume that got no new one.
    """

    volume: Volume
    made: Snapshot | None = None
    found: bool = False
    earlier: bool = False
    unfinished: bool = False
    gone: bool = False
    skipped: str = ""
    kept: tuple[Decision, ...] = ()
    expired: tuple[Decision, ...] = ()
    left: tuple[Decision, ...] = ()
    stuck: tuple[Decision, ...] = ()
    failures: tuple[Failure, ...] = ()
    bad_tags: tuple[Failure, ...] = ()
    overdue: tuple[Overdue, ...] = ()
    notes: tuple[str, ...] = ()
    newest_completed: Snapshot | None = None

    @property
    def created(self) -> bool:
        """Tell whether this run made the restore point, in whichever of its invocations."""
        return self.made is not None and (self.earlier or not self.found)

    @property
    def repeated(self) -> bool:
        """Tell whether an earlier delivery of the event had made it."""
        return self.found and not self.earlier

    @property
    def changed(self) -> bool:
        """Tell whether this invocation did something here."""
        return (self.made is not None and not self.found) or bool(self.expired)


class Status(StrEnum):
    """How a run ended: all well, something failed or is overdue, or it made no backup at all."""

    OK = "OK"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, whole, as far as it has come.

    `stopped` is why a run that is not finished does not go on, `unnamed` why instances could not be looked up: failures
    that are no volume's.
    """

    run: Run
    volumes: tuple[VolumeOutcome, ...]
    near_misses: tuple[NearMiss, ...] = ()
    unselected: tuple[Unselected, ...] = ()
    holdings: Mapping[Period, Holding]
    seconds: float
    stopped: Failure | None = None
    unnamed: Failure | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Give every failure: the run's own, then in the order of the volumes; selecting nothing is one too."""
        own = (_nothing_to_do(self), self.stopped, self.unnamed)
        return (
            *(failure for failure in own if failure),
            *(failure for each in self.volumes for failure in (*each.failures, *each.bad_tags)),
        )

    @property
    def created(self) -> int:
        """Count the volumes whose restore point this run made."""
        return sum(each.created for each in self.volumes)

    @property
    def repeated(self) -> int:
        """Count the volumes whose restore point an earlier delivery of the event had made."""
        return sum(each.repeated for each in self.volumes)

    @property
    def skipped(self) -> int:
        """Count the volumes that their tag has left alone."""
        return sum(bool(each.skipped) for each in self.volumes)

    @property
    def left(self) -> int:
        """Count the restore points that `max_expired_per_volume` leaves to the next run."""
        return sum(len(each.left) for each in self.volumes)

    @property
    def expired(self) -> int:
        """Count the snapshots that the run deleted, in all of its invocations."""
        before = self.run.continued.expired if self.run.continued else 0
        return before + sum(len(each.expired) for each in self.volumes)

    @property
    def status(self) -> Status:
        """Tell how the run ended: FAILED where it made or found no restore point at all."""
        if not any(each.made for each in self.volumes):
            return Status.FAILED
        problem = self.failures or any(each.overdue for each in self.volumes)
        return Status.PARTIAL if problem else Status.OK

    @property
    def lost(self) -> tuple[Unselected, ...]:
        """Give the volumes that the set backed up lately and does not select any more, as if they had lost their tag."""
        return tuple(each for each in self.unselected if each.there and each.lately)

    @property
    def needs_a_person(self) -> bool:
        """Tell whether somebody should look: a problem, what `max_expired_per_volume` left, a volume that was lost."""
        return self.status is not Status.OK or bool(self.lost) or bool(self.left)


def _nothing_to_do(outcome: Outcome) -> Failure | None:
    run = outcome.run
    if not outcome.volumes:
        return Failure(
            resource=run.selector,
            action="select volumes",
            code="NothingSelected",
            message=f"no volume in {run.region} carries the tag {run.selector}, to the letter and the case",
            advice="Tag the volumes, or correct tag_name and tag_value in cdk.json and run `cdk deploy`.",
        )
    if all(each.skipped for each in outcome.volumes):
        return Failure(
            resource=run.selector,
            action="select volumes",
            code="EverythingSkipped",
            message=f"every volume with the tag {run.selector} is skipped by its tag {TAG_SKIP}",
            advice=f"Remove the tag {TAG_SKIP} from the volumes that are to be backed up.",
        )
    return None

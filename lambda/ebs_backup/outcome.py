"""The result of a run, frozen: its volumes, and what the set then holds, lacks and leaves out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from ebs_backup.aws.errors import SNAPSHOT_FAILED, snapshot_failed_advice
from ebs_backup.inventory import Foreign, Holding, Unselected
from ebs_backup.listeners import Listeners
from ebs_backup.model import (
    Decision,
    FailedSnapshot,
    Failure,
    Fate,
    Run,
    Snapshot,
)
from ebs_backup.names import TAG_SKIP, Period
from ebs_backup.selection import NearMiss
from ebs_backup.volume_outcome import Made, VolumeOutcome


class Status(StrEnum):
    """How a run ended: the same word in the subject, the JSON, the attribute, the answer and the log."""

    OK = "OK"
    CHECK = "CHECK"  # every volume is backed up, and a person should look
    PROBLEM = "PROBLEM"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, in all its invocations so far.

    `other_checks` ask a person to look at something other than the run's volumes. `retired` is what was decided on
    snapshots of volumes that are gone. `strays` are snapshots of the set without a run or with an unknown period.
    `failed_elsewhere` are recent failed ones of volumes that the run does not back up.
    `missing` are the volumes that a run by hand named and the set does not select. `continuation_failure` is why an
    unfinished run does not go on, `lookup_failure` why the instances could not be looked up.
    `listeners` are counted after the mail; None: not yet, or SNS did not say.
    """

    run: Run
    volumes: tuple[VolumeOutcome, ...]
    near_misses: tuple[NearMiss, ...] = ()
    unselected: tuple[Unselected, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    strays: tuple[Snapshot, ...] = ()
    failed_elsewhere: tuple[FailedSnapshot, ...] = ()
    retired: tuple[Decision, ...] = ()
    missing: tuple[str, ...] = ()
    on_hold: int = 0
    holdings: Mapping[Period, Holding]
    seconds: float
    continuation_failure: Failure | None = None
    lookup_failure: Failure | None = None
    other_checks: tuple[Failure, ...] = ()
    listeners: Listeners | None = None

    @property
    def failed(self) -> tuple[FailedSnapshot, ...]:
        """Return the failed snapshots that are known by name, of all invocations of the run."""
        before = self.run.continued.failed if self.run.continued else ()
        now = (failed for volume in self.volumes for failed in volume.failed)
        return tuple({failed.id: failed for failed in (*before, *now, *self.failed_elsewhere)}.values())

    @property
    def more_failed(self) -> int:
        """Return how many more failed snapshots there are, of which only the number is known."""
        return self.run.continued.more_failed if self.run.continued else 0

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return all failures in one list: the run's own, failed snapshots, then those of each volume in order."""
        unheard = self.listeners and self.listeners.failure
        own = (_nothing_to_do(self), self.continuation_failure, unheard)
        return (
            *(failure for failure in own if failure),
            *(as_failure(failed) for failed in self.failed),
            *(failure for volume in self.volumes for failure in volume.failures),
        )

    @property
    def subscribers(self) -> int | None:
        """Return how many get the report, or None if that is not known."""
        return self.listeners.confirmed if self.listeners else None

    @property
    def checks(self) -> tuple[Failure, ...]:
        """Return what a person should look at before it goes wrong."""
        named = (self.lookup_failure,) if self.lookup_failure else ()
        return (
            *named,
            *self.other_checks,
            *(failure for volume in self.volumes for failure in volume.checks),
        )

    @property
    def decisions(self) -> Iterator[Decision]:
        """Return every decision, volume by volume, and then those on volumes that are gone."""
        for volume in self.volumes:
            yield from volume.decisions
        yield from self.retired

    def of(self, *fates: Fate) -> tuple[Decision, ...]:
        """Return the decisions with one of these fates."""
        return tuple(decision for decision in self.decisions if decision.fate in fates)

    def count(self, which: Callable[[VolumeOutcome], object]) -> int:
        """Count the volumes of which this is true."""
        return sum(bool(which(volume)) for volume in self.volumes)

    @property
    def created(self) -> int:
        """Count the volumes whose restore point this delivery made."""
        return self.count(lambda volume: volume.when is Made.NOW)

    @property
    def already_made(self) -> int:
        """Count the volumes whose restore point an earlier try or another delivery had made."""
        return self.count(lambda volume: volume.when is Made.BEFORE)

    @property
    def expired(self) -> int:
        """Count the snapshots that the run deleted, in all of its invocations."""
        before = self.run.continued.expired if self.run.continued else 0
        return before + len(self.of(Fate.EXPIRED))

    @property
    def deferred(self) -> int:
        """Count the snapshots that `max_expired_per_volume` leaves to later runs."""
        return len(self.of(Fate.DEFERRED))

    @property
    def deselected(self) -> tuple[Unselected, ...]:
        """Return the recently backed up volumes that are no longer selected: a tag may have been lost by mistake."""
        return tuple(volume for volume in self.unselected if volume.there and volume.lately)

    def after(self, untold: "Outcome | None") -> "Outcome":
        """Return the outcome of the whole run, with what an earlier try did and could not mail."""
        if untold is None:
            return self
        before = {volume.volume.id: volume for volume in untold.volumes}
        volumes = [volume.after(before.pop(volume.volume.id, None)) for volume in self.volumes]
        deselected = (volume.done() for volume in before.values() if volume.changed)
        listed = {decision.snapshot.id for decision in self.retired}  # a listing may lag behind a delete
        retired = (gone for gone in untold.retired if gone.snapshot.id not in listed)
        return replace(
            self,
            volumes=(*volumes, *deselected),
            retired=(*(gone for gone in retired if gone.fate is Fate.EXPIRED), *self.retired),
        )

    @property
    def status(self) -> Status:
        """Return how the run ended (the table in docs/operating.md, "The status of a run")."""
        if not any(volume.made for volume in self.volumes):
            return Status.FAILED
        if (
            self.failures
            or self.more_failed
            or self.count(lambda volume: volume.overdue or volume.unfinished or volume.vanished)
        ):
            return Status.PROBLEM
        look = (self.checks, self.deferred, self.deselected, self.foreign, self.strays, self.missing)
        if (
            any(look)
            or self.count(lambda volume: volume.stale)
            or any(decision.edited for decision in self.decisions)
        ):
            return Status.CHECK
        return Status.OK


def as_failure(failed: FailedSnapshot) -> Failure:
    """Return a failed snapshot as a failure, with advice that fits EC2's reason."""
    return Failure(
        resource=failed.id,
        action=f"finish a {failed.period or 'stray'} snapshot of {failed.volume_id}",
        code=SNAPSHOT_FAILED,
        message=failed.message or "EC2 gave no reason",
        advice=snapshot_failed_advice(failed.message),
    )


def _nothing_to_do(outcome: Outcome) -> Failure | None:
    run = outcome.run
    if not outcome.volumes:
        only = "none of the volumes that the event names carries" if run.only else "no volume carries"
        return Failure(
            resource=run.selector,
            action="select volumes",
            code="NothingSelected",
            message=f"{only} the tag {run.selector} in {run.region}; key and value must match exactly",
            advice="Tag the volumes. Or correct tag_name and tag_value in settings.toml, then run `npx cdk deploy`.",
        )
    if all(volume.skipped for volume in outcome.volumes):
        return Failure(
            resource=run.selector,
            action="select volumes",
            code="EverythingSkipped",
            message=f"every volume with the tag {run.selector} is skipped by its tag {TAG_SKIP}",
            advice=f"Remove the tag {TAG_SKIP} from the volumes that are to be backed up.",
        )
    return None

"""One volume's part of a run: delete failed snapshots, create the restore point, then rotate; failures become data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from aws_lambda_powertools import Logger

from ebs_backup.aws.dry_run import DryRun
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import CONCURRENT, NO_ROOM, AwsError, Kind, failure
from ebs_backup.creation import Creation, SecondTries
from ebs_backup.deletion import Deleter
from ebs_backup.freshness import freshness
from ebs_backup.lookout import Lookout
from ebs_backup.model import (
    ERROR,
    Decision,
    FailedSnapshot,
    Failure,
    Older,
    Remark,
    Run,
    Snapshot,
    Volume,
    check,
    note,
    problem,
)
from ebs_backup.names import SERVICE
from ebs_backup.overrides import Overrides
from ebs_backup.retention import discard_failed, keep_all
from ebs_backup.rotation import Rotation
from ebs_backup.settings import Settings
from ebs_backup.tags import Tagging, tagging
from ebs_backup.tasks import Task, as_far_as_it_goes
from ebs_backup.volume_outcome import Made, VolumeOutcome

logger = Logger(service=SERVICE, child=True)


@dataclass(slots=True, kw_only=True)
class Backup:
    """The input of one volume's task; `held` are the set's own snapshots of this volume, of every period."""

    writer: Ec2 | DryRun
    lookout: Lookout
    second_tries: SecondTries
    settings: Settings
    run: Run
    volume: Volume
    overrides: Overrides
    held: Sequence[Snapshot]
    vanished: int = 0  # occasions of the run's period that somebody else deleted
    rotation: Rotation = field(init=False)
    deleter: Deleter = field(init=False)

    def __post_init__(self) -> None:
        rule = self.overrides.rule(self.run.period, self.settings)
        self.rotation = Rotation(rule=rule, run=self.run, limit=self.settings.max_expired_per_volume)
        self.deleter = Deleter(
            writer=self.writer,
            there={snapshot.id: snapshot for snapshot in self.held},
            look=self._look,
            judge=self.rotation.decide,
        )

    def step(self) -> Task[VolumeOutcome]:
        """Make sure that this run's restore point exists, then rotate. Without it, the volume keeps all that it has."""
        outcome = self._left_alone() if self.left_alone else (yield from self._back_up())
        if not outcome.gone and not outcome.skipped:
            known = {snapshot.id: snapshot for snapshot in (*self.held, outcome.made) if snapshot}
            there = self.deleter.there.values()
            fresh = freshness(self.volume, tuple(known.values()), there, self.settings, self.run)
            told = outcome.made.older if outcome.made else None
            outcome = replace(outcome, freshness=fresh, vanished=told.vanished if told else self.vanished)
        refused = (
            check(self._failed(of.id, "delete a snapshot", error)) for of, error in self.deleter.errors
        )
        outcome = replace(
            outcome,
            unfinished=outcome.unfinished or self.deleter.unfinished,
            remarks=(*self.overrides.remarks, *outcome.remarks, *refused),
        )
        self._log(outcome)
        return outcome

    @property
    def left_alone(self) -> bool:
        """Return whether nothing is done for the volume: it is skipped by its tag, or EC2 has lost it."""
        return bool(self.overrides.skipped) or self.volume.state == ERROR

    def _left_alone(self) -> VolumeOutcome:
        self.lookout.done(self.volume.id)
        if until := self.overrides.skipped:
            return VolumeOutcome(
                volume=self.volume, skipped=until, decisions=self._all_kept(f"skipped {until}")
            )
        lost = Failure(
            resource=self.volume.id,
            action="back up the volume",
            code="VolumeError",
            message="EC2 has lost the volume: its state is error",
            advice="Restore it from its newest snapshot: that may be all that is left of it, and nothing of it is deleted."
            " Then remove the tag from the volume that is lost.",
        )
        return replace(self._nothing_made("the volume is in state error"), remarks=(problem(lost),))

    def _back_up(self) -> Task[VolumeOutcome]:
        creation = self._creation()
        removing = self._remove_failed()
        # Failed snapshots are deleted first. The create waits for that only where they stop EC2 from taking a new one.
        removed = yield from as_far_as_it_goes(removing, patient=creation.blocked)
        made = next((snapshot for snapshot in self.held if self._of_this_run(snapshot)), None)
        if made:
            self.lookout.done(self.volume.id)
        creation.removing = removed is None
        outcome = self._found(made) if made else (yield from self._create(creation))
        yield 0.0  # creates that wait for a thread go first: time may be short
        if removed is None:
            removed = yield from removing
            creation.removing = False
            if any(failure.code in (CONCURRENT, NO_ROOM) for failure in outcome.failures):
                outcome = yield from self._create(creation)
        if outcome.made is not None:
            decisions = creation.decide(outcome.made)
            room = self.rotation.room(decisions, outcome.made, freed=creation.occasions_freed)
            rotated = yield from self.deleter.delete(decisions, room=room)
            outcome = replace(outcome, decisions=rotated)
        decided = (*outcome.decisions, *creation.drained, *removed)
        return replace(
            outcome,
            failed=(*(self._as_failed(decision.snapshot) for decision in removed), *outcome.failed),
            decisions=tuple({decision.snapshot.id: decision for decision in decided}.values()),
        )

    def _remove_failed(self) -> Task[tuple[Decision, ...]]:
        """Delete the snapshots of every period that had failed when the run began: they hold nothing."""
        failed = discard_failed(self.held, self.rotation.rule.schedule)
        return (yield from self.deleter.delete(failed, room=0))

    def _creation(self) -> Creation:
        return Creation(
            writer=self.writer,
            lookout=self.lookout,
            second_tries=self.second_tries,
            settings=self.settings,
            run=self.run,
            volume=self.volume,
            rotation=self.rotation,
            deleter=self.deleter,
            vanished=self.vanished,
            failed=[snapshot for snapshot in self.held if snapshot.state == ERROR],
        )

    def _of_this_run(self, snapshot: Snapshot) -> bool:
        return snapshot.usable and snapshot.period == self.run.period and snapshot.run == self.run.id

    def _found(self, made: Snapshot) -> VolumeOutcome:
        """Return the outcome for a restore point that exists: made earlier in this delivery, or before it."""
        continued = self.run.continued
        now = continued is not None and made.started >= continued.began
        tagged_as = tagging(self.volume, self.run, self.settings, at=made.started, older=Older(stay=0))
        return VolumeOutcome(
            volume=self.volume,
            made=made,
            when=Made.NOW if now else Made.BEFORE,
            remarks=tuple(_no_room_for(tagged_as)),
        )

    def _create(self, creation: Creation) -> Task[VolumeOutcome]:
        try:
            created = yield from creation.create()
        except AwsError as error:
            return self._not_made(error)
        finally:
            self.lookout.done(self.volume.id)
        made = created.snapshot
        self.deleter.there[made.id] = made
        if made.state == ERROR:
            return replace(self._nothing_made(NOTHING_NEW), failed=(self._as_failed(made),))
        if created.tagging is None:
            return VolumeOutcome(volume=self.volume, made=made, when=Made.BEFORE)
        return VolumeOutcome(
            volume=self.volume,
            made=made,
            when=Made.NOW,
            remarks=(*_no_room_for(created.tagging), *self._not_copied(creation)),
        )

    def _not_copied(self, creation: Creation) -> Iterator[Remark]:
        if creation.refused:
            keys, error = creation.refused
            yield check(self._failed(self.volume.id, f"copy its tags {', '.join(keys)}", error))

    def _not_made(self, error: AwsError) -> VolumeOutcome:
        outcome = self._nothing_made(NOTHING_NEW)
        if error.kind is Kind.NOT_FOUND:
            return replace(outcome, gone=True, remarks=(note("was deleted before its snapshot was made"),))
        failed = self._failed(self.volume.id, "create a snapshot", error)
        return replace(outcome, unfinished=error.unfinished, remarks=(problem(failed),))

    def _nothing_made(self, reason: str) -> VolumeOutcome:
        return VolumeOutcome(volume=self.volume, decisions=self._all_kept(reason))

    def _all_kept(self, reason: str) -> tuple[Decision, ...]:
        there = self.deleter.there.values()
        of_the_period = (snapshot for snapshot in there if snapshot.period == self.run.period)
        return keep_all(of_the_period, self.rotation.rule.schedule, reason=reason)

    def _look(self) -> Sequence[Snapshot]:
        """List the volume once more; a listing may lack what this run has just made."""
        listed = self.writer.snapshots(self.run.backup_set, volume_id=self.volume.id)
        found = {snapshot.id: snapshot for snapshot in listed if snapshot.ours}
        new = {key: snapshot for key, snapshot in self.deleter.there.items() if self._of_this_run(snapshot)}
        return tuple((new | found).values())

    def _failed(self, resource: str, action: str, error: AwsError) -> Failure:
        failed = failure(error, resource=resource, action=action)
        # If only the time was too short, the next invocation does it, or the mail reports it: it is no error here.
        (logger.warning if error.unfinished else logger.error)(
            "not done in time" if error.unfinished else "failed",
            volume=self.volume.id,
            volume_name=self.volume.name,
            resource=resource,
            action=action,
            code=failed.code,
            error_message=failed.message,
            advice=failed.advice,
        )
        return failed

    def _as_failed(self, snapshot: Snapshot) -> FailedSnapshot:
        return FailedSnapshot.of(snapshot, name=self.volume.name)

    def _log(self, outcome: VolumeOutcome) -> None:
        """Log in one line what happened to each snapshot of the volume, and why: a mail that was cut refers to it."""
        logger.info(
            "volume planned" if self.run.dry_run else "volume done",
            volume=self.volume.id,
            volume_name=self.volume.name,
            restore_point=outcome.made.id if outcome.made else None,
            made=outcome.when,
            snapshots={decision.snapshot.id: decision.sentence for decision in outcome.decisions},
            failed={failed.id: failed.message for failed in outcome.failed},
            overdue={
                late.period: late.newest.id if late.newest else "it has none" for late in outcome.overdue
            },
            skipped=outcome.skipped,
            vanished=outcome.vanished,
            checks=[check.message for check in outcome.checks],
            notes=outcome.notes,
        )


NOTHING_NEW = "this run made no new snapshot of the volume"


def _no_room_for(tagged_as: Tagging) -> Iterator[Remark]:
    if tagged_as.not_copied:
        yield note(f"no room for its tags {', '.join(tagged_as.not_copied)}")

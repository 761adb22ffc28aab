"""One volume's part of a run: create what this run still lacks, then rotate; failures become data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aws_lambda_powertools import Logger

from ebs_backup.ec2 import Ec2
from ebs_backup.faults import AwsError, Kind, failure
from ebs_backup.freshness import overdue
from ebs_backup.labels import Labels, labels
from ebs_backup.model import (
    COMPLETED,
    PENDING,
    Decision,
    Expiry,
    Failure,
    Run,
    Snapshot,
    Verdict,
    Volume,
)
from ebs_backup.outcome import VolumeOutcome
from ebs_backup.overrides import Overrides
from ebs_backup.rehearsal import Rehearsal, would_be
from ebs_backup.retention import deletion_order, rotate
from ebs_backup.settings import SERVICE, Settings, keep_tag
from ebs_backup.steps import Step

logger = Logger(service=SERVICE, child=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What one volume's step works with; `held` are the set's snapshots of this volume, of every period."""

    writer: Ec2 | Rehearsal
    settings: Settings
    run: Run
    volume: Volume
    overrides: Overrides
    held: Sequence[Snapshot]

    def step(self) -> Step[VolumeOutcome]:
        """Make sure of this run's restore point, then rotate; without one, the volume keeps everything it has."""
        outcome = self._skipped() if self.overrides.skipped else (yield from self._back_up())
        if not outcome.gone and not outcome.skipped:
            late = overdue(self.volume, self.held, outcome.made, self.settings, self.run)
            outcome = replace(outcome, overdue=tuple(late))
        outcome = replace(outcome, bad_tags=self.overrides.failures)
        self._log(outcome)
        return outcome

    def _skipped(self) -> VolumeOutcome:
        until = self.overrides.skipped
        kept = self._all_kept(f"skipped {until}")
        return VolumeOutcome(volume=self.volume, skipped=until, kept=kept)

    def _back_up(self) -> Step[VolumeOutcome]:
        made = next((each for each in self.held if self._made_by_this_run(each)), None)
        outcome = self._found(made) if made else (yield from self._create())
        if outcome.made is not None:
            yield 0.0  # creates that wait for a thread go first: time may be short
            outcome = yield from self._rotate(outcome, outcome.made)
        return outcome

    def _made_by_this_run(self, snapshot: Snapshot) -> bool:
        return snapshot.usable and snapshot.period == self.run.period and snapshot.run == self.run.id

    def _found(self, made: Snapshot) -> VolumeOutcome:
        """Tell what an earlier invocation of this run made from what an earlier delivery of its event made."""
        continued = self.run.continued
        earlier = continued is not None and made.started >= continued.began
        notes = _notes(self._labels(made.expires_until)) if earlier else ()
        return VolumeOutcome(volume=self.volume, made=made, found=True, earlier=earlier, notes=notes)

    def _labels(self, expires_until: Expiry | None) -> Labels:
        copy_tags = self.settings.copy_tags
        return labels(self.volume, self.run, copy_tags=copy_tags, expires_until=expires_until)

    def _create(self) -> Step[VolumeOutcome]:
        label = self._labels(self._expires_until())
        try:
            made = yield from self.writer.create(self.volume, self.run, label)
        except AwsError as error:
            return self._not_made(error)
        if not self.run.dry_run:
            logger.info(
                "snapshot created", volume=self.volume.id, volume_name=self.volume.name, snapshot=made.id
            )
        return VolumeOutcome(volume=self.volume, made=made, notes=_notes(label))

    def _not_made(self, error: AwsError) -> VolumeOutcome:
        completed = (each for each in self.held if each.state == COMPLETED)
        outcome = VolumeOutcome(
            volume=self.volume,
            kept=self._all_kept("this run made no new snapshot of the volume"),
            newest_completed=max(completed, key=lambda each: each.started, default=None),
            unfinished=error.unfinished,
        )
        if error.kind is Kind.GONE:
            return replace(outcome, gone=True, notes=("was deleted before its snapshot was made",))
        return replace(outcome, failures=(self._failed(self.volume.id, "create a snapshot", error),))

    def _all_kept(self, reason: str) -> tuple[Decision, ...]:
        ours = (each for each in self.held if each.period == self.run.period)
        return tuple(Decision(snapshot=each, verdict=Verdict.KEPT, reason=reason) for each in ours)

    def _rotate(self, outcome: VolumeOutcome, made: Snapshot) -> Step[VolumeOutcome]:
        """Delete what is expired, oldest first, until `max_expired_per_volume` restore points have gone.

        The restore point's own mark says how many: all deliveries together, whichever made it, delete no more than one.
        """
        decisions, most = _as_begun(self._decide(made), made)
        expired: list[Decision] = []
        left: list[Decision] = []
        stuck: list[Decision] = []
        failures: list[Failure] = []
        gone, unfinished = 0, False
        for decision in deletion_order(decisions):
            if decision.verdict is Verdict.EXPIRED and gone >= most:  # waste never waits for the next run
                left.append(decision)
                continue
            fate = yield from self._delete(decision)
            if isinstance(fate, AwsError):
                stuck.append(decision)
                failures.append(self._failed(decision.snapshot.id, "delete a snapshot", fate))
                unfinished = unfinished or fate.unfinished
            else:
                expired.append(fate)
            # Only what EC2 refused is certainly still there; a delete that was never answered may have been done.
            refused = isinstance(fate, AwsError) and fate.kind is Kind.REFUSED
            gone += decision.verdict is Verdict.EXPIRED and not refused
        return replace(
            outcome,
            kept=tuple(each for each in decisions if each.verdict is Verdict.KEPT),
            expired=tuple(expired),
            left=tuple(left),
            stuck=tuple(stuck),
            failures=tuple(failures),
            unfinished=unfinished,
        )

    def _delete(self, decision: Decision) -> Step[Decision | AwsError]:
        try:
            was_there = yield from self.writer.delete(decision.snapshot)
        except AwsError as error:
            return error
        return decision if was_there else replace(decision, reason=f"{decision.reason}; already gone")

    def _decide(self, made: Snapshot) -> tuple[Decision, ...]:
        """Decide as if this run's snapshots were still pending, so that every delivery decides alike.

        One that comes when they are completed would else expire what the one that made them kept.
        """
        period = self.run.period
        ours = {each.id: each for each in (*self.held, made) if each.period == period}
        begun = (
            replace(each, state=PENDING) if self._made_by_this_run(each) else each for each in ours.values()
        )
        own = self.overrides.keeps.get(period)
        keep = self.settings.keep(period) if own is None else own
        source = f"keep_{period}" if own is None else f"its tag {keep_tag(period)}"
        decisions = rotate(begun, keep=keep, source=source, period=period, run=self.run.id)
        return tuple(
            replace(each, snapshot=ours[each.snapshot.id]) if self._made_by_this_run(each.snapshot) else each
            for each in decisions
        )

    def _expires_until(self) -> Expiry | None:
        """Foresee how far this run rotates the volume once its new snapshot is there."""
        decisions = self._decide(would_be(self.volume, self.run))
        expired = [each.snapshot.started for each in decisions if each.verdict is Verdict.EXPIRED]
        if not expired:
            return None
        going = min(len(expired), self.settings.max_expired_per_volume)
        return Expiry(until=max(expired), leaving=_lasting(decisions, max(expired), self.run.id) - going)

    def _failed(self, resource: str, action: str, error: AwsError) -> Failure:
        failed = failure(error, resource=resource, action=action)
        # What only time cut short is for the next invocation, or stands in the mail: no error of its own.
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

    def _log(self, outcome: VolumeOutcome) -> None:
        """Say in one line what became of every snapshot of the volume, and why: a mail that was cut refers to it."""
        logger.info(
            "volume planned" if self.run.dry_run else "volume done",
            volume=self.volume.id,
            volume_name=self.volume.name,
            kept={each.snapshot.id: each.reason for each in outcome.kept},
            expired={each.snapshot.id: each.reason for each in outcome.expired},
            left={each.snapshot.id: each.reason for each in (*outcome.left, *outcome.stuck)},
            overdue={
                each.period: each.newest.id if each.newest else "it has none" for each in outcome.overdue
            },
            skipped=outcome.skipped,
            bad_tags=[each.message for each in outcome.bad_tags],
            notes=outcome.notes,
        )


def _notes(label: Labels) -> tuple[str, ...]:
    return (f"no room for its tags {', '.join(label.left_off)}",) if label.left_off else ()


def _as_begun(decisions: tuple[Decision, ...], made: Snapshot) -> tuple[tuple[Decision, ...], int]:
    """Give what the delivery that made the restore point decided, and how many may go yet.

    What has expired since, such as the last completed one when the new snapshot was completed too, is the next run's.
    """
    expiry = made.expires_until

    def as_begun(each: Decision) -> Decision:
        since = each.verdict is Verdict.EXPIRED and not (expiry and each.snapshot.started <= expiry.until)
        return replace(each, verdict=Verdict.KEPT, reason="for the next run to judge") if since else each

    most = _lasting(decisions, expiry.until, made.run) - expiry.leaving if expiry else 0
    return tuple(as_begun(each) for each in decisions), most


def _lasting(decisions: Iterable[Decision], until: datetime, run: str) -> int:
    """Count the snapshots that started by then, but for the run's own and what goes at once, whatever the limit."""
    return sum(
        each.snapshot.started <= until and each.snapshot.run != run and each.verdict is not Verdict.WASTE
        for each in decisions
    )

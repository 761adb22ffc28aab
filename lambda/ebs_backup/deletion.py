"""The deleter: deletes what has expired, oldest first and within the limit, and returns what happened to each."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ebs_backup.aws.dry_run import DryRun
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import AwsError, Kind, kept_by
from ebs_backup.model import COMPLETED, Decision, Fate, Snapshot
from ebs_backup.retention import Occasion, deletion_order
from ebs_backup.tasks import Task

MOST_REFUSALS = 10  # of one volume: the rest waits for the next run


@dataclass(slots=True, kw_only=True)
class Deleter:
    """Deletes snapshots of one volume; `there` are the set's own snapshots of it that the run knows, by id.

    `look` lists them again, and `judge` decides on what it finds. A person may delete snapshots at the same time. So
    a delete that would leave one completed restore point, or none, must not depend on an old listing.
    """

    writer: Ec2 | DryRun
    there: dict[str, Snapshot]
    look: Callable[[], Sequence[Snapshot]]
    judge: Callable[[Sequence[Snapshot]], Sequence[Decision]]
    errors: list[tuple[Snapshot, AwsError]] = field(default_factory=list)
    stuck: dict[str, Decision] = field(default_factory=dict)  # what EC2 would not delete: one try each
    refusals: int = 0
    going: frozenset[str] = frozenset()  # ids of what is expired
    gone: frozenset[Occasion] = frozenset()  # what the last `delete` removed, as far as is known

    @property
    def unfinished(self) -> bool:
        """Return whether something was not deleted only because the time was over."""
        return any(error.unfinished for _, error in self.errors)

    def delete(self, decisions: Sequence[Decision], *, room: int) -> Task[tuple[Decision, ...]]:
        """Delete what is expired, at most `room` occasions, and all duplicates; return every decision with its fate.

        If a part of an occasion stays, the occasion stays: its deleted snapshots use up nothing of `room`.
        """
        fates = {decision.snapshot.id: decision for decision in decisions}
        going: set[Occasion] = set()
        staying = {decision.occasion for decision in decisions if decision.fate is not Fate.EXPIRED}
        waiting = deque(deletion_order(decisions))
        self.going = frozenset(decision.snapshot.id for decision in waiting)
        while waiting:
            # If AWS keeps the oldest for ever, newer expired ones are still deleted: rotation never stops.
            decision = waiting.popleft() if self.refusals < MOST_REFUSALS // 2 else waiting.pop()
            counts = not decision.redundant and decision.occasion not in going | staying
            if counts and len(going - staying) >= room:
                fates[decision.snapshot.id] = replace(decision, fate=Fate.DEFERRED)
                continue
            fate = fates[decision.snapshot.id] = yield from self._delete(decision)
            # A delete that was never answered may have been done, so it counts.
            if not decision.redundant:
                gone = fate.fate is Fate.EXPIRED or self._unsure(decision.snapshot)
                (going if gone else staying).add(decision.occasion)
        self.gone = frozenset(going - staying)
        return tuple(fates.values())

    def _unsure(self, snapshot: Snapshot) -> bool:
        return any(of.id == snapshot.id and error.kind is not Kind.REJECTED for of, error in self.errors)

    def _delete(self, decision: Decision) -> Task[Decision]:
        if decision.snapshot.id in self.stuck:
            return self.stuck[decision.snapshot.id]
        if self.refusals >= MOST_REFUSALS:
            reason = f"{decision.reason}, but not tried: EC2 refused {MOST_REFUSALS} others of this volume"
            return replace(decision, fate=Fate.KEPT, reason=reason)
        snapshot = decision.snapshot

        def still_goes() -> bool:
            nonlocal decision
            if self._leaves_one(decision.snapshot):
                decision = self._looked_at_again(decision)
                return decision.fate is Fate.EXPIRED and snapshot.id in self.there
            return True

        try:
            was_there = yield from self.writer.delete(snapshot, still_goes)
        except AwsError as error:
            return self._refused(decision, error)
        if was_there is None:
            return decision
        self.there.pop(snapshot.id, None)
        return decision if was_there else replace(decision, reason=f"{decision.reason}; already gone")

    def _refused(self, decision: Decision, error: AwsError) -> Decision:
        self.refusals += error.kind in (Kind.KEPT, Kind.REJECTED)
        if error.kind is Kind.KEPT:
            reason = f"{decision.reason}, but {kept_by(error)}"
            stuck = replace(decision, fate=Fate.UNDELETABLE, reason=reason)
        else:
            self.errors.append((decision.snapshot, error))
            stuck = replace(decision, fate=Fate.NOT_DELETED)
        self.stuck[decision.snapshot.id] = stuck
        return stuck

    def _leaves_one(self, snapshot: Snapshot) -> bool:
        """Return whether at most one completed restore point of its period stays once all expired ones are gone."""
        rest = {
            other.run
            for other in self.there.values()
            if other.state == COMPLETED and other.period == snapshot.period and other.id not in self.going
        }
        return snapshot.state == COMPLETED and len(rest - {""}) <= 1  # one without a run is no restore point

    def _looked_at_again(self, decision: Decision) -> Decision:
        """Return the decision on the snapshot now. It stays if other snapshots have gone since the first decision."""
        found = self.look()
        self.there = {snapshot.id: snapshot for snapshot in found}
        judged = {again.snapshot.id: again for again in self.judge(found)}
        return judged.get(decision.snapshot.id, replace(decision, reason=f"{decision.reason}; already gone"))

"""How much one run deletes of one volume: all its deliveries, retries and invocations together as one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ebs_backup.model import COMPLETED, ERROR, PENDING, Decision, Fate, Older, Run, Snapshot
from ebs_backup.retention import Occasion, Rule, occasion_of, older_occasions, rotate


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The decisions on the snapshots that are `there`, as if a `new` one were made."""

    there: Sequence[Snapshot]
    new: Snapshot
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One volume's rotation in one run; `limit` is how many occasions may be deleted (`max_expired_per_volume`)."""

    rule: Rule
    run: Run
    limit: int

    def decide(self, snapshots: Sequence[Snapshot]) -> tuple[Decision, ...]:
        """Return decisions for the snapshots of the run's period that belong to a run.

        The run's own snapshots count as pending, as they were when they were made, so every delivery decides the same.
        """
        ours = [snapshot for snapshot in snapshots if snapshot.period == self.run.period and snapshot.run]
        begun = (self._begun(snapshot) for snapshot in ours)
        return rotate(begun, rule=self.rule, run=self.run.id, today=self.run.time.date())

    def plan(self, snapshots: Sequence[Snapshot], new: Snapshot) -> Plan:
        """Return the plan, as if the run had made the new snapshot."""
        return Plan(there=snapshots, new=new, decisions=self.decide([*snapshots, new]))

    def carry_out(self, plan: Plan, snapshots: Sequence[Snapshot], made: Snapshot) -> tuple[Decision, ...]:
        """Return the plan's decisions for the snapshot that was made; decide again only if something else changed."""
        others = [snapshot for snapshot in snapshots if snapshot.id != made.id]
        if (
            self._occasion(made) != self._occasion(plan.new)
            or _not_failed(others) != _not_failed(plan.there)
            or any(other.run == self.run.id for other in others)
        ):
            return self.decide(snapshots)
        return tuple(
            replace(decision, snapshot=self._begun(made)) if decision.snapshot.id == plan.new.id else decision
            for decision in plan.decisions
        )

    def leaves(self, decisions: Sequence[Decision], new: Snapshot, *, freed: int) -> Older:
        """Return, for the new snapshot's tag, how many occasions before its own stay when the run is done.

        `freed` occasions are already deleted.
        """
        older = self._older(decisions, new)
        going = older - {decision.occasion for decision in decisions if decision.fate is not Fate.EXPIRED}
        completed = {decision.occasion for decision in decisions if decision.snapshot.state == COMPLETED}
        stay = len(older) - min(len(going), self.limit - freed)
        return Older(stay=stay, pending=len(older - completed))

    def room(self, decisions: Sequence[Decision], made: Snapshot, *, freed: int) -> int:
        """Return how many occasions may be deleted now: none if the restore point's tag was lost."""
        if made.older is None:
            return 0
        return max(0, min(len(self._older(decisions, made)) - made.older.stay, self.limit - freed))

    def _older(self, decisions: Sequence[Decision], snapshot: Snapshot) -> set[Occasion]:
        return older_occasions(decisions, self._occasion(snapshot))

    def _occasion(self, snapshot: Snapshot) -> Occasion:
        return occasion_of(snapshot, self.rule.schedule)

    def _begun(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot as it was when it was made, if this run made it."""
        completed = snapshot.run == self.run.id and snapshot.state == COMPLETED
        return replace(snapshot, state=PENDING) if completed else snapshot


def _not_failed(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    return [snapshot for snapshot in snapshots if snapshot.state != ERROR]

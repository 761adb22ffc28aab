"""How far one run rotates one volume: all its deliveries, retries and invocations together no further than one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ebs_backup.model import PENDING, Decision, Fate, Run, Snapshot
from ebs_backup.retention import Occasion, Rule, occasion_of, older_occasions, rotate


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One volume's rotation in one run; `limit` is how many occasions may go (`max_expired_per_volume`)."""

    rule: Rule
    run: Run
    limit: int

    def decide(self, snapshots: Sequence[Snapshot]) -> tuple[Decision, ...]:
        """Decide for those of the run's period that belong to a run.

        The run's own count as pending, as they were when they were made: so every delivery decides alike.
        """
        ours = [snapshot for snapshot in snapshots if snapshot.period == self.run.period and snapshot.run]
        begun = (
            replace(each, state=PENDING) if each.run == self.run.id and each.usable else each for each in ours
        )
        return rotate(begun, rule=self.rule, run=self.run.id, today=self.run.time.date())

    def leaves(self, snapshots: Sequence[Snapshot], new: Snapshot, *, freed: int) -> int:
        """Return how many occasions before that of the new snapshot stay when the run is done: the snapshot's tag.

        `freed` occasions have gone already.
        """
        decisions = self.decide([*snapshots, new])
        older = self._older(decisions, new)
        going = older - {decision.occasion for decision in decisions if decision.fate is not Fate.EXPIRED}
        return len(older) - min(len(going), self.limit - freed)

    def room(self, decisions: Sequence[Decision], made: Snapshot, *, freed: int) -> int:
        """Return how many occasions may go now; none where the restore point's tag was lost."""
        if made.older is None:
            return 0
        return max(0, min(len(self._older(decisions, made)) - made.older, self.limit - freed))

    def _older(self, decisions: Sequence[Decision], snapshot: Snapshot) -> set[Occasion]:
        return older_occasions(decisions, occasion_of(snapshot, self.rule.schedule))

"""One volume's new snapshot: also if the region is full, or if a policy refuses the volume's own tags."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ebs_backup.aws.dry_run import DryRun, would_be
from ebs_backup.aws.ec2 import Created, Ec2
from ebs_backup.aws.errors import NO_ROOM, TAG_REFUSALS, AwsError
from ebs_backup.deletion import Deleter
from ebs_backup.lookout import Lookout
from ebs_backup.model import ERROR, PENDING, Decision, Fate, Older, Run, Snapshot, Volume
from ebs_backup.rotation import Plan, Rotation
from ebs_backup.settings import Settings
from ebs_backup.tags import Tagging, tagging
from ebs_backup.tasks import Task

UNFINISHED = 5  # pending and failed snapshots that EC2 takes of one volume
UNFINISHED_OF = {"st1": 1, "sc1": 1}
MOST_IN_VAIN = 5  # second tries of one run: after these, the copied tags are not the reason


@dataclass(slots=True)
class SecondTries:
    """How many second tries, without the copied tags, were refused like the first ones, in the whole run."""

    in_vain: int = 0


@dataclass(slots=True, kw_only=True)
class Creation:
    """Creates one volume's restore point of a run.

    `drained` are the decisions on snapshots that were deleted to make room; `refused` says why tags were not copied.
    """

    writer: Ec2 | DryRun
    lookout: Lookout
    second_tries: SecondTries
    settings: Settings
    run: Run
    volume: Volume
    rotation: Rotation
    deleter: Deleter
    vanished: int = 0  # occasions that somebody else deleted
    failed: Sequence[Snapshot] = ()  # that existed when the run began
    replaces: Snapshot | None = None  # the failed one that is made again, without rotation
    removing: bool = False  # the deletes of `failed` wait until the create is done
    drained: tuple[Decision, ...] = ()
    refused: tuple[tuple[str, ...], AwsError] | None = None
    occasions_freed: int = 0  # to make room
    plan: Plan | None = None  # made for the new snapshot's tag

    def create(self) -> Task[Created]:
        """Create. If the region is full, delete what is expired even without a new snapshot, and try once more."""
        try:
            return (yield from self._with_tags())
        except AwsError as error:
            if error.code != NO_ROOM:
                raise
            decisions = yield from self._drain()
            if all(decision.fate is not Fate.EXPIRED for decision in decisions):
                raise
        return (yield from self._with_tags())

    def _drain(self) -> Task[tuple[Decision, ...]]:
        """Delete what is expired even without a new snapshot; all calls together keep to the limit."""
        expired = self.rotation.decide(tuple(self.deleter.there.values()))
        room = self.rotation.limit - self.occasions_freed
        decisions = yield from self.deleter.delete(expired, room=room)
        self.occasions_freed += len(self.deleter.gone)
        drained = (decision for decision in decisions if decision.fate is not Fate.KEPT)
        self.drained = (*self.drained, *drained)
        return decisions

    def _with_tags(self) -> Task[Created]:
        """Create; if a policy may have refused a copied tag, try once more without the copied tags."""
        try:
            return (yield from self._create(copy=self.refused is None))
        except AwsError as error:
            copied = self._tagging(self.run.time, older=Older(stay=0), copy=self.refused is None).copied
            in_vain = self.second_tries.in_vain >= MOST_IN_VAIN
            if error.code not in TAG_REFUSALS or not copied or in_vain:
                raise
            refused = (copied, error)
        try:
            created = yield from self._create(copy=False)
        except AwsError as again:
            self.second_tries.in_vain += again.code in TAG_REFUSALS  # anything else has another cause
            raise
        self.refused = refused
        return created

    def _create(self, *, copy: bool) -> Task[Created]:
        def tags(at: datetime) -> Tagging:
            return self._tagging(at, older=self._older(at), copy=copy)

        return (yield from self.writer.create(self.volume, tags, self.lookout, blocked=self._hopeless()))

    @property
    def blocked(self) -> bool:
        """Return whether our own pending and failed snapshots reach EC2's limit for the volume."""
        most = UNFINISHED_OF.get(self.volume.type, UNFINISHED)
        return sum(snapshot.state in (PENDING, ERROR) for snapshot in self.deleter.there.values()) >= most

    def _hopeless(self) -> bool:
        """Return whether waiting cannot help when EC2 says that too many snapshots of the volume are unfinished.

        If the limit is one, and none of our snapshots blocks the volume, another tool's snapshot does. One of our
        failed snapshots that was just deleted may still count for some seconds.
        """
        others = self.volume.type in UNFINISHED_OF and not self.failed
        return self.blocked or self.removing or others

    def _tagging(self, at: datetime, *, older: Older | None, copy: bool) -> Tagging:
        again = self.replaces.id if self.replaces else ""
        return tagging(self.volume, self.run, self.settings, at=at, older=older, copy=copy, again=again)

    def _older(self, at: datetime) -> Older | None:
        """Return the numbers for the new snapshot's tag: those of this run's failed restore point, if there is one."""
        if self.replaces:
            return self.replaces.older
        of_this_run = (self.run.period, self.run.id)
        mine = (snapshot.older for snapshot in self.failed if (snapshot.period, snapshot.run) == of_this_run)
        new = would_be(self.volume, self.run, at)
        plan = self.rotation.plan(tuple(self.deleter.there.values()), new)
        if handed_on := next(filter(None, mine), None):
            there = self.rotation.leaves(plan.decisions, new, freed=self.rotation.limit).stay
            vanished = handed_on.vanished + self.vanished
            return replace(handed_on, stay=min(handed_on.stay, there), vanished=vanished)
        self.plan = plan
        leaves = self.rotation.leaves(plan.decisions, new, freed=self.occasions_freed)
        return replace(leaves, vanished=self.vanished)

    def decide(self, made: Snapshot) -> tuple[Decision, ...]:
        """Return the decisions of rotation after the restore point was made."""
        there = tuple(self.deleter.there.values())
        if self.plan is None:
            return self.rotation.decide(there)
        return self.rotation.carry_out(self.plan, there, made)

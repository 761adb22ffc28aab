"""One volume's failed restore point, made again: at most once, without rotation; failures become data."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from aws_lambda_powertools import Logger

from ebs_backup.aws.ec2 import Created, Ec2
from ebs_backup.aws.errors import CONCURRENT, AwsError, failure
from ebs_backup.creation import Creation, SecondTries
from ebs_backup.deletion import Deleter
from ebs_backup.lookout import Lookout
from ebs_backup.made_again import VolumeAgain
from ebs_backup.model import ERROR, FailedSnapshot, Failure, Run, Snapshot, Volume
from ebs_backup.names import SERVICE
from ebs_backup.outcome import as_failure
from ebs_backup.overrides import overrides
from ebs_backup.rotation import Rotation
from ebs_backup.selection import Selection
from ebs_backup.settings import Settings
from ebs_backup.tasks import Task

logger = Logger(service=SERVICE, child=True)

GONE, NOT_SELECTED = "VolumeGone", "NotSelected"
ADVICE = {
    GONE: "There is nothing to do, if the volume was deleted on purpose. Its other snapshots are kept.",
    NOT_SELECTED: "Tag the volume again, if it lost its tag by mistake. No run backs it up now.",
    "Skipped": "There is nothing to do. The volume's own tag skips it.",
    "VolumeError": "Restore it from its newest snapshot. EC2 has lost the volume, so this may be all that is left of it.",
}


@dataclass(slots=True, kw_only=True)
class Remake:
    """Makes one volume's restore point of a run again; `there` are the run's snapshots of the volume, in any state."""

    ec2: Ec2
    lookout: Lookout
    second_tries: SecondTries
    settings: Settings
    run: Run
    selection: Selection
    volume_id: str
    failed: Sequence[Snapshot]
    there: dict[str, Snapshot]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.selection.names.get(self.volume_id) or self.failed[0].name

    def step(self) -> Task[VolumeAgain]:
        """Make it, unless the run has one already or the volume is to be left alone."""
        try:
            done = self._left_alone() or (yield from self._make())
        except AwsError as error:
            fault = failure(
                error, resource=self.volume_id, action=f"make the {self.run.period} snapshot again"
            )
            # No later delivery can find what was deleted, so it is reported now.
            unfinished = error.unfinished and len(self._left()) == len(self.failed)
            done = self._told(fault=None if unfinished else fault, unfinished=unfinished, runnable=True)
        finally:
            self.lookout.done(self.volume_id)
        logger.info(
            "failed snapshot",
            volume=self.volume_id,
            volume_name=self.name,
            run=self.run.id,
            period=self.run.period.value,
            failed={failed.id: failed.message for failed in done.failed},
            made_again=done.made.id if done.made else None,
            why_not=done.fault.message if done.fault else "",
            unfinished=done.unfinished,
        )
        return done

    def _told(
        self,
        *,
        made: Snapshot | None = None,
        fault: Failure | None = None,
        runnable: bool = False,
        unfinished: bool = False,
    ) -> VolumeAgain:
        return VolumeAgain(
            volume_id=self.volume_id,
            failed=tuple(FailedSnapshot.of(snapshot, name=self.name) for snapshot in self.failed),
            left=self._left(),
            made=made,
            fault=fault,
            runnable=runnable,
            unfinished=unfinished,
        )

    def _left(self) -> tuple[Snapshot, ...]:
        return tuple(snapshot for snapshot in self.failed if snapshot.id in self.there)

    def _left_alone(self) -> VolumeAgain | None:
        """Return what the mail says if nothing is made again."""
        if made := next((snapshot for snapshot in self.there.values() if snapshot.usable), None):
            return self._told(made=made)
        if fault := self._hindrance():
            return self._told(fault=fault)
        failed = (*self.failed, *self.there.values())
        if second := next((snapshot for snapshot in failed if snapshot.again), None):
            return self._told(fault=_failed_again(second, name=self.name), runnable=True)
        return None

    def _hindrance(self) -> Failure | None:
        volume = self.selection.volumes.get(self.volume_id)
        if volume is None:
            there = self.volume_id in self.selection.names
            return self._because(
                NOT_SELECTED if there else GONE, "not selected any more" if there else "gone"
            )
        if until := overrides(volume, (), self.settings, self.run).skipped:
            return self._because("Skipped", f"skipped {until}")
        return self._because("VolumeError", "in state error") if volume.state == ERROR else None

    def _because(self, code: str, words: str) -> Failure:
        message = f"not made again: the volume is {words}"
        action = f"make the {self.run.period} snapshot again"
        return Failure(
            resource=self.volume_id, action=action, code=code, message=message, advice=ADVICE[code]
        )

    def _make(self) -> Task[VolumeAgain]:
        created = yield from self._create(self.selection.volumes[self.volume_id])
        made = created.snapshot
        if made.state == ERROR:
            return self._told(fault=_failed_again(made, name=self.name), runnable=True)
        return self._told(made=made)

    def _create(self, volume: Volume) -> Task[Created]:
        """Create; where failed snapshots fill all the places that EC2 has for a volume, delete them first."""
        creation = self._creation(volume)
        try:
            return (yield from creation.create())
        except AwsError as error:
            if error.code != CONCURRENT:
                raise
        for snapshot in self.failed:
            yield from self.ec2.delete(snapshot, lambda: True)
            self.there.pop(snapshot.id, None)
        creation.removing = False
        return (yield from creation.create())

    def _creation(self, volume: Volume) -> Creation:
        rule = overrides(volume, (), self.settings, self.run).rule(self.run.period, self.settings)
        rotation = Rotation(
            rule=rule, run=self.run, limit=0
        )  # it knows no other run's snapshots, and deletes none
        deleter = Deleter(writer=self.ec2, there=self.there, look=tuple, judge=rotation.decide)
        return Creation(
            writer=self.ec2,
            lookout=self.lookout,
            second_tries=self.second_tries,
            settings=self.settings,
            run=self.run,
            volume=volume,
            rotation=rotation,
            deleter=deleter,
            failed=self.failed,
            replaces=self.failed[0],
            removing=True,
        )


def _failed_again(second: Snapshot, *, name: str) -> Failure:
    """Return why a snapshot that replaced a failed one, and failed too, is not made a third time."""
    failed = as_failure(FailedSnapshot.of(second, name=name))
    return replace(failed, message=f"made again already, and failed again: {failed.message}")

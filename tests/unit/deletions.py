"""EC2 as the deleter sees it: one list of snapshots, of which some cannot be deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ebs_backup.aws.errors import AwsError, Kind
from ebs_backup.model import Snapshot
from ebs_backup.tasks import Task

IN_USE = AwsError(kind=Kind.KEPT, code="InvalidSnapshot.InUse", message="used by ami-0", service="ec2")
DENIED = AwsError(kind=Kind.REJECTED, code="UnauthorizedOperation", message="no", service="ec2")
LOST = AwsError(kind=Kind.UNKNOWN_OUTCOME, code="ReadTimeoutError", message="no answer", service="ec2")


@dataclass
class DeletingEc2:
    """Deletes what is `there`, except what it has errors for; a listing shows the rest, unless it is `blind`."""

    there: list[Snapshot]
    errors: Mapping[str, AwsError] = field(default_factory=dict)
    blind: AwsError | None = None
    tried: list[str] = field(default_factory=list)
    looks: int = 0

    @property
    def deleted(self) -> list[str]:
        """List what it deleted, in that order."""
        return [name for name in self.tried if name not in self.errors]

    def delete(self, snapshot: Snapshot, still_goes: Callable[[], bool]) -> Task[bool | None]:
        """Wait. Then, if it is still to go, delete it or raise its error; return whether it was there."""
        yield 0.0
        if not still_goes():
            return None
        self.tried.append(snapshot.id)
        if error := self.errors.get(snapshot.id):
            raise error
        rest = [other for other in self.there if other.id != snapshot.id]
        was_there = len(rest) < len(self.there)
        self.there = rest
        return was_there

    def look(self) -> list[Snapshot]:
        """Count the look, and return what is there, read anew."""
        self.looks += 1
        if self.blind:
            raise self.blind
        return [replace(snapshot) for snapshot in self.there]

    def snapshots(self, _: str, *, volume_id: str) -> list[Snapshot]:
        """List what there is of the volume, read anew."""
        return [snapshot for snapshot in self.look() if snapshot.volume_id == volume_id]


def finish(task: Task[Any]) -> Any:  # noqa: ANN401 - whatever the task returns
    """Run a task to its end; return its result."""
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value

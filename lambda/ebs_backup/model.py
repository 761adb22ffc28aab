"""The data of a run, frozen: what was found, what was decided, what came of it.

The words are AWS's and the project's own: a *run* is one scheduled occasion of one backup set and period, a
*restore point* the snapshots of one volume made by one run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from ebs_backup.settings import Period

COMPLETED, PENDING, ERROR = "completed", "pending", "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """What a further invocation of one run must be told, for EC2 cannot tell it.

    Which run it is, when its first invocation began, the how many-th this one is, and how many snapshots those before it
    deleted.
    """

    run: str
    began: datetime
    invocation: int
    expired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One scheduled occasion of one backup set and period, and where it happens.

    `id` is the same on every delivery of one event; `time` names the snapshots; `selector` is the tag that selects
    volumes, as `Backup=true`; `continued` is there in all invocations of the run but the first.
    """

    id: str
    time: datetime
    period: Period
    backup_set: str
    dry_run: bool
    account: str
    region: str
    selector: str
    log_group: str
    continued: Continued | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A selected volume; `name` is its Name tag made fit to print, or empty. Size in GiB, throughput in MiB/s."""

    id: str
    name: str
    zone: str
    type: str
    size: int
    iops: int | None
    throughput: int | None
    device: str
    instance: str
    tags: Mapping[str, str]

    def __str__(self) -> str:
        place = f" (on {self.instance}, {self.device})" if self.instance else ""
        return f"{self.id} {self.name}".rstrip() + place


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """How far one run rotates one volume, fixed before it begins: of the snapshots `until` then, so many stay.

    `until` is the start of the newest restore point that was expired; failed snapshots and duplicates, which always go, do
    not count.
    """

    until: datetime
    leaving: int

    def __str__(self) -> str:
        return f"{self.until.isoformat()} leaving {self.leaving}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` wrote; a text that was changed by hand gives None."""
        until, _, leaving = text.partition(" leaving ")
        try:
            expiry = cls(until=datetime.fromisoformat(until), leaving=int(leaving))
        except ValueError:
            return None
        return expiry if expiry.until.tzinfo else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot that carries the set's tag; `period` and `run` are as tagged, empty if somebody removed them.

    `expires_until` is how far the run which made it rotates the volume, None if it does not: another delivery of that
    run deletes no more.
    """

    id: str
    volume_id: str
    period: str
    run: str
    state: str
    started: datetime
    size: int
    expires_until: Expiry | None = None

    @property
    def usable(self) -> bool:
        """Tell whether it holds, or is about to hold, the volume's data."""
        return self.state in (COMPLETED, PENDING)


class Verdict(StrEnum):
    """What rotation decides for one snapshot."""

    KEPT = "kept"
    EXPIRED = "expired"  # a restore point that is not to be kept any more
    WASTE = "waste"  # expired too, but no restore point: a failed snapshot or a duplicate


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to become of one snapshot, and why: the reason stands in dry run, mail and log alike."""

    snapshot: Snapshot
    verdict: Verdict
    reason: str

    @property
    def sentence(self) -> str:
        """Give verdict and reason as the docs write them: `kept: 2 of 4`, `expired: failed snapshot`."""
        return f"{'kept' if self.verdict is Verdict.KEPT else 'expired'}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that did not work: on what, doing what, AWS's code and words, and what a person should do."""

    resource: str
    action: str
    code: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeOutcome:
    """What a run did for one volume.

    `made` is the volume's restore point of this run, `found` tells that it was there already: an earlier delivery of the
    event made it, or, where `earlier` says so, an earlier invocation of this very run. `unfinished` tells that only time
    kept something from being done. `expired` are gone; still there are `kept`, `left` (expired, but `max_expired_per_volume` leaves them to the next
    run) and `stuck` (EC2 would not delete them: see `failures`). `newest_completed` is the newest good snapshot of
    any period, for the mail of a volume that got no new one.
    """

    volume: Volume
    made: Snapshot | None = None
    found: bool = False
    earlier: bool = False
    unfinished: bool = False
    kept: tuple[Decision, ...] = ()
    expired: tuple[Decision, ...] = ()
    left: tuple[Decision, ...] = ()
    stuck: tuple[Decision, ...] = ()
    failures: tuple[Failure, ...] = ()
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
    """How a run ended: all well, something failed, or it made no backup at all."""

    OK = "OK"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, whole, as far as it has come.

    `unselected` maps a volume id that is gone or no longer selected to its restore points; `stopped` is why a run that
    is not finished does not go on, where that is no volume's failure.
    """

    run: Run
    volumes: tuple[VolumeOutcome, ...]
    unselected: Mapping[str, int]
    seconds: float
    stopped: Failure | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Give every failure: the run's own, then in the order of the volumes; selecting nothing is one too."""
        if not self.volumes:
            return (_nothing_selected(self.run),)
        own = (self.stopped,) if self.stopped else ()
        return (*own, *(failure for each in self.volumes for failure in each.failures))

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
        return Status.PARTIAL if self.failures else Status.OK

    @property
    def needs_a_person(self) -> bool:
        """Tell whether somebody should look: a failure, or restore points left by `max_expired_per_volume`."""
        return self.status is not Status.OK or any(each.left for each in self.volumes)


def _nothing_selected(run: Run) -> Failure:
    return Failure(
        resource=run.selector,
        action="select volumes",
        code="NothingSelected",
        message=f"no volume in {run.region} carries the tag {run.selector}, to the letter and the case",
        advice="Tag the volumes, or correct tag_name and tag_value in cdk.json and run `cdk deploy`.",
    )

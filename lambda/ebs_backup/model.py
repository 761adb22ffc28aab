"""The data of a run, frozen: what was asked for, found and decided. The result is in `outcome`.

The words are AWS's and the project's own. A *run* is one scheduled event of one backup set and period. An *occasion* is
the time from one firing of the period's schedule to the next. A *restore point* is the snapshots of one volume that one
run made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Self

from ebs_backup.names import Period

COMPLETED, PENDING, ERROR = "completed", "pending", "error"
PERIODS = frozenset(Period)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSnapshot:
    """A snapshot that EC2 started and could not finish: it holds nothing. `message` is EC2's reason, or empty."""

    id: str
    volume_id: str
    name: str
    period: str
    started: datetime
    message: str

    @classmethod
    def of(cls, snapshot: "Snapshot", *, name: str) -> Self:
        """Return the failed snapshot as the report needs it; `name` is the volume's."""
        return cls(
            id=snapshot.id,
            volume_id=snapshot.volume_id,
            name=name,
            period=snapshot.period,
            started=snapshot.started,
            message=snapshot.message,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """What a further invocation of a run must know and cannot see in EC2.

    It says which run it is, when its first invocation began, and which number this invocation has. Of the earlier
    invocations it says how many snapshots they deleted, which failed snapshots were among these (`more_failed` more
    are only counted), and how many snapshots they made without tags that a policy refused.
    """

    run: str
    began: datetime
    invocation: int
    expired: int
    failed: tuple[FailedSnapshot, ...] = ()
    more_failed: int = 0
    tags_refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One scheduled event of one backup set and period, and where it happens.

    `id` is the same on every delivery of one event; ages are as of `time`; `scheduled` says that the event named
    its time; `only` are the volumes that a run by hand is limited to, empty for all; `selector` is the tag that selects
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
    function: str
    log_group: str
    scheduled: bool = True
    only: tuple[str, ...] = ()
    continued: Continued | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance by its tags: its printable name, and the value of the tag that selects volumes."""

    name: str = ""
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume; names are printable Name tags, or empty. Size in GiB, throughput in MiB/s."""

    id: str
    name: str
    state: str
    created: datetime
    zone: str
    type: str
    size: int
    iops: int | None
    throughput: int | None
    device: str
    instance: str
    instance_name: str
    tags: Mapping[str, str]
    encrypted: bool = False
    kms_key: str = ""

    @property
    def place(self) -> str:
        """Return `on i-07aa db-1, /dev/xvdf`, or an empty text if it is not attached."""
        on = f"{self.instance} {self.instance_name}".rstrip()
        return f"on {on}, {self.device}" if self.instance else ""

    def __str__(self) -> str:
        place = f" ({self.place})" if self.place else ""
        return f"{self.id} {self.name}".rstrip() + place


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """How many occasions before a snapshot's own stay after its run; in `pending` of them, nothing is completed yet.

    `vanished` more should have been there when the run began, but were not. Every delivery of the run reports them.
    """

    stay: int
    pending: int = 0
    vanished: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot that carries the set's tag; `period` and `run` are as tagged, empty if somebody removed them.

    `ours` says that its `ebs-backup:source` names its own volume: otherwise another tool copied our tags from a volume.
    `name` and `size` (GiB) are the volume's, as it was then. `full_bytes` is the size of all its blocks, if EC2 tells it:
    a restore reads that much, but less is stored, because snapshots share blocks. `hold` is the value of its hold
    tag, None without one. `older` is None if its tag has no number.
    `again` is the failed snapshot that it replaces, if any. `message` is EC2's reason if the snapshot failed.
    """

    id: str
    volume_id: str
    period: str
    run: str
    state: str
    started: datetime
    size: int
    ours: bool = True
    name: str = ""
    full_bytes: int | None = None
    hold: str | None = None
    older: Older | None = None
    again: str = ""
    message: str = ""

    @property
    def usable(self) -> bool:
        """Return whether it holds, or is about to hold, the volume's data."""
        return self.state in (COMPLETED, PENDING)

    @property
    def known_period(self) -> bool:
        """Return whether rotation can decide on it: it belongs to a run, and its period exists."""
        return bool(self.run) and self.period in PERIODS


class Fate(StrEnum):
    """What rotation decides for one snapshot, and what then happened to it."""

    KEPT = "kept"
    EXPIRED = "expired"  # to be deleted; after the run: deleted
    DEFERRED = "deferred"  # expired, but `max_expired_per_volume` leaves it to a later run
    UNDELETABLE = "kept by AWS"  # expired, but an AMI, a lock, ... keeps it in place
    NOT_DELETED = "not deleted"  # expired, but its delete failed: see the failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decision on one snapshot, and why: the reason is the same in dry run, mail and log.

    `redundant` says that deleting it costs no restore point: it is a failed snapshot or a duplicate. `edited` says that
    a person should look at its tags.
    """

    snapshot: Snapshot
    fate: Fate
    reason: str
    occasion: tuple[datetime, str]
    redundant: bool = False
    edited: bool = False

    @property
    def sentence(self) -> str:
        """Return fate and reason as the docs write them: `kept: 2 of 4`, `expired: beyond keep_day=4`."""
        return f"{self.fate}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that failed: the resource, the action, AWS's code and message, and what a person should do."""

    resource: str
    action: str
    code: str
    message: str
    advice: str


class Severity(Enum):
    """How serious a remark is: a PROBLEM or a CHECK sets the run's status, a NOTE is only reported."""

    PROBLEM = auto()
    CHECK = auto()
    NOTE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to report about a volume: a failure, or, as a note, a few words."""

    severity: Severity
    told: Failure | str


def problem(failure: Failure) -> Remark:
    """Return a remark on what is wrong."""
    return Remark(severity=Severity.PROBLEM, told=failure)


def check(failure: Failure) -> Remark:
    """Return a remark on what a person should look at."""
    return Remark(severity=Severity.CHECK, told=failure)


def note(words: str) -> Remark:
    """Return a remark on what is good to know."""
    return Remark(severity=Severity.NOTE, told=words)

"""The data of a run, frozen: what was asked for, found and decided. What came of it stands in `outcome`.

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

    `id` is the same on every delivery of one event; `time` names the snapshots, and ages are told as of then;
    `selector` is the tag that selects volumes, as `Backup=true`; `continued` is there in all invocations of the run but the first.
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
    continued: Continued | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as its tags show it: its name made fit to print, and the value of the tag that selects volumes."""

    name: str = ""
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume; names are Name tags made fit to print, or empty. Size in GiB, throughput in MiB/s."""

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

    @property
    def place(self) -> str:
        """Give `on i-07aa db-1, /dev/xvdf`, or nothing where it is not attached."""
        on = f"{self.instance} {self.instance_name}".rstrip()
        return f"on {on}, {self.device}" if self.instance else ""

    def __str__(self) -> str:
        place = f" ({self.place})" if self.place else ""
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

    `name` is the volume's, as it was then; `size` the volume's, in GiB; `full_bytes` what all its blocks hold together,
    where EC2 tells it: a restore reads as much, but blocks that other snapshots hold too are stored once.
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
    name: str = ""
    full_bytes: int | None = None
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

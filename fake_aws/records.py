"""The records of an account (volumes, snapshots, accepted mails), and how AWS refuses a call."""

from collections.abc import Mapping
from dataclasses import dataclass


class RefusalError(Exception):
    """An error answer: nothing was done."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(slots=True, kw_only=True)
class VolumeRecord:
    """A volume as EC2 holds it."""

    id: str
    tags: dict[str, str]
    state: str = "in-use"
    type: str = "gp3"
    size: int = 8
    instance: str = "i-0123456789abcdef0"
    created: str = "2026-01-01T00:00:00.000Z"
    kms_key: str = ""  # the ARN of the key that encrypts it


@dataclass(slots=True, kw_only=True)
class SnapshotRecord:
    """A snapshot as EC2 holds it; it stays here after its deletion, because tests ask what was deleted, and when."""

    id: str
    volume_id: str
    started: float
    tags: dict[str, str]
    size: int = 8
    description: str = ""
    settles: float = 0  # until then it is pending
    ends_as: str = "completed"
    state_message: str = ""  # EC2's reason, where it failed
    kms_key: str = ""
    ami: str = ""  # the image that uses it
    locked: bool = False
    managed: bool = False  # by AWS Backup
    fast_restore: bool = False
    deleted: float | None = None
    by_person: bool = False  # a person deleted it, not the function
    leaves_bin: float = 0  # deleted, it can be brought back until then
    brought_back: float = 0  # when that was done last

    @property
    def kept_by_aws(self) -> bool:
        """Return whether something keeps it from being deleted."""
        return bool(self.ami) or self.locked or self.managed or self.fast_restore

    def state(self, at: float) -> str:
        """Return the state at this time."""
        return "pending" if at < self.settles else self.ends_as

    def exists(self, at: float) -> bool:
        """Return whether it was there at this time."""
        return max(self.started, self.brought_back) <= at and (self.deleted is None or at < self.deleted)

    def in_bin(self, at: float) -> bool:
        """Return whether it was in the Recycle Bin at this time."""
        return self.deleted is not None and self.deleted <= at < self.leaves_bin

    def check_deletable(self) -> None:
        """Raise what EC2 answers where something keeps it."""
        if self.ami:
            raise RefusalError(
                "InvalidSnapshot.InUse", f"The snapshot {self.id} is currently in use by {self.ami}"
            )
        if self.fast_restore:
            raise RefusalError(
                "InvalidSnapshot.InUse", f"The snapshot {self.id} is enabled for fast snapshot restores"
            )
        if self.locked:
            raise RefusalError("OperationNotPermitted", f"The snapshot {self.id} is locked.")
        if self.managed:
            raise RefusalError(
                "InvalidParameterValue",
                "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. "
                "If you wish to delete this snapshot, please do so via the Backup console.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecord:
    """What SNS accepted."""

    topic: str
    subject: str
    body: str
    data: str
    attributes: Mapping[str, str]

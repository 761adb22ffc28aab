"""What an AWS error means and what a person can do about it: every code is classed here, once."""

import re
from enum import Enum, auto
from typing import Self

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, under which its connect time-outs stand
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from ebs_backup.model import Failure

# All that a call can raise: an unreadable answer is a ResponseParserError, which is no BotoCoreError.
ERRORS = (ClientError, BotoCoreError, ResponseParserError)


class Kind(Enum):
    """What an error says about the call: whether it was done, and whether to try again."""

    GONE = auto()  # the volume or snapshot is no longer there
    WAIT = auto()  # certainly not done: try again later
    UNSURE = auto()  # perhaps done: look before trying again
    REFUSED = auto()  # not done, and trying again would not help


GONE_CODES = frozenset({"InvalidVolume.NotFound", "InvalidSnapshot.NotFound"})
RATE_PER_VOLUME = "SnapshotCreationPerVolumeRateExceeded"  # 15 s between two snapshots of one volume
THROTTLED, THROTTL = "RequestLimitExceeded", "Throttl"  # EC2's code, and what the others begin with
WAIT_CODES = frozenset(
    {
        THROTTLED,
        RATE_PER_VOLUME,
        "ConcurrentSnapshotLimitExceeded",  # 5 pending snapshots of one volume, 1 of st1 and sc1
        "PendingSnapshotLimitExceeded",
    }
)
UNREADABLE = "UnreadableAnswer"
OUT_OF_TIME = "OutOfTime"
SLOW_LISTING = "SlowListing"


class AwsError(Exception):
    """An AWS call that did not work, classed; `code` and `message` are AWS's where it gave any.

    `unfinished` tells that it would have been tried again, had there been time.
    """

    def __init__(self, *, kind: Kind, code: str, message: str, unfinished: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.kind, self.code, self.message, self.unfinished = kind, code, message, unfinished

    @property
    def throttled(self) -> bool:
        """Tell whether AWS refused for the number of calls, whatever they were about."""
        return self.code == THROTTLED or self.code.startswith(THROTTL)

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Class any of ERRORS."""
        if isinstance(error, ClientError):
            said = error.response.get("Error", {})
            code, message = said.get("Code") or "Unknown", said.get("Message") or str(error)
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return cls(kind=_kind(code, status), code=code, message=message)
        code = UNREADABLE if isinstance(error, ResponseParserError) else type(error).__name__
        perhaps_sent = isinstance(
            error, ResponseParserError | ConnectionError | HTTPClientError | IncompleteReadError
        )
        return cls(kind=Kind.UNSURE if perhaps_sent else Kind.REFUSED, code=code, message=str(error))


def _kind(code: str, status: int) -> Kind:
    """Class a code before its status: EC2 throttles with a 503, and then nothing was done."""
    if code in GONE_CODES:
        return Kind.GONE
    if code in WAIT_CODES or code.startswith(THROTTL):
        return Kind.WAIT
    return Kind.UNSURE if status >= 500 else Kind.REFUSED


_ADVICE = {
    "UnauthorizedOperation": "The role may not do this. If nobody edited the role or the volume's tag since the last"
    " `cdk deploy`, look for a service control policy or a permissions boundary.",
    "InvalidSnapshot.InUse": "Deregister {ami} if it is not needed any more; the next run then deletes the snapshot."
    " It holds up no other.",
    "RequestLimitExceeded": "EC2 throttled this account for as long as there was time to wait: spread the schedules of"
    " whatever else calls EC2 at this hour, or split the volumes into two backup sets.",
    "ConcurrentSnapshotLimitExceeded": "Too many snapshots of this volume are pending or failed at once: delete those"
    " in state error; what other tool snapshots it?",
    "PendingSnapshotLimitExceeded": "Too many snapshots are pending in this region at once: ask AWS to raise that"
    " quota, or spread the schedules.",
    "SnapshotLimitExceeded": "The region's snapshot quota is reached: ask AWS to raise it, or delete snapshots that"
    " nobody needs. Until then this volume gets no new backup.",
    RATE_PER_VOLUME: "Another tool keeps snapshotting this volume: EC2 takes one every 15 seconds.",
    SLOW_LISTING: "EC2 was slow, and the backups need the time more. The next run looks them up again.",
    OUT_OF_TIME: "The function's time ended first. Run it again by hand now (docs/operating.md), and spread the"
    " volumes over more backup sets if it happens again.",
}
_UNKNOWN = "Look up the code in the EC2 API's list of error codes. The next run tries again."
# Refusals that EC2 words, in the code or in the message, rather than giving them one code each. CreateSnapshot's
# reference names no code for a KMS key that is disabled or pending deletion: its own name is what they have in common.
_ADVICE_BY_WORDING = {
    r"kms": "The volume's KMS key cannot be used: in the KMS console enable it, or cancel its deletion; if it is enabled,"
    " look at its key policy. Do it soon: if the key is deleted, the volume's encrypted snapshots are lost as well.",
    r"^IncorrectState:": "The volume was not in a state that EC2 snapshots. The next run tries again.",
    r"AWS Backup": "AWS Backup manages this snapshot: delete it from its backup vault, not here.",
    r"\block": "The snapshot is locked (EBS Snapshot Lock): it goes when the lock ends, on the run after.",
    r"recycle bin": "The Recycle Bin holds this snapshot under a retention rule: nothing to do.",
}


def not_continued(error: AwsError, function: str) -> Failure:
    """Say that a run which time cut short could not be handed on."""
    return Failure(
        resource=function,
        action="go on in a further invocation",
        code=error.code,
        message=error.message[:300],
        advice="Lambda tries a scheduled run twice more within minutes, and each try goes on where the last one ended: wait"
        " for their mails. If the code speaks of access, look for a policy that keeps the function from invoking itself.",
    )


def failure(error: AwsError, *, resource: str, action: str) -> Failure:
    """Say what failed, on what, and what to do, for someone woken at night."""
    return Failure(
        resource=resource, action=action, code=error.code, message=error.message[:300], advice=advice(error)
    )


def advice(error: AwsError) -> str:
    """Say what a person can do about it; wordings are matched only where the code says too little."""
    if error.code in _ADVICE:
        ami = re.search(r"\bami-\w+", error.message)
        return _ADVICE[error.code].format(ami=ami[0] if ami else "the AMI that uses it")
    if error.kind is Kind.UNSURE:
        return (
            "EC2 gave no clear answer, however often it was asked. The next run looks again before it acts."
        )
    wordings = (
        text for words, text in _ADVICE_BY_WORDING.items() if re.search(words, str(error), re.IGNORECASE)
    )
    return next(wordings, _ADVICE["RequestLimitExceeded"] if error.kind is Kind.WAIT else _UNKNOWN)

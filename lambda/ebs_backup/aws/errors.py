"""What an AWS error means and what a person can do about it; every code is classified only here."""

import re
from enum import Enum, auto
from typing import Self

from botocore import exceptions as errors
from botocore.parsers import ResponseParserError

from ebs_backup.model import Failure

# Everything that a call can raise: an unreadable answer is a ResponseParserError, which is not a BotoCoreError.
ERRORS = (errors.ClientError, errors.BotoCoreError, ResponseParserError)
_LOST = (errors.ConnectionError, errors.HTTPClientError, errors.IncompleteReadError)
PERHAPS_SENT = (ResponseParserError, *_LOST)
LONGEST_MESSAGE, LONGEST_CODE = 300, 100  # characters: the message may be a proxy's whole page


class Kind(Enum):
    """What an error says about the call: whether it was done, and whether to try again."""

    NOT_FOUND = auto()  # the volume or snapshot is no longer there
    RETRY = auto()  # certainly not done: try again later
    UNKNOWN_OUTCOME = auto()  # perhaps done: look before trying again
    KEPT = auto()  # AWS keeps the snapshot: an AMI, fast restore, a lock, AWS Backup or the Recycle Bin
    REJECTED = auto()  # not done, and trying again would not help


GONE_CODES = frozenset({"InvalidVolume.NotFound", "InvalidSnapshot.NotFound"})
RATE_PER_VOLUME = "SnapshotCreationPerVolumeRateExceeded"  # 15 s between two snapshots of one volume
CONCURRENT = "ConcurrentSnapshotLimitExceeded"  # pending or failed, of one volume: 5, or 1 for st1 and sc1
NO_ROOM = "SnapshotLimitExceeded"  # the quota of snapshots in the region
TAG_REFUSALS = frozenset({"TagPolicyViolation", "UnauthorizedOperation"})
SNAPSHOT_FAILED = "SnapshotFailed"  # our own code, like the next three: a snapshot ended in state error
UNREADABLE, OUT_OF_TIME, SLOW_LISTING = "UnreadableAnswer", "OutOfTime", "SlowListing"

THROTTL = "Throttl"  # Throttling, ThrottlingException, ThrottledException
THROTTLING = frozenset(  # the rest of what botocore's standard retry mode takes for throttling
    {"RequestLimitExceeded", "BandwidthLimitExceeded", "EC2ThrottledException", "TooManyRequestsException"}
    | {"RequestThrottled", "RequestThrottledException", "PriorRequestNotComplete", "SlowDown"}
    | {"LimitExceededException", "ProvisionedThroughputExceededException", "TransactionInProgressException"}
)
WAIT_CODES = THROTTLING | {
    *("RetryableError", "RequestExpired", "ConcurrentTagAccess", "KMSThrottling"),
    *(RATE_PER_VOLUME, CONCURRENT, "PendingSnapshotLimitExceeded"),
}
UNSURE_CODES = frozenset({"RequestTimeout", "RequestTimeoutException"})  # botocore's two that are no 5xx
SERVICES = {"Publish": "sns", "Invoke": "lambda", "CreateSnapshot": "ec2", "DeleteSnapshot": "ec2"}
SERVICES |= {"DescribeSnapshots": "ec2", "DescribeVolumes": "ec2", "DescribeTags": "ec2"}


class AwsError(Exception):
    """A failed AWS call, classified; `code` and `message` are AWS's own if it gave any, cut to one short line.

    `service` is `ec2`, `sns` or `lambda`, or empty if it is not known.
    `unfinished` says whether the call would have been tried again with more time.
    """

    def __init__(
        self, *, kind: Kind, code: str, message: str, unfinished: bool = False, service: str = ""
    ) -> None:
        self.kind, self.unfinished, self.service = kind, unfinished, service
        self.code, self.message = _line(code, LONGEST_CODE), _line(message, LONGEST_MESSAGE)
        super().__init__(f"{self.code}: {self.message}")

    @property
    def throttled(self) -> bool:
        """Return whether AWS refused the call because there were too many calls."""
        return self.code in THROTTLING or self.code.startswith(THROTTL)

    def but(self, *, kind: Kind | None = None, unfinished: bool = False) -> Self:
        """Return the same error with another kind, or marked as unfinished."""
        changes = {"kind": kind or self.kind, "unfinished": unfinished or self.unfinished}
        return type(self)(**{**vars(self), **changes})

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Return any of ERRORS as an AwsError, with its kind."""
        if isinstance(error, errors.ClientError):
            said = error.response.get("Error", {})
            code, message = said.get("Code") or "Unknown", said.get("Message") or str(error)
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            # Only a delete is refused because AWS keeps the snapshot. A refused create is a volume without a backup.
            kept = error.operation_name == "DeleteSnapshot" and _hold(code, message[: 2 * LONGEST_MESSAGE])
            kind = Kind.KEPT if kept else _kind(code, status)
            return cls(kind=kind, code=code, message=message, service=SERVICES.get(error.operation_name, ""))
        code = UNREADABLE if isinstance(error, ResponseParserError) else type(error).__name__
        kind = Kind.UNKNOWN_OUTCOME if isinstance(error, PERHAPS_SENT) else Kind.REJECTED
        return cls(kind=kind, code=code, message=str(error))


def _line(text: str, most: int) -> str:
    """Return the text as one printable line; a long text is cut first, so that this takes no time."""
    start = "".join(char if char.isprintable() else " " for char in text[: 2 * most])
    line = " ".join(start.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def _kind(code: str, status: int) -> Kind:
    """Return the kind. The code comes before the status: EC2 throttles with a 503, and then nothing was done."""
    if code in GONE_CODES:
        return Kind.NOT_FOUND
    if code in WAIT_CODES or code.startswith(THROTTL):
        return Kind.RETRY
    return Kind.UNKNOWN_OUTCOME if status >= 500 or code in UNSURE_CODES else Kind.REJECTED


# What keeps a snapshot, by code and words. Most of these have no code of their own, and EC2 documents none for a lock.
_IN_USE, _LOCKED = ("InvalidSnapshot.InUse",), ("SnapshotLocked", "InvalidSnapshot.Locked")
_VAGUE = ("InvalidParameterValue", "OperationNotPermitted", "UnsupportedOperation", "IncorrectState")
_HOLDS = (
    (_IN_USE, r"\bami-\w+", "used by {ami}"),
    (_IN_USE, r"\bfast (snapshot )?restores?\b", "enabled for fast restore"),
    (_IN_USE, "", "in use"),
    (_LOCKED, "", "locked"),
    (_VAGUE, r"\bsnap(shot|-\w+)\b([^.]*|.*\bit) is (currently )?locked\b", "locked"),
    (_VAGUE, r"\bsnapshot lock\b|\blocked snapshot\b", "locked"),
    (_VAGUE, r"\bmanaged by (the )?aws backup\b", "managed by AWS Backup"),
    (_VAGUE, r"\b(in|by) the recycle bin\b|\brecycle bin (retention )?rule\b", "held by the Recycle Bin"),
)
# Advice is read at night on a phone: it begins with what to do, in words that fit a line, and then says why.
_HOW_TO_FREE = {
    "used by {ami}": "Deregister the AMI if nobody needs it. The next run then deletes the snapshot.",
    "enabled for fast restore": "Turn fast restore off if nobody needs it: `aws ec2 disable-fast-snapshot-restores"
    " --availability-zones ZONE --source-snapshot-ids SNAPSHOT`. The next run then deletes the snapshot.",
    "in use": "Look for an AMI of it. AWS does not say what uses it. Once it is free, a run deletes it.",
    "locked": "Wait until the lock ends. The snapshot has an EBS snapshot lock. The first run after that deletes it.",
    "managed by AWS Backup": "Look for it in AWS Backup. It is a recovery point there. If nobody needs it, delete it in its"
    " vault.",
    "held by the Recycle Bin": "There is nothing to do. A Recycle Bin rule holds it until the rule's time is over.",
}


def _hold(code: str, message: str) -> str:
    found = (hold for codes, words, hold in _HOLDS if code in codes and re.search(words, message.lower()))
    return next(found, "")


def kept_by(error: AwsError) -> str:
    """Return what keeps the snapshot of an error of kind KEPT, in a few words: `used by ami-0123`."""
    ami = re.search(r"\bami-\w+", error.message)
    return (_hold(error.code, error.message) or "in use").format(ami=ami and ami[0])


def how_to_free(error: AwsError) -> str:
    """Return what a person can do so that a later run can delete the snapshot of an error of kind KEPT."""
    return _HOW_TO_FREE[_hold(error.code, error.message) or "in use"]


_DEPLOY = "run `npx cdk deploy`"
_KEY = (
    "Enable the volume's KMS key. EC2 cannot use it. In the KMS console enable it, or cancel its deletion. If it is enabled,"
    " check its key policy. Do this soon: if the key is deleted, the volume's encrypted snapshots are lost, too."
)
_THROTTLED = "Find what else calls AWS at this hour. AWS throttled this account: it got too many calls. Move some of the schedules."
_UNCLEAR = "Wait for the next run. AWS could not be reached, or gave no clear answer. The next run looks again before it acts."
_UNKNOWN = "Look up the code in EC2's manual. It has a list of error codes. The next run tries again."
_WRONG_STATE = "Wait for the next run. The volume or snapshot was in a state in which EC2 refuses this."
_ADVICE = {
    **dict.fromkeys(THROTTLING, _THROTTLED),
    **dict.fromkeys(GONE_CODES, "There is nothing to do. It is no longer there."),
    "UnauthorizedOperation": "Look for a policy that forbids it. The role may not do this. If somebody changed the role or"
    " the volume's tag, undo that. If not, ask who runs your AWS organization: it may be a service control policy or a"
    " permissions boundary.",
    "TagPolicyViolation": "Change extra_tags or copy_tags. A tag policy of your organization refuses a tag of the new"
    f" snapshot, or demands one. Set what it demands in extra_tags, leave out with copy_tags what it refuses, and {_DEPLOY}.",
    "CustomerKeyHasBeenRevoked": _KEY,
    "PendingVerification": "Wait some hours, then ask AWS Support. AWS is still verifying this account.",
    "OptInRequired": "Finish this account's sign-up. It is not signed up for EC2. Its owner must finish the sign-up and the"
    " payment method.",
    "Blocked": "Ask AWS Support now. AWS has blocked this account: nothing in it can be backed up.",
    "AuthFailure": "Check that the account is active. AWS refused the role's credentials. Check also that its region is"
    " enabled.",
    NO_ROOM: "Ask AWS for a higher snapshot quota. AWS lets this region hold no more snapshots (Service Quotas, EBS). Or"
    f" lower a keep_... setting and {_DEPLOY}: each run then first deletes up to max_expired_per_volume expired ones of a"
    " volume.",
    CONCURRENT: "Wait for the next run. Another snapshot of this volume is still pending, or failed. EC2 takes one at a time"
    " of an st1 or sc1 volume, five of any other. If it comes again, look for another tool that snapshots this volume.",
    "PendingSnapshotLimitExceeded": "Ask AWS to raise that quota. Too many snapshots are pending in this region.",
    RATE_PER_VOLUME: "Find the other tool that snapshots it. EC2 takes one snapshot of a volume every 15 seconds, and"
    " something else keeps making them.",
    "RequestExpired": "Wait for the next run. The call reached AWS 15 minutes late, or a clock is wrong. If it comes again,"
    " ask AWS Support.",
    "ConcurrentTagAccess": "Find what tags snapshots at this hour. Something else kept changing the same tags.",
    "RetryableError": "Wait for the next run. A service behind EC2 did not answer. If it comes every night, ask AWS Support.",
    UNREADABLE: "Wait for the next run. The answer did not come from AWS, or was damaged. The next run looks again before it"
    " acts. If it comes again, look for a proxy between the function and AWS.",
    SLOW_LISTING: "There is nothing to do. EC2 was slow, so the names were not looked up, to leave time for the backups.",
    OUT_OF_TIME: "Run it again by hand now. The function ran out of time. If it comes again, spread the volumes over more"
    " backup sets.",
}
# EC2 has no code for a key that is disabled or being deleted, nor one word for it. A tag may name a key, too.
_KEY_CODE = r"InvalidKMSKey\b|KMS"
_KEY_WORDS = (
    r"(?i)^(?!.*\btags?\b).*(\b(KMS key|customer master key|CMK|encryption key|InvalidKMSKey)\b"
    r"|\bkey\b.* not accessible\b|\barn:aws[\w-]*:kms:\S+ (is|was|does)\b)"
)
_NO_MAIL = "Nothing can be mailed:"
_SNS_ADVICE = {
    "KMSAccessDenied": f"{_NO_MAIL} the function may not use the SNS topic's key. Check the key's policy. For a topic"
    f" named in topic_arn, set kms_key_arn to the topic's key and {_DEPLOY}.",
    "KMSDisabled": f"{_NO_MAIL} the SNS topic's key is disabled. Enable it in the KMS console.",
    "KMSInvalidState": f"{_NO_MAIL} the SNS topic's key cannot be used. Cancel its deletion in the KMS console.",
    "KMSNotFound": f"{_NO_MAIL} the SNS topic's key is gone. Set kms_key_arn to one that exists, and {_DEPLOY}.",
    "KMSOptInRequired": f"{_NO_MAIL} the SNS topic needs KMS, and this account is not signed up for it. Sign it up.",
    "KMSThrottling": "The SNS topic's key was used too often. Lambda tries the run again within minutes.",
    "NotFound": f"{_NO_MAIL} the SNS topic is gone. Make one, name it in topic_arn, and {_DEPLOY}.",
    "AuthorizationError": f"{_NO_MAIL} the role may not publish to the SNS topic. Check the topic's policy.",
    "InvalidParameter": f"{_NO_MAIL} SNS refused the mail or the topic's ARN. Compare topic_arn with the topic's ARN.",
}
_SNS_OTHER = "SNS did not take the mail. Lambda tries again within minutes. The log says what was done."
_SNAPSHOT_FAILED = {
    _KEY_WORDS: _KEY,
    r"\binternal ?error\b": "Wait for the next run. It was a fault inside AWS. If it comes again, check the volume's key, or"
    " ask AWS Support.",
    r"\S": "Read EC2's own words. They say why it failed.",
    "": "Ask AWS Support if it comes again. EC2 gave no reason.",
}


def not_continued(error: AwsError, function: str) -> Failure:
    """Return why a run that needs more time could not go on in a further invocation."""
    return Failure(
        resource=function,
        action="go on in a further invocation",
        code=error.code,
        message=error.message,
        advice="Wait for the next two mails. Lambda tries a scheduled run twice more within minutes, and each try goes on"
        " where the last one stopped. If it is an access error, look for a policy that denies lambda:InvokeFunction.",
    )


def failure(error: AwsError, *, resource: str, action: str) -> Failure:
    """Return what failed, on what, and what to do, for somebody who is woken at night."""
    return Failure(
        resource=resource, action=action, code=error.code, message=error.message, advice=advice(error)
    )


def advice(error: AwsError) -> str:
    """Return what a person can do about it: by the code, or by the message if the code says too little."""
    if error.service == "sns":
        return _SNS_ADVICE.get(error.code.removesuffix("Exception"), _SNS_OTHER)
    if error.kind is Kind.KEPT:
        return how_to_free(error)
    if by_code := _ADVICE.get(error.code, _THROTTLED if error.throttled else ""):
        return by_code
    if error.kind is Kind.UNKNOWN_OUTCOME:
        return _UNCLEAR
    if error.service == "ec2" and (re.match(_KEY_CODE, error.code) or re.match(_KEY_WORDS, error.message)):
        return _KEY
    return _WRONG_STATE if error.code == "IncorrectState" else _UNKNOWN


def snapshot_failed_advice(message: str) -> str:
    """Return what to do about a snapshot that ended in state `error`, by EC2's StateMessage, which may be empty."""
    what = next(what for words, what in _SNAPSHOT_FAILED.items() if re.search(words, message.lower()))
    return f"{what} A failed snapshot holds nothing: each run makes a new one, if it can."

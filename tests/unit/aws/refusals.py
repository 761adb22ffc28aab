"""AWS's errors as the tests of them need them: every code, and how AWS words it."""

from botocore.exceptions import ClientError

from ebs_backup.aws.errors import (
    CONCURRENT,
    NO_ROOM,
    RATE_PER_VOLUME,
    AwsError,
    Kind,
)

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
USED_BY_AMI = "The snapshot snap-0652e2 is currently in use by ami-0b4121a837723f502"
FAST_RESTORE = (
    "The snapshot snap-00e4b1 is currently enabled for fast restores in eu-west-1b. Fast snapshot restores must be"
    " disabled within all Availability Zones before the snapshot may be deleted."
)
AWS_BACKUP = (
    "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. If you wish to delete this"
    " snapshot, please do so via the Backup console."
)


def client_error(
    code: str, message: str = "words", status: int = 400, operation: str = "CreateSnapshot"
) -> ClientError:
    said = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, operation)  # type: ignore[arg-type] # metadata in part


def refusal(code: str, message: str = "words", status: int = 400) -> AwsError:
    return AwsError.of(client_error(code, message, status))


def on_delete(code: str, message: str = "words") -> AwsError:
    return AwsError.of(client_error(code, message, operation="DeleteSnapshot"))


def on_publish(code: str, message: str = "words", status: int = 400) -> AwsError:
    return AwsError.of(client_error(code, message, status, "Publish"))


THROTTLED = (
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "EC2ThrottledException",
    "BandwidthLimitExceeded",
)
WAITS = (
    RATE_PER_VOLUME,
    CONCURRENT,
    "PendingSnapshotLimitExceeded",
    "RetryableError",
    "RequestExpired",
    "ConcurrentTagAccess",
)
REFUSED = (
    "UnauthorizedOperation",
    "TagPolicyViolation",
    "CustomerKeyHasBeenRevoked",
    "PendingVerification",
    "OptInRequired",
    "Blocked",
    "AuthFailure",
    NO_ROOM,
    "IncorrectState",
)
# Code by code, how it is classed, whether it is throttling, and a few words of its advice.
TABLE = [
    ("InvalidVolume.NotFound", 400, Kind.NOT_FOUND, False, "no longer there"),
    ("InvalidSnapshot.NotFound", 400, Kind.NOT_FOUND, False, "no longer there"),
    *((code, 503, Kind.RETRY, True, "throttled this account") for code in THROTTLED),
    (RATE_PER_VOLUME, 400, Kind.RETRY, False, "every 15 seconds"),
    (CONCURRENT, 400, Kind.RETRY, False, "one at a time of an st1 or sc1 volume"),
    ("PendingSnapshotLimitExceeded", 400, Kind.RETRY, False, "Ask AWS to raise that quota"),
    ("RetryableError", 400, Kind.RETRY, False, "service behind EC2"),
    ("RequestExpired", 400, Kind.RETRY, False, "a clock is wrong"),
    ("ConcurrentTagAccess", 400, Kind.RETRY, False, "changing the same tags"),
    ("UnauthorizedOperation", 403, Kind.REJECTED, False, "service control policy"),
    ("TagPolicyViolation", 400, Kind.REJECTED, False, "extra_tags"),
    ("CustomerKeyHasBeenRevoked", 400, Kind.REJECTED, False, "the volume's KMS key"),
    ("PendingVerification", 400, Kind.REJECTED, False, "still verifying"),
    ("OptInRequired", 401, Kind.REJECTED, False, "sign-up"),
    ("Blocked", 403, Kind.REJECTED, False, "has blocked this account"),
    ("AuthFailure", 401, Kind.REJECTED, False, "credentials"),
    (NO_ROOM, 400, Kind.REJECTED, False, "up to max_expired_per_volume expired ones"),
    ("IncorrectState", 400, Kind.REJECTED, False, "in a state"),
    ("InternalError", 500, Kind.UNKNOWN_OUTCOME, False, "looks again"),
    ("Unavailable", 503, Kind.UNKNOWN_OUTCOME, False, "looks again"),
    ("RequestTimeout", 400, Kind.UNKNOWN_OUTCOME, False, "looks again"),
    ("SomethingOf2030", 400, Kind.REJECTED, False, "list of error codes"),
]
SNS = (
    *(
        "KMSAccessDenied",
        "KMSDisabled",
        "KMSInvalidState",
        "KMSNotFound",
        "KMSOptInRequired",
        "KMSThrottling",
    ),
    *("NotFound", "AuthorizationError", "InvalidParameter"),
)

"""What an AWS error means and what a person can do about it, code by code."""

from collections import Counter

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from ebs_backup.aws.errors import (
    CONCURRENT,
    NO_ROOM,
    OUT_OF_TIME,
    RATE_PER_VOLUME,
    SLOW_LISTING,
    TAG_REFUSALS,
    UNREADABLE,
    AwsError,
    Kind,
    advice,
    failure,
    how_to_free,
    kept_by,
    not_continued,
    snapshot_failed_advice,
)
from ebs_backup.report.text import WIDTH

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
# Code by code, as in the design's table: how it is classed, whether it is throttling, and a few words of its advice.
TABLE = [
    ("InvalidVolume.NotFound", 400, Kind.NOT_FOUND, False, "no longer there"),
    ("InvalidSnapshot.NotFound", 400, Kind.NOT_FOUND, False, "no longer there"),
    *((code, 503, Kind.RETRY, True, "throttled this account") for code in THROTTLED),
    (RATE_PER_VOLUME, 400, Kind.RETRY, False, "one every 15 seconds"),
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


@pytest.mark.parametrize(("code", "status", "kind", "throttled", "words"), TABLE)
def test_every_code_is_classed_and_has_its_advice(
    code: str, status: int, kind: Kind, *, throttled: bool, words: str
) -> None:
    error = refusal(code, status=status)

    assert (error.kind, error.throttled, error.code, error.service) == (kind, throttled, code, "ec2")
    assert words in advice(error)


def test_no_two_codes_share_advice_but_where_they_mean_the_same() -> None:
    own = [advice(refusal(code)) for code in (*WAITS, *REFUSED, "RequestLimitExceeded", "SomethingOf2030")]
    own += [
        advice(AwsError(kind=Kind.UNKNOWN_OUTCOME, code=code, message=""))
        for code in (UNREADABLE, "Unavailable")
    ]
    own += [advice(AwsError(kind=Kind.RETRY, code=code, message="")) for code in (OUT_OF_TIME, SLOW_LISTING)]

    assert max(Counter(own).values()) == 1


def test_all_that_botocore_takes_for_throttling_is_throttling() -> None:
    for code in ThrottledRetryableChecker._THROTTLED_ERROR_CODES:  # type: ignore[attr-defined] # not in its stubs
        assert refusal(code).throttled, code
        assert refusal(code, status=502).kind is Kind.RETRY, code


def test_no_code_that_botocore_takes_for_passing_is_refused_for_good() -> None:
    for code in TransientRetryableChecker._TRANSIENT_ERROR_CODES:  # type: ignore[attr-defined] # not in its stubs
        assert refusal(code).kind in (Kind.RETRY, Kind.UNKNOWN_OUTCOME), code


def test_throttling_of_a_new_name_is_throttling() -> None:
    assert refusal("ThrottlingOf2030").throttled
    assert "throttled" in advice(refusal("ThrottlingOf2030"))


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (ConnectTimeoutError(endpoint_url="http://127.0.0.1"), Kind.UNKNOWN_OUTCOME, "ConnectTimeoutError"),
        (exceptions.ReadTimeoutError(endpoint_url="x"), Kind.UNKNOWN_OUTCOME, "ReadTimeoutError"),
        (exceptions.ConnectionClosedError(endpoint_url="x"), Kind.UNKNOWN_OUTCOME, "ConnectionClosedError"),
        (
            exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2),
            Kind.UNKNOWN_OUTCOME,
            "IncompleteReadError",
        ),
        (ResponseParserError("not XML"), Kind.UNKNOWN_OUTCOME, UNREADABLE),
        (NoCredentialsError(), Kind.REJECTED, "NoCredentialsError"),
        (client_error(""), Kind.REJECTED, "Unknown"),
    ],
)
def test_what_is_no_answer_of_aws_is_classed_too(error: Exception, kind: Kind, code: str) -> None:
    classed = AwsError.of(error)

    assert (classed.kind, classed.code, classed.throttled) == (kind, code, False)


def test_a_lost_connection_and_an_unreadable_answer_are_looked_at_again_by_the_next_run() -> None:
    assert "could not be reached" in advice(AwsError.of(ConnectTimeoutError(endpoint_url="x")))
    assert "proxy" in advice(AwsError.of(ResponseParserError("<html>")))


@pytest.mark.parametrize(
    ("code", "message", "keeper", "words"),
    [
        ("InvalidSnapshot.InUse", USED_BY_AMI, "used by ami-0b4121a837723f502", "Deregister the AMI"),
        ("InvalidSnapshot.InUse", FAST_RESTORE, "enabled for fast restore", "disable-fast-snapshot-restores"),
        ("InvalidSnapshot.InUse", "It is used.", "in use", "does not say what uses it"),
        ("InvalidSnapshot.InUse", "in use by your family", "in use", "does not say what uses it"),
        ("InvalidParameterValue", AWS_BACKUP, "managed by AWS Backup", "recovery point"),
        ("OperationNotPermitted", "The snapshot snap-1 is locked.", "locked", "lock's end"),
        ("SnapshotLocked", "snap-1 is currently locked in compliance mode", "locked", "lock's end"),
        ("IncorrectState", "A snapshot lock is in effect", "locked", "lock's end"),
        ("InvalidParameterValue", "It is in the Recycle Bin.", "held by the Recycle Bin", "nothing to do"),
    ],
)
def test_what_aws_keeps_is_said_with_what_holds_it_and_how_to_free_it(
    code: str, message: str, keeper: str, words: str
) -> None:
    error = on_delete(code, message)

    assert error.kind is Kind.KEPT
    assert kept_by(error) == keeper
    assert words in how_to_free(error)
    assert advice(error) == how_to_free(error)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidParameterValue", "The request met a deadlock"),
        ("InvalidParameterValue", "The snapshot is blocked"),
        ("OperationNotPermitted", "Your account is locked"),
        ("OperationNotPermitted", "The snapshot belongs to someone. Your account is locked"),
        ("OperationNotPermitted", "words"),
        ("UnauthorizedOperation", "The snapshot is locked"),
        ("InvalidParameterValue", "Your plan in AWS Backup managed nothing"),
        ("SomethingOf2030", AWS_BACKUP),
        ("InvalidParameterValue", "The words recycle and bin"),
    ],
)
def test_a_word_that_happens_to_be_there_keeps_no_snapshot(code: str, message: str) -> None:
    assert on_delete(code, message).kind is Kind.REJECTED


def test_a_create_that_is_refused_is_never_taken_for_a_snapshot_that_aws_keeps() -> None:
    assert refusal("InvalidParameterValue", AWS_BACKUP).kind is Kind.REJECTED
    assert refusal("InvalidSnapshot.InUse", USED_BY_AMI).kind is Kind.REJECTED


def test_what_keeps_a_snapshot_for_an_unknown_reason_is_still_said_in_words() -> None:
    error = AwsError(kind=Kind.KEPT, code="SomethingOf2030", message="no")

    assert kept_by(error) == "in use"
    assert "does not say what uses it" in advice(error)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("CustomerKeyHasBeenRevoked", "The KMS key cannot be accessed"),
        ("CustomerKeyHasBeenRevoked", "The customer master key cannot be accessed"),
        ("CustomerKeyHasBeenRevoked", ""),
        ("InvalidKMSKey.InvalidState", "The KMS key provided is in an incorrect state"),
        ("InvalidKMSKey.InvalidState", ""),
        ("KMS.DisabledException", "no"),
        ("KMSKeyNotAccessibleFault", "no"),
        ("IncorrectState", f"{KEY} is disabled."),
        ("IncorrectState", f"{KEY} is pending deletion."),
        ("InvalidParameterValue", f"The key {KEY} is not usable"),
        ("InvalidRequest", "The specified KMS key is not accessible"),
        ("SomethingOf2030", "The CMK is disabled"),
    ],
)
def test_a_key_that_cannot_be_used_is_called_a_key_whatever_ec2_calls_it(code: str, message: str) -> None:
    error = refusal(code, message)

    assert error.kind is Kind.REJECTED
    assert "enable it, or cancel its deletion" in advice(error)


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("IncorrectState", "The volume is deleting", "in a state"),
        ("InvalidParameterValue", "Value (a) for parameter key is invalid", "list of error codes"),
        ("InvalidParameterValue", "Duplicate tag key 'Name' specified", "list of error codes"),
        ("InvalidParameterValue", "The tag 'KMS key of web-1' is invalid", "list of error codes"),
        ("InvalidParameterValue", f"Value volume=vol-1 key={KEY} for a name", "list of error codes"),
        ("UnauthorizedOperation", "Encoded authorization failure message: 4GIkMsOH", "forbids it"),
        ("UnauthorizedOperation", f"not authorized to use the KMS key {KEY}", "forbids it"),
        ("RequestLimitExceeded", "for the KMS key", "throttled"),
    ],
)
def test_any_other_refusal_is_not_taken_for_a_keys(code: str, message: str, words: str) -> None:
    assert words in advice(refusal(code, message))


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


@pytest.mark.parametrize("code", SNS)
def test_an_error_of_sns_is_about_the_topic_and_its_key(code: str) -> None:
    error = on_publish(code, "The KMS key of the topic")

    assert error.service == "sns"
    assert "SNS" in advice(error)
    assert "volume" not in advice(error)
    assert ("key" in advice(error) or "KMS" in advice(error)) is code.startswith("KMS")
    assert advice(error) == advice(on_publish(f"{code}Exception"))


def test_errors_of_sns_have_advice_of_their_own() -> None:
    own = {advice(on_publish(code)) for code in (*SNS, "InternalError")}

    assert len(own) == len(SNS) + 1
    assert on_publish("KMSThrottling").kind is Kind.RETRY
    assert on_publish("InternalError", status=500).kind is Kind.UNKNOWN_OUTCOME
    assert "SNS" in advice(on_publish("UnauthorizedOperation"))


def test_only_ec2_speaks_of_a_volumes_key() -> None:
    for code in SNS:
        assert "topic" not in advice(refusal(code)), code
    assert AwsError.of(client_error("X", "The KMS key", operation="Invoke")).service == "lambda"
    for operation in ("Invoke", "Publish", "SomethingElse"):
        error = AwsError.of(client_error("KMSDisabled", "The KMS key is disabled", operation=operation))
        assert "volume's" not in advice(error), operation


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Given key ID is not accessible", "the volume's KMS key"),
        ("The KMS key arn:aws:kms:1 is not accessible", "the volume's KMS key"),
        ("Client.InvalidKMSKey.InvalidState: it is disabled", "the volume's KMS key"),
        ("Internal error", "a fault inside AWS"),
        ("Server.InternalError: Internal error on creation", "a fault inside AWS"),
        ("The monkey is not well", "EC2's own words"),
        ("Something new", "EC2's own words"),
        ("", "gave no reason"),
        ("  ", "gave no reason"),
    ],
)
def test_a_failed_snapshot_is_told_by_ec2s_reason(message: str, words: str) -> None:
    told = snapshot_failed_advice(message)

    assert told.endswith("A failed snapshot holds nothing: each run makes a new one, if it can.")
    assert words in told


@pytest.mark.parametrize(
    "error",
    [
        ResponseParserError("<html>\r\n\x1b[31m\u202e" + "x" * 5_000_000),
        client_error("C" * 5_000_000, "line\n" * 1_000_000),
        exceptions.HTTPClientError(error="y\n" * 2_500_000),
    ],
)
def test_nothing_that_aws_or_a_proxy_says_is_unbounded(error: Exception) -> None:
    classed = AwsError.of(error)

    assert len(classed.message) <= 300
    assert len(classed.code) <= 100
    assert len(str(classed)) <= 402
    assert classed.message.isprintable()
    assert classed.message.endswith("...")


def test_a_short_message_is_told_whole_on_one_line() -> None:
    error = AwsError(kind=Kind.REJECTED, code="X", message=" You may\n\tnot. ")

    assert error.message == "You may not."
    assert str(error) == "X: You may not."


def test_an_error_that_time_cut_short_is_the_same_error() -> None:
    error = on_publish("KMSDisabled")

    cut = error.but(unfinished=True)
    unsure = cut.but(kind=Kind.UNKNOWN_OUTCOME)

    assert (cut.kind, cut.unfinished, cut.code, cut.message) == (error.kind, True, error.code, error.message)
    assert (unsure.kind, unsure.unfinished, unsure.service) == (Kind.UNKNOWN_OUTCOME, True, "sns")
    assert advice(unsure) == advice(error)


def test_a_failure_names_resource_action_code_and_advice() -> None:
    failed = failure(refusal("X", "m" * 999), resource="vol-1", action="create a snapshot")

    assert (failed.resource, failed.action, failed.code) == ("vol-1", "create a snapshot", "X")
    assert len(failed.message) <= 300
    assert failed.advice


def test_a_run_that_cannot_go_on_says_who_goes_on_instead() -> None:
    failed = not_continued(refusal("AccessDeniedException", "m" * 999), "ebs-backup-f")

    assert (failed.resource, failed.code) == ("ebs-backup-f", "AccessDeniedException")
    assert len(failed.message) <= 300
    assert "twice more" in failed.advice


def test_no_advice_deletes_snapshots_or_loses_the_operators_settings() -> None:
    kept = ((USED_BY_AMI, "InvalidSnapshot.InUse"), (FAST_RESTORE, "InvalidSnapshot.InUse"))
    told = [advice(on_delete(code, message)) for message, code in kept]
    told += [advice(refusal(code, status=status)) for code, status, *_ in TABLE]
    told += [advice(on_publish(code)) for code in SNS]

    for text in told:
        assert "delete-snapshot" not in text
        assert text.count("cdk deploy") == text.count("`cdk deploy` with the same -c options as before")


def test_every_advice_begins_with_what_to_do_in_words_that_fit_a_line_of_a_phone() -> None:
    told = [advice(refusal(code, status=status)) for code, status, *_ in TABLE]
    told += [advice(AwsError(kind=Kind.RETRY, code=code, message="")) for code in (OUT_OF_TIME, SLOW_LISTING)]
    told += [advice(AwsError(kind=Kind.UNKNOWN_OUTCOME, code=code, message="")) for code in (UNREADABLE, "X")]
    told += [snapshot_failed_advice(message) for message in ("KMS key", "Internal error", "Odd", "")]
    told.append(not_continued(refusal("X"), "f").advice)

    for text in told:
        assert len(f"To do: {text.partition('. ')[0]}.") <= WIDTH, text


def test_refusals_that_a_tag_may_cause_are_named() -> None:
    assert {"TagPolicyViolation", "UnauthorizedOperation"} == TAG_REFUSALS

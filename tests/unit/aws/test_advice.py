"""What a person can do about an AWS error."""

from collections import Counter

import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.parsers import ResponseParserError

from ebs_backup.aws.errors import (
    OUT_OF_TIME,
    SLOW_LISTING,
    UNREADABLE,
    AwsError,
    Kind,
    advice,
    failure,
    not_continued,
    snapshot_failed_advice,
)
from ebs_backup.report.text import WIDTH
from tests.unit.aws.refusals import (
    FAST_RESTORE,
    KEY,
    REFUSED,
    SNS,
    TABLE,
    USED_BY_AMI,
    WAITS,
    client_error,
    on_delete,
    on_publish,
    refusal,
)


def test_no_two_codes_share_advice_but_where_they_mean_the_same() -> None:
    own = [advice(refusal(code)) for code in (*WAITS, *REFUSED, "RequestLimitExceeded", "SomethingOf2030")]
    own += [
        advice(AwsError(kind=Kind.UNKNOWN_OUTCOME, code=code, message=""))
        for code in (UNREADABLE, "Unavailable")
    ]
    own += [advice(AwsError(kind=Kind.RETRY, code=code, message="")) for code in (OUT_OF_TIME, SLOW_LISTING)]

    assert max(Counter(own).values()) == 1


def test_a_lost_connection_and_an_unreadable_answer_are_looked_at_again_by_the_next_run() -> None:
    assert "could not be reached" in advice(AwsError.of(ConnectTimeoutError(endpoint_url="x")))
    assert "proxy" in advice(AwsError.of(ResponseParserError("<html>")))


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
        ("SomethingOf2030", "Given key ID is not accessible"),
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
        (f"{KEY} is pending deletion.", "the volume's KMS key"),
        ("The customer master key is disabled", "the volume's KMS key"),
        ("Encryption key is disabled", "the volume's KMS key"),
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


def test_every_advice_begins_with_what_to_do_in_words_that_fit_a_line_of_a_phone() -> None:
    told = [advice(refusal(code, status=status)) for code, status, *_ in TABLE]
    told += [advice(AwsError(kind=Kind.RETRY, code=code, message="")) for code in (OUT_OF_TIME, SLOW_LISTING)]
    told += [advice(AwsError(kind=Kind.UNKNOWN_OUTCOME, code=code, message="")) for code in (UNREADABLE, "X")]
    told += [snapshot_failed_advice(message) for message in ("KMS key", "Internal error", "Odd", "")]
    told.append(not_continued(refusal("X"), "f").advice)

    for text in told:
        assert len(f"To do: {text.partition('. ')[0]}.") <= WIDTH, text


def test_no_advice_deletes_snapshots_or_loses_the_operators_settings() -> None:
    kept = ((USED_BY_AMI, "InvalidSnapshot.InUse"), (FAST_RESTORE, "InvalidSnapshot.InUse"))
    told = [advice(on_delete(code, message)) for message, code in kept]
    told += [advice(refusal(code, status=status)) for code, status, *_ in TABLE]
    told += [advice(on_publish(code)) for code in SNS]

    for text in told:
        assert "delete-snapshot" not in text
        assert text.count("cdk deploy") == text.count("`npx cdk deploy`")

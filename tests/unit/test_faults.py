"""What an AWS error means and what a person can do about it, code by code."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError
from botocore.parsers import ResponseParserError

from ebs_backup.faults import AwsError, Kind, advice, failure


def client_error(code: str, message: str = "words", status: int = 400) -> ClientError:
    said = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, "CreateSnapshot")  # type: ignore[arg-type] # metadata in part


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (client_error("InvalidSnapshot.NotFound"), Kind.GONE),
        (client_error("InvalidVolume.NotFound"), Kind.GONE),
        (client_error("RequestLimitExceeded", status=503), Kind.WAIT),
        (client_error("ThrottlingException"), Kind.WAIT),
        (client_error("Throttling"), Kind.WAIT),
        (client_error("SnapshotCreationPerVolumeRateExceeded"), Kind.WAIT),
        (client_error("ConcurrentSnapshotLimitExceeded"), Kind.WAIT),
        (client_error("PendingSnapshotLimitExceeded"), Kind.WAIT),
        (client_error("InternalError", status=500), Kind.UNSURE),
        (client_error("Unavailable", status=503), Kind.UNSURE),
        (ConnectTimeoutError(endpoint_url="http://127.0.0.1"), Kind.UNSURE),
        (ResponseParserError("not XML"), Kind.UNSURE),
        (client_error("UnauthorizedOperation", status=403), Kind.REFUSED),
        (client_error("InvalidSnapshot.InUse"), Kind.REFUSED),
        (client_error("SomethingOf2030"), Kind.REFUSED),
        (client_error(""), Kind.REFUSED),
        (NoCredentialsError(), Kind.REFUSED),
    ],
)
def test_every_error_is_classed(error: Exception, kind: Kind) -> None:
    assert AwsError.of(error).kind is kind


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("InvalidSnapshot.InUse", "snap-1 is in use by ami-0123", "Deregister ami-0123"),
        ("InvalidSnapshot.InUse", "in use", "the AMI that uses it"),
        ("UnauthorizedOperation", "no", "service control policy"),
        ("InvalidParameterValue", "This snapshot is managed by the AWS Backup service", "backup vault"),
        ("OperationNotPermitted", "The snapshot is locked", "Snapshot Lock"),
        ("SomeCode", "The KMS key is disabled", "KMS"),
        ("SomethingOf2030", "words", "list of error codes"),
    ],
)
def test_advice_says_what_to_do(code: str, message: str, words: str) -> None:
    assert words in advice(AwsError.of(client_error(code, message)))


def test_an_answer_that_stayed_unclear_is_looked_at_again_by_the_next_run() -> None:
    assert "looks again" in advice(AwsError.of(client_error("InternalError", status=500)))


def test_throttling_under_any_name_gets_the_advice_on_throttling() -> None:
    assert "throttled" in advice(AwsError.of(client_error("ThrottlingException")))


def test_a_failure_names_resource_action_code_and_advice() -> None:
    failed = failure(AwsError.of(client_error("X", "m" * 999)), resource="vol-1", action="create a snapshot")

    assert (failed.resource, failed.action, failed.code) == ("vol-1", "create a snapshot", "X")
    assert len(failed.message) <= 300
    assert failed.advice

"""How an AWS error is classed, code by code, and that it stays short."""

import pytest
from botocore import exceptions
from botocore.exceptions import ConnectTimeoutError, NoCredentialsError
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from ebs_backup.aws.errors import (
    TAG_REFUSALS,
    UNREADABLE,
    AwsError,
    Kind,
    advice,
)
from tests.unit.aws.refusals import TABLE, client_error, on_publish, refusal


@pytest.mark.parametrize(("code", "status", "kind", "throttled", "words"), TABLE)
def test_every_code_is_classed_and_has_its_advice(
    code: str, status: int, kind: Kind, *, throttled: bool, words: str
) -> None:
    error = refusal(code, status=status)

    assert (error.kind, error.throttled, error.code, error.service) == (kind, throttled, code, "ec2")
    assert words in advice(error)


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


def test_refusals_that_a_tag_may_cause_are_named() -> None:
    assert {"TagPolicyViolation", "UnauthorizedOperation"} == TAG_REFUSALS

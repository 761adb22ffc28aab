"""An encrypted volume whose KMS key cannot be used: told as what it is, whatever EC2 calls it, with what to do."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from ebs_backup.faults import AwsError, Kind, advice, failure
from ebs_backup.outcome import VolumeOutcome
from ebs_backup.report import render
from tests.unit.builders import a_decision, a_run, a_snapshot, a_volume, an_outcome

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DISABLED = ("InvalidKMSKey.InvalidState", "The KMS key provided is in an incorrect state")


def refusal(code: str, message: str) -> AwsError:
    said = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return AwsError.of(ClientError(said, "CreateSnapshot"))  # type: ignore[arg-type] # metadata in part


@pytest.mark.parametrize(
    ("code", "message"),
    [
        DISABLED,
        ("InvalidKMSKey.InvalidState", ""),
        ("KMSKeyNotAccessibleFault", "no"),
        ("IncorrectState", f"{KEY} is disabled."),
        ("IncorrectState", f"{KEY} is pending deletion."),
        ("InvalidParameterValue", f"The key {KEY} is not usable"),
        ("InvalidRequest", "The specified KMS key is not accessible"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_at_once_and_called_a_key(code: str, message: str) -> None:
    error = refusal(code, message)

    assert error.kind is Kind.REFUSED
    assert "enable it, or cancel its deletion" in advice(error)


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("IncorrectState", "The volume is deleting", "not in a state"),
        ("InvalidParameterValue", "Value (a) for parameter key is invalid", "list of error codes"),
        ("InvalidParameterValue", "Duplicate tag key 'Name' specified", "list of error codes"),
        ("UnauthorizedOperation", "Encoded authorization failure message: 4GIkMsOH", "The role may not"),
    ],
)
def test_any_other_refusal_is_not_taken_for_a_keys(code: str, message: str, words: str) -> None:
    assert words in advice(refusal(code, message))


def test_a_disabled_key_in_the_mail(golden: Callable[[str, str], None]) -> None:
    refused = failure(refusal(*DISABLED), resource="vol-0b", action="create a snapshot")
    newest = a_snapshot(id="snap-0b", volume_id="vol-0b", days_ago=3)
    locked_out = VolumeOutcome(
        volume=a_volume(id="vol-0b", name="db-1 data"),
        kept=(a_decision(newest),),
        newest_completed=newest,
        failures=(refused,),
    )
    made = a_snapshot()
    good = VolumeOutcome(volume=a_volume(), made=made, kept=(a_decision(made),), newest_completed=made)

    mail = render(an_outcome(locked_out, good, run=a_run()))

    assert mail.subject == "[PROBLEM] EBS day backup, eu-west-1: 1 of 2 volumes failed"
    golden("kms.txt", f"Subject: {mail.subject}\n\n{mail.body}\n")

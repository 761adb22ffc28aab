"""An encrypted volume whose KMS key cannot be used: the mail says so, and what to do."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from ebs_backup.aws.errors import AwsError, failure
from ebs_backup.report.render import render
from ebs_backup.volume_outcome import Made, VolumeOutcome
from tests.unit.builders import a_decision, a_run, a_snapshot, a_volume, an_outcome, an_outcome_of


def test_a_disabled_key_in_the_mail(golden: Callable[[str, str], None]) -> None:
    code, message = "InvalidKMSKey.InvalidState", "The KMS key provided is in an incorrect state"
    error = AwsError.of(ClientError({"Error": {"Code": code, "Message": message}}, "CreateSnapshot"))
    refused = failure(error, resource="vol-0b", action="create a snapshot")
    newest = a_snapshot(id="snap-0b", volume_id="vol-0b", days_ago=3)
    locked_out = an_outcome_of(
        volume=a_volume(id="vol-0b", name="db-1 data"),
        decisions=(a_decision(newest),),
        newest_completed=newest,
        failures=(refused,),
    )
    made = a_snapshot()
    good = VolumeOutcome(volume=a_volume(), made=made, when=Made.NOW, decisions=(a_decision(made),))

    mail = render(an_outcome(locked_out, good, run=a_run()))

    golden("kms.txt", f"Subject: {mail.subject}\n\n{mail.body}\n")

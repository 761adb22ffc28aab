"""What fails for one volume is reported, and costs neither its own backups nor the run of the others."""

import pytest

from ebs_backup.aws.errors import AwsError
from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import a_run


def test_a_volume_whose_create_failed_keeps_everything_and_the_others_go_on(account: MotoAccount) -> None:
    bad, good = account.volume("bad"), account.volume("good")
    old = account.history(bad, 9)
    account.refuse("CreateSnapshot", "UnauthorizedOperation", "You are not authorized", VolumeId=bad)

    outcome = account.run(nightly(keep_day=1), a_run())

    assert outcome.status is Status.PROBLEM
    assert sorted(account.ids(bad)) == sorted(old)
    assert len(account.ids(good)) == 1
    (failed,) = [volume for volume in outcome.volumes if volume.failures]
    assert failed.failures[0].code == "UnauthorizedOperation"
    assert failed.newest_completed is not None
    assert failed.newest_completed.id == old[0]
    assert {decision.reason for decision in failed.decisions} == {
        "this run made no new snapshot of the volume"
    }


@pytest.mark.parametrize(
    ("code", "advice"),
    {
        "CustomerKeyHasBeenRevoked": "KMS key",
        "PendingVerification": "verifying this account",
        "OptInRequired": "not signed up",
        "SnapshotLimitExceeded": "quota",
        "SomethingNew": "Look up the code",
    }.items(),
)
def test_every_create_failing_is_a_failed_run_with_advice_that_fits(
    account: MotoAccount, code: str, advice: str
) -> None:
    account.volume()
    account.refuse("CreateSnapshot", code)

    outcome = account.run(nightly(), a_run())

    assert outcome.status is Status.FAILED
    (failure,) = outcome.failures
    assert failure.code == code
    assert advice in failure.advice


@pytest.mark.parametrize(
    "code",
    [
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "EC2ThrottledException",
        "BandwidthLimitExceeded",
        "RetryableError",
        "RequestExpired",
        "ConcurrentTagAccess",
        "SnapshotCreationPerVolumeRateExceeded",
        "ConcurrentSnapshotLimitExceeded",
        "PendingSnapshotLimitExceeded",
    ],
)
def test_what_certainly_was_not_done_is_waited_for(account: MotoAccount, code: str) -> None:
    volume = account.volume()
    account.refuse("CreateSnapshot", code, times=4)

    outcome = account.run(nightly(), a_run(), seconds=800)

    assert len(account.ids(volume)) == 1
    assert outcome.status is Status.OK
    assert account.clock() > 4


@pytest.mark.parametrize("listing", ["DescribeVolumes", "DescribeSnapshots"])
def test_a_listing_that_fails_breaks_the_run_before_anything_is_written(
    account: MotoAccount, listing: str
) -> None:
    """Makesnapshots goes on with what it has, or dies without a mail."""
    volume = account.volume()
    old = account.history(volume, 9)
    account.refuse(listing, "UnauthorizedOperation", "You are not authorized")

    with pytest.raises(AwsError, match="UnauthorizedOperation: You are not authorized") as broken:
        account.run(nightly(keep_day=1), a_run())

    assert broken.value.code == "UnauthorizedOperation"
    assert sorted(account.ids()) == sorted(old)


def test_when_time_is_up_nothing_new_begins_and_every_volume_is_reported(account: MotoAccount) -> None:
    volume = account.volume()
    old = account.history(volume, 9)

    outcome = account.run(nightly(), a_run(), seconds=0)

    assert outcome.failures[0].code == "OutOfTime"
    assert outcome.volumes[0].unfinished
    assert sorted(account.ids()) == sorted(old)


def test_deletes_for_which_time_was_too_short_are_unfinished_and_no_failure_of_their_own(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    old = account.history(volume, 9)
    account.refuse("DeleteSnapshot", "RequestLimitExceeded")

    outcome = account.run(nightly(), a_run(), seconds=20)

    assert len(account.ids(volume)) == len(old) + 1
    assert outcome.volumes[0].unfinished
    assert outcome.failures == ()
    assert outcome.status is Status.PROBLEM

"""EC2 takes only so many unfinished snapshots of a volume: a failed one goes first, and never ends its backups."""

from datetime import timedelta

import pytest

from ebs_backup.names import Period
from ebs_backup.volume_outcome import Made
from tests.unit.account import MotoAccount
from tests.unit.builders import NIGHT, a_run, settings

CONCURRENT = "ConcurrentSnapshotLimitExceeded"


def one_at_a_time(account: MotoAccount, volume: str) -> None:
    """Make it an st1 volume: EC2 takes no new snapshot of it while one of its own is pending or failed."""
    account.tell(volume, VolumeType="st1")
    takes(account, volume, 1)


def takes(account: MotoAccount, volume: str, most: int) -> None:
    """Let EC2 take no new snapshot of a volume while so many of it are pending or failed."""

    def answer(params: dict[str, dict[str, str]], **_: object) -> object:
        unfinished = [found for found in account.snapshots(volume) if found["State"] != "completed"]
        if params["body"]["VolumeId"] == volume and len(unfinished) >= most:
            refused = {"Error": {"Code": CONCURRENT, "Message": "one at a time"}}
            return type("Refusal", (), {"status_code": 400}), refused | {
                "ResponseMetadata": {"HTTPStatusCode": 400}
            }
        return None

    account.on("before-call.ec2.CreateSnapshot", answer)


@pytest.mark.parametrize("period", Period)
@pytest.mark.parametrize(("kind", "count"), [("st1", 1), ("sc1", 1), ("gp3", 5), ("gp3", 6)])
def test_failed_snapshots_go_first_where_ec2_takes_no_more_of_the_volume(
    account: MotoAccount, period: Period, kind: str, count: int
) -> None:
    volume = account.tell(account.volume(), VolumeType=kind)
    takes(account, volume, 1 if count == 1 else 5)
    failed = [
        account.point(volume, NIGHT - timedelta(days=age), period=period, state="error")
        for age in range(1, count + 1)
    ]

    outcome = account.run(settings(), a_run())

    writes = [call for call in account.calls if not call.startswith("Describe")]
    assert writes == [*["DeleteSnapshot"] * count, "CreateSnapshot"]
    assert set(account.asked_to_delete) == set(failed)
    assert outcome.created == 1


def test_where_ec2_takes_more_of_the_volume_a_create_does_not_wait_for_a_delete_that_has_to(
    account: MotoAccount,
) -> None:
    """Deletes may be throttled for minutes; the backup comes first."""
    volume = account.volume()
    failed = account.point(volume, NIGHT - timedelta(days=2), state="error")
    account.refuse("DeleteSnapshot", "RequestLimitExceeded", times=3)

    outcome = account.run(settings(), a_run())

    writes = [call for call in account.calls if not call.startswith("Describe")]
    assert writes == ["DeleteSnapshot", "CreateSnapshot", *["DeleteSnapshot"] * 3]
    assert failed not in account.ids()
    assert outcome.created == 1
    assert [told.id for told in outcome.failed] == [failed]


def test_where_ec2_takes_one_at_a_time_a_create_waits_for_the_delete_of_the_failed_one(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    account.point(volume, NIGHT - timedelta(days=2), state="error")
    one_at_a_time(account, volume)
    account.refuse("DeleteSnapshot", "RequestLimitExceeded", times=3)

    outcome = account.run(settings(), a_run(), seconds=800)

    writes = [call for call in account.calls if not call.startswith("Describe")]
    assert writes == [*["DeleteSnapshot"] * 4, "CreateSnapshot"]
    assert outcome.created == 1


def test_a_failed_snapshot_that_takes_the_last_place_beside_other_tools_pending_ones_goes_first(
    account: MotoAccount,
) -> None:
    """Four pending ones of another tool and a failed one of ours: only ours can make room tonight."""
    volume = account.volume()
    takes(account, volume, 5)
    for _ in range(4):
        account.snapshot(volume, state="pending")
    account.point(volume, NIGHT - timedelta(days=2), state="error")

    outcome = account.run(settings(), a_run(), seconds=800)

    assert outcome.created == 1
    assert account.clock() < 60


def test_where_its_delete_is_put_off_and_others_take_all_places_the_create_comes_again_after_it(
    account: MotoAccount,
) -> None:
    volume = account.volume("db")
    failed = account.point(volume, NIGHT - timedelta(days=2), state="error")
    takes(account, volume, 1)
    account.refuse("DeleteSnapshot", "RequestLimitExceeded", times=1)

    outcome = account.run(settings(), a_run())

    writes = [call for call in account.calls if not call.startswith("Describe")]
    assert writes == ["DeleteSnapshot", "CreateSnapshot", "DeleteSnapshot", "CreateSnapshot"]
    assert outcome.volumes[0].when is Made.NOW
    assert failed not in account.ids()


def test_a_volume_of_which_ec2_takes_one_at_a_time_is_backed_up_whichever_periods_snapshot_failed(
    account: MotoAccount,
) -> None:
    """Otherwise its failed week snapshot would keep EC2 from taking any other of it, for ever."""
    volume = account.volume()
    failed = account.point(volume, NIGHT - timedelta(days=2), period="week", state="error")
    one_at_a_time(account, volume)

    outcome = account.run(settings(), a_run())

    assert failed not in account.ids()
    assert outcome.volumes[0].when is Made.NOW


def test_ec2_may_count_a_failed_snapshot_for_some_seconds_after_its_delete(account: MotoAccount) -> None:
    volume = account.volume()
    account.point(volume, NIGHT - timedelta(days=2), state="error")
    account.tell(volume, VolumeType="st1")
    account.refuse("CreateSnapshot", CONCURRENT, times=2)

    outcome = account.run(settings(), a_run())

    assert outcome.created == 1
    assert account.clock() < 60


def test_a_failed_snapshot_that_cannot_be_deleted_is_told_at_once_and_not_waited_for(
    account: MotoAccount,
) -> None:
    volume, other = account.volume(), account.volume()
    failed = account.point(volume, NIGHT - timedelta(days=2), state="error")
    one_at_a_time(account, volume)
    account.refuse("DeleteSnapshot", "UnauthorizedOperation")

    outcome = account.run(settings(), a_run(), seconds=800)

    assert account.clock() < 10
    assert failed in account.ids()
    assert len(account.ids(other)) == 1
    assert CONCURRENT in [failure.code for failure in outcome.failures]
    assert not any(volume.unfinished for volume in outcome.volumes)


def test_a_volume_whose_own_pending_snapshot_blocks_it_does_not_hold_up_the_others_mail(
    account: MotoAccount,
) -> None:
    volume, other = account.volume(), account.volume()
    account.point(volume, NIGHT - timedelta(hours=23), state="pending")
    one_at_a_time(account, volume)

    outcome = account.run(settings(), a_run(), seconds=800)

    assert account.clock() < 10
    assert len(account.ids(other)) == 1
    assert [failure.code for failure in outcome.failures] == [CONCURRENT]
    assert not any(volume.unfinished for volume in outcome.volumes)


def test_another_tools_pending_snapshot_is_waited_for_where_ec2_takes_five(account: MotoAccount) -> None:
    account.volume()
    account.refuse("CreateSnapshot", CONCURRENT, times=3)

    outcome = account.run(settings(), a_run(), seconds=800)

    assert outcome.created == 1

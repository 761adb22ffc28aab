"""Snapshots that EC2 could not finish: deleted first, told with EC2's reason, and never the end of a volume's backups."""

from datetime import timedelta

import pytest

from ebs_backup.model import Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Made, Status
from tests.unit.account import Account, nightly
from tests.unit.builders import NIGHT, a_run, settings

KEY_GONE = "Given key ID is not accessible"
CONCURRENT = "ConcurrentSnapshotLimitExceeded"


def one_at_a_time(account: Account, volume: str) -> None:
    """Make it an st1 volume: EC2 takes no new snapshot of it while one of its own is pending or failed."""
    account.tell(volume, VolumeType="st1")
    takes(account, volume, 1)


def takes(account: Account, volume: str, most: int) -> None:
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
def test_a_failed_snapshot_of_any_period_goes_first_and_is_told_with_ec2s_reason(
    account: Account, period: Period
) -> None:
    volume = account.volume("db")
    failed = account.point(volume, NIGHT - timedelta(days=2), period=period, state="error")
    account.tell(failed, StateMessage=KEY_GONE)

    outcome = account.run(settings(), a_run())

    writes = [call for call in account.calls if not call.startswith("Describe")]
    assert writes == ["DeleteSnapshot", "CreateSnapshot"]
    assert account.asked_to_delete == [failed]
    (told,) = outcome.failed
    assert (told.id, told.period, told.message) == (failed, period, KEY_GONE)
    (failure,) = outcome.failures
    assert failure.resource == failed
    assert failure.message == KEY_GONE
    assert "KMS key" in failure.advice
    assert outcome.status is Status.PROBLEM


@pytest.mark.parametrize("period", Period)
@pytest.mark.parametrize(("kind", "count"), [("st1", 1), ("sc1", 1), ("gp3", 5), ("gp3", 6)])
def test_failed_snapshots_go_first_where_ec2_takes_no_more_of_the_volume(
    account: Account, period: Period, kind: str, count: int
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
    account: Account,
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
    account: Account,
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
    account: Account,
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
    account: Account,
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


@pytest.mark.parametrize("period", ["", "hour"])
def test_a_failed_stray_goes_and_is_told_too(account: Account, period: str) -> None:
    volume = account.volume()
    failed = account.snapshot(volume, state="error", set="default", period=period)

    outcome = account.run(settings(), a_run())

    assert failed not in account.ids()
    assert [told.id for told in outcome.failed] == [failed]
    assert outcome.failures[0].message == "EC2 gave no reason"


def test_a_volume_of_which_ec2_takes_one_at_a_time_is_backed_up_whichever_periods_snapshot_failed(
    account: Account,
) -> None:
    """Its failed week snapshot would else keep EC2 from taking any other of it, for ever."""
    volume = account.volume()
    failed = account.point(volume, NIGHT - timedelta(days=2), period="week", state="error")
    one_at_a_time(account, volume)

    outcome = account.run(settings(), a_run())

    assert failed not in account.ids()
    assert outcome.volumes[0].when is Made.NOW


def test_ec2_may_count_a_failed_snapshot_for_some_seconds_after_its_delete(account: Account) -> None:
    volume = account.volume()
    account.point(volume, NIGHT - timedelta(days=2), state="error")
    account.tell(volume, VolumeType="st1")
    account.refuse("CreateSnapshot", CONCURRENT, times=2)

    outcome = account.run(settings(), a_run())

    assert outcome.created == 1
    assert account.clock() < 60


def test_a_failed_snapshot_that_cannot_be_deleted_is_told_at_once_and_not_waited_for(
    account: Account,
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
    account: Account,
) -> None:
    volume, other = account.volume(), account.volume()
    account.point(volume, NIGHT - timedelta(hours=23), state="pending")
    one_at_a_time(account, volume)

    outcome = account.run(settings(), a_run(), seconds=800)

    assert account.clock() < 10
    assert len(account.ids(other)) == 1
    assert [failure.code for failure in outcome.failures] == [CONCURRENT]
    assert not any(volume.unfinished for volume in outcome.volumes)


def test_another_tools_pending_snapshot_is_waited_for_where_ec2_takes_five(account: Account) -> None:
    account.volume()
    account.refuse("CreateSnapshot", CONCURRENT, times=3)

    outcome = account.run(settings(), a_run(), seconds=800)

    assert outcome.created == 1


def test_failing_every_second_night_is_a_problem_every_second_night(account: Account) -> None:
    """A snapshot fails an hour after it was begun: its run was fine, so the next one must tell."""
    account.volume()
    statuses = []
    for night in range(6):
        account.now = NIGHT + timedelta(days=night)
        account.listed = "error" if night % 2 else "completed"
        time = f"{account.now:%Y-%m-%dT%H:%M:%SZ}"
        statuses.append(account.run(nightly(), a_run(id=time, time=account.now)).status)

    assert statuses[1:] == [Status.OK, Status.PROBLEM, Status.OK, Status.PROBLEM, Status.OK]
    assert len(account.ids()) == 4


def test_a_failed_snapshot_counts_neither_as_restore_point_nor_as_expired_one(account: Account) -> None:
    volume = account.volume()
    good = account.point(volume, NIGHT - timedelta(days=3))
    for age in (1, 2):
        account.point(volume, NIGHT - timedelta(days=age), state="error")

    outcome = account.run(nightly(keep_day=2, max_expired_per_volume=1), a_run())

    assert good in account.ids()
    assert outcome.deferred == 0


def test_a_failed_snapshot_of_this_run_is_made_again(account: Account) -> None:
    volume = account.volume()
    failed = account.snapshot(volume, state="error", set="default", period="day", run=a_run().id)

    outcome = account.run(settings(), a_run())

    assert len(account.ids(volume)) == 1
    assert failed not in account.ids(volume)
    assert [decision.reason for decision in outcome.of(Fate.EXPIRED)] == ["failed snapshot"]


def test_a_create_that_ec2_answers_with_a_failed_snapshot_is_a_problem_and_nothing_goes(
    account: Account,
) -> None:
    volume = account.volume()
    old = account.history(volume, 9)
    account.answered = account.listed = "error"

    outcome = account.run(nightly(), a_run())

    assert set(old) <= set(account.ids())
    assert outcome.volumes[0].made is None
    assert len(outcome.failed) == 1
    assert outcome.volumes[0].newest_completed is not None
    assert outcome.volumes[0].newest_completed.id == old[0]
    assert outcome.status is Status.FAILED


def test_a_volume_that_ec2_lost_is_a_problem_for_as_long_as_it_is_there_and_loses_nothing(
    account: Account,
) -> None:
    account.volume()
    lost = account.tell(account.volume("lost"), State="error")
    old = account.history(lost, 12)

    outcomes = [account.run(nightly(keep_day=1), a_run(id=f"night {number}")) for number in range(2)]

    assert sorted(account.ids(lost)) == sorted(old)
    for outcome in outcomes:
        (failure,) = outcome.failures
        assert (failure.resource, failure.code) == (lost, "VolumeError")
        assert "Restore it from its newest snapshot" in failure.advice
        assert outcome.status is Status.PROBLEM

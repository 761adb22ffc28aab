"""Snapshots that EC2 could not finish: deleted, reported with EC2's reason, and never counted as a backup."""

from datetime import timedelta

import pytest

from ebs_backup.model import Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run, settings

KEY_GONE = "Given key ID is not accessible"


@pytest.mark.parametrize("period", Period)
def test_a_failed_snapshot_of_any_period_goes_first_and_is_told_with_ec2s_reason(
    account: MotoAccount, period: Period
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


@pytest.mark.parametrize("period", ["", "hour"])
def test_a_failed_stray_goes_and_is_told_too(account: MotoAccount, period: str) -> None:
    volume = account.volume()
    failed = account.snapshot(volume, state="error", set="default", period=period)

    outcome = account.run(settings(), a_run())

    assert failed not in account.ids()
    assert [told.id for told in outcome.failed] == [failed]
    assert outcome.failures[0].message == "EC2 gave no reason"


def test_failing_every_second_night_is_a_problem_every_second_night(account: MotoAccount) -> None:
    """A snapshot fails an hour after it was begun: its run was fine, so the next run must report it."""
    account.volume()
    statuses = []
    for night in range(6):
        account.now = NIGHT + timedelta(days=night)
        account.listed = "error" if night % 2 else "completed"
        time = f"{account.now:%Y-%m-%dT%H:%M:%SZ}"
        statuses.append(account.run(nightly(), a_run(id=time, time=account.now)).status)

    assert statuses[1:] == [Status.OK, Status.PROBLEM, Status.OK, Status.PROBLEM, Status.OK]
    assert len(account.ids()) == 4


def test_a_failed_snapshot_counts_neither_as_restore_point_nor_as_expired_one(account: MotoAccount) -> None:
    volume = account.volume()
    good = account.point(volume, NIGHT - timedelta(days=3))
    for age in (1, 2):
        account.point(volume, NIGHT - timedelta(days=age), state="error")

    outcome = account.run(nightly(keep_day=2, max_expired_per_volume=1), a_run())

    assert good in account.ids()
    assert outcome.deferred == 0


def test_a_failed_snapshot_of_this_run_is_made_again(account: MotoAccount) -> None:
    volume = account.volume()
    failed = account.snapshot(volume, state="error", set="default", period="day", run=a_run().id)

    outcome = account.run(settings(), a_run())

    assert len(account.ids(volume)) == 1
    assert failed not in account.ids(volume)
    assert [decision.reason for decision in outcome.of(Fate.EXPIRED)] == ["failed snapshot"]


def test_a_create_that_ec2_answers_with_a_failed_snapshot_is_a_problem_and_nothing_goes(
    account: MotoAccount,
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
    account: MotoAccount,
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


def test_a_failed_snapshot_of_a_volume_that_is_gone_is_told_and_counts_as_nothing_that_is_held(
    account: MotoAccount,
) -> None:
    """Somebody deleted the volume because the night had backed it up; an hour later that snapshot failed."""
    account.volume()
    gone = account.volume("gone")
    failed = account.point(gone, NIGHT - timedelta(days=1), state="error")
    account.tell(failed, StateMessage=KEY_GONE)
    account.client.delete_volume(VolumeId=gone)

    outcome = account.run(nightly(), a_run())

    (told,) = outcome.failed
    assert (told.id, told.volume_id, told.message) == (failed, gone, KEY_GONE)
    assert (outcome.unselected, account.asked_to_delete) == ((), [])
    assert outcome.status is Status.PROBLEM


@pytest.mark.parametrize(
    "tags", [{"Backup": "no"}, {"ebs-backup:skip": "true"}], ids=["not selected", "skipped"]
)
def test_a_failed_snapshot_of_a_volume_that_the_run_leaves_alone_is_told_as_long_as_it_is_news(
    account: MotoAccount, tags: dict[str, str]
) -> None:
    account.volume()
    failed = account.point(account.volume("left", **tags), NIGHT - timedelta(days=3), state="error")

    statuses = []
    for night in range(3):
        account.now = NIGHT + timedelta(days=night)
        time = f"{account.now:%Y-%m-%dT%H:%M:%SZ}"
        statuses.append(account.run(nightly(max_age_day=4), a_run(id=time, time=account.now)).status)

    assert failed in account.ids()
    assert statuses == [Status.PROBLEM, Status.PROBLEM, Status.OK]


def test_a_failed_snapshot_of_a_volume_that_is_gone_is_told_though_it_expires_at_once(
    account: MotoAccount,
) -> None:
    account.volume()
    gone = account.volume("gone")
    failed = account.point(gone, NIGHT - timedelta(days=3), state="error")
    account.client.delete_volume(VolumeId=gone)

    outcome = account.run(nightly(expire_gone_after_days=1), a_run())

    assert failed not in account.ids()
    assert [told.id for told in outcome.failed] == [failed]


def test_a_dry_run_tells_each_failed_snapshot_once(account: MotoAccount) -> None:
    failed = [
        account.point(account.volume("db", **tags), NIGHT - timedelta(days=1), state="error")
        for tags in ({}, {"Backup": "no"})
    ]

    outcome = account.run(nightly(), a_run(dry_run=True))

    assert sorted(told.id for told in outcome.failed) == sorted(failed)

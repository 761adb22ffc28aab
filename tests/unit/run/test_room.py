"""If the region is full, expired snapshots go first, within the limit. Pending snapshots do not count as backups."""

from datetime import timedelta

from ebs_backup.model import Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Status
from ebs_backup.volume_outcome import Made
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run

NO_ROOM = "SnapshotLimitExceeded"


def refusal(code: str) -> tuple[object, dict[str, object]]:
    """Write an error of EC2's."""
    error = {"Error": {"Code": code, "Message": "quota"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return type("Refusal", (), {"status_code": 400}), error


def quota(account: MotoAccount, most: int) -> None:
    """Let the region hold no more snapshots than that."""
    account.on(
        "before-call.ec2.CreateSnapshot",
        lambda **_: refusal(NO_ROOM) if len(account.ids()) >= most else None,
    )


def test_a_full_region_drains_within_the_limit_and_the_volume_gets_its_backup(account: MotoAccount) -> None:
    volume = account.volume()
    old = account.history(volume, 12)
    quota(account, 12)

    outcome = account.run(nightly(keep_day=2, max_expired_per_volume=3), a_run())

    assert set(old) - set(account.ids()) == set(old[-3:])
    assert outcome.volumes[0].when is Made.NOW
    (snapshot,) = set(account.ids()) - set(old)
    assert account.tags(snapshot)["ebs-backup:older"] == "9"
    assert (outcome.expired, outcome.failures) == (3, ())
    assert outcome.status is Status.CHECK


def test_a_full_region_of_many_volumes_drains_night_by_night_to_the_lowered_keep(
    account: MotoAccount,
) -> None:
    volumes = [account.volume(f"web-{number}") for number in range(2)]
    for volume in volumes:
        account.history(volume, 6)
    quota(account, 12)

    statuses = []
    for night in range(4):
        account.now = NIGHT + timedelta(days=night)
        run = a_run(id=f"night {night}", time=account.now)
        statuses.append(account.run(nightly(keep_day=3, max_expired_per_volume=2), run).status)

    assert [len(account.ids(volume)) for volume in volumes] == [3, 3]
    assert statuses == [Status.CHECK, Status.CHECK, Status.OK, Status.OK]


def test_a_full_region_in_which_nothing_is_expired_is_a_failure_and_costs_nothing(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    old = account.history(volume, 4)
    quota(account, 4)

    outcome = account.run(nightly(), a_run())

    assert sorted(account.ids()) == sorted(old)
    (failure,) = outcome.failures
    assert (failure.resource, failure.code) == (volume, NO_ROOM)
    assert "lower a keep_... setting" in failure.advice
    assert outcome.status is Status.FAILED


def test_a_failed_snapshot_whose_delete_is_put_off_makes_room_for_the_backup(account: MotoAccount) -> None:
    volume = account.volume()
    good = account.history(volume, 2)
    failed = account.point(volume, NIGHT - timedelta(days=3), state="error")
    account.refuse("DeleteSnapshot", "RequestLimitExceeded", times=1)
    quota(account, 3)

    outcome = account.run(nightly(keep_day=3), a_run())

    assert failed not in account.ids()
    assert outcome.volumes[0].when is Made.NOW
    assert set(good) <= set(account.ids())


def test_a_drain_after_which_there_is_still_no_room_is_told_as_what_it_is(account: MotoAccount) -> None:
    volume = account.volume()
    old = account.history(volume, 8)
    quota(account, 1)

    outcome = account.run(nightly(max_expired_per_volume=2), a_run())

    assert set(old) - set(account.ids()) == set(old[-2:])
    assert {decision.snapshot.id for decision in outcome.of(Fate.EXPIRED)} == set(old[-2:])
    assert [failure.code for failure in outcome.failures] == [NO_ROOM]


def test_without_a_new_restore_point_a_drain_keeps_as_many_nights_as_the_setting_says(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    old = account.history(volume, 6)
    quota(account, 1)

    account.run(nightly(keep_day=4, max_expired_per_volume=9), a_run())

    assert set(account.ids()) == set(old[:4])


def test_what_aws_keeps_is_tried_once_though_a_run_drains_first_and_rotates_then(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    *_, oldest = account.history(volume, 6)
    quota(account, 6)
    account.refuse("DeleteSnapshot", "OperationNotPermitted", "The snapshot is locked", SnapshotId=oldest)

    outcome = account.run(nightly(max_expired_per_volume=3), a_run())

    assert account.asked_to_delete.count(oldest) == 1
    assert [decision.snapshot.id for decision in outcome.of(Fate.UNDELETABLE)] == [oldest]
    assert (outcome.created, outcome.expired) == (1, 2)


def test_another_delivery_of_a_run_that_drained_deletes_no_more(account: MotoAccount) -> None:
    volume = account.volume()
    account.history(volume, 12)
    quota(account, 12)
    account.run(nightly(max_expired_per_volume=3), a_run())
    after_one = account.ids()

    outcome = account.run(nightly(max_expired_per_volume=3), a_run())

    assert account.ids() == after_one
    assert outcome.expired == 0


def test_an_occasion_of_which_something_is_on_hold_does_not_count_as_one_that_made_room(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    *_, oldest = account.history(volume, 6)
    night = account.raw(oldest).start_time
    account.point(volume, night + timedelta(hours=1), {"ebs-backup:hold": "true"}, run="an extra run")
    quota(account, 7)

    account.run(nightly(keep_day=2, max_expired_per_volume=1), a_run())

    (new,) = (
        snapshot for snapshot in account.ids() if account.tags(snapshot)["ebs-backup:run"] == a_run().id
    )
    nights = {account.raw(snapshot).start_time.date() for snapshot in account.ids()}
    assert account.tags(new)["ebs-backup:older"] == str(len(nights) - 1) == "5"


def test_a_region_that_is_full_again_after_a_drain_drains_no_further_and_all_that_went_is_told(
    account: MotoAccount,
) -> None:
    """The failed snapshot that blocks the volume is deleted late, so the create is tried anew."""
    volume = account.volume()
    old = account.history(volume, 9)
    failed = account.point(volume, NIGHT - timedelta(hours=2), state="error", period="week")
    account.refuse("DeleteSnapshot", "RequestLimitExceeded", times=1, SnapshotId=failed)
    answers = iter([NO_ROOM, "ConcurrentSnapshotLimitExceeded", NO_ROOM])
    account.on("before-call.ec2.CreateSnapshot", lambda **_: refusal(next(answers)))

    outcome = account.run(nightly(keep_day=2, max_expired_per_volume=2), a_run())

    assert set(old) - set(account.ids()) == set(old[-2:])
    assert {decision.snapshot.id for decision in outcome.of(Fate.EXPIRED)} == {failed, *old[-2:]}
    assert [failure.code for failure in outcome.volumes[0].failures] == [NO_ROOM]


def test_what_is_pending_for_weeks_is_told_and_not_counted_as_held(account: MotoAccount) -> None:
    volume = account.volume()
    account.point(volume, NIGHT - timedelta(days=1))
    stuck = account.point(volume, NIGHT - timedelta(days=20), state="pending")

    outcome = account.run(nightly(), a_run())

    assert [snapshot.id for snapshot in outcome.volumes[0].stale] == [stuck]
    assert outcome.holdings[Period.DAY].points == 2
    assert stuck in account.ids()
    assert outcome.status is Status.CHECK


def test_what_is_pending_for_no_longer_than_its_own_max_age_is_normal(account: MotoAccount) -> None:
    """A month's first snapshot of a large volume may take days: its `max_age` is not the day's."""
    volume = account.volume()
    account.point(volume, NIGHT - timedelta(days=1))
    account.point(volume, NIGHT - timedelta(days=20), period="month", state="pending")

    outcome = account.run(nightly(schedule_month="30 3 1 * ? *"), a_run())

    assert outcome.volumes[0].stale == ()
    assert outcome.status is Status.OK


def test_what_is_pending_for_weeks_does_not_stand_for_a_night_that_can_be_restored(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    completed = account.history(volume, 2)
    for age in range(3, 12):
        account.point(volume, NIGHT - timedelta(days=age), state="pending")

    account.run(nightly(keep_day=2, max_expired_per_volume=9), a_run())

    assert completed[0] in account.ids()
    assert len(account.ids()) == 1 + 1 + 9

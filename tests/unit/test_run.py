"""A whole run against EC2 in this process: what it creates, deletes, keeps and reports."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from ebs_backup.outcome import Status
from ebs_backup.settings import Period
from tests.unit.account import Account, an_account
from tests.unit.builders import a_run, settings

NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


@pytest.fixture
def account() -> Iterator[Account]:
    with an_account() as account:
        yield account


def history(
    account: Account, volume: str, count: int, *, period: str = "day", backup_set: str = "default"
) -> list[str]:
    """Make one completed snapshot for each of the last `count` days, newest first."""
    ages = [timedelta(days=number) for number in range(1, count + 1)]
    return [
        account.snapshot(
            volume, started=NIGHT - age, set=backup_set, period=period, run=f"run {age.days} days ago"
        )
        for age in ages
    ]


def test_every_tagged_volume_gets_one_snapshot_tagged_in_the_create_call(account: Account) -> None:
    volumes = [account.volume("web"), account.volume("db")]
    account.volume("scratch", Backup="no")

    outcome = account.run(settings(), a_run(id="2026-11-23T01:30:00Z"))

    assert outcome.status is Status.OK
    assert sorted(each["VolumeId"] for each in account.snapshots()) == sorted(volumes)
    tags = {tag["Key"]: tag["Value"] for tag in account.snapshots(volumes[0])[0]["Tags"]}
    assert tags["ebs-backup:set"] == "default"
    assert tags["ebs-backup:period"] == "day"
    assert tags["ebs-backup:run"] == "2026-11-23T01:30:00Z"


def test_rotation_leaves_keep_and_deletes_the_oldest(account: Account) -> None:
    volume = account.volume()
    newest, second, third, *older = history(account, volume, 5)

    outcome = account.run(settings(keep_day=4), a_run())

    (made,) = [each.made for each in outcome.volumes]
    assert made is not None
    assert set(account.ids(volume)) == {newest, second, third, made.id}
    assert [each.snapshot.id for each in outcome.volumes[0].expired] == list(reversed(older))


def test_a_second_delivery_changes_nothing(account: Account) -> None:
    volume = account.volume()
    history(account, volume, 12)
    account.run(settings(), a_run(id="same"))
    after_one = account.ids()

    outcome = account.run(settings(), a_run(id="same"))

    assert account.ids() == after_one
    assert outcome.volumes[0].found
    assert outcome.status is Status.OK


def test_a_second_delivery_finishes_what_a_crash_left_and_no_more(account: Account) -> None:
    volume = account.volume()
    history(account, volume, 12)
    account.run(settings(), a_run(id="clean"))
    clean = len(account.ids())
    for snapshot in account.ids():
        account.client.delete_snapshot(SnapshotId=snapshot)
    history(account, volume, 12)
    account.run(settings(), a_run(id="crashed"))
    oldest = account.snapshot(
        volume,
        started=NIGHT - timedelta(days=12),
        set="default",
        period="day",
        run="not deleted before the crash",
    )

    account.run(settings(), a_run(id="crashed"))

    assert oldest not in account.ids()
    assert len(account.ids()) == clean


def test_a_second_delivery_after_a_crash_goes_as_far_as_one_where_an_ami_holds_the_oldest(
    account: Account,
) -> None:
    volume = account.volume()
    *_, third, second, oldest = old = history(account, volume, 8)
    account.refuse("DeleteSnapshot", "InvalidSnapshot.InUse", "in use", SnapshotId=oldest)
    with account.crash("DeleteSnapshot"), pytest.raises(KeyboardInterrupt):
        account.run(settings(max_expired_per_volume=2), a_run(id="same"))

    account.run(settings(max_expired_per_volume=2), a_run(id="same"))

    assert set(old) - set(account.ids()) == {second, third}


def test_two_deliveries_delete_no_more_than_one_where_ec2_refused_the_first_a_delete(
    account: Account,
) -> None:
    volume = account.volume()
    *_, third, second, oldest = old = history(account, volume, 8)
    allow = account.refuse("DeleteSnapshot", "UnauthorizedOperation", "not now", SnapshotId=oldest)
    account.run(settings(max_expired_per_volume=2), a_run(id="same"))
    allow()

    outcome = account.run(settings(max_expired_per_volume=2), a_run(id="same"))

    assert set(old) - set(account.ids()) == {second, third}
    assert oldest in {each.snapshot.id for each in outcome.volumes[0].left}


def test_a_second_delivery_changes_nothing_where_a_duplicate_outlives_its_restore_point(
    account: Account,
) -> None:
    volume = account.volume()
    history(account, volume, 8)
    recovering = {"state": "recovering", "set": "default", "period": "day", "run": "run 8 days ago"}
    account.snapshot(volume, started=NIGHT - timedelta(days=8, minutes=5), **recovering)
    account.run(settings(max_expired_per_volume=2), a_run(id="same"))
    after_one = account.ids()

    account.run(settings(max_expired_per_volume=2), a_run(id="same"))

    assert account.ids() == after_one


def test_a_second_delivery_leaves_what_has_expired_since_to_the_next_run_and_calls_nobody(
    account: Account,
) -> None:
    volume = account.volume()
    (last,) = history(account, volume, 1)
    account.snapshot(volume, state="completed", set="default", period="day", run="same")

    outcome = account.run(settings(keep_day=1), a_run(id="same"))

    assert last in account.ids(volume)
    assert not outcome.needs_a_person


def test_the_last_good_one_stays_for_this_run_also_where_the_new_one_is_completed_at_once(
    account: Account,
) -> None:
    """So that all deliveries decide alike: a late one finds the new snapshot completed."""
    volume = account.volume()
    last, *_ = history(account, volume, 2)

    outcome = account.run(settings(keep_day=1), a_run())

    assert len(account.ids(volume)) == 2
    assert last in account.ids(volume)
    assert outcome.volumes[0].made is not None
    assert outcome.volumes[0].made.state == "completed"


def test_another_run_of_the_same_day_makes_another_snapshot(account: Account) -> None:
    volume = account.volume()
    account.run(settings(), a_run(id="one"))

    account.run(settings(), a_run(id="two"))

    assert len(account.ids(volume)) == 2


def test_a_failed_snapshot_of_this_run_is_made_again_and_the_failed_one_goes(account: Account) -> None:
    volume = account.volume()
    failed = account.snapshot(volume, state="error", set="default", period="day", run="again")

    outcome = account.run(settings(), a_run(id="again"))

    assert len(account.ids(volume)) == 1
    assert failed not in account.ids(volume)
    assert outcome.volumes[0].expired[0].reason == "failed snapshot"


def test_each_period_rotates_only_its_own(account: Account) -> None:
    volume = account.volume()
    weekly = history(account, volume, 6, period="week")

    account.run(settings(keep_day=1), a_run(period=Period.DAY))

    assert set(weekly) <= set(account.ids(volume))


def test_each_backup_set_sees_and_deletes_only_its_own(account: Account) -> None:
    """What ec2-automate-backup gets wrong: it purges every expiring snapshot of the region, of any backup set."""
    volume = account.volume()
    others = history(account, volume, 6, backup_set="other")
    mine = history(account, volume, 6, backup_set="web")

    account.run(settings(keep_day=1, backup_set="web"), a_run(backup_set="web"))

    assert set(others) <= set(account.ids(volume))
    assert len(set(mine) & set(account.ids(volume))) == 3


def test_a_hand_made_snapshot_named_like_a_backup_is_never_deleted(account: Account) -> None:
    """Makesnapshots deletes a hand-made snapshot called `day_snapshot ...`."""
    volume = account.volume()
    by_hand = account.snapshot(
        volume, started=NIGHT - timedelta(days=900), Name="day_snapshot before the upgrade"
    )

    account.run(settings(keep_day=1), a_run())

    assert by_hand in account.ids()


def test_a_snapshot_that_an_ami_uses_does_not_stop_the_others(account: Account) -> None:
    """Makesnapshots 3.3 stops that volume's rotation for ever."""
    volume = account.volume()
    *_, second_oldest, oldest = history(account, volume, 6)
    image = account.client.register_image(
        Name="golden",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": oldest}}],
    )["ImageId"]
    account.refuse(
        "DeleteSnapshot", "InvalidSnapshot.InUse", f"{oldest} is in use by {image}", SnapshotId=oldest
    )

    outcome = account.run(settings(), a_run())

    assert outcome.status is Status.PARTIAL
    assert second_oldest not in account.ids()
    (failure,) = outcome.failures
    assert (failure.resource, failure.code) == (oldest, "InvalidSnapshot.InUse")
    assert image in failure.advice


def test_what_cannot_be_deleted_does_not_use_up_the_limit(account: Account) -> None:
    volume = account.volume()
    *kept, third, second, oldest = history(account, volume, 8)
    account.refuse("DeleteSnapshot", "InvalidSnapshot.InUse", "in use", SnapshotId=oldest)

    outcome = account.run(settings(keep_day=4, max_expired_per_volume=2), a_run())

    assert [each.snapshot.id for each in outcome.volumes[0].expired] == [second, third]
    assert set(kept) <= set(account.ids())
    assert [each.snapshot.id for each in outcome.volumes[0].stuck] == [oldest]


def test_a_delete_that_was_never_answered_uses_up_the_limit_for_it_may_have_been_done(
    account: Account,
) -> None:
    volume = account.volume()
    old = history(account, volume, 8)
    account.refuse("DeleteSnapshot", "InternalError", "no answer", status=500)

    outcome = account.run(settings(max_expired_per_volume=2), a_run(), deadline=time.monotonic() + 4)

    (done,) = outcome.volumes
    assert [each.snapshot.id for each in done.stuck] == [old[7], old[6]]
    assert len(done.left) == 3


def test_one_run_deletes_at_most_max_expired_per_volume_and_says_what_it_left(account: Account) -> None:
    volume = account.volume()
    old = history(account, volume, 10)

    outcome = account.run(settings(keep_day=1, max_expired_per_volume=3), a_run())

    assert len(set(old) & set(account.ids())) == 7
    assert len(outcome.volumes[0].expired) == 3
    assert len(outcome.volumes[0].left) == 6
    assert [each.reason for each in outcome.volumes[0].kept] == ["1 of 1", "last completed"]
    assert outcome.needs_a_person


def test_failed_snapshots_do_not_use_up_the_limit(account: Account) -> None:
    volume = account.volume()
    history(account, volume, 3)
    failed = [
        account.snapshot(
            volume, state="error", started=NIGHT, set="default", period="day", run=f"failed {number}"
        )
        for number in range(4)
    ]

    outcome = account.run(settings(keep_day=1, max_expired_per_volume=1), a_run())

    assert not set(failed) & set(account.ids())
    assert len(outcome.volumes[0].expired) == 5


def test_a_volume_whose_create_failed_keeps_everything_and_the_others_go_on(account: Account) -> None:
    bad, good = account.volume("bad"), account.volume("good")
    old = history(account, bad, 9)
    account.refuse("CreateSnapshot", "UnauthorizedOperation", "You are not authorized", VolumeId=bad)

    outcome = account.run(settings(keep_day=1), a_run())

    assert outcome.status is Status.PARTIAL
    assert sorted(account.ids(bad)) == sorted(old)
    assert len(account.ids(good)) == 1
    (failed,) = [each for each in outcome.volumes if each.failures]
    assert failed.failures[0].code == "UnauthorizedOperation"
    assert failed.newest_completed is not None
    assert failed.newest_completed.id == old[0]


def test_every_create_failing_is_a_failed_run(account: Account) -> None:
    account.volume()
    account.refuse("CreateSnapshot", "SnapshotLimitExceeded", "quota")

    outcome = account.run(settings(), a_run())

    assert outcome.status is Status.FAILED


def test_selecting_nothing_is_a_failure_and_deletes_nothing(account: Account) -> None:
    """Makesnapshots mails success; ec2-automate-backup still purges to zero."""
    volume = account.volume(Backup="false")
    old = history(account, volume, 9)

    outcome = account.run(settings(keep_day=1), a_run())

    assert outcome.status is Status.FAILED
    assert outcome.failures[0].code == "NothingSelected"
    assert sorted(account.ids()) == sorted(old)


def test_a_volume_deleted_before_its_turn_is_no_failure(account: Account) -> None:
    gone, there = account.volume("gone"), account.volume("there")
    account.refuse("CreateSnapshot", "InvalidVolume.NotFound", "does not exist", VolumeId=gone)

    outcome = account.run(settings(), a_run())

    assert outcome.status is Status.OK
    assert len(account.ids(there)) == 1
    (note,) = [note for each in outcome.volumes for note in each.notes]
    assert "deleted" in note


def test_a_snapshot_deleted_by_somebody_else_is_no_failure_and_counts_as_gone(account: Account) -> None:
    volume = account.volume()
    *_, second, oldest = history(account, volume, 6)
    account.refuse("DeleteSnapshot", "InvalidSnapshot.NotFound", "does not exist", SnapshotId=oldest)

    outcome = account.run(settings(max_expired_per_volume=1), a_run())

    assert outcome.status is Status.OK
    assert outcome.volumes[0].expired[0].reason == "beyond keep_day=4; already gone"
    assert second in account.ids()


def test_snapshots_of_volumes_no_longer_selected_are_kept_and_counted(account: Account) -> None:
    volume, retired = account.volume(), account.volume("retired", Backup="no")
    old = history(account, retired, 7)
    history(account, retired, 2, period="week")

    outcome = account.run(settings(keep_day=1), a_run())

    (held,) = outcome.unselected
    assert (held.volume_id, held.name, held.there, held.snapshots) == (retired, "retired", True, 9)
    assert held.at_most_gib == 9 * 8
    assert set(old) <= set(account.ids())
    assert len(account.ids(volume)) == 1


def test_a_tag_that_differs_by_case_is_not_selected(account: Account) -> None:
    account.volume("shouting", Backup="TRUE")

    outcome = account.run(settings(), a_run())

    assert outcome.volumes == ()


def test_a_volume_whose_tag_differs_by_case_or_white_space_is_a_near_miss(account: Account) -> None:
    account.volume()
    shouting = account.volume("shouting", Backup="TRUE ")
    account.volume("left out on purpose", Backup="false")

    outcome = account.run(settings(), a_run())

    (miss,) = outcome.near_misses
    assert (miss.volume.id, miss.why) == (shouting, "its tag is 'Backup'='TRUE '")
    assert outcome.status is Status.OK


def test_a_volume_without_the_tag_on_an_instance_that_carries_it_is_a_near_miss(account: Account) -> None:
    tagged, forgotten = account.volume(), account.volume("forgotten", Backup="")
    account.client.delete_tags(Resources=[forgotten], Tags=[{"Key": "Backup"}])
    instance = account.attach(forgotten, "db-1", Backup="true")

    outcome = account.run(settings(), a_run())

    misses = {each.volume.id: each.why for each in outcome.near_misses}
    assert misses[forgotten] == f"it has no such tag, only its instance {instance} db-1 has"
    assert tagged not in misses


def test_without_the_names_of_the_instances_volumes_are_backed_up_and_the_mail_says_what_it_lacks(
    account: Account,
) -> None:
    volume = account.volume()
    account.refuse("DescribeTags", "UnauthorizedOperation", "You are not authorized")

    outcome = account.run(settings(), a_run())

    assert len(account.ids(volume)) == 1
    assert outcome.status is Status.PARTIAL
    assert [failure.action for failure in outcome.failures] == ["list the tags of the instances"]


def test_a_volumes_own_keep_count_holds_for_it_alone(account: Account) -> None:
    own, other = account.volume("own", **{"ebs-backup:keep-day": "2"}), account.volume("other")
    for volume in (own, other):
        history(account, volume, 4)

    outcome = account.run(settings(), a_run())

    reasons = {
        each.reason for volume in outcome.volumes for each in volume.expired if volume.volume.id == own
    }
    assert (len(account.ids(own)), len(account.ids(other))) == (2, 4)
    assert reasons == {"beyond its tag ebs-backup:keep-day=2"}


def test_a_bad_tag_on_a_volume_is_a_problem_and_the_sets_own_setting_holds(account: Account) -> None:
    volume = account.volume(**{"ebs-backup:keep-day": "0"})
    history(account, volume, 4)

    outcome = account.run(settings(), a_run())

    assert outcome.status is Status.PARTIAL
    assert [failure.code for failure in outcome.failures] == ["InvalidTag"]
    assert len(account.ids(volume)) == 4


def test_a_skipped_volume_is_left_alone_and_counted(account: Account) -> None:
    volume, other = account.volume(**{"ebs-backup:skip": "2026-12-24"}), account.volume()
    old = history(account, volume, 9)

    outcome = account.run(settings(keep_day=1), a_run())

    assert sorted(account.ids(volume)) == sorted(old)
    assert len(account.ids(other)) == 1
    skipped = {each.volume.id: (each.skipped, len(each.kept)) for each in outcome.volumes}
    assert skipped == {volume: ("until 2026-12-24", 9), other: ("", 0)} | {other: ("", 1)}
    assert outcome.status is Status.OK


def test_where_every_volume_is_skipped_the_run_has_failed(account: Account) -> None:
    account.volume(**{"ebs-backup:skip": "true"})

    outcome = account.run(settings(), a_run())

    assert outcome.status is Status.FAILED
    assert [failure.code for failure in outcome.failures] == ["EverythingSkipped"]


def test_what_the_set_holds_is_counted_as_it_is_after_the_run(account: Account) -> None:
    volume = account.volume()
    history(account, volume, 4)
    history(account, volume, 1, period="week")

    outcome = account.run(settings(), a_run())

    held = {period: (each.points, each.at_most_gib) for period, each in outcome.holdings.items()}
    assert held == {Period.DAY: (4, 32), Period.WEEK: (1, 8)}
    assert len(account.ids(volume)) == 5


def test_a_month_rule_that_somebody_disabled_shows_in_the_next_days_run(account: Account) -> None:
    volume = account.volume()
    account.snapshot(
        volume, started=NIGHT - timedelta(days=40), set="default", period="month", run="the last one"
    )
    account.snapshot(volume, started=NIGHT - timedelta(days=2), set="default", period="week", run="week")
    history(account, volume, 2)

    outcome = account.run(settings(), a_run())

    assert [each.period for each in outcome.volumes[0].overdue] == [Period.MONTH]
    assert outcome.status is Status.PARTIAL


def test_a_listing_that_fails_breaks_the_run_before_anything_is_written(account: Account) -> None:
    """Makesnapshots goes on with what it has, or dies without a mail."""
    volume = account.volume()
    old = history(account, volume, 9)
    account.refuse("DescribeSnapshots", "UnauthorizedOperation", "You are not authorized")

    with pytest.raises(ClientError):
        account.run(settings(keep_day=1), a_run())

    assert sorted(account.ids()) == sorted(old)


def test_a_dry_run_plans_with_a_reason_for_every_snapshot_and_changes_nothing(account: Account) -> None:
    volume = account.volume()
    old = history(account, volume, 5)
    calls: list[str] = []
    account.function.meta.events.register("before-call.ec2", lambda model, **_: calls.append(model.name))

    outcome = account.run(settings(keep_day=4), a_run(dry_run=True))

    assert set(calls) == {"DescribeTags", "DescribeVolumes", "DescribeSnapshots"}
    assert sorted(account.ids()) == sorted(old)
    planned = {
        each.snapshot.id: each.sentence for each in (*outcome.volumes[0].kept, *outcome.volumes[0].expired)
    }
    assert planned.keys() == {*old, "(new)"}
    assert planned[old[-1]] == "expired: beyond keep_day=4"


def test_a_dry_run_plans_exactly_what_the_real_run_then_does(account: Account) -> None:
    volume = account.volume()
    history(account, volume, 9)
    account.snapshot(volume, state="error", set="default", period="day", run="failed")

    planned = account.run(settings(), a_run(dry_run=True)).volumes[0]
    done = account.run(settings(), a_run()).volumes[0]

    assert [each.sentence for each in planned.expired] == [each.sentence for each in done.expired]
    assert [each.snapshot.id for each in planned.expired] == [each.snapshot.id for each in done.expired]
    assert [each.sentence for each in planned.kept] == [each.sentence for each in done.kept]


def test_when_time_is_up_nothing_new_begins_and_every_volume_is_reported(account: Account) -> None:
    volume = account.volume()
    old = history(account, volume, 9)

    outcome = account.run(settings(), a_run(), deadline=0.0)

    assert outcome.failures[0].code == "OutOfTime"
    assert sorted(account.ids()) == sorted(old)

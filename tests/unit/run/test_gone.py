"""What volumes that are gone have left behind: kept, unless the set lets it expire."""

from datetime import timedelta

from ebs_backup.model import Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run


def gone(account: MotoAccount, *ages: int, **ours: str) -> list[str]:
    """Make a volume with restore points so many days old, and delete it; return the snapshots."""
    volume = account.volume("gone")
    made = [account.point(volume, NIGHT - timedelta(days=age), None, **ours) for age in ages]
    account.client.delete_volume(VolumeId=volume)
    return made


def test_by_default_snapshots_of_volumes_that_are_gone_are_kept_and_counted(account: MotoAccount) -> None:
    account.volume()
    left = gone(account, 300, 301, 302)

    outcome = account.run(nightly(), a_run())

    assert set(left) <= set(account.ids())
    (told,) = outcome.unselected
    assert (told.there, told.snapshots) == (False, 3)
    assert outcome.status is Status.OK


def test_they_expire_the_oldest_first_and_within_the_limit(account: MotoAccount) -> None:
    account.volume()
    newest, *older = gone(account, 31, 32, 33, 34)

    outcome = account.run(nightly(expire_gone_after_days=30, max_expired_per_volume=3), a_run())

    assert account.asked_to_delete == list(reversed(older))
    assert newest in account.ids()
    reasons = {decision.reason for decision in outcome.retired}
    assert reasons == {"its volume is gone, beyond expire_gone_after_days=30"}
    assert (outcome.expired, outcome.deferred) == (3, 1)


def test_the_last_of_them_go_too_with_the_next_runs(account: MotoAccount) -> None:
    account.volume()
    left = gone(account, 31, 32, 33, 34)

    first = account.run(nightly(expire_gone_after_days=30), a_run())
    run = a_run(id="the next night", time=NIGHT + timedelta(days=1))
    second = account.run(nightly(expire_gone_after_days=30), run)

    assert not set(left) & set(account.ids())
    assert [told.snapshots for told in first.unselected] == [1]
    assert second.unselected == ()


def test_they_wait_for_the_newest_one_of_any_period(account: MotoAccount) -> None:
    account.volume()
    volume = account.volume("gone")
    old = account.point(volume, NIGHT - timedelta(days=90))
    account.point(volume, NIGHT - timedelta(days=29), period="month")
    account.client.delete_volume(VolumeId=volume)

    account.run(nightly(expire_gone_after_days=30), a_run())

    assert old in account.ids()


def test_each_run_expires_those_of_its_own_period(account: MotoAccount) -> None:
    account.volume()
    volume = account.volume("gone")
    day, week = (account.point(volume, NIGHT - timedelta(days=90), period=of) for of in ("day", "week"))
    account.client.delete_volume(VolumeId=volume)

    account.run(nightly(expire_gone_after_days=30), a_run(period=Period.DAY))

    assert day not in account.ids()
    assert week in account.ids()


def test_a_hold_keeps_them(account: MotoAccount) -> None:
    account.volume()
    held, free = gone(account, 90, 91)
    account.client.create_tags(Resources=[held], Tags=[{"Key": "ebs-backup:hold", "Value": "true"}])

    outcome = account.run(nightly(expire_gone_after_days=30), a_run())

    assert held in account.ids()
    assert free not in account.ids()
    assert outcome.on_hold == 1


def test_a_volume_that_is_there_and_only_no_longer_selected_loses_nothing(account: MotoAccount) -> None:
    account.volume()
    retired = account.volume("retired", Backup="no")
    old = [account.point(retired, NIGHT - timedelta(days=age)) for age in (90, 91)]

    account.run(nightly(expire_gone_after_days=30), a_run())

    assert set(old) <= set(account.ids())


def test_a_volume_that_ec2_lost_is_still_there(account: MotoAccount) -> None:
    account.volume()
    lost = account.tell(account.volume("lost", Backup="no"), State="error")
    old = account.point(lost, NIGHT - timedelta(days=90))

    account.run(nightly(expire_gone_after_days=30), a_run())

    assert old in account.ids()


def test_strays_and_other_sets_snapshots_of_gone_volumes_stay(account: MotoAccount) -> None:
    account.volume()
    stays = [*gone(account, 90, run=""), *gone(account, 90, period="hour"), *gone(account, 90, set="web")]

    account.run(nightly(expire_gone_after_days=30), a_run())

    assert set(stays) <= set(account.ids())


def test_a_run_limited_to_some_volumes_expires_nothing_of_others(account: MotoAccount) -> None:
    volume = account.volume()
    left = gone(account, 90)

    account.run(nightly(expire_gone_after_days=30), a_run(only=(volume,)))

    assert set(left) <= set(account.ids())


def test_a_second_delivery_deletes_no_more_than_the_limit_again(account: MotoAccount) -> None:
    """A gone volume gets no new snapshot that could say how many stay, so each delivery has the limit for itself."""
    account.volume()
    left = gone(account, *range(31, 41))
    for _ in range(2):
        account.run(nightly(expire_gone_after_days=30, max_expired_per_volume=2), a_run())

    assert len(set(left) & set(account.ids())) == 10 - 2 * 2


def test_a_delete_that_is_refused_asks_for_a_look_and_what_aws_keeps_does_not(account: MotoAccount) -> None:
    account.volume()
    locked, refused = gone(account, 90, 91)
    account.refuse("DeleteSnapshot", "OperationNotPermitted", "The snapshot is locked", SnapshotId=locked)
    account.refuse("DeleteSnapshot", "SomethingNew", SnapshotId=refused)

    outcome = account.run(nightly(expire_gone_after_days=30), a_run())

    assert [decision.snapshot.id for decision in outcome.of(Fate.UNDELETABLE)] == [locked]
    assert [check.resource for check in outcome.checks] == [refused]
    assert outcome.status is Status.CHECK


def test_a_listing_that_lacks_a_volume_does_not_cost_its_snapshots(account: MotoAccount) -> None:
    account.volume()
    volume = account.volume("there")
    old = account.point(volume, NIGHT - timedelta(days=90))
    lists: list[object] = []

    def drop(parsed: dict[str, list[dict[str, str]]], **_: object) -> None:
        lists.append(parsed)
        if len(lists) == 1:
            parsed["Volumes"] = [row for row in parsed["Volumes"] if row["VolumeId"] != volume]

    account.on("after-call.ec2.DescribeVolumes", drop)

    outcome = account.run(nightly(expire_gone_after_days=30), a_run())

    assert old in account.ids()
    assert outcome.retired == ()


def test_a_dry_run_asks_for_them_by_their_ids_too(account: MotoAccount) -> None:
    account.volume()
    gone(account, 90)

    account.run(nightly(expire_gone_after_days=30), a_run(dry_run=True))

    assert account.calls.count("DescribeVolumes") == 2


def test_no_call_is_made_where_nothing_may_expire(account: MotoAccount) -> None:
    account.volume()
    gone(account, 20)

    account.run(nightly(expire_gone_after_days=30), a_run())

    assert account.calls.count("DescribeVolumes") == 1


def test_a_hold_that_cannot_be_read_is_told_once_wherever_its_volume_is(account: MotoAccount) -> None:
    volumes = [account.volume(), account.volume(Backup="no"), account.volume()]
    held = [account.point(volume, NIGHT - timedelta(days=1)) for volume in volumes]
    account.client.create_tags(Resources=held, Tags=[{"Key": "ebs-backup:hold", "Value": "for ever"}])
    account.client.delete_volume(VolumeId=volumes[2])

    outcome = account.run(nightly(), a_run())

    assert sorted(check.resource for check in outcome.checks) == sorted(held)
    assert outcome.status is Status.CHECK


def test_a_dry_run_plans_it_and_deletes_nothing(account: MotoAccount) -> None:
    account.volume()
    left = gone(account, 31, 32, 33, 34)

    outcome = account.run(nightly(expire_gone_after_days=30), a_run(dry_run=True))

    assert sorted(account.ids()) == sorted(left)
    assert (outcome.expired, outcome.deferred) == (3, 1)

"""What a run deletes, what it leaves, and why."""

from datetime import timedelta

from ebs_backup.model import Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run, settings


def test_rotation_leaves_keep_and_deletes_the_oldest(account: MotoAccount) -> None:
    volume = account.volume()
    newest, second, third, *older = account.history(volume, 5)

    outcome = account.run(nightly(keep_day=4), a_run())

    (made,) = [volume.made for volume in outcome.volumes]
    assert made is not None
    assert set(account.ids(volume)) == {newest, second, third, made.id}
    assert account.asked_to_delete == list(reversed(older))
    assert outcome.status is Status.OK


def test_every_snapshot_has_its_reason(account: MotoAccount) -> None:
    volume = account.volume()
    newest, second, oldest = account.history(volume, 3)

    outcome = account.run(nightly(keep_day=3), a_run())

    sentences = {decision.snapshot.id: decision.sentence for decision in outcome.decisions}
    assert (sentences[newest], sentences[second]) == ("kept: 2 of 3", "kept: 3 of 3")
    assert sentences[oldest] == "expired: beyond keep_day=3"


def test_with_keep_one_the_last_good_one_stays_while_the_new_one_is_pending(account: MotoAccount) -> None:
    volume = account.volume()
    last, older = account.history(volume, 2)

    outcome = account.run(nightly(keep_day=1), a_run())

    assert last in account.ids(volume)
    assert older not in account.ids(volume)
    sentences = {decision.snapshot.id: decision.sentence for decision in outcome.decisions}
    assert sentences[last] == "kept: last completed"


def test_each_period_rotates_only_its_own(account: MotoAccount) -> None:
    volume = account.volume()
    weekly = account.history(volume, 6, days=7, period="week")

    account.run(settings(keep_day=1, keep_week=1), a_run(period=Period.DAY))

    assert set(weekly) <= set(account.ids(volume))


def test_each_backup_set_sees_and_deletes_only_its_own(account: MotoAccount) -> None:
    """What ec2-automate-backup gets wrong: it purges every expiring snapshot of the region, of any backup set."""
    volume = account.volume()
    others = account.history(volume, 6, set="other")
    mine = account.history(volume, 6, set="web")

    account.run(nightly(keep_day=1, backup_set="web"), a_run(backup_set="web"))

    assert set(others) <= set(account.ids(volume))
    assert len(set(mine) & set(account.ids(volume))) == 3


def test_a_hand_made_snapshot_named_like_a_backup_is_never_deleted(account: MotoAccount) -> None:
    """Makesnapshots deletes a hand-made snapshot called `day_snapshot ...`."""
    volume = account.volume()
    by_hand = account.snapshot(
        volume, started=NIGHT - timedelta(days=900), Name="day_snapshot before the upgrade"
    )

    account.run(nightly(keep_day=1), a_run())

    assert by_hand in account.ids()


def test_one_run_deletes_at_most_max_expired_per_volume_and_says_what_it_left(account: MotoAccount) -> None:
    volume = account.volume()
    old = account.history(volume, 10)

    outcome = account.run(nightly(keep_day=1, max_expired_per_volume=3), a_run())

    assert set(old) - set(account.ids()) == set(old[-3:])
    assert (outcome.expired, outcome.deferred) == (3, 6)
    assert outcome.status is Status.CHECK


def test_the_limit_counts_occasions_not_snapshots(account: MotoAccount) -> None:
    """A night that was run twice leaves as one."""
    volume = account.volume()
    *_, second, oldest = account.history(volume, 6)
    twin = account.point(volume, NIGHT - timedelta(days=6) + timedelta(hours=2))

    outcome = account.run(nightly(max_expired_per_volume=1), a_run())

    assert not {oldest, twin} & set(account.ids())
    assert second in account.ids()
    assert (outcome.expired, outcome.deferred) == (2, 2)


def test_neither_duplicates_nor_failed_snapshots_use_up_the_limit(account: MotoAccount) -> None:
    volume = account.volume()
    *_, second, oldest = account.history(volume, 5)
    run = "2026-11-22T01:30:00Z"
    duplicate = account.point(volume, NIGHT - timedelta(days=1) + timedelta(minutes=2), run=run)
    failed = account.point(volume, NIGHT - timedelta(days=2), state="error", run="failed")

    account.run(nightly(max_expired_per_volume=1), a_run())

    assert not {duplicate, failed, oldest} & set(account.ids())
    assert second in account.ids()


def test_the_same_run_on_points_that_are_days_apart_costs_none_of_them(account: MotoAccount) -> None:
    """Otherwise one edit of a tag, by a script or in the console, would delete a history in one night."""
    volume = account.volume()
    old = account.history(volume, 30, run="2026-10-24T01:30:00Z")

    outcome = account.run(nightly(max_expired_per_volume=1), a_run())

    assert len(set(old) & set(account.ids())) == 30
    odd = [decision for decision in outcome.decisions if decision.edited]
    assert len(odd) == 29
    assert all(decision.reason.endswith("its tags were edited") for decision in odd)
    assert outcome.status is Status.CHECK


def test_a_hold_keeps_a_snapshot_until_its_day_is_over(account: MotoAccount) -> None:
    volume = account.volume()
    forever, tomorrow, today, yesterday, *_ = reversed(account.history(volume, 12))
    for snapshot, value in {
        forever: "true",
        tomorrow: "2026-11-24",
        today: "2026-11-23",
        yesterday: "2026-11-22",
    }.items():
        account.client.create_tags(Resources=[snapshot], Tags=[{"Key": "ebs-backup:hold", "Value": value}])

    outcome = account.run(nightly(max_expired_per_volume=1), a_run())

    assert {forever, tomorrow, today} <= set(account.ids())
    assert [decision.snapshot.id for decision in outcome.of(Fate.EXPIRED)] == [yesterday]
    sentences = {decision.snapshot.id: decision.sentence for decision in outcome.decisions}
    assert (sentences[forever], sentences[tomorrow]) == ("kept: on hold", "kept: on hold until 2026-11-24")
    assert outcome.on_hold == 3


def test_a_hold_that_cannot_be_read_holds_and_asks_for_a_look(account: MotoAccount) -> None:
    volume = account.volume()
    *_, oldest = account.history(volume, 5)
    account.client.create_tags(Resources=[oldest], Tags=[{"Key": "ebs-backup:hold", "Value": "till Xmas"}])

    outcome = account.run(nightly(), a_run())

    assert oldest in account.ids()
    assert outcome.status is Status.CHECK
    assert [(check.resource, check.code) for check in outcome.checks] == [(oldest, "InvalidTag")]
    assert outcome.on_hold == 1


def test_a_hold_does_not_keep_a_failed_snapshot(account: MotoAccount) -> None:
    volume = account.volume()
    account.history(volume, 2)
    held = {"ebs-backup:hold": "true"}
    failed = account.point(volume, NIGHT - timedelta(hours=3), held, state="error")

    outcome = account.run(nightly(), a_run())

    assert failed not in account.ids()
    assert outcome.on_hold == 0


def test_a_pending_snapshot_is_never_deleted(account: MotoAccount) -> None:
    volume = account.volume()
    account.history(volume, 6)
    pending = account.point(volume, NIGHT - timedelta(days=9), state="pending")

    account.run(nightly(), a_run())

    assert pending in account.ids()


def test_snapshots_of_the_set_without_a_run_or_of_an_unknown_period_are_kept_and_named(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    account.history(volume, 2)
    old = NIGHT - timedelta(days=90)
    no_run = account.snapshot(volume, started=old, set="default", period="day")
    no_period = account.snapshot(volume, started=old, set="default", run="2026-08-25T01:30:00Z")
    unknown = account.point(volume, old, period="hour")

    outcome = account.run(nightly(keep_day=1, max_expired_per_volume=9), a_run())

    assert {no_run, no_period, unknown} <= set(account.ids())
    assert {snapshot.id for snapshot in outcome.strays} == {no_run, no_period, unknown}
    assert outcome.holdings[Period.DAY].points == 2
    assert outcome.status is Status.CHECK


def test_the_last_completed_one_stays_where_a_person_deletes_the_newest_in_the_middle_of_a_run(
    account: MotoAccount,
) -> None:
    """The newest is in the listing, so it would stay; when the last but one has its turn, the newest is gone."""
    volume = account.volume()
    newest, second, third = account.history(volume, 3)
    account.first_time(
        "after-call.ec2.CreateSnapshot", lambda: account.client.delete_snapshot(SnapshotId=newest)
    )
    account.listed = "pending"

    outcome = account.run(nightly(keep_day=2), a_run())

    assert second in account.ids()
    assert account.asked_to_delete == [third]
    sentences = {decision.snapshot.id: decision.sentence for decision in outcome.decisions}
    assert sentences[second] == "kept: 2 of 2"


def test_what_a_person_deleted_before_its_turn_is_told_as_already_gone(account: MotoAccount) -> None:
    volume = account.volume()
    newest, second = account.history(volume, 2)
    account.first_time(
        "after-call.ec2.CreateSnapshot", lambda: account.client.delete_snapshot(SnapshotId=second)
    )

    outcome = account.run(nightly(keep_day=1), a_run())

    assert account.asked_to_delete == []
    assert newest in account.ids()
    sentences = {decision.snapshot.id: decision.sentence for decision in outcome.decisions}
    assert sentences[second] == "expired: beyond keep_day=1; already gone"


def test_a_snapshot_deleted_by_somebody_else_is_no_failure_and_counts_as_gone(account: MotoAccount) -> None:
    volume = account.volume()
    *_, second, oldest = account.history(volume, 6)
    account.refuse("DeleteSnapshot", "InvalidSnapshot.NotFound", SnapshotId=oldest)

    outcome = account.run(nightly(max_expired_per_volume=1), a_run())

    (expired,) = outcome.of(Fate.EXPIRED)
    assert expired.reason == "beyond keep_day=4; already gone"
    assert second in account.ids()
    assert outcome.failures == ()


def test_what_the_set_holds_is_counted_as_it_is_after_the_run(account: MotoAccount) -> None:
    volume = account.volume()
    account.history(volume, 5)
    account.history(volume, 1, period="week")

    outcome = account.run(nightly(), a_run())

    held = {period: (holding.points, holding.at_most_gib) for period, holding in outcome.holdings.items()}
    assert held == {Period.DAY: (4, 32), Period.WEEK: (1, 8)}
    assert len(account.ids(volume)) == 5

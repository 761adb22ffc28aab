"""What AWS keeps in place: normal, learned once, and never the end of a volume's rotation."""

import pytest

from ebs_backup.model import Fate
from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import a_run

KEPT = {
    "used by ami-0123": ("InvalidSnapshot.InUse", "snap-1 is currently in use by ami-0123"),
    "enabled for fast restore": ("InvalidSnapshot.InUse", "snap-1 is enabled for fast snapshot restores"),
    "locked": ("OperationNotPermitted", "The snapshot is locked and can not be deleted."),
    "managed by AWS Backup": ("InvalidParameterValue", "This snapshot is managed by the AWS Backup service."),
}


@pytest.mark.parametrize("by", KEPT)
def test_what_aws_keeps_is_listed_with_what_holds_it_and_is_no_failure(account: MotoAccount, by: str) -> None:
    """Makesnapshots 3.3 stops that volume's rotation for ever."""
    volume = account.volume()
    *_, second, oldest = account.history(volume, 5)
    account.refuse("DeleteSnapshot", *KEPT[by], SnapshotId=oldest)

    outcome = account.run(nightly(), a_run())

    assert second not in account.ids()
    (kept,) = outcome.of(Fate.UNDELETABLE)
    assert (kept.snapshot.id, kept.sentence) == (oldest, f"kept by AWS: beyond keep_day=4, but {by}")
    assert (outcome.failures, outcome.checks) == ((), ())
    assert outcome.status is Status.OK


def test_a_snapshot_that_an_ami_really_uses_is_kept(account: MotoAccount) -> None:
    volume = account.volume()
    *_, oldest = account.history(volume, 4)
    image = account.client.register_image(
        Name="golden",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": oldest}}],
    )["ImageId"]
    account.raw(oldest).from_ami = image

    outcome = account.run(nightly(), a_run())

    (kept,) = outcome.of(Fate.UNDELETABLE)
    assert kept.snapshot.id == oldest
    assert image in kept.reason


def test_what_cannot_be_deleted_does_not_use_up_the_limit(account: MotoAccount) -> None:
    volume = account.volume()
    *kept, third, second, oldest = account.history(volume, 8)
    account.refuse("DeleteSnapshot", "InvalidSnapshot.InUse", SnapshotId=oldest)

    outcome = account.run(nightly(max_expired_per_volume=2), a_run())

    assert account.asked_to_delete == [oldest, second, third]
    assert set(kept) <= set(account.ids())
    assert [decision.snapshot.id for decision in outcome.of(Fate.UNDELETABLE)] == [oldest]


def test_each_snapshot_is_tried_once_a_run_and_after_ten_refusals_the_rest_waits(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    old = account.history(volume, 40)
    account.refuse("DeleteSnapshot", "OperationNotPermitted", "The snapshot is locked")

    outcome = account.run(nightly(max_expired_per_volume=1000), a_run(), seconds=800)

    assert len(account.asked_to_delete) == len(set(account.asked_to_delete)) == 10
    assert set(old) <= set(account.ids())
    assert len(outcome.of(Fate.UNDELETABLE)) == 10
    waiting = [decision for decision in outcome.of(Fate.KEPT) if "not tried" in decision.reason]
    assert len(waiting) == 40 - 3 - 10
    assert outcome.status is Status.OK
    assert account.clock() < 60


def test_where_aws_keeps_the_oldest_for_ever_the_newest_that_expires_still_goes(account: MotoAccount) -> None:
    volume = account.volume()
    old = account.history(volume, 24)
    for snapshot in old[4:]:
        account.refuse(
            "DeleteSnapshot", "OperationNotPermitted", "The snapshot is locked", SnapshotId=snapshot
        )

    account.run(nightly(max_expired_per_volume=1), a_run())

    assert set(old) - set(account.ids()) == {old[3]}


def test_refusals_of_one_volume_do_not_stop_anothers_rotation(account: MotoAccount) -> None:
    locked, free = account.volume(), account.volume()
    for snapshot in account.history(locked, 20):
        account.refuse(
            "DeleteSnapshot", "OperationNotPermitted", "The snapshot is locked", SnapshotId=snapshot
        )
    account.history(free, 5)

    outcome = account.run(nightly(), a_run())

    assert len(account.ids(free)) == 4
    assert outcome.status is Status.OK


def test_a_delete_that_is_refused_for_an_unknown_reason_asks_for_a_look(account: MotoAccount) -> None:
    volume = account.volume()
    *_, second, oldest = account.history(volume, 5)
    account.refuse("DeleteSnapshot", "SomethingNew", "no idea", SnapshotId=oldest)

    outcome = account.run(nightly(), a_run())

    assert second not in account.ids()
    assert [decision.snapshot.id for decision in outcome.of(Fate.NOT_DELETED)] == [oldest]
    assert [(check.resource, check.code) for check in outcome.checks] == [(oldest, "SomethingNew")]
    assert outcome.status is Status.CHECK


def test_a_delete_that_was_never_answered_uses_up_the_limit_for_it_may_have_been_done(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    old = account.history(volume, 8)
    account.refuse("DeleteSnapshot", "InternalError", "no answer", status=500)

    outcome = account.run(nightly(max_expired_per_volume=2), a_run(), seconds=4)

    not_deleted = {decision.snapshot.id for decision in outcome.of(Fate.NOT_DELETED)}
    assert not_deleted == {old[7], old[6]}
    assert outcome.deferred == 3
    assert outcome.volumes[0].unfinished

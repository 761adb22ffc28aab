"""Two deliveries, retries and crashes: all together end as one run, and delete no more than one."""

from datetime import timedelta

import pytest

from ebs_backup.model import Fate
from ebs_backup.outcome import Status
from ebs_backup.volume_outcome import Made
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run

RATE = "SnapshotCreationPerVolumeRateExceeded"


@pytest.mark.parametrize("keep", [1, 2, 4])
def test_a_second_delivery_changes_nothing(account: MotoAccount, keep: int) -> None:
    volume = account.volume()
    account.history(volume, 12)
    account.run(nightly(keep_day=keep), a_run())
    after_one = account.ids()

    outcome = account.run(nightly(keep_day=keep), a_run())

    assert account.ids() == after_one
    assert outcome.volumes[0].when is Made.BEFORE
    assert (outcome.created, outcome.already_made, outcome.expired) == (0, 1, 0)


@pytest.mark.parametrize("first", ["pending", "completed"])
@pytest.mark.parametrize("then", ["pending", "completed"])
def test_with_keep_one_the_last_good_one_stays_in_whatever_state_the_new_one_is_found(
    account: MotoAccount, first: str, then: str
) -> None:
    """A late delivery finds the new snapshot completed, but deletes nothing more: the next night does."""
    volume = account.volume()
    last, *_ = account.history(volume, 2)
    account.answered = account.listed = first
    account.run(nightly(keep_day=1), a_run())
    after_one = set(account.ids())
    (made,) = after_one - {last}
    account.raw(made).status = then

    account.run(nightly(keep_day=1), a_run())

    assert set(account.ids()) == after_one
    assert (last in after_one) or first == "completed"


@pytest.mark.parametrize("call", ["CreateSnapshot", "DeleteSnapshot"])
def test_a_retry_after_a_crash_goes_as_far_as_one_run_and_no_further(account: MotoAccount, call: str) -> None:
    volume = account.volume()
    old = account.history(volume, 12)
    with account.crash(call), pytest.raises(KeyboardInterrupt):
        account.run(nightly(), a_run())

    for _ in range(2):
        account.run(nightly(), a_run())

    assert set(old) - set(account.ids()) == set(old[-3:])
    assert len(account.ids()) == 12 + 1 - 3


def test_a_retry_after_a_crash_goes_as_far_as_one_where_an_ami_holds_the_oldest(account: MotoAccount) -> None:
    volume = account.volume()
    *_, third, second, oldest = old = account.history(volume, 8)
    account.refuse("DeleteSnapshot", "InvalidSnapshot.InUse", SnapshotId=oldest)
    with account.crash("DeleteSnapshot"), pytest.raises(KeyboardInterrupt):
        account.run(nightly(max_expired_per_volume=2), a_run())

    account.run(nightly(max_expired_per_volume=2), a_run())

    assert set(old) - set(account.ids()) == {second, third}


def test_two_deliveries_delete_no_more_than_one_where_ec2_refused_the_first_a_delete(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    *_, third, second, oldest = old = account.history(volume, 8)
    allow = account.refuse("DeleteSnapshot", "SomethingNew", SnapshotId=oldest)
    account.run(nightly(max_expired_per_volume=2), a_run())
    allow()

    outcome = account.run(nightly(max_expired_per_volume=2), a_run())

    assert set(old) - set(account.ids()) == {second, third}
    assert oldest in {decision.snapshot.id for decision in outcome.of(Fate.DEFERRED)}


def test_a_retry_with_another_limit_still_goes_as_far_as_the_number_says(account: MotoAccount) -> None:
    """Somebody deploys a lowered keep between the two tries: it counts from the next night on."""
    volume = account.volume()
    account.history(volume, 12)
    account.run(nightly(max_expired_per_volume=1), a_run())
    after_one = account.ids()

    account.run(nightly(keep_day=1, max_expired_per_volume=9), a_run())

    assert account.ids() == after_one


def test_a_restore_point_that_lost_its_number_lets_nothing_go(account: MotoAccount) -> None:
    volume = account.volume()
    old = account.history(volume, 12)
    account.point(volume, NIGHT)

    outcome = account.run(nightly(), a_run())

    assert set(old) <= set(account.ids())
    assert outcome.expired == 0


def test_a_second_delivery_changes_nothing_where_a_duplicate_outlives_its_restore_point(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    *_, oldest = account.history(volume, 8)
    account.point(
        volume,
        NIGHT - timedelta(days=8) + timedelta(minutes=5),
        state="recovering",
        run=account.tags(oldest)["ebs-backup:run"],
    )
    account.run(nightly(max_expired_per_volume=2), a_run())
    after_one = account.ids()

    account.run(nightly(max_expired_per_volume=2), a_run())

    assert account.ids() == after_one


def test_a_failed_restore_point_of_this_run_hands_its_number_on(account: MotoAccount) -> None:
    """The first try deleted three; then its new snapshot failed, and the retry makes another."""
    volume = account.volume()
    old = account.history(volume, 12)
    account.run(nightly(), a_run())
    (made,) = set(account.ids()) - set(old)
    account.raw(made).status = "error"

    outcome = account.run(nightly(), a_run())

    assert set(old) - set(account.ids()) == set(old[-3:])
    assert outcome.created == 1
    (again,) = set(account.ids()) - set(old)
    assert account.tags(again)["ebs-backup:older"] == "9"
    assert [failed.id for failed in outcome.failed] == [made]


def at_once(account: MotoAccount, moment: str, seconds: float) -> None:
    """Let another delivery do the whole run at this moment of ours, and let so many seconds pass."""

    def other() -> None:
        account.run(nightly(max_expired_per_volume=2), a_run())
        account.sleep(seconds)

    account.first_time(moment, other)


def test_another_delivery_that_ran_since_our_listing_is_seen_before_a_create_is_sent(
    account: MotoAccount,
) -> None:
    """It made the snapshot and deleted two of eight, as far as the limit lets it; our listing knows nothing of it."""
    volumes = [account.volume(), account.volume()]
    old = {volume: account.history(volume, 8) for volume in volumes}
    at_once(account, "after-call.ec2.DescribeSnapshots", seconds=11)

    outcome = account.run(nightly(max_expired_per_volume=2), a_run())

    assert account.calls.count("CreateSnapshot") == 2
    assert (outcome.created, outcome.already_made) == (0, 2)
    for volume in volumes:
        assert set(old[volume]) - set(account.ids(volume)) == set(old[volume][-2:])
        assert len(account.ids(volume)) == 7


@pytest.mark.parametrize("status", [500, 503])
def test_a_create_that_was_done_and_never_answered_is_found_and_told_as_created(
    account: MotoAccount, status: int
) -> None:
    volume = account.volume()
    lost = [True]

    def lose(http_response: object, parsed: dict[str, object], **_: object) -> None:
        if lost:
            lost.pop()
            parsed.clear()
            parsed["Error"] = {"Code": "InternalError", "Message": "lost"}
            parsed["ResponseMetadata"] = {"HTTPStatusCode": status}
            http_response.status_code = status  # type: ignore[attr-defined]

    account.on("after-call.ec2.CreateSnapshot", lose)

    outcome = account.run(nightly(), a_run())

    assert len(account.ids(volume)) == 1
    assert outcome.volumes[0].when is Made.NOW
    assert outcome.status is Status.OK


def test_a_refusal_by_rate_looks_for_a_twin_before_the_next_try(account: MotoAccount) -> None:
    """EC2 refuses a second snapshot of a volume for 15 seconds: perhaps another delivery has just made the first."""
    volume = account.volume()
    twin: list[str] = []

    def make_it() -> None:
        twin.append(account.point(volume, account.now, {"ebs-backup:older": "0"}))

    account.first_time("before-call.ec2.CreateSnapshot", make_it)
    account.refuse("CreateSnapshot", RATE)

    outcome = account.run(nightly(), a_run(), seconds=800)

    assert account.ids(volume) == twin
    assert outcome.volumes[0].when is Made.BEFORE
    assert account.calls.count("CreateSnapshot") == 1


def test_many_volumes_are_looked_for_in_one_listing_for_all_creates_of_ten_seconds(
    account: MotoAccount,
) -> None:
    for number in range(120):
        account.volume(f"web-{number}")

    outcome = account.run(nightly(), a_run())

    # 95 creates go at once; the other 25 take five seconds, within which what was listed is fresh.
    assert outcome.created == 120
    assert account.calls.count("DescribeSnapshots") == 1

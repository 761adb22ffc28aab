"""The period's next run reports what somebody else deleted, on each of its deliveries, and no later run does."""

from datetime import timedelta
from typing import Any

import pytest

from ebs_backup.model import Run
from ebs_backup.outcome import Outcome, Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run


def a_night(number: int) -> Run:
    """Return the run of so many nights after NIGHT."""
    time = NIGHT + timedelta(days=number)
    return a_run(id=f"{time:%Y-%m-%dT%H:%M:%SZ}", time=time)


def nights(account: MotoAccount, *numbers: int) -> list[Outcome]:
    """Let these nights' runs come."""
    outcomes = []
    for number in numbers:
        account.now = NIGHT + timedelta(days=number)
        outcomes.append(account.run(nightly(), a_night(number)))
    return outcomes


def strip(account: MotoAccount, volume: str, *numbers: int) -> None:
    """Delete, as a stranger, the restore points of these numbers, the newest being 0."""
    newest_first = sorted(account.snapshots(volume), key=lambda raw: raw["StartTime"], reverse=True)
    for number in numbers:
        account.client.delete_snapshot(SnapshotId=newest_first[number]["SnapshotId"])


@pytest.fixture
def volume(account: MotoAccount) -> str:
    """Return a volume with five quiet nights behind it."""
    volume = account.volume("web-1 data")
    assert all(outcome.status is Status.OK for outcome in nights(account, 0, 1, 2, 3, 4))
    return volume


def test_what_a_stranger_deleted_is_a_problem_of_the_next_run_and_of_no_later_one(
    account: MotoAccount, volume: str
) -> None:
    strip(account, volume, 1, 3)

    told, after = nights(account, 5, 6)

    assert told.status is Status.PROBLEM
    assert [(it.vanished, it.left) for it in told.volumes] == [(2, 2)]
    assert after.status is Status.OK


def test_a_second_delivery_tells_it_again(account: MotoAccount, volume: str) -> None:
    strip(account, volume, 1)
    nights(account, 5)

    (again,) = nights(account, 5)

    assert [it.vanished for it in again.volumes] == [1]


@pytest.mark.parametrize("call", ["CreateSnapshot", "DeleteSnapshot"])
def test_a_retry_after_a_crash_tells_it(account: MotoAccount, call: str) -> None:
    volume = account.volume()
    account.history(volume, 3, {"ebs-backup:older": "2"})
    nights(account, 1, 2, 3)
    strip(account, volume, 2)
    account.history(account.volume("other"), 9)
    account.now = NIGHT + timedelta(days=4)
    with account.crash(call), pytest.raises(KeyboardInterrupt):
        account.run(nightly(), a_night(4))

    (retry,) = nights(account, 4)

    assert sum(it.vanished for it in retry.volumes) == 1


def test_where_no_restore_point_can_be_made_it_is_told_until_one_is(
    account: MotoAccount, volume: str
) -> None:
    strip(account, volume, 1, 2)
    forgive = account.refuse("CreateSnapshot", "UnauthorizedOperation")
    (refused,) = nights(account, 5)
    forgive()

    made, after = nights(account, 6, 7)

    assert refused.volumes[0].vanished == 2
    assert made.volumes[0].vanished == 1  # a lost run may have deleted one
    assert after.status is Status.OK


def test_a_listing_that_lags_behind_is_looked_at_again(account: MotoAccount, volume: str) -> None:
    newest = max(account.snapshots(volume), key=lambda raw: raw["StartTime"])["SnapshotId"]
    hidden = [True]

    def hide(parsed: dict[str, Any], **_: object) -> None:
        if hidden.pop() if hidden else False:
            parsed["Snapshots"] = [it for it in parsed["Snapshots"] if it["SnapshotId"] == newest]

    account.on("after-call.ec2.DescribeSnapshots", hide)
    before = account.now + timedelta(days=1)

    (outcome,) = nights(account, 5)

    assert outcome.status is Status.OK
    assert account.now - before >= timedelta(seconds=5)


def test_a_snapshot_that_lost_its_tags_is_still_there(account: MotoAccount, volume: str) -> None:
    """A person may take the tags off to keep it for ever; the description tells what it is."""
    keeps, edits = sorted(account.snapshots(volume), key=lambda raw: raw["StartTime"])[1:3]
    account.client.delete_tags(Resources=[keeps["SnapshotId"]])
    account.client.create_tags(
        Resources=[edits["SnapshotId"]], Tags=[{"Key": "ebs-backup:period", "Value": "month"}]
    )

    (outcome,) = nights(account, 5)

    assert [it.vanished for it in outcome.volumes] == [0]


def test_a_restore_point_that_becomes_another_periods_asks_nothing_of_that_period(
    account: MotoAccount, volume: str
) -> None:
    newest = max(account.snapshots(volume), key=lambda raw: raw["StartTime"])["SnapshotId"]
    account.client.create_tags(Resources=[newest], Tags=[{"Key": "ebs-backup:period", "Value": "week"}])
    account.now = NIGHT + timedelta(days=5)
    week = a_run(id="week", time=account.now, period=type(a_run().period)("week"))

    outcome = account.run(nightly(schedule_week="30 2 ? * SAT *"), week)

    assert [it.vanished for it in outcome.volumes] == [0]


def test_a_second_look_that_is_refused_leaves_the_first_one_standing(
    account: MotoAccount, volume: str
) -> None:
    strip(account, volume, 1)
    account.first_time(
        "after-call.ec2.DescribeSnapshots", lambda: account.refuse("DescribeSnapshots", "InternalError")
    )

    (outcome,) = nights(account, 5)

    assert outcome.status is Status.PROBLEM
    assert [it.vanished for it in outcome.volumes] == [1]


def test_a_quiet_night_lists_no_more_than_before(account: MotoAccount, volume: str) -> None:
    account.calls.clear()

    nights(account, 5)

    assert account.calls.count("DescribeSnapshots") == 1
    assert len(account.ids(volume)) == 4


def test_a_dry_run_tells_it_and_waits_for_nothing(account: MotoAccount, volume: str) -> None:
    strip(account, volume, 1)
    account.now = NIGHT + timedelta(days=5)

    outcome = account.run(nightly(), a_run(id="dry", time=account.now, dry_run=True))

    assert outcome.volumes[0].vanished == 1
    assert account.now == NIGHT + timedelta(days=5)


@pytest.mark.parametrize(("lost", "tags"), [("in-use", {"ebs-backup:skip": "true"}), ("error", {})])
def test_a_volume_that_is_left_alone_is_not_judged(
    account: MotoAccount, volume: str, lost: str, tags: dict[str, str]
) -> None:
    strip(account, volume, 1, 2)
    account.tell(volume, State=lost)
    account.client.create_tags(
        Resources=[volume], Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )

    (outcome,) = nights(account, 5)

    assert [it.vanished for it in outcome.volumes] == [0]

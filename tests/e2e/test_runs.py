"""The deployed function: what it makes, keeps, deletes and mails, under the role that the stack gave it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from ebs_backup import __version__
from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from tests.e2e import nights
from tests.e2e.week import MONDAY, night, run_nights, runs


@pytest.mark.parametrize(
    ("period", "scheduled"),
    [
        ("day", datetime(2027, 1, 5, 1, 30, tzinfo=UTC)),  # a Tuesday
        ("week", datetime(2027, 1, 9, 2, 30, tzinfo=UTC)),  # a Saturday
        ("month", datetime(2027, 2, 1, 3, 30, tzinfo=UTC)),  # a first
    ],
)
def test_a_rule_fires_at_its_time_and_its_event_becomes_a_restore_point_and_a_mail(
    account: EmulatedAccount, inbox: Inbox, outputs: Mapping[str, str], period: str, scheduled: datetime
) -> None:
    account.emulator.clock.set(scheduled - timedelta(seconds=20))
    volume = account.volume("web-1 data", Backup="true", Team="blue")

    account.emulator.clock.set(scheduled - timedelta(seconds=1))
    (letter,) = inbox.read(within=60)

    (snapshot,) = account.snapshots(volume)
    assert letter.subject == f"[OK] 1 created, 0 expired (EBS {period}, eu-west-1)"
    assert snapshot["SnapshotId"] in letter.body
    assert (
        snapshot["Tags"].items()
        >= {
            "ebs-backup:set": "default",
            "ebs-backup:period": period,
            "ebs-backup:run": scheduled.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Name": f"web-1 data {period} {scheduled:%Y-%m-%d %H:%M}Z",
            "Team": "blue",
        }.items()
    )
    assert letter.body.endswith(f"\nlog {outputs['LogGroupName']}\nebs-backup {__version__}")


def test_five_nights_leave_four_restore_points_and_whatever_is_not_ours(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    ours, other = account.volume("web", Backup="true"), account.volume("scratch", Backup="True")
    foreign = account.snapshot(ours, Name="day_snapshot of web")

    answers = run_nights(account, function, 5)

    assert runs(account, ours) == {None} | {night(number) for number in (1, 2, 3, 4)}
    assert foreign in {snapshot["SnapshotId"] for snapshot in account.snapshots(ours)}
    assert not account.snapshots(other)
    assert [answer["expired"] for answer in answers] == [0, 0, 0, 0, 1]
    assert [letter.subject for letter in inbox.read()][-1] == (
        "[OK] 1 near miss; 1 created, 1 expired (EBS day, eu-west-1)"
    )


def test_extra_runs_by_hand_cost_nothing_of_the_history(
    account: EmulatedAccount, function: DeployedFunction
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 4)

    for hour in (9, 10, 11):
        account.emulator.clock.set(nights.night(MONDAY, 3) + timedelta(hours=hour))
        extra = function.run(period="day")
        assert (extra["status"], extra["created"], extra["expired"]) == ("OK", 1, 0)
    (last,) = run_nights(account, function, 1, first=4)

    kept = runs(account, volume)
    assert last["expired"] == 1
    assert {night(number) for number in (1, 2, 3, 4)} < kept
    assert len(kept) == 4 + 3


def test_a_snapshot_is_called_after_the_time_when_it_was_taken(
    account: EmulatedAccount, function: DeployedFunction
) -> None:
    account.emulator.clock.set(MONDAY + timedelta(hours=3))
    volume = account.volume("web", Backup="true")

    function.run(period="day", time=night(0))

    (snapshot,) = account.snapshots(volume)
    assert snapshot["Tags"]["ebs-backup:run"] == night(0)
    assert snapshot["Tags"]["Name"] == "web day 2027-03-08 04:30Z"


def test_a_run_by_hand_of_some_volumes_leaves_the_others_alone(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    wanted, other = account.volume("web", Backup="true"), account.volume("db", Backup="true")
    unknown = "vol-0123456789abcdef0"

    answer = function.run(period="day", volumes=[wanted, unknown])

    (letter,) = inbox.read()
    assert len(account.snapshots(wanted)) == 1
    assert not account.snapshots(other)
    assert (answer["status"], answer["missing"]) == ("CHECK", [unknown])
    assert unknown in letter.body


def test_an_event_that_is_delivered_twice_changes_nothing_the_second_time(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 5)
    before = account.snapshots(volume)
    inbox.read()

    answer = function.run(period="day", time=night(4))

    assert account.snapshots(volume) == before
    assert (answer["created"], answer["already_made"], answer["expired"]) == (0, 1, 0)
    assert len(inbox.read()) == 1


def test_a_dry_run_gives_every_reason_changes_nothing_and_mails_nothing(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 5)
    account.emulator.clock.set(nights.night(MONDAY, 5))
    before = account.snapshots(volume)
    inbox.read()

    answer = function.run(period="day", time=night(5), dry_run=True)

    (plan,) = answer["plan"]
    assert account.snapshots(volume) == before
    assert not inbox.read()
    assert plan["volume"] == volume
    assert sorted(plan["snapshots"].values()) == [
        "expired: beyond keep_day=4",
        "kept: 1 of 4",
        "kept: 2 of 4",
        "kept: 3 of 4",
        "kept: 4 of 4",
    ]

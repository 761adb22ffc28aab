"""Special snapshots: failed, pending, on hold, used by an AMI, or another tool's."""

import time
from datetime import timedelta

from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from tests.e2e.nights import run_at
from tests.e2e.week import MONDAY, night, run_nights, runs


def test_a_snapshot_that_failed_after_its_run_is_told_by_the_next_one_of_any_period(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 2)
    (_, failed) = account.snapshots(volume)
    account.fail(failed["SnapshotId"], "Given key ID is not accessible")
    inbox.read()

    answer = run_at(account, function, MONDAY + timedelta(days=5, hours=1), period="week")

    (letter,) = inbox.read()
    assert letter.subject.startswith("[PROBLEM]")
    assert "FAILED SNAPSHOTS  1 snapshot" in letter.body
    assert "Given key ID is not accessible" in letter.told
    assert [failure["resource"] for failure in answer["failures"]] == [failed["SnapshotId"]]
    assert {snapshot["Tags"]["ebs-backup:period"] for snapshot in account.snapshots(volume)} == {
        "day",
        "week",
    }
    assert failed["SnapshotId"] not in {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}


def test_a_failed_snapshot_does_not_keep_a_volume_that_takes_one_at_a_time_from_its_backup(
    account: EmulatedAccount, function: DeployedFunction
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("archive", size=125, kind="st1", Backup="true")
    run_nights(account, function, 1)
    account.fail(account.snapshots(volume)[0]["SnapshotId"], "An internal error has occurred")

    (answer,) = run_nights(account, function, 1, first=1)

    assert (answer["status"], answer["created"]) == ("PROBLEM", 1)
    assert runs(account, volume) == {night(1)}


def test_a_volume_that_its_own_pending_snapshot_blocks_is_told_at_once(
    account: EmulatedAccount, function: DeployedFunction
) -> None:
    account.emulator.clock.set(MONDAY)
    account.volume("archive", size=125, kind="st1", Backup="true")
    run_nights(account, function, 1)

    began = time.monotonic()
    answer = function.run(period="week")

    assert time.monotonic() - began < 60
    assert answer["status"] == "FAILED"  # it is the only volume
    assert [failure["code"] for failure in answer["failures"]] == ["ConcurrentSnapshotLimitExceeded"]


def test_snapshots_to_which_another_tool_copied_our_tags_are_left_alone_and_named(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    """A restored volume carries its snapshot's tags, and another tool copies them to its own snapshots."""
    account.emulator.clock.set(MONDAY)
    tags = {
        "ebs-backup:set": "default",
        "ebs-backup:period": "day",
        "ebs-backup:run": "2027-01-04T01:30:00Z",
        "ebs-backup:source": "volume=vol-0123456789abcdef0 zone=eu-west-1a type=gp3 size=8",
    }
    volume = account.volume("restored", Backup="true", **tags)  # type: ignore[arg-type] # no size among them
    foreign = {account.snapshot(volume, **tags) for _ in range(4)}

    run_nights(account, function, 5)

    *_, letter = inbox.read()
    assert foreign < {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}
    assert len(account.snapshots(volume)) == 4 + 4
    assert letter.subject.startswith("[CHECK]")
    assert "FOREIGN SNAPSHOTS  4 snapshots" in letter.body
    assert f"--resources {volume} " in letter.body


def test_a_snapshot_on_hold_stays(account: EmulatedAccount, function: DeployedFunction, inbox: Inbox) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 1)
    held = account.snapshots(volume)[0]["SnapshotId"]
    account.ec2.create_tags(Resources=[held], Tags=[{"Key": "ebs-backup:hold", "Value": "true"}])

    *_, answer = run_nights(account, function, 4, first=1)

    *_, letter = inbox.read()
    assert runs(account, volume) == {night(number) for number in range(5)}
    assert (answer["status"], answer["on_hold"]) == ("OK", 1)
    assert "ON HOLD  1 snapshot" in letter.body


def test_a_snapshot_that_an_ami_uses_is_told_and_stops_no_other(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    first, second = account.volume("golden", Backup="true"), account.volume("web", Backup="true")
    run_nights(account, function, 4)
    oldest = account.snapshots(first)[0]["SnapshotId"]
    image = account.image(oldest)
    inbox.read()

    run_nights(account, function, 1, first=4)

    (letter,) = inbox.read()
    assert letter.subject.startswith("[OK]")
    assert "KEPT BY AWS  1 snapshot" in letter.body
    assert image in letter.body
    assert oldest in {snapshot["SnapshotId"] for snapshot in account.snapshots(first)}
    assert night(0) not in runs(account, second)

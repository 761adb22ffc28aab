"""A snapshot fails: within minutes its event reaches the deployed function, which mails it and makes it again."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from emulator.server import Emulator
from tests.e2e.week import MONDAY, night, run_nights
from tests.failed_events import failed

REASON = "Given key ID is not accessible"
SOON = 60  # seconds: the emulator takes messages at once, AWS within a minute


@pytest.fixture
def volume(account: EmulatedAccount, function: DeployedFunction, inbox: Inbox) -> str:
    """Make a volume with the restore point of a night, and read its mail."""
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web-1 data", Backup="true", Team="blue")
    run_nights(account, function, 1)
    inbox.read()
    account.emulator.clock.set(MONDAY + timedelta(minutes=4))
    return volume


def of(account: EmulatedAccount, volume: str) -> list[dict[str, Any]]:
    return account.snapshots(volume)


def test_a_failed_snapshot_is_mailed_and_made_again_without_any_run(
    account: EmulatedAccount, inbox: Inbox, volume: str
) -> None:
    (first,) = of(account, volume)

    account.fail(first["SnapshotId"], REASON, event=True)
    (letter,) = inbox.read(within=SOON)

    assert letter.subject == "[PROBLEM] web-1 data: snapshot failed, made again (EBS day, eu-west-1)"
    assert REASON in letter.told
    assert letter.attributes == {"status": "PROBLEM", "set": "default", "period": "day"}
    (made,) = settled(account, volume, 1)
    assert made["SnapshotId"] in letter.body
    assert (
        made["Tags"].items()
        >= {
            "ebs-backup:run": night(0),
            "ebs-backup:period": "day",
            "ebs-backup:again": first["SnapshotId"],
            "ebs-backup:older": "0",
            "Name": "web-1 data day 2027-03-08 01:34Z",
            "Team": "blue",
        }.items()
    )


def settled(account: EmulatedAccount, volume: str, number: int) -> list[dict[str, Any]]:
    """Return the volume's snapshots as soon as there are so many: the failed one goes after the mail."""
    until = time.monotonic() + SOON
    while len(found := of(account, volume)) != number and time.monotonic() < until:
        time.sleep(0.1)
    return found


def test_a_second_failure_is_mailed_and_left_to_the_next_run(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox, volume: str
) -> None:
    account.fail(of(account, volume)[0]["SnapshotId"], REASON, event=True)
    inbox.read(within=SOON)
    (second,) = settled(account, volume, 1)

    account.fail(second["SnapshotId"], REASON, event=True)
    (letter,) = inbox.read(within=SOON)

    assert letter.subject == "[PROBLEM] web-1 data: NO backup, snapshot failed (EBS day, eu-west-1)"
    assert [snapshot["SnapshotId"] for snapshot in of(account, volume)] == [second["SnapshotId"]]
    (answer,) = run_nights(account, function, 1, first=1)
    assert answer["status"] == "PROBLEM"
    assert second["SnapshotId"] not in {snapshot["SnapshotId"] for snapshot in of(account, volume)}


def test_the_run_delivered_again_counts_the_new_one(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox, volume: str
) -> None:
    account.fail(of(account, volume)[0]["SnapshotId"], event=True)
    inbox.read(within=SOON)
    settled(account, volume, 1)

    answer = function.run(period="day", time=night(0))

    assert (answer["status"], answer["created"], answer["already_made"]) == ("OK", 0, 1)


def test_another_tools_snapshot_is_nobodys_business_here(
    account: EmulatedAccount, inbox: Inbox, emulator: Emulator, outputs: Mapping[str, str], volume: str
) -> None:
    foreign = account.snapshot(volume)
    sqs, url = emulator.client("sqs"), outputs["SnapshotQueueUrl"]

    account.fail(foreign, REASON, event=True)
    emptied(sqs, url)

    assert not inbox.read()
    assert len(of(account, volume)) == 2


def emptied(sqs: Any, url: str) -> None:  # noqa: ANN401 - a client
    """Wait until the function has taken all messages, and is done with them."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        numbers = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        if not any(map(int, numbers.values())):
            return
        time.sleep(0.1)
    pytest.fail("the queue still has messages")


def test_an_st1_volume_takes_the_new_one_once_the_failed_one_is_deleted(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("log", size=500, kind="st1", Backup="true")
    run_nights(account, function, 1)
    inbox.read()
    (first,) = of(account, volume)

    account.fail(first["SnapshotId"], REASON, event=True)
    (letter,) = inbox.read(within=SOON)

    (made,) = of(account, volume)
    assert made["Tags"]["ebs-backup:again"] == first["SnapshotId"]
    assert made["SnapshotId"] in letter.body


def test_a_message_that_comes_again_after_all_was_done_changes_nothing(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox, volume: str
) -> None:
    (first,) = of(account, volume)
    account.fail(first["SnapshotId"], event=True)
    inbox.read(within=SOON)
    there = settled(account, volume, 1)

    answer = function.run(**failed(first["SnapshotId"]))

    assert (answer["status"], answer["failed_snapshots"]) == ("OK", 0)
    assert of(account, volume) == there
    assert not inbox.read()

"""Somebody else deletes restore points: the next run of the deployed function mails it, and the one after is quiet."""

from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from tests.e2e.week import MONDAY, run_nights


def test_what_a_stranger_deleted_is_in_the_next_mail_and_not_in_the_one_after(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 6)
    _, *stolen, _ = account.snapshots(volume)
    for snapshot in stolen:
        account.ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    inbox.read()

    told, after = run_nights(account, function, 2, first=6)

    first, second = inbox.read()
    assert first.subject.startswith("[PROBLEM] 2 day restore points vanished")
    assert told["vanished"] == [{"volume": volume, "name": "web", "vanished": 2, "left": 2}]
    assert after["vanished"] == []
    assert "vanished" not in second.subject

"""What every mail promises, checked against the account: all failures are in it, one status, no dangerous command."""

import json
import re

from ebs_backup.names import TAG_RUN
from ebs_backup.report.text import WIDTH
from fake_aws import wire
from fake_aws.service import ReceivedCall
from tests.faults.clock import DAY
from tests.faults.function import Invocation
from tests.faults.oracle import is_selected, judged, ours
from tests.faults.world import World

SNAPSHOT_ID = re.compile(r"\bsnap-\w+")
LISTINGS = ("DescribeVolumes", "DescribeSnapshots")
GONE = {fault.code for fault in (*wire.CREATE_GONE, *wire.DELETE_GONE)}
KEPT = ("InvalidSnapshot.InUse", "OperationNotPermitted", "InvalidParameterValue")
BAD = ("PROBLEM", "FAILED")


def check_mail(world: World, invocation: Invocation) -> None:
    """Assert that a mail was sent, or tried, and that it is true."""
    for mail in invocation.mails:
        _check_lead(mail.subject, mail.body)
        assert "delete-snapshot" not in mail.body + mail.data, (
            "a mail prints a command that deletes snapshots"
        )
    if invocation.answer is None:
        _check_broken(invocation)
        return
    if "goes_on_in" in invocation.answer and not invocation.alone:
        return
    assert invocation.mails, "a run ended without a mail"
    if invocation.alone:
        _check_word(invocation)
    _check_failures(world, invocation)
    _check_volumes(world, invocation)


def _check_lead(subject: str, body: str) -> None:
    """Assert that the first lines fit a phone, and say what to do where something is wrong."""
    lines = body.partition("\n\n")[0].splitlines()
    assert len(lines) <= 5, f"the mail begins with a long paragraph: {lines}"
    assert all(len(line) <= WIDTH for line in lines), f"a first line is too long for a phone: {lines}"
    wrong = subject.startswith(tuple(f"[{word}]" for word in BAD))
    assert not wrong or lines[-1].startswith("To do: "), f"the first lines do not say what to do: {lines}"


def _check_broken(invocation: Invocation) -> None:
    faulty = {call.action for call in invocation.calls if call.code}
    broken = faulty & {*LISTINGS, "Invoke", "Publish"}
    assert broken, f"the run broke, though it could list, go on and mail: {invocation.raised!r}"
    tried = any(call.action == "Publish" for call in invocation.calls)
    assert tried, "a broken run did not try to mail"


def _check_word(invocation: Invocation) -> None:
    """Assert that subject, attribute, JSON and answer have the same status."""
    mail, word = invocation.mails[-1], invocation.told["status"]
    words = {mail.subject.partition("]")[0].removeprefix("["), mail.attributes["status"]}
    words |= {json.loads(mail.data)["status"]}
    assert words == {word}, f"the mail says {words}, the answer {word}"


def _check_failures(world: World, invocation: Invocation) -> None:
    """Assert that every failure in the answer is in a mail, and so is every failed snapshot that was deleted."""
    body = "\n".join(mail.body for mail in invocation.mails)
    for failure in invocation.told["failures"]:
        assert failure["resource"] in body, f"a failure is not in the mail: {failure}"
        plain = body.lower().replace(" ", "").replace("\n", "")
        assert failure["code"].lower() in plain, f"a failure's code is not in the mail: {failure}"
    for snapshot in world.account.snapshots.values():
        deleted = snapshot.deleted is not None and invocation.began < snapshot.deleted <= invocation.ended
        if deleted and not snapshot.by_person and snapshot.state(snapshot.deleted or 0) == "error":
            assert snapshot.id in body, f"a snapshot that failed is deleted and not told: {snapshot}"
            old_news = world.began - snapshot.started > world.settings.max_age(world.period) * DAY
            told_before = old_news and snapshot.volume_id not in world.account.volumes
            assert told_before or invocation.told["status"] in BAD, f"{snapshot.id} failed: no problem?"


def _check_volumes(world: World, invocation: Invocation) -> None:
    """Assert that every volume has its restore point or is in the mail, and that the mail counts no more than exist."""
    answer = invocation.told
    failed = {failure["resource"] for failure in answer["failures"]}
    told = failed | _told_gone(invocation)
    made = {
        snapshot.volume_id
        for snapshot in world.account.snapshots.values()
        if judged(world, snapshot)
        and snapshot.tags[TAG_RUN] == world.run
        and snapshot.exists(world.clock())
        and is_selected(world, snapshot)
    }
    without = {volume.id for volume in world.selected} - made
    assert without <= told | _failed_since(world, invocation), f"nobody is told of {without - told}"
    if without - _told_gone(invocation):
        assert answer["status"] in BAD, f"{without} have no restore point, and the word is {answer['status']}"
    if invocation.alone:
        claimed = answer["created"] + answer["already_made"]
        assert claimed <= len(made), f"{claimed} restore points are told, {len(made)} are there"
        _check_undeleted(world, invocation, told)


def _failed_since(world: World, invocation: Invocation) -> set[str]:
    """Return the volumes whose failed snapshots a mail names."""
    named = {id_ for mail in invocation.mails for id_ in SNAPSHOT_ID.findall(mail.body)}
    return {
        snapshot.volume_id
        for snapshot in world.account.snapshots.values()
        if snapshot.id in named and ours(world, snapshot) and snapshot.ends_as == "error"
    }


def _told_gone(invocation: Invocation) -> set[str]:
    """Return the volumes and snapshots that EC2 called gone, truly or not."""
    return {
        call.params.get("VolumeId") or call.params["SnapshotId"]
        for call in invocation.calls
        if call.code in GONE
    }


def _check_undeleted(world: World, invocation: Invocation, told: set[str]) -> None:
    """Assert that every snapshot that could not be deleted is in the mail.

    There are two exceptions, both in a run that went on. If an earlier invocation tried it and then deleted others up
    to the limit, the snapshot counts as deferred. If a long lag hid it from the last invocation, its volume is in the
    mail.
    """
    deferred = invocation.told["deferred"] if invocation.went_on else 0
    told = told | {id_ for mail in invocation.mails for id_ in SNAPSHOT_ID.findall(mail.body)}
    # Of the snapshots that AWS keeps in place, a mail names one for each holder.
    in_use = {call.params["SnapshotId"] for call in _deletes(invocation) if call.code in KEPT}
    for call in _deletes(invocation):
        if call.code:
            snapshot = world.account.snapshots[call.params["SnapshotId"]]
            is_there = snapshot.exists(world.clock())
            kept = snapshot.id in in_use and invocation.told["undeletable"] > 0
            is_told = snapshot.id in told or kept or (invocation.went_on and snapshot.volume_id in told)
            assert not is_there or deferred or is_told, f"nobody is told of {snapshot.id}"


def _deletes(invocation: Invocation) -> list[ReceivedCall]:
    return [call for call in invocation.calls if call.action == "DeleteSnapshot"]

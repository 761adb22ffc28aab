"""The policy to undelete: what `undelete` calls beside the policy to see, on what has a set's label alone."""

import pytest

from tests.cli.recycle_bin import recycle_bin
from tests.infra.documents import ACCOUNT
from tests.infra.operators import (
    OTHER,
    SEE,
    SNAPSHOT,
    UNDELETE,
    VOLUME,
    Calls,
    actions,
    asker,
    calls,
    request_keys,
    unnoticed,
    wrong,
)

__all__ = ["calls"]  # a fixture

OURS: dict[str, str | list[str]] = {"aws:ResourceTag/ebs-backup:set": "default"}
HELD = request_keys({"ebs-backup:hold": "true"})
RULE = f"arn:aws:rbin:eu-west-1:{ACCOUNT}:rule/abcdefghijk"
ask = asker(SEE, UNDELETE)
NEEDED = [
    ask("ec2:RestoreSnapshotFromRecycleBin", SNAPSHOT, OURS),
    ask("ec2:CreateTags", SNAPSHOT, OURS | HELD),
]
REFUSED = [
    ask("ec2:RestoreSnapshotFromRecycleBin", OTHER, {}),
    ask("ec2:RestoreSnapshotFromRecycleBin", SNAPSHOT.replace("eu-west-1", "us-east-2"), OURS),
    ask("ec2:CreateTags", OTHER, HELD),
    ask("ec2:CreateTags", VOLUME, OURS | HELD),
    ask("ec2:CreateTags", SNAPSHOT.replace("eu-west-1", "us-east-2"), OURS | HELD),
    ask("ec2:CreateTags", SNAPSHOT, OURS),
    ask("ec2:CreateTags", SNAPSHOT, OURS | request_keys({"ebs-backup:set": "other"})),
    ask("ec2:CreateTags", SNAPSHOT, OURS | request_keys({"ebs-backup:hold": "true", "Team": "blue"})),
    ask("ec2:DeleteTags", SNAPSHOT, OURS | {"aws:TagKeys": ["ebs-backup:hold"]}),
    ask("ec2:DeleteSnapshot", SNAPSHOT, OURS),
    ask("ec2:CreateVolume", SNAPSHOT, OURS),
    ask("rbin:DeleteRule", RULE, {}),
    ask("rbin:UpdateRule", RULE, {}),
]
# AWS gives the keys of tags to no other call on a snapshot that is there. `Null` asks whether there are any.
NEVER_ASKED = {
    "OnHold: ec2:* for ec2:CreateTags",
    "OnHold: aws:TagKeys asked only where it is given",
}


def test_it_is_what_undelete_calls_beside_the_policy_to_see(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with recycle_bin(monkeypatch, capsys) as binned:
        lost = binned.point()
        binned.account.lose(lost)

        done = binned.command("undelete", lost)

    assert done.status == 0, done.err
    assert calls.actions == actions(UNDELETE) | {"ec2:ListSnapshotsInRecycleBin", "ec2:DescribeSnapshots"}


def test_it_allows_what_is_needed_and_nothing_else() -> None:
    assert list(wrong(NEEDED, REFUSED)) == []
    assert actions(UNDELETE) == {question.action for question in NEEDED}


def test_no_part_of_it_is_idle_or_wider_than_it_must_be() -> None:
    assert unnoticed(UNDELETE, [SEE], NEEDED, REFUSED) <= NEVER_ASKED

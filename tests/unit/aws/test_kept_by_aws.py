"""What AWS keeps: who holds a snapshot, and how to free it."""

import pytest

from ebs_backup.aws.errors import (
    AwsError,
    Kind,
    advice,
    how_to_free,
    kept_by,
)
from tests.unit.aws.refusals import AWS_BACKUP, FAST_RESTORE, USED_BY_AMI, on_delete, refusal


@pytest.mark.parametrize(
    ("code", "message", "keeper", "words"),
    [
        ("InvalidSnapshot.InUse", USED_BY_AMI, "used by ami-0b4121a837723f502", "Deregister the AMI"),
        ("InvalidSnapshot.InUse", FAST_RESTORE, "enabled for fast restore", "disable-fast-snapshot-restores"),
        ("InvalidSnapshot.InUse", "It is used.", "in use", "does not say what uses it"),
        ("InvalidSnapshot.InUse", "in use by your family", "in use", "does not say what uses it"),
        ("InvalidParameterValue", AWS_BACKUP, "managed by AWS Backup", "recovery point"),
        ("OperationNotPermitted", "The snapshot snap-1 is locked.", "locked", "lock ends"),
        ("SnapshotLocked", "snap-1 is currently locked in compliance mode", "locked", "lock ends"),
        ("IncorrectState", "A snapshot lock is in effect", "locked", "lock ends"),
        ("SnapshotLocked", "It is in compliance mode", "locked", "lock ends"),
        ("InvalidParameterValue", "Snapshot snap-1 stays. It is locked until 2027.", "locked", "lock ends"),
        ("OperationNotPermitted", "You cannot delete a locked snapshot", "locked", "lock ends"),
        ("InvalidParameterValue", "It is in the Recycle Bin.", "held by the Recycle Bin", "nothing to do"),
    ],
)
def test_what_aws_keeps_is_said_with_what_holds_it_and_how_to_free_it(
    code: str, message: str, keeper: str, words: str
) -> None:
    error = on_delete(code, message)

    assert error.kind is Kind.KEPT
    assert kept_by(error) == keeper
    assert words in how_to_free(error)
    assert advice(error) == how_to_free(error)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidParameterValue", "The request met a deadlock"),
        ("InvalidParameterValue", "The snapshot is blocked"),
        ("OperationNotPermitted", "Your account is locked"),
        ("OperationNotPermitted", "The snapshot belongs to someone. Your account is locked"),
        ("OperationNotPermitted", "words"),
        ("UnauthorizedOperation", "The snapshot is locked"),
        ("InvalidParameterValue", "Your plan in AWS Backup managed nothing"),
        ("SomethingOf2030", AWS_BACKUP),
        ("InvalidParameterValue", "The words recycle and bin"),
    ],
)
def test_a_word_that_happens_to_be_there_keeps_no_snapshot(code: str, message: str) -> None:
    assert on_delete(code, message).kind is Kind.REJECTED


def test_a_create_that_is_refused_is_never_taken_for_a_snapshot_that_aws_keeps() -> None:
    assert refusal("InvalidParameterValue", AWS_BACKUP).kind is Kind.REJECTED
    assert refusal("InvalidSnapshot.InUse", USED_BY_AMI).kind is Kind.REJECTED


def test_what_keeps_a_snapshot_for_an_unknown_reason_is_still_said_in_words() -> None:
    error = AwsError(kind=Kind.KEPT, code="SomethingOf2030", message="no")

    assert kept_by(error) == "in use"
    assert "does not say what uses it" in advice(error)

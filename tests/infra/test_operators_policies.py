"""The policies to see and to restore: enough for each command, by the calls that it makes, and nothing more."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.backups import Backups, backups
from tests.cli.conftest import Command, command, wednesday
from tests.cli.recycle_bin import recycle_bin
from tests.cli.test_doctor import answers, well
from tests.infra.documents import ACCOUNT
from tests.infra.operators import (
    FUNCTION,
    OPERATOR,
    OTHER,
    RESTORE,
    SEE,
    SNAPSHOT,
    VOLUME,
    Calls,
    actions,
    asker,
    calls,
    request_keys,
    unnoticed,
    wrong,
)
from tests.infra.simulator import allowed
from tests.infra.test_printed_policies import printed

__all__ = ["answers", "backups", "calls", "command", "wednesday", "well"]  # fixtures

KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-0000-0000-00000000000a"
STACK = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/ebs-backup-default/1"
# What EC2 and EBS do with a key in the operator's name: they make no calls that could be recorded.
OF_THE_KEYS = {
    *("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"),
    *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
}
ask = asker(SEE, RESTORE)


def test_the_policy_to_see_is_what_the_commands_that_change_nothing_call(
    well: Command,
    calls: Calls,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = [
        well("list"),
        well("plan", "day"),
        well("simulate", "--days", "10"),
        well("page", str(tmp_path / "page.html")),
        well("doctor"),
        well("list", "--set", "nowhere"),
    ]

    with recycle_bin(monkeypatch, capsys) as binned:
        done.append(binned.command("bin"))

    assert [one.status for one in done] == [0, 0, 0, 0, 0, 2, 0]
    assert calls.actions == actions(SEE)


def test_the_policy_to_restore_is_what_restore_verify_hold_and_unhold_call_beside_it(
    backups: Backups, calls: Calls
) -> None:
    run = backups.command
    volume = backups.make("web")
    snapshot = backups.run()[volume]
    backups.write(snapshot, {0: b"zero"})
    calls.every.clear()

    done = [
        run("restore", "web", "--yes"),
        run("verify", "--yes"),
        run("hold", snapshot),
        run("unhold", snapshot),
    ]

    assert [one.status for one in done] == [0, 0, 0, 0]
    see = {
        "ec2:DescribeVolumes",
        "ec2:DescribeSnapshots",
        "ec2:DescribeTags",
        "lambda:GetFunctionConfiguration",
    }
    assert calls.actions == (actions(RESTORE) - OF_THE_KEYS) | see


OURS: dict[str, str | list[str]] = {"aws:ResourceTag/ebs-backup:set": "default"}
RESTORED = {"Name": "web (restored)", "Backup": "true", "ebs-backup:restored-from": "snap-1"}
LOOK = {"Name": "ebs-backup verify default snap-1: temporary", "ebs-backup:verify": "snap-1"}
ELSEWHERE = {"aws:RequestedRegion": "us-east-2"}
VIA = {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}
NEEDED = [
    ask("ec2:DescribeAvailabilityZones", "*", {}),
    ask("ec2:DescribeSnapshots", "*", {}),
    ask("ec2:DescribeVolumes", "*", {}),
    ask("ec2:DescribeTags", "*", {}),
    ask("ec2:ListSnapshotsInRecycleBin", "*", {}),
    ask("lambda:GetFunctionConfiguration", FUNCTION, {}),
    ask("lambda:ListFunctions", "*", {}),
    ask("cloudformation:DescribeStackResources", STACK, {}),
    ask("cloudformation:DescribeStacks", STACK, {}),
    ask("events:DescribeRule", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/ebs-backup-default-Day", {}),
    ask("sqs:GetQueueAttributes", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:ebs-backup-default-Failed", {}),
    ask("sns:ListSubscriptionsByTopic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ebs-backup-default-Topic", {}),
    ask("sns:GetSubscriptionAttributes", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ebs-backup-default-Topic", {}),
    ask("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:one", {}),
    ask("cloudwatch:GetMetricStatistics", "*", {}),
    ask("servicequotas:GetServiceQuota", f"arn:aws:servicequotas:eu-west-1:{ACCOUNT}:ebs/L-309BACF6", {}),
    ask("iam:SimulatePrincipalPolicy", f"arn:aws:iam::{ACCOUNT}:role/ebs-backup-default-Role", {}),
    ask("ec2:CreateVolume", SNAPSHOT, OURS),
    ask("ec2:CreateVolume", VOLUME, request_keys(RESTORED)),
    ask("ec2:CreateTags", VOLUME, request_keys(RESTORED, "CreateVolume")),
    ask("ec2:CreateVolume", VOLUME, request_keys(LOOK)),
    ask("ec2:DeleteVolume", VOLUME, {"aws:ResourceTag/ebs-backup:verify": "snap-1"}),
    ask("ebs:ListSnapshotBlocks", SNAPSHOT, OURS),
    ask("ebs:GetSnapshotBlock", SNAPSHOT, OURS),
    ask("ec2:CreateTags", SNAPSHOT, OURS | request_keys({"ebs-backup:hold": "true"})),
    ask("ec2:DeleteTags", SNAPSHOT, OURS | {"aws:TagKeys": ["ebs-backup:hold"]}),
    *(ask(action, KEY, VIA) for action in sorted(OF_THE_KEYS)),
    ask("kms:Decrypt", KEY, {"kms:ViaService": "ebs.eu-west-1.amazonaws.com"}),
]
REFUSED = [
    ask("ec2:DescribeVolumes", "*", {"aws:RequestedRegion": "us-east-2"}),
    ask("lambda:GetFunctionConfiguration", FUNCTION.replace("ebs-backup-", "other-"), {}),
    ask("lambda:InvokeFunction", FUNCTION, {}),
    ask("iam:SimulatePrincipalPolicy", f"arn:aws:iam::{ACCOUNT}:role/Administrator", {}),
    ask("cloudformation:DescribeStacks", STACK.replace("ebs-backup-default", "other"), {}),
    ask("sns:ListSubscriptionsByTopic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:other", {}),
    ask("sns:GetSubscriptionAttributes", f"arn:aws:sns:eu-west-1:{ACCOUNT}:other", {}),
    ask("sns:Unsubscribe", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ebs-backup-default-Topic", {}),
    ask("sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:ebs-backup-default-Failed", {}),
    ask("ec2:CreateVolume", OTHER, {}),  # of a snapshot that is no backup
    ask("ec2:CreateVolume", VOLUME, {}),  # a volume that says nothing
    ask("ec2:CreateVolume", VOLUME, request_keys({"Name": "web"})),
    ask("ec2:CreateVolume", VOLUME, request_keys({"ebs-backup:restored-from": "mine"})),
    ask("ec2:CreateTags", VOLUME, request_keys({"Backup": "false"})),
    ask("ec2:CreateTags", VOLUME, request_keys({"ebs-backup:verify": "snap-1"})),  # then it could be deleted
    ask("ec2:DeleteTags", VOLUME, {"aws:TagKeys": ["Backup"]}),
    ask("ec2:DeleteVolume", VOLUME, {}),
    ask("ec2:DeleteVolume", VOLUME, {"aws:ResourceTag/ebs-backup:restored-from": "snap-1"}),
    ask("ec2:AttachVolume", VOLUME, {}),
    ask("ec2:DetachVolume", VOLUME, {}),
    ask("ec2:DeleteSnapshot", SNAPSHOT, OURS),
    ask("ec2:RestoreSnapshotFromRecycleBin", SNAPSHOT, OURS),
    ask("ec2:ModifySnapshotAttribute", SNAPSHOT, OURS),
    ask("ebs:GetSnapshotBlock", OTHER, {}),
    ask("ebs:PutSnapshotBlock", SNAPSHOT, OURS),
    ask("ec2:CreateTags", OTHER, request_keys({"ebs-backup:hold": "true"})),
    ask("ec2:CreateTags", SNAPSHOT, OURS | request_keys({"ebs-backup:set": "other"})),
    ask("ec2:CreateTags", SNAPSHOT, OURS | request_keys({"ebs-backup:hold": "true", "Team": "blue"})),
    ask("ec2:DeleteTags", SNAPSHOT, OURS | {"aws:TagKeys": ["ebs-backup:set"]}),
    ask("ec2:DeleteTags", SNAPSHOT, OURS),  # every tag at once
    ask("kms:Decrypt", KEY, {}),
    ask("kms:Decrypt", KEY, {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
    ask("kms:ScheduleKeyDeletion", KEY, VIA),
    # More than looking at what it may look at.
    ask("cloudformation:DeleteStack", STACK, {}),
    ask("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:one", {}),
    ask("cloudwatch:DeleteDashboards", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/one", {}),
    ask("events:DisableRule", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/ebs-backup-default-Day", {}),
    ask("iam:DeleteRole", f"arn:aws:iam::{ACCOUNT}:role/ebs-backup-default-Role", {}),
    ask(
        "servicequotas:RequestServiceQuotaIncrease", f"arn:aws:servicequotas:eu-west-1:{ACCOUNT}:ebs/L-1", {}
    ),
    ask("sns:Publish", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ebs-backup-default-Topic", {}),
    # More than reading, restoring and holding what it may.
    ask("ec2:AttachVolume", VOLUME, {"aws:ResourceTag/ebs-backup:verify": "snap-1"}),
    ask("ec2:CreateTags", VOLUME, request_keys(RESTORED)),
    ask("ec2:CreateTags", VOLUME, OURS | request_keys({"ebs-backup:hold": "true"})),
    # What it may do here, but elsewhere.
    *(
        ask(action, "*", ELSEWHERE)
        for action in (
            *("cloudwatch:GetMetricStatistics", "ec2:DescribeAvailabilityZones", "lambda:ListFunctions"),
        )
    ),
    *(
        ask(
            question.action,
            question.resource.replace("eu-west-1", "us-east-2"),
            dict(question.context) | ELSEWHERE,
        )
        for question in NEEDED
        if "eu-west-1" in question.resource
    ),
]
# Parts that could be different without a difference in AWS's answers.
NEVER_ASKED = {
    # AWS gives the region with every call.
    *(
        f"{sid}: aws:RequestedRegion asked only where it is given"
        for sid in ("ChooseAZone", "ListVolumesAndSnapshots", "LookAtRunsAndQuota", "NameTheSets")
    ),
    # AWS gives `ec2:CreateAction` to no other action (test_service_reference), and the keys of tags to no other call on
    # a snapshot that is there.
    "TagIt: ec2:* for ec2:CreateTags",
    "HoldABackup: ec2:* for ec2:CreateTags",
    "HoldABackup: ec2:* for ec2:DeleteTags",
    # `Null` asks whether there are any keys of tags.
    "HoldABackup: aws:TagKeys asked only where it is given",
}


def test_they_allow_what_is_needed_and_nothing_else() -> None:
    assert list(wrong(NEEDED, REFUSED)) == []


@pytest.mark.parametrize(("policy", "other"), [(SEE, RESTORE), (RESTORE, SEE)], ids=["see", "restore"])
def test_no_part_of_them_is_idle_or_wider_than_it_must_be(policy: str, other: str) -> None:
    assert unnoticed(policy, [other], NEEDED, REFUSED) <= NEVER_ASKED


def test_who_may_only_see_changes_nothing() -> None:
    let_through = allowed([replace(question, identity=[json.loads(SEE)]) for question in NEEDED])

    seen = {question.action for question, passed in zip(NEEDED, let_through, strict=True) if passed}
    assert seen == actions(SEE)


def test_under_the_service_control_policy_only_holds_need_an_exception() -> None:
    controls = [printed("security.md")]
    who = {"aws:PrincipalArn": OPERATOR}

    let_through = allowed(
        [replace(question, controls=controls, context={**question.context, **who}) for question in NEEDED]
    )

    stopped = [
        (question.action, question.resource)
        for question, passed in zip(NEEDED, let_through, strict=True)
        if not passed
    ]
    assert stopped == [("ec2:CreateTags", SNAPSHOT), ("ec2:DeleteTags", SNAPSHOT)]

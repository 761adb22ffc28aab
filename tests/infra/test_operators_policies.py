"""The policies for operators: enough for each command, by the calls that it makes, and nothing more."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.cli.backups import Backups
from tests.cli.conftest import Command, command, wednesday  # noqa: F401 - fixtures
from tests.cli.test_doctor import answers, well  # noqa: F401 - fixtures
from tests.infra.conftest import ROOT
from tests.infra.documents import ACCOUNT
from tests.infra.questions import KEY_POLICY
from tests.infra.simulator import Question, allowed
from tests.infra.test_printed_policies import blocks, printed

SEE, RESTORE, RUN, ADOPT = (
    json.dumps(block) for block in blocks((ROOT / "docs/permissions.md").read_text(encoding="utf-8"))
)
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/Operator"
SNAPSHOT, OTHER = (f"arn:aws:ec2:eu-west-1::snapshot/snap-{name}" for name in ("1", "2"))
VOLUME = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-1"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-0000-0000-00000000000a"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:ebs-backup-default"
STACK = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/ebs-backup-default/1"
HERE = {"aws:RequestedRegion": "eu-west-1"}
NO_PERMISSION_NEEDED = {"sts:GetCallerIdentity"}
NAMES = {"monitoring": "cloudwatch"}  # where IAM's name of a service is not that of its signatures
CHECKED_WITH = {"ec2:CreateVolume": {"ec2:CreateTags"}}  # for the tags that the call sets
# What EC2 and EBS do with a key in the operator's name: they make no calls that could be recorded.
OF_THE_KEYS = {
    *("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"),
    *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
}


def actions(*policies: str) -> set[str]:
    """Return what policies allow."""
    statements = [statement for policy in policies for statement in json.loads(policy)["Statement"]]
    found: set[str] = set()
    for statement in statements:
        found |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
    return found


@pytest.fixture
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the actions that are called from now on, whoever answers them."""
    if "well" in request.fixturenames:
        request.getfixturevalue("well")
    made: set[str] = set()
    original = BaseClient._make_api_call  # type: ignore[attr-defined] # not in the stubs

    def call(client: Any, operation: str, params: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any call of any service
        service = client.meta.service_model.signing_name
        name = f"{NAMES.get(service, service)}:{operation}"
        made.add(name)
        made.update(CHECKED_WITH.get(name, ()))
        return original(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return made


@pytest.fixture
def backups(command: Command) -> Backups:  # noqa: F811 - the fixture
    command.deploy()
    return Backups(command)


def test_the_policy_to_see_is_what_the_commands_that_change_nothing_call(
    well: Command,  # noqa: F811 - the fixture
    calls: set[str],
    tmp_path: Path,
) -> None:
    done = [
        well("list"),
        well("plan", "day"),
        well("simulate", "--days", "10"),
        well("page", str(tmp_path / "page.html")),
        well("doctor"),
        well("list", "--set", "nowhere"),
    ]

    assert [one.status for one in done] == [0, 0, 0, 0, 0, 2]
    assert calls - NO_PERMISSION_NEEDED == actions(SEE)


def test_the_policy_to_restore_is_what_restore_verify_hold_and_unhold_call_beside_it(
    backups: Backups, calls: set[str]
) -> None:
    run = backups.command
    volume = backups.make("web")
    snapshot = backups.run()[volume]
    backups.write(snapshot, {0: b"zero"})
    calls.clear()

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
    assert calls - NO_PERMISSION_NEEDED == (actions(RESTORE) - OF_THE_KEYS) | see


def request(tags: Mapping[str, str], during: str = "") -> dict[str, str | list[str]]:
    """Return the keys of a call that sets tags."""
    found: dict[str, str | list[str]] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return found | {"aws:TagKeys": list(tags)} | ({"ec2:CreateAction": during} if during else {})


def with_keys(action: str, resource: str, keys: Mapping[str, str | list[str]]) -> Question:
    """Ask with both policies."""
    return Question(
        principal=OPERATOR,
        action=action,
        resource=resource,
        context={**HERE, **keys},
        identity=[json.loads(SEE), json.loads(RESTORE)],
        own=KEY_POLICY if action.startswith("kms:") else None,
    )


OURS = {"aws:ResourceTag/ebs-backup:set": "default"}
RESTORED = {"Name": "web (restored)", "Backup": "true", "ebs-backup:restored-from": "snap-1"}
LOOK = {"Name": "ebs-backup verify default snap-1: temporary", "ebs-backup:verify": "snap-1"}
VIA = {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}
NEEDED = [
    with_keys("ec2:DescribeAvailabilityZones", "*", {}),
    with_keys("ec2:DescribeSnapshots", "*", {}),
    with_keys("ec2:DescribeVolumes", "*", {}),
    with_keys("ec2:DescribeTags", "*", {}),
    with_keys("lambda:GetFunctionConfiguration", FUNCTION, {}),
    with_keys("lambda:ListFunctions", "*", {}),
    with_keys("cloudformation:DescribeStackResources", STACK, {}),
    with_keys("cloudformation:DescribeStacks", STACK, {}),
    with_keys("events:DescribeRule", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/ebs-backup-default-Day", {}),
    with_keys("sqs:GetQueueAttributes", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:ebs-backup-default-Failed", {}),
    with_keys(
        "sns:ListSubscriptionsByTopic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ebs-backup-default-Topic", {}
    ),
    with_keys(
        "sns:GetSubscriptionAttributes", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ebs-backup-default-Topic", {}
    ),
    with_keys("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:one", {}),
    with_keys("cloudwatch:GetMetricStatistics", "*", {}),
    with_keys(
        "servicequotas:GetServiceQuota", f"arn:aws:servicequotas:eu-west-1:{ACCOUNT}:ebs/L-309BACF6", {}
    ),
    with_keys("iam:SimulatePrincipalPolicy", f"arn:aws:iam::{ACCOUNT}:role/ebs-backup-default-Role", {}),
    with_keys("ec2:CreateVolume", SNAPSHOT, OURS),
    with_keys("ec2:CreateVolume", VOLUME, request(RESTORED)),
    with_keys("ec2:CreateTags", VOLUME, request(RESTORED, "CreateVolume")),
    with_keys("ec2:CreateVolume", VOLUME, request(LOOK)),
    with_keys("ec2:DeleteVolume", VOLUME, {"aws:ResourceTag/ebs-backup:verify": "snap-1"}),
    with_keys("ebs:ListSnapshotBlocks", SNAPSHOT, OURS),
    with_keys("ebs:GetSnapshotBlock", SNAPSHOT, OURS),
    with_keys("ec2:CreateTags", SNAPSHOT, OURS | request({"ebs-backup:hold": "true"})),
    with_keys("ec2:DeleteTags", SNAPSHOT, OURS | {"aws:TagKeys": ["ebs-backup:hold"]}),
    *(with_keys(action, KEY, VIA) for action in sorted(OF_THE_KEYS)),
    with_keys("kms:Decrypt", KEY, {"kms:ViaService": "ebs.eu-west-1.amazonaws.com"}),
]
REFUSED = [
    with_keys("ec2:DescribeVolumes", "*", {"aws:RequestedRegion": "us-east-2"}),
    with_keys("lambda:GetFunctionConfiguration", FUNCTION.replace("ebs-backup-", "other-"), {}),
    with_keys("lambda:InvokeFunction", FUNCTION, {}),
    with_keys("iam:SimulatePrincipalPolicy", f"arn:aws:iam::{ACCOUNT}:role/Administrator", {}),
    with_keys("cloudformation:DescribeStacks", STACK.replace("ebs-backup-default", "other"), {}),
    with_keys("sns:ListSubscriptionsByTopic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:other", {}),
    with_keys("sns:GetSubscriptionAttributes", f"arn:aws:sns:eu-west-1:{ACCOUNT}:other", {}),
    with_keys("sns:Unsubscribe", f"arn:aws:sns:eu-west-1:{ACCOUNT}:ebs-backup-default-Topic", {}),
    with_keys("sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:ebs-backup-default-Failed", {}),
    with_keys("ec2:CreateVolume", OTHER, {}),  # of a snapshot that is no backup
    with_keys("ec2:CreateVolume", VOLUME, {}),  # a volume that says nothing
    with_keys("ec2:CreateVolume", VOLUME, request({"Name": "web"})),
    with_keys("ec2:CreateVolume", VOLUME, request({"ebs-backup:restored-from": "mine"})),
    with_keys("ec2:CreateTags", VOLUME, request({"Backup": "false"})),
    with_keys("ec2:CreateTags", VOLUME, request({"ebs-backup:verify": "snap-1"})),  # then it could be deleted
    with_keys("ec2:DeleteTags", VOLUME, {"aws:TagKeys": ["Backup"]}),
    with_keys("ec2:DeleteVolume", VOLUME, {}),
    with_keys("ec2:DeleteVolume", VOLUME, {"aws:ResourceTag/ebs-backup:restored-from": "snap-1"}),
    with_keys("ec2:AttachVolume", VOLUME, {}),
    with_keys("ec2:DetachVolume", VOLUME, {}),
    with_keys("ec2:DeleteSnapshot", SNAPSHOT, OURS),
    with_keys("ec2:ModifySnapshotAttribute", SNAPSHOT, OURS),
    with_keys("ebs:GetSnapshotBlock", OTHER, {}),
    with_keys("ebs:PutSnapshotBlock", SNAPSHOT, OURS),
    with_keys("ec2:CreateTags", OTHER, request({"ebs-backup:hold": "true"})),
    with_keys("ec2:CreateTags", SNAPSHOT, OURS | request({"ebs-backup:set": "other"})),
    with_keys("ec2:CreateTags", SNAPSHOT, OURS | request({"ebs-backup:hold": "true", "Team": "blue"})),
    with_keys("ec2:DeleteTags", SNAPSHOT, OURS | {"aws:TagKeys": ["ebs-backup:set"]}),
    with_keys("ec2:DeleteTags", SNAPSHOT, OURS),  # every tag at once
    with_keys("kms:Decrypt", KEY, {}),
    with_keys("kms:Decrypt", KEY, {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
    with_keys("kms:ScheduleKeyDeletion", KEY, VIA),
]


def test_they_allow_what_is_needed_and_nothing_else() -> None:
    let_through = allowed([*NEEDED, *REFUSED])

    wrong = [
        (question.action, question.resource, dict(question.context))
        for question, passed in zip([*NEEDED, *REFUSED], let_through, strict=True)
        if passed != (question in NEEDED)
    ]
    assert wrong == []


SIDS = [
    (policy, statement["Sid"]) for policy in (SEE, RESTORE) for statement in json.loads(policy)["Statement"]
]


@pytest.mark.parametrize(("policy", "sid"), SIDS, ids=[sid for _, sid in SIDS])
def test_no_statement_is_idle(policy: str, sid: str) -> None:
    document = json.loads(policy)
    rest = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    others = [json.loads(other) for other in (SEE, RESTORE) if other != policy]

    let_through = allowed(
        [replace(question, identity=[{**document, "Statement": rest}, *others]) for question in NEEDED]
    )

    assert not all(let_through)


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


def test_the_policy_to_run_starts_this_function_reads_its_log_and_no_more() -> None:
    identity = [json.loads(SEE), json.loads(RUN)]
    log = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/ebs-backup-default"
    asked = [
        with_keys("lambda:InvokeFunction", FUNCTION, {}),
        with_keys("logs:FilterLogEvents", log, {}),
        with_keys("lambda:InvokeFunction", FUNCTION.replace("ebs-backup-", "other-"), {}),
        with_keys("logs:FilterLogEvents", log.replace("ebs-backup-", "other-"), {}),
        with_keys("lambda:UpdateFunctionCode", FUNCTION, {}),
        with_keys("logs:DeleteLogGroup", log, {}),
        with_keys("ec2:CreateSnapshot", VOLUME, {}),
    ]

    let_through = allowed([replace(question, identity=identity) for question in asked])

    assert let_through == [True, True, *[False] * 5]
    assert actions(RUN) == {"lambda:InvokeFunction", "logs:FilterLogEvents"}

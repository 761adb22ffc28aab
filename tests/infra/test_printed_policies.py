"""Every policy that the docs print, tried with an evaluator not of our own: it stops what it should, and no more."""

import json
import re
from typing import Any

import pytest

from tests.infra.conftest import ROOT
from tests.infra.documents import ACCOUNT
from tests.infra.simulator import Question, allowed

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> list[Any]:
    """List the JSON that a page prints."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def policies(page: str) -> list[dict[str, Any]]:
    """List the policies that a page prints; a list of statements is one too."""
    documents = blocks((ROOT / "docs" / page).read_text(encoding="utf-8"))
    return [
        {"Version": "2012-10-17", "Statement": document} if isinstance(document, list) else document
        for document in documents
        if "Effect" in str(document)
    ]


def printed(page: str) -> dict[str, Any]:
    """Return the one policy that a page prints."""
    (document,) = policies(page)
    return document


def test_these_are_all_the_policies_that_are_printed() -> None:
    pages = [
        page.name
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if "Effect" in str(block)
    ]

    assert pages == [
        "deploy-from-github.md",
        "deploy-from-github.md",
        "operating.md",
        "operating.md",
        *(6 * ["permissions.md"]),
        "security.md",
    ]


# The service control policy.
VOLUME = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-1"
SNAPSHOT = "arn:aws:ec2:eu-west-1::snapshot/snap-1"
ROLES = {
    "developer": "role/Developer",
    "administrator": "role/Administrator",
    "function": "role/ebs-backup-default-Role1ABC-0XYZ",
    "AWS Backup": "role/service-role/AWSBackupDefaultServiceRole",
    "DLM": "role/AWSDataLifecycleManagerDefaultRole",
    "DLM, by the console": "role/service-role/AWSDataLifecycleManagerDefaultRole",
    "DLM, images": "role/AWSDataLifecycleManagerDefaultRoleForAMIManagement",
    "impostor": "role/Developer-ebs-backup-default",
}
SET, DELETE, CREATE = "ec2:CreateTags", "ec2:DeleteTags", "ec2:CreateSnapshot"


def asked(who: str, action: str, resource: str, keys: list[str], during: str = "") -> Question:
    """Ask for tags as EC2 does: with no `aws:TagKeys` where the call names no tag."""
    arn = f"arn:aws:iam::{ACCOUNT}:{ROLES[who]}"
    context: dict[str, str | list[str]] = {"aws:PrincipalArn": arn}
    context |= {"aws:TagKeys": keys} if keys else {}
    context |= {f"aws:RequestTag/{key}": "value" for key in keys if action != DELETE}
    context |= {"ec2:CreateAction": during} if during else {}
    return Question(
        principal=arn, action=action, resource=resource, context=context, controls=[printed("security.md")]
    )


DENIED = [
    asked("developer", SET, VOLUME, ["Backup"]),
    asked("developer", DELETE, VOLUME, ["Backup"]),
    asked("developer", DELETE, VOLUME, ["Team", "Backup"]),
    asked("developer", SET, VOLUME, ["ebs-backup:skip"]),
    asked("developer", SET, VOLUME, ["ebs-backup:keep-day"]),
    asked("developer", DELETE, VOLUME, []),
    asked("developer", SET, SNAPSHOT, ["ebs-backup:set"]),
    asked("developer", SET, SNAPSHOT, ["ebs-backup:set"], during="CreateSnapshot"),
    asked("developer", SET, SNAPSHOT, ["ebs-backup:set"], during="CopySnapshot"),
    asked("developer", DELETE, SNAPSHOT, ["ebs-backup:hold"]),
    asked("developer", DELETE, SNAPSHOT, []),
    asked("impostor", DELETE, VOLUME, ["Backup"]),
    asked("impostor", DELETE, SNAPSHOT, []),
]
LEFT_ALONE = [
    # What a developer does all day.
    asked("developer", SET, VOLUME, ["Team"]),
    asked("developer", DELETE, VOLUME, ["Team"]),
    asked("developer", DELETE, SNAPSHOT, ["Name"]),
    asked("developer", SET, VOLUME, ["Backup", "Name"], during="RunInstances"),
    asked("developer", SET, VOLUME, ["Backup"], during="CreateVolume"),
    asked("developer", SET, SNAPSHOT, ["Backup"], during="CreateSnapshot"),
    asked("developer", CREATE, VOLUME, []),
    asked("developer", DELETE, f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1", []),
    # The backups themselves, of all three tools: tags that are copied from the volume, in the create call and after.
    *(
        asked(who, SET, SNAPSHOT, ["Backup", "ebs-backup:keep-day"], during=during)
        for who in ROLES
        if who not in ("developer", "impostor")
        for during in ("CreateSnapshot", "")
    ),
    asked("administrator", DELETE, VOLUME, ["Backup"]),
    asked("administrator", DELETE, VOLUME, []),
]


def test_the_service_control_policy_stops_what_ends_backups_and_nothing_else() -> None:
    answers = allowed([*DENIED, *LEFT_ALONE])

    wrong = [
        question
        for question, passed in zip([*DENIED, *LEFT_ALONE], answers, strict=True)
        if passed != (question in LEFT_ALONE)
    ]
    assert wrong == []


@pytest.mark.parametrize("sid", ["WhatIsBackedUp", "WhoseSnapshotItIs", "AllTagsAtOnce"])
def test_no_statement_of_it_is_idle(sid: str) -> None:
    document = printed("security.md")
    rest = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    assert len(rest) == len(document["Statement"]) - 1

    answers = allowed(
        [
            Question(
                principal=question.principal,
                action=question.action,
                resource=question.resource,
                context=question.context,
                controls=[{**document, "Statement": rest}],
            )
            for question in DENIED
        ]
    )

    assert any(answers)


# The key's own policy, and a topic's: AWS's services ask.
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-0000-0000-00000000000a"
LOG = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/ebs-backup"


def key_use(service: str, action: str, **context: str) -> Question:
    """Ask for the key; the evaluator knows no name of an encryption context, so another key with an ARN stands in."""
    own = json.loads(
        json.dumps(policies("operating.md")[1]).replace("kms:EncryptionContext:aws:logs:arn", "aws:SourceArn")
    )
    return Question(
        principal=service,
        action=action,
        resource=KEY,
        context=context,
        own=own,
        identity=[],
    )


def test_the_printed_key_policy_lets_alarms_events_and_the_log_use_the_key_for_this_account() -> None:
    here, there = {"aws:SourceAccount": ACCOUNT}, {"aws:SourceAccount": "444455556666"}
    log, foreign = ({"aws:SourceArn": arn} for arn in (LOG, LOG.replace(ACCOUNT, "444455556666")))
    logs = "logs.eu-west-1.amazonaws.com"
    every = [
        (key_use("cloudwatch.amazonaws.com", "kms:GenerateDataKey", **here), True),
        (key_use("cloudwatch.amazonaws.com", "kms:Decrypt", **here), True),
        (key_use("events.amazonaws.com", "kms:GenerateDataKey", **here), True),
        (key_use("events.amazonaws.com", "kms:Decrypt", **there), False),
        (key_use("s3.amazonaws.com", "kms:Decrypt", **here), False),
        (key_use(logs, "kms:GenerateDataKey", **log), True),
        (key_use(logs, "kms:Encrypt", **log), True),
        (key_use(logs, "kms:Decrypt", **foreign), False),
    ]

    assert allowed([question for question, _ in every]) == [right for _, right in every]


def test_the_printed_policy_of_a_topic_lets_the_alarms_of_this_account_publish_and_nobody_else() -> None:
    own, _ = policies("operating.md")
    topic = f"arn:aws:sns:eu-west-1:{ACCOUNT}:pager"
    every = [
        ("cloudwatch.amazonaws.com", "sns:Publish", ACCOUNT, True),
        ("cloudwatch.amazonaws.com", "sns:Publish", "444455556666", False),
        ("cloudwatch.amazonaws.com", "sns:Subscribe", ACCOUNT, False),
        ("events.amazonaws.com", "sns:Publish", ACCOUNT, False),
    ]

    answers = allowed(
        [
            Question(
                principal=service,
                action=action,
                resource=topic,
                context={"aws:SourceAccount": account},
                own=own,
                identity=[],
            )
            for service, action, account, _ in every
        ]
    )

    assert answers == [right for *_, right in every]


# The role that deploys from GitHub. The evaluator knows Google's name of the two keys that GitHub's tokens have, too.
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
REPOSITORY = "repo:OWNER@OWNER_ID/REPOSITORY@REPOSITORY_ID"


@pytest.mark.parametrize(
    ("subject", "audience", "right"),
    [
        (f"{REPOSITORY}:environment:production", "sts.amazonaws.com", True),
        (f"{REPOSITORY}:environment:production", "https://github.com/OWNER", False),
        (f"{REPOSITORY}:environment:test", "sts.amazonaws.com", False),
        (f"{REPOSITORY}:ref:refs/heads/main", "sts.amazonaws.com", False),
        (f"{REPOSITORY}:pull_request", "sts.amazonaws.com", False),
        ("repo:OTHER@1/REPOSITORY@2:environment:production", "sts.amazonaws.com", False),
    ],
)
def test_the_printed_trust_lets_in_one_environment_of_one_repository(
    subject: str, audience: str, *, right: bool
) -> None:
    trust, _ = blocks((ROOT / "docs" / "deploy-from-github.md").read_text(encoding="utf-8"))
    own = json.loads(
        json.dumps(trust).replace("token.actions.githubusercontent.com:", "accounts.google.com:")
    )
    question = Question(
        principal=GITHUB,
        action="sts:AssumeRoleWithWebIdentity",
        resource=f"arn:aws:iam::{ACCOUNT}:role/deploy-from-github",
        context={"accounts.google.com:sub": subject, "accounts.google.com:aud": audience},
        own=own,
        identity=[],
    )

    assert allowed([question]) == [right]


def test_the_printed_role_that_deploys_takes_on_the_roles_of_the_bootstrap_and_does_nothing_itself() -> None:
    _, permissions = blocks((ROOT / "docs" / "deploy-from-github.md").read_text(encoding="utf-8"))
    role = f"arn:aws:iam::{ACCOUNT}:role"
    every = [
        ("sts:AssumeRole", f"{role}/cdk-hnb659fds-deploy-role-{ACCOUNT}-eu-west-1", True),
        ("sts:AssumeRole", f"{role}/Administrator", False),
        ("sts:AssumeRole", "arn:aws:iam::444455556666:role/cdk-hnb659fds-deploy-role", False),
        ("ec2:DeleteSnapshot", SNAPSHOT, False),
    ]

    answers = allowed(
        [
            Question(
                principal=f"{role}/deploy-from-github",
                action=action,
                resource=resource,
                identity=[permissions],
            )
            for action, resource, _ in every
        ]
    )

    assert answers == [right for _, _, right in every]

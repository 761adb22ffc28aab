"""The role, tried with a second evaluator, which we did not write: what it allows and denies, check by check."""

import pytest

from tests.infra import documents, wire
from tests.infra.calls import NEEDED, NEEDED_BY_LAMBDA, NEEDED_WITH_A_KEY, call, labels
from tests.infra.conftest import synthesize
from tests.infra.documents import ACCOUNT, Policy
from tests.infra.forbidden import REFUSED, REFUSED_THROUGH_A_SERVICE
from tests.infra.mutants import mutants
from tests.infra.questions import ROLE, of_call, request_tags
from tests.infra.simulator import Question, allowed
from tests.infra.test_least_privilege import READ_FROM_THE_TEMPLATE

MUST = (*NEEDED, *NEEDED_BY_LAMBDA, *NEEDED_WITH_A_KEY)
EVERY = (*MUST, *REFUSED, *REFUSED_THROUGH_A_SERVICE)
SNAPSHOT = "arn:aws:ec2:eu-west-1::snapshot/snap-1"


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Return the role's policy with every statement that any setting adds."""
    return documents.of_role(synthesize(alert_email="you@example.com", kms_key_arn=wire.KEY))


def passed(policies: dict[str, Policy]) -> dict[str, set[str]]:
    """Return for each policy the names of the calls that it lets through; the first one names the resources."""
    names = wire.ids(next(iter(policies.values())))
    questions = [
        (name, call.what, question)
        for name, policy in policies.items()
        for call in EVERY
        for question in of_call(call, policy, names)
    ]
    answers = allowed([question for _, _, question in questions])
    refused = {(name, what) for (name, what, _), answer in zip(questions, answers, strict=True) if not answer}
    return {name: {call.what for call in EVERY if (name, call.what) not in refused} for name in policies}


def test_the_role_passes_what_it_must_and_nothing_else(policy: Policy) -> None:
    assert passed({"as it is": policy}) == {"as it is": {call.what for call in MUST}}


def test_it_notices_every_mutant_that_the_first_evaluator_notices(policy: Policy) -> None:
    calls = passed({"as it is": policy, **mutants(policy)})

    unnoticed = {name for name, those in calls.items() if those == {call.what for call in MUST}}
    assert unnoticed == {"as it is", *READ_FROM_THE_TEMPLATE}


def test_a_snapshot_may_carry_any_other_tags_beside_our_label(policy: Policy) -> None:
    tags = labels(set="default", CostCenter="4711", **{f"key {n}": "v" for n in range(40)})
    create = call("c", "ec2.create_snapshot", VolumeId="{tagged volume}", TagSpecifications=tags)

    assert allowed(of_call(create, policy, wire.ids(policy))) == [True, True, True]


def test_no_tag_of_an_existing_snapshot_can_be_set(policy: Policy) -> None:
    questions = [
        Question(
            principal=ROLE,
            action="ec2:CreateTags",
            resource=SNAPSHOT,
            context={
                **request_tags({key: "default"}),
                "aws:ResourceTag/ebs-backup:set": "default",
                **({"ec2:CreateAction": during} if during else {}),
            },
            identity=[{"Version": "2012-10-17", "Statement": list(policy.values())}],
        )
        for key in ("ebs-backup:set", "ebs-backup:hold", "ebs-backup:older", "Backup", "Name")
        for during in ("", "CopySnapshot", "CreateVolume", "CreateSnapshots")
    ]

    assert not any(allowed(questions))


@pytest.mark.parametrize(
    ("action", "resource", "complaint"),
    [
        ("ec2:DeleteSnapshots", SNAPSHOT, "action"),
        ("ec2:DeleteSnapshot", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue", "resource"),
    ],
)
def test_it_refuses_to_answer_where_aws_knows_no_such_thing(
    action: str, resource: str, complaint: str
) -> None:
    with pytest.raises(RuntimeError, match=complaint):
        allowed([Question(principal=ROLE, action=action, resource=resource)])


def test_a_condition_key_that_the_action_does_not_have_is_an_error() -> None:
    question = Question(
        principal=ROLE,
        action="ec2:DeleteSnapshot",
        resource=SNAPSHOT,
        context={"ec2:CreateAction": "CreateSnapshot"},
    )

    with pytest.raises(AssertionError, match="CreateAction"):
        allowed([question])

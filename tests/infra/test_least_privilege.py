"""No part of the role's policy can be missing or wider: a run would fail, or a forbidden call would be allowed.

The judge is the emulator's own authorization: the code that lets the deployed function's calls through. If no call can
show a difference, a test reads the template instead, with the reason beside it. A statement without any call fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from emulator import judge
from tests.infra import documents, wire
from tests.infra.calls import HOME, NEEDED, NEEDED_BY_LAMBDA, NEEDED_WITH_A_KEY
from tests.infra.conftest import synthesize
from tests.infra.documents import ACCOUNT, Policy
from tests.infra.forbidden import REFUSED, REFUSED_THROUGH_A_SERVICE
from tests.infra.mutants import mutants

MUST_PASS = {call.what: call for call in (*NEEDED, *NEEDED_BY_LAMBDA, *NEEDED_WITH_A_KEY)}
MUST_NOT = {call.what: call for call in (*REFUSED, *REFUSED_THROUGH_A_SERVICE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A part of a statement as the template must have it, and why no call can tell it from something wider."""

    part: str
    of_template: Any
    why: str


VOLUMES, SNAPSHOTS = f"arn:aws:ec2:{HOME}:{ACCOUNT}:volume/*", f"arn:aws:ec2:{HOME}::snapshot/*"
READ_FROM_THE_TEMPLATE = {
    "ListVolumesAndSnapshots: aws:RequestedRegion asked only where it is given": Reading(
        part="Condition",
        of_template={"StringEquals": {"aws:RequestedRegion": HOME}},
        why="AWS gives the key with every call",
    ),
    "SnapshotTaggedVolumes: any resource": Reading(
        part="Resource",
        of_template=[VOLUMES],
        why="the new snapshot is checked too, and only this region's is allowed; nothing but a volume has a tag yet",
    ),
    "LabelNewSnapshotsAsOurs: any resource": Reading(
        part="Resource",
        of_template=[SNAPSHOTS],
        why="the volume is checked too, and AWS gives the new tags for the snapshot alone",
    ),
    "TagOnlyWhileCreating: any resource": Reading(
        part="Resource",
        of_template=[SNAPSHOTS],
        why="CreateSnapshot tags nothing but its snapshot, and makes that in this region alone",
    ),
    "TagOnlyWhileCreating: ec2:* for ec2:CreateTags": Reading(
        part="Action",
        of_template=["ec2:CreateTags"],
        why="AWS gives ec2:CreateAction to no other action (test_service_reference)",
    ),
}


def judged(policies: Mapping[str, Policy]) -> dict[str, list[str]]:
    """List for each policy what it would break and what it would let through."""
    names = wire.ids(next(iter(policies.values())))
    roles = {name: [{"Statement": list(policy.values())}] for name, policy in policies.items()}
    passed = judge.ask(roles, wire.requests(MUST_PASS | MUST_NOT, names), wire.TAGS)
    return {
        name: [
            *(f"breaks: {what}" for what in MUST_PASS.keys() - calls),
            *(f"lets through: {what}" for what in MUST_NOT.keys() & calls),
        ]
        for name, calls in passed.items()
    }


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Return the role's policy with every statement that any setting adds."""
    return documents.of_role(synthesize(alert_email="you@example.com", kms_key_arn=wire.KEY))


def test_a_call_has_a_name_of_its_own() -> None:
    calls = (*NEEDED, *NEEDED_BY_LAMBDA, *NEEDED_WITH_A_KEY, *REFUSED, *REFUSED_THROUGH_A_SERVICE)

    assert len(MUST_PASS | MUST_NOT) == len(calls)


def test_the_policy_is_enough_and_no_more_and_no_part_of_it_can_go_or_widen(policy: Policy) -> None:
    verdicts = judged({"as it is": policy, **mutants(policy)})

    unnoticed = {name for name, faults in verdicts.items() if not faults}
    assert not verdicts["as it is"]
    assert unnoticed == {"as it is", *READ_FROM_THE_TEMPLATE}


@pytest.mark.parametrize("mutant", READ_FROM_THE_TEMPLATE)
def test_what_no_call_can_tell_is_read_from_the_template(policy: Policy, mutant: str) -> None:
    reading, sid = READ_FROM_THE_TEMPLATE[mutant], mutant.partition(":")[0]

    assert policy[sid][reading.part] == reading.of_template
    assert mutants(policy)[mutant][sid][reading.part] != reading.of_template


def test_a_statement_that_no_call_needs_is_found(policy: Policy) -> None:
    new = {"Sid": "New", "Effect": "Allow", "Action": ["ec2:DescribeRegions"], "Resource": ["*"]}
    more = {**policy, "New": new}

    verdicts = judged({name: policy for name, policy in mutants(more).items() if name.startswith("New:")})

    assert not verdicts["New: missing"]

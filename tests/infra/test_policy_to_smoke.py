"""The policy to smoke: every call that a smoke makes, with its own tags, and nothing of anybody else's."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ebs_backup_cli.smoke.lab import Lab
from tests.cli.backups import Backups, backups
from tests.cli.conftest import Command, command
from tests.cli.real_function import function
from tests.infra import reference
from tests.infra.operators import (
    RUN,
    SEE,
    SMOKE,
    SNAPSHOT,
    VOLUME,
    Calls,
    actions,
    asker,
    calls,
    request_keys,
    statements,
    unnoticed,
    wrong,
)
from tests.infra.simulator import Question

__all__ = ["backups", "calls", "command", "function"]  # fixtures

IMAGE = "arn:aws:ec2:eu-west-1::image/ami-1"
KINDS = {"vol": VOLUME[: -len("vol-1")], "snap": SNAPSHOT[: -len("snap-1")], "ami": IMAGE[: -len("ami-1")]}
MADE = {"ec2:CreateVolume": "vol-new", "ec2:CreateSnapshot": "snap-new", "ec2:RegisterImage": "ami-new"}
TAGGED = {"aws:ResourceTag/ebs-backup-smoke": "smoke-1"}
MARK = {"ebs-backup-smoke": "smoke-1"}
ID_OF = {"ec2:CreateVolume": "VolumeId", "ec2:CreateSnapshot": "SnapshotId", "ec2:RegisterImage": "ImageId"}
ITS_OWN = [
    *(("ec2:CreateSnapshot", VOLUME), ("ec2:DeleteVolume", VOLUME), ("ec2:DeregisterImage", IMAGE)),
    *(
        (f"ec2:{name}", SNAPSHOT)
        for name in ("CreateVolume", "DeleteSnapshot", "LockSnapshot", "UnlockSnapshot")
    ),
    ("ec2:RegisterImage", SNAPSHOT),
]
ask = asker(SEE, SMOKE)


def arn(id_: str) -> str:
    """Write the ARN of a volume, snapshot or image."""
    return KINDS[id_.partition("-")[0]] + id_


def tags_in(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that a create call sets."""
    return {tag["Key"]: tag["Value"] for part in params["TagSpecifications"] for tag in part["Tags"]}


def used(params: Mapping[str, Any]) -> str:
    """Return the id of what a call uses or removes, or an empty text."""
    mapped = [mapping["Ebs"]["SnapshotId"] for mapping in params.get("BlockDeviceMappings", ())]
    ids = [params[name] for name in ID_OF.values() if name in params]
    return str(next(iter(ids + mapped), ""))


def questions(calls: Calls) -> Iterator[Question]:
    """List what EC2 checks for each call. EC2 refuses a snapshot with 51 tags; moto keeps it, without any of them."""
    known: dict[str, dict[str, str]] = {}
    for call in calls.every:
        if not call.action.startswith("ec2:"):
            continue
        new, id_ = MADE.get(call.action), used(call.params)
        if id_ and id_ in known:
            tags = {f"aws:ResourceTag/{key}": value for key, value in known[id_].items()}
            yield ask(call.action, arn(id_), tags)
        if new:
            tags = tags_in(call.params)
            known[call.answer.get(ID_OF[call.action], "")] = tags
            yield ask(call.action, arn(new), request_keys(tags))
            yield ask("ec2:CreateTags", arn(new), request_keys(tags, call.action.removeprefix("ec2:")))
        elif not id_:
            yield ask(call.action, "*", {})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Lab, "sleep", lambda *_: None)


@pytest.fixture
def needed(command: Command, calls: Calls) -> list[Question]:
    """Return what EC2 checks while a smoke really runs, each question once."""
    done = command("smoke", "--yes", "--json")
    assert (done.status, done.json["status"], done.json["left"]) == (0, "OK", [])
    every = {
        (question.action, question.resource.rpartition("/")[0], *sorted(question.context)): question
        for question in questions(calls)
    }
    return list(every.values())


REFUSED = [
    ask("ec2:DescribeAvailabilityZones", "*", {"aws:RequestedRegion": "us-east-2"}),
    ask("ec2:DescribeInstances", "*", {}),
    # Not marked, or marked as something else.
    *(ask(action, arn(new), {}) for action, new in MADE.items()),
    *(ask(action, arn(new), request_keys({"ebs-backup-smoke": "mine"})) for action, new in MADE.items()),
    *(ask("ec2:CreateTags", arn(new), request_keys(MARK)) for new in MADE.values()),
    # Elsewhere.
    *(
        ask(action, arn(new).replace("eu-west-1", "us-east-2"), request_keys(MARK))
        for action, new in MADE.items()
    ),
    *(
        ask("ec2:CreateTags", arn(new).replace("eu-west-1", "us-east-2"), request_keys(MARK, action[4:]))
        for action, new in MADE.items()
    ),
    *(ask(action, resource.replace("eu-west-1", "us-east-2"), TAGGED) for action, resource in ITS_OWN),
    # Of somebody else.
    *(ask(action, resource, {}) for action, resource in ITS_OWN),
    *(ask(action, resource, {"aws:ResourceTag/ebs-backup-smoke": "mine"}) for action, resource in ITS_OWN),
    *(ask(action, resource, {"aws:ResourceTag/ebs-backup:set": "default"}) for action, resource in ITS_OWN),
    # More than it does with its own.
    ask("ec2:AttachVolume", VOLUME, TAGGED),
    ask("ec2:ModifySnapshotAttribute", SNAPSHOT, TAGGED),
    ask("ec2:ModifyImageAttribute", IMAGE, TAGGED),
]
OF_AWS = {
    # AWS gives the region with every call, and `ec2:CreateAction` to no other action (test_service_reference).
    "FindAZoneAndLeftovers: aws:RequestedRegion asked only where it is given",
    "TagThem: ec2:* for ec2:CreateTags",
}


def test_it_is_what_smoke_calls_beside_the_policy_to_see(needed: list[Question]) -> None:
    assert {question.action for question in needed} - actions(SEE) == actions(SMOKE)


def test_every_call_of_a_smoke_passes_and_nothing_else(needed: list[Question]) -> None:
    assert list(wrong(needed, REFUSED)) == []


def test_no_part_of_it_is_idle_or_wider_than_it_must_be(needed: list[Question]) -> None:
    assert unnoticed(SMOKE, [SEE], needed, REFUSED) == OF_AWS


@pytest.mark.usefixtures("function")
def test_with_the_deployed_function_the_policies_to_see_and_to_run_are_all_that_it_calls_beside_it(
    backups: Backups, calls: Calls
) -> None:
    calls.every.clear()

    done = backups.command("smoke", "--deployed", "--yes", "--json")

    assert (done.status, done.json["left"]) == (0, [])
    assert calls.actions - actions(SEE, SMOKE) == {"lambda:InvokeFunction"} < actions(RUN)


def test_aws_takes_every_statement_of_it() -> None:
    assert {sid: reference.complaints(statement) for sid, statement in statements(SMOKE).items()} == {
        sid: [] for sid in statements(SMOKE)
    }

"""`ebs-backup smoke`: the whole way with one small volume, what is seen on it, and nothing left."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.smoke import trials
from ebs_backup_cli.smoke.beliefs import BELIEFS
from ebs_backup_cli.smoke.lab import TAG, Lab
from ebs_backup_cli.smoke.trials import Saw
from tests.cli.conftest import Command
from tests.cli.real_function import RealFunction, function
from tests.cli.schemas import assert_conforms

__all__ = ["function"]  # a fixture

LOCKED = trials.locked
PAGE = Path(__file__).parents[2] / "docs" / "real-aws.md"


@pytest.fixture(autouse=True)
def _folder(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: ARG001 - moto is up
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Lab, "sleep", lambda *_: None)
    monkeypatch.setattr(
        "ebs_backup_cli.smoke.smoking.trials.locked", lambda *_: Saw("not tried: not in moto", None)
    )


def smokes(command: Command) -> list[str]:
    """Return the ids of all that any smoke has made and that is still there."""
    filters = [{"Name": "tag-key", "Values": [TAG]}]
    ec2 = command.ec2
    return [
        *(raw["VolumeId"] for raw in ec2.describe_volumes(Filters=filters)["Volumes"]),
        *(
            raw["SnapshotId"]
            for raw in ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        ),
        *(raw["ImageId"] for raw in ec2.describe_images(Owners=["self"], Filters=filters)["Images"]),
    ]


def test_every_step_goes_well_and_nothing_is_left(command: Command, tmp_path: Path) -> None:
    done = command("smoke", "--yes", "--json")

    told = done.json
    assert_conforms(told, "smoke")
    assert [step["what"] for step in told["steps"] if not step["well"]] == []
    assert [step["what"] for step in told["steps"]] == [
        "a volume is made",
        "one run makes one snapshot of it",
        "the snapshot has the labels",
        "the same run again makes nothing",
        "the snapshot is completed",
        "it is restored as it was",
    ]
    assert (done.status, told["status"], told["left"], told["where"]) == (0, "OK", [], "here")
    assert smokes(command) == []
    believed = {belief["id"]: belief["as_believed"] for belief in told["beliefs"]}
    assert list(believed) == [belief.id for belief in BELIEFS]
    assert believed["dry-run-create"] is True
    assert believed["dry-run-invoke"] is None
    report = (tmp_path / told["report"]).read_text("utf-8")
    assert "| it is restored as it was | yes |" in report
    assert told["account"] not in report


def test_what_is_seen_is_printed_line_by_line(command: Command) -> None:
    done = command("smoke", "--yes", "--report", "smoke.md")

    assert "well        the same run again makes nothing: 0 created, 1 already made, 1 there" in done.out
    assert re.search(
        r"^as believed CreateSnapshot with DryRun, allowed: DryRunOperation", done.out, re.MULTILINE
    )
    assert done.out.splitlines()[-1] == "The report is in smoke.md."


def test_by_the_deployed_function_its_settings_and_role_are_what_is_tried(
    command: Command, function: RealFunction
) -> None:
    command.deploy()
    other = command.volume("db-1", Backup="true")

    told = command("smoke", "--deployed", "--yes", "--json").json

    assert (told["status"], told["where"], told["left"]) == ("OK", "ebs-backup-default", [])
    first, second = function.events
    assert first == second
    assert other not in first["volumes"]
    assert {belief["id"]: belief["as_believed"] for belief in told["beliefs"]}["dry-run-invoke"] is True
    assert smokes(command) == []


def test_without_a_terminal_it_makes_nothing_and_names_the_cost(command: Command) -> None:
    done = command("smoke")

    assert done.status == 2
    assert "(some minutes, less than 0.01 USD)?" in done.err
    assert smokes(command) == []


def test_another_file_in_the_place_of_the_report_is_left_alone(command: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine", "utf-8")

    done = command("smoke", "--yes", "--report", "notes.md")

    assert (done.status, (tmp_path / "notes.md").read_text("utf-8")) == (2, "mine")
    assert done.err.splitlines()[0] == "ebs-backup: notes.md exists, and is not the report of a smoke."
    assert smokes(command) == []


def test_a_report_in_no_folder_is_refused_before_anything_is_made(command: Command) -> None:
    done = command("smoke", "--yes", "--report", "nowhere/smoke.md")

    assert (done.status, done.err.splitlines()[0]) == (2, "ebs-backup: There is no folder nowhere.")
    assert smokes(command) == []


def test_the_report_of_an_earlier_smoke_is_replaced(command: Command, tmp_path: Path) -> None:
    first = command("smoke", "--yes", "--report", "smoke.md")
    second = command("smoke", "--yes", "--report", "smoke.md")

    assert (first.status, second.status) == (0, 0)
    assert (tmp_path / "smoke.md").read_text("utf-8").count("# ebs-backup smoke") == 1


def test_what_fails_is_told_and_the_rest_is_removed(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "VolumeLimitExceeded", "Message": "Full."}}, "CreateVolume")

    monkeypatch.setattr("ebs_backup_cli.smoke.smoking.Smoke._restored", full)

    done = command("smoke", "--yes", "--json")

    assert (done.status, done.json["status"]) == (1, "FAILED")
    assert done.json["steps"][-1]["saw"].startswith("VolumeLimitExceeded: Full.")
    assert smokes(command) == []


def may_not(monkeypatch: pytest.MonkeyPatch, *operations: str) -> None:
    """Let EC2 refuse these calls."""
    make = vars(Operator)["ec2"].func

    def refuse(**_: object) -> None:
        raise refused("UnauthorizedOperation")

    def ec2(operator: Operator) -> Any:  # noqa: ANN401 - a client
        client = make(operator)
        for operation in operations:
            client.meta.events.register(f"before-call.ec2.{operation}", refuse)
        return client

    made = cached_property(ec2)
    made.__set_name__(Operator, "ec2")
    monkeypatch.setattr(Operator, "ec2", made)


def test_without_the_right_to_make_a_volume_it_is_one_line_and_no_smoke(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    may_not(monkeypatch, "CreateVolume")

    done = command("smoke", "--yes")

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines()[0] == "ebs-backup: UnauthorizedOperation: no"
    assert list(tmp_path.iterdir()) == []


def test_what_was_made_is_removed_also_where_what_others_left_cannot_be_listed(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_not(monkeypatch, "DescribeImages", "RegisterImage")

    done = command("smoke", "--yes", "--json")

    assert (done.status, done.json["left"]) == (0, [])
    assert {one["id"]: one["as_believed"] for one in done.json["beliefs"]}["in-use"] is None
    assert smokes(command) == []


def test_ctrl_c_removes_what_was_made(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ebs_backup_cli.smoke.smoking.Smoke._labels", interrupted)

    done = command("smoke", "--yes")

    assert done.status == 130
    assert smokes(command) == []


def test_what_an_earlier_smoke_left_is_removed_but_not_what_one_uses_just_now(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = command.volume("smoke-old", **{TAG: "smoke-old"})
    command.ec2.create_snapshot(
        VolumeId=old,
        TagSpecifications=[
            {"ResourceType": "snapshot", "Tags": [{"Key": "ebs-backup:set", "Value": "smoke-old"}]}
        ],
    )
    stranger = command.volume("stranger", **{TAG: "by hand"})
    new = command("smoke", "--yes", "--json").json
    assert old not in new["removed"]
    monkeypatch.setattr("ebs_backup_cli.smoke.lab.OLD", -1.0)

    told = command("smoke", "--yes", "--json").json

    assert old in told["removed"]
    assert smokes(command) == [stranger]


def test_what_cannot_be_removed_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "_remove", lambda _, id_: not id_.startswith("vol-"))

    done = command("smoke", "--yes")

    assert done.status == 1
    assert "LEFT: vol-" in done.out


# The trials, against an EC2 that answers otherwise


def lab(**answers: Any) -> Lab:  # noqa: ANN401 - what a call answers or raises
    class Client:
        def __getattr__(self, name: str) -> Any:  # noqa: ANN401
            def call(**parameters: object) -> Any:  # noqa: ANN401
                answer = answers[name](parameters) if callable(answers[name]) else answers[name]
                if isinstance(answer, Exception):
                    raise answer
                return answer

            return call

    return Lab(client=Client(), name="smoke-1")  # type: ignore[arg-type]


def refused(code: str, message: str = "no", operation: str = "DeleteSnapshot") -> ClientError:
    said = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(said, operation)  # type: ignore[arg-type]


def test_a_locked_snapshot_is_tried_only_where_it_may_be_unlocked() -> None:
    saw = trials.tried(lambda: LOCKED(lab(unlock_snapshot=refused("UnauthorizedOperation")), "snap-1"))

    assert (saw.as_believed, saw.words) == (None, "not tried: UnauthorizedOperation (HTTP 400): no")


def test_a_locked_snapshot_is_unlocked_again_whatever_it_answers() -> None:
    unlocked: list[object] = []

    def unlock(parameters: dict[str, object]) -> object:
        if parameters.get("DryRun"):
            return refused("DryRunOperation")
        unlocked.append(parameters)
        return {}

    answers = {
        "unlock_snapshot": unlock,
        "lock_snapshot": {},
        "delete_snapshot": refused("OperationNotPermitted", "The snapshot snap-1 is locked."),
    }

    saw = LOCKED(lab(**answers), "snap-1")

    assert saw.as_believed is True
    assert len(unlocked) == 1


def test_what_was_believed_wrongly_is_told_with_what_came() -> None:
    saw = trials.rate_per_volume(lab(create_snapshot={"SnapshotId": "snap-1"}), "vol-1")

    assert (saw.as_believed, saw.words) == (False, "it was made")


def test_an_ami_is_deregistered_whatever_the_delete_answers() -> None:
    gone: list[object] = []
    answers = {
        "register_image": {"ImageId": "ami-0123"},
        "delete_snapshot": refused("InvalidSnapshot.InUse", "It is in use by ami-0123"),
        "deregister_image": gone.append,
    }

    saw = trials.in_use(lab(**answers), "snap-1")

    assert saw.as_believed is True
    assert gone == [{"ImageId": "ami-0123"}]


# The page


def test_the_page_lists_every_belief_as_the_command_tries_it() -> None:
    rows = [
        line.strip("| ").split(" | ")
        for line in PAGE.read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]

    assert [row[:5] for row in rows if len(row) == 6] == [
        [f"`{one.id}`", one.what, one.believed, one.source, one.tried] for one in BELIEFS
    ]

"""`ebs-backup verify`: what it restores to look at, what that costs, and that nothing stays behind."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from ebs_backup.names import Period
from tests.cli.backups import Backups, backups
from tests.cli.conftest import Command
from tests.cli.schemas import assert_conforms
from tests.cli.verifying import GOOD, Answer, answers, refusing, snapshot
from tests.unit.builders import NIGHT

__all__ = ["answers", "backups", "snapshot"]  # fixtures


def test_the_newest_of_each_period_is_restored_read_and_removed(
    command: Command, backups: Backups, answers: dict[str, Answer]
) -> None:
    volume = backups.make("web", Size=20, Encrypted=True)
    backups.run(NIGHT)
    newest = [
        backups.run(NIGHT + timedelta(days=1))[volume],
        backups.run(NIGHT + timedelta(days=2), Period.WEEK)[volume],
    ]
    for point in newest:
        backups.write(point, GOOD)
    created: list[dict[str, Any]] = []
    answers["CreateVolume"] = created.append

    done = command("verify", "--yes", "--json")

    assert done.status == 0, done.err
    assert_conforms(done.json, "verify")
    assert [one["snapshot"] for one in done.json["verified"]] == newest
    assert all(one["ok"] and one["restored"] and one["blocks_read"] == 3 for one in done.json["verified"])
    assert {one["found"] for one in done.json["verified"]} == {"ext4 file system"}
    assert [call["SnapshotId"] for call in created] == newest
    assert {(call["VolumeType"], call["Encrypted"]) for call in created} == {("gp3", True)}
    (tags,) = [call["TagSpecifications"][0]["Tags"] for call in created[:1]]
    assert {"Key": "ebs-backup:verify", "Value": newest[0]} in tags
    assert backups.ids() == {volume}
    assert done.json["notes"] == ["web, month: there is no completed restore point."]


def test_one_volume_can_be_verified_also_when_it_is_gone(command: Command, backups: Backups) -> None:
    old, other = backups.make("web"), backups.make("db")
    made = backups.run()
    for point in made.values():
        backups.write(point, GOOD)
    backups.lose(old)

    done = command("verify", "web", "--yes", "--json")

    assert [one["snapshot"] for one in done.json["verified"]] == [made[old]]
    assert backups.ids() == {other}


def test_a_volume_that_vanishes_is_a_restore_point_that_is_none(
    command: Command, backups: Backups, snapshot: str, answers: dict[str, Answer]
) -> None:
    shown: list[str] = []

    def vanishing(params: dict[str, Any]) -> Any:  # noqa: ANN401 - as loose as the answer is
        of_one = [f["Values"] for f in params.get("Filters", []) if f["Name"] == "volume-id"]
        if not of_one:
            return None
        shown.append(of_one[0][0])
        state = [{"VolumeId": of_one[0][0], "State": "creating"}] if len(shown) == 1 else []
        return {"Volumes": state}

    answers["DescribeVolumes"] = vanishing
    with (
        patch("ebs_backup_cli.restore.creating.time.sleep"),
        patch("ebs_backup_cli.restore.creating.BETWEEN_LOOKS", 0),
    ):
        done = command("verify", "--yes", "--json")

    (one,) = done.json["verified"]
    assert done.status == 1
    assert (one["snapshot"], one["restored"], one["blocks_read"]) == (snapshot, False, 0)
    assert one["error"].endswith("was made, and then vanished.")
    assert shown
    assert len(backups.tags(snapshot)) > 1


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("UnauthorizedOperation", 2, "docs/permissions.md has the policy"),
        ("VolumeLimitExceeded", 1, "VolumeLimitExceeded"),
        ("InvalidSnapshot.NotFound", 0, "is gone: it has expired in the meantime."),
    ],
)
def test_a_volume_that_cannot_be_made_is_told_by_why(
    command: Command, snapshot: str, answers: dict[str, Answer], code: str, status: int, said: str
) -> None:
    answers["CreateVolume"] = refusing(code, "CreateVolume")

    done = command("verify", "--yes")

    assert done.status == status
    assert said in done.out + done.err
    assert snapshot in done.out + done.err


def test_the_volume_is_removed_whatever_happens(
    command: Command, backups: Backups, snapshot: str, answers: dict[str, Answer]
) -> None:
    def interrupt(_: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    before = backups.ids()
    answers["ListSnapshotBlocks"] = interrupt

    done = command("verify", "--yes")

    assert done.status == 130
    assert backups.ids() == before
    assert snapshot


def test_what_a_crash_left_over_is_removed_by_the_next_verify_and_nothing_else(
    command: Command, backups: Backups, snapshot: str, answers: dict[str, Answer]
) -> None:
    before = backups.ids()
    answers["DeleteVolume"] = refusing("RequestLimitExceeded", "DeleteVolume")
    first = command("verify", "--yes", "--json").json
    (left,) = backups.ids() - before
    foreign = backups.make("mine")
    backups.tag(foreign, **{"ebs-backup:verify": snapshot})
    del answers["DeleteVolume"]

    second = command("verify", "--yes", "--json").json

    assert first["verified"][0]["left_behind"] == left
    assert second["removed"] == [left]
    assert backups.ids() == before | {foreign}


def test_another_sets_temporary_volume_is_left_alone(
    command: Command, backups: Backups, snapshot: str, answers: dict[str, Answer]
) -> None:
    answers["DeleteVolume"] = refusing("RequestLimitExceeded", "DeleteVolume")
    command("verify", "--yes")
    del answers["DeleteVolume"]
    command.deploy(backup_set="other")
    there = backups.ids()

    done = command("verify", "--yes", "--set", "other")

    assert (done.status, backups.ids()) == (2, there)
    assert "There is nothing to verify" in done.err
    assert snapshot


def test_what_is_left_over_is_removed_though_there_is_nothing_to_verify(
    command: Command, backups: Backups, snapshot: str, answers: dict[str, Answer]
) -> None:
    before = backups.ids()
    answers["DeleteVolume"] = refusing("RequestLimitExceeded", "DeleteVolume")
    command("verify", "--yes")
    del answers["DeleteVolume"]
    command.ec2.delete_snapshot(SnapshotId=snapshot)

    done = command("verify", "--yes", "--json")

    assert done.json["removed"]
    assert backups.ids() == before


def test_it_asks_first_and_says_what_it_costs(command: Command, backups: Backups, snapshot: str) -> None:
    before = backups.ids()

    done = command("verify")

    assert done.status == 2
    assert "Verify 1 restore point? This needs an answer, and there is no terminal." in done.err
    assert done.out.splitlines()[-1] == (
        "1 temporary gp3 volume, one after another, 8 GiB together, each for about 10 minutes, and at most 9 blocks read:"
        " less than $0.01 (us-east-1's prices: $0.08 a GiB and month, $0.003 for 1,000 blocks)."
    )
    assert backups.ids() == before
    assert snapshot


def test_an_archived_snapshot_is_not_verified_and_said(
    command: Command, backups: Backups, snapshot: str
) -> None:
    volume = backups.make("db")
    made = backups.run(NIGHT + timedelta(days=1))
    backups.alter(made[volume], storage_tier="archive")
    for other in made.values():
        backups.write(other, GOOD)

    done = command("verify", "--yes", "--json")

    assert f"db, day: {made[volume]} is in EBS's archive." in done.json["notes"]
    assert made[volume] not in [one["snapshot"] for one in done.json["verified"]]
    assert snapshot

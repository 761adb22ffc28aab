"""`ebs-backup verify`: what is restored for a look, what is read, and that nothing stays behind."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from ebs_backup.names import Period
from tests.cli.backups import Backups, backups
from tests.cli.conftest import Command
from tests.cli.disks import DISKS
from tests.cli.schemas import assert_conforms
from tests.unit.builders import NIGHT

__all__ = ["backups"]  # a fixture

GOOD = {0: DISKS["ext4 file system"], 7: b"seven" * 1000, 9: b"nine" * 1000}


@pytest.fixture
def snapshot(backups: Backups) -> str:
    """Return the snapshot of the one volume that there is."""
    volume = backups.make("web")
    snapshot = backups.run()[volume]
    backups.write(snapshot, GOOD)
    return snapshot


Answer = Callable[[dict[str, Any]], Any]


@pytest.fixture
def answers() -> Iterator[dict[str, Answer]]:
    """Return what is answered in AWS's place, by operation; None lets moto answer."""
    instead: dict[str, Answer] = {}
    original = BaseClient._make_api_call  # type: ignore[attr-defined] # not in the stubs

    def call(client: Any, operation: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - any call of any service
        answer = instead[operation](params) if operation in instead else None
        return original(client, operation, params) if answer is None else answer

    with patch.object(BaseClient, "_make_api_call", call):
        yield instead


def refusing(code: str, operation: str) -> Answer:
    def refuse(_: dict[str, Any]) -> None:
        raise ClientError({"Error": {"Code": code, "Message": f"No, says {code}."}}, operation)

    return refuse


def test_the_newest_of_each_period_is_restored_read_and_removed(
    command: Command, backups: Backups, answers: dict[str, Answer]
) -> None:
    volume = backups.make("web", Size=20, Encrypted=True)
    backups.run(NIGHT)
    newest = [
        backups.run(NIGHT + timedelta(days=1))[volume],
        backups.run(NIGHT + timedelta(days=2), Period.WEEK)[volume],
    ]
    for snapshot in newest:
        backups.write(snapshot, GOOD)
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
    for snapshot in made.values():
        backups.write(snapshot, GOOD)
    backups.lose(old)

    done = command("verify", "web", "--yes", "--json")

    assert [one["snapshot"] for one in done.json["verified"]] == [made[old]]
    assert backups.ids() == {other}


@pytest.mark.parametrize("index", [0, 7])
def test_a_damaged_block_is_a_problem(command: Command, backups: Backups, snapshot: str, index: int) -> None:
    backups.write(snapshot, GOOD, damaged=[index])

    done = command("verify", "--yes")

    assert done.status == 1
    assert f"BAD  web, day of 2026-11-23 01:30Z, {snapshot}" in done.out
    assert f"damaged: {index};" in done.out
    assert "0 good, 1 bad." in done.out


def test_a_block_that_arrives_damaged_once_is_read_again(
    command: Command, snapshot: str, answers: dict[str, Answer]
) -> None:
    calls: list[int] = []

    def once(params: dict[str, Any]) -> Any:  # noqa: ANN401 - as loose as the answer is
        calls.append(params["BlockIndex"])
        if len(calls) > 1:
            return None
        body = type("Body", (), {"read": lambda _: b"half"})()
        return {"BlockData": body, "Checksum": "x", "ChecksumAlgorithm": "SHA256", "DataLength": 4}

    answers["GetSnapshotBlock"] = once

    done = command("verify", "--yes", "--json")

    assert (done.status, done.json["verified"][0]["blocks_damaged"]) == (0, [])
    assert calls[:2] == [0, 0]
    assert snapshot == done.json["verified"][0]["snapshot"]


@pytest.mark.parametrize("operation", ["ListSnapshotBlocks", "GetSnapshotBlock"])
@pytest.mark.parametrize(
    ("code", "status", "where"),
    [
        ("AccessDeniedException", 0, "not_checked"),
        ("RequestThrottledException", 0, "not_checked"),
        ("ResourceNotFoundException", 0, "not_checked"),
        ("ValidationException", 1, "unreadable"),
        ("InternalServerException", 1, "unreadable"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_guessed(  # noqa: PLR0917 - parameters and fixtures
    command: Command,
    snapshot: str,
    answers: dict[str, Answer],
    operation: str,
    code: str,
    status: int,
    where: str,
) -> None:
    answers[operation] = refusing(code, operation)

    done = command("verify", "--yes", "--json")

    (one,) = done.json["verified"]
    assert_conforms(done.json, "verify")
    assert done.status == status
    assert one[where]
    assert (one["snapshot"], one["restored"], one["found"], one["blocks_read"]) == (snapshot, True, None, 0)


def test_a_snapshot_without_blocks_is_said_to_be_empty(
    command: Command, backups: Backups, snapshot: str
) -> None:
    backups.write(snapshot, {})

    (one,) = command("verify", "--yes", "--json").json["verified"]

    assert one["ok"]
    assert one["not_checked"] == ["it holds no blocks: nothing was ever written to the volume"]


def test_a_first_block_that_is_not_there_says_nothing(
    command: Command, backups: Backups, snapshot: str
) -> None:
    backups.write(snapshot, {5: b"five"})

    (one,) = command("verify", "--yes", "--json").json["verified"]

    assert (one["blocks_read"], one["found"]) == (1, None)
    assert one["not_checked"] == ["its first block is empty, so that it does not say what the volume holds"]


def test_of_a_large_snapshot_blocks_are_read_from_all_over_each_by_a_token_of_its_own(
    command: Command, snapshot: str, answers: dict[str, Answer]
) -> None:
    starts: list[int] = []
    tokens: list[str] = []

    def listing(params: dict[str, Any]) -> dict[str, Any]:
        start = params.get("StartingBlockIndex", 0)
        starts.append(start)
        token = f"token{len(starts)}"
        blocks = [{"BlockIndex": start + more, "BlockToken": token} for more in range(params["MaxResults"])]
        return {"Blocks": blocks, "NextToken": "more", "VolumeSize": 8, "BlockSize": 524288}

    def block(params: dict[str, Any]) -> dict[str, Any]:
        tokens.append(params["BlockToken"])
        body = type("Body", (), {"read": lambda _: b""})()
        checksum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        return {"BlockData": body, "Checksum": checksum, "ChecksumAlgorithm": "SHA256", "DataLength": 0}

    answers["ListSnapshotBlocks"], answers["GetSnapshotBlock"] = listing, block

    (one,) = command("verify", "--yes", "--json").json["verified"]

    assert one["blocks_read"] == 9
    assert len(set(starts)) > 2
    assert max(starts) < 8 * 2048
    assert tokens == [f"token{number}" for number in range(1, 10)]
    assert one["snapshot"] == snapshot


def test_a_block_without_a_checksum_is_not_checked(
    command: Command, snapshot: str, answers: dict[str, Answer]
) -> None:
    body = type("Body", (), {"read": lambda _: DISKS["XFS file system"]})()
    answers["GetSnapshotBlock"] = lambda _: {"BlockData": body, "DataLength": 1}

    (one,) = command("verify", "--yes", "--json").json["verified"]

    assert (one["snapshot"], one["ok"], one["found"]) == (snapshot, True, "XFS file system")
    assert "block 0: it has no SHA256 checksum" in one["not_checked"]


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

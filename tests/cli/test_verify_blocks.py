"""`ebs-backup verify`: which blocks of a snapshot it reads, and what it says of those that it cannot."""

from typing import Any

import pytest

from tests.cli.backups import Backups, backups
from tests.cli.conftest import Command
from tests.cli.disks import DISKS
from tests.cli.schemas import assert_conforms
from tests.cli.verifying import GOOD, Answer, answers, refusing, snapshot

__all__ = ["answers", "backups", "snapshot"]  # fixtures


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

"""A restore point to verify, and AWS's answers that a test gives instead of moto's."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.cli.backups import Backups, backups
from tests.cli.disks import DISKS

__all__ = ["backups"]  # fixtures

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

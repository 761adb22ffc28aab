"""The command in front of our own fake of EC2, which has a Recycle Bin: moto has none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from ebs_backup.model import Older, Volume
from ebs_backup.names import Period
from ebs_backup.tags import tagging
from ebs_backup_cli.aws.operator import Operator
from fake_aws.account import FakeAccount
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from fake_aws.service import Service
from tests.cli.conftest import NOW, REGION, Command
from tests.faults.clock import VirtualClock
from tests.unit.builders import a_run, a_volume, settings


@dataclass(slots=True)
class Binned:
    """An account with a retention rule of 7 days for the set `default`, and the command in front of it."""

    command: Command
    clock: VirtualClock
    service: Service
    numbers: int = 0

    @property
    def account(self) -> FakeAccount:
        """Return the account."""
        return self.service.account

    def point(
        self,
        volume: Volume | None = None,
        night: int = 23,
        *,
        period: Period = Period.DAY,
        backup_set: str = "default",
        state: str = "completed",
    ) -> str:
        """Add a restore point as the core makes it, of a night in November 2026; return its id."""
        at = datetime(2026, 11, night, 1, 30, tzinfo=UTC)
        run = a_run(period=period, id=f"{at:%Y-%m-%dT%H:%M:%SZ}", time=at, backup_set=backup_set)
        made = tagging(
            volume or a_volume(id="vol-0a", name="web-1 data"),
            run,
            settings(backup_set=backup_set),
            at=at,
            older=Older(stay=0),
        )
        return self.add((volume or a_volume(id="vol-0a")).id, made.description, at, made.tags, state)

    def add(
        self,
        volume: str,
        description: str,
        at: datetime,
        tags: dict[str, str] | None = None,
        state: str = "completed",
    ) -> str:
        """Add any snapshot; return its id."""
        self.numbers += 1
        return self.account.add(
            SnapshotRecord(
                id=f"snap-{self.numbers:017x}",
                volume_id=volume,
                started=at.timestamp(),
                tags=dict(tags or {}),
                description=description,
                ends_as=state,
            )
        ).id

    def tags(self, snapshot: str) -> dict[str, str]:
        """Return a snapshot's tags."""
        return self.account.snapshots[snapshot].tags

    def writes(self) -> list[str]:
        """Return the calls that change something."""
        reads = ("DescribeSnapshots", "ListSnapshotsInRecycleBin")
        return [call.action for call in self.service.calls if call.action not in reads]


@contextmanager
def recycle_bin(monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> Iterator[Binned]:
    """Let the command talk to the fake; its pauses move the fake's clock."""
    clock = VirtualClock(NOW.timestamp())
    retention = {("ebs-backup:set", name): 7.0 for name in ("default", "other")}
    service = Service(account=FakeAccount(clock=clock, retention=retention))
    monkeypatch.setattr("time.sleep", clock.sleep)
    monkeypatch.setattr(Operator, "now", lambda _: clock.utc())
    with Endpoint(service) as endpoint:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": endpoint.url,
            "COLUMNS": "120",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)
        yield Binned(Command(capture), clock, service)

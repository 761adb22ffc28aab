"""An AWS account in this process (moto) with a deployed function, and the command in front of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from boto3.session import Session
from moto import mock_aws
from moto.ec2.models import ec2_backends

from ebs_backup_cli import main as module
from ebs_backup_cli.aws.operator import Operator
from tests.unit.builders import settings
from tests.unit.conftest import models_read_once, moto_without_waste, no_way_out
from tests.unit.run.conftest import account

__all__ = [
    "account",
    "models_read_once",
    "moto_without_waste",
    "no_way_out",
]  # fixtures that the unit tests have, too

HERE = Path(__file__).parent
REGION = "eu-west-1"
ACCOUNT = "123456789012"
NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # a Wednesday, where a test asks for it
ROLE = "arn:aws:iam::123456789012:role/of-the-function"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - a JSON document
        """Return the one JSON document on stdout."""
        return json.loads(self.out)


@cache
def owners_client(service: str) -> Any:  # noqa: ANN401 - boto3's type differs by service
    """Return the account owner's client, made once: it is slow to make, and moto answers it in every account."""
    any_service: Any = owner().client  # the stubs know services by literal names alone
    return any_service(service)


@cache
def owner() -> Session:
    """Return the account owner's session."""
    return Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)


@dataclass(slots=True)
class Command:
    """The command line, run in this process against the mocked account."""

    capture: pytest.CaptureFixture[str]
    ec2: Any = field(default_factory=lambda: owners_client("ec2"))
    ids: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> Done:
        """Run one command line."""
        self.capture.readouterr()
        with patch("sys.argv", ["ebs-backup", *arguments]), pytest.raises(SystemExit) as ended:
            module.main()
        out, err = self.capture.readouterr()
        code = ended.value.code
        return Done(status=code if isinstance(code, int) else 1, out=out, err=err)

    def deploy(self, **overrides: object) -> None:
        """Make a function as the stack deploys it, with these settings."""
        wanted = settings(**overrides)
        role = owners_client("iam").create_role(
            RoleName=f"role-{wanted.backup_set}", AssumeRolePolicyDocument=TRUST
        )["Role"]["Arn"]
        owners_client("lambda").create_function(
            FunctionName=f"ebs-backup-{wanted.backup_set}",
            Runtime="python3.13",
            Role=role,
            Handler="ebs_backup.handler.handler",
            Code={"ZipFile": b""},
            Environment={"Variables": wanted.to_env(topic_arn=f"arn:aws:sns:{REGION}:123456789012:topic")},
        )

    def volume(self, name: str, **tags: str) -> str:
        """Make a volume of 8 GiB; return its id."""
        named = [{"Key": key, "Value": value} for key, value in ({"Name": name} | tags).items()]
        made = self.ec2.create_volume(
            AvailabilityZone=f"{REGION}a",
            Size=8,
            TagSpecifications=[{"ResourceType": "volume", "Tags": named}],
        )
        return self._numbered(str(made["VolumeId"]))

    def point(
        self, volume: str, taken: datetime, *, period: str = "day", backup_set: str = "default", **tags: str
    ) -> str:
        """Make a completed restore point of a set, as a run would have at that time; return its id."""
        ours = {
            "ebs-backup:set": backup_set,
            "ebs-backup:period": period,
            "ebs-backup:run": f"{taken:%Y-%m-%dT%H:%M:%SZ}",
            "ebs-backup:source": f"volume={volume} zone={REGION}a type=gp3 size=8",
            "Name": f"{tags.pop('of', volume)} {period} {taken:%Y-%m-%d %H:%MZ}",
        }
        listed = [{"Key": key.replace("__", ":"), "Value": value} for key, value in (ours | tags).items()]
        made = self.ec2.create_snapshot(
            VolumeId=volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": listed}]
        )
        self.backend.snapshots[made["SnapshotId"]].start_time = taken
        return self._numbered(str(made["SnapshotId"]))

    def nights(self, volume: str, count: int, **tags: str) -> list[str]:
        """Make the restore points of the last nights, the newest first: weekdays at 01:30, as the default rule does."""
        days = (NOW.replace(hour=1, minute=30) - timedelta(days=days) for days in range(10 * count))
        weekdays = [day for day in days if day.weekday() < 5]
        return [self.point(volume, night, **tags) for night in weekdays[:count]]

    @property
    def backend(self) -> Any:  # noqa: ANN401 - moto has no types for it
        """Return what moto keeps of EC2."""
        return ec2_backends[ACCOUNT][REGION]

    def _numbered(self, id_: str) -> str:
        kind = id_.partition("-")[0]
        number = sum(known.startswith(kind) for known in self.ids) + 1
        self.ids[id_] = f"{kind}-{number:017x}"
        return id_

    def stable(self, text: str) -> str:
        """Return a text with the ids numbered in the order in which they were made: moto's ids are random."""
        for id_, number in self.ids.items():
            text = text.replace(id_, number)
        return text


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Return the command in front of an empty account: never in front of a real one."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "COLUMNS": "120",
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield Command(capsys)


@pytest.fixture
def wednesday(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Let the command believe that it is NOW."""
    monkeypatch.setattr(Operator, "now", lambda _: NOW)
    return NOW


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check of a text against a golden file; `pytest tests/unit tests/cli --update-golden` writes the file."""

    def check(name: str, text: str) -> None:
        path = HERE / "golden" / name
        text = "".join(
            f"{line.rstrip()}\n" for line in text.splitlines()
        )  # a table fills its last column with spaces
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check

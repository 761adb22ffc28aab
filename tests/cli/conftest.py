"""An AWS account in this process (moto) with a deployed function, and the command in front of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from boto3.session import Session
from moto import mock_aws

from ebs_backup_cli import main as module
from tests.unit.builders import settings
from tests.unit.conftest import models_read_once, no_way_out
from tests.unit.run.conftest import account

__all__ = ["account", "models_read_once", "no_way_out"]  # fixtures that the unit tests have, too

HERE = Path(__file__).parent
REGION = "eu-west-1"
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


@dataclass(slots=True)
class Command:
    """The command line, run in this process against the mocked account."""

    capture: pytest.CaptureFixture[str]
    ec2: Any = field(default_factory=lambda: Session(region_name=REGION).client("ec2"))

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
        session = Session(region_name=REGION)
        iam, client = session.client("iam"), session.client("lambda")
        role = iam.create_role(RoleName=f"role-{wanted.backup_set}", AssumeRolePolicyDocument=TRUST)["Role"][
            "Arn"
        ]
        client.create_function(
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
        return str(made["VolumeId"])


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
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check of a text against a golden file; `pytest tests/unit tests/cli --update-golden` writes it instead."""

    def check(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check

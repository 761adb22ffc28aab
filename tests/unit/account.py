"""An AWS account in this process (moto), as the tests of a run need it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from ebs_backup import ec2
from ebs_backup.ec2 import Ec2
from ebs_backup.model import Run
from ebs_backup.outcome import Outcome
from ebs_backup.run import execute
from ebs_backup.settings import TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE, Settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import SnapshotTypeDef

REGION = "eu-west-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """EC2 of one region, as the tests see it (`client`) and as the function does (`function`)."""

    client: "EC2Client"
    function: "EC2Client"

    def volume(self, name: str = "data", **tags: str) -> str:
        """Make an 8 GiB volume, tagged Backup=true unless told otherwise, and give its id."""
        tags = {"Backup": "true", "Name": name} | tags
        return self.client.create_volume(
            AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=[_tagged("volume", tags)]
        )["VolumeId"]

    def attach(self, volume: str, name: str = "db-1", **tags: str) -> str:
        """Start an instance, with a root volume of its own, attach the volume and give the instance's id."""
        tagged = [_tagged("instance", {"Name": name} | tags)]
        image = self.client.register_image(Name=f"for {volume}", RootDeviceName="/dev/xvda")["ImageId"]
        started = self.client.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tagged)
        instance = started["Instances"][0]["InstanceId"]
        self.client.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/xvdf")
        return instance

    def snapshot(
        self, volume: str, *, started: datetime | None = None, state: str = "completed", **tags: str
    ) -> str:
        """Make a snapshot with these tags (`set`, `period` and `run` stand for ours; `set` brings the source) and give its id."""
        ours = {"set": TAG_SET, "period": TAG_PERIOD, "run": TAG_RUN}
        named = {ours.get(key, key): value for key, value in tags.items()}
        source = {TAG_SOURCE: f"volume={volume}"} if TAG_SET in named else {}
        specification = [_tagged("snapshot", source | named)]
        made = self.client.create_snapshot(VolumeId=volume, TagSpecifications=specification if tags else [])
        raw = self.raw(made["SnapshotId"])
        raw.status = state
        raw.start_time = started or raw.start_time
        return made["SnapshotId"]

    def raw(self, snapshot: str) -> Any:  # noqa: ANN401 - moto's own object, which has no types
        """Give moto's record of a snapshot, whose state and start time can be set."""
        return ec2_backends[DEFAULT_ACCOUNT_ID][REGION].snapshots[snapshot]

    def snapshots(self, volume: str | None = None) -> list["SnapshotTypeDef"]:
        """List the account's snapshots, of one volume or all."""
        listed = self.client.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        return [each for each in listed if volume in (None, each["VolumeId"])]

    def ids(self, volume: str | None = None) -> list[str]:
        """List snapshot ids, of one volume or all."""
        return [each["SnapshotId"] for each in self.snapshots(volume)]

    def refuse(
        self, call: str, code: str, message: str, *, status: int = 400, **only: str
    ) -> Callable[[], None]:
        """Let EC2 answer the function's call with an error, for requests with these parameters only; gives what ends it."""
        error = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }

        def answer(params: dict[str, Any], **_: object) -> tuple[SimpleNamespace, dict[str, Any]] | None:
            matches = all(params["body"].get(key) == value for key, value in only.items())
            return (SimpleNamespace(status_code=status), error) if matches else None

        events, moment = self.function.meta.events, f"before-call.ec2.{call}"
        events.register(moment, answer)  # type: ignore[arg-type]
        return lambda: events.unregister(moment, answer)  # type: ignore[arg-type]

    @contextmanager
    def crash(self, call: str) -> Iterator[None]:
        """Kill the function at its next call of this kind."""

        def die(**_: object) -> None:
            raise KeyboardInterrupt

        self.function.meta.events.register_first(f"before-call.ec2.{call}", die)
        yield
        self.function.meta.events.unregister(f"before-call.ec2.{call}", die)

    def run(self, settings: Settings, run: Run, *, deadline: float = float("inf")) -> Outcome:
        """Do one run as the handler does."""
        return execute(Ec2(self.function, deadline=deadline), settings, run)


@contextmanager
def an_account() -> Iterator[Account]:
    """Open an empty account; every call stays in this process."""
    with mock_aws():
        session = Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)
        yield Account(client=session.client("ec2"), function=ec2.connect(session))


def _tagged(kind: str, tags: dict[str, str]) -> Any:  # noqa: ANN401 - boto3's type differs by resource
    return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

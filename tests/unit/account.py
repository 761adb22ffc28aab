"""An AWS account in this process (moto) with a clock of its own, as the tests of a run need it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from boto3.session import Session
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from ebs_backup import again, check
from ebs_backup import run as module
from ebs_backup.aws import connection
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.model import COMPLETED, PENDING, Run
from ebs_backup.names import TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE
from ebs_backup.outcome import Outcome
from ebs_backup.settings import Settings
from ebs_backup.tasks import run_all
from tests.unit.builders import EVERY_NIGHT, NIGHT, settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import SnapshotTypeDef

REGION = "eu-west-1"
FOREVER = 1e9  # seconds
CALLS = (
    "DescribeTags",
    "DescribeVolumes",
    "DescribeSnapshots",
    "CreateSnapshot",
    "DeleteSnapshot",
    "CreateTags",
)


def nightly(**overrides: object) -> Settings:
    """Return the default settings with these changes. Only the day period runs, every night: each is an occasion."""
    return settings(
        **{"schedule_day": EVERY_NIGHT, "schedule_week": "off", "schedule_month": "off"} | overrides
    )


@dataclass(slots=True, kw_only=True)
class MotoAccount:
    """EC2 of one region, as the tests see it (`client`) and as the function does (`function`).

    What the function creates starts at `now`, is answered as `answered`, and is then listed as `listed`. No wait takes
    any time: it moves the clock. `calls` are the function's own, `asked_to_delete` the snapshots of its deletes in
    their order.
    """

    client: "EC2Client"
    function: "EC2Client"
    now: datetime = NIGHT
    answered: str = PENDING
    listed: str = COMPLETED
    calls: list[str] = field(default_factory=list)
    asked_to_delete: list[str] = field(default_factory=list)
    _facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _hooks: list[tuple[str, Callable[..., Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for call in CALLS:
            self.on(f"before-call.ec2.{call}", lambda model, **_: self.calls.append(model.name))
        self.on("before-call.ec2.DeleteSnapshot", self._ask)
        self.on("after-call.ec2.CreateSnapshot", self._begin)
        self.on("after-call.ec2.DescribeSnapshots", partial(self._tell, "Snapshots", "SnapshotId"))
        self.on("after-call.ec2.DescribeVolumes", partial(self._tell, "Volumes", "VolumeId"))

    def on(self, moment: str, act: Callable[..., Any]) -> Callable[[], None]:
        """Do something at a moment of the function's calls; return a function that ends it."""
        events = self.function.meta.events
        events.register(moment, act)
        self._hooks.append((moment, act))
        return lambda: events.unregister(moment, act)

    def forget(self) -> None:
        """Leave the function's client as it was: it is made once for all tests."""
        for moment, act in self._hooks:
            self.function.meta.events.unregister(moment, act)

    def _ask(self, params: dict[str, Any], **_: object) -> None:
        self.asked_to_delete.append(params["body"]["SnapshotId"])

    def _begin(self, parsed: dict[str, Any], **_: object) -> None:
        if "SnapshotId" in parsed:
            made = self.raw(parsed["SnapshotId"])
            made.start_time = parsed["StartTime"] = self.now
            made.status, parsed["State"] = self.listed, self.answered

    def _tell(self, list_: str, id_: str, parsed: dict[str, Any], **_: object) -> None:
        for item in parsed.get(list_, []):
            item.update(self._facts.get(item[id_], {}))

    def tell(self, resource: str, **facts: object) -> str:
        """Let EC2's listings show these facts of a volume or snapshot, as `State="error"`; return its id."""
        self._facts[resource] = {**self._facts.get(resource, {}), **facts}
        return resource

    def volume(self, name: str = "data", **tags: str) -> str:
        """Make an 8 GiB volume, a day old and tagged Backup=true unless told otherwise; return its id."""
        tags = {"Backup": "true", "Name": name} | tags
        made = self.client.create_volume(
            AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=[_tagged("volume", tags)]
        )
        return self.tell(made["VolumeId"], CreateTime=self.now - timedelta(days=1))

    def attach(self, volume: str, name: str = "db-1", **tags: str) -> str:
        """Start an instance, with a root volume of its own, attach the volume and return the instance's id."""
        tagged = [_tagged("instance", {"Name": name} | tags)]
        image = self.client.register_image(Name=f"for {volume}", RootDeviceName="/dev/xvda")["ImageId"]
        started = self.client.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tagged)
        instance = started["Instances"][0]["InstanceId"]
        self.client.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/xvdf")
        return instance

    def snapshot(
        self,
        volume: str,
        tags: Mapping[str, str] | None = None,
        *,
        started: datetime | None = None,
        state: str = COMPLETED,
        **ours: str,
    ) -> str:
        """Make a snapshot with these tags, and return its id.

        `set`, `period`, `run` and `Name` can be named; a snapshot with a `set` has a source, as ours have.
        """
        keys = {"set": TAG_SET, "period": TAG_PERIOD, "run": TAG_RUN}
        named = {keys.get(key, key): value for key, value in ours.items()} | dict(tags or {})
        source = {TAG_SOURCE: f"volume={volume}"} if "set" in ours else {}
        made = self._backend.create_snapshot(volume, "")  # as its API does, in a tenth of the time
        made.add_tags(source | named)
        made.status, made.start_time = state, started or self.now
        return str(made.id)

    def point(
        self,
        volume: str,
        started: datetime,
        tags: Mapping[str, str] | None = None,
        *,
        state: str = COMPLETED,
        **ours: str,
    ) -> str:
        """Make the restore point of a day run of the default set that was scheduled for this time; return its id."""
        ours = {"set": "default", "period": "day", "run": f"{started:%Y-%m-%dT%H:%M:%SZ}"} | ours
        return self.snapshot(volume, tags, started=started, state=state, **ours)

    def history(
        self, volume: str, count: int, tags: Mapping[str, str] | None = None, *, days: int = 1, **ours: str
    ) -> list[str]:
        """Make one completed restore point for each of the last `count` nights, or each so many days; newest first."""
        nights = [NIGHT - timedelta(days=days * number) for number in range(1, count + 1)]
        return [self.point(volume, night, tags, **ours) for night in nights]

    @property
    def _backend(self) -> Any:  # noqa: ANN401 - moto's own object, which has no types
        return ec2_backends[DEFAULT_ACCOUNT_ID][REGION]

    def raw(self, snapshot: str) -> Any:  # noqa: ANN401 - as _backend
        """Return moto's record of a snapshot, whose state and start time can be set."""
        return self._backend.snapshots[snapshot]

    def snapshots(self, volume: str | None = None) -> list["SnapshotTypeDef"]:
        """List the account's snapshots, of one volume or all."""
        listed = self.client.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        return [snapshot for snapshot in listed if volume in (None, snapshot["VolumeId"])]

    def ids(self, volume: str | None = None) -> list[str]:
        """List snapshot ids, of one volume or all."""
        there = self._backend.snapshots.values()
        return [snapshot.id for snapshot in there if volume in (None, snapshot.volume_id)]

    def tags(self, snapshot: str) -> dict[str, str]:
        """Return a snapshot's tags."""
        return {tag["key"]: tag["value"] for tag in self.raw(snapshot).get_tags()}

    def refuse(
        self,
        call: str,
        code: str,
        message: str = "no",
        *,
        status: int = 400,
        times: int = 1_000_000,
        holding: str = "",
        **only: str,
    ) -> Callable[[], None]:
        """Let EC2 answer the function's call with an error, so many times; return a function that ends it.

        Only requests with these parameters are refused. With `holding`, some parameter must also have that value.
        """
        error = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        left = iter(range(times))

        def answer(params: dict[str, Any], **_: object) -> tuple[SimpleNamespace, dict[str, Any]] | None:
            body = params["body"]
            matches = all(body.get(key) == value for key, value in only.items())
            matches = matches and (not holding or holding in body.values())
            refused = matches and next(left, None) is not None
            return (SimpleNamespace(status_code=status), error) if refused else None

        return self.on(f"before-call.ec2.{call}", answer)

    def first_time(self, moment: str, act: Callable[[], object]) -> None:
        """Do something at the first such moment only, for example what somebody else does just then."""
        left = [act]

        def once(**_: object) -> None:
            if left:
                left.pop()()

        self.on(moment, once)

    @contextmanager
    def crash(self, call: str) -> Iterator[None]:
        """Kill the function at its next call of this kind."""

        def die(**_: object) -> None:
            raise KeyboardInterrupt

        self.function.meta.events.register_first(f"before-call.ec2.{call}", die)
        yield
        self.function.meta.events.unregister(f"before-call.ec2.{call}", die)

    def run(self, settings: Settings, run: Run, *, seconds: float = FOREVER) -> Outcome:
        """Do one run, or as much of it as there is time for, as the handler does, volume after volume."""
        client = Ec2(self.function, deadline=self.clock() + seconds, clock=self.clock, now=lambda: self.now)
        with self.in_no_time():
            return module.execute(client, settings, run, clock=self.clock, now=lambda: self.now)

    @contextmanager
    def in_no_time(self) -> Iterator[None]:
        """Let the steps of a run wait on this account's clock, one after the other."""
        steps = partial(run_all, clock=self.clock, sleep=self.sleep)
        with (
            patch.object(module, "run_all", steps),
            patch.object(module, "WORKERS", 1),
            patch.object(check, "run_all", steps),
            patch.object(check, "WORKERS", 1),
            patch.object(again, "run_all", steps),
            patch.object(again, "WORKERS", 1),
        ):
            yield

    def clock(self) -> float:
        """Return the seconds since NIGHT."""
        return (self.now - NIGHT).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(seconds=seconds)


@cache
def _clients() -> tuple["EC2Client", "EC2Client"]:
    session = Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)
    return session.client("ec2"), connection.connect(session)


@contextmanager
def an_account() -> Iterator[MotoAccount]:
    """Open an empty account; every call stays in this process."""
    client, function = _clients()
    with mock_aws():
        account = MotoAccount(client=client, function=function)
        try:
            yield account
        finally:
            account.forget()


def _tagged(kind: str, tags: dict[str, str]) -> Any:  # noqa: ANN401 - boto3's type differs by resource
    return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

"""A year of backups in this process: the real handler on moto's EC2, with three incidents and its printed metrics."""

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

from boto3.session import Session
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.sns.models import sns_backends

from ebs_backup import cron
from ebs_backup.handler import handler  # noqa: TID251 - this year is its own
from ebs_backup.names import Period
from ebs_backup.settings import Settings

REGION = "eu-west-1"
START, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
# The incidents, so that the picture shows something.
DENIED = datetime(2027, 3, 8, tzinfo=UTC), datetime(2027, 3, 15, tzinfo=UTC)  # creates fail for two volumes
DISABLED = datetime(2027, 6, 15, tzinfo=UTC), datetime(2027, 9, 10, tzinfo=UTC)  # the month's rule
BROKEN = datetime(2027, 10, 20, 1, 30, tzinfo=UTC)  # the listing is denied: the function raises, three times
NEW = {datetime(2027, 4, 12, tzinfo=UTC): 1, datetime(2027, 11, 2, tzinfo=UTC): 1}  # volumes that are added


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that went wrong from one day to another, and the alarms that went off."""

    first: datetime
    last: datetime
    what: str
    alarms: tuple[str, ...] = ()


INCIDENTS = (
    Incident(
        first=DENIED[0],
        last=DENIED[1],
        what="8 to 14 March: EC2 refused to make snapshots of two volumes. Every mail said PROBLEM and named them; two alarms went off.",
        alarms=("OverdueDay", "OverdueWeek"),
    ),
    Incident(
        first=DISABLED[0],
        last=DISABLED[1],
        what="15 June to 10 September: the rule of the month was disabled. From July to 1 October every mail said overdue.",
        alarms=("OverdueMonth",),
    ),
    Incident(
        first=BROKEN,
        last=BROKEN,
        what="20 October: a run failed three times. Three mails said FAILED, and two alarms went off.",
        alarms=("FunctionErrors", "RunFailed"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """One value of one metric."""

    metric: str
    dimensions: Mapping[str, str]
    at: datetime
    value: float


def simulated(settings: Settings) -> Iterator[MetricPoint]:
    """Run every occasion of a year, one after the other, and yield the metrics that a dashboard would get."""
    with mock_aws(), _environment(settings):
        backend = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
        client = Session().client("ec2")
        _volumes(client, 4, START)
        arriving = dict(NEW)
        for at, period in _occasions(settings):
            for arrival in [arrival for arrival in arriving if arrival <= at]:
                _volumes(client, arriving.pop(arrival), arrival)
            with _faults(backend, at):
                yield from _run(at, period, tries=3 if at == BROKEN else 1)
            for gone in [resource for resource in backend.tags if resource.startswith("snap-")]:
                if gone not in backend.snapshots:  # moto keeps them for ever, and searches them all each time
                    del backend.tags[gone]


def _occasions(settings: Settings) -> list[tuple[datetime, Period]]:
    every = sorted(
        (at, period)
        for period in Period
        for at in cron.instants(settings.schedule(period), start=START, end=END)
    )
    return [
        (at, period) for at, period in every if period != Period.MONTH or not DISABLED[0] <= at < DISABLED[1]
    ]


def _run(at: datetime, period: Period, *, tries: int) -> Iterator[MetricPoint]:
    printed, errors = io.StringIO(), 0
    context: Any = SimpleNamespace(
        function_name="ebs-backup",
        memory_limit_in_mb=512,
        aws_request_id=f"{at:%Y%m%d}-{period}",
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{DEFAULT_ACCOUNT_ID}:function:ebs-backup",
        log_group_name="log",
        get_remaining_time_in_millis=lambda: 900_000,
    )
    with contextlib.redirect_stdout(printed), mock.patch("time.time", at.timestamp):
        for _ in range(tries):
            try:
                handler({"period": period.value, "time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}, context)
            except Exception:  # noqa: BLE001 - whatever it raises, Lambda counts one error
                errors += 1
    yield MetricPoint(metric="Errors", dimensions={}, at=at, value=errors)
    for line in printed.getvalue().splitlines():
        if '"_aws"' in line:
            yield from _points(json.loads(line), at)


def _points(line: Mapping[str, Any], at: datetime) -> Iterator[MetricPoint]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names = [name for name in directive["Dimensions"][0] if name in ("set", "period")]
    for metric in directive["Metrics"]:
        (value,) = line[metric["Name"]] if isinstance(line[metric["Name"]], list) else [line[metric["Name"]]]
        yield MetricPoint(
            metric=metric["Name"], dimensions={name: line[name] for name in names}, at=at, value=value
        )


def _volumes(client: Any, count: int, at: datetime) -> None:  # noqa: ANN401 - moto's own kind
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "Backup", "Value": "true"}]}]
    for _ in range(count):
        made = client.create_volume(AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=tags)
        volume = ec2_backends[DEFAULT_ACCOUNT_ID][REGION].volumes[made["VolumeId"]]
        volume.create_time = at.replace(tzinfo=None)


@contextlib.contextmanager
def _faults(backend: Any, at: datetime) -> Iterator[None]:  # noqa: ANN401 - moto's own kind
    create, listing = backend.create_snapshot, backend.describe_volumes
    denied = list(backend.volumes)[:2] if DENIED[0] <= at < DENIED[1] else []

    def checked(volume_id: str, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - moto's own kind
        if volume_id in denied:
            raise EC2ClientError("UnauthorizedOperation", "You are not authorized to perform this operation.")
        snapshot = create(volume_id, *args, **named)
        snapshot.start_time = at.replace(tzinfo=None)  # moto gives it today's date
        return snapshot

    def refused(*_: Any, **__: Any) -> Any:  # noqa: ANN401 - moto's own kind
        raise EC2ClientError("UnauthorizedOperation", "You are not authorized to perform this operation.")

    backend.create_snapshot = checked
    backend.describe_volumes = refused if at == BROKEN else listing
    yield
    backend.create_snapshot, backend.describe_volumes = create, listing


@contextlib.contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    kept = dict(os.environ)
    topic = Session(region_name=REGION).client("sns").create_topic(Name="reports")["TopicArn"]
    sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics[topic].subscriptions_confimed = 1
    dummies = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }
    os.environ.update(dummies | settings.to_env(topic_arn=topic))
    yield
    os.environ.clear()
    os.environ.update(kept)

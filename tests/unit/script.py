"""EC2 as one test tells it, call by call, with a clock that only pauses move."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from boto3.session import Session
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from ebs_backup.aws.connection import connect
from ebs_backup.aws.ec2 import Created, Ec2
from ebs_backup.model import Older
from ebs_backup.tags import Tagging, tagging
from ebs_backup.tasks import Task
from tests.unit.builders import NIGHT, a_run, a_snapshot, a_volume, settings

LOST = ReadTimeoutError(endpoint_url="http://127.0.0.1")
CALLS = ("DescribeTags", "DescribeVolumes", "DescribeSnapshots", "CreateSnapshot", "DeleteSnapshot")
OK, BAD = SimpleNamespace(status_code=200), SimpleNamespace(status_code=400)


def made(snapshot: str = "snap-new", volume: str = "vol-1", **tags: str) -> dict[str, Any]:
    """Write a pending snapshot of our own, as EC2 answers a create and as it lists it."""
    tags = {"ebs-backup:source": f"volume={volume} zone=eu-west-1a"} | tags
    return {
        "SnapshotId": snapshot,
        "VolumeId": volume,
        "State": "pending",
        "StartTime": NIGHT,
        "VolumeSize": 8,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def listed(*snapshots: dict[str, Any]) -> dict[str, Any]:
    """Write a listing of snapshots, whole."""
    return {"Snapshots": list(snapshots)}


def refused(code: str, status: int = 400) -> dict[str, Any]:
    """Write an error of EC2's."""
    return {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}


class Script:
    """Answers the function's calls from a list, and raises the exceptions in it. `sent` are names and parameters."""

    def __init__(self, **answers: list[Any]) -> None:
        self.client = connect(Session())
        self.answers = answers
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.now = 0.0
        self.paged: set[str] = set()
        for call in CALLS:
            answer: Callable[..., Any] = partial(self._answer, call)
            self.client.meta.events.register(f"before-call.ec2.{call}", answer)

    def on(self, moment: str, act: Callable[..., Any]) -> None:
        """Do something at a moment of a call, before it is answered."""
        self.client.meta.events.register_first(moment, act)

    def _answer(self, call: str, params: dict[str, Any], **_: object) -> tuple[SimpleNamespace, Any] | None:
        if call in self.paged:
            return None
        self.sent.append((call, dict(params["body"])))
        assert self.answers.get(call), f"nothing is ever sent, and the script has no answer to {call}"
        answer = self.answers[call].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return (BAD if "Error" in answer else OK), answer

    def page(self, call: str, status: int, body: bytes, *, seconds: float = 0.0) -> list[object]:
        """Answer this call's requests with a page, each after so many seconds; return the requests as they come."""
        self.paged.add(call)
        requests: list[object] = []

        def answer(request: object, **_: object) -> AWSResponse:
            requests.append(request)
            self.now += seconds
            raw: Any = SimpleNamespace(stream=lambda: [body])
            return AWSResponse("", status, HTTPHeaders(), raw)

        self.on(f"before-send.ec2.{call}", answer)
        return requests

    @property
    def calls(self) -> list[str]:
        """Return the names of the calls, in order."""
        return [call for call, _ in self.sent]

    @property
    def filters(self) -> list[dict[str, list[str]]]:
        """Return the filters of each call that had any, by name."""
        found = []
        for _, body in self.sent:
            values: dict[str, list[str]] = {}
            for key, name in body.items():
                if key.startswith("Filter.") and key.endswith(".Name"):
                    start = f"{key.removesuffix('Name')}Value."
                    values[name] = [value for of, value in body.items() if of.startswith(start)]
            found += [values] if values else []
        return found

    @property
    def time(self) -> datetime:
        """Return the time of day: NIGHT, and the pauses since."""
        return NIGHT + timedelta(seconds=self.now)

    def ec2(self, *, deadline: float = 1e9, full_bucket: bool = True) -> Ec2:
        """Return the object through which the function calls EC2."""
        return Ec2(
            self.client,
            deadline=deadline,
            full_bucket=full_bucket,
            clock=lambda: self.now,
            now=lambda: self.time,
        )

    def create(self, ec2: Ec2 | None = None, *, seen: float = 0.0, blocked: bool = False) -> Task[Created]:
        """Return the step that makes the run's snapshot of `vol-1`; `seen` is when the run listed what there is."""
        ec2, run, volume = ec2 or self.ec2(), a_run(), a_volume(id="vol-1")

        def label(at: datetime) -> Tagging:
            return tagging(volume, run, settings(), at=at, older=Older(stay=2))

        return ec2.create(volume, label, ec2.lookout(run, ["vol-1"], seen=seen), blocked=blocked)

    def delete(
        self, ec2: Ec2 | None = None, *, still_goes: Callable[[], bool] = lambda: True
    ) -> Task[bool | None]:
        """Return the step that deletes `snap-old`."""
        return (ec2 or self.ec2()).delete(a_snapshot(id="snap-old"), still_goes)

    def finish(self, step: Task[Any]) -> tuple[Any, list[float]]:
        """Run a step to its end; return its result and the pauses that it asked for."""
        pauses = []
        while True:
            try:
                pauses.append(next(step))
                self.now += pauses[-1]
            except StopIteration as end:
                return end.value, pauses

"""EC2, and the only module that knows its names: listings become frozen data, writes happen once or raise an AwsError."""

import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.parsers import ResponseParserError

from ebs_backup.aws.errors import (
    CONCURRENT,
    ERRORS,
    OUT_OF_TIME,
    RATE_PER_VOLUME,
    SLOW_LISTING,
    AwsError,
    Kind,
)
from ebs_backup.aws.rate_limiter import Pace
from ebs_backup.lookout import Lookout
from ebs_backup.model import Instance, Run, Snapshot, Volume
from ebs_backup.settings import SERVICE, TAG_HOLD, TAG_OLDER, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE
from ebs_backup.tags import Labels, named_after, names_source
from ebs_backup.tasks import Step

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import FilterTypeDef, TagTypeDef

WORKERS = 16
VOLUMES_A_PAGE, SNAPSHOTS_A_PAGE, TAGS_A_PAGE = 500, 1000, 1000  # as many as EC2 gives
SETTLING = 5.0  # seconds that EC2's listings may lag behind its writes
LONGEST_PAUSE = 20.0  # seconds between two tries
LOOKING_UP = 60.0  # seconds for the names of instances: the rest is for the backups, which do without


def connect(session: Session) -> "EC2Client":
    """Make the one client that all threads share.

    botocore's own retries serve the listings. They are off for the writes: a re-sent CreateSnapshot makes a second
    snapshot (it has no client token), and the pace of the writes is kept here.
    """
    # Half the cost of a listed snapshot is python-dateutil's parser; EC2's times are plain ISO 8601.
    parsers = session._session.get_component("response_parser_factory")  # noqa: SLF001 - boto3 has no door to it
    parsers.set_parser_defaults(timestamp_parser=datetime.fromisoformat)
    config = Config(
        user_agent=SERVICE,  # CloudTrail names the function; botocore's own is worked out anew for each call
        max_pool_connections=WORKERS,
        connect_timeout=5,
        read_timeout=15,
        retries={"mode": "standard", "total_max_attempts": 8},
    )
    client = session.client("ec2", config=config)
    for write in ("CreateSnapshot", "DeleteSnapshot"):
        client.meta.events.register(f"needs-retry.ec2.{write}", _never)
    client.meta.events.register("response-received.ec2", _take_only_ec2s_own)
    return client


def _never(**_: object) -> Any:  # noqa: ANN401 - botocore's stubs say that handlers return nothing; this one is read
    return False


def _take_only_ec2s_own(parsed_response: Mapping[str, Any] | None, **_: object) -> None:
    """Refuse a success that some other server tells: botocore reads any XML, and a delete's answer holds nothing else."""
    metadata = parsed_response["ResponseMetadata"] if parsed_response else {}
    if metadata.get("HTTPStatusCode") == 200 and "RequestId" not in metadata:
        raise ResponseParserError("the answer is not EC2's: it names no request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What came of a create: the run's restore point; `labels` are those it was sent with, None where it was there."""

    snapshot: Snapshot
    labels: Labels | None


class Ec2:
    """One function invocation's EC2: `deadline` is when to stop trying, on `clock`, in seconds.

    `rested` is False where an invocation just before has used up what EC2 takes at once.
    """

    def __init__(
        self,
        client: "EC2Client",
        *,
        deadline: float,
        rested: bool = True,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._now = now
        self._deadline = deadline
        self._look_up_until = min(deadline, clock() + LOOKING_UP)
        self._clock = clock
        self._creates, self._deletes = Pace(clock, rested=rested), Pace(clock, rested=rested)
        # botocore's retries of a listing know no deadline: the last pause must leave time for the report.
        client.meta.events.unregister("needs-retry.ec2", unique_id="deadline")
        client.meta.events.register_first("needs-retry.ec2", self._until_deadline, unique_id="deadline")

    def _until_deadline(self, operation: "OperationModel", **_: object) -> Any:  # noqa: ANN401 - as _never
        """Forbid a retry whose pause would pass the deadline; leaves any other to botocore."""
        deadline = self._look_up_until if operation.name == "DescribeTags" else self._deadline
        return False if self._clock() + LONGEST_PAUSE > deadline else None

    def instances(self, tag_name: str) -> dict[str, Instance]:
        """List the names of all instances, and their tag of this name, all pages; raises an AwsError.

        DescribeTags tells no more than that, in far less time than DescribeInstances. It comes before the backups, so it
        gives up early.
        """
        filters: list[FilterTypeDef] = [
            {"Name": "resource-type", "Values": ["instance"]},
            {"Name": "key", "Values": ["Name", _literal(tag_name)]},
        ]
        pages = self._client.get_paginator("describe_tags").paginate(
            Filters=filters, PaginationConfig={"PageSize": TAGS_A_PAGE}
        )
        tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        try:
            for page in pages:
                for tag in page["Tags"]:
                    tags[tag["ResourceId"]][tag["Key"]] = tag["Value"]
                if "NextToken" in page and self._clock() >= self._look_up_until:
                    raise AwsError(
                        kind=Kind.WAIT, code=SLOW_LISTING, message=f"not all of them in {LOOKING_UP:.0f} s"
                    )
        except ERRORS as error:
            raise AwsError.of(error) from None
        return {
            instance: Instance(name=_printable(each.get("Name", "")), tag=each.get(tag_name))
            for instance, each in tags.items()
        }

    def volumes(self, instances: Mapping[str, Instance]) -> Iterator[Volume]:
        """List all volumes of the region, all pages; raises an AwsError.

        All, for a filter would hide those whose tag differs by a letter's case; but for those that only come or go.
        """
        filters: list[FilterTypeDef] = [{"Name": "status", "Values": ["available", "in-use", "error"]}]
        pages = self._client.get_paginator("describe_volumes").paginate(
            Filters=filters, PaginationConfig={"PageSize": VOLUMES_A_PAGE}
        )
        try:
            for page in pages:
                yield from (_volume(raw, instances) for raw in page["Volumes"])
        except ERRORS as error:
            raise AwsError.of(error) from None

    def snapshots(self, backup_set: str, *, volume_id: str = "") -> list[Snapshot]:
        """List all snapshots that carry the backup set's tag, or those of one volume, all pages.

        Pages shift while they are read: one that is listed twice is given once, as it was last.
        """
        of_one = {"volume-id": [volume_id]} if volume_id else {}
        listed = {
            snapshot.id: snapshot for snapshot in self._snapshots({f"tag:{TAG_SET}": [backup_set]} | of_one)
        }
        return list(listed.values())

    def lookout(self, run: Run, volumes: Sequence[str], *, seen: float) -> Lookout:
        """Return what looks for this run's snapshots of these volumes; all were listed from `seen` on."""
        of_run = {
            f"tag:{TAG_SET}": [run.backup_set],
            f"tag:{TAG_PERIOD}": [run.period.value],
            f"tag:{TAG_RUN}": [run.id],
        }

        def look(those: Sequence[str]) -> Iterator[Snapshot]:
            found = self._snapshots(of_run | {"volume-id": list(those)})
            return (snapshot for snapshot in found if snapshot.ours)

        return Lookout(look, volumes, seen=seen, clock=self._clock)

    def create(
        self,
        volume: Volume,
        labels: Callable[[datetime], Labels],
        lookout: Lookout,
        *,
        blocked: bool = False,
    ) -> Step[Created]:
        """Make one snapshot: never a second one where a first exists, whatever became of EC2's answer.

        Waits for its turn, and as long as EC2 asks it to; `blocked` tells that the volume has as many unfinished
        snapshots as EC2 takes, so that waiting cannot help. `labels` are those of a snapshot that is taken at that time.
        Raises an AwsError of kind GONE or REFUSED, or, when the time is too short, the last one met, or OUT_OF_TIME.
        """
        unsure, fault = False, None
        while True:
            yield from self._turn(self._creates, fault)
            # Not known, or a refusal by rate, which says that somebody made one just now: perhaps another delivery.
            look = fault is not None and (unsure or fault.code == RATE_PER_VOLUME)
            labelled = labels(self._now())
            try:
                if made := lookout.made(volume.id, now=look):
                    return Created(snapshot=made, labels=labelled if unsure else None)
                return Created(snapshot=self._create(volume, labelled), labels=labelled)
            except AwsError as error:  # of the look: nothing was sent
                fault = error
            except ERRORS as error:
                fault = AwsError.of(error)
                unsure = unsure or fault.kind is Kind.UNSURE
            if fault.code == CONCURRENT and blocked:
                # What blocks the volume may be this run's own, made by another delivery just now.
                yield self._in_time(SETTLING, fault)
                if made := lookout.made(volume.id, now=True):
                    return Created(snapshot=made, labels=labelled if unsure else None)
                raise fault.but(kind=Kind.REFUSED)

    def delete(self, snapshot: Snapshot) -> Step[bool]:
        """Delete one snapshot and tell whether it was still there; raises an AwsError as `create` does.

        A refusal is of kind UNSURE where an earlier try was never answered: that one may have deleted it.
        """
        fault, unsure = None, False
        while True:
            yield from self._turn(self._deletes, fault)
            try:
                self._client.delete_snapshot(SnapshotId=snapshot.id)
            except ERRORS as error:
                fault = AwsError.of(error)
            else:
                return True
            if fault.kind is Kind.GONE:
                return False
            if unsure and fault.kind is Kind.REFUSED:
                raise fault.but(kind=Kind.UNSURE)
            unsure = unsure or fault.kind is Kind.UNSURE

    def _turn(self, pace: Pace, fault: AwsError | None) -> Step[None]:
        """Wait until the next call may be made, after `fault` if there was one; raises it if waiting cannot help.

        A turn that would come after the deadline is not waited for.
        """
        if fault and fault.kind in (Kind.GONE, Kind.REFUSED, Kind.KEPT):
            raise fault
        if fault and not fault.throttled:
            yield self._in_time(random.uniform(SETTLING, LONGEST_PAUSE), fault)  # noqa: S311 - jitter, not a secret
        turn = pace.throttled() if fault and fault.throttled else pace.book()
        while wait := self._in_time(pace.wait(turn), fault):
            yield wait

    def _in_time(self, wait: float, fault: AwsError | None) -> float:
        """Give the wait; raises what was met last if it passes the deadline."""
        if self._clock() + wait < self._deadline:
            return wait
        met = fault or AwsError(
            kind=Kind.WAIT, code=OUT_OF_TIME, message="the function's time ended before its turn"
        )
        # Another invocation would wait for the same snapshots of other tools, and hold up everybody's mail.
        unfinished = met.code != CONCURRENT
        raise met.but(unfinished=unfinished)

    def _create(self, volume: Volume, labels: Labels) -> Snapshot:
        tags: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in labels.tags.items()]
        answer = self._client.create_snapshot(
            VolumeId=volume.id,
            Description=labels.description,
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}],
        )
        if not {"SnapshotId", "VolumeId", "StartTime", "State", "VolumeSize"} <= answer.keys():
            raise ResponseParserError("the answer to CreateSnapshot does not tell the whole snapshot")
        return _snapshot({**answer, "Tags": tags})

    def _snapshots(self, filters: Mapping[str, Sequence[str]]) -> Iterator[Snapshot]:
        """List; raises an AwsError. An answer that cannot be read may hold megabytes: none of it goes on from here."""
        pages = self._client.get_paginator("describe_snapshots").paginate(
            OwnerIds=["self"],
            Filters=[
                {"Name": name, "Values": [_literal(value) for value in values]}
                for name, values in filters.items()
            ],
            PaginationConfig={"PageSize": SNAPSHOTS_A_PAGE},
        )
        try:
            for page in pages:
                yield from map(_snapshot, page["Snapshots"])
        except ERRORS as error:
            raise AwsError.of(error) from None


def _literal(value: str) -> str:
    """Write a filter's value so that EC2 takes its `*` and `?` for what they are."""
    return re.sub(r"([\\*?])", r"\\\1", value)


def _volume(raw: Mapping[str, Any], instances: Mapping[str, Instance]) -> Volume:
    tags = _tags(raw)
    attachment = _attachment(raw, instances)
    instance = attachment.get("InstanceId", "")
    return Volume(
        id=raw["VolumeId"],
        name=_printable(tags.get("Name", "")),
        state=raw["State"],
        created=raw["CreateTime"],
        zone=raw["AvailabilityZone"],
        type=raw["VolumeType"],
        size=raw["Size"],
        iops=raw.get("Iops"),
        throughput=raw.get("Throughput"),
        device=attachment.get("Device", ""),
        instance=instance,
        instance_name=instances[instance].name if instance in instances else "",
        tags=tags,
        encrypted=raw.get("Encrypted", False),
        kms_key=raw.get("KmsKeyId", ""),
    )


def _attachment(raw: Mapping[str, Any], instances: Mapping[str, Instance]) -> Mapping[str, Any]:
    """Give the attachment to an instance that carries the selecting tag, else any: a volume may have several."""
    attached: Sequence[Mapping[str, Any]] = raw.get("Attachments", [])
    on = ((each, instances.get(each.get("InstanceId", ""))) for each in attached)
    tagged = (each for each, instance in on if instance and instance.tag is not None)
    return next(tagged, next(iter(attached), {}))


def _snapshot(raw: Mapping[str, Any]) -> Snapshot:
    """Convert; what thousands of snapshots have in common is held once."""
    tags = _tags(raw)
    return Snapshot(
        id=raw["SnapshotId"],
        volume_id=raw["VolumeId"],
        period=sys.intern(tags.get(TAG_PERIOD, "")),
        run=sys.intern(tags.get(TAG_RUN, "")),
        state=raw["State"],
        started=raw["StartTime"],
        size=raw["VolumeSize"],
        name=sys.intern(_printable(named_after(tags.get("Name", "")))),
        full_bytes=raw.get("FullSnapshotSizeInBytes"),
        ours=names_source(tags.get(TAG_SOURCE, ""), raw["VolumeId"]),
        hold=tags.get(TAG_HOLD),
        older=int(older) if re.fullmatch("[0-9]{1,6}", older := tags.get(TAG_OLDER, "")) else None,
        message=_printable(raw.get("StateMessage", ""))[:300],
    )


def _tags(raw: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}


def _printable(name: str) -> str:
    """Make a name fit for one line of a mail: a tag may hold line breaks and control characters."""
    return "".join(char if char.isprintable() else " " for char in name).strip()

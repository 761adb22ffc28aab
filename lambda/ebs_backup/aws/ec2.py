"""EC2's calls: listings are read whole, writes happen once, and every failure is an AwsError."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.parsers import ResponseParserError

from ebs_backup.aws import convert
from ebs_backup.aws.errors import (
    CONCURRENT,
    ERRORS,
    RATE_PER_VOLUME,
    SLOW_LISTING,
    AwsError,
    Kind,
)
from ebs_backup.aws.patience import LONGEST_PAUSE, SETTLING, Patience
from ebs_backup.aws.rate_limiter import RateLimiter
from ebs_backup.lookout import Lookout
from ebs_backup.model import Instance, Run, Snapshot, Volume
from ebs_backup.names import TAG_AGAIN, TAG_PERIOD, TAG_RUN, TAG_SET
from ebs_backup.tags import Tagging
from ebs_backup.tasks import Task

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_ec2 import EC2Client

VOLUMES_A_PAGE, SNAPSHOTS_A_PAGE, TAGS_A_PAGE = 500, 1000, 1000  # as many as EC2 gives
FILTER_VALUES = 190  # of ids in one call: EC2 takes 200, and other filters need some
THERE = ("available", "in-use", "error")  # states of a volume that is not being created or deleted
LOOKING_UP = 60.0  # seconds for the names of instances: the backups need the rest of the time, not the names


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The result of a create: the run's restore point, and its `tagging`, None if the restore point existed before."""

    snapshot: Snapshot
    tagging: Tagging | None


class Ec2:
    """EC2 for one invocation of the function: `deadline` is when to stop trying, on `clock`, in seconds.

    `full_bucket` is False if an invocation just before this one has used up the calls that EC2 takes at once.
    """

    def __init__(
        self,
        client: "EC2Client",
        *,
        deadline: float,
        full_bucket: bool = True,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._now = now
        self._patience = Patience(deadline=deadline, clock=clock)
        self._look_up_until = min(deadline, clock() + LOOKING_UP)
        self._clock = clock
        self._creates = RateLimiter(clock, full_bucket=full_bucket)
        self._deletes = RateLimiter(clock, full_bucket=full_bucket)
        # botocore's retries of a listing know no deadline: the last pause must leave time for the report.
        client.meta.events.unregister("needs-retry.ec2", unique_id="deadline")
        client.meta.events.register_first("needs-retry.ec2", self._until_deadline, unique_id="deadline")

    def _until_deadline(self, operation: "OperationModel", **_: object) -> Any:  # noqa: ANN401 - as connection._never
        """Forbid a retry whose pause would pass the deadline; leave all others to botocore."""
        deadline = self._look_up_until if operation.name == "DescribeTags" else self._patience.deadline
        return False if self._clock() + LONGEST_PAUSE > deadline else None

    def instances(self, tag_name: str) -> dict[str, Instance]:
        """List the names of all instances, and their tag of this name, all pages; raises an AwsError.

        DescribeTags returns only that, and is much faster than DescribeInstances. It runs before the backups, so it
        gives up early.
        """
        filters = convert.filters({"resource-type": ["instance"], "key": ["Name", tag_name]})
        pages = self._client.get_paginator("describe_tags").paginate(
            Filters=filters, PaginationConfig={"PageSize": TAGS_A_PAGE}
        )
        tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for instance, key, value in convert.rows(
            self._quickly(pages), "Tags", itemgetter("ResourceId", "Key", "Value")
        ):
            tags[instance][key] = value
        return {
            instance: Instance(name=convert.printable(own.get("Name", "")), tag=own.get(tag_name))
            for instance, own in tags.items()
        }

    def _quickly(self, pages: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Return the pages; raises an AwsError if the time for the instances is not enough for all of them."""
        for page in pages:
            yield page
            if "NextToken" in page and self._clock() >= self._look_up_until:
                message = f"not all of them in {LOOKING_UP:.0f} s"
                raise AwsError(kind=Kind.RETRY, code=SLOW_LISTING, message=message)

    def volumes(self, instances: Mapping[str, Instance]) -> Iterator[Volume]:
        """List all volumes of the region, all pages; raises an AwsError.

        A filter would hide volumes whose tag differs only by upper and lower case. Volumes that are being created or
        deleted are left out.
        """
        pages = self._volume_pages({"status": THERE})
        return convert.rows(pages, "Volumes", lambda raw: convert.volume(raw, instances))

    def some_volumes(self, volume_ids: Sequence[str]) -> Iterator[Volume]:
        """List the volumes with these ids that exist, without the names of their instances; raises an AwsError."""
        for part in _parts(volume_ids):
            pages = self._volume_pages({"volume-id": part, "status": THERE})
            yield from convert.rows(pages, "Volumes", lambda raw: convert.volume(raw, {}))

    def known(self, volume_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these volumes EC2 knows by their ids, in any state; raises an AwsError."""
        found: set[str] = set()
        for part in _parts(volume_ids):
            pages = self._volume_pages({"volume-id": part})
            found.update(convert.rows(pages, "Volumes", itemgetter("VolumeId")))
        return frozenset(found)

    def snapshots(self, backup_set: str, *, volume_id: str = "") -> list[Snapshot]:
        """List all snapshots that carry the backup set's tag, or those of one volume, all pages.

        Pages shift while they are read: a snapshot that is listed twice is returned once, as it was listed last.
        """
        of_one = {"volume-id": [volume_id]} if volume_id else {}
        listed = {
            snapshot.id: snapshot for snapshot in self._snapshots({f"tag:{TAG_SET}": [backup_set]} | of_one)
        }
        return list(listed.values())

    def as_made(self, backup_set: str, volume_ids: Sequence[str]) -> list[Snapshot]:
        """List the set's own snapshots of these volumes, also those whose tags somebody changed; raises an AwsError."""
        found: list[Snapshot] = []
        for part in _parts(volume_ids):
            pages = self._pages({"volume-id": part})
            made = convert.rows(pages, "Snapshots", lambda raw: convert.as_made(raw, backup_set))
            found += (snapshot for snapshot in made if snapshot)
        return found

    def by_id(
        self, backup_set: str, snapshot_ids: Sequence[str], *, replaced: bool = False
    ) -> Iterator[Snapshot]:
        """List the set's snapshots with these ids or, with `replaced`, those that replace them; raises an AwsError.

        An id that is unknown, or not of this set, is left out: it is no error.
        """
        by = f"tag:{TAG_AGAIN}" if replaced else "snapshot-id"
        for part in _parts(snapshot_ids):
            yield from self._snapshots({f"tag:{TAG_SET}": [backup_set], by: part})

    def of_run(self, run: Run, volume_ids: Sequence[str]) -> Iterator[Snapshot]:
        """List the run's own snapshots of these volumes, in any state; raises an AwsError."""
        wanted = {TAG_SET: run.backup_set, TAG_PERIOD: run.period.value, TAG_RUN: run.id}
        for part in _parts(volume_ids):
            tags = {f"tag:{key}": [value] for key, value in wanted.items()}
            found = self._snapshots({**tags, "volume-id": part})
            yield from (snapshot for snapshot in found if snapshot.ours)

    def lookout(self, run: Run, volumes: Sequence[str], *, seen: float) -> Lookout:
        """Return the Lookout for this run's snapshots of these volumes; the listing of all of them began at `seen`."""
        return Lookout(partial(self.of_run, run), volumes, seen=seen, clock=self._clock)

    def create(
        self,
        volume: Volume,
        tagging: Callable[[datetime], Tagging],
        lookout: Lookout,
        *,
        blocked: bool = False,
    ) -> Task[Created]:
        """Create one snapshot, and never a second one, even if EC2's answer was lost.

        Waits for its turn, and as long as EC2 asks it to. `blocked` says that the volume has as many unfinished
        snapshots as EC2 takes, so waiting cannot help. `tagging` returns the tags of a snapshot taken at a given time.
        Raises an AwsError of kind NOT_FOUND or REJECTED. If the time is too short, raises the last error, or
        OUT_OF_TIME if there was none.
        """
        unsure, fault = False, None
        while True:
            yield from self._patience.turn(self._creates, fault)
            # EC2 refuses by rate if somebody has just made one, perhaps another delivery.
            look = fault is not None and (unsure or fault.code == RATE_PER_VOLUME)
            tagged_as = tagging(self._now())
            try:
                if made := lookout.made(volume.id, now=look):
                    return Created(snapshot=made, tagging=tagged_as if unsure else None)
                return Created(snapshot=self._create(volume, tagged_as), tagging=tagged_as)
            except AwsError as error:  # the look failed: no create was sent
                fault = error
            except ERRORS as error:
                fault = AwsError.of(error)
                unsure = unsure or fault.kind is Kind.UNKNOWN_OUTCOME
            if fault.code == CONCURRENT and blocked:
                # The snapshot that blocks the volume may be this run's own, just made by another delivery.
                yield self._patience.in_time(SETTLING, fault)
                if made := lookout.made(volume.id, now=True):
                    return Created(snapshot=made, tagging=tagged_as if unsure else None)
                raise fault.but(kind=Kind.REJECTED)

    def delete(self, snapshot: Snapshot, still_goes: Callable[[], bool]) -> Task[bool | None]:
        """Delete one snapshot and return whether it was still there; raises an AwsError as `create` does.

        Its turn may come minutes later, so `still_goes` is asked right before each try; if it says no, return None.
        If an earlier try got no answer, it may have deleted the snapshot: a refusal is then of kind UNKNOWN_OUTCOME.
        """
        fault, unsure = None, False
        while True:
            yield from self._patience.turn(self._deletes, fault)
            if not still_goes():
                return None
            try:
                self._client.delete_snapshot(SnapshotId=snapshot.id)
            except ERRORS as error:
                fault = AwsError.of(error)
            else:
                return True
            if fault.kind is Kind.NOT_FOUND:
                return False
            if unsure and fault.kind is Kind.REJECTED:
                raise fault.but(kind=Kind.UNKNOWN_OUTCOME)
            unsure = unsure or fault.kind is Kind.UNKNOWN_OUTCOME

    def _create(self, volume: Volume, tagging: Tagging) -> Snapshot:
        parameters = convert.new_snapshot(volume, tagging)
        answer = self._client.create_snapshot(**parameters)
        try:
            return convert.snapshot({**answer, **parameters["TagSpecifications"][0]})
        except KeyError as field:
            raise ResponseParserError(f"the answer to CreateSnapshot lacks {field}") from None

    def _volume_pages(self, filters: Mapping[str, Sequence[str]]) -> Iterable[Mapping[str, Any]]:
        return self._client.get_paginator("describe_volumes").paginate(
            Filters=convert.filters(filters), PaginationConfig={"PageSize": VOLUMES_A_PAGE}
        )

    def _snapshots(self, filters: Mapping[str, Sequence[str]]) -> Iterator[Snapshot]:
        return convert.rows(self._pages(filters), "Snapshots", convert.snapshot)

    def _pages(self, filters: Mapping[str, Sequence[str]]) -> Iterable[Mapping[str, Any]]:
        return self._client.get_paginator("describe_snapshots").paginate(
            OwnerIds=["self"],
            Filters=convert.filters(filters),
            PaginationConfig={"PageSize": SNAPSHOTS_A_PAGE},
        )


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut the values of a filter into as many as one call takes."""
    return (values[first : first + FILTER_VALUES] for first in range(0, len(values), FILTER_VALUES))

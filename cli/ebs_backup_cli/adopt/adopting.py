"""Reads other tools' snapshots from EC2, and writes the tags of a plan, which are the only writes of an adoption."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ebs_backup.aws.convert import rows
from ebs_backup.aws.ec2 import SNAPSHOTS_A_PAGE
from ebs_backup.aws.errors import ERRORS, AwsError, Kind
from ebs_backup.model import Failure
from ebs_backup_cli.adopt.adoption import Adoption, Plan
from ebs_backup_cli.adopt.foreign_backups import FoundSnapshot

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import TagTypeDef

# EC2 gives CreateTags 100 tokens and 10 more a second, per account and region, shared with everybody else there.
BURST, RATE = 95.0, 9.8  # tokens, tokens a second: a margin, as in the function's rate limiter
PAUSE = 2.0  # seconds without a call after EC2 throttled one
TRIES = 30  # of one snapshot, with a pause after each: a minute and more
DESCRIPTIONS = ["*snapshot script*", "day_snapshot*", "week_snapshot*", "month_snapshot*", "ec2ab_*"]
TRY_LATER = (Kind.RETRY, Kind.UNKNOWN_OUTCOME)  # tagging twice has the same result as tagging once
GO_ON = "When that is fixed, run the command again: it goes on where it stopped."
ADVICE = {
    "UnauthorizedOperation": "Your credentials need ec2:CreateTags on snapshots (docs/permissions.md), and no policy that"
    f" denies tags which begin with ebs-backup: (docs/security.md). {GO_ON}",
    "TagPolicyViolation": f"A tag policy of the organization refuses one of the tags. {GO_ON}",
    "InvalidSnapshot.NotFound": "It is no longer there: nothing to do.",
}


def candidates(client: "EC2Client") -> list[FoundSnapshot]:
    """List the account's snapshots whose description could be another tool's, all pages; raises an AwsError.

    Pages shift while they are read: a snapshot that is listed twice is returned once.
    """
    pages = client.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"],
        Filters=[{"Name": "description", "Values": DESCRIPTIONS}],
        PaginationConfig={"PageSize": SNAPSHOTS_A_PAGE},
    )
    return list({snapshot.id: snapshot for snapshot in rows(pages, "Snapshots", found_snapshot)}.values())


def found_snapshot(raw: Mapping[str, Any]) -> FoundSnapshot:
    """Convert one snapshot of a DescribeSnapshots answer."""
    return FoundSnapshot(
        id=raw["SnapshotId"],
        volume_id=raw["VolumeId"],
        owner=raw["OwnerId"],
        state=raw["State"],
        started=raw["StartTime"],
        description=raw.get("Description", ""),
        tags={tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])},
        size=raw["VolumeSize"],
        encrypted=raw.get("Encrypted", False),
        kms_key=raw.get("KmsKeyId", ""),
        message=raw.get("StateMessage", ""),
    )


def adopt(
    client: "EC2Client",
    plan: Plan,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[tuple[Adoption, Failure | None]]:
    """Tag each snapshot of the plan in a separate call, and yield each with its error, if any, as soon as it is known.

    A failed one does not stop the others. The next plan adopts those that were not reached.
    """
    pace = Pace(clock)
    for adoption in plan.adoptions:
        yield adoption, _tag(client, adoption, pace, sleep)


class Pace:
    """A bucket of tokens within EC2's: `turn` takes one, and says how long to wait before the call."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tokens, self._at = BURST, clock()

    def turn(self) -> float:
        """Take a token, perhaps a future one; return the seconds to wait."""
        self._refill()
        self._tokens -= 1
        return max(0.0, -self._tokens / RATE)

    def throttled(self) -> None:
        """Empty the bucket, because EC2's is empty, and make no call for a while."""
        self._refill()
        self._tokens = min(self._tokens, -PAUSE * RATE)

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._at) * RATE)
        self._at = now


def _tag(
    client: "EC2Client", adoption: Adoption, pace: Pace, sleep: Callable[[float], object]
) -> Failure | None:
    """Add the tags; try again until EC2 gives a final answer, or the tries are used up."""
    sleep(pace.turn())
    tries = 1
    while (fault := _create_tags(client, adoption)) and fault.kind in TRY_LATER and tries < TRIES:
        pace.throttled()
        sleep(pace.turn())
        tries += 1
    if fault is None:
        return None
    return Failure(
        resource=adoption.backup.snapshot.id,
        action="adopt a snapshot",
        code=fault.code,
        message=fault.message,
        advice=ADVICE.get(fault.code, GO_ON),
    )


def _create_tags(client: "EC2Client", adoption: Adoption) -> AwsError | None:
    tags: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in adoption.tags.items()]
    try:
        client.create_tags(Resources=[adoption.backup.snapshot.id], Tags=tags)
    except ERRORS as error:
        return AwsError.of(error)
    return None

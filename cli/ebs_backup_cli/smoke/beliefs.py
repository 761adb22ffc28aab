"""What we know of AWS from documents alone: `smoke` asks a real account, and docs/real-aws.md lists them. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One thing that we believe, where it stands, and how it is tried."""

    id: str
    what: str
    believed: str
    source: str
    tried: str


def _belief(id_: str, what: str, believed: str, source: str, tried: str) -> Belief:
    return Belief(id=id_, what=what, believed=believed, source=source, tried=tried)


BELIEFS = (
    _belief(
        "client-token",
        "CreateVolume, sent twice with one ClientToken",
        "The second answer names the first volume",
        "EC2 API: ensuring idempotency",
        "It sends the create of its volume twice",
    ),
    _belief(
        "dry-run-create",
        "CreateSnapshot with DryRun, allowed",
        "Error DryRunOperation, HTTP 412; nothing is made",
        "EC2 API: CreateSnapshot",
        "It sends one",
    ),
    _belief(
        "dry-run-delete",
        "DeleteSnapshot with DryRun, allowed",
        "Error DryRunOperation, HTTP 412; nothing is deleted",
        "EC2 API: DeleteSnapshot",
        "It sends one for its own snapshot",
    ),
    _belief(
        "tags-kept",
        "Tags in the create call, with letters of any script",
        "They arrive as they were sent",
        "EC2 guide: tag restrictions",
        "Its volume has such a tag, and the run copies it",
    ),
    _belief(
        "description-kept",
        "A description of printable ASCII, up to 255 characters",
        "It arrives as it was sent",
        "EC2 API: CreateSnapshot",
        "It compares the listing with what the run sent",
    ),
    _belief(
        "description-ascii",
        "A description that is not ASCII",
        "It is refused: InvalidParameterValue",
        "Reports of users; EC2's reference does not say",
        "It creates a snapshot with one letter that is not ASCII",
    ),
    _belief(
        "tags-50",
        "A snapshot with 51 tags",
        "It is refused: TagLimitExceeded",
        "EC2 guide: tag restrictions",
        "It creates one with 51",
    ),
    _belief(
        "rate-per-volume",
        "A second snapshot of a volume within 15 seconds",
        "It is refused: SnapshotCreationPerVolumeRateExceeded",
        "EC2 error codes",
        "It creates one right after the run's",
    ),
    _belief(
        "listing-lag",
        "How soon a new snapshot is listed, by its tags",
        "Within 5 seconds",
        "EC2 API: eventual consistency; the number is ours",
        "It lists until the run's snapshot is there",
    ),
    _belief(
        "filter-wildcards",
        "`*`, `?` and `\\` in a filter's value, each behind a backslash",
        "They stand for themselves",
        "EC2 guide: filtering",
        "It looks for a tag that has all three, and for a value that only a wildcard finds",
    ),
    _belief(
        "full-size",
        "A completed snapshot in the listing",
        "It has FullSnapshotSizeInBytes",
        "EC2 API: Snapshot",
        "It looks",
    ),
    _belief(
        "in-use",
        "Deleting a snapshot that an AMI uses",
        "InvalidSnapshot.InUse, and the words name the AMI",
        "EC2 error codes",
        "It makes an AMI of its snapshot, tries, and deregisters the AMI",
    ),
    _belief(
        "locked",
        "Deleting a locked snapshot",
        "An error whose words say that it is locked; no code is documented",
        "None: the words are a guess",
        "It locks its snapshot in governance mode, tries, and unlocks it",
    ),
    _belief(
        "gone",
        "Deleting a snapshot that is gone",
        "InvalidSnapshot.NotFound",
        "EC2 error codes",
        "It deletes its snapshot twice",
    ),
    _belief(
        "dry-run-invoke",
        "Lambda's Invoke as DryRun, allowed",
        "Status 204; nothing is invoked",
        "Lambda API: Invoke",
        "With --deployed, it sends one",
    ),
)

"""The names that the stack and the function must agree on: periods, tag keys, environment names, metrics."""

from enum import StrEnum


class Period(StrEnum):
    """How often a volume is backed up; each period has its own schedule and its own keep count."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


SERVICE = "ebs-backup"  # as logs and metrics know the function

TAG_SET = "ebs-backup:set"
TAG_PERIOD = "ebs-backup:period"
TAG_RUN = "ebs-backup:run"
TAG_SOURCE = "ebs-backup:source"
TAG_OLDER = "ebs-backup:older"  # how many older occasions stay beside this snapshot (tags.read_older)
TAG_AGAIN = "ebs-backup:again"  # the failed snapshot of the same run that this one replaces
TAG_HOLD = "ebs-backup:hold"  # put on a snapshot by a person: it stays
# On a volume, by the operator's command: the snapshot it was made of, by a restore and by a verify.
TAG_RESTORED_FROM, TAG_VERIFY = "ebs-backup:restored-from", "ebs-backup:verify"
# On a volume, by its owner: keep counts of its own (`keep_tag`), or to be skipped.
TAG_PREFIX = "ebs-backup:"
TAG_SKIP = "ebs-backup:skip"

OFF = "off"  # a schedule that never fires, or a limit that is not set

ENV_PREFIX = "EBS_BACKUP_"

# Metrics, by set and period, as the function emits them and the stack's alarms and dashboard read them.
NAMESPACE = "EbsBackup"
SELECTED, CREATED, EXPIRED = "VolumesSelected", "SnapshotsCreated", "SnapshotsExpired"
FAILURES, OVERDUE, SECONDS = "Failures", "VolumesOverdue", "RunSeconds"
COMPLETED = "RunCompleted"  # by set alone: a run that was completed, and somebody gets its report
RUNS_FAILED = "RunsFailed"  # by set alone: 1 for a run that backed up nothing, 0 for any other
SUBSCRIBERS = (
    "Subscribers"  # by set alone: confirmed subscriptions of the topic, if the run could read how many
)
CHECK_PASSED = "CheckPassed"  # by set alone: a check that found nothing wrong


def keep_tag(period: Period) -> str:
    """Return the key of the tag that gives a volume its own keep count."""
    return f"{TAG_PREFIX}keep-{period}"

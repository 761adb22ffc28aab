"""The account that is measured: N volumes with 11 snapshots of history each, of which a day's run expires one."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ebs_backup.names import TAG_OLDER, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE, Period
from ebs_backup.settings import Settings
from fake_aws.account import TOPIC, FakeAccount
from fake_aws.buckets import ec2_buckets
from fake_aws.records import SnapshotRecord, VolumeRecord

HISTORY = {Period.DAY: (4, 1), Period.WEEK: (4, 7), Period.MONTH: (3, 30)}  # snapshots, days between
PER_VOLUME = sum(points for points, _ in HISTORY.values())
SETTINGS = Settings(
    backup_set="default",
    tag_name="Backup",
    tag_value="true",
    keep_day=4,
    keep_week=4,
    keep_month=3,
    max_age_day=4,
    max_age_week=9,
    max_age_month=33,
    schedule_day="30 1 * * ? *",  # each of the snapshots is an occasion, whatever the day of the measurement
    schedule_week="30 2 ? * SAT *",
    schedule_month="30 3 1 * ? *",
    topic_arn=TOPIC,
    report="always",
    copy_tags=True,
    extra_tags={},
    max_expired_per_volume=3,
    expire_gone_after_days=None,
)
RUN = "2026-11-23T01:30:00Z"
EVENT = {"period": "day", "time": RUN}
TAGS = {SETTINGS.tag_name: SETTINGS.tag_value, "team": "storage", "service": "web"}


def volume_id(number: int) -> str:
    """Return the id of the n-th volume, from 0."""
    return f"vol-{number:017x}"


def expiring_id(number: int) -> str:
    """Return the id of the snapshot of the n-th volume that the run has to delete: the oldest of its days."""
    return f"snap-f{number * PER_VOLUME + HISTORY[Period.DAY][0] - 1:016x}"


def populate(volumes: int, *, clock: Callable[[], float], buckets: bool) -> FakeAccount:
    """Build the account; the snapshots are listed in no order, as EC2 lists them."""
    account = FakeAccount(clock=clock, buckets=ec2_buckets() if buckets else {})
    history = []
    for number in range(volumes):
        instance = f"i-{number:017x}"
        account.instances[instance] = {"Name": f"web-{number}"}
        volume = VolumeRecord(
            id=volume_id(number), tags={"Name": f"web-{number} data", **TAGS}, instance=instance
        )
        account.volumes[volume.id] = volume
        ages = (
            (period, point * days)
            for period, (points, days) in HISTORY.items()
            for point in range(1, points + 1)
        )
        for index, (period, days) in enumerate(ages):
            history.append(_snapshot(number * PER_VOLUME + index, volume, period, days, clock()))
    random.Random(1).shuffle(history)  # noqa: S311 - not a secret
    for snapshot in history:
        account.add(snapshot)
    return account


def _snapshot(number: int, volume: VolumeRecord, period: Period, days: int, now: float) -> SnapshotRecord:
    started = datetime.fromtimestamp(now, UTC) - timedelta(days=days)
    run = f"{started:%Y-%m-%d}T01:29:00Z"  # never RUN, whatever the date of the measurement
    ours = {
        TAG_SET: SETTINGS.backup_set,
        TAG_PERIOD: period.value,
        TAG_RUN: run,
        TAG_SOURCE: f"volume={volume.id} zone=eu-west-1a type=gp3 size=8 iops=3000 throughput=125 device=/dev/xvdf",
        TAG_OLDER: "3",
    }
    return SnapshotRecord(
        id=f"snap-f{number:016x}",
        volume_id=volume.id,
        started=started.timestamp(),
        tags=ours | volume.tags | {"Name": f"{volume.tags['Name']} {period} {started:%Y-%m-%d} 01:30Z"},
        description=f"The {period} backup of {volume.id} by backup set default, run {run}.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the account says about a run: volumes without a snapshot, snapshots too many, and wrong deletions."""

    missed: int
    duplicates: int
    wrongly_deleted: int
    not_deleted: int


def judge(account: FakeAccount) -> Truth:
    """Compare what is there with what one run should have done."""
    made = Counter(
        snapshot.volume_id for snapshot in account.snapshots.values() if snapshot.tags.get(TAG_RUN) == RUN
    )
    gone = {snapshot.id for snapshot in account.snapshots.values() if snapshot.deleted is not None}
    due = {expiring_id(number) for number in range(len(account.volumes))}
    return Truth(
        missed=sum(not made[volume] for volume in account.volumes),
        duplicates=made.total() - len(made),
        wrongly_deleted=len(gone - due),
        not_deleted=len(due - gone),
    )

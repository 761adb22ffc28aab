"""One account in one region: volumes, snapshots, mails, queued invocations, and the rules that EC2 has for them."""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from fake_aws.buckets import Bucket
from fake_aws.limits import (
    SECONDS_BETWEEN_SNAPSHOTS,
    SNAPSHOTS_A_PAGE,
    VOLUMES_A_PAGE,
    unfinished_snapshots,
)
from fake_aws.records import MailRecord, RefusalError, SnapshotRecord, VolumeRecord

OWNER = "111122223333"
REGION = "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:{OWNER}:backups"
KEY_LOST = "Given key ID is not accessible"  # why a snapshot failed, in EC2's words


@dataclass(slots=True, kw_only=True)
class FakeAccount:
    """The state, and what EC2 and SNS do with it; every method raises RefusalError where AWS refuses.

    Times are seconds since the epoch on `clock`.

    - `lag`: the most seconds that a listing is behind the writes. `lag_of_listing` gives the next listing's seconds.
    - `volumes_a_page`, `snapshots_a_page`: the most that a page holds (AWS may give fewer than MaxResults).
    - `fate`: how long the n-th new snapshot is pending, and the state in which it ends.
    - `most_snapshots`: the region's quota.
    - `refused_tags`: the code with which a policy refuses a tag's key.
    - `demanded_tags`: the keys that a policy wants on every snapshot.
    - `subscribers`: how many confirmed subscribers the topic has.
    - `unlisted`: the volumes that a listing of all volumes lacks.
    - `retention`: the Recycle Bin's rules: a tag, and for how many days deleted snapshots with it are retained.
    """

    clock: Callable[[], float] = time.time
    lag: float = 0
    lag_of_listing: Callable[[float], float] = lambda most: most
    volumes_a_page: int = VOLUMES_A_PAGE
    snapshots_a_page: int = SNAPSHOTS_A_PAGE
    fate: Callable[[int], tuple[float, str]] = lambda _: (60, "completed")
    most_snapshots: int = 100_000
    refused_tags: Mapping[str, str] = field(default_factory=dict)
    demanded_tags: Collection[str] = ()
    subscribers: int = 1
    unlisted: Collection[str] = ()
    retention: Mapping[tuple[str, str], float] = field(default_factory=dict)
    volumes: dict[str, VolumeRecord] = field(default_factory=dict)
    instances: dict[str, dict[str, str]] = field(default_factory=dict)  # their tags
    snapshots: dict[str, SnapshotRecord] = field(default_factory=dict)
    mails: list[MailRecord] = field(default_factory=list)
    queued: list[bytes] = field(default_factory=list)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    made: dict[str, VolumeRecord] = field(
        default_factory=dict
    )  # volumes made of snapshots, by the client's token
    refused: Counter[str] = field(default_factory=Counter)
    _there: int = 0  # snapshots that are not deleted
    _newest: dict[str, SnapshotRecord] = field(default_factory=dict)
    _unsettled: dict[str, list[SnapshotRecord]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, snapshot: SnapshotRecord) -> SnapshotRecord:
        """Add a snapshot, as history or as the result of a create."""
        self.snapshots[snapshot.id] = snapshot
        self._there += 1
        if snapshot.started >= getattr(self._newest.get(snapshot.volume_id), "started", 0):
            self._newest[snapshot.volume_id] = snapshot
        if snapshot.settles > self.clock() or snapshot.ends_as == "error":
            self._unsettled.setdefault(snapshot.volume_id, []).append(snapshot)
        return snapshot

    def lose(self, *ids: str) -> None:
        """Delete snapshots as a person or another tool would."""
        for snapshot in (self.snapshots[id_] for id_ in ids):
            if snapshot.deleted is None:
                self._delete(snapshot)
                snapshot.by_person = True

    def throttle(self, action: str) -> None:
        """Take one token of the action's bucket, if it has one."""
        bucket = self.buckets.get(action)
        if bucket and not bucket.take(self.clock()):
            self.refused[action] += 1
            raise RefusalError("RequestLimitExceeded", "Request limit exceeded.", status=503)

    def visible(self) -> list[tuple[SnapshotRecord, str]]:
        """Return the snapshots that a listing shows now, with the state it shows."""
        at = self.clock() - self.lag_of_listing(self.lag)
        return [(snapshot, snapshot.state(at)) for snapshot in self.snapshots.values() if snapshot.exists(at)]

    def create_snapshot(self, volume_id: str, tags: Mapping[str, str], description: str) -> SnapshotRecord:
        """Make a snapshot within EC2's limits for one volume and for the region."""
        self._check_policies(tags)
        volume = self.volumes.get(volume_id)
        if volume is None:
            raise RefusalError("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.")
        now = self.clock()
        _check_labels(tags, description)
        self._check_limits(volume, now)
        number = next(self._numbers)
        pending, ends_as = self.fate(number)
        made = SnapshotRecord(
            id=f"snap-{number:017x}",
            volume_id=volume_id,
            started=now,
            tags=dict(tags),
            size=volume.size,
            description=description,
            settles=now + pending,
            ends_as=ends_as,
            state_message=KEY_LOST if ends_as == "error" else "",
            kms_key=volume.kms_key,
        )
        return self.add(made)

    def _check_policies(self, tags: Mapping[str, str]) -> None:
        """Refuse what the organization's policies refuse."""
        for key in tags:
            if code := self.refused_tags.get(key):
                raise RefusalError(code, f"A policy of the organization refuses the tag {key}.", status=403)
        if missing := [key for key in self.demanded_tags if key not in tags]:
            raise RefusalError(
                "UnauthorizedOperation",
                "You are not authorized to perform this operation: ec2:CreateSnapshot with an explicit deny in a "
                f"service control policy, which demands the tag {missing[0]}.",
                status=403,
            )

    def _check_limits(self, volume: VolumeRecord, now: float) -> None:
        newest = self._newest.get(volume.id)
        if newest and now - newest.started < SECONDS_BETWEEN_SNAPSHOTS:
            raise RefusalError(
                "SnapshotCreationPerVolumeRateExceeded",
                "The maximum per volume CreateSnapshot request rate has been exceeded.",
            )
        unsettled = self._unsettled.get(volume.id, [])
        counted = sum(
            snapshot.deleted is None and snapshot.state(now) in ("pending", "error") for snapshot in unsettled
        )
        if counted >= unfinished_snapshots(volume.type):
            raise RefusalError(
                "ConcurrentSnapshotLimitExceeded",
                f"Maximum allowed in-progress snapshots for volume {volume.id} exceeded.",
            )
        if self._there >= self.most_snapshots:
            raise RefusalError("SnapshotLimitExceeded", "Maximum allowed snapshots in the region exceeded.")

    def create_volume(self, token: str, snapshot_id: str, kind: str, tags: Mapping[str, str]) -> VolumeRecord:
        """Make a volume of a snapshot; a second call with the same token gets the volume of the first."""
        if token not in self.made:
            snapshot = self.snapshots.get(snapshot_id)
            if snapshot is None or not snapshot.exists(self.clock()):
                raise RefusalError(
                    "InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist."
                )
            volume = VolumeRecord(
                id=f"vol-{len(self.made) + 1:017x}",
                tags=dict(tags),
                state="creating",
                type=kind,
                size=snapshot.size,
                instance="",
            )
            self.made[token] = self.volumes[volume.id] = volume
        return self.made[token]

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Delete a snapshot that nothing keeps."""
        snapshot = self.snapshots.get(snapshot_id)
        if snapshot is None or not snapshot.exists(self.clock()):
            raise RefusalError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        snapshot.check_deletable()
        self._delete(snapshot)

    def _delete(self, snapshot: SnapshotRecord) -> None:
        """Delete it, into the Recycle Bin where a rule retains it: of several rules, the longest counts."""
        snapshot.deleted = self.clock()
        days = max((self.retention.get(tag, 0) for tag in snapshot.tags.items()), default=0)
        snapshot.leaves_bin = snapshot.deleted + days * 86_400
        self._there -= 1

    def bring_back(self, snapshot_id: str) -> SnapshotRecord:
        """Restore a snapshot from the Recycle Bin, with its tags."""
        snapshot = self.snapshots.get(snapshot_id)
        if snapshot is None or not snapshot.in_bin(self.clock()):
            raise RefusalError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        snapshot.deleted, snapshot.brought_back = None, self.clock()
        self._there += 1
        return snapshot

    def tag(self, ids: Collection[str], tags: Mapping[str, str]) -> None:
        """Set tags on snapshots, also on those in the Recycle Bin: on all, or on none."""
        now = self.clock()
        for id_ in ids:
            snapshot = self.snapshots.get(id_)
            if snapshot is None or not (snapshot.deleted is None or snapshot.in_bin(now)):
                raise RefusalError("InvalidSnapshot.NotFound", f"The snapshot '{id_}' does not exist.")
            _check_labels({**snapshot.tags, **tags}, "")
        for id_ in ids:
            self.snapshots[id_].tags |= tags

    def topic(self, topic: str) -> dict[str, str]:
        """Return the attributes of a topic that there is."""
        if topic != TOPIC:
            raise RefusalError("NotFound", "Topic does not exist", status=404)
        return {
            "TopicArn": topic,
            "SubscriptionsConfirmed": str(self.subscribers),
            "SubscriptionsPending": "0",
        }

    def publish(self, topic: str, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        """Take a mail as SNS does: a known topic, subject and message within its limits, a text for each protocol."""
        self.topic(topic)
        if not subject.isascii() or not subject.isprintable() or not 0 < len(subject) < 100:
            raise RefusalError("InvalidParameter", "Invalid parameter: Subject")
        size = len(message.encode()) + sum(len(f"{name}String{value}") for name, value in attributes.items())
        texts = json.loads(message)
        if not all(texts.get(protocol) for protocol in ("default", "email")) or not all(attributes.values()):
            raise RefusalError("InvalidParameter", "Invalid parameter: Message Structure")
        if size > 262_144:
            raise RefusalError("InvalidParameter", "Invalid parameter: Message too long")
        self.mails.append(
            MailRecord(
                topic=topic,
                subject=subject,
                body=texts["email"],
                data=texts["default"],
                attributes=attributes,
            )
        )


def _check_labels(tags: Mapping[str, str], description: str) -> None:
    """Refuse what EC2 refuses: 50 tags, 128 and 256 characters, no `aws:`, 255 ASCII characters of description."""
    wrong = [key for key in tags if key.lower().startswith("aws:") or not 0 < len(key) <= 128]
    if len(tags) > 50 or wrong or any(len(value) > 256 for value in tags.values()):
        raise RefusalError("InvalidParameterValue", f"Tags are not valid: {wrong or len(tags)}")
    if len(description) > 255 or not description.isascii():
        raise RefusalError("InvalidParameterValue", "Description is not valid")

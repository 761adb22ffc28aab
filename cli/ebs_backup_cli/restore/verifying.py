"""Which restore points are verified, what that costs, and what came of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ebs_backup.model import COMPLETED
from ebs_backup.names import TAG_VERIFY, Period
from ebs_backup.settings import Settings
from ebs_backup.tags import minute
from ebs_backup_cli.backups.points import Holdings, Point, by_volume
from ebs_backup_cli.restore.reading import SAMPLES, Reading
from ebs_backup_cli.restore.restoring import name_of_a_look
from ebs_backup_cli.terminal.words import several

# US dollars in us-east-1 as this was written: https://aws.amazon.com/ebs/pricing/ and, for the last two,
# https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-pricing.html
GP3_GIB_MONTH, BLOCK, LISTING = 0.08, 0.003 / 1000, 0.0006 / 1000
HOURS_A_MONTH, HOURS_EACH = 730, 1 / 6  # a temporary volume lives for some minutes: ten are assumed


@dataclass(slots=True, kw_only=True)
class Verified:
    """One restore point and what came of it: `fault` says why it cannot be restored, `left` which volume remains."""

    point: Point
    restored: bool = False
    fault: str = ""
    advice: str = ""
    reading: Reading = field(default_factory=Reading)
    left: str = ""
    not_checked: list[str] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        """Return whether this restore point is damaged, unreadable, or cannot be restored."""
        return bool(self.fault) or self.reading.bad

    def document(self, name: str) -> dict[str, Any]:
        """Return it as docs/schemas/verify.json says."""
        snapshot = self.point.snapshot
        return {
            "volume": snapshot.volume_id,
            "name": name,
            "snapshot": snapshot.id,
            "period": snapshot.period,
            "started": snapshot.started.isoformat(),
            "ok": not self.bad,
            "restored": self.restored,
            "error": self.fault or None,
            "blocks_read": self.reading.read,
            "blocks_damaged": sorted(self.reading.damaged),
            "unreadable": list(self.reading.unreadable),
            "found": self.reading.found or None,
            "not_checked": [*self.not_checked, *self.reading.not_checked],
            "left_behind": self.left or None,
        }

    def lines(self, name: str) -> Iterable[str]:
        """Say what came of it."""
        snapshot, reading = self.point.snapshot, self.reading
        word = "BAD" if self.bad else "good"
        yield f"{word:5}{name or snapshot.volume_id}, {snapshot.period} of {minute(snapshot.started)}, {snapshot.id}"
        if self.restored:
            yield "     restored: the volume became available"
        if self.fault:
            yield f"     {self.fault} {self.advice}".rstrip()
        if reading.read:
            wrong = f", damaged: {', '.join(map(str, sorted(reading.damaged)))}" if reading.damaged else ""
            yield f"     read: {several(reading.read, 'block')} against checksums{wrong}; {reading.found or 'content unknown'}"
        for unreadable in reading.unreadable:
            yield f"     unreadable: {unreadable}"
        for missing in (*self.not_checked, *reading.not_checked):
            yield f"     not checked: {missing}"
        if self.left:
            yield f"     {self.left} could not be removed: the next verify does it"


def to_verify(found: Holdings, volumes: Iterable[str], settings: Settings) -> tuple[list[Point], list[str]]:
    """Return the newest completed restore point of each volume and period, and a line for each that has none."""
    groups = by_volume(found.points)
    names = found.names()
    points, notes = [], []
    for volume in sorted(volumes, key=lambda id_: (names.get(id_, "").casefold(), id_)):
        there = groups.get(volume, [])
        known = {point.snapshot.period for point in there}
        for period in Period:
            of_it = [p for p in there if p.snapshot.period == period and p.snapshot.state == COMPLETED]
            called = f"{names.get(volume) or volume}, {period}"
            if of_it and of_it[-1].archived:
                notes.append(f"{called}: {of_it[-1].snapshot.id} is in EBS's archive.")
            elif of_it:
                points.append(of_it[-1])
            elif period in settings.periods or period in known:
                notes.append(f"{called}: there is no completed restore point.")
    return points, notes


def cost(points: Sequence[Point]) -> float:
    """Return what verifying them costs, in US dollars, roughly."""
    gib = sum(point.snapshot.size for point in points)
    calls = len(points) * ((SAMPLES + 1) * BLOCK + (SAMPLES + 1) * LISTING)
    return gib * GP3_GIB_MONTH / HOURS_A_MONTH * HOURS_EACH + calls


def estimate(points: Sequence[Point]) -> str:
    """Say what it takes and costs."""
    gib = sum(point.snapshot.size for point in points)
    dollars = cost(points)
    told = f"about ${dollars:,.2f}" if dollars >= 0.01 else "less than $0.01"
    return (
        f"{several(len(points), 'temporary gp3 volume')}, one after another, {gib:,} GiB together, each for about 10 minutes, and at"
        f" most {len(points) * (SAMPLES + 1):,} blocks read: {told}"
        " (us-east-1's prices: $0.08 a GiB and month, $0.003 for 1,000 blocks)."
    )


def is_leftover(raw: Mapping[str, Any], backup_set: str) -> bool:
    """Return whether an earlier verify of this set made the volume and could not remove it: all its marks must fit."""
    tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}
    snapshot = tags.get(TAG_VERIFY, "")
    return (
        snapshot != ""
        and snapshot == raw.get("SnapshotId")
        and tags.get("Name") == name_of_a_look(snapshot, backup_set)
        and raw.get("State") in ("available", "error")
        and not raw.get("Attachments")
    )

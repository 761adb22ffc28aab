"""Which restore point of a volume is meant. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ebs_backup.model import COMPLETED
from ebs_backup.names import Period
from ebs_backup.tags import minute
from ebs_backup_cli.backups.points import Holdings, Point, by_volume
from ebs_backup_cli.errors import CommandError

AT = "a day such as 2026-11-20, or a time such as 2026-11-20T13:00Z (UTC if it has no zone)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which restore point the operator wants: it must have begun before the time `before`."""

    before: datetime | None = None
    period: Period | None = None
    snapshot: str = ""

    @classmethod
    def of(cls, at: str | None, period: Period | None, snapshot: str | None) -> "Wish":
        """Return the options as a wish; raises a CommandError if they cannot be read or do not go together."""
        if snapshot and (at or period):
            raise CommandError(
                "--snapshot names one restore point: --at and --period cannot choose another.",
                "Leave them out, or leave out --snapshot.",
            )
        return cls(before=_end_of(at) if at else None, period=period, snapshot=snapshot or "")

    def fits(self, point: Point) -> bool:
        """Return whether a restore point fits the wish."""
        return (
            (self.before is None or point.snapshot.started < self.before)
            and self.period in (None, point.snapshot.period)
            and self.snapshot in ("", point.snapshot.id)
        )

    def __str__(self) -> str:
        period = f" of period {self.period}" if self.period else ""
        return f"{period} that began before {minute(self.before)}" if self.before else period


def _end_of(text: str) -> datetime:
    """Return the end of the day, minute or second that a text names, or the moment after the time that it names."""
    try:
        last = date.fromisoformat(text)
    except ValueError:
        last = None
    try:
        if last:
            return datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        return at + _precision(text)
    except (ValueError, OverflowError):
        raise CommandError(f"--at must be {AT}, got {text!r}.") from None


def _precision(text: str) -> timedelta:
    """Return how long a named time lasts, by its precision: `list` shows a restore point of 01:30:07 as 01:30."""
    time = re.sub(r"(Z|[+-][0-9:]+)$", "", re.split("[T ]", text, maxsplit=1)[-1])
    if "." in time or "," in time:
        return timedelta(microseconds=1)
    return timedelta(seconds=1) if len(re.findall("[0-9]{2}", time)) > 2 else timedelta(minutes=1)


def one_volume(found: Holdings, wanted: str) -> str:
    """Return the id of the volume that has, or had, this id or name; raises a CommandError if it is not exactly one."""
    names = found.names()
    if wanted in names:
        return wanted
    had = {point.snapshot.volume_id for point in found.points if point.snapshot.name == wanted}
    ids = had | {volume for volume, name in names.items() if name == wanted}
    if not ids:
        found.find(wanted)  # raises, and names the nearest
    if len(ids) > 1:
        newest = {volume: points[-1] for volume, points in by_volume(found.points).items()}
        told = ", ".join(_told(volume, found, newest.get(volume)) for volume in sorted(ids))
        raise CommandError(
            f"{len(ids)} volumes have or had the name {wanted!r}: {told}.", "Name one by its id."
        )
    return ids.pop()


def _told(volume: str, found: Holdings, newest: Point | None) -> str:
    gone = "" if volume in found.volumes else "gone, "
    return f"{volume} ({gone}{f'newest {minute(newest.snapshot.started)}' if newest else 'no restore point'})"


def choose(points: Sequence[Point], volume: str, wish: Wish) -> Point:
    """Return the newest completed restore point of a volume that fits the wish; raises a CommandError if there is none.

    `points` are all there are, oldest first.
    """
    of_it = by_volume(points).get(volume, [])
    if wish.snapshot and not any(map(wish.fits, of_it)):
        other = next((point for point in points if wish.fits(point)), None)
        whose = f"of {other.snapshot.volume_id}" if other else "not a restore point of this set"
        raise CommandError(
            f"{wish.snapshot} is {whose}, not of {volume}." if other else f"{wish.snapshot} is {whose}.",
            f"`ebs-backup list {volume}` shows those of this volume.",
        )
    fitting = [point for point in of_it if wish.fits(point)]
    completed = [point for point in fitting if point.snapshot.state == COMPLETED]
    if completed:
        return completed[-1]
    if wish.snapshot:
        state = fitting[0].snapshot.state
        raise CommandError(f"{wish.snapshot} is {state}, not completed.", _later(fitting))
    raise CommandError(
        f"{volume} has no completed restore point{wish}{_unfinished(fitting)}.",
        _later(fitting) or f"`ebs-backup list {volume}` shows what there is.",
    )


def newer(points: Sequence[Point], chosen: Point, wish: Wish) -> list[str]:
    """Return which newer restore points of the same volume fit, but are not completed."""
    return [
        f"A newer one, {point.snapshot.id} of {minute(point.snapshot.started)}, is {point.snapshot.state}."
        for point in by_volume(points)[chosen.snapshot.volume_id]
        if wish.fits(point) and point.snapshot.started > chosen.snapshot.started
    ]


def _unfinished(points: Iterable[Point]) -> str:
    listed = [f"{point.snapshot.id} is {point.snapshot.state}" for point in points]
    return f": {', '.join(listed)}" if listed else ""


def _later(points: Iterable[Point]) -> str:
    pending = any(point.snapshot.state == "pending" for point in points)
    return "A pending snapshot can be restored when EC2 has completed it: try again later." if pending else ""


def refuse_archived(points: Iterable[Point], region: str) -> None:
    """Raise a CommandError where a restore point is in EBS's archive, with the command that brings it back."""
    for point in points:
        if point.archived:
            snapshot = point.snapshot.id
            raise CommandError(
                f"{snapshot} is in EBS's archive. It must be restored from there first, which takes up to 72 hours.",
                f"aws ec2 restore-snapshot-tier --region {region} --snapshot-id {snapshot} --temporary-restore-days 7",
            )

"""Which restore point is meant: of one volume, or of all volumes of one instance. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ebs_backup.model import COMPLETED
from ebs_backup.names import Period
from ebs_backup.tags import minute
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.points import Holdings, Point, by_volume

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
    """Return the end of the day that a text names, or the moment after the time that it names."""
    try:
        last = date.fromisoformat(text)
    except ValueError:
        last = None
    try:
        if last:
            return datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        return at + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise CommandError(f"--at must be {AT}, got {text!r}.") from None


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
    """Return the newest completed restore point of a volume that is meant; raises a CommandError if there is none.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The restore points of an instance's volumes, and what to say about them."""

    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def one_instance(found: Holdings, wanted: str) -> str:
    """Return the id of an instance by its id or name; raises a CommandError where several have the name."""
    ids = sorted(id_ for id_, instance in found.instances.items() if wanted in (id_, instance.name))
    if len(ids) > 1 and wanted not in ids:
        raise CommandError(
            f"{len(ids)} instances have the name {wanted!r}: {', '.join(ids)}.", "Name one by its id."
        )
    return ids[0] if ids and wanted not in ids else wanted


def volumes_of(found: Holdings, instance: str, selector: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Return the ids of an instance's volumes that must be restored, and of those that are not backed up.

    They are those attached now, and those that were when they were last backed up and are not on another one now.
    """
    newest = {volume: points[-1] for volume, points in by_volume(found.points).items()}
    now = {id_: volume.instance for id_, volume in found.volumes.items() if volume.instance}
    was = {volume: point.source.instance for volume, point in newest.items()}
    ids = sorted(volume for volume, on in (was | now).items() if on == instance)
    tag, value = selector
    wanted = [id_ for id_ in ids if id_ in newest or found.volumes[id_].tags.get(tag) == value]
    return wanted, [id_ for id_ in ids if id_ not in wanted]


def choose_run(found: Holdings, instance: str, wish: Wish, selector: tuple[str, str], *, mix: bool) -> Choice:
    """Return the restore points of the newest run that has all volumes of an instance.

    With `mix`, the newest of each volume where there is no such run. Raises a CommandError where there is none either.
    """
    wanted, others = volumes_of(found, instance, selector)
    if not wanted:
        raise CommandError(
            f"No volume with a restore point is, or was when last backed up, on an instance {instance!r}.",
            "`ebs-backup list` shows all restore points.",
        )
    notes = [f"{id_} is on {instance}, but not backed up: there is nothing to restore." for id_ in others]
    runs = _runs(found.points, wanted, wish)
    for number, (run, there) in enumerate(runs):
        if set(there) == set(wanted):
            if number:
                notes.append(f"The newest run {runs[0][0]} lacks {_lacking(runs[0][1], wanted)}.")
            return Choice(
                points=tuple(there[volume] for volume in wanted), notes=(f"All of run {run}.", *notes)
            )
    if not mix or not runs:
        raise _no_such_run(instance, runs, wanted, wish)
    newest = {volume: there[volume] for _, there in reversed(runs) for volume in there}
    lacking = [volume for volume in wanted if volume not in newest]
    notes.append("These are of several runs: the volumes' contents are not of one moment.")
    notes += [f"{volume} has no completed restore point{wish}: it is not restored." for volume in lacking]
    return Choice(
        points=tuple(newest[volume] for volume in wanted if volume in newest),
        notes=tuple(notes),
        missing=tuple(lacking),
    )


def _runs(points: Iterable[Point], wanted: Iterable[str], wish: Wish) -> list[tuple[str, dict[str, Point]]]:
    """Return what each run has of these volumes, completed, the newest run first."""
    of_them = set(wanted)
    runs: dict[str, dict[str, Point]] = {}
    for point in points:
        snapshot = point.snapshot
        if (
            snapshot.volume_id in of_them
            and snapshot.state == COMPLETED
            and snapshot.run
            and wish.fits(point)
        ):
            runs.setdefault(snapshot.run, {})[snapshot.volume_id] = point
    return sorted(
        runs.items(), key=lambda run: max(p.snapshot.started for p in run[1].values()), reverse=True
    )


def _no_such_run(
    instance: str, runs: Sequence[tuple[str, dict[str, Point]]], wanted: Sequence[str], wish: Wish
) -> CommandError:
    if not runs:
        return CommandError(
            f"No volume of {instance} has a completed restore point{wish}.",
            "`ebs-backup list` shows what there is.",
        )
    run, there = runs[0]
    return CommandError(
        f"No run has all {len(wanted)} volumes of {instance}: the newest, {run}, lacks {_lacking(there, wanted)}.",
        "--mix restores the newest restore point of each volume, although they are of different moments.",
    )


def _lacking(there: Iterable[str], wanted: Iterable[str]) -> str:
    return ", ".join(sorted(set(wanted) - set(there)))

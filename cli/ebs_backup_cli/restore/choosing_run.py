"""Which restore points of an instance's volumes are meant: those of one run, that has all of them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ebs_backup.model import COMPLETED
from ebs_backup.settings import Settings
from ebs_backup_cli.backups.points import Holdings, Point, by_volume
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.restore.choosing import Wish


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


def volumes_of(found: Holdings, instance: str, wish: Wish, settings: Settings) -> tuple[list[str], list[str]]:
    """Return the ids of an instance's volumes that must be restored, and of those that are left out.

    An instance's volumes are those attached to it now, and those that were attached to it at their last backup. A
    volume is left out if it left the instance long ago (its last restore point may stay for ever), or was never backed
    up. If the operator wants a time in the past, only what was known then counts.
    """
    points = [point for point in found.points if wish.before is None or point.snapshot.started < wish.before]
    last = {volume: group[-1] for volume, group in by_volume(points).items()}
    was = {point.snapshot.volume_id: point.source.instance for point in points if point.source.instance}
    now = {
        id_: there.instance for id_, there in found.volumes.items() if there.instance and wish.before is None
    }
    ids = sorted(volume for volume, on in (was | now).items() if on == instance)
    newest = max((last[id_].snapshot.started for id_ in ids if id_ in last), default=None)
    wanted = []
    for id_ in ids:
        there = found.volumes.get(id_)
        selected = there is not None and there.tags.get(settings.tag_name) == settings.tag_value
        lately = newest is not None and id_ in last and last[id_].snapshot.started >= newest - _long(settings)
        if lately or (selected and id_ in now):
            wanted.append(id_)
    return wanted, [id_ for id_ in ids if id_ not in wanted]


def _long(settings: Settings) -> timedelta:
    """Return for how long a volume that is still on an instance can be without a new restore point."""
    return timedelta(days=max(settings.max_age(period) for period in settings.periods))


def choose_run(found: Holdings, instance: str, wish: Wish, settings: Settings, *, mix: bool) -> Choice:
    """Return the restore points of the newest run that has all volumes of an instance.

    If there is no such run: with `mix` the newest restore point of each volume, else a CommandError.
    """
    wanted, others = volumes_of(found, instance, wish, settings)
    if not wanted:
        raise CommandError(
            f"No volume with a restore point{wish} is, or was then, on an instance {instance!r}.",
            "`ebs-backup list` shows all restore points.",
        )
    notes = [
        f"{id_} is or was on {instance}, but has no recent restore point: it is left out." for id_ in others
    ]
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
    return _mixed(runs, wanted, wish, notes)


def _mixed(
    runs: Sequence[tuple[str, dict[str, Point]]], wanted: Sequence[str], wish: Wish, notes: Sequence[str]
) -> Choice:
    newest = {volume: there[volume] for _, there in reversed(runs) for volume in there}
    lacking = [volume for volume in wanted if volume not in newest]
    return Choice(
        points=tuple(newest[volume] for volume in wanted if volume in newest),
        notes=(
            *notes,
            "These are of several runs: the volumes' contents are not of one moment.",
            *(f"{volume} has no completed restore point{wish}: it is not restored." for volume in lacking),
        ),
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
        "--mix restores the newest restore point of each volume, though they are of different moments.",
    )


def _lacking(there: Iterable[str], wanted: Iterable[str]) -> str:
    return ", ".join(sorted(set(wanted) - set(there)))

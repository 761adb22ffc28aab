"""The calendar of nights: how many volumes got a restore point at each firing of a schedule. Pure.

It only knows what is still held. A night whose restore points have expired since then is not judged.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from ebs_backup import cron
from ebs_backup.names import Period
from ebs_backup.overrides import overrides
from ebs_backup.retention import TOLERANCE
from ebs_backup.settings import Settings
from ebs_backup_cli.backups.moment import RUNNING, moment
from ebs_backup_cli.backups.overdue import selected
from ebs_backup_cli.backups.points import Holdings, Point, by_volume

LEAST, MOST = timedelta(weeks=5), timedelta(weeks=26)


class Made(StrEnum):
    """How a night went: all was made, some, or nothing; or it is no longer judged, and something or nothing is held."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    HELD = "held"
    NOTHING = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One day (UTC): how it went, and in words, period by period."""

    on: date
    made: Made
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Firing:
    """One firing that is judged: how many volumes it was to back up, and how many it did."""

    period: Period
    at: datetime
    due: int
    done: int


def calendar(found: Holdings, settings: Settings, now: datetime) -> list[Night]:
    """Return a night for each day, from the Monday before the oldest restore point (5 to 26 weeks ago) until today."""
    oldest = min((point.snapshot.started for point in found.points), default=now)
    first = (now - min(max(now - oldest, LEAST), MOST)).date()
    first -= timedelta(days=first.weekday())
    judged: defaultdict[date, list[_Firing]] = defaultdict(list)
    for firing in _firings(found, settings, now):
        judged[firing.at.date()].append(firing)
    held = Counter(
        point.snapshot.started.astimezone(UTC).date() for point in found.points if point.snapshot.usable
    )
    days = (first + timedelta(days=number) for number in range((now.date() - first).days + 1))
    return [_night(day, judged[day], held[day]) for day in days]


def _night(on: date, firings: Sequence[_Firing], held: int) -> Night:
    due = [firing for firing in firings if firing.due]
    if not due:
        words = f"{held:,} restore points still held" if held else "nothing is held of it"
        return Night(on=on, made=Made.HELD if held else Made.NOTHING, words=words)
    done, wanted = sum(firing.done for firing in due), sum(firing.due for firing in due)
    made = Made.ALL if done >= wanted else Made.SOME if done else Made.NONE
    words = ", ".join(f"{firing.period}: {firing.done:,} of {firing.due:,} volumes" for firing in due)
    return Night(on=on, made=made, words=words)


def _firings(found: Holdings, settings: Settings, now: datetime) -> Iterator[_Firing]:
    groups = by_volume(found.points)
    keeps = _keeps(found, settings, now)
    for period in settings.periods:
        most = max((own[period] for own in keeps.values()), default=0)
        times = _latest(settings.schedule(period), most, now - RUNNING)
        due, done = Counter[int](), Counter[int]()
        for volume, own in keeps.items():
            points = groups.get(volume, ())
            since = points[0].snapshot.started if points else now
            there = {bisect_right(times, start + TOLERANCE) - 1 for start in _starts(points, period)}
            # Only the nights that this volume still keeps, by its own keep count and since its first restore point.
            for number in range(max(0, len(times) - own[period]), len(times)):
                if times[number] >= since - TOLERANCE:
                    due[number] += 1
                    done[number] += number in there
        for number, at in enumerate(times):
            yield _Firing(period=period, at=at, due=due[number], done=done[number])


def _keeps(found: Holdings, settings: Settings, now: datetime) -> dict[str, dict[Period, int]]:
    """Return how many occasions each selected volume keeps, except for those that their own tag skips."""
    run = moment(settings, now)
    keeps = {}
    for volume in selected(found, settings):
        own = overrides(found.volumes[volume], (), settings, run)
        if not own.skipped:
            keeps[volume] = {
                period: own.keeps.get(period, settings.keep(period)) for period in settings.periods
            }
    return keeps


def _starts(points: Sequence[Point], period: Period) -> Iterator[datetime]:
    return (
        point.snapshot.started
        for point in points
        if point.snapshot.period == period and point.snapshot.run and point.snapshot.usable
    )


def _latest(schedule: str, count: int, until: datetime) -> list[datetime]:
    """Return the last firings at or before an instant, the oldest first, at most `count`, within the calendar."""
    times: list[datetime] = []
    at: datetime | None = until
    while len(times) < count and at and (at := cron.latest(schedule, at=at)) and until - at <= MOST:
        times.append(at)
        at -= timedelta(minutes=1)
    return times[::-1]

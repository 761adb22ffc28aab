"""What is deleted, and why: the rotation of one volume and period. Pure, and the only place that decides this."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ebs_backup import cron
from ebs_backup.model import COMPLETED, ERROR, Decision, Fate, Snapshot
from ebs_backup.names import OFF, TAG_RUN

TOLERANCE = timedelta(minutes=1)  # a snapshot may start a little before its event, by EC2's clock
HOLD_ALLOWED = "true, or a date such as 2026-12-24"
LONGEST_RUN = timedelta(hours=4)  # duplicates that lie further apart come from edited tags, not from one run
BEFORE_THE_FIRST = datetime.min.replace(tzinfo=UTC)
Occasion = tuple[datetime, str]  # it sorts like time


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How many occasions of a period are kept, by which setting or tag, and the schedule that divides them."""

    keep: int
    source: str
    schedule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """The snapshots of one volume made by one run: its main one, and normally no others."""

    first: Snapshot
    others: tuple[Snapshot, ...]
    occasion: Occasion

    @property
    def completed(self) -> bool:
        """Return whether it is completed, so that it can be restored now."""
        return self.first.state == COMPLETED


def rotate(snapshots: Iterable[Snapshot], *, rule: Rule, run: str, today: date) -> tuple[Decision, ...]:
    """Return a decision for every snapshot of one volume and period, the newest occasion first.

    These are kept: all restore points of the newest `keep` occasions that have a usable one; all of the newest
    `max(1, keep - 1)` occasions that have a completed one, because a pending one can still fail; what `run` made;
    what is on hold; and what EC2 may still change. Failed snapshots, and snapshots that are not ours, get no decision.
    """
    whole = (snapshot for snapshot in _ours(snapshots) if snapshot.state != ERROR)
    points = _restore_points(whole, rule.schedule)
    by_occasion: defaultdict[Occasion, list[RestorePoint]] = defaultdict(list)
    for point in points:
        by_occasion[point.occasion].append(point)
    decisions: list[Decision] = []
    usable = completed = 0
    for occasion in sorted(by_occasion, reverse=True):
        in_it = by_occasion[occasion]
        usable += any(point.first.usable for point in in_it)
        completed += any(point.completed for point in in_it)
        counts = _kept_as(in_it, usable=usable, completed=completed, keep=rule.keep)
        for point in in_it:
            decisions += _judge(point, counts or _kept_alone(point, run, today), rule, today)
    return tuple(decisions)


def expire_all(
    snapshots: Iterable[Snapshot], *, rule: Rule, reason: str, today: date
) -> tuple[Decision, ...]:
    """Return decisions for a volume that is gone for long enough: only snapshots on hold or still changing stay."""
    return tuple(
        _decision(
            snapshot,
            occasion_of(snapshot, rule.schedule),
            "",
            reason,
            today,
            redundant=snapshot.state == ERROR,
        )
        for snapshot in sorted(_ours(snapshots), key=_age, reverse=True)
    )


def discard_failed(snapshots: Iterable[Snapshot], schedule: str) -> tuple[Decision, ...]:
    """Return decisions for failed snapshots of every period: they hold nothing and expire."""
    return tuple(
        Decision(
            snapshot=snapshot,
            fate=Fate.EXPIRED,
            reason="failed snapshot",
            occasion=occasion_of(snapshot, schedule),
            redundant=True,
        )
        for snapshot in snapshots
        if snapshot.state == ERROR
    )


def keep_all(snapshots: Iterable[Snapshot], schedule: str, *, reason: str) -> tuple[Decision, ...]:
    """Return decisions for the snapshots of a volume that is not rotated: they stay."""
    return tuple(
        Decision(snapshot=snapshot, fate=Fate.KEPT, reason=reason, occasion=occasion_of(snapshot, schedule))
        for snapshot in snapshots
    )


def deletion_order(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return the expired decisions: `redundant` ones first, then from the oldest occasion on."""
    expired = [decision for decision in decisions if decision.fate is Fate.EXPIRED]
    redundant = [decision for decision in expired if decision.redundant]
    points = [decision for decision in expired if not decision.redundant]
    return (*redundant, *sorted(points, key=lambda decision: (decision.occasion, _age(decision.snapshot))))


def older_occasions(decisions: Iterable[Decision], than: Occasion) -> set[Occasion]:
    """Return the occasions before this one that have a snapshot."""
    return {
        decision.occasion for decision in decisions if decision.occasion < than and not decision.redundant
    }


def occasion_of(snapshot: Snapshot, schedule: str) -> Occasion:
    """Return the firing that began the snapshot's occasion. Without a schedule, each restore point is an occasion."""
    if schedule == OFF:
        return snapshot.started, snapshot.run
    return cron.latest(schedule, at=snapshot.started + TOLERANCE) or BEFORE_THE_FIRST, ""


def hold(snapshot: Snapshot, today: date) -> str:
    """Return why a snapshot is on hold on this day (UTC), or an empty text; a value that cannot be read holds."""
    if snapshot.hold is None or snapshot.state == ERROR:
        return ""
    until = hold_until(snapshot.hold)
    if until is None:
        return f"on hold, but its tag is {snapshot.hold[:40]!r}: {HOLD_ALLOWED}"
    return "on hold" if until == date.max else f"on hold until {until}" if today <= until else ""


def hold_until(value: str) -> date | None:
    """Return the last day of a hold, `date.max` if it has no end, None if the value cannot be read."""
    if value == "true":
        return date.max
    try:
        return date.fromisoformat(value) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
    except ValueError:
        return None


def _ours(snapshots: Iterable[Snapshot]) -> Iterator[Snapshot]:
    """Return the snapshots that rotation decides on: only our own, and only those with a run and a known period."""
    return (snapshot for snapshot in snapshots if snapshot.ours and snapshot.known_period)


def _restore_points(snapshots: Iterable[Snapshot], schedule: str) -> Iterator[RestorePoint]:
    """Return the snapshots grouped by run, newest first; the order of the input makes no difference."""
    by_run: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots:
        by_run[snapshot.run].append(snapshot)
    # A completed snapshot is the main one rather than a pending one, because the pending one can still fail.
    ranked = [sorted(group, key=_preference) for group in by_run.values()]
    for first, *others in sorted(ranked, key=lambda group: _age(group[0]), reverse=True):
        yield RestorePoint(first=first, others=tuple(others), occasion=occasion_of(first, schedule))


def _preference(snapshot: Snapshot) -> tuple[bool, bool, datetime, str]:
    return (snapshot.state != COMPLETED, not snapshot.usable, snapshot.started, snapshot.id)


def _age(snapshot: Snapshot) -> tuple[datetime, str, str]:
    return (snapshot.started, snapshot.run, snapshot.id)


def _kept_as(points: Sequence[RestorePoint], *, usable: int, completed: int, keep: int) -> str:
    """Return the count by which an occasion is kept, or an empty text; the counts include this occasion."""
    if usable <= keep and any(point.first.usable for point in points):
        return f"{usable} of {keep}"
    if completed <= max(1, keep - 1) and any(point.completed for point in points):
        return "last completed" if completed == 1 else f"completed {completed} of {keep - 1}"
    return ""


def _kept_alone(point: RestorePoint, run: str, today: date) -> str:
    """Return why a restore point stays although its occasion is not kept, or an empty text.

    All of it is deleted, or nothing: a duplicate that is left would count as a separate restore point, in a separate
    occasion, and push a good one out.
    """
    if point.first.run == run:
        return "made by this run"
    if reason := _unsettled(point.first):
        return reason
    for snapshot in point.others:
        if reason := _unsettled(snapshot) or hold(snapshot, today) or _edited(snapshot, point):
            return f"its duplicate {snapshot.id} is {reason}"
    return ""


def _judge(point: RestorePoint, kept: str, rule: Rule, today: date) -> Iterator[Decision]:
    beyond = f"beyond {rule.source}={rule.keep}"
    yield _decision(point.first, point.occasion, kept, beyond, today)
    for snapshot in point.others:
        if _unsettled(snapshot):
            yield _decision(snapshot, point.occasion, f"duplicate of {point.first.id}", beyond, today)
        elif apart := _edited(snapshot, point):
            yield Decision(
                snapshot=snapshot,
                fate=Fate.KEPT,
                reason=f"same {TAG_RUN} as {point.first.id}, but {apart}: its tags were edited",
                occasion=occasion_of(snapshot, rule.schedule),
                edited=True,
            )
        else:
            reason = f"duplicate of {point.first.id}"
            yield _decision(snapshot, point.occasion, "", reason, today, redundant=True)


def _unsettled(snapshot: Snapshot) -> str:
    """Return the state of a snapshot that EC2 may still change, or an empty text."""
    return "" if snapshot.state in (COMPLETED, ERROR) else f"still {snapshot.state}"


def _edited(duplicate: Snapshot, point: RestorePoint) -> str:
    """Return how far apart a duplicate and its run's main snapshot are; an empty text if one run can take so long."""
    apart = abs(duplicate.started - point.first.started)
    if apart <= LONGEST_RUN:
        return ""
    return f"{apart.days} days apart" if apart.days > 1 else f"{apart // timedelta(hours=1)} hours apart"


def _decision(
    snapshot: Snapshot, occasion: Occasion, kept: str, expired: str, today: date, *, redundant: bool = False
) -> Decision:
    """Return that a snapshot stays, for this reason or because of a hold or its state; otherwise that it expires."""
    if reason := kept or hold(snapshot, today) or _unsettled(snapshot):
        return Decision(snapshot=snapshot, fate=Fate.KEPT, reason=reason, occasion=occasion)
    return Decision(
        snapshot=snapshot, fate=Fate.EXPIRED, reason=expired, occasion=occasion, redundant=redundant
    )

"""What goes, and why: the rotation of one volume's snapshots of one period. Pure, and the only place that decides it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ebs_backup.model import COMPLETED, ERROR, Decision, Snapshot, Verdict
from ebs_backup.settings import TAG_RUN, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """The snapshots of one volume made by one run: one that stands for it, and normally no others."""

    first: Snapshot
    others: tuple[Snapshot, ...]


def rotate(
    snapshots: Iterable[Snapshot], *, keep: int, source: str = "", period: Period, run: str
) -> tuple[Decision, ...]:
    """Decide for every snapshot of one volume and period: restore points newest first, then the rest.

    Kept are the newest `keep` usable restore points, the newest `max(1, keep - 1)` completed ones (a pending one can
    still fail), what `run` made, and every restore point with a snapshot that is pending or in a state that EC2 may yet
    change. A failed snapshot holds nothing and goes at once, as do completed duplicates inside one restore point. `source`
    says where `keep` comes from, if it is not the setting.
    """
    everything = list(snapshots)
    ours = [each for each in everything if each.period == period and each.run]
    strays = [each for each in everything if each.period != period or not each.run]
    points = _restore_points((each for each in ours if each.state != ERROR), run)
    return (
        *_by_rank(points, keep=keep, source=source or f"keep_{period}", run=run),
        *(_duplicate(each, point.first) for point in points for each in point.others),
        *(_waste(each, "failed snapshot") for each in ours if each.state == ERROR),
        *(_keep(each, f"another period, or no {TAG_RUN} tag: not judged") for each in strays),
    )


def deletion_order(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Give what has to go: waste first (it counts against the volume's limits), then the oldest restore point."""
    waste = [each for each in decisions if each.verdict is Verdict.WASTE]
    expired = [each for each in decisions if each.verdict is Verdict.EXPIRED]
    return (*waste, *reversed(expired))


def _restore_points(snapshots: Iterable[Snapshot], run: str) -> list[RestorePoint]:
    """Group by run, newest first; equal start times are broken the same way whatever the order of the input."""
    by_run: dict[str, list[Snapshot]] = defaultdict(list)
    for each in snapshots:
        by_run[each.run].append(each)
    # A completed snapshot stands for its restore point before a pending one does: the pending one can still fail.
    ranked = [sorted(group, key=_preference) for group in by_run.values()]
    points = [RestorePoint(first=first, others=tuple(others)) for first, *others in ranked]
    return sorted(points, key=lambda point: _age(point.first, run), reverse=True)


def _preference(each: Snapshot) -> tuple[bool, bool, object, str]:
    return (each.state != COMPLETED, not each.usable, each.started, each.id)


def _age(each: Snapshot, run: str) -> tuple[object, bool, str, str]:
    return (each.started, each.run == run, each.run, each.id)


def _by_rank(points: Sequence[RestorePoint], *, keep: int, source: str, run: str) -> Iterator[Decision]:
    usable = completed = 0
    for point in points:
        first = point.first
        usable += first.usable
        completed += first.state == COMPLETED
        if first.usable and usable <= keep:
            yield _keep(first, f"{usable} of {keep}")
        elif first.state == COMPLETED and completed <= max(1, keep - 1):
            yield _keep(first, "last completed" if completed == 1 else f"completed {completed} of {keep - 1}")
        elif first.run == run:
            yield _keep(first, "made by this run")
        elif first.state != COMPLETED:
            yield _keep(first, f"still {first.state}")
        elif unsettled := [each for each in point.others if each.state != COMPLETED]:
            # Alone, that one would pass for a restore point as new as itself, and displace an older one.
            yield _keep(first, f"its duplicate {unsettled[0].id} is still {unsettled[0].state}")
        else:
            reason = f"beyond {source}={keep}"
            yield Decision(snapshot=first, verdict=Verdict.EXPIRED, reason=reason)


def _duplicate(each: Snapshot, first: Snapshot) -> Decision:
    if each.state == COMPLETED:
        return _waste(each, f"duplicate of {first.id}")
    return _keep(each, f"duplicate of {first.id}, still {each.state}")


def _keep(each: Snapshot, reason: str) -> Decision:
    return Decision(snapshot=each, verdict=Verdict.KEPT, reason=reason)


def _waste(each: Snapshot, reason: str) -> Decision:
    return Decision(snapshot=each, verdict=Verdict.WASTE, reason=reason)

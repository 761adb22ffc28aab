"""A run's outcome as plain JSON values: the function's answer, and the report as machines read it. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate
from json import dumps
from typing import Any

from ebs_backup import __version__
from ebs_backup.freshness import Overdue
from ebs_backup.inventory import Foreign
from ebs_backup.model import Decision, Fate, Snapshot
from ebs_backup.outcome import Outcome
from ebs_backup.volume_outcome import Made, VolumeOutcome

# Lambda: an answer is at most 6 MB. What exceeds these limits is only in the log.
MAX_ROWS = 500  # of each list
MAX_PLAN = 4_000_000  # bytes of JSON; one volume's plan may hold a thousand snapshots
EXAMPLES = 20  # of what needs no attention, and of one volume's foreign snapshots


def answer(outcome: Outcome, *, rows: int = MAX_ROWS) -> dict[str, Any]:
    """Return counts, and lists of at most so many rows; a dry run adds every volume's plan.

    `not_shown` says how many rows each list lacks.
    """
    run = outcome.run
    lists = _lists(outcome)
    shown = {name: [tell(row) for row in found[:rows]] for name, (found, tell) in lists.items()}
    cut = {name: len(found) - len(shown[name]) for name, (found, _) in lists.items()}
    cut["failures"] += outcome.more_failed
    if run.dry_run:
        plan = _plan(outcome)
        sizes = accumulate(len(dumps(volume)) for volume in plan)
        shown["plan"] = [volume for volume, size in zip(plan, sizes, strict=True) if size <= MAX_PLAN]
        cut["plan"] = len(plan) - len(shown["plan"])
    return {
        "version": __version__,
        "status": outcome.status.value,
        "set": run.backup_set,
        "period": run.period.value,
        "run": run.id,
        "account": run.account,
        "region": run.region,
        "dry_run": run.dry_run,
        "volumes": len(outcome.volumes),
        "created": outcome.created,
        "already_made": outcome.already_made,
        "skipped": outcome.count(lambda volume: volume.skipped),
        "expired": outcome.expired,
        "deferred": outcome.deferred,
        "undeletable": len(outcome.of(Fate.UNDELETABLE)),
        "on_hold": outcome.on_hold,
        "held": {period.value: _plain(asdict(holding)) for period, holding in outcome.holdings.items()},
        **shown,
        "not_shown": {name: number for name, number in cut.items() if number},
    }


def _lists(outcome: Outcome) -> dict[str, tuple[Sequence[Any], Callable[[Any], Any]]]:
    """Return each list with the function that converts one of its rows."""
    made = [volume.made.id for volume in outcome.volumes if volume.made and volume.when is Made.NOW]
    return {
        "created_snapshots": (made, str),
        "failures": (outcome.failures, asdict),
        "checks": (outcome.checks, asdict),
        "overdue": ([(volume, late) for volume in outcome.volumes for late in volume.overdue], _overdue),
        "vanished": ([volume for volume in outcome.volumes if volume.vanished], _vanished),
        "near_misses": (outcome.near_misses, lambda near: {"volume": near.volume.id, "why": near.why}),
        "deselected": (outcome.deselected, asdict),
        "unselected": ([it for it in outcome.unselected if it not in outcome.deselected], asdict),
        "foreign": (outcome.foreign, _foreign),
        "strays": (outcome.strays, _snapshot),
        "stale": ([snapshot for volume in outcome.volumes for snapshot in volume.stale], _snapshot),
        "edited": ([decision for decision in outcome.decisions if decision.edited], _decision),
        "undeletable_snapshots": (outcome.of(Fate.UNDELETABLE)[:EXAMPLES], _decision),
        "missing": (outcome.missing, str),
    }


def _overdue(found: tuple[VolumeOutcome, Overdue]) -> dict[str, Any]:
    volume, late = found
    return {
        "volume": volume.volume.id,
        "name": volume.volume.name,
        "period": late.period.value,
        "max_age": late.limit,
        "newest": late.newest.id if late.newest else None,
        "started": late.newest.started.isoformat() if late.newest else None,
    }


def _vanished(volume: VolumeOutcome) -> dict[str, Any]:
    return {
        "volume": volume.volume.id,
        "name": volume.volume.name,
        "vanished": volume.vanished,
        "left": volume.left,
    }


def _foreign(volume: Foreign) -> dict[str, Any]:
    first = list(volume.snapshots[:EXAMPLES])
    return {**asdict(volume), "snapshots": first, "count": len(volume.snapshots)}


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    names = ("id", "volume_id", "period", "run", "state", "started")
    return _plain({name: getattr(snapshot, name) for name in names})


def _decision(decision: Decision) -> dict[str, Any]:
    return {"id": decision.snapshot.id, "volume_id": decision.snapshot.volume_id, "why": decision.sentence}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with times as text."""
    times = ("started", "oldest", "newest")
    return {name: value.isoformat() if name in times else value for name, value in values.items()}


def _plan(outcome: Outcome) -> list[dict[str, Any]]:
    """Return the plan for every volume, also for those that are gone."""
    gone: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in outcome.retired:
        gone[decision.snapshot.volume_id].append(decision)
    return [
        *(
            _planned(volume.volume.id, volume.volume.name, volume.decisions, volume.notes, volume.when)
            for volume in outcome.volumes
        ),
        *(_planned(volume_id, "", decisions, ("gone",)) for volume_id, decisions in gone.items()),
    ]


def _planned(
    volume_id: str, name: str, decisions: Iterable[Decision], notes: Iterable[str], when: Made = Made.NO
) -> dict[str, Any]:
    return {
        "volume": volume_id,
        "name": name,
        "create": when is Made.NOW,
        "snapshots": {decision.snapshot.id: decision.sentence for decision in decisions},
        "notes": list(notes),
    }

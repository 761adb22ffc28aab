"""A run's outcome as plain JSON values: the function's answer, and the report as machines read it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate
from json import dumps
from typing import Any

from ebs_backup.outcome import Outcome, Overdue, VolumeOutcome

# Lambda: an answer is at most 6 MB. What goes beyond these stands in the log alone.
MAX_ROWS = 500  # of each list
MAX_PLAN = 4_000_000  # bytes of JSON; one volume's plan may hold a thousand snapshots


def answer(outcome: Outcome, *, rows: int = MAX_ROWS) -> dict[str, Any]:
    """Give counts, and lists of at most so many rows; a dry run adds every volume's plan.

    `not_shown` says how many rows each list lacks.
    """
    run = outcome.run
    lists: dict[str, tuple[Sequence[Any], Callable[[Any], dict[str, Any]]]] = {
        "failures": (outcome.failures, asdict),
        "overdue": ([(each, late) for each in outcome.volumes for late in each.overdue], _overdue),
        "near_misses": (outcome.near_misses, lambda each: {"volume": each.volume.id, "why": each.why}),
        "unselected": (outcome.unselected, asdict),
    }
    cut = {name: len(found) - rows for name, (found, _) in lists.items() if len(found) > rows}
    summary: dict[str, Any] = {
        "status": outcome.status.value,
        "set": run.backup_set,
        "period": run.period.value,
        "run": run.id,
        "account": run.account,
        "region": run.region,
        "dry_run": run.dry_run,
        "volumes": len(outcome.volumes),
        "created": outcome.created,
        "found": outcome.repeated,
        "skipped": outcome.skipped,
        "expired": outcome.expired,
        "left": outcome.left,
        "holds": {period.value: _holding(asdict(each)) for period, each in outcome.holdings.items()},
        **{name: [told(each) for each in found[:rows]] for name, (found, told) in lists.items()},
    }
    return summary | (_plans(outcome, cut) if run.dry_run else {"not_shown": cut})


def _overdue(found: tuple[VolumeOutcome, Overdue]) -> dict[str, Any]:
    each, late = found
    return {
        "volume": each.volume.id,
        "name": each.volume.name,
        "period": late.period.value,
        "max_age": late.limit,
        "newest": late.newest.id if late.newest else None,
        "started": late.newest.started.isoformat() if late.newest else None,
    }


def _holding(values: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: values[name].isoformat() for name in ("oldest", "newest")}
    return {**values, **times}


def _plans(outcome: Outcome, cut: Mapping[str, int]) -> dict[str, Any]:
    plans = [_plan(each) for each in outcome.volumes]
    sizes = accumulate(len(dumps(each)) for each in plans)
    shown = [plan for plan, size in zip(plans, sizes, strict=True) if size <= MAX_PLAN]
    left_out = {"plan": len(plans) - len(shown)} if len(shown) < len(plans) else {}
    return {"plan": shown, "not_shown": {**cut, **left_out}}


def _plan(each: VolumeOutcome) -> dict[str, Any]:
    decided = {decision.snapshot.id: decision.sentence for decision in (*each.kept, *each.expired)}
    left = {decision.snapshot.id: f"{decision.sentence}, but left for a later run" for decision in each.left}
    return {
        "volume": each.volume.id,
        "name": each.volume.name,
        "create": not each.found and not each.skipped,
        "snapshots": decided | left,
        "notes": list(each.notes),
    }

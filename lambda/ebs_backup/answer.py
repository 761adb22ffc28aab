"""The function's answer: what `aws lambda invoke` prints, and for a dry run the plan with its reasons. Pure."""

import json
from dataclasses import asdict
from itertools import accumulate
from typing import Any

from ebs_backup.model import Outcome, VolumeOutcome

# Lambda: an answer is at most 6 MB. What goes beyond these stands in the log alone.
MAX_FAILURES = 500
MAX_PLAN = 4_000_000  # bytes of JSON; one volume's plan may hold a thousand snapshots


def answer(outcome: Outcome) -> dict[str, Any]:
    """Give counts and failures as plain JSON values; a dry run adds every volume's plan."""
    failures = outcome.failures
    summary: dict[str, Any] = {
        "status": outcome.status.value,
        "run": outcome.run.id,
        "dry_run": outcome.run.dry_run,
        "volumes": len(outcome.volumes),
        "created": sum(each.created for each in outcome.volumes),
        "found": sum(each.repeated for each in outcome.volumes),
        "expired": outcome.expired,
        "left": sum(len(each.left) for each in outcome.volumes),
        "failures": [asdict(failure) for failure in failures[:MAX_FAILURES]],
        "failures_not_shown": max(0, len(failures) - MAX_FAILURES),
    }
    if not outcome.run.dry_run:
        return summary
    plans = [_plan(each) for each in outcome.volumes]
    sizes = accumulate(len(json.dumps(each)) for each in plans)
    shown = [plan for plan, size in zip(plans, sizes, strict=True) if size <= MAX_PLAN]
    return summary | {"plan": shown, "volumes_not_shown": len(plans) - len(shown)}


def _plan(each: VolumeOutcome) -> dict[str, Any]:
    decided = {decision.snapshot.id: decision.sentence for decision in (*each.kept, *each.expired)}
    left = {decision.snapshot.id: f"{decision.sentence}, but left for a later run" for decision in each.left}
    return {
        "volume": each.volume.id,
        "name": each.volume.name,
        "create": not each.found,
        "snapshots": decided | left,
        "notes": list(each.notes),
    }

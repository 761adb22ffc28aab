"""Whether a run goes on in a further invocation, and with what: decided from its outcome alone. Pure.

All that an invocation did can be seen in EC2 again, where the next one looks anyway: what is made carries the run's
identity, and its mark how far to rotate; what failed is tried again, and fails again or not. Only what is gone cannot be
seen: it is counted.
"""

from dataclasses import replace
from datetime import datetime

from ebs_backup.event import MOST_INVOCATIONS
from ebs_backup.model import Continued, FailedSnapshot
from ebs_backup.outcome import Outcome

MOST_FAILED = 100  # that the event names; of the others it tells the number


def following(outcome: Outcome, *, began: datetime) -> Continued | None:
    """Give what the run's next invocation must know, or None where this one is the last.

    It is the last when only time was lacking for nothing, when it is the twelfth, or when it did nothing at all: what a
    whole invocation waited for in vain will not come in the next. A rehearsal takes no time, so a dry run never goes on.
    """
    before = outcome.run.continued
    invocation = before.invocation + 1 if before else 2
    unfinished = any(each.unfinished for each in outcome.volumes)
    changed = any(each.changed for each in outcome.volumes)
    if outcome.run.dry_run or not unfinished or not changed or invocation > MOST_INVOCATIONS:
        return None
    failed = _in_short(outcome)
    return Continued(
        run=outcome.run.id,
        began=before.began if before else began,
        invocation=invocation,
        expired=outcome.expired,
        failed=failed[:MOST_FAILED],
        more_failed=(before.more_failed if before else 0) + len(failed[MOST_FAILED:]),
    )


def _in_short(outcome: Outcome) -> tuple[FailedSnapshot, ...]:
    """Return the failed snapshots: deleted, or perhaps so, they are there for no later invocation to see."""
    return tuple(
        replace(failed, name=failed.name[:80], message=failed.message[:200]) for failed in outcome.failed
    )

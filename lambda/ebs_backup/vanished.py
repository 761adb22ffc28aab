"""How many restore points somebody else deleted: the newest one's tag says how many older ones stay (0020). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ebs_backup import cron
from ebs_backup.gone import Held
from ebs_backup.model import ERROR, Run, Snapshot
from ebs_backup.names import OFF
from ebs_backup.retention import Rule, occasion_of

PROMPT = timedelta(minutes=15)  # a scheduled run this soon after its firing is the first of its occasion


def vanished(rules: Mapping[str, Rule], held: Held, *, run: Run, at: datetime) -> dict[str, int]:
    """Return how many occasions each volume lacks, if it lacks any; `rules` has the volumes that are judged."""
    counts = {
        volume: count_vanished(held.get(volume, ()), rule=rules[volume], run=run, at=at) for volume in rules
    }
    return {volume: number for volume, number in counts.items() if number}


def count_vanished(snapshots: Sequence[Snapshot], *, rule: Rule, run: Run, at: datetime) -> int:
    """Return how many occasions are missing of those that must still be there when this run begins, at `at`.

    `snapshots` are one volume's, of every period and state. The newest one's number says what its run left in place.
    Of that, our own runs delete nothing that belongs to the newest `keep` occasions, with one exception: a run whose
    restore point failed leaves no number behind, and may have deleted one occasion. Where there may have been such a
    run, one less is expected. A pending one can fail, so it is not expected.
    """
    if any(
        snapshot.run == run.id and snapshot.period == run.period and snapshot.usable for snapshot in snapshots
    ):
        return 0  # its tag says what had vanished before it
    of_the_period = [snapshot for snapshot in snapshots if snapshot.ours and snapshot.period == run.period]
    newest = _newest_with_a_number(of_the_period)
    if newest is None or newest.older is None:
        return 0
    last, _ = occasion_of(newest, rule.schedule)
    others = [snapshot for snapshot in of_the_period if snapshot is not newest and snapshot.state != ERROR]
    occasions = {occasion_of(snapshot, rule.schedule) for snapshot in others}
    there = sum(began < last for began, _ in occasions)
    expected = min(newest.older.stay, rule.keep - 1) - newest.older.pending
    if there >= expected:
        return 0
    if not _fired(rule.schedule, of_the_period):  # the schedule before it may have had more occasions
        there, expected = max(there, len({snapshot.run for snapshot in others})), expected - 1
    elif not _follows(last, run, rule.schedule, at=at):
        expected -= 1
    return max(0, expected - there)


def _newest_with_a_number(snapshots: Iterable[Snapshot]) -> Snapshot | None:
    told = (snapshot for snapshot in snapshots if snapshot.older)
    return max(told, key=lambda snapshot: (snapshot.started, snapshot.id), default=None)


def _follows(last: datetime, run: Run, schedule: str, *, at: datetime) -> bool:
    """Return whether no run of an occasion after `last` can have come before this one."""
    if schedule == OFF:
        return False
    began = cron.latest(schedule, at=at)
    if began is None or began == last:
        return began == last
    before = cron.latest(schedule, at=began - timedelta(seconds=1))
    return run.scheduled and run.time == began and at - began < PROMPT and before == last


def _fired(schedule: str, snapshots: Iterable[Snapshot]) -> bool:
    """Return whether this schedule fired every run that says when it was due, and at least one.

    A run by hand does not say it.
    """
    times = {time for snapshot in snapshots if (time := due(snapshot.run))}
    return schedule == OFF or (bool(times) and all(cron.latest(schedule, at=time) == time for time in times))


def due(run: str) -> datetime | None:
    """Return when a run was due, by its identity; None if it was by hand."""
    try:
        time = datetime.fromisoformat(run)
    except ValueError:
        return None
    return time if time.tzinfo else None

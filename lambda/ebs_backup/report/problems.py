"""The part of a report that says what went wrong, worst first, and what to do about it. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ebs_backup.aws.errors import SNAPSHOT_FAILED
from ebs_backup.freshness import Overdue
from ebs_backup.model import Decision, Failure, Fate, Run, Snapshot, Volume
from ebs_backup.names import Period
from ebs_backup.outcome import Outcome, as_failure
from ebs_backup.report.text import (
    Command,
    Part,
    Problem,
    Row,
    age,
    by_hand,
    by_name,
    counted,
    grouped,
    ids,
    named,
    one_line,
    snapshot_row,
    who,
)
from ebs_backup.tags import minute
from ebs_backup.volume_outcome import VolumeOutcome

PLAIN = r"[A-Za-z0-9 ._/-]+"  # a name that can stand in a subject
NEVER, NOT_AGAIN = "no good snapshot at all", "its volume is not backed up any more"
NO_BACKUP, LOST, FAILED = "NOT BACKED UP", "VOLUMES IN ERROR", "FAILED SNAPSHOTS"
WRONG, UNDELETED, CHECK = "WENT WRONG", "NOT DELETED", "TO CHECK"
NOTHING_LEFT = Failure(
    resource="",
    action="back up",
    code="NothingLeft",
    message="each selected volume is skipped, or was deleted before its snapshot was made",
    advice="Tag the volumes that took their place. If there are none, there is nothing to do.",
)


def lacking(volume: VolumeOutcome) -> bool:
    """Return whether the volume should have a restore point of this run and has none."""
    return not (volume.made or volume.gone or volume.skipped)


def worst_first(volumes: Iterable[VolumeOutcome]) -> list[VolumeOutcome]:
    """Return the volumes without any good snapshot first, then those whose newest one is oldest."""
    return sorted(by_name(volumes), key=lambda volume: _when(volume.newest_completed))


def _when(newest: Snapshot | None) -> str:
    """Return the time to sort by: no snapshot comes first, then the oldest."""
    return minute(newest.started) if newest else ""


def _who(volumes: Sequence[VolumeOutcome], outcome: Outcome) -> str:
    """Return the name of one volume (its id if the name could be misread), or the number of several."""
    if len(volumes) != 1:
        return f"{len(volumes):,} of {counted(len(outcome.volumes), 'volume')}"
    name = one_line(volumes[0].volume.name, 30)
    return name if re.fullmatch(PLAIN, name) else volumes[0].volume.id


def now(outcome: Outcome) -> Iterator[Part]:
    """Return the sections on volumes that have no backup of this run, and why."""
    yield from _of_the_run(outcome)
    found = _by_heading(outcome)
    yield from _not_backed_up(outcome, found[NO_BACKUP])
    lost = [volume for volume in outcome.volumes if _lost(volume)]
    lead, news = f"{counted(len(lost), 'volume')} in state error:", f"{_who(lost, outcome)}: NO backup"
    yield from grouped(f"{LOST}  {len(lost):,}", found[LOST], news=news, lead=lead)


def later(outcome: Outcome) -> Iterator[Part]:
    """Return the sections on everything else that went wrong."""
    yield from _overdue(outcome)
    yield from _failed_snapshots(outcome)
    found = _by_heading(outcome)
    for name in (WRONG, UNDELETED, CHECK):
        news = f"{len(found[name]):,} {name.lower()}"
        yield from grouped(f"{name}  {len(found[name]):,}", found[name], news=news)


def _of_the_run(outcome: Outcome) -> Iterator[Part]:
    """Return why the run had nothing to back up, or could not go on, with the command that runs it again."""
    again = by_hand(outcome.run, outcome.run.period)
    if not any(volume.made or lacking(volume) for volume in outcome.volumes):
        skipped = all(volume.skipped for volume in outcome.volumes)
        heading, why = "NOTHING LEFT", "every volume is skipped or gone"
        if not outcome.volumes:
            heading, why = "NOTHING SELECTED", f"no volume is tagged {one_line(outcome.run.selector)}"
        elif skipped:
            heading, why = "EVERYTHING SKIPPED", "every volume is skipped"
        yield from grouped(
            f"{heading}  nothing was backed up",
            [(outcome.failures[0] if skipped else NOTHING_LEFT, (why,))],
            news=f"nothing backed up: {why}",
            lead="Nothing was backed up:",
            # What an earlier try deleted cannot be seen.
            text="" if outcome.expired else "This try deleted nothing.",
            commands=[Command("Then back up now", again)],
        )
    if stopped := outcome.continuation_failure:
        there = worst_first(volume for volume in outcome.volumes if not volume.gone and not volume.skipped)
        left = sorted(filter(lambda it: lacking(it) or it.unfinished, there), key=lambda it: not lacking(it))
        (part,) = grouped(
            f"NOT FINISHED  {counted(len(left), 'volume')}",
            [(stopped, ())],
            news="not finished",
            lead="The run is NOT finished:",
            text=f"The time ended, and the function could not {one_line(stopped.action)}.",
            commands=[Command("If no later mail says that this run is done, finish it", again)],
        )
        yield replace(part, rows=[_unmade(volume, outcome.run) for volume in left])


def _by_heading(outcome: Outcome) -> Mapping[str, Sequence[Problem]]:
    """Sort failures and checks; of volumes without a restore point, those without any good snapshot come first."""
    decisions = {decision.snapshot.id: decision for decision in outcome.decisions}
    found: defaultdict[str, list[Problem]] = defaultdict(list)

    def add(heading: str, failure: Failure, volume: VolumeOutcome | None = None) -> None:
        decision = decisions.get(failure.resource)
        found[UNDELETED if decision else heading].append((failure, _failure_row(failure, decision, volume)))

    for volume in worst_first(outcome.volumes):
        for failure in volume.failures or _unexplained(volume):
            if lacking(volume) or _lost(volume):
                heading = LOST if _lost(volume) else NO_BACKUP
                found[heading].append((failure, _unmade(volume, outcome.run)))
            else:
                add(WRONG, failure, volume)
        for check in volume.checks:
            add(CHECK, check, volume)
    for failure in filter(None, (*outcome.other_checks, outcome.lookup_failure)):
        add(CHECK, failure)
    return found


def _failure_row(failure: Failure, decision: Decision | None, volume: VolumeOutcome | None) -> Row:
    """Return the row of a failure: a snapshot with its decision, or a volume with the action that failed."""
    if decision:
        return snapshot_row(decision.snapshot, decision.reason)
    about = who(volume.volume) if volume else ()
    return tuple(dict.fromkeys((*about, one_line(failure.resource), f"could not {one_line(failure.action)}")))


def _lost(volume: VolumeOutcome) -> bool:
    return any(failure.code == "VolumeError" for failure in volume.failures)


def _unexplained(volume: VolumeOutcome) -> Iterator[Failure]:
    """Return why a volume got no restore point although nothing was refused: its new snapshot failed at once."""
    if lacking(volume):
        message, advice = "this run made no snapshot of it", "Look for the volume's id in the log."
        none = Failure(resource="", action="", code=SNAPSHOT_FAILED, message=message, advice=advice)
        yield as_failure(volume.failed[-1]) if volume.failed else none


def _unmade(volume: VolumeOutcome, run: Run) -> Row:
    return _row(volume.volume, volume.newest_completed, run, none="" if volume.made else NEVER)


def _row(volume: Volume, newest: Snapshot | None, run: Run, *, none: str) -> Row:
    last = f"last good one {age(newest, run)}" if newest else none
    return named(volume.name), last, one_line(volume.id), one_line(volume.place)


def _not_backed_up(outcome: Outcome, found: Sequence[Problem]) -> Iterator[Part]:
    """Return how many got no restore point, whether something was deleted, and how to back them up now."""
    run = outcome.run
    volumes = [volume for volume in outcome.volumes if lacking(volume) and not _lost(volume)]
    # An earlier invocation may also have deleted snapshots to make room.
    sure = not run.continued and not any(volume.of(Fate.EXPIRED) for volume in volumes)
    command = by_hand(run, run.period, [volume.volume.id for volume in volumes])
    of = f"{len(volumes):,} of {counted(len(outcome.volumes), 'volume')}"
    return grouped(
        f"{NO_BACKUP}  {of}",
        found,
        news=f"{_who(volumes, outcome)}: NO backup",
        lead=f"{of} got NO {run.period} backup:",
        text="This try deleted none of their snapshots." if sure else "",
        commands=[Command("Then back up what is missing", command)],
    )


def _failed_snapshots(outcome: Outcome) -> Iterator[Part]:
    """Return the snapshots that EC2 could not finish, of any run; what this run lacks is under NOT BACKED UP."""
    run, volumes = outcome.run, {volume.volume.id: volume for volume in outcome.volumes}
    periods: defaultdict[str, dict[str, None]] = defaultdict(dict)
    found: list[Problem] = []
    for failed in outcome.failed:
        volume = volumes.get(failed.volume_id)
        has = f"now has {'a' if volume.made else 'NO'} backup of this run" if volume else NOT_AGAIN
        begun = f"{one_line(failed.period)} snapshot of {minute(failed.started)}".strip()
        found.append((as_failure(failed), (named(failed.name), begun, ids(failed), has)))
        if volume and not volume.skipped and not _lost(volume):
            periods[failed.period][failed.volume_id] = None
    others = [period for period in Period if period in periods and period is not run.period]
    number = counted(len(found) + outcome.more_failed, "snapshot")
    parts = grouped(
        f"{FAILED}  {number}",
        found,
        news=f"{number} failed",
        lead=f"{number} failed, and hold nothing:",
        commands=[
            Command(f"Then make the {period} backup again", by_hand(run, period, list(periods[period])))
            for period in others
        ],
    )
    unknown = Part(heading=f"{FAILED}  {number}", news=f"{number} failed", to_do="Look for them in the log.")
    *before, last = list(parts) or [unknown]
    if found or outcome.more_failed:
        yield from (*before, replace(last, nameless=outcome.more_failed))


def _overdue(outcome: Outcome) -> Iterator[Part]:
    """Return the overdue volumes of each period: those without a snapshot first, then the oldest."""
    late: dict[Period, list[tuple[VolumeOutcome, Overdue]]] = {period: [] for period in Period}
    for volume in by_name(outcome.volumes):
        for overdue in volume.overdue:
            late[overdue.period].append((volume, overdue))
    number = outcome.count(lambda volume: volume.overdue)
    heading, news = f"OVERDUE  {counted(number, 'volume')}", f"{number:,} overdue"
    for period, found in late.items():
        if found:
            days = counted(found[0][1].limit, "day")
            to_do, commands = _catch_up(outcome.run, period, [volume for volume, _ in found])
            yield Part(
                heading=heading,
                news=news,
                lead=f"{counted(len(found), 'volume')}: {period} backup overdue:",
                text=f"No {period} backup for {days} (max_age_{period}) or longer: {counted(len(found), 'volume')}.",
                rows=[
                    _row(volume.volume, overdue.newest, outcome.run, none="it has none")
                    for volume, overdue in sorted(found, key=lambda pair: _when(pair[1].newest))
                ],
                to_do=to_do,
                commands=commands,
                problem=True,
            )
            heading = news = ""


def _catch_up(run: Run, period: Period, late: Sequence[VolumeOutcome]) -> tuple[str, Sequence[Command]]:
    """Return how volumes get a completed snapshot of the period again, with the command, if one is needed."""
    failing = sorted({LOST if _lost(volume) else NO_BACKUP for volume in late if lacking(volume)})
    there = f" For those under {' and '.join(failing)}, follow the advice there." if failing else ""
    able = [volume.volume.id for volume in late if not _lost(volume)]
    check = f"Check that the {period} rule is enabled"
    if period is run.period or not able:
        made = any(volume.made for volume in late)
        soon = " Those that this run backed up are fine once their new snapshots complete." if made else ""
        return f"{check}, if no {period} mail came for days.{soon}{there}", ()
    again = Command(f"Then make the {period} backup now", by_hand(run, period, able))
    return f"{check}, and that its runs do not fail. Or is the volume new in this set?", (again,)

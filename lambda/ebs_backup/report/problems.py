"""The part of a report that tells what went wrong, worst first, and what to do about it. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ebs_backup.aws.errors import SNAPSHOT_FAILED
from ebs_backup.freshness import Overdue
from ebs_backup.model import Failure, Fate, Run
from ebs_backup.names import Period
from ebs_backup.outcome import Outcome, as_failure
from ebs_backup.report.rows import age, by_hand, by_name, failure_row, named, place, volume_cells
from ebs_backup.report.text import Detail, counted, one_line, table
from ebs_backup.tags import minute
from ebs_backup.volume_outcome import VolumeOutcome

# EC2 ends some refusals with a long code that only `aws sts decode-authorization-message` reads; the log has it.
ENCODED = "Encoded authorization failure message"
NEVER = "IT HAS NO GOOD SNAPSHOT AT ALL in this backup set"
VOLUME_ERROR = "VolumeError"
NO_BACKUP, LOST, FAILED = "NOT BACKED UP", "VOLUMES IN ERROR", "FAILED SNAPSHOTS"
WRONG, UNDELETED, CHECK = "WENT WRONG", "NOT DELETED", "TO CHECK"
UNNAMED = "NOT LOOKED UP"
LESSER = {
    WRONG: "",
    UNDELETED: "",
    CHECK: "",
    UNNAMED: "; instances have no names here, their volumes no near misses",
}
THIS_TRY = "this try deleted"  # what an earlier one deleted cannot be seen
NOTHING_LEFT = Failure(
    resource="",
    action="back up",
    code="NothingLeft",
    message="each selected volume is skipped, or was deleted before its snapshot was made",
    advice="If other volumes took their place, tag these.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One failure as the mail shows it: `row` says on what, in columns (the first two suffice); `more` in a line below.

    `command` does what the advice says; problems with one code and advice have the same one.
    """

    failure: Failure
    row: tuple[str, ...]
    more: str = ""
    command: str = ""

    @property
    def message(self) -> str:
        """Return AWS's words."""
        return one_line(self.failure.message.partition(ENCODED)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Problems of one kind; `nameless` is how many more are known by number only; `after` says what to run below them."""

    heading: str
    problems: Sequence[Problem]
    nameless: int = 0
    after: Sequence[str] = ()

    def lines(self, most: int, detail: Detail) -> Iterator[str]:
        """Say once what many have in common: the code, what EC2 said, what to do; then list at most so many."""
        yield self.heading
        groups: defaultdict[tuple[str, str], list[Problem]] = defaultdict(list)
        for problem in self.problems[:most]:
            groups[problem.failure.code, problem.failure.advice].append(problem)
        for (code, advice), group in groups.items():
            said = {problem.message for problem in group if detail.words}
            in_common = said.pop() if len(said) == 1 else ""
            yield f"  {': '.join(filter(None, (one_line(code), in_common)))}"
            yield f"  To do: {one_line(advice, 1000)}"
            yield from [f"    {group[0].command}"] * bool(group[0].command)
            rows = [problem.row if detail.words else problem.row[:2] for problem in group]
            for problem, line in zip(group, table(rows, indent=4), strict=True):
                yield line
                below = (problem.message * bool(said), problem.more) if detail.words else ()
                yield from (f"        {text}" for text in below if text)
        if beyond := max(0, len(self.problems) - most) + self.nameless:
            yield f"  ... and {beyond:,} more"
        yield from self.after


def lacking(volume: VolumeOutcome) -> bool:
    """Tell whether the volume should have a restore point of this run and has none."""
    return not (volume.made or volume.gone or volume.skipped)


def problems(outcome: Outcome) -> tuple[Section, ...]:
    """Sort what went wrong; where not everything fits, what stands first goes last."""
    found = _by_heading(outcome)
    late = counted(outcome.count(lambda volume: volume.overdue), "volume")
    without = "without a completed snapshot for too long"
    sections = (
        *_of_the_run(outcome),
        _not_backed_up(outcome, found[NO_BACKUP]),
        Section(heading=f"{LOST}  {len(found[LOST]):,}", problems=found[LOST]),
        Section(heading=f"OVERDUE  {late} {without}", problems=_overdue(outcome)),
        _failed_snapshots(outcome),
        *(
            Section(heading=f"{name}  {len(found[name]):,}{what}", problems=found[name])
            for name, what in LESSER.items()
        ),
    )
    return tuple(section for section in sections if section.problems or section.nameless)


def _of_the_run(outcome: Outcome) -> Iterator[Section]:
    """Say why the run had nothing to back up, or could not go on, and by which command it is done again."""
    again = f"    {by_hand(outcome.run, outcome.run.period)}"
    if not any(volume.made or lacking(volume) for volume in outcome.volumes):
        skipped = all(volume.skipped for volume in outcome.volumes)
        heading = (
            ("EVERYTHING SKIPPED" if skipped else "NOTHING LEFT") if outcome.volumes else "NOTHING SELECTED"
        )
        kept = "" if outcome.expired else f", and {THIS_TRY} nothing"
        yield Section(
            heading=f"{heading}  nothing was backed up{kept}",
            problems=[_alone(outcome.failures[0] if skipped else NOTHING_LEFT)],
            after=("  When that is done, back up now:", again),
        )
    if stopped := outcome.continuation_failure:
        undone = counted(outcome.count(lambda volume: volume.unfinished), "volume")
        yield Section(
            heading=f"NOT FINISHED  {undone}: time ended, and it could not {one_line(stopped.action)}",
            problems=[_alone(stopped)],
            after=("  To finish it, if no later mail says that this run is done:", again),
        )


def _alone(failure: Failure) -> Problem:
    return Problem(failure=failure, row=(one_line(failure.resource),))


def _by_heading(outcome: Outcome) -> Mapping[str, Sequence[Problem]]:
    """Sort failures and checks; of volumes without a restore point, those without any good snapshot come first."""
    decisions = {decision.snapshot.id: decision for decision in outcome.decisions}
    found: defaultdict[str, list[Problem]] = defaultdict(list)

    def add(heading: str, failure: Failure, volume: VolumeOutcome | None = None) -> None:
        decision = decisions.get(failure.resource)
        problem = Problem(failure=failure, row=failure_row(failure, decision, volume))
        found[UNDELETED if decision else heading].append(problem)

    for volume in sorted(by_name(outcome.volumes), key=_newest):
        for failure in volume.failures or _unexplained(volume):
            if lacking(volume) or _lost(volume):
                found[LOST if _lost(volume) else NO_BACKUP].append(_unmade(volume, failure, outcome.run))
            else:
                add(WRONG, failure, volume)
        for check in volume.checks:
            add(CHECK, check, volume)
    for failure in outcome.other_checks:
        add(CHECK, failure)
    if outcome.lookup_failure:
        add(UNNAMED, outcome.lookup_failure)
    return found


def _newest(volume: VolumeOutcome) -> float:
    newest = volume.newest_completed if lacking(volume) else None
    return newest.started.timestamp() if newest else 0


def _lost(volume: VolumeOutcome) -> bool:
    return any(failure.code == VOLUME_ERROR for failure in volume.failures)


def _unexplained(volume: VolumeOutcome) -> Iterator[Failure]:
    """Say why a volume got no restore point though nothing was refused: its new snapshot failed at once."""
    if lacking(volume):
        message = "its new snapshot failed" if volume.failed else "this run made no snapshot of it"
        advice = f"See {FAILED}." if volume.failed else "Look for the volume's id in the log."
        yield Failure(resource="", action="", code=SNAPSHOT_FAILED, message=message, advice=advice)


def _unmade(volume: VolumeOutcome, failure: Failure, run: Run) -> Problem:
    newest = volume.newest_completed
    more = f"newest good snapshot: {age(newest, run)}" if newest else "" if volume.made else NEVER
    return Problem(failure=failure, row=(*volume_cells(volume.volume), place(volume.volume)), more=more)


def _not_backed_up(outcome: Outcome, found: Sequence[Problem]) -> Section:
    """Say how many got no restore point, whether they still have what they had, and how to back them up now."""
    volumes = [volume for volume in outcome.volumes if lacking(volume) and not _lost(volume)]
    # An earlier invocation, too, may have deleted for want of room.
    sure = not outcome.run.continued and not any(volume.of(Fate.EXPIRED) for volume in volumes)
    kept = f"; {THIS_TRY} nothing of theirs" if sure else ""
    command = by_hand(outcome.run, outcome.run.period, [volume.volume.id for volume in volumes])
    return Section(
        heading=f"{NO_BACKUP}  {len(volumes):,} of {counted(len(outcome.volumes), 'volume')}{kept}",
        problems=found,
        after=("  When that is fixed, back up what is missing now:", f"    {command}"),
    )


def _failed_snapshots(outcome: Outcome) -> Section:
    """Name what EC2 could not finish, whichever run began it; what this run lacks stands under NOT BACKED UP."""
    run, volumes = outcome.run, {volume.volume.id: volume for volume in outcome.volumes}
    periods: defaultdict[str, dict[str, None]] = defaultdict(dict)
    found: list[Problem] = []
    for failed in outcome.failed:
        begun = f"{one_line(failed.period)} snapshot begun {minute(failed.started)}"
        row = (named(failed.name), one_line(failed.volume_id), one_line(failed.id), begun)
        volume = volumes.get(failed.volume_id)
        has = f"it has {'a new' if volume.made else 'NO'} restore point of this run" if volume else ""
        found.append(Problem(failure=as_failure(failed), row=row, more=has))
        periods[failed.period][failed.volume_id] = None
    others = [period for period in Period if period in periods and period is not run.period]
    again = [f"    {by_hand(run, period, list(periods[period]))}" for period in others]
    nameless = run.continued.more_failed if run.continued else 0
    return Section(
        heading=f"{FAILED}  {counted(len(found) + nameless, 'snapshot')} that EC2 could not finish",
        problems=found,
        nameless=nameless,
        after=["  When that is fixed, make those of other periods again:", *again] if again else (),
    )


def _overdue(outcome: Outcome) -> list[Problem]:
    """Rank the late volumes of each period, so that a mail that is cut tells the worst of every period."""
    by_period: defaultdict[Period, list[tuple[VolumeOutcome, Overdue]]] = defaultdict(list)
    for volume in by_name(outcome.volumes):
        for overdue in volume.overdue:
            by_period[overdue.period].append((volume, overdue))
    ranked: list[tuple[int, Problem]] = []
    for period, unsorted in sorted(by_period.items(), key=lambda item: list(Period).index(item[0])):
        late = sorted(unsorted, key=_lateness)
        limit = f"none of the last {counted(late[0][1].limit, 'day')} (max_age_{period}={late[0][1].limit})"
        code = f"{period}: {limit}: {counted(len(late), 'volume')}"
        advice, command = _catch_up(outcome.run, period, [volume for volume, _ in late])
        failure = Failure(resource="", action="", code=code, message="", advice=advice)
        for rank, (volume, overdue) in enumerate(late):
            newest = f"newest: {age(overdue.newest, outcome.run)}" if overdue.newest else "it has none"
            row = (*volume_cells(volume.volume), newest)
            ranked.append((rank, Problem(failure=failure, row=row, command=command)))
    return [problem for _, problem in sorted(ranked, key=lambda pair: pair[0])]


def _lateness(late: tuple[VolumeOutcome, Overdue]) -> float:
    """Order those that have none first, then the oldest; of one night, as they come."""
    newest = late[1].newest
    return newest.started.replace(second=0, microsecond=0).timestamp() if newest else 0


def _catch_up(run: Run, period: Period, late: Sequence[VolumeOutcome]) -> tuple[str, str]:
    """Say how volumes get a completed snapshot of the period again, and by which command, if one is needed."""
    failing = sorted({LOST if _lost(volume) else NO_BACKUP for volume in late if lacking(volume)})
    there = f"for those under {' and '.join(failing)}, see there. " if failing else ""
    able = [volume.volume.id for volume in late if not _lost(volume)]
    if period is run.period or not able:
        made = any(volume.made for volume in late)
        soon = "Those that this run backed up are well once their new snapshots complete. " if made else ""
        return f"{there}{soon}If no {period} mail came for days: is the {period} rule disabled?", ""
    why = f"was the {period} rule disabled, did its runs fail, or is the volume new in this set?"
    return f"{why} Back up now:", by_hand(run, period, able)

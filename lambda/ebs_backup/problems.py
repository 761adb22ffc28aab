"""The part of a report that tells what is wrong, worst first, and what to do about it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ebs_backup.mail import Detail, columns, counted, one_line, paragraph
from ebs_backup.model import Failure, Run
from ebs_backup.outcome import Outcome, Overdue, VolumeOutcome
from ebs_backup.rows import age, by_name, place, snapshot_cells, volume_cells
from ebs_backup.settings import Period

# EC2 ends some refusals with a long code that only `aws sts decode-authorization-message` reads; the log has it.
ENCODED = "Encoded authorization failure message"
NEVER = "IT HAS NO GOOD SNAPSHOT AT ALL in this backup set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One failure as the mail shows it: `row` says on what, in columns (the first two suffice); `more` in a line below."""

    failure: Failure
    row: tuple[str, ...]
    more: str = ""

    @property
    def message(self) -> str:
        """Give AWS's words."""
        return one_line(self.failure.message.partition(ENCODED)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One period of one volume that is overdue."""

    outcome: VolumeOutcome
    overdue: Overdue


@dataclass(frozen=True, slots=True)
class Problems:
    """All that is wrong, sorted once. Where not everything fits, what is named first goes last."""

    unmade: Sequence[Problem]
    late: Sequence[Late]
    undeleted: Sequence[Problem]
    bad_tags: Sequence[Problem]

    def __len__(self) -> int:
        return len(self.unmade) + len(self.late) + len(self.undeleted) + len(self.bad_tags)

    def first(self, most: int) -> "Problems":
        """Give the first `most` of them."""
        found = []
        for each in (self.unmade, self.late, self.undeleted, self.bad_tags):
            found.append(each[:most])
            most -= len(found[-1])
        return Problems(*found)  # type: ignore[arg-type]  # in the order of the fields


def problems(outcome: Outcome) -> Problems:
    """Sort a run's problems: volumes without any good snapshot come first, then those with the oldest."""
    volumes = by_name(outcome.volumes)
    oldest_first = sorted(
        volumes,
        key=lambda each: each.newest_completed.started.timestamp() if each.newest_completed else 0,
    )
    return Problems(
        [
            _unmade(each, failure, outcome.run)
            for each in oldest_first
            if not each.made
            for failure in each.failures
        ],
        sorted(
            (Late(outcome=each, overdue=late) for each in volumes for late in each.overdue), key=_lateness
        ),
        [_undeleted(each, failure) for each in volumes if each.made for failure in each.failures],
        [_bad_tag(each, failure) for each in volumes for failure in each.bad_tags],
    )


def _lateness(each: Late) -> tuple[int, float]:
    """Order by period, in each those that have none first, then the oldest; of one night, as they come."""
    newest = each.overdue.newest
    night = newest.started.replace(second=0, microsecond=0).timestamp() if newest else 0
    return list(Period).index(each.overdue.period), night


def _unmade(each: VolumeOutcome, failure: Failure, run: Run) -> Problem:
    newest = each.newest_completed
    more = f"newest good snapshot: {age(newest, run)}" if newest else NEVER
    return Problem(failure=failure, row=(*volume_cells(each.volume), place(each.volume)), more=more)


def _undeleted(each: VolumeOutcome, failure: Failure) -> Problem:
    decision = next((held for held in each.stuck if held.snapshot.id == failure.resource), None)
    if decision is None:
        name, volume_id = volume_cells(each.volume)
        row = (name, one_line(failure.resource), f"of {volume_id}", "", one_line(failure.action))
        return Problem(failure=failure, row=row)
    return Problem(
        failure=failure, row=(*snapshot_cells(each.volume, decision.snapshot), one_line(decision.reason))
    )


def _bad_tag(each: VolumeOutcome, failure: Failure) -> Problem:
    return Problem(failure=failure, row=(*volume_cells(each.volume), place(each.volume)))


def sections(outcome: Outcome, found: Problems, detail: Detail) -> Iterator[Iterable[str]]:
    """Give one part of the mail for each kind of problem, empty where there is none."""
    shown = found.first(detail.problems)
    yield _overdue(outcome, shown.late, found.late, detail)
    yield _nothing_to_do(outcome)
    yield _stopped(outcome)
    yield _not_backed_up(outcome, shown.unmade, len(found.unmade), detail)
    yield _group("NOT DELETED", "snapshot", shown.undeleted, len(found.undeleted), detail)
    yield _group("BAD TAGS", "tag", shown.bad_tags, len(found.bad_tags), detail)
    yield _unnamed(outcome)


def _overdue(outcome: Outcome, shown: Sequence[Late], late: Sequence[Late], detail: Detail) -> Iterator[str]:
    """Say for each period which volumes have no completed snapshot of the last `max_age` days, and how to make one."""
    if not late:
        return
    volumes = sum(bool(each.overdue) for each in outcome.volumes)
    yield f"OVERDUE  {counted(volumes, 'volume')} without a completed snapshot for too long"
    totals = Counter((each.overdue.period, each.overdue.limit) for each in late)
    for (period, limit), total in totals.items():
        rows = [_late_row(each, outcome.run, detail) for each in shown if each.overdue.period == period]
        none = f"none of the last {counted(limit, 'day')} (max_age_{period}={limit})"
        yield f"  {period}: {none}: {counted(total, 'volume')}"
        yield from columns(rows, indent=4) if rows else ()
        if total > len(rows):
            yield f"    ... and {total - len(rows):,} more"
        yield from _how_to_catch_up(outcome.run, period)


def _late_row(each: Late, run: Run, detail: Detail) -> tuple[str, ...]:
    cells = volume_cells(each.outcome.volume)
    newest = each.overdue.newest
    return (*cells, f"newest: {age(newest, run)}" if newest else "it has none") if detail.words else cells


def _how_to_catch_up(run: Run, period: Period) -> Iterator[str]:
    if period == run.period:
        yield from paragraph(
            "To do: those under NOT BACKED UP failed again: see there. The others are well when what this run made is"
            f" completed; if no mail came on the days between, the {period} rule was off, or could not start the function."
        )
        return
    yield from paragraph(
        f"To do: was the {period} rule disabled, did its runs fail, or are set and volume new to each other? Make them now:"
    )
    yield f"    {by_hand(run, period)}"


def by_hand(run: Run, period: Period) -> str:
    """Write the command that does a run, without waiting: the CLI calls again after 60 s, and that is another run."""
    return one_line(
        f"aws lambda invoke --region {run.region} --function-name {run.function} --invocation-type Event"
        f""" --cli-binary-format raw-in-base64-out --payload '{{"period": "{period}"}}' answer.json""",
        1000,
    )


def _nothing_to_do(outcome: Outcome) -> Iterator[str]:
    if all(each.skipped for each in outcome.volumes):
        failure, *_ = outcome.failures
        yield "EVERYTHING SKIPPED" if outcome.volumes else "NOTHING SELECTED"
        yield from paragraph(
            one_line(f"{failure.message[0].upper()}{failure.message[1:]}.", 1000)
            + " Nothing was backed up and nothing was deleted."
        )
        yield from paragraph(f"To do: {failure.advice}")


def _stopped(outcome: Outcome) -> Iterator[str]:
    if failure := outcome.stopped:
        undone = counted(sum(each.unfinished for each in outcome.volumes), "volume")
        yield f"NOT FINISHED  {undone}; the function's time ended, and it could not {one_line(failure.action)}"
        yield from _told(failure)


def _unnamed(outcome: Outcome) -> Iterator[str]:
    if failure := outcome.unnamed:
        yield f"NOT LOOKED UP  could not {one_line(failure.action)}: their names, and near misses among their volumes, are missing here"
        yield from _told(failure)


def _told(failure: Failure) -> Iterator[str]:
    yield from paragraph(one_line(f"{failure.resource}: {failure.code}: {failure.message}", 1000))
    yield from paragraph(f"To do: {one_line(failure.advice)}")


def _not_backed_up(outcome: Outcome, shown: Sequence[Problem], total: int, detail: Detail) -> Iterator[str]:
    if total:
        them = "it" if total == 1 else "them"
        of_all = f"{total:,} of {counted(len(outcome.volumes), 'volume')}"
        yield f"NOT BACKED UP  {of_all}; nothing of {them} was expired"
        yield from _failures(shown, total, detail)


def _group(heading: str, noun: str, shown: Sequence[Problem], total: int, detail: Detail) -> Iterator[str]:
    if total:
        yield f"{heading}  {counted(total, noun)}"
        yield from _failures(shown, total, detail)


def _failures(shown: Sequence[Problem], total: int, detail: Detail) -> Iterator[str]:
    """Say once what many have in common: the code, what EC2 said, what to do; then list them."""
    groups: defaultdict[tuple[str, str], list[Problem]] = defaultdict(list)
    for each in shown:
        groups[each.failure.code, each.failure.advice if detail.advice else ""].append(each)
    for (code, _), group in groups.items():
        said = {each.message for each in group} if detail.words else set()
        in_common = f": {said.pop()}" if len(said) == 1 else ""
        yield from paragraph(f"{one_line(code)}{in_common}")
        advices = {each.failure.advice for each in group}
        yield from paragraph(f"To do: {one_line(advices.pop())}") if len(advices) == 1 else ()
        rows = [each.row if detail.words else each.row[:2] for each in group]
        for each, line in zip(group, columns(rows, indent=4), strict=True):
            yield line
            yield from paragraph(each.message, indent=8) if said else ()
            yield from [f"        {each.more}"] if each.more and detail.words else ()
    if total > len(shown):
        yield f"  ... and {total - len(shown):,} more"

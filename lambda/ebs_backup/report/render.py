"""The report: an outcome as a mail that a person reads in ten seconds, worst first, and as JSON for machines. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ebs_backup.model import Fate, Run
from ebs_backup.outcome import Outcome, Status
from ebs_backup.report import summary
from ebs_backup.report.data import MAX_ROWS, answer
from ebs_backup.report.problems import Section, lacking, problems
from ebs_backup.report.rows import by_hand, invoke
from ebs_backup.report.text import MAX_DATA, Detail, Mail, counted, one_line, size, subject, text_within

ALLOWED = (
    '"period" (day, week or month; always needed), "time" (an instant with a zone, such as 2026-11-23T01:30:00Z),'
    ' "dry_run" (true or false), "volumes" (a list of 1 to 200 volume ids)'
)


def render(outcome: Outcome) -> Mail:
    """Write the mail of a run that was done, cut to what SNS takes."""
    run, status = outcome.run, outcome.status
    title = subject(status, _headline(outcome), run.backup_set, run.region, run.period)
    found = problems(outcome)
    total = sum(len(section.problems) for section in found)
    bodies = (text_within(_parts(outcome, title, found, detail)) for detail in _details(total))
    return Mail(
        subject=title,
        body=next(filter(None, bodies), title),
        data=_data(title, outcome),
        attributes=_attributes(status, run.backup_set, run.period),
    )


def render_broken(run: Run, *, code: str, message: str, advice: str) -> Mail:
    """Write the mail of a run that could not do its job."""
    title = subject(Status.FAILED, f"the run failed: {code}", run.backup_set, run.region, run.period)
    lines = (
        "THE RUN FAILED",
        f"  {one_line(f'{code}: {message}', 1000)}",
        f"  To do: {one_line(advice, 1000)}",
        "",
        "What it had done before stays as it is, and the next try does only what is missing.",
        "Lambda tries it twice more, within minutes. If all tries fail, the alarm RunFailed goes off. Then fix it and run:",
        f"    {by_hand(run, run.period)}",
        "",
        f"{_where(run)}.",
        _log(run.log_group),
    )
    broken = {"code": one_line(code), "message": one_line(message, 1000), "advice": one_line(advice, 1000)}
    told = {"run": one_line(run.id), "account": one_line(run.account), "region": one_line(run.region)}
    return _failed(title, lines, run.backup_set, run.period, {**told, "broken": broken})


def render_bad_event(
    *, backup_set: str, account: str, region: str, function: str, log_group: str, error: str
) -> Mail:
    """Write the mail of an event that asks for nothing the function does; `error` says what is wrong with it."""
    title = subject(Status.FAILED, "the event cannot be used", backup_set, region)
    lines = (
        "THE EVENT CANNOT BE USED",
        f"  {one_line(error, 1000)}",
        "  Nothing was created and nothing was deleted. This event is not tried again.",
        f"  Allowed: {ALLOWED}.",
        "  To do: if you sent it, correct it and send it like this:",
        f"    {invoke(region, function, {'period': 'day'})}",
        "  If a rule sent it, somebody changed that rule: deploy with the same -c options as before.",
        "",
        one_line(f"Account {account}, {region}, set {backup_set}.", 500),
        _log(log_group),
    )
    told = {"account": one_line(account), "region": one_line(region), "error": one_line(error, 1000)}
    return _failed(title, lines, backup_set, "", told)


def _failed(
    title: str, lines: Sequence[str], backup_set: str, period: str, told: Mapping[str, object]
) -> Mail:
    attributes = _attributes(Status.FAILED, backup_set, period)
    return Mail(
        subject=title,
        body="\n".join((title, "", *lines)),
        data=json.dumps({"subject": title, **attributes, **told}),
        attributes=attributes,
    )


def _attributes(status: Status, backup_set: str, period: str) -> dict[str, str]:
    return {"status": status.value, "set": one_line(backup_set) or "?", "period": str(period) or "?"}


def _data(title: str, outcome: Outcome) -> str:
    """Return the whole answer, its lists cut as far as they must be."""
    rows = MAX_ROWS
    while True:
        text = json.dumps({"subject": title, **answer(outcome, rows=rows)})
        if size(text) <= MAX_DATA or not rows:
            return text
        rows //= 2


def _details(found: int) -> Iterator[Detail]:
    """Return less and less detail: successes are cut first, then problems are shortened, then counted."""
    detail = Detail(problems=found)
    yield detail
    for less in ({"lists": False}, {"notes": False}, {"words": False}):
        detail = replace(detail, **less)
        yield detail
    while detail.problems:
        detail = replace(detail, problems=detail.problems * 3 // 4)
        yield detail


def _headline(outcome: Outcome) -> str:
    """Say the worst in a few words."""
    if not outcome.volumes:
        return f"nothing selected, no volume is tagged {outcome.run.selector}"
    unmade = outcome.count(lacking)
    told = list(_worst(outcome, unmade))
    if outcome.status is Status.FAILED:
        return ", ".join(told if unmade else ["nothing was backed up", *told])
    return ", ".join(told if unmade else [*told, *_counts(outcome)])


def _worst(outcome: Outcome, unmade: int) -> Iterator[str]:
    of_all = f" of {counted(len(outcome.volumes), 'volume')}"
    if unmade:
        yield f"{unmade:,}{of_all} not backed up"
    if late := outcome.count(lambda volume: volume.overdue):
        yield f"{late:,}{'' if unmade else of_all} overdue"
    continued = outcome.run.continued
    if failed := len(outcome.failed) + (continued.more_failed if continued else 0):
        yield f"{counted(failed, 'snapshot')} failed"
    if outcome.continuation_failure:
        yield "not finished"


def _counts(outcome: Outcome) -> Iterator[str]:
    """Say what was done; what an earlier try made was made by this run."""
    if outcome.created or not outcome.already_made:
        yield f"{outcome.created:,} created"
    if outcome.already_made:
        yield f"{outcome.already_made:,} already made"
    if outcome.expired or not outcome.already_made:
        yield f"{outcome.expired:,} expired"
    elif outcome.status is Status.OK and not outcome.created:
        yield "nothing to do"
    counts = {
        "deferred": outcome.deferred,
        "not deleted": len(outcome.of(Fate.NOT_DELETED)),
        "skipped": outcome.count(lambda volume: volume.skipped),
        "to check": outcome.count(lambda volume: volume.checks or volume.stale),
        "no longer selected": len(outcome.deselected),
        "foreign": sum(len(volume.snapshots) for volume in outcome.foreign),
        "stray": len(outcome.strays),
        "edited": sum(decision.edited for decision in outcome.decisions),
        "not selected": len(outcome.missing),
    }
    yield from (f"{count:,} {what}" for what, count in counts.items() if count)
    if misses := len(outcome.near_misses):
        yield "1 near miss" if misses == 1 else f"{misses:,} near misses"
    if outcome.lookup_failure:
        yield "instances not looked up"


def _parts(outcome: Outcome, title: str, found: Sequence[Section], detail: Detail) -> Iterator[Iterable[str]]:
    yield [title]
    yield _cut(outcome.run, detail, sum(len(section.problems) for section in found))
    left = detail.problems
    for section in found:
        yield section.lines(max(0, left), detail)
        left -= len(section.problems)
    yield from summary.sections(outcome, detail)
    continued = outcome.run.continued
    took = f"{outcome.seconds:.0f} s" + (f" in {continued.invocation} invocations" if continued else "")
    yield [f"{_where(outcome.run)}, {took}.", _log(outcome.run.log_group)]


def _cut(run: Run, detail: Detail, found: int) -> Iterator[str]:
    """Say what the mail lacks: at the top, for nobody reaches the end of 200 KB."""
    there = {
        "the lists of what was created and expired": detail.lists,
        "the lists of what to look at and of what was left alone": detail.notes,
        "EC2's messages": detail.words,
        f"{found - detail.problems:,} of {counted(found, 'problem')}": detail.problems == found,
    }
    if cut := [what for what, told in there.items() if not told]:
        yield f"CUT to what SNS takes. Missing here: {'; '.join(cut)}. {_log(run.log_group)}"


def _where(run: Run) -> str:
    where = f"Account {run.account}, {run.region}, set {run.backup_set}, period {run.period}, run {run.id}"
    return one_line(where, 500)


def _log(log_group: str) -> str:
    return f"Every step is in the log group {one_line(log_group)}."

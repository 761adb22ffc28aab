"""The report: an outcome as a mail that a person reads in ten seconds, worst first, and as JSON for machines. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ebs_backup import digest
from ebs_backup.answer import MAX_ROWS, answer
from ebs_backup.mail import MAX_DATA, Detail, Mail, counted, one_line, paragraph, size, subject, text_within
from ebs_backup.model import Run
from ebs_backup.outcome import Outcome, Status
from ebs_backup.problems import Problems, problems, sections

TAGS = {Status.OK: "OK", Status.PARTIAL: "PROBLEM", Status.FAILED: "FAILED"}
CHECK = "CHECK"  # all well, but a person should look: an [OK] is easily filed away unread


def render(outcome: Outcome) -> Mail:
    """Write the mail of a run that came to its end, cut to what SNS takes."""
    tag = CHECK if outcome.status is Status.OK and outcome.needs_a_person else TAGS[outcome.status]
    title = subject(tag, outcome.run, _headline(outcome))
    found = problems(outcome)
    bodies = (text_within(_parts(outcome, title, found, detail)) for detail in _details(len(found)))
    return Mail(
        subject=title,
        body=next(filter(None, bodies), title),
        data=_data(title, outcome),
        attributes=_attributes(outcome.run, outcome.status),
    )


def render_broken(run: Run, *, code: str, message: str, advice: str) -> Mail:
    """Write the mail of a run that could not do its job."""
    title = subject("FAILED", run, f"the run broke: {code}")
    lines = (
        title,
        "",
        "THE RUN BROKE",
        *paragraph(one_line(f"{code}: {message}", 1000)),
        *paragraph(f"To do: {one_line(advice)}"),
        "",
        "What it had done before stays as it is, and the next try does only what is lacking.",
        "Lambda tries a scheduled run twice more, within minutes. A try that breaks too mails again, if it can; if all break, the alarm RunFailed speaks.",
        "",
        f"{_where(run)}.",
        _log(run),
    )
    told: dict[str, Any] = {
        "subject": title,
        "status": Status.FAILED.value,
        "set": one_line(run.backup_set),
        "period": run.period.value,
        "run": one_line(run.id),
        "account": one_line(run.account),
        "region": one_line(run.region),
        "broken": {"code": one_line(code), "message": one_line(message, 1000), "advice": one_line(advice)},
    }
    return Mail(
        subject=title,
        body="\n".join(lines),
        data=json.dumps(told),
        attributes=_attributes(run, Status.FAILED),
    )


def _attributes(run: Run, status: Status) -> dict[str, str]:
    return {"status": status.value, "set": one_line(run.backup_set) or "?", "period": run.period.value}


def _data(title: str, outcome: Outcome) -> str:
    """Give the whole answer, its lists cut as far as they must be."""
    rows = MAX_ROWS
    while True:
        text = json.dumps({"subject": title, **answer(outcome, rows=rows)})
        if size(text) <= MAX_DATA or not rows:
            return text
        rows //= 2


def _details(found: int) -> Iterator[Detail]:
    """Give less and less detail: successes are cut first, then problems are shortened, then counted."""
    detail = Detail(problems=found)
    yield detail
    for less in ({"lists": False}, {"notes": False}, {"words": False}, {"advice": False}):
        detail = replace(detail, **less)
        yield detail
    while detail.problems:
        detail = replace(detail, problems=detail.problems * 3 // 4)
        yield detail


def _headline(outcome: Outcome) -> str:
    """Say the worst in a few words."""
    if not outcome.volumes:
        return f"nothing selected, no volume is tagged {outcome.run.selector}"
    of_all = f"of {counted(len(outcome.volumes), 'volume')}"
    unmade = sum(bool(each.failures) and not each.made for each in outcome.volumes)
    overdue = sum(bool(each.overdue) for each in outcome.volumes)
    late = f"{overdue:,}{'' if unmade else f' {of_all}'} overdue" if overdue else ""
    if unmade:
        return f"{unmade:,} {of_all} failed" + (f", {late}" if late else "")
    if outcome.status is Status.FAILED:
        return "nothing was backed up"
    return ", ".join(([late] if late else []) + list(_counts(outcome)))


def _counts(outcome: Outcome) -> Iterator[str]:
    counts = {
        "created": outcome.created,
        "already there": outcome.repeated,
        "expired": outcome.expired,
        "left for later": outcome.left,
        "not deleted": sum(len(each.stuck) for each in outcome.volumes),
        "skipped": outcome.skipped,
    }
    always = ("created", "expired")
    yield from (f"{count:,} {what}" for what, count in counts.items() if count or what in always)
    if bad := sum(len(each.bad_tags) for each in outcome.volumes):
        yield counted(bad, "bad tag")
    if lost := len(outcome.lost):
        yield f"{lost:,} no longer selected"
    if misses := len(outcome.near_misses):
        yield "1 near miss" if misses == 1 else f"{misses:,} near misses"
    if outcome.unnamed:
        yield "instances not looked up"


def _parts(outcome: Outcome, title: str, found: Problems, detail: Detail) -> Iterator[Iterable[str]]:
    yield [title]
    yield _cut(outcome.run, detail, len(found))
    yield from sections(outcome, found, detail)
    yield from digest.sections(outcome, detail)
    continued = outcome.run.continued
    took = f"{outcome.seconds:.0f} s" + (f" in {continued.invocation} invocations" if continued else "")
    yield [f"{_where(outcome.run)}, {took}.", _log(outcome.run)]


def _cut(run: Run, detail: Detail, found: int) -> Iterator[str]:
    """Say what the mail lacks: at the top, for nobody reaches the end of 200 KB."""
    lacking = {
        "the lists of what was created and expired": detail.lists,
        "the lists of what was left, left out and noted": detail.notes,
        "EC2's messages": detail.words,
        "what to do where one code asks for several things": detail.advice,
        f"{found - detail.problems:,} of {counted(found, 'problem')}": detail.problems == found,
    }
    if cut := [what for what, there in lacking.items() if not there]:
        yield f"CUT to what SNS takes. Missing here: {'; '.join(cut)}. {_log(run)}"


def _where(run: Run) -> str:
    where = f"Account {run.account}, {run.region}, set {run.backup_set}, period {run.period}, run {run.id}"
    return one_line(where, 500)


def _log(run: Run) -> str:
    return f"Every step is in the log group {one_line(run.log_group)}."

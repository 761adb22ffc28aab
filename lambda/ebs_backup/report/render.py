"""The report: an outcome as a mail that somebody woken at night reads on a phone, and as JSON for machines. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, takewhile

from ebs_backup import __version__
from ebs_backup.model import Failure, Run
from ebs_backup.names import SERVICE
from ebs_backup.outcome import Outcome, Status
from ebs_backup.report import problems, summary
from ebs_backup.report.data import answer
from ebs_backup.report.text import (
    ALL,
    LIMITS,
    MAX_DATA,
    MAX_SUBJECT,
    WIDTH,
    Command,
    Mail,
    Part,
    by_hand,
    counted,
    grouped,
    invoke,
    links,
    one_line,
    size,
    text_within,
    wrapped,
)
from ebs_backup.report.vanished import vanished
from ebs_backup.tags import minute

Blocks = Mapping[str, Sequence[Part]]
NAMES = 3  # at the top
NEWS = 60  # characters of a subject: this leaves room for period and region in any region
MOST_WORDS = 20  # of AWS's own, at the end
ALLOWED = (
    '"period" (day, week or month; always needed), "time" (a time with a zone, such as 2026-11-23T01:30:00Z),'
    ' "dry_run" (true or false), "volumes" (a list of 1 to 200 volume ids)'
)


def render(outcome: Outcome) -> Mail:
    """Write the mail of a run that was done, cut to what SNS takes."""
    run, status, done = outcome.run, outcome.status, _done(outcome)
    blocks = {
        "NOW": [*problems.now(outcome), *vanished(outcome)],
        "TOMORROW": [*problems.later(outcome), *summary.looks(outcome)],
        f"DONE  {done}": list(summary.done(outcome)),
    }
    title = headline(status, (*news_of(blocks), done), run.region, run.period, run.backup_set)
    first = first_lines(_backed_up(outcome), blocks, needed=status is not Status.OK)
    lacking = [volume.volume for volume in problems.worst_first(outcome.volumes) if problems.lacking(volume)]
    last = last_lines(run, outcome.seconds)
    return Mail(
        subject=title,
        body=fitted(first, blocks, list(links(run, lacking)), last) or title,
        data=_data(title, outcome),
        attributes=attributes_of(status, run.backup_set, run.period),
    )


def _backed_up(outcome: Outcome) -> str:
    """Return how many volumes have their backup."""
    made = outcome.count(lambda volume: volume.made)
    return f"Backed up: {made:,} of {counted(len(outcome.volumes), 'volume')}."


def _done(outcome: Outcome) -> str:
    """Return what was done; it counts what an earlier try made, but nobody knows what that try deleted."""
    made = f"{outcome.already_made:,} already made"
    new, expired = f"{outcome.created:,} created", f"{outcome.expired:,} expired"
    if not outcome.already_made:
        return f"{new}, {expired}"
    return ", ".join([*[new] * bool(outcome.created), made, *[expired] * bool(outcome.expired)])


def render_broken(run: Run, *, code: str, message: str, advice: str) -> Mail:
    """Write the mail of a run that could not do its job."""
    title = headline(
        Status.FAILED, [f"the run failed: {one_line(code)}"], run.region, run.period, run.backup_set
    )
    failure = Failure(resource="the whole run", action="", code=code, message=message, advice=advice)
    (part,) = grouped(
        "THE RUN FAILED",
        [(failure, (one_line(code),))],
        lead=f"The {run.period} backup of {minute(run.time)} failed:",
        text="What it had done before stays. Lambda tries it twice more, within minutes, and each try does only what is"
        " missing. If all tries fail, the alarm RunFailed goes off.",
        commands=[Command("When that is fixed, run it again", by_hand(run, run.period))],
    )
    blocks = {"NOW": [part]}
    broken = {"code": one_line(code), "message": one_line(message, 1000), "advice": one_line(advice, 1000)}
    told = {"run": one_line(run.id), "account": one_line(run.account), "region": one_line(run.region)}
    page = paragraphs(first_lines("", blocks), blocks, links(run, ()), last_lines(run))
    return _failed(title, page, run.backup_set, run.period, {**told, "broken": broken})


def render_bad_event(
    *, backup_set: str, account: str, region: str, function: str, log_group: str, error: str
) -> Mail:
    """Write the mail about an event that cannot be used; `error` says what is wrong with it."""
    title = headline(Status.FAILED, ["the event cannot be used"], region, backup_set=backup_set)
    part = Part(
        heading="THE EVENT CANNOT BE USED",
        text="Nothing was created and nothing was deleted. This event is not tried again.",
        lead="NO backup was made: the event is wrong.",
        rows=[(one_line(error, 1000),)],
        to_do="Correct the event, if you sent it. If a rule sent it, somebody changed that rule: run `npx cdk deploy`."
        f" Allowed: {ALLOWED}.",
        commands=[Command("To send it right", invoke(region, function, {"period": "day"}))],
    )
    blocks = {"NOW": [part]}
    where = [
        *(one_line(line) for line in (f"Account {account}, {region}", f"set {backup_set}", log_group)),
        f"{SERVICE} {__version__}",
    ]
    told = {"account": one_line(account), "region": one_line(region), "error": one_line(error, 1000)}
    return _failed(title, paragraphs(first_lines("", blocks), blocks, (), where), backup_set, "", told)


def _failed(
    title: str, page: Iterable[Iterable[str]], backup_set: str, period: str, told: Mapping[str, object]
) -> Mail:
    attributes = attributes_of(Status.FAILED, backup_set, period)
    data = json.dumps({"subject": title, "version": __version__, **attributes, **told})
    return Mail(subject=title, body=text_within(page) or title, data=data, attributes=attributes)


def attributes_of(status: Status, backup_set: str, period: str) -> dict[str, str]:
    """Return the attributes by which subscribers filter."""
    return {"status": status.value, "set": one_line(backup_set) or "?", "period": str(period) or "?"}


def _data(title: str, outcome: Outcome) -> str:
    """Return the whole answer, with its lists cut until it fits."""
    texts = (json.dumps({"subject": title, **answer(outcome, rows=rows)}) for rows in LIMITS[1:])
    return next((text for text in texts if size(text) <= MAX_DATA), json.dumps({"subject": title}))


def headline(
    status: Status, news: Sequence[str], region: str, period: str = "", backup_set: str = "default"
) -> str:
    """Return `[OK] 12 created, 3 expired (EBS day, eu-west-1)`; if too long, without the last news, then the set."""
    told, *more = news
    for text in more:
        told = f"{told}; {text}" if len(told) + len(text) + 2 <= NEWS else told
    start, end = f"[{status}] {one_line(told, NEWS)} (EBS", f"{f' {period}' if period else ''}, {region})"
    room = MAX_SUBJECT - len(start) - len(end) - 1
    name = "" if backup_set == "default" or room < 5 else f" {one_line(backup_set, room)}"
    return one_line(f"{start}{name}{end}", MAX_SUBJECT).encode("ascii", "replace").decode()


def news_of(blocks: Blocks) -> Sequence[str]:
    """Return what each section has for the subject."""
    return [part.news for part in chain.from_iterable(blocks.values()) if part.news]


def first_lines(otherwise: str, blocks: Blocks, *, needed: bool = True) -> Sequence[str]:
    """Return up to five short lines: what has no backup, since when, what to do; `otherwise` if all is backed up."""
    parts = list(chain.from_iterable(blocks.values()))
    lead = parts[0].lead if parts else ""
    section = [parts[0], *takewhile(lambda part: not part.heading, parts[1:])] if lead else []
    rows = list({row[:3]: row for part in section for row in part.rows}.values())  # one may have two failures
    names = rows if len(rows) <= NAMES else rows[: NAMES - 1]
    lines = [lead or otherwise, *map(_in_short, names)]
    if rows[len(names) :]:
        lines.append(f"- and {len(rows) - len(names):,} more")
    if len(lines) <= NAMES and (news := news_of(blocks)[bool(lead) :]):
        lines.append(f"Also: {'; '.join(news)}")
    return [one_line(line, WIDTH) for line in (*lines, _to_do(blocks) if needed else "Nothing to do.")]


def _in_short(row: Sequence[str]) -> str:
    """Return a row's name, cut to fit, and the start of its first fact."""
    name, fact, *_ = *row, ""
    fact = f": {fact.split(', ', maxsplit=1)[0]}" if fact else ""
    return f"- {one_line(name, max(10, WIDTH - 2 - len(fact)))}{fact}"


def _to_do(blocks: Blocks) -> str:
    """Return the first words of the first advice, or the name of the block that has it."""
    for block, parts in blocks.items():
        for part in parts:
            if part.to_do:
                clause = f"To do: {re.split(r'[.:,;] ', part.to_do)[0].rstrip('.')}."
                return clause if len(clause) <= WIDTH else f"To do: see {block}."
    return "To do: look in the log."


def fitted(first: Sequence[str], blocks: Blocks, addresses: Sequence[str], last: Sequence[str]) -> str | None:
    """Return the mail's text, with its lists cut until SNS takes it; None if it never does."""
    pages = (
        text_within(paragraphs(first, blocks, addresses, last, most=most))
        for most in pairwise((ALL, *LIMITS, 0))
    )
    return next(filter(None, pages), None)


def paragraphs(
    lead: Iterable[str],
    blocks: Blocks,
    addresses: Iterable[str],
    where: Sequence[str],
    *,
    most: tuple[int, int] = (ALL, ALL),
) -> Iterator[Iterable[str]]:
    """Yield the paragraphs of a mail: `most` is how many rows a problem has, and how many any other section."""
    parts = list(chain.from_iterable(blocks.values()))
    lines = dict.fromkeys(command.line for part in parts for command in part.commands)
    numbers = {line: number for number, line in enumerate(lines, start=1)}
    yield lead
    yield _cut(*most)
    for name, found in blocks.items():
        yield [name] if found else []
        for part in found:
            yield part.lines(most[0] if part.problem else most[1], numbers)
    yield _words(parts)
    yield chain.from_iterable((f"COMMAND {number}", f"    {line}") for line, number in numbers.items())
    yield addresses
    yield where


def _cut(problem: int, other: int) -> Iterator[str]:
    """Say what was cut; this is at the top, because nobody reads to the end of 200 KB."""
    if other < ALL:
        rows = "all" if problem == ALL else f"at most {problem:,}"
        shown = f"It shows {rows} rows of each problem, and at most {other:,} of each other list."
        yield from wrapped(f"CUT  This mail was too long. {shown} The log has the rest.")


def _words(parts: Iterable[Part]) -> Iterator[str]:
    """Yield each message of AWS once, with the number of resources that it was about."""
    said: dict[tuple[str, str], list[str]] = {}
    for code, message, resource in chain.from_iterable(part.words for part in parts):
        said.setdefault((code, message), []).append(resource)
    if said:
        yield "AWS'S OWN WORDS"
    for (code, message), resources in [*said.items()][:MOST_WORDS]:
        more = f" and {len(resources) - 1:,} more" if len(resources) > 1 else ""
        yield f"- {code}, {resources[0]}{more}"
        yield f"  {message}"
    if len(said) > MOST_WORDS:
        yield f"... and {len(said) - MOST_WORDS:,} more"


def last_lines(run: Run, seconds: float | None = None) -> Sequence[str]:
    """Return the last lines of the mail: account, set, run and log."""
    invocations = f" in {run.continued.invocation} invocations" if run.continued else ""
    took = "" if seconds is None else f", {seconds:.0f} s{invocations}"
    lines = (
        f"Account {run.account}, {run.region}",
        f"set {run.backup_set}, period {run.period}",
        f"run {run.id}{took}",
        f"log {run.log_group}",
    )
    return [*map(one_line, lines), f"{SERVICE} {__version__}"]

"""The mail of a check: it was a test, what was tried, what would not work and what to do. Pure."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from ebs_backup.checked import CREATE, KINDS, MAIL, Checked, answer
from ebs_backup.model import Failure
from ebs_backup.report.text import MAX_DATA, MAX_SUBJECT, Mail, counted, one_line, size

WIDTH = 46  # characters of a line on a phone
NAMED = 20  # resources of one kind of failure, and kinds of failures: the log has all
TEST = "THIS WAS A TEST. Nothing was created and nothing was deleted. This mail shows that mails arrive."
UNPROVED = (
    "A dry run checks permissions, but not KMS keys or quotas. Only a run shows those: `ebs-backup smoke`, or the first"
    " night."
)


def render_check(checked: Checked) -> Mail:
    """Write the mail of a check; `checked` has not tried the mail itself yet."""
    run, status = checked.run, checked.status
    title = f"[{status}] check: {_news(checked)}, set {run.backup_set}, {run.region}"
    subject = one_line(title, MAX_SUBJECT).encode("ascii", "replace").decode()
    attributes = {"status": status.value, "set": one_line(run.backup_set) or "?", "period": run.period.value}
    told = {"subject": subject, **answer(checked)}
    if size(json.dumps(told)) > MAX_DATA:
        told |= {"failures": told["failures"][:NAMED], "checks": told["checks"][:NAMED]}
    return Mail(
        subject=subject,
        body="\n\n".join("\n".join(lines) for lines in _paragraphs(checked, subject)),
        data=json.dumps(told),
        attributes=attributes,
    )


def _news(checked: Checked) -> str:
    """Return in a few words what a run would do."""
    well, tried = checked.allowed(CREATE)
    of_all = f"{tried:,} volumes" if tried != 1 else "1 volume"
    if well < tried and checked.selected:
        return f"{tried - well:,} of {of_all} would NOT be backed up"
    if not tried or not checked.selected:
        return "nothing would be backed up"
    return f"{well:,} of {of_all} would be backed up"


def _paragraphs(checked: Checked, subject: str) -> Iterator[Sequence[str]]:
    run = checked.run
    yield _wrapped(subject)
    yield _wrapped(TEST)
    counts = {what: checked.allowed(what) for what in KINDS if what != MAIL}
    yield [
        "TRIED AND ALLOWED",
        *(f"- {what}: {well:,} of {tried:,}" for what, (well, tried) in counts.items() if tried),
    ]
    yield from _grouped("WOULD NOT WORK", checked.failures)
    yield from _grouped("TO LOOK AT", checked.checks)
    if checked.not_tried:
        yield _wrapped(
            f"NOT TRIED: {checked.not_tried:,}. The time was over. Check fewer volumes: `--sample`."
        )
    yield _wrapped(UNPROVED)
    where = f"Account {run.account}, {run.region}, set {run.backup_set}, period {run.period}, check {run.id}."
    yield [*_wrapped(one_line(where, 500)), "Every step is in the log group", one_line(run.log_group)]


def _grouped(heading: str, failures: Iterable[Failure]) -> Iterator[Sequence[str]]:
    """Yield at most NAMED groups of failures with the same cause, each with at most NAMED resources."""
    groups: defaultdict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for failure in failures:
        groups[failure.action, failure.code, failure.advice].append(failure)
    for (action, code, advice), group in list(groups.items())[:NAMED]:
        named = [one_line(failure.resource, 100) for failure in group[:NAMED]]
        more = f" and {len(group) - NAMED:,} more" if len(group) > NAMED else ""
        yield [
            *_wrapped(f"{heading}: {one_line(action)} ({counted(len(group), 'time')})"),
            *_wrapped(f"{one_line(code)}: {one_line(group[0].message)}", "  "),
            *_wrapped(f"To do: {one_line(advice, 1000)}", "  "),
            *_wrapped(f"On: {', '.join(named)}{more}", "  "),
        ]
    if len(groups) > NAMED:
        yield [f"{heading}: {len(groups) - NAMED:,} kinds more"]


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Break a text into lines of a phone's width; a longer word stays whole."""
    return wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )

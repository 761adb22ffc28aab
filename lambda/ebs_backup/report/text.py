"""The text of a mail: SNS's limits, lines for a phone, and how volumes and commands are written. Pure."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from shlex import quote
from textwrap import wrap
from typing import NamedTuple, TypeVar
from urllib.parse import quote as in_url

from ebs_backup.model import Decision, FailedSnapshot, Failure, Run, Snapshot, Volume
from ebs_backup.names import SERVICE, Period
from ebs_backup.selection import NearMiss
from ebs_backup.tags import minute
from ebs_backup.volume_outcome import VolumeOutcome

# SNS: a subject is under 100 ASCII characters without a line break; a message, its attributes included, at most 262,144
# bytes. Text and data travel in one message, as JSON strings.
MAX_SUBJECT, MAX_MESSAGE = 99, 262_144
MAX_DATA = 60_000
MAX_BODY = MAX_MESSAGE - MAX_DATA - 1_000
WIDTH = 46  # characters of a line on a phone
ALL = MAX_MESSAGE
LIMITS = (ALL, 500, 100, 20, 5, 0)  # rows of a section: the largest that fits
# EC2 ends some refusals with a long code that only `aws sts decode-authorization-message` can read; the log has it.
ENCODED = "Encoded authorization failure message"
SHORT = 2 * WIDTH  # a message of at most two lines is printed with the volume, a longer one at the end
CONSOLES = {
    "cn-": "console.amazonaws.cn",
    "us-gov-": "console.amazonaws-us-gov.com",
    "": "console.aws.amazon.com",
}
# Regions of partitions whose console addresses we do not know for certain.
OTHER_CONSOLES = ("us-iso", "eu-iso", "eusc-")
FEW = 5  # most volumes that a command names one by one; most rows that are printed above what to do
NO_NAME = "(no name)"
SINCE_ITS_RUN = timedelta(
    hours=1
)  # a snapshot starts a little after its run's time: after eight nights it is eight days old
About = TypeVar("About", VolumeOutcome, NearMiss)
Row = tuple[str, ...]  # a name, and lines of facts below it
Problem = tuple[Failure, Row]
Words = tuple[str, str, str]  # AWS's code and message, too long for a row, and the resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What SNS gets: the text for people, the same report as JSON for machines, and attributes for filter policies."""

    subject: str
    body: str
    data: str
    attributes: Mapping[str, str]

    @property
    def message(self) -> str:
        """Return the message with a text for each protocol; all protocols that it does not name get the JSON."""
        texts = {"default": self.data, "email": self.body, "sms": self.subject}
        return json.dumps(texts, ensure_ascii=False)


class Command(NamedTuple):
    """A command at the end of the mail, and what it is for."""

    what: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of the mail and what they have in common: why, what to do, and the commands for it.

    `news` says it in the subject, `lead` at the top, with the rows' names and first facts.

    `nameless` is the number of further rows that are only counted. A `problem` is cut later than the rest.
    """

    heading: str = ""
    news: str = ""
    lead: str = ""
    text: str = ""
    rows: Sequence[Row] = ()
    nameless: int = 0
    why: str = ""
    to_do: str = ""
    commands: Sequence[Command] = ()
    words: Sequence[Words] = ()
    problem: bool = False

    def lines(self, most: int, numbers: Mapping[str, int]) -> Iterator[str]:
        """Return the lines: a few rows come above what to do, many rows below it."""
        yield from (*wrapped(self.heading), *wrapped(self.text))
        after = [*wrapped(self.why, "Why: "), *wrapped(self.to_do, "To do: ")]
        for command in self.commands:
            after += wrapped(f"{command.what}: command {numbers[command.line]}, at the end.")
        rows = self._rows(most)
        yield from (*rows, *after) if len(self.rows) <= FEW else (*after, *rows)

    def _rows(self, most: int) -> Iterator[str]:
        for name, *facts in self.rows[:most]:
            yield from wrapped(name, "- ")
            for fact in facts:
                yield from wrapped(fact, "  ")
        if beyond := max(0, len(self.rows) - most) + self.nameless:
            yield f"... and {beyond:,} more"


def grouped(
    heading: str,
    problems: Sequence[Problem],
    *,
    news: str = "",
    lead: str = "",
    text: str = "",
    commands: Sequence[Command] = (),
) -> Iterator[Part]:
    """Group problems with the same code, message and advice, so that the mail says these once."""
    groups: defaultdict[tuple[str, str], list[tuple[str, Problem]]] = defaultdict(list)
    for problem in problems:
        failure, _ = problem
        said = one_line(failure.message.partition(ENCODED)[0])
        groups[failure.code, failure.advice].append((said, problem))
    for (code, advice), group in groups.items():
        short = {said for said, _ in group if len(said) <= SHORT}
        alike = len({said for said, _ in group}) == 1
        why = [one_line(code), *(short if alike else ())]
        long = [(said, failure) for said, (failure, _) in group if len(said) > SHORT]
        yield Part(
            heading=heading,
            news=news,
            lead=lead,
            text=text,
            rows=[(*row, said if said in short and not alike else "") for said, (_, row) in group],
            why=": ".join(filter(None, why)) + " (AWS's own words: at the end)" * bool(long),
            to_do=one_line(advice, 1000),
            commands=commands,
            words=[(one_line(code), said, one_line(failure.resource)) for said, failure in long],
            problem=True,
        )
        heading = news = lead = text = ""


def wrapped(text: str, start: str = "") -> Sequence[str]:
    """Return a text as lines of a phone's width; a longer word stays whole. An empty text has no lines."""
    if len(start) + len(text) <= WIDTH:
        return [f"{start}{text}"] if text else []
    whole = {"break_long_words": False, "break_on_hyphens": False}
    return wrap(text, WIDTH, initial_indent=start, subsequent_indent="  ", **whole)  # type: ignore[arg-type]


def one_line(text: str, limit: int = 300) -> str:
    """Return a text as one line: control characters and line breaks become spaces, and a long text is cut."""
    line = text.strip()[: limit + 1]
    if not line.isprintable():
        line = "".join(char if char.isprintable() else " " for char in line)
    return line.strip() if len(line) <= limit else f"{line[: limit - 3]}..."


def counted(number: int, noun: str) -> str:
    """Return `1 volume`, `2,000 volumes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(text: str) -> int:
    """Return the bytes that a text takes inside a message."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def text_within(paragraphs: Iterable[Iterable[str]]) -> str | None:
    """Join paragraphs with an empty line between them, or return None where that exceeds what SNS takes."""
    text = "\n\n".join(filter(None, map("\n".join, paragraphs)))
    return text if size(text) <= MAX_BODY else None


def named(name: str, limit: int = 80) -> str:
    """Return a name, cut to fit one line."""
    return one_line(name, limit) or NO_NAME


def who(volume: Volume) -> Row:
    """Return name and id."""
    return named(volume.name), one_line(volume.id)


def ids(snapshot: Snapshot | FailedSnapshot) -> str:
    """Return the ids of volume and snapshot, which together fit one line of a phone."""
    return f"{one_line(snapshot.volume_id)} {one_line(snapshot.id)}"


def snapshot_row(snapshot: Snapshot, fact: str = "") -> Row:
    """Return the volume's name at that time, the ids, when the snapshot was taken, and one more fact."""
    facts = filter(None, (minute(snapshot.started), one_line(fact)))
    return named(snapshot.name), ids(snapshot), ", ".join(facts)


def decision_rows(decisions: Iterable[Decision]) -> list[Row]:
    """Return a row for each decision, with its reason, in the order of the volumes' names."""
    rows = [snapshot_row(decision.snapshot, decision.reason) for decision in decisions]
    return sorted(rows, key=lambda row: (row[0] == NO_NAME, row[0].casefold(), row[2]))


def age(snapshot: Snapshot, run: Run) -> str:
    """Return `3 days old, snap-0a of 2026-11-20 01:30Z`, as of the run's time."""
    days = (run.time - snapshot.started + SINCE_ITS_RUN).days
    old = "less than a day old" if days < 1 else f"{counted(days, 'day')} old"
    since = "newer than this run" if snapshot.started > run.time else old
    return f"{since}, {one_line(snapshot.id)} of {minute(snapshot.started)}"


def by_name(about: Iterable[About]) -> list[About]:
    """Return them sorted by the volumes' names, those without a name last."""
    return sorted(about, key=lambda it: (not it.volume.name, it.volume.name.casefold(), it.volume.id))


def word(text: str) -> str:
    """Return a text quoted as one word for a shell, in one line."""
    return quote(one_line(text, 10_000))


def by_hand(run: Run, period: Period, volumes: Sequence[str] = ()) -> str:
    """Return the command that backs up these volumes, if they are few, or else all volumes of the run.

    A command for the run's own period has the run's time, so that existing restore points are not made again.
    """
    payload: dict[str, object] = {"period": period.value}
    if period is run.period and run.scheduled:
        payload["time"] = run.id
    if volume_ids := volumes if 0 < len(volumes) <= FEW else run.only:
        payload["volumes"] = list(volume_ids)
    return invoke(run.region, run.function, payload)


def invoke(region: str, function: str, payload: Mapping[str, object]) -> str:
    """Return the command that queues an event: without `Event` the CLI calls again after 60 s, which is another run."""
    return (
        f"aws lambda invoke --region {word(region)} --function-name {word(function)} --invocation-type Event"
        f" --cli-binary-format raw-in-base64-out --payload {word(json.dumps(payload))} answer.json"
    )


def links(run: Run, volumes: Sequence[Volume]) -> Iterator[str]:
    """Yield links into the AWS console: the log, the dashboard, and volumes that have no backup."""
    host = next(host for start, host in CONSOLES.items() if run.region.startswith(start))
    region, log, board = (
        in_url(one_line(text), safe="")
        for text in (run.region, run.log_group, f"{SERVICE}-{run.backup_set}-{run.region}")
    )
    if not run.region.startswith(OTHER_CONSOLES):
        yield "LINKS"
        for volume in volumes[:FEW]:
            page = f"VolumeDetails:volumeId={in_url(one_line(volume.id), safe='')}"
            yield f"volume: https://{host}/ec2/home?region={region}#{page}"
        home = f"https://{host}/cloudwatch/home?region={region}#"
        log = in_url(log, safe="").replace("%", "$")  # as the console writes it
        yield f"log: {home}logsV2:log-groups/log-group/{log}"
        yield f"dashboard, if you have it: {home}dashboards/dashboard/{board}"

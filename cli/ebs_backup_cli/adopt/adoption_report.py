"""What an adoption is going to do or has done, for people and for machines. Pure, except for the printing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.console import Console

from ebs_backup.aws.convert import printable
from ebs_backup.model import Failure, Fate
from ebs_backup.names import OFF, Period
from ebs_backup.retention import BEFORE_THE_FIRST
from ebs_backup.settings import Settings
from ebs_backup.tags import minute
from ebs_backup_cli.adopt.adoption import Adoption, Plan
from ebs_backup_cli.terminal.progress import write_lines
from ebs_backup_cli.terminal.screen import MINUTE, SNAPSHOT, Line, Piece, heading, pad, put, under
from ebs_backup_cli.terminal.words import several

HEADS = ("snapshot", "taken", "tool", "period", "occasion")
SHORT = len("kept: 1000 of 1000")
SOME = 4  # ids of those that are left alone for one reason; the JSON document has all


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionReport:
    """A plan, the volumes' `names`, and the `command` that carries it out.

    `outcome` has each snapshot's failure by its id, None if it was adopted; it is None itself if nothing was changed.
    """

    settings: Settings
    region: str
    plan: Plan
    names: Mapping[str, str]
    outcome: Mapping[str, Failure | None] | None
    command: str

    def document(self) -> dict[str, Any]:
        """Return it as docs/schemas/adopt.json says."""
        waits = self.outcome is None and self.plan.adoptions
        return {
            "set": self.settings.backup_set,
            "region": self.region,
            "changed": any(self._adopted(adoption) for adoption in self.plan.adoptions),
            "adoptions": [self._document(adoption) for adoption in self.plan.adoptions],
            "already_ours": [backup.snapshot.id for backup in self.plan.done],
            "left_alone": [
                {
                    "snapshot": refused.snapshot.id,
                    "volume": refused.snapshot.volume_id,
                    "started": refused.snapshot.started.isoformat(),
                    "reason": refused.reason,
                }
                for refused in self.plan.refused
            ],
            "command": self.command if waits else None,
        }

    def show(self, console: Console) -> None:
        """Show each snapshot by volume, then what is left alone, then sums, and in the last line what to do."""
        for volume, adoptions in groupby(self.plan.adoptions, key=_volume):
            put(console, heading(printable(self.names.get(volume, "")), volume, "", console.width))
            put(console, self._table(list(adoptions), console.width))
        if self.plan.refused:
            console.print("Left alone", style="bold")
            write_lines(console, *self._left_alone())
        write_lines(console, *self._sums(), *self._ends())

    def _table(self, adoptions: Sequence[Adoption], width: int) -> Iterator[Line]:
        """Write a line for each snapshot, below a line of heads; on a narrow terminal, two lines for each."""
        rows = [(*self._cells(adoption), bool(adoption.goes_with)) for adoption in adoptions]
        tools = max(len(tool) for _, _, tool, *_ in rows)
        widths = (SNAPSHOT, MINUTE, tools, len("period"), MINUTE)
        indent = 2 + sum(widths) + 2 * len(widths)
        if indent + SHORT <= width:
            yield (Piece("  " + "  ".join(map(pad, HEADS, widths)) + "  then", "dim"),)
        for *cells, then, expires in rows:
            style = "yellow" if expires else ""
            if indent + SHORT > width:
                id_, taken, tool, period, occasion = cells
                yield (Piece(f"  {id_}  {taken}  {tool}"),)
                yield from under(f"{period}, occasion {occasion}; {then}", 4, width, style)
            else:
                head = Piece("  " + "  ".join(map(pad, cells, widths)))
                first, *more = under(then, indent, width, style)
                yield (head, Piece(f"  {first[0].text.lstrip()}", style))
                yield from more

    def _cells(self, adoption: Adoption) -> tuple[str, str, str, str, str, str]:
        snapshot = adoption.backup.snapshot
        taken = minute(snapshot.started)
        occasion, then = self._occasion(adoption), _then(adoption)
        return snapshot.id, taken, adoption.backup.tool, adoption.period.value, occasion, then

    def _left_alone(self) -> Iterator[str]:
        """Write each reason why snapshots are left alone, with their ids."""
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for refused in self.plan.refused:
            by_reason[refused.reason].append(refused.snapshot.id)
        for reason, ids in by_reason.items():
            more = f" and {len(ids) - SOME:,} more" if len(ids) > SOME else ""
            yield f"  {printable(reason)}"
            yield f"    {', '.join(ids[:SOME])}{more}"

    def _occasion(self, adoption: Adoption) -> str:
        began, _ = adoption.decision.occasion
        if self.settings.schedule(adoption.period) == OFF:
            return "its own"
        return "before the first" if began == BEFORE_THE_FIRST else minute(began)

    def _sums(self) -> Iterator[str]:
        adoptions = self.plan.adoptions
        if self.plan.refused:
            yield f"{several(len(self.plan.refused), 'snapshot')} left alone."
        if self.plan.done:
            yield f"{several(len(self.plan.done), 'snapshot')} adopted before."
        for period in Period:
            runs = [
                adoption.goes_with
                for adoption in adoptions
                if adoption.period == period and adoption.goes_with
            ]
            if runs:
                yield (
                    f"{several(len(runs), f'{period} snapshot')} will expire, the last with the {_ordinal(max(runs))} {period} run:"
                    f" a run deletes at most {several(self.settings.max_expired_per_volume, 'occasion')} of a volume."
                )
        if purged := sum(adoption.backup.purged_after is not None for adoption in adoptions):
            yield (
                f"{several(purged, 'snapshot')} with PurgeAllow=true: if ec2-automate-backup still runs with -p, it"
                " deletes each of them after the date in its tag PurgeAfterFE."
            )

    def _ends(self) -> Iterator[str]:
        """Say how many are adopted or would be, and in the last line what to do."""
        count = len(self.plan.adoptions)
        if not count:
            yield "Nothing to adopt."
            return
        volumes = several(len(set(map(_volume, self.plan.adoptions))), "volume")
        stay = Counter(adoption.goes_with == 0 for adoption in self.plan.adoptions)
        sum_ = f"{several(count, 'snapshot')} of {volumes}: {stay[True]:,} kept (until newer ones come), {stay[False]:,} will expire."
        if self.outcome is None:
            yield f"Set {self.settings.backup_set!r} would adopt {sum_}"
            yield f"Nothing was changed. This adopts them: {self.command}"
            return
        failures = list(filter(None, self.outcome.values()))
        for failure in failures:
            yield printable(
                f"PROBLEM  {failure.resource}: {failure.code}: {failure.message} {failure.advice}"
            )
        if failures:
            yield f"{count - len(failures):,} of {several(count, 'snapshot')} adopted. For the others: {self.command}"
        else:
            yield f"Set {self.settings.backup_set!r} has adopted {sum_}"

    def _adopted(self, adoption: Adoption) -> bool:
        id_ = adoption.backup.snapshot.id
        return self.outcome is not None and id_ in self.outcome and self.outcome[id_] is None

    def _document(self, adoption: Adoption) -> dict[str, Any]:
        backup, snapshot = adoption.backup, adoption.backup.snapshot
        began, _ = adoption.decision.occasion
        failure = self.outcome.get(snapshot.id) if self.outcome else None
        return {
            "volume": snapshot.volume_id,
            "name": self.names.get(snapshot.volume_id, ""),
            "snapshot": snapshot.id,
            "tool": backup.tool,
            "started": snapshot.started.isoformat(),
            "period": adoption.period,
            "occasion": None if began == BEFORE_THE_FIRST else began.isoformat(),
            "delete": adoption.decision.fate is Fate.EXPIRED,
            "reason": adoption.decision.reason,
            "expires_with_run": adoption.goes_with or None,
            "purged_after": backup.purged_after.isoformat() if backup.purged_after else None,
            "tags": dict(adoption.tags),
            "adopted": self._adopted(adoption),
            "error": f"{failure.code}: {failure.message}" if failure else None,
        }


def _volume(adoption: Adoption) -> str:
    return adoption.backup.snapshot.volume_id


def _then(adoption: Adoption) -> str:
    """Say what rotation does: `kept: 2 of 4`, or `expires with the next run: beyond keep_day=4`."""
    if not adoption.goes_with:
        return adoption.decision.sentence
    return f"expires with the {_ordinal(adoption.goes_with)} run: {adoption.decision.reason}"


def _ordinal(number: int) -> str:
    if number == 1:
        return "next"
    suffix = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"

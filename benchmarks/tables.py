"""The results as tables: the same rows for the terminal and for docs/performance.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table

from benchmarks.cost import CORE_MB, ROOM, USD_PER_GB_SECOND, chosen, prices
from benchmarks.goals import Goal, Results, floor, goals
from benchmarks.measure import Measured

Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A titled table; every column but the first holds numbers."""

    title: str
    heads: Row
    rows: Sequence[Row]
    note: str = ""

    def rich(self) -> Table:
        """Draw it for the terminal."""
        table = Table(title=self.title, caption=self.note or None, title_justify="left")
        for number, head in enumerate(self.heads):
            table.add_column(head, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """Write it for the docs."""
        aligned = ["---", *["---:"] * (len(self.heads) - 1)]
        lines = [f"| {' | '.join(row)} |" for row in (self.heads, aligned, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines, *([""] * bool(self.note)), self.note]).rstrip()


def sheets(results: Results) -> Iterator[Sheet]:
    """List every table, the goals first."""
    yield Sheet(
        title="Goals",
        heads=("measure", "at most", "measured", ""),
        rows=[_goal(goal) for goal in goals(results)],
    )
    yield Sheet(
        title="Runs",
        heads=(
            "run",
            "wall, s",
            "over the floor",
            "CPU, s",
            "peak, MiB",
            "calls",
            "throttled",
            "missed",
            "duplicates",
            "wrongly deleted",
            "not deleted",
        ),
        rows=[_run(run) for run in results.runs],
        note="Floor: (N-100)/5 s, creates and deletes at the same time, from full buckets. CPU and memory are the client's alone.",
    )
    yield Sheet(
        title="API calls by action",
        heads=("run", *(actions := sorted({action for run in results.runs for action in run.calls}))),
        rows=[(_name(run), *(f"{run.calls.get(action, 0):,}" for action in actions)) for run in results.runs],
    )
    yield _cold_start(results)
    yield _cost(results)


def _goal(goal: Goal) -> Row:
    whole = goal.at_most == int(goal.at_most) and goal.at_most > 100
    number = "{:,.0f}" if whole else "{:.2f}"
    return (
        goal.measure,
        number.format(goal.at_most),
        number.format(goal.measured),
        "met" if goal.met else "missed",
    )


def _name(run: Measured) -> str:
    return f"{run.subject}, N={run.volumes:,}{', buckets' if run.buckets else ''}"


def _run(run: Measured) -> Row:
    bound = floor(run.volumes) if run.buckets else 0
    return (
        f"{_name(run)}{' (broke)' if run.failed else ''}",
        f"{run.wall:.2f}",
        f"{run.wall / bound:.3f}" if bound else "",
        f"{run.cpu:.2f}",
        f"{run.peak_kib / 1024:.0f}",
        f"{run.all_calls:,}",
        *(
            f"{count:,}"
            for count in (run.throttled, run.missed, run.duplicates, run.wrongly_deleted, run.not_deleted)
        ),
    )


def _cold_start(results: Results) -> Sheet:
    ours, uncompiled, bare = results.cold
    return Sheet(
        title="Cold start: import and first clients",
        heads=("process", "wall, s", "CPU, s"),
        rows=[
            ("ours", f"{ours.wall:.3f}", f"{ours.cpu:.3f}"),
            ("ours, without byte code in the bundle", f"{uncompiled.wall:.3f}", f"{uncompiled.cpu:.3f}"),
            ("bare boto3, the same two clients", f"{bare.wall:.3f}", f"{bare.cpu:.3f}"),
        ],
        note=f"Medians of fresh processes, by turns. The function's zip: {results.zip_bytes / 1e6:.1f} MB. "
        f"A process that has only made its clients peaks at {results.idle.peak_kib / 1024:.0f} MiB.",
    )


def _cost(results: Results) -> Sheet:
    return Sheet(
        title="Memory size by cost",
        heads=("volumes, MB", "seconds", "USD per 1,000 runs", "fits"),
        rows=[
            (
                f"{price.volumes:,}, {price.megabytes:,} MB",
                f"{price.seconds:.1f}",
                f"{price.usd * 1000:.3f}",
                "yes" if price.fits else "no",
            )
            for price in prices(results)
        ],
        note=f"Chosen: {chosen(results)} MB, the cheapest with room for {ROOM} times the peak memory of the largest run "
        f"above. Computed: CPU seconds (cold start included) stretched by {CORE_MB:,} / MB, plus the seconds spent "
        f"waiting; {USD_PER_GB_SECOND:.10f} USD per GB-second (arm64, us-east-1). An upper bound, because the two overlap.",
    )

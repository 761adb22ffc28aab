"""`python -m benchmarks`: measures, prints the tables and writes them into docs/performance.md."""

import argparse
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.coldstart import TIMES, cold_starts, zip_size
from benchmarks.goals import Results, pages
from benchmarks.measure import ROOT, Measured, measure
from benchmarks.tables import sheets
from infra.bundle import bundle  # noqa: TID251 - what is deployed is what is weighed

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
FILE_WIDTH = 130  # characters, where the output is no terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One line of the benchmark: a subject, how many volumes, with AWS's buckets or not, and how often."""

    subject: str
    volumes: int
    buckets: bool = False
    times: int = 1

    @property
    def calls(self) -> int:
        """Return the calls that one run makes when nothing is throttled."""
        return 2 * self.volumes + pages(self.volumes) + 1


def plans(*, quick: bool, full: bool) -> Iterator[Plan]:
    """List what is measured; ours and bare run side by side, because the machine is not equally fast all the time."""
    for volumes, times in ((10, 5), (100, 3)) if quick else ((10, 5), (100, 3), (1000, 3), (5000, 3)):
        yield Plan(subject="ours", volumes=volumes, times=times)
        yield Plan(subject="bare", volumes=volumes, times=times)
    with_buckets = (10, 100) if quick else (10, 100, 1000, 5000) if full else (10, 100, 1000)
    yield from (Plan(subject="ours", volumes=volumes, buckets=True) for volumes in with_buckets)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 and 100 volumes only")
    parser.add_argument(
        "--full", action="store_true", help="5,000 volumes with AWS's buckets too: 17 minutes more"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "performance.md")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH)
    results = _measured(list(plans(quick=options.quick, full=options.full)), console)
    written = []
    for sheet in sheets(results):
        console.print(sheet.rich())
        written.append(sheet.markdown())
    write_between_markers(options.output, f"Measured on {_machine()}.\n\n" + "\n\n".join(written))
    console.print(f"Written to {options.output}")


def _measured(wanted: Sequence[Plan], console: Console) -> Results:
    size = zip_size(bundle())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("cold start", total=TIMES)
        cold = cold_starts(lambda: progress.advance(task))
        idle = measure("idle", 1, buckets=False)
        found: dict[Plan, list[Measured]] = {plan: [] for plan in wanted}
        # Ours and bare take turns, so that other load on the machine slows both alike.
        for turn in range(max(plan.times for plan in wanted)):
            for plan in wanted:
                if turn < plan.times:
                    found[plan].append(_one(plan, progress))
    runs = [_median(runs) for runs in found.values()]
    return Results(runs=runs, idle=idle, cold=cold, zip_bytes=size)


def _one(plan: Plan, progress: Progress) -> Measured:
    name = f"{plan.subject}, {plan.volumes:,} volumes{', buckets' if plan.buckets else ''}"
    task = progress.add_task(name, total=plan.calls)
    measured = measure(
        plan.subject,
        plan.volumes,
        buckets=plan.buckets,
        watch=lambda calls: progress.update(task, completed=calls),
    )
    progress.update(task, completed=measured.all_calls, total=measured.all_calls)
    return measured


def _median(runs: Sequence[Measured]) -> Measured:
    """Return the median seconds and memory, and the worst of what must be zero."""
    first, *_ = runs
    return replace(
        first,
        wall=statistics.median(measured.wall for measured in runs),
        cpu=statistics.median(measured.cpu for measured in runs),
        peak_kib=int(statistics.median(measured.peak_kib for measured in runs)),
        missed=max(measured.missed for measured in runs),
        duplicates=max(measured.duplicates for measured in runs),
        wrongly_deleted=max(measured.wrongly_deleted for measured in runs),
        not_deleted=max(measured.not_deleted for measured in runs),
        failed=next((measured.failed for measured in runs if measured.failed), ""),
    )


def _machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def write_between_markers(path: Path, text: str) -> None:
    """Replace the text between the markers, and nothing else; create the file, or the section, if there is none."""
    old = path.read_text("utf-8") if path.exists() else ""
    if BEGIN not in old:
        old = f"{old}\n{BEGIN}\n{END}\n".lstrip()
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()

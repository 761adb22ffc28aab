"""What a run costs at each memory size that Lambda offers, computed from what was measured.

Lambda gives CPU in proportion to memory, one core at 1,769 MB. Python's lock limits the code to one core, so more
memory than that does not help. A run's CPU seconds, those of its cold start included, are stretched by 1,769 / MB; the
seconds in which the process waited (wall less CPU) stay. In reality waiting and computing overlap, so this is an upper
bound. A size counts only where the peak memory fits twice: Lambda's own runtime lives there too, a mail of many
failures is larger than one of a good run, and there may be more volumes tomorrow. The function has one size for every
number of volumes: the cheapest one with room for the largest run that was measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.goals import Results
from benchmarks.measure import Measured

SIZES = (128, 192, 256, 384, 512, 1024, 1769)
CORE_MB = 1769
USD_PER_GB_SECOND = 0.0000133334  # arm64, us-east-1: https://aws.amazon.com/lambda/pricing/
LONGEST = 900
ROOM = 2  # times the peak memory
VOLUMES = (10, 100, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One run at one memory size; `fits` is false where the memory or the time is not enough."""

    volumes: int
    megabytes: int
    seconds: float
    usd: float
    fits: bool


def prices(results: Results) -> Iterator[Price]:
    """Return the price of a run for every memory size and number of volumes that was measured."""
    for volumes in VOLUMES:
        run = results.run("ours", volumes, buckets=True) or results.run("ours", volumes)
        if run:
            yield from (_price(run, results, megabytes) for megabytes in SIZES)


def _price(run: Measured, results: Results, megabytes: int) -> Price:
    start, *_ = results.cold
    cpu, waiting = run.cpu + start.cpu, max(0.0, run.wall - run.cpu)
    seconds = waiting + cpu * max(1.0, CORE_MB / megabytes)
    return Price(
        volumes=run.volumes,
        megabytes=megabytes,
        seconds=seconds,
        usd=seconds * megabytes / 1024 * USD_PER_GB_SECOND,
        fits=_fits(run, megabytes) and seconds <= LONGEST,
    )


def chosen(results: Results) -> int:
    """Return the smallest memory size with room for the largest run; a larger one costs more at any size of run."""
    largest = max((run for run in results.runs if run.subject == "ours"), key=lambda run: run.peak_kib)
    return next(megabytes for megabytes in SIZES if _fits(largest, megabytes))


def _fits(run: Measured, megabytes: int) -> bool:
    return run.peak_kib / 1024 * ROOM <= megabytes

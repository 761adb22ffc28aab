"""The goals, each a ratio taken in one run, and what was measured."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.coldstart import ColdStart
from benchmarks.measure import Measured
from benchmarks.population import PER_VOLUME
from fake_aws.buckets import WRITES
from fake_aws.limits import SNAPSHOTS_A_PAGE, TAGS_A_PAGE, VOLUMES_A_PAGE

LARGE = (1000, 5000)  # where CPU and memory are compared with bare


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that was measured: medians of `ours` and `bare`, and an `idle` process that has only made its clients."""

    runs: Sequence[Measured]
    idle: Measured
    cold: tuple[ColdStart, ColdStart, ColdStart]  # ours, ours without byte code, bare
    zip_bytes: int

    def run(self, subject: str, volumes: int, *, buckets: bool = False) -> Measured | None:
        """Return one of the runs, if it was made."""
        wanted = (subject, volumes, buckets)
        return next((run for run in self.runs if (run.subject, run.volumes, run.buckets) == wanted), None)

    def pairs(self) -> Iterator[tuple[Measured, Measured]]:
        """Return ours and bare side by side, without buckets."""
        for ours in self.runs:
            bare = self.run("bare", ours.volumes)
            if ours.subject == "ours" and not ours.buckets and bare:
                yield ours, bare


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A measure, the most it may be, and what it is."""

    measure: str
    at_most: float
    measured: float

    @property
    def met(self) -> bool:
        """Return whether the goal is reached."""
        return self.measured <= self.at_most


def floor(volumes: int) -> float:
    """Return the fewest seconds possible: a create and a delete for each volume, side by side, from full buckets."""
    capacity, rate = WRITES
    return max(0.0, (volumes - capacity) / rate)


def pages(volumes: int) -> int:
    """Count the pages of the listings of volumes, snapshots and names of instances."""
    listings = ((1, VOLUMES_A_PAGE), (PER_VOLUME, SNAPSHOTS_A_PAGE), (1, TAGS_A_PAGE))
    return sum(math.ceil(volumes * items / most) for items, most in listings)


def goals(results: Results) -> Iterator[Goal]:
    """List every goal that the run has measured."""
    yield from _with_buckets(results)
    for ours, bare in results.pairs():
        yield from _beside_bare(ours, bare, results.idle)
    small, large = (results.run("ours", volumes) for volumes in LARGE)
    if small and large:
        growth = math.log(large.cpu / small.cpu) / math.log(large.volumes / small.volumes)
        yield Goal(measure="growth of CPU from 1,000 to 5,000: exponent", at_most=1.05, measured=growth)
    ours_cold, _, bare_cold = results.cold
    yield Goal(measure="cold start over bare", at_most=1.15, measured=ours_cold.wall / bare_cold.wall)
    wrong = sum(
        run.missed + run.duplicates + run.wrongly_deleted + run.not_deleted
        for run in results.runs
        if run.subject == "ours"
    )
    yield Goal(measure="missed, duplicate, wrongly deleted, not deleted", at_most=0, measured=wrong)


def _with_buckets(results: Results) -> Iterator[Goal]:
    for ours in (run for run in results.runs if run.buckets and run.subject == "ours"):
        if floor(ours.volumes):
            yield Goal(
                measure=f"with AWS's buckets, N={ours.volumes:,}: wall over the floor",
                at_most=1.06,
                measured=ours.wall / floor(ours.volumes),
            )
        yield Goal(
            measure=f"with AWS's buckets, N={ours.volumes:,}: throttled calls, %",
            at_most=0.5,
            measured=100 * ours.throttled / ours.all_calls,
        )


def _beside_bare(ours: Measured, bare: Measured, idle: Measured) -> Iterator[Goal]:
    volumes = f"N={ours.volumes:,}"
    if ours.volumes <= 1000:
        yield Goal(measure=f"{volumes}: wall over bare", at_most=1.15, measured=ours.wall / bare.wall)
    looks = math.ceil(ours.volumes / 50)  # for what another delivery made meanwhile
    most = 2 * ours.volumes + pages(ours.volumes) + looks + 2
    yield Goal(measure=f"{volumes}: API calls", at_most=most, measured=ours.all_calls)
    if ours.volumes in LARGE:
        yield Goal(measure=f"{volumes}: CPU over bare", at_most=1.0, measured=ours.cpu / bare.cpu)
        memory = dict(zip(LARGE, (1.4, 2.7), strict=True))[ours.volumes]
        yield Goal(
            measure=f"{volumes}: peak memory over a process that has only made its clients",
            at_most=memory,
            measured=ours.peak_kib / idle.peak_kib,
        )

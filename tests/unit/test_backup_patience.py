"""What a new snapshot waits for: a failed one that blocks it, and no other."""

from collections.abc import Generator

from ebs_backup.tasks import Task, as_far_as_it_goes


def removing(log: list[str]) -> Task[str]:
    """Try, wait for five seconds, and finish."""
    log.append("tried")
    yield 0.0
    yield 5.0
    log.append("done")
    return "removed"


def drive(step: Generator[float, None, str | None]) -> tuple[str | None, list[float]]:
    """Run to the end; return the result and the waits that were asked for."""
    waits = []
    while True:
        try:
            waits.append(next(step))
        except StopIteration as end:
            return end.value, waits


def test_with_patience_it_runs_to_its_end() -> None:
    assert drive(as_far_as_it_goes(removing([]), patient=True)) == ("removed", [0.0, 5.0])


def test_without_patience_it_stops_where_it_has_to_wait_and_goes_on_later() -> None:
    log: list[str] = []
    step = removing(log)

    first = drive(as_far_as_it_goes(step, patient=False))
    done_by_then = list(log)
    rest = drive(step)

    assert (first, done_by_then) == ((None, [0.0]), ["tried"])
    assert (rest, log) == (("removed", []), ["tried", "done"])

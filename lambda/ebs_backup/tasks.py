"""Tasks side by side on a few threads: a task that has to wait gives its thread to another.

A task is a generator that yields the seconds it wants to wait and returns its result. So a volume that has to wait
never stops the others from being backed up (docs/decisions/0003).
"""

import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, PriorityQueue
from typing import TypeVar, cast

T = TypeVar("T")
Task = Generator[float, None, T]


def run_all(
    steps: Iterable[Task[T]],
    *,
    workers: int,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[T]:
    """Run every task to its end and return the results in the order of the tasks.

    A task that raises does not stop the others; when all have ended, the first such exception is raised.
    """
    results: dict[int, T] = {}
    broken: list[Exception] = []
    due: PriorityQueue[tuple[float, int, Task[T]]] = PriorityQueue()
    for number, step in enumerate(steps):
        due.put((0.0, number, step))

    def work() -> None:
        # A worker may sleep until its task is due. If another worker puts back an earlier task, it runs that, too.
        while True:
            try:
                when, number, step = due.get_nowait()
            except Empty:
                return
            if (early := when - clock()) > 0:
                sleep(early)
            try:
                due.put((clock() + next(step), number, step))
            except StopIteration as end:
                results[number] = end.value
            except Exception as error:  # noqa: BLE001 - raised below, when the other volumes have had their turn
                broken.append(error)

    size = max(1, min(workers, due.qsize()))
    with ThreadPoolExecutor(max_workers=size) as pool:
        for worker in [pool.submit(work) for _ in range(size)]:
            worker.result()
    if broken:
        raise broken[0]
    return [results[number] for number in sorted(results)]


def as_far_as_it_goes(step: Task[T], *, patient: bool) -> Task[T | None]:
    """Run a task to its end. Without patience, stop where it has to wait and return None: it can go on later."""
    while True:
        try:
            wait = next(step)
        except StopIteration as end:
            return cast("T", end.value)
        if wait and not patient:
            return None
        yield wait
